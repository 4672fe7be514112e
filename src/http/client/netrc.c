/* SPDX-License-Identifier: MIT */
/*
 * The netrc file: "machine HOST login USER password SECRET", "default ..." for all other hosts, and
 * macros, which are skipped up to the blank line that ends them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/whole_file.h>

#include "http/client/auth.h"
#include "loop/report.h"

enum { FILE_MAX = 1 << 20, TOKEN_MAX = 256 };

struct reader {
	const char *at, *end;
	char token[TOKEN_MAX]; /* cut short where it is longer, and then fits nothing */
	bool too_long;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void add(struct reader *reader, size_t *size, char c)
{
	reader->too_long = reader->too_long || *size + 1 >= TOKEN_MAX;
	if (!reader->too_long)
		reader->token[(*size)++] = c;
}

/* The next word; one in quotes may have spaces, and backslashes before what is meant as it is. */
static bool next_token(struct reader *reader)
{
	size_t size = 0;

	reader->too_long = false;
	while (reader->at < reader->end && is_space(*reader->at))
		reader->at++;
	if (reader->at == reader->end)
		return false;
	bool quoted = *reader->at == '"';
	reader->at += quoted;
	while (reader->at < reader->end && (quoted ? *reader->at != '"' : !is_space(*reader->at))) {
		if (quoted && *reader->at == '\\' && reader->at + 1 < reader->end)
			reader->at++;
		add(reader, &size, *reader->at++);
	}
	reader->at += quoted && reader->at < reader->end;
	reader->token[reader->too_long ? 0 : size] = '\0';
	return true;
}

static void skip_line(struct reader *reader)
{
	while (reader->at < reader->end && *reader->at != '\n')
		reader->at++;
}

/* Up to a blank line. */
static void skip_macro(struct reader *reader)
{
	while (reader->at < reader->end) {
		skip_line(reader);
		reader->at += reader->at < reader->end;
		const char *line = reader->at;
		while (line < reader->end && (*line == ' ' || *line == '\t' || *line == '\r'))
			line++;
		if (line < reader->end && *line == '\n')
			return;
	}
}

/* What is being read, and for whom. */
struct search {
	const char *host, *user;
	struct wok__netrc_entry entry;
	bool wanted; /* the entry is for this host, or the default */
	bool has_user, has_password, broken;
};

static bool is_found(const struct search *search)
{
	return search->wanted && !search->broken && (search->has_user || search->has_password) &&
	       (!search->user || !search->has_user ||
		strcmp(search->entry.user, search->user) == 0);
}

static void begin_entry(struct search *search, bool wanted)
{
	search->wanted = wanted;
	search->has_user = search->has_password = search->broken = false;
	search->entry = (struct wok__netrc_entry){0};
}

static void take_value(struct reader *reader, struct search *search, char *to, bool *has)
{
	if (!next_token(reader))
		return;
	search->broken = search->broken || reader->too_long;
	memcpy(to, reader->token, TOKEN_MAX);
	*has = true;
}

/* One keyword with what follows it; 1 if that ended the entry that was looked for. */
static bool step(struct reader *reader, struct search *search)
{
	if (reader->token[0] == '#') {
		skip_line(reader);
	} else if (strcmp(reader->token, "machine") == 0) {
		if (is_found(search))
			return true;
		bool named = next_token(reader) && !reader->too_long;
		begin_entry(search, named && strcasecmp(reader->token, search->host) == 0);
	} else if (strcmp(reader->token, "default") == 0) {
		if (is_found(search))
			return true;
		begin_entry(search, true);
	} else if (strcmp(reader->token, "macdef") == 0) {
		skip_macro(reader);
	} else if (strcmp(reader->token, "login") == 0) {
		take_value(reader, search, search->entry.user, &search->has_user);
	} else if (strcmp(reader->token, "password") == 0) {
		take_value(reader, search, search->entry.password, &search->has_password);
	} else if (strcmp(reader->token, "account") == 0) {
		(void) next_token(reader);
	}
	return false;
}

bool wok__netrc_find(const struct wok__netrc *netrc, const char *host, const char *user,
		     struct wok__netrc_entry *ret_entry)
{
	struct search search = {.host = host, .user = user};
	bool found = false;

	if (!netrc->text)
		return false;
	struct reader reader = {.at = netrc->text, .end = netrc->text + netrc->size};
	while (!found && next_token(&reader))
		found = step(&reader, &search);
	found = is_found(&search);
	if (found) {
		*ret_entry = search.entry;
		ret_entry->has_password = search.has_password;
		if (!search.has_user && user)
			snprintf(ret_entry->user, sizeof(ret_entry->user), "%s", user);
	}
	explicit_bzero(reader.token, sizeof(reader.token));
	explicit_bzero(&search.entry, sizeof(search.entry));
	return found;
}

/* $NETRC, or ~/.netrc: -ENOENT if there is neither that nor a home. */
static int find_path(char **ret_path)
{
	const char *name = getenv("NETRC"), *home = getenv("HOME");
	size_t size;

	if (name && *name) {
		size = strlen(name) + 1;
	} else if (home && *home) {
		size = strlen(home) + sizeof("/.netrc");
		name = NULL;
	} else {
		return -ENOENT;
	}
	char *path = wok_alloc(size);
	if (!path)
		return -ENOMEM;
	snprintf(path, size, "%s%s", name ? name : home, name ? "" : "/.netrc");
	*ret_path = path;
	return 0;
}

static int load(const char *path, struct wok__netrc *netrc)
{
	const wok_read_file_options options = {.limit = FILE_MAX};
	struct stat status;

	WOK_TRY(wok_read_file_with(path, &options, &netrc->text, &netrc->size));
	if (stat(path, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 077))
		wok__report(0, NULL, NULL,
			    "%s has passwords and can be read by others: chmod 600 it", path);
	return 0;
}

int wok__netrc_load(struct wok__netrc *netrc)
{
	char *path = NULL;
	int r = find_path(&path);

	if (r == 0)
		r = load(path, netrc);
	wok_free(path);
	return r == -ENOENT ? 0 : r;
}

void wok__netrc_free(struct wok__netrc *netrc)
{
	if (netrc->text)
		explicit_bzero(netrc->text, netrc->size);
	wok_free(netrc->text);
	*netrc = (struct wok__netrc){0};
}

/* SPDX-License-Identifier: MIT */
/*
 * Names of files: see fetch.h. What a server says is not trusted: a name is one component, in the
 * folder that the user chose, and it neither hides (".profile") nor looks like an option ("-rf"),
 * nor is it one of those that a part of another file has.
 */
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fetch.h"

enum { LONGEST = 200 }; /* bytes, so that there is room for a number and ".part" */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode "%XX" where it is one. */
static size_t decode(const char *text, size_t size, char *out, size_t room)
{
	size_t n = 0;

	for (size_t i = 0; i < size && n < room; i++) {
		bool escaped = text[i] == '%' && i + 2 < size && hex_digit(text[i + 1]) >= 0 &&
			       hex_digit(text[i + 2]) >= 0;
		if (escaped) {
			out[n++] = (char) (hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
			i += 2;
		} else {
			out[n++] = text[i];
		}
	}
	return n;
}

/* Cut before a byte that does not begin a letter. */
static size_t cut(const char *text, size_t size)
{
	if (size <= LONGEST)
		return size;
	size = LONGEST;
	for (int i = 0; i < 3 && ((unsigned char) text[size] & 0xc0) == 0x80; i++)
		size--;
	return size;
}

static bool ends(const char *name, size_t size, const char *end)
{
	size_t n = strlen(end);

	return size >= n && strcasecmp(name + size - n, end) == 0;
}

static void make_safe(const char *text, size_t size, char name[FETCH_NAME])
{
	size = cut(text, size);
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char) text[i];
		bool bad = c < ' ' || c == 0x7f || c == '/' || c == '\\';
		name[i] = (char) (bad ? '_' : c);
	}
	name[size] = '\0';
	/* Who could put bytes into a part, or name its version, would have them taken for ours. */
	if (ends(name, size, ".part") || ends(name, size, ".part.tag"))
		memcpy(name + size, "_", 2);
	if (name[0] == '.' || name[0] == '-')
		name[0] = '_';
}

void fetch_name_of_url(const char *url, char name[FETCH_NAME])
{
	char decoded[4 * FETCH_NAME];
	const char *host = strstr(url, "://");
	const char *path = strchr(host ? host + 3 : url, '/');
	size_t size = path ? strcspn(path, "?#") : 0, start = size;

	while (start > 0 && path[start - 1] != '/')
		start--;
	if (start == size) {
		memcpy(name, "index.html", sizeof("index.html"));
		return;
	}
	make_safe(decoded, decode(path + start, size - start, decoded, sizeof(decoded)), name);
}

/* The value of a parameter, as it stands there or within quotes. Returns its size; 0: none. */
static size_t parameter(const char *value, const char *name, char *out, size_t room)
{
	size_t length = strlen(name), n = 0;

	for (const char *p = strchr(value, ';'); p; p = strchr(p, ';')) {
		p++;
		p += strspn(p, " \t");
		if (strncasecmp(p, name, length) != 0)
			continue;
		const char *from = p + length + strspn(p + length, " \t");
		if (*from != '=')
			continue;
		from += 1 + strspn(from + 1, " \t");
		if (*from != '"') {
			n = strcspn(from, "; \t");
			n = n < room ? n : room;
			memcpy(out, from, n);
			return n;
		}
		for (from++; *from && *from != '"' && n < room; from++) {
			if (*from == '\\' && from[1])
				from++;
			out[n++] = *from;
		}
		return n;
	}
	return 0;
}

/* Behind the last slash of either kind: some servers tell their whole path. */
static void take_last(const char *text, size_t size, char name[FETCH_NAME])
{
	size_t start = size;

	while (start > 0 && text[start - 1] != '/' && text[start - 1] != '\\')
		start--;
	make_safe(text + start, size - start, name);
}

bool fetch_name_of_header(const char *value, char name[FETCH_NAME])
{
	static const char utf8[] = "UTF-8'";
	char text[4 * FETCH_NAME] = "", decoded[4 * FETCH_NAME];
	size_t size = parameter(value, "filename*", text, sizeof(text) - 1);

	text[size] = '\0';
	const char *quote =
		size > sizeof(utf8) - 1 && strncasecmp(text, utf8, sizeof(utf8) - 1) == 0
			? strchr(text + sizeof(utf8) - 1, '\'')
			: NULL;
	if (quote) {
		size = decode(quote + 1, strlen(quote + 1), decoded, sizeof(decoded));
		take_last(decoded, size, name);
	} else {
		size = parameter(value, "filename", text, sizeof(text));
		take_last(text, size, name);
	}
	return name[0] != '\0';
}

/* --- those that were given away ------------------------------------------------------------ */

struct taken {
	unsigned long next; /* the number for the next one of this name */
	char name[];
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct taken *) a)->name, ((const struct taken *) b)->name);
}

/* The record of a name; *ret_new: it was made now. */
static struct taken *take(struct fetch *fetch, const char *name, bool *ret_new)
{
	struct taken *taken = malloc(sizeof(*taken) + strlen(name) + 1);
	if (!taken)
		return NULL;

	taken->next = 1;
	memcpy(taken->name, name, strlen(name) + 1);
	struct taken **found = tsearch(taken, &fetch->names, compare);
	*ret_new = found && *found == taken;
	if (!*ret_new)
		free(taken);
	return found ? *found : NULL;
}

int fetch_name_reserve(struct fetch *fetch, char name[FETCH_NAME])
{
	char numbered[FETCH_NAME];
	bool is_new;
	struct taken *first = take(fetch, name, &is_new);

	while (first && !is_new) {
		snprintf(numbered, sizeof(numbered), "%.*s.%lu", LONGEST, name, first->next++);
		if (!take(fetch, numbered, &is_new))
			return -ENOMEM;
		if (is_new)
			memcpy(name, numbered, strlen(numbered) + 1);
	}
	return first ? 0 : -ENOMEM;
}

void fetch_names_clear(struct fetch *fetch)
{
	tdestroy(fetch->names, free);
	fetch->names = NULL;
}

char *fetch_url_to_show(const char *url)
{
	const char *start = strstr(url, "://");
	const char *host = start ? start + 3 : url;
	size_t size = strcspn(host, "/?#");
	const char *at = memrchr(host, '@', size);
	const char *colon = at ? memchr(host, ':', (size_t) (at - host)) : NULL;
	char *shown = NULL;

	if (!colon)
		return strdup(url);
	if (asprintf(&shown, "%.*s%s", (int) (colon - url), url, at) < 0)
		return NULL;
	return shown;
}

/* SPDX-License-Identifier: MIT */
/* Parts of files that are downloaded: see http/client/download.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <wok/error.h>
#include <wok/fs.h>
#include <wok/memory.h>
#include <wok/timeout.h>
#include <wok/whole_file.h>

#include "base/message.h"
#include "http/client/download.h"
#include "http/date.h"

/*
 * A date is a strong validator only if the file cannot have changed twice within it: RFC 9110,
 * 8.8.2.2, asks for a difference that no two clocks have.
 */
enum { NOTE_MAX = 16 << 10, SETTLED = 60 };
#define CLOSE_GRACE (10 * WOK_SECOND)

/* --- validators ------------------------------------------------------------------------------- */

/* What can be sent again, and stands in one line of a note. */
static bool is_good(const char *text)
{
	size_t size = strlen(text);

	for (size_t i = 0; i < size; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return size > 0 && size < WOK__VALIDATOR_SIZE;
}

static bool is_strong_tag(const char *text)
{
	size_t size = strlen(text);

	return size >= 2 && text[0] == '"' && strchr(text + 1, '"') == text + size - 1;
}

static bool is_settled(const wok_http_response *response, const char *modified)
{
	const char *date = wok_http_header_value(response, "Date");
	int64_t now = (int64_t) time(NULL), sent, changed;

	return date && wok__http_date_parse(date, strlen(date), now, &sent) &&
	       wok__http_date_parse(modified, strlen(modified), now, &changed) &&
	       sent - changed >= SETTLED;
}

void wok__validator_of(const wok_http_response *response, char ret_validator[WOK__VALIDATOR_SIZE])
{
	const char *tag = wok_http_header_value(response, "ETag");
	const char *modified = wok_http_header_value(response, "Last-Modified");
	const char *found = "";

	if (tag && is_strong_tag(tag))
		found = tag;
	else if (modified && is_settled(response, modified))
		found = modified;
	snprintf(ret_validator, WOK__VALIDATOR_SIZE, "%s", is_good(found) ? found : "");
}

bool wok__validator_fits(const wok_http_response *response, const char *validator)
{
	const char *name = validator[0] == '"' ? "ETag" : "Last-Modified";
	const char *value = wok_http_header_value(response, name);

	return !value || strcmp(value, validator) == 0;
}

/* --- notes ------------------------------------------------------------------------------------ */

/* What is not there cannot be removed, nor does it have to. */
static int remove_if_there(const char *path)
{
	int r = wok_fs_remove(path);

	return r == -ENOENT ? 0 : r;
}

/* Take the next line of a note, which becomes a text; NULL if there is none. */
static char *next_line(char **at)
{
	char *line = *at, *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	*at = end + 1;
	return line;
}

static void read_note(struct wok__part *part, char *text)
{
	const char *url = next_line(&text);
	const char *validator = url ? next_line(&text) : NULL;
	const char *total = validator ? next_line(&text) : NULL;

	if (!total || strcmp(url, part->url) != 0 || !is_good(validator))
		return;
	snprintf(part->validator, sizeof(part->validator), "%s", validator);
	part->total = strtoull(total, NULL, 10);
}

/* A note that cannot be read is as good as none. */
static int load_note(struct wok__part *part)
{
	const wok_read_file_options limits = {.limit = NOTE_MAX};
	char *text = NULL;
	int r = wok_read_file_with(part->note_path, &limits, &text, NULL);

	if (r == -ECANCELED || r == -ENOMEM)
		return r;
	if (r == 0)
		read_note(part, text);
	wok_free(text);
	return 0;
}

/* For the owner only: a URL may have secrets in its query. */
static int save_note(struct wok__part *part)
{
	const wok_write_file_options options = {.permissions = 0600, .no_sync = true};
	size_t size = strlen(part->url) + strlen(part->validator) + 30;

	if (size >= NOTE_MAX) {
		part->validator[0] = '\0';
		return 0;
	}
	char *text = wok_alloc(size);
	if (!text)
		return -ENOMEM;
	int n = snprintf(text, size, "%s\n%s\n%" PRIu64 "\n", part->url, part->validator,
			 part->total);
	int r = wok_write_file_atomic_with(part->note_path, text, (size_t) n, &options);
	wok_free(text);
	return r;
}

/* --- parts ------------------------------------------------------------------------------------ */

static char *with_end(const char *path, const char *end)
{
	size_t size = strlen(path) + strlen(end) + 1;
	char *text = wok_alloc(size);

	if (text)
		snprintf(text, size, "%s%s", path, end);
	return text;
}

/* Whoever had the lock before may have given the file its name meanwhile: then it is theirs. */
static int check_identity(const struct wok__part *part)
{
	struct stat ours, theirs;

	if (fstat(wok_file_fileno(part->file), &ours) < 0)
		return -errno;
	int r = wok_fs_stat(part->path, &theirs);
	if (r < 0 && r != -ENOENT)
		return r;
	return r == 0 && ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev ? 0 : -EAGAIN;
}

static int take_lock(struct wok__part *part)
{
	int r = wok_file_lock(part->file, WOK_FILE_TRY);

	if (r == 0)
		r = check_identity(part);
	if (r == 0)
		return 0;
	wok_file_free(WOK_TAKE(part->file));
	return r == -EAGAIN
		       ? wok_fail(r, "%s: another download to this file is under way", part->path)
		       : r;
}

int wok__part_open(struct wok__part *part, const char *path,
		   const wok_http_download_options *options)
{
	const wok_file_options how = {.permissions = options->permissions, .no_follow = true};

	part->path = with_end(path, ".part");
	part->note_path = with_end(path, ".part-note");
	if (!part->path || !part->note_path)
		return -ENOMEM;
	WOK_TRY(wok_file_open_with(part->path, "a", &how, &part->file));
	WOK_TRY(take_lock(part));
	off_t size = wok_file_size(part->file);
	if (size < 0)
		return (int) size;
	part->done = (uint64_t) size;
	return options->no_resume ? 0 : load_note(part);
}

int wok__part_restart(struct wok__part *part, const char *validator, uint64_t total)
{
	WOK_TRY(remove_if_there(part->note_path));
	part->validator[0] = '\0';
	WOK_TRY(wok_file_truncate(part->file, 0));
	part->done = 0;
	part->total = total;
	if (!*validator)
		return 0;
	snprintf(part->validator, sizeof(part->validator), "%s", validator);
	return save_note(part);
}

int wok__part_complete(struct wok__part *part, const char *path,
		       const wok_http_download_options *options)
{
	WOK_TRY(options->no_sync ? wok_file_flush(part->file) : wok_file_sync(part->file));
	WOK_TRY(options->no_replace ? wok_fs_rename_new(part->path, path)
				    : wok_fs_rename(part->path, path));
	/* From here on it is done, also if the note stays: without a part it means nothing. */
	(void) remove_if_there(part->note_path);
	wok_file_free(WOK_TAKE(part->file));
	return 0;
}

void wok__part_close(struct wok__part *part, bool keep)
{
	struct wok__saved_error saved = wok__error_save();

	/* Removed while it is locked: afterwards it may be somebody else's. */
	if (part->file && (!keep || !part->validator[0] || part->done == 0)) {
		WOK_SHIELD (CLOSE_GRACE) {
			(void) remove_if_there(part->note_path);
			(void) remove_if_there(part->path);
		}
	}
	/* What could not be written is missing at the part's end, where the next one goes on. */
	if (part->file)
		(void) wok_file_close(part->file);
	wok_file_free(part->file);
	wok__error_restore(saved);
	wok_free(part->path);
	wok_free(part->note_path);
	wok_free(part->url);
}

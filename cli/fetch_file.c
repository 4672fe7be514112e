/* SPDX-License-Identifier: MIT */
/*
 * What is fetched, as a file: NAME.part until it is complete, then NAME, in one step. Beside a part
 * that can be gone on with lies NAME.part.tag: what the server called this version (its ETag, or
 * when it was changed). Only if the server still has that version the rest is asked for.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fetch.h"

#define GRACE (5 * WOK_SECOND) /* for tidying up after Ctrl-C */

enum { SETTLED = 60 }; /* s */

static char *text_of(const char *format, const char *a, const char *b)
{
	char *text;

	return asprintf(&text, format, a, b) < 0 ? NULL : text;
}

static char *tag_path(const struct fetch_job *job)
{
	return text_of("%s%s", job->part, ".tag");
}

/* A part that an earlier run has left, and what the server called it. */
static int find_part(struct fetch_job *job)
{
	struct stat status;
	wok_file *file = NULL;
	wok_view line;
	char *tag = tag_path(job);
	if (!tag)
		return -ENOMEM;

	int r = wok_file_open(tag, "r", &file);
	if (r == 0) {
		r = wok_file_next_line(file, &line);
		if (r > 0 && line.size < sizeof(job->validator))
			memcpy(job->validator, line.data, line.size);
		wok_file_free(file);
	}
	free(tag);
	if (r == -ECANCELED)
		return r;
	if (*job->validator && wok_fs_lstat(job->part, &status) == 0 && S_ISREG(status.st_mode))
		job->got = (uint64_t) status.st_size;
	return 0;
}

/* A device or a pipe is written to as it is; a file appears when it is complete. */
static bool is_special(const char *path)
{
	struct stat status;

	return wok_fs_stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

/* Whether something stands where the file is to be. Returns 0; 1: it is what is wanted. */
static int check_place(const struct fetch_job *job)
{
	const struct fetch_options *options = job->fetch->options;

	int r = wok_fs_exists(job->path);
	if (r <= 0 || options->force)
		return r < 0 ? r : 0;
	if (options->resume)
		return 1;
	return wok_fail(-EEXIST, "%s is there already; -f overwrites it", job->path);
}

int fetch_file_plan(struct fetch_job *job)
{
	const struct fetch_options *options = job->fetch->options;

	if (options->output) {
		if (strcmp(options->output, "-") == 0)
			return 0;
		job->path = strdup(options->output);
		if (job->path && is_special(job->path))
			return 0;
	} else if (options->folder) {
		fetch_name_of_url(job->url, job->name);
		WOK_TRY(fetch_name_reserve(job->fetch, job->name));
		job->path = text_of("%s/%s", options->folder, job->name);
	} else {
		return 0;
	}
	job->part = job->path ? text_of("%s%s", job->path, ".part") : NULL;
	if (!job->part)
		return -ENOMEM;
	int r = check_place(job);
	if (r != 0)
		return r;
	return options->resume ? find_part(job) : 0;
}

/* A name that the server gives, in place of the one by the URL. */
static int take_name(struct fetch_job *job, const char *disposition)
{
	char name[FETCH_NAME];

	if (!disposition || !fetch_name_of_header(disposition, name) ||
	    strcmp(name, job->name) == 0)
		return 0;
	WOK_TRY(fetch_name_reserve(job->fetch, name));
	char *path = text_of("%s/%s", job->fetch->options->folder, name);
	if (!path)
		return -ENOMEM;
	free(job->path);
	job->path = path;
	memcpy(job->name, name, strlen(name) + 1);
	int r = check_place(job);
	return r == 1 ? wok_fail(-EEXIST, "%s is there already", path) : r;
}

/* Whether the second in which the file was changed is long over: within it may be two versions. */
static bool is_settled(const wok_http_response *response, const char *changed)
{
	time_t then = fetch_date(changed);
	time_t now = fetch_date(wok_http_header_value(response, "Date"));

	return then >= 0 && now - then >= SETTLED;
}

/*
 * What the server calls this version, for If-Range: a weak ETag says too little (RFC 9110 13.1.5),
 * and so does the date of a file that was changed just now (8.8.2.2).
 */
static void take_validator(struct fetch_job *job, const wok_http_response *response)
{
	const char *etag = wok_http_header_value(response, "ETag");
	const char *changed = wok_http_header_value(response, "Last-Modified");
	const char *validator = NULL;

	if (etag && strncmp(etag, "W/", 2) != 0)
		validator = etag;
	else if (is_settled(response, changed))
		validator = changed;

	if (job->status == 206)
		return; /* it goes on with what has this one */
	job->validator[0] = '\0';
	if (job->fetch->options->compressed)
		return; /* what we have are not the bytes that the server counts */
	if (validator && strlen(validator) < sizeof(job->validator))
		memcpy(job->validator, validator, strlen(validator) + 1);
}

static int save_validator(const struct fetch_job *job)
{
	const wok_write_file_options how = {.no_sync = true};
	char *tag = tag_path(job);
	if (!tag)
		return -ENOMEM;

	/* Atomic: through no link that stands there, and never half a tag. */
	int r = *job->validator ? wok_write_file_atomic_with(tag, job->validator,
							     strlen(job->validator), &how)
				: 0;
	if (!*job->validator)
		WOK_IGNORE(wok_fs_remove(tag));
	free(tag);
	return r;
}

static int open_part(struct fetch_job *job, const wok_http_response *response)
{
	wok_file_options how = {.no_follow = true};

	if (!job->fetch->options->output)
		WOK_TRY(take_name(job, wok_http_header_value(response, "Content-Disposition")));
	WOK_TRY(wok_file_open_with(job->part, job->got > 0 ? "r+" : "w", &how, &job->file));
	off_t at = wok_file_seek(job->file, (off_t) job->got, SEEK_SET);
	return at < 0 ? (int) at : 0;
}

int fetch_file_open(struct fetch_job *job, const wok_http_response *response)
{
	take_validator(job, response);
	if (!job->path)
		return 0;
	if (!job->part)
		return job->file ? 0 : wok_file_open(job->path, "w", &job->file);
	if (!job->file)
		WOK_TRY(open_part(job, response));
	/* Behind the emptying of the part: a tag never stands beside bytes of another version. */
	return job->fetch->options->resume && job->got == 0 ? save_validator(job) : 0;
}

int fetch_file_write(struct fetch_job *job, const void *data, size_t size)
{
	struct fetch *fetch = job->fetch;

	if (job->file)
		return wok_file_write(job->file, data, size);
	if (!fetch->to_stdout)
		return 0;
	int r = wok_stream_write_all(fetch->out, data, size);
	if (r < 0 && r != -ECANCELED)
		fetch->broken = r;
	return r;
}

int fetch_file_restart(struct fetch_job *job)
{
	if (job->fetch->to_stdout && job->got > 0)
		return wok_fail(-ESPIPE, "the connection was lost, and the server does not go on "
					 "where it was");
	job->got = 0;
	fetch_db_restart(job);
	if (!job->file || !job->part)
		return 0;
	WOK_TRY(wok_file_truncate(job->file, 0));
	off_t at = wok_file_seek(job->file, 0, SEEK_SET);
	return at < 0 ? (int) at : 0;
}

static void remove_tag(const struct fetch_job *job)
{
	char *tag = tag_path(job);

	if (tag)
		WOK_IGNORE(wok_fs_remove(tag));
	free(tag);
}

/* In one step, and over nothing unless that is wanted. */
static int rename_part(const struct fetch_job *job)
{
	if (job->fetch->options->force)
		return wok_fs_rename(job->part, job->path);
	int r = wok_fs_rename_new(job->part, job->path);
	if (r == -EINVAL) /* a file system that cannot do that */
		r = wok_fs_exists(job->path) > 0 ? -EEXIST : wok_fs_rename(job->part, job->path);
	return r;
}

int fetch_file_finish(struct fetch_job *job)
{
	if (!job->file)
		return 0;
	WOK_TRY(wok_file_close(job->file));
	if (job->part) {
		int r = rename_part(job);
		if (r == -EEXIST)
			return wok_fail(r, "%s is there already; -f overwrites it", job->path);
		WOK_TRY(r);
		if (job->fetch->options->resume)
			remove_tag(job);
	}
	wok_file_free(WOK_TAKE(job->file)); /* nothing to give up any more */
	return 0;
}

void fetch_file_give_up(struct fetch_job *job)
{
	if (!job->file)
		return;
	WOK_SHIELD (GRACE) {
		WOK_IGNORE(wok_file_close(job->file));
		wok_file_free(WOK_TAKE(job->file));
		bool keep = job->fetch->options->resume && *job->validator && job->got > 0;
		if (job->part && !keep) {
			WOK_IGNORE(wok_fs_remove(job->part));
			if (job->fetch->options->resume)
				remove_tag(job);
		}
	}
}

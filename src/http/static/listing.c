/* SPDX-License-Identifier: MIT */
/* Folders as pages: see http/static/listing.h. */
#include "http/static/listing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wok/memory.h>
#include <wok/utf8.h>

#include "base/memory.h"
#include "io/disk.h"
#include "platform/file.h"
#include "platform/sys.h"

struct entry {
	char *name;
	bool folder;
	off_t size;
	time_t changed;
};

struct job {
	const struct wok__listing *listing;
	struct wok__buffer *page;
	struct entry *entries;
	size_t n, capacity;
	bool more; /* than are shown */
};

/* --- what is in the folder -------------------------------------------------------------------- */

/* What a link leads to, if that is served: as the file would be opened, but without doing so. */
static int stat_link(const struct job *job, const char *name, struct stat *ret_stat)
{
	const struct wok__locate *locate = job->listing->locate;
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", locate->path, name) >= (int) sizeof(path))
		return -ENAMETOOLONG;
	int fd = wok__locate_open(locate, path, O_PATH, false);
	if (fd < 0)
		return fd;
	int r = wok__sys_file_stat(fd, ret_stat);
	(void) wok__sys_close(fd);
	return r;
}

/* 1 if an entry was added, 0 if it is none to be shown, -ENOMEM. */
static int add_entry(struct job *job, const char *name)
{
	struct stat stat;

	if (name[0] == '.' && !job->listing->dot_files)
		return 0;
	int r = wok__sys_file_stat_at(job->listing->fd, name, &stat);
	if (r == 0 && S_ISLNK(stat.st_mode))
		r = stat_link(job, name, &stat);
	if (r < 0 || (!S_ISREG(stat.st_mode) && !S_ISDIR(stat.st_mode)))
		return 0;
	WOK_TRY(wok__grow((void **) &job->entries, &job->capacity, job->n + 1,
			  sizeof(*job->entries)));
	struct entry *entry = &job->entries[job->n];
	entry->name = wok__strdup(name);
	if (!entry->name)
		return -ENOMEM;
	entry->folder = S_ISDIR(stat.st_mode);
	entry->size = stat.st_size;
	entry->changed = stat.st_mtim.tv_sec;
	job->n++;
	return 1;
}

static int read_entries(struct job *job, DIR *dir)
{
	const struct dirent *record;
	int r = 0;

	for (errno = 0; r >= 0 && !job->more && (record = readdir(dir)); errno = 0) {
		if (strcmp(record->d_name, ".") == 0 || strcmp(record->d_name, "..") == 0)
			continue;
		if (job->n == job->listing->max)
			job->more = true;
		else
			r = add_entry(job, record->d_name);
	}
	return r < 0 ? r : -errno;
}

static int read_folder(struct job *job)
{
	/* A descriptor of its own, that the DIR closes; "." is there even if the folder has gone.
	 */
	int fd = wok__sys_file_open(job->listing->fd, ".", O_RDONLY | O_DIRECTORY, 0, false);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	int r;

	if (fd < 0)
		return fd;
	if (!dir) {
		(void) wok__sys_close(fd);
		return -ENOMEM;
	}
	r = read_entries(job, dir);
	closedir(dir);
	return r;
}

static int compare(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	if (a->folder != b->folder)
		return a->folder ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* --- the page --------------------------------------------------------------------------------- */

/* A name for people: what is no UTF-8 or cannot be seen is shown as such, markup as itself. */
static void put_text(struct wok__buffer *page, const char *text)
{
	size_t size = strlen(text);
	char *clean = wok_alloc(3 * size + 1);

	if (!clean) {
		page->error = -ENOMEM;
		return;
	}
	size = wok_utf8_replace(text, size, clean);
	for (size_t i = 0; i < size; i++) {
		char c = clean[i];
		if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'') {
			char number[8];
			snprintf(number, sizeof(number), "&#%d;", c);
			wok__buffer_text(page, number);
		} else if ((c >= 0 && c < ' ') || c == 0x7f) {
			wok__buffer_text(page, "\xef\xbf\xbd");
		} else {
			wok__buffer_add(page, &c, 1);
		}
	}
	wok_free(clean);
}

/* A name for a link. Without colons and the like it can only be a name below this page. */
static void put_link(struct wok__buffer *page, const char *name)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	static const char digits[] = "0123456789ABCDEF";

	for (; *name; name++) {
		unsigned char c = (unsigned char) *name;
		char quoted[3] = {'%', digits[c >> 4], digits[c & 15]};
		if (strchr(plain, c))
			wok__buffer_add(page, name, 1);
		else
			wok__buffer_add(page, quoted, sizeof(quoted));
	}
}

static void put_size(struct wok__buffer *page, off_t size)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double) size / 1024;
	size_t unit = 0;
	char text[32];

	for (; value >= 999.95 && unit + 1 < sizeof(units) / sizeof(*units); unit++)
		value /= 1024;
	if (size < 1024)
		snprintf(text, sizeof(text), "%d B", (int) size);
	else
		snprintf(text, sizeof(text), "%.1f %s", value, units[unit]);
	wok__buffer_text(page, text);
}

static void put_date(struct wok__buffer *page, time_t time)
{
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&time, &tm))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm);
	wok__buffer_text(page, text);
}

static void put_entry(struct wok__buffer *page, const struct entry *entry)
{
	const char *slash = entry->folder ? "/" : "";

	wok__buffer_text(page, "<tr><td><a href=\"");
	put_link(page, entry->name);
	wok__buffer_text(page, slash);
	wok__buffer_text(page, "\">");
	put_text(page, entry->name);
	wok__buffer_text(page, slash);
	wok__buffer_text(page, "</a><td>");
	if (!entry->folder)
		put_size(page, entry->size);
	wok__buffer_text(page, "<td>");
	put_date(page, entry->changed);
	wok__buffer_text(page, "\n");
}

static void put_page(struct job *job)
{
	struct wok__buffer *page = job->page;

	wok__buffer_text(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
			       "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
	put_text(page, job->listing->title);
	wok__buffer_text(page, "</title>\n<style>body{font-family:sans-serif;margin:2em}"
			       "td,th{text-align:left;padding:.1em 1em .1em 0}"
			       "td+td{white-space:nowrap}td:nth-child(2){text-align:right}"
			       "</style>\n<h1>");
	put_text(page, job->listing->title);
	wok__buffer_text(page, "</h1>\n<table>\n<tr><th>Name<th>Size<th>Changed (UTC)\n");
	if (!job->listing->top)
		wok__buffer_text(page, "<tr><td><a href=\"../\">../</a><td><td>\n");
	for (size_t i = 0; i < job->n; i++)
		put_entry(page, &job->entries[i]);
	wok__buffer_text(page, "</table>\n");
	if (job->more)
		wok__buffer_text(page, "<p>There is more in this folder than is shown.</p>\n");
}

static int make(void *arg)
{
	struct job *job = arg;

	WOK_TRY(read_folder(job));
	if (job->n > 0)
		qsort(job->entries, job->n, sizeof(*job->entries), compare);
	put_page(job);
	return job->page->error;
}

int wok__listing_make(const struct wok__listing *listing, struct wok__buffer *page)
{
	struct job job = {.listing = listing, .page = page};
	int r = wok__disk_run(NULL, "wok_http_static", make, &job);

	for (size_t i = 0; i < job.n; i++)
		wok_free(job.entries[i].name);
	wok_free(job.entries);
	return r;
}

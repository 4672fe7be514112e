/* SPDX-License-Identifier: MIT */
/*
 * Errors of SQLite. They come up in the connection's thread, where SQLite's handle still knows
 * their text, and are said in the caller's task, which keeps them.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <wok/memory.h>

#include "base/memory.h"
#include "db/error.h"
#include "db/sqlite/connection.h"

/* SQLite counts bytes; people count characters. */
static int characters(const char *sql, int bytes)
{
	int n = 1;

	for (int i = 0; i < bytes && sql[i]; i++)
		n += ((unsigned char) sql[i] & 0xc0) != 0x80;
	return n;
}

static int stopped(struct wok__sqlite_job *job)
{
	return atomic_load(&job->stopped) ? -ESHUTDOWN : -ECANCELED;
}

static int code_of(int number)
{
	if (number == SQLITE_BUSY_SNAPSHOT)
		return WOK_ERETRY;
	if ((number & 0xff) == SQLITE_NOMEM)
		return -ENOMEM;
	return WOK_EDB;
}

int wok__sqlite_fail(struct wok__sqlite_job *job, int code, const char *sql)
{
	sqlite3 *handle = job->db->handle;
	const int plain = code & 0xff;
	int offset;

	if ((plain == SQLITE_INTERRUPT || plain == SQLITE_BUSY) && wok__sqlite_stops(job))
		return stopped(job);
	wok_free(job->failure.message);
	job->failure = (struct wok__sqlite_failure){.number = code};
	if (!handle || plain == SQLITE_NOMEM) {
		job->failure.message = wok__strdup(sqlite3_errstr(code));
		return code_of(code);
	}
	/* What a statement returned may be the short form. */
	if ((sqlite3_extended_errcode(handle) & 0xff) == plain)
		job->failure.number = sqlite3_extended_errcode(handle);
	offset = sql ? sqlite3_error_offset(handle) : -1;
	if (offset >= 0)
		job->failure.position = characters(sql, offset);
	job->failure.message =
		wok__strdup(plain == (sqlite3_errcode(handle) & 0xff) ? sqlite3_errmsg(handle)
								      : sqlite3_errstr(code));
	return code_of(job->failure.number);
}

static char *format_text(const char *format, va_list args, const char *rest)
{
	char text[256];

	vsnprintf(text, sizeof(text), format, args);
	const size_t size = strlen(text) + strlen(rest) + 1;
	char *whole = wok_alloc(size);
	if (whole)
		snprintf(whole, size, "%s%s", text, rest);
	return whole;
}

int wok__sqlite_fail_text(struct wok__sqlite_job *job, int code, const char *format, ...)
{
	va_list args;

	wok_free(job->failure.message);
	va_start(args, format);
	job->failure = (struct wok__sqlite_failure){.message = format_text(format, args, "")};
	va_end(args);
	return code;
}

void wok__sqlite_fail_prefix(struct wok__sqlite_job *job, const char *format, ...)
{
	va_list args;

	if (!job->failure.message)
		return;
	va_start(args, format);
	char *text = format_text(format, args, job->failure.message);
	va_end(args);
	if (!text)
		return;
	wok_free(job->failure.message);
	job->failure.message = text;
}

static const char *hint_of(int number)
{
	if (number == SQLITE_BUSY_SNAPSHOT)
		return "another connection has written since: roll back, and begin again with "
		       "WOK_SQLITE_IMMEDIATE";
	switch (number & 0xff) {
	case SQLITE_BUSY:
		return "another connection held its lock for longer than busy_timeout";
	case SQLITE_LOCKED:
		return "a statement that is not at its end is in the way: free its cursor";
	case SQLITE_FULL:
		return "there is no room on the disk, or max_page_count is reached";
	case SQLITE_NOTADB:
		return "this is no SQLite database, or it is damaged, or encrypted";
	case SQLITE_CORRUPT:
		return "the file is damaged: put back a copy, or save what the sqlite3 program's "
		       ".recover finds";
	case SQLITE_READONLY:
		return "the connection was opened to read only, or the file, or its folder, "
		       "cannot be written to";
	case SQLITE_CANTOPEN:
		return "look whether its folder is there, and who may use both";
	case SQLITE_IOERR:
		return "the system could not read or write the file: see its log";
	default:
		return NULL;
	}
}

/* The file is at fault, not the statement: say which it is. NULL: no. */
static const char *where(const struct wok__sqlite_job *job)
{
	return hint_of(job->failure.number) && !job->failure.placed ? job->db->settings.path : NULL;
}

int wok__sqlite_say(struct wok__sqlite_job *job)
{
	const struct wok__sqlite_failure *failure = &job->failure;
	int r = job->result;

	if (r == -ESHUTDOWN && !failure->message)
		r = wok_fail(r, "%s: the connection was shut down before the statement was done",
			     job->db->settings.path);
	else if (r < 0 && failure->number)
		r = wok__db_fail(&(wok_db_error){
			.code = r,
			.number = failure->number,
			.retry = failure->number == SQLITE_BUSY_SNAPSHOT,
			.position = failure->position,
			.message = failure->message,
			.detail = where(job),
			.hint = hint_of(failure->number),
		});
	else if (r < 0 && failure->message)
		r = wok_fail(r, "%s", failure->message);
	wok_free(WOK_TAKE(job->failure.message));
	return r;
}

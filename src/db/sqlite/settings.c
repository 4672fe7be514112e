/* SPDX-License-Identifier: MIT */
/* The options of a connection: checked, copied, with their defaults. */
#include <ctype.h>
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "base/memory.h"
#include "db/sqlite/connection.h"

/* They become part of a statement. */
static int check_word(const char *what, const char *word)
{
	for (const char *c = word ? word : ""; *c; c++)
		if (!isalnum((unsigned char) *c))
			return wok_fail(-EINVAL, "wok_sqlite_open: %s \"%s\" is no word", what,
					word);
	return 0;
}

static int check(const char *path, const wok_sqlite_options *options)
{
	if (!path || !path[0])
		return wok_fail(-EINVAL, "wok_sqlite_open: there is no path; \":memory:\" is a "
					 "database in memory");
	if (options->busy_timeout < 0 || options->timeout < 0 || options->idle_timeout < 0 ||
	    options->max_sql < 0 || options->checkpoint_pages < 0 || options->log_warning < 0 ||
	    options->max_value < 0)
		return wok_fail(-EINVAL, "wok_sqlite_open: a limit below 0");
	if (options->on_loop && options->group_commit)
		return wok_fail(-EINVAL, "wok_sqlite_open: group_commit needs a thread: leave "
					 "on_loop");
	WOK_TRY(check_word("journal_mode", options->journal_mode));
	return check_word("synchronous", options->synchronous);
}

static int copy(const char *text, char **ret_copy)
{
	if (text && !(*ret_copy = wok__strdup(text)))
		return -ENOMEM;
	return 0;
}

static int copy_all(struct wok__sqlite_settings *settings, const char *path)
{
	const wok_sqlite_options *options = &settings->options;
	const char *journal = options->read_only ? NULL : "wal";

	WOK_TRY(wok__sqlite_absolute(path, options, &settings->path));
	WOK_TRY(copy(options->vfs, &settings->vfs));
	WOK_TRY(copy(options->journal_mode ? options->journal_mode : journal,
		     &settings->journal_mode));
	return copy(options->synchronous ? options->synchronous : "normal", &settings->synchronous);
}

int wok__sqlite_settle(struct wok__sqlite_settings *settings, const char *path,
		       const wok_sqlite_options *options)
{
	wok_sqlite_options *set = &settings->options;

	*set = options ? *options : (wok_sqlite_options){0};
	WOK_TRY(check(path, set));
	if (!set->busy_timeout)
		set->busy_timeout = 5 * WOK_SECOND;
	if (!set->statement_cache)
		set->statement_cache = 64;
	if (!set->max_result)
		set->max_result = (size_t) 256 << 20;
	if (!set->checkpoint_pages)
		set->checkpoint_pages = 1000;
	if (!set->log_warning)
		set->log_warning = 8 * set->checkpoint_pages;
	if (!set->idle_timeout)
		set->idle_timeout = WOK_FOREVER;
	return copy_all(settings, path);
}

void wok__sqlite_unsettle(struct wok__sqlite_settings *settings)
{
	wok_free(settings->path);
	wok_free(settings->vfs);
	wok_free(settings->journal_mode);
	wok_free(settings->synchronous);
}

/* SPDX-License-Identifier: MIT */
/* Opening a connection: see wok/sqlite.h. */
#include <stdio.h>
#include <wok/error.h>
#include <wok/thread.h>

#include "base/memory.h"
#include "db/sqlite/connection.h"
#include "db/sqlite/hooks.h"
#include "loop/fork.h"
#include "loop/report.h"
#include "platform/clock.h"
#include "platform/sys.h"
#include "task/park.h"

enum { STEPS_PER_LOOK = 1000 };

int wok__sqlite_exec(wok_sqlite *db, const char *sql)
{
	return sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
}

static int open_flags(const wok_sqlite_options *options)
{
	/* One thread at a time uses it: no mutex of SQLite's. */
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;

	if (options->read_only)
		flags |= SQLITE_OPEN_READONLY;
	else
		flags |= SQLITE_OPEN_READWRITE | (options->no_create ? 0 : SQLITE_OPEN_CREATE);
	return flags | (options->uri ? SQLITE_OPEN_URI : 0);
}

/* "PRAGMA what = value"; both are ours, or were checked. */
static int set(struct wok__sqlite_job *job, const char *what, const char *value)
{
	char sql[100];

	snprintf(sql, sizeof(sql), "PRAGMA %s = %.40s", what, value);
	return wok__sqlite_exec(job->db, sql);
}

/* While another connection is about to do the same, SQLite does not ask our busy handler. */
static int set_journal_mode(struct wok__sqlite_job *job)
{
	wok_sqlite *db = job->db;
	const wok_time limit = db->settings.options.busy_timeout, since = wok__clock_now();
	int r;

	if (!db->settings.journal_mode || sqlite3_db_readonly(db->handle, "main") == 1)
		return SQLITE_OK;
	while ((r = set(job, "journal_mode", db->settings.journal_mode)) == SQLITE_BUSY &&
	       !db->settings.options.on_loop && !wok__sqlite_stops(job) &&
	       wok__clock_now() - since < limit)
		(void) wok__sys_futex_wait(&job->canceled, WOK_MS);
	return r;
}

static void set_limits(wok_sqlite *db)
{
	const wok_sqlite_options *options = &db->settings.options;

	if (options->max_sql)
		sqlite3_limit(db->handle, SQLITE_LIMIT_SQL_LENGTH, options->max_sql);
	if (options->max_value)
		sqlite3_limit(db->handle, SQLITE_LIMIT_LENGTH, options->max_value);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_FKEY, !options->no_foreign_keys, NULL);
}

static int configure(struct wok__sqlite_job *job)
{
	wok_sqlite *db = job->db;
	const wok_sqlite_options *options = &db->settings.options;
	int r;

	sqlite3_busy_handler(db->handle, wok__sqlite_on_busy, db);
	wok__sqlite_watch_log(db);
	sqlite3_progress_handler(db->handle, STEPS_PER_LOOK, wok__sqlite_on_progress, db);
	set_limits(db);
	if ((r = set_journal_mode(job)) != SQLITE_OK ||
	    (r = set(job, "synchronous", db->settings.synchronous)) != SQLITE_OK)
		return r;
	if (options->query_only && (r = set(job, "query_only", "1")) != SQLITE_OK)
		return r;
	return options->setup ? options->setup(db->handle, options->setup_arg) : SQLITE_OK;
}

int wok__sqlite_open_handle(struct wok__sqlite_job *job)
{
	wok_sqlite *db = job->db;
	int r = sqlite3_open_v2(db->settings.path, &db->handle, open_flags(&db->settings.options),
				db->settings.vfs);

	if (r == SQLITE_OK)
		r = configure(job);
	if (r == SQLITE_OK)
		return 0;
	r = wok__sqlite_fail(job, r, NULL);
	wok__sqlite_fail_prefix(job, "%s: ", db->settings.path);
	job->failure.placed = true;
	/* Nothing hangs on it: and what is not open must not look so. */
	sqlite3_close(WOK_TAKE(db->handle));
	return r;
}

static void at_end(struct wok__ending *ending)
{
	wok_sqlite *db = WOK__CONTAINER(ending, struct wok_sqlite, ending);

	wok__report(0, NULL, db->site,
		    "the SQLite connection to %s was not closed before the run's end: it is now",
		    db->settings.path);
	(void) wok__sqlite_shut(db, true);
}

static int make(const char *path, const wok_sqlite_options *options, const wok_site *site,
		wok_sqlite **ret_db)
{
	wok_sqlite *db = wok__alloc_zeroed(sizeof(*db));

	if (!db)
		return -ENOMEM;
	int r = wok__sqlite_settle(&db->settings, path, options);
	if (r < 0) {
		wok__sqlite_unsettle(&db->settings);
		wok_free(db);
		return r;
	}
	pthread_mutex_init(&db->mutex, NULL);
	wok__list_init(&db->queue);
	wok__list_init(&db->statements);
	wok__list_init(&db->held);
	wok__list_init(&db->cursors);
	wok__list_init_node(&db->ending.link);
	db->site = site;
	db->refs = 1;
	db->loop = wok_current_loop();
	db->generation = wok__fork_generation();
	db->alone = wok_cpu_count() == 1;
	db->credit = db->thread_credit = 4;
	wok__sqlite_face(db);
	*ret_db = db;
	return 0;
}

int wok_sqlite_open_at(const char *path, const wok_sqlite_options *options, wok_sqlite **ret_db,
		       const wok_site *site)
{
	struct wok__sqlite_job job = {0};
	wok_sqlite *db = NULL;

	if (!wok_current_loop())
		return wok_fail(-EINVAL, "wok_sqlite_open: this thread runs no loop");
	WOK_TRY(wok__check());
	WOK_TRY(make(path, options, site, &db));
	int r = wok__sqlite_call(db, &job, wok__sqlite_open_handle);
	if (r < 0) {
		const struct wok__saved_error saved = wok__error_save();

		(void) wok__sqlite_shut(db, true);
		wok__sqlite_unref(db);
		wok__error_restore(saved);
		return r;
	}
	db->ending.end = at_end;
	wok__loop_at_end(&db->ending);
	*ret_db = db;
	return 0;
}

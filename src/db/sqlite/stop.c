/* SPDX-License-Identifier: MIT */
/*
 * How a job stops: SQLite asks between its steps, and our busy handler while it waits for the lock
 * of another connection. On the loop's own thread no timer fires meanwhile: there it asks the
 * clock.
 */
#include <wok/loop.h>

#include "db/sqlite/connection.h"
#include "db/sqlite/hooks.h"
#include "platform/clock.h"
#include "platform/sys.h"

bool wok__sqlite_stops(const struct wok__sqlite_job *job)
{
	return !job->shielded && (atomic_load_explicit(&job->canceled, memory_order_relaxed) ||
				  (job->deadline && wok_now() >= job->deadline));
}

/* Whether a statement is at work: of a closure's we do not know which. */
static bool is_stepping(const wok_sqlite *db)
{
	if (db->stepped)
		return sqlite3_stmt_busy(db->stepped);
	for (sqlite3_stmt *one = NULL; (one = sqlite3_next_stmt(db->handle, one)) != NULL;)
		if (sqlite3_stmt_busy(one))
			return true;
	return false;
}

int wok__sqlite_on_progress(void *arg)
{
	wok_sqlite *db = arg;

	/* It asks after a statement's end, too: to stop that would deny what is committed. */
	return is_stepping(db) &&
	       ((db->current && wok__sqlite_stops(db->current)) || wok__sqlite_hook_progress(db));
}

/* Milliseconds: short at first, for most locks are held shortly. */
static wok_time pause_before(int n)
{
	static const unsigned char steps[] = {1, 1, 2, 2, 5, 5, 10, 10, 20, 20, 50};
	const int last = (int) sizeof(steps) - 1;

	return steps[n < last ? n : last] * WOK_MS;
}

int wok__sqlite_on_busy(void *arg, int n)
{
	wok_sqlite *db = arg;
	struct wok__sqlite_job *job = db->current;
	const wok_time limit = db->settings.options.busy_timeout, now = wok__clock_now();

	/* On the loop's thread the task waits, not the thread: see job.c. */
	if (!job || db->settings.options.on_loop)
		return 0;
	if (n == 0)
		db->busy_since = now;
	wok_time left = limit == WOK_FOREVER ? WOK_SECOND : db->busy_since + limit - now;
	if (left <= 0 || wok__sqlite_stops(job))
		return 0;
	if (left > pause_before(n))
		left = pause_before(n);
	/* It sleeps while the flag is 0: a cancel wakes it. */
	(void) wok__sys_futex_wait(&job->canceled, left);
	return !wok__sqlite_stops(job);
}

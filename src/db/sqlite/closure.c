/* SPDX-License-Identifier: MIT */
/* A function on the connection's thread: see wok_sqlite_run(). */
#include <wok/error.h>

#include "db/sqlite/run.h"

struct closure {
	struct wok__sqlite_job job;
	int (*fn)(struct sqlite3 *handle, void *arg);
	void *arg;
};

static int run_closure(struct wok__sqlite_job *job)
{
	struct closure *closure = WOK__CONTAINER(job, struct closure, job);
	const int r = closure->fn(job->db->handle, closure->arg);

	if (r >= 0)
		return r;
	/* What it gave up because of a cancel is the cancel's. */
	if (wok__sqlite_stops(job) && r != -ENOMEM)
		return atomic_load(&job->stopped) ? -ESHUTDOWN : -ECANCELED;
	return wok__sqlite_fail_text(job, r, "%s", wok_errmsg(r));
}

int wok_sqlite_run(wok_sqlite *db, int (*fn)(struct sqlite3 *handle, void *arg), void *arg)
{
	struct closure closure = {.job.only_once = true, .fn = fn, .arg = arg};

	return wok__sqlite_call_for(db, &closure.job, run_closure, 0);
}

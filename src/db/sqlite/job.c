/* SPDX-License-Identifier: MIT */
/* Jobs from their callers' side: see connection.h. */
#include <sched.h>
#include <wok/big_stack.h>
#include <wok/error.h>
#include <wok/task.h>
#include <wok/timeout.h>

#include "base/memory.h"
#include "base/message.h"
#include "db/sqlite/connection.h"
#include "db/sqlite/hooks.h"
#include "loop/fork.h"
#include "loop/report.h"
#include "platform/clock.h"
#include "platform/sys.h"
#include "task/park.h"

/* As long as a statement may take for whose end it pays to spin. */
#define SPIN (20 * WOK_US)
enum { LOOKS = 64, MAX_CREDIT = 16 };

/* Who waits for a job's end. */
struct waiter {
	struct wok__caller caller;
	struct wok__sqlite_job *job;
};

int wok__sqlite_here(const wok_sqlite *db)
{
	if (db->generation != wok__fork_generation())
		return wok_fail(-ECHILD,
				"%s: the connection was opened before a fork, by the parent: "
				"open one here",
				db->settings.path);
	/* What its loop's end has closed is nobody's. */
	if (wok_current_loop() && db->loop != wok_current_loop() && !db->gone)
		return wok__foreign(db, "an SQLite connection");
	return 0;
}

bool wok__sqlite_is_here(const wok_sqlite *db, const char *call)
{
	const struct wok__saved_error saved = wok__error_save();
	const int r = wok__sqlite_here(db);

	if (r == -EINVAL)
		wok__report(r, NULL, db->site, "%s did nothing: %s", call, wok_errmsg(r));
	wok__error_restore(saved);
	return r != -EINVAL;
}

int wok__sqlite_usable(const wok_sqlite *db)
{
	WOK_TRY(wok__sqlite_here(db));
	if (db->closing)
		return wok_fail(-EBADF, "%s: the connection is closed", db->settings.path);
	return 0;
}

bool wok__sqlite_owns(const wok_sqlite *db)
{
	return db->lease.owner && db->lease.owner == wok_current_task();
}

void wok__sqlite_cancel(struct wok__sqlite_job *job)
{
	atomic_store(&job->canceled, 1);
	wok__sys_futex_wake(&job->canceled);
}

static bool take_back(struct wok__sqlite_job *job)
{
	wok_sqlite *db = job->db;

	pthread_mutex_lock(&db->mutex);
	const bool queued = job->queued;
	if (queued) {
		wok__list_remove(&job->link);
		atomic_fetch_sub_explicit(&db->n_queued, 1, memory_order_relaxed);
		job->queued = false;
	}
	pthread_mutex_unlock(&db->mutex);
	return queued;
}

static void on_cancel(struct wok__parker *parker)
{
	struct waiter *waiter = WOK__CONTAINER(parker, struct waiter, caller.parker);

	if (take_back(waiter->job)) {
		waiter->job->taken_back = true;
		wok__caller_give_up(&waiter->caller);
	} else {
		wok__sqlite_cancel(waiter->job);
	}
}

static bool is_done(struct wok__sqlite_job *job)
{
	return atomic_load_explicit(&job->stage, memory_order_acquire) == WOK__SQLITE_DONE;
}

/* Look for the end without sleeping, if nothing else can run here meanwhile. */
static bool spin(struct wok__sqlite_job *job)
{
	wok_sqlite *db = job->db;
	const wok_loop *loop = wok_current_loop();

	if (!loop || !wok__list_empty(&loop->ready) || !wok__list_empty(&loop->batch))
		return false;
	/* Every now and then see whether it would pay again. */
	if (db->credit <= 0 && --db->credit > -MAX_CREDIT)
		return false;
	for (const wok_time until = wok__clock_now() + SPIN; wok__clock_now() < until;)
		for (int i = 0; i < LOOKS; i++, wok__sqlite_relax(db))
			if (is_done(job)) {
				db->credit = db->credit < 0 ? 2 : db->credit + 2;
				db->credit = db->credit > MAX_CREDIT ? MAX_CREDIT : db->credit;
				return true;
			}
	db->credit = db->credit < 0 ? 0 : db->credit - 1;
	return false;
}

static void park(struct wok__sqlite_job *job)
{
	struct waiter waiter = {.job = job};
	int stage = WOK__SQLITE_PENDING;

	wok__caller_open(&waiter.caller, "an SQLite statement");
	waiter.caller.parker.shielded = job->shielded;
	waiter.caller.parker.cancel = job->shielded ? NULL : on_cancel;
	job->caller = &waiter.caller;
	if (atomic_compare_exchange_strong(&job->stage, &stage, WOK__SQLITE_AWAITED))
		wok__caller_wait(&waiter.caller);
	wok__caller_close(&waiter.caller);
}

static bool must_not_wait(void)
{
	const wok_loop *loop = wok_current_loop();

	return loop && loop->current && loop->no_wait;
}

int wok__sqlite_wait(struct wok__sqlite_job *job)
{
	/* Only what releases something comes here from a section that must not wait. */
	while (must_not_wait() && !is_done(job))
		sched_yield();
	if (!is_done(job) && !spin(job))
		park(job);
	if (atomic_load_explicit(&job->db->starved, memory_order_relaxed) || job->db->reported)
		wok__sqlite_report_log(job->db);
	if (job->taken_back)
		return -ECANCELED;
	return wok__sqlite_say(job);
}

static int perform(void *job)
{
	wok__sqlite_perform(((struct wok__sqlite_job *) job)->db, job);
	return 0;
}

static bool found_a_lock(const struct wok__sqlite_job *job)
{
	return job->result == WOK_EDB && (job->failure.number & 0xff) == SQLITE_BUSY &&
	       !job->only_once && !job->shielded;
}

/* It waited for a lock, and the connection was closed under it. */
static int shut_meanwhile(struct wok__sqlite_job *job)
{
	job->result = -ESHUTDOWN;
	atomic_store(&job->stage, WOK__SQLITE_DONE);
	return 0;
}

/* On the loop's own thread it is the task that waits for another connection's lock. */
static int run_here(struct wok__sqlite_job *job)
{
	const wok_time since = wok_now(), limit = job->db->settings.options.busy_timeout;
	const bool detached = job->detached;
	wok_time pause = WOK_MS;

	job->deadline = wok_current_deadline();
	for (;;) {
		if (job->db->gone)
			return shut_meanwhile(job);
		WOK_TRY(wok_on_big_stack(perform, job));
		if (detached)
			return 0; /* it has released itself */
		atomic_store(&job->stage, WOK__SQLITE_DONE);
		if (job->result == -ECANCELED)
			WOK_IGNORE(wok_sleep(WOK_MS)); /* until the time limit has noticed, too */
		if (!found_a_lock(job) || wok_now() - since >= limit)
			return 0;
		wok_free(WOK_TAKE(job->failure.message));
		WOK_TRY(wok_sleep(pause));
		if (pause < 50 * WOK_MS)
			pause *= 2;
	}
}

int wok__sqlite_submit(wok_sqlite *db, struct wok__sqlite_job *job, wok__sqlite_fn *run)
{
	job->db = db;
	job->run = run;
	/* In a forked child there is no thread, and the mutex may be held for ever. */
	if (db->generation != wok__fork_generation())
		return -EBADF;
	if (!db->settings.options.on_loop)
		return wok__sqlite_enqueue(db, job);
	return db->gone ? -EBADF : run_here(job);
}

/* After -EOWNERDEAD the lock is ours: a task has ended with its transaction open. */
static int take_lease(wok_sqlite *db)
{
	int r = wok_lock_acquire(&db->lease);

	if (r == -EOWNERDEAD)
		r = wok__sqlite_orphaned(db);
	return r;
}

static int submit_in_turn(wok_sqlite *db, struct wok__sqlite_job *job, wok__sqlite_fn *run)
{
	job->in_transaction = wok__sqlite_owns(db);
	if (job->shielded || job->in_transaction || !wok_lock_held(&db->lease))
		return wok__sqlite_submit(db, job, run);
	WOK_TRY(take_lease(db));
	const int r = wok__sqlite_submit(db, job, run);
	wok_lock_release(&db->lease);
	return r;
}

static int refused(wok_sqlite *db, int r)
{
	if (r == -EBADF)
		return wok__sqlite_usable(db) < 0 ? -EBADF : r;
	return r;
}

int wok__sqlite_call(wok_sqlite *db, struct wok__sqlite_job *job, wok__sqlite_fn *run)
{
	WOK_TRY(wok__sqlite_usable(db));
	if (!job->shielded)
		WOK_TRY(wok__check());
	/* Another task may free the connection while this one waits. */
	wok__sqlite_ref(db);
	int r = submit_in_turn(db, job, run);
	r = r < 0 ? refused(db, r) : wok__sqlite_wait(job);
	if (!job->shielded)
		wok__spend();
	wok__sqlite_unref(db);
	return r;
}

void wok__sqlite_ref(wok_sqlite *db)
{
	db->refs++;
}

void wok__sqlite_unref(wok_sqlite *db)
{
	if (--db->refs > 0)
		return;
	pthread_mutex_destroy(&db->mutex);
	wok__sqlite_unsettle(&db->settings);
	wok_free(db);
}

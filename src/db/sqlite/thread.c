/* SPDX-License-Identifier: MIT */
/*
 * The thread of a connection: see connection.h.
 *
 * It starts with the first job, and ends at the close, or after idle_timeout. After a job it
 * lingers, for the next is often near, and to be woken costs both sides more than the statement:
 * at most 50 microseconds, and only if that paid of late. Where there is one processor it is given
 * to the other side all the while.
 */
#include <sched.h>

#include "db/sqlite/connection.h"
#include "platform/clock.h"
#include "platform/sys.h"

#define LINGER (50 * WOK_US)
enum { STACK_SIZE = 8 << 20, LOOKS = 64, MAX_CREDIT = 16 };

void wok__sqlite_done(struct wok__sqlite_job *job)
{
	/* Who is parked stays so until he is told: the job is there still. */
	if (atomic_exchange(&job->stage, WOK__SQLITE_DONE) == WOK__SQLITE_AWAITED)
		wok__caller_tell(job->caller);
}

/* What a job must not leave behind, whatever SQL was in it. */
static void tidy(wok_sqlite *db, struct wok__sqlite_job *job)
{
	if (!db->handle || db->in_transaction || sqlite3_get_autocommit(db->handle))
		return;
	wok__sqlite_undo(db);
	if (job->result >= 0)
		job->result = wok__sqlite_fail_text(
			job, -EINVAL,
			"the statement left a transaction open, which was rolled back: "
			"use wok_sqlite_transaction_begin()");
}

static int run(wok_sqlite *db, struct wok__sqlite_job *job)
{
	if (wok__sqlite_stops(job))
		return wok__sqlite_fail(job, SQLITE_INTERRUPT, NULL);
	if (db->dead)
		return wok__sqlite_fail_text(job, WOK_ECONNLOST,
					     "a rollback failed: close the connection");
	if (job->in_transaction && !job->shielded && db->in_transaction &&
	    sqlite3_get_autocommit(db->handle))
		return wok__sqlite_fail_text(job, WOK_EDB,
					     "SQLite has rolled the transaction back after an "
					     "earlier error: begin it again");
	return job->run(job);
}

void wok__sqlite_perform(wok_sqlite *db, struct wok__sqlite_job *job)
{
	const bool detached = job->detached;

	atomic_fetch_add_explicit(&db->n_jobs, 1, memory_order_relaxed);
	db->current = job;
	const int r = run(db, job);
	db->current = NULL;
	if (detached)
		return; /* it has released itself */
	job->result = r;
	tidy(db, job);
}

static struct wok__sqlite_job *take(wok_sqlite *db)
{
	struct wok__node *node = wok__list_pop(&db->queue);
	struct wok__sqlite_job *job =
		node ? WOK__CONTAINER(node, struct wok__sqlite_job, link) : NULL;

	if (job) {
		job->queued = false;
		atomic_fetch_sub_explicit(&db->n_queued, 1, memory_order_relaxed);
	}
	db->running = job && !job->detached ? job : NULL;
	return job;
}

static struct wok__sqlite_job *try_next(wok_sqlite *db)
{
	pthread_mutex_lock(&db->mutex);
	struct wok__sqlite_job *job = take(db);
	pthread_mutex_unlock(&db->mutex);
	return job;
}

static bool there_is_more(wok_sqlite *db)
{
	return atomic_load_explicit(&db->n_queued, memory_order_relaxed) > 0;
}

void wok__sqlite_relax(const wok_sqlite *db)
{
	if (db->alone)
		sched_yield();
#if defined(__x86_64__)
	else
		__builtin_ia32_pause();
#endif
}

static bool linger(wok_sqlite *db)
{
	if (db->thread_credit <= 0)
		return false;
	for (const wok_time until = wok__clock_now() + LINGER; wok__clock_now() < until;)
		for (int i = 0; i < LOOKS; i++, wok__sqlite_relax(db))
			if (there_is_more(db))
				return true;
	return false;
}

static void learn(wok_sqlite *db, bool paid)
{
	if (paid && db->thread_credit < MAX_CREDIT)
		db->thread_credit += 2;
	else if (!paid && db->thread_credit > 0)
		db->thread_credit--;
}

/* What is open will be ended by a job that must not fail for want of a thread. */
static wok_time idle_timeout(const wok_sqlite *db)
{
	const bool open = db->in_transaction || !wok__list_empty(&db->held);

	return open ? WOK_FOREVER : db->settings.options.idle_timeout;
}

/* Sleep until a job is there; false: the thread has been idle for long enough to end. */
static bool sleep_until_called(wok_sqlite *db)
{
	const wok_time timeout = idle_timeout(db), since = wok__clock_now();
	bool ends = false;

	pthread_mutex_lock(&db->mutex);
	db->asleep = wok__list_empty(&db->queue);
	const bool sleeps = db->asleep;
	pthread_mutex_unlock(&db->mutex);
	if (!sleeps)
		return true;
	while (!ends && !atomic_exchange_explicit(&db->called, 0, memory_order_acquire))
		ends = wok__sys_futex_wait(&db->called, timeout) == -ETIMEDOUT;
	if (ends) {
		pthread_mutex_lock(&db->mutex);
		ends = wok__list_empty(&db->queue);
		db->thread_runs = !ends;
		db->asleep = false;
		pthread_mutex_unlock(&db->mutex);
	}
	/* Would it have paid to linger? */
	learn(db, wok__clock_now() - since < LINGER);
	return !ends;
}

static struct wok__sqlite_job *next(wok_sqlite *db)
{
	struct wok__sqlite_job *job;

	while (!(job = try_next(db))) {
		const bool came = linger(db);

		if (came)
			learn(db, true);
		else if (!sleep_until_called(db))
			return NULL;
	}
	return job;
}

/* After the close only those are left in the queue that nobody waits for. */
static void end(wok_sqlite *db)
{
	struct wok__sqlite_job *job;

	for (;;) {
		pthread_mutex_lock(&db->mutex);
		job = take(db);
		db->gone = !job;
		pthread_mutex_unlock(&db->mutex);
		if (!job)
			return;
		job->run(job);
	}
}

static void *serve(void *arg)
{
	wok_sqlite *db = arg;
	struct wok__sqlite_job *job;

	wok__sys_name_thread("wok-sqlite");
	while (!db->quit && (job = next(db)) != NULL) {
		const bool detached = job->detached;

		if (job->may_share && !db->in_transaction) {
			wok__sqlite_perform_group(db, job);
			continue;
		}
		wok__sqlite_perform(db, job);
		if (detached)
			continue;
		if (db->quit)
			end(db);
		pthread_mutex_lock(&db->mutex);
		db->running = NULL;
		pthread_mutex_unlock(&db->mutex);
		wok__sqlite_done(job);
	}
	return NULL;
}

/* Under the mutex. */
static int start_thread(wok_sqlite *db)
{
	if (db->has_thread)
		pthread_join(db->thread, NULL); /* it has said that it ends */
	db->has_thread = false;
	int r = wok__sys_thread(serve, db, STACK_SIZE, false, &db->thread);
	if (r < 0)
		return r;
	db->has_thread = db->thread_runs = true;
	db->asleep = false;
	atomic_store(&db->called, 0);
	return 0;
}

static bool refused(const wok_sqlite *db, const struct wok__sqlite_job *job)
{
	return db->gone || (db->closing && !job->detached && !job->closes);
}

int wok__sqlite_enqueue(wok_sqlite *db, struct wok__sqlite_job *job)
{
	pthread_mutex_lock(&db->mutex);
	int r = refused(db, job) ? -EBADF : db->thread_runs ? 0 : start_thread(db);
	if (r < 0) {
		pthread_mutex_unlock(&db->mutex);
		return r;
	}
	wok__list_push_back(&db->queue, &job->link);
	job->queued = true;
	atomic_fetch_add_explicit(&db->n_queued, 1, memory_order_relaxed);
	const bool wake = db->asleep;
	db->asleep = false;
	pthread_mutex_unlock(&db->mutex);
	if (wake) {
		atomic_store_explicit(&db->called, 1, memory_order_release);
		wok__sys_futex_wake(&db->called);
	}
	return 0;
}

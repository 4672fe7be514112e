/* SPDX-License-Identifier: MIT */
/*
 * The jobs of a pool, before they run: see exec/thread_pool.h. All of it happens under the pool's
 * mutex. Each lane has a queue, and behind it those who wait for room in the queue; a job that is
 * waited for by a job of the same pool is refused where nobody could ever run it.
 */
#include "exec/thread_pool.h"

#include <wok/error.h>

#include "loop/fork.h"
#include "platform/clock.h"

/* The lane whose turn it is, of those that have a job which may run now; NULL. */
static struct wok__lane *next_lane(struct wok_thread_pool *pool)
{
	for (unsigned i = 0; i < WOK__LANES; i++) {
		struct wok__lane *lane = &pool->lanes[(pool->turn + i) % WOK__LANES];
		if (!wok__list_empty(&lane->queue) && lane->running < lane->limit)
			return lane;
	}
	return NULL;
}

static void note_wait(struct wok_thread_pool *pool, const struct wok__thread_job *job)
{
	wok_time wait = wok__clock_now() - job->queued_at, step = 10 * WOK_US;
	unsigned i = 0;

	while (i < WOK_THREAD_POOL_WAIT_STEPS - 1 && wait >= step) {
		step *= 10;
		i++;
	}
	pool->info.wait_histogram[i]++;
	pool->wait_total += wait;
	if (wait > pool->info.wait_max)
		pool->info.wait_max = wait;
}

/*
 * A job that waits for another one of its pool holds a thread and does not work. That is noted
 * before the other one is queued, and taken back when that one is done, not when the waiter wakes
 * up: so whoever comes last finds out if all threads wait like that.
 */
static void begin_wait(struct wok_thread_pool *pool, struct wok__thread_job *job)
{
	struct wok__thread_job *current = wok__thread_job_current();

	if (!current || current->pool != pool || (!job->caller && !job->bringer))
		return;
	job->waiter = current;
	if (current->waits++ == 0) {
		pool->blocked++;
		pool->lanes[current->lane].blocked++;
	}
}

static void end_wait(struct wok_thread_pool *pool, struct wok__thread_job *job)
{
	struct wok__thread_job *waiter = WOK_TAKE(job->waiter);

	if (waiter && --waiter->waits == 0) {
		pool->blocked--;
		pool->lanes[waiter->lane].blocked--;
	}
}

static void enqueue(struct wok_thread_pool *pool, struct wok__lane *lane,
		    struct wok__thread_job *job)
{
	job->state = WOK__JOB_QUEUED;
	wok__list_push_back(&lane->queue, &job->link);
	lane->queued++;
	pool->info.queued++;
}

/* Nobody need wait any longer for room for a job. */
static void tell_bringer(struct wok__thread_job *job, int result)
{
	struct wok__bringer *bringer = WOK_TAKE(job->bringer);

	if (!bringer)
		return;
	end_wait(job->pool, job);
	bringer->job = NULL;
	bringer->result = result;
	wok__caller_tell(&bringer->caller);
}

/* There is room: those who waited for it come in, in their order. */
static void admit(struct wok_thread_pool *pool, struct wok__lane *lane)
{
	while (lane->queued < pool->max_pending && !wok__list_empty(&lane->waiting)) {
		struct wok__thread_job *job =
			WOK__CONTAINER(wok__list_pop(&lane->waiting), struct wok__thread_job, link);
		pool->info.waiting--;
		enqueue(pool, lane, job);
		tell_bringer(job, 0);
	}
}

bool wok__thread_pool_has_next(struct wok_thread_pool *pool)
{
	return next_lane(pool) != NULL;
}

/* Take the next job for a thread; NULL if there is none that may run. */
struct wok__thread_job *wok__thread_pool_take(struct wok_thread_pool *pool)
{
	struct wok__lane *lane = next_lane(pool);

	if (!lane)
		return NULL;
	struct wok__thread_job *job =
		WOK__CONTAINER(wok__list_pop(&lane->queue), struct wok__thread_job, link);
	pool->turn = (unsigned) (lane - pool->lanes) + 1;
	lane->queued--;
	lane->running++;
	pool->info.queued--;
	pool->info.active++;
	job->state = WOK__JOB_RUNNING;
	wok__list_push_back(&pool->running, &job->link);
	note_wait(pool, job);
	admit(pool, lane);
	return job;
}

/* Under the mutex: a job has run. */
void wok__thread_pool_finish(struct wok_thread_pool *pool, struct wok__thread_job *job)
{
	wok__list_remove(&job->link);
	end_wait(pool, job);
	pool->lanes[job->lane].running--;
	pool->info.active--;
	pool->info.completed++;
	job->state = WOK__JOB_DONE;
}

static int refuse(const struct wok_thread_pool *pool, int code)
{
	if (code == -ESHUTDOWN)
		return wok_fail(code, "the thread pool %s is being shut down", pool->name);
	if (code == -EAGAIN)
		return wok_fail(code, "%zu jobs are queued in the thread pool %s already",
				pool->max_pending, pool->name);
	return wok_fail(code, "the thread pool %s belongs to the process that forked this one",
			pool->name);
}

/* Under the mutex. */
static int check_open(const struct wok_thread_pool *pool)
{
	if (pool->generation != wok__fork_generation())
		return refuse(pool, -EINVAL);
	return pool->closing ? refuse(pool, -ESHUTDOWN) : 0;
}

/* Under the mutex: queue a job, and see that there is a thread that will come to it. */
static int queue_job(struct wok_thread_pool *pool, struct wok__lane *lane,
		     struct wok__thread_job *job)
{
	enqueue(pool, lane, job);
	int r = wok__thread_pool_dispatch(pool);
	if (r == 0 || pool->threads > 0)
		return 0;
	wok__list_remove(&job->link);
	lane->queued--;
	pool->info.queued--;
	return wok_fail(r, "the thread pool %s has no thread and cannot start one: %s", pool->name,
			wok_strerror(r));
}

/* Under the mutex: take a job that has not run out of where it waits. */
static void remove_job(struct wok_thread_pool *pool, struct wok__thread_job *job)
{
	wok__list_remove(&job->link);
	end_wait(pool, job);
	if (job->state == WOK__JOB_WAITING) {
		pool->info.waiting--;
	} else {
		pool->lanes[job->lane].queued--;
		pool->info.queued--;
	}
	pool->info.canceled++;
	job->state = WOK__JOB_DONE;
}

/* A job waits for this one, which will never run: all who could run it wait like that. */
static bool is_stuck(const struct wok_thread_pool *pool, const struct wok__thread_job *job)
{
	const struct wok__lane *lane = &pool->lanes[job->lane];

	if (!job->waiter || job->state == WOK__JOB_RUNNING)
		return false;
	return pool->blocked >= pool->threads || lane->blocked >= lane->limit;
}

static int refuse_stuck(struct wok_thread_pool *pool, struct wok__thread_job *job)
{
	remove_job(pool, job);
	return wok_fail(-EDEADLK,
			"a job of the thread pool %s is to wait for another one, but all threads "
			"that could run it wait like that: give the pool more threads, or call the "
			"function itself",
			pool->name);
}

/* Under the mutex: into the lane's queue, or behind it. */
static int place_job(struct wok_thread_pool *pool, struct wok__thread_job *job, bool may_wait)
{
	struct wok__lane *lane = &pool->lanes[job->lane];

	if (lane->queued < pool->max_pending) {
		WOK_TRY(queue_job(pool, lane, job));
		if (!job->bringer)
			return 0;
		job->bringer = NULL;
		end_wait(pool, job);
		return 0;
	}
	if (!may_wait)
		return refuse(pool, -EAGAIN);
	job->state = WOK__JOB_WAITING;
	wok__list_push_back(&lane->waiting, &job->link);
	pool->info.waiting++;
	return job->bringer ? 1 : 0;
}

static int accept_job(struct wok_thread_pool *pool, struct wok__thread_job *job, bool may_wait)
{
	WOK_TRY(check_open(pool));
	job->queued_at = wok__clock_now();
	begin_wait(pool, job);
	int r = place_job(pool, job, may_wait);
	if (r < 0)
		end_wait(pool, job);
	else if (is_stuck(pool, job))
		r = refuse_stuck(pool, job);
	return r;
}

int wok__thread_pool_submit(struct wok__thread_job *job, bool may_wait)
{
	struct wok_thread_pool *pool = job->pool;

	pthread_mutex_lock(&pool->mutex);
	int r = accept_job(pool, job, may_wait);
	pthread_mutex_unlock(&pool->mutex);
	return r;
}

static enum wok__withdrawal withdraw(struct wok__thread_job *job, bool may_abandon)
{
	if (job->state == WOK__JOB_DONE)
		return WOK__GOES_ON; /* he is about to be told */
	if (job->state != WOK__JOB_RUNNING) {
		remove_job(job->pool, job);
		admit(job->pool, &job->pool->lanes[job->lane]);
		return WOK__REMOVED;
	}
	atomic_store_explicit(&job->canceled, true, memory_order_relaxed);
	if (!may_abandon)
		return WOK__GOES_ON;
	job->caller = NULL;
	end_wait(job->pool, job);
	return WOK__ABANDONED;
}

enum wok__withdrawal wok__thread_pool_withdraw(struct wok__thread_job *job, bool may_abandon)
{
	/* Once it is abandoned the job may be gone at any time; the caller holds the pool. */
	struct wok_thread_pool *pool = job->pool;

	pthread_mutex_lock(&pool->mutex);
	enum wok__withdrawal outcome = withdraw(job, may_abandon);
	pthread_mutex_unlock(&pool->mutex);
	return outcome;
}

bool wok__thread_pool_take_back(struct wok_thread_pool *pool, struct wok__bringer *bringer)
{
	pthread_mutex_lock(&pool->mutex);
	struct wok__thread_job *job = WOK_TAKE(bringer->job);
	if (job)
		remove_job(pool, job);
	pthread_mutex_unlock(&pool->mutex);
	return job != NULL;
}

static void stop_queued(struct wok_thread_pool *pool, struct wok__list *queue,
			struct wok__list *removed)
{
	WOK__LIST_EACH (node, queue) {
		struct wok__thread_job *job = WOK__CONTAINER(node, struct wok__thread_job, link);
		remove_job(pool, job);
		if (job->bringer) {
			tell_bringer(job, -ESHUTDOWN);
			continue;
		}
		job->stopped = true;
		job->result = -ESHUTDOWN;
		wok__list_push_back(removed, &job->link);
	}
}

static void stop_lane(struct wok_thread_pool *pool, struct wok__lane *lane,
		      struct wok__list *removed)
{
	stop_queued(pool, &lane->queue, removed);
	stop_queued(pool, &lane->waiting, removed);
}

void wok__thread_pool_close(struct wok_thread_pool *pool, bool cancel,
			    struct wok__list *ret_removed)
{
	pool->closing = true;
	wok__list_init(ret_removed);
	if (cancel) {
		for (unsigned i = 0; i < WOK__LANES; i++)
			stop_lane(pool, &pool->lanes[i], ret_removed);
		WOK__LIST_EACH (node, &pool->running) {
			struct wok__thread_job *job =
				WOK__CONTAINER(node, struct wok__thread_job, link);
			job->stopped = true;
			atomic_store_explicit(&job->canceled, true, memory_order_relaxed);
		}
	}
	wok__thread_pool_wake_idle(pool);
}

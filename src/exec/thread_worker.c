/* SPDX-License-Identifier: MIT */
/*
 * The threads of a pool: see exec/thread_pool.h.
 *
 * Wake-ups are what a pool costs, so a job is handed to one thread, which is woken for it and finds
 * it: the one that was idle last, for its stack is in the caches and the others get old enough to
 * end. While a thread is idle no job that may run is queued, and a thread that has done a job takes
 * the next without sleeping.
 */
#include <stdatomic.h>
#include <wok/thread.h>

#include "base/memory.h"
#include "base/time.h"
#include "exec/thread_pool.h"
#include "platform/clock.h"
#include "platform/sys.h"

struct worker {
	struct wok__node link; /* among the idle ones */
	struct wok_thread_pool *pool;
	struct wok__thread_job *job; /* handed over under the mutex */
	atomic_int called;           /* 1: a job was handed over, or the pool is closed */
};

static _Thread_local struct wok__thread_job *current;

struct wok__thread_job *wok__thread_job_current(void)
{
	return current;
}

bool wok_job_canceled(void)
{
	return current && atomic_load_explicit(&current->canceled, memory_order_relaxed);
}

static void *serve(void *arg);

static int new_worker(struct wok_thread_pool *pool, struct worker **ret_worker)
{
	struct worker *worker = wok__alloc_zeroed(sizeof(*worker));

	if (!worker)
		return -ENOMEM;
	worker->pool = pool;
	wok__list_init_node(&worker->link);
	int r = wok__sys_thread(serve, worker, pool->stack_size, false, NULL);
	if (r < 0) {
		wok_free(worker);
		return r;
	}
	pool->threads++;
	pool->alive++;
	wok__thread_pool_ref(pool);
	*ret_worker = worker;
	return 0;
}

/* Under the mutex, which it need not take to find its job: it would only bump into it. */
static void call(struct worker *worker)
{
	atomic_store_explicit(&worker->called, 1, memory_order_release);
	wok__sys_futex_wake(&worker->called);
}

int wok__thread_pool_dispatch(struct wok_thread_pool *pool)
{
	while (wok__thread_pool_has_next(pool)) {
		struct wok__node *node = wok__list_pop(&pool->idle);
		struct worker *worker = node ? WOK__CONTAINER(node, struct worker, link) : NULL;
		if (!worker) {
			if (pool->threads >= pool->max_threads)
				return 0;
			int r = new_worker(pool, &worker);
			if (r < 0)
				return r;
			worker->job = wok__thread_pool_take(pool);
			continue;
		}
		pool->info.idle--;
		worker->job = wok__thread_pool_take(pool);
		call(worker);
	}
	return 0;
}

static void go_idle(struct worker *worker)
{
	wok__list_push_front(&worker->pool->idle, &worker->link);
	worker->pool->info.idle++;
}

/* Sleep until it is called; false if it has been idle for long enough to end. */
static bool sleep_until_called(struct worker *worker, wok_time timeout)
{
	while (!atomic_exchange_explicit(&worker->called, 0, memory_order_acquire))
		if (wok__sys_futex_wait(&worker->called, timeout) == -ETIMEDOUT)
			return atomic_exchange_explicit(&worker->called, 0, memory_order_acquire);
	return true;
}

/* Whether an idle thread that was not called, or called without a job, is to end. */
static bool retires(struct worker *worker)
{
	struct wok_thread_pool *pool = worker->pool;

	pthread_mutex_lock(&pool->mutex);
	bool leaves = !worker->job && (pool->closing || pool->threads > pool->min_threads);
	if (leaves) {
		wok__list_remove(&worker->link);
		pool->info.idle--;
		pool->threads--;
	}
	pthread_mutex_unlock(&pool->mutex);
	return leaves;
}

/* Wait until the thread is handed a job; false if it is to end. */
static bool wait_for_job(struct worker *worker, bool may_end)
{
	struct wok_thread_pool *pool = worker->pool;

	for (;;) {
		bool called =
			sleep_until_called(worker, may_end ? pool->idle_timeout : WOK_FOREVER);
		if (called && worker->job)
			return true;
		if (retires(worker))
			return false;
		/* A job came just now, or it has to stay. */
		may_end = false;
	}
}

/* Finish a job, if there was one, and come by the next; false if the thread is to end. */
static bool next_job(struct worker *worker)
{
	struct wok_thread_pool *pool = worker->pool;
	struct wok__thread_job *last = WOK_TAKE(worker->job);

	pthread_mutex_lock(&pool->mutex);
	if (last)
		wok__thread_pool_finish(pool, last);
	struct wok__thread_job *next = wok__thread_pool_take(pool);
	worker->job = next;
	/* The last one may have held up others of its lane. */
	(void) wok__thread_pool_dispatch(pool);
	bool leaves = !next && pool->closing, may_end = pool->threads > pool->min_threads;
	if (leaves)
		pool->threads--;
	else if (!next)
		go_idle(worker); /* before the caller is told, for he may come at once with more */
	pthread_mutex_unlock(&pool->mutex);
	if (last)
		wok__thread_job_ended(last);
	return next || (!leaves && wait_for_job(worker, may_end));
}

static void run(struct wok__thread_job *job)
{
	wok__message_adopt(NULL);
	current = job;
	job->result = job->fn(job->arg);
	current = NULL;
	job->message = job->result < 0 ? wok__message_copy(job->result) : NULL;
}

/* The thread ends; the last one of a pool that is being shut down says so. */
static void end(struct worker *worker)
{
	struct wok_thread_pool *pool = worker->pool;

	pthread_mutex_lock(&pool->mutex);
	if (--pool->alive == 0 && pool->closing)
		wok__thread_pool_tell_closers(pool);
	pthread_mutex_unlock(&pool->mutex);
	wok__thread_pool_unref(pool);
	wok_free(worker);
}

static void *serve(void *arg)
{
	struct worker *worker = arg;
	struct wok_thread_pool *pool = worker->pool;

	wok__sys_name_thread(pool->name);
	if (pool->thread_init)
		pool->thread_init(pool->hook_arg);
	/* The job that it was started for was handed over before the mutex was released. */
	pthread_mutex_lock(&pool->mutex);
	pthread_mutex_unlock(&pool->mutex);
	do
		run(worker->job);
	while (next_job(worker));
	if (pool->thread_exit)
		pool->thread_exit(pool->hook_arg);
	end(worker);
	return NULL;
}

void wok__thread_pool_wake_idle(struct wok_thread_pool *pool)
{
	WOK__LIST_EACH (node, &pool->idle)
		call(WOK__CONTAINER(node, struct worker, link));
}

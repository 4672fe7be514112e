/* SPDX-License-Identifier: MIT */
/*
 * The beginning and the end of thread pools: see exec/thread_pool.h.
 *
 * A pool is counted: its owner, its threads and its callers hold it. So an owner who gives up on a
 * job that does not end can let go of the pool, and the last thread clears away.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <wok/error.h>
#include <wok/thread.h>
#include <wok/timeout.h>

#include "base/memory.h"
#include "base/time.h"
#include "exec/thread_pool.h"
#include "loop/fork.h"
#include "loop/report.h"
#include "platform/clock.h"
#include "task/patience.h"

enum {
	DEFAULT_POOL_THREADS = 64,
	USER_THREADS = 48,            /* of these, for what the application does */
	STACK_SIZE_DEFAULT = 8 << 20, /* at most: what blocks may be deep C of any kind */
	STACK_SIZE_MIN = 64 << 10,
};
#define IDLE_TIMEOUT_DEFAULT (10 * WOK_SECOND)

static struct wok_thread_pool default_pool;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void open_default_pool(void)
{
	memset(&default_pool, 0, sizeof(default_pool));
	(void) wok__thread_pool_init(
		&default_pool, &(wok_thread_pool_options){.max_threads = DEFAULT_POOL_THREADS});
	/* Whatever the application does with its threads, a quarter is left for the library. */
	default_pool.lanes[WOK_LANE_USER].limit = USER_THREADS;
	default_pool.lanes[WOK_LANE_FILES].limit = USER_THREADS;
}

/* The child has none of its parent's threads: its default pool starts anew. */
static void on_fork(void)
{
	open_default_pool();
}

static void open_once(void)
{
	open_default_pool();
	wok__fork_watch(); /* first, for on_fork() asks which one this is */
	(void) pthread_atfork(NULL, NULL, on_fork);
}

struct wok_thread_pool *wok__thread_pool_default(void)
{
	(void) pthread_once(&once, open_once);
	return &default_pool;
}

static size_t or_default(size_t value, size_t instead)
{
	return value ? value : instead;
}

static void open_lanes(struct wok_thread_pool *pool)
{
	for (unsigned i = 0; i < WOK__LANES; i++) {
		wok__list_init(&pool->lanes[i].queue);
		wok__list_init(&pool->lanes[i].waiting);
		pool->lanes[i].limit = pool->max_threads;
	}
	/* libuv's rule. */
	pool->lanes[WOK_LANE_SLOW].limit = pool->max_threads - pool->max_threads / 2;
}

/* As the system's threads have it. */
static size_t default_stack_size(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_STACK, &limit) < 0 || limit.rlim_cur > STACK_SIZE_DEFAULT)
		return STACK_SIZE_DEFAULT; /* RLIM_INFINITY is above it, too */
	return (size_t) limit.rlim_cur;
}

int wok__thread_pool_init(struct wok_thread_pool *pool, const wok_thread_pool_options *options)
{
	size_t stack = or_default(options->stack_size, default_stack_size());

	pool->max_threads = options->max_threads ? options->max_threads : wok_cpu_count();
	if (options->min_threads > pool->max_threads || options->idle_timeout < 0)
		return wok_fail(-EINVAL,
				"wok_thread_pool_new: min_threads is %zu, above the %zu of "
				"max_threads, or idle_timeout is negative",
				options->min_threads, pool->max_threads);
	snprintf(pool->name, sizeof(pool->name), "%s", options->name ? options->name : "wok");
	pool->min_threads = options->min_threads;
	pool->max_pending = or_default(options->max_pending, WOK_UNLIMITED);
	pool->stack_size = stack < STACK_SIZE_MIN ? STACK_SIZE_MIN : stack;
	pool->idle_timeout = options->idle_timeout ? options->idle_timeout : IDLE_TIMEOUT_DEFAULT;
	pool->thread_init = options->thread_init;
	pool->thread_exit = options->thread_exit;
	pool->hook_arg = options->hook_arg;
	pool->generation = wok__fork_generation();
	atomic_init(&pool->refs, 1);
	open_lanes(pool);
	wok__list_init(&pool->running);
	wok__list_init(&pool->idle);
	wok__list_init(&pool->closers);
	return -pthread_mutex_init(&pool->mutex, NULL);
}

int wok_thread_pool_new(const wok_thread_pool_options *options, wok_thread_pool **ret_pool)
{
	const wok_thread_pool_options defaults = {0};

	(void) wok__thread_pool_default(); /* from now on forks are counted */
	struct wok_thread_pool *pool = wok__alloc_zeroed(sizeof(*pool));
	if (!pool)
		return -ENOMEM;
	int r = wok__thread_pool_init(pool, options ? options : &defaults);
	if (r < 0) {
		wok_free(pool);
		return r;
	}
	*ret_pool = pool;
	return 0;
}

void wok__thread_pool_ref(struct wok_thread_pool *pool)
{
	atomic_fetch_add_explicit(&pool->refs, 1, memory_order_relaxed);
}

void wok__thread_pool_unref(struct wok_thread_pool *pool)
{
	if (atomic_fetch_sub_explicit(&pool->refs, 1, memory_order_acq_rel) > 1)
		return;
	pthread_mutex_destroy(&pool->mutex);
	wok_free(pool);
}

void wok_thread_pool_get_info(wok_thread_pool *pool, wok_thread_pool_info *ret_info)
{
	pool = pool ? pool : wok__thread_pool_default();
	pthread_mutex_lock(&pool->mutex);
	uint64_t begun = pool->info.completed + pool->info.active;
	*ret_info = pool->info;
	ret_info->threads = pool->threads;
	ret_info->wait_mean = begun ? pool->wait_total / (wok_time) begun : 0;
	pthread_mutex_unlock(&pool->mutex);
	ret_info->name = pool->name;
	ret_info->max_threads = pool->max_threads;
}

/* Who waits for the end of a pool's threads. */
struct closer {
	struct wok__node link;
	struct wok_thread_pool *pool;
	struct wok__caller caller;
	bool gave_up;
};

void wok__thread_pool_tell_closers(struct wok_thread_pool *pool)
{
	struct wok__node *node;

	while ((node = wok__list_pop(&pool->closers)))
		wok__caller_tell(&WOK__CONTAINER(node, struct closer, link)->caller);
}

/* Stop to wait; false if he is about to be told. */
static bool leave(struct closer *closer)
{
	pthread_mutex_lock(&closer->pool->mutex);
	closer->gave_up = closer->link.next != &closer->link;
	wok__list_remove(&closer->link);
	pthread_mutex_unlock(&closer->pool->mutex);
	return closer->gave_up;
}

static void on_cancel(struct wok__parker *parker)
{
	struct closer *closer = WOK__CONTAINER(parker, struct closer, caller.parker);

	if (leave(closer))
		wok__caller_give_up(&closer->caller);
}

static void wait_in_thread(struct closer *closer, wok_time timeout)
{
	wok_time end = timeout > 0 ? wok__time_add(wok__clock_now(), timeout) : WOK_FOREVER;

	if (!wok__caller_wait_until(&closer->caller, end) && !leave(closer))
		wok__caller_wait(&closer->caller);
}

/* -ECANCELED if the task was, or if its time is over. */
static int wait_in_task(struct closer *closer, wok_time timeout)
{
	wok_timeout limit = WOK_TIMEOUT_INIT;

	closer->caller.parker.cancel = on_cancel;
	if (timeout <= 0) {
		wok__caller_wait(&closer->caller);
		return closer->gave_up ? -ECANCELED : 0;
	}
	WOK_TIMEOUT (&limit, timeout) {
		wok__caller_wait(&closer->caller);
	}
	/* There was no memory for the timer. */
	if (!closer->caller.told && !leave(closer))
		wok__caller_wait(&closer->caller);
	return wok_timeout_result(&limit, closer->gave_up ? -ECANCELED : 0);
}

enum how { SHIELDED, CANCELABLE };

/* Wait until the pool, which is closed, has no thread: 0, -ETIMEDOUT or -ECANCELED. */
static int wait_for_threads(struct wok_thread_pool *pool, wok_time timeout, enum how how)
{
	struct closer closer = {.pool = pool};
	int r = 0;

	wok__caller_open(&closer.caller, "the threads of a pool to end");
	closer.caller.parker.shielded = how == SHIELDED;
	wok__list_init_node(&closer.link);
	pthread_mutex_lock(&pool->mutex);
	bool over = pool->alive == 0;
	if (!over)
		wok__list_push_back(&pool->closers, &closer.link);
	pthread_mutex_unlock(&pool->mutex);
	if (over)
		r = 0;
	else if (!closer.caller.mailbox)
		wait_in_thread(&closer, timeout);
	else if (how == SHIELDED)
		wok__caller_wait(&closer.caller);
	else
		r = wait_in_task(&closer, timeout);
	wok__caller_close(&closer.caller);
	return r == 0 && closer.gave_up ? -ETIMEDOUT : r;
}

static void close_pool(struct wok_thread_pool *pool, bool cancel)
{
	struct wok__list removed;
	struct wok__node *node;

	pthread_mutex_lock(&pool->mutex);
	wok__thread_pool_close(pool, cancel, &removed);
	pthread_mutex_unlock(&pool->mutex);
	while ((node = wok__list_pop(&removed)))
		wok__thread_job_ended(WOK__CONTAINER(node, struct wok__thread_job, link));
}

/* Under the mutex. */
static void name_running(struct wok_thread_pool *pool, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	WOK__LIST_EACH (node, &pool->running) {
		const wok_site *site = WOK__CONTAINER(node, struct wok__thread_job, link)->site;
		int n = snprintf(text + used, size - used, "%s%s (%s:%d)", used ? ", " : "",
				 site->name, site->file, site->line);
		if (n < 0 || (size_t) n >= size - used)
			break;
		used += (size_t) n;
	}
}

/* The time is over: what is stuck is named, and left alone. */
static int give_up(struct wok_thread_pool *pool)
{
	char names[400];

	close_pool(pool, true);
	pthread_mutex_lock(&pool->mutex);
	pool->left = true;
	size_t n = pool->info.active;
	name_running(pool, names, sizeof(names));
	pthread_mutex_unlock(&pool->mutex);
	wok__report(-ETIMEDOUT, NULL, NULL,
		    "the thread pool %s was to end, but %zu jobs still run, and are left alone: %s",
		    pool->name, n, names);
	return wok_fail(-ETIMEDOUT, "%zu jobs of the thread pool %s still run: %s", n, pool->name,
			names);
}

static bool is_own_thread(const struct wok_thread_pool *pool)
{
	return wok__thread_job_current() && wok__thread_job_current()->pool == pool;
}

int wok_thread_pool_shutdown(wok_thread_pool *pool, const wok_thread_pool_shutdown_options *options)
{
	const wok_thread_pool_shutdown_options defaults = {0};

	if (wok__loop)
		WOK_TRY(wok__check());
	if (!pool || pool == &default_pool)
		return wok_fail(-EINVAL, "wok_thread_pool_shutdown: not the default pool");
	if (is_own_thread(pool))
		return wok_fail(-EDEADLK, "a job of the thread pool %s cannot wait for its end",
				pool->name);
	options = options ? options : &defaults;
	close_pool(pool, options->cancel_pending);
	int r = wait_for_threads(pool, options->timeout, CANCELABLE);
	return r == -ETIMEDOUT ? give_up(pool) : r;
}

/* A job that does not end is named by a report when the run's grace is over. */
static void wait_patiently(struct wok_thread_pool *pool)
{
	struct wok__patience patience;
	bool in_task = wok__current() != NULL;

	if (in_task)
		wok__patience_begin(&patience, "a job of a thread pool");
	(void) wait_for_threads(pool, 0, SHIELDED);
	if (in_task)
		wok__patience_end(&patience);
}

void wok_thread_pool_free(wok_thread_pool *pool)
{
	/* The parent's threads are not this process's: there is nothing to wait for. */
	if (!pool || pool == &default_pool || pool->generation != wok__fork_generation())
		return;
	struct wok__saved_error saved = wok__error_save();
	bool can_wait = !is_own_thread(pool) && (!wok__loop || wok__may_wait() == 0);
	close_pool(pool, true);
	if (!can_wait)
		wok__report(-EDEADLK, NULL, NULL,
			    "the thread pool %s was freed where waiting for its end is impossible: "
			    "it is left to finish by itself",
			    pool->name);
	else if (!pool->left)
		wait_patiently(pool);
	wok__thread_pool_unref(pool);
	wok__error_restore(saved);
}

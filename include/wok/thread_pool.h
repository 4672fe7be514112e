/* SPDX-License-Identifier: MIT */
#ifndef WOK_THREAD_POOL_H
#define WOK_THREAD_POOL_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/*
 * Threads that run blocking functions, "jobs", for the tasks of any loop and for plain threads.
 * Threads start when there is work and end when there has been none for a while. Where a pool is
 * asked for, NULL stands for the process's default pool, the one of wok_to_thread(): of up to 64
 * threads, never shut down.
 */
typedef struct wok_thread_pool wok_thread_pool;

/*
 * A pool's jobs wait in lanes, first in, first out in each; the lanes take turns. So what is slow
 * does not stand in the way of what is quick.
 */
typedef enum {
	WOK_LANE_USER,  /* the default */
	WOK_LANE_FILES, /* calls of the file system */
	WOK_LANE_SLOW,  /* name look-ups and the like: at most half of the threads */
} wok_lane;

/* How to make a pool. Zero in a field means the default. */
typedef struct {
	/* Of its threads and in reports, copied; the first 10 bytes of it count. "wok" */
	const char *name;
	/* At most so many threads; wok_cpu_count(). */
	size_t max_threads;
	/* So many stay, once they were needed; 0. */
	size_t min_threads;
	/* The others end after having had nothing to do for so long; 10 s. */
	wok_time idle_timeout;
	/* So many jobs may be queued before those who bring more must wait; no limit. */
	size_t max_pending;
	/*
	 * Bytes of stack for each thread; as the system's threads have it: the soft limit of
	 * RLIMIT_STACK, but 8 MiB if that is above it. Only what a job uses becomes memory.
	 */
	size_t stack_size;
	/* Called in each thread, before its first job and after its last one. */
	void (*thread_init)(void *hook_arg);
	void (*thread_exit)(void *hook_arg);
	void *hook_arg;
} wok_thread_pool_options;

/* Flags of a job. */
enum {
	/* A caller that is cancelled does not wait for the job: see wok_thread_pool_run_with(). */
	WOK_ABANDON = 1,
};

/* How to run a job. Zero in a field means the default. */
typedef struct {
	int flags; /* WOK_ABANDON */
	wok_lane lane;
	size_t arg_size;       /* work on a copy of so many bytes of *arg; 0: on *arg itself */
	wok_free_fn *arg_free; /* releases what the argument holds: see the calls */
} wok_thread_job_options;

/**
 * Make a pool. It starts no thread yet.
 *
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    0; -ENOMEM; -EINVAL if min_threads is above max_threads
 * Checkpoint: never
 * Threads:    any
 */
int wok_thread_pool_new(const wok_thread_pool_options *options, wok_thread_pool **ret_pool)
	WOK_MUST_CHECK;

/**
 * Run fn(arg) in a thread of the pool and wait for its result: wok_to_thread(), with a pool.
 *
 * arg:        borrowed for the call
 * Returns:    as wok_to_thread(); -ESHUTDOWN if the pool is being shut down; -EDEADLK in a job of
 *             this pool if all threads that could run fn are waiting like that
 * Checkpoint: always, in a task; a plain thread blocks
 * Threads:    any
 */
#define wok_thread_pool_run(pool, fn, ...)                                                         \
	wok_thread_pool_run_at((pool), (fn), __VA_ARGS__, NULL, WOK_SITE(#fn))

/**
 * wok_thread_pool_run() with options. With arg_size, fn works on a copy of *arg, which is written
 * back at the end. With WOK_ABANDON a caller that is cancelled goes on at once; the argument must
 * then be a copy (arg_size), or given away (arg_free).
 *
 * options:    borrowed for the call. arg_free is called exactly once with the copy (or with arg
 *             itself, if there is no copy) if the call returns -ECANCELED: when fn has returned, in
 *             its thread, or at once if it will not run. After any other result *arg is the
 *             caller's again, with all that it holds
 * Returns:    as wok_thread_pool_run(); -EINVAL for WOK_ABANDON with a borrowed argument
 * Checkpoint: always, in a task; a plain thread blocks
 * Threads:    any
 */
#define wok_thread_pool_run_with(pool, fn, arg, ...)                                               \
	wok_thread_pool_run_at((pool), (fn), (arg), __VA_ARGS__, WOK_SITE(#fn))

/**
 * The function behind wok_thread_pool_run().
 *
 * options:    NULL for the defaults; borrowed for the call
 * site:       where the call comes from; lives for ever
 * Returns:    as wok_thread_pool_run()
 * Checkpoint: always, in a task
 * Threads:    any
 */
int wok_thread_pool_run_at(wok_thread_pool *pool, wok_fn *fn, void *arg,
			   const wok_thread_job_options *options, const wok_site *site)
	WOK_MUST_CHECK;

/**
 * Queue a job and go on: nobody waits for it, and an error that it returns is reported. Waits only
 * while max_pending jobs are queued, in turn with others who wait for that. The process's end does
 * not wait for jobs of the default pool.
 *
 * arg:        borrowed until fn has returned, unless options->arg_size has it copied
 * options:    NULL for the defaults; arg_free is called once, after fn, or when a shutdown cancels
 *             the job; after a failure *arg is the caller's
 * Returns:    0; -ECANCELED if a scope around the call was cancelled; -ESHUTDOWN if the pool is
 *             being shut down; -ENOMEM; -EAGAIN if there is no thread and none can be started;
 *             -EDEADLK in a callback, or in a job of this pool if no thread could make room
 * Checkpoint: always, in a task; a plain thread blocks
 * Threads:    any
 */
#define wok_thread_pool_submit(pool, fn, arg, ...)                                                 \
	wok_thread_pool_submit_at((pool), (fn), (arg), __VA_ARGS__, WOK_SITE(#fn))

/**
 * The function behind wok_thread_pool_submit().
 *
 * Returns:    as wok_thread_pool_submit()
 * Checkpoint: always, in a task
 * Threads:    any
 */
int wok_thread_pool_submit_at(wok_thread_pool *pool, wok_fn *fn, void *arg,
			      const wok_thread_job_options *options, const wok_site *site)
	WOK_MUST_CHECK;

/**
 * wok_thread_pool_submit() that does not wait; also for callbacks.
 *
 * Returns:    0; -EAGAIN if max_pending jobs are queued, or if there is no thread; otherwise as
 *             wok_thread_pool_submit()
 * Checkpoint: never
 * Threads:    any
 */
#define wok_thread_pool_try_submit(pool, fn, arg, ...)                                             \
	wok_thread_pool_try_submit_at((pool), (fn), (arg), __VA_ARGS__, WOK_SITE(#fn))

/**
 * The function behind wok_thread_pool_try_submit().
 *
 * Returns:    as wok_thread_pool_try_submit()
 * Checkpoint: never
 * Threads:    any
 */
int wok_thread_pool_try_submit_at(wok_thread_pool *pool, wok_fn *fn, void *arg,
				  const wok_thread_job_options *options, const wok_site *site)
	WOK_MUST_CHECK;

/* How many steps wait_histogram has: below 10 us, 100 us, 1 ms ... 10 s, and all above. */
enum { WOK_THREAD_POOL_WAIT_STEPS = 8 };

/* What a pool says of itself. */
typedef struct {
	const char *name; /* lives as long as the pool */
	size_t max_threads;
	size_t threads;     /* that serve now */
	size_t idle;        /* of these, without a job */
	size_t active;      /* jobs that run now */
	size_t queued;      /* jobs that wait for a thread */
	size_t waiting;     /* callers who wait because max_pending jobs are queued */
	uint64_t completed; /* jobs that have run */
	uint64_t canceled;  /* jobs that were withdrawn before they ran */
	wok_time wait_max;  /* the longest wait of a job for its thread, nanoseconds */
	wok_time wait_mean;
	uint64_t wait_histogram[WOK_THREAD_POOL_WAIT_STEPS]; /* jobs by that wait */
} wok_thread_pool_info;

/**
 * Describe a pool.
 *
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    any
 */
void wok_thread_pool_get_info(wok_thread_pool *pool, wok_thread_pool_info *ret_info);

/* How to shut a pool down. */
typedef struct {
	/*
	 * Do not run what is queued: those who wait for it get -ESHUTDOWN. Jobs that run see
	 * wok_job_canceled().
	 */
	bool cancel_pending;
	/* Give up after this long; 0: never. */
	wok_time timeout;
} wok_thread_pool_shutdown_options;

/**
 * Refuse new jobs, and wait until the queued ones have run and all threads have ended. When the
 * time limit passes, the rest of the queue is cancelled, the jobs that still run are named in a
 * report, and the pool is left to finish by itself: freeing it does not wait any more.
 *
 * options:    NULL: run all that is queued, however long it takes; borrowed for the call
 * Returns:    0; -ETIMEDOUT with the names of the jobs that are stuck; -ECANCELED if a scope around
 *             the call was cancelled (the shutdown goes on); -EDEADLK in a callback or in a job of
 *             this pool; -EINVAL for the default pool
 * Checkpoint: always, in a task; a plain thread blocks
 * Threads:    any
 */
int wok_thread_pool_shutdown(wok_thread_pool *pool, const wok_thread_pool_shutdown_options *options)
	WOK_MUST_CHECK;

/**
 * End a pool: cancel what is queued, and wait for what runs, unless a shutdown gave up on it. Where
 * waiting is impossible (in a callback, or in a job of this pool) it is left to finish by itself,
 * which is reported. Nobody may be about to use the pool; those who wait for a job of it may.
 *
 * pool:       NULL does nothing
 * Returns:    nothing
 * Checkpoint: shielded
 * Threads:    any
 */
void wok_thread_pool_free(wok_thread_pool *pool);
WOK_DEFINE_AUTO(wok_thread_pool)

WOK_END_DECLS
#endif

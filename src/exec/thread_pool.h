/* SPDX-License-Identifier: MIT */
#ifndef WOK_EXEC_THREAD_POOL_H
#define WOK_EXEC_THREAD_POOL_H
/*
 * A thread pool from the inside: jobs, lanes, and the threads that serve them.
 *
 * A job is in exactly one place: in a lane's queue, among those who wait for room in one, or in a
 * thread. It moves under the pool's mutex. Who waits for it is told once it is DONE; a job that
 * nobody waits for (any more) belongs to whoever ends it.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <wok/thread_pool.h>

#include "base/list.h"
#include "base/message.h"
#include "exec/caller.h"

enum { WOK__LANES = WOK_LANE_SLOW + 1 };

enum wok__thread_job_state {
	WOK__JOB_NEW,     /* the caller's alone */
	WOK__JOB_WAITING, /* for room in a lane */
	WOK__JOB_QUEUED,  /* in its lane */
	WOK__JOB_RUNNING, /* in a thread */
	WOK__JOB_DONE,    /* it has run, or never will */
};

struct wok__thread_job {
	struct wok__node link;
	struct wok_thread_pool *pool;
	wok_fn *fn;
	void *arg;
	wok_free_fn *arg_free;
	const wok_site *site;
	wok_lane lane;
	/* Under the pool's mutex: */
	enum wok__thread_job_state state;
	bool stopped;                   /* by the pool's shutdown */
	unsigned waits;                 /* how many jobs of the same pool it waits for */
	struct wok__thread_job *waiter; /* the job of the same pool that waits for it; NULL */
	struct wok__caller *caller;     /* who waits for its end; NULL: nobody */
	struct wok__bringer *bringer;   /* who waits for room for it; NULL: nobody */
	wok_time queued_at;
	/* Anybody's: */
	atomic_bool canceled;
	/* The thread's, and when it is done, the caller's: */
	int result;
	struct wok__message *message;
	bool on_heap;
	char copy[] __attribute__((aligned(16)));
};

/* Who brings a job and goes on as soon as it is queued. */
struct wok__bringer {
	struct wok__caller caller;
	struct wok__thread_job *job; /* NULL: it is queued, or was refused */
	int result;
};

struct wok__lane {
	struct wok__list queue;
	struct wok__list waiting; /* for room in the queue */
	size_t queued;
	size_t limit;   /* how many threads it may have at once */
	size_t running; /* how many it has */
	size_t blocked; /* of these, how many wait for jobs of the same pool */
};

struct wok_thread_pool {
	atomic_uint refs; /* the owner, each thread, each caller */
	char name[16];
	size_t max_threads, min_threads, max_pending, stack_size;
	wok_time idle_timeout;
	void (*thread_init)(void *hook_arg);
	void (*thread_exit)(void *hook_arg);
	void *hook_arg;
	unsigned generation; /* of forks: a child does not have its parent's threads */
	pthread_mutex_t mutex;
	/* Under the mutex: */
	struct wok__lane lanes[WOK__LANES];
	unsigned turn;             /* which lane is asked first */
	struct wok__list running;  /* jobs */
	struct wok__list idle;     /* workers, the one that was idle last in front */
	struct wok__list closers;  /* who waits for the end of all threads */
	size_t threads;            /* that serve */
	size_t alive;              /* that serve, or are about to end */
	size_t blocked;            /* that wait for jobs of this pool */
	bool closing;              /* nothing new */
	bool left;                 /* a shutdown gave up: do not wait for the threads */
	wok_thread_pool_info info; /* the counters */
	wok_time wait_total;
};

/* Make what is static or zeroed a pool; -EINVAL for options that make no sense. */
int wok__thread_pool_init(struct wok_thread_pool *pool, const wok_thread_pool_options *options);
struct wok_thread_pool *wok__thread_pool_default(void);
void wok__thread_pool_ref(struct wok_thread_pool *pool);
void wok__thread_pool_unref(struct wok_thread_pool *pool);

/*
 * Take a job. Beyond max_pending it waits for room if it may; else -EAGAIN. Returns 1 if there is a
 * bringer, and he has to wait for it; otherwise 0, and the bringer is forgotten.
 */
int wok__thread_pool_submit(struct wok__thread_job *job, bool may_wait);

/* Whoever brings a job and waits for room was cancelled: false if he will be told nevertheless. */
bool wok__thread_pool_take_back(struct wok_thread_pool *pool, struct wok__bringer *bringer);

/* What comes of letting go of a job. */
enum wok__withdrawal {
	WOK__GOES_ON,   /* it runs, or has run: wait for its end; it has been asked to stop */
	WOK__REMOVED,   /* it will not run, and nobody will be told: it is the caller's again */
	WOK__ABANDONED, /* it runs, and is the thread's from now on */
};

/* Let go of a job: who waited for it was cancelled. */
enum wok__withdrawal wok__thread_pool_withdraw(struct wok__thread_job *job, bool may_abandon);

/*
 * Under the mutex: refuse new jobs. With cancel, take those that have not run out of the queues
 * into ret_removed, and ask the others to stop.
 */
void wok__thread_pool_close(struct wok_thread_pool *pool, bool cancel,
			    struct wok__list *ret_removed);

/* Under the mutex: whether there is a job that may run now; the next of them; and one has run. */
bool wok__thread_pool_has_next(struct wok_thread_pool *pool);
struct wok__thread_job *wok__thread_pool_take(struct wok_thread_pool *pool);
void wok__thread_pool_finish(struct wok_thread_pool *pool, struct wok__thread_job *job);

/*
 * Under the mutex: give each job that may run to an idle thread, or to a new one. -errno if there
 * is a job left because a thread could not be started; those that are there will come to it.
 */
int wok__thread_pool_dispatch(struct wok_thread_pool *pool);

/* Under the mutex: have idle threads see that the pool is closed. */
void wok__thread_pool_wake_idle(struct wok_thread_pool *pool);

/* Under the mutex, by which they may give up: tell those who wait for the end of all threads. */
void wok__thread_pool_tell_closers(struct wok_thread_pool *pool);

/* A job is DONE: tell who waits, or release it. Without the mutex. */
void wok__thread_job_ended(struct wok__thread_job *job);

/* The job that this thread runs; NULL. */
struct wok__thread_job *wok__thread_job_current(void);

#endif

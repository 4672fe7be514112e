/* SPDX-License-Identifier: MIT */
/*
 * Jobs, from their callers' side: see wok/thread.h and wok/thread_pool.h.
 *
 * A job that is waited for lies on its caller's stack, so that waiting allocates nothing. One that
 * may be left behind, or works on a copy, lies on the heap. The caller holds the pool as long as he
 * waits: its owner may free it meanwhile.
 */
#include <string.h>
#include <wok/error.h>
#include <wok/thread.h>

#include "base/memory.h"
#include "exec/thread_pool.h"
#include "loop/report.h"
#include "platform/cpus.h"

size_t wok_cpu_count(void)
{
	return wok__cpus();
}

static const wok_thread_job_options default_options;

/* Who waits for the end of a job. */
struct waiter {
	struct wok__caller caller;
	struct wok__thread_job *job;
	bool may_abandon;
	enum wok__withdrawal outcome;
};

static void release(struct wok__thread_job *job)
{
	wok__message_unref(job->message);
	if (job->on_heap)
		wok_free(job);
}

/* Nobody will look at the argument any more. */
static void release_arg(const struct wok__thread_job *job)
{
	if (job->arg_free)
		job->arg_free(job->arg);
}

/* It was submitted, or abandoned: whoever ends it clears away. */
static void dispose(struct wok__thread_job *job)
{
	if (job->result < 0 && !job->stopped &&
	    !atomic_load_explicit(&job->canceled, memory_order_relaxed))
		wok__report(job->result, job->site->name, job->site,
			    "a job of the thread pool %s failed, and nobody waited for it: %s",
			    job->pool->name, wok__message_text(job->message, job->result));
	release_arg(job);
	release(job);
}

void wok__thread_job_ended(struct wok__thread_job *job)
{
	if (job->caller)
		wok__caller_tell(job->caller);
	else
		dispose(job);
}

static void init(struct wok__thread_job *job, struct wok_thread_pool *pool,
		 const wok_thread_job_options *options, wok_fn *fn, void *arg, const wok_site *site)
{
	*job = (struct wok__thread_job){
		.pool = pool,
		.fn = fn,
		.arg = arg,
		.arg_free = options->arg_free,
		.site = site,
		.lane = options->lane,
	};
	atomic_init(&job->canceled, false);
}

/* A job on the heap, with a copy of the argument if the options want one; NULL: no memory. */
static struct wok__thread_job *new_job(struct wok_thread_pool *pool,
				       const wok_thread_job_options *options, wok_fn *fn, void *arg,
				       const wok_site *site)
{
	struct wok__thread_job *job = options->arg_size > SIZE_MAX - sizeof(*job)
					      ? NULL
					      : wok_alloc(sizeof(*job) + options->arg_size);

	if (!job)
		return NULL;
	init(job, pool, options, fn, arg, site);
	job->on_heap = true;
	if (options->arg_size > 0)
		job->arg = memcpy(job->copy, arg, options->arg_size);
	return job;
}

static void on_cancel(struct wok__parker *parker)
{
	struct waiter *waiter = WOK__CONTAINER(parker, struct waiter, caller.parker);

	waiter->outcome = wok__thread_pool_withdraw(waiter->job, waiter->may_abandon);
	if (waiter->outcome != WOK__GOES_ON)
		wok__caller_give_up(&waiter->caller);
}

/* What a job that has run returned, its message being the caller's now. */
static int outcome_of(const struct wok__thread_job *job)
{
	bool asked = atomic_load_explicit(&job->canceled, memory_order_relaxed);

	if (job->stopped && (job->result == -ECANCELED || job->result == -ESHUTDOWN))
		return wok_fail(-ESHUTDOWN, "the thread pool %s was shut down before %s was done",
				job->pool->name, job->site->name);
	if (job->result == -ECANCELED && !asked)
		return wok_fail(WOK_ETASKCANCELED,
				"%s returned -ECANCELED though nothing cancelled it",
				job->site->name);
	if (job->result < 0)
		wok__message_adopt(job->message);
	return job->result;
}

/* Have a job run, and wait for its end; its outcome, or why it cannot run. */
static int run_job(struct waiter *waiter)
{
	struct wok__thread_job *job = waiter->job;

	job->caller = &waiter->caller;
	WOK_TRY(wok__thread_pool_submit(job, true));
	wok__caller_wait(&waiter->caller);
	return waiter->outcome == WOK__GOES_ON ? outcome_of(job) : -ECANCELED;
}

static int run_and_release(struct wok__thread_job *job, bool may_abandon,
			   const wok_thread_job_options *options, void *arg)
{
	struct wok_thread_pool *pool = job->pool;
	struct waiter waiter = {.job = job, .may_abandon = may_abandon};

	wok__thread_pool_ref(pool);
	wok__caller_open(&waiter.caller, "a function in a thread");
	waiter.caller.parker.cancel = on_cancel;
	int r = run_job(&waiter);
	wok__caller_close(&waiter.caller);
	if (waiter.outcome != WOK__ABANDONED) {
		if (r == -ECANCELED)
			release_arg(job);
		else if (options->arg_size > 0)
			memcpy(arg, job->copy, options->arg_size);
		release(job);
	}
	wok__thread_pool_unref(pool);
	return r;
}

static int check_options(const wok_thread_job_options *options, const void *arg)
{
	if ((unsigned) options->lane >= WOK__LANES)
		return wok_fail(-EINVAL, "wok_thread_pool: there is no lane %d",
				(int) options->lane);
	if (options->flags & WOK_ABANDON && arg && !options->arg_size && !options->arg_free)
		return wok_fail(-EINVAL, "wok_thread_pool: WOK_ABANDON with a borrowed argument: "
					 "set arg_size, and have it copied");
	return 0;
}

/* A task may wait here; it may be cancelled already, and then the argument goes. */
static int check(const wok_thread_job_options *options, void *arg)
{
	int r = check_options(options, arg);

	if (r < 0)
		return r;
	r = wok__loop ? wok__check() : 0;
	if (r == -ECANCELED && options->arg_free)
		options->arg_free(arg);
	return r;
}

int wok_thread_pool_run_at(wok_thread_pool *pool, wok_fn *fn, void *arg,
			   const wok_thread_job_options *options, const wok_site *site)
{
	struct wok__thread_job here;

	options = options ? options : &default_options;
	WOK_TRY(check(options, arg));
	pool = pool ? pool : wok__thread_pool_default();
	if (!(options->flags & WOK_ABANDON) && !options->arg_size) {
		init(&here, pool, options, fn, arg, site);
		return run_and_release(&here, false, options, arg);
	}
	struct wok__thread_job *job = new_job(pool, options, fn, arg, site);
	if (!job)
		return -ENOMEM;
	return run_and_release(job, options->flags & WOK_ABANDON, options, arg);
}

int wok_to_thread_at(wok_fn *fn, void *arg, const wok_site *site)
{
	return wok_thread_pool_run_at(NULL, fn, arg, NULL, site);
}

int wok_to_thread_abandon_at(wok_fn *fn, void *arg, size_t size, wok_free_fn *arg_free,
			     const wok_site *site)
{
	const wok_thread_job_options options = {
		.flags = WOK_ABANDON,
		.arg_size = size,
		.arg_free = arg_free,
	};

	return wok_thread_pool_run_at(NULL, fn, arg, &options, site);
}

/* Who waits until a job that he brings is queued. */
struct bringing {
	struct wok__bringer bringer;
	struct wok_thread_pool *pool;
};

static void on_cancel_bringing(struct wok__parker *parker)
{
	struct bringing *bringing = WOK__CONTAINER(parker, struct bringing, bringer.caller.parker);

	if (!wok__thread_pool_take_back(bringing->pool, &bringing->bringer))
		return;
	bringing->bringer.result = -ECANCELED;
	wok__caller_give_up(&bringing->bringer.caller);
}

static int refused(const struct wok_thread_pool *pool, int r)
{
	if (r != -ESHUTDOWN)
		return r;
	return wok_fail(r, "the thread pool %s was shut down before there was room", pool->name);
}

/* Queue a job, after a wait for room; it is the caller's still if that fails. */
static int bring(struct wok__thread_job *job)
{
	struct bringing bringing = {.pool = job->pool, .bringer.job = job};
	struct wok__caller *caller = &bringing.bringer.caller;

	wok__thread_pool_ref(bringing.pool);
	wok__caller_open(caller, "room in the queue of a thread pool");
	caller->parker.cancel = on_cancel_bringing;
	job->bringer = &bringing.bringer;
	int r = wok__thread_pool_submit(job, true);
	if (r == 1) {
		wok__caller_wait(caller);
		r = refused(bringing.pool, bringing.bringer.result);
	} else if (r == 0 && caller->mailbox) {
		wok__spend();
	}
	wok__caller_close(caller);
	wok__thread_pool_unref(bringing.pool);
	return r;
}

static int submit(wok_thread_pool *pool, const wok_thread_job_options *options, wok_fn *fn,
		  void *arg, const wok_site *site, bool may_wait)
{
	options = options ? options : &default_options;
	if ((unsigned) options->lane >= WOK__LANES)
		return check_options(options, arg);
	struct wok__thread_job *job =
		new_job(pool ? pool : wok__thread_pool_default(), options, fn, arg, site);
	if (!job)
		return -ENOMEM;
	int r = may_wait ? bring(job) : wok__thread_pool_submit(job, false);
	if (r < 0)
		release(job);
	return r;
}

int wok_thread_pool_submit_at(wok_thread_pool *pool, wok_fn *fn, void *arg,
			      const wok_thread_job_options *options, const wok_site *site)
{
	if (wok__loop)
		WOK_TRY(wok__check());
	return submit(pool, options, fn, arg, site, true);
}

int wok_thread_pool_try_submit_at(wok_thread_pool *pool, wok_fn *fn, void *arg,
				  const wok_thread_job_options *options, const wok_site *site)
{
	return submit(pool, options, fn, arg, site, false);
}

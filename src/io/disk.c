/* SPDX-License-Identifier: MIT */
/* Work in a thread of the lane for files: see io/disk.h. */
#include "io/disk.h"

#include <wok/error.h>

#include "exec/thread_pool.h"
#include "task/park.h"

static wok_lane lane_of(const wok_disk_options *how)
{
	return how && how->lane != WOK_LANE_USER ? how->lane : WOK_LANE_FILES;
}

static wok_thread_pool *pool_of(const wok_disk_options *how)
{
	return how && how->pool ? how->pool : wok__thread_pool_default();
}

int wok__disk_run_at(const wok_disk_options *how, wok_fn *work, void *arg, const wok_site *site)
{
	const wok_thread_job_options options = {.lane = lane_of(how)};

	WOK_TRY(wok__check());
	return wok_thread_pool_run_at(pool_of(how), work, arg, &options, site);
}

int wok__disk_run_owned_at(const wok_disk_options *how, wok_fn *work, void *job,
			   wok_free_fn *dispose, const wok_site *site)
{
	const wok_thread_job_options options = {
		.flags = how ? how->flags & WOK_ABANDON : 0,
		.lane = lane_of(how),
		.arg_free = dispose,
	};
	int r = wok__check();

	if (r == -ECANCELED)
		dispose(job);
	if (r < 0)
		return r;
	return wok_thread_pool_run_at(pool_of(how), work, job, &options, site);
}

/* Work that is done in any case. */
struct finish {
	wok_fn *work;
	void *arg;
	bool ran; /* a pool that is shut down drops what it has queued */
};

static int run_finish(void *arg)
{
	struct finish *finish = arg;

	finish->ran = true;
	return finish->work(finish->arg);
}

/* Submit a job and wait until it has ended, whatever happens. */
static void run_shielded(struct wok__thread_job *job)
{
	struct wok__caller caller;

	wok__thread_pool_ref(job->pool);
	wok__caller_open(&caller, "a file's last work to be done");
	caller.parker.shielded = true;
	job->caller = &caller;
	if (wok__thread_pool_submit(job, true) >= 0)
		wok__caller_wait(&caller);
	wok__caller_close(&caller);
	wok__thread_pool_unref(job->pool);
}

int wok__disk_finish_at(const wok_disk_options *how, wok_fn *work, void *arg, const wok_site *site)
{
	struct finish finish = {.work = work, .arg = arg};
	struct wok__thread_job job = {
		.pool = pool_of(how),
		.fn = run_finish,
		.arg = &finish,
		.site = site,
		.lane = lane_of(how),
	};
	struct wok__saved_error saved = wok__error_save();

	if (wok__may_wait() == 0)
		run_shielded(&job);
	wok__error_restore(saved);
	if (!finish.ran)
		return work(arg);
	if (job.result < 0)
		wok__message_adopt(job.message);
	wok__message_unref(job.message);
	return job.result;
}

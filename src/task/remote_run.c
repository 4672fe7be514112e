/* SPDX-License-Identifier: MIT */
/*
 * Running a function as a task of another loop: see wok_remote_run().
 *
 * The job lies on the caller's stack, which stays until the task over there has ended, so it needs
 * no memory of its own. It travels there as mail and comes back in one of two ways: to a task, as
 * mail to its loop; to a plain thread, through a condition variable.
 */
#include <pthread.h>
#include <stdio.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "loop/loop.h"
#include "loop/remote.h"
#include "task/park.h"
#include "task/run.h"

struct job {
	struct wok__mail there, back;
	struct wok__mail cancel, cancel_back;
	wok_fn *fn;
	void *arg;
	const wok_site *site;
	int result;
	char message[512]; /* of the result, by value: it crosses threads */
	/* Over there. */
	struct wok_task *task;
	struct wok__watcher watcher;
	/* A caller that is a task. */
	wok_remote *remote;
	struct wok__mailbox *caller;
	struct wok__parker parker;
	bool done;
	unsigned on_the_way; /* cancel mail that has not come back: it names this job */
	bool cancel_sent;
	/* A caller that is a plain thread. */
	pthread_mutex_t mutex;
	pthread_cond_t ended;
};

static void tell_thread(struct job *job)
{
	pthread_mutex_lock(&job->mutex);
	job->done = true;
	pthread_cond_signal(&job->ended);
	pthread_mutex_unlock(&job->mutex);
}

static void send_back(struct job *job)
{
	if (!job->caller)
		tell_thread(job);
	else
		(void) wok__mailbox_post(job->caller, &job->back); /* its loop waits for us */
}

static void on_end(struct wok__watcher *watcher)
{
	struct job *job = WOK__CONTAINER(watcher, struct job, watcher);
	struct wok_task *task = WOK_TAKE(job->task);

	job->result = task->result;
	task->taken = true;
	snprintf(job->message, sizeof(job->message), "%s",
		 wok__message_text(task->message, task->result));
	task->owners--;
	wok__task_drop(task);
	send_back(job);
}

/* On the other loop: start the task. */
static void arrive(struct wok__mail *mail, bool lost)
{
	struct job *job = WOK__CONTAINER(mail, struct job, there);

	job->result = -ESHUTDOWN;
	if (!lost) {
		struct wok_task *task = wok_create_task_at(job->fn, job->arg, NULL, job->site);
		job->result = task->result;
		if (task->state != WOK__TASK_DONE) {
			job->task = task;
			job->watcher.done = on_end;
			wok__task_watch(task, &job->watcher);
			return;
		}
	}
	snprintf(job->message, sizeof(job->message), "%s", wok_strerror(job->result));
	send_back(job);
}

/* On the other loop: the caller was cancelled. */
static void arrive_cancel(struct wok__mail *mail, bool lost)
{
	struct job *job = WOK__CONTAINER(mail, struct job, cancel);

	if (job->task && !lost)
		wok_cancel(job->task);
	(void) wok__mailbox_post(job->caller, &job->cancel_back);
}

static bool over(const struct job *job)
{
	return job->done && job->on_the_way == 0;
}

/* On the caller's loop: the task has ended. */
static void come_back(struct wok__mail *mail, bool lost)
{
	struct job *job = WOK__CONTAINER(mail, struct job, back);

	(void) lost;
	job->done = true;
	if (over(job))
		wok__wake(&job->parker, 0);
}

static void cancel_came_back(struct wok__mail *mail, bool lost)
{
	struct job *job = WOK__CONTAINER(mail, struct job, cancel_back);

	(void) lost;
	job->on_the_way--;
	if (over(job))
		wok__wake(&job->parker, 0);
}

static void on_cancel(struct wok__parker *parker)
{
	struct job *job = WOK__CONTAINER(parker, struct job, parker);

	if (job->cancel_sent)
		return;
	job->cancel_sent = true;
	if (wok__remote_post(job->remote, &job->cancel) == 0)
		job->on_the_way++;
}

static int run_from_task(struct job *job, wok_remote *remote)
{
	job->remote = remote;
	job->caller = wok__loop->mailbox;
	job->back.deliver = come_back;
	job->cancel_back.deliver = cancel_came_back;
	job->parker = (struct wok__parker){.what = "a task of another loop", .cancel = on_cancel};
	int r = wok__remote_post(remote, &job->there);
	if (r < 0)
		return r;
	wok__mailbox_expect(job->caller);
	while (!over(job))
		(void) wok__park(&job->parker, NULL);
	wok__mailbox_unexpect(job->caller);
	/* That it was cancelled is the caller's own cancel, come back. */
	if (job->cancel_sent && job->result == WOK_ETASKCANCELED && wok__is_canceled())
		return -ECANCELED;
	return job->result;
}

static int run_from_thread(struct job *job, wok_remote *remote)
{
	pthread_mutex_init(&job->mutex, NULL);
	pthread_cond_init(&job->ended, NULL);
	int r = wok__remote_post(remote, &job->there);
	if (r == 0) {
		pthread_mutex_lock(&job->mutex);
		while (!job->done)
			pthread_cond_wait(&job->ended, &job->mutex);
		pthread_mutex_unlock(&job->mutex);
		r = job->result;
	}
	pthread_cond_destroy(&job->ended);
	pthread_mutex_destroy(&job->mutex);
	return r;
}

int wok_remote_run_at(wok_remote *remote, wok_fn *fn, void *arg, const wok_site *site)
{
	struct job job = {
		.there.deliver = arrive,
		.cancel.deliver = arrive_cancel,
		.fn = fn,
		.arg = arg,
		.site = site,
	};

	if (wok__remote_is_here(remote))
		return wok_fail(-EDEADLK, "wok_remote_run: this is the remote's own loop: call the "
					  "function itself");
	if (wok__loop)
		WOK_TRY(wok__check());
	int r = wok__current() ? run_from_task(&job, remote) : run_from_thread(&job, remote);
	return r < 0 && job.message[0] ? wok_fail(r, "%s", job.message) : r;
}

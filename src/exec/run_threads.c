/* SPDX-License-Identifier: MIT */
/*
 * A loop on each of several threads: see wok/run_threads.h.
 *
 * Each main task leaves word of its loop's mailbox while it runs. Whoever fails first, or is
 * interrupted, posts a cancel to the others there. This is no wok_remote: a loop must not take the
 * other threads for a reason to wait, or no deadlock in it would ever be found.
 */
#include <wok/run_threads.h>

#include <stdio.h>
#include <wok/error.h>
#include <wok/thread.h>

#include "base/memory.h"
#include "base/message.h"
#include "loop/mailbox.h"
#include "platform/sys.h"
#include "task/park.h"
#include "task/run.h"

enum { THREAD_STACK_SIZE = 8 << 20 }; /* of address space: callbacks run there */

struct member {
	struct team *team;
	size_t index;
	pthread_t thread;
	struct wok__mail cancel;
	struct wok_task *main_task; /* its own loop's thread only */
	/* Under the team's mutex: */
	struct wok__mailbox *mailbox; /* while its main task runs */
};

struct team {
	wok_run_options options;
	wok_fn *fn;
	void *arg;
	pthread_mutex_t mutex;
	/* Under the mutex: */
	bool stopping;
	struct member *first; /* who failed first */
	int result;
	struct wok__message *message; /* of the result */
	size_t n;
	struct member members[];
};

static _Thread_local size_t own_index;

size_t wok_thread_index(void)
{
	return own_index;
}

/* On the loop that is to end. */
static void deliver_cancel(struct wok__mail *mail, bool lost)
{
	struct member *self = WOK__CONTAINER(mail, struct member, cancel);

	if (!lost)
		wok_cancel(self->main_task);
}

/* Under the mutex. Each member gets the mail once, for this happens once. */
static void stop_all(struct team *team, const struct member *but)
{
	if (team->stopping)
		return;
	team->stopping = true;
	for (size_t i = 0; i < team->n; i++) {
		struct member *other = &team->members[i];
		if (other != but && other->mailbox)
			(void) wok__mailbox_post(other->mailbox, &other->cancel);
	}
}

static void stop_others(struct member *self)
{
	pthread_mutex_lock(&self->team->mutex);
	stop_all(self->team, self);
	pthread_mutex_unlock(&self->team->mutex);
}

static void on_sigint(void *arg)
{
	stop_others(arg);
}

/* False if it need not begin. */
static bool enter(struct member *self)
{
	struct team *team = self->team;

	self->main_task = wok__current();
	pthread_mutex_lock(&team->mutex);
	bool stopping = team->stopping;
	if (!stopping)
		self->mailbox = wok__mailbox_ref(wok__loop->mailbox);
	pthread_mutex_unlock(&team->mutex);
	return !stopping;
}

static void leave(struct member *self, int r)
{
	struct team *team = self->team;

	pthread_mutex_lock(&team->mutex);
	struct wok__mailbox *mailbox = WOK_TAKE(self->mailbox);
	if (r < 0 && !team->stopping) {
		team->first = self;
		stop_all(team, self);
	}
	pthread_mutex_unlock(&team->mutex);
	wok__mailbox_unref(mailbox);
}

static int main_task(void *arg)
{
	struct member *self = arg;

	if (!enter(self)) {
		wok_cancel(self->main_task);
		return -ECANCELED;
	}
	int r = self->team->fn(self->team->arg);
	leave(self, r);
	return r;
}

/* Keep what a loop's run gave, if it is the one that counts. */
static void note_result(struct member *self, int r)
{
	struct team *team = self->team;

	pthread_mutex_lock(&team->mutex);
	/* A run can fail without its main task having failed, or begun. */
	if (r < 0 && !team->stopping) {
		team->first = self;
		stop_all(team, self);
	}
	if (team->first == self || (!team->first && self->index == 0)) {
		team->result = r;
		team->message = wok__message_copy(r);
	}
	pthread_mutex_unlock(&team->mutex);
}

static void run_member(struct member *self)
{
	wok_run_options options = self->team->options;
	const struct wok__run_mode mode = {
		.interrupted = on_sigint,
		.interrupted_arg = self,
	};

	own_index = self->index;
	options.no_sigint |= self->index > 0;
	note_result(self, wok__run_with(main_task, self, &options, &mode));
	own_index = 0;
}

static void *run_thread(void *arg)
{
	run_member(arg);
	return NULL;
}

/* Run all; those that cannot be started are an error, and stop the others. */
static int run_team(struct team *team)
{
	size_t started = 1;
	int r = 0;

	for (; started < team->n && r == 0; started += r == 0)
		r = wok__sys_thread(run_thread, &team->members[started], THREAD_STACK_SIZE, true,
				    &team->members[started].thread);
	if (r == 0)
		run_member(&team->members[0]);
	else
		stop_others(&team->members[0]);
	for (size_t i = 1; i < started; i++)
		pthread_join(team->members[i].thread, NULL);
	if (r < 0)
		return wok_fail(r, "wok_run_threads: only %zu of %zu threads could be started: %s",
				started, team->n, wok_strerror(r));
	if (team->result < 0)
		wok__message_adopt(team->message);
	return team->result;
}

int wok_run_threads(size_t n, wok_fn *fn, void *arg, const wok_run_options *options)
{
	if (wok__loop)
		return wok_fail(-EDEADLK, "wok_run_threads() cannot be called from a running event "
					  "loop");
	n = n ? n : wok_cpu_count();
	struct team *team =
		n > 65536 ? NULL : wok__alloc_zeroed(sizeof(*team) + n * sizeof(struct member));
	if (!team)
		return n > 65536 ? -EINVAL : -ENOMEM;
	team->options = options ? *options : (wok_run_options){0};
	team->fn = fn;
	team->arg = arg;
	team->n = n;
	pthread_mutex_init(&team->mutex, NULL);
	for (size_t i = 0; i < n; i++) {
		team->members[i].team = team;
		team->members[i].index = i;
		team->members[i].cancel.deliver = deliver_cancel;
	}
	int r = run_team(team);
	pthread_mutex_destroy(&team->mutex);
	wok__message_unref(team->message);
	wok_free(team);
	return r;
}

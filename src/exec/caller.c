/* SPDX-License-Identifier: MIT */
/* Waiting for another thread: see exec/caller.h. */
#include "exec/caller.h"

#include <time.h>

#include "loop/loop.h"

/* On the loop's thread. */
static void deliver(struct wok__mail *mail, bool lost)
{
	struct wok__caller *caller = WOK__CONTAINER(mail, struct wok__caller, mail);

	(void) lost; /* a loop does not end while a task of it waits */
	caller->told = true;
	wok__wake(&caller->parker, 0);
}

void wok__caller_open(struct wok__caller *caller, const char *what)
{
	pthread_condattr_t attributes;

	*caller = (struct wok__caller){.mail.deliver = deliver, .parker.what = what};
	if (wok__current()) {
		caller->mailbox = wok__loop->mailbox;
		wok__mailbox_expect(caller->mailbox);
		return;
	}
	pthread_mutex_init(&caller->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&caller->changed, &attributes);
	pthread_condattr_destroy(&attributes);
}

void wok__caller_close(struct wok__caller *caller)
{
	if (caller->mailbox) {
		wok__mailbox_unexpect_here(caller->mailbox);
		return;
	}
	pthread_cond_destroy(&caller->changed);
	pthread_mutex_destroy(&caller->mutex);
}

void wok__caller_tell(struct wok__caller *caller)
{
	if (caller->mailbox) {
		(void) wok__mailbox_post(caller->mailbox, &caller->mail);
		return;
	}
	pthread_mutex_lock(&caller->mutex);
	caller->told = true;
	pthread_cond_signal(&caller->changed);
	pthread_mutex_unlock(&caller->mutex);
}

void wok__caller_give_up(struct wok__caller *caller)
{
	caller->told = true;
	wok__wake(&caller->parker, -ECANCELED);
}

void wok__caller_wait(struct wok__caller *caller)
{
	if (!caller->mailbox) {
		(void) wok__caller_wait_until(caller, WOK_FOREVER);
		return;
	}
	while (!caller->told)
		(void) wok__park(&caller->parker, NULL);
}

bool wok__caller_wait_until(struct wok__caller *caller, wok_time deadline)
{
	const struct timespec until = {deadline / WOK_SECOND, deadline % WOK_SECOND};
	int r = 0;

	pthread_mutex_lock(&caller->mutex);
	while (!caller->told && r != ETIMEDOUT) {
		if (deadline == WOK_FOREVER)
			r = pthread_cond_wait(&caller->changed, &caller->mutex);
		else
			r = pthread_cond_timedwait(&caller->changed, &caller->mutex, &until);
	}
	bool told = caller->told;
	pthread_mutex_unlock(&caller->mutex);
	return told;
}

/* SPDX-License-Identifier: MIT */
#ifndef WOK_EXEC_CALLER_H
#define WOK_EXEC_CALLER_H
/*
 * Somebody who waits for what another thread will do: a task of a loop, which is told by mail, or a
 * plain thread, which blocks. It is told exactly once, unless it sees to it that nobody will; the
 * record lies on its own stack, so whoever tells must not touch it afterwards.
 */
#include <pthread.h>

#include "loop/mailbox.h"
#include "task/park.h"

struct wok__caller {
	struct wok__mailbox *mailbox; /* NULL: a plain thread */
	struct wok__mail mail;
	struct wok__parker parker; /* its cancel hook is the user's */
	bool told;
	/* Of a plain thread: */
	pthread_mutex_t mutex;
	pthread_cond_t changed;
};

/* The extension face: wok's other libraries use these, too. */
WOK_BEGIN_DECLS

/* The current task, or else this thread. what: as a report would say it: waits for ... */
void wok__caller_open(struct wok__caller *caller, const char *what);
void wok__caller_close(struct wok__caller *caller);

/* From any thread. */
void wok__caller_tell(struct wok__caller *caller);

/* From the caller's own loop, if it will not be told: a cancel hook's way to end the wait. */
void wok__caller_give_up(struct wok__caller *caller);

/* Wait until it is told, or has given up. */
void wok__caller_wait(struct wok__caller *caller);
WOK_END_DECLS

/* For plain threads: the same until a moment on the machine's clock; false if it came first. */
bool wok__caller_wait_until(struct wok__caller *caller, wok_time deadline);
#endif

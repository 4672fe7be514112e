/* SPDX-License-Identifier: MIT */
#ifndef WOK_LOOP_MAILBOX_H
#define WOK_LOOP_MAILBOX_H
/*
 * Where other threads leave things for a loop. It is counted, and outlives its loop for as long as
 * somebody may still post: posting is then refused. A burst of posts wakes the loop once.
 */
#include <stdbool.h>

struct wok__mail {
	struct wok__mail *next;
	/* Called on the loop's thread; lost: the loop ended before it got there. */
	void (*deliver)(struct wok__mail *mail, bool lost);
};

struct wok__mailbox;

int wok__mailbox_new(int wake_fd, struct wok__mailbox **ret_mailbox);
struct wok__mailbox *wok__mailbox_ref(struct wok__mailbox *mailbox);
void wok__mailbox_unref(struct wok__mailbox *mailbox);

/* The loop's end: refuse what comes from now on, drop what is there, release the loop's share. */
void wok__mailbox_close(struct wok__mailbox *mailbox);

/* In the child of a fork, whose other threads are gone: refuse all, touch nothing else. */
void wok__mailbox_abandon(struct wok__mailbox *mailbox);

/*
 * Leave mail, from any thread; -ESHUTDOWN after the loop's end, the mail being the caller's still.
 */
int wok__mailbox_post(struct wok__mailbox *mailbox, struct wok__mail *mail);

/* Deliver what is there, or the first batch of it. On the loop's thread. */
void wok__mailbox_deliver(struct wok__mailbox *mailbox);

/* Whether something is left to deliver that needs no waking. On the loop's thread. */
bool wok__mailbox_pending(const struct wok__mailbox *mailbox);

/*
 * As long as somebody is expected to post, a loop in which nothing else can happen waits instead of
 * calling it a deadlock. Expecting is counted; both from any thread.
 */
void wok__mailbox_expect(struct wok__mailbox *mailbox);
void wok__mailbox_unexpect(struct wok__mailbox *mailbox);
/* The same on the loop's own thread, which needs no waking. */
void wok__mailbox_unexpect_here(struct wok__mailbox *mailbox);
bool wok__mailbox_awaited(struct wok__mailbox *mailbox);
#endif

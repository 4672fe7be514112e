/* SPDX-License-Identifier: MIT */
#ifndef WOK_SYNC_OWNER_H
#define WOK_SYNC_OWNER_H
/*
 * What locks know of the task that holds them. The owner's header is kept, so an owner that has
 * ended is told from a task that reuses its memory. The first in the queue of those who wait also
 * watches whether the owner ends: then it, or whoever is the first by then, inherits.
 */
#include "task/park.h"

/* A task that waits for what another one holds. */
struct wok__heir {
	struct wok__parker parker;
	struct wok__watcher watcher;
	void *object; /* the lock, for watcher.done() */
};

/* Make task (NULL: nobody) the owner. */
void wok__owner_set(struct wok_task **owner, struct wok_task *task);

/* Whether there is an owner, and it has ended. */
bool wok__owner_dead(const struct wok_task *owner);

/* Report that an owner has ended without releasing what it held: "a lock". */
void wok__owner_report(const struct wok_task *owner, const char *what);

/* 0, or -EINVAL if the owner is a task of another loop. */
int wok__owner_check(struct wok_task *const *owner, const char *what);

/* The first of a queue of heirs; NULL if there is none. */
static inline struct wok__heir *wok__heir_first(const wok_waiters *queue)
{
	return queue->first ? WOK__CONTAINER(queue->first, struct wok__heir, parker) : NULL;
}

/* Let the first heir watch the owner: after each change of either. */
void wok__heir_watch(const wok_waiters *queue, struct wok_task *owner);
#endif

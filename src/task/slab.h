/* SPDX-License-Identifier: MIT */
#ifndef WOK_TASK_SLAB_H
#define WOK_TASK_SLAB_H
/*
 * Task headers. They lie together in pages of their own, the last one released being the first one
 * reused. A header may be held longer than the run that made it: a page is freed when its run is
 * over and its last header has been released.
 */
#include "base/list.h"

struct wok_task;

struct wok__slab {
	struct wok__list pages;
	struct wok_task *free;
};

void wok__slab_open(struct wok__slab *slab);

/* The run's end: pages that nobody holds a header of are freed, the others free themselves. */
void wok__slab_close(struct wok__slab *slab);

/* A header, all zero but for its page; NULL if there is no memory. */
struct wok_task *wok__slab_take(struct wok__slab *slab);
void wok__slab_give(struct wok_task *task);

/*
 * Call fn for each task that has not ended. Safe in a signal handler, on the slab's thread,
 * whatever that is doing with the slab.
 */
void wok__slab_each(const struct wok__slab *slab,
		    void (*fn)(const struct wok_task *task, void *arg), void *arg);

/* Whether the run that a header was made for goes on. */
bool wok__slab_is_open(const struct wok_task *task);
#endif

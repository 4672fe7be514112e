/* SPDX-License-Identifier: MIT */
#ifndef WOK_TASK_REGION_H
#define WOK_TASK_REGION_H
/*
 * Regions: what can be cancelled. A region is a stretch of one task's execution: the task as a
 * whole, or a scope, timeout or shield that it has entered. They form a tree: a task's own region
 * hangs below the scope that owns it, an entered one below the region that the task was in.
 *
 * Cancelling marks a region and all below it, once, down to the shields; what is parked there is
 * woken. So a checkpoint asks a single flag, and cancellation is a state: the flag stays until the
 * task leaves the region. The idea is Trio's tree of cancel statuses.
 */
#include <stdbool.h>
#include <wok/base.h>

#include "base/list.h"
#include "loop/loop.h"

struct wok_task;

enum wok__region_kind {
	WOK__REGION_ROOT,    /* of a run */
	WOK__REGION_TASK,    /* first of each task */
	WOK__REGION_SCOPE,   /* in a wok_scope */
	WOK__REGION_TIMEOUT, /* in a wok_timeout, on the stack */
	WOK__REGION_SHIELD,  /* in a wok_shield, on the stack */
};

struct wok__region {
	struct wok__region *parent;
	struct wok__list children;
	struct wok__node sibling;
	struct wok_task *task; /* who runs in it; NULL for the root and for background scopes */
	const char *reason;    /* why it was cancelled; lives for ever */
	enum wok__region_kind kind : 8;
	bool canceled;  /* by itself, not by what is around it */
	bool effective; /* itself, or something around it that no shield holds off */
	bool shielded;  /* holds off what comes from outside */
};

/*
 * A region that a task enters and leaves: with a deadline, or a shield that gives way in the end.
 */
struct wok__block {
	struct wok__region region;
	struct wok__timer timer;
	wok_time deadline;    /* when it is cancelled; WOK_FOREVER: never */
	wok_time grace;       /* how long the shield holds after a cancel from outside */
	wok_time holds_until; /* the shield; WOK_FOREVER until a cancel from outside has come */
	bool expired;         /* the deadline cancelled it */
	bool unarmed;         /* its timer starts when its task leaves the processor, */
	uint64_t drawn;       /* and fires as if it had started when the block was entered */
};

/* Link a region below parent; it starts as cancelled as parent is. */
void wok__region_link(struct wok__region *region, struct wok__region *parent,
		      enum wok__region_kind kind, struct wok_task *task);
void wok__region_unlink(struct wok__region *region);

/*
 * Start the timers of the blocks that a task has entered since it last left the processor. Until
 * then none could fire; so a limit around what completes at once costs no timer at all.
 */
void wok__region_arm(struct wok__region *innermost);

/* Move a region that nothing above it has cancelled to another place in the tree. */
void wok__region_move(struct wok__region *region, struct wok__region *parent);

/* Cancel a region and all below it. */
void wok__region_cancel(struct wok__region *region, const char *reason);

/* The nearest reason for which a region is cancelled; NULL if there is none. */
const char *wok__region_reason(const struct wok__region *region);

/* Whether something around a region is cancelled, shields considered. */
static inline bool wok__region_canceled_outside(const struct wok__region *region)
{
	return region->parent && region->parent->effective && !region->shielded;
}

/*
 * Enter a block below parent; task is NULL for a background scope. Its timer needs one reservation
 * of the loop, which the caller made. shield: 0 for none.
 */
void wok__block_enter(struct wok__block *block, struct wok__region *parent,
		      enum wok__region_kind kind, struct wok_task *task, wok_time deadline,
		      wok_time shield);

/* Leave a block; its task goes on in the region around it. */
void wok__block_leave(struct wok__block *block);

/* -ESTALE if it has been cancelled already. */
int wok__block_set_deadline(struct wok__block *block, wok_time deadline);
void wok__block_set_shield(struct wok__block *block, wok_time grace);
#endif

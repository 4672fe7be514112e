/* SPDX-License-Identifier: MIT */
/* The tree of what can be cancelled: see task/region.h. */
#include "task/region.h"

#include "base/time.h"
#include "task/park.h"
#include "task/run.h"
#include "task/task.h"

void wok__region_link(struct wok__region *region, struct wok__region *parent,
		      enum wok__region_kind kind, struct wok_task *task)
{
	region->parent = parent;
	region->kind = kind;
	region->task = task;
	wok__list_init(&region->children);
	wok__list_push_back(&parent->children, &region->sibling);
	region->effective = wok__region_canceled_outside(region);
}

void wok__region_unlink(struct wok__region *region)
{
	wok__list_remove(&region->sibling);
}

static struct wok__block *block_of(struct wok__region *region)
{
	return WOK__CONTAINER(region, struct wok__block, region);
}

static void start_timer(struct wok__block *block)
{
	wok_time when = block->deadline;

	if (block->region.shielded)
		when = wok__time_min(when, block->holds_until);
	wok__timer_stop(wok__loop, &block->timer);
	if (when != WOK_FOREVER)
		wok__timer_start_drawn(wok__loop, &block->timer, when, block->drawn);
}

/*
 * One that is unarmed stays so: wok__region_arm() goes outwards to the first that is armed, behind
 * which all are.
 */
static void set_timer(struct wok__block *block)
{
	block->drawn = wok__timer_draw(wok__loop);
	if (!block->unarmed)
		start_timer(block);
}

static bool is_block(const struct wok__region *region)
{
	return region->kind != WOK__REGION_ROOT && region->kind != WOK__REGION_TASK;
}

/* When the next shield around a region gives way, or has given way, as far as that is settled. */
static wok_time enclosing_hold(struct wok__region *region)
{
	for (region = region->parent; region; region = region->parent)
		if (is_block(region) &&
		    (region->shielded || block_of(region)->holds_until != WOK_FOREVER))
			return block_of(region)->holds_until;
	return WOK_FOREVER;
}

static struct wok__region *next_below(struct wok__region *top, struct wok__region *region,
				      bool descend);

/* No shield within another lasts longer than that one: also those whose time ran already. */
static void shorten_inner(struct wok__block *outer)
{
	struct wok__region *region = &outer->region;

	while ((region = next_below(&outer->region, region, true))) {
		struct wok__block *inner = block_of(region);
		if (!is_block(region) || !region->shielded || inner->holds_until == WOK_FOREVER ||
		    inner->holds_until <= outer->holds_until)
			continue;
		inner->holds_until = outer->holds_until;
		set_timer(inner);
	}
}

/* A cancel from outside has come to a shield: from now on its time runs. */
static void hold(struct wok__block *block)
{
	wok_time until;

	if (block->holds_until != WOK_FOREVER)
		return;
	until = wok__time_add(wok__loop_now(wok__loop), block->grace);
	block->holds_until = wok__time_min(until, enclosing_hold(&block->region));
	set_timer(block);
	shorten_inner(block);
}

/* Tell the task that runs in a region, if that is where it is, and if it waits. */
static void interrupt(struct wok__region *region)
{
	struct wok_task *task = region->task;
	struct wok__parker *parker = task ? task->parker : NULL;

	if (!parker || task->current != region)
		return;
	if (parker->cancel)
		parker->cancel(parker);
	else if (!parker->shielded)
		wok__wake(parker, -ECANCELED);
}

/* Mark one region; false if what is below it need not be visited. */
static bool mark(struct wok__region *region)
{
	if (region->effective)
		return false;
	if (region->shielded && !region->canceled) {
		hold(block_of(region));
		return false;
	}
	region->effective = true;
	interrupt(region);
	return true;
}

/* The next region in preorder below top; NULL at the end. */
static struct wok__region *next_below(struct wok__region *top, struct wok__region *region,
				      bool descend)
{
	if (descend && !wok__list_empty(&region->children))
		return WOK__CONTAINER(region->children.head.next, struct wok__region, sibling);
	while (region != top) {
		struct wok__node *next = region->sibling.next;
		if (next != &region->parent->children.head)
			return WOK__CONTAINER(next, struct wok__region, sibling);
		region = region->parent;
	}
	return NULL;
}

/*
 * A walk without recursion: the tree may be as deep as the tasks make it. Nothing is linked or
 * unlinked on the way, for whoever is woken here runs later.
 */
static void spread(struct wok__region *top)
{
	struct wok__region *region = top;
	bool descend = mark(top);

	while ((region = next_below(top, region, descend)))
		descend = mark(region);
}

void wok__region_move(struct wok__region *region, struct wok__region *parent)
{
	wok__region_unlink(region);
	region->parent = parent;
	wok__list_push_back(&parent->children, &region->sibling);
	if (wok__region_canceled_outside(region))
		spread(region);
}

void wok__region_cancel(struct wok__region *region, const char *reason)
{
	if (!region->canceled) {
		region->canceled = true;
		region->reason = reason;
	}
	spread(region);
}

const char *wok__region_reason(const struct wok__region *region)
{
	for (; region; region = region->parent)
		if (region->canceled)
			return region->reason;
	return NULL;
}

static void block_fire(struct wok__timer *timer)
{
	struct wok__block *block = WOK__CONTAINER(timer, struct wok__block, timer);
	wok_time now = wok__loop_now(wok__loop);

	if (block->deadline <= now) {
		block->expired =
			!block->region.canceled; /* or else it has ended for another reason */
		block->deadline = WOK_FOREVER;
		wok__region_cancel(&block->region, "its time limit has passed");
	}
	if (block->region.shielded && block->holds_until <= now) {
		/*
		 * The shield is used up: what it held off comes through. When that was is kept, for
		 * a shield within this one lasts no longer.
		 */
		block->region.shielded = false;
		if (block->region.parent->effective)
			spread(&block->region);
	}
	set_timer(block);
}

void wok__block_enter(struct wok__block *block, struct wok__region *parent,
		      enum wok__region_kind kind, struct wok_task *task, wok_time deadline,
		      wok_time shield)
{
	block->region.canceled = false;
	block->region.reason = NULL;
	block->region.shielded = shield > 0;
	block->timer.link.index = 0;
	block->timer.fire = block_fire;
	block->deadline = deadline;
	block->grace = shield;
	block->holds_until = WOK_FOREVER;
	block->expired = false;
	wok__region_link(&block->region, parent, kind, task);
	block->unarmed = task != NULL;
	block->drawn = wok__timer_draw(wok__loop);
	if (shield > 0 && parent->effective)
		hold(block);
	else if (!task)
		start_timer(block);
	if (task)
		task->current = &block->region;
}

void wok__region_arm(struct wok__region *innermost)
{
	for (struct wok__region *region = innermost; is_block(region) && block_of(region)->unarmed;
	     region = region->parent) {
		block_of(region)->unarmed = false;
		start_timer(block_of(region));
	}
}

void wok__block_leave(struct wok__block *block)
{
	struct wok_task *task = block->region.task;

	wok__timer_stop(wok__loop, &block->timer);
	wok__region_unlink(&block->region);
	if (task)
		task->current = block->region.parent;
	block->region.task = NULL; /* what left it may be told of it twice */
}

int wok__block_set_deadline(struct wok__block *block, wok_time deadline)
{
	if (block->region.canceled)
		return -ESTALE;
	block->deadline = deadline;
	set_timer(block);
	return 0;
}

/* A shield was raised where a cancel had come through already: take the mark off again. */
static void recompute(struct wok__region *top)
{
	for (struct wok__region *region = top; region; region = next_below(top, region, true))
		region->effective = region->canceled || wok__region_canceled_outside(region);
}

void wok__block_set_shield(struct wok__block *block, wok_time grace)
{
	bool outside = block->region.parent->effective;

	block->grace = grace;
	block->region.shielded = grace > 0;
	block->holds_until = WOK_FOREVER;
	set_timer(block);
	if (!outside)
		return;
	if (grace > 0) {
		recompute(&block->region);
		hold(block);
	} else {
		spread(&block->region);
	}
}

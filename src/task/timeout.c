/* SPDX-License-Identifier: MIT */
/*
 * Timeouts and shields: see wok/timeout.h. Both are blocks (task/region.h) that lie on the stack of
 * the task that is in them.
 */
#include "task/timeout.h"

#include <wok/error.h>

#include "base/time.h"
#include "task/park.h"
#include "task/region.h"
#include "task/run.h"

/*
 * What the private part of a wok_timeout is. All zero: never entered. As long as it is entered its
 * region has a task; the end of that, or of what is around it, leaves it as well.
 */
struct timeout {
	struct wok__block block;
	int error; /* why it could not be entered */
};

struct shield {
	struct wok__block block;
};

_Static_assert(sizeof(struct timeout) <= sizeof(wok_timeout), "grow wok_timeout.private_");
_Static_assert(sizeof(struct shield) <= sizeof(wok_shield), "grow wok_shield.private_");

static struct timeout *inside(const wok_timeout *timeout)
{
	return (struct timeout *) (void *) timeout->private_;
}

static bool is_entered(const struct wok__block *block)
{
	return block->region.task != NULL;
}

static int check_enter(const struct timeout *timeout)
{
	if (!wok__current())
		return wok_fail(-EINVAL, "wok_timeout: only a task can enter a time limit");
	if (is_entered(&timeout->block))
		return wok_fail(-EINVAL, "wok_timeout: this time limit is entered already");
	return wok__timer_reserve(wok__loop);
}

wok_timeout *wok_timeout_enter(wok_timeout *timeout_, wok_time limit)
{
	struct timeout *timeout = inside(timeout_);
	int r = check_enter(timeout);

	if (r < 0) {
		timeout->error = r; /* of a block that was skipped within its own limit, too */
		return NULL;
	}
	struct wok_task *task = wok__current();
	timeout->error = 0;
	wok_time deadline = limit > 0 ? wok__time_add(wok_now(), limit) : WOK_FOREVER;
	wok__block_enter(&timeout->block, task->current, WOK__REGION_TIMEOUT, task, deadline, 0);
	if (limit <= 0) {
		timeout->block.expired = true;
		wok__region_cancel(&timeout->block.region, "its time limit was zero");
	}
	return timeout_;
}

void wok_timeout_leave(wok_timeout *timeout_)
{
	if (!timeout_)
		return;
	struct timeout *timeout = inside(timeout_);
	struct wok_task *task = wok__current();
	if (!task || timeout->block.region.task != task)
		return;
	if (task->current != &timeout->block.region)
		wok__leave_inner(task, &timeout->block.region);
	wok__block_leave(&timeout->block);
	wok__timer_unreserve(wok__loop);
	if (timeout->block.expired)
		task->left_expired = true;
}

int wok_timeout_set_deadline(wok_timeout *timeout_, wok_time when)
{
	struct timeout *timeout = inside(timeout_);

	if (!is_entered(&timeout->block))
		return wok_fail(-EINVAL, "wok_timeout_set_deadline: the time limit is not entered");
	WOK_TRY(wok__task_check_here(timeout->block.region.task, "wok_timeout_set_deadline"));
	return wok__block_set_deadline(&timeout->block, when);
}

bool wok_timeout_expired(const wok_timeout *timeout)
{
	return inside(timeout)->block.expired;
}

int wok_timeout_result(const wok_timeout *timeout_, int r)
{
	const struct timeout *timeout = inside(timeout_);
	struct wok_task *task = wok__current();

	if (timeout->error < 0)
		return timeout->error;
	if (task)
		task->left_expired = false;
	if (r != -ECANCELED || !timeout->block.expired || (task && task->current->effective))
		return r;
	return wok_fail(-ETIMEDOUT, "timed out");
}

int wok_wait_for(wok_fn *fn, void *arg, wok_time limit)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	if (!wok__current())
		return wok__may_wait();
	WOK_TIMEOUT (&timeout, limit) {
		r = fn(arg);
	}
	return wok_timeout_result(&timeout, r);
}

int wok__await_owned_for(struct wok_task *task, wok_time limit)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	wok__task_keep(task);
	WOK_TIMEOUT (&timeout, limit) {
		r = wok__await_owned(task);
	}
	/* A result that came all the same, however late, is the result. */
	if (task->was_canceled &&
	    (wok_timeout_expired(&timeout) || wok__current()->current->effective))
		r = -ECANCELED;
	wok__task_drop(task);
	return wok_timeout_result(&timeout, r);
}

/* A deadline counts from where it is set; each shield between it and the task adds its time. */
static wok_time deadline_of(const struct wok__region *region)
{
	wok_time deadline = WOK_FOREVER, shields = 0;

	for (; region; region = region->parent) {
		const struct wok__block *block = WOK__CONTAINER(region, struct wok__block, region);
		if (region->kind == WOK__REGION_ROOT || region->kind == WOK__REGION_TASK)
			continue;
		deadline = wok__time_min(deadline, wok__time_add(block->deadline, shields));
		if (!region->shielded)
			continue;
		if (block->holds_until != WOK_FOREVER) /* it gives way then, whatever is above */
			return wok__time_min(deadline, wok__time_add(block->holds_until, shields));
		shields = wok__time_add(shields, block->grace);
	}
	return deadline;
}

wok_time wok_current_deadline(void)
{
	struct wok_task *task = wok__current();

	if (!task)
		return WOK_FOREVER;
	return task->current->effective ? 0 : deadline_of(task->current);
}

static struct shield *inside_shield(const wok_shield *shield)
{
	return (struct shield *) (void *) shield->private_;
}

wok_shield *wok_shield_enter(wok_shield *shield_, wok_time grace)
{
	struct shield *shield = inside_shield(shield_);
	struct wok_task *task = wok__current();

	/*
	 * Without a task there is no cancel to hold off; without memory for a timer it holds none;
	 * and one that is raised already stays as it is.
	 */
	if (!task || is_entered(&shield->block) || wok__timer_reserve(wok__loop) < 0)
		return shield_;
	wok__block_enter(&shield->block, task->current, WOK__REGION_SHIELD, task, WOK_FOREVER,
			 grace > 0 ? grace : task->run->grace);
	return shield_;
}

void wok_shield_leave(wok_shield *shield_)
{
	struct shield *shield = inside_shield(shield_);
	struct wok_task *task = wok__current();

	if (!task || shield->block.region.task != task)
		return;
	wok__leave_inner(task, &shield->block.region);
	wok__block_leave(&shield->block);
	wok__timer_unreserve(wok__loop);
}

/* SPDX-License-Identifier: MIT */
/*
 * Conditions: see wok/condition.h.
 *
 * A waiter parks once, for the condition and for the lock after it. Whoever ends the wait, by a
 * notification or by a cancel, moves the waiter's record from the condition's queue to the lock's;
 * it wakes up as the owner. So nobody wakes up only to wait for the lock, notified ones get the
 * lock in their order, and once a record is in the lock's queue no cancel can take it out.
 */
#include <limits.h>
#include <wok/condition.h>
#include <wok/error.h>

#include "sync/lock.h"

struct waiter {
	struct wok__heir heir;
	bool ended;  /* notified or cancelled: waits for the lock alone */
	int outcome; /* of the wait for the condition */
};

static struct waiter *waiter_of(struct wok__parker *parker)
{
	return WOK__CONTAINER(parker, struct waiter, heir.parker);
}

static void end_wait(struct waiter *waiter, int outcome)
{
	waiter->ended = true;
	waiter->outcome = outcome;
	wok__lock_requeue(waiter->heir.object, &waiter->heir);
}

/* Not a second time: then it is on its way to the lock, which it must have before it returns. */
static void on_cancel(struct wok__parker *parker)
{
	struct waiter *waiter = waiter_of(parker);

	if (!waiter->ended)
		end_wait(waiter, -ECANCELED);
}

static int check_holder(const wok_condition *condition, const char *call)
{
	if (!condition->lock)
		return wok_fail(-EINVAL, "%s: the condition has no lock: use WOK_CONDITION_INIT",
				call);
	if (!condition->lock->owner || condition->lock->owner != wok__current())
		return wok_fail(-EPERM, "%s: the caller does not hold the condition's lock", call);
	return 0;
}

/* What a wait asks before it gives the lock away: afterwards it must not fail at once. */
static int check_wait(const wok_condition *condition)
{
	int r = wok__may_wait();

	if (r < 0)
		return r;
	r = check_holder(condition, "wok_condition_wait");
	if (r < 0)
		return r;
	r = wok__check();
	return r < 0 ? r : wok__check_queue(&condition->waiters);
}

int wok_condition_wait(wok_condition *condition)
{
	int r = check_wait(condition);

	if (r < 0)
		return r;
	struct waiter waiter = {0};
	wok__lock_heir_init(&waiter.heir, condition->lock, "a condition");
	waiter.heir.parker.cancel = on_cancel;
	(void) wok_lock_release(condition->lock);
	r = wok__park(&waiter.heir.parker, &condition->waiters);
	wok__task_unwatch(&waiter.heir.watcher);
	/* That the lock came from a dead task is said once; a cancel is there to be found again. */
	return r < 0 ? r : waiter.outcome;
}

int wok_condition_wait_until(wok_condition *condition, wok_condition_fn *predicate, void *arg)
{
	int r = check_wait(condition);

	if (r < 0)
		return r;
	if (predicate(arg)) {
		wok__spend();
		return 0;
	}
	do
		r = wok_condition_wait(condition);
	while (r == 0 && !predicate(arg));
	return r;
}

int wok_condition_notify(wok_condition *condition, size_t n)
{
	int r = check_holder(condition, "wok_condition_notify");

	if (r < 0)
		return r;
	r = wok__check_queue(&condition->waiters);
	if (r < 0)
		return r;
	int count = 0;
	for (; condition->waiters.first && (size_t) count < n && count < INT_MAX; count++)
		end_wait(waiter_of(condition->waiters.first), 0);
	return count;
}

int wok_condition_notify_all(wok_condition *condition)
{
	return wok_condition_notify(condition, SIZE_MAX);
}

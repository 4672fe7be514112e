/* SPDX-License-Identifier: MIT */
/* Conditions: see wok/condition.h. */
#include <wok/wok.h>

#include "harness/reports.h"
#include "harness/test.h"

enum { N = 6 };

/* Tasks that wait for a number to become positive, and take one off it. */
struct shelf {
	wok_lock lock;
	wok_condition filled;
	int dishes;
	wok_task *asked[N], *got[N];
	int n_asked, n_got;
	int results[N]; /* of the waits, in the order in which they returned */
	int n_results;
};

#define SHELF_INIT(self) {.lock = WOK_LOCK_INIT, .filled = WOK_CONDITION_INIT(&(self).lock)}

/* Waits once; the lock must be there whatever came of it. */
static int wait_once(void *arg)
{
	struct shelf *self = arg;

	WOK_TRY(wok_lock_acquire(&self->lock));
	self->asked[self->n_asked++] = wok_current_task();
	int r = wok_condition_wait(&self->filled);
	self->results[self->n_results++] = r;
	if (r == 0)
		self->got[self->n_got++] = wok_current_task();
	ASSERT_ERR(wok_lock_try_acquire(&self->lock), -EDEADLK); /* it is the caller's */
	ASSERT_OK(wok_lock_release(&self->lock));
	return r;
}

static void start(struct shelf *self, wok_task **tasks, int n)
{
	for (int i = 0; i < n; i++)
		tasks[i] = wok_create_task(wait_once, self);
	test_settle();
	ASSERT_EQ(self->n_asked, n);
	ASSERT(!wok_lock_held(&self->lock));
}

static void finish(wok_task **tasks, int n)
{
	for (int i = 0; i < n; i++)
		wok_task_free(tasks[i]);
}

TEST_TASK(notify_wakes_as_many_as_it_says_in_their_order, "D11")
{
	struct shelf self = SHELF_INIT(self);
	wok_task *tasks[N];

	start(&self, tasks, N);
	ASSERT_OK(wok_lock_acquire(&self.lock));
	ASSERT_EQ(wok_condition_notify(&self.filled, 0), 0);
	ASSERT_EQ(wok_condition_notify(&self.filled, 2), 2);
	test_settle();
	ASSERT_EQ(self.n_got, 0); /* the lock is held here */
	ASSERT_OK(wok_lock_release(&self.lock));
	test_settle();
	ASSERT_EQ(self.n_got, 2);
	ASSERT_OK(wok_lock_acquire(&self.lock));
	ASSERT_EQ(wok_condition_notify_all(&self.filled), N - 2);
	ASSERT_EQ(wok_condition_notify_all(&self.filled), 0);
	ASSERT_OK(wok_lock_release(&self.lock));
	test_settle();
	ASSERT_EQ(self.n_got, N);
	for (int i = 0; i < N; i++)
		ASSERT(self.got[i] == self.asked[i]);
	finish(tasks, N);
}

TEST_TASK(notify_counts_only_those_who_still_wait, "D11", "D15")
{
	struct shelf self = SHELF_INIT(self);
	wok_task *tasks[4];

	start(&self, tasks, 4);
	ASSERT_OK(wok_lock_acquire(&self.lock));
	wok_cancel(self.asked[0]); /* has not run since, and holds no lock */
	wok_cancel(self.asked[2]);
	ASSERT_EQ(wok_condition_notify(&self.filled, 2), 2);
	ASSERT_EQ(wok_condition_notify_all(&self.filled), 0);
	ASSERT_OK(wok_lock_release(&self.lock));
	ASSERT_EQ(wok_gather(tasks, 4, WOK_COLLECT), 2);
	ASSERT_EQ(self.n_got, 2);
	ASSERT(self.got[0] == self.asked[1] && self.got[1] == self.asked[3]);
	ASSERT(!self.filled.waiters.first && !self.lock.waiters.first);
	finish(tasks, 4);
}

static int call_all(void *arg)
{
	struct shelf *self = arg;

	ASSERT_ERR(wok_condition_wait(&self->filled), -EPERM);
	ASSERT_ERR(wok_condition_notify(&self->filled, 1), -EPERM);
	ASSERT_ERR(wok_condition_notify_all(&self->filled), -EPERM);
	return 0;
}

static int call_from_callback(void *arg)
{
	struct shelf *self = arg;

	ASSERT_ERR(wok_condition_wait(&self->filled), -EDEADLK);
	ASSERT_ERR(wok_condition_notify(&self->filled, 1), -EPERM);
	return 0;
}

TEST_TASK(a_condition_is_used_with_its_lock_held, "D11")
{
	struct shelf self = SHELF_INIT(self);
	wok_condition none = {0};

	ASSERT_OK(call_all(&self));
	ASSERT_OK(wok_lock_acquire(&self.lock));
	WOK_AUTO(wok_task) *other = wok_create_task(call_all, &self);
	ASSERT_OK(wok_await(other));
	wok_call_soon(call_from_callback, &self);
	test_settle();
	ASSERT_ERR(wok_condition_wait(&none), -EINVAL);
	ASSERT_OK(wok_lock_release(&self.lock));
}

TEST_TASK(a_cancelled_wait_returns_with_the_lock_though_others_want_it, "D9")
{
	struct shelf self = SHELF_INIT(self);
	wok_task *tasks[3];

	start(&self, tasks, 3);
	ASSERT_OK(wok_lock_acquire(&self.lock));
	for (int i = 0; i < 3; i++)
		wok_cancel(tasks[i]);
	test_settle();
	ASSERT_EQ(self.n_results, 0); /* the lock is held here: none has returned */
	ASSERT_OK(wok_lock_release(&self.lock));
	ASSERT_EQ(wok_gather(tasks, 3, WOK_COLLECT), 3);
	for (int i = 0; i < 3; i++)
		ASSERT_ERR(self.results[i], -ECANCELED);
	ASSERT(!wok_lock_held(&self.lock));
	finish(tasks, 3);
}

static int wait_in_two_scopes(void *arg)
{
	struct shelf *self = arg;
	wok_timeout outer = WOK_TIMEOUT_INIT, inner = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TIMEOUT (&outer, 2 * WOK_SECOND) {
		WOK_TIMEOUT (&inner, WOK_SECOND) {
			r = wait_once(self);
		}
	}
	ASSERT(wok_timeout_expired(&outer) && wok_timeout_expired(&inner));
	return r;
}

TEST_TASK(a_second_cancel_does_not_make_the_wait_return_without_the_lock, "D9")
{
	struct shelf self = SHELF_INIT(self);
	WOK_AUTO(wok_task) *task = wok_create_task(wait_in_two_scopes, &self);

	test_settle();
	ASSERT_OK(wok_lock_acquire(&self.lock));
	ASSERT_OK(wok_sleep(3 * WOK_SECOND)); /* both limits pass meanwhile */
	wok_cancel(task);
	test_settle();
	ASSERT_EQ(self.n_results, 0);
	ASSERT_OK(wok_lock_release(&self.lock));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_ERR(self.results[0], -ECANCELED);
	ASSERT(!wok_lock_held(&self.lock));
}

struct scoped {
	struct shelf *shelf;
	wok_scope *scope;
};

static int wait_in_scope(void *arg)
{
	struct scoped *scoped = arg;
	WOK_AUTO(wok_scope) *scope = NULL;

	WOK_TRY(wok_scope_new(&scope));
	scoped->scope = scope;
	return wait_once(scoped->shelf);
}

TEST_TASK(a_cancel_that_comes_twice_does_not_end_the_wait_for_the_lock, "D9")
{
	struct shelf self = SHELF_INIT(self);
	struct scoped scoped = {&self, NULL};
	WOK_AUTO(wok_task) *task = wok_create_task(wait_in_scope, &scoped);

	test_settle();
	ASSERT(scoped.scope != NULL);
	ASSERT_OK(wok_lock_acquire(&self.lock));
	wok_cancel(task);
	/* A shield takes the mark of the cancel off, and without it it comes anew. */
	wok_scope_set_shield(scoped.scope, WOK_SECOND);
	wok_scope_set_shield(scoped.scope, 0);
	test_settle();
	ASSERT_EQ(self.n_results, 0);
	ASSERT_OK(wok_lock_release(&self.lock));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_ERR(self.results[0], -ECANCELED);
}

TEST_TASK(who_is_notified_and_then_cancelled_has_used_the_notification, "D9", "D11")
{
	struct shelf self = SHELF_INIT(self);
	wok_task *tasks[2];

	start(&self, tasks, 2);
	ASSERT_OK(wok_lock_acquire(&self.lock));
	ASSERT_EQ(wok_condition_notify(&self.filled, 1), 1);
	wok_cancel(self.asked[0]); /* it waits for the lock now */
	ASSERT_OK(wok_lock_release(&self.lock));
	test_settle();
	ASSERT_EQ(self.n_results, 1);
	ASSERT_OK(self.results[0]);
	ASSERT(self.got[0] == self.asked[0]);
	finish(tasks, 2);
	ASSERT_ERR(self.results[1], -ECANCELED);
}

TEST_TASK(who_is_cancelled_and_then_to_be_notified_leaves_it_to_the_next, "D9", "D11")
{
	struct shelf self = SHELF_INIT(self);
	wok_task *tasks[2];

	start(&self, tasks, 2);
	wok_cancel(self.asked[0]);
	/* It has the lock by now, for the lock was free. */
	ASSERT(wok_lock_held(&self.lock));
	ASSERT_OK(wok_lock_acquire(&self.lock));
	ASSERT_EQ(wok_condition_notify(&self.filled, 1), 1);
	ASSERT_OK(wok_lock_release(&self.lock));
	test_settle();
	ASSERT_EQ(self.n_got, 1);
	ASSERT(self.got[0] == self.asked[1]);
	finish(tasks, 2);
}

TEST_TASK(a_wait_in_a_cancelled_scope_keeps_the_lock)
{
	struct shelf self = SHELF_INIT(self);
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	ASSERT_OK(wok_lock_acquire(&self.lock));
	WOK_TIMEOUT (&timeout, 0) {
		ASSERT_ERR(wok_condition_wait(&self.filled), -ECANCELED);
		ASSERT_ERR(wok_condition_wait(&self.filled), -ECANCELED);
	}
	ASSERT_OK(wok_lock_release(&self.lock));
}

static bool has_dish(void *arg)
{
	return ((struct shelf *) arg)->dishes > 0;
}

static int take_dish(void *arg)
{
	struct shelf *self = arg;

	WOK_TRY(wok_lock_acquire(&self->lock));
	int r = wok_condition_wait_until(&self->filled, has_dish, self);
	if (r == 0) {
		self->dishes--;
		self->n_got++;
	}
	ASSERT_OK(wok_lock_release(&self->lock));
	return r;
}

TEST_TASK(wait_until_asks_again_after_each_notification, "D11")
{
	struct shelf self = SHELF_INIT(self);
	wok_task *tasks[3];

	for (int i = 0; i < 3; i++)
		tasks[i] = wok_create_task(take_dish, &self);
	test_settle();
	const int waiting[] = {3, 3, 2}, got[] = {0, 1, 3};
	for (int dishes = 0; dishes < 3; dishes++) {
		ASSERT_OK(wok_lock_acquire(&self.lock));
		ASSERT_EQ(wok_condition_notify_all(&self.filled), waiting[dishes]);
		self.dishes = dishes;
		ASSERT_OK(wok_lock_release(&self.lock));
		test_settle();
		ASSERT_EQ(self.n_got, got[dishes]);
	}
	ASSERT_EQ(self.dishes, 0);
	finish(tasks, 3);
}

TEST_TASK(wait_until_is_a_checkpoint_even_when_its_predicate_is_true)
{
	struct shelf self = SHELF_INIT(self);
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	self.dishes = 1;
	ASSERT_OK(wok_lock_acquire(&self.lock));
	uint64_t before = wok_test_checkpoints();
	ASSERT_OK(wok_condition_wait_until(&self.filled, has_dish, &self));
	ASSERT(wok_test_checkpoints() > before);
	WOK_TIMEOUT (&timeout, 0) {
		ASSERT_ERR(wok_condition_wait_until(&self.filled, has_dish, &self), -ECANCELED);
	}
	ASSERT_OK(wok_lock_release(&self.lock));
	ASSERT_ERR(wok_condition_wait_until(&self.filled, has_dish, &self), -EPERM);
}

TEST_TASK(a_deadline_ends_wait_until_with_the_lock, "D9")
{
	struct shelf self = SHELF_INIT(self);

	ASSERT_ERR(wok_wait_for(take_dish, &self, WOK_SECOND), -ETIMEDOUT);
	ASSERT_EQ(wok_now(), WOK_SECOND);
	ASSERT(!wok_lock_held(&self.lock));
}

/* --- a lock that its owner left --------------------------------------------------------------- */

static int keep_the_lock(void *arg)
{
	struct shelf *self = arg;

	WOK_TRY(wok_lock_acquire(&self->lock));
	ASSERT_EQ(wok_condition_notify(&self->filled, 1), 1);
	return 0;
}

static int notify_and_die(void *unused)
{
	static struct shelf self = SHELF_INIT(self);
	wok_task *tasks[2];

	(void) unused;
	start(&self, tasks, 2);
	WOK_AUTO(wok_task) *owner = wok_create_task(keep_the_lock, &self);
	ASSERT_OK(wok_await(owner));
	test_settle();
	ASSERT_EQ(self.n_results, 1);
	ASSERT_ERR(self.results[0], -EOWNERDEAD);
	WOK_AUTO(wok_task) *again = wok_create_task(keep_the_lock, &self);
	ASSERT_OK(wok_await(again));
	ASSERT_EQ(wok_gather(tasks, 2, WOK_COLLECT), 2);
	ASSERT_ERR(self.results[1], -EOWNERDEAD);
	finish(tasks, 2);
	return 0;
}

TEST(a_waiter_is_told_that_the_lock_came_from_a_dead_task, "D4", "D9")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, notify_and_die, NULL));
	ASSERT_EQ(reports.n, 2);
	ASSERT_EQ(reports.kept[0].code, -EOWNERDEAD);
	ASSERT_REPORT(&reports, 0, "without releasing a lock");
}

static int leave_the_lock(void *lock)
{
	return wok_lock_acquire(lock);
}

static int cancel_after_death(void *unused)
{
	static struct shelf self = SHELF_INIT(self);
	wok_task *tasks[1];

	(void) unused;
	start(&self, tasks, 1);
	WOK_AUTO(wok_task) *owner = wok_create_task(leave_the_lock, &self.lock);
	ASSERT_OK(wok_await(owner));
	wok_cancel(tasks[0]);
	ASSERT_EQ(wok_gather(tasks, 1, WOK_COLLECT), 1);
	ASSERT_ERR(self.results[0], -EOWNERDEAD);
	finish(tasks, 1);
	return 0;
}

TEST(a_cancelled_waiter_inherits_the_lock_of_a_dead_task, "D4", "D9")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, cancel_after_death, NULL));
	ASSERT_EQ(reports.n, 1);
}

static int wait_for_nobody(void *unused)
{
	static struct shelf self = SHELF_INIT(self);
	wok_task *tasks[2];

	(void) unused;
	for (int i = 0; i < 2; i++)
		tasks[i] = wok_create_task(wait_once, &self);
	int r = wok_gather(tasks, 2, 0);
	ASSERT_EQ(self.n_results, 2); /* both came back, each with the lock */
	ASSERT(!wok_lock_held(&self.lock));
	finish(tasks, 2);
	return r;
}

TEST(a_condition_that_nobody_can_notify_ends_the_run, "G7", "D9")
{
	ASSERT_ERR(wok_test_run(wait_for_nobody, NULL, NULL), -EDEADLK);
	ASSERT(strstr(wok_errmsg(-EDEADLK), "waits for a condition"));
}

/* --- all at once ------------------------------------------------------------------------------ */

static int come_and_go(void *arg)
{
	struct shelf *self = arg;

	for (int i = 0; i < 20; i++) {
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		WOK_TRY(wok_lock_acquire(&self->lock));
		int r = 0;
		WOK_TIMEOUT (&timeout, (i * 7 % 5) * WOK_MS) {
			r = wok_condition_wait_until(&self->filled, has_dish, self);
		}
		if (r == 0) {
			self->dishes--;
			self->n_got++;
		}
		ASSERT_OK(wok_lock_release(&self->lock));
		WOK_TRY(wok_sleep((i * 3 % 4) * WOK_MS));
	}
	return 0;
}

TEST_TASK(no_notification_is_lost_under_timeouts_and_cancels, "D9", "D11")
{
	struct shelf self = SHELF_INIT(self);
	wok_task *tasks[12];
	int put = 0;

	for (int i = 0; i < 12; i++)
		tasks[i] = wok_create_task(come_and_go, &self);
	for (int i = 0; i < 60; i++) {
		ASSERT_OK(wok_sleep(WOK_MS));
		ASSERT_OK(wok_lock_acquire(&self.lock));
		self.dishes++;
		put++;
		ASSERT_OK(wok_condition_notify(&self.filled, 1));
		ASSERT_OK(wok_lock_release(&self.lock));
		if (i % 9 == 0)
			wok_cancel(tasks[i % 12]);
	}
	WOK_IGNORE(wok_gather(tasks, 12, WOK_COLLECT));
	ASSERT_EQ(self.n_got + self.dishes, put);
	ASSERT(!wok_lock_held(&self.lock));
	finish(tasks, 12);
}

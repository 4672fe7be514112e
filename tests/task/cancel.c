/* SPDX-License-Identifier: MIT */
/* Cancelling tasks: a state, not an event. See wok/task.h. */
#include <wok/wok.h>

#include "harness/reports.h"
#include "harness/test.h"

static int return_42(void *unused)
{
	(void) unused;
	return 42;
}

static int wait_long(void *unused)
{
	(void) unused;
	return wok_sleep(WOK_MINUTE);
}

static int note_start(void *started)
{
	*(bool *) started = true;
	return 0;
}

static void note_free(void *arg)
{
	*(bool *) arg = true;
}

TEST_TASK(cancelling_a_finished_task_is_false_and_changes_nothing, "B1")
{
	WOK_AUTO(wok_task) *task = wok_create_task(return_42, NULL);

	ASSERT_EQ(wok_await(task), 42);
	ASSERT(!wok_cancel(task));
	ASSERT_EQ(wok_task_result(task), 42);
	ASSERT(!wok_task_canceled(task));
}

TEST_TASK(a_handle_cancelled_before_its_first_run_never_runs, "B2")
{
	bool started = false;
	WOK_AUTO(wok_task) *task = wok_create_task(note_start, &started);

	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT(wok_task_canceled(task));
	ASSERT(!started);
}

TEST_TASK(the_argument_of_a_task_that_never_ran_is_freed, "B2")
{
	bool freed = false;
	const wok_task_options options = {.arg_free = note_free};
	WOK_AUTO(wok_task) *task = wok_create_task_with(wait_long, &freed, &options);

	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT(freed);
}

static int cancel_self_and_wait(void *unused)
{
	(void) unused;
	ASSERT(wok_cancel(wok_current_task()));
	ASSERT_ERR(wok_sleep(100 * WOK_SECOND), -ECANCELED);
	return -ECANCELED;
}

TEST_TASK(who_cancels_itself_cannot_wait_any_more, "B3")
{
	WOK_AUTO(wok_task) *task = wok_create_task(cancel_self_and_wait, NULL);

	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_EQ(wok_now(), 0);
}

static int cancel_self_and_return(void *unused)
{
	(void) unused;
	ASSERT(wok_cancel(wok_current_task()));
	return 42;
}

TEST_TASK(who_cancels_itself_and_returns_has_its_result, "B4")
{
	WOK_AUTO(wok_task) *task = wok_create_task(cancel_self_and_return, NULL);

	ASSERT_EQ(wok_await(task), 42);
	ASSERT(!wok_task_canceled(task));
}

struct granted {
	wok_semaphore permit;
	int first, second;
};

static int acquire_then_wait(void *arg)
{
	struct granted *self = arg;

	self->first = wok_semaphore_acquire(&self->permit);
	self->second = wok_yield();
	return 0;
}

TEST_TASK(what_was_granted_in_the_tick_of_the_cancel_is_delivered, "B5")
{
	struct granted self = {.permit = WOK_SEMAPHORE_INIT(0)};
	WOK_AUTO(wok_task) *task = wok_create_task(acquire_then_wait, &self);

	test_settle();
	wok_semaphore_release(&self.permit);
	ASSERT(wok_cancel(task));
	ASSERT_OK(wok_await(task));
	ASSERT_EQ(self.first, 0);
	ASSERT_EQ(self.second, -ECANCELED);
}

static int ignore_cancel(void *canceled)
{
	for (int i = 0; i < 10; i++)
		*(int *) canceled += wok_sleep(WOK_SECOND) == -ECANCELED;
	return 7;
}

TEST_TASK(a_task_that_ignores_the_cancel_meets_it_again, "B6")
{
	int canceled = 0;
	WOK_AUTO(wok_task) *task = wok_create_task(ignore_cancel, &canceled);

	test_settle();
	ASSERT(wok_cancel(task));
	ASSERT_EQ(wok_await(task), 7);
	ASSERT_EQ(canceled, 10);
	ASSERT_EQ(wok_now(), 0);
}

static int await_it(void *task)
{
	return wok_await(task);
}

TEST_TASK(cancelling_an_awaiter_leaves_the_awaited_alone, "B7")
{
	WOK_AUTO(wok_task) *task = wok_create_task(wait_long, NULL);
	WOK_AUTO(wok_task) *awaiter = wok_create_task(await_it, task);

	test_settle();
	ASSERT(wok_cancel(awaiter));
	ASSERT_ERR(wok_await(awaiter), WOK_ETASKCANCELED);
	ASSERT(!wok_task_done(task));
	ASSERT_OK(wok_await(task));
	ASSERT_EQ(wok_now(), WOK_MINUTE);
}

static int await_it_for(void *task)
{
	return wok_await_for(task, WOK_MINUTE);
}

static int gather_it(void *task)
{
	wok_task *tasks[] = {task};

	return wok_gather(tasks, 1, WOK_LEAVE_REST);
}

TEST_TASK(cancelling_who_owns_cancels_and_joins_the_owned, "B7")
{
	wok_fn *const owners[] = {await_it_for, gather_it};

	for (int i = 0; i < 2; i++) {
		WOK_AUTO(wok_task) *task = wok_create_task(wait_long, NULL);
		WOK_AUTO(wok_task) *owner = wok_create_task(owners[i], task);
		test_settle();
		ASSERT(wok_cancel(owner));
		ASSERT_ERR(wok_await(owner), WOK_ETASKCANCELED);
		ASSERT(wok_task_canceled(task));
	}
	ASSERT_EQ(wok_now(), 0);
}

static int await_with_timeout(void *task)
{
	return wok_wait_for(await_it, task, WOK_SECOND);
}

TEST_TASK(a_waiter_that_is_cancelled_leaves_what_it_waits_for_running, "B8")
{
	WOK_AUTO(wok_task) *task = wok_create_task(wait_long, NULL);
	WOK_AUTO(wok_task) *waiter = wok_create_task(await_with_timeout, task);

	ASSERT_ERR(wok_await(waiter), -ETIMEDOUT);
	ASSERT(!wok_task_done(task));
	ASSERT_OK(wok_await(task));
}

static int sleep_a_second_in_a_second(void *results)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TIMEOUT (&timeout, WOK_SECOND) {
		r = wok_sleep(WOK_SECOND);
	}
	r = wok_timeout_result(&timeout, r);
	ASSERT(r == 0 || r == -ETIMEDOUT);
	++*(int *) results;
	return wok_yield();
}

TEST_TASK(a_wait_that_ends_twice_in_one_tick_ends_once)
{
	WOK_AUTO(wok_scope) *scope = NULL;
	int results = 0;

	/* The limit cancels the sleep, and then its own timer fires, before the task has run. */
	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < 10; i++)
		ASSERT_OK(wok_scope_spawn(scope, sleep_a_second_in_a_second, &results));
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_EQ(results, 10);

	/* The awaiter is cancelled, and then its task ends. */
	WOK_AUTO(wok_task) *task = wok_create_task(wait_long, NULL);
	WOK_AUTO(wok_task) *awaiter = wok_create_task(await_it, task);
	WOK_AUTO(wok_task) *other = wok_create_task(await_it, task);
	test_settle();
	ASSERT(wok_cancel(task));
	ASSERT(wok_cancel(awaiter));
	ASSERT_ERR(wok_await(awaiter), WOK_ETASKCANCELED);
	ASSERT_ERR(wok_await(other), WOK_ETASKCANCELED);
	ASSERT(!wok_task_canceled(other)); /* it only passes on what it was given */
}

TEST_TASK(cancelling_is_seen_at_the_next_checkpoint_of_a_ready_task)
{
	WOK_AUTO(wok_task) *task = wok_create_task(wait_long, NULL);

	test_settle();
	ASSERT(wok_cancel(task));
	ASSERT(wok_cancel(task)); /* twice is once */
	ASSERT(!wok_task_done(task));
	ASSERT_ERR(wok_task_result(task), -EBUSY);
	test_settle();
	ASSERT(wok_task_done(task));
}

/* --- what is reported ------------------------------------------------------------------------- */

static int never_listen(void *turns)
{
	for (int i = 0; i < 3000; i++) {
		ASSERT_ERR(wok_sleep(WOK_SECOND), -ECANCELED);
		++*(int *) turns;
	}
	return 0;
}

static int cancel_one_who_never_listens(void *unused)
{
	int turns = 0;
	WOK_AUTO(wok_task) *task = wok_create_task(never_listen, &turns);

	(void) unused;
	/* The handle has begun before it is cancelled, or it would never run. */
	WOK_AUTO(wok_scope) *scope = NULL;
	ASSERT_OK(wok_scope_new(&scope));
	wok_cancel(task);
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_EQ(turns, 0);
	ASSERT_OK(wok_scope_spawn(scope, never_listen, &turns));
	wok_scope_cancel(scope, "the test said so");
	WOK_SHIELD (WOK_MINUTE) {
		/* From the thousandth on the others run between: it would be over in one turn. */
		for (int i = 0; i < 100; i++)
			ASSERT_OK(wok_yield());
		ASSERT(turns >= 1000 && turns <= 1200);
	}
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_EQ(turns, 3000);
	return 0;
}

TEST(a_thousand_ignored_cancels_are_reported_once_and_slowed_down, "B6")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, cancel_one_who_never_listens, NULL));
	ASSERT_EQ(reports.n, 1);
	ASSERT_EQ(reports.kept[0].code, -ECANCELED);
	ASSERT_STR(reports.kept[0].task, "never_listen");
	ASSERT_REPORT(&reports, 0, "the test said so");
}

static int lie(void *unused)
{
	(void) unused;
	return -ECANCELED;
}

static int await_a_liar(void *unused)
{
	WOK_AUTO(wok_task) *task = wok_create_task(lie, NULL);

	(void) unused;
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT(!wok_task_canceled(task));
	return 0;
}

TEST(a_task_that_only_says_it_was_cancelled_has_failed_and_is_reported)
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, await_a_liar, NULL));
	ASSERT_EQ(reports.n, 1);
	ASSERT_STR(reports.kept[0].task, "lie");
}

static int scope_with_a_liar(void *unused)
{
	WOK_AUTO(wok_scope) *scope = NULL;

	(void) unused;
	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, lie, NULL));
	ASSERT_ERR(wok_scope_join(scope), WOK_ETASKCANCELED);
	ASSERT_OK(wok_yield());
	return 0;
}

TEST(an_error_of_a_child_is_never_taken_for_a_cancel)
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, scope_with_a_liar, NULL));
	ASSERT_EQ(reports.n, 1);
}

/* SPDX-License-Identifier: MIT */
/*
 * What nobody should do, and somebody will: each is an error that is told, and the loop goes on.
 * Cancels, joins and scopes have theirs in files of their own; another loop's tasks: foreign.c.
 */
#include <wok/wok.h>

#include "harness/reports.h"
#include "harness/test.h"

static int nothing(void *unused)
{
	(void) unused;
	return 0;
}

static int sleep_long(void *unused)
{
	(void) unused;
	return wok_sleep(WOK_MINUTE);
}

/* --- limits and shields that are not left in order ----------------------------------------------
 */

static int leave_limits_in_the_wrong_order(void *unused)
{
	wok_timeout outer = WOK_TIMEOUT_INIT, inner = WOK_TIMEOUT_INIT;

	(void) unused;
	ASSERT(wok_timeout_enter(&outer, WOK_SECOND) == &outer);
	ASSERT(wok_timeout_enter(&inner, WOK_SECOND) == &inner);
	wok_timeout_leave(&outer);
	ASSERT_ERR(wok_timeout_set_deadline(&inner, 1), -EINVAL); /* it was left, too */
	wok_timeout_leave(&inner);
	ASSERT_OK(wok_sleep(WOK_MINUTE));
	ASSERT(wok_timeout_enter(&inner, WOK_SECOND) == &inner);
	wok_timeout_leave(&inner);
	return 0;
}

TEST(a_limit_that_is_left_too_late_went_with_the_one_around_it, "C13")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, leave_limits_in_the_wrong_order, NULL));
	ASSERT_EQ(reports.n, 1);
	ASSERT_REPORT(&reports, 0, "did not leave a time limit");
	ASSERT_STR(reports.kept[0].task, "main");
}

static wok_timeout left_entered = WOK_TIMEOUT_INIT;

static int enter_and_return(void *unused)
{
	(void) unused;
	ASSERT(wok_timeout_enter(&left_entered, WOK_SECOND) != NULL);
	return 0;
}

static int end_within_a_limit(void *unused)
{
	WOK_AUTO(wok_task) *task = wok_create_task(enter_and_return, NULL);

	(void) unused;
	ASSERT_OK(wok_await(task));
	ASSERT_ERR(wok_timeout_set_deadline(&left_entered, 1), -EINVAL);
	ASSERT(wok_timeout_enter(&left_entered, WOK_SECOND) != NULL);
	wok_timeout_leave(&left_entered);
	return 0;
}

TEST(a_task_that_ends_within_a_limit_has_left_it, "C13")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, end_within_a_limit, NULL));
	ASSERT_EQ(reports.n, 1);
	ASSERT_STR(reports.kept[0].task, "enter_and_return");
}

static int raise_shields_in_disorder(void *unused)
{
	wok_shield outer = {{0}}, inner = {{0}};

	(void) unused;
	wok_shield_enter(&outer, WOK_SECOND);
	wok_shield_enter(&inner, WOK_SECOND);
	wok_shield_enter(&inner, WOK_SECOND); /* it is raised already */
	wok_shield_leave(&outer);
	wok_shield_leave(&inner);
	wok_cancel(wok_current_task());
	ASSERT_ERR(wok_yield(), -ECANCELED); /* none is left */
	return 0;
}

TEST(a_shield_is_lowered_with_the_one_around_it, "C13")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, raise_shields_in_disorder, NULL));
	ASSERT_EQ(reports.n, 1);
	ASSERT_REPORT(&reports, 0, "did not leave a shield");
}

static void enter_scopes(void *ret_scope)
{
	ASSERT(wok_timeout_enter(&left_entered, WOK_SECOND) != NULL);
	ASSERT_OK(wok_scope_new(ret_scope));
	ASSERT_OK(wok_scope_spawn(*(wok_scope **) ret_scope, sleep_long, NULL));
}

static int end_within_a_clean_up(void *unused)
{
	wok_scope *scope = NULL;
	const wok_task_options options = {.arg_free = enter_scopes};
	WOK_AUTO(wok_task) *task = wok_create_task_with(nothing, &scope, &options);

	(void) unused;
	ASSERT_OK(wok_await(task));
	ASSERT_EQ(wok_scope_children(scope), 0); /* it was joined at the task's end */
	wok_scope_free(scope);
	ASSERT_ERR(wok_timeout_set_deadline(&left_entered, 1), -EINVAL);
	return wok_sleep(WOK_MINUTE);
}

TEST(what_a_tasks_clean_up_has_entered_is_left_too, "C13")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, end_within_a_clean_up, NULL));
	ASSERT_EQ(reports.n, 2);
	ASSERT_REPORT(&reports, 0, "did not free a scope");
	ASSERT_REPORT(&reports, 1, "did not leave a time limit");
}

/* --- an iterator that goes under who waits in it -------------------------------------------------
 */

static wok_completed *completed;

static int take_next(void *unused)
{
	wok_task *task = NULL;
	int r = wok_completed_next(completed, &task);

	(void) unused;
	ASSERT(task == NULL);
	return r;
}

TEST_TASK(who_waits_for_the_next_of_several_is_told_that_the_iterator_was_freed)
{
	WOK_AUTO(wok_task) *task = wok_create_task(sleep_long, NULL);

	ASSERT_OK(wok_as_completed(&task, 1, &completed));
	WOK_AUTO(wok_task) *taker = wok_create_task(take_next, NULL);
	test_settle();
	wok_completed_free(completed);
	ASSERT_ERR(wok_await(taker), -EBADF);
}

static int take_any(void *unused)
{
	wok_task *task = NULL;

	(void) unused;
	return wok_completed_next(completed, &task);
}

TEST_TASK(an_iterator_may_be_freed_when_its_taker_is_about_to_run)
{
	WOK_AUTO(wok_task) *task = wok_create_task(sleep_long, NULL);

	ASSERT_OK(wok_as_completed(&task, 1, &completed));
	WOK_AUTO(wok_task) *taker = wok_create_task(take_any, NULL);
	test_settle();
	wok_cancel(task);
	while (!wok_task_done(task)) /* its end wakes the taker */
		ASSERT_OK(wok_yield());
	bool was_early = wok_task_done(taker); /* as some seeds want it */
	wok_completed_free(completed);
	ASSERT_EQ(wok_await(taker), was_early ? 1 : -EBADF);
}

/* --- the last tick -------------------------------------------------------------------------------
 */

static int released;

static void release(void *unused)
{
	(void) unused;
	released++;
}

static int must_not_run(void *unused)
{
	(void) unused;
	FAIL("it ran");
}

static int start_too_late(void *scope)
{
	const wok_task_options options = {.arg_free = release};
	const wok_task_options eager = {.arg_free = release, .eager = true};
	WOK_AUTO(wok_task) *task = wok_create_task_with(must_not_run, NULL, &options);
	WOK_AUTO(wok_task) *next = wok_create_task_with(must_not_run, NULL, &eager);

	ASSERT_ERR(wok_task_result(task), -ESHUTDOWN);
	ASSERT_ERR(wok_task_result(next), -ESHUTDOWN);
	ASSERT_ERR(wok_scope_spawn_with(scope, must_not_run, NULL, &options), -ESHUTDOWN);
	ASSERT_EQ(released, 3);
	return 0;
}

static int end_with_a_callback(void *ret_scope)
{
	const wok_scope_options options = {.background = true};

	ASSERT_OK(wok_scope_new_with(&options, ret_scope));
	wok_call_soon(start_too_late, *(wok_scope **) ret_scope);
	return 0;
}

TEST(nothing_starts_when_the_last_task_has_ended, "B22")
{
	wok_scope *scope;

	ASSERT_OK(wok_test_run(end_with_a_callback, &scope, NULL));
	ASSERT_EQ(released, 3);
	wok_scope_free(scope);
}

/* Whether the run is over by then, or just about to be: it does not run, and is released. */
static void start_at_the_end(wok_task *task, void *unused)
{
	const wok_task_options options = {.arg_free = release};
	wok_task *late = wok_create_task_with(must_not_run, NULL, &options);

	(void) unused;
	ASSERT(wok_task_canceled(task));
	wok_task_detach(&late);
}

static int leave_a_task(void *unused)
{
	wok_task *task = wok_create_task(sleep_long, NULL);

	(void) unused;
	ASSERT_OK(wok_task_on_done(task, start_at_the_end, NULL));
	wok_task_detach(&task);
	return wok_yield();
}

TEST(the_call_at_the_end_of_the_last_task_starts_nothing, "B22")
{
	ASSERT_OK(wok_test_run(leave_a_task, NULL, NULL));
	ASSERT_EQ(released, 1);
}

/* --- sizes that cannot be ------------------------------------------------------------------------
 */

/* The sanitizers' allocators take the others for a bug. */
enum { COPIES = TEST_SANITIZED ? 2 : 4 };

TEST_TASK(sizes_beyond_all_memory_are_out_of_memory, "G3")
{
	static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 8, SIZE_MAX / 2, SIZE_MAX / 8};
	WOK_AUTO(wok_scope) *scope = NULL;
	char arg = 0;

	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < 4; i++) {
		const wok_task_options deep = {.stack_size = sizes[i]};
		WOK_AUTO(wok_task) *task = wok_create_task_with(nothing, NULL, &deep);
		ASSERT_ERR(wok_await(task), -ENOMEM);
		if (i >= COPIES)
			continue;
		WOK_AUTO(wok_task) *copy = wok_create_task_copy(nothing, &arg, sizes[i]);
		ASSERT_ERR(wok_await(copy), -ENOMEM);
		ASSERT_ERR(wok_scope_spawn_copy(scope, nothing, &arg, sizes[i]), -ENOMEM);
		ASSERT_ERR(wok_coro_await(wok_coro_copy(nothing, &arg, sizes[i])), -ENOMEM);
	}
}

static int go_deep(void *unused)
{
	(void) unused;
	ASSERT_ERR(wok_on_big_stack(nothing, NULL), -ENOMEM);
	return 0;
}

TEST(a_run_with_stacks_beyond_all_memory_says_so, "G3")
{
	ASSERT_ERR(wok_run_with(nothing, NULL, &(wok_run_options){.stack_size = SIZE_MAX}),
		   -ENOMEM);
	ASSERT_OK(wok_run_with(go_deep, NULL, &(wok_run_options){.big_stack_size = SIZE_MAX}));
}

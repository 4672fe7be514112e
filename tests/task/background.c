/* SPDX-License-Identifier: MIT */
/* Background scopes, and scopes in the wrong hands: see wok/scope.h. */
#include <wok/wok.h>

#include "harness/reports.h"
#include "harness/test.h"

static const wok_scope_options background = {.background = true};

static int wait_long(void *canceled)
{
	int r = wok_sleep(WOK_MINUTE);

	*(int *) canceled += r == -ECANCELED;
	return r;
}

static int wait_short(void *unused)
{
	(void) unused;
	return wok_sleep(WOK_SECOND);
}

static int fail(void *unused)
{
	(void) unused;
	return wok_fail(-EIO, "the disk is gone");
}

static int join(void *scope)
{
	return wok_scope_join(scope);
}

static int open_and_spawn(void *ret_scope)
{
	wok_scope *scope = NULL;

	ASSERT_OK(wok_scope_new_with(&background, &scope));
	ASSERT_OK(wok_scope_spawn(scope, wait_short, NULL));
	*(wok_scope **) ret_scope = scope;
	return 0;
}

TEST_TASK(a_background_scope_outlives_the_task_that_opened_it)
{
	wok_scope *made = NULL;
	WOK_AUTO(wok_task) *opener = wok_create_task(open_and_spawn, &made);

	ASSERT_OK(wok_await(opener));
	WOK_AUTO(wok_scope) *scope = made;
	ASSERT_EQ(wok_scope_children(scope), 1);
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_EQ(wok_now(), WOK_SECOND);
	/* It stays open. */
	ASSERT_OK(wok_scope_spawn(scope, wait_short, NULL));
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_EQ(wok_now(), 2 * WOK_SECOND);
}

TEST_TASK(cancelling_who_joins_a_background_scope_cancels_its_children, "B7")
{
	WOK_AUTO(wok_scope) *scope = NULL;
	int canceled = 0;

	ASSERT_OK(wok_scope_new_with(&background, &scope));
	ASSERT_OK(wok_scope_spawn(scope, wait_long, &canceled));
	WOK_AUTO(wok_task) *joiner = wok_create_task(join, scope);
	test_settle();
	ASSERT(wok_cancel(joiner));
	ASSERT_ERR(wok_await(joiner), WOK_ETASKCANCELED);
	ASSERT_EQ(canceled, 1);
	ASSERT_EQ(wok_scope_children(scope), 0);
}

TEST_TASK(one_task_joins_a_scope_at_a_time)
{
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new_with(&background, &scope));
	ASSERT_OK(wok_scope_spawn(scope, wait_short, NULL));
	WOK_AUTO(wok_task) *joiner = wok_create_task(join, scope);
	test_settle();
	ASSERT_ERR(wok_scope_join(scope), -EINVAL);
	ASSERT_OK(wok_await(joiner));
}

TEST_TASK(an_entered_scope_is_joined_by_its_task_only, "C13")
{
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new(&scope));
	WOK_AUTO(wok_task) *other = wok_create_task(join, scope);
	ASSERT_ERR(wok_await(other), -EINVAL);
	ASSERT_OK(wok_scope_join(scope));
}

struct respawn {
	wok_scope *scope;
	int left;
};

static int respawn(void *arg)
{
	struct respawn *self = arg;

	return self->left-- > 0 ? wok_scope_spawn(self->scope, respawn, self) : 0;
}

static int keep_spawning(void *arg)
{
	struct respawn *self = arg;

	for (int i = 0; i < 50; i++) {
		/* The last child ends in the tick in which another one is spawned. */
		ASSERT_OK(wok_scope_spawn(self->scope, wait_short, NULL));
		ASSERT_OK(wok_sleep(WOK_SECOND));
		ASSERT_OK(wok_scope_spawn(self->scope, respawn, self));
	}
	return 0;
}

TEST_TASK(children_that_come_while_the_joiner_wakes_are_joined_too)
{
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new_with(&background, &scope));
	struct respawn self = {scope, 100};
	WOK_AUTO(wok_task) *spawner = wok_create_task(keep_spawning, &self);
	while (!wok_task_done(spawner)) {
		ASSERT_OK(wok_scope_join(scope));
		ASSERT_OK(wok_sleep(WOK_MS));
	}
	ASSERT_OK(wok_await(spawner));
	ASSERT_OK(wok_scope_join(scope));
}

/* --- what is reported ------------------------------------------------------------------------- */

static int free_in_the_wrong_order(void *unused)
{
	wok_scope *outer = NULL, *inner = NULL;
	int canceled = 0;

	(void) unused;
	ASSERT_OK(wok_scope_new(&outer));
	ASSERT_OK(wok_scope_spawn(outer, wait_long, &canceled));
	ASSERT_OK(wok_scope_new(&inner));
	ASSERT_OK(wok_scope_spawn(inner, wait_long, &canceled));
	test_settle();
	wok_scope_free(outer);
	test_settle(); /* outer's children end, while inner is still entered */
	ASSERT_EQ(canceled, 2);
	wok_scope_free(inner);
	/* The forgotten one stays around its task, cancelled. */
	ASSERT_ERR(wok_yield(), -ECANCELED);
	return 42;
}

TEST(freeing_scopes_in_the_wrong_order_is_reported_and_survived, "C13")
{
	struct test_reports reports;

	ASSERT_EQ(test_run_reporting(&reports, free_in_the_wrong_order, NULL), 42);
	ASSERT_EQ(reports.n, 1);
	ASSERT_REPORT(&reports, 0, "before a scope or timeout within it was left");
}

static int free_it(void *scope)
{
	wok_scope_free(scope);
	return 0;
}

static int free_from_another_task(void *unused)
{
	wok_scope *scope = NULL;
	int canceled = 0;
	wok_timeout around = WOK_TIMEOUT_INIT;

	(void) unused;
	WOK_TIMEOUT (&around, WOK_MINUTE) {
		ASSERT_OK(wok_scope_new(&scope));
		ASSERT_OK(wok_scope_spawn(scope, wait_long, &canceled));
		WOK_AUTO(wok_task) *thief = wok_create_task(free_it, scope);
		ASSERT_ERR(wok_await(thief), -ECANCELED);
	}
	ASSERT_EQ(canceled, 1);
	ASSERT_OK(wok_yield()); /* the block around it has been left, and the scope with it */
	return 0;
}

TEST(freeing_a_scope_from_another_task_is_reported_and_survived, "C13")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, free_from_another_task, NULL));
	ASSERT_EQ(reports.n, 1);
	ASSERT_REPORT(&reports, 0, "by a task that did not open it");
}

static int forget_to_free(void *unused)
{
	wok_scope *scope = NULL;

	(void) unused;
	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, wait_short, NULL));
	*(wok_scope **) unused = scope;
	return 0;
}

static int await_the_forgetful(void *unused)
{
	wok_scope *scope = NULL;
	WOK_AUTO(wok_task) *task = wok_create_task(forget_to_free, &scope);

	(void) unused;
	ASSERT_OK(wok_await(task));
	wok_scope_free(scope); /* it was left; this is its memory */
	return wok_yield();
}

TEST(a_scope_that_its_task_forgot_is_reported_and_left, "C13")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, await_the_forgetful, NULL));
	ASSERT_EQ(reports.n, 1);
	ASSERT_REPORT(&reports, 0, "did not free a scope");
	ASSERT_STR(reports.kept[0].task, "forget_to_free");
}

static int free_without_a_join(void *unused)
{
	wok_scope *scope = NULL;

	(void) unused;
	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, fail, NULL));
	ASSERT_OK(wok_scope_spawn(scope, wait_short, NULL));
	test_settle();
	wok_scope_free(scope);
	return 0;
}

TEST(errors_that_no_join_handed_out_are_reported, "B20")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, free_without_a_join, NULL));
	ASSERT_EQ(reports.n, 1);
	ASSERT_EQ(reports.kept[0].code, -EIO);
	ASSERT_REPORT(&reports, 0, "the disk is gone");
	ASSERT_STR(reports.kept[0].task, "fail");
}

static int free_in_callback(void *scope)
{
	wok_scope_free(scope);
	return 0;
}

static int free_where_no_task_can_wait(void *unused)
{
	wok_scope *scope = NULL;
	int canceled = 0;

	(void) unused;
	ASSERT_OK(wok_scope_new_with(&background, &scope));
	ASSERT_OK(wok_scope_spawn(scope, wait_long, &canceled));
	test_settle();
	wok_call_soon(free_in_callback, scope);
	test_settle();
	ASSERT_EQ(canceled, 1);
	return 0;
}

TEST(a_scope_freed_in_a_callback_is_cancelled_and_released_later)
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, free_where_no_task_can_wait, NULL));
	ASSERT_EQ(reports.n, 1);
	ASSERT_REPORT(&reports, 0, "where no task can wait");
}

static int join_ignoring_the_rest(void *scope)
{
	WOK_IGNORE(wok_scope_join(scope));
	return 0;
}

static int free_under_a_joiner(void *unused)
{
	wok_scope *scope = NULL;
	int canceled = 0;

	(void) unused;
	ASSERT_OK(wok_scope_new_with(&background, &scope));
	ASSERT_OK(wok_scope_spawn(scope, wait_long, &canceled));
	WOK_AUTO(wok_task) *joiner = wok_create_task(join_ignoring_the_rest, scope);
	test_settle();
	wok_scope_free(scope);
	ASSERT_OK(wok_await(joiner));
	ASSERT_EQ(canceled, 1);
	return 0;
}

TEST(a_scope_freed_under_its_joiner_is_reported_and_released_by_it)
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, free_under_a_joiner, NULL));
	ASSERT_EQ(reports.n, 1);
	ASSERT_REPORT(&reports, 0, "while it was being joined");
}

static wok_scope *outlives;

static int leave_a_scope_behind(void *unused)
{
	const wok_scope_options options = {.background = true, .timeout = WOK_MINUTE};

	(void) unused;
	ASSERT_OK(wok_scope_new_with(&options, &outlives));
	return wok_scope_spawn(outlives, wait_short, NULL);
}

TEST(a_background_scope_may_be_freed_after_its_run)
{
	struct test_reports reports;
	int canceled = 0;

	ASSERT_OK(test_run_reporting(&reports, leave_a_scope_behind, NULL));
	ASSERT_EQ(wok_scope_children(outlives), 0);
	ASSERT_ERR(wok_scope_spawn(outlives, wait_long, &canceled), -ESHUTDOWN);
	wok_scope_free(outlives);
	ASSERT_EQ(reports.n, 0);
}

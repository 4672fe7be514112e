/* SPDX-License-Identifier: MIT */
/* Shields hold a cancel from outside off, for a while: see wok/timeout.h and wok/scope.h. */
#include <wok/wok.h>

#include "harness/test.h"

struct part {
	wok_time span; /* of the wait under the shield */
	wok_time grace;
	int inside, after;
	wok_time ended;
};

static int work_shielded(void *arg)
{
	struct part *self = arg;

	WOK_SHIELD (self->grace) {
		self->inside = wok_sleep(self->span);
		self->ended = wok_now();
	}
	self->after = wok_yield();
	return self->after;
}

TEST_TASK(shielded_tasks_in_a_gather_finish_and_then_see_the_cancel, "B10")
{
	struct part parts[2] = {{.span = WOK_SECOND, .grace = WOK_MINUTE},
				{.span = 2 * WOK_SECOND, .grace = WOK_MINUTE}};
	WOK_AUTO(wok_task) *a = wok_create_task(work_shielded, &parts[0]);
	WOK_AUTO(wok_task) *b = wok_create_task(work_shielded, &parts[1]);
	wok_task *tasks[] = {a, b};
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TIMEOUT (&timeout, WOK_MS) {
		r = wok_gather(tasks, 2, 0);
	}
	ASSERT_ERR(wok_timeout_result(&timeout, r), -ETIMEDOUT);
	ASSERT_EQ(wok_now(), 2 * WOK_SECOND);
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(parts[i].inside, 0);
		ASSERT_EQ(parts[i].after, -ECANCELED);
	}
}

TEST_TASK(a_shield_gives_way_when_its_grace_is_over)
{
	struct part part = {.span = WOK_MINUTE, .grace = 2 * WOK_SECOND};
	WOK_AUTO(wok_task) *task = wok_create_task(work_shielded, &part);

	ASSERT_OK(wok_sleep(5 * WOK_SECOND)); /* without a cancel it has no end */
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_EQ(part.inside, -ECANCELED);
	ASSERT_EQ(part.ended, 7 * WOK_SECOND);
}

TEST_TASK(the_grace_of_a_shield_raised_after_the_cancel_runs_from_its_block)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	WOK_TIMEOUT (&timeout, WOK_SECOND) {
		ASSERT_ERR(wok_sleep(WOK_MINUTE), -ECANCELED);
		WOK_SHIELD (3 * WOK_SECOND) {
			ASSERT_OK(wok_sleep(WOK_SECOND));
			ASSERT_ERR(wok_sleep(WOK_MINUTE), -ECANCELED);
		}
		ASSERT_EQ(wok_now(), 4 * WOK_SECOND);
		ASSERT_ERR(wok_yield(), -ECANCELED);
	}
}

TEST_TASK(a_grace_of_zero_is_that_of_the_run)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	WOK_TIMEOUT (&timeout, 0) {
		WOK_SHIELD (0) {
			ASSERT_ERR(wok_sleep(WOK_MINUTE), -ECANCELED);
		}
	}
	ASSERT_EQ(wok_now(), 5 * WOK_SECOND);
}

TEST_TASK(a_shield_within_a_shield_lasts_no_longer_than_that_one)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	WOK_TIMEOUT (&timeout, WOK_SECOND) {
		WOK_SHIELD (2 * WOK_SECOND) {
			WOK_SHIELD (WOK_MINUTE) {
				ASSERT_ERR(wok_sleep(10 * WOK_SECOND), -ECANCELED);
			}
			ASSERT_EQ(wok_now(), 3 * WOK_SECOND);
			/* Nor does one that is raised when the other is used up. */
			WOK_SHIELD (WOK_MINUTE) {
				ASSERT_ERR(wok_sleep(10 * WOK_SECOND), -ECANCELED);
			}
			ASSERT_EQ(wok_now(), 3 * WOK_SECOND);
		}
	}
}

TEST_TASK(a_shorter_shield_within_a_shield_gives_way_with_that_one_only)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	WOK_TIMEOUT (&timeout, WOK_SECOND) {
		WOK_SHIELD (10 * WOK_SECOND) {
			/* No cancel has come to it: the outer one holds it off. */
			WOK_SHIELD (WOK_SECOND) {
				ASSERT_OK(wok_sleep(5 * WOK_SECOND));
				ASSERT_ERR(wok_sleep(WOK_MINUTE), -ECANCELED);
			}
			ASSERT_EQ(wok_now(), 11 * WOK_SECOND);
		}
	}
}

TEST_TASK(a_scopes_shield_is_raised_and_lowered, "C11")
{
	WOK_AUTO(wok_scope) *outer = NULL;
	WOK_AUTO(wok_scope) *inner = NULL;

	ASSERT_OK(wok_scope_new(&outer));
	ASSERT_OK(wok_scope_new_with(&(wok_scope_options){.shield = WOK_MINUTE}, &inner));
	wok_scope_cancel(outer, NULL);
	ASSERT_OK(wok_sleep(WOK_SECOND));
	wok_scope_set_shield(inner, 0);
	ASSERT_ERR(wok_sleep(WOK_SECOND), -ECANCELED);
	wok_scope_set_shield(inner, WOK_MINUTE);
	ASSERT_OK(wok_sleep(WOK_SECOND));
	wok_scope_set_shield(inner, 0);
	ASSERT_ERR(wok_scope_join(inner), -ECANCELED);
	ASSERT_OK(wok_scope_join(outer));
}

TEST_TASK(a_shield_does_not_hold_off_its_own_scopes_cancel, "C11")
{
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new_with(&(wok_scope_options){.shield = WOK_MINUTE}, &scope));
	wok_scope_cancel(scope, NULL);
	ASSERT_ERR(wok_yield(), -ECANCELED);
	ASSERT_OK(wok_scope_join(scope));
}

struct lowering {
	wok_scope *inner;
	int inside, after;
};

static int wait_in_shielded_scope(void *arg)
{
	struct lowering *self = arg;
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new_with(&(wok_scope_options){.shield = WOK_MINUTE}, &scope));
	self->inner = scope;
	self->inside = wok_sleep(WOK_MINUTE);
	int r = wok_scope_join(scope);
	self->after = wok_yield();
	return r;
}

TEST_TASK(lowering_the_shield_lets_the_cancel_in_that_it_held_off, "C11")
{
	struct lowering self = {0};
	WOK_AUTO(wok_task) *task = wok_create_task(wait_in_shielded_scope, &self);

	test_settle();
	ASSERT(wok_cancel(task));
	test_settle();
	ASSERT(!wok_task_done(task));
	wok_scope_set_shield(self.inner, 0);
	/* The scope was not cancelled itself, so it does not absorb the cancel that passes. */
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_EQ(self.inside, -ECANCELED);
	ASSERT_EQ(self.after, -ECANCELED);
	ASSERT_EQ(wok_now(), 0);
}

static int wait_long(void *ret_result)
{
	*(int *) ret_result = wok_sleep(2 * WOK_SECOND);
	return 0;
}

TEST_TASK(a_scopes_shield_covers_its_children)
{
	WOK_AUTO(wok_scope) *outer = NULL;
	WOK_AUTO(wok_scope) *inner = NULL;
	int result = 1;

	ASSERT_OK(wok_scope_new(&outer));
	ASSERT_OK(wok_scope_new_with(&(wok_scope_options){.shield = WOK_MINUTE}, &inner));
	ASSERT_OK(wok_scope_spawn(inner, wait_long, &result));
	wok_scope_cancel(outer, NULL);
	ASSERT_OK(wok_scope_join(inner));
	ASSERT_EQ(result, 0);
	ASSERT_ERR(wok_yield(), -ECANCELED);
}

static int free_slow_task(void *arg)
{
	struct part *part = arg;
	WOK_AUTO(wok_task) *task = wok_create_task(work_shielded, part);

	return wok_sleep(WOK_MINUTE);
}

TEST_TASK(freeing_a_task_waits_for_it_though_the_caller_is_cancelled)
{
	struct part part = {.span = 3 * WOK_SECOND, .grace = WOK_MINUTE};
	WOK_AUTO(wok_task) *task = wok_create_task(free_slow_task, &part);

	test_settle();
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_EQ(part.ended, 3 * WOK_SECOND);
}

struct nested {
	wok_scope *between;
	wok_time gave_way;
};

static int nest_shields(void *arg)
{
	struct nested *nested = arg;

	WOK_SHIELD (2 * WOK_SECOND) {
		WOK_AUTO(wok_scope) *scope = NULL;
		ASSERT_OK(wok_scope_new(&scope));
		nested->between = scope;
		WOK_SHIELD (10 * WOK_MINUTE) {
			ASSERT_ERR(wok_sleep(WOK_MINUTE), -ECANCELED);
			nested->gave_way = wok_now();
		}
	}
	return 0;
}

TEST_TASK(a_shield_whose_time_runs_already_is_shortened_by_one_around_it)
{
	struct nested nested = {0};
	WOK_AUTO(wok_task) *task = wok_create_task(nest_shields, &nested);

	test_settle();
	wok_scope_cancel(nested.between, "first");
	ASSERT_OK(wok_sleep(WOK_SECOND));
	ASSERT(wok_cancel(task));
	ASSERT_OK(wok_await(task));
	ASSERT_EQ(nested.gave_way, 3 * WOK_SECOND);
}

TEST_TASK(a_cancel_before_the_first_wait_within_a_shield_starts_its_grace)
{
	WOK_AUTO(wok_scope) *scope = NULL;
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	ASSERT_OK(wok_scope_new(&scope));
	WOK_SHIELD (WOK_SECOND) {
		wok_scope_cancel(scope, NULL);
		WOK_TIMEOUT (&timeout, WOK_MINUTE) {
			ASSERT_ERR(wok_sleep(60 * WOK_MINUTE), -ECANCELED);
		}
	}
	ASSERT(!wok_timeout_expired(&timeout));
	ASSERT_EQ(wok_now(), WOK_SECOND);
}

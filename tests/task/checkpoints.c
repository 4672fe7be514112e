/* SPDX-License-Identifier: MIT */
/*
 * What the headers say of each call: "Checkpoint: always" delivers a cancel, "never" does not and
 * lets nobody else run, "shielded" may let others run and delivers none. Calls of streams, locks
 * and the like prove it where they are tested.
 */
#include <wok/wok.h>

#include "harness/test.h"

static int return_1(void *unused)
{
	(void) unused;
	return 1;
}

static int wait_long(void *unused)
{
	(void) unused;
	return wok_sleep(WOK_MINUTE);
}

static int join_nothing(void *unused)
{
	WOK_AUTO(wok_scope) *scope = NULL;

	(void) unused;
	WOK_TRY(wok_scope_new(&scope));
	return wok_scope_join(scope);
}

static wok_task *ended;

static int await_ended(void *unused)
{
	(void) unused;
	return wok_await(ended);
}

static int await_ended_for(void *unused)
{
	(void) unused;
	return wok_await_for(ended, WOK_SECOND);
}

static int gather_ended(void *unused)
{
	(void) unused;
	return wok_gather(&ended, 1, 0);
}

static int for_each_of_none(void *unused)
{
	int array[1];

	(void) unused;
	return wok_for_each(return_1, array, 0, 0, 0);
}

static int yield(void *unused)
{
	(void) unused;
	return wok_yield();
}

TEST_TASK(joins_are_checkpoints_even_when_there_is_nothing_to_wait_for)
{
	wok_fn *const calls[] = {await_ended,      await_ended_for, gather_ended,
				 for_each_of_none, join_nothing,    yield};

	ended = wok_create_task(return_1, NULL);
	test_settle();
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		uint64_t before = wok_test_checkpoints();
		ASSERT_OK(calls[i](NULL));
		ASSERT(wok_test_checkpoints() > before);
		/* In a scope that is cancelled it fails, though what it asks for is there. */
		ASSERT_ERR(wok_wait_for(calls[i], NULL, 0), -ETIMEDOUT);
	}
	wok_task_free(ended);
}

static int note_turn(void *turns)
{
	++*(int *) turns;
	return 0;
}

TEST_TASK(calls_that_are_no_checkpoints_let_nobody_else_run)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	wok_event event = WOK_EVENT_INIT;
	wok_scope *scope = NULL;
	int turns = 0;

	wok_task *other = wok_create_task(note_turn, &turns);
	uint64_t before = wok_test_checkpoints();
	WOK_TIMEOUT (&timeout, 0) { /* nor do they care for a cancel */
		wok_task *task = wok_create_task(wait_long, NULL);
		ASSERT(wok_cancel(task));
		wok_task_detach(&task);
		ASSERT_OK(wok_scope_new(&scope));
		ASSERT_OK(wok_scope_spawn(scope, note_turn, &turns));
		wok_scope_cancel(scope, NULL);
		ASSERT(wok_scope_canceled(scope));
		wok_event_set(&event);
		wok_event_clear(&event);
		wok_call_soon(note_turn, &turns);
		ASSERT_ERR(wok_task_result(other), -EBUSY);
		ASSERT(wok_timeout_expired(&timeout));
		WOK_SHIELD (WOK_SECOND) {
			ASSERT(wok_now() == 0);
		}
		ASSERT_EQ(wok_test_checkpoints(), before);
		ASSERT_EQ(turns, 0);
		wok_scope_free(scope); /* this one waits, and fails for nobody */
		ASSERT(turns >= 1);
	}
	wok_task_free(other);
}

static int turn_round(void *ret_turns)
{
	for (int i = 0; i < 10; i++) {
		++*(int *) ret_turns;
		WOK_TRY(wok_yield());
	}
	return 0;
}

TEST_TASK(quick_completions_in_a_row_let_the_others_run_in_the_end, "A15")
{
	wok_event event = WOK_EVENT_INIT;
	int turns = 0;
	WOK_AUTO(wok_task) *other = wok_create_task(turn_round, &turns);

	wok_event_set(&event);
	for (int i = 0; i < 10 * 128; i++)
		ASSERT_OK(wok_event_wait(&event));
	ASSERT(turns >= 9);
	ASSERT_OK(wok_await(other));
}

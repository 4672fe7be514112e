/* SPDX-License-Identifier: MIT */
/* Callbacks: see wok_call_soon(). */
#include <wok/wok.h>

#include "harness/reports.h"
#include "harness/test.h"

/* Notes who was called, in order. */
struct calls {
	int order[64];
	int n;
};

struct call {
	struct calls *calls;
	int number;
	int freed;
	wok_callback handle;
};

static int note(void *arg)
{
	struct call *call = arg;

	call->calls->order[call->calls->n++] = call->number;
	return 0;
}

static void note_free(void *arg)
{
	struct call *call = arg;

	call->freed++;
}

TEST_TASK(callbacks_run_in_the_order_they_were_scheduled, "A1")
{
	struct calls calls = {.n = 0};
	struct call list[10];

	for (int i = 0; i < 10; i++) {
		list[i] = (struct call){.calls = &calls, .number = i};
		ASSERT(wok_call_soon(note, &list[i]).id);
	}
	ASSERT_EQ(calls.n, 0);
	test_settle();
	ASSERT_EQ(calls.n, 10);
	for (int i = 0; i < 10; i++)
		ASSERT_EQ(calls.order[i], i);
}

static uint64_t ticks(void)
{
	wok_loop_info info;

	ASSERT_OK(wok_loop_get_info(&info));
	return info.ticks;
}

struct chain {
	uint64_t ran_in[5];
	int n;
};

static int run_again(void *arg)
{
	struct chain *chain = arg;

	chain->ran_in[chain->n++] = ticks();
	if (chain->n < 5)
		wok_call_soon(run_again, chain);
	return 0;
}

TEST_TASK(what_a_callback_schedules_runs_in_the_next_tick, "A1")
{
	struct chain chain = {.n = 0};

	wok_call_soon(run_again, &chain);
	test_settle();
	ASSERT_EQ(chain.n, 5);
	for (int i = 1; i < 5; i++)
		ASSERT_EQ(chain.ran_in[i], chain.ran_in[0] + (uint64_t) i);
}

TEST_TASK(a_cancelled_callback_is_not_called_and_releases_its_argument, "A2")
{
	struct calls calls = {.n = 0};
	struct call soon = {.calls = &calls}, later = {.calls = &calls};

	wok_callback first = wok_call_soon(note, &soon);
	wok_callback second = wok_call_at_owned(WOK_SECOND, note, &later, note_free);
	ASSERT(wok_callback_cancel(first));
	ASSERT(wok_callback_cancel(second));
	ASSERT_EQ(later.freed, 1);
	ASSERT(!wok_callback_cancel(first));
	ASSERT(!wok_callback_cancel(second));
	wok_test_advance(WOK_MINUTE);
	ASSERT_EQ(calls.n, 0);
	ASSERT_EQ(later.freed, 1);
}

TEST_TASK(cancelling_a_callback_that_ran_does_nothing, "A2")
{
	struct calls calls = {.n = 0};
	struct call one = {.calls = &calls}, two = {.calls = &calls};

	wok_callback first = wok_call_soon(note, &one);
	test_settle();
	ASSERT(!wok_callback_cancel(first));
	/* Its slot has another tenant now, which stays. */
	wok_callback second = wok_call_at_owned(0, note, &two, note_free);
	ASSERT_EQ(second.slot, first.slot);
	ASSERT(!wok_callback_cancel(first));
	test_settle();
	ASSERT_EQ(calls.n, 2);
	ASSERT_EQ(two.freed, 1);
	ASSERT(!wok_callback_cancel((wok_callback){0}));
	ASSERT(!wok_callback_cancel((wok_callback){.id = 1, .slot = 12345}));
}

static int cancel_self_and_next(void *arg)
{
	struct call *call = arg;

	ASSERT(!wok_callback_cancel(call[0].handle)); /* it runs already */
	ASSERT(wok_callback_cancel(call[1].handle));  /* it is in this very batch */
	return note(arg);
}

TEST_TASK(a_callback_cancels_one_of_its_own_tick, "A2")
{
	struct calls calls = {.n = 0};
	struct call list[2] = {{.calls = &calls}, {.calls = &calls}};

	list[0].handle = wok_call_soon(cancel_self_and_next, &list[0]);
	list[1].handle = wok_call_soon(note, &list[1]);
	test_settle();
	ASSERT_EQ(calls.n, 1);
}

TEST_TASK(a_callback_of_a_timer_that_is_due_can_still_be_cancelled, "A2")
{
	struct calls calls = {.n = 0};
	struct call list[2] = {{.calls = &calls}, {.calls = &calls}};

	list[0].handle = wok_call_at(WOK_SECOND, cancel_self_and_next, &list[0]);
	list[1].handle = wok_call_at(WOK_SECOND, note, &list[1]);
	ASSERT_OK(wok_sleep(2 * WOK_SECOND));
	ASSERT_EQ(calls.n, 1);
}

static struct call left[3];
static struct calls left_calls;

static int leave_callbacks(void *unused)
{
	(void) unused;
	for (int i = 0; i < 3; i++)
		left[i].calls = &left_calls;
	left[0].handle = wok_call_at_owned(wok_now() + WOK_MINUTE, note, &left[0], note_free);
	left[1].handle = wok_call_at_owned(0, note, &left[1], note_free);
	left[2].handle = wok_call_soon(note, &left[2]);
	return 0;
}

static int cancel_foreign(void *unused)
{
	struct call mine = {.calls = &left_calls, .number = 7};

	(void) unused;
	wok_callback handle = wok_call_soon(note, &mine);
	for (int i = 0; i < 3; i++)
		ASSERT(!wok_callback_cancel(left[i].handle)); /* of a loop that is gone */
	test_settle();
	ASSERT(!wok_callback_cancel(handle));
	return 0;
}

TEST(what_waits_at_the_end_of_the_run_is_released, "A2")
{
	ASSERT_OK(wok_test_run(leave_callbacks, NULL, NULL));
	ASSERT_EQ(left[0].freed, 1);
	ASSERT_EQ(left[1].freed, 1);
	ASSERT_OK(wok_test_run(cancel_foreign, NULL, NULL));
	ASSERT_EQ(left_calls.order[left_calls.n - 1], 7);
}

TEST(outside_of_a_loop_nothing_is_scheduled)
{
	struct call call = {0};
	struct test_reports reports = {0};

	ASSERT_OK(wok_set_report_hook(test_take_report, &reports));
	ASSERT_EQ(wok_call_soon(note, &call).id, 0);
	ASSERT_EQ(wok_call_later(WOK_SECOND, note, &call).id, 0);
	ASSERT_EQ(wok_call_at_owned(0, note, &call, note_free).id, 0);
	ASSERT_EQ(call.freed, 1);
	ASSERT_EQ(reports.n, 3);
	ASSERT(!wok_callback_cancel((wok_callback){.id = 1}));
	ASSERT(!wok_current_loop());
	ASSERT_ERR(wok_loop_get_info(&(wok_loop_info){0}), -EINVAL);
	ASSERT(wok_now() > 0);
}

static int fail(void *unused)
{
	(void) unused;
	return wok_fail(-EIO, "the callback failed");
}

static int fail_between_others(void *unused)
{
	struct calls calls = {.n = 0};
	struct call list[2] = {{.calls = &calls}, {.calls = &calls}};

	(void) unused;
	wok_call_soon(note, &list[0]);
	wok_call_soon(fail, NULL);
	wok_call_soon(note, &list[1]);
	test_settle();
	ASSERT_EQ(calls.n, 2);
	return 0;
}

TEST(an_error_of_a_callback_is_reported_and_the_others_run, "A14")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, fail_between_others, NULL));
	ASSERT_EQ(reports.n, 1);
	ASSERT_EQ(reports.kept[0].code, -EIO);
	ASSERT_REPORT(&reports, 0, "the callback failed");
}

/* --- runs within runs ------------------------------------------------------------------------- */

static int return_0(void *unused)
{
	(void) unused;
	return 0;
}

static int run_nested(void *ret_result)
{
	*(int *) ret_result = wok_run(return_0, NULL);
	return 0;
}

TEST_TASK(a_run_within_a_run_is_refused_and_harms_nothing, "A10")
{
	wok_loop *loop = wok_current_loop();
	wok_task *task = wok_current_task();
	int in_callback = 0;

	ASSERT_ERR(wok_run(return_0, NULL), -EDEADLK);
	ASSERT(strstr(wok_errmsg(-EDEADLK),
		      "wok_run() cannot be called from a running event loop"));
	ASSERT(wok_current_loop() == loop && wok_current_task() == task);
	wok_call_soon(run_nested, &in_callback);
	test_settle();
	ASSERT_EQ(in_callback, -EDEADLK);
	ASSERT_OK(wok_sleep(WOK_SECOND));
	ASSERT_EQ(wok_now(), WOK_SECOND);
}

TEST(an_unknown_backend_is_named_with_the_choices)
{
	const wok_run_options options = {.backend = "kqueue"};

	ASSERT_ERR(wok_run_with(return_0, NULL, &options), -EINVAL);
	ASSERT(strstr(wok_errmsg(-EINVAL), "kqueue") && strstr(wok_errmsg(-EINVAL), "epoll"));
	ASSERT_OK(wok_run_with(return_0, NULL, &(wok_run_options){.backend = "epoll"}));
}

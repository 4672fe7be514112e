/* SPDX-License-Identifier: MIT */
/* Time limits: see wok/timeout.h. */
#include <stdlib.h>
#include <wok/wok.h>

#include "harness/reports.h"
#include "harness/test.h"

static int sleep_for(void *span)
{
	return wok_sleep(*(wok_time *) span);
}

static size_t timers(void)
{
	wok_loop_info info;

	ASSERT_OK(wok_loop_get_info(&info));
	return info.timers;
}

static int count_timers(void *ret)
{
	*(size_t *) ret = timers();
	return 0;
}

static int wait_long(void *unused)
{
	(void) unused;
	return wok_sleep(WOK_MINUTE);
}

static int return_42(void *unused)
{
	(void) unused;
	return 42;
}

TEST_TASK(after_a_timeout_the_task_goes_on, "C1")
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TIMEOUT (&timeout, WOK_SECOND) {
		r = wok_sleep(WOK_MINUTE);
		ASSERT_ERR(wok_yield(), -ECANCELED);
	}
	ASSERT_ERR(r, -ECANCELED);
	ASSERT(wok_timeout_expired(&timeout));
	ASSERT_ERR(wok_timeout_result(&timeout, r), -ETIMEDOUT);
	ASSERT_EQ(wok_now(), WOK_SECOND);
	ASSERT_OK(wok_sleep(WOK_SECOND));
}

TEST_TASK(a_block_that_ends_in_time_is_not_cancelled)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	WOK_TIMEOUT (&timeout, WOK_SECOND) {
		ASSERT_OK(wok_sleep(WOK_MS));
	}
	ASSERT(!wok_timeout_expired(&timeout));
	ASSERT_EQ(wok_timeout_result(&timeout, 3), 3);
	ASSERT_OK(wok_sleep(WOK_MINUTE));
}

TEST_TASK(the_first_checkpoint_under_a_limit_of_zero_fails, "C4")
{
	const wok_time limits[] = {0, -WOK_SECOND};

	for (int i = 0; i < 2; i++) {
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		bool started = false;
		WOK_TIMEOUT (&timeout, limits[i]) {
			started = true;
			ASSERT_ERR(wok_yield(), -ECANCELED);
		}
		ASSERT(started);
		ASSERT(wok_timeout_expired(&timeout));
	}
	ASSERT_ERR(wok_wait_for(wait_long, NULL, 0), -ETIMEDOUT);
	ASSERT_EQ(wok_wait_for(return_42, NULL, 0), 42);
	ASSERT_EQ(wok_now(), 0);
}

TEST_TASK(awaiting_for_no_time_takes_only_what_is_there, "C4")
{
	WOK_AUTO(wok_task) *slow = wok_create_task(wait_long, NULL);
	WOK_AUTO(wok_task) *fast = wok_create_task(return_42, NULL);

	test_settle();
	ASSERT_ERR(wok_await_for(slow, 0), -ETIMEDOUT);
	ASSERT(wok_task_canceled(slow));
	ASSERT_EQ(wok_await_for(fast, 0), 42);
	ASSERT_EQ(wok_await_for(fast, -1), 42);
	ASSERT_EQ(wok_now(), 0);
}

struct limited {
	wok_timeout timeout;
	int result;
};

static int run_limited(void *arg)
{
	struct limited *self = arg;

	WOK_TIMEOUT (&self->timeout, WOK_SECOND) {
		self->result = wok_sleep(WOK_MINUTE);
	}
	self->result = wok_timeout_result(&self->timeout, self->result);
	return self->result;
}

TEST_TASK(a_cancel_from_outside_is_no_timeout, "C5")
{
	struct limited self = {.timeout = WOK_TIMEOUT_INIT};
	WOK_AUTO(wok_task) *task = wok_create_task(run_limited, &self);

	test_settle();
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_EQ(self.result, -ECANCELED);
	ASSERT(!wok_timeout_expired(&self.timeout));
}

TEST_TASK(of_two_limits_that_expire_at_once_the_outer_one_counts)
{
	wok_timeout outer = WOK_TIMEOUT_INIT, inner = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TIMEOUT (&outer, WOK_SECOND) {
		WOK_TIMEOUT (&inner, WOK_SECOND) {
			r = wok_sleep(WOK_MINUTE);
		}
		r = wok_timeout_result(&inner, r);
		ASSERT_ERR(r, -ECANCELED);
	}
	ASSERT_ERR(wok_timeout_result(&outer, r), -ETIMEDOUT);
}

static int fail_when_cancelled(void *unused)
{
	(void) unused;
	return wok_sleep(WOK_MINUTE) == -ECANCELED ? wok_fail(-EIO, "no goodbye") : 0;
}

TEST_TASK(an_error_while_the_time_runs_out_wins, "C6")
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TIMEOUT (&timeout, WOK_SECOND) {
		r = fail_when_cancelled(NULL);
	}
	ASSERT_ERR(wok_timeout_result(&timeout, r), -EIO);
	ASSERT_STR(wok_errmsg(-EIO), "no goodbye");
	ASSERT(wok_timeout_expired(&timeout)); /* the cause can still be told */
}

static int clean_up_with_a_limit(void *ret_result)
{
	WOK_IGNORE(wok_sleep(WOK_MINUTE));
	WOK_SHIELD (WOK_MINUTE) {
		*(int *) ret_result = wok_wait_for(wait_long, NULL, WOK_SECOND);
	}
	return -ECANCELED;
}

TEST_TASK(a_limit_within_the_clean_up_after_a_cancel_works, "C7")
{
	int result = 0;
	WOK_AUTO(wok_task) *task = wok_create_task(clean_up_with_a_limit, &result);

	test_settle();
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_EQ(result, -ETIMEDOUT);
	ASSERT_EQ(wok_now(), WOK_SECOND);
}

TEST_TASK(a_limit_can_be_moved_while_it_runs, "C8")
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	WOK_TIMEOUT (&timeout, WOK_SECOND) {
		ASSERT_OK(wok_timeout_set_deadline(&timeout, 10 * WOK_SECOND));
		ASSERT_OK(wok_sleep(5 * WOK_SECOND));
		ASSERT_OK(wok_timeout_set_deadline(&timeout, WOK_FOREVER));
		ASSERT_OK(wok_sleep(WOK_MINUTE));
		ASSERT_OK(wok_timeout_set_deadline(&timeout, wok_now() + WOK_SECOND));
		ASSERT_ERR(wok_sleep(2 * WOK_SECOND), -ECANCELED);
		ASSERT_ERR(wok_timeout_set_deadline(&timeout, WOK_FOREVER), -ESTALE);
	}
	ASSERT_EQ(wok_now(), 66 * WOK_SECOND);
	ASSERT_ERR(wok_timeout_set_deadline(&timeout, WOK_FOREVER), -EINVAL);
}

TEST_TASK(a_deadline_that_has_passed_cancels_at_the_next_wait, "C8")
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	ASSERT_OK(wok_sleep(WOK_MINUTE));
	WOK_TIMEOUT (&timeout, WOK_SECOND) {
		ASSERT_OK(wok_timeout_set_deadline(&timeout, WOK_SECOND));
		ASSERT_ERR(wok_sleep(WOK_SECOND), -ECANCELED);
	}
	ASSERT_EQ(wok_now(), WOK_MINUTE);
	ASSERT(wok_timeout_expired(&timeout));
}

TEST_TASK(a_limit_is_entered_once_at_a_time, "C8")
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	bool entered_twice = false;

	ASSERT_OK(wok_timeout_result(&timeout, 0));
	WOK_TIMEOUT (&timeout, WOK_SECOND) {
		WOK_TIMEOUT (&timeout, WOK_SECOND) {
			entered_twice = true;
		}
	}
	ASSERT(!entered_twice);
	ASSERT_ERR(wok_timeout_result(&timeout, 0), -EINVAL);
	WOK_TIMEOUT (&timeout, WOK_SECOND) {
		ASSERT_OK(wok_yield());
	}
	ASSERT_OK(wok_timeout_result(&timeout, 0));
}

static int enter_in_callback(void *arg)
{
	ASSERT(!wok_timeout_enter(arg, WOK_SECOND));
	return 0;
}

TEST_TASK(only_a_task_enters_a_limit)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	wok_call_soon(enter_in_callback, &timeout);
	test_settle();
	ASSERT_ERR(wok_timeout_result(&timeout, 0), -EINVAL);
}

struct slow_end {
	bool ended;
	int result;
};

/* Takes a second to end after it was cancelled. */
static int end_slowly(void *arg)
{
	struct slow_end *self = arg;
	int r = wok_sleep(WOK_MINUTE);

	WOK_SHIELD (WOK_MINUTE) {
		ASSERT_OK(wok_sleep(WOK_SECOND));
	}
	self->ended = true;
	return self->result ? self->result : r;
}

TEST_TASK(await_for_waits_until_the_task_has_really_ended, "C9")
{
	struct slow_end self = {0};
	WOK_AUTO(wok_task) *task = wok_create_task(end_slowly, &self);

	ASSERT_ERR(wok_await_for(task, WOK_SECOND), -ETIMEDOUT);
	ASSERT(self.ended);
	ASSERT_EQ(wok_now(), 2 * WOK_SECOND);
}

TEST_TASK(a_result_or_error_that_comes_late_is_the_result, "C9")
{
	struct slow_end result = {.result = 42}, error = {.result = -EIO};
	WOK_AUTO(wok_task) *a = wok_create_task(end_slowly, &result);
	WOK_AUTO(wok_task) *b = wok_create_task(end_slowly, &error);

	ASSERT_EQ(wok_await_for(a, WOK_SECOND), 42);
	ASSERT_ERR(wok_await_for(b, WOK_SECOND), -EIO);
}

static struct {
	wok_lock lock;
	wok_condition condition;
} guarded = {WOK_LOCK_INIT, WOK_CONDITION_INIT(&guarded.lock)};

static int wait_guarded(void *ret_had_lock)
{
	WOK_TRY(wok_lock_acquire(&guarded.lock));
	int r = wok_condition_wait(&guarded.condition);
	*(bool *) ret_had_lock = wok_lock_release(&guarded.lock) == 0;
	return r;
}

static int keep_the_lock(void *unused)
{
	(void) unused;
	WOK_TRY(wok_lock_acquire(&guarded.lock));
	WOK_TRY(wok_sleep(2 * WOK_SECOND));
	return wok_lock_release(&guarded.lock);
}

TEST_TASK(a_condition_that_runs_out_of_time_has_its_lock_again, "C9", "D9")
{
	bool had_lock = false;
	WOK_AUTO(wok_task) *waiting = wok_create_task(wait_guarded, &had_lock);

	test_settle();
	WOK_AUTO(wok_task) *keeping = wok_create_task(keep_the_lock, NULL);
	ASSERT_ERR(wok_await_for(waiting, WOK_SECOND), -ETIMEDOUT);
	ASSERT(had_lock);
	ASSERT_EQ(wok_now(), 2 * WOK_SECOND); /* when the other one gave it back */
	ASSERT_OK(wok_await(keeping));
}

TEST_TASK(a_task_that_somebody_else_cancelled_is_no_timeout)
{
	WOK_AUTO(wok_task) *task = wok_create_task(wait_long, NULL);

	test_settle();
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await_for(task, WOK_SECOND), WOK_ETASKCANCELED);
}

static int await_for_a_minute(void *task)
{
	int r = wok_await_for(task, WOK_MINUTE);

	ASSERT_ERR(wok_yield(), -ECANCELED);
	return r;
}

TEST_TASK(a_cancelled_caller_of_await_for_cancels_and_joins_first)
{
	for (int before = 0; before < 2; before++) {
		struct slow_end self = {0};
		WOK_AUTO(wok_scope) *scope = NULL;
		WOK_AUTO(wok_task) *task = wok_create_task(end_slowly, &self);
		test_settle();
		ASSERT_OK(wok_scope_new(&scope));
		ASSERT_OK(wok_scope_spawn(scope, await_for_a_minute, task));
		if (!before)
			test_settle();
		wok_scope_cancel(scope, NULL);
		ASSERT_OK(wok_scope_join(scope));
		ASSERT(self.ended);
		ASSERT(wok_task_canceled(task));
	}
}

struct race {
	wok_event event;
	wok_timeout timeout;
	int result;
};

static int wait_for_event(void *arg)
{
	struct race *self = arg;

	WOK_TIMEOUT (&self->timeout, WOK_SECOND) {
		self->result = wok_event_wait(&self->event);
	}
	return wok_timeout_result(&self->timeout, self->result);
}

static int set_at_the_deadline(void *arg)
{
	struct race *self = arg;

	ASSERT_OK(wok_sleep(WOK_SECOND));
	wok_event_set(&self->event);
	return 0;
}

TEST_TASK(what_completes_in_the_tick_of_the_timeout_has_its_result, "C10")
{
	struct race self = {.event = WOK_EVENT_INIT, .timeout = WOK_TIMEOUT_INIT};
	WOK_AUTO(wok_task) *waiter = wok_create_task(wait_for_event, &self);

	test_settle();
	/* The event first, then the time, before the waiter has its turn. */
	wok_event_set(&self.event);
	WOK_AUTO(wok_task) *late = wok_create_task(return_42, NULL);
	ASSERT_OK(wok_await(waiter));
	ASSERT_EQ(self.result, 0);
	ASSERT_EQ(wok_await(late), 42);
}

TEST_TASK(completion_and_timeout_at_one_moment_give_one_of_both_and_lose_nothing, "C10")
{
	struct race self = {.event = WOK_EVENT_INIT, .timeout = WOK_TIMEOUT_INIT};
	WOK_AUTO(wok_task) *setter = wok_create_task(set_at_the_deadline, &self);
	WOK_AUTO(wok_task) *waiter = wok_create_task(wait_for_event, &self);
	int r = wok_await(waiter);

	ASSERT(r == 0 || r == -ETIMEDOUT);
	ASSERT_EQ(r == 0, self.result == 0);
	ASSERT_OK(wok_await(setter));
}

struct finisher {
	wok_task *task;
	wok_task *awaiter;
	int result, after;
};

static int await_then_wait(void *arg)
{
	struct finisher *self = arg;

	self->result = wok_await_for(self->task, WOK_MINUTE);
	self->after = wok_yield();
	return 0;
}

static int cancel_after_a_second(void *arg)
{
	struct finisher *self = arg;

	ASSERT_OK(wok_sleep(WOK_SECOND));
	ASSERT(wok_cancel(self->awaiter));
	return 0;
}

TEST_TASK(a_cancel_in_the_tick_of_the_completion_stays_for_the_next_wait, "C10")
{
	wok_time second = WOK_SECOND;
	struct finisher self = {0};
	WOK_AUTO(wok_task) *task = self.task = wok_create_task(sleep_for, &second);
	WOK_AUTO(wok_task) *awaiter = self.awaiter = wok_create_task(await_then_wait, &self);
	WOK_AUTO(wok_task) *canceller = wok_create_task(cancel_after_a_second, &self);

	ASSERT_OK(wok_await(awaiter));
	ASSERT_OK(wok_await(canceller));
	ASSERT_EQ(self.result, 0);
	ASSERT_EQ(self.after, -ECANCELED);
}

TEST_TASK(break_and_return_leave_the_block)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	for (int i = 0; i < 3; i++) {
		WOK_TIMEOUT (&timeout, WOK_SECOND) {
			if (i == 1)
				break;
			ASSERT_OK(wok_sleep(WOK_MS));
		}
	}
	ASSERT_OK(wok_sleep(WOK_MINUTE));
	ASSERT(!wok_timeout_expired(&timeout));
}

static int leave_without_result(void *unused)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	(void) unused;
	WOK_TIMEOUT (&timeout, WOK_SECOND) {
		return wok_sleep(WOK_MINUTE);
	}
	return 0;
}

TEST_TASK(returning_out_of_an_expired_block_ends_the_task_as_timed_out)
{
	WOK_AUTO(wok_task) *task = wok_create_task(leave_without_result, NULL);

	ASSERT_ERR(wok_await(task), -ETIMEDOUT);
}

static int await_who_left(void *unused)
{
	(void) unused;
	WOK_AUTO(wok_task) *task = wok_create_task(leave_without_result, NULL);
	return wok_await(task) == -ETIMEDOUT ? 0 : -EIO;
}

TEST(debug_mode_reports_who_returns_out_of_an_expired_block)
{
	struct test_reports reports;

	setenv("WOK_DEBUG", "1", 1);
	ASSERT_OK(test_run_reporting(&reports, await_who_left, NULL));
	ASSERT_EQ(reports.n, 1);
	ASSERT_REPORT(&reports, 0, "wok_timeout_result");
}

TEST_TASK(a_limit_around_what_does_not_wait_starts_no_timer)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT, inner = WOK_TIMEOUT_INIT;
	size_t before = timers(), while_waiting = 0;

	WOK_TIMEOUT (&timeout, WOK_SECOND) {
		ASSERT_EQ(timers(), before);
		WOK_TIMEOUT (&inner, WOK_MINUTE) {
			WOK_AUTO(wok_task) *task = wok_create_task(count_timers, &while_waiting);
			ASSERT_OK(wok_await(task));
			ASSERT_EQ(while_waiting, before + 2);
		}
		ASSERT_EQ(timers(), before + 1);
	}
	ASSERT_EQ(timers(), before);
}

TEST_TASK(a_limit_and_a_sleep_that_end_together_end_in_the_order_in_which_they_began)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TIMEOUT (&timeout, WOK_SECOND) {
		r = wok_sleep(WOK_SECOND);
	}
	ASSERT_ERR(r, -ECANCELED);
	ASSERT_ERR(wok_timeout_result(&timeout, r), -ETIMEDOUT);
}

/* What moves an inner limit before the task has waited must not keep the outer one from starting.
 */
TEST_TASK(an_outer_limit_runs_though_an_inner_one_was_moved_at_once)
{
	wok_timeout outer = WOK_TIMEOUT_INIT, inner = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TIMEOUT (&outer, WOK_SECOND) {
		WOK_TIMEOUT (&inner, WOK_MS) {
			ASSERT_OK(wok_timeout_set_deadline(&inner, WOK_FOREVER));
			r = wok_sleep(WOK_MINUTE);
		}
		ASSERT(!wok_timeout_expired(&inner));
	}
	ASSERT_ERR(wok_timeout_result(&outer, r), -ETIMEDOUT);
	ASSERT_EQ(wok_now(), WOK_SECOND);
}

/* --- limits start their timers late, and nobody may notice ------------------------------------ */

TEST_TASK(of_three_limits_that_start_together_each_may_be_the_shortest)
{
	for (int shortest = 0; shortest < 3; shortest++) {
		wok_timeout limits[3] = {WOK_TIMEOUT_INIT, WOK_TIMEOUT_INIT, WOK_TIMEOUT_INIT};
		wok_time begin = wok_now(), spans[3] = {WOK_MINUTE, WOK_MINUTE, WOK_MINUTE};
		spans[shortest] = WOK_SECOND;
		WOK_TIMEOUT (&limits[0], spans[0]) {
			WOK_TIMEOUT (&limits[1], spans[1]) {
				WOK_TIMEOUT (&limits[2], spans[2]) {
					ASSERT_ERR(wok_sleep(60 * WOK_MINUTE), -ECANCELED);
				}
			}
		}
		ASSERT_EQ(wok_now(), begin + WOK_SECOND);
		for (int i = 0; i < 3; i++)
			ASSERT_EQ(wok_timeout_expired(&limits[i]), i == shortest);
	}
}

TEST_TASK(a_limit_within_one_that_has_waited_does_not_hold_that_one_up)
{
	wok_timeout outer = WOK_TIMEOUT_INIT, inner = WOK_TIMEOUT_INIT;

	WOK_TIMEOUT (&outer, WOK_SECOND) {
		ASSERT_OK(wok_yield());
		WOK_TIMEOUT (&inner, WOK_MINUTE) {
			ASSERT_ERR(wok_sleep(60 * WOK_MINUTE), -ECANCELED);
		}
	}
	ASSERT(wok_timeout_expired(&outer) && !wok_timeout_expired(&inner));
	ASSERT_EQ(wok_now(), WOK_SECOND);
}

TEST_TASK(a_limit_that_is_moved_before_the_first_wait_ends_when_it_says, "C8")
{
	wok_timeout sooner = WOK_TIMEOUT_INIT, later = WOK_TIMEOUT_INIT;

	WOK_TIMEOUT (&sooner, WOK_MINUTE) {
		ASSERT_OK(wok_timeout_set_deadline(&sooner, wok_now() + WOK_SECOND));
		ASSERT_ERR(wok_sleep(60 * WOK_MINUTE), -ECANCELED);
	}
	ASSERT_EQ(wok_now(), WOK_SECOND);
	WOK_TIMEOUT (&later, WOK_SECOND) {
		ASSERT_OK(wok_timeout_set_deadline(&later, wok_now() + WOK_MINUTE));
		ASSERT_ERR(wok_sleep(60 * WOK_MINUTE), -ECANCELED);
	}
	ASSERT_EQ(wok_now(), WOK_SECOND + WOK_MINUTE);
}

TEST_TASK(the_limits_of_who_starts_a_task_eagerly_run_while_that_has_its_turn)
{
	const wok_task_options eager = {.eager = true};
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	size_t before = timers(), meanwhile = 0;

	WOK_TIMEOUT (&timeout, WOK_SECOND) {
		WOK_AUTO(wok_task) *task = wok_create_task_with(count_timers, &meanwhile, &eager);
		ASSERT_EQ(meanwhile, before + 1);
		ASSERT_OK(wok_await(task));
	}
}

static int compute_too_long(void *unused)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT, unnoticed = WOK_TIMEOUT_INIT;
	wok_time begin = wok_now();
	int r = 0;

	(void) unused;
	WOK_TIMEOUT (&timeout, WOK_MS) {
		while (wok_now() - begin < 3 * WOK_MS)
			;
		r = wok_sleep(60 * WOK_MINUTE);
	}
	ASSERT_ERR(wok_timeout_result(&timeout, r), -ETIMEDOUT);
	/* Without a wait there is nothing that it could end. */
	begin = wok_now();
	WOK_TIMEOUT (&unnoticed, WOK_MS) {
		while (wok_now() - begin < 3 * WOK_MS)
			;
	}
	ASSERT(!wok_timeout_expired(&unnoticed));
	return wok_yield();
}

TEST(a_limit_that_passes_while_its_task_computes_ends_the_first_wait)
{
	ASSERT_OK(wok_test_run(compute_too_long, NULL,
			       &(wok_test_options){.real_clock = true, .seed = test_seed()}));
}

/* SPDX-License-Identifier: MIT */
/*
 * Every call of the task model that waits: see harness/uniform.h. Those of the synchronisation
 * objects, of streams, and of threads and processes have tables of their own.
 */
#include "harness/uniform.h"

#define HOUR (60 * WOK_MINUTE)

/* What the calls wait for. One of it, since a test has its own process. */
static struct {
	wok_event gate;
	wok_task *task; /* waits at the gate */
	wok_scope *background;
	wok_future *future;
	wok_gen *gen;
	wok_completed *completed;
	wok_rate rate;
	wok_interval interval;
} it;

static int wait_at_gate(void *unused)
{
	(void) unused;
	return wok_event_wait(&it.gate);
}

static void open_gate(void)
{
	wok_event_set(&it.gate);
}

static int give_a_value(void *unused)
{
	int value = 7;

	WOK_TRY(wait_at_gate(unused));
	return wok_gen_yield(&value);
}

static void make(void)
{
	it.gate = (wok_event) WOK_EVENT_INIT;
	it.task = wok_create_task(wait_at_gate, NULL);
	ASSERT_OK(wok_scope_new_with(&(wok_scope_options){.background = true}, &it.background));
	ASSERT_OK(wok_scope_spawn(it.background, wait_at_gate, NULL));
	ASSERT_OK(wok_future_new(&it.future));
	ASSERT_OK(wok_gen_new(give_a_value, NULL, sizeof(int), &it.gen));
	ASSERT_OK(wok_as_completed(&it.task, 1, &it.completed));
	it.rate = (wok_rate) WOK_RATE_INIT(1, HOUR, 1);
	ASSERT_OK(wok_rate_acquire(&it.rate, 1));
	it.interval = (wok_interval) WOK_INTERVAL_INIT(HOUR);
}

static void clean(void)
{
	wok_completed_free(WOK_TAKE(it.completed));
	wok_gen_free(WOK_TAKE(it.gen));
	wok_future_free(WOK_TAKE(it.future));
	wok_scope_free(WOK_TAKE(it.background));
	wok_task_free(WOK_TAKE(it.task));
}

/* --- the calls ---------------------------------------------------------------------------------
 */

static int sleep_span(void *unused)
{
	(void) unused;
	return wok_sleep(HOUR);
}

static int sleep_until(void *unused)
{
	(void) unused;
	return wok_sleep_until(wok_now() + HOUR);
}

static int await_task(void *unused)
{
	(void) unused;
	return wok_await(it.task);
}

static int await_for(void *unused)
{
	(void) unused;
	return wok_await_for(it.task, WOK_FOREVER);
}

static int wait_for(void *unused)
{
	return wok_wait_for(wait_at_gate, unused, WOK_FOREVER);
}

static int gather(void *unused)
{
	(void) unused;
	return wok_gather(&it.task, 1, 0);
}

static int gather_collecting(void *unused)
{
	(void) unused;
	int r = wok_gather(&it.task, 1, WOK_COLLECT);
	return r > 0 ? wok_task_result(it.task) : r;
}

static int gather_leaving(void *unused)
{
	(void) unused;
	return wok_gather(&it.task, 1, WOK_LEAVE_REST);
}

static int for_each(void *unused)
{
	int array[3] = {0};

	(void) unused;
	return wok_for_each(wait_at_gate, array, 3, 2, 0);
}

static int wait_for_all(void *unused)
{
	(void) unused;
	return wok_wait(&it.task, 1, WOK_ALL_COMPLETED, NULL);
}

static int wait_for_first(void *unused)
{
	(void) unused;
	return wok_wait(&it.task, 1, WOK_FIRST_COMPLETED, NULL);
}

static int wait_for_failure(void *unused)
{
	(void) unused;
	return wok_wait(&it.task, 1, WOK_FIRST_EXCEPTION, NULL);
}

static int next_completed(void *unused)
{
	wok_task *task;
	int r = wok_completed_next(it.completed, &task);

	(void) unused;
	return r == 1 ? 0 : r;
}

static int join_own(void *unused)
{
	WOK_AUTO(wok_scope) *scope = NULL;

	WOK_TRY(wok_scope_new(&scope));
	WOK_TRY(wok_scope_spawn(scope, wait_at_gate, unused));
	return wok_scope_join(scope);
}

static int join_background(void *unused)
{
	(void) unused;
	return wok_scope_join(it.background);
}

static int start_late(void *unused)
{
	WOK_TRY(wait_at_gate(unused));
	return wok_started(NULL);
}

static int start(void *unused)
{
	return wok_scope_start(it.background, start_late, unused, NULL);
}

static int await_coro(void *unused)
{
	return wok_coro_await(wok_coro(wait_at_gate, unused));
}

static int await_future(void *unused)
{
	(void) unused;
	return wok_future_await(it.future, NULL);
}

static void give_result(void)
{
	ASSERT_OK(wok_future_set(it.future, 0, NULL));
}

static int next_value(void *unused)
{
	int value, r = wok_gen_next(it.gen, &value);

	(void) unused;
	return r == 1 ? 0 : r;
}

static int collect_values(void *unused)
{
	int *values = NULL;
	size_t n;
	int r = wok_gen_collect(it.gen, 0, &values, &n);

	(void) unused;
	wok_free(values);
	return r;
}

static int next_beat(void *unused)
{
	(void) unused;
	return wok_interval_wait(&it.interval);
}

static int acquire_rate(void *unused)
{
	(void) unused;
	return wok_rate_acquire(&it.rate, 1);
}

/* --- and what ends them ------------------------------------------------------------------------
 */

static void cancel_task(void)
{
	wok_cancel(it.task);
}

static void cancel_future(void)
{
	wok_future_cancel(it.future);
}

static void close_gen(void)
{
	ASSERT_OK(wok_gen_close(it.gen));
}

static void free_gen(void)
{
	wok_gen_free(WOK_TAKE(it.gen));
}

static void free_completed(void)
{
	wok_completed_free(WOK_TAKE(it.completed));
}

static void free_task(void)
{
	wok_task_free(WOK_TAKE(it.task));
}

static void cancel_background(void)
{
	wok_scope_cancel(it.background, NULL);
}

static const struct uniform_row rows[] = {
	{"wok_sleep", sleep_span, NULL, NULL, 0, 0},
	{"wok_sleep_until", sleep_until, NULL, NULL, 0, 0},
	{"wok_await", await_task, open_gate, cancel_task, WOK_ETASKCANCELED, 0},
	{"wok_await, freed", await_task, open_gate, free_task, WOK_ETASKCANCELED, 0},
	{"wok_await_for", await_for, open_gate, cancel_task, WOK_ETASKCANCELED, 0},
	{"wok_await_for, freed", await_for, open_gate, free_task, WOK_ETASKCANCELED, 0},
	{"wok_wait_for", wait_for, open_gate, NULL, 0, 0},
	{"wok_gather", gather, open_gate, cancel_task, WOK_ETASKCANCELED, 0},
	{"wok_gather, WOK_COLLECT", gather_collecting, open_gate, cancel_task, WOK_ETASKCANCELED,
	 0},
	{"wok_gather, WOK_LEAVE_REST", gather_leaving, open_gate, cancel_task, WOK_ETASKCANCELED,
	 0},
	{"wok_for_each", for_each, open_gate, NULL, 0, 0},
	{"wok_wait, all", wait_for_all, open_gate, cancel_task, 0, 0},
	{"wok_wait, first", wait_for_first, open_gate, cancel_task, 0, 0},
	{"wok_wait, exception", wait_for_failure, open_gate, cancel_task, 0, 0},
	{"wok_completed_next", next_completed, open_gate, cancel_task, 0, 0},
	{"wok_completed_next, freed", next_completed, open_gate, free_completed, -EBADF, 0},
	/* A scope cannot even be entered there. */
	{"wok_scope_join", join_own, open_gate, NULL, 0, -EINVAL},
	{"wok_scope_join, background", join_background, open_gate, cancel_background, 0, 0},
	{"wok_scope_start", start, open_gate, NULL, 0, 0},
	{"wok_coro_await", await_coro, open_gate, NULL, 0, 0},
	{"wok_future_await", await_future, give_result, cancel_future, WOK_ETASKCANCELED, 0},
	{"wok_gen_next", next_value, open_gate, close_gen, 0, 0},
	{"wok_gen_next, freed", next_value, open_gate, free_gen, 0, 0},
	{"wok_gen_collect", collect_values, open_gate, close_gen, 0, 0},
	{"wok_interval_wait", next_beat, NULL, NULL, 0, 0},
	{"wok_rate_acquire", acquire_rate, NULL, NULL, 0, 0},
};

static const struct uniform_table table = {rows, sizeof(rows) / sizeof(rows[0]), make, clean};

UNIFORM_TESTS(&table)

/* --- two that are no waits of a task of one's own ----------------------------------------------
 */

static int yield(void *unused)
{
	(void) unused;
	return wok_yield();
}

static int yield_value(void *unused)
{
	int value = 7;

	(void) unused;
	return wok_gen_yield(&value);
}

static const struct uniform_row quick_rows[] = {
	{"wok_yield", yield, NULL, NULL, 0, 0},
	{"wok_gen_yield", yield_value, NULL, NULL, 0, 0},
};

static const struct uniform_table quick = {quick_rows, 2, make, clean};

TEST_TASK(what_does_not_wait_long_answers_alike, "G14")
{
	uniform_each(&quick, uniform_canceled_before);
	uniform_each(&quick, uniform_past_deadline);
	uniform_each(&quick, uniform_in_callback);
	uniform_each(&quick, uniform_on_big_stack);
	ASSERT_OK(yield(NULL));
	ASSERT_ERR(yield_value(NULL), -EINVAL); /* this is no generator */
}

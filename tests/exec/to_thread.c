/* SPDX-License-Identifier: MIT */
/* Blocking functions in threads, seen from the task that waits. Run this under TSan, too. */
#include <pthread.h>

#include "gate.h"
#include "harness/reports.h"

static int double_it(void *number)
{
	*(int *) number *= 2;
	return *(int *) number;
}

static int fail(void *unused)
{
	(void) unused;
	return wok_fail(-EIO, "the drum does not turn");
}

static int leave_no_message(void *unused)
{
	(void) unused;
	return -EIO;
}

TEST_TASK(a_function_in_a_thread_gives_its_result_and_its_message, "F13", "execrow-3")
{
	int number = 21;

	ASSERT_EQ(wok_to_thread(double_it, &number), 42);
	ASSERT_EQ(number, 42);
	ASSERT_ERR(wok_to_thread(fail, NULL), -EIO);
	ASSERT_STR(wok_errmsg(-EIO), "the drum does not turn");
	/* The message of the job before, in the same thread, is not this one's. */
	ASSERT_ERR(wok_to_thread(leave_no_message, NULL), -EIO);
	ASSERT_STR(wok_errmsg(-EIO), wok_strerror(-EIO));
}

TEST(a_plain_thread_can_wait_for_one_as_well)
{
	int number = 4;

	ASSERT_EQ(wok_to_thread(double_it, &number), 8);
	ASSERT_ERR(wok_to_thread(fail, NULL), -EIO);
	ASSERT_STR(wok_errmsg(-EIO), "the drum does not turn");
	ASSERT_EQ(wok_to_thread_abandon(double_it, &number, sizeof(number), NULL), 16);
	ASSERT_EQ(number, 16);
}

static int look_around(void *caller)
{
	ASSERT(!pthread_equal(*(pthread_t *) caller, pthread_self()));
	ASSERT(!wok_current_loop());
	ASSERT(!wok_current_task());
	ASSERT_ERR(wok_sleep(1), -EDEADLK);
	ASSERT(strstr(wok_errmsg(-EDEADLK), "this thread runs no loop"));
	ASSERT(!wok_job_canceled());
	return 0;
}

TEST_TASK(in_the_thread_there_is_no_loop_and_no_waiting)
{
	pthread_t self = pthread_self();

	ASSERT_OK(wok_to_thread(look_around, &self));
	ASSERT(!wok_job_canceled());
}

static int nap(void *unused)
{
	(void) unused;
	return wok_sleep(WOK_MINUTE);
}

static int run_a_loop(void *unused)
{
	(void) unused;
	return wok_test_run(nap, NULL, NULL);
}

TEST_TASK(a_job_may_run_a_loop_of_its_own)
{
	ASSERT_OK(wok_to_thread(run_a_loop, NULL));
}

TEST_TASK(the_virtual_clock_stands_still_while_a_job_runs)
{
	wok_time start = wok_now();
	WOK_AUTO(wok_task) *sleeper = wok_create_task(nap, NULL);
	struct gate gate;

	gate_init(&gate, 0);
	for (int i = 0; i < 20; i++) {
		sem_post(&gate.open);
		ASSERT_OK(wok_to_thread(gate_pass, &gate));
		ASSERT_EQ(wok_now(), start);
	}
	ASSERT_OK(wok_await(sleeper));
	ASSERT_EQ(wok_now(), start + WOK_MINUTE);
}

static int give_up(void *unused)
{
	(void) unused;
	return -ECANCELED;
}

TEST_TASK(a_job_that_says_canceled_though_nobody_was_has_failed)
{
	ASSERT_ERR(wok_to_thread(give_up, NULL), WOK_ETASKCANCELED);
	ASSERT(strstr(wok_errmsg(WOK_ETASKCANCELED), "give_up"));
}

/* --- cancelling ------------------------------------------------------------------------------- */

struct call {
	wok_thread_pool *pool;
	struct gate *gate;
	const wok_thread_job_options *options;
	int result, after;
};

static int run_call(void *arg)
{
	struct call *call = arg;

	call->result = wok_thread_pool_run_with(call->pool, gate_pass, call->gate, call->options);
	call->after = wok_yield();
	return 0;
}

TEST_TASK(a_running_job_is_waited_for_and_its_result_wins, "B17", "execrow-5")
{
	struct gate gate;
	struct call call = {.gate = &gate};

	gate_init(&gate, 7);
	WOK_AUTO(wok_task) *task = wok_create_task(run_call, &call);
	let_others_run();
	gate_wait(&gate.entered);
	ASSERT(wok_cancel(task));
	test_settle();
	ASSERT(!wok_task_done(task));
	sem_post(&gate.open);
	ASSERT_OK(wok_await(task));
	ASSERT_EQ(call.result, 7);
	ASSERT_EQ(call.after, -ECANCELED);
	ASSERT(gate.saw_cancel);
}

static int obey(void *arg)
{
	struct gate *gate = arg;

	sem_post(&gate->entered);
	while (!wok_job_canceled())
		;
	return -ECANCELED;
}

static int run_obey(void *gate)
{
	return wok_to_thread(obey, gate);
}

TEST_TASK(a_job_may_stop_when_it_is_asked, "F13", "execrow-5")
{
	struct gate gate;

	gate_init(&gate, 0);
	WOK_AUTO(wok_task) *task = wok_create_task(run_obey, &gate);
	let_others_run();
	gate_wait(&gate.entered);
	wok_cancel(task);
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT(wok_task_canceled(task));
}

TEST_TASK(a_queued_job_is_removed_and_never_runs, "exec-3", "F15")
{
	WOK_AUTO(wok_thread_pool) *pool = gate_pool(1);
	struct gate first, second;
	struct call a = {.pool = pool, .gate = &first}, b = {.pool = pool, .gate = &second};

	gate_init(&first, 1);
	gate_init(&second, 2);
	WOK_AUTO(wok_task) *running = wok_create_task(run_call, &a);
	test_settle();
	WOK_AUTO(wok_task) *queued = wok_create_task(run_call, &b);
	test_settle();
	gate_wait(&first.entered);
	wok_cancel(queued);
	ASSERT_OK(wok_await(queued));
	ASSERT_EQ(b.result, -ECANCELED);
	sem_post(&first.open);
	ASSERT_OK(wok_await(running));
	ASSERT_EQ(a.result, 1);
	ASSERT_EQ(atomic_load(&second.runs), 0);
}

TEST_TASK(a_job_that_is_done_when_the_cancel_comes_gives_its_result, "B5", "F15")
{
	WOK_AUTO(wok_thread_pool) *pool = gate_pool(1);
	const wok_thread_job_options abandon = {.flags = WOK_ABANDON, .arg_free = wok_free};

	for (uint64_t i = 1; i <= 2; i++) {
		struct gate gate;
		struct call call = {
			.pool = pool, .gate = &gate, .options = i == 1 ? NULL : &abandon};
		gate_init(&gate, 3);
		WOK_AUTO(wok_task) *task = wok_create_task(run_call, &call);
		let_others_run();
		sem_post(&gate.open);
		gate_wait_completed(pool, i); /* the loop cannot take its mail meanwhile */
		wok_cancel(task);
		ASSERT_OK(wok_await(task));
		ASSERT_EQ(call.result, 3);
		ASSERT_EQ(call.after, -ECANCELED);
	}
}

static int call_in_time(void *gate)
{
	return wok_to_thread(gate_pass, gate);
}

static int call_when_canceled(void *gate)
{
	wok_cancel(wok_current_task());
	return wok_to_thread(gate_pass, gate);
}

TEST_TASK(who_is_canceled_already_or_out_of_time_starts_nothing)
{
	struct gate gate;

	gate_init(&gate, 0);
	ASSERT_ERR(wok_wait_for(call_in_time, &gate, 0), -ETIMEDOUT);
	WOK_AUTO(wok_task) *task = wok_create_task(call_when_canceled, &gate);
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_EQ(atomic_load(&gate.runs), 0);
}

TEST_TASK(the_call_is_a_checkpoint)
{
	int number = 1;
	uint64_t before = wok_test_checkpoints();

	ASSERT_EQ(wok_to_thread(double_it, &number), 2);
	ASSERT(wok_test_checkpoints() > before);
}

/* --- abandoning ------------------------------------------------------------------------------- */

/* An argument that holds something: the pointer. */
struct held {
	struct gate *gate;
	atomic_int *freed;
	sem_t *gone;
	int answer;
};

static int answer(void *arg)
{
	struct held *held = arg;

	held->answer = 42;
	return gate_pass(held->gate);
}

static void held_free(void *arg)
{
	struct held *held = arg;

	atomic_fetch_add(held->freed, 1);
	sem_post(held->gone);
}

struct leaving {
	wok_thread_pool *pool;
	struct held held;
	int result;
};

static int call_and_leave(void *arg)
{
	struct leaving *self = arg;
	const wok_thread_job_options options = {
		.flags = WOK_ABANDON,
		.arg_size = sizeof(self->held),
		.arg_free = held_free,
	};

	self->result = wok_thread_pool_run_with(self->pool, answer, &self->held, &options);
	return 0;
}

TEST_TASK(an_abandoned_job_lets_its_caller_go_at_once, "exec-3", "F13")
{
	WOK_AUTO(wok_thread_pool) *pool = gate_pool(1);
	struct gate gate;
	atomic_int freed = 0;
	sem_t gone;
	struct leaving self = {pool, {&gate, &freed, &gone, 0}, 0};

	gate_init(&gate, 5);
	ASSERT_EQ(sem_init(&gone, 0, 0), 0);
	WOK_AUTO(wok_task) *task = wok_create_task(call_and_leave, &self);
	let_others_run();
	gate_wait(&gate.entered);
	wok_cancel(task);
	ASSERT_OK(wok_await(task));
	ASSERT_EQ(self.result, -ECANCELED);
	ASSERT_EQ(atomic_load(&freed), 0); /* it uses its argument still */
	sem_post(&gate.open);
	gate_wait(&gone);
	ASSERT_EQ(atomic_load(&freed), 1);
	ASSERT(gate.saw_cancel);
}

TEST_TASK(an_abandoned_job_that_has_not_begun_is_released_at_once, "exec-3", "execrow-4")
{
	WOK_AUTO(wok_thread_pool) *pool = gate_pool(1);
	struct gate first, second;
	atomic_int freed = 0;
	sem_t gone;
	struct call a = {.pool = pool, .gate = &first};
	struct leaving b = {pool, {&second, &freed, &gone, 0}, 0};

	gate_init(&first, 0);
	gate_init(&second, 0);
	ASSERT_EQ(sem_init(&gone, 0, 0), 0);
	WOK_AUTO(wok_task) *running = wok_create_task(run_call, &a);
	test_settle();
	WOK_AUTO(wok_task) *task = wok_create_task(call_and_leave, &b);
	test_settle();
	wok_cancel(task);
	ASSERT_OK(wok_await(task));
	ASSERT_EQ(b.result, -ECANCELED);
	ASSERT_EQ(atomic_load(&freed), 1);
	sem_post(&first.open);
	ASSERT_OK(wok_await(running));
	ASSERT_EQ(atomic_load(&second.runs), 0);
	ASSERT_EQ(atomic_load(&freed), 1);
}

TEST_TASK(a_copy_is_written_back_and_stays_the_callers)
{
	struct gate gate;
	atomic_int freed = 0;
	sem_t gone;
	struct held held = {&gate, &freed, &gone, 0};

	gate_init(&gate, 5);
	ASSERT_EQ(sem_init(&gone, 0, 0), 0);
	sem_post(&gate.open);
	ASSERT_EQ(wok_to_thread_abandon(answer, &held, sizeof(held), held_free), 5);
	ASSERT_EQ(held.answer, 42);
	ASSERT_EQ(atomic_load(&freed), 0);
}

static int leave_before_it_begins(void *arg)
{
	wok_cancel(wok_current_task());
	return call_and_leave(arg);
}

TEST_TASK(who_is_canceled_already_still_gives_his_argument_away)
{
	struct gate gate;
	atomic_int freed = 0;
	sem_t gone;
	struct leaving self = {NULL, {&gate, &freed, &gone, 0}, 0};

	gate_init(&gate, 0);
	ASSERT_EQ(sem_init(&gone, 0, 0), 0);
	WOK_AUTO(wok_task) *task = wok_create_task(leave_before_it_begins, &self);
	ASSERT_OK(wok_await(task));
	ASSERT_EQ(self.result, -ECANCELED);
	ASSERT_EQ(atomic_load(&freed), 1);
	ASSERT_EQ(atomic_load(&gate.runs), 0);
}

TEST_TASK(a_borrowed_argument_cannot_be_abandoned)
{
	const wok_thread_job_options options = {.flags = WOK_ABANDON};
	const wok_thread_job_options nowhere = {.lane = (wok_lane) 9};
	int number = 1;

	ASSERT_ERR(wok_thread_pool_run_with(NULL, double_it, &number, &options), -EINVAL);
	ASSERT_ERR(wok_thread_pool_run_with(NULL, double_it, &number, &nowhere), -EINVAL);
	ASSERT_EQ(number, 1);
}

/* --- where it is impossible ------------------------------------------------------------------- */

static int call_in_callback(void *result)
{
	*(int *) result = wok_to_thread(fail, NULL);
	return 0;
}

TEST_TASK(a_callback_cannot_wait_for_a_thread)
{
	int in_callback = 0, on_stack = 0;

	wok_call_soon(call_in_callback, &in_callback);
	let_others_run();
	ASSERT_EQ(in_callback, -EDEADLK);
	ASSERT_OK(wok_on_big_stack(call_in_callback, &on_stack));
	ASSERT_EQ(on_stack, -EDEADLK);
}

/* --- no memory -------------------------------------------------------------------------------- */

static int use_all(void *unused)
{
	const wok_thread_job_options options = {.arg_size = sizeof(int)};
	WOK_AUTO(wok_thread_pool) *pool = NULL;
	int number = 1;

	(void) unused;
	WOK_TRY(wok_thread_pool_new(NULL, &pool));
	WOK_TRY(wok_thread_pool_run(pool, double_it, &number));
	WOK_TRY(wok_thread_pool_submit(pool, double_it, &number, &options));
	WOK_TRY(wok_thread_pool_try_submit(pool, double_it, &number, &options));
	WOK_TRY(wok_to_thread_abandon(double_it, &number, sizeof(number), NULL));
	int r = wok_thread_pool_run(pool, fail, NULL);
	WOK_TRY(r == -EIO ? 0 : r);
	WOK_TRY(wok_on_big_stack(double_it, &number));
	return wok_thread_pool_shutdown(pool,
					&(wok_thread_pool_shutdown_options){.timeout = WOK_MINUTE});
}

TEST_TASK(any_allocation_may_fail, "G3")
{
	for (int and_after = 0; and_after < 2; and_after++) {
		for (uint64_t at = 1; at < 30; at++) {
			wok_test_fail_allocation(at, and_after);
			int r = use_all(NULL);
			wok_test_fail_allocation(0, false);
			if (r < 0)
				ASSERT_EQ(r, -ENOMEM);
		}
	}
	ASSERT_OK(use_all(NULL));
}

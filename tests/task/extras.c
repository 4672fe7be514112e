/* SPDX-License-Identifier: MIT */
/* What tasks have beside their function: values of their own, calls at the end, an eager start. */
#include <wok/wok.h>

#include "harness/test.h"

/* --- values of a task's own --------------------------------------------------------------------
 */

static int freed;

static void free_counted(void *value)
{
	freed++;
	WOK_IGNORE(wok_sleep(WOK_MS)); /* a clean-up may wait */
	wok_free(value);
}

static int copy_int(void *value, void **ret_value)
{
	int *copy = wok_alloc(sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	*copy = *(int *) value + 1;
	*ret_value = copy;
	return 0;
}

static const wok_local depth = {.free = free_counted, .inherit = copy_int};
static const wok_local borrowed = {0};
static const wok_local shared = {.inherit = wok_local_share};

static int new_int(int number)
{
	int *value = wok_alloc(sizeof(*value));

	ASSERT(value);
	*value = number;
	return wok_local_set(&depth, value);
}

static int look(void *ret_depth)
{
	ASSERT(wok_local_get(&borrowed) == NULL);
	ASSERT_STR((char *) wok_local_get(&shared), "for all");
	*(int *) ret_depth = *(int *) wok_local_get(&depth);
	ASSERT_OK(new_int(100)); /* its own; the parent keeps what it has */
	return 0;
}

TEST_TASK(a_value_is_the_tasks_own_and_inherited_as_its_key_says)
{
	int seen = 0;

	ASSERT(wok_local_get(&depth) == NULL);
	ASSERT_OK(new_int(1));
	ASSERT_OK(wok_local_set(&borrowed, "mine"));
	ASSERT_OK(wok_local_set(&shared, "for all"));
	WOK_AUTO(wok_task) *task = wok_create_task(look, &seen);
	ASSERT_OK(wok_await(task));
	ASSERT_EQ(seen, 2);
	ASSERT_EQ(freed, 2); /* what the child had inherited, and what it set */
	ASSERT_EQ(*(int *) wok_local_get(&depth), 1);
	ASSERT_OK(new_int(3));
	ASSERT_EQ(freed, 3);
	ASSERT_STR((char *) wok_local_get(&borrowed), "mine");
}

TEST_TASK(a_task_that_never_runs_releases_what_it_inherited)
{
	int seen = 0;

	ASSERT_OK(new_int(1));
	WOK_AUTO(wok_task) *task = wok_create_task(look, &seen);
	wok_cancel(task);
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_EQ(freed, 1);
	ASSERT_EQ(seen, 0);
}

TEST_TASK(without_memory_for_a_value_the_child_does_not_start, "G3")
{
	int seen = 0;

	ASSERT_OK(new_int(1));
	ASSERT_OK(wok_local_set(&shared, "for all"));
	for (int n = 1; seen == 0; n++) {
		wok_test_fail_allocation((uint64_t) n, false);
		WOK_AUTO(wok_task) *task = wok_create_task(look, &seen);
		wok_test_fail_allocation(0, false);
		int r = wok_await(task);
		ASSERT(r == 0 || r == -ENOMEM);
		ASSERT(n < 20);
	}
}

TEST(outside_of_tasks_there_are_no_values)
{
	ASSERT(wok_local_get(&shared) == NULL);
	ASSERT_ERR(wok_local_set(&shared, "x"), -EINVAL);
}

/* --- calls at the end ----------------------------------------------------------------------------
 */

struct log {
	int n;
	int results[4];
};

static void note(wok_task *task, void *arg)
{
	struct log *log = arg;

	log->results[log->n++] = wok_task_result(task);
}

static int wait_a_second(void *unused)
{
	(void) unused;
	WOK_TRY(wok_sleep(WOK_SECOND));
	return 7;
}

TEST_TASK(the_end_of_a_task_makes_a_call)
{
	struct log log = {0};
	WOK_AUTO(wok_task) *task = wok_create_task(wait_a_second, NULL);

	ASSERT_OK(wok_task_on_done(task, note, &log));
	ASSERT_OK(wok_task_on_done(task, note, &log));
	ASSERT_EQ(wok_await(task), 7);
	test_settle();
	ASSERT_EQ(log.n, 2);
	ASSERT_OK(wok_task_on_done(task, note, &log)); /* it has ended already: in the next tick */
	ASSERT_EQ(log.n, 2);
	test_settle();
	ASSERT_EQ(log.n, 3);
	ASSERT_EQ(log.results[2], 7);
}

TEST_TASK(a_call_can_be_forgotten_and_the_handle_may_go)
{
	struct log log = {0}, other = {0};
	wok_task *task = wok_create_task(wait_a_second, NULL);

	ASSERT_OK(wok_task_on_done(task, note, &log));
	ASSERT_OK(wok_task_on_done(task, note, &other));
	ASSERT_EQ(wok_task_forget_done(task, note, &log), 1);
	ASSERT_EQ(wok_task_forget_done(task, note, &log), 0);
	wok_task_detach(&task);
	ASSERT_OK(wok_sleep(2 * WOK_SECOND));
	ASSERT_EQ(log.n, 0);
	ASSERT_EQ(other.n, 1);
	ASSERT_EQ(other.results[0], 7);
}

TEST_TASK(a_call_can_be_forgotten_until_it_is_made)
{
	struct log log = {0};
	WOK_AUTO(wok_task) *task = wok_create_task(wait_a_second, NULL);

	ASSERT_EQ(wok_await(task), 7);
	ASSERT_OK(wok_task_on_done(task, note, &log));
	ASSERT_OK(wok_task_on_done(task, note, &log));
	ASSERT_EQ(wok_task_forget_done(task, note, &log), 2); /* they were to come in this tick */
	ASSERT_EQ(wok_task_forget_done(task, note, &log), 0);
	test_settle();
	ASSERT_EQ(log.n, 0);
}

static void forget_oneself(wok_task *task, void *arg)
{
	ASSERT_EQ(wok_task_forget_done(task, forget_oneself, arg), 0);
	++*(int *) arg;
}

TEST_TASK(a_call_that_is_being_made_cannot_be_forgotten)
{
	int calls = 0;
	WOK_AUTO(wok_task) *task = wok_create_task(wait_a_second, NULL);

	ASSERT_OK(wok_task_on_done(task, forget_oneself, &calls));
	ASSERT_EQ(wok_await(task), 7);
	test_settle();
	ASSERT_EQ(calls, 1);
}

TEST_TASK(a_cancelled_task_makes_its_call_too)
{
	struct log log = {0};
	WOK_AUTO(wok_task) *task = wok_create_task(wait_a_second, NULL);

	ASSERT_OK(wok_task_on_done(task, note, &log));
	wok_cancel(task);
	test_settle();
	ASSERT_EQ(log.n, 1);
	ASSERT_ERR(log.results[0], WOK_ETASKCANCELED);
}

TEST_TASK(without_memory_for_a_call_nothing_is_promised, "G3")
{
	struct log log = {0};
	WOK_AUTO(wok_task) *task = wok_create_task(wait_a_second, NULL);
	int r = -ENOMEM, n;

	for (n = 1; r < 0; n++) {
		wok_test_fail_allocation((uint64_t) n, false);
		r = wok_task_on_done(task, note, &log);
		ASSERT(r == 0 || r == -ENOMEM);
	}
	wok_test_fail_allocation(0, false);
	WOK_IGNORE(wok_await(task));
	test_settle();
	ASSERT_EQ(log.n, 1);
}

/* --- the eager start
 * ------------------------------------------------------------------------------ */

static int step(void *arg)
{
	int *steps = arg;

	++*steps;
	WOK_TRY(wok_yield());
	++*steps;
	return 0;
}

TEST_TASK(an_eager_task_runs_to_its_first_wait_at_once)
{
	const wok_task_options eager = {.eager = true};
	int steps = 0;
	WOK_AUTO(wok_scope) *scope = NULL;

	WOK_AUTO(wok_task) *task = wok_create_task_with(step, &steps, &eager);
	ASSERT_EQ(steps, 1);
	ASSERT_OK(wok_await(task));
	ASSERT_EQ(steps, 2);

	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn_with(scope, step, &steps, &eager));
	ASSERT_EQ(steps, 3);
	ASSERT_OK(wok_scope_join(scope));
}

static int fail(void *unused)
{
	(void) unused;
	return wok_fail(-EIO, "at once");
}

TEST_TASK(an_eager_task_may_be_done_when_its_handle_comes)
{
	const wok_task_options eager = {.eager = true};
	WOK_AUTO(wok_task) *task = wok_create_task_with(fail, NULL, &eager);

	ASSERT(wok_task_done(task));
	ASSERT_ERR(wok_await(task), -EIO);
	ASSERT_STR(wok_errmsg(-EIO), "at once");
}

static int start_eagerly(void *arg)
{
	const wok_task_options eager = {.eager = true};
	wok_task *task = wok_create_task_with(step, arg, &eager);

	ASSERT_EQ(*(int *) arg, 0); /* a callback does not wait: the task is next */
	wok_task_detach(&task);
	return 0;
}

static int look_at(void *steps)
{
	ASSERT_EQ(*(int *) steps, 1);
	return 0;
}

TEST_TASK(from_a_callback_an_eager_task_is_next)
{
	int steps = 0;

	wok_call_soon(start_eagerly, &steps);
	wok_call_soon(look_at, &steps);
	test_settle();
	ASSERT_EQ(steps, 2);
}

TEST_TASK(on_the_large_stack_an_eager_task_is_next)
{
	int steps = 0;

	ASSERT_OK(wok_on_big_stack(start_eagerly, &steps));
	ASSERT_EQ(steps, 0);
	ASSERT_OK(wok_yield());
	ASSERT(steps > 0);
	test_settle(); /* it can wait: the large stack is behind it */
	ASSERT_EQ(steps, 2);
}

TEST(before_the_loop_runs_an_eager_task_is_the_first)
{
	WOK_AUTO(wok_loop) *loop = NULL;
	int steps = 0;

	ASSERT_OK(wok_loop_new(NULL, &loop));
	ASSERT_OK(start_eagerly(&steps));
	ASSERT_OK(wok_loop_step(loop));
	ASSERT_EQ(steps, 2);
}

static int sum(void *arg)
{
	const int *numbers = arg;

	return numbers[0] + numbers[1];
}

static void free_nothing(void *arg)
{
	freed += ((int *) arg)[0];
}

TEST_TASK(a_copy_of_the_argument_lives_as_long_as_the_task)
{
	int numbers[] = {3, 4};
	const wok_task_options options = {.arg_size = sizeof(numbers), .arg_free = free_nothing};
	WOK_AUTO(wok_scope) *scope = NULL;

	WOK_AUTO(wok_task) *task = wok_create_task_with(sum, numbers, &options);
	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn_copy(scope, sum, numbers, sizeof(numbers)));
	numbers[0] = 0;
	ASSERT_EQ(wok_await(task), 7);
	ASSERT_EQ(freed, 3);
	ASSERT_OK(wok_scope_join(scope));
}

/* --- reasons and deadlines
 * ------------------------------------------------------------------------ */

static int tell_reason(void *ret_reason)
{
	WOK_IGNORE(wok_sleep(WOK_MINUTE));
	*(const char **) ret_reason = wok_cancel_reason();
	return 0;
}

TEST_TASK(a_cancelled_task_can_ask_for_the_reason)
{
	const char *reason = "";
	WOK_AUTO(wok_task) *task = wok_create_task(tell_reason, &reason);

	ASSERT(wok_cancel_reason() == NULL);
	test_settle();
	ASSERT(wok_cancel_with(task, "the user pressed a key"));
	ASSERT_OK(wok_await(task));
	ASSERT_STR(reason, "the user pressed a key");
	ASSERT_OK(wok_wait_for(tell_reason, &reason, WOK_SECOND));
	ASSERT_STR(reason, "its time limit has passed");
}

static int tell_deadline(void *ret_deadline)
{
	*(wok_time *) ret_deadline = wok_current_deadline();
	return 0;
}

TEST_TASK(deadlines_are_inherited_and_the_nearest_counts)
{
	wok_timeout outer = WOK_TIMEOUT_INIT, inner = WOK_TIMEOUT_INIT;
	WOK_AUTO(wok_scope) *scope = NULL;
	wok_time childs = 0;

	ASSERT_EQ(wok_current_deadline(), WOK_FOREVER);
	WOK_TIMEOUT (&outer, 10 * WOK_SECOND) {
		WOK_TIMEOUT (&inner, 20 * WOK_SECOND) {
			ASSERT_EQ(wok_current_deadline(), 10 * WOK_SECOND);
			ASSERT_OK(wok_timeout_set_deadline(&inner, 5 * WOK_SECOND));
			ASSERT_EQ(wok_current_deadline(), 5 * WOK_SECOND);
			ASSERT_OK(wok_scope_new(&scope));
			ASSERT_OK(wok_scope_spawn(scope, tell_deadline, &childs));
			ASSERT_OK(wok_scope_join(scope));
			ASSERT_EQ(childs, 5 * WOK_SECOND);
		}
		WOK_SHIELD (3 * WOK_SECOND) {
			ASSERT_EQ(wok_current_deadline(), 13 * WOK_SECOND);
			ASSERT_OK(wok_sleep(11 * WOK_SECOND));
			ASSERT_EQ(wok_current_deadline(), 13 * WOK_SECOND);
			ASSERT_ERR(wok_sleep(3 * WOK_SECOND), -ECANCELED);
			ASSERT_EQ(wok_now(), 13 * WOK_SECOND);
			ASSERT_EQ(wok_current_deadline(), 0);
		}
	}
}

/* --- steady beats
 * ---------------------------------------------------------------------------------- */

TEST_TASK(an_interval_keeps_its_beat_however_long_the_work_takes)
{
	wok_interval interval = WOK_INTERVAL_INIT(100 * WOK_MS);

	ASSERT_EQ(wok_interval_wait(&interval), 0);
	ASSERT_EQ(wok_now(), 100 * WOK_MS);
	ASSERT_OK(wok_sleep(70 * WOK_MS));
	ASSERT_EQ(wok_interval_wait(&interval), 0);
	ASSERT_EQ(wok_now(), 200 * WOK_MS);
	ASSERT_OK(wok_sleep(250 * WOK_MS)); /* 300 and 400 pass by */
	ASSERT_EQ(wok_interval_wait(&interval), 1);
	ASSERT_EQ(wok_now(), 450 * WOK_MS);
	ASSERT_EQ(wok_interval_wait(&interval), 0);
	ASSERT_EQ(wok_now(), 500 * WOK_MS);
}

TEST_TASK(a_beat_that_was_cancelled_comes_with_the_next_call)
{
	wok_interval interval = WOK_INTERVAL_INIT(WOK_SECOND), none = WOK_INTERVAL_INIT(0);
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	WOK_TIMEOUT (&timeout, 500 * WOK_MS) {
		ASSERT_ERR(wok_interval_wait(&interval), -ECANCELED);
	}
	ASSERT_EQ(wok_interval_wait(&interval), 0);
	ASSERT_EQ(wok_now(), WOK_SECOND);
	ASSERT_ERR(wok_interval_wait(&none), -EINVAL);
}

/* --- what the macros take --------------------------------------------------------------------- */

struct dish {
	int portions, price;
};

static int cook(void *arg)
{
	struct dish *dish = arg;

	return dish->portions * dish->price;
}

/* The comma in such an argument needs no parentheses, for it is the last one. */
TEST_TASK(a_literal_may_be_the_argument_of_what_is_started)
{
	WOK_AUTO(wok_task) *task = wok_create_task(cook, &(struct dish){2, 7});
	WOK_AUTO(wok_scope) *scope = NULL;
	WOK_AUTO(wok_remote) *remote = NULL;

	ASSERT_EQ(wok_await(task), 14);
	ASSERT_EQ(wok_coro_await(wok_coro(cook, &(struct dish){3, 7})), 21);
	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, cook, &(struct dish){1, 1}));
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_EQ(wok_to_thread(cook, &(struct dish){4, 7}), 28);
	ASSERT_EQ(wok_thread_pool_run(NULL, cook, &(struct dish){5, 7}), 35);
	ASSERT_OK(wok_remote_new(&remote));
	ASSERT_ERR(wok_remote_run(remote, cook, &(struct dish){6, 7}), -EDEADLK);
}

TEST(handing_over_looks_at_its_pointer_once)
{
	int number = 0, i = 0;
	int *slots[] = {&number, &number};

	ASSERT(WOK_TAKE(slots[i++]) == &number);
	ASSERT_EQ(i, 1);
	ASSERT(!slots[0]);
	ASSERT(slots[1] == &number);
}

/* SPDX-License-Identifier: MIT */
/* Task handles: awaiting, owning, detaching. See wok/task.h. */
#include <pthread.h>
#include <wok/wok.h>

#include "harness/reports.h"
#include "harness/test.h"

static int return_42(void *unused)
{
	(void) unused;
	return 42;
}

static int wait_long(void *canceled)
{
	int r = wok_sleep(WOK_MINUTE);

	if (canceled)
		*(int *) canceled += r == -ECANCELED;
	return r;
}

static int await_it(void *task)
{
	return wok_await(task);
}

TEST_TASK(awaiting_oneself_is_refused, "B15")
{
	WOK_AUTO(wok_task) *self = wok_task_ref(wok_current_task());

	ASSERT_ERR(wok_await(self), -EDEADLK);
	ASSERT_ERR(wok_await_for(self, WOK_SECOND), -EDEADLK);
}

static int await_each_other(void *arg)
{
	wok_task **tasks = arg;
	int other = tasks[0] == wok_current_task();

	return wok_await(tasks[other]);
}

TEST_TASK(of_two_that_await_each_other_one_is_refused, "B15")
{
	wok_task *tasks[2];

	for (int i = 0; i < 2; i++)
		tasks[i] = wok_create_task(await_each_other, tasks);
	ASSERT_ERR(wok_await(tasks[0]), -EDEADLK);
	ASSERT_ERR(wok_await(tasks[1]), -EDEADLK);
	ASSERT(strstr(wok_errmsg(-EDEADLK), "await_each_other is to wait for await_each_other"));
	for (int i = 0; i < 2; i++)
		wok_task_free(tasks[i]);
}

struct family {
	wok_task *parent;
};

static int await_parent(void *arg)
{
	struct family *family = arg;

	return wok_await(family->parent);
}

static int join_child_that_awaits_us(void *arg)
{
	struct family *family = arg;
	WOK_AUTO(wok_scope) *scope = NULL;

	family->parent = wok_current_task();
	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, await_parent, family));
	test_settle();
	ASSERT_ERR(wok_scope_join(scope), -EDEADLK);
	return 1;
}

TEST_TASK(a_join_of_who_awaits_the_joiner_is_refused, "B15")
{
	struct family family = {0};
	WOK_AUTO(wok_task) *task = wok_create_task(join_child_that_awaits_us, &family);

	ASSERT_EQ(wok_await(task), 1);
}

TEST_TASK(two_awaiters_get_the_result_and_one_may_be_cancelled, "B16")
{
	WOK_AUTO(wok_task) *task = wok_create_task(wait_long, NULL);
	WOK_AUTO(wok_task) *a = wok_create_task(await_it, task);
	WOK_AUTO(wok_task) *b = wok_create_task(await_it, task);
	WOK_AUTO(wok_task) *c = wok_create_task(await_it, task);

	test_settle();
	ASSERT(wok_cancel(b));
	ASSERT_OK(wok_await(a));
	ASSERT_OK(wok_await(c));
	ASSERT_ERR(wok_await(b), WOK_ETASKCANCELED);
	ASSERT_OK(wok_task_result(task));
}

static int set_later(void *event)
{
	ASSERT_OK(wok_sleep(WOK_SECOND));
	wok_event_set(event);
	return 0;
}

TEST_TASK(a_detached_task_lives_on, "B21")
{
	wok_event event = WOK_EVENT_INIT;
	wok_task *task = wok_create_task(set_later, &event);

	wok_task_detach(&task);
	ASSERT(!task);
	ASSERT_OK(wok_event_wait(&event));
	wok_task_detach(&task); /* NULL does nothing */
}

TEST_TASK(freeing_a_handle_cancels_and_joins)
{
	int canceled = 0;
	wok_task *task = wok_create_task(wait_long, &canceled);

	test_settle();
	wok_task_free(task);
	ASSERT_EQ(canceled, 1);
	ASSERT_EQ(wok_now(), 0);
}

static int leave_early(void *canceled)
{
	WOK_AUTO(wok_task) *task = wok_create_task(wait_long, canceled);

	test_settle();
	return -EIO;
}

TEST_TASK(an_early_return_leaves_no_task_behind)
{
	int canceled = 0;

	ASSERT_ERR(leave_early(&canceled), -EIO);
	ASSERT_EQ(canceled, 1);
}

TEST_TASK(only_the_last_owner_cancels)
{
	int canceled = 0;
	wok_task *task = wok_create_task(wait_long, &canceled);
	wok_task *other = wok_task_ref(task);

	test_settle();
	wok_task_free(task);
	ASSERT_EQ(canceled, 0);
	wok_task_free(other);
	ASSERT_EQ(canceled, 1);
}

static int free_it(void *task)
{
	wok_task_free(task);
	return 0;
}

TEST_TASK(a_handle_freed_under_an_awaiter_stays_readable_for_it)
{
	wok_task *task = wok_create_task(wait_long, NULL);
	WOK_AUTO(wok_task) *awaiter = wok_create_task(await_it, task);
	WOK_AUTO(wok_task) *thief = wok_create_task(free_it, task);

	ASSERT_ERR(wok_await(awaiter), WOK_ETASKCANCELED);
	ASSERT_OK(wok_await(thief));
}

TEST_TASK(a_handle_says_who_it_is_and_how_it_ended)
{
	const wok_task_options options = {.name = "the worker"};
	WOK_AUTO(wok_task) *named = wok_create_task_with(return_42, NULL, &options);
	WOK_AUTO(wok_task) *plain = wok_create_task(return_42, NULL);

	ASSERT_STR(wok_task_name(named), "the worker");
	ASSERT_STR(wok_task_name(plain), "return_42");
	ASSERT(!wok_task_done(plain));
	ASSERT_ERR(wok_task_result(plain), -EBUSY);
	ASSERT_STR(wok_task_errmsg(plain), "");
	ASSERT_EQ(wok_await(plain), 42);
	ASSERT(wok_task_done(plain));
	ASSERT_EQ(wok_task_result(plain), 42);
}

struct point {
	int x, y;
};

static int sum(void *arg)
{
	struct point *point = arg;

	WOK_TRY(wok_yield());
	return point->x + point->y;
}

static wok_task *start_with_a_local(int x)
{
	struct point point = {x, 2};

	return wok_create_task_copy(sum, &point, sizeof(point));
}

TEST_TASK(a_copied_argument_lives_as_long_as_its_task)
{
	WOK_AUTO(wok_task) *task = start_with_a_local(40);

	ASSERT_EQ(wok_await(task), 42);
}

static void note_free(void *arg)
{
	++*(int *) arg;
}

TEST_TASK(a_task_without_memory_has_failed_and_its_argument_is_freed)
{
	const wok_task_options options = {.arg_free = note_free};
	int freed = 0;

	wok_test_fail_allocation(1, true);
	wok_task *task = wok_create_task_with(return_42, &freed, &options);
	wok_test_fail_allocation(0, false);
	ASSERT_ERR(wok_task_result(task), -ENOMEM);
	ASSERT_EQ(freed, 1);
	ASSERT_ERR(wok_await(task), -ENOMEM);
	ASSERT_ERR(wok_await_for(task, 0), -ENOMEM);
	ASSERT_ERR(wok_gather(&task, 1, 0), -ENOMEM);
	ASSERT(!wok_cancel(task));
	ASSERT(wok_task_ref(task) == task);
	wok_task_free(task);
	wok_task_free(task); /* it belongs to nobody */
	wok_task_detach(&task);
}

TEST(a_task_outside_of_a_loop_has_failed)
{
	const wok_task_options options = {.arg_free = note_free};
	int freed = 0;
	struct point point = {1, 2};

	wok_task *task = wok_create_task_with(return_42, &freed, &options);
	ASSERT_ERR(wok_task_result(task), -EINVAL);
	ASSERT_EQ(freed, 1);
	ASSERT_ERR(wok_await(task), -EDEADLK);
	wok_task_free(task);
	task = wok_create_task_copy(sum, &point, sizeof(point));
	ASSERT_ERR(wok_task_result(task), -EINVAL);
	wok_task_free(task);
	ASSERT(!wok_current_task());
}

static wok_task *kept[2];

static int keep_handles(void *unused)
{
	(void) unused;
	kept[0] = wok_create_task(return_42, NULL);
	kept[1] = wok_create_task(wait_long, NULL);
	return wok_await(kept[0]);
}

static void *free_kept(void *unused)
{
	wok_task_free(kept[0]);
	return unused;
}

TEST(handles_outlive_their_loop)
{
	pthread_t thread;

	ASSERT_EQ(wok_test_run(keep_handles, NULL, NULL), 42);
	ASSERT_EQ(wok_task_result(kept[0]), 42);
	ASSERT(wok_task_canceled(kept[1]));
	ASSERT_ERR(wok_await(kept[0]), -EDEADLK);
	ASSERT(!wok_cancel(kept[1]));
	wok_task_free(kept[1]);
	ASSERT_EQ(pthread_create(&thread, NULL, free_kept, NULL), 0);
	ASSERT_EQ(pthread_join(thread, NULL), 0);
}

static int free_in_callback(void *task)
{
	wok_task_free(task);
	return 0;
}

static int free_where_nothing_waits(void *canceled)
{
	wok_task *task = wok_create_task(wait_long, canceled);

	test_settle();
	wok_call_soon(free_in_callback, task);
	test_settle();
	ASSERT_EQ(*(int *) canceled, 1);
	wok_task_free(wok_task_ref(wok_current_task())); /* not the last owner: nothing to say */
	return 0;
}

TEST(a_handle_freed_in_a_callback_is_cancelled_and_reported)
{
	struct test_reports reports;
	int canceled = 0;

	ASSERT_OK(test_run_reporting(&reports, free_where_nothing_waits, &canceled));
	ASSERT_EQ(reports.n, 1);
	ASSERT_REPORT(&reports, 0, "waiting for its end is impossible");
	ASSERT_STR(reports.kept[0].task, "wait_long");
}

static int free_self(void *arg)
{
	wok_task **self = arg;

	ASSERT_ERR(wok_fail(-EDEADLK, "mine"), -EDEADLK);
	errno = ENOTTY;
	wok_task_free(WOK_TAKE(*self)); /* has words of its own for that, and keeps these */
	ASSERT_STR(wok_errmsg(-EDEADLK), "mine");
	ASSERT_EQ(errno, ENOTTY);
	return wok_yield();
}

static int start_one_that_frees_itself(void *unused)
{
	wok_task *task = wok_create_task(free_self, &task);

	(void) unused;
	test_settle();
	return 0;
}

TEST(a_task_that_frees_itself_is_cancelled_and_reported)
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, start_one_that_frees_itself, NULL));
	ASSERT_EQ(reports.n, 1);
	ASSERT_STR(reports.kept[0].task, "free_self");
}

/* SPDX-License-Identifier: MIT */
/* Futures: see wok/future.h. */
#include <pthread.h>
#include <wok/wok.h>

#include "harness/reports.h"
#include "harness/test.h"

static int set_5(void *future)
{
	static int value = 5;

	return wok_future_set(future, 17, &value);
}

TEST_TASK(a_callback_gives_a_future_its_result)
{
	WOK_AUTO(wok_future) *future = NULL;
	void *value = NULL;

	ASSERT_OK(wok_future_new(&future));
	ASSERT_ERR(wok_future_result(future, &value), -EBUSY);
	ASSERT(!value);
	wok_call_later(WOK_SECOND, set_5, future);
	ASSERT_EQ(wok_future_await(future, &value), 17);
	ASSERT_EQ(*(int *) value, 5);
	ASSERT_EQ(wok_now(), WOK_SECOND);
	ASSERT(wok_future_done(future));
	ASSERT_EQ(wok_future_await(future, NULL), 17); /* any number of times */
}

static int take_the_value(void *arg)
{
	void **value = arg;

	return wok_future_result(*value, value);
}

TEST_TASK(a_callback_gets_at_the_value_of_a_future)
{
	WOK_AUTO(wok_future) *future = NULL;
	static int value;
	void *taken;

	ASSERT_OK(wok_future_new(&future));
	ASSERT_OK(wok_future_set(future, 3, &value));
	taken = future;
	wok_call_soon(take_the_value, &taken);
	test_settle();
	ASSERT(taken == &value);
}

TEST_TASK(a_result_is_given_once, "B25")
{
	WOK_AUTO(wok_future) *future = NULL;

	ASSERT_OK(wok_future_new(&future));
	ASSERT_OK(wok_future_set(future, 1, NULL));
	ASSERT_ERR(wok_future_set(future, 2, NULL), -EALREADY);
	ASSERT(!wok_future_cancel(future));
	ASSERT_EQ(wok_future_result(future, NULL), 1);
}

TEST_TASK(a_callback_that_races_with_a_cancel_may_lose, "B25")
{
	WOK_AUTO(wok_future) *future = NULL;

	ASSERT_OK(wok_future_new(&future));
	ASSERT(wok_future_cancel(future));
	ASSERT_ERR(wok_future_set(future, 3, NULL), -EALREADY);
	ASSERT_ERR(wok_future_await(future, NULL), WOK_ETASKCANCELED);
}

struct waiting {
	wok_future *future;
	int result;
};

static int await_future(void *arg)
{
	struct waiting *waiting = arg;

	waiting->result = wok_future_await(waiting->future, NULL);
	return wok_yield();
}

TEST_TASK(a_cancel_in_the_tick_of_the_result_loses_neither, "B5")
{
	struct waiting waiting = {0};

	ASSERT_OK(wok_future_new(&waiting.future));
	WOK_AUTO(wok_task) *task = wok_create_task(await_future, &waiting);
	test_settle();
	ASSERT_OK(wok_future_set(waiting.future, 42, NULL));
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED); /* at its yield */
	ASSERT_EQ(waiting.result, 42);
	wok_future_free(waiting.future);
}

TEST_TASK(one_of_two_who_wait_can_be_cancelled, "B16")
{
	struct waiting first = {0}, second = {0};

	ASSERT_OK(wok_future_new(&first.future));
	second.future = first.future;
	WOK_AUTO(wok_task) *one = wok_create_task(await_future, &first);
	WOK_AUTO(wok_task) *two = wok_create_task(await_future, &second);
	test_settle();
	ASSERT(wok_cancel(one));
	test_settle();
	ASSERT_ERR(first.result, -ECANCELED);
	ASSERT_OK(wok_future_set(first.future, 3, NULL));
	ASSERT_OK(wok_await(two));
	ASSERT_EQ(second.result, 3);
	wok_future_free(first.future);
}

TEST_TASK(the_last_owner_may_go_while_somebody_waits)
{
	struct waiting waiting = {0};

	ASSERT_OK(wok_future_new(&waiting.future));
	WOK_AUTO(wok_task) *task = wok_create_task(await_future, &waiting);
	test_settle();
	ASSERT_OK(wok_future_set(waiting.future, 1, NULL));
	wok_future_free(waiting.future);
	ASSERT_OK(wok_await(task));
	ASSERT_EQ(waiting.result, 1);
}

static int fail_futures(void *unused)
{
	WOK_AUTO(wok_future) *taken = NULL;
	WOK_AUTO(wok_future) *lost = NULL;

	(void) unused;
	WOK_TRY(wok_future_new(&taken));
	WOK_TRY(wok_future_new(&lost));
	wok_future_set(taken, wok_fail(-EIO, "the disk is gone"), NULL);
	wok_future_set(lost, wok_fail(-EPIPE, "the pipe is gone"), NULL);
	ASSERT_ERR(wok_future_await(taken, NULL), -EIO);
	ASSERT_STR(wok_errmsg(-EIO), "the disk is gone");
	return 0;
}

TEST(an_error_that_nobody_took_is_reported, "B20")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, fail_futures, NULL));
	ASSERT_EQ(reports.n, 1);
	ASSERT_REPORT(&reports, 0, "the pipe is gone");
}

struct giver {
	wok_future *future;
	wok_remote *remote;
	int result;
	int given;
};

static void *give(void *arg)
{
	struct giver *giver = arg;
	int result = giver->result < 0 ? wok_fail(giver->result, "from afar") : giver->result;

	giver->given = wok_remote_set_future(giver->remote, giver->future, result, giver);
	return NULL;
}

static int take_from_threads(void *unused)
{
	enum { N = 4 };
	WOK_AUTO(wok_future) *future = NULL;
	WOK_AUTO(wok_remote) *remote = NULL;
	struct giver givers[N];
	pthread_t threads[N];
	void *value = NULL;
	int won = 0;

	(void) unused;
	ASSERT_OK(wok_future_new(&future));
	ASSERT_OK(wok_remote_new(&remote));
	for (int i = 0; i < N; i++) {
		givers[i] = (struct giver){future, remote, -EIO, 0};
		ASSERT_EQ(pthread_create(&threads[i], NULL, give, &givers[i]), 0);
	}
	ASSERT_ERR(wok_future_await(future, &value), -EIO);
	ASSERT_STR(wok_errmsg(-EIO), "from afar");
	for (int i = 0; i < N; i++) {
		ASSERT_EQ(pthread_join(threads[i], NULL), 0);
		won += givers[i].given == 0;
		ASSERT(givers[i].given == 0 || givers[i].given == -EALREADY);
		ASSERT((givers[i].given == 0) == (value == &givers[i]));
	}
	ASSERT_EQ(won, 1);
	return 0;
}

TEST(of_several_threads_one_gives_the_result, "F16")
{
	ASSERT_OK(wok_run(take_from_threads, NULL));
}

static int make_both(void *arg)
{
	struct giver *giver = arg;

	WOK_TRY(wok_future_new(&giver->future));
	return wok_remote_new(&giver->remote);
}

static int misuse_another_loops(void *arg)
{
	struct giver *giver = arg;
	WOK_AUTO(wok_remote) *own = NULL;

	ASSERT_ERR(wok_future_await(giver->future, NULL), -EINVAL);
	ASSERT_ERR(wok_future_set(giver->future, 1, NULL), -EINVAL);
	ASSERT(!wok_future_cancel(giver->future));
	ASSERT_OK(wok_remote_new(&own));
	ASSERT_ERR(wok_remote_set_future(own, giver->future, 1, NULL), -EINVAL);
	ASSERT_ERR(wok_remote_set_future(giver->remote, giver->future, 1, NULL), -ESHUTDOWN);
	return 0;
}

TEST(a_future_of_another_loop_is_an_error_and_unharmed)
{
	struct giver giver = {0};

	ASSERT_OK(wok_run(make_both, &giver));
	ASSERT_OK(wok_run(misuse_another_loops, &giver));
	wok_future_free(giver.future);
	wok_remote_free(giver.remote);
}

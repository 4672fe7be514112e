/* SPDX-License-Identifier: MIT */
/* Rate limits: see wok/rate.h. */
#include <wok/wok.h>

#include "harness/test.h"

TEST_TASK(a_burst_passes_at_once_and_then_the_rate_holds)
{
	wok_rate rate = WOK_RATE_INIT(10, WOK_SECOND, 3);

	ASSERT_OK(wok_sleep(WOK_MINUTE));
	for (int i = 0; i < 3; i++)
		ASSERT_OK(wok_rate_acquire(&rate, 1));
	ASSERT_EQ(wok_now(), WOK_MINUTE);
	ASSERT_ERR(wok_rate_try_acquire(&rate, 1), -EAGAIN);
	for (int i = 1; i <= 20; i++) {
		ASSERT_OK(wok_rate_acquire(&rate, 1));
		ASSERT_EQ(wok_now(), WOK_MINUTE + i * 100 * WOK_MS);
	}
	ASSERT_OK(wok_sleep(WOK_SECOND)); /* a pause fills the bucket, up to the burst */
	ASSERT_OK(wok_rate_try_acquire(&rate, 3));
	ASSERT_ERR(wok_rate_try_acquire(&rate, 1), -EAGAIN);
}

TEST_TASK(what_cannot_pass_ever_is_refused)
{
	wok_rate rate = WOK_RATE_INIT(10, WOK_SECOND, 3), none = WOK_RATE_INIT(0, WOK_SECOND, 1);

	ASSERT_ERR(wok_rate_acquire(&rate, 4), -EINVAL);
	ASSERT_ERR(wok_rate_try_acquire(&none, 1), -EINVAL);
}

static wok_rate common = WOK_RATE_INIT(1, WOK_SECOND, 1);

struct passing {
	int order;
	int result;
	wok_time at;
};

static int passed;

static int pass(void *arg)
{
	struct passing *passing = arg;

	passing->result = wok_rate_acquire(&common, 1);
	passing->order = passing->result < 0 ? -1 : passed++;
	passing->at = wok_now();
	return passing->result;
}

TEST_TASK(tasks_pass_in_order_and_a_cancelled_one_costs_nothing)
{
	struct passing passing[4] = {0};
	wok_task *tasks[4];

	for (int i = 0; i < 4; i++) {
		tasks[i] = wok_create_task(pass, &passing[i]);
		test_settle();
	}
	ASSERT_OK(wok_sleep(500 * WOK_MS));
	ASSERT(wok_cancel(tasks[1])); /* it waits for the clock */
	ASSERT(wok_cancel(tasks[2])); /* it waits for its turn */
	WOK_IGNORE(wok_gather(tasks, 4, WOK_COLLECT));
	ASSERT_EQ(passing[0].at, 0);
	ASSERT_ERR(passing[1].result, -ECANCELED);
	ASSERT_ERR(passing[2].result, -ECANCELED);
	ASSERT_EQ(passing[3].order, 1);
	ASSERT_EQ(passing[3].at, WOK_SECOND);
	for (int i = 0; i < 4; i++)
		wok_task_free(tasks[i]);
}

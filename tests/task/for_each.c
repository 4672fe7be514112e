/* SPDX-License-Identifier: MIT */
/* A function over an array, a few at a time: see wok_for_each(). */
#include <wok/wok.h>

#include "harness/test.h"

struct gauge {
	int now, most, calls;
};

struct element {
	struct gauge *gauge;
	wok_time span;
	int result;
	int done;
};

static int work(void *arg)
{
	struct element *element = arg;
	struct gauge *gauge = element->gauge;

	gauge->calls++;
	if (++gauge->now > gauge->most)
		gauge->most = gauge->now;
	int r = wok_sleep(element->span);
	gauge->now--;
	element->done = r == 0 ? 1 : -1;
	return r < 0 ? r : element->result;
}

static void fill(struct element *elements, int n, struct gauge *gauge)
{
	for (int i = 0; i < n; i++)
		elements[i] = (struct element){gauge, WOK_SECOND, 0, 0};
}

TEST_TASK(each_element_is_worked_on_and_no_more_than_the_limit_at_once)
{
	struct gauge gauge = {0};
	struct element elements[10];

	fill(elements, 10, &gauge);
	ASSERT_OK(wok_for_each(work, elements, 10, 3, 0));
	ASSERT_EQ(gauge.calls, 10);
	ASSERT_EQ(gauge.most, 3);
	ASSERT_EQ(wok_now(), 4 * WOK_SECOND);
	for (int i = 0; i < 10; i++)
		ASSERT_EQ(elements[i].done, 1);
}

TEST_TASK(without_a_limit_all_run_at_once)
{
	const size_t limits[] = {0, WOK_UNLIMITED, 1000};

	for (int i = 0; i < 3; i++) {
		struct gauge gauge = {0};
		struct element elements[10];
		fill(elements, 10, &gauge);
		ASSERT_OK(wok_for_each(work, elements, 10, limits[i], 0));
		ASSERT_EQ(gauge.most, 10);
	}
	ASSERT_EQ(wok_now(), 3 * WOK_SECOND);
}

TEST_TASK(nothing_to_work_on_is_no_error)
{
	struct element elements[1];
	uint64_t before = wok_test_checkpoints();

	ASSERT_OK(wok_for_each(work, elements, 0, 3, 0));
	ASSERT(wok_test_checkpoints() > before);
}

TEST_TASK(the_first_error_ends_the_others)
{
	struct gauge gauge = {0};
	struct element elements[10];

	fill(elements, 10, &gauge);
	elements[1].span = WOK_MS;
	elements[1].result = -EIO;
	ASSERT_ERR(wok_for_each(work, elements, 10, 3, 0), -EIO);
	ASSERT_EQ(gauge.calls, 3);
	ASSERT_EQ(gauge.now, 0);
	ASSERT_EQ(wok_now(), WOK_MS);
	ASSERT_OK(wok_yield());
}

TEST_TASK(collecting_works_on_all_and_counts_who_failed)
{
	struct gauge gauge = {0};
	struct element elements[10];

	fill(elements, 10, &gauge);
	elements[1].result = elements[7].result = -EIO;
	ASSERT_EQ(wok_for_each(work, elements, 10, 3, WOK_COLLECT), 2);
	ASSERT_EQ(gauge.calls, 10);
}

struct caller {
	struct gauge gauge;
	struct element elements[10];
	int flags;
};

static int call_for_each(void *arg)
{
	struct caller *self = arg;

	return wok_for_each(work, self->elements, 10, 3, self->flags);
}

TEST_TASK(cancelling_the_caller_ends_all_and_starts_no_more, "B7")
{
	const int flags[] = {0, WOK_COLLECT};

	for (int i = 0; i < 2; i++) {
		struct caller self = {.flags = flags[i]};
		fill(self.elements, 10, &self.gauge);
		WOK_AUTO(wok_task) *task = wok_create_task(call_for_each, &self);
		test_settle();
		ASSERT(wok_cancel(task));
		ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
		ASSERT_EQ(self.gauge.calls, 3);
		ASSERT_EQ(self.gauge.now, 0);
	}
	ASSERT_EQ(wok_now(), 0);
}

TEST_TASK(unknown_flags_of_for_each_are_refused)
{
	struct element elements[1];

	ASSERT_ERR(wok_for_each(work, elements, 1, 0, WOK_LEAVE_REST), -EINVAL);
}

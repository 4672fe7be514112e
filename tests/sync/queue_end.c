/* SPDX-License-Identifier: MIT */
/* Queues, their work and their end: see wok/queue.h. */
#include <wok/wok.h>

#include "harness/test.h"

enum { N = 4 };

struct kitchen {
	wok_queue *queue;
	int results[3 * N];
	int n_results;
	int got;
};

static void open_kitchen(struct kitchen *kitchen, size_t maxsize)
{
	*kitchen = (struct kitchen){0};
	ASSERT_OK(wok_queue_new(sizeof(int), maxsize, &kitchen->queue));
}

static int note(struct kitchen *kitchen, int r)
{
	kitchen->results[kitchen->n_results++] = r;
	return r;
}

static int get_one(void *arg)
{
	struct kitchen *kitchen = arg;
	int item;

	return note(kitchen, wok_queue_get(kitchen->queue, &item));
}

static int next_one(void *arg)
{
	struct kitchen *kitchen = arg;
	int item;

	return note(kitchen, wok_queue_next(kitchen->queue, &item));
}

static int put_one(void *arg)
{
	struct kitchen *kitchen = arg;
	int item = 0;

	return note(kitchen, wok_queue_put(kitchen->queue, &item));
}

static int join_it(void *arg)
{
	struct kitchen *kitchen = arg;

	return note(kitchen, wok_queue_join(kitchen->queue));
}

static void start(struct kitchen *kitchen, wok_fn *fn, wok_task **tasks, int n)
{
	for (int i = 0; i < n; i++)
		tasks[i] = wok_create_task(fn, kitchen);
	test_settle();
	ASSERT_EQ(kitchen->n_results, 0);
}

static void finish(wok_task **tasks, int n)
{
	WOK_IGNORE(wok_gather(tasks, (size_t) n, WOK_COLLECT));
	for (int i = 0; i < n; i++)
		wok_task_free(tasks[i]);
}

/* All calls have returned, each of them that. */
static void check_results(const struct kitchen *kitchen, int n, int result)
{
	ASSERT_EQ(kitchen->n_results, n);
	for (int i = 0; i < n; i++)
		ASSERT_EQ(kitchen->results[i], result);
}

static void put(wok_queue *queue, int item)
{
	ASSERT_OK(wok_queue_put(queue, &item));
}

TEST_TASK(join_returns_when_all_that_was_put_is_finished, "D17")
{
	struct kitchen kitchen;
	wok_task *tasks[2];
	int item;

	open_kitchen(&kitchen, 0);
	ASSERT_OK(wok_queue_join(kitchen.queue));
	for (int i = 0; i < 3; i++)
		put(kitchen.queue, i);
	start(&kitchen, join_it, tasks, 2);
	for (int i = 0; i < 3; i++) {
		ASSERT_OK(wok_queue_get(kitchen.queue, &item));
		test_settle();
		ASSERT_EQ(kitchen.n_results, 0);
		ASSERT_OK(wok_queue_task_done(kitchen.queue));
	}
	test_settle();
	check_results(&kitchen, 2, 0);
	finish(tasks, 2);
	wok_queue_free(kitchen.queue);
}

TEST_TASK(more_is_never_finished_than_was_put, "D17")
{
	struct kitchen kitchen;
	int item;

	open_kitchen(&kitchen, 0);
	ASSERT_ERR(wok_queue_task_done(kitchen.queue), -EINVAL);
	put(kitchen.queue, 1);
	ASSERT_OK(wok_queue_get(kitchen.queue, &item));
	ASSERT_OK(wok_queue_task_done(kitchen.queue));
	ASSERT_ERR(wok_queue_task_done(kitchen.queue), -EINVAL);
	ASSERT_OK(wok_queue_join(kitchen.queue));
	wok_queue_free(kitchen.queue);
}

TEST_TASK(a_join_that_is_cancelled_leaves_the_queue_alone, "D15", "D17")
{
	struct kitchen kitchen;

	open_kitchen(&kitchen, 0);
	put(kitchen.queue, 1);
	ASSERT_ERR(wok_wait_for(join_it, &kitchen, WOK_SECOND), -ETIMEDOUT);
	ASSERT_OK(wok_queue_task_done(kitchen.queue));
	ASSERT_OK(wok_queue_join(kitchen.queue));
	wok_queue_free(kitchen.queue);
}

TEST_TASK(after_a_shutdown_getters_take_what_is_left, "D17")
{
	struct kitchen kitchen;
	int item;

	open_kitchen(&kitchen, 0);
	for (int i = 0; i < 3; i++)
		put(kitchen.queue, i);
	wok_queue_shutdown(kitchen.queue, false);
	ASSERT_ERR(wok_queue_put(kitchen.queue, &item), -ESHUTDOWN);
	ASSERT_ERR(wok_queue_try_put(kitchen.queue, &item), -ESHUTDOWN);
	ASSERT_OK(wok_queue_get(kitchen.queue, &item));
	ASSERT_OK(wok_queue_try_get(kitchen.queue, &item));
	ASSERT_EQ(wok_queue_next(kitchen.queue, &item), 1);
	ASSERT_EQ(item, 2);
	ASSERT_ERR(wok_queue_get(kitchen.queue, &item), -ESHUTDOWN);
	ASSERT_ERR(wok_queue_try_get(kitchen.queue, &item), -ESHUTDOWN);
	ASSERT_EQ(wok_queue_next(kitchen.queue, &item), 0);
	ASSERT_EQ(item, 2);
	for (int i = 0; i < 3; i++)
		ASSERT_OK(wok_queue_task_done(kitchen.queue));
	ASSERT_OK(wok_queue_join(kitchen.queue));
	wok_queue_free(kitchen.queue);
}

TEST_TASK(a_shutdown_ends_the_waits_of_putters_at_once, "D17")
{
	struct kitchen kitchen;
	wok_task *tasks[N];

	open_kitchen(&kitchen, 1);
	put(kitchen.queue, 1);
	start(&kitchen, put_one, tasks, N);
	wok_queue_shutdown(kitchen.queue, false);
	finish(tasks, N);
	check_results(&kitchen, N, -ESHUTDOWN);
	ASSERT_EQ(wok_queue_size(kitchen.queue), 1);
	wok_queue_free(kitchen.queue);
}

TEST_TASK(a_shutdown_ends_the_waits_of_getters_at_once, "D17")
{
	struct kitchen kitchen;
	wok_task *tasks[2 * N];

	open_kitchen(&kitchen, 1);
	start(&kitchen, get_one, tasks, N);
	wok_queue_shutdown(kitchen.queue, false);
	finish(tasks, N);
	check_results(&kitchen, N, -ESHUTDOWN);
	wok_queue_free(kitchen.queue);

	open_kitchen(&kitchen, 1);
	start(&kitchen, next_one, tasks, N);
	put(kitchen.queue, 5); /* one has it before the end */
	wok_queue_shutdown(kitchen.queue, false);
	finish(tasks, N);
	int sum = 0;
	for (int i = 0; i < N; i++)
		sum += kitchen.results[i];
	ASSERT_EQ(sum, 1);
	wok_queue_free(kitchen.queue);
}

TEST_TASK(an_immediate_shutdown_empties_the_queue_and_releases_joins, "D17")
{
	struct kitchen kitchen;
	wok_task *tasks[2];
	int item;

	open_kitchen(&kitchen, 3);
	for (int i = 0; i < 3; i++)
		put(kitchen.queue, i);
	start(&kitchen, join_it, tasks, 2);
	wok_queue_shutdown(kitchen.queue, false);
	test_settle();
	ASSERT_EQ(kitchen.n_results, 0);
	wok_queue_shutdown(kitchen.queue, true);
	finish(tasks, 2);
	check_results(&kitchen, 2, 0);
	ASSERT(wok_queue_empty(kitchen.queue));
	ASSERT_ERR(wok_queue_get(kitchen.queue, &item), -ESHUTDOWN);
	ASSERT_ERR(wok_queue_task_done(kitchen.queue), -EINVAL);
	wok_queue_free(kitchen.queue);
}

TEST_TASK(an_immediate_shutdown_waits_for_work_that_somebody_has_in_hand, "D17")
{
	struct kitchen kitchen;
	wok_task *tasks[2];
	int item;

	open_kitchen(&kitchen, 0);
	start(&kitchen, get_one, tasks, 1);
	put(kitchen.queue, 0); /* reserved for the task */
	put(kitchen.queue, 1);
	put(kitchen.queue, 2);
	ASSERT_OK(wok_queue_get(kitchen.queue, &item));
	wok_queue_shutdown(kitchen.queue, true);
	finish(tasks, 1);
	check_results(&kitchen, 1, 0);
	kitchen.n_results = 0;
	start(&kitchen, join_it, tasks, 1);
	ASSERT_OK(wok_queue_task_done(kitchen.queue));
	ASSERT_OK(wok_queue_task_done(kitchen.queue));
	finish(tasks, 1);
	check_results(&kitchen, 1, 0);
	wok_queue_free(kitchen.queue);
}

TEST_TASK(who_waits_in_a_queue_that_is_freed_is_told_so, "D15")
{
	struct kitchen kitchen;
	wok_task *tasks[3 * N];

	open_kitchen(&kitchen, 1);
	start(&kitchen, get_one, tasks, N);
	wok_queue_free(kitchen.queue);
	finish(tasks, N);
	check_results(&kitchen, N, -EBADF);

	open_kitchen(&kitchen, 1);
	put(kitchen.queue, 1);
	start(&kitchen, put_one, tasks, N);
	start(&kitchen, join_it, tasks + N, N);
	wok_queue_free(kitchen.queue);
	finish(tasks, 2 * N);
	check_results(&kitchen, 2 * N, -EBADF);
}

TEST_TASK(a_getter_has_what_was_handed_to_it_though_the_queue_is_freed, "D13")
{
	struct kitchen kitchen;
	wok_task *tasks[N];

	open_kitchen(&kitchen, 0);
	start(&kitchen, get_one, tasks, N);
	for (int i = 0; i < N; i++)
		put(kitchen.queue, i);
	wok_queue_free(kitchen.queue);
	finish(tasks, N); /* ASan objects here if the queue's memory is gone */
	check_results(&kitchen, N, 0);
}

static int cook(void *arg)
{
	struct kitchen *kitchen = arg;
	int item, r;

	while ((r = wok_queue_next(kitchen->queue, &item)) > 0) {
		WOK_TRY(wok_sleep(item * WOK_MS));
		kitchen->got++;
		ASSERT_OK(wok_queue_task_done(kitchen->queue));
	}
	return r;
}

TEST_TASK(workers_end_when_the_queue_is_shut_down_after_a_join, "D17")
{
	struct kitchen kitchen;
	wok_task *tasks[N];

	open_kitchen(&kitchen, 2);
	for (int i = 0; i < N; i++)
		tasks[i] = wok_create_task(cook, &kitchen);
	for (int i = 0; i < 50; i++)
		put(kitchen.queue, i % 7);
	ASSERT_OK(wok_queue_join(kitchen.queue));
	ASSERT_EQ(kitchen.got, 50);
	wok_queue_shutdown(kitchen.queue, false);
	ASSERT_OK(wok_gather(tasks, N, 0));
	finish(tasks, N);
	wok_queue_free(kitchen.queue);
}

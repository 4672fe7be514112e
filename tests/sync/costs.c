/* SPDX-License-Identifier: MIT */
/*
 * What synchronisation costs: nothing allocates where nobody has to wait, and where somebody has to
 * it is the waiter's own stack that holds the record; no call asks the system. Memory that runs out
 * is said, and nothing leaks.
 */
#include <stdlib.h>
#include <wok/wok.h>

#include "harness/test.h"

/* The objects, static, as a program has them: each run begins with those that the last one left. */
static wok_lock lock = WOK_LOCK_INIT;
static wok_condition condition = WOK_CONDITION_INIT(&lock);
static wok_event event = WOK_EVENT_INIT;
static wok_semaphore semaphore = WOK_SEMAPHORE_INIT(3);
static wok_semaphore bounded = WOK_BOUNDED_SEMAPHORE_INIT(3);
static wok_rwlock rwlock = WOK_RWLOCK_INIT;
static wok_barrier barrier = WOK_BARRIER_INIT(1);
static wok_barrier pair = WOK_BARRIER_INIT(2);

static size_t allocations;

static void *count(void *pointer, size_t size, void *unused)
{
	(void) unused;
	allocations += size > 0;
	if (size == 0) {
		free(pointer);
		return NULL;
	}
	return realloc(pointer, size);
}

static bool is_true(void *unused)
{
	(void) unused;
	return true;
}

struct tools {
	wok_queue *queue, *heap;
	wok_channel *channel;
};

/* Sixteen calls, none of which has to wait. */
static int use_all(struct tools *tools)
{
	int item = 0;
	wok_select_case cases[] = {{.channel = tools->channel, .send = &item}};

	WOK_TRY(wok_lock_acquire(&lock));
	WOK_TRY(wok_condition_wait_until(&condition, is_true, NULL));
	WOK_TRY(wok_condition_notify_all(&condition));
	WOK_TRY(wok_lock_release(&lock));
	WOK_TRY(wok_event_wait(&event));
	WOK_TRY(wok_semaphore_acquire(&semaphore));
	WOK_TRY(wok_semaphore_release(&semaphore));
	WOK_TRY(wok_semaphore_acquire(&bounded));
	WOK_TRY(wok_semaphore_release(&bounded));
	WOK_TRY(wok_rwlock_acquire_read(&rwlock));
	WOK_TRY(wok_rwlock_release_read(&rwlock));
	WOK_TRY(wok_rwlock_acquire_write(&rwlock));
	WOK_TRY(wok_rwlock_release_write(&rwlock));
	WOK_TRY(wok_barrier_wait(&barrier));
	WOK_TRY(wok_queue_put(tools->queue, &item));
	WOK_TRY(wok_queue_get(tools->queue, &item));
	WOK_TRY(wok_queue_put(tools->heap, &item));
	WOK_TRY(wok_queue_get(tools->heap, &item));
	WOK_TRY(wok_select(cases, 1));
	return wok_channel_receive(tools->channel, &item);
}

static int compare(const void *a, const void *b)
{
	return *(const int *) a - *(const int *) b;
}

static int make_tools(struct tools *tools)
{
	int item = 1;

	WOK_TRY(wok_queue_new(sizeof(int), 0, &tools->queue));
	WOK_TRY(wok_priority_queue_new(sizeof(int), 0, compare, &tools->heap));
	WOK_TRY(wok_channel_new(sizeof(int), 2, &tools->channel));
	/* Never empty from here on. */
	WOK_TRY(wok_queue_put(tools->queue, &item));
	WOK_TRY(wok_queue_put(tools->heap, &item));
	return wok_channel_send(tools->channel, &item);
}

static void free_tools(struct tools *tools)
{
	wok_queue_free(tools->queue);
	wok_queue_free(tools->heap);
	wok_channel_free(tools->channel);
}

static int count_all(void *unused)
{
	struct tools tools = {0};
	wok_loop_info before, after;

	(void) unused;
	ASSERT_OK(make_tools(&tools));
	wok_event_set(&event);
	for (int round = 0; round < 100; round++) {
		ASSERT_OK(wok_yield()); /* a fresh budget, so that the calls do not switch */
		size_t allocated = allocations;
		ASSERT_OK(wok_loop_get_info(&before));
		/* The next system call of any kind would fail, and take this with it. */
		wok_test_fail_system_call(NULL, 1, EIO);
		for (int i = 0; i < 8; i++)
			ASSERT_OK(use_all(&tools));
		ASSERT_EQ(allocations, allocated);
		ASSERT_OK(wok_loop_get_info(&after));
		ASSERT_EQ(after.polls, before.polls);
		ASSERT_EQ(after.ticks, before.ticks);
		/* It is still there: so there was no call. */
		WOK_AUTO(wok_listener) *listener = NULL;
		ASSERT_ERR(wok_listen("127.0.0.1:0", NULL, &listener), -EIO);
		wok_test_fail_system_call(NULL, 0, 0);
	}
	free_tools(&tools);
	return 0;
}

TEST(what_need_not_wait_neither_allocates_nor_calls_the_system)
{
	ASSERT_OK(wok_set_allocator(&(wok_allocator){count, NULL}));
	/* Twice: static objects serve one run after another. */
	for (int i = 0; i < 2; i++) {
		ASSERT_OK(wok_test_run(count_all, NULL, NULL));
		ASSERT_OK(wok_run(count_all, NULL));
	}
	ASSERT(allocations > 0);
}

/* --- waits ------------------------------------------------------------------------------------ */

struct meeting {
	wok_queue *there, *back;
	wok_channel *channel;
};

/* The other side of everything that waits below. */
static int partner(void *arg)
{
	struct meeting *meeting = arg;
	int item = 0;

	for (int i = 0; i < 50; i++) {
		for (int notified = 0; notified == 0;) {
			WOK_TRY(wok_yield());
			WOK_TRY(wok_lock_acquire(&lock));
			WOK_TRY(notified = wok_condition_notify_all(&condition));
			WOK_TRY(wok_lock_release(&lock));
		}
		WOK_TRY(wok_queue_get(meeting->there, &item));
		WOK_TRY(wok_queue_put(meeting->back, &item));
		WOK_TRY(wok_barrier_wait(&pair));
		WOK_TRY(wok_channel_receive(meeting->channel, &item));
	}
	return 0;
}

static int wait_for_partner(struct meeting *meeting)
{
	int item = 0;
	wok_select_case cases[] = {{.channel = meeting->channel, .send = &item}};

	WOK_TRY(wok_lock_acquire(&lock));
	WOK_TRY(wok_condition_wait(&condition));
	WOK_TRY(wok_lock_release(&lock));
	WOK_TRY(wok_queue_put(meeting->there, &item));
	WOK_TRY(wok_queue_get(meeting->back, &item));
	WOK_TRY(wok_barrier_wait(&pair));
	WOK_TRY(wok_select(cases, 1));
	return 0;
}

static int wait_without_memory(void *unused)
{
	struct meeting meeting = {0};

	(void) unused;
	ASSERT_OK(wok_queue_new(sizeof(int), 1, &meeting.there));
	ASSERT_OK(wok_queue_new(sizeof(int), 1, &meeting.back));
	ASSERT_OK(wok_channel_new(sizeof(int), 0, &meeting.channel));
	WOK_AUTO(wok_task) *task = wok_create_task(partner, &meeting);
	for (int i = 0; i < 50; i++) {
		if (i == 1) /* the queues have their room, the task its stack */
			wok_test_fail_allocation(1, true);
		ASSERT_OK(wait_for_partner(&meeting));
	}
	wok_test_fail_allocation(0, false);
	ASSERT_OK(wok_await(task));
	wok_queue_free(meeting.there);
	wok_queue_free(meeting.back);
	wok_channel_free(meeting.channel);
	return 0;
}

TEST(waiting_allocates_nothing)
{
	ASSERT_OK(wok_test_run(wait_without_memory, NULL, NULL));
}

/* --- memory that runs out --------------------------------------------------------------------- */

static int fill(struct tools *tools)
{
	WOK_TRY(make_tools(tools));
	for (int i = 0; i < 100; i++) {
		WOK_TRY(wok_queue_put(tools->queue, &i));
		WOK_TRY(wok_queue_put(tools->heap, &i));
	}
	for (int i = 0, item; i < 101; i++) {
		WOK_TRY(wok_queue_get(tools->queue, &item));
		WOK_TRY(wok_queue_get(tools->heap, &item));
	}
	return 0;
}

TEST_TASK(any_one_allocation_may_fail, "G3")
{
	int at = 1, r;

	do {
		struct tools tools = {0};
		wok_test_fail_allocation((uint64_t) at, false);
		r = fill(&tools);
		wok_test_fail_allocation(0, false);
		ASSERT(r == 0 || r == -ENOMEM);
		free_tools(&tools);
	} while (r < 0 && ++at < 100);
	ASSERT(at > 10 && at < 100);
}

TEST_TASK(a_put_without_memory_puts_nothing_and_the_next_one_works, "G3")
{
	WOK_AUTO(wok_queue) *queue = NULL;
	int item = 1;

	ASSERT_OK(wok_queue_new(sizeof(item), 0, &queue));
	wok_test_fail_allocation(1, true);
	ASSERT_ERR(wok_queue_put(queue, &item), -ENOMEM);
	ASSERT_ERR(wok_queue_try_put(queue, &item), -ENOMEM);
	wok_test_fail_allocation(0, false);
	ASSERT(wok_queue_empty(queue));
	ASSERT_OK(wok_queue_join(queue));
	ASSERT_OK(wok_queue_put(queue, &item));
	ASSERT_EQ(wok_queue_size(queue), 1);
}

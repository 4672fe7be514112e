/* SPDX-License-Identifier: MIT */
/* Semaphores: see wok/semaphore.h. */
#include <wok/wok.h>

#include "harness/test.h"

enum { N = 6 };

struct queue {
	wok_semaphore semaphore;
	wok_task *asked[2 * N], *got[2 * N];
	int n_asked, n_got;
	int rounds;
};

static int take_turns(void *arg)
{
	struct queue *queue = arg;

	for (int i = 0; i < queue->rounds; i++) {
		queue->asked[queue->n_asked++] = wok_current_task();
		WOK_TRY(wok_semaphore_acquire(&queue->semaphore));
		queue->got[queue->n_got++] = wok_current_task();
		int r = wok_yield();
		wok_semaphore_release(&queue->semaphore);
		WOK_TRY(r);
	}
	return 0;
}

static int take_one(void *arg)
{
	struct queue *queue = arg;

	queue->asked[queue->n_asked++] = wok_current_task();
	WOK_TRY(wok_semaphore_acquire(&queue->semaphore));
	queue->got[queue->n_got++] = wok_current_task();
	return 0;
}

static void start(struct queue *queue, wok_fn *fn, wok_task **tasks, int n)
{
	for (int i = 0; i < n; i++)
		tasks[i] = wok_create_task(fn, queue);
	test_settle();
	ASSERT_EQ(queue->n_asked, n);
}

static void finish(wok_task **tasks, int n)
{
	for (int i = 0; i < n; i++)
		wok_task_free(tasks[i]);
}

TEST_TASK(no_more_than_the_permits_are_out_at_once)
{
	wok_semaphore semaphore = WOK_SEMAPHORE_INIT(2);

	ASSERT_OK(wok_semaphore_acquire(&semaphore));
	ASSERT_OK(wok_semaphore_try_acquire(&semaphore));
	ASSERT_ERR(wok_semaphore_try_acquire(&semaphore), -EAGAIN);
	wok_semaphore_release(&semaphore);
	ASSERT_OK(wok_semaphore_try_acquire(&semaphore));
}

TEST_TASK(a_permit_goes_past_waiters_that_were_cancelled_to_the_next, "D5", "D15")
{
	struct queue queue = {.semaphore = WOK_SEMAPHORE_INIT(0)};
	wok_task *tasks[4];

	start(&queue, take_one, tasks, 4);
	wok_cancel(queue.asked[0]);
	wok_cancel(queue.asked[1]);
	wok_semaphore_release(&queue.semaphore);
	test_settle();
	ASSERT_EQ(queue.n_got, 1);
	ASSERT(queue.got[0] == queue.asked[2]);
	finish(tasks, 4);
}

TEST_TASK(a_release_before_the_cancel_of_the_waiter_is_not_lost, "D5")
{
	struct queue queue = {.semaphore = WOK_SEMAPHORE_INIT(0), .rounds = 1};
	wok_task *tasks[2];

	start(&queue, take_turns, tasks, 2);
	wok_semaphore_release(&queue.semaphore);
	wok_cancel(queue.asked[0]); /* it has the permit, sees the cancel, and gives it back */
	test_settle();
	ASSERT_EQ(queue.n_got, 2);
	ASSERT_OK(wok_semaphore_try_acquire(&queue.semaphore));
	ASSERT_ERR(wok_semaphore_try_acquire(&queue.semaphore), -EAGAIN);
	finish(tasks, 2);
}

TEST_TASK(a_cancel_before_the_release_leaves_the_permit_to_the_next, "D5")
{
	struct queue queue = {.semaphore = WOK_SEMAPHORE_INIT(0), .rounds = 1};
	wok_task *tasks[2];

	start(&queue, take_turns, tasks, 2);
	wok_cancel(queue.asked[0]);
	wok_semaphore_release(&queue.semaphore);
	test_settle();
	ASSERT_EQ(queue.n_got, 1);
	ASSERT(queue.got[0] == queue.asked[1]);
	ASSERT_OK(wok_semaphore_try_acquire(&queue.semaphore));
	finish(tasks, 2);
}

TEST_TASK(tasks_that_acquire_twice_take_turns, "D6")
{
	struct queue queue = {.semaphore = WOK_SEMAPHORE_INIT(0), .rounds = 2};
	wok_task *tasks[3];

	start(&queue, take_turns, tasks, 3);
	wok_semaphore_release(&queue.semaphore);
	test_settle();
	ASSERT_EQ(queue.n_got, 6);
	for (int i = 0; i < 6; i++)
		ASSERT(queue.got[i] == queue.asked[i % 3]);
	finish(tasks, 3);
}

struct waker {
	struct queue queue;
	wok_task *fourth;
	int got_before; /* how many had a permit when the fourth asked */
};

static int come_as_fourth(void *arg)
{
	struct waker *self = arg;

	self->got_before = self->queue.n_got;
	return wok_semaphore_acquire(&self->queue.semaphore);
}

static int take_and_start_a_fourth(void *arg)
{
	struct waker *self = arg;
	struct queue *queue = &self->queue;

	queue->asked[queue->n_asked++] = wok_current_task();
	WOK_TRY(wok_semaphore_acquire(&queue->semaphore));
	queue->got[queue->n_got++] = wok_current_task();
	if (!self->fourth)
		self->fourth = wok_create_task(come_as_fourth, self);
	return 0;
}

TEST_TASK(three_permits_in_one_tick_wake_three_before_a_task_they_start, "D6")
{
	struct waker self = {.queue = {.semaphore = WOK_SEMAPHORE_INIT(0)}};
	wok_task *tasks[3];

	for (int i = 0; i < 3; i++)
		tasks[i] = wok_create_task(take_and_start_a_fourth, &self);
	test_settle();
	for (int i = 0; i < 3; i++)
		wok_semaphore_release(&self.queue.semaphore);
	test_settle();
	ASSERT_EQ(self.queue.n_got, 3);
	ASSERT_EQ(self.got_before, 3);
	ASSERT(!wok_task_done(self.fourth));
	finish(tasks, 3);
	wok_task_free(self.fourth);
}

TEST_TASK(a_late_comer_cannot_take_the_permit_of_who_queues, "D3")
{
	struct queue queue = {.semaphore = WOK_SEMAPHORE_INIT(0)};
	wok_task *tasks[1];

	start(&queue, take_one, tasks, 1);
	wok_semaphore_release(&queue.semaphore);
	ASSERT_ERR(wok_semaphore_try_acquire(&queue.semaphore), -EAGAIN);
	test_settle();
	ASSERT_EQ(queue.n_got, 1);
	finish(tasks, 1);
}

TEST_TASK(a_bounded_semaphore_takes_no_more_back_than_it_gave, "D7")
{
	struct queue queue = {.semaphore = WOK_BOUNDED_SEMAPHORE_INIT(2)};
	wok_task *tasks[3];

	ASSERT_ERR(wok_semaphore_release(&queue.semaphore), -EOVERFLOW);
	start(&queue, take_one, tasks, 3); /* two have one, the third waits */
	ASSERT_EQ(queue.n_got, 2);
	ASSERT_EQ(wok_semaphore_available(&queue.semaphore), 0);
	for (int i = 0; i < 3; i++) {
		ASSERT_OK(wok_semaphore_release(&queue.semaphore));
		ASSERT_EQ(wok_semaphore_available(&queue.semaphore), i);
	}
	ASSERT_ERR(wok_semaphore_release(&queue.semaphore), -EOVERFLOW);
	ASSERT_EQ(wok_semaphore_available(&queue.semaphore), 2);
	finish(tasks, 3);
	ASSERT_EQ(queue.n_got, 3);
}

TEST_TASK(a_semaphore_without_a_bound_takes_more_back, "D7")
{
	wok_semaphore semaphore = WOK_SEMAPHORE_INIT(0);

	ASSERT_OK(wok_semaphore_release(&semaphore));
	ASSERT_EQ(wok_semaphore_available(&semaphore), 1);
	ASSERT_OK(wok_semaphore_acquire(&semaphore));
}

TEST_TASK(acquiring_is_a_checkpoint_even_when_a_permit_is_free)
{
	wok_semaphore semaphore = WOK_SEMAPHORE_INIT(1);
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	uint64_t before = wok_test_checkpoints();

	ASSERT_OK(wok_semaphore_acquire(&semaphore));
	ASSERT(wok_test_checkpoints() > before);
	before = wok_test_checkpoints();
	wok_semaphore_release(&semaphore);
	ASSERT_OK(wok_semaphore_try_acquire(&semaphore));
	wok_semaphore_release(&semaphore);
	ASSERT_EQ(wok_test_checkpoints(), before);
	WOK_TIMEOUT (&timeout, 0) {
		ASSERT_ERR(wok_semaphore_acquire(&semaphore), -ECANCELED);
	}
	ASSERT_OK(wok_semaphore_try_acquire(&semaphore));
}

TEST_TASK(the_block_form_gives_the_permit_back_on_every_way_out)
{
	wok_semaphore semaphore = WOK_SEMAPHORE_INIT(1);
	int r = 0;

	for (int i = 0; i < 3; i++) {
		WOK_WITH_SEMAPHORE (&semaphore, r) {
			ASSERT_ERR(wok_semaphore_try_acquire(&semaphore), -EAGAIN);
			if (i == 1)
				break;
		}
		ASSERT_OK(r);
	}
	ASSERT_OK(wok_semaphore_try_acquire(&semaphore));
}

static int come_and_go(void *arg)
{
	struct queue *queue = arg;

	for (int i = 0; i < 20; i++) {
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		int r = 0;
		WOK_TIMEOUT (&timeout, (i * 7 % 5) * WOK_MS) {
			r = wok_semaphore_acquire(&queue->semaphore);
		}
		if (r == 0) {
			WOK_IGNORE(wok_sleep((i * 3 % 4) * WOK_MS));
			wok_semaphore_release(&queue->semaphore);
		}
	}
	return 0;
}

TEST_TASK(permits_are_conserved_under_timeouts_and_cancels, "D5")
{
	struct queue queue = {.semaphore = WOK_SEMAPHORE_INIT(3)};
	wok_task *tasks[20];

	for (int i = 0; i < 20; i++)
		tasks[i] = wok_create_task(come_and_go, &queue);
	for (int i = 0; i < 20; i++) {
		ASSERT_OK(wok_sleep(WOK_MS));
		if (i % 3 == 0)
			wok_cancel(tasks[i]);
	}
	WOK_IGNORE(wok_gather(tasks, 20, WOK_COLLECT));
	finish(tasks, 20);
	for (int i = 0; i < 3; i++)
		ASSERT_OK(wok_semaphore_try_acquire(&queue.semaphore));
	ASSERT_ERR(wok_semaphore_try_acquire(&queue.semaphore), -EAGAIN);
}

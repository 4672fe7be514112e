/* SPDX-License-Identifier: MIT */
/* Locks: see wok/lock.h. */
#include <wok/wok.h>

#include "harness/reports.h"
#include "harness/test.h"

enum { N = 8 };

/* Notes the order in which tasks come to the lock, and the order in which they get it. */
struct queue {
	wok_lock lock;
	wok_task *asked[N], *got[N];
	int n_asked, n_got;
	int inside; /* how many hold it: one, or the lock is none */
};

static int take_a_turn(void *arg)
{
	struct queue *queue = arg;

	queue->asked[queue->n_asked++] = wok_current_task();
	int r = wok_lock_acquire(&queue->lock);
	if (r < 0)
		return r;
	ASSERT_EQ(++queue->inside, 1);
	queue->got[queue->n_got++] = wok_current_task();
	r = wok_yield();
	queue->inside--;
	ASSERT_OK(wok_lock_release(&queue->lock));
	return r;
}

TEST_TASK(a_lock_is_handed_over_first_in_first_out, "D1")
{
	struct queue queue = {.lock = WOK_LOCK_INIT};
	wok_task *tasks[N];

	ASSERT_OK(wok_lock_acquire(&queue.lock));
	for (int i = 0; i < N; i++)
		tasks[i] = wok_create_task(take_a_turn, &queue);
	test_settle();
	ASSERT_EQ(queue.n_asked, N);
	ASSERT_OK(wok_lock_release(&queue.lock));
	ASSERT_OK(wok_gather(tasks, N, 0));
	for (int i = 0; i < N; i++) {
		ASSERT(queue.got[i] == queue.asked[i]);
		wok_task_free(tasks[i]);
	}
	ASSERT(!wok_lock_held(&queue.lock));
}

TEST_TASK(release_passes_over_a_waiter_that_was_cancelled_in_the_same_tick, "D1", "D15")
{
	struct queue queue = {.lock = WOK_LOCK_INIT};
	wok_task *tasks[N];

	ASSERT_OK(wok_lock_acquire(&queue.lock));
	for (int i = 0; i < N; i++)
		tasks[i] = wok_create_task(take_a_turn, &queue);
	test_settle();
	/* The head of the queue and two more, before and after they could run. */
	wok_cancel(queue.asked[0]);
	wok_cancel(queue.asked[N - 1]);
	wok_cancel(queue.asked[3]);
	ASSERT_OK(wok_lock_release(&queue.lock));
	ASSERT_EQ(wok_gather(tasks, N, WOK_COLLECT), 3);
	ASSERT_EQ(queue.n_got, N - 3);
	ASSERT(queue.got[0] == queue.asked[1]);
	ASSERT(queue.got[2] == queue.asked[4]);
	ASSERT(!wok_lock_held(&queue.lock));
	for (int i = 0; i < N; i++)
		wok_task_free(tasks[i]);
}

TEST_TASK(a_waiter_that_was_granted_the_lock_and_then_cancelled_hands_it_on, "D2")
{
	struct queue queue = {.lock = WOK_LOCK_INIT};
	wok_task *tasks[2];

	ASSERT_OK(wok_lock_acquire(&queue.lock));
	for (int i = 0; i < 2; i++)
		tasks[i] = wok_create_task(take_a_turn, &queue);
	test_settle();
	ASSERT_OK(wok_lock_release(&queue.lock));
	wok_cancel(queue.asked[0]); /* it owns the lock, and has not run */
	ASSERT_EQ(wok_gather(tasks, 2, WOK_COLLECT), 1);
	ASSERT_EQ(queue.n_got, 2);
	ASSERT(wok_task_canceled(queue.asked[0]));
	ASSERT(!wok_lock_held(&queue.lock));
	for (int i = 0; i < 2; i++)
		wok_task_free(tasks[i]);
}

TEST_TASK(a_late_comer_cannot_slip_past_those_who_queue, "D3")
{
	struct queue queue = {.lock = WOK_LOCK_INIT};

	ASSERT_OK(wok_lock_acquire(&queue.lock));
	WOK_AUTO(wok_task) *waiter = wok_create_task(take_a_turn, &queue);
	test_settle();
	ASSERT_OK(wok_lock_release(&queue.lock));
	ASSERT(wok_lock_held(&queue.lock));
	ASSERT_ERR(wok_lock_try_acquire(&queue.lock), -EAGAIN);
	ASSERT_OK(wok_lock_acquire(&queue.lock));
	ASSERT_EQ(queue.n_got, 1);
	ASSERT_OK(wok_lock_release(&queue.lock));
}

static int release_foreign(void *lock)
{
	return wok_lock_release(lock);
}

TEST_TASK(only_the_owner_releases, "D4")
{
	wok_lock lock = WOK_LOCK_INIT;

	ASSERT_ERR(wok_lock_release(&lock), -EPERM);
	ASSERT_OK(wok_lock_acquire(&lock));
	WOK_AUTO(wok_task) *thief = wok_create_task(release_foreign, &lock);
	ASSERT_ERR(wok_await(thief), -EPERM);
	ASSERT(wok_lock_held(&lock));
	ASSERT_OK(wok_lock_release(&lock));
	ASSERT_ERR(wok_lock_release(&lock), -EPERM);
}

TEST_TASK(a_lock_is_not_taken_twice)
{
	wok_lock lock = WOK_LOCK_INIT;

	ASSERT_OK(wok_lock_try_acquire(&lock));
	ASSERT_ERR(wok_lock_acquire(&lock), -EDEADLK);
	ASSERT_ERR(wok_lock_try_acquire(&lock), -EDEADLK);
	ASSERT_OK(wok_lock_release(&lock));
}

TEST_TASK(acquiring_is_a_checkpoint_even_when_the_lock_is_free)
{
	wok_lock lock = WOK_LOCK_INIT;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	uint64_t before = wok_test_checkpoints();

	ASSERT_OK(wok_lock_acquire(&lock));
	ASSERT(wok_test_checkpoints() > before);
	before = wok_test_checkpoints();
	ASSERT_OK(wok_lock_release(&lock));
	ASSERT_OK(wok_lock_try_acquire(&lock));
	ASSERT_OK(wok_lock_release(&lock));
	ASSERT_EQ(wok_test_checkpoints(), before);
	WOK_TIMEOUT (&timeout, 0) {
		ASSERT_ERR(wok_lock_acquire(&lock), -ECANCELED);
	}
	ASSERT(!wok_lock_held(&lock));
}

TEST_TASK(the_block_form_releases_on_every_way_out)
{
	wok_lock lock = WOK_LOCK_INIT;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	for (int i = 0; i < 3; i++) {
		WOK_WITH_LOCK (&lock, r) {
			ASSERT(wok_lock_held(&lock));
			if (i == 1)
				break;
		}
		ASSERT_OK(r);
		ASSERT(!wok_lock_held(&lock));
	}
	WOK_TIMEOUT (&timeout, 0) {
		WOK_WITH_LOCK (&lock, r) {
			FAIL("entered though the lock was not acquired");
		}
	}
	ASSERT_ERR(r, -ECANCELED);
}

TEST_TASK(the_block_forms_look_at_what_they_are_given_once)
{
	wok_lock locks[] = {WOK_LOCK_INIT, WOK_LOCK_INIT};
	wok_semaphore semaphores[] = {WOK_SEMAPHORE_INIT(1), WOK_SEMAPHORE_INIT(1)};
	int i = 0, k = 0, results[2] = {5, 5};

	WOK_WITH_LOCK (&locks[i++], results[k++]) {
		ASSERT(wok_lock_held(&locks[0]));
		ASSERT(!wok_lock_held(&locks[1]));
	}
	ASSERT_EQ(i, 1);
	ASSERT_EQ(k, 1);
	WOK_WITH_SEMAPHORE (&semaphores[i++], results[k++]) {
		ASSERT_EQ(wok_semaphore_available(&semaphores[1]), 0);
	}
	ASSERT_EQ(i, 2);
	ASSERT_EQ(k, 2);
	ASSERT_OK(results[0]);
	ASSERT_OK(results[1]);
}

/* --- owners that die with the lock ------------------------------------------------------------ */

static int keep_the_lock(void *lock)
{
	WOK_TRY(wok_lock_acquire(lock));
	return wok_sleep(WOK_SECOND);
}

static int acquire(void *lock)
{
	return wok_lock_acquire(lock);
}

static int die_with_waiters(void *unused)
{
	static wok_lock lock = WOK_LOCK_INIT;
	int r;

	(void) unused;
	WOK_AUTO(wok_task) *owner = wok_create_task(keep_the_lock, &lock);
	test_settle();
	WOK_AUTO(wok_task) *canceled = wok_create_task(acquire, &lock);
	test_settle();
	WOK_AUTO(wok_task) *first = wok_create_task(acquire, &lock);
	test_settle();
	WOK_AUTO(wok_task) *second = wok_create_task(acquire, &lock);
	test_settle();
	wok_cancel(canceled); /* the one that watched the owner */
	ASSERT_ERR(wok_await(first), -EOWNERDEAD);
	/* It died in turn, and so on. */
	ASSERT_ERR(wok_await(second), -EOWNERDEAD);
	ASSERT_ERR(wok_await(canceled), WOK_ETASKCANCELED);
	WOK_WITH_LOCK (&lock, r) {
		FAIL("entered a block that an owner has left half way");
	}
	ASSERT_ERR(r, -EOWNERDEAD);
	ASSERT_OK(wok_lock_acquire(&lock));
	return wok_lock_release(&lock);
}

TEST(a_lock_whose_owner_ended_goes_to_the_next_with_a_word_of_it, "D4")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, die_with_waiters, NULL));
	ASSERT_EQ(reports.n, 3);
	ASSERT_STR(reports.kept[0].task, "keep_the_lock");
	ASSERT_EQ(reports.kept[0].code, -EOWNERDEAD);
	ASSERT_REPORT(&reports, 0, "without releasing a lock");
}

static int cancel_and_die_at_once(void *unused)
{
	static wok_lock lock = WOK_LOCK_INIT;

	(void) unused;
	WOK_AUTO(wok_task) *owner = wok_create_task(keep_the_lock, &lock);
	test_settle();
	WOK_AUTO(wok_task) *waiter = wok_create_task(acquire, &lock);
	test_settle();
	wok_cancel(waiter);
	wok_cancel(owner);
	ASSERT_ERR(wok_await(waiter), WOK_ETASKCANCELED);
	ASSERT_ERR(wok_await(owner), WOK_ETASKCANCELED);
	/* Whatever the order they ended in, the next one is told. */
	ASSERT_ERR(wok_lock_acquire(&lock), -EOWNERDEAD);
	return wok_lock_release(&lock);
}

TEST(a_dead_owner_is_told_to_the_next_though_the_only_waiter_was_cancelled, "D4")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, cancel_and_die_at_once, NULL));
	ASSERT_EQ(reports.n, 1);
}

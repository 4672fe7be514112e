/* SPDX-License-Identifier: MIT */
/* Barriers: see wok/barrier.h. */
#include <wok/wok.h>

#include "harness/test.h"

enum { N = 5 };

struct meeting {
	wok_barrier barrier;
	wok_task *asked[3 * N];
	int n_asked;
	wok_task *passed[3 * N];
	int places[3 * N]; /* what the waits returned, in that order */
	int n_passed;
	int rounds;
};

static int meet(void *arg)
{
	struct meeting *self = arg;

	self->asked[self->n_asked++] = wok_current_task();
	int r = wok_barrier_wait(&self->barrier);
	self->passed[self->n_passed] = wok_current_task();
	self->places[self->n_passed++] = r;
	return r;
}

static void start(struct meeting *self, wok_task **tasks, int n)
{
	for (int i = 0; i < n; i++)
		tasks[i] = wok_create_task(meet, self);
	test_settle();
}

static void finish(wok_task **tasks, int n)
{
	for (int i = 0; i < n; i++)
		wok_task_free(tasks[i]);
}

static int place_of(const struct meeting *self, const wok_task *task)
{
	for (int i = 0; i < self->n_passed; i++)
		if (self->passed[i] == task)
			return self->places[i];
	FAIL("the task has not passed the barrier");
}

TEST_TASK(a_full_group_passes_and_each_has_its_place, "D12")
{
	struct meeting self = {.barrier = WOK_BARRIER_INIT(N)};
	wok_task *tasks[N];

	start(&self, tasks, N - 1);
	ASSERT_EQ(self.n_passed, 0);
	ASSERT_EQ(wok_barrier_waiting(&self.barrier), N - 1);
	ASSERT_EQ(wok_barrier_wait(&self.barrier), N - 1);
	ASSERT_EQ(wok_barrier_waiting(&self.barrier), 0);
	test_settle();
	ASSERT_EQ(self.n_passed, N - 1);
	for (int i = 0; i < N - 1; i++)
		ASSERT_EQ(place_of(&self, self.asked[i]), i);
	finish(tasks, N - 1);
}

TEST_TASK(who_comes_while_a_group_leaves_belongs_to_the_next, "D12")
{
	struct meeting self = {.barrier = WOK_BARRIER_INIT(3)};
	wok_task *tasks[4];

	start(&self, tasks, 2);
	ASSERT_EQ(wok_barrier_wait(&self.barrier), 2);
	/* The two others have passed, and have not run. */
	ASSERT_EQ(self.n_passed, 0);
	ASSERT_ERR(wok_wait_for(meet, &self, WOK_SECOND), -ETIMEDOUT);
	ASSERT_EQ(wok_barrier_waiting(&self.barrier), 0);
	ASSERT_EQ(self.n_passed, 3);
	start(&self, tasks + 2, 2);
	ASSERT_EQ(wok_barrier_waiting(&self.barrier), 2);
	ASSERT_EQ(wok_barrier_wait(&self.barrier), 2);
	test_settle();
	ASSERT_EQ(self.n_passed, 5);
	finish(tasks, 4);
}

static int meet_often(void *arg)
{
	struct meeting *self = arg;
	int sum = 0;

	for (int i = 0; i < self->rounds; i++) {
		int r = wok_barrier_wait(&self->barrier);
		if (r < 0)
			return r;
		/* Nobody is a round ahead: all of this one came before it ended. */
		self->n_passed++;
		ASSERT(self->n_passed > i * N && self->n_passed <= (i + 2) * N);
		sum += r;
	}
	return sum;
}

TEST_TASK(groups_follow_each_other_without_mixing, "D12")
{
	struct meeting self = {.barrier = WOK_BARRIER_INIT(N), .rounds = 200};
	wok_task *tasks[N];
	int sum = 0;

	for (int i = 0; i < N; i++)
		tasks[i] = wok_create_task(meet_often, &self);
	ASSERT_OK(wok_gather(tasks, N, 0));
	for (int i = 0; i < N; i++)
		sum += wok_task_result(tasks[i]);
	ASSERT_EQ(sum, 200 * (N * (N - 1) / 2)); /* each place once a round */
	finish(tasks, N);
}

TEST_TASK(who_is_cancelled_while_the_group_fills_leaves_it, "D12")
{
	struct meeting self = {.barrier = WOK_BARRIER_INIT(3)};
	wok_task *tasks[2];

	start(&self, tasks, 2);
	wok_cancel(self.asked[0]);
	/* At once, not when it has run. */
	ASSERT_EQ(wok_barrier_waiting(&self.barrier), 1);
	WOK_AUTO(wok_task) *third = wok_create_task(meet, &self);
	test_settle();
	ASSERT_ERR(place_of(&self, self.asked[0]), -ECANCELED);
	ASSERT_EQ(self.n_passed, 1);
	ASSERT_EQ(wok_barrier_waiting(&self.barrier), 2);
	ASSERT_EQ(wok_barrier_wait(&self.barrier), 2);
	test_settle();
	/* In asyncio two would have the place 1 now. */
	ASSERT_EQ(place_of(&self, self.asked[1]), 0);
	ASSERT_EQ(place_of(&self, third), 1);
	finish(tasks, 2);
}

TEST_TASK(a_group_does_not_count_one_that_was_cancelled_in_the_same_tick, "D12")
{
	struct meeting self = {.barrier = WOK_BARRIER_INIT(2)};
	wok_task *tasks[1];

	start(&self, tasks, 1);
	wok_cancel(tasks[0]);
	ASSERT_ERR(wok_wait_for(meet, &self, WOK_SECOND), -ETIMEDOUT);
	ASSERT_ERR(wok_task_result(tasks[0]), WOK_ETASKCANCELED);
	ASSERT_EQ(wok_barrier_waiting(&self.barrier), 0);
	finish(tasks, 1);
}

static int meet_and_go_on(void *arg)
{
	int r = meet(arg);

	ASSERT_ERR(wok_yield(), -ECANCELED);
	return r;
}

TEST_TASK(who_is_cancelled_after_the_group_is_complete_has_passed, "D12")
{
	struct meeting self = {.barrier = WOK_BARRIER_INIT(2)};
	WOK_AUTO(wok_task) *task = wok_create_task(meet_and_go_on, &self);

	test_settle();
	ASSERT_EQ(wok_barrier_wait(&self.barrier), 1);
	wok_cancel(task);
	ASSERT_EQ(wok_await(task), 0);
}

TEST_TASK(reset_sends_away_those_who_wait_and_starts_anew, "D12")
{
	struct meeting self = {.barrier = WOK_BARRIER_INIT(3)};
	wok_task *tasks[4];

	start(&self, tasks, 2);
	wok_barrier_reset(&self.barrier);
	ASSERT(!wok_barrier_broken(&self.barrier));
	ASSERT_EQ(wok_barrier_waiting(&self.barrier), 0);
	start(&self, tasks + 2, 2);
	ASSERT_EQ(wok_barrier_waiting(&self.barrier), 2);
	ASSERT_EQ(self.n_passed, 2);
	for (int i = 0; i < 2; i++)
		ASSERT_ERR(wok_task_result(tasks[i]), WOK_EBROKEN);
	ASSERT_EQ(wok_barrier_wait(&self.barrier), 2);
	test_settle();
	ASSERT_EQ(self.n_passed, 4);
	finish(tasks, 4);
}

TEST_TASK(abort_breaks_a_barrier_until_it_is_reset, "D12")
{
	struct meeting self = {.barrier = WOK_BARRIER_INIT(3)};
	wok_task *tasks[2];

	start(&self, tasks, 2);
	wok_barrier_abort(&self.barrier);
	ASSERT(wok_barrier_broken(&self.barrier));
	ASSERT_ERR(wok_barrier_wait(&self.barrier), WOK_EBROKEN);
	test_settle();
	for (int i = 0; i < 2; i++)
		ASSERT_ERR(wok_task_result(tasks[i]), WOK_EBROKEN);
	finish(tasks, 2);
	wok_barrier_reset(&self.barrier);
	ASSERT(!wok_barrier_broken(&self.barrier));
	start(&self, tasks, 2);
	ASSERT_EQ(wok_barrier_wait(&self.barrier), 2);
	finish(tasks, 2);
}

TEST_TASK(waiting_at_a_barrier_is_a_checkpoint_also_for_the_last, "D12")
{
	wok_barrier one = WOK_BARRIER_INIT(1), none = WOK_BARRIER_INIT(0);
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	uint64_t before = wok_test_checkpoints();

	ASSERT_EQ(wok_barrier_wait(&one), 0);
	ASSERT(wok_test_checkpoints() > before);
	ASSERT_ERR(wok_barrier_wait(&none), -EINVAL);
	WOK_TIMEOUT (&timeout, 0) {
		ASSERT_ERR(wok_barrier_wait(&one), -ECANCELED);
	}
	ASSERT_STR(wok_errname(WOK_EBROKEN), "WOK_EBROKEN");
}

static int meet_or_not(void *arg)
{
	struct meeting *self = arg;

	for (int i = 0; i < 10; i++) {
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		int r = 0;
		WOK_TIMEOUT (&timeout, (i * 7 % 5) * WOK_MS) {
			r = wok_barrier_wait(&self->barrier);
		}
		self->n_passed += r >= 0;
		WOK_TRY(wok_sleep((i * 3 % 4) * WOK_MS));
	}
	return 0;
}

TEST_TASK(only_whole_groups_pass_under_timeouts_and_cancels, "D12")
{
	struct meeting self = {.barrier = WOK_BARRIER_INIT(3)};
	wok_task *tasks[10];

	for (int i = 0; i < 10; i++)
		tasks[i] = wok_create_task(meet_or_not, &self);
	for (int i = 0; i < 10; i++) {
		ASSERT_OK(wok_sleep(WOK_MS));
		if (i % 4 == 0)
			wok_cancel(tasks[i]);
	}
	WOK_IGNORE(wok_gather(tasks, 10, WOK_COLLECT));
	ASSERT(self.n_passed > 0);
	ASSERT_EQ(self.n_passed % 3, 0);
	ASSERT_EQ(wok_barrier_waiting(&self.barrier), 0);
	finish(tasks, 10);
}

/* SPDX-License-Identifier: MIT */
/* Waiting for some of several tasks: see wok/wait.h. */
#include <wok/wok.h>

#include "harness/test.h"

struct job {
	wok_time span;
	int result;
};

static int work(void *arg)
{
	const struct job *job = arg;

	WOK_TRY(wok_sleep(job->span));
	return job->result;
}

enum { MANY = 40 };

/* Tasks of 1, 2, 3 ... seconds, in this order. */
static void start(wok_task **tasks, struct job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		jobs[i].span = (wok_time) (i + 1) * WOK_SECOND;
		tasks[i] = wok_create_task(work, &jobs[i]);
	}
}

static void end(wok_task **tasks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		wok_task_free(tasks[i]);
}

TEST_TASK(the_first_to_end_ends_the_wait_and_the_others_go_on, "B13")
{
	struct job jobs[3] = {0};
	wok_task *tasks[3];
	size_t done = 0;

	start(tasks, jobs, 3);
	wok_task *first = tasks[0];
	wok_task *swapped[] = {tasks[2], tasks[1], tasks[0]};
	ASSERT_OK(wok_wait(swapped, 3, WOK_FIRST_COMPLETED, &done));
	ASSERT_EQ(done, 1);
	ASSERT_EQ(wok_now(), WOK_SECOND);
	ASSERT(swapped[0] == first && swapped[1] == tasks[2] && swapped[2] == tasks[1]);
	ASSERT_OK(wok_wait(swapped, 3, WOK_ALL_COMPLETED, &done));
	ASSERT_EQ(done, 3);
	ASSERT_EQ(wok_now(), 3 * WOK_SECOND);
	end(tasks, 3);
}

TEST_TASK(two_that_end_in_one_tick_are_both_in_done, "B13")
{
	struct job jobs[] = {{WOK_SECOND, 0}, {WOK_SECOND, 0}, {WOK_MINUTE, 0}};
	wok_task *tasks[3];
	size_t done = 0;

	for (int i = 0; i < 3; i++)
		tasks[i] = wok_create_task(work, &jobs[i]);
	ASSERT_OK(wok_wait(tasks, 3, WOK_FIRST_COMPLETED, &done));
	ASSERT_EQ(done, 2);
	end(tasks, 3);
}

TEST_TASK(a_failure_ends_the_wait_for_the_first_exception, "B13")
{
	struct job jobs[] = {{WOK_SECOND, 0}, {2 * WOK_SECOND, -EIO}, {WOK_MINUTE, 0}};
	wok_task *tasks[3];
	size_t done = 0;

	for (int i = 0; i < 3; i++)
		tasks[i] = wok_create_task(work, &jobs[i]);
	ASSERT_OK(wok_wait(tasks, 3, WOK_FIRST_EXCEPTION, &done));
	ASSERT_EQ(done, 2);
	ASSERT_EQ(wok_now(), 2 * WOK_SECOND);
	ASSERT_ERR(wok_task_result(tasks[1]), -EIO);
	end(tasks, 3);
}

TEST_TASK(a_cancelled_task_is_no_exception, "B13")
{
	struct job jobs[2] = {0};
	wok_task *tasks[2];
	size_t done = 0;

	start(tasks, jobs, 2);
	ASSERT_OK(wok_yield());
	ASSERT(wok_cancel(tasks[0]));
	ASSERT_OK(wok_wait(tasks, 2, WOK_FIRST_EXCEPTION, &done));
	ASSERT_EQ(done, 2);
	ASSERT_EQ(wok_now(), 2 * WOK_SECOND);
	end(tasks, 2);
}

TEST_TASK(a_wait_that_runs_out_of_time_says_how_many_are_done_and_cancels_none, "B13")
{
	struct job jobs[3] = {0};
	wok_task *tasks[3];
	size_t done = 99;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	start(tasks, jobs, 3);
	WOK_TIMEOUT (&timeout, 2500 * WOK_MS) {
		r = wok_wait(tasks, 3, WOK_ALL_COMPLETED, &done);
		ASSERT_ERR(r, -ECANCELED);
	}
	ASSERT_ERR(wok_timeout_result(&timeout, r), -ETIMEDOUT);
	ASSERT_EQ(done, 2);
	ASSERT(!wok_task_done(tasks[2]));
	ASSERT_OK(wok_await(tasks[2]));
	end(tasks, 3);
}

struct waiter {
	wok_task **tasks;
	size_t n;
};

static int wait_for_all(void *arg)
{
	const struct waiter *waiter = arg;

	return wok_wait(waiter->tasks, waiter->n, WOK_ALL_COMPLETED, NULL);
}

TEST_TASK(cancelling_who_waits_leaves_the_tasks_running, "B8")
{
	struct job jobs[MANY] = {0};
	wok_task *tasks[MANY];

	start(tasks, jobs, MANY);
	struct waiter waiter = {tasks, MANY};
	WOK_AUTO(wok_task) *task = wok_create_task(wait_for_all, &waiter);
	ASSERT_OK(wok_sleep(3500 * WOK_MS));
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	for (int i = 0; i < MANY; i++)
		ASSERT(!wok_task_canceled(tasks[i]));
	ASSERT_OK(wok_gather(tasks, MANY, 0));
	ASSERT_EQ(wok_now(), MANY * WOK_SECOND);
	end(tasks, MANY);
}

TEST_TASK(waiting_for_nothing_or_for_oneself_is_refused)
{
	wok_task *self[] = {wok_current_task()};
	size_t done = 7;

	ASSERT_ERR(wok_wait(self, 0, WOK_ALL_COMPLETED, &done), -EINVAL);
	ASSERT_ERR(wok_wait(self, 1, 17, &done), -EINVAL);
	ASSERT_ERR(wok_wait(self, 1, WOK_ALL_COMPLETED, &done), -EDEADLK);
	ASSERT_ERR(wok_wait(self, 1, WOK_FIRST_COMPLETED, &done), -EDEADLK);
	ASSERT_EQ(done, 7);
}

TEST_TASK(waiting_for_the_first_may_include_oneself)
{
	struct job job = {WOK_SECOND, 0};
	WOK_AUTO(wok_task) *task = wok_create_task(work, &job);
	wok_task *tasks[] = {wok_current_task(), task};
	size_t done = 0;

	ASSERT_OK(wok_wait(tasks, 2, WOK_FIRST_COMPLETED, &done));
	ASSERT(done == 1 && tasks[0] == task);
}

TEST_TASK(tasks_come_in_the_order_in_which_they_end, "B14")
{
	struct job jobs[] = {{3 * WOK_SECOND, 3}, {WOK_SECOND, 1}, {2 * WOK_SECOND, 2}};
	WOK_AUTO(wok_completed) *completed = NULL;
	wok_task *tasks[4], *task;
	int r, n = 0;

	for (int i = 0; i < 3; i++)
		tasks[i] = wok_create_task(work, &jobs[i]);
	tasks[3] = tasks[1]; /* comes once all the same */
	ASSERT_OK(wok_as_completed(tasks, 4, &completed));
	while ((r = wok_completed_next(completed, &task)) > 0) {
		ASSERT_EQ(wok_task_result(task), ++n);
		ASSERT_EQ(wok_now(), n * WOK_SECOND);
	}
	ASSERT_EQ(r, 0);
	ASSERT_EQ(n, 3);
	ASSERT_EQ(wok_completed_next(completed, &task), 0);
	end(tasks, 3);
}

TEST_TASK(a_time_limit_in_the_middle_leaves_the_rest_for_later, "B14")
{
	struct job jobs[3] = {0};
	wok_task *tasks[3], *task;
	WOK_AUTO(wok_completed) *completed = NULL;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0, n = 0;

	start(tasks, jobs, 3);
	ASSERT_OK(wok_as_completed(tasks, 3, &completed));
	WOK_TIMEOUT (&timeout, 1500 * WOK_MS) {
		while ((r = wok_completed_next(completed, &task)) > 0)
			n++;
	}
	ASSERT_ERR(wok_timeout_result(&timeout, r), -ETIMEDOUT);
	ASSERT_EQ(n, 1);
	while (wok_completed_next(completed, &task) > 0)
		ASSERT(task == tasks[n++]);
	ASSERT_EQ(n, 3);
	end(tasks, 3);
}

struct taking {
	wok_completed *completed;
	int taken;
};

static int take_one(void *arg)
{
	struct taking *taking = arg;
	wok_task *task;
	int r = wok_completed_next(taking->completed, &task);

	taking->taken += r == 1;
	return r;
}

TEST_TASK(what_a_cancelled_taker_was_given_is_not_lost, "B14")
{
	struct job jobs[1] = {0};
	wok_task *tasks[1], *task;
	struct taking taking = {0};

	start(tasks, jobs, 1);
	ASSERT_OK(wok_as_completed(tasks, 1, &taking.completed));
	WOK_AUTO(wok_task) *taker = wok_create_task(take_one, &taking);
	test_settle();
	ASSERT_ERR(wok_completed_next(taking.completed, &task), -EBUSY);
	ASSERT_OK(wok_await(tasks[0])); /* in this tick the taker has been woken, too */
	wok_cancel(taker);
	WOK_IGNORE(wok_await(taker));
	ASSERT_EQ(taking.taken + wok_completed_next(taking.completed, &task), 1);
	wok_completed_free(taking.completed);
	end(tasks, 1);
}

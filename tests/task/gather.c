/* SPDX-License-Identifier: MIT */
/* Waiting for several tasks: see wok_gather(). */
#include <wok/wok.h>

#include "harness/test.h"

struct job {
	wok_time span;
	int result;
	int canceled;
};

static int work(void *arg)
{
	struct job *job = arg;
	int r = wok_sleep(job->span);

	job->canceled += r == -ECANCELED;
	return r < 0 ? r : job->result;
}

static int fail_late(void *arg)
{
	struct job *job = arg;

	WOK_IGNORE(wok_sleep(job->span));
	return wok_fail(job->result, "failed late");
}

TEST_TASK(gathering_nothing_succeeds_at_once, "B11")
{
	uint64_t before = wok_test_checkpoints();

	ASSERT_OK(wok_gather(NULL, 0, 0));
	ASSERT(wok_test_checkpoints() > before);
}

TEST_TASK(results_stand_in_the_tasks_whatever_the_order_they_end_in, "B11")
{
	struct job jobs[] = {{3 * WOK_SECOND, 1, 0}, {WOK_SECOND, 2, 0}, {2 * WOK_SECOND, 3, 0}};
	wok_task *tasks[4];

	for (int i = 0; i < 3; i++)
		tasks[i] = wok_create_task(work, &jobs[i]);
	tasks[3] = tasks[0]; /* one may stand there twice */
	ASSERT_OK(wok_gather(tasks, 4, 0));
	ASSERT_EQ(wok_now(), 3 * WOK_SECOND);
	ASSERT_EQ(wok_task_result(tasks[0]), 1);
	ASSERT_EQ(wok_task_result(tasks[1]), 2);
	ASSERT_EQ(wok_task_result(tasks[2]), 3);
	ASSERT_EQ(wok_task_result(tasks[3]), 1);
	for (int i = 0; i < 3; i++)
		wok_task_free(tasks[i]);
}

TEST_TASK(the_first_error_cancels_and_joins_the_others, "B11")
{
	struct job jobs[] = {{WOK_MINUTE, 0, 0}, {WOK_SECOND, -EIO, 0}};
	WOK_AUTO(wok_task) *slow = wok_create_task(work, &jobs[0]);
	WOK_AUTO(wok_task) *bad = wok_create_task(fail_late, &jobs[1]);
	wok_task *tasks[] = {slow, bad};

	ASSERT_ERR(wok_gather(tasks, 2, 0), -EIO);
	ASSERT_STR(wok_errmsg(-EIO), "failed late");
	ASSERT(wok_task_canceled(slow));
	ASSERT_EQ(jobs[0].canceled, 1);
	ASSERT_EQ(wok_now(), WOK_SECOND);
}

TEST_TASK(collecting_keeps_every_outcome, "B11")
{
	struct job jobs[] = {{WOK_SECOND, 7, 0}, {0, -EIO, 0}, {WOK_MINUTE, 0, 0}};
	WOK_AUTO(wok_task) *good = wok_create_task(work, &jobs[0]);
	WOK_AUTO(wok_task) *bad = wok_create_task(fail_late, &jobs[1]);
	WOK_AUTO(wok_task) *canceled = wok_create_task(work, &jobs[2]);
	wok_task *tasks[] = {good, bad, canceled};

	wok_cancel(canceled);
	ASSERT_EQ(wok_gather(tasks, 3, WOK_COLLECT), 2);
	ASSERT_EQ(wok_task_result(good), 7);
	ASSERT_ERR(wok_task_result(bad), -EIO);
	ASSERT_STR(wok_task_errmsg(bad), "failed late");
	ASSERT_ERR(wok_task_result(canceled), WOK_ETASKCANCELED);
	ASSERT(wok_task_canceled(canceled));
}

TEST_TASK(a_cancelled_child_is_not_a_cancelled_caller, "B11")
{
	struct job jobs[] = {{WOK_MINUTE, 0, 0}, {WOK_MINUTE, 0, 0}};
	WOK_AUTO(wok_task) *a = wok_create_task(work, &jobs[0]);
	WOK_AUTO(wok_task) *b = wok_create_task(work, &jobs[1]);
	wok_task *tasks[] = {a, b};

	test_settle();
	ASSERT(wok_cancel(a));
	ASSERT_ERR(wok_gather(tasks, 2, 0), WOK_ETASKCANCELED);
	ASSERT(wok_task_canceled(b));
	ASSERT_OK(wok_yield());
}

TEST_TASK(leaving_the_rest_returns_the_error_and_lets_them_run)
{
	struct job jobs[] = {{WOK_MINUTE, 5, 0}, {WOK_SECOND, -EIO, 0}};
	WOK_AUTO(wok_task) *slow = wok_create_task(work, &jobs[0]);
	WOK_AUTO(wok_task) *bad = wok_create_task(fail_late, &jobs[1]);
	wok_task *tasks[] = {slow, bad};

	ASSERT_ERR(wok_gather(tasks, 2, WOK_LEAVE_REST), -EIO);
	ASSERT_EQ(wok_now(), WOK_SECOND);
	ASSERT_EQ(wok_await(slow), 5);
}

struct caller {
	struct job jobs[2];
	wok_fn *fn;
	int flags;
	int result;
};

static int gather_two(void *arg)
{
	struct caller *self = arg;
	WOK_AUTO(wok_task) *a = wok_create_task(self->fn, &self->jobs[0]);
	WOK_AUTO(wok_task) *b = wok_create_task(self->fn, &self->jobs[1]);
	wok_task *tasks[] = {a, b};

	test_settle();
	self->result = wok_gather(tasks, 2, self->flags);
	ASSERT(wok_task_done(a) && wok_task_done(b));
	return self->result;
}

TEST_TASK(cancelling_the_caller_cancels_and_joins_all_whatever_the_flags, "B7")
{
	const int flags[] = {0, WOK_COLLECT, WOK_LEAVE_REST};

	for (int i = 0; i < 3; i++) {
		struct caller self = {{{WOK_MINUTE, 0, 0}, {WOK_MINUTE, 0, 0}}, work, flags[i], 0};
		WOK_AUTO(wok_task) *task = wok_create_task(gather_two, &self);
		test_settle();
		ASSERT_OK(wok_yield());
		wok_cancel(task);
		ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
		ASSERT_EQ(self.result, -ECANCELED);
		ASSERT_EQ(self.jobs[0].canceled + self.jobs[1].canceled, 2);
	}
	ASSERT_EQ(wok_now(), 0);
}

TEST_TASK(an_error_while_the_caller_is_cancelled_wins)
{
	struct caller self = {{{WOK_MINUTE, -EIO, 0}, {WOK_MINUTE, -EIO, 0}}, fail_late, 0, 0};
	WOK_AUTO(wok_task) *task = wok_create_task(gather_two, &self);

	test_settle();
	ASSERT_OK(wok_yield());
	wok_cancel(task);
	ASSERT_ERR(wok_await(task), -EIO);
}

static int gather_self(void *unused)
{
	wok_task *tasks[] = {wok_current_task()};

	(void) unused;
	return wok_gather(tasks, 1, 0);
}

TEST_TASK(gathering_oneself_is_a_deadlock_that_is_told, "B15")
{
	WOK_AUTO(wok_task) *task = wok_create_task(gather_self, NULL);

	ASSERT_ERR(wok_await(task), -EDEADLK);
}

static int free_it(void *task)
{
	wok_task_free(task);
	return 0;
}

TEST_TASK(handles_may_be_freed_by_their_owners_while_they_are_gathered)
{
	struct job jobs[] = {{WOK_SECOND, 1, 0}, {0, 2, 0}, {WOK_MINUTE, 3, 0}};
	wok_task *tasks[3];

	for (int i = 0; i < 3; i++)
		tasks[i] = wok_create_task(work, &jobs[i]);
	ASSERT_EQ(wok_await(tasks[1]), 2);
	/* One that has ended, and one that is going to be cancelled by it. */
	WOK_AUTO(wok_task) *thief = wok_create_task(free_it, tasks[1]);
	WOK_AUTO(wok_task) *other = wok_create_task(free_it, tasks[2]);
	ASSERT_EQ(wok_gather(tasks, 3, WOK_COLLECT), 1);
	wok_task_free(tasks[0]);
	ASSERT_OK(wok_await(thief));
	ASSERT_OK(wok_await(other));
}

TEST_TASK(many_tasks_are_gathered_at_once)
{
	enum { N = 1000 };
	static struct job jobs[N];
	static wok_task *tasks[N];

	for (int i = 0; i < N; i++) {
		jobs[i] = (struct job){i % 10 * WOK_MS, i, 0};
		tasks[i] = wok_create_task(work, &jobs[i]);
	}
	ASSERT_OK(wok_gather(tasks, N, 0));
	for (int i = 0; i < N; i++) {
		ASSERT_EQ(wok_task_result(tasks[i]), i);
		wok_task_free(tasks[i]);
	}
}

TEST_TASK(unknown_flags_are_refused)
{
	ASSERT_ERR(wok_gather(NULL, 0, 64), -EINVAL);
}

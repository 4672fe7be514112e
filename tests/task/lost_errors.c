/* SPDX-License-Identifier: MIT */
/* Errors that nobody takes, and the end of a run: see wok/loop.h and wok/task.h. */
#include <wok/wok.h>

#include "harness/reports.h"
#include "harness/test.h"

static int fail(void *unused)
{
	(void) unused;
	WOK_TRY(wok_yield());
	return wok_fail(-EIO, "the disk is gone");
}

static int wait_long(void *unused)
{
	(void) unused;
	return wok_sleep(WOK_MINUTE);
}

static int line_of_the_spawn;

static int lose_an_error(void *unused)
{
	wok_task *task = wok_create_task(fail, NULL);

	(void) unused;
	line_of_the_spawn = __LINE__ - 3;
	test_settle();
	wok_task_free(task);
	return 0;
}

TEST(an_error_that_nobody_took_is_reported_once_with_its_spawn_site, "B20", "A14")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, lose_an_error, NULL));
	ASSERT_EQ(reports.n, 1);
	ASSERT_EQ(reports.kept[0].code, -EIO);
	ASSERT_REPORT(&reports, 0, "the disk is gone");
	ASSERT_STR(reports.kept[0].task, "fail");
	ASSERT_EQ(reports.kept[0].line, line_of_the_spawn);
}

static int lose_detached_errors(void *unused)
{
	wok_task *before = wok_create_task(fail, NULL);
	wok_task *after = wok_create_task(fail, NULL);

	(void) unused;
	wok_task_detach(&before);
	test_settle();
	wok_task_detach(&after);
	return 0;
}

TEST(an_error_of_a_detached_task_is_reported_whenever_it_was_detached, "B20")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, lose_detached_errors, NULL));
	ASSERT_EQ(reports.n, 2);
}

static int await_it(void *task)
{
	return wok_await(task);
}

static int take_errors(void *unused)
{
	WOK_AUTO(wok_task) *awaited = wok_create_task(fail, NULL);
	WOK_AUTO(wok_task) *asked = wok_create_task(fail, NULL);
	WOK_AUTO(wok_task) *gathered = wok_create_task(fail, NULL);
	WOK_AUTO(wok_task) *canceled = wok_create_task(wait_long, NULL);
	WOK_AUTO(wok_task) *freed = wok_create_task(wait_long, NULL);
	WOK_AUTO(wok_task) *in_time = wok_create_task(fail, NULL);

	(void) unused;
	ASSERT_ERR(wok_await(awaited), -EIO);
	ASSERT_ERR(wok_gather(&gathered, 1, 0), -EIO);
	ASSERT_ERR(wok_await_for(in_time, WOK_SECOND), -EIO);
	test_settle();
	ASSERT_ERR(wok_task_result(asked), -EIO);
	wok_cancel(canceled);
	return 0;
}

TEST(what_was_taken_or_cancelled_is_not_reported, "B20")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, take_errors, NULL));
	ASSERT_EQ(reports.n, 0);
}

static int ended_together;

static int end_quietly(void *unused)
{
	(void) unused;
	int r = wok_sleep(WOK_MINUTE);
	ended_together += r == -ECANCELED;
	return r;
}

static int fail_at_the_end(void *unused)
{
	(void) unused;
	WOK_IGNORE(wok_sleep(WOK_MINUTE));
	return wok_fail(-EPIPE, "no goodbye");
}

static int leave_tasks_behind(void *unused)
{
	wok_task *quiet = wok_create_task(end_quietly, NULL);
	wok_task *loud = wok_create_task(fail_at_the_end, NULL);

	(void) unused;
	test_settle();
	wok_task_detach(&quiet);
	wok_task_detach(&loud);
	return 7;
}

TEST(the_end_of_the_run_cancels_and_joins_what_is_left_and_reports_errors, "B22")
{
	struct test_reports reports;

	ASSERT_EQ(test_run_reporting(&reports, leave_tasks_behind, NULL), 7);
	ASSERT_EQ(ended_together, 1);
	ASSERT_EQ(reports.n, 1);
	ASSERT_REPORT(&reports, 0, "no goodbye");
}

static int stay(void *unused)
{
	(void) unused;
	WOK_SHIELD (WOK_MINUTE) {
		WOK_IGNORE(wok_sleep(20 * WOK_SECOND));
	}
	ended_together++;
	return 0;
}

static int leave_one_that_stays(void *unused)
{
	wok_task *task = wok_create_task(stay, NULL);

	(void) unused;
	test_settle();
	wok_task_detach(&task);
	return 0;
}

TEST(who_outstays_the_grace_of_the_run_is_named_once_and_waited_for, "B22")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, leave_one_that_stays, NULL));
	ASSERT_EQ(ended_together, 1);
	ASSERT_EQ(reports.n, 1);
	ASSERT_REPORT(&reports, 0, "stay");
	ASSERT_REPORT(&reports, 0, "a time");
}

/* A hook that does all that it must not: it waits, fails, schedules, and reports. */
static int misbehaved;

static void misbehave(const wok_report *report, void *unused)
{
	(void) report;
	(void) unused;
	misbehaved++;
	ASSERT_ERR(wok_sleep(WOK_SECOND), -EDEADLK);
	ASSERT_ERR(wok_fail(-EIO, "the hook's own"), -EIO);
	errno = EBADMSG;
}

static int fail_in_callback(void *unused)
{
	(void) unused;
	return -EINVAL;
}

static int note_callback(void *calls)
{
	++*(int *) calls;
	return 0;
}

static int meet_a_bad_hook(void *unused)
{
	int calls = 0;
	wok_task *task = wok_create_task(fail, NULL);

	(void) unused;
	wok_call_soon(fail_in_callback, NULL);
	wok_call_soon(note_callback, &calls);
	wok_task_detach(&task);
	test_settle();
	ASSERT_EQ(misbehaved, 2);
	ASSERT_EQ(calls, 1);
	ASSERT_ERR(wok_fail(-EPIPE, "mine"), -EPIPE);
	task = wok_create_task(fail, NULL);
	test_settle();
	errno = ENOENT;
	wok_task_free(task); /* reports from within this task */
	ASSERT_EQ(misbehaved, 3);
	ASSERT_EQ(errno, ENOENT);
	ASSERT_STR(wok_errmsg(-EPIPE), "mine");
	return wok_yield();
}

TEST(a_hook_that_misbehaves_harms_nobody, "A14")
{
	const wok_test_options options = {.seed = test_seed()};

	ASSERT_OK(wok_set_report_hook(misbehave, NULL));
	ASSERT_OK(wok_test_run(meet_a_bad_hook, NULL, &options));
	ASSERT_EQ(misbehaved, 3);
}

TEST(settings_are_frozen_by_the_first_run)
{
	struct test_reports reports;
	static const wok_allocator no_allocator = {NULL, NULL};

	ASSERT_ERR(wok_set_allocator(&no_allocator), -EINVAL);
	ASSERT_OK(wok_set_allocator(NULL));
	ASSERT_OK(test_run_reporting(&reports, leave_one_that_stays, NULL));
	ASSERT_ERR(wok_set_report_hook(NULL, NULL), -EBUSY);
	ASSERT_ERR(wok_set_allocator(NULL), -EBUSY);
	ASSERT_ERR(wok_set_resolver(NULL), -EBUSY);
}

static int await_twice(void *unused)
{
	WOK_AUTO(wok_task) *task = wok_create_task(fail, NULL);
	WOK_AUTO(wok_task) *awaiter = wok_create_task(await_it, task);

	(void) unused;
	return wok_await(awaiter);
}

TEST(an_error_that_travelled_through_awaits_comes_out_of_the_run_with_its_message, "B20")
{
	struct test_reports reports;

	ASSERT_ERR(test_run_reporting(&reports, await_twice, NULL), -EIO);
	ASSERT_STR(wok_errmsg(-EIO), "the disk is gone");
	ASSERT_EQ(reports.n, 0);
}

static int ignore_the_cancel(void *unused)
{
	(void) unused;
	wok_time end = wok_now() + WOK_MINUTE;

	WOK_SHIELD (2 * WOK_MINUTE) {
		WOK_IGNORE(wok_sleep_until(end));
	}
	return 0;
}

static int free_what_stays(void *unused)
{
	WOK_AUTO(wok_scope) *scope = NULL;
	WOK_AUTO(wok_task) *task = wok_create_task(ignore_the_cancel, unused);

	WOK_TRY(wok_yield());
	WOK_TRY(wok_scope_new(&scope));
	WOK_TRY(wok_scope_spawn(scope, ignore_the_cancel, NULL));
	WOK_TRY(wok_yield());
	WOK_TRY(wok_scope_spawn(scope, ignore_the_cancel, NULL));
	return wok_yield();
}

TEST(a_free_that_outlasts_the_grace_says_so_once_and_waits_on, "B22")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, free_what_stays, NULL));
	ASSERT_EQ(reports.n, 1); /* the task's; when it has ended, so have the scope's */
	ASSERT_REPORT(&reports, 0, "ignore_the_cancel has not ended 5.0 s after");
}

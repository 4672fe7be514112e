/* SPDX-License-Identifier: MIT */
/*
 * The message behind an error: see wok/error.h. It belongs to a task, and travels with the result.
 */
#include <pthread.h>
#include <stdio.h>
#include <wok/wok.h>

#include "harness/reports.h"
#include "harness/test.h"

static int fail(void *text)
{
	WOK_TRY(wok_yield());
	return wok_fail(-EIO, "%s", (const char *) text);
}

TEST_TASK(a_message_belongs_to_its_code)
{
	ASSERT_ERR(wok_fail(-EIO, "disk %d", 7), -EIO);
	ASSERT_STR(wok_errmsg(-EIO), "disk 7");
	ASSERT_STR(wok_errmsg(-EPIPE), wok_strerror(-EPIPE));
	ASSERT_ERR(wok_fail(-EPIPE, "while: %s", wok_errmsg(-EIO)),
		   -EPIPE); /* includes the old one */
	ASSERT_STR(wok_errmsg(-EPIPE), "while: disk 7");
	ASSERT_STR(wok_errmsg(-EIO), wok_strerror(-EIO));
	ASSERT_STR(wok_errmsg(0), "success");
}

TEST_TASK(a_long_message_is_cut)
{
	char text[5000];

	memset(text, 'x', sizeof(text));
	text[4999] = '\0';
	ASSERT_ERR(wok_fail(-EIO, "%s", text), -EIO);
	ASSERT(strlen(wok_errmsg(-EIO)) > 1000 && strlen(wok_errmsg(-EIO)) < 1100);
}

TEST_TASK(each_task_has_its_own_message)
{
	WOK_AUTO(wok_task) *task = wok_create_task(fail, "theirs");

	ASSERT_ERR(wok_fail(-EIO, "mine"), -EIO);
	test_settle();
	ASSERT_STR(wok_errmsg(-EIO), "mine");
	ASSERT_STR(wok_task_errmsg(task), "theirs");
	ASSERT_ERR(wok_await(task), -EIO);
	ASSERT_STR(wok_errmsg(-EIO), "theirs");
	ASSERT_STR(wok_task_errmsg(task), "theirs");
}

TEST_TASK(a_message_travels_with_each_kind_of_join)
{
	WOK_AUTO(wok_task) *awaited = wok_create_task(fail, "awaited");
	WOK_AUTO(wok_task) *gathered = wok_create_task(fail, "gathered");
	WOK_AUTO(wok_task) *in_time = wok_create_task(fail, "in time");
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_ERR(wok_await(awaited), -EIO);
	ASSERT_STR(wok_errmsg(-EIO), "awaited");
	ASSERT_ERR(wok_gather(&gathered, 1, 0), -EIO);
	ASSERT_STR(wok_errmsg(-EIO), "gathered");
	ASSERT_ERR(wok_await_for(in_time, WOK_SECOND), -EIO);
	ASSERT_STR(wok_errmsg(-EIO), "in time");
	ASSERT_ERR(wok_wait_for(fail, "waited for", WOK_SECOND), -EIO);
	ASSERT_STR(wok_errmsg(-EIO), "waited for");
	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, fail, "scoped"));
	ASSERT_ERR(wok_scope_join(scope), -EIO);
	ASSERT_STR(wok_errmsg(-EIO), "scoped");
	const wok_scope_error *errors;
	ASSERT_EQ(wok_scope_errors(scope, &errors), 1);
	ASSERT_STR(errors[0].message, "scoped");
}

static int fail_each(void *text)
{
	return fail(text);
}

TEST_TASK(a_message_travels_out_of_for_each)
{
	char texts[][8] = {"each"};

	ASSERT_ERR(wok_for_each(fail_each, texts, 1, 0, 0), -EIO);
	ASSERT_STR(wok_errmsg(-EIO), "each");
}

static int leave_a_message(void *unused)
{
	(void) unused;
	return wok_wait_for(fail, "out of the run", WOK_SECOND);
}

TEST(a_message_travels_out_of_the_run)
{
	ASSERT_ERR(wok_test_run(leave_a_message, NULL, NULL), -EIO);
	ASSERT_STR(wok_errmsg(-EIO), "out of the run");
	ASSERT_ERR(wok_fail(-EIO, "another one"), -EIO);
	ASSERT_STR(wok_errmsg(-EIO), "another one");
}

static int succeed(void *unused)
{
	(void) unused;
	return 0;
}

TEST(a_run_that_succeeds_leaves_no_message_of_the_one_before)
{
	ASSERT_ERR(wok_test_run(leave_a_message, NULL, NULL), -EIO);
	ASSERT_OK(wok_test_run(succeed, NULL, NULL));
	ASSERT_STR(wok_errmsg(-EIO), wok_strerror(-EIO));
}

static void *look_at_another_threads(void *unused)
{
	ASSERT_STR(wok_errmsg(-EIO), wok_strerror(-EIO));
	return unused;
}

TEST(outside_of_tasks_a_message_belongs_to_the_thread)
{
	pthread_t thread;

	ASSERT_ERR(wok_fail(-EIO, "this thread's"), -EIO);
	ASSERT_EQ(pthread_create(&thread, NULL, look_at_another_threads, NULL), 0);
	pthread_join(thread, NULL);
	ASSERT_STR(wok_errmsg(-EIO), "this thread's");
}

/* Leaves a message and another errno behind when it is cleaned up. */
static int fail_in_clean_up(void *unused)
{
	(void) unused;
	WOK_IGNORE(wok_sleep(WOK_MINUTE));
	errno = EBADMSG;
	return wok_fail(-EIO, "the clean-up's");
}

static int fail_with_clean_up(void *unused)
{
	WOK_AUTO(wok_scope) *scope = NULL;

	(void) unused;
	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, fail_in_clean_up, NULL));
	WOK_AUTO(wok_task) *task = wok_create_task(fail_in_clean_up, NULL);
	WOK_AUTO(wok_listener) *listener = NULL;
	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &listener));
	test_settle();
	errno = ENOTTY;
	return wok_fail(-EIO, "the cause");
}

static int keep_the_cause(void *unused)
{
	(void) unused;
	ASSERT_ERR(fail_with_clean_up(NULL), -EIO);
	ASSERT_STR(wok_errmsg(-EIO), "the cause");
	ASSERT_EQ(errno, ENOTTY);
	return 0;
}

TEST(frees_keep_the_message_and_errno)
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, keep_the_cause, NULL));
	ASSERT_EQ(reports.n, 2); /* what the clean-ups said is not lost either */
}

TEST_TASK(without_memory_the_code_alone_remains)
{
	wok_test_fail_allocation(1, true);
	ASSERT_ERR(wok_fail(-EIO, "no room for this"), -EIO);
	wok_test_fail_allocation(0, false);
	ASSERT_STR(wok_errmsg(-EIO), wok_strerror(-EIO));
}

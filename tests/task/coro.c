/* SPDX-License-Identifier: MIT */
/* Coroutine objects: see wok/coro.h. */
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wok/wok.h>

#include "harness/reports.h"
#include "harness/test.h"

static int add_one(void *arg)
{
	int *number = arg;

	WOK_TRY(wok_sleep(WOK_SECOND));
	return ++*number;
}

TEST_TASK(a_coroutine_object_does_nothing_until_it_is_awaited)
{
	int number = 1;
	wok_coro *coro = wok_coro(add_one, &number);

	ASSERT_OK(wok_sleep(WOK_MINUTE));
	ASSERT_EQ(number, 1);
	ASSERT_STR(wok_coro_name(coro), "add_one");
	ASSERT_EQ(wok_coro_await(coro), 2);
	ASSERT_EQ(wok_now(), WOK_MINUTE + WOK_SECOND);
}

TEST_TASK(a_coroutine_object_can_become_a_task_with_an_argument_of_its_own)
{
	int number = 5;
	wok_coro *coro = wok_coro_copy(add_one, &number, sizeof(number));
	WOK_AUTO(wok_task) *task = wok_coro_start(coro);

	number = 100;
	ASSERT_STR(wok_task_name(task), "add_one");
	ASSERT_EQ(wok_await(task), 6);
	ASSERT_EQ(number, 100);
}

TEST_TASK(a_coroutine_object_that_is_cancelled_before_its_first_run_counts_as_awaited)
{
	int number = 5;
	WOK_AUTO(wok_task) *task = wok_coro_start(wok_coro(add_one, &number));

	wok_cancel(task);
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
}

static int forget_some(void *unused)
{
	int number = 0;

	(void) unused;
	wok_coro *freed = wok_coro(add_one, &number);
	WOK_IGNORE(wok_coro(add_one, &number));
	wok_coro_free(freed);
	return 0;
}

TEST(a_coroutine_object_that_nobody_awaits_is_reported_once)
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, forget_some, NULL));
	ASSERT_EQ(reports.n, 2);
	for (int i = 0; i < 2; i++) {
		ASSERT_REPORT(&reports, i, "'add_one' was never awaited");
		ASSERT_STR(reports.kept[i].task, "add_one");
		ASSERT(reports.kept[i].line > 0);
	}
}

static int await_it(void *coro)
{
	return wok_coro_await(coro);
}

TEST(one_made_outside_of_a_run_can_be_awaited_inside)
{
	int number = 0;

	ASSERT_EQ(wok_run(await_it, wok_coro(add_one, &number)), 1);
}

TEST(outside_of_tasks_an_await_is_an_error_and_releases_the_object)
{
	int number = 0;

	ASSERT_ERR(wok_coro_await(wok_coro(add_one, &number)), -EDEADLK);
	WOK_AUTO(wok_task) *task = wok_coro_start(wok_coro(add_one, &number));
	ASSERT_ERR(wok_task_result(task), -EINVAL);
}

static void *forget_in_thread(void *unused)
{
	int number = 0;

	WOK_IGNORE(wok_coro(add_one, &number));
	return unused;
}

TEST(one_forgotten_in_a_thread_is_reported_when_the_thread_ends)
{
	struct test_reports reports = {0};
	pthread_t thread;

	ASSERT_OK(wok_set_report_hook(test_take_report, &reports));
	ASSERT_EQ(pthread_create(&thread, NULL, forget_in_thread, NULL), 0);
	ASSERT_EQ(pthread_join(thread, NULL), 0);
	ASSERT_EQ(reports.n, 1);
	ASSERT_REPORT(&reports, 0, "never awaited");
}

TEST(one_forgotten_by_the_main_thread_is_reported_when_the_process_ends)
{
	int ends[2], status;
	char text[200];

	ASSERT_EQ(pipe(ends), 0);
	pid_t child = fork();
	ASSERT_OK(child);
	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		forget_in_thread(NULL);
		exit(0); /* as main() does */
	}
	close(ends[1]);
	ssize_t n = read(ends[0], text, sizeof(text) - 1);
	ASSERT(n > 0);
	text[n] = '\0';
	ASSERT(strstr(text, "coroutine 'add_one' was never awaited"));
	close(ends[0]);
	ASSERT_EQ(waitpid(child, &status, 0), child);
}

TEST_TASK(without_memory_the_await_says_so)
{
	int number = 0;

	wok_test_fail_allocation(1, false);
	wok_coro *coro = wok_coro(add_one, &number);
	ASSERT_ERR(wok_coro_await(coro), -ENOMEM);
	wok_test_fail_allocation(1, false);
	coro = wok_coro(add_one, &number);
	WOK_AUTO(wok_task) *task = wok_coro_start(coro);
	ASSERT_ERR(wok_await(task), -ENOMEM);
	coro = wok_coro(add_one, &number);
	wok_test_fail_allocation(1, false);
	WOK_AUTO(wok_task) *second = wok_coro_start(coro);
	ASSERT_ERR(wok_await(second), -ENOMEM);
}

/* SPDX-License-Identifier: MIT */
/* Debug mode's reports of what is suspicious: slow steps, callbacks that wait, leftovers. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <wok/wok.h>

#include "harness/reports.h"
#include "harness/test.h"

/* The report of a slow step lets the step end: so it was made while the step still ran. */
static struct {
	pthread_mutex_t mutex;
	pthread_cond_t came;
	int n;
	char text[4][300];
	char task[4][40];
	int line[4];
} seen = {.mutex = PTHREAD_MUTEX_INITIALIZER, .came = PTHREAD_COND_INITIALIZER};

static void take(const wok_report *report, void *unused)
{
	(void) unused;
	pthread_mutex_lock(&seen.mutex);
	if (seen.n < 4) {
		snprintf(seen.text[seen.n], sizeof(seen.text[0]), "%s", report->message);
		snprintf(seen.task[seen.n], sizeof(seen.task[0]), "%s",
			 report->task ? report->task : "");
		seen.line[seen.n] = report->site ? report->site->line : 0;
	}
	seen.n++;
	pthread_cond_broadcast(&seen.came);
	pthread_mutex_unlock(&seen.mutex);
}

static int block_until_reported(void *unused)
{
	(void) unused;
	pthread_mutex_lock(&seen.mutex);
	while (seen.n == 0)
		pthread_cond_wait(&seen.came, &seen.mutex);
	pthread_mutex_unlock(&seen.mutex);
	return 0;
}

static int start_blocker(void *unused)
{
	(void) unused;
	WOK_AUTO(wok_task) *task = wok_create_task(block_until_reported, NULL);
	return wok_await(task);
}

static const wok_run_options debug = {.debug = true, .slow_step = 100 * WOK_MS};

TEST(a_slow_step_is_reported_while_it_runs_and_when_it_has_ended, "A17")
{
	ASSERT_OK(wok_set_report_hook(take, NULL));
	ASSERT_OK(wok_run_with(start_blocker, NULL, &debug));
	ASSERT_EQ(seen.n, 2);
	ASSERT(strstr(seen.text[0], "block_until_reported has held the loop for 100 ms"));
	ASSERT_STR(seen.task[0], "block_until_reported");
	ASSERT(seen.line[0] > 0);
	ASSERT(strstr(seen.text[1], "block_until_reported held the loop for 1"));
	ASSERT_STR(seen.task[1], "block_until_reported");
}

static int call_blocker(void *unused)
{
	wok_call_soon(block_until_reported, unused);
	return wok_sleep(WOK_MS);
}

TEST(a_slow_callback_is_reported_too, "A17")
{
	ASSERT_OK(wok_set_report_hook(take, NULL));
	ASSERT_OK(wok_run_with(call_blocker, NULL, &debug));
	ASSERT_EQ(seen.n, 2);
	ASSERT(strstr(seen.text[0], "a callback has held"));
}

static int many_quick_steps(void *unused)
{
	(void) unused;
	wok_time end = wok_now() + 120 * WOK_MS;
	while (wok_now() < end)
		WOK_TRY(wok_yield());
	return 0;
}

TEST(many_quick_steps_are_no_slow_one)
{
	ASSERT_OK(wok_set_report_hook(take, NULL));
	ASSERT_OK(wok_run_with(many_quick_steps, NULL, &debug));
	ASSERT_EQ(seen.n, 0);
}

static int wait_in_callback(void *unused)
{
	(void) unused;
	ASSERT_ERR(wok_sleep(WOK_SECOND), -EDEADLK);
	return 0;
}

static int wait_for_event(void *event)
{
	return wok_event_wait(event);
}

static int forget_a_task(void *unused)
{
	static wok_event never = WOK_EVENT_INIT;

	(void) unused;
	wok_call_soon(wait_in_callback, NULL);
	WOK_TRY(wok_yield());
	wok_task *task = wok_create_task(wait_for_event, &never);
	wok_task_detach(&task);
	return wok_yield();
}

TEST(a_callback_that_waits_and_a_task_that_is_left_are_reported_in_debug_mode)
{
	const wok_test_options options = {.debug = true};
	struct test_reports reports = {0};

	ASSERT_OK(wok_set_report_hook(test_take_report, &reports));
	ASSERT_OK(wok_test_run(forget_a_task, NULL, &options));
	ASSERT_EQ(reports.n, 2);
	ASSERT_REPORT(&reports, 0, "a callback called a function that waits");
	ASSERT_REPORT(&reports, 1, "1 tasks with it, which are cancelled");
	ASSERT_REPORT(&reports, 1, "waits for an event");
}

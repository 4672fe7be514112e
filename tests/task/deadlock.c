/* SPDX-License-Identifier: MIT */
/* A run in which nothing can happen any more ends and says why: see wok_run(). */
#include <signal.h>
#include <wok/wok.h>

#include "harness/reports.h"
#include "harness/test.h"

static int wait_for_nobody(void *unused)
{
	wok_event event = WOK_EVENT_INIT;

	(void) unused;
	return wok_event_wait(&event);
}

TEST(a_wait_that_nobody_can_end_ends_the_run, "G7")
{
	ASSERT_ERR(wok_test_run(wait_for_nobody, NULL, NULL), -EDEADLK);
	ASSERT(strstr(wok_errmsg(-EDEADLK), "deadlock"));
	ASSERT(strstr(wok_errmsg(-EDEADLK), "waits for an event"));
}

TEST(a_deadlock_is_found_under_the_real_clock_too, "G7")
{
	ASSERT_ERR(wok_run(wait_for_nobody, NULL), -EDEADLK);
}

struct locks {
	wok_lock first, second;
};

static int take_first_second(void *arg)
{
	struct locks *locks = arg;

	WOK_TRY(wok_lock_acquire(&locks->first));
	WOK_TRY(wok_yield());
	WOK_TRY(wok_yield());
	return wok_lock_acquire(&locks->second);
}

static int take_second_first(void *arg)
{
	struct locks *locks = arg;

	WOK_TRY(wok_lock_acquire(&locks->second));
	WOK_TRY(wok_yield());
	WOK_TRY(wok_yield());
	return wok_lock_acquire(&locks->first);
}

static int lock_crosswise(void *unused)
{
	static struct locks locks = {WOK_LOCK_INIT, WOK_LOCK_INIT};
	WOK_AUTO(wok_scope) *scope = NULL;

	(void) unused;
	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, take_first_second, &locks));
	ASSERT_OK(wok_scope_spawn(scope, take_second_first, &locks));
	return wok_scope_join(scope);
}

TEST(a_cycle_of_locks_is_named_with_who_holds_what, "G7")
{
	struct test_reports reports;

	ASSERT_ERR(test_run_reporting(&reports, lock_crosswise, NULL), -EDEADLK);
	const char *message = wok_errmsg(-EDEADLK);
	ASSERT(strstr(message, "take_first_second (") && strstr(message, "take_second_first ("));
	ASSERT(strstr(message, "waits for a lock that take_first_second holds"));
	ASSERT(strstr(message, "waits for a lock that take_second_first holds"));
	ASSERT(strstr(message, "waits for the tasks of a scope"));
}

static int fail_after_a_deadlock(void *unused)
{
	(void) unused;
	return wait_for_nobody(NULL) < 0 ? -EIO : 0;
}

TEST(a_deadlock_that_main_covers_with_another_result_is_reported)
{
	struct test_reports reports;

	ASSERT_ERR(test_run_reporting(&reports, fail_after_a_deadlock, NULL), -EIO);
	ASSERT_EQ(reports.n, 1);
	ASSERT_EQ(reports.kept[0].code, -EDEADLK);
	ASSERT_REPORT(&reports, 0, "waits for an event");
}

static int start_a_crowd(void *unused)
{
	(void) unused;
	for (int i = 0; i < 1000; i++) {
		wok_task *task = wok_create_task(wait_for_nobody, NULL);
		wok_task_detach(&task);
	}
	return wait_for_nobody(NULL);
}

TEST(the_list_of_who_waits_is_bounded, "G7")
{
	const char *message;

	ASSERT_ERR(wok_test_run(start_a_crowd, NULL, NULL), -EDEADLK);
	message = wok_errmsg(-EDEADLK);
	ASSERT(strstr(message, " more"));
	ASSERT(strlen(message) < 1100);
}

static int sleep_for_ever(void *unused)
{
	(void) unused;
	return wok_sleep(WOK_FOREVER);
}

TEST(virtual_time_never_comes_to_for_ever, "G5")
{
	ASSERT_ERR(wok_test_run(sleep_for_ever, NULL, NULL), -EDEADLK);
}

static int hold_a_remote(void *unused)
{
	WOK_AUTO(wok_remote) *remote = NULL;
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	(void) unused;
	ASSERT_OK(wok_remote_new(&remote));
	WOK_TIMEOUT (&timeout, 2 * WOK_MS) {
		ASSERT_ERR(wait_for_nobody(NULL), -ECANCELED);
	}
	return 0;
}

TEST(who_may_still_be_called_from_another_thread_is_not_stuck)
{
	ASSERT_OK(wok_test_run(hold_a_remote, NULL, &(wok_test_options){.real_clock = true}));
}

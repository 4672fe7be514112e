/* SPDX-License-Identifier: MIT */
/*
 * Tasks, scopes and generators of another loop: refused, and left alone. One thread stays in its
 * loop while another one tries, in turns, so that nothing here is a race of its own. What the
 * synchronisation objects do: tests/sync/foreign.c.
 */
#include <pthread.h>
#include <semaphore.h>
#include <wok/wok.h>

#include "harness/reports.h"
#include "harness/test.h"

static wok_task *task;
static wok_scope *scope;
static wok_gen *gen;
static wok_timeout timeout = WOK_TIMEOUT_INIT;
static wok_loop *loop;
static sem_t ready, tried;

static int sleep_long(void *unused)
{
	(void) unused;
	return wok_sleep(WOK_MINUTE);
}

static int count_up(void *unused)
{
	(void) unused;
	for (int i = 1;; i++)
		WOK_TRY(wok_gen_yield(&i));
}

static int own_them(void *unused)
{
	int item;

	(void) unused;
	loop = wok_current_loop();
	task = wok_create_task(sleep_long, NULL);
	ASSERT_OK(wok_gen_new(count_up, NULL, sizeof(int), &gen));
	ASSERT_EQ(wok_gen_next(gen, &item), 1);
	ASSERT_OK(wok_scope_new_with(&(wok_scope_options){.background = true}, &scope));
	ASSERT_OK(wok_scope_spawn(scope, sleep_long, NULL));
	ASSERT(wok_timeout_enter(&timeout, WOK_MINUTE / 2) != NULL);
	test_settle();
	sem_post(&ready);
	sem_wait(&tried);
	/* All is as it was. */
	ASSERT_EQ(wok_scope_children(scope), 1);
	ASSERT(!wok_scope_canceled(scope));
	ASSERT_EQ(wok_gen_next(gen, &item), 1);
	ASSERT_EQ(item, 2);
	ASSERT_ERR(wok_sleep(WOK_MINUTE), -ECANCELED);
	ASSERT_EQ(wok_now(), WOK_MINUTE / 2);
	wok_timeout_leave(&timeout);
	ASSERT_OK(wok_await(task));
	ASSERT_OK(wok_scope_join(scope));
	wok_scope_free(scope);
	wok_gen_free(gen);
	wok_task_free(task);
	return 0;
}

static void *own_in_a_thread(void *unused)
{
	(void) unused;
	ASSERT_OK(wok_test_run(own_them, NULL, NULL));
	return NULL;
}

static void note(wok_task *ended, void *unused)
{
	(void) ended;
	(void) unused;
	FAIL("it was called");
}

static int try_calls_with_results(void *unused)
{
	wok_task *tasks[] = {wok_current_task(), task};
	wok_completed *completed;
	int item;

	(void) unused;
	ASSERT_ERR(wok_await(task), -EINVAL);
	ASSERT_ERR(wok_await_for(task, WOK_SECOND), -EINVAL);
	ASSERT_ERR(wok_gather(&task, 1, 0), -EINVAL);
	ASSERT_ERR(wok_wait(tasks, 2, WOK_FIRST_COMPLETED, NULL), -EINVAL);
	ASSERT_ERR(wok_as_completed(tasks, 2, &completed), -EINVAL);
	ASSERT_ERR(wok_task_on_done(task, note, NULL), -EINVAL);
	ASSERT_ERR(wok_scope_spawn(scope, sleep_long, NULL), -EINVAL);
	ASSERT_ERR(wok_scope_start(scope, sleep_long, NULL, NULL), -EINVAL);
	ASSERT_ERR(wok_scope_join(scope), -EINVAL);
	ASSERT_ERR(wok_scope_set_deadline(scope, 1), -EINVAL);
	ASSERT_ERR(wok_gen_next(gen, &item), -EINVAL);
	ASSERT_ERR(wok_gen_close(gen), -EINVAL);
	ASSERT_ERR(wok_timeout_set_deadline(&timeout, 1), -EINVAL);
	ASSERT(strstr(wok_errmsg(-EINVAL), "another loop") != NULL);
	return 0;
}

static int try_calls_without(void *unused)
{
	wok_task *pointer = task;

	(void) unused;
	ASSERT(!wok_cancel(task));
	ASSERT_EQ(wok_task_forget_done(task, note, NULL), 0);
	wok_task_free(task);
	wok_task_detach(&pointer);
	wok_scope_cancel(scope, NULL);
	wok_scope_set_shield(scope, WOK_SECOND);
	wok_scope_free(scope);
	wok_gen_free(gen);
	wok_timeout_leave(&timeout);
	wok_loop_stop(loop);
	return 0;
}

enum { REPORTED = 9 }; /* each call but wok_timeout_leave(), which is not the caller's */

static int try_all(void *unused)
{
	ASSERT_OK(try_calls_with_results(unused));
	return try_calls_without(unused);
}

TEST(the_tasks_of_another_loop_are_refused_and_left_alone, "F16")
{
	struct test_reports reports = {0};
	pthread_t thread;

	ASSERT_OK(wok_set_report_hook(test_take_report, &reports));
	ASSERT_EQ(sem_init(&ready, 0, 0), 0);
	ASSERT_EQ(sem_init(&tried, 0, 0), 0);
	ASSERT_EQ(pthread_create(&thread, NULL, own_in_a_thread, NULL), 0);
	sem_wait(&ready);
	ASSERT_OK(wok_test_run(try_all, NULL, NULL));
	ASSERT_EQ(reports.n, REPORTED);
	ASSERT_REPORT(&reports, 0, "wok_cancel did nothing: the task belongs to another loop");
	/* A thread without a loop can do no more. */
	ASSERT_OK(try_calls_without(NULL));
	ASSERT_EQ(reports.n, 2 * REPORTED);
	sem_post(&tried);
	ASSERT_EQ(pthread_join(thread, NULL), 0);
	ASSERT_EQ(reports.n, 2 * REPORTED);
}

/* SPDX-License-Identifier: MIT */
/*
 * Objects that a task of another loop uses: refused, and reported in debug mode. One thread stays
 * in its loop while the other one tries, in turns, so that nothing here is a race of its own.
 */
#include <pthread.h>
#include <semaphore.h>
#include <wok/wok.h>

#include "harness/reports.h"
#include "harness/test.h"

static wok_lock lock = WOK_LOCK_INIT;
static wok_lock left_lock = WOK_LOCK_INIT;
static wok_lock other_lock = WOK_LOCK_INIT;
static wok_condition condition = WOK_CONDITION_INIT(&other_lock);
static wok_rwlock rwlock = WOK_RWLOCK_INIT;
static wok_event event = WOK_EVENT_INIT;
static wok_semaphore semaphore = WOK_SEMAPHORE_INIT(0);
static wok_barrier barrier = WOK_BARRIER_INIT(2);
static wok_queue *queue;
static wok_channel *channel;
static sem_t parked, tried;

static int hold_lock(void *unused)
{
	(void) unused;
	WOK_TRY(wok_lock_acquire(&lock));
	WOK_TRY(wok_rwlock_acquire_write(&rwlock));
	WOK_TRY(wok_sleep(WOK_FOREVER / 2));
	return 0;
}

static int leave_lock(void *unused)
{
	(void) unused;
	return wok_lock_acquire(&left_lock);
}

static int wait_event(void *unused)
{
	(void) unused;
	return wok_event_wait(&event);
}

static int wait_condition(void *unused)
{
	(void) unused;
	WOK_TRY(wok_lock_acquire(&other_lock));
	return wok_condition_wait(&condition);
}

static int wait_semaphore(void *unused)
{
	(void) unused;
	return wok_semaphore_acquire(&semaphore);
}

static int wait_barrier(void *unused)
{
	(void) unused;
	return wok_barrier_wait(&barrier);
}

static int wait_queue(void *unused)
{
	int item;

	(void) unused;
	return wok_queue_get(queue, &item);
}

static int wait_channel(void *unused)
{
	int item;

	(void) unused;
	return wok_channel_receive(channel, &item);
}

static wok_fn *const waits[] = {wait_event,   wait_condition, wait_semaphore,
				wait_barrier, wait_queue,     wait_channel};

enum { WAITS = sizeof(waits) / sizeof(waits[0]) };

/* The first loop: its tasks hold and wait, and stay as they are while the other one tries. */
static int hold_and_wait(void *unused)
{
	WOK_AUTO(wok_scope) *scope = NULL;

	(void) unused;
	ASSERT_OK(wok_queue_new(sizeof(int), 1, &queue));
	ASSERT_OK(wok_channel_new(sizeof(int), 0, &channel));
	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, hold_lock, NULL));
	ASSERT_OK(wok_scope_spawn(scope, leave_lock, NULL));
	for (int i = 0; i < WAITS; i++)
		ASSERT_OK(wok_scope_spawn(scope, waits[i], NULL));
	test_settle();
	sem_post(&parked);
	sem_wait(&tried);
	/* None was woken, and each queue is as it was. */
	ASSERT_EQ(wok_scope_children(scope), 1 + WAITS);
	wok_scope_cancel(scope, NULL);
	WOK_IGNORE(wok_scope_join(scope));
	return 0;
}

static void *first_thread(void *unused)
{
	(void) unused;
	ASSERT_OK(wok_test_run(hold_and_wait, NULL, NULL));
	return NULL;
}

static int use_foreign(void *unused)
{
	int item = 1;
	wok_select_case cases[] = {{.channel = channel, .receive = &item}};

	(void) unused;
	for (int i = 0; i < 2; i++) {
		ASSERT_ERR(wok_lock_acquire(&lock), -EINVAL);
		ASSERT_ERR(wok_lock_try_acquire(&lock), -EINVAL);
		ASSERT_ERR(wok_rwlock_acquire_read(&rwlock), -EINVAL);
		ASSERT_ERR(wok_rwlock_acquire_write(&rwlock), -EINVAL);
		ASSERT_ERR(wok_event_wait(&event), -EINVAL);
		wok_event_set(&event);
		ASSERT(!wok_event_is_set(&event));
		ASSERT_ERR(wok_semaphore_acquire(&semaphore), -EINVAL);
		ASSERT_ERR(wok_semaphore_release(&semaphore), -EINVAL);
		ASSERT_ERR(wok_barrier_wait(&barrier), -EINVAL);
		wok_barrier_reset(&barrier);
		ASSERT_ERR(wok_queue_get(queue, &item), -EINVAL);
		ASSERT_ERR(wok_queue_put(queue, &item), -EINVAL);
		ASSERT_ERR(wok_channel_receive(channel, &item), -EINVAL);
		ASSERT_ERR(wok_channel_send(channel, &item), -EINVAL);
		ASSERT_ERR(wok_select(cases, 1), -EINVAL);
		/* Nothing of it is freed under those who wait. */
		wok_queue_shutdown(queue, true);
		wok_queue_free(queue);
		wok_channel_close(channel);
		wok_channel_free(channel);
		ASSERT_OK(wok_lock_acquire(&other_lock)); /* nobody has it, so it can be taken */
		ASSERT_ERR(wok_condition_wait(&condition), -EINVAL);
		ASSERT_ERR(wok_condition_notify_all(&condition), -EINVAL);
		ASSERT_ERR(wok_lock_acquire(&left_lock), -EINVAL); /* its owner has ended */
		ASSERT_OK(wok_lock_release(&other_lock));          /* the failed wait has kept it */
	}
	ASSERT(strstr(wok_errmsg(-EINVAL), "another loop") != NULL);
	return 0;
}

static void try_from_another_loop(const wok_run_options *options, struct test_reports *reports)
{
	pthread_t thread;

	memset(reports, 0, sizeof(*reports));
	ASSERT_OK(wok_set_report_hook(test_take_report, reports));
	ASSERT_EQ(sem_init(&parked, 0, 0), 0);
	ASSERT_EQ(sem_init(&tried, 0, 0), 0);
	ASSERT_EQ(pthread_create(&thread, NULL, first_thread, NULL), 0);
	sem_wait(&parked);
	ASSERT_OK(wok_run_with(use_foreign, NULL, options));
	sem_post(&tried);
	ASSERT_EQ(pthread_join(thread, NULL), 0);
	/* The run that they belonged to is over: they serve the next. */
	wok_queue_free(queue);
	wok_channel_free(channel);
}

TEST(an_object_of_another_loop_is_refused_and_left_alone)
{
	struct test_reports reports;

	try_from_another_loop(NULL, &reports);
	ASSERT_EQ(reports.n, 0);
}

TEST(debug_mode_reports_the_use_of_another_loops_object)
{
	struct test_reports reports;

	try_from_another_loop(&(wok_run_options){.debug = true}, &reports);
	ASSERT(reports.n > 8);
	ASSERT_EQ(reports.kept[0].code, -EINVAL);
	ASSERT_STR(reports.kept[0].task, "main");
	ASSERT_REPORT(&reports, 0, "a lock that belongs to another loop");
	ASSERT_REPORT(&reports, 1, "a read-write lock");
	ASSERT_REPORT(&reports, 2, "an event"); /* one for all the calls in a row */
	ASSERT_REPORT(&reports, 3, "a permit of a semaphore");
}

static int leave_it(void *unused)
{
	(void) unused;
	return wok_lock_acquire(&lock);
}

static int inherit_it(void *unused)
{
	(void) unused;
	ASSERT_ERR(wok_lock_acquire(&lock), -EOWNERDEAD);
	return wok_lock_release(&lock);
}

TEST(a_lock_that_an_ended_run_left_held_goes_to_the_next_run, "D4")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, leave_it, NULL));
	ASSERT_OK(wok_test_run(inherit_it, NULL, NULL));
	ASSERT_EQ(reports.n, 1);
	ASSERT_EQ(reports.kept[0].code, -EOWNERDEAD);
}

/* SPDX-License-Identifier: MIT */
/* Tasks started from other threads: see wok_remote_run(). Run this under ThreadSanitizer, too. */
#include <pthread.h>
#include <stdatomic.h>
#include <wok/wok.h>

#include "harness/test.h"

static const wok_test_options real = {.real_clock = true};

/* Another loop in a thread of its own, which serves until it is told to stop. */
struct other {
	pthread_t thread;
	pthread_barrier_t up;
	wok_remote *remote; /* to it */
	wok_event stop;     /* on it */
	int result;
};

static int serve(void *arg)
{
	struct other *other = arg;

	ASSERT_OK(wok_remote_new(&other->remote));
	pthread_barrier_wait(&other->up);
	return wok_event_wait(&other->stop);
}

static void *run_other(void *arg)
{
	struct other *other = arg;

	other->result = wok_test_run(serve, other, &real);
	return NULL;
}

static int stop_serving(void *arg)
{
	struct other *other = arg;

	wok_event_set(&other->stop);
	return 0;
}

static void start(struct other *other)
{
	other->stop = (wok_event) WOK_EVENT_INIT;
	ASSERT_EQ(pthread_barrier_init(&other->up, NULL, 2), 0);
	ASSERT_EQ(pthread_create(&other->thread, NULL, run_other, other), 0);
	pthread_barrier_wait(&other->up);
}

static void stop(struct other *other)
{
	ASSERT_OK(wok_remote_call(other->remote, stop_serving, other));
	pthread_join(other->thread, NULL);
	ASSERT_OK(other->result);
	wok_remote_free(other->remote);
	pthread_barrier_destroy(&other->up);
}

static int add_one(void *number)
{
	WOK_TRY(wok_sleep(WOK_US));
	return ++*(int *) number;
}

static int fail(void *unused)
{
	(void) unused;
	WOK_TRY(wok_yield());
	return wok_fail(-EIO, "the disk over there is gone");
}

static int cancel_self(void *unused)
{
	(void) unused;
	wok_cancel(wok_current_task());
	return wok_yield();
}

/* What a caller meets, be it a thread or a task. */
static void call_all(struct other *other)
{
	int number = 1;

	ASSERT_EQ(wok_remote_run(other->remote, add_one, &number), 2);
	ASSERT_EQ(number, 2);
	ASSERT_ERR(wok_remote_run(other->remote, fail, NULL), -EIO);
	ASSERT_STR(wok_errmsg(-EIO), "the disk over there is gone");
	ASSERT_ERR(wok_remote_run(other->remote, cancel_self, NULL), WOK_ETASKCANCELED);
}

TEST(a_plain_thread_runs_a_task_and_gets_its_result_and_message)
{
	struct other other;

	start(&other);
	call_all(&other);
	stop(&other);
}

static int call_from_a_task(void *other)
{
	uint64_t before = wok_test_checkpoints();

	call_all(other);
	ASSERT(wok_test_checkpoints() > before);
	return 0;
}

TEST(a_task_of_another_loop_waits_and_gets_result_and_message)
{
	struct other other;

	start(&other);
	ASSERT_OK(wok_test_run(call_from_a_task, &other, &real));
	stop(&other);
}

static atomic_int started, canceled;

static int wait_long(void *unused)
{
	(void) unused;
	atomic_fetch_add(&started, 1);
	int r = wok_sleep(WOK_MINUTE);
	atomic_fetch_add(&canceled, r == -ECANCELED);
	return r;
}

static int call_and_wait_long(void *other)
{
	return wok_remote_run(((struct other *) other)->remote, wait_long, NULL);
}

static int cancel_the_caller(void *other)
{
	for (int i = 0; i < 30; i++) {
		WOK_AUTO(wok_task) *task = wok_create_task(call_and_wait_long, other);
		for (int k = 0; k < i % 5; k++)
			ASSERT_OK(wok_sleep(20 * WOK_US));
		while (i % 3 == 0 && atomic_load(&started) == atomic_load(&canceled))
			ASSERT_OK(wok_sleep(10 * WOK_US));
		wok_cancel(task);
		ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
		/* The one over there has ended before this returned. */
		ASSERT_EQ(atomic_load(&started), atomic_load(&canceled));
	}
	ASSERT(atomic_load(&canceled) >= 10);
	return 0;
}

TEST(cancelling_the_caller_cancels_and_joins_the_task_over_there, "B7")
{
	struct other other;

	start(&other);
	ASSERT_OK(wok_test_run(cancel_the_caller, &other, &real));
	stop(&other);
}

static atomic_bool let_go;

/* Not to be stopped: it never asks. */
static int work_without_asking(void *unused)
{
	(void) unused;
	atomic_fetch_add(&started, 1);
	while (!atomic_load(&let_go))
		;
	return 42;
}

struct uncancellable {
	struct other *other;
	int result, after;
};

static int call_the_deaf(void *arg)
{
	struct uncancellable *self = arg;

	self->result = wok_remote_run(self->other->remote, work_without_asking, NULL);
	self->after = wok_yield();
	return 0;
}

static int cancel_what_cannot_be_stopped(void *other)
{
	struct uncancellable self = {.other = other};
	WOK_AUTO(wok_task) *task = wok_create_task(call_the_deaf, &self);

	while (!atomic_load(&started))
		ASSERT_OK(wok_sleep(10 * WOK_US));
	ASSERT(wok_cancel(task));
	ASSERT_OK(wok_sleep(WOK_MS));
	ASSERT(!wok_task_done(task));
	atomic_store(&let_go, true);
	ASSERT_OK(wok_await(task));
	ASSERT_EQ(self.result, 42);
	ASSERT_EQ(self.after, -ECANCELED);
	return 0;
}

TEST(what_cannot_be_stopped_ends_first_and_then_the_cancel_is_seen, "B17")
{
	struct other other;

	start(&other);
	ASSERT_OK(wok_test_run(cancel_what_cannot_be_stopped, &other, &real));
	stop(&other);
}

static void *end_soon(void *arg)
{
	struct other *other = arg;

	while (atomic_load(&started) == 0)
		;
	ASSERT_OK(wok_remote_call(other->remote, stop_serving, other));
	return NULL;
}

static int call_until_the_end(void *other)
{
	int r = call_and_wait_long(other);

	return r == WOK_ETASKCANCELED || r == -ESHUTDOWN ? 0 : -EIO;
}

TEST(the_end_of_the_loop_over_there_ends_the_call, "A12")
{
	for (int i = 0; i < 20; i++) {
		struct other other;
		pthread_t ender;
		atomic_store(&started, 0);
		start(&other);
		ASSERT_EQ(pthread_create(&ender, NULL, end_soon, &other), 0);
		if (i % 2)
			ASSERT_OK(wok_test_run(call_until_the_end, &other, &real));
		else
			ASSERT_OK(call_until_the_end(&other));
		pthread_join(ender, NULL);
		pthread_join(other.thread, NULL);
		ASSERT_ERR(wok_remote_run(other.remote, wait_long, NULL), -ESHUTDOWN);
		wok_remote_free(other.remote);
	}
}

static int call_in_callback(void *arg)
{
	struct uncancellable *self = arg;

	self->result = wok_remote_run(self->other->remote, fail, NULL);
	return 0;
}

static int try_in_a_callback(void *other)
{
	struct uncancellable self = {.other = other};

	wok_call_soon(call_in_callback, &self);
	ASSERT_OK(wok_sleep(WOK_MS));
	ASSERT_EQ(self.result, -EDEADLK);
	return 0;
}

TEST(a_callback_cannot_wait_for_another_loop)
{
	struct other other;

	start(&other);
	ASSERT_OK(wok_test_run(try_in_a_callback, &other, &real));
	stop(&other);
}

/* Two loops that call each other all the time. */
struct partner {
	struct other *to;
	int n;
};

static int call_many(void *arg)
{
	struct partner *self = arg;
	int number = 0;

	for (int i = 0; i < 200; i++)
		ASSERT_EQ(wok_remote_run(self->to->remote, add_one, &number), i + 1);
	return 0;
}

static void *call_many_in_a_run(void *arg)
{
	ASSERT_OK(wok_test_run(call_many, arg, &real));
	return NULL;
}

TEST(many_loops_and_threads_call_two_loops_at_once)
{
	struct other others[2];
	struct partner partners[4];
	pthread_t threads[4];

	for (int i = 0; i < 2; i++)
		start(&others[i]);
	for (int i = 0; i < 4; i++) {
		partners[i] = (struct partner){&others[i % 2], 0};
		ASSERT_EQ(pthread_create(&threads[i], NULL, call_many_in_a_run, &partners[i]), 0);
	}
	ASSERT_OK(call_many(&partners[0]));
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 2; i++)
		stop(&others[i]);
}

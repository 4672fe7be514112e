/* SPDX-License-Identifier: MIT */
/* Loops that somebody holds in his hand: see wok_loop_new(). */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#include <wok/wok.h>

#include "harness/reports.h"
#include "harness/test.h"

static int calls;

static int count(void *unused)
{
	(void) unused;
	calls++;
	return 0;
}

static int nap(void *span)
{
	WOK_TRY(wok_sleep(*(wok_time *) span));
	calls++;
	return 7;
}

TEST(a_loop_runs_one_function_after_another_and_what_is_left_goes_on)
{
	WOK_AUTO(wok_loop) *loop = NULL;
	wok_time brief = WOK_MS, longer = 20 * WOK_MS;

	ASSERT_OK(wok_loop_new(NULL, &loop));
	ASSERT(wok_current_loop() == loop);
	wok_task *task = wok_create_task(nap, &longer); /* before the loop runs */
	ASSERT_EQ(wok_loop_run(loop, nap, &brief), 7);
	ASSERT(!wok_task_done(task));
	ASSERT_EQ(calls, 1);
	ASSERT_EQ(wok_loop_run(loop, nap, &longer), 7);
	ASSERT(wok_task_done(task));
	ASSERT_EQ(calls, 3);
	wok_task_free(task);
	ASSERT_OK(wok_loop_close(loop));
	ASSERT(wok_current_loop() == NULL);
	ASSERT_ERR(wok_loop_run(loop, nap, &brief), -EINVAL);
	ASSERT_OK(wok_run(count, NULL)); /* the thread is free again */
}

static int wait_and_count(void *unused)
{
	(void) unused;
	int r = wok_sleep(WOK_MINUTE);
	calls += r == -ECANCELED;
	return r;
}

TEST(closing_cancels_and_joins_what_is_left)
{
	wok_loop *loop = NULL;
	wok_time brief = WOK_MS;

	ASSERT_OK(wok_loop_new(NULL, &loop));
	wok_task *task = wok_create_task(wait_and_count, NULL);
	wok_task_detach(&task);
	ASSERT_EQ(wok_loop_run(loop, nap, &brief), 7);
	ASSERT_OK(wok_loop_close(loop));
	ASSERT_EQ(calls, 2);
	wok_loop_free(loop);
}

static int run_inside(void *loop)
{
	ASSERT_ERR(wok_loop_run(loop, count, NULL), -EDEADLK);
	ASSERT_ERR(wok_loop_step(loop), -EDEADLK);
	ASSERT_ERR(wok_loop_close(loop), -EDEADLK);
	ASSERT_ERR(wok_run(count, NULL), -EDEADLK);
	ASSERT(strstr(wok_errmsg(-EDEADLK), "cannot be called from a running event loop"));
	ASSERT_OK(wok_yield()); /* unharmed */
	return 5;
}

TEST(a_run_inside_of_a_run_is_refused_and_harms_nothing, "A10")
{
	WOK_AUTO(wok_loop) *loop = NULL;
	wok_loop *second = NULL;

	ASSERT_OK(wok_loop_new(NULL, &loop));
	ASSERT_EQ(wok_loop_run(loop, run_inside, loop), 5);
	ASSERT_ERR(wok_loop_new(NULL, &second), -EDEADLK);
	ASSERT_ERR(wok_run(count, NULL), -EDEADLK);
	ASSERT(strstr(wok_errmsg(-EDEADLK), "use wok_loop_run()"));
	ASSERT(second == NULL);
}

static void *use_in_thread(void *loop)
{
	ASSERT_ERR(wok_loop_run(loop, count, NULL), -EINVAL);
	ASSERT_ERR(wok_loop_step(loop), -EINVAL);
	return NULL;
}

TEST(another_threads_loop_is_refused)
{
	WOK_AUTO(wok_loop) *loop = NULL;
	pthread_t thread;

	ASSERT_OK(wok_loop_new(NULL, &loop));
	ASSERT_EQ(pthread_create(&thread, NULL, use_in_thread, loop), 0);
	ASSERT_EQ(pthread_join(thread, NULL), 0);
	ASSERT_EQ(calls, 0);
}

static int stop(void *unused)
{
	(void) unused;
	wok_loop_stop(wok_current_loop());
	return count(NULL);
}

static int count_again(void *unused)
{
	wok_call_soon(count, NULL);
	return count(unused);
}

TEST(a_stop_in_a_callback_lets_the_rest_of_the_tick_run, "A9")
{
	WOK_AUTO(wok_loop) *loop = NULL;

	ASSERT_OK(wok_loop_new(NULL, &loop));
	wok_call_soon(stop, NULL);
	wok_call_soon(count_again, NULL); /* what it schedules is for the next run */
	ASSERT_OK(wok_loop_run_forever(loop));
	ASSERT_EQ(calls, 2);
	wok_call_soon(stop, NULL);
	ASSERT_OK(wok_loop_run_forever(loop));
	ASSERT_EQ(calls, 4);
}

TEST(a_stop_before_the_run_gives_one_pass_that_does_not_wait, "A9")
{
	WOK_AUTO(wok_loop) *loop = NULL;
	wok_loop_info before, after;

	ASSERT_OK(wok_loop_new(NULL, &loop));
	wok_call_soon(count_again, NULL);
	wok_call_later(WOK_MINUTE, count, NULL);
	wok_loop_stop(loop);
	ASSERT_OK(wok_loop_get_info(&before));
	ASSERT_OK(wok_loop_run_forever(loop));
	ASSERT_OK(wok_loop_get_info(&after));
	ASSERT_EQ(calls, 1);
	ASSERT_EQ(after.ticks - before.ticks, 1);
}

TEST(a_stop_ends_a_run_before_its_function_which_goes_on_with_the_next)
{
	WOK_AUTO(wok_loop) *loop = NULL;
	wok_time longer = 20 * WOK_MS, longest = 40 * WOK_MS;

	ASSERT_OK(wok_loop_new(NULL, &loop));
	wok_call_soon(stop, NULL);
	ASSERT_ERR(wok_loop_run(loop, nap, &longer), -EINPROGRESS);
	ASSERT_EQ(calls, 1);
	ASSERT_EQ(wok_loop_run(loop, nap, &longest), 7);
	ASSERT_EQ(calls, 3);
}

static int stop_and_wait(void *unused)
{
	stop(unused);
	return wok_sleep(WOK_MINUTE);
}

TEST(a_stop_in_wok_run_cancels_what_runs)
{
	ASSERT_ERR(wok_run(stop_and_wait, NULL), -EINTR);
}

static int wait_for_ever(void *event)
{
	return wok_event_wait(event);
}

TEST(a_deadlock_ends_one_run_and_the_next_starts_afresh)
{
	WOK_AUTO(wok_loop) *loop = NULL;
	wok_event event = WOK_EVENT_INIT;
	wok_time brief = WOK_MS;

	ASSERT_OK(wok_loop_new(NULL, &loop));
	ASSERT_ERR(wok_loop_run(loop, wait_for_ever, &event), -EDEADLK);
	ASSERT(strstr(wok_errmsg(-EDEADLK), "main"));
	ASSERT_EQ(wok_loop_run(loop, nap, &brief), 7);
	ASSERT_ERR(wok_loop_run_forever(loop), -EDEADLK); /* there is nothing to run */
}

static int interrupt(void *unused)
{
	(void) unused;
	raise(SIGINT);
	return wok_sleep(WOK_MINUTE);
}

TEST(sigint_ends_one_run_and_the_next_starts_afresh, "B23")
{
	WOK_AUTO(wok_loop) *loop = NULL;
	wok_time brief = WOK_MS;

	signal(SIGINT, SIG_DFL); /* a shell may have had it ignored */
	ASSERT_OK(wok_loop_new(NULL, &loop));
	ASSERT_ERR(wok_loop_run(loop, interrupt, NULL), -EINTR);
	ASSERT_EQ(wok_loop_run(loop, nap, &brief), 7);
	wok_task *task = wok_create_task(interrupt, NULL);
	wok_task_detach(&task);
	ASSERT_ERR(wok_loop_run_forever(loop), -EINTR);
}

/* --- in a foreign loop
 * ----------------------------------------------------------------------------- */

/* What a host does: wait for the descriptor, for a minute at most, and step. */
static int turn_host(wok_loop *loop)
{
	struct pollfd entry = {.fd = wok_loop_fd(loop), .events = POLLIN};

	ASSERT_EQ(poll(&entry, 1, 60000), 1);
	return wok_loop_step(loop);
}

static bool quiet(wok_loop *loop)
{
	struct pollfd entry = {.fd = wok_loop_fd(loop), .events = POLLIN};

	return poll(&entry, 1, 0) == 0;
}

static struct {
	wok_event event;
	int pipe_end;
	int steps;
} hosted;

static int live_in_host(void *unused)
{
	char byte;

	(void) unused;
	WOK_TRY(wok_sleep(2 * WOK_MS));
	hosted.steps++;
	WOK_TRY(wok_event_wait(&hosted.event));
	hosted.steps++;
	WOK_TRY(wok_fd_wait(hosted.pipe_end, WOK_READABLE));
	ASSERT_EQ(read(hosted.pipe_end, &byte, 1), 1);
	hosted.steps++;
	return 0;
}

static void *call_from_thread(void *remote)
{
	ASSERT_OK(wok_remote_call(remote, count, NULL));
	return NULL;
}

TEST(a_foreign_loop_watches_one_descriptor)
{
	WOK_AUTO(wok_loop) *loop = NULL;
	wok_remote *remote = NULL;
	pthread_t thread;
	int ends[2];

	ASSERT_EQ(pipe(ends), 0);
	hosted.pipe_end = ends[0];
	ASSERT_OK(wok_loop_new(NULL, &loop));
	ASSERT_OK(wok_loop_fd(loop));
	ASSERT(quiet(loop));
	wok_task *task = wok_create_task(live_in_host, NULL); /* rings */
	ASSERT(!quiet(loop));
	while (hosted.steps == 0)
		ASSERT_EQ(turn_host(loop), 1); /* the timer rings */
	while (!quiet(loop))
		ASSERT_EQ(wok_loop_step(loop), 1);
	wok_event_set(&hosted.event); /* so does what the host wakes */
	while (hosted.steps == 1)
		ASSERT_EQ(turn_host(loop), 1);
	while (!quiet(loop))
		ASSERT_EQ(wok_loop_step(loop), 1);
	ASSERT_EQ(write(ends[1], "x", 1), 1); /* and the kernel */
	while (hosted.steps == 2)
		WOK_IGNORE(turn_host(loop));
	ASSERT_OK(wok_task_result(task));
	wok_task_free(task);
	while (!quiet(loop))
		WOK_IGNORE(wok_loop_step(loop));
	ASSERT_EQ(wok_loop_step(loop), 0); /* nothing to come */

	ASSERT_OK(wok_remote_new(&remote));
	ASSERT_EQ(pthread_create(&thread, NULL, call_from_thread, remote), 0);
	while (calls == 0)
		WOK_IGNORE(turn_host(loop)); /* and another thread */
	ASSERT_EQ(pthread_join(thread, NULL), 0);
	wok_remote_free(remote);
	close(ends[0]);
	close(ends[1]);
}

static int spin(void *unused)
{
	(void) unused;
	for (;;)
		WOK_TRY(wok_yield());
}

TEST(a_step_ends_though_a_task_is_always_ready)
{
	WOK_AUTO(wok_loop) *loop = NULL;

	ASSERT_OK(wok_loop_new(NULL, &loop));
	ASSERT_OK(wok_loop_fd(loop));
	wok_task *task = wok_create_task(spin, NULL);
	wok_task_detach(&task);
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(wok_loop_step(loop), 1);
		ASSERT(!quiet(loop)); /* there is more to do */
	}
}

TEST(each_allocation_and_system_call_may_fail_when_a_loop_is_made, "G3")
{
	wok_loop *loop = NULL;
	int r = -1, n;

	for (n = 1; r < 0; n++) {
		wok_test_fail_allocation((uint64_t) n, false);
		r = wok_loop_new(NULL, &loop);
		if (r == 0) {
			r = wok_loop_fd(loop);
			wok_loop_free(WOK_TAKE(loop));
		}
		ASSERT(r >= 0 || r == -ENOMEM);
		wok_test_fail_allocation(0, false);
		ASSERT(wok_current_loop() == NULL);
	}
	ASSERT(n > 3);
	r = -1;
	for (n = 1; r < 0; n++) {
		wok_test_fail_system_call(NULL, (uint64_t) n, EMFILE);
		r = wok_loop_new(NULL, &loop);
		if (r == 0) {
			r = wok_loop_fd(loop);
			wok_test_fail_system_call(NULL, 0, 0);
			wok_loop_free(WOK_TAKE(loop));
		}
		ASSERT(r >= 0 || r == -EMFILE);
		ASSERT(n < 50);
	}
	wok_test_fail_system_call(NULL, 0, 0);
}

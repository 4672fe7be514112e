/* SPDX-License-Identifier: MIT */
/* A loop on each of several threads. Run this under TSan, too. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>
#include <wok/wok.h>

#include "harness/test.h"

enum { N = 4 };

struct team {
	atomic_int runs, ended, canceled;
	pthread_barrier_t up;
	size_t fails; /* which of them */
	wok_remote *remotes[N];
	pthread_barrier_t remotes_up, remotes_done;
};

static int count(void *arg)
{
	struct team *team = arg;

	ASSERT(wok_thread_index() < N);
	ASSERT(wok_current_loop());
	atomic_fetch_or(&team->runs, 1 << wok_thread_index());
	return (int) wok_thread_index() + 10;
}

TEST(each_thread_runs_a_loop_with_an_index)
{
	struct team team = {0};

	ASSERT_EQ(wok_run_threads(N, count, &team, NULL), 10); /* the calling thread's result */
	ASSERT_EQ(atomic_load(&team.runs), 15);
	ASSERT_EQ(wok_thread_index(), 0);
}

static int count_all(void *arg)
{
	atomic_fetch_add(&((struct team *) arg)->ended, 1);
	return 0;
}

TEST(by_default_there_is_one_for_each_processor, "exec-28")
{
	struct team team = {0};

	ASSERT_OK(wok_run_threads(0, count_all, &team, NULL));
	ASSERT_EQ((size_t) atomic_load(&team.ended), wok_cpu_count());
}

static int one_fails(void *arg)
{
	struct team *team = arg;

	pthread_barrier_wait(&team->up);
	if (wok_thread_index() == team->fails)
		return wok_fail(-EIO, "the %zuth stove is cold", team->fails);
	int r = wok_sleep(WOK_MINUTE);
	atomic_fetch_add(&team->canceled, r == -ECANCELED);
	return r;
}

TEST(the_first_error_ends_the_others_and_is_the_result, "F16")
{
	struct team team = {0};

	for (team.fails = 0; team.fails < N; team.fails++) {
		atomic_store(&team.canceled, 0);
		ASSERT_EQ(pthread_barrier_init(&team.up, NULL, N), 0);
		ASSERT_ERR(wok_run_threads(N, one_fails, &team, NULL), -EIO);
		ASSERT(strstr(wok_errmsg(-EIO), "th stove is cold"));
		ASSERT_EQ(atomic_load(&team.canceled), N - 1);
		pthread_barrier_destroy(&team.up);
	}
}

static int fail_at_once(void *arg)
{
	struct team *team = arg;

	if (wok_thread_index() == team->fails)
		return -EIO;
	return wok_sleep(WOK_MINUTE);
}

TEST(an_error_may_come_before_the_others_have_begun)
{
	struct team team = {0};

	for (int i = 0; i < 50; i++) {
		team.fails = (size_t) i % N;
		ASSERT_ERR(wok_run_threads(N, fail_at_once, &team, NULL), -EIO);
	}
}

static int sleep_long(void *arg)
{
	struct team *team = arg;

	pthread_barrier_wait(&team->up);
	if (wok_thread_index() == 0)
		kill(getpid(), SIGINT);
	int r = wok_sleep(WOK_MINUTE);
	atomic_fetch_add(&team->canceled, r == -ECANCELED);
	return r;
}

TEST(sigint_ends_all, "B23")
{
	struct team team = {0};

	signal(SIGINT, SIG_DFL);
	ASSERT_EQ(pthread_barrier_init(&team.up, NULL, N), 0);
	ASSERT_ERR(wok_run_threads(N, sleep_long, &team, NULL), -EINTR);
	ASSERT_EQ(atomic_load(&team.canceled), N);
	pthread_barrier_destroy(&team.up);
}

static int deadlock(void *arg)
{
	struct team *team = arg;
	wok_event event = WOK_EVENT_INIT;

	if (wok_thread_index() == 2)
		return wok_event_wait(&event);
	int r = wok_sleep(WOK_MINUTE);
	atomic_fetch_add(&team->canceled, r == -ECANCELED);
	return r;
}

TEST(a_deadlock_on_one_loop_is_found, "G7")
{
	struct team team = {0};

	ASSERT_ERR(wok_run_threads(N, deadlock, &team, NULL), -EDEADLK);
	ASSERT(strstr(wok_errmsg(-EDEADLK), "an event"));
}

static int nest(void *team)
{
	ASSERT_ERR(wok_run_threads(2, count, team, NULL), -EDEADLK);
	return 0;
}

TEST(within_a_run_it_is_refused, "A10")
{
	struct team team = {0};

	ASSERT_OK(wok_run(nest, &team));
	ASSERT_EQ(atomic_load(&team.runs), 0);
}

TEST(threads_that_cannot_be_started_are_an_error)
{
	struct team team = {0};

	for (uint64_t i = 1; i < N; i++) {
		team.fails = N;
		wok_test_fail_system_call("pthread_create", i, EAGAIN);
		ASSERT_ERR(wok_run_threads(N, fail_at_once, &team, NULL), -EAGAIN);
	}
}

static int add_one(void *number)
{
	WOK_TRY(wok_yield());
	return ++*(int *) number;
}

/* Each calls the next one's loop, and has jobs in threads, at the same time. */
static int call_round(void *arg)
{
	struct team *team = arg;
	size_t self = wok_thread_index();
	int number = 0, in_thread = 0;

	ASSERT_OK(wok_remote_new(&team->remotes[self]));
	pthread_barrier_wait(&team->remotes_up);
	for (int i = 0; i < 100; i++) {
		ASSERT_EQ(wok_remote_run(team->remotes[(self + 1) % N], add_one, &number), i + 1);
		ASSERT_EQ(wok_to_thread(add_one, &in_thread), -EDEADLK);
	}
	atomic_fetch_add(&team->ended, 1);
	/* Serve the others until they have done, too. */
	while (atomic_load(&team->ended) < N)
		ASSERT_OK(wok_sleep(100 * WOK_US));
	return 0;
}

TEST(loops_call_each_other_and_threads, "F16")
{
	struct team team = {0};

	ASSERT_EQ(pthread_barrier_init(&team.remotes_up, NULL, N), 0);
	ASSERT_OK(wok_run_threads(N, call_round, &team, NULL));
	for (int i = 0; i < N; i++)
		wok_remote_free(team.remotes[i]);
	pthread_barrier_destroy(&team.remotes_up);
}

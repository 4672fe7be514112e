/* SPDX-License-Identifier: MIT */
/* Time: callbacks at a time, sleeping, the virtual clock. See wok/loop.h and wok/test.h. */
#include <pthread.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <wok/wok.h>

#include "harness/test.h"

struct calls {
	int order[64];
	int n;
};

struct call {
	struct calls *calls;
	int number;
};

static int note(void *arg)
{
	struct call *call = arg;

	call->calls->order[call->calls->n++] = call->number;
	return 0;
}

static void expect_order(const struct calls *calls, const char *order)
{
	ASSERT_EQ(calls->n, (int) strlen(order));
	for (int i = 0; order[i]; i++)
		ASSERT_EQ(calls->order[i], order[i] - '0');
}

TEST_TASK(timers_fire_by_deadline_and_those_of_one_deadline_in_order, "A3")
{
	struct calls calls = {.n = 0};
	struct call call[5];

	for (int i = 0; i < 5; i++)
		call[i] = (struct call){&calls, i};
	wok_call_at(9 * WOK_MS, note, &call[0]);
	wok_call_at(9 * WOK_MS, note, &call[1]);
	wok_call_at(5 * WOK_MS, note, &call[2]);
	wok_call_at(9 * WOK_MS, note, &call[3]);
	wok_call_later(2 * WOK_MS, note, &call[4]);
	ASSERT_OK(wok_sleep(WOK_SECOND));
	expect_order(&calls, "42013");
}

TEST_TASK(zero_and_past_deadlines_come_after_what_is_ready_the_earliest_first, "A4")
{
	struct calls calls = {.n = 0};
	struct call call[3] = {{&calls, 0}, {&calls, 1}, {&calls, 2}};

	wok_call_later(0, note, &call[0]);
	wok_call_soon(note, &call[1]);
	wok_call_later(-1, note, &call[2]);
	test_settle();
	expect_order(&calls, "120");
	ASSERT_EQ(wok_now(), 0);
}

struct again {
	int n;
	uint64_t ticks[4];
};

static int again_at_once(void *arg)
{
	struct again *again = arg;
	wok_loop_info info;

	ASSERT_OK(wok_loop_get_info(&info));
	again->ticks[again->n++] = info.ticks;
	if (again->n < 4)
		wok_call_later(0, again_at_once, again);
	return 0;
}

TEST_TASK(a_timer_of_zero_started_by_a_timer_waits_for_another_pass, "A5")
{
	struct again again = {.n = 0};

	wok_call_later(0, again_at_once, &again);
	test_settle();
	ASSERT_EQ(again.n, 4);
	for (int i = 1; i < 4; i++)
		ASSERT(again.ticks[i] > again.ticks[i - 1]);
}

struct sleeper {
	struct calls *calls;
	int number;
	wok_time span;
};

static int sleep_and_note(void *arg)
{
	struct sleeper *self = arg;

	WOK_TRY(wok_sleep(self->span));
	self->calls->order[self->calls->n++] = self->number;
	return 0;
}

TEST_TASK(an_hour_of_virtual_time_passes_at_once, "G5")
{
	wok_time wall = -wok_now();

	ASSERT_OK(wok_sleep(60 * WOK_MINUTE));
	wall += wok_now();
	ASSERT_EQ(wall, 60 * WOK_MINUTE);
}

static int sleep_in_order(void *unused)
{
	struct calls calls = {.n = 0};
	struct sleeper sleepers[5];
	WOK_AUTO(wok_scope) *scope = NULL;

	(void) unused;
	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < 5; i++) {
		sleepers[i] = (struct sleeper){&calls, i, i < 4 ? WOK_SECOND : WOK_MS};
		ASSERT_OK(wok_scope_spawn(scope, sleep_and_note, &sleepers[i]));
	}
	ASSERT_OK(wok_scope_join(scope));
	expect_order(&calls, "40123");
	return 0;
}

TEST(who_wakes_at_one_moment_wakes_in_order, "G5")
{
	ASSERT_OK(wok_test_run(sleep_in_order, NULL, NULL)); /* without a seed */
}

static void *write_later(void *fd)
{
	const struct timespec pause = {0, 5 * 1000 * 1000};

	nanosleep(&pause, NULL);
	ASSERT_EQ(write(*(int *) fd, "x", 1), 1);
	return NULL;
}

static int wait_readable(void *fd)
{
	return wok_fd_wait(*(int *) fd, WOK_READABLE);
}

TEST_TASK(virtual_time_stands_while_the_kernel_is_waited_for, "G5")
{
	int fds[2];
	struct calls calls = {.n = 0};
	struct sleeper sleeper = {&calls, 1, WOK_SECOND};
	pthread_t thread;

	ASSERT_EQ(pipe(fds), 0);
	WOK_AUTO(wok_task) *waiting = wok_create_task(wait_readable, &fds[0]);
	WOK_AUTO(wok_task) *sleeping = wok_create_task(sleep_and_note, &sleeper);
	test_settle();
	/* All tasks wait meanwhile, and the timer is the only thing that could be next. */
	ASSERT_EQ(pthread_create(&thread, NULL, write_later, &fds[1]), 0);
	ASSERT_EQ(wok_await(waiting), WOK_READABLE);
	pthread_join(thread, NULL);
	ASSERT_EQ(wok_now(), 0);
	ASSERT_EQ(calls.n, 0);
	ASSERT_OK(wok_await(sleeping)); /* nothing holds it any more */
	ASSERT_EQ(wok_now(), WOK_SECOND);
	close(fds[0]);
	close(fds[1]);
}

TEST_TASK(settling_goes_before_the_clock_jumps, "G5")
{
	struct calls calls = {.n = 0};
	struct sleeper sleeper = {&calls, 1, WOK_SECOND};
	WOK_AUTO(wok_task) *sleeping = wok_create_task(sleep_and_note, &sleeper);

	for (int i = 0; i < 3; i++)
		test_settle();
	ASSERT_EQ(wok_now(), 0);
	wok_test_advance(WOK_SECOND / 2);
	ASSERT_EQ(wok_now(), WOK_SECOND / 2);
	ASSERT_EQ(calls.n, 0);
	wok_test_advance(WOK_SECOND / 2);
	ASSERT_EQ(calls.n, 1);
	ASSERT(wok_task_done(sleeping));
	wok_test_advance(-WOK_SECOND); /* back it does not go */
	ASSERT_EQ(wok_now(), WOK_SECOND);
}

TEST_TASK(spans_of_time_are_added_up_to_for_ever_and_not_beyond)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	WOK_TIMEOUT (&timeout, WOK_FOREVER - 1) {
		ASSERT_OK(wok_sleep(WOK_MINUTE));
	}
	WOK_TIMEOUT (&timeout, WOK_FOREVER) {
		ASSERT_OK(wok_sleep(WOK_MINUTE));
	}
	ASSERT_OK(wok_sleep_until(WOK_SECOND)); /* long past */
	ASSERT_OK(wok_sleep(-WOK_MINUTE));
	ASSERT_EQ(wok_now(), 2 * WOK_MINUTE);
}

TEST_TASK(sleeping_and_yielding_are_checkpoints)
{
	wok_time spans[] = {-1, 0, 1, WOK_SECOND};

	for (int i = 0; i < 4; i++) {
		uint64_t before = wok_test_checkpoints();
		ASSERT_OK(wok_sleep(spans[i]));
		ASSERT(wok_test_checkpoints() > before);
	}
	uint64_t before = wok_test_checkpoints();
	ASSERT_OK(wok_yield());
	ASSERT(wok_test_checkpoints() > before);
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	WOK_TIMEOUT (&timeout, 0) {
		for (int i = 0; i < 4; i++)
			ASSERT_ERR(wok_sleep(spans[i]), -ECANCELED);
		ASSERT_ERR(wok_sleep_until(0), -ECANCELED);
	}
}

/* --- the machine's clock ---------------------------------------------------------------------- */

static double cpu_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static int sleep_exactly(void *arg)
{
	wok_time span = *(wok_time *) arg;
	wok_time before = wok_now();

	ASSERT_OK(wok_sleep(span));
	ASSERT(wok_now() - before >= span);
	return 0;
}

static int sleep_a_thousand_times(void *unused)
{
	static wok_time spans[1000];

	(void) unused;
	/* From a microsecond to 20 milliseconds, several at once, or it would take ten seconds. */
	for (int i = 0; i < 1000; i++)
		spans[i] = WOK_US + (wok_time) i * i * 20 * WOK_NS;
	double cpu = cpu_seconds();
	wok_time wall = wok_now();
	ASSERT_OK(wok_for_each(sleep_exactly, spans, 1000, 20, 0));
	wall = wok_now() - wall;
	cpu = cpu_seconds() - cpu;
	ASSERT(cpu < 0.5 * (double) wall / 1e9);
	return 0;
}

TEST(a_sleep_never_ends_early_and_does_not_spin, "A7")
{
	ASSERT_OK(wok_test_run(sleep_a_thousand_times, NULL,
			       &(wok_test_options){.real_clock = true}));
}

struct busy {
	bool stop;
	wok_event there, back;
};

static int play(void *arg)
{
	struct busy *busy = arg;

	while (!busy->stop) {
		wok_event_set(&busy->there);
		WOK_TRY(wok_event_wait(&busy->back));
		wok_event_clear(&busy->back);
	}
	return 0;
}

static int play_back(void *arg)
{
	struct busy *busy = arg;

	while (!busy->stop) {
		WOK_TRY(wok_event_wait(&busy->there));
		wok_event_clear(&busy->there);
		wok_event_set(&busy->back);
	}
	return 0;
}

static int spin(void *arg)
{
	struct busy *busy = arg;

	while (!busy->stop)
		WOK_TRY(wok_yield());
	return 0;
}

static wok_time measure_jitter(struct busy *busy)
{
	wok_time worst = 0;

	for (int i = 0; i < 5; i++) {
		wok_time due = wok_now() + 10 * WOK_MS;
		ASSERT_OK(wok_sleep_until(due));
		if (wok_now() - due > worst)
			worst = wok_now() - due;
	}
	busy->stop = true;
	return worst;
}

static int sleep_among_players(void *unused)
{
	struct busy busy = {.stop = false};
	WOK_AUTO(wok_scope) *scope = NULL;

	(void) unused;
	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, play, &busy));
	ASSERT_OK(wok_scope_spawn(scope, play_back, &busy));
	ASSERT(measure_jitter(&busy) < 40 * WOK_MS);
	wok_scope_cancel(scope, NULL);
	return wok_scope_join(scope);
}

TEST(two_tasks_that_are_always_ready_do_not_hold_a_timer_up, "A15")
{
	ASSERT_OK(wok_test_run(sleep_among_players, NULL, &(wok_test_options){.real_clock = true}));
}

enum { BUSY = 10000 };

static struct {
	int ran, when_due;
} crowd;

static int compute(void *unused)
{
	wok_time end = wok_now() + 20 * WOK_US;

	(void) unused;
	while (wok_now() < end)
		;
	crowd.ran++;
	return 0;
}

static int note_when_due(void *unused)
{
	(void) unused;
	crowd.when_due = crowd.ran;
	return 0;
}

static int start_a_crowd(void *unused)
{
	WOK_AUTO(wok_scope) *scope = NULL;

	(void) unused;
	ASSERT_OK(wok_scope_new(&scope));
	wok_call_later(10 * WOK_MS, note_when_due, NULL);
	for (int i = 0; i < BUSY; i++)
		ASSERT_OK(wok_scope_spawn(scope, compute, NULL));
	return wok_scope_join(scope);
}

TEST(tasks_that_all_start_in_one_tick_do_not_hold_a_timer_up, "A15")
{
	ASSERT_OK(wok_run(start_a_crowd, NULL));
	ASSERT_EQ(crowd.ran,
		  BUSY); /* that takes a fifth of a second: the timer is due at 5 % of it */
	ASSERT(crowd.when_due > 0 && crowd.when_due < BUSY / 2);
}

static int sleep_among_ten_thousand(void *unused)
{
	struct busy busy = {.stop = false};
	WOK_AUTO(wok_scope) *scope = NULL;

	(void) unused;
	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < 10000; i++)
		ASSERT_OK(wok_scope_spawn(scope, spin, &busy));
	ASSERT_OK(wok_yield()); /* their stacks are mapped when they first run */
	ASSERT(measure_jitter(&busy) < 40 * WOK_MS);
	return wok_scope_join(scope);
}

TEST(ten_thousand_ready_tasks_do_not_hold_a_timer_up, "A15")
{
	if (TEST_SANITIZED)
		SKIP("the sanitizers make each turn ten times longer");
	ASSERT_OK(wok_test_run(sleep_among_ten_thousand, NULL,
			       &(wok_test_options){.real_clock = true, .stack_size = 16384}));
}

/* SPDX-License-Identifier: MIT */
/* Waiting for signals: see wok/signal.h. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>

#include "process/children.h"

static wok_signals *new_signals(int first, int second)
{
	const int numbers[] = {first, second};
	wok_signals *signals = NULL;

	ASSERT_OK(wok_signals_new(numbers, second ? 2 : 1, &signals));
	return signals;
}

static bool has_default(int number)
{
	struct sigaction now;

	ASSERT_EQ(sigaction(number, NULL, &now), 0);
	return now.sa_handler == SIG_DFL;
}

TEST_TASK(a_signal_is_kept_until_it_is_asked_for, "F10")
{
	WOK_AUTO(wok_signals) *signals = new_signals(SIGUSR1, SIGTERM);
	int number = 0;

	raise(SIGUSR1);
	raise(SIGUSR1); /* the same again: they are one */
	raise(SIGTERM);
	ASSERT_EQ(wok_signals_next(signals, &number), 1);
	ASSERT_EQ(number, SIGUSR1);
	ASSERT_EQ(wok_signals_next(signals, &number), 1);
	ASSERT_EQ(number, SIGTERM);
	raise(SIGTERM);
	ASSERT_EQ(wok_signals_next(signals, &number), 1);
	ASSERT_EQ(number, SIGTERM);
}

struct listener {
	wok_signals *signals;
	int number;
	int result;
};

static int listen_once(void *arg)
{
	struct listener *self = arg;

	self->result = wok_signals_next(self->signals, &self->number);
	return self->result;
}

TEST_TASK(a_signal_wakes_who_waits_for_it, "F10")
{
	struct listener listener = {.signals = new_signals(SIGHUP, 0)};
	WOK_AUTO(wok_task) *task = wok_create_task(listen_once, &listener);

	test_settle();
	ASSERT(!wok_task_done(task));
	raise(SIGHUP);
	ASSERT_EQ(wok_await(task), 1);
	ASSERT_EQ(listener.number, SIGHUP);
	wok_signals_free(listener.signals);
}

TEST_TASK(a_wait_for_a_signal_that_is_cancelled_loses_none, "F10")
{
	struct listener listener = {.signals = new_signals(SIGHUP, 0)};
	int number = 0;

	ASSERT_ERR(wok_wait_for(listen_once, &listener, 0), -ETIMEDOUT);
	WOK_AUTO(wok_task) *task = wok_create_task(listen_once, &listener);
	test_settle();
	ASSERT(!wok_task_done(task));
	/* Another one at the same time is refused. */
	ASSERT_ERR(wok_signals_next(listener.signals, &number), -EBUSY);
	wok_cancel(task);
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	raise(SIGHUP);
	/* It has come, and its waiter is cancelled in the same tick. */
	for (int ticks = 0; ticks < 4; ticks++) {
		WOK_AUTO(wok_task) *waiter = wok_create_task(listen_once, &listener);
		listener.number = 0;
		for (int i = 0; i < ticks; i++)
			ASSERT_OK(wok_yield());
		wok_cancel(waiter);
		WOK_IGNORE(wok_await(waiter));
		if (listener.number == 0)
			ASSERT_EQ(wok_signals_next(listener.signals, &listener.number), 1);
		ASSERT_EQ(listener.number, SIGHUP);
		raise(SIGHUP);
	}
	wok_signals_free(listener.signals);
}

TEST_TASK(what_cannot_be_waited_for_is_refused)
{
	static const int bad[] = {SIGKILL, SIGSTOP, SIGSEGV, SIGPIPE, 0, -1, 65, 1000};
	wok_signals *signals = NULL;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const int numbers[] = {SIGUSR1, bad[i]};
		ASSERT_ERR(wok_signals_new(numbers, 2, &signals), -EINVAL);
		ASSERT(has_default(SIGUSR1)); /* not even the other one was touched */
	}
	ASSERT_ERR(wok_signals_new(NULL, 0, &signals), -EINVAL);
	ASSERT_ERR(wok_signal_wait(SIGKILL), -EINVAL);
	ASSERT(signals == NULL);
	wok_signals_free(NULL);
}

TEST(without_a_loop_nobody_can_wait_for_signals)
{
	const int numbers[] = {SIGUSR1};
	wok_signals *signals = NULL;

	ASSERT_ERR(wok_signals_new(numbers, 1, &signals), -EINVAL);
	ASSERT_ERR(wok_signal_wait(SIGUSR1), -EDEADLK);
}

static void own_handler(int number)
{
	(void) number;
}

TEST_TASK(the_end_of_the_last_watcher_restores_what_was_there, "F11")
{
	struct sigaction own = {.sa_handler = own_handler, .sa_flags = SA_NODEFER}, now;

	sigaddset(&own.sa_mask, SIGHUP);
	ASSERT_EQ(sigaction(SIGUSR1, &own, NULL), 0);
	signal(SIGUSR2, SIG_IGN);
	wok_signals *first = new_signals(SIGUSR1, SIGUSR2);
	wok_signals *second = new_signals(SIGUSR1, 0);
	wok_signals_free(first);
	ASSERT_EQ(sigaction(SIGUSR2, NULL, &now), 0);
	ASSERT(now.sa_handler == SIG_IGN);
	ASSERT_EQ(sigaction(SIGUSR1, NULL, &now), 0);
	ASSERT(now.sa_handler != own_handler); /* one is left */
	raise(SIGUSR1);
	int number = 0;
	ASSERT_EQ(wok_signals_next(second, &number), 1);
	wok_signals_free(second);
	ASSERT_EQ(sigaction(SIGUSR1, NULL, &now), 0);
	ASSERT(now.sa_handler == own_handler && now.sa_flags & SA_NODEFER);
	ASSERT(sigismember(&now.sa_mask, SIGHUP) == 1);
	/* And again, from the start. */
	first = new_signals(SIGUSR1, 0);
	wok_signals_free(first);
	ASSERT_EQ(sigaction(SIGUSR1, NULL, &now), 0);
	ASSERT(now.sa_handler == own_handler);
}

TEST_TASK(a_handler_that_was_put_over_ours_stays, "F11")
{
	struct sigaction now;
	wok_signals *signals = new_signals(SIGUSR1, 0);

	signal(SIGUSR1, own_handler);
	wok_signals_free(signals);
	ASSERT_EQ(sigaction(SIGUSR1, NULL, &now), 0);
	ASSERT(now.sa_handler == own_handler);
}

TEST_TASK(signals_that_nobody_asked_for_end_with_their_object, "F10")
{
	int number = 0;

	for (int i = 0; i < 100; i++) {
		wok_signals *signals = new_signals(SIGUSR1, SIGHUP);
		raise(SIGUSR1);
		if (i % 2)
			raise(SIGHUP);
		if (i % 3 == 0)
			ASSERT_EQ(wok_signals_next(signals, &number), 1);
		wok_signals_free(signals);
	}
	ASSERT(has_default(SIGUSR1) && has_default(SIGHUP));
	WOK_AUTO(wok_signals) *later = new_signals(SIGUSR1, 0);
	struct listener listener = {.signals = later};
	WOK_AUTO(wok_task) *task = wok_create_task(listen_once, &listener);
	test_settle();
	ASSERT(!wok_task_done(task)); /* what came before is gone */
}

static int wait_once(void *unused)
{
	(void) unused;
	return wok_signal_wait(SIGUSR2);
}

TEST_TASK(one_signal_can_be_waited_for_by_any_number_of_tasks, "F10", "F11")
{
	wok_task *tasks[30];

	for (int i = 0; i < 30; i++)
		tasks[i] = wok_create_task(wait_once, NULL);
	test_settle();
	wok_cancel(tasks[7]);
	ASSERT_ERR(wok_await(tasks[7]), WOK_ETASKCANCELED);
	raise(SIGUSR2);
	for (int i = 0; i < 30; i++) {
		if (i != 7)
			ASSERT_OK(wok_await(tasks[i]));
		wok_task_free(tasks[i]);
	}
	ASSERT(has_default(SIGUSR2));
	ASSERT_ERR(wok_wait_for(wait_once, NULL, 0), -ETIMEDOUT);
	ASSERT(has_default(SIGUSR2));
}

TEST_TASK(too_many_objects_are_refused)
{
	static wok_signals *all[1100];
	const int numbers[] = {SIGUSR1};
	size_t n = 0;
	int r;

	while ((r = wok_signals_new(numbers, 1, &all[n])) == 0 && n < 1099)
		n++;
	ASSERT(r == -ENFILE || r == -EMFILE);
	while (n > 0)
		wok_signals_free(all[--n]);
	ASSERT(has_default(SIGUSR1));
}

/* --- threads ---------------------------------------------------------------------------------- */

enum { STORM = 10000, KINDS = 6 };
static const int kinds[KINDS] = {SIGUSR1, SIGUSR2, SIGHUP, SIGTERM, SIGWINCH, SIGCHLD};
static atomic_int listening;

/* Listens until each kind has come at least once, the last one last. */
static int listen_to_the_storm(void *unused)
{
	WOK_AUTO(wok_signals) *signals = NULL;
	int seen = 0, number;

	(void) unused;
	ASSERT_OK(wok_signals_new(kinds, KINDS, &signals));
	atomic_fetch_add(&listening, 1);
	while (seen != (1 << KINDS) - 1) {
		ASSERT_EQ(wok_signals_next(signals, &number), 1);
		for (int i = 0; i < KINDS; i++)
			if (kinds[i] == number)
				seen |= 1 << i;
	}
	return 0;
}

/* Ten thousand of one kind, and in their midst one of each other: that one must not be lost. */
static void *make_a_storm(void *ret_loops)
{
	while (atomic_load(&listening) < *(int *) ret_loops)
		usleep(100);
	for (int i = 0; i < STORM; i++) {
		kill(getpid(), kinds[0]);
		if (i % (STORM / KINDS) == 17)
			kill(getpid(), kinds[i / (STORM / KINDS) % KINDS]);
	}
	return NULL;
}

TEST(ten_thousand_signals_lose_no_kind, "F10")
{
	pthread_t thread;
	int loops = 1;

	/* The rest of the storm may come when nobody listens any more. */
	for (int i = 0; i < KINDS; i++)
		signal(kinds[i], SIG_IGN);
	ASSERT_EQ(pthread_create(&thread, NULL, make_a_storm, &loops), 0);
	ASSERT_OK(wok_run(listen_to_the_storm, NULL));
	pthread_join(thread, NULL);
}

static void *run_a_loop(void *unused)
{
	ASSERT_OK(wok_run(listen_to_the_storm, unused));
	return NULL;
}

TEST(two_loops_are_both_told, "F10")
{
	pthread_t storm, second;
	int loops = 2;

	for (int i = 0; i < KINDS; i++)
		signal(kinds[i], SIG_IGN);
	ASSERT_EQ(pthread_create(&second, NULL, run_a_loop, NULL), 0);
	ASSERT_EQ(pthread_create(&storm, NULL, make_a_storm, &loops), 0);
	ASSERT_OK(wok_run(listen_to_the_storm, NULL));
	pthread_join(second, NULL);
	pthread_join(storm, NULL);
	for (int i = 0; i < KINDS; i++)
		ASSERT(signal(kinds[i], SIG_DFL) == SIG_IGN);
}

static atomic_bool enough;

static void *keep_raising(void *unused)
{
	while (!atomic_load(&enough))
		raise(SIGUSR1); /* in this thread, while the other one closes and opens */
	return unused;
}

static int open_and_close(void *unused)
{
	const int numbers[] = {SIGUSR1};
	int r = 0, got = 0;

	(void) unused;
	for (int i = 0; i < 2000 && r >= 0; i++) {
		wok_signals *signals = NULL;
		int number;
		r = wok_signals_new(numbers, 1, &signals);
		if (r == 0 && i % 10 == 0)
			r = wok_signals_next(signals, &number);
		got += r == 1;
		wok_signals_free(signals);
		/* What has its number now is not rung. */
		int other = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		uint64_t count;
		ASSERT(read(other, &count, sizeof(count)) < 0 && errno == EAGAIN);
		close(other);
	}
	return r < 0 ? r : got;
}

TEST(objects_come_and_go_under_a_rain_of_signals, "F10")
{
	pthread_t thread;

	signal(SIGUSR1, SIG_IGN);
	ASSERT_EQ(pthread_create(&thread, NULL, keep_raising, NULL), 0);
	ASSERT_EQ(wok_run(open_and_close, NULL), 200);
	atomic_store(&enough, true);
	pthread_join(thread, NULL);
	ASSERT(signal(SIGUSR1, SIG_DFL) == SIG_IGN);
}

/* --- with SIGINT, which a run has taken ------------------------------------------------------- */

static int take_sigint(void *unused)
{
	const int numbers[] = {SIGINT};
	wok_signals *signals = NULL;
	int number = 0;

	(void) unused;
	ASSERT_OK(wok_signals_new(numbers, 1, &signals));
	for (int i = 0; i < 3; i++) { /* as often as it likes, and nothing is cancelled */
		raise(SIGINT);
		ASSERT_EQ(wok_signals_next(signals, &number), 1);
		ASSERT_EQ(number, SIGINT);
	}
	wok_signals_free(signals);
	raise(SIGINT); /* now it is the run's again */
	return wok_sleep(WOK_MINUTE);
}

TEST(sigint_can_be_waited_for_and_is_the_runs_again_afterwards, "F11")
{
	signal(SIGINT, SIG_DFL);
	ASSERT_ERR(wok_run(take_sigint, NULL), -EINTR);
	ASSERT(has_default(SIGINT));
}

static wok_signals *kept;

static int keep_sigint(void *unused)
{
	const int numbers[] = {SIGINT};

	(void) unused;
	return wok_signals_new(numbers, 1, &kept);
}

TEST(the_end_of_the_loop_is_that_of_what_was_left_over, "F11")
{
	signal(SIGINT, SIG_DFL);
	ASSERT_OK(wok_run(keep_sigint, NULL));
	ASSERT(has_default(SIGINT)); /* not the run's handler, either */
	wok_signals_free(kept);
	ASSERT(has_default(SIGINT));
}

static int reports;

static void count_reports(const wok_report *report, void *unused)
{
	(void) unused;
	reports += strstr(report->message, "another loop") != NULL;
}

static void *use_elsewhere(void *unused)
{
	int number;

	ASSERT_ERR(wok_signals_next(kept, &number), -EDEADLK); /* no loop at all */
	wok_signals_free(kept);
	return unused;
}

static int keep_and_use_elsewhere(void *unused)
{
	pthread_t thread;
	int number;

	WOK_TRY(keep_sigint(unused));
	ASSERT_EQ(pthread_create(&thread, NULL, use_elsewhere, NULL), 0);
	pthread_join(thread, NULL);
	raise(SIGINT);
	return wok_signals_next(kept, &number) == 1 && number == SIGINT ? 0 : -EIO;
}

TEST(a_free_in_another_thread_is_refused)
{
	signal(SIGINT, SIG_DFL);
	ASSERT_OK(wok_set_report_hook(count_reports, NULL));
	ASSERT_OK(wok_run(keep_and_use_elsewhere, NULL));
	ASSERT_EQ(reports, 1);
	wok_signals_free(kept);
}

static int fork_with_a_watch(void *unused)
{
	WOK_AUTO(wok_signals) *signals = new_signals(SIGUSR2, SIGUSR1);
	struct listener listener = {.signals = signals};
	WOK_AUTO(wok_task) *task = wok_create_task(listen_once, &listener);
	int status = 0;

	(void) unused;
	ASSERT_OK(wok_yield());
	pid_t child = fork();
	if (child == 0) {
		if (!has_default(SIGUSR1))
			_exit(1);
		raise(SIGUSR2);
		_exit(2);
	}
	ASSERT_EQ(waitpid(child, &status, 0), child);
	ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR2);
	ASSERT_OK(wok_sleep(5 * WOK_MS));
	ASSERT(!wok_task_done(task)); /* it was not for us */
	raise(SIGUSR1);
	ASSERT_EQ(wok_await(task), 1);
	ASSERT_EQ(listener.number, SIGUSR1);
	return 0;
}

TEST(a_forks_signals_are_its_own, "F12")
{
	ASSERT_OK(wok_run(fork_with_a_watch, NULL));
}

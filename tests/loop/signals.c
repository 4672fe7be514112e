/* SPDX-License-Identifier: MIT */
/* Signals: SIGINT ends a run in good order, SIGPIPE does no harm. See wok_run(). */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wok/wok.h>

#include "harness/test.h"

/* Check has a handler of its own in each test. */
static void use_default(void)
{
	ASSERT(signal(SIGINT, SIG_DFL) != SIG_ERR);
}

static int cleaned_up;

static int wait_and_clean_up(void *unused)
{
	(void) unused;
	int r = wok_sleep(WOK_MINUTE);
	WOK_SHIELD (0) {
		ASSERT_OK(wok_yield());
		cleaned_up++;
	}
	return r;
}

static int interrupt_myself(void *unused)
{
	wok_task *task = wok_create_task(wait_and_clean_up, NULL);

	(void) unused;
	WOK_IGNORE(wok_yield());
	WOK_IGNORE(wok_yield());
	wok_task_detach(&task);
	raise(SIGINT);
	return wait_and_clean_up(NULL);
}

static void *interrupt_later(void *unused)
{
	usleep(3000);
	kill(getpid(), SIGINT);
	return unused;
}

TEST(sigint_cancels_all_and_the_run_says_so, "B23")
{
	use_default();
	for (int i = 0; i < 3; i++) { /* run after run */
		cleaned_up = 0;
		ASSERT_ERR(wok_run(interrupt_myself, NULL), -EINTR);
		ASSERT_EQ(cleaned_up, 2);
		ASSERT(signal(SIGINT, SIG_DFL) == SIG_DFL); /* given back */
	}
}

TEST(sigint_from_elsewhere_wakes_a_loop_that_sleeps, "B23")
{
	pthread_t thread;

	use_default();
	ASSERT_EQ(pthread_create(&thread, NULL, interrupt_later, NULL), 0);
	ASSERT_ERR(wok_run(wait_and_clean_up, NULL), -EINTR);
	pthread_join(thread, NULL);
	ASSERT_EQ(cleaned_up, 1);
}

static int schedule_again(void *unused)
{
	wok_call_soon(schedule_again, unused);
	return 0;
}

static int wait_beside_a_busy_loop(void *unused)
{
	pthread_t thread;

	schedule_again(NULL);
	ASSERT_EQ(pthread_create(&thread, NULL, interrupt_later, NULL), 0);
	int r = wait_and_clean_up(unused);
	pthread_join(thread, NULL);
	return r;
}

TEST(sigint_gets_through_to_a_loop_that_is_always_busy, "B23")
{
	use_default();
	ASSERT_ERR(wok_run(wait_beside_a_busy_loop, NULL), -EINTR);
}

/* The exit of a child that runs fn; -N if signal N ended it. */
static int exit_of(wok_fn *fn)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		use_default();
		_exit(wok_run(fn, NULL) == -EINTR ? 0 : 1);
	}
	ASSERT_EQ(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int do_not_listen(void *unused)
{
	raise(SIGINT);
	ASSERT_ERR(wok_sleep(WOK_MINUTE), -ECANCELED);
	raise(SIGINT);
	return wait_and_clean_up(unused);
}

TEST(a_second_sigint_kills, "B23")
{
	ASSERT_EQ(exit_of(interrupt_myself), 0);
	ASSERT_EQ(exit_of(do_not_listen), -SIGINT);
}

static int finish_all_the_same(void *unused)
{
	(void) unused;
	raise(SIGINT);
	WOK_IGNORE(wok_sleep(WOK_MINUTE));
	return 42;
}

TEST(main_may_have_a_result_in_spite_of_sigint)
{
	use_default();
	ASSERT_EQ(wok_run(finish_all_the_same, NULL), 42);
}

static volatile sig_atomic_t handled;

static void handle(int number)
{
	(void) number;
	handled++;
}

static int raise_and_go_on(void *unused)
{
	(void) unused;
	raise(SIGINT);
	return wok_sleep(WOK_MS);
}

TEST(a_handler_of_the_applications_own_is_left_alone)
{
	signal(SIGINT, handle);
	ASSERT_OK(wok_run(raise_and_go_on, NULL));
	ASSERT_EQ(handled, 1);
	ASSERT(signal(SIGINT, SIG_DFL) == handle);
	signal(SIGINT, SIG_IGN);
	ASSERT_OK(wok_run(raise_and_go_on, NULL));
}

static int look_at_sigint(void *ret_disposition)
{
	struct sigaction now;

	ASSERT_EQ(sigaction(SIGINT, NULL, &now), 0);
	*(bool *) ret_disposition = now.sa_handler == SIG_DFL;
	return 0;
}

TEST(sigint_is_left_alone_on_request)
{
	bool is_default = false;

	use_default();
	ASSERT_OK(wok_run_with(look_at_sigint, &is_default, &(wok_run_options){.no_sigint = true}));
	ASSERT(is_default);
	ASSERT_OK(wok_run(look_at_sigint, &is_default));
	ASSERT(!is_default);
}

static int write_into_the_void(void *unused)
{
	int fds[2];

	(void) unused;
	ASSERT_EQ(pipe(fds), 0);
	close(fds[0]);
	ASSERT(write(fds[1], "x", 1) < 0 && errno == EPIPE);
	close(fds[1]);
	return 0;
}

TEST(a_sigpipe_that_came_in_the_loop_does_not_strike_after_it, "E4")
{
	sigset_t mask;

	signal(SIGPIPE, SIG_DFL);
	ASSERT_OK(wok_run(write_into_the_void, NULL));
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	ASSERT(!sigismember(&mask, SIGPIPE));
	raise(0);
}

static bool mask_is_shared;

static int look_at_the_mask(void *unused)
{
	sigset_t now;

	(void) unused;
	pthread_sigmask(SIG_SETMASK, NULL, &now);
	mask_is_shared = sigismember(&now, SIGUSR1) == 1;
	return 0;
}

static int change_the_mask(void *unused)
{
	WOK_AUTO(wok_task) *other = wok_create_task(look_at_the_mask, NULL);
	sigset_t usr1;

	(void) unused;
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &usr1, NULL);
	WOK_TRY(wok_yield());
	return wok_await(other);
}

static int masks_reported;

static void count_masks(const wok_report *report, void *unused)
{
	(void) unused;
	masks_reported += strstr(report->message, "signal mask") != NULL;
}

TEST(debug_mode_reports_a_wait_with_a_changed_signal_mask, "G11")
{
	ASSERT_OK(wok_set_report_hook(count_masks, NULL));
	ASSERT_OK(wok_run_with(change_the_mask, NULL, &(wok_run_options){.debug = true}));
	if (!mask_is_shared)
		SKIP("ucontext gives each task a mask of its own: nothing to report");
	ASSERT_EQ(masks_reported, 1);
}

/* SPDX-License-Identifier: MIT */
/* Test conditions for users: see wok/test.h. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wok/wok.h>

#include "harness/reports.h"
#include "harness/test.h"

static int record(void *at)
{
	static int turn;

	*(int *) at = turn++;
	return 0;
}

/* Fails where a shuffled order shows. */
static int want_order(void *runs)
{
	int order[2] = {0};
	WOK_AUTO(wok_task) *a = wok_create_task(record, &order[0]);
	WOK_AUTO(wok_task) *b = wok_create_task(record, &order[1]);

	++*(int *) runs;
	WOK_TRY(wok_await(a));
	WOK_TRY(wok_await(b));
	return order[0] < order[1] ? 0 : wok_fail(-EPROTO, "the second came first");
}

TEST(a_range_of_seeds_stops_at_the_one_that_fails_and_names_it, "G6")
{
	struct test_reports reports = {0};
	char seed[20];
	int runs = 0, again = 0;

	ASSERT_OK(wok_set_report_hook(test_take_report, &reports));
	ASSERT_ERR(wok_test_run_seeds(want_order, &runs, 0, 100, NULL), -EPROTO);
	ASSERT(runs > 1 && runs < 100); /* 0 keeps the order */
	ASSERT_EQ(reports.n, 1);
	snprintf(seed, sizeof(seed), "%d", runs - 1);
	ASSERT_REPORT(&reports, 0, seed);
	ASSERT_REPORT(&reports, 0, "the second came first");

	setenv("WOK_TEST_SEED", seed, 1); /* as the report says: it fails again, alone */
	ASSERT_ERR(wok_test_run_seeds(want_order, &again, 0, 100, NULL), -EPROTO);
	ASSERT_EQ(again, 1);
	setenv("WOK_TEST_SEED", "0", 1);
	ASSERT_OK(wok_test_run_seeds(want_order, &again, 5, 100, NULL));
	ASSERT_EQ(again, 2);
}

static int draw(void *ret_seed)
{
	*(uint64_t *) ret_seed = wok_test_seed();
	return 0;
}

TEST(a_test_can_ask_for_its_seed)
{
	const wok_test_options options = {.seed = 77};
	uint64_t seed = 0;

	ASSERT_OK(wok_test_run(draw, &seed, &options));
	ASSERT_EQ(seed, 77);
	ASSERT_EQ(wok_test_seed(), 0);
}

static int needs_three(void *runs)
{
	++*(int *) runs;
	for (int i = 0; i < 3; i++) {
		void *memory = wok_alloc(100);
		if (!memory)
			return -ENOMEM;
		wok_free(memory);
	}
	return 0;
}

static int hides_it(void *unused)
{
	(void) unused;
	void *memory = wok_alloc(100);
	if (!memory)
		return -EIO;
	wok_free(memory);
	return 0;
}

TEST(each_allocation_is_made_to_fail_in_turn, "G3")
{
	int runs = 0;

	ASSERT_OK(wok_test_run_allocations(needs_three, &runs, NULL));
	ASSERT(runs >
	       3); /* three that fail in it, one that does not; others fail before it starts */
	ASSERT_ERR(wok_test_run_allocations(hides_it, NULL, NULL), -EIO);
	ASSERT(strstr(wok_errmsg(-EIO), "with allocation "));
}

static void expect_abort(void (*fn)(void))
{
	int status;
	pid_t child = fork();

	ASSERT_OK(child);
	if (child == 0) {
		close(STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		fn();
		_exit(0);
	}
	ASSERT_EQ(waitpid(child, &status, 0), child);
	ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static int pass_checkpoints(void *wrongly)
{
	wok_event event = WOK_EVENT_INIT;
	int r = 0;

	WOK_ASSERT_NO_CHECKPOINT(wok_event_set(&event));
	WOK_ASSERT_CHECKPOINT(r = wok_event_wait(&event));
	ASSERT_OK(r);
	if (wrongly)
		WOK_ASSERT_NO_CHECKPOINT(r = wok_event_wait(&event));
	return r;
}

static int set_only(void *unused)
{
	wok_event event = WOK_EVENT_INIT;

	(void) unused;
	WOK_ASSERT_CHECKPOINT(wok_event_set(&event));
	return 0;
}

static void claim_too_little(void)
{
	WOK_IGNORE(wok_test_run(pass_checkpoints, "", NULL));
}

static void claim_too_much(void)
{
	WOK_IGNORE(wok_test_run(set_only, NULL, NULL));
}

TEST(a_call_is_asserted_to_be_a_checkpoint_or_none)
{
	ASSERT_OK(wok_test_run(pass_checkpoints, NULL, NULL));
	expect_abort(claim_too_little);
	expect_abort(claim_too_much);
}

static int wait_readable(void *fd)
{
	return wok_fd_wait(*(int *) fd, WOK_READABLE);
}

TEST_TASK(a_moment_that_has_passed_is_not_waited_for_though_io_is)
{
	int fds[2];

	ASSERT_EQ(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	WOK_AUTO(wok_task) *reading = wok_create_task(wait_readable, &fds[0]);
	test_settle();
	ASSERT_OK(wok_sleep_until(wok_now() - 1));
	ASSERT_OK(wok_sleep_until(wok_now()));
	ASSERT(!wok_task_done(reading));
	ASSERT_EQ(write(fds[1], "x", 1), 1);
	ASSERT_OK(wok_await(reading));
	close(fds[0]);
	close(fds[1]);
}

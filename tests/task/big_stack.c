/* SPDX-License-Identifier: MIT */
/* Calls on the loop's large stack: see wok_on_big_stack(). */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wok/wok.h>

#include "harness/reports.h"
#include "harness/test.h"

enum { KIB = 1024 };

/* Uses at least n KiB of stack, in frames of more than one. */
static int __attribute__((noinline)) dig(int n)
{
	volatile char frame[KIB];

	frame[0] = (char) n;
	frame[KIB - 1] = 1;
	return n > 0 ? dig(n - 1) + frame[KIB - 1] : 0;
}

static int dig_deep(void *depth)
{
	return dig(*(int *) depth);
}

TEST_TASK(a_call_on_the_large_stack_may_go_deep)
{
	int depth = 2000; /* 2 MB: sixteen times a task's stack */

	for (int i = 0; i < 3; i++)
		ASSERT_EQ(wok_on_big_stack(dig_deep, &depth), depth);
}

TEST(outside_of_a_loop_it_is_a_plain_call)
{
	int depth = 10;

	ASSERT_EQ(wok_on_big_stack(dig_deep, &depth), depth);
}

static int fail(void *unused)
{
	(void) unused;
	errno = ENOTTY;
	return wok_fail(-EIO, "too deep");
}

TEST_TASK(result_message_and_errno_are_those_of_the_task)
{
	wok_task *self = wok_current_task();

	ASSERT_ERR(wok_on_big_stack(fail, NULL), -EIO);
	ASSERT_STR(wok_errmsg(-EIO), "too deep");
	ASSERT_EQ(errno, ENOTTY);
	ASSERT(wok_current_task() == self);
}

/* Where the stack is. ASan's locals may lie elsewhere, the frame does not. */
static int address(void *place)
{
	*(char **) place = __builtin_frame_address(0);
	return 0;
}

static int call_again(void *places)
{
	char **both = places;

	address(&both[0]);
	return wok_on_big_stack(address, &both[1]);
}

TEST_TASK(a_call_within_a_call_runs_in_place)
{
	char *places[2], *outside;

	address(&outside);
	ASSERT_OK(wok_on_big_stack(call_again, places));
	ASSERT(labs(places[0] - places[1]) < 65536);
	ASSERT(labs(places[0] - outside) > 65536);
}

static int never(void *unused)
{
	(void) unused;
	FAIL("this must not run");
}

static int wait_everywhere(void *unused)
{
	wok_event event = WOK_EVENT_INIT;
	wok_lock lock = WOK_LOCK_INIT;
	WOK_AUTO(wok_scope) *scope = NULL;
	WOK_AUTO(wok_task) *task = wok_create_task(never, NULL);

	(void) unused;
	ASSERT_ERR(wok_yield(), -EDEADLK);
	ASSERT(strstr(wok_errmsg(-EDEADLK), "large stack must not wait"));
	ASSERT_ERR(wok_sleep(WOK_SECOND), -EDEADLK);
	ASSERT_ERR(wok_event_wait(&event), -EDEADLK);
	wok_event_set(&event);
	ASSERT_ERR(wok_event_wait(&event), -EDEADLK);
	ASSERT_ERR(wok_lock_acquire(&lock), -EDEADLK);
	ASSERT_ERR(wok_await(task), -EDEADLK);
	ASSERT_ERR(wok_await_for(task, 1), -EDEADLK);
	ASSERT_ERR(wok_gather(&task, 1, 0), -EDEADLK);
	ASSERT_ERR(wok_wait_for(fail, NULL, 1), -EIO); /* it does not wait */
	ASSERT_ERR(wok_scope_new(&scope), -EDEADLK);
	return 1; /* the task's end cannot be waited for either: it is cancelled, and reported */
}

static int try_to_wait(void *unused)
{
	(void) unused;
	ASSERT_EQ(wok_on_big_stack(wait_everywhere, NULL), 1);
	ASSERT_OK(wok_yield()); /* and here it may again */
	return 0;
}

TEST(nothing_waits_on_the_large_stack)
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, try_to_wait, NULL));
	ASSERT_EQ(reports.n, 1);
	ASSERT_REPORT(&reports, 0, "freed where waiting for its end is impossible");
}

static int free_a_scope(void *scope)
{
	wok_scope_free(scope);
	return 0;
}

static int park(void *event)
{
	return wok_event_wait(event);
}

static int free_scopes_there(void *unused)
{
	static const wok_scope_options background = {.background = true};
	static wok_event event = WOK_EVENT_INIT; /* the tasks outlive this frame */
	wok_scope *behind, *entered;

	(void) unused;
	ASSERT_OK(wok_scope_new_with(&background, &behind));
	ASSERT_OK(wok_scope_spawn(behind, park, &event));
	ASSERT_OK(wok_scope_new(&entered));
	ASSERT_OK(wok_scope_spawn(entered, park, &event));
	ASSERT_OK(wok_on_big_stack(free_a_scope, behind));
	ASSERT_OK(wok_on_big_stack(free_a_scope, entered));
	ASSERT_ERR(wok_yield(), -ECANCELED); /* it was not left */
	return 0;
}

TEST(a_scope_that_is_freed_there_is_left_to_the_run)
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, free_scopes_there, NULL));
	ASSERT_EQ(reports.n, 2);
	ASSERT_REPORT(&reports, 0, "where no task can wait");
	ASSERT_REPORT(&reports, 1, "where no task can wait");
}

static int call_in_callback(void *depth)
{
	*(int *) depth -= wok_on_big_stack(dig_deep, depth);
	return 0;
}

TEST_TASK(a_callback_may_use_it)
{
	int depth = 1000;

	wok_call_soon(call_in_callback, &depth);
	test_settle();
	ASSERT_EQ(depth, 0);
}

TEST_TASK(it_is_mapped_on_first_use_and_kept)
{
	wok_loop_info before, after;
	int depth = 10;

	ASSERT_OK(wok_loop_get_info(&before));
	for (int i = 0; i < 5; i++)
		ASSERT_OK(wok_on_big_stack(dig_deep, &depth));
	ASSERT_OK(wok_loop_get_info(&after));
	ASSERT_EQ(after.stacks_mapped, before.stacks_mapped + 1);
	ASSERT_EQ(after.stacks, before.stacks);
}

static int overflow(void *unused)
{
	int depth = 1 << 20;

	(void) unused;
	return wok_on_big_stack(dig_deep, &depth);
}

static int run_overflow(int fd)
{
	const wok_run_options options = {.big_stack_size = 1 << 20};

	dup2(fd, STDERR_FILENO);
	return wok_run_with(overflow, NULL, &options);
}

TEST(an_overflow_names_the_task_and_the_option, "G1")
{
	char text[1000];
	size_t size = 0;
	ssize_t n;
	int fds[2], status;

	if (TEST_SANITIZED)
		SKIP("a sanitizer takes the fault");
	ASSERT_EQ(pipe(fds), 0);
	pid_t child = fork();
	if (child == 0)
		_exit(run_overflow(fds[1]) == 0);
	close(fds[1]);
	while ((n = read(fds[0], text + size, sizeof(text) - 1 - size)) > 0)
		size += (size_t) n;
	text[size] = '\0';
	close(fds[0]);
	ASSERT_EQ(waitpid(child, &status, 0), child);
	ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	ASSERT(strstr(text, "the task main has used up its 1048576 bytes"));
	ASSERT(strstr(text, "wok_run_options.big_stack_size"));
}

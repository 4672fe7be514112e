/* SPDX-License-Identifier: MIT */
/* Stacks, their guards, and what happens when one overflows: see platform/stack.h. */
#include "platform/stack.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wok/wok.h>

#include "base/memory.h"
#include "harness/test.h"

enum { SIZE = 64 << 10 };

TEST(the_stack_given_back_last_is_taken_first)
{
	struct wok__stacks stacks;

	wok__stacks_open(&stacks);
	struct wok__stack *a = wok__stack_take(&stacks, SIZE), *b = wok__stack_take(&stacks, SIZE);
	ASSERT(a && b && a != b);
	ASSERT_EQ(stacks.in_use, 2);
	wok__stack_give(&stacks, a);
	wok__stack_give(&stacks, b);
	ASSERT(wok__stack_take(&stacks, SIZE) == b);
	ASSERT(wok__stack_take(&stacks, SIZE) == a);
	struct wok__stack *large = wok__stack_take(&stacks, 4 * SIZE);
	ASSERT_EQ(large->size, 4 * SIZE);
	ASSERT_EQ(stacks.mapped, 3);
	wok__stack_give(&stacks, a);
	ASSERT(wok__stack_take(&stacks, 4 * SIZE) != a); /* each size has its own */
	wok__stacks_close(&stacks);
}

TEST(a_stack_begins_aligned_and_can_be_used_to_its_end)
{
	struct wok__stacks stacks;

	wok__stacks_open(&stacks);
	for (int i = 0; i < 40; i++) {
		struct wok__stack *stack = wok__stack_take(&stacks, SIZE);
		char *top = wok__stack_top(stack);
		ASSERT_EQ((uintptr_t) top % 16, 0);
		ASSERT(top > stack->low && top <= stack->low + SIZE);
		memset(stack->low, 0x5a, (size_t) (top - stack->low));
	}
	wok__stacks_close(&stacks);
}

TEST(stacks_beyond_those_that_are_needed_lose_their_memory)
{
	enum { N = 64 };
	struct wok__stacks stacks;
	struct wok__stack *all[N];

	wok__stacks_open(&stacks);
	for (int i = 0; i < N; i++) {
		all[i] = wok__stack_take(&stacks, SIZE);
		all[i]->low[SIZE / 2] = 1;
	}
	for (int i = 0; i < N; i++)
		wok__stack_give(&stacks, all[i]);
	(void) wok__stacks_trim(&stacks); /* all were needed until just now */
	ASSERT_EQ(all[0]->low[SIZE / 2], 1);
	(void) wok__stacks_trim(&stacks);
	ASSERT_EQ(all[0]->low[SIZE / 2], 0);
	ASSERT_EQ(all[N - 1]->low[SIZE / 2], 1); /* some are kept for the next ones */
	wok__stacks_close(&stacks);
}

TEST(a_stack_for_which_there_is_no_memory_is_none, "G3")
{
	struct wok__stacks stacks;

	wok__stacks_open(&stacks);
	for (uint64_t at = 1; stacks.mapped == 0; at++) {
		wok__fail_allocation(at, true);
		struct wok__stack *stack = wok__stack_take(&stacks, SIZE);
		wok__fail_allocation(0, false);
		ASSERT(!stack || at > 2);
	}
	ASSERT_EQ(stacks.in_use, 1);
	ASSERT(!wok__stack_take(&stacks, (size_t) 1 << 50)); /* more than there is to map */
	wok__stacks_close(&stacks);
}

/* --- overflow --------------------------------------------------------------------------------- */

static int depth_of;

__attribute__((noinline)) static int recurse(int depth)
{
	volatile char frame[512];

	frame[0] = (char) depth;
	depth_of = depth;
	if (depth > 0 && recurse(depth - 1) < 0)
		return -1;
	return frame[0];
}

static int overflow(void *unused)
{
	(void) unused;
	WOK_TRY(wok_yield());
	return recurse(1 << 20) < 0;
}

static int run_greedy_task(void *size)
{
	const wok_task_options options = {.name = "the greedy one", .stack_size = *(size_t *) size};
	WOK_AUTO(wok_task) *task = wok_create_task_with(overflow, NULL, &options);

	return wok_await(task);
}

/* What a child says on stderr that runs body, and how it ends. */
static int run_in_child(wok_fn *body, void *arg, char *text, size_t size)
{
	int fds[2], status;
	size_t got = 0;
	ssize_t n;

	ASSERT_EQ(pipe(fds), 0);
	pid_t child = fork();
	if (child == 0) {
		dup2(fds[1], STDERR_FILENO);
		signal(SIGSEGV, SIG_DFL);
		_exit(wok_run(body, arg) < 0 ? 2 : 0);
	}
	close(fds[1]);
	while (got < size - 1 && (n = read(fds[0], text + got, size - 1 - got)) > 0)
		got += (size_t) n;
	text[got] = '\0';
	close(fds[0]);
	ASSERT_EQ(waitpid(child, &status, 0), child);
	return status;
}

TEST(an_overflow_ends_with_the_tasks_name_and_size, "G1")
{
	char text[1000];
	size_t size = 64 << 10;

	if (TEST_SANITIZED)
		SKIP("the sanitizer catches it first, with a text of its own");
	int status = run_in_child(run_greedy_task, &size, text, sizeof(text));
	ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	ASSERT(strstr(text, "stack overflow"));
	ASSERT(strstr(text, "the greedy one"));
	ASSERT(strstr(text, "65536 bytes"));
}

static int fault_elsewhere(void *unused)
{
	(void) unused;
	raise(SIGSEGV);
	return *(volatile int *) NULL; /* the handler has given up its place */
}

TEST(another_fault_is_not_called_an_overflow, "G1")
{
	char text[1000];

	if (TEST_SANITIZED)
		SKIP("the sanitizer catches it first, with a text of its own");
	int status = run_in_child(fault_elsewhere, NULL, text, sizeof(text));
	ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	ASSERT(!strstr(text, "overflow"));
}

static int use_most_of_it(void *unused)
{
	(void) unused;
	WOK_TRY(wok_yield());
	return recurse(100) < 0;
}

TEST_TASK(a_task_gets_the_stack_it_asked_for)
{
	const wok_task_options large = {.stack_size = 1 << 20};
	WOK_AUTO(wok_task) *a = wok_create_task_with(use_most_of_it, NULL, &large);
	wok_loop_info info;

	ASSERT_OK(wok_await(a));
	ASSERT_OK(wok_loop_get_info(&info));
	ASSERT_EQ(info.stack_size, 128 << 10);
	ASSERT(strcmp(info.stack_guard, "none") != 0);
}

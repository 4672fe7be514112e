/* SPDX-License-Identifier: MIT */
/* A process that forks while it runs a loop: see src/loop/fork.c. */
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wok/wok.h>

#include "harness/test.h"

/* The child ends with 0 if all went as it should; what an assertion prints is seen, too. */
static void wait_for_child(pid_t child)
{
	int status = -1;

	ASSERT_EQ(waitpid(child, &status, 0), child);
	ASSERT(WIFEXITED(status));
	ASSERT_EQ(WEXITSTATUS(status), 0);
}

static int add_one(void *number)
{
	WOK_TRY(wok_sleep(WOK_MS));
	++*(int *) number;
	return 0;
}

static int use_the_parents_loop(void)
{
	wok_remote *remote = NULL;
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT(wok_current_task() == NULL);
	ASSERT_ERR(wok_sleep(WOK_MS), -EDEADLK);
	ASSERT(strstr(wok_errmsg(-EDEADLK), "fork"));
	ASSERT_ERR(wok_yield(), -EDEADLK);
	ASSERT_ERR(wok_fd_wait(STDIN_FILENO, WOK_READABLE), -EDEADLK);
	ASSERT_ERR(wok_scope_new(&scope), -EINVAL);
	WOK_AUTO(wok_task) *task = wok_create_task(add_one, NULL);
	ASSERT_ERR(wok_task_result(task), -ECHILD); /* it would never run */
	ASSERT_EQ(wok_call_soon(add_one, NULL).id, 0);
	if (wok_remote_new(&remote) == 0) {
		ASSERT_ERR(wok_remote_call(remote, add_one, NULL), -ESHUTDOWN);
		wok_remote_free(remote);
	}
	return 0;
}

static wok_scope *background;

static int fork_and_use(void *unused)
{
	int timers = 0, pipe_ends[2];
	char byte = 0;

	(void) unused;
	ASSERT_EQ(pipe(pipe_ends), 0);
	WOK_AUTO(wok_task) *task = wok_create_task(add_one, &timers);
	ASSERT_OK(wok_scope_new_with(&(wok_scope_options){.background = true}, &background));
	ASSERT_OK(wok_yield());
	pid_t child = fork();
	ASSERT_OK(child);
	if (child == 0) {
		int number = 0;
		use_the_parents_loop();
		ASSERT_ERR(wok_scope_spawn(background, add_one, NULL), -ECHILD);
		ASSERT_OK(wok_run(add_one, &number)); /* a run of its own */
		ASSERT_EQ(number, 1);
		use_the_parents_loop();
		ASSERT_EQ(write(pipe_ends[1], "x", 1), 1);
		_exit(0);
	}
	ASSERT_EQ(wok_fd_wait(pipe_ends[0], WOK_READABLE), WOK_READABLE);
	ASSERT_EQ(read(pipe_ends[0], &byte, 1), 1);
	wait_for_child(child);
	ASSERT_OK(wok_await(task)); /* timers, tasks and descriptors go on */
	ASSERT_EQ(timers, 1);
	wok_scope_free(background);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
	return 0;
}

static void ignore(const wok_report *report, void *arg)
{
	(void) report;
	(void) arg;
}

TEST(the_child_of_a_fork_cannot_use_the_parents_loop_but_one_of_its_own, "F12")
{
	ASSERT_OK(wok_set_report_hook(ignore, NULL)); /* of the callback that was not scheduled */
	ASSERT_OK(wok_run(fork_and_use, NULL));
}

static int fork_and_return(void *ret_child)
{
	int number = 0;
	WOK_AUTO(wok_task) *task = wok_create_task(add_one, &number);
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, add_one, &number));
	ASSERT_OK(wok_yield());
	*(pid_t *) ret_child = fork();
	return 0; /* in both, out of a scope and past a handle */
}

TEST(in_the_child_the_run_ends_with_an_error, "F12")
{
#if defined(__SANITIZE_THREAD__)
	SKIP("after a fork ThreadSanitizer is deaf on the fibre that forked, and no other");
#endif
	pid_t child = -1;

	ASSERT_OK(wok_set_report_hook(ignore, NULL));
	int r = wok_run(fork_and_return, &child);
	if (child == 0) {
		ASSERT_ERR(r, -ECHILD);
		ASSERT(wok_current_loop() == NULL);
		_exit(0);
	}
	ASSERT_OK(r);
	wait_for_child(child);
}

static int fork_and_signal(void *unused)
{
	(void) unused;
	pid_t child = fork();
	ASSERT_OK(child);
	if (child == 0) {
		raise(SIGINT); /* the disposition is the default again, so it kills the child */
		_exit(1);
	}
	int status;
	ASSERT_EQ(waitpid(child, &status, 0), child);
	ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
	return wok_sleep(5 * WOK_MS); /* it did not reach this loop */
}

TEST(a_signal_to_the_child_does_not_reach_the_parents_loop, "F12")
{
	signal(SIGINT, SIG_DFL);
	ASSERT_OK(wok_run(fork_and_signal, NULL));
}

/* A thread without a loop forks, and its child holds a remote to a loop that it does not have. */
static void *fork_with_a_remote(void *remote)
{
	pid_t child = fork();

	ASSERT_OK(child);
	if (child == 0) {
		int number = 0;
		ASSERT_ERR(wok_remote_call(remote, add_one, &number), -ESHUTDOWN);
		ASSERT_ERR(wok_remote_run(remote, add_one, &number), -ESHUTDOWN);
		wok_remote_free(remote);
		ASSERT_OK(wok_run(add_one, &number));
		_exit(0);
	}
	wait_for_child(child);
	ASSERT_OK(wok_remote_run(remote, add_one, &(int){0})); /* here all is as it was */
	wok_remote_free(remote);
	return NULL;
}

static int join_thread(void *thread)
{
	return -pthread_join(*(pthread_t *) thread, NULL);
}

static int serve_a_thread(void *unused)
{
	wok_remote *remote = NULL;
	pthread_t thread;

	(void) unused;
	ASSERT_OK(wok_remote_new(&remote));
	ASSERT_EQ(pthread_create(&thread, NULL, fork_with_a_remote, remote), 0);
	/* pthread_join() alone would block the loop that the thread needs. */
	return wok_to_thread(join_thread, &thread);
}

TEST(a_remote_is_of_no_use_in_the_child_of_a_fork, "F12")
{
	ASSERT_OK(wok_run(serve_a_thread, NULL));
}

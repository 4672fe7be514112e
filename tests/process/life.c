/* SPDX-License-Identifier: MIT */
/* Waiting for child processes, signalling and ending them. No zombie is left behind. */
#include <pthread.h>

#include "harness/reports.h"
#include "process/children.h"

TEST_TASK(the_status_says_how_it_ended, "F1")
{
	static const struct {
		const char *line;
		int status;
	} cases[] = {
		{"exit 0", 0},
		{"exit 3", 3},
		{"exit 255", 255},
		{"kill -KILL $$", -SIGKILL},
		{"kill -TERM $$", -SIGTERM},
		{"kill -USR1 $$", -SIGUSR1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		WOK_AUTO(wok_process) *process = spawn_shell(cases[i].line, NULL);
		int status = 1000;
		ASSERT_OK(wok_process_wait(process, &status));
		ASSERT_EQ(status, cases[i].status);
		ASSERT_OK(wok_process_wait(process, NULL)); /* again, at once */
		status = 1000;
		ASSERT(wok_process_ended(process, &status));
		ASSERT_EQ(status, cases[i].status);
		ASSERT(no_children()); /* reaped, though its handle is there */
	}
}

struct waiter {
	wok_process *process;
	int status;
};

static int wait_for(void *arg)
{
	struct waiter *self = arg;

	return wok_process_wait(self->process, &self->status);
}

TEST_TASK(any_number_of_tasks_wait_and_a_cancel_of_one_is_no_harm, "F1")
{
	WOK_AUTO(wok_process) *process = spawn_cat();
	struct waiter waiters[50];
	wok_task *tasks[50];

	for (int i = 0; i < 50; i++) {
		waiters[i] = (struct waiter){process, 1000};
		tasks[i] = wok_create_task(wait_for, &waiters[i]);
	}
	test_settle();
	for (int i = 0; i < 50; i += 5) {
		ASSERT(wok_cancel(tasks[i]));
		ASSERT_ERR(wok_await(tasks[i]), WOK_ETASKCANCELED);
	}
	ASSERT(!wok_process_ended(process, NULL));
	ASSERT_OK(wok_process_kill(process));
	for (int i = 0; i < 50; i++) {
		if (i % 5 != 0) {
			ASSERT_OK(wok_await(tasks[i]));
			ASSERT_EQ(waiters[i].status, -SIGKILL);
		}
		wok_task_free(tasks[i]);
	}
	int status = 0;
	ASSERT_OK(wok_process_wait(process, &status));
	ASSERT_EQ(status, -SIGKILL);
}

/* The state of a process as /proc has it: R, S, T, Z. */
static char state_of(pid_t pid)
{
	char path[40], line[200], *end;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int) pid);
	file = fopen(path, "re");
	ASSERT(file && fgets(line, sizeof(line), file));
	fclose(file);
	end = strrchr(line, ')');
	return end[2];
}

TEST_TASK(one_that_is_stopped_has_not_ended, "F1")
{
	WOK_AUTO(wok_process) *process = spawn_cat();
	struct waiter waiter = {process, 1000};
	WOK_AUTO(wok_task) *task = wok_create_task(wait_for, &waiter);

	ASSERT_OK(wok_process_signal(process, SIGSTOP));
	while (state_of(wok_process_pid(process)) != 'T')
		ASSERT_OK(wok_yield());
	test_settle();
	ASSERT(!wok_task_done(task) && !wok_process_ended(process, NULL));
	ASSERT_OK(wok_process_signal(process, SIGCONT));
	ASSERT_OK(wok_stream_close(wok_process_input(process)));
	ASSERT_OK(wok_await(task));
	ASSERT_EQ(waiter.status, 0);
}

TEST_TASK(a_limit_around_a_wait_leaves_the_process_alone, "F1")
{
	WOK_AUTO(wok_process) *process = spawn_cat();
	struct waiter waiter = {process, 1000};

	ASSERT_ERR(wok_wait_for(wait_for, &waiter, 0), -ETIMEDOUT);
	ASSERT(!wok_process_ended(process, NULL));
	ASSERT_OK(wok_stream_shutdown(wok_process_input(process)));
	ASSERT_OK(wait_for(&waiter));
	ASSERT_EQ(waiter.status, 0);
	ASSERT_ERR(wok_wait_for(wait_for, &waiter, 0), -ETIMEDOUT); /* a checkpoint, always */
}

TEST_TASK(a_signal_to_one_that_has_ended_is_an_error)
{
	WOK_AUTO(wok_process) *process = spawn_shell("exit 0", NULL);

	ASSERT_ERR(wok_process_signal_group(process, SIGTERM), -EINVAL);
	ASSERT_OK(wok_process_wait(process, NULL));
	ASSERT_ERR(wok_process_signal(process, SIGTERM), -ESRCH);
	ASSERT_ERR(wok_process_terminate(process), -ESRCH);
	ASSERT_ERR(wok_process_kill(process), -ESRCH);
	WOK_AUTO(wok_process) *other = spawn_cat();
	ASSERT_ERR(wok_process_signal(other, 1000), -EINVAL);
	ASSERT_OK(wok_process_terminate(other));
	int status = 0;
	ASSERT_OK(wok_process_wait(other, &status));
	ASSERT_EQ(status, -SIGTERM);
}

enum { MANY = 1000 };

static int spawn_exit(void *unused)
{
	const char *const argv[] = {"/bin/true", NULL};
	WOK_AUTO(wok_process) *process = NULL;
	int status = 1;

	(void) unused;
	WOK_TRY(wok_process_spawn(argv, NULL, &process));
	WOK_TRY(wok_process_wait(process, &status));
	ASSERT_EQ(status, 0);
	return 0;
}

TEST_TASK(a_thousand_processes_leave_no_zombie_and_no_descriptor, "F2")
{
	static int array[MANY];
	int fds = test_count_fds();

	if (wok_test_seed() > 3)
		return; /* a few orders are enough */
	ASSERT_OK(wok_for_each(spawn_exit, array, MANY, 20, 0));
	ASSERT(no_children());
	ASSERT(test_count_fds() <= fds + 0);
}

TEST_TASK(nobody_needs_to_wait_for_a_process_to_be_reaped, "F2")
{
	WOK_AUTO(wok_process) *process = spawn_shell("exit 7", NULL);
	int status = 0;

	while (!wok_process_ended(process, &status))
		ASSERT_OK(wok_yield());
	ASSERT_EQ(status, 7);
	ASSERT(no_children());
}

TEST_TASK(a_free_ends_the_process, "F2", "F7")
{
	wok_process *process = spawn_cat();
	pid_t pid = wok_process_pid(process);

	ASSERT(kill(pid, 0) == 0);
	wok_process_free(process);
	ASSERT(no_children());
	wok_process_free(NULL);
}

/* Wait until the child has said that it is ready. */
static void wait_until_ready(wok_process *process)
{
	wok_view line;

	ASSERT_EQ(wok_stream_next_line(wok_process_output(process), 0, &line), 1);
}

static const wok_process_options talking = {.input.kind = WOK_STDIO_PIPE,
					    .output.kind = WOK_STDIO_PIPE};

static int stop_the_stubborn(void *unused)
{
	wok_process_options options = talking;
	int status = 0;

	(void) unused;
	options.grace = 20 * WOK_MS;
	const char *line = "trap '' TERM; echo ready; while read x; do :; done; exec sleep 60";
	WOK_AUTO(wok_process) *first = spawn_shell(line, &options);
	wait_until_ready(first);
	wok_time start = wok_now();
	ASSERT_OK(wok_process_terminate(first));
	ASSERT_OK(wok_process_stop(first, 0, &status));
	ASSERT_EQ(status, -SIGKILL);
	ASSERT(wok_now() - start >= 20 * WOK_MS);

	wok_process *second = spawn_shell(line, &options);
	wait_until_ready(second);
	start = wok_now();
	wok_process_free(second);
	ASSERT(no_children());
	ASSERT(wok_now() - start >= 20 * WOK_MS && wok_now() - start < 10 * WOK_SECOND);

	WOK_AUTO(wok_process) *third = spawn_shell(line, &options);
	wait_until_ready(third);
	ASSERT_OK(wok_process_stop(third, -1, &status)); /* at once */
	ASSERT_EQ(status, -SIGKILL);
	return 0;
}

TEST(one_that_ignores_sigterm_is_killed_after_the_grace, "F7")
{
	ASSERT_OK(wok_run(stop_the_stubborn, NULL));
}

TEST_TASK(one_that_ends_at_sigterm_says_goodbye)
{
	WOK_AUTO(wok_process) *process = spawn_shell(
		"trap 'echo bye; exit 5' TERM; echo ready; while read x; do :; done", &talking);
	wok_view line;
	int status = 0;

	wait_until_ready(process);
	ASSERT_OK(wok_process_stop(process, 0, &status));
	ASSERT_EQ(status, 5);
	ASSERT_EQ(wok_stream_next_line(wok_process_output(process), 0, &line), 1);
	ASSERT(line.size == 3 && memcmp(line.data, "bye", 3) == 0);
	ASSERT_OK(wok_process_stop(process, 0, &status)); /* it has ended: nothing is done */
	ASSERT_EQ(status, 5);
}

TEST_TASK(one_that_was_stopped_can_be_ended)
{
	WOK_AUTO(wok_process) *process = spawn_cat();
	int status = 0;

	ASSERT_OK(wok_process_signal(process, SIGSTOP));
	while (state_of(wok_process_pid(process)) != 'T')
		ASSERT_OK(wok_yield());
	ASSERT_OK(wok_process_stop(process, 0, &status));
	ASSERT_EQ(status, -SIGTERM);
}

TEST_TASK(a_group_is_ended_with_its_leader)
{
	wok_process_options options = talking;
	wok_view line;

	options.new_group = true;
	/* A grandchild that has the output open, too: its end is the end of the stream. */
	WOK_AUTO(wok_process) *process = spawn_shell(
		"(trap '' TERM; echo ready; while :; do sleep 60; done) & wait", &options);
	wait_until_ready(process);
	ASSERT_OK(wok_process_stop(process, 0, NULL));
	ASSERT_EQ(wok_stream_next_line(wok_process_output(process), 0, &line), 0);

	WOK_AUTO(wok_process) *second =
		spawn_shell("exec 3<&0; cat <&3 & echo ready; wait", &options);
	wait_until_ready(second);
	ASSERT_OK(wok_process_signal_group(second, SIGKILL));
	ASSERT_OK(wok_process_wait(second, NULL));
	ASSERT_EQ(wok_stream_next_line(wok_process_output(second), 0, &line), 0);
	ASSERT_ERR(wok_process_signal_group(second, SIGKILL), -ESRCH);
}

/* Linux keeps it with the pidfd from 6.15 on. */
TEST_TASK(a_status_that_somebody_else_took_is_known_or_an_error)
{
	WOK_AUTO(wok_process) *process = spawn_cat();
	struct waiter waiter = {process, 1000};

	signal(SIGCHLD, SIG_IGN); /* the kernel reaps */
	WOK_AUTO(wok_task) *task = wok_create_task(wait_for, &waiter);
	ASSERT_OK(wok_process_kill(process));
	int r = wok_await(task);
	ASSERT(wok_process_ended(process, NULL));
	ASSERT_EQ(r, waiter.status == 1000 ? -ECHILD : 0);
	ASSERT(waiter.status == 1000 || waiter.status == -SIGKILL);
	ASSERT_EQ(wok_process_stop(process, 0, NULL), r);
}

/* --- where nobody can wait -------------------------------------------------------------------- */

static int free_in_callback(void *process)
{
	wok_process_free(process);
	return 0;
}

static int free_where_nobody_waits(void *unused)
{
	wok_process_options options = talking;

	(void) unused;
	wok_call_soon(free_in_callback, spawn_cat());
	ASSERT_OK(wok_yield());
	while (!no_children())
		ASSERT_OK(wok_yield());
	/* And one that does not listen: the end of the loop comes before the end of its grace. */
	options.grace = WOK_MINUTE;
	wok_process *stubborn =
		spawn_shell("trap '' TERM; echo ready; while read x; do :; done", &options);
	wait_until_ready(stubborn);
	wok_call_soon(free_in_callback, stubborn);
	return wok_yield();
}

TEST(a_process_that_is_freed_where_nobody_can_wait_is_ended_by_the_loop, "F2")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, free_where_nobody_waits, NULL));
	ASSERT(no_children());
	ASSERT_EQ(reports.n, 2);
	ASSERT_REPORT(&reports, 0, "was freed where no task can wait");
	ASSERT_REPORT(&reports, 1, "was freed where no task can wait");
}

static wok_process *left_over;

static int leave_one(void *unused)
{
	(void) unused;
	left_over = spawn_cat();
	return 0;
}

TEST(the_end_of_the_loop_ends_processes_and_their_handles_can_be_freed_later, "F2")
{
	struct test_reports reports;
	int status = 0;

	ASSERT_OK(test_run_reporting(&reports, leave_one, NULL));
	ASSERT(no_children());
	ASSERT_EQ(reports.n, 1);
	ASSERT_REPORT(&reports, 0, "was not freed before the end of its loop");
	ASSERT(wok_process_ended(left_over, &status) && status == -SIGKILL);
	ASSERT_ERR(wok_process_signal(left_over, SIGTERM), -EINVAL);
	ASSERT_ERR(wok_process_wait(left_over, NULL), -EINVAL);
	wok_process_free(left_over);
}

static void *free_elsewhere(void *process)
{
	wok_process_free(process);
	return NULL;
}

static int free_in_a_thread(void *unused)
{
	pthread_t thread;
	wok_process *process = spawn_cat();
	struct waiter waiter = {process, 1000};
	WOK_AUTO(wok_task) *task = wok_create_task(wait_for, &waiter);

	(void) unused;
	test_settle();
	ASSERT_EQ(pthread_create(&thread, NULL, free_elsewhere, process), 0);
	ASSERT_OK(wok_await(task));
	ASSERT_EQ(waiter.status, -SIGTERM);
	pthread_join(thread, NULL);
	ASSERT(no_children());
	return 0;
}

TEST(a_free_in_another_thread_is_handed_to_the_loop, "F2")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, free_in_a_thread, NULL));
	ASSERT_REPORT(&reports, 0, "was freed by another thread");
}

static int spawn_in_callback(void *ret_result)
{
	const char *const argv[] = {"true", NULL};
	wok_process *process = NULL;

	*(int *) ret_result = wok_process_spawn(argv, NULL, &process);
	return 0;
}

TEST_TASK(a_callback_can_start_nothing_since_that_is_a_wait)
{
	int result = 0;

	wok_call_soon(spawn_in_callback, &result);
	test_settle();
	ASSERT_EQ(result, -EDEADLK);
}

static int fork_beside_a_child(void *unused)
{
	WOK_AUTO(wok_process) *process = spawn_cat();
	int status = 0;

	(void) unused;
	pid_t child = fork();
	if (child == 0) {
		wok_process_free(process); /* it is the parent's: nothing is done to it */
		_exit(0);
	}
	ASSERT_EQ(waitpid(child, &status, 0), child);
	ASSERT_EQ(status, 0);
	ASSERT_OK(wok_sleep(20 * WOK_MS));
	ASSERT(!wok_process_ended(process, NULL));
	return 0;
}

TEST(a_fork_does_not_end_its_parents_processes, "F12")
{
	ASSERT_OK(wok_run(fork_beside_a_child, NULL));
}

/* SPDX-License-Identifier: MIT */
/* Processes that die: in a job, between jobs, at the start; and who is told. */
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/process_check.h"

struct ordering {
	wok_process_pool *pool;
	const char *job;
	struct order order;
	int pid; /* for "pass" */
};

static int run_order(void *arg)
{
	struct ordering *self = arg;
	bool passes = strcmp(self->job, "pass") == 0;

	return wok_run_in_executor(self->pool, self->job, &self->order, sizeof(self->order),
				   passes ? &self->pid : NULL, passes ? sizeof(int) : 0);
}

static int pass(wok_process_pool *pool, int *ret_pid)
{
	struct ordering self = {pool, "pass", {.what = 1}, 0};

	int r = run_order(&self);
	*ret_pid = self.pid;
	return r;
}

TEST_TASK(only_the_job_of_a_process_that_dies_fails_and_is_told_why, "exec-12", "execrow-12")
{
	static const struct {
		int how;
		const char *words;
	} deaths[] = {
		{DIE_BY_SEGV, "was killed by signal 11 (Segmentation fault) while it ran die"},
		{DIE_BY_KILL, "was killed by signal 9 (Killed; perhaps the system was out of "},
		{DIE_BY_EXIT, "exited with status 3 while it ran die"},
		{DIE_BY_ABORT, "was killed by signal 6 (Aborted) while it ran die"},
	};
	WOK_AUTO(wok_process_pool) *pool = new_pool(2);
	struct gate begun, go;
	int pid;

	gate_open(&begun);
	gate_open(&go);
	struct ordering other = {pool, "pass", {.what = 9}, 0};
	strcpy(other.order.begun, begun.path);
	strcpy(other.order.go, go.back);
	WOK_AUTO(wok_task) *task = wok_create_task(run_order, &other);
	gate_wait(&begun);
	for (int i = 0; i < 4; i++) {
		struct ordering self = {pool, "die", {.what = deaths[i].how}, 0};
		ASSERT_ERR(run_order(&self), WOK_EWORKER);
		ASSERT_MESSAGE(WOK_EWORKER, deaths[i].words);
		ASSERT_EQ(pass(pool, &pid), 1);
	}
	ASSERT(!wok_task_done(task));
	gate_pass(&go);
	ASSERT_EQ(wok_await(task), 9);
	wok_process_pool_info info;
	wok_process_pool_get_info(pool, &info);
	ASSERT_EQ(info.failed, 4);
	ASSERT_EQ(info.died, 4);
	ASSERT_EQ(info.started, 6);
	ASSERT_EQ(info.completed, 5);
	ASSERT_EQ(info.workers, 2);
	gate_close(&begun);
	gate_close(&go);
}

TEST_TASK(jobs_in_the_queue_go_to_another_process_when_one_dies, "exec-12")
{
	enum { N = 6 };
	WOK_AUTO(wok_process_pool) *pool = new_pool(1);
	struct ordering jobs[N];
	wok_task *tasks[N];

	for (int i = 0; i < N; i++) {
		jobs[i] = (struct ordering){pool, i % 2 ? "pass" : "die", {.what = i}, 0};
		if (i % 2 == 0)
			jobs[i].order.what = DIE_BY_EXIT;
		tasks[i] = wok_create_task(run_order, &jobs[i]);
	}
	for (int i = 0; i < N; i++) {
		ASSERT_EQ(wok_await(tasks[i]), i % 2 ? i : WOK_EWORKER);
		wok_task_free(tasks[i]);
	}
}

TEST_TASK(a_process_that_was_killed_while_idle_is_replaced_and_nobody_is_told, "exec-13")
{
	WOK_AUTO(wok_process_pool) *pool = new_pool(1);
	int pid, next;

	ASSERT_EQ(pass(pool, &pid), 1);
	/* Without waiting for its death: the job may reach it before the signal does. */
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(kill(pid, SIGKILL), 0);
		ASSERT_EQ(pass(pool, &next), 1);
		ASSERT(next != pid);
		pid = next;
	}
	wok_process_pool_info info;
	wok_process_pool_get_info(pool, &info);
	ASSERT_EQ(info.failed, 0);
	ASSERT_EQ(info.started, 21);
	ASSERT_EQ(info.died, 20);
}

TEST_TASK(a_dead_idle_process_is_noticed_when_the_pool_is_looked_at, "exec-13")
{
	WOK_AUTO(wok_process_pool) *pool = new_pool(1);
	wok_process_pool_info info;
	siginfo_t ended;
	int pid;

	ASSERT_EQ(pass(pool, &pid), 1);
	ASSERT_EQ(kill(pid, SIGKILL), 0);
	ASSERT_EQ(waitid(P_PID, (id_t) pid, &ended, WEXITED | WNOWAIT), 0);
	wok_process_pool_get_info(pool, &info);
	ASSERT_EQ(info.workers, 0);
	ASSERT_EQ(info.died, 1);
	ASSERT(no_children());
}

TEST_TASK(when_all_processes_are_killed_the_jobs_that_wait_still_run, "exec-13")
{
	enum { N = 8 };
	WOK_AUTO(wok_process_pool) *pool = new_pool(2);
	struct ordering jobs[N];
	wok_task *tasks[N];
	struct gate begun;

	gate_open(&begun);
	for (int i = 0; i < N; i++) {
		jobs[i] = (struct ordering){pool, i < 2 ? "hang" : "pass", {.what = 0}, 0};
		if (i < 2)
			strcpy(jobs[i].order.begun, begun.path);
		tasks[i] = wok_create_task(run_order, &jobs[i]);
		test_settle();
	}
	gate_wait(&begun);
	gate_wait(&begun);
	/* They are the only children. */
	char command[80];
	snprintf(command, sizeof(command), "/proc/self/task/%d/children", (int) getpid());
	FILE *children = fopen(command, "r");
	if (!children)
		SKIP("this kernel does not list children");
	int pid, n = 0;
	while (fscanf(children, "%d", &pid) == 1)
		n += kill(pid, SIGKILL) == 0;
	fclose(children);
	ASSERT_EQ(n, 2);
	for (int i = 0; i < N; i++) {
		ASSERT_EQ(wok_await(tasks[i]), i < 2 ? WOK_EWORKER : 0);
		wok_task_free(tasks[i]);
	}
	gate_close(&begun);
}

TEST_TASK(a_child_that_holds_the_socket_open_does_not_hide_a_death, "exec-12")
{
	WOK_AUTO(wok_process_pool) *pool = new_pool(1);
	struct ordering self = {pool, "hang", {.what = 2}, 0};
	int pid;

	ASSERT_ERR(run_order(&self), WOK_EWORKER);
	ASSERT_MESSAGE(WOK_EWORKER, "signal 9");
	ASSERT_EQ(pass(pool, &pid), 1);
}

TEST_TASK(what_a_process_has_started_dies_with_it, "exec-15")
{
	WOK_AUTO(wok_process_pool) *pool = new_pool(1);
	struct ordering self = {pool, "hang", {.what = 2}, 0};

	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		SKIP("this process cannot adopt orphans");
	ASSERT_ERR(run_order(&self), WOK_EWORKER);
	/* Its child is ours now, and would live for ever. */
	while (waitpid(-1, NULL, 0) > 0)
		;
	ASSERT(no_children());
}

static int close_socket(void *arg)
{
	const wok_process_pool_options options = {.workers = 1, .kill_grace = 20 * WOK_MS};
	WOK_AUTO(wok_process_pool) *pool = NULL;

	(void) arg;
	WOK_TRY(wok_process_pool_new(&options, &pool));
	struct ordering self = {pool, "die", {.what = DIE_BY_CLOSING}, 0};
	ASSERT_ERR(run_order(&self), WOK_EWORKER);
	ASSERT_MESSAGE(WOK_EWORKER, "closed its socket while it ran die");
	ASSERT(no_children());
	return 0;
}

TEST(a_process_that_closes_its_socket_is_ended_and_said_to_have_done_so, "exec-12")
{
	ASSERT_OK(wok_run(close_socket, NULL));
}

static volatile sig_atomic_t stolen;

/* Linux 6.15 tells how a process ended even if its status was taken. */
static bool tells_of_the_reaped(void)
{
	struct utsname name;
	int major = 0, minor = 0;

	ASSERT_EQ(uname(&name), 0);
	(void) sscanf(name.release, "%d.%d", &major, &minor);
	return major > 6 || (major == 6 && minor >= 15);
}

/* What many programs have: it takes the status of every child. */
static void take_all(int number)
{
	int saved = errno;

	(void) number;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		stolen++;
	errno = saved;
}

TEST_TASK(handlers_that_reap_every_child_do_not_hide_a_death, "exec-27")
{
	WOK_AUTO(wok_process_pool) *pool = new_pool(1);
	struct ordering self = {pool, "die", {.what = DIE_BY_SEGV}, 0};
	struct sigaction action = {.sa_handler = take_all, .sa_flags = SA_RESTART}, old;
	int pid;

	ASSERT_EQ(sigaction(SIGCHLD, &action, &old), 0);
	for (int i = 0; i < 3; i++) {
		ASSERT_ERR(run_order(&self), WOK_EWORKER);
		if (tells_of_the_reaped())
			ASSERT_MESSAGE(WOK_EWORKER, "signal 11");
		ASSERT_EQ(pass(pool, &pid), 1);
	}
	ASSERT(stolen > 0);
	ASSERT_OK(wok_process_pool_close(pool));
	ASSERT_EQ(sigaction(SIGCHLD, &old, NULL), 0);
}

TEST_TASK(children_that_are_ignored_work_as_well, "exec-27")
{
	WOK_AUTO(wok_process_pool) *pool = new_pool(1);
	struct ordering self = {pool, "die", {.what = DIE_BY_EXIT}, 0};
	int pid;

	signal(SIGCHLD, SIG_IGN);
	ASSERT_ERR(run_order(&self), WOK_EWORKER);
	ASSERT_EQ(pass(pool, &pid), 1);
	ASSERT_OK(wok_process_pool_close(pool));
	signal(SIGCHLD, SIG_DFL);
}

static wok_process_pool *pool_with(const char *initializer, const int *what)
{
	wok_process_pool *pool;

	ASSERT_OK(wok_process_pool_new(
		&(wok_process_pool_options){
			.workers = 1,
			.initializer = initializer,
			.initializer_input = what,
			.initializer_size = what ? sizeof(*what) : 0,
		},
		&pool));
	return pool;
}

TEST_TASK(an_initializer_runs_first_in_each_process, "exec-20", "execrow-13")
{
	int value = 17, got;
	WOK_AUTO(wok_process_pool) *pool = pool_with("initialize", &value);

	value = 0;
	for (int i = 0; i < 2; i++) {
		struct ordering self = {pool, "die", {.what = DIE_BY_EXIT}, 0};
		ASSERT_OK(wok_run_in_executor(pool, "get_initialised", NULL, 0, &got, sizeof(got)));
		ASSERT_EQ(got, 17);
		ASSERT_ERR(run_order(&self), WOK_EWORKER);
	}
}

TEST_TASK(the_failure_of_an_initializer_is_told_to_who_waits, "exec-20")
{
	int value = 2, got;
	WOK_AUTO(wok_process_pool) *pool = pool_with("initialize", &value);
	WOK_AUTO(wok_process_pool) *unknown = pool_with("no_such_job", NULL);

	for (int i = 0; i < 3; i++) {
		ASSERT_ERR(wok_run_in_executor(pool, "get_initialised", NULL, 0, &got, sizeof(got)),
			   -EPROTO);
		ASSERT_STR(wok_errmsg(-EPROTO),
			   "a new worker could not begin with initialize: no gas");
	}
	ASSERT_ERR(wok_run_in_executor(unknown, "get_initialised", NULL, 0, &got, sizeof(got)),
		   -ENOENT);
	ASSERT_MESSAGE(-ENOENT, "no_such_job");
	ASSERT(no_children());
}

static int get_initialised(void *pool)
{
	int got;

	return wok_run_in_executor(pool, "get_initialised", NULL, 0, &got, sizeof(got));
}

TEST_TASK(a_process_that_takes_too_long_to_be_ready_is_ended)
{
	int value = 4; /* it hangs */
	WOK_AUTO(wok_process_pool) *pool = pool_with("initialize", &value);
	WOK_AUTO(wok_task) *canceled = wok_create_task(get_initialised, pool);

	test_settle();
	wok_cancel(canceled);
	ASSERT_ERR(wok_await(canceled), WOK_ETASKCANCELED);
	ASSERT(no_children());
	wok_process_pool_info info;
	wok_process_pool_get_info(pool, &info);
	ASSERT_EQ(info.died, 0);

	WOK_AUTO(wok_task) *late = wok_create_task(get_initialised, pool);
	test_settle();
	ASSERT(!wok_task_done(late));
	wok_test_advance(30 * WOK_SECOND);
	ASSERT_ERR(wok_await(late), WOK_EWORKER);
	ASSERT_MESSAGE(WOK_EWORKER, "was not ready after 30000 ms");
	ASSERT(no_children());
}

TEST_TASK(processes_that_never_become_ready_are_not_tried_without_end, "exec-20")
{
	int value = 3, got;
	WOK_AUTO(wok_process_pool) *pool = pool_with("initialize", &value);
	wok_process_pool_info info;
	wok_time start = wok_now();

	for (int i = 0; i < 10; i++) {
		ASSERT_ERR(wok_run_in_executor(pool, "get_initialised", NULL, 0, &got, sizeof(got)),
			   WOK_EWORKER);
		ASSERT_MESSAGE(WOK_EWORKER, "exited with status 4 before it was ready");
	}
	ASSERT_MESSAGE(WOK_EWORKER, "5 times in a row");
	wok_process_pool_get_info(pool, &info);
	ASSERT_EQ(info.started, 5);
	/* Two pauses: after the third death and after the fourth. */
	ASSERT_EQ(wok_now() - start, 30 * WOK_MS);
	/* After a while there is one more attempt. */
	wok_test_advance(5 * WOK_SECOND);
	for (int i = 0; i < 3; i++)
		ASSERT_ERR(wok_run_in_executor(pool, "get_initialised", NULL, 0, &got, sizeof(got)),
			   WOK_EWORKER);
	wok_process_pool_get_info(pool, &info);
	ASSERT_EQ(info.started, 6);
}

TEST_TASK(crashes_in_a_row_are_slowed_down_and_a_success_forgets_them)
{
	WOK_AUTO(wok_process_pool) *pool = new_pool(1);
	struct ordering self = {pool, "die", {.what = DIE_BY_EXIT}, 0};
	int pid;

	wok_time start = wok_now();
	for (int i = 0; i < 3; i++)
		ASSERT_ERR(run_order(&self), WOK_EWORKER);
	ASSERT_EQ(wok_now() - start, 0);
	for (int i = 0; i < 12; i++)
		ASSERT_ERR(run_order(&self), WOK_EWORKER);
	/* 10, 20, 40 ... 640 ms, then a second each. */
	ASSERT_EQ(wok_now() - start, (1270 + 5 * 1000) * WOK_MS);
	ASSERT_EQ(pass(pool, &pid), 1);
	start = wok_now();
	ASSERT_ERR(run_order(&self), WOK_EWORKER);
	ASSERT_EQ(pass(pool, &pid), 1);
	ASSERT_EQ(wok_now() - start, 0);
}

TEST_TASK(a_process_is_replaced_after_so_many_jobs_and_none_is_lost, "exec-20", "execrow-13")
{
	WOK_AUTO(wok_process_pool) *pool = NULL;
	int pids[7];

	ASSERT_OK(wok_process_pool_new(
		&(wok_process_pool_options){.workers = 1, .max_tasks_per_child = 3}, &pool));
	for (int i = 0; i < 7; i++)
		ASSERT_EQ(pass(pool, &pids[i]), 1);
	ASSERT(pids[0] == pids[2] && pids[2] != pids[3]);
	ASSERT(pids[3] == pids[5] && pids[5] != pids[6]);
	wok_process_pool_info info;
	wok_process_pool_get_info(pool, &info);
	ASSERT_EQ(info.started, 3);
	ASSERT_EQ(info.died, 0);
	ASSERT_EQ(info.completed, 7);
}

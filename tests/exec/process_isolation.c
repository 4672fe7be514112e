/* SPDX-License-Identifier: MIT */
/* What a worker process has, and has not, and what it writes. */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/process_check.h"
#include "harness/reports.h"

static struct facts ask(const wok_process_pool_options *options)
{
	WOK_AUTO(wok_process_pool) *pool = NULL;
	struct facts facts;

	ASSERT_OK(wok_process_pool_new(options, &pool));
	int r = wok_run_in_executor(pool, "facts", NULL, 0, &facts, sizeof(facts));
	if (r < 0)
		FAIL("facts: %s", wok_errmsg(r));
	return facts;
}

TEST_TASK(a_worker_has_no_descriptors_but_its_own, "exec-18")
{
	/* One that would be inherited, since somebody forgot the flag. */
	int loose = fcntl(open("/dev/null", O_RDONLY | O_CLOEXEC), F_DUPFD, 20);
	struct facts facts = ask(&(wok_process_pool_options){.workers = 1});

	ASSERT_EQ(facts.n_fds, 4);
	ASSERT_EQ(facts.highest_fd, 3);
	ASSERT_EQ(facts.stdin_is_null, 1);
	close(loose);
	for (int fd = 3; fd < 20; fd++)
		if (fcntl(fd, F_GETFD) == 0)
			close(fd);
}

TEST_TASK(a_worker_has_its_descriptors_also_where_the_low_numbers_are_free, "exec-18")
{
	int kept[3];

	for (int fd = 0; fd < 3; fd++) {
		kept[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 10);
		close(fd);
	}
	struct facts facts = ask(&(wok_process_pool_options){.workers = 1});
	for (int fd = 0; fd < 3; fd++) {
		dup2(kept[fd], fd);
		close(kept[fd]);
	}
	/* 1 and 2 are what they are here: closed. */
	ASSERT_EQ(facts.n_fds, 2);
	ASSERT_EQ(facts.highest_fd, 3);
}

/* The descriptors of this process that a child which somebody else starts would get. */
static int count_inherited(void)
{
	DIR *folder = opendir("/proc/self/fd");
	struct dirent *entry;
	int n = 0;

	while ((entry = readdir(folder))) {
		int fd = (int) strtol(entry->d_name, NULL, 10);
		if (entry->d_name[0] != '.' && fd > 2 && fd != dirfd(folder))
			n += !(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	}
	closedir(folder);
	return n;
}

TEST_TASK(children_that_others_start_inherit_nothing_of_a_pool, "exec-26")
{
	int before = count_inherited();
	WOK_AUTO(wok_process_pool) *pool = NULL;
	struct facts facts;

	ASSERT_OK(wok_process_pool_new(
		&(wok_process_pool_options){.workers = 1, .capture_output = true}, &pool));
	ASSERT_OK(wok_run_in_executor(pool, "facts", NULL, 0, &facts, sizeof(facts)));
	ASSERT_EQ(count_inherited(), before);
	/* As a child of somebody else sees it: none of its descriptors is a socket, or ours. */
	ASSERT_EQ(system("for fd in /proc/$$/fd/*; do case $(readlink $fd) in "
			 "socket:*|*pidfd*) exit 1;; esac; done"),
		  0);
}

TEST_TASK(a_worker_has_fresh_signals_and_a_group_of_its_own, "exec-18")
{
	sigset_t mask, old;

	signal(SIGHUP, SIG_IGN);
	sigfillset(&mask);
	pthread_sigmask(SIG_BLOCK, &mask, &old);
	struct facts facts = ask(&(wok_process_pool_options){.workers = 1});
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	signal(SIGHUP, SIG_DFL);
	ASSERT_EQ(facts.blocked, 0);
	ASSERT_EQ(facts.ignored, 0);
	ASSERT_EQ(facts.group, facts.pid);
	ASSERT_EQ(facts.parent, getpid());
	ASSERT_EQ(facts.in_loop, 0);
}

TEST_TASK(a_worker_has_the_limits_that_it_is_given)
{
	int before = getpriority(PRIO_PROCESS, 0);
	wok_process_pool_options options = {
		.workers = 1, .max_fds = 33, .max_cpu = 1500 * WOK_MS, .nice = 2};

	if (!TEST_SANITIZED) /* they map all there is */
		options.max_memory = 1 << 30;
	struct facts facts = ask(&options);
	ASSERT_EQ(facts.max_fds, 33);
	ASSERT_EQ(facts.max_cpu, 2);
	ASSERT_EQ(facts.nice_value, before + 2);
	if (!TEST_SANITIZED)
		ASSERT_EQ(facts.max_memory, 1 << 30);
	if (before > 15 || geteuid() == 0)
		return;
	options.nice = -5;
	WOK_AUTO(wok_process_pool) *pool = NULL;
	ASSERT_OK(wok_process_pool_new(&options, &pool));
	int r = wok_run_in_executor(pool, "facts", NULL, 0, NULL, 0);
	ASSERT_ERR(r, -EPERM);
	ASSERT_MESSAGE(r, "nice");
}

TEST_TASK(a_job_beyond_its_memory_fails_and_the_worker_goes_on, "exec-12")
{
	WOK_AUTO(wok_process_pool) *pool = NULL;
	size_t size = (size_t) 512 << 20;
	struct facts facts;
	void *output;

	if (TEST_SANITIZED)
		SKIP("a sanitizer maps more than any limit allows");
	ASSERT_OK(wok_process_pool_new(
		&(wok_process_pool_options){.workers = 1, .max_memory = 256 << 20}, &pool));
	int r = wok_run_in_executor_with(pool, "fill", &size, sizeof(size), NULL, &output, &size);
	ASSERT_ERR(r, -ENOMEM);
	ASSERT_MESSAGE(r, "no memory for 536870912 bytes of a job's result");
	ASSERT_OK(wok_run_in_executor(pool, "facts", NULL, 0, &facts, sizeof(facts)));
}

struct hanging {
	wok_process_pool *pool;
	struct order order; /* deaf to SIGTERM */
};

static int run_hang(void *arg)
{
	struct hanging *self = arg;

	return wok_run_in_executor(self->pool, "hang", &self->order, sizeof(self->order), NULL, 0);
}

struct orphan {
	int report; /* where the worker's number goes */
	int hangs;
};

static int leave_orphan(void *arg)
{
	const struct orphan *self = arg;
	wok_process_pool *pool = new_pool(1);
	struct facts facts;

	ASSERT_OK(wok_run_in_executor(pool, "facts", NULL, 0, &facts, sizeof(facts)));
	ASSERT_EQ(write(self->report, &facts.pid, sizeof(int)), sizeof(int));
	if (self->hangs) {
		struct gate begun;
		gate_open(&begun);
		struct hanging hanging = {.pool = pool, .order = {.what = 1}};
		strcpy(hanging.order.begun, begun.path);
		wok_task *task = wok_create_task(run_hang, &hanging);
		gate_wait(&begun);
		wok_task_detach(&task);
	}
	_exit(0);
}

/* Whether the pool's process is idle when this one dies, or in a job that never ends. */
TEST(a_worker_does_not_outlive_its_parent, "exec-18")
{
	/* Orphans become this process's children. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		SKIP("this process cannot adopt orphans");
	for (int hangs = 0; hangs < 2; hangs++) {
		int fds[2], worker;
		ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
		pid_t parent = fork();
		if (parent == 0) {
			struct orphan orphan = {fds[1], hangs};
			WOK_IGNORE(wok_run(leave_orphan, &orphan));
			_exit(1);
		}
		ASSERT_EQ(read(fds[0], &worker, sizeof(worker)), sizeof(worker));
		ASSERT_EQ(waitpid(parent, NULL, 0), parent);
		ASSERT_EQ(waitpid(worker, NULL, 0), worker);
		close(fds[0]);
		close(fds[1]);
	}
	while (waitpid(-1, NULL, 0) > 0) /* what a sanitizer's leak check has left */
		;
}

/* --- starting ----------------------------------------------------------------------------------
 */

static int forks;

static void count_fork(void)
{
	forks++;
}

static void *wait_in_thread(void *semaphore)
{
	sem_wait(semaphore);
	return NULL;
}

TEST_TASK(a_worker_is_started_without_a_fork_whatever_this_process_is, "exec-22")
{
	size_t size = (size_t) 256 << 20;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	pthread_t threads[4];
	sem_t semaphore;

	ASSERT(memory != MAP_FAILED);
	ASSERT_EQ(sem_init(&semaphore, 0, 0), 0);
	for (int i = 0; i < 4; i++)
		ASSERT_EQ(pthread_create(&threads[i], NULL, wait_in_thread, &semaphore), 0);
	ASSERT_EQ(pthread_atfork(count_fork, NULL, NULL), 0);
	struct rusage after, written;
	struct facts facts = ask(&(wok_process_pool_options){.workers = 1});
	getrusage(RUSAGE_SELF, &after);
	ASSERT(facts.pid > 0);
	ASSERT_EQ(forks, 0);
	/* After a fork each of the 65,536 pages would fault at the next write. */
	for (size_t at = 0; at < size; at += 4096)
		memory[at] = 1;
	getrusage(RUSAGE_SELF, &written);
	/* (A sanitizer's shadow of them does.) */
	if (!TEST_SANITIZED)
		ASSERT(written.ru_minflt - after.ru_minflt < 1000);
	for (int i = 0; i < 4; i++)
		sem_post(&semaphore);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	munmap(memory, size);
}

/* --- what it writes ----------------------------------------------------------------------------
 */

static struct {
	int n;
	char lines[16][80];
	bool is_error[16];
	int pid;
	size_t longest;
	int waits; /* what a wait in the hook gave */
} caught;

static void catch (const wok_worker_line *line, void *arg)
{
	ASSERT(arg == &caught);
	if (line->text.size > caught.longest)
		caught.longest = line->text.size;
	caught.waits = wok_sleep(1);
	caught.pid = line->pid;
	if (caught.n >= 16)
		return;
	snprintf(caught.lines[caught.n], 80, "%.*s", (int) line->text.size, line->text.data);
	caught.is_error[caught.n++] = line->is_error;
}

static wok_process_pool *catching_pool(void)
{
	const wok_process_pool_options options = {
		.workers = 1, .on_line = catch, .on_line_arg = &caught};
	wok_process_pool *pool;

	memset(&caught, 0, sizeof(caught));
	ASSERT_OK(wok_process_pool_new(&options, &pool));
	return pool;
}

static int print(wok_process_pool *pool, const char *text)
{
	return wok_run_in_executor(pool, "print", text, strlen(text), NULL, 0);
}

/* The place of a line of one stream; -1. */
static int find_line(const char *text, bool is_error)
{
	for (int i = 0; i < caught.n; i++)
		if (strcmp(caught.lines[i], text) == 0 && caught.is_error[i] == is_error)
			return i;
	return -1;
}

TEST_TASK(what_workers_write_comes_line_by_line, "exec-23")
{
	WOK_AUTO(wok_process_pool) *pool = catching_pool();

	ASSERT_OK(print(pool, "one\ntwo\n\nthr"));
	ASSERT_OK(print(pool, "ee\n"));
	ASSERT_ERR(print(pool, "die"), WOK_EWORKER);
	/* Whole lines of each stream, in order; the rest when the process is gone. */
	static const struct {
		const char *text;
		bool is_error;
	} expected[] = {
		{"one", false},        {"two", false},      {"", false},   {"three", false},
		{"die", false},        {"about one", true}, {"two", true}, {"", true},
		{"thrabout ee", true}, {"about die", true},
	};
	int last = -1;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		int at = find_line(expected[i].text, expected[i].is_error);
		if (at < 0)
			FAIL("\"%s\" did not come", expected[i].text);
		ASSERT(i == 5 || at > last);
		last = at;
	}
	ASSERT_EQ(caught.n, 10);
	ASSERT(caught.pid > 0);
	ASSERT_ERR(caught.waits, -EDEADLK);
}

TEST_TASK(a_line_that_never_ends_comes_in_pieces, "exec-23")
{
	WOK_AUTO(wok_process_pool) *pool = catching_pool();
	char text[10001];

	memset(text, 'x', 10000);
	text[10000] = '\0';
	ASSERT_OK(print(pool, text));
	ASSERT_OK(wok_process_pool_close(pool));
	ASSERT_EQ(caught.longest, 4096);
	ASSERT_EQ(caught.n, 6);
}

static int flood(void *pool)
{
	return wok_run_in_executor(pool, "flood", NULL, 0, NULL, 0);
}

static int count_turns(void *turns)
{
	for (;;) {
		WOK_TRY(wok_yield());
		++*(int *) turns;
	}
}

TEST_TASK(a_worker_that_writes_without_end_starves_nobody_and_can_be_cancelled, "exec-23")
{
	WOK_AUTO(wok_process_pool) *pool = catching_pool();
	int turns = 0;
	WOK_AUTO(wok_task) *counting = wok_create_task(count_turns, &turns);
	WOK_AUTO(wok_task) *flooding = wok_create_task(flood, pool);

	while (caught.n < 16)
		ASSERT_OK(wok_yield());
	int before = turns;
	while (turns < before + 100)
		ASSERT_OK(wok_yield());
	ASSERT(!wok_task_done(flooding));
	wok_cancel(flooding);
	ASSERT_ERR(wok_await(flooding), WOK_ETASKCANCELED);
	ASSERT(no_children());
}

static int print_to_reports(void *unused)
{
	const wok_process_pool_options options = {.workers = 1, .capture_output = true};
	WOK_AUTO(wok_process_pool) *pool = NULL;

	(void) unused;
	ASSERT_OK(wok_process_pool_new(&options, &pool));
	ASSERT_OK(print(pool, "hot\n"));
	return wok_process_pool_close(pool);
}

TEST(captured_lines_are_reports_where_nobody_takes_them, "exec-23")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, print_to_reports, NULL));
	ASSERT_EQ(reports.n, 2);
	ASSERT_REPORT(&reports, 0, ": hot");
	ASSERT_REPORT(&reports, 1, ": about hot");
}

/* --- loops in workers ---------------------------------------------------------------------------
 */

TEST_TASK(a_worker_may_have_a_loop_of_its_own_and_a_pool_too, "exec-25")
{
	WOK_AUTO(wok_process_pool) *pool = new_pool(1);
	int count, pid;

	ASSERT_OK(wok_run_in_executor(pool, "nested", NULL, 0, &count, sizeof(count)));
	ASSERT_EQ(count, 1);
	ASSERT_OK(wok_run_in_executor(pool, "nested", NULL, 0, &count, sizeof(count)));
	ASSERT_OK(wok_run_in_executor(pool, "nested_pool", NULL, 0, &pid, sizeof(pid)));
	ASSERT(pid > 0 && pid != getpid());
	ASSERT_OK(wok_process_pool_close(pool));
}

TEST_TASK(nothing_of_the_parents_loop_is_in_a_worker, "exec-25")
{
	WOK_AUTO(wok_process_pool) *pool = new_pool(1);
	int code;

	ASSERT_OK(wok_run_in_executor(pool, "use_handle", NULL, 0, &code, sizeof(code)));
	ASSERT_ERR(code, -EDEADLK);
}

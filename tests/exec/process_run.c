/* SPDX-License-Identifier: MIT */
/* Jobs in processes: what goes there, and what comes back. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "exec/process_check.h"

struct passing {
	wok_process_pool *pool;
	struct order order;
	int pid;
};

static int run_pass(void *arg)
{
	struct passing *self = arg;

	return wok_run_in_executor(self->pool, "pass", &self->order, sizeof(self->order),
				   &self->pid, sizeof(self->pid));
}

TEST_TASK(a_job_runs_in_another_process_and_its_result_comes_back, "execrow-11")
{
	WOK_AUTO(wok_process_pool) *pool = new_pool(2);
	struct passing first = {pool, {.what = 42}, 0}, second = first;

	ASSERT_EQ(run_pass(&first), 42);
	ASSERT(first.pid > 0 && first.pid != getpid());
	ASSERT_EQ(run_pass(&second), 42);
	ASSERT_EQ(second.pid, first.pid); /* an idle process goes before a new one */
	ASSERT_OK(wok_process_pool_close(pool));
	ASSERT(no_children());
}

TEST_TASK(an_argument_of_any_size_is_aligned)
{
	WOK_AUTO(wok_process_pool) *pool = new_pool(1);
	static char argument[100000];

	for (size_t size = 1; size <= sizeof(argument); size = size * 3 + 1)
		ASSERT_EQ(wok_run_in_executor(pool, "offset", argument, size, NULL, 0), 0);
}

TEST_TASK(an_error_and_its_message_come_back_and_the_output_stays_untouched)
{
	WOK_AUTO(wok_process_pool) *pool = new_pool(1);
	static const int codes[] = {-EDOM, -EPROTO, -EPIPE, -ETIMEDOUT, -ESHUTDOWN, WOK_EWORKER};
	char output[4] = "same";

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		char text[40];
		ASSERT_ERR(wok_run_in_executor(pool, "fail", &codes[i], sizeof(int), output, 4),
			   codes[i]);
		snprintf(text, sizeof(text), "the dish %d is burnt", codes[i]);
		ASSERT_STR(wok_errmsg(codes[i]), text);
	}
	/* Here -ECANCELED would say that the caller was cancelled. */
	int code = -ECANCELED;
	ASSERT_ERR(wok_run_in_executor(pool, "fail", &code, sizeof(int), output, 4),
		   WOK_ETASKCANCELED);
	ASSERT_MEM(output, "same", 4);
	wok_process_pool_info info;
	wok_process_pool_get_info(pool, &info);
	ASSERT_EQ(info.started, 1);
	ASSERT_EQ(info.completed, 7);
	ASSERT_EQ(info.failed, 0);
}

TEST_TASK(an_unknown_job_is_an_error_and_harms_nobody, "exec-21")
{
	WOK_AUTO(wok_process_pool) *pool = new_pool(1);
	struct passing passing = {pool, {.what = 1}, 0};
	char name[300];

	ASSERT_ERR(wok_run_in_executor(pool, "nobody", NULL, 0, NULL, 0), -ENOENT);
	ASSERT_MESSAGE(-ENOENT, "nobody");
	ASSERT_EQ(run_pass(&passing), 1);
	ASSERT_ERR(wok_run_in_executor(pool, "", NULL, 0, NULL, 0), -EINVAL);
	memset(name, 'x', sizeof(name));
	name[256] = '\0';
	ASSERT_ERR(wok_run_in_executor(pool, name, NULL, 0, NULL, 0), -EINVAL);
	name[255] = '\0';
	ASSERT_ERR(wok_run_in_executor(pool, name, NULL, 0, NULL, 0), -ENOENT);
}

/* The program beside this one, which is built from other sources. */
static const char *other_program(void)
{
	static char path[400];

	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 40);
	ASSERT(n > 0);
	path[n] = '\0';
	strcpy(strrchr(path, '/'), "/worker-program");
	if (access(path, X_OK) != 0)
		SKIP("%s was not built", path);
	return path;
}

TEST_TASK(another_build_is_refused_unless_it_is_wanted, "exec-21")
{
	wok_process_pool_options options = {.workers = 1, .program = other_program()};
	int three = 3;

	for (int i = 0; i < 2; i++) {
		WOK_AUTO(wok_process_pool) *pool = NULL;
		ASSERT_OK(wok_process_pool_new(&options, &pool));
		int r = wok_run_in_executor(pool, "double", &three, sizeof(int), &three,
					    sizeof(int));
		if (i == 0) {
			ASSERT_ERR(r, -ENOEXEC);
			ASSERT_MESSAGE(r, "another build");
			options.other_build = true;
		} else {
			ASSERT_OK(r);
			ASSERT_EQ(three, 6);
		}
	}
	ASSERT(no_children());
}

TEST_TASK(a_program_that_is_no_worker_is_an_error, "exec-21")
{
	static const char *const programs[] = {"/bin/true", "/nonexistent"};
	const int codes[] = {WOK_EWORKER, -ENOENT};

	for (int i = 0; i < 2; i++) {
		WOK_AUTO(wok_process_pool) *pool = NULL;
		ASSERT_OK(wok_process_pool_new(
			&(wok_process_pool_options){.workers = 1, .program = programs[i]}, &pool));
		int r = wok_run_in_executor(pool, "pass", NULL, 0, NULL, 0);
		ASSERT_ERR(r, codes[i]);
		if (i == 0)
			ASSERT_MESSAGE(r, "wok_worker()");
	}
	ASSERT(no_children());
}

static void echo_size(wok_process_pool *pool, size_t size)
{
	char *input = malloc(size + 1), *output = malloc(size + 1);

	for (size_t i = 0; i < size; i++)
		input[i] = (char) (i * 7 + i / 251);
	ASSERT_OK(wok_run_in_executor(pool, "echo", input, size, output, size));
	ASSERT_MEM(input, output, size);
	free(input);
	free(output);
}

TEST_TASK(arguments_and_results_of_every_size_pass_whole, "exec-16", "execrow-14")
{
	static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 1 << 20, (1 << 20) + 1, 5 << 20};
	const char *large = getenv("WOK_TEST_LARGE");
	WOK_AUTO(wok_process_pool) *pool = new_pool(1);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		echo_size(pool, sizes[i]);
	/* WOK_TEST_LARGE=1: as large as the default allows. */
	echo_size(pool, large ? (size_t) 1 << 30 : (size_t) 32 << 20);
}

TEST_TASK(a_result_of_unknown_size_is_allocated_and_limited, "exec-16")
{
	static const size_t sizes[] = {0, 10, 65535, 65536, 3 << 20};
	WOK_AUTO(wok_process_pool) *pool = new_pool(1);
	wok_process_job_options limit = {.max_output = 100};
	void *output;
	size_t size;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		ASSERT_EQ(wok_run_in_executor_with(pool, "fill", &sizes[i], sizeof(size_t), NULL,
						   &output, &size),
			  7);
		ASSERT_EQ(size, sizes[i]);
		ASSERT(!output == !size);
		if (size > 0)
			ASSERT_EQ(((char *) output)[(size - 1) / 4096 * 4096],
				  (char) ((size - 1) / 4096));
		wok_free(output);
	}
	output = &limit;
	size = 100;
	ASSERT_EQ(
		wok_run_in_executor_with(pool, "fill", &size, sizeof(size), &limit, &output, &size),
		7);
	wok_free(output);
	output = &limit;
	size = 101;
	size_t untouched = 5;
	ASSERT_ERR(wok_run_in_executor_with(pool, "fill", &size, sizeof(size), &limit, &output,
					    &untouched),
		   WOK_ELIMIT);
	ASSERT(output == &limit && untouched == 5);
}

TEST_TASK(a_result_of_the_wrong_size_and_arguments_that_are_too_large_are_refused)
{
	WOK_AUTO(wok_process_pool) *pool = NULL;
	char output[20] = "untouched";

	ASSERT_OK(wok_process_pool_new(
		&(wok_process_pool_options){.workers = 1, .max_input = 10, .max_output = 9},
		&pool));
	ASSERT_ERR(wok_run_in_executor(pool, "echo", "12345678", 8, output, 7), -EMSGSIZE);
	ASSERT_ERR(wok_run_in_executor(pool, "echo", "12345678", 8, output, 9), -EMSGSIZE);
	ASSERT_ERR(wok_run_in_executor(pool, "echo", "1234567890", 10, output, 10), WOK_ELIMIT);
	ASSERT_ERR(wok_run_in_executor(pool, "echo", "12345678901", 11, output, 11), WOK_ELIMIT);
	ASSERT_ERR(wok_run_in_executor(pool, "echo", NULL, 5, output, 5), -EINVAL);
	ASSERT_ERR(wok_run_in_executor(pool, "echo", "12345", 5, NULL, 5), -EINVAL);
	ASSERT_STR(output, "untouched");
	ASSERT_OK(wok_run_in_executor(pool, "echo", "123456789", 9, output, 9));
	ASSERT_MEM(output, "123456789", 9);
}

static int cheat(void *arg)
{
	int what = *(int *) arg;
	WOK_AUTO(wok_process_pool) *pool = NULL;
	void *output = NULL;
	size_t size = 0;
	int fds = test_count_fds();

	ASSERT_OK(wok_process_pool_new(
		&(wok_process_pool_options){.workers = 1, .kill_grace = 20 * WOK_MS}, &pool));
	int r = wok_run_in_executor_with(pool, "garbage", &what, sizeof(what), NULL, &output,
					 &size);
	if (r != WOK_EWORKER)
		FAIL("garbage %d: %s", what, wok_errname(r));
	/* An empty packet is the end of the socket. */
	ASSERT_MESSAGE(r, what == GARBAGE_EMPTY ? "closed its socket while it ran garbage"
						: "broke the protocol while it ran garbage");
	ASSERT(output == NULL && size == 0);
	ASSERT_EQ(test_count_fds(), fds);
	ASSERT(no_children());
	struct passing passing = {pool, {.what = 5}, 0};
	ASSERT_EQ(run_pass(&passing), 5);
	return 0;
}

/* On the real clock: what does not die by itself is waited for a little. */
TEST(a_worker_that_cheats_is_replaced_and_cannot_hurt, "exec-17", "exec-16")
{
	for (int what = 0; what < GARBAGE_KINDS; what++)
		ASSERT_OK(wok_run(cheat, &what));
}

static struct {
	int n, order[20];
} ended;

static int run_pass_and_note(void *arg)
{
	int r = run_pass(arg);

	ended.order[ended.n++] = r;
	return 0;
}

TEST_TASK(jobs_begin_in_the_order_in_which_they_were_asked_for)
{
	enum { N = 20 };
	WOK_AUTO(wok_process_pool) *pool = new_pool(1);
	struct passing jobs[N];
	wok_task *tasks[N];
	struct gate begun, go;

	gate_open(&begun);
	gate_open(&go);
	for (int i = 0; i < N; i++) {
		jobs[i] = (struct passing){pool, {.what = i}, 0};
		if (i == 0) {
			strcpy(jobs[0].order.begun, begun.path);
			strcpy(jobs[0].order.go, go.back);
		}
		tasks[i] = wok_create_task(run_pass_and_note, &jobs[i]);
		if (i == 0)
			gate_wait(&begun);
		test_settle();
	}
	wok_process_pool_info info;
	wok_process_pool_get_info(pool, &info);
	ASSERT_EQ(info.running, 1);
	ASSERT_EQ(info.queued, N - 1);
	gate_pass(&go);
	ASSERT_OK(wok_gather(tasks, N, 0));
	/* There is one process, so they end in the order in which they began. */
	for (int i = 0; i < N; i++) {
		ASSERT_EQ(ended.order[i], i);
		wok_task_free(tasks[i]);
	}
	gate_close(&begun);
	gate_close(&go);
}

TEST_TASK(jobs_of_several_tasks_run_at_once)
{
	WOK_AUTO(wok_process_pool) *pool = new_pool(3);
	struct gate begun, go;
	struct passing jobs[3];
	wok_task *tasks[3];

	gate_open(&begun);
	gate_open(&go);
	for (int i = 0; i < 3; i++) {
		jobs[i].pool = pool;
		jobs[i].order.what = i;
		strcpy(jobs[i].order.begun, begun.path);
		strcpy(jobs[i].order.go, go.back);
		tasks[i] = wok_create_task(run_pass, &jobs[i]);
	}
	for (int i = 0; i < 3; i++)
		gate_wait(&begun); /* all three have begun, and none can end */
	for (int i = 0; i < 3; i++)
		gate_pass(&go);
	ASSERT_OK(wok_gather(tasks, 3, 0));
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(wok_task_result(tasks[i]), i);
		wok_task_free(tasks[i]);
	}
	gate_close(&begun);
	gate_close(&go);
}

TEST_TASK(more_jobs_than_may_wait_are_refused)
{
	WOK_AUTO(wok_process_pool) *pool = NULL;
	struct passing jobs[3];
	wok_task *tasks[2];

	ASSERT_OK(wok_process_pool_new(&(wok_process_pool_options){.workers = 1, .max_queued = 1},
				       &pool));
	for (int i = 0; i < 3; i++)
		jobs[i] = (struct passing){pool, {.what = i}, 0};
	struct gate begun, go;
	gate_open(&begun);
	gate_open(&go);
	strcpy(jobs[0].order.begun, begun.path);
	strcpy(jobs[0].order.go, go.back);
	tasks[0] = wok_create_task(run_pass, &jobs[0]);
	gate_wait(&begun);
	tasks[1] = wok_create_task(run_pass, &jobs[1]);
	test_settle();
	ASSERT_ERR(run_pass(&jobs[2]), -EAGAIN);
	gate_pass(&go);
	ASSERT_OK(wok_gather(tasks, 2, 0));
	wok_task_free(tasks[0]);
	wok_task_free(tasks[1]);
	gate_close(&begun);
	gate_close(&go);
	ASSERT_EQ(run_pass(&jobs[2]), 2);
}

TEST_TASK(time_stands_still_while_a_job_runs_and_not_while_a_process_idles)
{
	WOK_AUTO(wok_process_pool) *pool = new_pool(1);
	struct passing passing = {pool, {.what = 1}, 0};
	wok_time start = wok_now();

	WOK_AUTO(wok_task) *task = wok_create_task(run_pass, &passing);
	ASSERT_OK(wok_sleep(WOK_MINUTE));
	/* The minute could only begin to pass when the job had ended. */
	ASSERT(wok_task_done(task));
	ASSERT_EQ(wok_now() - start, WOK_MINUTE);
	ASSERT_EQ(wok_await(task), 1);
}

TEST_TASK(a_job_is_a_checkpoint)
{
	WOK_AUTO(wok_process_pool) *pool = new_pool(1);
	struct passing passing = {pool, {.what = 1}, 0};
	uint64_t before = wok_test_checkpoints();

	ASSERT_EQ(run_pass(&passing), 1);
	ASSERT(wok_test_checkpoints() > before);
}

/* SPDX-License-Identifier: MIT */
/* Jobs that are cancelled, or take too long; and the end of a pool. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "exec/process_check.h"
#include "exec/process_packet.h"
#include "harness/reports.h"

struct hanging {
	wok_process_pool *pool;
	struct order order;
	struct gate begun;
	wok_time timeout;
};

static int run_hang(void *arg)
{
	struct hanging *self = arg;
	void *output;
	size_t size;

	return wok_run_in_executor_with(self->pool, "hang", &self->order, sizeof(self->order),
					&(wok_process_job_options){.timeout = self->timeout},
					&output, &size);
}

/* A job that has begun and does not end. what: 1 if it is deaf to SIGTERM. */
static wok_task *start_hanging(struct hanging *self, wok_process_pool *pool, int what)
{
	self->pool = pool;
	self->order = (struct order){.what = what};
	gate_open(&self->begun);
	strcpy(self->order.begun, self->begun.path);
	wok_task *task = wok_create_task(run_hang, self);
	gate_wait(&self->begun);
	return task;
}

static int pass(void *pool)
{
	struct order order = {.what = 1};
	int pid;

	return wok_run_in_executor(pool, "pass", &order, sizeof(order), &pid, sizeof(pid));
}

TEST_TASK(cancelling_who_waits_for_a_job_ends_its_process, "execrow-15", "exec-15")
{
	WOK_AUTO(wok_process_pool) *pool = new_pool(1);
	struct hanging hanging = {0};
	wok_task *task = start_hanging(&hanging, pool, 0);
	wok_process_pool_info info;

	wok_cancel(task);
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT(no_children());
	wok_process_pool_get_info(pool, &info);
	ASSERT_EQ(info.workers, 0);
	ASSERT_EQ(info.failed, 1);
	ASSERT_EQ(info.died, 0);
	ASSERT_EQ(pass(pool), 1);
	wok_task_free(task);
	gate_close(&hanging.begun);
}

TEST_TASK(a_process_that_is_deaf_to_sigterm_is_killed_after_the_grace, "exec-15")
{
	WOK_AUTO(wok_process_pool) *pool = new_pool(1);
	struct hanging hanging = {0};
	wok_task *task = start_hanging(&hanging, pool, 1);

	wok_cancel(task);
	wok_test_advance(2 * WOK_SECOND - 1);
	ASSERT(!wok_task_done(task));
	ASSERT(!no_children());
	wok_test_advance(1);
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT(no_children());
	wok_task_free(task);
	gate_close(&hanging.begun);
}

TEST_TASK(a_job_that_takes_too_long_is_ended_with_its_process, "exec-15", "execrow-15")
{
	WOK_AUTO(wok_process_pool) *pool = new_pool(1);

	for (int deaf = 0; deaf < 2; deaf++) {
		struct hanging hanging = {.timeout = 5 * WOK_SECOND};
		int fds = test_count_fds();
		wok_task *task = start_hanging(&hanging, pool, deaf);
		wok_test_advance(5 * WOK_SECOND - 1);
		ASSERT(!wok_task_done(task));
		wok_test_advance(1);
		if (deaf) {
			ASSERT(!wok_task_done(task));
			wok_test_advance(2 * WOK_SECOND);
		}
		ASSERT_ERR(wok_await(task), -ETIMEDOUT);
		ASSERT_MESSAGE(-ETIMEDOUT, "hang took longer than 5000 ms");
		ASSERT(no_children());
		wok_task_free(task);
		gate_close(&hanging.begun);
		ASSERT_EQ(test_count_fds(), fds);
		ASSERT_EQ(pass(pool), 1);
		ASSERT_OK(wok_process_pool_close(pool));
		wok_process_pool_free(pool);
		pool = new_pool(1);
	}
}

static int time_out(void *arg)
{
	const wok_process_pool_options options = {
		.workers = 1, .job_timeout = 30 * WOK_MS, .kill_grace = 30 * WOK_MS};
	WOK_AUTO(wok_process_pool) *pool = NULL;
	struct order order = {.what = 1};

	(void) arg;
	WOK_TRY(wok_process_pool_new(&options, &pool));
	ASSERT_ERR(wok_run_in_executor(pool, "hang", &order, sizeof(order), NULL, 0), -ETIMEDOUT);
	ASSERT(no_children());
	return 0;
}

TEST(a_pool_has_a_time_limit_for_all_its_jobs_on_the_real_clock_too, "exec-15")
{
	ASSERT_OK(wok_run(time_out, NULL));
}

TEST_TASK(a_job_in_the_queue_is_just_dropped, "execrow-15")
{
	WOK_AUTO(wok_process_pool) *pool = new_pool(1);
	struct hanging hanging = {0};
	wok_task *running = start_hanging(&hanging, pool, 0);
	wok_process_pool_info info;

	WOK_AUTO(wok_task) *first = wok_create_task(pass, pool);
	WOK_AUTO(wok_task) *second = wok_create_task(pass, pool);
	test_settle();
	wok_cancel(first);
	ASSERT_ERR(wok_await(first), WOK_ETASKCANCELED);
	wok_process_pool_get_info(pool, &info);
	ASSERT_EQ(info.queued, 1);
	ASSERT_EQ(info.started, 1);
	wok_cancel(running);
	ASSERT_EQ(wok_await(second), 1);
	wok_task_free(running);
	gate_close(&hanging.begun);
}

TEST_TASK(a_cancelled_caller_starts_nothing)
{
	WOK_AUTO(wok_process_pool) *pool = new_pool(1);
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	wok_process_pool_info info;

	WOK_TIMEOUT (&timeout, 0) {
		ASSERT_ERR(pass(pool), -ECANCELED);
		ASSERT_ERR(wok_process_pool_close(pool), -ECANCELED);
	}
	wok_process_pool_get_info(pool, &info);
	ASSERT_EQ(info.started, 0);
	ASSERT_EQ(pass(pool), 1);
	/* And with a process that could answer at once. */
	WOK_TIMEOUT (&timeout, 0) {
		ASSERT_ERR(pass(pool), -ECANCELED);
	}
	wok_process_pool_get_info(pool, &info);
	ASSERT_EQ(info.completed, 1);
}

struct gated {
	wok_process_pool *pool;
	struct order order;
	int pid;
};

static int run_gated(void *arg)
{
	struct gated *self = arg;

	return wok_run_in_executor(self->pool, "pass", &self->order, sizeof(self->order),
				   &self->pid, sizeof(self->pid));
}

/* The first number in a file of /proc, and perhaps a second; how many there are. */
static int read_numbers(const char *path, int *first, int *second)
{
	FILE *file = fopen(path, "r");

	if (!file)
		SKIP("%s cannot be read here", path);
	int n = fscanf(file, "%d %i", first, second);
	fclose(file);
	return n;
}

/* Until the only child waits for its next job: in a system call on its control socket. */
static void wait_for_answer(void)
{
	char path[60];
	int pid, unused, number, fd = -1;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int) getpid());
	ASSERT(read_numbers(path, &pid, &unused) >= 1);
	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	while (read_numbers(path, &number, &fd) < 2 || fd != WOK__CONTROL_FD)
		;
}

TEST_TASK(a_result_that_has_come_wins_over_a_cancel)
{
	WOK_AUTO(wok_process_pool) *pool = new_pool(1);
	struct gate begun, go;
	struct gated gated = {pool, {.what = 6}, 0};
	wok_process_pool_info info;

	gate_open(&begun);
	gate_open(&go);
	strcpy(gated.order.begun, begun.path);
	strcpy(gated.order.go, go.back);
	WOK_AUTO(wok_task) *task = wok_create_task(run_gated, &gated);
	gate_wait(&begun);
	gate_pass(&go);
	/* The loop does not look meanwhile. */
	wait_for_answer();
	wok_cancel(task);
	ASSERT_EQ(wok_await(task), 6);
	ASSERT(gated.pid > 0);
	wok_process_pool_get_info(pool, &info);
	ASSERT_EQ(info.workers, 1);
	gate_close(&begun);
	gate_close(&go);
}

/* --- the end of a pool ------------------------------------------------------------------------ */

static int close_pool(void *pool)
{
	return wok_process_pool_close(pool);
}

TEST_TASK(closing_waits_for_the_jobs_and_takes_no_more)
{
	WOK_AUTO(wok_process_pool) *pool = new_pool(1);
	struct gate begun, go;
	struct gated gated = {pool, {.what = 6}, 0};

	gate_open(&begun);
	gate_open(&go);
	strcpy(gated.order.begun, begun.path);
	strcpy(gated.order.go, go.back);
	WOK_AUTO(wok_task) *running = wok_create_task(run_gated, &gated);
	gate_wait(&begun);
	WOK_AUTO(wok_task) *queued = wok_create_task(pass, pool);
	test_settle();
	WOK_AUTO(wok_task) *impatient = wok_create_task(close_pool, pool);
	test_settle();
	wok_cancel(impatient);
	ASSERT_ERR(wok_await(impatient), WOK_ETASKCANCELED);
	ASSERT_ERR(pass(pool), -ESHUTDOWN);
	WOK_AUTO(wok_task) *closing = wok_create_task(close_pool, pool);
	test_settle();
	ASSERT(!wok_task_done(closing));
	gate_pass(&go);
	ASSERT_OK(wok_await(closing));
	ASSERT_EQ(wok_await(running), 6);
	ASSERT_EQ(wok_await(queued), 1);
	ASSERT(no_children());
	ASSERT_OK(wok_process_pool_close(pool));
	gate_close(&begun);
	gate_close(&go);
}

TEST_TASK(freeing_ends_the_jobs_and_the_processes)
{
	wok_process_pool *pool = new_pool(1);
	struct hanging hanging = {0};
	WOK_AUTO(wok_task) *running = start_hanging(&hanging, pool, 0);
	WOK_AUTO(wok_task) *queued = wok_create_task(pass, pool);
	WOK_AUTO(wok_task) *closing = wok_create_task(close_pool, pool);

	test_settle();
	wok_process_pool_free(pool);
	ASSERT(no_children());
	ASSERT_ERR(wok_await(running), -ESHUTDOWN);
	ASSERT_MESSAGE(-ESHUTDOWN, "freed while it ran hang");
	ASSERT_ERR(wok_await(queued), -ESHUTDOWN);
	ASSERT_ERR(wok_await(closing), -ESHUTDOWN);
	gate_close(&hanging.begun);
}

TEST_TASK(a_cancelled_task_can_free_a_pool)
{
	wok_process_pool *pool = new_pool(1);
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	ASSERT_EQ(pass(pool), 1);
	WOK_TIMEOUT (&timeout, 0) {
		wok_process_pool_free(pool);
		ASSERT(no_children());
	}
}

static int free_pool(void *pool)
{
	wok_process_pool_free(pool);
	return 0;
}

static int free_in_callback(void *unused)
{
	wok_process_pool *pool = new_pool(2), *idle = new_pool(1);
	struct hanging hanging = {0};

	(void) unused;
	wok_task *task = start_hanging(&hanging, pool, 1);
	ASSERT_EQ(pass(idle), 1);
	wok_call_soon(free_pool, pool);
	wok_call_soon(free_pool, idle);
	/* It is deaf, so this takes the grace. */
	test_settle();
	wok_test_advance(3 * WOK_SECOND);
	ASSERT_ERR(wok_await(task), -ESHUTDOWN);
	ASSERT(no_children());
	wok_task_free(task);
	gate_close(&hanging.begun);
	return 0;
}

TEST(a_pool_that_is_freed_in_a_callback_is_released_by_who_leaves_it_last)
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, free_in_callback, NULL));
	ASSERT_EQ(reports.n, 2);
	ASSERT_REPORT(&reports, 0, "where no task can wait");
}

static void *free_in_thread(void *pool)
{
	ASSERT_ERR(wok_process_pool_close(pool), -EINVAL);
	ASSERT_ERR(pass(pool), -EINVAL);
	wok_process_pool_free(pool);
	return NULL;
}

static int free_elsewhere(void *unused)
{
	wok_process_pool *pool = new_pool(2);
	pthread_t thread;

	(void) unused;
	ASSERT_EQ(pass(pool), 1);
	ASSERT_EQ(pthread_create(&thread, NULL, free_in_thread, pool), 0);
	ASSERT_EQ(pthread_join(thread, NULL), 0);
	test_settle();
	ASSERT(no_children());
	return 0;
}

TEST(a_pool_that_is_freed_by_another_thread_is_released_by_its_loop)
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, free_elsewhere, NULL));
	ASSERT_EQ(reports.n, 1);
	ASSERT_REPORT(&reports, 0, "by another thread");
}

static int forget_pool(void *arg)
{
	wok_process_pool **pool = arg;

	*pool = new_pool(1);
	return pass(*pool);
}

TEST(a_pool_that_outlives_its_loop_has_no_processes_and_can_be_freed)
{
	wok_process_pool *pool;

	ASSERT_EQ(wok_test_run(forget_pool, &pool, NULL), 1);
	ASSERT(no_children());
	ASSERT_ERR(pass(pool), -EINVAL);
	wok_process_pool_free(pool);
	wok_process_pool_free(NULL);
	ASSERT_ERR(wok_process_pool_new(NULL, &pool), -EINVAL);
}

TEST_TASK(closing_tells_of_a_process_that_did_not_end_well)
{
	WOK_AUTO(wok_process_pool) *pool = new_pool(1);

	ASSERT_OK(wok_run_in_executor(pool, "exit_badly", NULL, 0, NULL, 0));
	ASSERT_ERR(wok_process_pool_close(pool), WOK_EWORKER);
	ASSERT_MESSAGE(WOK_EWORKER, "exited with status 6 when it was asked to end");
	ASSERT_ERR(wok_process_pool_close(pool), WOK_EWORKER);
}

TEST_TASK(options_that_make_no_sense_are_refused)
{
	static const char long_name[300] = {[0 ... 298] = 'x'};
	const wok_process_pool_options bad[] = {
		{.initializer_size = 1}, {.initializer = "x", .initializer_size = 40000},
		{.initializer = ""},     {.initializer = long_name},
		{.job_timeout = -1},     {.kill_grace = -1},
		{.start_timeout = -1},   {.max_cpu = -1},
		{.workers = 100000},
	};
	wok_process_pool *pool = NULL;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ASSERT_ERR(wok_process_pool_new(&bad[i], &pool), -EINVAL);
	ASSERT(pool == NULL);
}

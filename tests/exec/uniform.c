/* SPDX-License-Identifier: MIT */
/*
 * Every call that waits for a thread, a process or another loop: see harness/uniform.h. The jobs
 * end when they are asked to, so a cancel is answered as everywhere.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "exec/process_check.h"
#include "harness/uniform.h"

static struct {
	wok_thread_pool *threads; /* one, which is busy until the gate is open */
	wok_process_pool *processes;
	wok_task *job; /* of theirs; NULL */
	struct gate begun, go;
	struct order order;
	atomic_bool open;
	pthread_t thread; /* runs another loop */
	pthread_barrier_t up;
	wok_remote *remote; /* to it */
	wok_event stop;     /* on it */
} it;

static int job(void *unused)
{
	const struct timespec a_while = {0, 50000};

	(void) unused;
	while (!it.open && !wok_job_canceled())
		nanosleep(&a_while, NULL);
	return it.open ? 0 : -ECANCELED;
}

static int serve(void *unused)
{
	(void) unused;
	ASSERT_OK(wok_remote_new(&it.remote));
	pthread_barrier_wait(&it.up);
	return wok_event_wait(&it.stop);
}

static void *run_other_loop(void *unused)
{
	(void) unused;
	ASSERT_OK(wok_test_run(serve, NULL, &(wok_test_options){.real_clock = true}));
	return NULL;
}

static void make(void)
{
	const wok_thread_pool_options options = {.max_threads = 1, .max_pending = 1};

	it.open = false;
	ASSERT_OK(wok_thread_pool_new(&options, &it.threads));
	it.processes = new_pool(1);
	it.order = (struct order){0};
	gate_open(&it.begun);
	gate_open(&it.go);
	strcpy(it.order.go, it.go.back);
	it.stop = (wok_event) WOK_EVENT_INIT;
	ASSERT_EQ(pthread_barrier_init(&it.up, NULL, 2), 0);
	ASSERT_EQ(pthread_create(&it.thread, NULL, run_other_loop, NULL), 0);
	pthread_barrier_wait(&it.up);
}

static int stop_serving(void *unused)
{
	(void) unused;
	wok_event_set(&it.stop);
	return 0;
}

static void clean(void)
{
	it.open = true;
	wok_task_free(WOK_TAKE(it.job));
	wok_thread_pool_free(it.threads);
	wok_process_pool_free(it.processes);
	gate_close(&it.begun);
	gate_close(&it.go);
	ASSERT_OK(wok_remote_call(it.remote, stop_serving, NULL));
	ASSERT_EQ(pthread_join(it.thread, NULL), 0);
	wok_remote_free(it.remote);
	pthread_barrier_destroy(&it.up);
}

/* --- the calls, and what grants or ends them ----------------------------------------------------
 */

static void let_go(void)
{
	it.open = true;
}

static int to_thread(void *unused)
{
	return wok_to_thread(job, unused);
}

static int to_thread_copy(void *unused)
{
	int copied = 1;

	(void) unused;
	return wok_to_thread_abandon(job, &copied, sizeof(copied), NULL);
}

static int run_in_pool(void *unused)
{
	return wok_thread_pool_run(it.threads, job, unused);
}

static void free_threads(void)
{
	wok_thread_pool_free(WOK_TAKE(it.threads));
}

/* One job runs and one is queued: there is no room for more. */
static void fill_pool(void)
{
	wok_thread_pool_info info;
	int asked = 0;

	do {
		asked += asked < 2 && wok_thread_pool_try_submit(it.threads, job, NULL, NULL) == 0;
		wok_thread_pool_get_info(it.threads, &info);
	} while (info.active < 1 || info.queued < 1);
}

static int submit(void *unused)
{
	fill_pool();
	return wok_thread_pool_submit(it.threads, job, unused, NULL);
}

static int shut_down(void *unused)
{
	ASSERT_OK(wok_thread_pool_try_submit(it.threads, job, unused, NULL));
	return wok_thread_pool_shutdown(it.threads, NULL);
}

static int run_job(void *unused)
{
	int pid;

	(void) unused;
	return wok_run_in_executor(it.processes, "pass", &it.order, sizeof(it.order), &pid,
				   sizeof(pid));
}

static int run_job_with(void *unused)
{
	void *output = NULL;
	size_t size;
	int r = wok_run_in_executor_with(it.processes, "pass", &it.order, sizeof(it.order), NULL,
					 &output, &size);

	(void) unused;
	wok_free(output);
	return r;
}

static void let_job_go(void)
{
	gate_pass(&it.go);
}

static void free_processes(void)
{
	wok_process_pool_free(WOK_TAKE(it.processes));
}

static int run_job_whatever_comes(void *unused)
{
	WOK_IGNORE(run_job(unused));
	return 0;
}

static int close_pool(void *unused)
{
	const wok_task_options options = {.eager = true};

	it.job = wok_create_task_with(run_job_whatever_comes, unused, &options);
	return wok_process_pool_close(it.processes);
}

static wok_event far_gate; /* on the other loop */

static int wait_far_away(void *unused)
{
	(void) unused;
	return wok_event_wait(&far_gate);
}

static int open_far_gate(void *unused)
{
	(void) unused;
	wok_event_set(&far_gate);
	return 0;
}

static int run_far_away(void *unused)
{
	far_gate = (wok_event) WOK_EVENT_INIT;
	return wok_remote_run(it.remote, wait_far_away, unused);
}

static void grant_far_away(void)
{
	ASSERT_OK(wok_remote_call(it.remote, open_far_gate, NULL));
}

static const struct uniform_row rows[] = {
	{"wok_to_thread", to_thread, let_go, NULL, 0, 0},
	{"wok_to_thread_abandon", to_thread_copy, let_go, NULL, 0, 0},
	{"wok_thread_pool_run", run_in_pool, let_go, free_threads, -ESHUTDOWN, 0},
	{"wok_thread_pool_submit", submit, let_go, free_threads, -ESHUTDOWN, 0},
	{"wok_thread_pool_shutdown", shut_down, let_go, NULL, 0, 0},
	{"wok_run_in_executor", run_job, let_job_go, free_processes, -ESHUTDOWN, 0},
	{"wok_run_in_executor_with", run_job_with, let_job_go, free_processes, -ESHUTDOWN, 0},
	{"wok_process_pool_close", close_pool, let_job_go, free_processes, -ESHUTDOWN, 0},
	{"wok_remote_run", run_far_away, grant_far_away, NULL, 0, 0},
};

static const struct uniform_table table = {rows, sizeof(rows) / sizeof(rows[0]), make, clean};

UNIFORM_TESTS(&table)

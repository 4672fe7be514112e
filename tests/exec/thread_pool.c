/* SPDX-License-Identifier: MIT */
/* Thread pools: queues, lanes, limits, threads that come and go. Run this under TSan, too. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gate.h"

/* --- order ------------------------------------------------------------------------------------ */

enum { MANY = 10000 };

struct order {
	int next; /* the pool's only thread counts */
	int place[MANY];
	atomic_int runs;
};

struct entry {
	struct order *order;
	int index;
};

static int note_place(void *arg)
{
	struct entry *entry = arg;

	entry->order->place[entry->index] = entry->order->next++;
	atomic_fetch_add(&entry->order->runs, 1);
	return 0;
}

TEST_TASK(ten_thousand_jobs_run_once_each_in_their_order, "exec-1", "execrow-7")
{
	static const wok_thread_job_options copy = {.arg_size = sizeof(struct entry)};
	static struct order order;
	WOK_AUTO(wok_thread_pool) *pool = gate_pool(1);
	wok_thread_pool_info info;

	for (int i = 0; i < MANY; i++) {
		struct entry entry = {&order, i};
		ASSERT_OK(wok_thread_pool_submit(pool, note_place, &entry, &copy));
	}
	ASSERT_OK(wok_thread_pool_shutdown(pool, NULL));
	ASSERT_EQ(atomic_load(&order.runs), MANY);
	for (int i = 0; i < MANY; i++)
		ASSERT_EQ(order.place[i], i);
	wok_thread_pool_get_info(pool, &info);
	ASSERT_EQ(info.completed, MANY);
	ASSERT_EQ(info.threads, 0);
}

/* --- stacks ----------------------------------------------------------------------------------- */

static int measure_stack(void *ret_size)
{
	pthread_attr_t attributes;
	void *start;

	ASSERT_EQ(pthread_getattr_np(pthread_self(), &attributes), 0);
	ASSERT_EQ(pthread_attr_getstack(&attributes, &start, ret_size), 0);
	pthread_attr_destroy(&attributes);
	return 0;
}

static size_t stack_of_a_pool(rlim_t limit)
{
	WOK_AUTO(wok_thread_pool) *pool = NULL;
	struct rlimit old, now;
	size_t size = 0;

	ASSERT_EQ(getrlimit(RLIMIT_STACK, &old), 0);
	now = (struct rlimit){limit, old.rlim_max};
	if (limit > old.rlim_max || setrlimit(RLIMIT_STACK, &now) < 0)
		SKIP("the stack's limit is too low here");
	ASSERT_OK(wok_thread_pool_new(&(wok_thread_pool_options){.max_threads = 1}, &pool));
	ASSERT_EQ(setrlimit(RLIMIT_STACK, &old), 0);
	ASSERT_OK(wok_thread_pool_run(pool, measure_stack, &size));
	return size;
}

/* Deep C that blocks is what the threads are for; a slip of a page is the C library's. */
TEST_TASK(a_threads_stack_is_as_large_as_the_systems)
{
	const size_t slip = 64 << 10;

	ASSERT(stack_of_a_pool(1 << 20) <= (1 << 20) + slip);
	ASSERT(stack_of_a_pool(1 << 20) >= (1 << 20) - slip);
	ASSERT(stack_of_a_pool(8 << 20) >= (8 << 20) - slip);
	ASSERT(stack_of_a_pool(16 << 20) >= (8 << 20) - slip);
	ASSERT(stack_of_a_pool(16 << 20) <= (8 << 20) + slip);
}

/* --- limits ----------------------------------------------------------------------------------- */

struct call {
	wok_thread_pool *pool;
	struct gate *gate;
	wok_lane lane;
};

static int run_call(void *arg)
{
	struct call *call = arg;
	const wok_thread_job_options options = {.lane = call->lane};

	return wok_thread_pool_run_with(call->pool, gate_pass, call->gate, &options);
}

static int submit_call(void *arg)
{
	struct call *call = arg;

	return wok_thread_pool_submit(call->pool, gate_pass, call->gate, NULL);
}

TEST_TASK(beyond_max_pending_callers_wait_in_turn, "exec-5", "execrow-2")
{
	WOK_AUTO(wok_thread_pool) *pool = NULL;
	wok_thread_pool_info info;
	struct gate gate;

	ASSERT_OK(wok_thread_pool_new(
		&(wok_thread_pool_options){.max_threads = 1, .max_pending = 2}, &pool));
	struct call call = {pool, &gate, WOK_LANE_USER};
	gate_init(&gate, 0);
	for (int i = 0; i < 3; i++) /* one runs, two are queued */
		ASSERT_OK(wok_thread_pool_submit(pool, gate_pass, &gate, NULL));
	gate_wait(&gate.entered);
	ASSERT_ERR(wok_thread_pool_try_submit(pool, gate_pass, &gate, NULL), -EAGAIN);

	WOK_AUTO(wok_task) *submitting = wok_create_task(submit_call, &call);
	WOK_AUTO(wok_task) *canceled = wok_create_task(submit_call, &call);
	WOK_AUTO(wok_task) *running = wok_create_task(run_call, &call);
	test_settle();
	ASSERT(!wok_task_done(submitting) && !wok_task_done(canceled) && !wok_task_done(running));
	wok_thread_pool_get_info(pool, &info);
	ASSERT_EQ(info.queued, 2);
	ASSERT_EQ(info.waiting, 3);
	wok_cancel(canceled);
	ASSERT_ERR(wok_await(canceled), WOK_ETASKCANCELED);

	sem_post(
		&gate.open); /* a job ends, the next runs, and there is room for the next but one */
	gate_wait(&gate.entered);
	for (int i = 0; i < 4; i++)
		sem_post(&gate.open);
	ASSERT_OK(wok_await(submitting));
	ASSERT_OK(wok_await(running));
	ASSERT_OK(wok_thread_pool_shutdown(pool, NULL));
	ASSERT_EQ(atomic_load(&gate.runs), 5);
	wok_thread_pool_get_info(pool, &info);
	ASSERT_EQ(info.canceled, 1);
	ASSERT_EQ(info.waiting, 0);
}

static void *submit_in_a_thread(void *call)
{
	ASSERT_OK(submit_call(call));
	return NULL;
}

TEST(plain_threads_wait_for_room_as_well)
{
	WOK_AUTO(wok_thread_pool) *pool = NULL;
	wok_thread_pool_info info;
	pthread_t threads[3];
	struct gate gate;

	ASSERT_OK(wok_thread_pool_new(
		&(wok_thread_pool_options){.max_threads = 1, .max_pending = 1}, &pool));
	struct call call = {pool, &gate, WOK_LANE_USER};
	gate_init(&gate, 0);
	ASSERT_OK(submit_call(&call));
	gate_wait(&gate.entered);
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(pthread_create(&threads[i], NULL, submit_in_a_thread, &call), 0);
	do
		wok_thread_pool_get_info(pool, &info);
	while (info.waiting < 2);
	for (int i = 0; i < 4; i++)
		sem_post(&gate.open);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	ASSERT_OK(wok_thread_pool_shutdown(pool, NULL));
	ASSERT_EQ(atomic_load(&gate.runs), 4);
}

TEST_TASK(what_is_slow_gets_half_of_the_threads, "execrow-6")
{
	WOK_AUTO(wok_thread_pool) *pool = gate_pool(3);
	WOK_AUTO(wok_scope) *scope = NULL;
	wok_thread_pool_info info;
	struct gate slow, quick;
	struct call slow_call = {pool, &slow, WOK_LANE_SLOW};
	struct call quick_call = {pool, &quick, WOK_LANE_FILES};

	gate_init(&slow, 0);
	gate_init(&quick, 0);
	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < 5; i++)
		ASSERT_OK(wok_scope_spawn(scope, run_call, &slow_call));
	test_settle();
	gate_wait(&slow.entered);
	gate_wait(&slow.entered);
	wok_thread_pool_get_info(pool, &info);
	ASSERT_EQ(info.active, 2); /* (3 + 1) / 2 */
	ASSERT_EQ(info.queued, 3);
	/* So there is a thread for this, at once. */
	sem_post(&quick.open);
	ASSERT_OK(run_call(&quick_call));
	for (int i = 0; i < 5; i++)
		sem_post(&slow.open);
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_EQ(atomic_load(&slow.runs), 5);
}

struct shared_lanes {
	char order[16];
	int n;
};

static struct shared_lanes lanes;

static int note_user(void *unused)
{
	(void) unused;
	lanes.order[lanes.n++] = 'u';
	return 0;
}

static int note_file(void *unused)
{
	(void) unused;
	lanes.order[lanes.n++] = 'f';
	return 0;
}

TEST_TASK(lanes_take_turns, "execrow-6")
{
	static const wok_thread_job_options files = {.lane = WOK_LANE_FILES};
	WOK_AUTO(wok_thread_pool) *pool = gate_pool(1);
	struct gate gate;

	gate_init(&gate, 0);
	ASSERT_OK(wok_thread_pool_submit(pool, gate_pass, &gate, NULL));
	for (int i = 0; i < 4; i++)
		ASSERT_OK(wok_thread_pool_submit(pool, note_user, NULL, NULL));
	for (int i = 0; i < 2; i++)
		ASSERT_OK(wok_thread_pool_submit(pool, note_file, NULL, &files));
	sem_post(&gate.open);
	ASSERT_OK(wok_thread_pool_shutdown(pool, NULL));
	ASSERT_STR(lanes.order, "fufuuu");
}

/* --- jobs that wait for jobs ------------------------------------------------------------------ */

struct nested {
	wok_thread_pool *pool;
	int depth;
	int result; /* of the innermost */
};

static int nest(void *arg)
{
	struct nested *nested = arg;

	if (nested->depth-- == 0)
		return 0;
	return nested->result = wok_thread_pool_run(nested->pool, nest, nested);
}

TEST_TASK(a_job_that_waits_for_the_only_thread_is_told_so, "exec-6")
{
	WOK_AUTO(wok_thread_pool) *one = gate_pool(1);
	WOK_AUTO(wok_thread_pool) *three = gate_pool(3);
	struct nested nested = {one, 1, 0}, deep = {three, 2, 0}, too_deep = {three, 3, 0};

	ASSERT_ERR(wok_thread_pool_run(one, nest, &nested), -EDEADLK);
	ASSERT_EQ(nested.result, -EDEADLK);
	ASSERT(strstr(wok_errmsg(-EDEADLK), "give the pool more threads"));
	ASSERT_OK(wok_thread_pool_run(three, nest, &deep));
	ASSERT_ERR(wok_thread_pool_run(three, nest, &too_deep), -EDEADLK);
	nested.depth = 0;
	ASSERT_OK(wok_thread_pool_run(one, nest, &nested));
}

static int nest_in_a_loop(void *arg)
{
	return wok_test_run(nest, arg, NULL);
}

TEST_TASK(so_is_a_loop_that_runs_in_the_only_thread, "exec-6")
{
	WOK_AUTO(wok_thread_pool) *one = gate_pool(1);
	struct nested nested = {one, 1, 0};

	ASSERT_ERR(wok_thread_pool_run(one, nest_in_a_loop, &nested), -EDEADLK);
}

static int nest_slow(void *arg)
{
	static const wok_thread_job_options slow = {.lane = WOK_LANE_SLOW};
	struct nested *nested = arg;

	return nested->result = wok_thread_pool_run_with(nested->pool, nest, nested, &slow);
}

TEST_TASK(and_one_that_waits_for_a_lane_which_it_fills, "exec-6")
{
	static const wok_thread_job_options slow = {.lane = WOK_LANE_SLOW};
	WOK_AUTO(wok_thread_pool) *two = gate_pool(2);
	struct nested nested = {two, 0, 0};
	struct gate gate;

	/* There is another thread, and it does not wait for a job. */
	gate_init(&gate, 0);
	ASSERT_OK(wok_thread_pool_submit(two, gate_pass, &gate, NULL));
	ASSERT_ERR(wok_thread_pool_run_with(two, nest_slow, &nested, &slow), -EDEADLK);
	sem_post(&gate.open);
	ASSERT_OK(wok_thread_pool_run(two, nest_slow, &nested)); /* from another lane it may */
}

static int nest_in_files(void *arg)
{
	static const wok_thread_job_options files = {.lane = WOK_LANE_FILES};
	struct nested *nested = arg;

	return nested->result = wok_thread_pool_run_with(nested->pool, nest, nested, &files);
}

TEST_TASK(another_lane_does_not_help_the_only_thread, "exec-6")
{
	WOK_AUTO(wok_thread_pool) *one = gate_pool(1);
	struct nested nested = {one, 0, 0};

	ASSERT_ERR(wok_thread_pool_run(one, nest_in_files, &nested), -EDEADLK);
}

static int submit_to_the_full(void *arg)
{
	struct nested *nested = arg;

	ASSERT_OK(wok_thread_pool_try_submit(nested->pool, note_user, NULL, NULL));
	nested->result = wok_thread_pool_submit(nested->pool, note_user, NULL, NULL);
	return 0;
}

TEST_TASK(a_job_cannot_wait_for_room_that_only_it_could_make, "exec-6")
{
	WOK_AUTO(wok_thread_pool) *pool = NULL;
	struct nested nested = {0};

	ASSERT_OK(wok_thread_pool_new(
		&(wok_thread_pool_options){.max_threads = 1, .max_pending = 1}, &pool));
	nested.pool = pool;
	ASSERT_OK(wok_thread_pool_run(pool, submit_to_the_full, &nested));
	ASSERT_EQ(nested.result, -EDEADLK);
}

/* --- threads ---------------------------------------------------------------------------------- */

TEST_TASK(threads_start_only_when_none_is_idle, "execrow-1")
{
	WOK_AUTO(wok_thread_pool) *pool = gate_pool(5);
	wok_thread_pool_info info;

	for (int i = 0; i < 50; i++) {
		ASSERT_OK(wok_thread_pool_run(pool, note_user, NULL));
		lanes.n = 0;
	}
	wok_thread_pool_get_info(pool, &info);
	ASSERT_EQ(info.threads, 1);
	ASSERT_EQ(info.max_threads, 5);
	ASSERT_EQ(info.completed, 50);
	wok_thread_pool_get_info(NULL, &info);
	ASSERT_EQ(info.max_threads, 64);
	ASSERT_EQ(info.threads, 0);
}

TEST_TASK(fewer_threads_than_wanted_do_the_work_all_the_same, "exec-7")
{
	WOK_AUTO(wok_thread_pool) *pool = gate_pool(4);
	WOK_AUTO(wok_scope) *scope = NULL;
	wok_thread_pool_info info;
	struct gate gate;
	struct call call = {pool, &gate, WOK_LANE_USER};

	gate_init(&gate, 0);
	wok_test_fail_system_call("pthread_create", 1, EAGAIN);
	ASSERT_ERR(run_call(&call), -EAGAIN); /* there is none at all */
	ASSERT(strstr(wok_errmsg(-EAGAIN), "has no thread and cannot start one"));
	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, run_call, &call));
	test_settle();
	gate_wait(&gate.entered);
	for (int i = 0; i < 3; i++) {
		wok_test_fail_system_call("pthread_create", 1, EAGAIN);
		ASSERT_OK(wok_scope_spawn(scope, run_call, &call));
		test_settle();
		wok_thread_pool_get_info(pool, &info);
		ASSERT_EQ(info.threads, 1);
		ASSERT_EQ(info.queued, i + 1);
	}
	for (int i = 0; i < 4; i++)
		sem_post(&gate.open);
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_EQ(atomic_load(&gate.runs), 4);
}

/* What a pool's hooks have seen. */
struct hooks {
	sem_t ended;
	atomic_int begun;
};

static _Thread_local int in_thread;

static void on_init(void *arg)
{
	struct hooks *hooks = arg;

	in_thread = atomic_fetch_add(&hooks->begun, 1) + 1;
}

static void on_exit_(void *arg)
{
	struct hooks *hooks = arg;

	ASSERT(in_thread > 0);
	sem_post(&hooks->ended);
}

static int look_at_thread(void *unused)
{
	char name[16];

	(void) unused;
	ASSERT(in_thread > 0);
	ASSERT_EQ(pthread_getname_np(pthread_self(), name, sizeof(name)), 0);
	ASSERT_STR(name, "kitchen");
	return 0;
}

TEST_TASK(threads_have_a_name_and_call_hooks, "execrow-8")
{
	WOK_AUTO(wok_thread_pool) *pool = NULL;
	struct hooks hooks = {0};

	ASSERT_EQ(sem_init(&hooks.ended, 0, 0), 0);
	ASSERT_OK(wok_thread_pool_new(&(wok_thread_pool_options){.name = "kitchen",
								 .max_threads = 1,
								 .thread_init = on_init,
								 .thread_exit = on_exit_,
								 .hook_arg = &hooks},
				      &pool));
	for (int i = 0; i < 3; i++)
		ASSERT_OK(wok_thread_pool_run(pool, look_at_thread, NULL));
	ASSERT_EQ(atomic_load(&hooks.begun), 1);
	ASSERT_OK(wok_thread_pool_shutdown(pool, NULL));
	ASSERT_EQ(sem_trywait(&hooks.ended), 0);
}

TEST_TASK(idle_threads_end_down_to_the_least, "exec-8", "F13")
{
	WOK_AUTO(wok_thread_pool) *pool = NULL;
	WOK_AUTO(wok_scope) *scope = NULL;
	struct hooks hooks = {0};
	wok_thread_pool_info info;
	struct gate gate;

	ASSERT_EQ(sem_init(&hooks.ended, 0, 0), 0);
	ASSERT_OK(wok_thread_pool_new(&(wok_thread_pool_options){.max_threads = 4,
								 .min_threads = 1,
								 .idle_timeout = WOK_US,
								 .thread_init = on_init,
								 .thread_exit = on_exit_,
								 .hook_arg = &hooks},
				      &pool));
	struct call call = {pool, &gate, WOK_LANE_USER};
	gate_init(&gate, 0);
	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < 4; i++)
		ASSERT_OK(wok_scope_spawn(scope, run_call, &call));
	test_settle();
	for (int i = 0; i < 4; i++)
		gate_wait(&gate.entered);
	for (int i = 0; i < 4; i++)
		sem_post(&gate.open);
	ASSERT_OK(wok_scope_join(scope));
	for (int i = 0; i < 3; i++)
		gate_wait(&hooks.ended);
	wok_thread_pool_get_info(pool, &info);
	ASSERT_EQ(info.threads, 1);
	ASSERT_EQ(info.idle, 1);
	/* And the one that is left serves, however long it was idle. */
	for (int i = 0; i < 50; i++) {
		sem_post(&gate.open);
		ASSERT_OK(run_call(&call));
		for (int k = 0; k < 200; k++)
			sched_yield();
	}
	ASSERT_EQ(atomic_load(&hooks.begun), 4);
}

static int look_at_signals(void *unused)
{
	static const int blocked[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGPIPE, SIGCHLD};
	sigset_t mask;

	(void) unused;
	ASSERT_EQ(pthread_sigmask(SIG_SETMASK, NULL, &mask), 0);
	for (size_t i = 0; i < sizeof(blocked) / sizeof(blocked[0]); i++)
		ASSERT_EQ(sigismember(&mask, blocked[i]), 1);
	ASSERT_EQ(sigismember(&mask, SIGSEGV), 0);
	kill(getpid(), SIGINT); /* for the process: the loop's thread is the only one to take it */
	return 0;
}

static int interrupt(void *unused)
{
	(void) unused;
	ASSERT_OK(wok_to_thread(look_at_signals, NULL));
	return wok_sleep(WOK_FOREVER);
}

TEST(signals_reach_the_loop_and_no_thread, "exec-10")
{
	signal(SIGINT, SIG_DFL);
	ASSERT_ERR(wok_run(interrupt, NULL), -EINTR);
}

TEST(a_pool_has_as_many_threads_as_there_are_processors, "exec-28")
{
	wok_thread_pool_info info;
	WOK_AUTO(wok_thread_pool) *pool = NULL;
	WOK_AUTO(wok_thread_pool) *narrow = NULL;
	cpu_set_t one, set;

	ASSERT_OK(wok_thread_pool_new(NULL, &pool));
	wok_thread_pool_get_info(pool, &info);
	ASSERT_EQ(info.max_threads, wok_cpu_count());
	ASSERT_EQ(sched_getaffinity(0, sizeof(set), &set), 0);
	CPU_ZERO(&one);
	for (int cpu = 0; CPU_COUNT(&one) == 0; cpu++)
		if (CPU_ISSET(cpu, &set))
			CPU_SET(cpu, &one);
	ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
	ASSERT_OK(wok_thread_pool_new(NULL, &narrow));
	wok_thread_pool_get_info(narrow, &info);
	ASSERT_EQ(info.max_threads, 1);
}

/* --- the rest --------------------------------------------------------------------------------- */

static int add_one(void *number)
{
	return ++*(int *) number;
}

TEST_TASK(a_pool_tells_what_it_does, "execrow-16")
{
	WOK_AUTO(wok_thread_pool) *pool = gate_pool(2);
	WOK_AUTO(wok_scope) *scope = NULL;
	wok_thread_pool_info info;
	struct gate gate;
	struct call call = {pool, &gate, WOK_LANE_USER};
	uint64_t sum = 0;
	int number = 0;

	gate_init(&gate, 0);
	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < 5; i++)
		ASSERT_OK(wok_scope_spawn(scope, run_call, &call));
	test_settle();
	wok_thread_pool_get_info(pool, &info);
	ASSERT_STR(info.name, "wok");
	ASSERT_EQ(info.max_threads, 2);
	ASSERT_EQ(info.threads, 2);
	ASSERT_EQ(info.active, 2);
	ASSERT_EQ(info.queued, 3);
	ASSERT_EQ(info.completed, 0);
	for (int i = 0; i < 5; i++)
		sem_post(&gate.open);
	ASSERT_OK(wok_scope_join(scope));
	for (int i = 0; i < 10; i++)
		ASSERT_EQ(wok_thread_pool_run(pool, add_one, &number), i + 1);
	wok_thread_pool_get_info(pool, &info);
	ASSERT_EQ(info.completed, 15);
	ASSERT_EQ(info.active, 0);
	ASSERT_EQ(info.queued, 0);
	ASSERT(info.wait_max > 0 && info.wait_mean > 0 && info.wait_max >= info.wait_mean);
	for (int i = 0; i < WOK_THREAD_POOL_WAIT_STEPS; i++)
		sum += info.wait_histogram[i];
	ASSERT_EQ(sum, 15);
}

struct calling_back {
	wok_remote *remote;
	int calls;
};

static int count_call(void *arg)
{
	((struct calling_back *) arg)->calls++;
	return 0;
}

static int call_the_loop(void *arg)
{
	struct calling_back *self = arg;

	ASSERT_OK(wok_remote_call(self->remote, count_call, self));
	ASSERT_OK(wok_remote_run(self->remote, count_call, self));
	return 0;
}

TEST_TASK(a_job_can_call_the_loop, "execrow-9")
{
	struct calling_back self = {0};

	ASSERT_OK(wok_remote_new(&self.remote));
	ASSERT_OK(wok_to_thread(call_the_loop, &self));
	ASSERT_EQ(self.calls, 2);
	wok_remote_free(self.remote);
}

static int use_default_pool(void *unused)
{
	int number = 1;

	(void) unused;
	ASSERT_EQ(wok_to_thread(add_one, &number), 2);
	return 0;
}

TEST(a_forked_child_has_threads_of_its_own, "F12", "F13")
{
	WOK_AUTO(wok_thread_pool) *pool = gate_pool(1);
	int number = 1, status;

	ASSERT_OK(wok_test_run(use_default_pool, NULL, NULL));
	ASSERT_EQ(wok_thread_pool_run(pool, add_one, &number), 2);
#ifdef __SANITIZE_THREAD__
	SKIP("TSan does not like threads after a fork");
#endif
	pid_t child = fork();
	if (child == 0) {
		ASSERT_OK(wok_test_run(use_default_pool, NULL, NULL));
		ASSERT_ERR(wok_thread_pool_run(pool, add_one, &number), -EINVAL);
		wok_thread_pool_free(pool); /* waits for nobody */
		_exit(0);
	}
	ASSERT_EQ(waitpid(child, &status, 0), child);
	ASSERT_EQ(status, 0);
}

TEST(options_that_make_no_sense_are_refused)
{
	wok_thread_pool *pool = NULL;

	ASSERT_ERR(wok_thread_pool_new(
			   &(wok_thread_pool_options){.max_threads = 1, .min_threads = 2}, &pool),
		   -EINVAL);
	ASSERT(!pool);
	wok_thread_pool_free(NULL);
}

/* --- many at once ----------------------------------------------------------------------------- */

struct storm {
	wok_thread_pool *pool;
	atomic_int jobs, done;
	int rounds;
};

static int count_job(void *arg)
{
	atomic_fetch_add(&((struct storm *) arg)->jobs, 1);
	return 0;
}

static int storm(void *arg)
{
	struct storm *self = arg;

	for (int i = 0; i < self->rounds; i++) {
		ASSERT_OK(wok_thread_pool_run(self->pool, count_job, self));
		ASSERT_OK(wok_thread_pool_submit(self->pool, count_job, self, NULL));
		atomic_fetch_add(&self->done, 2);
	}
	return 0;
}

static int storm_in_tasks(void *arg)
{
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < 5; i++)
		ASSERT_OK(wok_scope_spawn(scope, storm, arg));
	return wok_scope_join(scope);
}

static void *storm_in_a_loop(void *arg)
{
	const wok_test_options options = {.real_clock = true};

	ASSERT_OK(wok_test_run(storm_in_tasks, arg, &options));
	return NULL;
}

static void *storm_in_a_thread(void *arg)
{
	ASSERT_OK(storm(arg));
	return NULL;
}

/* WOK_SOAK=SECONDS has it go on for longer. */
TEST(loops_and_threads_use_one_pool_at_once, "exec-2", "F16")
{
	const char *soak = getenv("WOK_SOAK");
	wok_time end = wok_now() + (soak ? atoi(soak) : 0) * WOK_SECOND;

	do {
		struct storm self = {.rounds = 100};
		pthread_t threads[6];
		ASSERT_OK(wok_thread_pool_new(&(wok_thread_pool_options){.max_threads = 3,
									 .max_pending = 5,
									 .idle_timeout = WOK_US},
					      &self.pool));
		for (int i = 0; i < 6; i++)
			ASSERT_EQ(pthread_create(&threads[i], NULL,
						 i < 3 ? storm_in_a_loop : storm_in_a_thread,
						 &self),
				  0);
		for (int i = 0; i < 6; i++)
			pthread_join(threads[i], NULL);
		ASSERT_OK(wok_thread_pool_shutdown(self.pool, NULL));
		ASSERT_EQ(atomic_load(&self.jobs), (3 * 5 + 3) * 100 * 2);
		wok_thread_pool_free(self.pool);
	} while (wok_now() < end);
}

/* SPDX-License-Identifier: MIT */
/* The end of thread pools, and who is in the way of it. */
#include "gate.h"
#include "harness/reports.h"

struct call {
	wok_thread_pool *pool;
	struct gate *gate;
	int result;
};

static int run_call(void *arg)
{
	struct call *call = arg;

	call->result = wok_thread_pool_run(call->pool, gate_pass, call->gate);
	return 0;
}

static int shut_down(void *pool)
{
	return wok_thread_pool_shutdown(pool, NULL);
}

static int shut_down_now(void *pool)
{
	static const wok_thread_pool_shutdown_options now = {.cancel_pending = true};

	return wok_thread_pool_shutdown(pool, &now);
}

/* One job runs and another is queued, when a pool of one is shut down. */
struct scene {
	wok_thread_pool *pool;
	struct gate first, second;
	struct call a, b;
	wok_task *running, *queued, *ending;
};

static void open_scene(struct scene *scene, wok_fn *shutdown)
{
	memset(scene, 0, sizeof(*scene));
	scene->pool = gate_pool(1);
	gate_init(&scene->first, 1);
	gate_init(&scene->second, 2);
	scene->a = (struct call){scene->pool, &scene->first, 0};
	scene->b = (struct call){scene->pool, &scene->second, 0};
	scene->running = wok_create_task(run_call, &scene->a);
	test_settle();
	scene->queued = wok_create_task(run_call, &scene->b);
	test_settle();
	gate_wait(&scene->first.entered);
	scene->ending = wok_create_task(shutdown, scene->pool);
	test_settle();
}

static void close_scene(struct scene *scene)
{
	wok_task_free(scene->running);
	wok_task_free(scene->queued);
	wok_task_free(scene->ending);
	wok_thread_pool_free(scene->pool);
}

TEST_TASK(a_shutdown_runs_what_is_queued_and_refuses_the_rest, "execrow-10")
{
	struct scene scene;

	open_scene(&scene, shut_down);
	ASSERT(!wok_task_done(scene.ending));
	ASSERT_ERR(wok_thread_pool_run(scene.pool, gate_pass, &scene.second), -ESHUTDOWN);
	ASSERT_ERR(wok_thread_pool_try_submit(scene.pool, gate_pass, NULL, NULL), -ESHUTDOWN);
	sem_post(&scene.first.open);
	sem_post(&scene.second.open);
	ASSERT_OK(wok_await(scene.ending));
	ASSERT_OK(wok_await(scene.queued));
	ASSERT_EQ(scene.b.result, 2);
	ASSERT_OK(wok_thread_pool_shutdown(scene.pool, NULL)); /* once more does no harm */
	close_scene(&scene);
}

TEST_TASK(or_cancels_it_and_waits_for_what_runs, "execrow-10")
{
	struct scene scene;

	open_scene(&scene, shut_down_now);
	ASSERT_OK(wok_await(scene.queued));
	ASSERT_EQ(scene.b.result, -ESHUTDOWN);
	ASSERT(!wok_task_done(scene.ending));
	sem_post(&scene.first.open);
	ASSERT_OK(wok_await(scene.ending));
	ASSERT(scene.first.saw_cancel);
	ASSERT_OK(wok_await(scene.running));
	ASSERT_EQ(scene.a.result, 1);
	ASSERT_EQ(atomic_load(&scene.second.runs), 0);
	close_scene(&scene);
}

TEST_TASK(cancelling_who_shuts_down_leaves_the_shutdown)
{
	struct scene scene;

	open_scene(&scene, shut_down);
	wok_cancel(scene.ending);
	ASSERT_ERR(wok_await(scene.ending), WOK_ETASKCANCELED);
	ASSERT_ERR(wok_wait_for(shut_down, scene.pool, 0), -ETIMEDOUT);
	ASSERT_ERR(wok_thread_pool_run(scene.pool, gate_pass, &scene.second), -ESHUTDOWN);
	sem_post(&scene.first.open);
	sem_post(&scene.second.open);
	ASSERT_OK(shut_down(scene.pool));
	close_scene(&scene);
}

static int submit_to(void *pool)
{
	return wok_thread_pool_submit(pool, gate_pass, NULL, NULL);
}

TEST_TASK(who_waits_for_room_is_told_of_the_shutdown, "exec-5")
{
	WOK_AUTO(wok_thread_pool) *pool = NULL;
	struct gate gate;

	ASSERT_OK(wok_thread_pool_new(
		&(wok_thread_pool_options){.max_threads = 1, .max_pending = 1}, &pool));
	gate_init(&gate, 0);
	for (int i = 0; i < 2; i++)
		ASSERT_OK(wok_thread_pool_submit(pool, gate_pass, &gate, NULL));
	gate_wait(&gate.entered);
	WOK_AUTO(wok_task) *waiting = wok_create_task(submit_to, pool);
	test_settle();
	WOK_AUTO(wok_task) *ending = wok_create_task(shut_down_now, pool);
	ASSERT_ERR(wok_await(waiting), -ESHUTDOWN);
	sem_post(&gate.open);
	ASSERT_OK(wok_await(ending));
}

static int end_in_time(void *pool)
{
	static const wok_thread_pool_shutdown_options soon = {.timeout = 10 * WOK_MS};

	ASSERT_ERR(wok_thread_pool_shutdown(pool, &soon), -ETIMEDOUT);
	ASSERT(strstr(wok_errmsg(-ETIMEDOUT), "gate_pass"));
	return 0;
}

/* A stuck job that nobody waits for. Real time passes: the virtual clock waits for jobs. */
static void end_a_stuck_pool(wok_fn *in_a_run)
{
	const wok_test_options real = {.real_clock = true};
	struct test_reports reports = {0};
	struct gate gate;
	wok_thread_pool *pool = gate_pool(1);

	ASSERT_OK(wok_set_report_hook(test_take_report, &reports));
	gate_init(&gate, 0);
	for (int i = 0; i < 3; i++)
		ASSERT_OK(wok_thread_pool_try_submit(pool, gate_pass, &gate, NULL));
	gate_wait(&gate.entered);
	if (in_a_run)
		ASSERT_OK(wok_test_run(in_a_run, pool, &real));
	else
		ASSERT_OK(end_in_time(pool));
	ASSERT_EQ(reports.n, 1);
	ASSERT_REPORT(&reports, 0, "gate_pass");
	wok_thread_pool_free(pool); /* does not wait */
	ASSERT_EQ(atomic_load(&gate.runs), 1);
	sem_post(&gate.open); /* the pool ends by itself */
}

TEST(at_the_deadline_a_stuck_job_is_named_and_left, "exec-11", "execrow-10")
{
	end_a_stuck_pool(end_in_time);
}

TEST(also_from_a_plain_thread, "exec-11")
{
	end_a_stuck_pool(NULL);
}

TEST_TASK(freeing_a_pool_waits_for_its_jobs_and_is_no_checkpoint)
{
	struct gate gate;
	wok_thread_pool *pool = gate_pool(1);
	struct call call = {pool, &gate, 0};

	gate_init(&gate, 3);
	WOK_AUTO(wok_task) *task = wok_create_task(run_call, &call);
	test_settle();
	gate_wait(&gate.entered);
	sem_post(&gate.open);
	wok_cancel(wok_current_task()); /* it waits all the same */
	wok_thread_pool_free(pool);
	ASSERT_EQ(atomic_load(&gate.runs), 1);
	ASSERT_ERR(wok_yield(), -ECANCELED);
}

struct own {
	wok_thread_pool *pool;
	int result;
};

static int shut_down_own(void *arg)
{
	struct own *own = arg;

	own->result = wok_thread_pool_shutdown(own->pool, NULL);
	return 0;
}

static int free_own(void *arg)
{
	wok_thread_pool_free(((struct own *) arg)->pool);
	return 0;
}

static int free_where_it_is_impossible(void *unused)
{
	struct own own = {gate_pool(1), 0}, other = {gate_pool(1), 0};

	(void) unused;
	ASSERT_OK(wok_thread_pool_run(own.pool, shut_down_own, &own));
	ASSERT_EQ(own.result, -EDEADLK);
	ASSERT_OK(wok_thread_pool_run(own.pool, free_own, &own));
	wok_call_soon(free_own, &other);
	test_settle();
	ASSERT_ERR(wok_thread_pool_shutdown(NULL, NULL), -EINVAL);
	return 0;
}

TEST(where_nobody_can_wait_a_pool_is_left_to_itself)
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, free_where_it_is_impossible, NULL));
	ASSERT_EQ(reports.n, 2);
	ASSERT_REPORT(&reports, 0, "left to finish by itself");
	ASSERT_REPORT(&reports, 1, "left to finish by itself");
}

static int fail(void *unused)
{
	(void) unused;
	return wok_fail(-EIO, "no bean in the coffee");
}

static int submit_a_failure(void *unused)
{
	WOK_AUTO(wok_thread_pool) *pool = gate_pool(1);

	(void) unused;
	ASSERT_OK(wok_thread_pool_submit(pool, fail, NULL, NULL));
	return wok_thread_pool_shutdown(pool, NULL);
}

TEST(an_error_that_nobody_waits_for_is_reported, "B20")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, submit_a_failure, NULL));
	ASSERT_EQ(reports.n, 1);
	ASSERT_EQ(reports.kept[0].code, -EIO);
	ASSERT_REPORT(&reports, 0, "no bean in the coffee");
	ASSERT_STR(reports.kept[0].task, "fail");
}

static void count_free(void *count)
{
	++*(int *) count;
}

TEST_TASK(what_was_submitted_is_released_once_whatever_happens, "exec-3")
{
	const wok_thread_job_options options = {.arg_free = count_free};
	WOK_AUTO(wok_thread_pool) *pool = gate_pool(1);
	struct gate gate;
	int freed = 0;

	gate_init(&gate, 0);
	ASSERT_OK(wok_thread_pool_submit(pool, gate_pass, &gate, NULL));
	gate_wait(&gate.entered);
	ASSERT_OK(wok_thread_pool_submit(pool, fail, &freed, &options));
	WOK_AUTO(wok_task) *ending = wok_create_task(shut_down_now, pool);
	test_settle();
	ASSERT_EQ(freed, 1);
	sem_post(&gate.open);
	ASSERT_OK(wok_await(ending));
	ASSERT_ERR(wok_thread_pool_submit(pool, fail, &freed, &options), -ESHUTDOWN);
	ASSERT_EQ(freed, 1); /* it is the caller's */
}

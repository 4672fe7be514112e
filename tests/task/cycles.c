/* SPDX-License-Identifier: MIT */
/*
 * Tasks that come to wait for each other by way of frees, which cannot be refused: somebody gives
 * up, and nothing hangs. See src/task/cycle.c.
 */
#include <wok/wok.h>

#include "harness/reports.h"
#include "harness/test.h"

struct couple {
	wok_task *parent;
	wok_fn *meanwhile; /* what the child does to its parent */
	int result;
	int ended;
};

static int free_parent(void *arg)
{
	struct couple *couple = arg;

	wok_task_free(couple->parent);
	couple->ended++;
	return 0;
}

static int gather_parent(void *arg)
{
	struct couple *couple = arg;

	couple->result = wok_gather(&couple->parent, 1, 0);
	couple->ended++;
	return 0;
}

static int await_parent_for(void *arg)
{
	struct couple *couple = arg;

	couple->result = wok_await_for(couple->parent, WOK_FOREVER);
	couple->ended++;
	return 0;
}

/* Leaves its scope while the child in it waits for this very task. */
static int leave_the_child(void *arg)
{
	struct couple *couple = arg;
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, couple->meanwhile, couple));
	couple->ended++;
	return wok_sleep(WOK_SECOND);
}

TEST_TASK(a_join_makes_way_for_a_scope_that_is_left, "B15")
{
	wok_fn *const ways[] = {gather_parent, await_parent_for};

	for (int i = 0; i < 2; i++) {
		struct couple couple = {.meanwhile = ways[i]};
		WOK_AUTO(wok_task) *parent = couple.parent =
			wok_create_task(leave_the_child, &couple);
		ASSERT_OK(wok_await(parent));
		ASSERT_EQ(couple.result, -EDEADLK);
		ASSERT_EQ(couple.ended, 2);
	}
}

static int let_the_child_free_its_parent(void *arg)
{
	struct couple *couple = arg;

	couple->parent = wok_create_task(leave_the_child, couple);
	wok_test_advance(2 * WOK_SECOND);
	return 0;
}

TEST(a_free_makes_way_for_a_scope_that_is_left)
{
	struct couple couple = {.meanwhile = free_parent};
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, let_the_child_free_its_parent, &couple));
	ASSERT_EQ(couple.ended, 2);
	ASSERT_EQ(reports.n, 1);
	ASSERT_STR(reports.kept[0].task, "leave_the_child");
	ASSERT_REPORT(&reports, 0, "waiting for its end is impossible");
}

static int free_own_scope(void *scope)
{
	wok_scope_free(scope);
	return 0;
}

static int sleep_long(void *unused)
{
	(void) unused;
	return wok_sleep(WOK_MINUTE);
}

static int let_a_child_free_its_scope(void *unused)
{
	wok_scope *scope = NULL;

	(void) unused;
	ASSERT_OK(wok_scope_new_with(&(wok_scope_options){.background = true}, &scope));
	ASSERT_OK(wok_scope_spawn(scope, sleep_long, NULL));
	ASSERT_OK(wok_scope_spawn(scope, free_own_scope, scope));
	test_settle();
	ASSERT_EQ(wok_now(), 0);
	return 0;
}

TEST(a_background_scope_freed_by_its_own_task_is_released_by_the_last)
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, let_a_child_free_its_scope, NULL));
	ASSERT_EQ(reports.n, 1);
	ASSERT_REPORT(&reports, 0, "one of its tasks waits for");
}

/* A ring of tasks, each of which frees the handle of the next. */
enum { RING = 5 };

struct ring {
	wok_task *tasks[RING];
	int turn;
	int ended;
};

static int free_the_next(void *arg)
{
	struct ring *ring = arg;
	int self = ring->turn++;

	WOK_IGNORE(wok_yield());
	wok_task_free(WOK_TAKE(ring->tasks[(self + 1) % RING]));
	ring->ended++;
	return 0;
}

static int free_in_a_ring(void *arg)
{
	struct ring *ring = arg;

	for (int i = 0; i < RING; i++)
		ring->tasks[i] = wok_create_task(free_the_next, ring);
	test_settle();
	ASSERT_EQ(ring->ended, RING);
	return 0;
}

TEST(a_ring_of_frees_is_broken_and_reported)
{
	struct ring ring = {.turn = 0};
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, free_in_a_ring, &ring));
	/* In another order there may be more than one ring. */
	ASSERT(reports.n == 1 || test_seed());
}

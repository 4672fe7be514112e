/* SPDX-License-Identifier: MIT */
/* Many tasks at once, and many one after another: what they cost. */
#include <stdio.h>
#include <stdlib.h>
#include <wok/wok.h>

#include "harness/test.h"

static void skip_if_sanitized(void)
{
	if (TEST_SANITIZED)
		SKIP("the sanitizers' shadow memory makes the figures meaningless");
}

static size_t count_mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	size_t lines = 0;

	for (int c; maps && (c = fgetc(maps)) != EOF;)
		lines += c == '\n';
	if (maps)
		fclose(maps);
	return lines;
}

static size_t resident_kib(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long total, resident = 0;

	if (!file || fscanf(file, "%lu %lu", &total, &resident) != 2)
		FAIL("/proc/self/statm cannot be read");
	fclose(file);
	return resident * 4;
}

static int sleep_a_second(void *unused)
{
	(void) unused;
	return wok_sleep(WOK_SECOND);
}

enum { MANY = 200000 };

static int let_many_sleep(void *unused)
{
	WOK_AUTO(wok_scope) *scope = NULL;
	wok_loop_info info;

	(void) unused;
	ASSERT_OK(wok_scope_new(&scope));
	size_t before = resident_kib();
	for (int i = 0; i < MANY; i++)
		ASSERT_OK(wok_scope_spawn(scope, sleep_a_second, NULL));
	test_settle();
	ASSERT_OK(wok_loop_get_info(&info));
	ASSERT_EQ(info.tasks, MANY + 1);
	ASSERT_EQ(info.timers, MANY);
	if (strcmp(info.stack_guard, "guard pages") == 0)
		ASSERT(count_mappings() < 2000);
	ASSERT((resident_kib() - before) * 10 < (size_t) MANY * 46); /* 4.6 KiB each */
	return wok_scope_join(scope);
}

TEST(two_hundred_thousand_tasks_sleep_at_once, "G2")
{
	skip_if_sanitized();
	ASSERT_OK(wok_test_run(let_many_sleep, NULL, NULL));
}

static int return_at_once(void *unused)
{
	(void) unused;
	return 0;
}

static void churn(int n)
{
	for (int i = 0; i < n; i++) {
		wok_task *tasks[10];
		for (int k = 0; k < 10; k++)
			tasks[k] = wok_create_task(return_at_once, NULL);
		ASSERT_OK(wok_gather(tasks, 10, 0));
		for (int k = 0; k < 10; k++)
			wok_task_free(tasks[k]);
	}
}

TEST_TASK(tasks_that_come_and_go_leave_nothing_behind, "G2")
{
	wok_loop_info before, after;

	skip_if_sanitized();
	churn(1000);
	size_t mappings = count_mappings(), resident = resident_kib();
	ASSERT_OK(wok_loop_get_info(&before));
	churn(test_seed() ? 1000 : 30000);
	ASSERT_OK(wok_loop_get_info(&after));
	ASSERT_EQ(after.stacks_mapped, before.stacks_mapped);
	ASSERT_EQ(after.stacks, 1);
	ASSERT(count_mappings() <= mappings + 2);
	ASSERT(resident_kib() <= resident + 1024);
}

static int wait_shortly(void *copied)
{
	return *(int *) copied % 2 ? wok_yield() : wok_sleep(WOK_US);
}

/* So many children of one scope, a thousand at a time: those that wait not, and those that do. */
static void pass_through(wok_scope *scope, int n)
{
	for (int i = 0; i < n; i++) {
		if (i % 4)
			ASSERT_OK(wok_scope_spawn(scope, return_at_once, NULL));
		else
			ASSERT_OK(wok_scope_spawn_copy(scope, wait_shortly, &i, sizeof(i)));
		if (i % 1000 == 999)
			ASSERT_OK(wok_sleep(2 * WOK_US));
	}
	ASSERT_EQ(wok_scope_children(scope), 0);
}

/* WOK_TEST_LARGE=1: ten million, and tells the figures. */
TEST_TASK(short_tasks_through_one_scope_leave_nothing_behind, "G2")
{
	const bool large = getenv("WOK_TEST_LARGE") != NULL;
	const int n = large ? 10000000 : test_seed() ? 10000 : 300000;
	WOK_AUTO(wok_scope) *scope = NULL;
	wok_loop_info before, after;

	skip_if_sanitized();
	ASSERT_OK(wok_scope_new(&scope));
	pass_through(scope, 10000);
	size_t mappings = count_mappings(), resident = resident_kib();
	ASSERT_OK(wok_loop_get_info(&before));
	pass_through(scope, n);
	ASSERT_OK(wok_loop_get_info(&after));
	if (large)
		printf("%d tasks through one scope: mappings %zu -> %zu, resident %zu -> %zu KiB, "
		       "stacks %zu -> %zu\n",
		       n, mappings, count_mappings(), resident, resident_kib(),
		       before.stacks_mapped, after.stacks_mapped);
	ASSERT_EQ(after.stacks_mapped, before.stacks_mapped);
	ASSERT(count_mappings() <= mappings + 2);
	ASSERT(resident_kib() <= resident + 1024);
	ASSERT_OK(wok_scope_join(scope));
}

TEST_TASK(a_batch_of_short_tasks_shares_one_stack)
{
	WOK_AUTO(wok_scope) *scope = NULL;
	wok_loop_info info;

	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < 1000; i++)
		ASSERT_OK(wok_scope_spawn(scope, return_at_once, NULL));
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_OK(wok_loop_get_info(&info));
	ASSERT(info.stacks_mapped <= 3);
}

static int use_some_stack(void *all_are_there)
{
	char room[65536];

	memset(room, 1, sizeof(room));
	__asm__ volatile("" : : "r"(room) : "memory");
	return wok_event_wait(all_are_there);
}

static int idle_after_a_crowd(void *unused)
{
	wok_event all_are_there = WOK_EVENT_INIT;
	WOK_AUTO(wok_scope) *scope = NULL;

	(void) unused;
	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < 1000; i++)
		ASSERT_OK(wok_scope_spawn(scope, use_some_stack, &all_are_there));
	ASSERT_OK(wok_yield());
	wok_event_set(&all_are_there);
	ASSERT_OK(wok_scope_join(scope));
	size_t busy = resident_kib();
	for (int i = 0; i < 40; i++) { /* two trims, a second apart, are what it takes */
		ASSERT_OK(wok_sleep(100 * WOK_MS));
		if (resident_kib() + 50000 < busy)
			return 0;
	}
	return -EIO;
}

TEST(stacks_that_are_not_needed_give_their_memory_back, "G2")
{
	skip_if_sanitized();
	ASSERT_OK(wok_test_run(idle_after_a_crowd, NULL, &(wok_test_options){.real_clock = true}));
}

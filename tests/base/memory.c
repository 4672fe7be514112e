/* SPDX-License-Identifier: MIT */
/* Memory, lists, time and the texts of errors: what the rest stands on. */
#include "base/memory.h"

#include <stdlib.h>
#include <wok/wok.h>

#include "base/list.h"
#include "base/time.h"
#include "harness/test.h"

static size_t live, calls;

static void *count(void *pointer, size_t size, void *arg)
{
	ASSERT_STR(arg, "mine");
	calls++;
	if (size == 0) {
		live -= pointer != NULL;
		free(pointer);
		return NULL;
	}
	live += pointer == NULL;
	return realloc(pointer, size);
}

static int use_memory(void *unused)
{
	WOK_AUTO(wok_scope) *scope = NULL;
	WOK_AUTO(wok_stream) *a = NULL;
	WOK_AUTO(wok_stream) *b = NULL;

	(void) unused;
	WOK_TRY(wok_scope_new(&scope));
	WOK_TRY(wok_stream_pair(0, &a, &b));
	WOK_IGNORE(wok_fail(-EIO, "a message"));
	return wok_scope_join(scope);
}

TEST(large_blocks_are_aligned_for_the_kernels_copies)
{
	for (size_t size = 4096; size < 1 << 22; size = size * 3 / 2 + 1) {
		char *block = wok_alloc(size);
		ASSERT_EQ((uintptr_t) block % 64, 0);
		block[size - 1] = 'x';
		block = wok_realloc(block, 2 * size);
		ASSERT_EQ(block[size - 1], 'x');
		wok_free(block);
	}
}

TEST(all_memory_comes_from_the_applications_allocator_and_returns_to_it)
{
	const wok_allocator allocator = {count, "mine"};

	ASSERT_OK(wok_set_allocator(&allocator));
	ASSERT_OK(wok_test_run(use_memory, NULL, NULL));
	ASSERT(calls > 10);
	ASSERT_EQ(live, 0);
}

TEST(allocations_fail_when_they_are_told_to)
{
	wok_test_fail_allocation(2, false);
	void *first = wok_alloc(10), *second = wok_alloc(10), *third = wok_alloc(10);
	ASSERT(first && !second && third);
	wok_test_fail_allocation(1, true);
	ASSERT(!wok_realloc(first, 20) && !wok_alloc(1));
	wok_test_fail_allocation(0, false);
	first = wok_realloc(first, 20);
	ASSERT(first);
	wok_free(first);
	wok_free(third);
	wok_free(NULL);
	void *nothing = wok_alloc(0);
	ASSERT(nothing);
	wok_free(nothing);
}

TEST(an_array_grows_by_doubling_and_not_beyond_what_can_be_counted)
{
	int *array = NULL;
	size_t capacity = 0;

	for (size_t need = 1; need < 1000; need++) {
		ASSERT_OK(wok__grow((void **) &array, &capacity, need, sizeof(*array)));
		array[need - 1] = (int) need;
		ASSERT(capacity >= need && capacity < 2 * need + 16);
	}
	ASSERT_EQ(array[500], 501);
	ASSERT_ERR(wok__grow((void **) &array, &capacity, SIZE_MAX / 2, sizeof(*array)), -ENOMEM);
	ASSERT_EQ(array[500], 501);
	wok_free(array);
}

struct item {
	int number;
	struct wok__node link;
};

TEST(nodes_leave_a_list_from_anywhere)
{
	struct wok__list list, other;
	struct item items[5];
	int seen = 0;

	wok__list_init(&list);
	wok__list_init(&other);
	ASSERT(!wok__list_pop(&list));
	for (int i = 0; i < 5; i++) {
		items[i].number = i;
		wok__list_push_back(&list, &items[i].link);
	}
	wok__list_remove(&items[2].link);
	wok__list_remove(&items[2].link); /* twice is once */
	wok__list_push_front(&other, &items[2].link);
	wok__list_move(&other, &list);
	wok__list_move(&other, &list); /* nothing */
	ASSERT(wok__list_empty(&list));
	WOK__LIST_EACH (node, &other) {
		seen = seen * 10 + WOK__CONTAINER(node, struct item, link)->number;
		wok__list_remove(node);
	}
	ASSERT_EQ(seen, 20134);
	ASSERT(wok__list_empty(&other));
}

TEST(sums_of_time_saturate)
{
	ASSERT_EQ(wok__time_add(1, 2), 3);
	ASSERT_EQ(wok__time_add(WOK_FOREVER, -1), WOK_FOREVER);
	ASSERT_EQ(wok__time_add(5, WOK_FOREVER), WOK_FOREVER);
	ASSERT_EQ(wok__time_add(WOK_FOREVER - 1, 5), WOK_FOREVER);
	ASSERT_EQ(wok__time_add(INT64_MIN + 1, -5), INT64_MIN);
}

TEST(every_code_has_a_name_and_a_text)
{
	ASSERT_STR(wok_strerror(0), "success");
	ASSERT_STR(wok_strerror(7), "success");
	ASSERT_STR(wok_errname(7), "0");
	ASSERT_STR(wok_errname(-ECONNREFUSED), "ECONNREFUSED");
	ASSERT_STR(wok_strerror(-ECONNREFUSED), "Connection refused");
	ASSERT_STR(wok_errname(WOK_EEOF), "WOK_EEOF");
	ASSERT_STR(wok_strerror(-4000), "unknown error");
	ASSERT_STR(wok_errname(-100000), "unknown");
	for (int code = WOK_EWORKER; code <= WOK_ETASKCANCELED; code++) {
		ASSERT(strncmp(wok_errname(code), "WOK_E", 5) == 0);
		ASSERT(strcmp(wok_strerror(code), "unknown error") != 0);
	}
}

/* SPDX-License-Identifier: MIT */
/* Memory: see wok/memory.h. All of wok's allocations pass through wok_realloc(). */
#include "base/memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/settle.h"

/*
 * Where the kernel copies into memory that begins at no multiple of 32, some processors take five
 * times as long (AMD Zen: 2.0 against 10.3 GB/s, bench/w12-files). malloc() gives 16, and what it
 * maps begins 16 bytes into a page: so large blocks, which are buffers, are aligned here.
 */
enum { LARGE = 4096, ALIGNMENT = 64 };

static void *libc_realloc(void *pointer, size_t size, void *unused)
{
	(void) unused;
	if (size == 0) {
		free(pointer);
		return NULL;
	}
	if (pointer)
		return realloc(pointer, size);
	if (size < LARGE)
		return malloc(size);
	return posix_memalign(&pointer, ALIGNMENT, size) == 0 ? pointer : NULL;
}

static wok_allocator allocator = {libc_realloc, NULL};
static atomic_bool settled;

/* Fault injection. Counted down by whoever allocates: tests use it with one loop at a time. */
static uint64_t fail_at;
static bool fail_after;

void wok__settle(void)
{
	atomic_store_explicit(&settled, true, memory_order_relaxed);
}

bool wok__settled(void)
{
	return atomic_load_explicit(&settled, memory_order_relaxed);
}

int wok_set_allocator(const wok_allocator *replacement)
{
	if (wok__settled())
		return -EBUSY;
	if (replacement && !replacement->realloc)
		return -EINVAL;
	allocator = replacement ? *replacement : (wok_allocator){libc_realloc, NULL};
	return 0;
}

void wok__fail_allocation(uint64_t n, bool and_after)
{
	fail_at = n;
	fail_after = and_after;
}

bool wok__fail_allocation_pending(void)
{
	return fail_at > 0;
}

static bool must_fail(void)
{
	if (__builtin_expect(fail_at == 0, true))
		return false;
	if (--fail_at > 0)
		return false;
	if (fail_after)
		fail_at = 1;
	return true;
}

void *wok_realloc(void *pointer, size_t size)
{
	if (must_fail())
		return NULL;
	return allocator.realloc(pointer, size, allocator.arg);
}

void *wok_alloc(size_t size)
{
	return wok_realloc(NULL, size ? size : 1);
}

void wok_free(void *pointer)
{
	if (pointer)
		(void) allocator.realloc(pointer, 0, allocator.arg);
}

void *wok__alloc_zeroed(size_t size)
{
	void *memory = wok_alloc(size);
	if (memory)
		memset(memory, 0, size);
	return memory;
}

void *wok__alloc_array(size_t n, size_t size)
{
	size_t total;

	return __builtin_mul_overflow(n, size, &total) ? NULL : wok_alloc(total);
}

char *wok__strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = wok_alloc(size);
	if (copy)
		memcpy(copy, text, size);
	return copy;
}

int wok__grow(void **array, size_t *capacity, size_t need, size_t size)
{
	size_t room = *capacity ? *capacity : 16, bytes;

	if (need <= *capacity)
		return 0;
	while (room < need)
		room = room > SIZE_MAX / 2 ? need : room * 2;
	if (__builtin_mul_overflow(room, size, &bytes))
		return -ENOMEM;
	void *grown = wok_realloc(*array, bytes);
	if (!grown)
		return -ENOMEM;
	*array = grown;
	*capacity = room;
	return 0;
}

/* SPDX-License-Identifier: MIT */
#ifndef WOK_MEMORY_H
#define WOK_MEMORY_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/* An allocator. realloc works as the C library's: NULL allocates, size 0 frees and gives NULL. */
typedef struct {
	void *(*realloc)(void *pointer, size_t size, void *arg);
	void *arg;
} wok_allocator;

/**
 * Say where wok's memory comes from (stacks are mapped, not allocated). Process-wide, and settled
 * once a loop has run.
 *
 * allocator:  copied; NULL for the C library's
 * Returns:    0; -EBUSY after the first run; -EINVAL if realloc is NULL
 * Checkpoint: never
 * Threads:    any, before the first run
 */
int wok_set_allocator(const wok_allocator *allocator);

/**
 * Allocate by the process's allocator. Without one of its own, blocks of 4 KiB and more begin at a
 * multiple of 64: reading a file into memory that does not can take five times as long.
 *
 * Returns:    size bytes, not initialised; NULL if there is no memory
 * Checkpoint: never
 * Threads:    any
 */
void *wok_alloc(size_t size);

/**
 * Change the size of what wok_alloc() gave.
 *
 * pointer:    NULL allocates
 * size:       not 0
 * Returns:    the memory, perhaps moved; NULL if there is none, pointer then being as it was
 * Checkpoint: never
 * Threads:    any
 */
void *wok_realloc(void *pointer, size_t size);

/**
 * Release what wok_alloc() or wok_realloc() gave.
 *
 * pointer:    NULL does nothing
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    any
 */
void wok_free(void *pointer);

WOK_END_DECLS
#endif

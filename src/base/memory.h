/* SPDX-License-Identifier: MIT */
#ifndef WOK_BASE_MEMORY_H
#define WOK_BASE_MEMORY_H
#include <stdbool.h>
#include <stdint.h>
#include <wok/memory.h>

/* The extension face: wok's other libraries use these, too. */
WOK_BEGIN_DECLS

/* Zeroed memory, or NULL. */
void *wok__alloc_zeroed(size_t size);

/* Room for n elements of size bytes, or NULL, also if that is more than there can be. */
void *wok__alloc_array(size_t n, size_t size);

/* A copy of a text, or NULL. */
char *wok__strdup(const char *text);

/*
 * Make room for at least need elements of size bytes in an array that grows by doubling.
 * 0, or -ENOMEM with the array as it was.
 */
int wok__grow(void **array, size_t *capacity, size_t need, size_t size);

WOK_END_DECLS

/* Make the n-th allocation from now fail, and perhaps those after it: for tests. 0 stops that. */
void wok__fail_allocation(uint64_t n, bool and_after);

/* Whether that is still to come. */
bool wok__fail_allocation_pending(void);
#endif

/* SPDX-License-Identifier: MIT */
#ifndef WOK_BASE_HEAP_H
#define WOK_BASE_HEAP_H
/*
 * A heap of four-way branches, ordered by (key, sequence): equal keys come out in the order in
 * which they went in. The keys lie in the array itself, so that sifting touches no element; four
 * children share a cache line or two. Each element knows its place, so it can leave from the
 * middle. Johnson 1975 has the d-ary heap.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wok/base.h>

struct wok__heap_link {
	size_t index; /* 1 + the place in the array; 0: in no heap */
};

struct wok__heap_entry {
	int64_t key;
	uint64_t sequence;
	struct wok__heap_link *link;
};

struct wok__heap {
	struct wok__heap_entry *entries;
	size_t n;
	size_t capacity;
	size_t reserved; /* room that was promised: inserting into it cannot fail */
	uint64_t next_sequence;
};

/* The extension face: the timers of wok's other libraries use these, too. */
WOK_BEGIN_DECLS

/* wok__heap_reserve() where memory is needed for it. */
int wok__heap_grow(struct wok__heap *heap);

/* Insert into room that was reserved. */
void wok__heap_insert(struct wok__heap *heap, struct wok__heap_link *link, int64_t key);
void wok__heap_remove(struct wok__heap *heap, struct wok__heap_link *link);

WOK_END_DECLS

/* Promise room for one more element; -ENOMEM. */
static inline int wok__heap_reserve(struct wok__heap *heap)
{
	if (__builtin_expect(heap->reserved == heap->capacity, false))
		return wok__heap_grow(heap);
	heap->reserved++;
	return 0;
}

static inline void wok__heap_unreserve(struct wok__heap *heap)
{
	heap->reserved--;
}

/* A place among equal keys, for an element that goes in later, if at all. */
static inline uint64_t wok__heap_draw(struct wok__heap *heap)
{
	return heap->next_sequence++;
}

void wok__heap_insert_drawn(struct wok__heap *heap, struct wok__heap_link *link, int64_t key,
			    uint64_t sequence);

void wok__heap_clear(struct wok__heap *heap);

static inline bool wok__heap_contains(const struct wok__heap_link *link)
{
	return link->index != 0;
}

/* The least element; NULL if there is none. */
static inline const struct wok__heap_entry *wok__heap_first(const struct wok__heap *heap)
{
	return heap->n ? &heap->entries[0] : NULL;
}
#endif

/* SPDX-License-Identifier: MIT */
/* A 4-ary heap: see base/heap.h. */
#include "base/heap.h"

#include <assert.h>

#include "base/memory.h"

enum { WAYS = 4 };

static bool before(const struct wok__heap_entry *a, const struct wok__heap_entry *b)
{
	return a->key != b->key ? a->key < b->key : a->sequence < b->sequence;
}

static void place(struct wok__heap *heap, size_t at, struct wok__heap_entry entry)
{
	heap->entries[at] = entry;
	entry.link->index = at + 1;
}

static void sift_up(struct wok__heap *heap, size_t at, struct wok__heap_entry entry)
{
	while (at > 0) {
		size_t parent = (at - 1) / WAYS;
		if (!before(&entry, &heap->entries[parent]))
			break;
		place(heap, at, heap->entries[parent]);
		at = parent;
	}
	place(heap, at, entry);
}

/* The least child of at, or 0 (which is nobody's child) if it has none. */
static size_t least_child(const struct wok__heap *heap, size_t at)
{
	size_t first = at * WAYS + 1, least = first;

	if (first >= heap->n)
		return 0;
	for (size_t i = first + 1; i < heap->n && i < first + WAYS; i++)
		if (before(&heap->entries[i], &heap->entries[least]))
			least = i;
	return least;
}

static void sift_down(struct wok__heap *heap, size_t at, struct wok__heap_entry entry)
{
	size_t child;

	while ((child = least_child(heap, at)) && before(&heap->entries[child], &entry)) {
		place(heap, at, heap->entries[child]);
		at = child;
	}
	place(heap, at, entry);
}

int wok__heap_grow(struct wok__heap *heap)
{
	int r = wok__grow((void **) &heap->entries, &heap->capacity, heap->reserved + 1,
			  sizeof(heap->entries[0]));
	if (r < 0)
		return r;
	heap->reserved++;
	return 0;
}

void wok__heap_insert_drawn(struct wok__heap *heap, struct wok__heap_link *link, int64_t key,
			    uint64_t sequence)
{
	assert(heap->n < heap->reserved);
	sift_up(heap, heap->n++, (struct wok__heap_entry){key, sequence, link});
}

void wok__heap_insert(struct wok__heap *heap, struct wok__heap_link *link, int64_t key)
{
	wok__heap_insert_drawn(heap, link, key, wok__heap_draw(heap));
}

void wok__heap_remove(struct wok__heap *heap, struct wok__heap_link *link)
{
	size_t at = link->index - 1;
	struct wok__heap_entry last = heap->entries[--heap->n];

	link->index = 0;
	if (at == heap->n)
		return;
	if (at > 0 && before(&last, &heap->entries[(at - 1) / WAYS]))
		sift_up(heap, at, last);
	else
		sift_down(heap, at, last);
}

void wok__heap_clear(struct wok__heap *heap)
{
	wok_free(heap->entries);
	*heap = (struct wok__heap){0};
}

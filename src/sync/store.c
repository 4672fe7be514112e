/* SPDX-License-Identifier: MIT */
/* Items kept by value: see sync/store.h. */
#include "sync/store.h"

#include <errno.h>

#include "base/memory.h"

enum { CAPACITY_MIN = 16, ALIGNMENT = 16 };

int wok__store_init(struct wok__store *store, size_t item_size, enum wok__store_order order,
		    int (*compare)(const void *a, const void *b))
{
	/* Far below SIZE_MAX, so that no sum of a few can overflow. */
	if (item_size == 0 || item_size > SIZE_MAX / 4)
		return -EINVAL;
	*store = (struct wok__store){
		.item_size = item_size,
		.stride = item_size,
		.compare = compare,
		.order = order,
	};
	if (order == WOK__STORE_LEAST)
		store->stride =
			(item_size + sizeof(uint64_t) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	return 0;
}

static char *slot(const struct wok__store *store, size_t at)
{
	return store->data + at * store->stride;
}

int wok__store_grow(struct wok__store *store, size_t n)
{
	size_t capacity = store->capacity ? store->capacity : CAPACITY_MIN, bytes;

	while (capacity < n) {
		if (capacity > SIZE_MAX / 2)
			return -ENOMEM;
		capacity *= 2;
	}
	if (__builtin_mul_overflow(capacity, store->stride, &bytes))
		return -ENOMEM;
	char *data = wok_realloc(store->data, bytes);
	if (!data)
		return -ENOMEM;
	store->data = data;
	/* The part of the ring in front of its head belongs behind what was its end. */
	if (store->head + store->n > store->capacity) {
		size_t wrapped = store->head + store->n - store->capacity;
		memcpy(slot(store, store->capacity), data, wrapped * store->stride);
	}
	store->capacity = capacity;
	return 0;
}

/* --- the heap: 4-ary, as base/heap.h, but by value ------------------------------------------- */

enum { WAYS = 4 };

static uint64_t number(const struct wok__store *store, const char *item)
{
	uint64_t sequence;

	memcpy(&sequence, item + store->stride - sizeof(sequence), sizeof(sequence));
	return sequence;
}

static bool before(const struct wok__store *store, const char *a, const char *b)
{
	int order = store->compare(a, b);

	return order != 0 ? order < 0 : number(store, a) < number(store, b);
}

/* A new item has the highest number, so it rises past greater ones, and not past its equals. */
void wok__heap_push_item(struct wok__store *store, const void *item)
{
	size_t at = store->n++;
	uint64_t sequence = store->sequence++;

	while (at > 0) {
		size_t parent = (at - 1) / WAYS;
		if (store->compare(item, slot(store, parent)) >= 0)
			break;
		memcpy(slot(store, at), slot(store, parent), store->stride);
		at = parent;
	}
	memcpy(slot(store, at), item, store->item_size);
	memcpy(slot(store, at) + store->stride - sizeof(sequence), &sequence, sizeof(sequence));
}

/* The least child of at, or 0 (which is nobody's child) if it has none. */
static size_t least_child(const struct wok__store *store, size_t at)
{
	size_t first = at * WAYS + 1, least = first;

	if (first >= store->n)
		return 0;
	for (size_t i = first + 1; i < store->n && i < first + WAYS; i++)
		if (before(store, slot(store, i), slot(store, least)))
			least = i;
	return least;
}

void wok__heap_pop_item(struct wok__store *store, void *ret_item)
{
	const char *last = slot(store, --store->n); /* outside of the heap from now on */
	size_t at = 0, child;

	memcpy(ret_item, slot(store, 0), store->item_size);
	while ((child = least_child(store, at)) && before(store, slot(store, child), last)) {
		memcpy(slot(store, at), slot(store, child), store->stride);
		at = child;
	}
	if (slot(store, at) != last)
		memcpy(slot(store, at), last, store->stride);
}

void wok__store_free(struct wok__store *store)
{
	wok_free(store->data);
}

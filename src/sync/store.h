/* SPDX-License-Identifier: MIT */
#ifndef WOK_SYNC_STORE_H
#define WOK_SYNC_STORE_H
/*
 * Items kept by value, for queues and channels: a ring, taken from either end, or a heap. Memory
 * grows by doubling as it is needed. Room is reserved before an item goes in, so that pushing
 * cannot fail.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Which item comes out first. */
enum wok__store_order {
	WOK__STORE_OLDEST,
	WOK__STORE_NEWEST,
	WOK__STORE_LEAST, /* by compare(); of equal ones the oldest */
};

struct wok__store {
	char *data;
	size_t item_size;
	size_t stride;   /* from one item to the next: a heap keeps a number behind each */
	size_t capacity; /* 0 or a power of two */
	size_t head;     /* of the ring: where the oldest lies */
	size_t n;
	uint64_t sequence; /* of the heap: the number of the next item */
	int (*compare)(const void *a, const void *b);
	enum wok__store_order order;
};

/* item_size: not 0; compare: for WOK__STORE_LEAST. -EINVAL if no item can be that large. */
int wok__store_init(struct wok__store *store, size_t item_size, enum wok__store_order order,
		    int (*compare)(const void *a, const void *b));

/* Make room for n items in all; -ENOMEM, with the store as it was. */
int wok__store_grow(struct wok__store *store, size_t n);

static inline int wok__store_reserve(struct wok__store *store, size_t n)
{
	return n <= store->capacity ? 0 : wok__store_grow(store, n);
}

void wok__store_free(struct wok__store *store);

void wok__heap_push_item(struct wok__store *store, const void *item);
void wok__heap_pop_item(struct wok__store *store, void *ret_item);

/* Copy an item; those of the usual sizes without a call. */
static inline void wok__item_copy(void *to, const void *from, size_t size)
{
	if (size == 8)
		memcpy(to, from, 8);
	else if (size == 4)
		memcpy(to, from, 4);
	else if (size == 16)
		memcpy(to, from, 16);
	else
		memcpy(to, from, size);
}

static inline char *wok__store_at(const struct wok__store *store, size_t at)
{
	return store->data + ((store->head + at) & (store->capacity - 1)) * store->stride;
}

/* There must be room. */
static inline void wok__store_push(struct wok__store *store, const void *item)
{
	if (store->order == WOK__STORE_LEAST)
		wok__heap_push_item(store, item);
	else
		wok__item_copy(wok__store_at(store, store->n++), item, store->item_size);
}

/* There must be an item. */
static inline void wok__store_pop(struct wok__store *store, void *ret_item)
{
	if (store->order == WOK__STORE_LEAST) {
		wok__heap_pop_item(store, ret_item);
		return;
	}
	size_t at = store->order == WOK__STORE_NEWEST ? store->n - 1 : 0;
	wok__item_copy(ret_item, wok__store_at(store, at), store->item_size);
	store->n--;
	if (at == 0)
		store->head = (store->head + 1) & (store->capacity - 1);
}
#endif

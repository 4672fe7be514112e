/* SPDX-License-Identifier: MIT */
/* The heap of timers against a plain array: see base/heap.h. */
#include "base/heap.h"

#include "base/memory.h"
#include "harness/test.h"

enum { N = 10000 };

struct element {
	struct wok__heap_link link;
	int64_t key;
	uint64_t born; /* when it went in: the order of equal keys */
	bool in;
};

static uint64_t state = 1;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static struct element elements[N];

static struct element *least(void)
{
	struct element *best = NULL;

	for (int i = 0; i < N; i++) {
		struct element *e = &elements[i];
		if (e->in &&
		    (!best || e->key < best->key || (e->key == best->key && e->born < best->born)))
			best = e;
	}
	return best;
}

static void reserve(struct wok__heap *heap, int n)
{
	for (int i = 0; i < n; i++)
		ASSERT_OK(wok__heap_reserve(heap));
}

static void insert(struct wok__heap *heap, struct element *element, int64_t key)
{
	static uint64_t births;

	element->key = key;
	element->born = births++;
	element->in = true;
	wok__heap_insert(heap, &element->link, key);
}

static void take_out(struct wok__heap *heap, struct element *element)
{
	element->in = false;
	wok__heap_remove(heap, &element->link);
	ASSERT(!wok__heap_contains(&element->link));
}

TEST(ten_thousand_random_insertions_and_removals_keep_the_order, "A3")
{
	struct wok__heap heap = {0};

	reserve(&heap, N);
	for (int step = 0; step < 10 * N; step++) {
		struct element *e = &elements[next_random() % N];
		/* Few different keys, so that many are equal. */
		if (!e->in)
			insert(&heap, e, (int64_t) (next_random() % 500));
		else
			take_out(&heap, e);
		if (step % 500 == 0) {
			const struct wok__heap_entry *first = wok__heap_first(&heap);
			ASSERT(first ? first->link == &least()->link : !least());
		}
	}
	int64_t key = -1;
	uint64_t born = 0;
	while (heap.n > 0) {
		struct element *e = (struct element *) (void *) wok__heap_first(&heap)->link;
		ASSERT(e->key > key || (e->key == key && e->born > born));
		key = e->key;
		born = e->born;
		take_out(&heap, e);
	}
	ASSERT(!wok__heap_first(&heap));
	wok__heap_clear(&heap);
}

TEST(room_is_promised_before_it_is_used)
{
	struct wok__heap heap = {0};

	wok__fail_allocation(1, true);
	ASSERT_ERR(wok__heap_reserve(&heap), -ENOMEM);
	wok__fail_allocation(0, false);
	ASSERT_EQ(heap.reserved, 0);
	reserve(&heap, 1000);
	wok__fail_allocation(1, true);
	for (int i = 0; i < 1000; i++)
		insert(&heap, &elements[i], 1000 - i);
	wok__fail_allocation(0, false);
	for (int i = 0; i < 1000; i++)
		take_out(&heap, &elements[i]);
	for (int i = 0; i < 1000; i++)
		wok__heap_unreserve(&heap);
	ASSERT_EQ(heap.reserved, 0);
	wok__heap_clear(&heap);
}

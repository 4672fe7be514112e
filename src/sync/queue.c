/* SPDX-License-Identifier: MIT */
/*
 * Queues: see wok/queue.h.
 *
 * An item that comes while a getter waits is copied into the getter's own memory at once, so what
 * is granted stays granted. It still counts until the getter has run: a queue's size is what no
 * task has in hand yet. So there are three states, and in each nobody can come in between:
 *
 * - getters wait: then nothing is in the store, and no putter waits unless reserved items fill it;
 * - items are in the store: then no getter waits;
 * - putters wait: then the queue is full, and admit() runs at each place that makes room.
 *
 * A getter comes back to the queue after its wait, so its call keeps the queue's memory.
 */
#include <stdlib.h>
#include <wok/error.h>
#include <wok/queue.h>

#include "base/memory.h"
#include "sync/store.h"
#include "task/park.h"

struct wok_queue {
	struct wok__store store;
	size_t maxsize;
	size_t reserved;   /* items that were handed to getters which have not run since */
	size_t unfinished; /* put, and not reported by wok_queue_task_done() */
	size_t refs;       /* the handle, and each getter that waits */
	bool shut;
	wok_waiters getters, putters, joiners;
};

struct getter {
	struct wok__parker parker;
	void *item; /* where it goes */
};

struct putter {
	struct wok__parker parker;
	const void *item;
};

static size_t size_of(const wok_queue *queue)
{
	return queue->store.n + queue->reserved;
}

static bool is_full(const wok_queue *queue)
{
	return size_of(queue) >= queue->maxsize;
}

static int make(size_t item_size, size_t maxsize, enum wok__store_order order,
		wok_queue_compare_fn *compare, wok_queue **ret_queue)
{
	struct wok__store store;
	int r = wok__store_init(&store, item_size, order, compare);

	if (r < 0)
		return wok_fail(r, "a queue of items of %zu bytes is impossible", item_size);
	wok_queue *queue = wok__alloc_zeroed(sizeof(*queue));
	if (!queue)
		return -ENOMEM;
	queue->store = store;
	queue->maxsize = maxsize ? maxsize : WOK_UNLIMITED;
	queue->refs = 1;
	*ret_queue = queue;
	return 0;
}

int wok_queue_new(size_t item_size, size_t maxsize, wok_queue **ret_queue)
{
	return make(item_size, maxsize, WOK__STORE_OLDEST, NULL, ret_queue);
}

int wok_lifo_queue_new(size_t item_size, size_t maxsize, wok_queue **ret_queue)
{
	return make(item_size, maxsize, WOK__STORE_NEWEST, NULL, ret_queue);
}

int wok_priority_queue_new(size_t item_size, size_t maxsize, wok_queue_compare_fn *compare,
			   wok_queue **ret_queue)
{
	if (!compare)
		return wok_fail(-EINVAL,
				"wok_priority_queue_new: there must be a compare function");
	return make(item_size, maxsize, WOK__STORE_LEAST, compare, ret_queue);
}

static void drop(wok_queue *queue)
{
	if (--queue->refs > 0)
		return;
	wok__store_free(&queue->store);
	wok_free(queue);
}

static void wake_all(wok_waiters *waiters, int result)
{
	while (wok__wake_first(waiters, result))
		;
}

/* Whether only tasks of this loop wait, if any: a queue of another loop is left as it is. */
static bool is_ours(const wok_queue *queue)
{
	return wok__check_queue(&queue->getters) == 0 && wok__check_queue(&queue->putters) == 0 &&
	       wok__check_queue(&queue->joiners) == 0;
}

void wok_queue_free(wok_queue *queue)
{
	if (!queue || !is_ours(queue))
		return;
	wake_all(&queue->getters, -EBADF);
	wake_all(&queue->putters, -EBADF);
	wake_all(&queue->joiners, -EBADF);
	drop(queue);
}

/* Leave a message with what ended a call, where there is one. */
static int say(int r, const char *call)
{
	if (r == -ESHUTDOWN)
		return wok_fail(r, "%s: the queue is shut down", call);
	if (r == -EBADF)
		return wok_fail(r, "%s: the queue was freed meanwhile", call);
	return r;
}

/* Take in an item, for which there is room. */
static void give(wok_queue *queue, const void *item)
{
	struct wok__parker *first = queue->getters.first;

	queue->unfinished++;
	if (!first) {
		wok__store_push(&queue->store, item);
		return;
	}
	wok__item_copy(WOK__CONTAINER(first, struct getter, parker)->item, item,
		       queue->store.item_size);
	queue->reserved++;
	wok__wake(first, 0);
}

/* After something was taken out: let in those who waited for room. */
static void admit(wok_queue *queue)
{
	struct wok__parker *first;

	while ((first = queue->putters.first) && !is_full(queue)) {
		give(queue, WOK__CONTAINER(first, struct putter, parker)->item);
		wok__wake(first, 0);
	}
}

/* wok_queue_try_put() without its message. */
static int try_put(wok_queue *queue, const void *item)
{
	if (queue->shut)
		return -ESHUTDOWN;
	if (is_full(queue))
		return -EAGAIN;
	int r = wok__check_queue(&queue->getters);
	if (r < 0)
		return r;
	/*
	 * Reserved items count, though they do not lie in the store: so a store that was full once
	 * has room for all that admit() may ever put there, where nobody could be told of a lack.
	 */
	r = wok__store_reserve(&queue->store, size_of(queue) + 1);
	if (r < 0)
		return r;
	give(queue, item);
	return 0;
}

int wok_queue_try_put(wok_queue *queue, const void *item)
{
	return say(try_put(queue, item), "wok_queue_try_put");
}

static WOK__OUT_OF_LINE int wait_to_put(wok_queue *queue, const void *item)
{
	struct putter putter = {
		.parker = WOK__PARKER_INIT("room in a queue"),
		.item = item,
	};

	return wok__park(&putter.parker, &queue->putters);
}

int wok_queue_put(wok_queue *queue, const void *item)
{
	int r = wok__quick_check();

	if (r < 0)
		return r;
	r = try_put(queue, item);
	if (r == 0) {
		wok__quick_spend();
		return 0;
	}
	if (r == -EAGAIN)
		r = wait_to_put(queue, item);
	return say(r, "wok_queue_put");
}

/* wok_queue_try_get() without its message. */
static int try_get(wok_queue *queue, void *ret_item)
{
	if (queue->store.n == 0)
		return queue->shut ? -ESHUTDOWN : -EAGAIN;
	int r = wok__check_queue(&queue->putters);
	if (r < 0)
		return r;
	wok__store_pop(&queue->store, ret_item);
	admit(queue);
	return 0;
}

int wok_queue_try_get(wok_queue *queue, void *ret_item)
{
	return say(try_get(queue, ret_item), "wok_queue_try_get");
}

static WOK__OUT_OF_LINE int wait_to_get(wok_queue *queue, void *ret_item)
{
	struct getter getter = {
		.parker = WOK__PARKER_INIT("an item of a queue"),
		.item = ret_item,
	};

	queue->refs++;
	int r = wok__park(&getter.parker, &queue->getters);
	if (r == 0) {
		queue->reserved--;
		admit(queue);
	}
	drop(queue);
	return r;
}

/* wok_queue_get() without its message. */
static int get(wok_queue *queue, void *ret_item)
{
	int r = wok__quick_check();

	if (r < 0)
		return r;
	r = try_get(queue, ret_item);
	if (r == -EAGAIN)
		return wait_to_get(queue, ret_item);
	if (r == 0 || r == -ESHUTDOWN)
		wok__quick_spend();
	return r;
}

int wok_queue_get(wok_queue *queue, void *ret_item)
{
	return say(get(queue, ret_item), "wok_queue_get");
}

int wok_queue_next(wok_queue *queue, void *ret_item)
{
	int r = get(queue, ret_item);

	if (r == -ESHUTDOWN)
		return 0;
	return r == 0 ? 1 : say(r, "wok_queue_next");
}

size_t wok_queue_size(const wok_queue *queue)
{
	return size_of(queue);
}

bool wok_queue_empty(const wok_queue *queue)
{
	return size_of(queue) == 0;
}

bool wok_queue_full(const wok_queue *queue)
{
	return is_full(queue);
}

int wok_queue_task_done(wok_queue *queue)
{
	if (queue->unfinished == 0)
		return wok_fail(-EINVAL, "wok_queue_task_done: called more often than items were "
					 "put in");
	if (--queue->unfinished == 0)
		wake_all(&queue->joiners, 0);
	return 0;
}

int wok_queue_join(wok_queue *queue)
{
	struct wok__parker parker = WOK__PARKER_INIT("the end of the work on a queue");

	if (queue->unfinished == 0)
		return wok__checkpoint();
	return say(wok__park(&parker, &queue->joiners), "wok_queue_join");
}

void wok_queue_shutdown(wok_queue *queue, bool immediate)
{
	if (!is_ours(queue))
		return;
	queue->shut = true;
	wake_all(&queue->putters, -ESHUTDOWN);
	wake_all(&queue->getters, -ESHUTDOWN);
	if (!immediate)
		return;
	/* Fewer may be unfinished, if somebody was early with wok_queue_task_done(). */
	if (queue->unfinished > queue->store.n)
		queue->unfinished -= queue->store.n;
	else
		queue->unfinished = 0;
	queue->store.n = 0;
	if (queue->unfinished == 0)
		wake_all(&queue->joiners, 0);
}

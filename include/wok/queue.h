/* SPDX-License-Identifier: MIT */
#ifndef WOK_QUEUE_H
#define WOK_QUEUE_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/*
 * Items on their way from tasks to tasks, copied in and out, with a limit that makes putters wait
 * and a count of work that is not finished. Putters and getters each get their turn first in, first
 * out. An item that was put while a getter waits is reserved for that getter: nobody else can take
 * it, and a cancel that comes after it does not lose it.
 */
typedef struct wok_queue wok_queue;

/* Which of two items comes out first: negative if a does, positive if b, 0 if they are equal. */
typedef int wok_queue_compare_fn(const void *a, const void *b);

/**
 * Make a queue: first in, first out.
 *
 * item_size:  bytes of an item, at least 1
 * maxsize:    how many items it holds; 0 or WOK_UNLIMITED: any number. Memory is taken as needed
 * ret_queue:  the queue; free it
 * Returns:    0; -EINVAL for a size that no item has; -ENOMEM
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_queue_new(size_t item_size, size_t maxsize, wok_queue **ret_queue) WOK_MUST_CHECK;

/**
 * Make a queue that gives out the newest item first.
 *
 * item_size, maxsize, ret_queue: as wok_queue_new()'s
 * Returns:    as wok_queue_new()
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_lifo_queue_new(size_t item_size, size_t maxsize, wok_queue **ret_queue) WOK_MUST_CHECK;

/**
 * Make a queue that gives out the least item first, and of equal ones the oldest.
 *
 * item_size, maxsize, ret_queue: as wok_queue_new()'s
 * compare:    called at put and get; must not wait or use the queue
 * Returns:    as wok_queue_new(); -EINVAL also without compare
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_priority_queue_new(size_t item_size, size_t maxsize, wok_queue_compare_fn *compare,
			   wok_queue **ret_queue) WOK_MUST_CHECK;

/**
 * Free a queue and what is in it. Whoever waits in one of its calls gets -EBADF.
 *
 * queue:      NULL does nothing
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the queue's loop
 */
void wok_queue_free(wok_queue *queue);
WOK_DEFINE_AUTO(wok_queue)

/**
 * Put an item in; while the queue is full, wait.
 *
 * item:       item_size bytes, copied; borrowed for the call
 * Returns:    0; -ECANCELED if a scope around the call was cancelled, -ESHUTDOWN if the queue is or
 *             was shut down, -EBADF if it was freed meanwhile, -ENOMEM: then it was not put in
 * Checkpoint: always
 * Threads:    the queue's loop
 */
int wok_queue_put(wok_queue *queue, const void *item) WOK_MUST_CHECK;

/**
 * Put an item in if there is room.
 *
 * item:       item_size bytes, copied
 * Returns:    0; -EAGAIN if the queue is full; -ESHUTDOWN, -ENOMEM as wok_queue_put()
 * Checkpoint: never
 * Threads:    the queue's loop
 */
int wok_queue_try_put(wok_queue *queue, const void *item) WOK_MUST_CHECK;

/**
 * Take the next item out; while there is none, wait.
 *
 * ret_item:   item_size bytes
 * Returns:    0; -ECANCELED if a scope around the call was cancelled; -ESHUTDOWN if the queue is
 *             shut down and empty; -EBADF if it was freed meanwhile
 * Checkpoint: always
 * Threads:    the queue's loop
 */
int wok_queue_get(wok_queue *queue, void *ret_item) WOK_MUST_CHECK;

/**
 * wok_queue_get() for a loop that ends when the queue is shut down and empty:
 *     while ((r = wok_queue_next(queue, &item)) > 0)
 *
 * ret_item:   item_size bytes
 * Returns:    1 for an item; 0 at the end; -ECANCELED and -EBADF as wok_queue_get()
 * Checkpoint: always
 * Threads:    the queue's loop
 */
int wok_queue_next(wok_queue *queue, void *ret_item) WOK_MUST_CHECK;

/**
 * Take the next item out if there is one that is not reserved for a task that waited for it.
 *
 * ret_item:   item_size bytes
 * Returns:    0; -EAGAIN if there is none; -ESHUTDOWN as wok_queue_get()
 * Checkpoint: never
 * Threads:    the queue's loop
 */
int wok_queue_try_get(wok_queue *queue, void *ret_item) WOK_MUST_CHECK;

/**
 * How many items were put in and not taken out. One that is reserved for a getter that has not run
 * since counts.
 *
 * Returns:    their number
 * Checkpoint: never
 * Threads:    the queue's loop
 */
size_t wok_queue_size(const wok_queue *queue);

/**
 * Whether wok_queue_size() is 0.
 *
 * Returns:    true if so
 * Checkpoint: never
 * Threads:    the queue's loop
 */
bool wok_queue_empty(const wok_queue *queue);

/**
 * Whether the queue holds as many items as it may.
 *
 * Returns:    true if wok_queue_put() would wait
 * Checkpoint: never
 * Threads:    the queue's loop
 */
bool wok_queue_full(const wok_queue *queue);

/**
 * Say that the work on an item that was taken out is finished: once for each.
 *
 * Returns:    0; -EINVAL if nothing that was put in is unfinished
 * Checkpoint: never
 * Threads:    the queue's loop
 */
int wok_queue_task_done(wok_queue *queue);

/**
 * Wait until the work on all items that were put in is finished.
 *
 * Returns:    0; -ECANCELED if a scope around the call was cancelled; -EBADF if the queue was freed
 *             meanwhile
 * Checkpoint: always
 * Threads:    the queue's loop
 */
int wok_queue_join(wok_queue *queue) WOK_MUST_CHECK;

/**
 * Let nothing more in: whoever waits to put gets -ESHUTDOWN; whoever gets takes what is left, and
 * then has -ESHUTDOWN. A second call with immediate may follow one without.
 *
 * immediate:  throw away what is left, as if the work on it was finished
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the queue's loop
 */
void wok_queue_shutdown(wok_queue *queue, bool immediate);

WOK_END_DECLS
#endif

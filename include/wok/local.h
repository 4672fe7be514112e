/* SPDX-License-Identifier: MIT */
#ifndef WOK_LOCAL_H
#define WOK_LOCAL_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/*
 * The key of a value that each task has for itself: a request's number, who is logged in. Make it
 * static; its address is the key.
 *
 *     static const wok_local user = {.free = free, .inherit = copy_user};
 */
typedef struct {
	/* Releases a value, in its task when that ends, where it may wait; NULL: it is borrowed. */
	wok_free_fn *free;
	/*
	 * Makes the value that a new task starts with, out of its starter's; returns 0, or -ENOMEM,
	 * and then the task does not start. NULL: a new task starts without a value. See
	 * wok_local_share().
	 */
	int (*inherit)(void *value, void **ret_value);
} wok_local;

/**
 * Give the current task a value; the one that it had is released.
 *
 * value:      handed over if the key has a free function, and borrowed otherwise
 * Returns:    0; -ENOMEM; -EINVAL outside of tasks: the value is the caller's still
 * Checkpoint: never, but for what the key's free function does
 * Threads:    the loop's
 */
int wok_local_set(const wok_local *key, void *value) WOK_MUST_CHECK;

/**
 * The current task's value.
 *
 * Returns:    the value; NULL if it has none, and outside of tasks
 * Checkpoint: never
 * Threads:    any
 */
void *wok_local_get(const wok_local *key);

/**
 * An inherit function: the new task has the same pointer. For values that outlive all tasks.
 *
 * Returns:    0
 * Checkpoint: never
 * Threads:    any
 */
int wok_local_share(void *value, void **ret_value);

WOK_END_DECLS
#endif

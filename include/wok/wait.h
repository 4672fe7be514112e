/* SPDX-License-Identifier: MIT */
#ifndef WOK_WAIT_H
#define WOK_WAIT_H
#include <wok/base.h>
#include <wok/task.h>

WOK_BEGIN_DECLS

/* What wok_wait() waits for. */
enum {
	WOK_ALL_COMPLETED,   /* the end of all */
	WOK_FIRST_COMPLETED, /* the end of at least one */
	WOK_FIRST_EXCEPTION, /* a failure (a cancelled task is none), or the end of all */
};

/**
 * Wait for some of several tasks. It owns none of them: nothing is cancelled, ever, and no result
 * is taken. The array is sorted on return: those that have ended come first, in the order in which
 * they stood.
 *
 * tasks:      n handles, at least one; reordered
 * when:       WOK_ALL_COMPLETED, WOK_FIRST_COMPLETED or WOK_FIRST_EXCEPTION
 * ret_done:   how many have ended: all that have, at the time of the return. Also written, and the
 *             array sorted, with -ECANCELED. NULL if that is of no interest
 * Returns:    0; -ECANCELED if a scope around the call was cancelled; -EINVAL for n = 0 or an
 *             unknown when; -ENOMEM; -EDEADLK if what is waited for waits for the caller
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_wait(wok_task **tasks, size_t n, int when, size_t *ret_done) WOK_MUST_CHECK;

/* Tasks in the order in which they end. */
typedef struct wok_completed wok_completed;

/**
 * Go through tasks in the order in which they end; those that have ended come first, as they stand.
 *
 *     WOK_AUTO(wok_completed) *completed = NULL;
 *     WOK_TRY(wok_as_completed(tasks, n, &completed));
 *     while ((r = wok_completed_next(completed, &task)) > 0)
 *             show(wok_task_result(task));
 *
 * tasks:      n handles, borrowed for the call; one that stands there twice comes once
 * Returns:    0; -ENOMEM; -EINVAL outside of a loop
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_as_completed(wok_task *const *tasks, size_t n, wok_completed **ret_completed)
	WOK_MUST_CHECK;

/**
 * Wait for the next task to end. The tasks are nobody's but their owners': cancelling this call, or
 * freeing the iterator, leaves them running.
 *
 * ret_task:   borrowed; it lives at least as long as the iterator
 * Returns:    1; 0 when all have come; -ECANCELED if a scope around the call was cancelled; -EBUSY
 *             if another task waits in this call; -EBADF if the iterator was freed meanwhile;
 *             -EDEADLK if all that are left wait for the caller
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_completed_next(wok_completed *completed, wok_task **ret_task) WOK_MUST_CHECK;

/**
 * Forget the rest. A task that waits for the next one gets -EBADF.
 *
 * completed:  NULL does nothing
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_completed_free(wok_completed *completed);
WOK_DEFINE_AUTO(wok_completed)

WOK_END_DECLS
#endif

/* SPDX-License-Identifier: MIT */
#ifndef WOK_TASK_H
#define WOK_TASK_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/*
 * A function that runs on a stack of its own and may wait wherever it is, however deep. The handle
 * owns the task: to free it is to cancel the task and to wait for its end.
 */
typedef struct wok_task wok_task;

/* How to start a task. Zero in a field means the default. */
typedef struct {
	const char *name;      /* borrowed for ever; the function's name */
	size_t stack_size;     /* bytes; the run's */
	wok_free_fn *arg_free; /* called with arg when the task has ended, or could not start */
	/* Give the task a copy of so many bytes of *arg, which lives as long as it does. */
	size_t arg_size;
	/*
	 * Run it at once, up to its first wait, before the call that starts it returns. That call
	 * may then let the new task run, though it delivers no cancellation: its checkpoint is
	 * "shielded". Where waiting is impossible, as in a callback, it runs next instead.
	 */
	bool eager;
} wok_task_options;

/**
 * Start fn(arg) as a task. It is ready at once and runs from the next tick on. The run joins it at
 * the latest; an error of it cancels nobody else.
 *
 * To fire and forget, detach the handle; or better spawn it into a scope, perhaps a background one,
 * which waits for it and takes its error.
 *
 * arg:        borrowed until the task has ended
 * Returns:    a handle, never NULL; free it, or give it away with wok_task_detach(). If the task
 *             cannot start, the handle is one that has failed: with -ENOMEM, with -EINVAL outside
 *             of a loop, with -ESHUTDOWN when the run is over, with -ECHILD in a fork of it
 * Checkpoint: never
 * Threads:    the loop's
 */
#define wok_create_task(fn, ...) wok_create_task_at((fn), __VA_ARGS__, NULL, WOK_SITE(#fn))

/**
 * wok_create_task() with options.
 *
 * Returns:    as wok_create_task()
 * Checkpoint: never
 * Threads:    the loop's
 */
#define wok_create_task_with(fn, arg, ...)                                                         \
	wok_create_task_at((fn), (arg), __VA_ARGS__, WOK_SITE(#fn))

/**
 * wok_create_task() on a copy of the argument, which lives as long as the task.
 *
 * size:       bytes of *arg
 * Returns:    as wok_create_task()
 * Checkpoint: never
 * Threads:    the loop's
 */
#define wok_create_task_copy(fn, arg, size)                                                        \
	wok_create_task_at((fn), (arg), &(wok_task_options){.arg_size = (size)}, WOK_SITE(#fn))

/**
 * The function behind wok_create_task().
 *
 * options:    NULL for the defaults; borrowed for the call
 * site:       where the task comes from; lives for ever
 * Returns:    as wok_create_task()
 * Checkpoint: never
 * Threads:    the loop's
 */
wok_task *wok_create_task_at(wok_fn *fn, void *arg, const wok_task_options *options,
			     const wok_site *site) WOK_MUST_CHECK;

/**
 * Wait until a task has ended. Awaiting does not own: any number may await one task, and to cancel
 * one of them leaves the task alone. Its message becomes the caller's.
 *
 * Returns:    what the task returned; WOK_ETASKCANCELED if it was cancelled; -ECANCELED if a scope
 *             around this call was cancelled; -EDEADLK if the task is the caller, or waits for it,
 *             and outside of tasks; -EINVAL if it is a task of another loop
 * Checkpoint: always, even when the task has ended
 * Threads:    the loop's
 */
int wok_await(wok_task *task) WOK_MUST_CHECK;

/**
 * Cancel a task: each of its waits fails with -ECANCELED from now on, the current one included. One
 * that has not run yet never runs.
 *
 * Returns:    true if the task had not ended. (A task of another loop is left alone, which is
 *             reported: false.)
 * Checkpoint: never
 * Threads:    the loop's
 */
bool wok_cancel(wok_task *task);

/**
 * wok_cancel() with a reason, which wok_cancel_reason() tells inside of the task.
 *
 * reason:     lives for ever; NULL for none
 * Returns:    true if the task had not ended
 * Checkpoint: never
 * Threads:    the loop's
 */
bool wok_cancel_with(wok_task *task, const char *reason);

/**
 * Why the current task's waits fail: the reason of the nearest scope around this call, or task,
 * that was cancelled. A time limit and a failed sibling have reasons of their own.
 *
 * Returns:    a text that lives for ever; NULL if nothing around this call is cancelled
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_cancel_reason(void);

/**
 * Whether a task has ended.
 *
 * Returns:    true if it has
 * Checkpoint: never
 * Threads:    the loop's
 */
bool wok_task_done(const wok_task *task);

/**
 * The outcome of a task.
 *
 * Returns:    what it returned; WOK_ETASKCANCELED if it was cancelled; -EBUSY if it still runs
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_task_result(wok_task *task);

/**
 * The message of a task that failed: see wok_errmsg().
 *
 * Returns:    a text that lives as long as the handle; "" while the task runs
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_task_errmsg(const wok_task *task);

/**
 * Whether a task has ended because it was cancelled.
 *
 * Returns:    true if it has
 * Checkpoint: never
 * Threads:    the loop's
 */
bool wok_task_canceled(const wok_task *task);

/**
 * The name of a task: its function's, unless an option gave another.
 *
 * Returns:    a text that lives for ever
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_task_name(const wok_task *task);

/**
 * The task that runs now.
 *
 * Returns:    borrowed; NULL outside of tasks
 * Checkpoint: never
 * Threads:    any
 */
wok_task *wok_current_task(void);

/**
 * Give a task another owner; the last owner's wok_task_free() cancels and joins it.
 *
 * Returns:    task
 * Checkpoint: never
 * Threads:    the loop's
 */
wok_task *wok_task_ref(wok_task *task);

/**
 * Give up ownership of a task. The last owner's call cancels the task and waits until it has ended;
 * an error that nobody took is reported. Where waiting is impossible (in a callback, or on the task
 * itself) the task is cancelled and left to the run, which is reported.
 *
 * task:       NULL does nothing
 * Returns:    nothing
 * Checkpoint: shielded
 * Threads:    the loop's; any, after its end
 */
void wok_task_free(wok_task *task);
WOK_DEFINE_AUTO(wok_task)

/**
 * Give a task to the run: nobody owns it any more, an error of it is reported, and the end of the
 * run cancels and joins it.
 *
 * task:       a pointer variable, which becomes NULL
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_task_detach(wok_task **task);

/* Told when a task has ended. */
typedef void wok_task_done_fn(wok_task *task, void *arg);

/**
 * Have fn(task, arg) called when a task has ended, as wok_call_soon() calls: in the next tick, and
 * it may not wait. Several are called in the order in which they came. Asking for the result there
 * counts as taking it.
 *
 * arg:        borrowed until the call
 * Returns:    0; -ENOMEM; -EINVAL outside of a loop
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_task_on_done(wok_task *task, wok_task_done_fn *fn, void *arg) WOK_MUST_CHECK;

/**
 * Forget what wok_task_on_done() was told, as far as it has not been called.
 *
 * Returns:    how many calls will not come because of this
 * Checkpoint: never
 * Threads:    the loop's
 */
size_t wok_task_forget_done(wok_task *task, wok_task_done_fn *fn, const void *arg);

/**
 * Wait for a span of time.
 *
 * delay:      nanoseconds; zero and less are wok_yield()
 * Returns:    0; -ECANCELED if a scope around the call was cancelled; -EDEADLK outside of tasks
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sleep(wok_time delay) WOK_MUST_CHECK;

/**
 * Wait until a point in time; at once if it has passed.
 *
 * when:       nanoseconds on wok_now()'s clock
 * Returns:    as wok_sleep()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sleep_until(wok_time when) WOK_MUST_CHECK;

/**
 * Let every task that is ready run once.
 *
 * Returns:    as wok_sleep()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_yield(void) WOK_MUST_CHECK;

/* What wok_gather() and wok_for_each() do about errors; 0: the first one cancels the rest. */
enum {
	WOK_COLLECT = 1,    /* run all to their end, whatever they return */
	WOK_LEAVE_REST = 2, /* return the first error and leave the others running */
};

/**
 * Wait for several tasks. By default the first error cancels the others, and is returned when all
 * have ended. If the caller is cancelled, all are cancelled and joined, whatever the flags.
 *
 * tasks:      n handles; one may stand there twice
 * flags:      0, WOK_COLLECT or WOK_LEAVE_REST
 * Returns:    0, the first error, or with WOK_COLLECT how many failed (wok_task_result() has each
 *             outcome); -ECANCELED if a scope around the call was cancelled; -EDEADLK if a task
 *             among them is the caller, or waits for it, and outside of tasks; -EINVAL for unknown
 *             flags, or a task of another loop; -ENOMEM, and then all are cancelled and joined
 * Checkpoint: always, even for n = 0
 * Threads:    the loop's
 */
int wok_gather(wok_task *const *tasks, size_t n, int flags) WOK_MUST_CHECK;

/**
 * Call fn(&array[i]) for each element, at most limit at once, each call in a task. The results stay
 * in the elements.
 *
 * array:      of structs, borrowed for the call
 * limit:      0 or WOK_UNLIMITED: all at once
 * flags:      0: the first error cancels the rest and is returned; WOK_COLLECT: run all
 * Returns:    0, the first error, or with WOK_COLLECT how many calls failed; -ECANCELED if a scope
 *             around the call was cancelled; -ENOMEM if no call could begin; -EINVAL for unknown
 *             flags; -EDEADLK outside of tasks
 * Checkpoint: always
 * Threads:    the loop's
 */
#define wok_for_each(fn, array, n, limit, flags)                                                   \
	wok_for_each_at((fn), (array), WOK__ELEMENT_SIZE(array), (n), (limit), (flags),            \
			WOK_SITE(#fn))

/* sizeof(*(array)), which GNU C has as 1 for a void *: refused. */
#ifdef __cplusplus
#define WOK__ELEMENT_SIZE(array) sizeof(*(array))
#else
#define WOK__ELEMENT_SIZE(array)                                                                   \
	(__extension__({                                                                           \
		_Static_assert(!__builtin_types_compatible_p(__typeof__(*(array)), void),          \
			       "wok_for_each: a void * does not tell the size of an element");     \
		sizeof(*(array));                                                                  \
	}))
#endif

/**
 * The function behind wok_for_each().
 *
 * size:       bytes of an element
 * Returns:    as wok_for_each()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_for_each_at(wok_fn *fn, void *array, size_t size, size_t n, size_t limit, int flags,
		    const wok_site *site) WOK_MUST_CHECK;

WOK_END_DECLS
#endif

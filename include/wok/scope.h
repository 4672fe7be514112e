/* SPDX-License-Identifier: MIT */
#ifndef WOK_SCOPE_H
#define WOK_SCOPE_H
#include <wok/base.h>
#include <wok/task.h>

WOK_BEGIN_DECLS

/*
 * A block of code and the tasks that it started: they end before it ends. A scope can be cancelled,
 * and can have a deadline; from then on what runs in it fails at each wait with -ECANCELED, until
 * the scope is left. Scopes of a task nest, and are freed in reverse order by the same task.
 */
typedef struct wok_scope wok_scope;

/* How to open a scope. Zero in a field means the default. */
typedef struct {
	/*
	 * Do not enter it: it hangs on the run, any task of the loop may spawn into it, join it and
	 * free it. For servers and other things that outlive a call.
	 */
	bool background;
	/* Hold off cancellation from outside for this long after it comes. */
	wok_time shield;
	/* An error of a child leaves the others running; wok_scope_join() still returns it. */
	bool keep_going;
	/* Cancel the scope after this long; below zero, as a time that has run out: at once. */
	wok_time timeout;
} wok_scope_options;

/**
 * Open a scope and enter it.
 *
 * Returns:    0; -ENOMEM; -EINVAL outside of tasks; -EDEADLK where a task must not wait
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_scope_new(wok_scope **ret_scope) WOK_MUST_CHECK;

/**
 * wok_scope_new() with options.
 *
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    as wok_scope_new()
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_scope_new_with(const wok_scope_options *options, wok_scope **ret_scope) WOK_MUST_CHECK;

/**
 * Start fn(arg) as a child of the scope. The first child that fails cancels the scope.
 *
 * arg:        borrowed until the child has ended: free it after the scope
 * Returns:    0; -ENOMEM; -EINVAL if the scope was joined; -ESHUTDOWN when the run is over;
 *             -ECHILD in a fork of it
 * Checkpoint: never
 * Threads:    the loop's
 */
#define wok_scope_spawn(scope, fn, ...)                                                            \
	wok_scope_spawn_at((scope), (fn), __VA_ARGS__, NULL, WOK_SITE(#fn))

/**
 * wok_scope_spawn() with options.
 *
 * Returns:    as wok_scope_spawn()
 * Checkpoint: never
 * Threads:    the loop's
 */
#define wok_scope_spawn_with(scope, fn, arg, ...)                                                  \
	wok_scope_spawn_at((scope), (fn), (arg), __VA_ARGS__, WOK_SITE(#fn))

/**
 * wok_scope_spawn() on a copy of the argument, which lives as long as the child.
 *
 * size:       bytes of *arg
 * Returns:    as wok_scope_spawn()
 * Checkpoint: never
 * Threads:    the loop's
 */
#define wok_scope_spawn_copy(scope, fn, arg, size)                                                 \
	wok_scope_spawn_at((scope), (fn), (arg), &(wok_task_options){.arg_size = (size)},          \
			   WOK_SITE(#fn))

/**
 * The function behind wok_scope_spawn().
 *
 * Returns:    as wok_scope_spawn()
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_scope_spawn_at(wok_scope *scope, wok_fn *fn, void *arg, const wok_task_options *options,
		       const wok_site *site) WOK_MUST_CHECK;

/**
 * Start fn(arg) as a child and wait until it calls wok_started(): a server that listens, a
 * connection that stands. Until then the child is the caller's: a cancel of the caller is one of
 * the child, which is joined, and an error of the child is returned here and nowhere else. From
 * then on it is a child of the scope like any other.
 *
 * ret_value:  what the child told; NULL if that is of no interest
 * Returns:    0; what the child returned, if that was an error; -EPROTO if it ended without having
 *             called wok_started(); -ECANCELED if a scope around the call was cancelled; as
 *             wok_scope_spawn()
 * Checkpoint: always
 * Threads:    the loop's
 */
#define wok_scope_start(scope, fn, arg, ret_value)                                                 \
	wok_scope_start_at((scope), (fn), (arg), NULL, (ret_value), WOK_SITE(#fn))

/**
 * The function behind wok_scope_start().
 *
 * Returns:    as wok_scope_start()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_scope_start_at(wok_scope *scope, wok_fn *fn, void *arg, const wok_task_options *options,
		       void **ret_value, const wok_site *site) WOK_MUST_CHECK;

/**
 * Tell who started this task with wok_scope_start() that it is ready. In a task that was started
 * otherwise it does nothing, so one function serves both.
 *
 * value:      handed to the starter; who owns it is between the two
 * Returns:    0; -ECANCELED if the starter was cancelled meanwhile: it waits for this task's end;
 *             -EALREADY at the second call
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_started(void *value);

/**
 * Wait until all children have ended, those included that they spawn meanwhile, and leave the
 * scope: nothing can be spawned afterwards, and its cancel no longer concerns the caller. (A
 * background scope stays open.) If the caller is cancelled, the children are cancelled, and still
 * joined.
 *
 * Returns:    0; the first error of a child; -ECANCELED if a scope around this one was cancelled;
 *             -ETIMEDOUT if the scope's timeout ended it; -EDEADLK if a child waits for the caller;
 *             -EINVAL if it was joined before, or by the wrong task. A scope absorbs the
 *             wok_scope_cancel() of its own: 0
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_scope_join(wok_scope *scope) WOK_MUST_CHECK;

/**
 * Cancel what runs in a scope: its children and, in an entered one, its owner's own waits.
 *
 * reason:     for reports, lives for ever; NULL for none
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_scope_cancel(wok_scope *scope, const char *reason);

/**
 * Whether a scope was cancelled, by a call, an error of a child, or its timeout.
 *
 * Returns:    true if it was
 * Checkpoint: never
 * Threads:    the loop's
 */
bool wok_scope_canceled(const wok_scope *scope);

/**
 * How many children have not ended.
 *
 * Returns:    their number
 * Checkpoint: never
 * Threads:    the loop's
 */
size_t wok_scope_children(const wok_scope *scope);

/* One failed child of a scope. */
typedef struct {
	int code;
	const char *message; /* lives as long as the scope */
	const char *task;    /* its name */
} wok_scope_error;

/**
 * The errors of a scope's children, in the order in which they came: the first 64 are kept, or
 * fewer if there was no memory.
 *
 * ret_errors: borrowed from the scope; one whose code is 0 ends the list
 * Returns:    how many children failed; it may be more than were kept
 * Checkpoint: never
 * Threads:    the loop's
 */
size_t wok_scope_errors(const wok_scope *scope, const wok_scope_error **ret_errors);

/**
 * Move the moment at which the scope is cancelled.
 *
 * when:       nanoseconds on wok_now()'s clock; WOK_FOREVER for never
 * Returns:    0; -ESTALE if it has been cancelled already
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_scope_set_deadline(wok_scope *scope, wok_time when);

/**
 * Raise or lower the scope's shield against cancellation from outside.
 *
 * grace:      how long it holds after a cancel has come; 0 lowers it
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_scope_set_shield(wok_scope *scope, wok_time grace);

/**
 * Leave a scope: cancel and join what still runs in it. Errors that wok_scope_join() did not hand
 * out are reported. Freeing in the wrong order or from the wrong task is reported, and the scope
 * stays until its owner leaves the one around it.
 *
 * scope:      NULL does nothing
 * Returns:    nothing
 * Checkpoint: shielded
 * Threads:    the loop's
 */
void wok_scope_free(wok_scope *scope);
WOK_DEFINE_AUTO(wok_scope)

WOK_END_DECLS
#endif

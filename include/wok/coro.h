/* SPDX-License-Identifier: MIT */
#ifndef WOK_CORO_H
#define WOK_CORO_H
#include <wok/base.h>
#include <wok/task.h>

WOK_BEGIN_DECLS

/*
 * A call that has been written down and not been made: a function, its argument, and the place in
 * the source. It is cold; wok_coro_await() makes the call, wok_coro_start() a task of it. Most code
 * needs neither: to call a function is to await it.
 *
 * One that is never awaited is reported, with its function's name and its place, when it is freed.
 * The end of the run in which it was made, or else of the thread, frees those that are left.
 */
typedef struct wok_coro wok_coro;

/**
 * Write down fn(arg).
 *
 * arg:        borrowed until the call has ended
 * Returns:    a coroutine object, never NULL; free it, or give it to wok_coro_await() or
 *             wok_coro_start(). Where there was no memory, those two say so
 * Checkpoint: never
 * Threads:    any; the object stays in its thread
 */
#define wok_coro(fn, ...) wok_coro_at((fn), __VA_ARGS__, 0, WOK_SITE(#fn))

/**
 * wok_coro() on a copy of the argument, which lives as long as the call.
 *
 * size:       bytes of *arg
 * Returns:    as wok_coro()
 * Checkpoint: never
 * Threads:    as wok_coro()
 */
#define wok_coro_copy(fn, arg, size) wok_coro_at((fn), (arg), (size), WOK_SITE(#fn))

/**
 * The function behind wok_coro() and wok_coro_copy().
 *
 * size:       bytes of *arg to copy; 0: arg is borrowed
 * Returns:    as wok_coro()
 * Checkpoint: never
 * Threads:    as wok_coro()
 */
wok_coro *wok_coro_at(wok_fn *fn, void *arg, size_t size, const wok_site *site) WOK_MUST_CHECK;

/**
 * Make the call, in the current task, and release the object, whatever comes of it.
 *
 * coro:       given away; out of a WOK_AUTO variable: WOK_TAKE(coro)
 * Returns:    what the function returned; -ENOMEM if there was no memory for the object; -EDEADLK
 *             outside of tasks
 * Checkpoint: always, if the function is one; the call itself adds none
 * Threads:    the object's
 */
int wok_coro_await(wok_coro *coro) WOK_MUST_CHECK;

/**
 * Make a task of the call, and release the object, whatever comes of it.
 *
 * coro:       given away; out of a WOK_AUTO variable: WOK_TAKE(coro)
 * Returns:    a handle, as wok_create_task()
 * Checkpoint: never
 * Threads:    the object's
 */
wok_task *wok_coro_start(wok_coro *coro) WOK_MUST_CHECK;

/**
 * The name of the function.
 *
 * Returns:    a text that lives for ever
 * Checkpoint: never
 * Threads:    any
 */
const char *wok_coro_name(const wok_coro *coro);

/**
 * Release an object that was not awaited, and report that.
 *
 * coro:       NULL does nothing
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the object's
 */
void wok_coro_free(wok_coro *coro);
WOK_DEFINE_AUTO(wok_coro)

WOK_END_DECLS
#endif

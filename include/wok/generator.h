/* SPDX-License-Identifier: MIT */
#ifndef WOK_GENERATOR_H
#define WOK_GENERATOR_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/*
 * A function that hands out values one by one, and goes on after each when the next is asked for.
 * It may wait between them, and keeps its locals. It is a task of its own, with its own scopes: to
 * cancel who asks leaves it as it is.
 */
typedef struct wok_gen wok_gen;

/**
 * Make a generator of fn(arg), which calls wok_gen_yield() for each value and returns at the end.
 * It starts when the first value is asked for.
 *
 * arg:        borrowed until the generator is freed
 * item_size:  bytes of a value
 * Returns:    0; -ENOMEM; -EINVAL outside of a loop
 * Checkpoint: never
 * Threads:    the loop's
 */
#define wok_gen_new(fn, arg, item_size, ret_gen)                                                   \
	wok_gen_new_at((fn), (arg), (item_size), (ret_gen), WOK_SITE(#fn))

/**
 * The function behind wok_gen_new().
 *
 * Returns:    as wok_gen_new()
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_gen_new_at(wok_fn *fn, void *arg, size_t item_size, wok_gen **ret_gen, const wok_site *site)
	WOK_MUST_CHECK;

/**
 * Wait for the next value. If the caller is cancelled, the generator goes on to its next value and
 * keeps that for the next call: nothing is lost.
 *
 * ret_item:   item_size bytes
 * Returns:    1 a value; 0 the end; the error that the function returned, once; -ECANCELED if a
 *             scope around the call was cancelled; -EBUSY if another task waits in this call;
 *             -EDEADLK from the generator itself, or a task that it waits for
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_gen_next(wok_gen *gen, void *ret_item) WOK_MUST_CHECK;

/**
 * Hand out a value; returns when the next one is asked for. Called in the generator's function, or
 * by what that calls.
 *
 * item:       as many bytes as wok_gen_new() was told; copied
 * Returns:    0; -ECANCELED if the generator was closed: clean up and return; -EINVAL outside of a
 *             generator
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_gen_yield(const void *item) WOK_MUST_CHECK;

/**
 * The values that are still to come, as an array.
 *
 * limit:      how many at most, the rest stays to be asked for; 0 or WOK_UNLIMITED: all
 * ret_items:  the address of a pointer to values, which becomes an array that wok_free() releases,
 *             or NULL if there was no value
 * ret_n:      how many
 * Returns:    0; an error as wok_gen_next(), or -ENOMEM: the values so far are gone then
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_gen_collect(wok_gen *gen, size_t limit, void *ret_items, size_t *ret_n) WOK_MUST_CHECK;

/**
 * End the generator early, if it has not ended: its wait, or its wok_gen_yield(), fails with
 * -ECANCELED, and the call returns when its clean-up is done. wok_gen_next() then gives 0.
 *
 * Returns:    0; the error of its clean-up, or one that wok_gen_next() had not told yet; -EDEADLK
 *             where waiting is impossible, or if the generator waits for the caller
 * Checkpoint: shielded
 * Threads:    the loop's
 */
int wok_gen_close(wok_gen *gen);

/**
 * Close and release a generator. An error that nobody took is reported.
 *
 * gen:        NULL does nothing
 * Returns:    nothing
 * Checkpoint: shielded
 * Threads:    the loop's
 */
void wok_gen_free(wok_gen *gen);
WOK_DEFINE_AUTO(wok_gen)

WOK_END_DECLS
#endif

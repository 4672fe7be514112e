/* SPDX-License-Identifier: MIT */
#ifndef WOK_BIG_STACK_H
#define WOK_BIG_STACK_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/**
 * Call fn(arg) on a large stack that the loop keeps for that: for library code that recurses
 * deeply or has big frames, which would overflow a task's stack. It is an ordinary call, of a few
 * nanoseconds more; called from within such a call, fn runs in place. fn must not wait: whatever
 * waits in it fails with -EDEADLK. Outside of a loop this calls fn and no more.
 *
 * arg:        borrowed for the call
 * Returns:    what fn returned; -ENOMEM if the stack cannot be mapped, which happens on first use:
 *             fn was not called
 * Checkpoint: never
 * Threads:    any
 */
int wok_on_big_stack(wok_fn *fn, void *arg) WOK_MUST_CHECK;

WOK_END_DECLS
#endif

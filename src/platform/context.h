/* SPDX-License-Identifier: MIT */
#ifndef WOK_PLATFORM_CONTEXT_H
#define WOK_PLATFORM_CONTEXT_H
/*
 * Switching between stacks. What a called function must preserve is saved on the stack that is
 * left: the callee-saved registers and the control words of the floating point units. errno is the
 * business of the caller, and so is the signal mask, which belongs to the thread.
 *
 * The assembly leaves the old stack by an indirect jump, not by a return: a return would never
 * match what the processor predicts for it (measured: 2.5 ns against 19 to 36).
 */
#include <stddef.h>

struct wok__context {
	void *sp; /* what was saved lies there; in context_ucontext.c the ucontext_t */
};

/*
 * Prepare a stack so that the first switch to it calls entry(arg), which must never return.
 * top: the end of the stack, aligned to 16.
 */
void wok__context_make(struct wok__context *context, void *low, void *top, void (*entry)(void *),
		       void *arg);

/* Save the current state in from and go on where to was saved; returns when somebody comes back. */
void wok__context_switch(struct wok__context *from, struct wok__context *to);

/*
 * The same between two that stand in the same function: it leaves by a return. Called as the last
 * thing of a function, which the compiler makes a jump, it returns to that function's caller, as
 * the processor predicts if that is the same code for both.
 */
void wok__context_swap(struct wok__context *from, struct wok__context *to);
#endif

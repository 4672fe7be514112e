/* SPDX-License-Identifier: MIT */
#ifndef WOK_PLATFORM_STACK_H
#define WOK_PLATFORM_STACK_H
/*
 * The stacks of a loop's tasks. They lie in large mappings, a class for each size, each stack above
 * a guard that faults. A stack is taken when a task runs for the first time and given back at its
 * end; the one that was given back last is taken first, since its pages are in the caches. None of
 * that is a system call, except for a stack that was never used before.
 *
 * The guard is made by MADV_GUARD_INSTALL where the kernel has it (6.13): it costs no mapping, so
 * their number is not limited by vm.max_map_count. Else mprotect(), which splits a mapping for each
 * stack, for the first few thousand; beyond these a mark at the stack's end is checked at each
 * switch.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/sanitizer.h"

enum wok__guard {
	WOK__GUARD_NONE,     /* not made yet */
	WOK__GUARD_MADVISE,  /* faults, without a mapping of its own */
	WOK__GUARD_MPROTECT, /* faults */
	WOK__GUARD_CANARY,   /* a mark, checked at each switch */
};

struct wok__stack {
	char *low;   /* the lowest byte that a task may use */
	size_t size; /* from there to the end of the slot */
	struct wok__stack_class *class;
	struct wok__fiber fiber;
	enum wok__guard guard;
	unsigned color; /* how far the first frame lies below the top */
};

struct wok__stacks {
	struct wok__stack_class *classes;
	enum wok__guard best; /* what this machine can do */
	size_t mprotected;
	size_t in_use;
	size_t mapped;
};

void wok__stacks_open(struct wok__stacks *stacks);

/* Unmap everything; no stack is in use. */
void wok__stacks_close(struct wok__stacks *stacks);

/* A stack of at least size bytes; NULL if there is no memory. */
struct wok__stack *wok__stack_take(struct wok__stacks *stacks, size_t size);
void wok__stack_give(struct wok__stacks *stacks, struct wok__stack *stack);

/*
 * Give the memory of stacks back that have not been needed since the last call. Returns true if
 * there may be more to give back later.
 */
bool wok__stacks_trim(struct wok__stacks *stacks);

/* Give back the memory of a stack in use that lies well below a frame of its task. */
void wok__stack_trim_below(const struct wok__stack *stack, const void *frame);

/* Where the first frame begins: aligned to 16, and not in the same cache sets for every stack. */
static inline void *wok__stack_top(const struct wok__stack *stack)
{
	return stack->low + stack->size - stack->color;
}

#define WOK__STACK_CANARY UINT64_C(0x77b06b0c5a11c0de)

static inline bool wok__stack_intact(const struct wok__stack *stack)
{
	return stack->guard != WOK__GUARD_CANARY ||
	       *(const uint64_t *) (const void *) stack->low == WOK__STACK_CANARY;
}

/* Whether an address lies in the guard of a stack. */
bool wok__stack_guards(const struct wok__stack *stack, const void *address);

const char *wok__guard_name(enum wok__guard guard);
#endif

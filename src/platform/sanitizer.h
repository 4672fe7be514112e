/* SPDX-License-Identifier: MIT */
#ifndef WOK_PLATFORM_SANITIZER_H
#define WOK_PLATFORM_SANITIZER_H
/*
 * Telling AddressSanitizer, ThreadSanitizer and Valgrind about stacks, so that they do not take a
 * switch for a corruption. All of it is nothing in a plain build.
 */
#include <stddef.h>
#include <stdint.h>

#if defined(__SANITIZE_ADDRESS__)
#define WOK__ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WOK__ASAN 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define WOK__TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WOK__TSAN 1
#endif
#endif

#ifdef WOK__ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef WOK__TSAN
#include <sanitizer/tsan_interface.h>
#endif
#ifdef WOK_HAVE_VALGRIND
#include <valgrind/valgrind.h>
#endif

/* What the sanitizers know of a stack. */
struct wok__fiber {
#ifdef WOK__ASAN
	void *fake_stack;
	const void *bottom;
	size_t size;
#endif
#ifdef WOK__TSAN
	void *tsan;
#endif
	unsigned valgrind;
};

/* A stack that was mapped: announce it. */
static inline void wok__fiber_create(struct wok__fiber *fiber, void *low, size_t size)
{
#ifdef WOK__ASAN
	fiber->bottom = low;
	fiber->size = size;
#endif
#ifdef WOK__TSAN
	fiber->tsan = __tsan_create_fiber(0);
#endif
#ifdef WOK_HAVE_VALGRIND
	fiber->valgrind = VALGRIND_STACK_REGISTER(low, (char *) low + size);
#endif
	(void) fiber;
	(void) low;
	(void) size;
}

/* A stack that will be unmapped. */
static inline void wok__fiber_destroy(struct wok__fiber *fiber)
{
#ifdef WOK__TSAN
	__tsan_destroy_fiber(fiber->tsan);
#endif
#ifdef WOK_HAVE_VALGRIND
	VALGRIND_STACK_DEREGISTER(fiber->valgrind);
#endif
	(void) fiber;
}

/* The thread's own stack, from which the loop runs. */
static inline void wok__fiber_adopt_thread(struct wok__fiber *fiber)
{
#ifdef WOK__TSAN
	fiber->tsan = __tsan_get_current_fiber();
#endif
	(void) fiber;
}

/* A stack that starts anew: what the last function on it left is no longer out of bounds. */
static inline void wok__fiber_reset(struct wok__fiber *fiber, void *low, size_t size)
{
#ifdef WOK__ASAN
	fiber->fake_stack = NULL; /* it went with the last function */
	__asan_unpoison_memory_region(low, size);
#endif
	(void) fiber;
	(void) low;
	(void) size;
}

/* Memory that is kept for reuse: whoever still looks at it is caught. */
static inline void wok__poison(void *memory, size_t size)
{
#ifdef WOK__ASAN
	__asan_poison_memory_region(memory, size);
#endif
	(void) memory;
	(void) size;
}

static inline void wok__unpoison(void *memory, size_t size)
{
#ifdef WOK__ASAN
	__asan_unpoison_memory_region(memory, size);
#endif
	(void) memory;
	(void) size;
}

/* Right before the switch; last: the stack that is left will never be resumed. */
static inline void wok__fiber_leave(struct wok__fiber *from, struct wok__fiber *to, int last)
{
#ifdef WOK__ASAN
	__sanitizer_start_switch_fiber(last ? NULL : &from->fake_stack, to->bottom, to->size);
#endif
#ifdef WOK__TSAN
	__tsan_switch_to_fiber(to->tsan, 0);
#endif
	(void) from;
	(void) to;
	(void) last;
}

/* Right after the switch, on the new stack; from: where it came from, whose bounds are learnt. */
static inline void wok__fiber_arrive(struct wok__fiber *here, struct wok__fiber *from)
{
#ifdef WOK__ASAN
	__sanitizer_finish_switch_fiber(here->fake_stack, &from->bottom, &from->size);
#endif
	(void) here;
	(void) from;
}
#endif

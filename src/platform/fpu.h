/* SPDX-License-Identifier: MIT */
#ifndef WOK_PLATFORM_FPU_H
#define WOK_PLATFORM_FPU_H
/*
 * The control words of the floating point units: how they round, and what they trap. A switch keeps
 * each context's own; these are for a context that begins, which must not inherit those of whoever
 * ran before it.
 */
#include <stdint.h>

#if defined(__x86_64__)

struct wok__fpu {
	uint32_t mxcsr;
	uint16_t x87;
};

enum { WOK__MXCSR_FLAGS = 0x3f }; /* what has happened, not what is to be done */

static inline struct wok__fpu wok__fpu_get(void)
{
	struct wok__fpu fpu;

	__asm__ volatile("stmxcsr %0" : "=m"(fpu.mxcsr));
	__asm__ volatile("fnstcw %0" : "=m"(fpu.x87));
	fpu.mxcsr &= ~(uint32_t) WOK__MXCSR_FLAGS;
	return fpu;
}

/* To write them takes longer than to look, and nearly nobody changes them. */
static inline void wok__fpu_set(struct wok__fpu fpu)
{
	struct wok__fpu now = wok__fpu_get();

	if (__builtin_expect(now.mxcsr != fpu.mxcsr, 0))
		__asm__ volatile("ldmxcsr %0" : : "m"(fpu.mxcsr));
	if (__builtin_expect(now.x87 != fpu.x87, 0))
		__asm__ volatile("fldcw %0" : : "m"(fpu.x87));
}

#elif defined(__aarch64__)

struct wok__fpu {
	uint64_t fpcr;
};

static inline struct wok__fpu wok__fpu_get(void)
{
	struct wok__fpu fpu;

	__asm__ volatile("mrs %0, fpcr" : "=r"(fpu.fpcr));
	return fpu;
}

static inline void wok__fpu_set(struct wok__fpu fpu)
{
	if (__builtin_expect(wok__fpu_get().fpcr != fpu.fpcr, 0))
		__asm__ volatile("msr fpcr, %0" : : "r"(fpu.fpcr));
}

#else

/* Nothing is known of this processor: a context begins with what it finds. */
struct wok__fpu {
	char unused;
};

static inline struct wok__fpu wok__fpu_get(void)
{
	return (struct wok__fpu){0};
}

static inline void wok__fpu_set(struct wok__fpu fpu)
{
	(void) fpu;
}

#endif
#endif

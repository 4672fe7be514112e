/* SPDX-License-Identifier: MIT */
/* The first frame of a context, as the assembly of wok__context_switch() expects to find it. */
#include <stdint.h>
#include <string.h>

#include "platform/context.h"

void wok__context_start(void);

#if defined(__x86_64__)

struct frame {
	uint32_t mxcsr;
	uint16_t x87;
	uint16_t pad;
	uint64_t r15, r14, r13, r12, rbx, rbp;
	uint64_t rip;
	uint64_t end[2]; /* keeps the stack aligned to 16, and ends frame pointer walks */
};

void wok__context_make(struct wok__context *context, void *low, void *top, void (*entry)(void *),
		       void *arg)
{
	struct frame *frame = (struct frame *) top - 1;

	(void) low;
	memset(frame, 0, sizeof(*frame));
	__asm__("stmxcsr %0" : "=m"(frame->mxcsr));
	__asm__("fnstcw %0" : "=m"(frame->x87));
	frame->r12 = (uintptr_t) entry;
	frame->r13 = (uintptr_t) arg;
	frame->rip = (uintptr_t) wok__context_start;
	context->sp = frame;
}

#elif defined(__aarch64__)

struct frame {
	uint64_t x19, x20, x21_x29[9];
	uint64_t x30;
	uint64_t d8_d15[8];
	uint64_t fpcr;
	uint64_t pad;
};

void wok__context_make(struct wok__context *context, void *low, void *top, void (*entry)(void *),
		       void *arg)
{
	struct frame *frame = (struct frame *) top - 1;

	(void) low;
	memset(frame, 0, sizeof(*frame));
	__asm__("mrs %0, fpcr" : "=r"(frame->fpcr));
	frame->x19 = (uintptr_t) entry;
	frame->x20 = (uintptr_t) arg;
	frame->x30 = (uintptr_t) wok__context_start;
	context->sp = frame;
}

#endif

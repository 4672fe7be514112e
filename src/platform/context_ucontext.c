/* SPDX-License-Identifier: MIT */
/*
 * Context switch by ucontext(3), for processors that have no assembly here. Slower by far: each
 * switch is a system call for the signal mask.
 */
#include <stdint.h>
#include <ucontext.h>

#include "platform/context.h"

struct start {
	ucontext_t context;
	void (*entry)(void *);
	void *arg;
};

/* makecontext() passes ints only. */
static void start(unsigned high, unsigned low)
{
	struct start *start = (struct start *) (((uintptr_t) high << 16 << 16) | low);

	start->entry(start->arg);
}

void wok__context_make(struct wok__context *context, void *low, void *top, void (*entry)(void *),
		       void *arg)
{
	struct start *self = (struct start *) top - 1;
	uintptr_t address = (uintptr_t) self;

	getcontext(&self->context);
	self->entry = entry;
	self->arg = arg;
	self->context.uc_stack.ss_sp = low;
	self->context.uc_stack.ss_size = (size_t) ((char *) self - (char *) low);
	self->context.uc_link = NULL;
	makecontext(&self->context, (void (*)(void)) start, 2, (unsigned) (address >> 16 >> 16),
		    (unsigned) address);
	context->sp = &self->context;
}

void wok__context_switch(struct wok__context *from, struct wok__context *to)
{
	ucontext_t here;

	from->sp = &here;
	swapcontext(&here, to->sp);
}

void wok__context_swap(struct wok__context *from, struct wok__context *to)
{
	wok__context_switch(from, to);
}

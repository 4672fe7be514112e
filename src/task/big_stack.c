/* SPDX-License-Identifier: MIT */
/*
 * The large stack: see wok/big_stack.h.
 *
 * It comes from the same arenas as the tasks' stacks, with a guard and all, and goes back there
 * after the call; the loop has one at most, since nothing on it can wait. The task that runs is the
 * same as before, with its messages and its errno.
 */
#include <wok/big_stack.h>
#include <wok/error.h>

#include "loop/report.h"
#include "task/park.h"
#include "task/run.h"

struct call {
	struct wok__run *run;
	struct wok__fiber *from;
	wok_fn *fn;
	void *arg;
	int result;
};

/* On the large stack; it is never resumed after its last line. */
static void body(void *arg)
{
	struct call *call = arg;
	struct wok__big_stack *big = &call->run->big_stack;

	wok__fiber_arrive(&big->stack->fiber, call->from);
	call->result = call->fn(call->arg);
	wok__fiber_leave(&big->stack->fiber, call->from, 1);
	wok__context_switch(&big->context, &big->caller);
}

static void check_overflow(const struct wok__big_stack *big)
{
	struct wok_task *task = wok__current();

	if (wok__stack_intact(big->stack))
		return;
	wok__report(-EOVERFLOW, task ? task->name : NULL, task ? task->site : NULL,
		    "a call has overflowed the large stack of %zu bytes: memory is corrupt; make "
		    "it larger by wok_run_options.big_stack_size",
		    big->stack->size);
}

static void call_on_it(struct call *call)
{
	struct wok__big_stack *big = &call->run->big_stack;
	const char *before = wok__nowait_enter("a function on the large stack");

	wok__context_make(&big->context, big->stack->low, wok__stack_top(big->stack), body, call);
	wok__fiber_leave(call->from, &big->stack->fiber, 0);
	wok__context_switch(&big->caller, &big->context);
	wok__fiber_arrive(call->from, &big->stack->fiber);
	wok__nowait_leave(before);
	check_overflow(big);
}

int wok_on_big_stack(wok_fn *fn, void *arg)
{
	struct wok__run *run = wok__run_of(wok__loop);
	struct wok_task *task = wok__current();

	if (!run || run->big_stack.stack)
		return fn(arg);
	run->big_stack.stack = wok__stack_take(&run->stacks, run->big_stack.size);
	if (!run->big_stack.stack)
		return wok_fail(-ENOMEM, "wok_on_big_stack: no memory for a stack of %zu bytes",
				run->big_stack.size);
	struct call call = {
		.run = run,
		.from = task ? &task->stack->fiber : &run->fiber,
		.fn = fn,
		.arg = arg,
	};
	call_on_it(&call);
	wok__stack_give(&run->stacks, WOK_TAKE(run->big_stack.stack));
	return call.result;
}

/* SPDX-License-Identifier: MIT */
/* Running under test conditions: see wok/test.h. */
#include <wok/test.h>

#include "base/memory.h"
#include "base/time.h"
#include "platform/sys.h"
#include "task/park.h"
#include "task/run.h"

int wok_test_run(wok_fn *fn, void *arg, const wok_test_options *options)
{
	const wok_test_options defaults = {0};

	options = options ? options : &defaults;
	return wok__run_with(fn, arg,
			     &(wok_run_options){
				     .backend = options->backend,
				     .stack_size = options->stack_size,
				     .grace = options->grace,
				     .debug = options->debug,
				     .no_sigint = true,
			     },
			     &(struct wok__run_mode){
				     .virtual_clock = !options->real_clock,
				     .tracing = true,
				     .seed = options->seed,
			     });
}

void wok_test_settle(void)
{
	struct wok__parker parker = {.what = "all others to be blocked", .shielded = true};
	struct wok__run *run = wok__run_of(wok__loop);

	if (!wok__current())
		return;
	wok__loop->n_settling++;
	(void) wok__park(&parker, &run->settling);
	wok__loop->n_settling--;
}

void wok_test_advance(wok_time span)
{
	if (!wok__current() || !wok__loop->virtual_clock)
		return;
	wok_time end = wok__time_add(wok__loop->virtual_now, span > 0 ? span : 0);
	wok_test_settle();
	while (wok__loop_jump(wok__loop, end))
		wok_test_settle();
	wok__loop->virtual_now = end;
}

uint64_t wok_test_seed(void)
{
	return wok__loop ? wok__loop->seed : 0;
}

uint64_t wok_test_trace(void)
{
	return wok__loop ? wok__loop->trace : 0;
}

uint64_t wok_test_checkpoints(void)
{
	return wok__checkpoints;
}

void wok_test_fail_allocation(uint64_t n, bool and_after)
{
	wok__fail_allocation(n, and_after);
}

void wok_test_fail_system_call(const char *name, uint64_t n, int error)
{
	wok__sys_fail(name, n, error);
}

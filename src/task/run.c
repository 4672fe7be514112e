/* SPDX-License-Identifier: MIT */
/* wok_run(): see wok/loop.h and task/run.h. */
#include "task/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wok/error.h>

#include "base/memory.h"
#include "base/settle.h"
#include "base/time.h"
#include "loop/report.h"
#include "loop/watchdog.h"
#include "task/coro.h"
#include "task/deadlock.h"
#include "task/park.h"
#include "task/roster.h"
#include "task/scope.h"

enum {
	STACK_SIZE_DEFAULT = 128 << 10,
	STACK_SIZE_MIN = 16 << 10,
	BIG_STACK_SIZE_DEFAULT = 8 << 20,
};
#define STACK_SIZE_MAX (SIZE_MAX / 4)
#define GRACE_DEFAULT (5 * WOK_SECOND)
#define SLOW_STEP_DEFAULT (100 * WOK_MS)

size_t wok__round_stack(size_t size)
{
	size_t page = (size_t) sysconf(_SC_PAGESIZE);

	if (size < STACK_SIZE_MIN)
		size = STACK_SIZE_MIN;
	if (size > STACK_SIZE_MAX)
		size = STACK_SIZE_MAX; /* there is no memory for that either, and no overflow */
	return (size + page - 1) / page * page;
}

static bool on_settled(wok_loop *loop)
{
	struct wok__run *run = wok__run_of(loop);

	return wok__wake_first(&run->settling, 0);
}

static void on_deadlock(wok_loop *loop)
{
	struct wok__run *run = wok__run_of(loop);

	if (run->n_tasks == 0) {
		/* Nothing runs at all: wok_loop_run_forever() could not even be stopped. */
		run->deadlock = -EDEADLK;
		return;
	}
	if (run->deadlock == 0) {
		run->deadlock = -EDEADLK;
		run->deadlock_message = wok__deadlock_message(run);
		wok__region_cancel(&run->root, "all tasks waited for what could not come");
		return;
	}
	/*
	 * Cancelled, and still stuck: a shielded wait that nothing can end. Only a signal can help.
	 */
	wok__deadlock_report_stuck(run);
	pause();
}

static void on_interrupt(wok_loop *loop)
{
	struct wok__run *run = wok__run_of(loop);

	run->interrupted = true;
	wok__region_cancel(&run->root, "SIGINT came");
	if (run->mode->interrupted)
		run->mode->interrupted(run->mode->interrupted_arg);
}

static bool on_trim(wok_loop *loop)
{
	return wok__stacks_trim(&wok__run_of(loop)->stacks);
}

/* This is the child of a fork: nothing that the kernel keeps for the loop may be touched here. */
static void on_fork(wok_loop *loop)
{
	struct wok__run *run = wok__run_of(loop);

	run->direct = false;
	if (loop->running)
		wok__signals_close(&run->signals);
}

static const struct wok__loop_hooks hooks = {
	.settled = on_settled,
	.deadlocked = on_deadlock,
	.interrupted = on_interrupt,
	.trim = on_trim,
	.forked = on_fork,
};

static const struct wok__stack *current_stack(const char **ret_name, const char **ret_option)
{
	struct wok__run *run = wok__run_of(wok__loop);
	struct wok_task *task = wok__current();

	*ret_name = task ? task->name : "(a callback)";
	if (run && run->big_stack.stack) {
		*ret_option = "wok_run_options.big_stack_size";
		return run->big_stack.stack;
	}
	*ret_option = "wok_task_options.stack_size or wok_run_options.stack_size";
	return task ? task->stack : NULL;
}

/* Main has ended, and so must the rest; who does not is named after the grace. */
static void on_overdue(struct wok__timer *timer)
{
	struct wok__run *run = WOK__CONTAINER(timer, struct wok__run, overdue);

	wok__deadlock_report_overdue(run);
}

static bool debug_wanted(const wok_run_options *options)
{
	const char *value = getenv("WOK_DEBUG");

	return options->debug || (value && strcmp(value, "1") == 0);
}

int wok__run_open(struct wok__run *run, const wok_run_options *options,
		  const struct wok__run_mode *mode)
{
	const wok_run_options defaults = {0};
	wok_loop *loop = &run->loop;

	options = options ? options : &defaults;
	wok__settle();
	loop->hooks = &hooks;
	loop->owner = run;
	run->mode = mode;
	loop->virtual_clock = mode->virtual_clock;
	loop->seed = loop->random = loop->choices = mode->seed;
	loop->tracing = mode->tracing;
	loop->debug = debug_wanted(options);
	int r = wok__loop_open(loop, options->backend);
	if (r < 0)
		return r;
	if (wok__timer_reserve(loop) < 0) {
		wok__loop_close(loop);
		return -ENOMEM;
	}
	run->overdue.fire = on_overdue;
	run->stack_size =
		options->stack_size ? wok__round_stack(options->stack_size) : STACK_SIZE_DEFAULT;
	run->big_stack.size = options->big_stack_size ? wok__round_stack(options->big_stack_size)
						      : BIG_STACK_SIZE_DEFAULT;
	run->grace = options->grace > 0 ? options->grace : GRACE_DEFAULT;
	run->no_sigint = options->no_sigint;
	wok__list_init(&run->root.children);
	wok__list_init(&run->coros);
	wok__list_init(&run->calls);
	run->root.kind = WOK__REGION_ROOT;
	wok__slab_open(&run->headers);
	wok__stacks_open(&run->stacks);
	wok__fiber_adopt_thread(&run->fiber);
	run->errno_at = &errno;
	run->fpu = wok__fpu_get();
	run->direct = !loop->debug;
	wok__roster_add(run);
	if (!options->no_overflow_report)
		wok__overflow_guard_open(&run->overflow, current_stack);
	/* Where time stands still there is no slow step, but there are debuggers. */
	if (loop->debug && !mode->virtual_clock)
		wok__watchdog_open(loop,
				   options->slow_step > 0 ? options->slow_step : SLOW_STEP_DEFAULT);
	return 0;
}

void wok__run_close(struct wok__run *run)
{
	run->over = true;
	wok__roster_remove(run);
	if (run->loop.forked) {
		/* The parent's tasks are in the middle of things: their memory stays as it is. */
		wok__loop = run->loop.outer;
		return;
	}
	wok__coros_end(&run->coros);
	wok__scopes_abandon(run);
	wok__overflow_guard_close(&run->overflow);
	wok__loop_close(&run->loop);
	wok__stacks_close(&run->stacks);
	wok__slab_close(&run->headers);
	wok__message_unref(run->deadlock_message);
}

void wok__run_enter(struct wok__run *run, bool no_sigint)
{
	run->loop.running = true;
	wok__signals_open(&run->signals, &run->loop, no_sigint);
}

void wok__run_leave(struct wok__run *run)
{
	run->loop.running = false;
	if (!run->loop.forked) /* or else they are the default again already */
		wok__signals_close(&run->signals);
}

struct wok_task *wok__run_spawn_main(struct wok__run *run, wok_fn *fn, void *arg)
{
	static const wok_site site = {"main", __FILE__, __LINE__};
	struct wok_task *main_task = wok__task_spawn(run, &run->root, NULL, fn, arg, &site);

	if (main_task) {
		wok__task_keep(main_task);
		main_task->owners = 1;
		run->main_task = main_task;
	}
	return main_task;
}

void wok__run_until(struct wok__run *run, const struct wok_task *main_task)
{
	wok_loop *loop = &run->loop;

	if (loop->stopping) /* before the run: it makes one pass */
		wok__loop_pass(loop);
	while (!loop->stopping && !loop->forked &&
	       (main_task ? main_task->state != WOK__TASK_DONE
			  : run->n_tasks > 0 || (run->deadlock == 0 && !run->interrupted)))
		wok__loop_turn(loop);
}

/* The names of some that were left over, for the report. */
static void report_left_over(struct wok__run *run)
{
	if (run->loop.debug && run->n_tasks > 0)
		wok__deadlock_report_left_over(run);
}

void wok__run_end_tasks(struct wok__run *run)
{
	if (run->n_tasks > 0) {
		report_left_over(run);
		wok__region_cancel(&run->root, "the main task has ended");
		wok__timer_start(&run->loop, &run->overdue,
				 wok__time_add(wok__loop_now(&run->loop), run->grace));
	}
	while (run->n_tasks > 0 && !run->loop.forked)
		wok__loop_turn(&run->loop);
	/* The calls that the last to end have left behind: nobody would join what they started. */
	run->over = true;
	if (!run->loop.forked)
		wok__loop_tick(&run->loop);
	wok__timer_stop(&run->loop, &run->overdue);
}

int wok__run_outcome(struct wok__run *run, struct wok_task *main_task)
{
	int r = main_task->result;
	struct wok__message *message = main_task->message;

	if (run->loop.forked)
		return wok_fail(-ECHILD,
				"the main task's process was forked, and this is the child, "
				"to which the loop does not belong: after a fork, call "
				"exec() or _exit()");
	if (main_task->state != WOK__TASK_DONE)
		return wok_fail(
			-EINPROGRESS,
			"wok_loop_stop() was called before the main task had ended: it goes "
			"on with the loop's next run");
	if (main_task->was_canceled && run->deadlock < 0) {
		r = run->deadlock;
		message = run->deadlock_message;
	} else if (run->deadlock < 0) {
		/* Main made another result of it, or had ended before. */
		wok__report(-EDEADLK, NULL, NULL, "%s",
			    wok__message_text(run->deadlock_message, -EDEADLK));
	} else if (main_task->was_canceled && run->interrupted) {
		return wok_fail(-EINTR, "interrupted by SIGINT");
	} else if (main_task->was_canceled && run->loop.stopping) {
		return wok_fail(-EINTR,
				"wok_loop_stop() was called before the main task had ended");
	}
	wok__message_adopt(message);
	return r;
}

static int run_main(struct wok__run *run, wok_fn *fn, void *arg)
{
	struct wok_task *main_task = wok__run_spawn_main(run, fn, arg);

	if (!main_task)
		return -ENOMEM;
	wok__run_enter(run, run->no_sigint);
	wok__run_until(run, main_task);
	wok__run_end_tasks(run);
	wok__run_leave(run);
	int r = wok__run_outcome(run, main_task);
	wok__task_drop(main_task);
	return r;
}

int wok__run_check(const char *function)
{
	if (!wok__loop || wok__loop->forked)
		return 0;
	if (wok__loop->running)
		return wok_fail(-EDEADLK, "%s() cannot be called from a running event loop",
				function);
	return wok_fail(-EDEADLK, "%s(): this thread has a loop already: use wok_loop_run()",
			function);
}

int wok__run_with(wok_fn *fn, void *arg, const wok_run_options *options,
		  const struct wok__run_mode *mode)
{
	int r = wok__run_check("wok_run");

	if (r < 0)
		return r;
	struct wok__run *run = wok__alloc_zeroed(sizeof(*run));
	if (!run)
		return -ENOMEM;
	r = wok__run_open(run, options, mode);
	if (r == 0) {
		r = run_main(run, fn, arg);
		wok__run_close(run);
	}
	if (!run->loop.forked)
		wok_free(run);
	return r;
}

int wok_run_with(wok_fn *fn, void *arg, const wok_run_options *options)
{
	return wok__run_with(fn, arg, options, &(struct wok__run_mode){0});
}

int wok_run(wok_fn *fn, void *arg)
{
	return wok_run_with(fn, arg, NULL);
}

int wok_loop_get_info(wok_loop_info *ret_info)
{
	struct wok__run *run = wok__run_of(wok__loop);

	if (!run)
		return wok_fail(-EINVAL, "wok_loop_get_info: this thread runs no loop");
	*ret_info = (wok_loop_info){
		.backend = run->loop.backend->name,
		.backend_why = run->loop.backend_why,
		.stack_guard = wok__guard_name(run->stacks.best),
		.stack_size = run->stack_size,
		.tasks = run->n_tasks,
		.stacks = run->stacks.in_use,
		.stacks_mapped = run->stacks.mapped,
		.timers = run->loop.timers.n,
		.ticks = run->loop.ticks,
		.polls = run->loop.polls,
	};
	return 0;
}

const char *wok_version(void)
{
	return WOK_VERSION;
}

/* SPDX-License-Identifier: MIT */
/*
 * Starting a task and waiting until it is ready: see wok_scope_start().
 *
 * Until it is ready the task hangs below the region that its starter waits in, so a cancel of the
 * starter reaches it through the tree, and the starter need only wait: for one of "ready" and
 * "ended". Being ready moves the task's region below the scope. The scope counts the task from the
 * beginning, or it could be left before the task arrives. The protocol is Trio's nursery.start().
 */
#include "task/start.h"

#include "task/park.h"
#include "task/run.h"

static int check_start(struct wok_scope *scope, const wok_site *site)
{
	WOK_TRY(wok__check());
	return wok__scope_check_spawn(scope, site);
}

/* A child below the starter, that knows who waits for it; NULL if there is no memory. */
static struct wok_task *make_child(struct wok__start *start, const wok_task_options *options,
				   wok_fn *fn, void *arg, const wok_site *site)
{
	wok_task_options later = options ? *options : (wok_task_options){0};

	/*
	 * It needs its extra part for sure, so that nothing can fail after it was made: a stack
	 * size of its own asks for it. And it runs eagerly only when it knows who waits.
	 */
	later.eager = false;
	if (later.stack_size == 0)
		later.stack_size = start->scope->run->stack_size;
	struct wok_task *task =
		wok__task_spawn(start->scope->run, wok__current()->current, &later, fn, arg, site);
	if (task)
		task->extra->start = start;
	return task;
}

static int wait_until_ready(struct wok__start *start)
{
	struct wok_task *task = start->task;

	while (!start->ready && task->state != WOK__TASK_DONE)
		WOK_IGNORE(wok__park(&start->parker, NULL));
	if (start->ready)
		return 0;
	if (task->was_canceled && wok__is_canceled())
		return -ECANCELED;
	int r = wok__task_take_result(task);
	return r < 0 ? r
		     : wok_fail(-EPROTO, "wok_scope_start: %s ended without calling wok_started()",
				task->name);
}

int wok_scope_start_at(wok_scope *scope, wok_fn *fn, void *arg, const wok_task_options *options,
		       void **ret_value, const wok_site *site)
{
	struct wok__start start = {
		.parker = {.what = "a task to be ready", .shielded = true},
		.scope = scope,
	};
	int r = check_start(scope, site);

	if (r == 0)
		start.task = make_child(&start, options, fn, arg, site);
	if (!start.task) {
		if (options && options->arg_free)
			options->arg_free(arg);
		return r < 0 ? r : -ENOMEM;
	}
	scope->n_children++;
	wok__task_keep(start.task);
	if (options && options->eager)
		wok__task_run_eagerly(start.task);
	r = wait_until_ready(&start);
	if (r == 0 && ret_value)
		*ret_value = start.value;
	wok__task_drop(start.task);
	return r;
}

void wok__start_failed(struct wok__start *start)
{
	start->task->taken = true; /* its starter hands the result on */
	wok__scope_child_gone(start->scope);
	wok__wake(&start->parker, 0);
}

/* The task leaves its starter's part of the tree for the scope's. */
static void move(struct wok_task *task, struct wok_scope *scope)
{
	task->home = scope;
	wok__region_move(&task->region, &scope->block.region);
}

int wok_started(void *value)
{
	struct wok_task *task = wok__current();
	struct wok__extra *extra = task ? task->extra : NULL;

	if (!extra || (!extra->start && !extra->was_started))
		return 0;
	if (extra->was_started)
		return wok_fail(-EALREADY, "wok_started: %s has called it before", task->name);
	struct wok__start *start = extra->start;
	if (task->region.parent->effective)
		return -ECANCELED;
	start->value = value;
	start->ready = true;
	extra->start = NULL;
	extra->was_started = true;
	move(task, start->scope);
	wok__wake(&start->parker, 0);
	return 0;
}

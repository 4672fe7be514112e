/* SPDX-License-Identifier: MIT */
/*
 * The life of a task: see task/task.h.
 *
 * It is held by its owners, by its own parked calls, and, from birth to end, by the run. Running it
 * is the business of task/switch.c.
 */
#include "task/task.h"

#include <string.h>

#include "base/memory.h"
#include "loop/report.h"
#include "task/local.h"
#include "task/park.h"
#include "task/run.h"
#include "task/scope.h"
#include "task/start.h"
#include "task/switch.h"

/* A header outside of a slab is one of those that stand for "not started": it lives for ever. */
void wok__task_keep(struct wok_task *task)
{
	if (task->page)
		task->refs++;
}

void wok__task_drop(struct wok_task *task)
{
	if (!task->page || --task->refs > 0)
		return;
	wok__message_unref(task->message);
	wok_free(task->extra);
	wok__slab_give(task);
}

/* A slab that is closed is that of a loop that is over: no task of it runs. */
static bool is_foreign(const struct wok_task *task)
{
	return task->state != WOK__TASK_DONE && task->run != wok__run_of(wok__loop) &&
	       wok__slab_is_open(task);
}

int wok__task_check_here(const struct wok_task *task, const char *call)
{
	if (__builtin_expect(!is_foreign(task), true))
		return 0;
	return wok_fail(-EINVAL, "%s: the task %s belongs to another loop: use a wok_remote", call,
			task->name);
}

bool wok__task_is_here(const struct wok_task *task, const char *call)
{
	if (__builtin_expect(!is_foreign(task), true))
		return true;
	wok__report(-EINVAL, task->name, task->site,
		    "%s did nothing: the task belongs to another loop: use a wok_remote", call);
	return false;
}

void wok__task_ready(struct wok_task *task)
{
	task->state = WOK__TASK_READY;
	wok__loop_ready(&task->run->loop, &task->item);
}

/* Whether a cancel of this task's own, or from around it, explains a result of -ECANCELED. */
static bool was_canceled(const struct wok_task *task)
{
	return task->region.effective;
}

/* Turn what the function returned into what an awaiter may get: see DESIGN, "ECANCELED means". */
static void settle_result(struct wok_task *task, int result)
{
	task->result = result;
	if (result != -ECANCELED)
		return;
	if (was_canceled(task)) {
		task->was_canceled = true;
		task->result = WOK_ETASKCANCELED;
	} else if (task->left_expired) {
		task->result = -ETIMEDOUT;
		if (task->run->loop.debug)
			wok__report(-ETIMEDOUT, task->name, task->site,
				    "a task returned out of an expired timeout without "
				    "wok_timeout_result()");
	} else {
		task->result = wok_fail(WOK_ETASKCANCELED,
					"the task returned -ECANCELED though nothing cancelled it");
		wok__report(-ECANCELED, task->name, task->site,
			    "a task returned -ECANCELED though nothing cancelled it");
	}
}

static void release_arg(struct wok_task *task)
{
	if (!task->extra)
		return;
	if (task->extra->arg_free)
		task->extra->arg_free(task->arg);
	wok__locals_free(&task->extra->locals); /* of a task that never ran; else they are gone */
}

void wok__task_report_lost(struct wok_task *task)
{
	if (task->result >= 0 || task->taken || task->was_canceled || task->home)
		return;
	task->taken = true;
	wok__report(task->result, task->name, task->site,
		    "a task failed, and nobody took its error: %s",
		    wok__message_text(task->message, task->result));
}

void wok__task_finish(struct wok_task *task, int result)
{
	struct wok__run *run = task->run;

	release_arg(task);
	wok__leave_inner(task, &task->region); /* what a clean-up has entered */
	settle_result(task, result);
	if (task->message && task->message->code != task->result) {
		wok__message_unref(task->message);
		task->message = NULL;
	}
	task->state = WOK__TASK_DONE;
	wok__region_unlink(&task->region);
	wok__timer_unreserve(&run->loop);
	run->n_tasks--;
	if (task == run->main_task)
		wok__loop_ask_back(&run->loop);
	/* One watcher may make others come or go: a gather cancels those who wait for a lock. */
	struct wok__node *node;
	while ((node = wok__list_pop(&task->watchers))) {
		struct wok__watcher *watcher = WOK__CONTAINER(node, struct wok__watcher, link);
		watcher->done(watcher);
	}
	if (task->extra && task->extra->start)
		wok__start_failed(task->extra->start);
	else if (task->home)
		wok__scope_child_ended(task->home, task);
	else if (task->owners == 0)
		wok__task_report_lost(task);
}

struct wok__extra *wok__task_extra(struct wok_task *task)
{
	if (!task->extra)
		task->extra = wok__alloc_zeroed(sizeof(*task->extra));
	return task->extra;
}

/* What few tasks have, as far as this one does: 0 or -ENOMEM. */
static int make_extra(const wok_task_options *options, const void *arg,
		      struct wok__extra **ret_extra)
{
	static const wok_task_options none;
	const struct wok_task *parent = wok__current();
	struct wok__local_value *inherited = NULL;

	options = options ? options : &none;
	if (parent && parent->extra && parent->extra->locals)
		WOK_TRY(wok__locals_inherit(parent->extra->locals, &inherited));
	if (!inherited && !options->arg_free && !options->stack_size && !options->arg_size)
		return 0;
	struct wok__extra *extra = options->arg_size > SIZE_MAX - sizeof(*extra)
					   ? NULL
					   : wok_alloc(sizeof(*extra) + options->arg_size);
	if (!extra) {
		wok__locals_free(&inherited);
		return -ENOMEM;
	}
	*extra = (struct wok__extra){
		.arg_free = options->arg_free,
		.stack_size = options->stack_size ? wok__round_stack(options->stack_size) : 0,
		.locals = inherited,
	};
	if (options->arg_size)
		memcpy(extra->copy, arg, options->arg_size);
	*ret_extra = extra;
	return 0;
}

static struct wok_task *make_header(struct wok__run *run)
{
	struct wok_task *task = wok__slab_take(&run->headers);

	if (task && wok__timer_reserve(&run->loop) < 0) {
		wok__slab_give(task);
		return NULL;
	}
	return task;
}

struct wok_task *wok__task_spawn(struct wok__run *run, struct wok__region *parent,
				 const wok_task_options *options, wok_fn *fn, void *arg,
				 const wok_site *site)
{
	struct wok__extra *extra = NULL;

	if (make_extra(options, arg, &extra) < 0)
		return NULL;
	struct wok_task *task = make_header(run);
	if (!task) {
		if (extra)
			wok__locals_free(&extra->locals);
		wok_free(extra);
		return NULL;
	}
	task->item.run = wok__task_run;
	task->item.shuffled = true;
	task->run = run;
	task->fn = fn;
	task->arg = options && options->arg_size ? extra->copy : arg;
	task->extra = extra;
	task->name = options && options->name ? options->name : site->name;
	task->site = site;
	task->refs = 1;
	task->number = ++run->n_spawned;
	wok__list_init(&task->watchers);
	wok__region_link(&task->region, parent, WOK__REGION_TASK, task);
	task->current = &task->region;
	run->n_tasks++;
	wok__loop_ready(&run->loop, &task->item);
	return task;
}

/*
 * It goes to the head of the batch that runs now, and who started it right behind it. Where nobody
 * can wait (in a callback, on the large stack) who started it goes on, and it runs next.
 */
void wok__task_run_eagerly(struct wok_task *task)
{
	wok_loop *loop = &task->run->loop;
	struct wok_task *starter = loop->no_wait ? NULL : wok__current();

	wok__list_remove(&task->item.link);
	if (starter) {
		starter->state = WOK__TASK_READY;
		wok__loop_run_next(loop, &starter->item);
	}
	wok__loop_run_next(loop, &task->item);
	if (starter)
		wok__task_switch_out(starter);
}

void wok__task_watch(struct wok_task *task, struct wok__watcher *watcher)
{
	wok__list_push_back(&task->watchers, &watcher->link);
}

void wok__task_unwatch(struct wok__watcher *watcher)
{
	wok__list_remove(&watcher->link);
}

int wok__task_take_result(struct wok_task *task)
{
	task->taken = true;
	if (task->result < 0)
		wok__message_adopt(task->message);
	return task->result;
}

/* SPDX-License-Identifier: MIT */
/* Task handles: see wok/task.h. */
#include "loop/report.h"
#include "task/cycle.h"
#include "task/park.h"
#include "task/patience.h"
#include "task/run.h"
#include "task/timeout.h"

/*
 * What wok_create_task() gives when there is no task: it has failed already, belongs to nobody and
 * is never changed, so one of each kind serves all threads.
 */
#define STILLBORN(name_, code)                                                                     \
	static struct wok_task name_ = {                                                           \
		.name = "(not started)", .state = WOK__TASK_DONE, .result = (code), .taken = true}
STILLBORN(no_memory, -ENOMEM);
STILLBORN(no_loop, -EINVAL);
STILLBORN(run_over, -ESHUTDOWN);
STILLBORN(in_fork, -ECHILD);

wok_task *wok__task_no_memory(void)
{
	return &no_memory;
}

static bool is_stillborn(const struct wok_task *task)
{
	return task == &no_memory || task == &no_loop || task == &run_over || task == &in_fork;
}

static wok_task *refuse(struct wok_task *instead, void *arg, wok_free_fn *arg_free)
{
	if (arg_free)
		arg_free(arg);
	return instead;
}

wok_task *wok_create_task_at(wok_fn *fn, void *arg, const wok_task_options *options,
			     const wok_site *site)
{
	struct wok__run *run = wok__run_of(wok__loop);
	wok_free_fn *arg_free = options ? options->arg_free : NULL;

	if (!run)
		return refuse(&no_loop, arg, arg_free);
	if (run->loop.forked)
		return refuse(&in_fork, arg, arg_free);
	if (run->over)
		return refuse(&run_over, arg, arg_free);
	struct wok_task *task = wok__task_spawn(run, &run->root, options, fn, arg, site);
	if (!task)
		return refuse(&no_memory, arg, arg_free);
	task->is_handle = true;
	task->owners = 1;
	wok__task_keep(task);
	if (options && options->eager)
		wok__task_run_eagerly(task);
	return task;
}

wok_task *wok_task_ref(wok_task *task)
{
	if (!is_stillborn(task)) {
		task->owners++;
		wok__task_keep(task);
	}
	return task;
}

wok_task *wok_current_task(void)
{
	return wok__current();
}

const char *wok_task_name(const wok_task *task)
{
	return task->name;
}

bool wok_task_done(const wok_task *task)
{
	return task->state == WOK__TASK_DONE;
}

bool wok_task_canceled(const wok_task *task)
{
	return task->was_canceled;
}

int wok_task_result(wok_task *task)
{
	if (task->state != WOK__TASK_DONE)
		return -EBUSY;
	if (!is_stillborn(task))
		task->taken = true;
	return task->result;
}

const char *wok_task_errmsg(const wok_task *task)
{
	if (task->state != WOK__TASK_DONE)
		return "";
	return wok__message_text(task->message, task->result);
}

bool wok_cancel(wok_task *task)
{
	return wok_cancel_with(task, NULL);
}

bool wok_cancel_with(wok_task *task, const char *reason)
{
	if (task->state == WOK__TASK_DONE || !wok__task_is_here(task, "wok_cancel"))
		return false;
	wok__region_cancel(&task->region, reason ? reason : "wok_cancel() was called");
	return true;
}

const char *wok_cancel_reason(void)
{
	struct wok_task *task = wok__current();

	return task && task->current->effective ? wok__region_reason(task->current) : NULL;
}

/* Waits for one task, in a record on the waiter's stack. */
struct waiter {
	struct wok__watcher watcher;
	struct wok__parker parker;
};

static void task_ended(struct wok__watcher *watcher)
{
	struct waiter *waiter = WOK__CONTAINER(watcher, struct waiter, watcher);

	wok__wake(&waiter->parker, 0);
}

/* Somebody had to make way: see task/cycle.c. */
static int gave_up(const struct wok_task *task)
{
	return wok_fail(-EDEADLK, "%s was to wait for %s, which came to wait for it",
			wok__current()->name, task->name);
}

static int park_until_done(struct wok_task *task, struct waiter *waiter)
{
	struct wok_task *const tasks[] = {task};
	const struct wok__join join = {.tasks = tasks, .n = 1};

	waiter->watcher.done = task_ended;
	waiter->parker.what = task->name;
	waiter->parker.join = &join;
	wok__task_watch(task, &waiter->watcher);
	int r = wok__park(&waiter->parker, NULL);
	wok__task_unwatch(&waiter->watcher);
	if (r == -EDEADLK)
		return task->state == WOK__TASK_DONE ? 0 : gave_up(task);
	return r;
}

static int check_cycle(struct wok_task *task)
{
	struct wok_task *const tasks[] = {task};

	if (!wok__join_would_deadlock(wok__current(), &(struct wok__join){.tasks = tasks, .n = 1}))
		return 0;
	return wok_fail(-EDEADLK, "%s is to wait for %s, which waits for it", wok__current()->name,
			task == wok__current() ? "itself" : task->name);
}

static WOK__OUT_OF_LINE int wait_for_end(struct wok_task *task)
{
	struct waiter waiter = {0};
	int r = wok__task_check_here(task, "wok_await");

	if (r == 0)
		r = check_cycle(task);
	if (r < 0)
		return r;
	wok__task_keep(task); /* its owner may let go of it while this call waits */
	r = park_until_done(task, &waiter);
	if (r == 0)
		r = wok__task_take_result(task);
	wok__task_drop(task);
	return r;
}

int wok_await(wok_task *task)
{
	int r = wok__quick_check();

	if (r < 0)
		return r;
	if (task->state == WOK__TASK_DONE) {
		wok__quick_spend();
		return is_stillborn(task) ? task->result : wok__task_take_result(task);
	}
	return wait_for_end(task);
}

/* Cancelled while waiting for a task that the call owns: cancel it, and go on waiting. */
struct owner {
	struct waiter waiter;
	struct wok_task *task;
};

static void cancel_owned(struct wok__parker *parker)
{
	struct owner *owner = WOK__CONTAINER(parker, struct owner, waiter.parker);

	wok_cancel(owner->task);
}

int wok__await_owned(struct wok_task *task)
{
	struct owner owner = {.task = task};

	owner.waiter.parker.cancel = cancel_owned;
	while (task->state != WOK__TASK_DONE) {
		int r = park_until_done(task, &owner.waiter);
		if (r < 0)
			return r;
	}
	return wok__task_take_result(task);
}

int wok__task_join_shielded(struct wok_task *task)
{
	while (task->state != WOK__TASK_DONE) {
		struct waiter waiter = {.parker = {.shielded = true}};
		WOK_TRY(park_until_done(task, &waiter));
	}
	return 0;
}

/* The last owner goes while the task still runs. */
static int join_patiently(struct wok_task *task)
{
	struct wok__patience patience;

	wok__patience_begin(&patience, task->name);
	int r = wok__task_join_shielded(task);
	wok__patience_end(&patience);
	return r;
}

static void cancel_and_join(struct wok_task *task)
{
	wok_cancel(task);
	if (!wok__current() || check_cycle(task) < 0 || join_patiently(task) < 0)
		wok__report(-EDEADLK, task->name, task->site,
			    "a task was freed where waiting for its end is impossible: it is "
			    "cancelled, and left to the run");
}

void wok_task_free(wok_task *task)
{
	if (!task || is_stillborn(task) || wok__in_fork() ||
	    !wok__task_is_here(task, "wok_task_free"))
		return;
	/* Most often there is nothing to wait for, and nothing to say. */
	if (task->owners > 1 ||
	    (task->state == WOK__TASK_DONE && (task->taken || task->result >= 0))) {
		task->owners--;
		wok__task_drop(task);
		return;
	}
	struct wok__saved_error saved = wok__error_save();
	if (task->state != WOK__TASK_DONE)
		cancel_and_join(task);
	if (--task->owners == 0 && task->state == WOK__TASK_DONE)
		wok__task_report_lost(task);
	wok__task_drop(task);
	wok__error_restore(saved);
}

void wok_task_detach(wok_task **task_pointer)
{
	struct wok_task *task = WOK_TAKE(*task_pointer);

	if (!task || is_stillborn(task) || !wok__task_is_here(task, "wok_task_detach"))
		return;
	if (--task->owners == 0 && task->state == WOK__TASK_DONE)
		wok__task_report_lost(task);
	wok__task_drop(task);
}

int wok_await_for(wok_task *task, wok_time limit)
{
	int r = wok__may_wait();

	if (r < 0)
		return r;
	if (task->state == WOK__TASK_DONE) {
		WOK_TRY(wok__checkpoint());
		return is_stillborn(task) ? task->result : wok__task_take_result(task);
	}
	WOK_TRY(wok__task_check_here(task, "wok_await_for"));
	r = check_cycle(task);
	if (r < 0)
		return r;
	/* A caller that is cancelled already owns the task all the same: it ends it first. */
	return wok__await_owned_for(task, limit);
}

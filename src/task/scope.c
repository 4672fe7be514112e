/* SPDX-License-Identifier: MIT */
/*
 * Scopes: see wok/scope.h.
 *
 * An entered scope is a region of its task, so a cancel from around it reaches the children through
 * the tree, and joining need only wait for their number to become zero. A background scope hangs on
 * the root, away from whoever joins it, so there the joiner's cancel is passed on by hand.
 */
#include "task/scope.h"

#include <assert.h>
#include <string.h>

#include "base/memory.h"
#include "base/time.h"
#include "loop/report.h"
#include "task/cycle.h"
#include "task/patience.h"
#include "task/run.h"

int wok_scope_new(wok_scope **ret_scope)
{
	return wok_scope_new_with(NULL, ret_scope);
}

static wok_time deadline_after(wok_time span)
{
	return span > 0 ? wok__time_add(wok_now(), span) : WOK_FOREVER;
}

int wok_scope_new_with(const wok_scope_options *options, wok_scope **ret_scope)
{
	const wok_scope_options defaults = {0};
	struct wok_task *task = wok__current();
	struct wok__run *run = wok__run_of(wok__loop);

	options = options ? options : &defaults;
	if (!run || (!task && !options->background))
		return wok_fail(-EINVAL, "wok_scope_new: there is no task to enter the scope");
	if (!options->background)
		WOK_TRY(wok__may_wait()); /* its end would have to */
	wok_scope *scope = wok__alloc_zeroed(sizeof(*scope));
	if (!scope)
		return -ENOMEM;
	if (wok__timer_reserve(&run->loop) < 0) {
		wok_free(scope);
		return -ENOMEM;
	}
	scope->run = run;
	scope->background = options->background;
	scope->keep_going = options->keep_going;
	wok__block_enter(&scope->block, scope->background ? &run->root : task->current,
			 WOK__REGION_SCOPE, scope->background ? NULL : task,
			 deadline_after(options->timeout), options->shield);
	if (options->timeout < 0) {
		scope->block.expired = true;
		wok__region_cancel(&scope->block.region, "its time limit has passed");
	}
	*ret_scope = scope;
	return 0;
}

/* A scope whose run is over belongs to no loop. */
static bool is_foreign(const struct wok_scope *scope)
{
	return scope->run && scope->run != wok__run_of(wok__loop);
}

static int check_here(const struct wok_scope *scope, const char *call)
{
	if (__builtin_expect(!is_foreign(scope), true))
		return 0;
	return wok_fail(-EINVAL, "%s: the scope belongs to another loop: use a wok_remote", call);
}

/* For calls that return no error. */
static bool is_here(const struct wok_scope *scope, const char *call)
{
	if (__builtin_expect(!is_foreign(scope), true))
		return true;
	wok__report(-EINVAL, NULL, NULL,
		    "%s did nothing: the scope belongs to another loop: use a wok_remote", call);
	return false;
}

int wok__scope_check_spawn(const struct wok_scope *scope, const wok_site *site)
{
	WOK_TRY(check_here(scope, "wok_scope_spawn"));
	if (wok__in_fork())
		return wok_fail(-ECHILD, "wok_scope_spawn: this is a fork of the process that the "
					 "scope belongs to");
	if (!scope->run || scope->run->over)
		return wok_fail(-ESHUTDOWN, "wok_scope_spawn: the run is over: %s", site->name);
	if (scope->joined || scope->left)
		return wok_fail(-EINVAL, "wok_scope_spawn: the scope was joined: %s", site->name);
	return 0;
}

int wok_scope_spawn_at(wok_scope *scope, wok_fn *fn, void *arg, const wok_task_options *options,
		       const wok_site *site)
{
	struct wok_task *task = NULL;
	int r = wok__scope_check_spawn(scope, site);

	if (r == 0) {
		task = wok__task_spawn(scope->run, &scope->block.region, options, fn, arg, site);
		r = task ? 0 : -ENOMEM;
	}
	if (r < 0) {
		if (options && options->arg_free)
			options->arg_free(arg);
		return r;
	}
	task->home = scope;
	scope->n_children++;
	if (options && options->eager)
		wok__task_run_eagerly(task);
	return 0;
}

/* Keep a failed child's error, as long as there is room and memory. */
static void keep_error(struct wok_scope *scope, struct wok_task *task)
{
	if (scope->n_errors++ == 0)
		scope->first_error = task->result;
	if (scope->n_kept == WOK__SCOPE_ERRORS_MAX)
		return;
	if (!scope->kept)
		scope->kept = wok__alloc_zeroed(sizeof(*scope->kept));
	if (!scope->kept)
		return;
	struct wok__message *message = wok__message_ref(task->message);
	scope->kept->messages[scope->n_kept] = message;
	scope->kept->errors[scope->n_kept++] = (wok_scope_error){
		.code = task->result,
		.message = wok__message_text(message, task->result),
		.task = task->name,
	};
}

static void release(struct wok_scope *scope)
{
	for (size_t i = 0; i < scope->n_kept; i++)
		wok__message_unref(scope->kept->messages[i]);
	wok_free(scope->kept);
	wok_free(scope);
}

static void report_lost(struct wok_scope *scope)
{
	if (scope->n_errors == 0 || scope->taken)
		return;
	const wok_scope_error *first = scope->n_kept ? &scope->kept->errors[0] : NULL;
	wok__report(scope->first_error, first ? first->task : NULL, NULL,
		    "%zu of a scope's tasks failed, and nobody took the errors; the first: %s",
		    scope->n_errors, first ? first->message : wok_strerror(scope->first_error));
}

/* Take the scope out of the tree. */
static void leave(struct wok_scope *scope)
{
	assert(scope->n_children == 0);
	wok__block_leave(&scope->block);
	wok__timer_unreserve(&scope->run->loop);
	scope->left = true;
	report_lost(scope);
}

void wok__scope_child_ended(struct wok_scope *scope, struct wok_task *task)
{
	if (task->result < 0 && !task->was_canceled) {
		keep_error(scope, task);
		if (!scope->keep_going)
			wok__region_cancel(&scope->block.region, "one of its tasks failed");
	}
	wok__scope_child_gone(scope);
}

void wok__scope_child_gone(struct wok_scope *scope)
{
	if (--scope->n_children > 0)
		return;
	if (scope->joiner) {
		wok__wake(scope->joiner, 0);
	} else if (scope->orphan && scope->background) {
		/* An entered one stays: its owner's task may be in regions below it. */
		leave(scope);
		release(scope);
	}
}

struct joining {
	struct wok__parker parker;
	struct wok_scope *scope;
};

/* The joiner is cancelled, and what it joins lies elsewhere in the tree: it owns that. */
static void pass_cancel_on(struct wok__parker *parker)
{
	struct joining *joining = WOK__CONTAINER(parker, struct joining, parker);

	wok__region_cancel(&joining->scope->block.region, "who joins it was cancelled");
}

/* 0, or -EDEADLK if the join of a background scope had to make way for another one. */
static int wait_for_children(struct wok_scope *scope, bool pass_on)
{
	const struct wok__join join = {.scope = scope};
	struct joining joining = {
		.parker = {.what = "the tasks of a scope", .shielded = true, .join = &join},
		.scope = scope,
	};
	int r = 0;

	if (pass_on)
		joining.parker.cancel = pass_cancel_on;
	while (r == 0 && scope->n_children > 0) {
		scope->joiner = &joining.parker;
		r = wok__park(&joining.parker, NULL);
		scope->joiner = NULL;
	}
	return r;
}

/* Whether a cancel from outside of the scope reaches who joins it. */
static bool joiner_canceled(const struct wok_scope *scope, const struct wok_task *task)
{
	const struct wok__region *region = task->current;

	if (scope->background)
		return region->effective;
	/* The join may stand in a timeout of its own, within the scope. */
	for (; region != &scope->block.region; region = region->parent)
		if (region->canceled)
			return true;
	return wok__region_canceled_outside(region);
}

/* What a join returns, now that all children have ended. */
static int outcome(struct wok_scope *scope, const struct wok_task *task)
{
	if (scope->n_errors > 0) {
		scope->taken = true;
		wok__message_adopt(scope->n_kept ? scope->kept->messages[0] : NULL);
		return scope->first_error;
	}
	if (joiner_canceled(scope, task))
		return -ECANCELED;
	if (scope->block.expired)
		return wok_fail(-ETIMEDOUT, "the scope's time limit has passed");
	return 0;
}

/* Whether the current task may join a scope: 0, or an error with a message. */
static int check_join(struct wok_scope *scope)
{
	int r = wok__may_wait();

	if (r < 0)
		return r;
	WOK_TRY(check_here(scope, "wok_scope_join"));
	if (scope->left || scope->joined)
		return wok_fail(-EINVAL, "wok_scope_join: the scope was joined already");
	if (scope->joiner)
		return wok_fail(-EINVAL, "wok_scope_join: another task joins this scope");
	if (!scope->background && scope->block.region.task != wok__current())
		return wok_fail(-EINVAL,
				"wok_scope_join: only the task that opened it joins a scope");
	if (wok__join_would_deadlock(wok__current(), &(struct wok__join){.scope = scope}))
		return wok_fail(-EDEADLK, "wok_scope_join: a task of the scope waits for this one");
	return 0;
}

int wok_scope_join(wok_scope *scope)
{
	struct wok_task *task = wok__current();
	int r = check_join(scope);

	if (r < 0)
		return r;
	wok__checkpoints++;
	if (scope->n_children == 0)
		wok__spend();
	r = wait_for_children(scope, task->current != &scope->block.region);
	r = scope->n_children == 0
		    ? outcome(scope, task)
		    : wok_fail(r, "wok_scope_join: a task of the scope came to wait for this one");
	if (scope->background) {
		/* Freed meanwhile: this was the last who needs it. */
		if (scope->orphan && scope->n_children == 0) {
			leave(scope);
			release(scope);
		}
		return r;
	}
	scope->joined = true;
	if (task->current == &scope->block.region)
		leave(scope);
	return r;
}

void wok_scope_cancel(wok_scope *scope, const char *reason)
{
	if (!scope->left && is_here(scope, "wok_scope_cancel"))
		wok__region_cancel(&scope->block.region,
				   reason ? reason : "wok_scope_cancel() was called");
}

bool wok_scope_canceled(const wok_scope *scope)
{
	return scope->block.region.canceled;
}

size_t wok_scope_children(const wok_scope *scope)
{
	return scope->n_children;
}

size_t wok_scope_errors(const wok_scope *scope, const wok_scope_error **ret_errors)
{
	static const wok_scope_error none;

	((wok_scope *) scope)->taken = true;
	*ret_errors = scope->kept ? scope->kept->errors : &none;
	return scope->n_errors;
}

int wok_scope_set_deadline(wok_scope *scope, wok_time when)
{
	WOK_TRY(check_here(scope, "wok_scope_set_deadline"));
	return scope->left ? -ESTALE : wok__block_set_deadline(&scope->block, when);
}

void wok_scope_set_shield(wok_scope *scope, wok_time grace)
{
	if (!scope->left && is_here(scope, "wok_scope_set_shield"))
		wok__block_set_shield(&scope->block, grace);
}

/*
 * Cancel, join, and take out of the tree; the current task may wait. False if one of the tasks came
 * to wait for this one, which can be with a background scope only: then it is as it was, cancelled.
 */
static bool close_scope(struct wok_scope *scope)
{
	const struct wok__join join = {.scope = scope};

	scope->joined = true;
	if (scope->n_children > 0) {
		wok__region_cancel(&scope->block.region, "it was freed");
		if (scope->background && wok__join_would_deadlock(wok__current(), &join))
			return false;
		if (!scope->background)
			(void) wok__join_break_cycles(wok__current(), &join);
		struct wok__patience patience;
		wok__patience_begin(&patience, "a scope's task");
		WOK_IGNORE(wait_for_children(scope, false));
		wok__patience_end(&patience);
		if (scope->n_children > 0)
			return false;
	}
	leave(scope);
	return true;
}

/* Waiting is impossible here: the last child will do the rest. */
static void orphan(struct wok_scope *scope, const char *why)
{
	scope->joined = scope->orphan = true;
	wok__region_cancel(&scope->block.region, "it was freed");
	wok__report(-EINVAL, NULL, NULL,
		    "a scope was freed %s: its tasks are cancelled, not joined", why);
}

static void free_entered(struct wok_scope *scope)
{
	struct wok_task *task = wok__current();
	struct wok_task *owner = scope->block.region.task;

	bool can_join = scope->n_children == 0 || wok__may_wait() == 0;
	if (can_join && task == owner && task->current == &scope->block.region) {
		close_scope(scope);
		release(scope);
		return;
	}
	/* Its owner leaves it on the way out: see wok__leave_inner(). */
	scope->orphan = true;
	wok__region_cancel(&scope->block.region, "it was freed");
	wok__report(-EINVAL, owner->name, owner->site, "a scope was freed %s",
		    !can_join       ? "where no task can wait"
		    : task == owner ? "before a scope or timeout within it was left"
				    : "by a task that did not open it");
}

void wok_scope_free(wok_scope *scope)
{
	if (!scope || wok__in_fork() || !is_here(scope, "wok_scope_free"))
		return;
	struct wok__saved_error saved = wok__error_save();
	if (scope->left) {
		release(scope);
	} else if (!scope->background) {
		free_entered(scope);
	} else if (scope->joiner) {
		orphan(scope, "while it was being joined");
	} else if (scope->n_children == 0) {
		leave(scope);
		release(scope);
	} else if (wok__may_wait() < 0) {
		orphan(scope, "where no task can wait");
	} else if (close_scope(scope)) {
		release(scope);
	} else {
		orphan(scope, "by a task that one of its tasks waits for");
	}
	wok__error_restore(saved);
}

/* A region that its task did not leave: the task returned, or leaves one around it. */
static void leave_forgotten(struct wok_task *task)
{
	struct wok__block *block = WOK__CONTAINER(task->current, struct wok__block, region);

	if (block->region.kind != WOK__REGION_SCOPE) {
		wok__report(-EINVAL, task->name, task->site,
			    "a task did not leave a %s that it had entered, before it left what is "
			    "around it",
			    block->region.kind == WOK__REGION_SHIELD ? "shield" : "time limit");
		wok__block_leave(block);
		wok__timer_unreserve(&task->run->loop);
		return;
	}
	struct wok_scope *scope = WOK__CONTAINER(block, struct wok_scope, block);
	bool freed = scope->orphan;
	scope->orphan = false; /* the last child must not free it under close_scope() */
	if (!freed)
		wok__report(-EINVAL, task->name, task->site,
			    "a task did not free a scope that it had opened");
	close_scope(scope);
	if (freed)
		release(scope);
}

void wok__leave_inner(struct wok_task *task, const struct wok__region *down_to)
{
	while (task->current != down_to)
		leave_forgotten(task);
}

void wok__scopes_abandon(struct wok__run *run)
{
	WOK__LIST_EACH (node, &run->root.children) {
		struct wok__region *region = WOK__CONTAINER(node, struct wok__region, sibling);
		struct wok_scope *scope = WOK__CONTAINER(region, struct wok_scope, block.region);
		leave(scope);
		scope->run = NULL;
	}
}

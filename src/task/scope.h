/* SPDX-License-Identifier: MIT */
#ifndef WOK_TASK_SCOPE_H
#define WOK_TASK_SCOPE_H
#include <wok/scope.h>

#include "task/park.h"
#include "task/region.h"

struct wok__run;

enum { WOK__SCOPE_ERRORS_MAX = 64 };

/* The first errors of children; one more, which stays zero, ends the list. */
struct wok__kept_errors {
	wok_scope_error errors[WOK__SCOPE_ERRORS_MAX + 1];
	struct wok__message *messages[WOK__SCOPE_ERRORS_MAX]; /* that the errors point into */
};

struct wok_scope {
	struct wok__block block; /* first: a region of kind SCOPE is the start of a wok_scope */
	struct wok__run *run;    /* NULL after the run's end */
	size_t n_children;
	struct wok__parker *joiner;    /* who waits for the children; one at a time */
	struct wok__kept_errors *kept; /* NULL as long as there is none */
	size_t n_errors;               /* how many children failed */
	size_t n_kept;
	int first_error; /* kept even without memory for the list */
	bool background;
	bool keep_going;
	bool joined; /* nothing can be spawned any more */
	bool taken;  /* the errors were handed out */
	bool left;   /* its task is out of it: only memory remains */
	bool orphan; /* freed where waiting was impossible: the last child frees it */
};

/* Whether a scope takes children still: 0, or an error with a message. */
int wok__scope_check_spawn(const struct wok_scope *scope, const wok_site *site);

/* A child of a scope has ended. */
void wok__scope_child_ended(struct wok_scope *scope, struct wok_task *task);

/* A scope has one child less, whatever became of it. */
void wok__scope_child_gone(struct wok_scope *scope);

/*
 * The end of a run, in which no task is left: the background scopes that nobody has freed are taken
 * out of the tree. Only their memory remains, and may be released later.
 */
void wok__scopes_abandon(struct wok__run *run);
#endif

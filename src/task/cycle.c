/* SPDX-License-Identifier: MIT */
/*
 * The search for a cycle of joins, before a task parks in one. A task that waits for anything else
 * ends the search there, so it is nearly always over at its first step. Tasks are marked with the
 * walk's number, so that each is visited once however many paths lead to it.
 *
 * Every join asks before it parks, so a cycle can only be closed by the task that parks last. Most
 * joins are then refused. A scope that is being freed cannot be: its children may use the frame
 * that is about to vanish. So another join of the cycle has to give up. There is one, for by scopes
 * alone the waiting only goes down the tree.
 */
#include "task/cycle.h"

#include "task/park.h"
#include "task/run.h"
#include "task/scope.h"

/* Chains of joins longer than this are taken to be no cycle, rather than overflow a stack. */
enum { DEPTH_MAX = 200 };

struct walk {
	struct wok_task *target;
	uint32_t mark;
	struct wok_task *may_give_up; /* the last of the cycle that can */
};

static bool reaches(struct walk *walk, struct wok_task *from, int depth);

static bool any_child_reaches(struct walk *walk, struct wok_scope *scope, int depth)
{
	WOK__LIST_EACH (node, &scope->block.region.children) {
		struct wok__region *region = WOK__CONTAINER(node, struct wok__region, sibling);
		if (region->kind == WOK__REGION_TASK && reaches(walk, region->task, depth))
			return true;
	}
	return false;
}

static bool any_reaches(struct walk *walk, const struct wok__join *join, int depth)
{
	if (join->scope)
		return any_child_reaches(walk, join->scope, depth);
	for (size_t i = 0; i < join->n; i++)
		if (reaches(walk, join->tasks[i], depth))
			return true;
	return false;
}

static bool reaches(struct walk *walk, struct wok_task *from, int depth)
{
	const struct wok__join *join = from->parker ? from->parker->join : NULL;

	if (from == walk->target)
		return true;
	if (!join || from->mark == walk->mark || depth == DEPTH_MAX)
		return false;
	from->mark = walk->mark;
	if (!any_reaches(walk, join, depth + 1))
		return false;
	if (!walk->may_give_up && (!join->scope || join->scope->background))
		walk->may_give_up = from;
	return true;
}

bool wok__join_would_deadlock(struct wok_task *task, const struct wok__join *join)
{
	struct walk walk = {task, ++task->run->walk, NULL};

	return any_reaches(&walk, join, 0);
}

bool wok__join_break_cycles(struct wok_task *task, const struct wok__join *join)
{
	for (;;) {
		struct walk walk = {task, ++task->run->walk, NULL};
		if (!any_reaches(&walk, join, 0))
			return true;
		if (!walk.may_give_up)
			return false;
		wok__wake(walk.may_give_up->parker, -EDEADLK);
	}
}

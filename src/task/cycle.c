/* SPDX-License-Identifier: MIT */
/*
 * The search for a cycle of joins, before a task parks in one. A task that waits for anything else
 * ends the search there, so it is nearly always over at its first step. Tasks are marked with the
 * walk's number, so that each is visited once however many paths lead to it.
 */
#include "task/cycle.h"

#include "task/park.h"
#include "task/run.h"
#include "task/scope.h"

/* Chains of joins longer than this are taken to be no cycle, rather than overflow a stack. */
enum { DEPTH_MAX = 200 };

static bool reaches(struct wok_task *from, struct wok_task *target, uint32_t walk, int depth);

static bool any_child_reaches(struct wok_scope *scope, struct wok_task *target, uint32_t walk,
			      int depth)
{
	WOK__LIST_EACH (node, &scope->block.region.children) {
		struct wok__region *region = WOK__CONTAINER(node, struct wok__region, sibling);
		if (region->kind == WOK__REGION_TASK && reaches(region->task, target, walk, depth))
			return true;
	}
	return false;
}

static bool any_reaches(const struct wok__join *join, struct wok_task *target, uint32_t walk,
			int depth)
{
	if (join->scope)
		return any_child_reaches(join->scope, target, walk, depth);
	for (size_t i = 0; i < join->n; i++)
		if (reaches(join->tasks[i], target, walk, depth))
			return true;
	return false;
}

static bool reaches(struct wok_task *from, struct wok_task *target, uint32_t walk, int depth)
{
	if (from == target)
		return true;
	if (!from->parker || !from->parker->join || from->mark == walk || depth == DEPTH_MAX)
		return false;
	from->mark = walk;
	return any_reaches(from->parker->join, target, walk, depth + 1);
}

bool wok__join_would_deadlock(struct wok_task *task, const struct wok__join *join)
{
	return any_reaches(join, task, ++task->run->walk, 0);
}

/* SPDX-License-Identifier: MIT */
/* Who waits for what: see task/deadlock.h. */
#include "task/deadlock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "loop/report.h"
#include "task/park.h"
#include "task/run.h"

enum { MORE_SIZE = 32 }; /* room for "; and N more" */

/* A text that grows up to a limit; what does not fit is counted instead. */
struct list {
	char text[900];
	size_t size;
	size_t left_out;
};

static void add(struct list *list, const struct wok_task *task)
{
	char line[256];
	const struct wok__parker *parker = task->parker;
	const struct wok_task *holder = parker && parker->holder ? *parker->holder : NULL;
	int n = snprintf(line, sizeof(line), "%s%s (%s:%d) waits for %s%s%s%s",
			 list->size ? "; " : "", task->name, task->site->file, task->site->line,
			 parker ? parker->what : "its turn", holder ? " that " : "",
			 holder ? holder->name : "", holder ? " holds" : "");

	if (n < 0 || (size_t) n >= sizeof(line) ||
	    list->size + (size_t) n + MORE_SIZE > sizeof(list->text)) {
		list->left_out++;
		return;
	}
	memcpy(list->text + list->size, line, (size_t) n + 1);
	list->size += (size_t) n;
}

static struct wok__region *next(struct wok__region *region)
{
	if (!wok__list_empty(&region->children))
		return WOK__CONTAINER(region->children.head.next, struct wok__region, sibling);
	for (; region->parent; region = region->parent)
		if (region->sibling.next != &region->parent->children.head)
			return WOK__CONTAINER(region->sibling.next, struct wok__region, sibling);
	return NULL;
}

static void list_waiting(struct wok__run *run, struct list *list)
{
	list->text[0] = '\0';
	list->size = list->left_out = 0;
	for (struct wok__region *region = &run->root; region; region = next(region))
		if (region->kind == WOK__REGION_TASK)
			add(list, region->task);
	if (list->left_out > 0)
		snprintf(list->text + list->size, sizeof(list->text) - list->size, "; and %zu more",
			 list->left_out);
}

struct wok__message *wok__deadlock_message(struct wok__run *run)
{
	static const char intro[] = "deadlock: nothing can wake any task any more: ";
	struct list list;

	list_waiting(run, &list);
	size_t size = sizeof(intro) + strlen(list.text);
	struct wok__message *message = wok_alloc(sizeof(*message) + size);
	if (!message)
		return NULL;
	message->code = -EDEADLK;
	message->refs = 1;
	snprintf(message->text, size, "%s%s", intro, list.text);
	return message;
}

void wok__deadlock_report_overdue(struct wok__run *run)
{
	struct list list;

	list_waiting(run, &list);
	wok__report(0, NULL, NULL,
		    "the run is over, but %zu tasks have not ended, though they were cancelled; it "
		    "goes on waiting for them: %s",
		    run->n_tasks, list.text);
}

void wok__deadlock_report_left_over(struct wok__run *run)
{
	struct list list;

	list_waiting(run, &list);
	wok__report(0, NULL, NULL,
		    "the main task has ended, and %zu tasks with it, which are cancelled: %s",
		    run->n_tasks, list.text);
}

void wok__deadlock_report_stuck(struct wok__run *run)
{
	struct list list;

	list_waiting(run, &list);
	wok__report(-EDEADLK, NULL, NULL,
		    "deadlock in shielded waits, which a cancel does not end: %s", list.text);
}

/* SPDX-License-Identifier: MIT */
/* Task headers: see task/slab.h. */
#include "task/slab.h"

#include <string.h>

#include "base/memory.h"
#include "platform/sanitizer.h"
#include "task/task.h"

enum { PAGE_SIZE = 16384 };

struct wok__slab_page {
	struct wok__node link;  /* of its slab */
	struct wok__slab *slab; /* NULL after the run's end */
	size_t held;
	struct wok_task headers[];
};

_Static_assert(sizeof(struct wok_task) <= 256, "a million headers are 256 MB");

enum { PER_PAGE = (PAGE_SIZE - sizeof(struct wok__slab_page)) / sizeof(struct wok_task) };

/* A free header's first word links to the next one. */
static struct wok_task **next_free(struct wok_task *task)
{
	return (struct wok_task **) (void *) task;
}

void wok__slab_open(struct wok__slab *slab)
{
	wok__list_init(&slab->pages);
	slab->free = NULL;
}

void wok__slab_close(struct wok__slab *slab)
{
	WOK__LIST_EACH (node, &slab->pages) {
		struct wok__slab_page *page = WOK__CONTAINER(node, struct wok__slab_page, link);
		wok__list_remove(node);
		page->slab = NULL;
		if (page->held == 0)
			wok_free(page);
	}
	slab->free = NULL;
}

static bool add_page(struct wok__slab *slab)
{
	struct wok__slab_page *page = wok_alloc(PAGE_SIZE);
	if (!page)
		return false;
	page->slab = slab;
	page->held = 0;
	wok__list_push_back(&slab->pages, &page->link);
	for (size_t i = PER_PAGE; i-- > 0;) {
		page->headers[i].page = page;
		*next_free(&page->headers[i]) = slab->free;
		slab->free = &page->headers[i];
		wok__poison(&page->headers[i], sizeof(page->headers[i]));
	}
	return true;
}

struct wok_task *wok__slab_take(struct wok__slab *slab)
{
	if (!slab->free && !add_page(slab))
		return NULL;
	struct wok_task *task = slab->free;
	wok__unpoison(task, sizeof(*task));
	struct wok__slab_page *page = task->page;
	slab->free = *next_free(task);
	page->held++;
	memset(task, 0, sizeof(*task));
	task->page = page;
	return task;
}

void wok__slab_give(struct wok_task *task)
{
	struct wok__slab_page *page = task->page;

	page->held--;
	if (page->slab) {
		*next_free(task) = page->slab->free;
		page->slab->free = task;
		wok__poison(task, sizeof(*task));
	} else if (page->held == 0) {
		wok_free(page);
	}
}

bool wok__slab_is_open(const struct wok_task *task)
{
	return task->page->slab != NULL;
}

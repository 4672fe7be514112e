/* SPDX-License-Identifier: MIT */
/* Task headers: see task/slab.h. */
#include "task/slab.h"

#include <stdatomic.h>
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
	/* Zeroed, so that what looks like a task is one: see wok__slab_each(). */
	struct wok__slab_page *page = wok__alloc_zeroed(PAGE_SIZE);
	if (!page)
		return false;
	page->slab = slab;
	page->link.next = &slab->pages.head;
	atomic_signal_fence(memory_order_seq_cst);
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
	task->run = NULL;
	atomic_signal_fence(memory_order_seq_cst);
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

/*
 * A header that was given back still says that its task has ended, and one that is being taken
 * belongs to no run. They are poisoned, and looked at all the same.
 */
__attribute__((no_sanitize_address, no_sanitize_thread)) static bool
is_alive(const struct wok_task *task)
{
	return task->run && task->state != WOK__TASK_DONE;
}

void wok__slab_each(const struct wok__slab *slab,
		    void (*fn)(const struct wok_task *task, void *arg), void *arg)
{
	const struct wok__node *node = slab->pages.head.next;

	for (; node && node != &slab->pages.head; node = node->next) {
		const struct wok__slab_page *page =
			WOK__CONTAINER(node, const struct wok__slab_page, link);
		for (size_t i = 0; i < PER_PAGE; i++)
			if (is_alive(&page->headers[i]))
				fn(&page->headers[i], arg);
	}
}

bool wok__slab_is_open(const struct wok_task *task)
{
	return task->page->slab != NULL;
}

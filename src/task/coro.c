/* SPDX-License-Identifier: MIT */
/*
 * Coroutine objects: see wok/coro.h.
 *
 * Each is in a list, so that those that nobody awaits are found: the list of the run in which it
 * was made, or else of its thread. The threads' list ends with the thread; that of the main thread,
 * for which pthread keys do nothing, when the process exits.
 */
#include "task/coro.h"

#include <pthread.h>
#include <string.h>
#include <wok/error.h>

#include "base/memory.h"
#include "loop/report.h"
#include "task/park.h"
#include "task/run.h"

struct wok_coro {
	struct wok__node link;
	wok_fn *fn;
	void *arg;
	const wok_site *site;
	char copy[] __attribute__((aligned(16))); /* of the argument */
};

static _Thread_local struct wok__list homeless; /* made outside of runs */
static pthread_key_t thread_end;
static pthread_once_t key_made = PTHREAD_ONCE_INIT;
static bool has_key;

/* What wok_coro() gives where there is no memory: it belongs to nobody, and is never changed. */
static struct wok_coro no_memory;

static void release(void *arg)
{
	struct wok_coro *coro = arg;

	wok__list_remove(&coro->link);
	wok_free(coro);
}

static int call(void *arg)
{
	struct wok_coro *coro = arg;

	return coro->fn(coro->arg);
}

void wok_coro_free(wok_coro *coro)
{
	if (!coro || coro == &no_memory)
		return;
	wok__report(0, coro->site->name, coro->site, "coroutine '%s' was never awaited",
		    coro->site->name);
	release(coro);
}

void wok__coros_end(struct wok__list *coros)
{
	struct wok__node *node;

	while ((node = wok__list_first(coros)))
		wok_coro_free(WOK__CONTAINER(node, struct wok_coro, link));
}

static void end_thread(void *list)
{
	wok__coros_end(list);
}

static void make_key(void)
{
	has_key = pthread_key_create(&thread_end, end_thread) == 0;
}

__attribute__((destructor)) static void end_process(void)
{
	if (homeless.head.next)
		wok__coros_end(&homeless);
}

static struct wok__list *list_of_thread(void)
{
	if (!homeless.head.next)
		wok__list_init(&homeless);
	pthread_once(&key_made, make_key);
	if (has_key)
		pthread_setspecific(thread_end, &homeless);
	return &homeless;
}

wok_coro *wok_coro_at(wok_fn *fn, void *arg, size_t size, const wok_site *site)
{
	struct wok__run *run = wok__run_of(wok__loop);
	wok_coro *coro = size > SIZE_MAX - sizeof(*coro) ? NULL : wok_alloc(sizeof(*coro) + size);

	if (!coro)
		return &no_memory;
	*coro = (struct wok_coro){.fn = fn, .arg = size ? coro->copy : arg, .site = site};
	if (size)
		memcpy(coro->copy, arg, size);
	wok__list_push_back(run ? &run->coros : list_of_thread(), &coro->link);
	return coro;
}

int wok_coro_await(wok_coro *coro)
{
	if (coro == &no_memory)
		return -ENOMEM;
	/* From here on it counts as awaited; its memory may hold the argument. */
	wok__list_remove(&coro->link);
	int r = wok__may_wait();
	if (r == 0)
		r = call(coro);
	release(coro);
	return r;
}

wok_task *wok_coro_start(wok_coro *coro)
{
	if (coro == &no_memory)
		return wok__task_no_memory();
	wok__list_remove(&coro->link);
	return wok_create_task_at(call, coro, &(wok_task_options){.arg_free = release}, coro->site);
}

const char *wok_coro_name(const wok_coro *coro)
{
	return coro->site ? coro->site->name : "(no memory)";
}

/* SPDX-License-Identifier: MIT */
/*
 * Generators: see wok/generator.h.
 *
 * The body is a task that a handle owns. Values go from the body's frame straight into the buffer
 * of whoever asks; between the values the body is parked in its yield. If who asked has been
 * cancelled meanwhile, the value stays in the body's frame until the next one asks.
 */
#include <string.h>
#include <wok/error.h>
#include <wok/generator.h>

#include "base/memory.h"
#include "task/cycle.h"
#include "task/park.h"
#include "task/run.h"

struct wok_gen {
	unsigned refs; /* the owner, and the body from its start to its end */
	wok_fn *fn;
	void *arg;
	size_t item_size;
	const wok_site *site;
	struct wok_task *task;    /* the body; NULL before the start */
	struct asking *asking;    /* who waits for a value */
	struct wok__parker *idle; /* the body, until a value is asked for */
	const void *item;         /* handed out, and not fetched: in the body's frame */
	bool closed;
	bool told; /* how the body ended */
};

struct asking {
	struct wok__parker parker;
	struct wok__watcher watcher; /* of the body's end */
	void *item;
};

static void unref(void *arg)
{
	struct wok_gen *gen = arg;

	if (--gen->refs == 0)
		wok_free(gen);
}

int wok_gen_new_at(wok_fn *fn, void *arg, size_t item_size, wok_gen **ret_gen, const wok_site *site)
{
	if (!wok__loop)
		return wok_fail(-EINVAL, "wok_gen_new: this thread runs no loop");
	wok_gen *gen = wok__alloc_zeroed(sizeof(*gen));
	if (!gen)
		return -ENOMEM;
	gen->refs = 1;
	gen->fn = fn;
	gen->arg = arg;
	gen->item_size = item_size;
	gen->site = site;
	*ret_gen = gen;
	return 0;
}

static int body(void *arg)
{
	struct wok_gen *gen = arg;

	return gen->fn(gen->arg);
}

static int start(struct wok_gen *gen)
{
	/* With a stack size of its own it has the extra part, which knows the generator. */
	wok_task_options options = {
		.arg_free = unref,
		.stack_size = wok__run_of(wok__loop)->stack_size,
	};

	gen->refs++;
	wok_task *task = wok_create_task_at(body, gen, &options, gen->site);
	if (wok_task_done(task))
		return wok_task_result(task);
	task->extra->generator = gen;
	gen->task = task;
	return 0;
}

static struct wok_gen *current_generator(void)
{
	struct wok_task *task = wok__current();

	return task && task->extra ? task->extra->generator : NULL;
}

int wok_gen_yield(const void *item)
{
	struct wok__parker parker = WOK__PARKER_INIT("the next value to be asked for");
	struct wok_gen *gen = current_generator();

	WOK_TRY(wok__check());
	if (!gen)
		return wok_fail(-EINVAL, "wok_gen_yield: this task is no generator's");
	if (gen->asking) {
		memcpy(gen->asking->item, item, gen->item_size);
		wok__wake(&WOK_TAKE(gen->asking)->parker, 1);
	} else {
		gen->item = item;
	}
	gen->idle = &parker;
	int r = wok__park(&parker, NULL);
	gen->idle = NULL;
	gen->item = NULL;
	return r;
}

/* How the body ended, told once: 0 for good, or its error. */
static int tell_end(struct wok_gen *gen)
{
	if (!gen->task || gen->told)
		return 0;
	gen->told = true;
	int r = wok__task_take_result(gen->task);
	if (gen->closed && gen->task->was_canceled)
		return 0;
	return r < 0 ? r : 0;
}

static void body_ended(struct wok__watcher *watcher)
{
	wok__wake(&WOK__CONTAINER(watcher, struct asking, watcher)->parker, 0);
}

/* 1 a value, 0 the end of the body, or an error. */
static int ask(struct wok_gen *gen, void *ret_item)
{
	struct wok_task *const tasks[] = {gen->task};
	const struct wok__join join = {.tasks = tasks, .n = 1};
	struct asking asking = {
		.parker = {.what = "the next value of a generator", .join = &join},
		.watcher = {.done = body_ended},
		.item = ret_item,
	};

	if (wok__join_would_deadlock(wok__current(), &join))
		return wok_fail(-EDEADLK, "wok_gen_next: the generator waits for the caller");
	gen->asking = &asking;
	wok__task_watch(gen->task, &asking.watcher);
	if (gen->idle)
		wok__wake(gen->idle, 0);
	int r = wok__park(&asking.parker, NULL);
	wok__task_unwatch(&asking.watcher);
	if (gen->asking == &asking)
		gen->asking = NULL;
	return r;
}

static int next(struct wok_gen *gen, void *ret_item)
{
	if (gen->item) {
		memcpy(ret_item, gen->item, gen->item_size);
		gen->item = NULL;
		wok__spend();
		return 1;
	}
	if (!gen->task && !gen->closed)
		WOK_TRY(start(gen));
	if (!gen->task || gen->task->state == WOK__TASK_DONE) {
		wok__spend();
		return tell_end(gen);
	}
	int r = ask(gen, ret_item);
	return r == 0 ? tell_end(gen) : r;
}

int wok_gen_next(wok_gen *gen, void *ret_item)
{
	WOK_TRY(wok__check());
	if (gen->task)
		WOK_TRY(wok__task_check_here(gen->task, "wok_gen_next"));
	if (gen == current_generator())
		return wok_fail(-EDEADLK, "wok_gen_next: a generator cannot ask itself");
	if (gen->asking)
		return wok_fail(-EBUSY, "wok_gen_next: another task waits for the next value");
	gen->refs++; /* whoever owns it may free it while this call waits */
	int r = next(gen, ret_item);
	unref(gen);
	return r;
}

int wok_gen_close(wok_gen *gen)
{
	struct wok_task *const tasks[] = {gen->task};

	if (gen->task)
		WOK_TRY(wok__task_check_here(gen->task, "wok_gen_close"));
	gen->closed = true;
	if (!gen->task)
		return 0;
	if (wok_cancel_with(gen->task, "its generator was closed")) {
		WOK_TRY(wok__may_wait());
		if (wok__join_would_deadlock(wok__current(),
					     &(struct wok__join){.tasks = tasks, .n = 1}))
			return wok_fail(
				-EDEADLK,
				"wok_gen_close: the generator is, or waits for, the caller");
		WOK_TRY(wok__task_join_shielded(gen->task));
	}
	return tell_end(gen);
}

void wok_gen_free(wok_gen *gen)
{
	if (!gen || (gen->task && !wok__task_is_here(gen->task, "wok_gen_free")))
		return;
	gen->closed = true;
	if (gen->task)
		wok_task_free(WOK_TAKE(gen->task));
	unref(gen);
}

int wok_gen_collect(wok_gen *gen, size_t limit, void *ret_items, size_t *ret_n)
{
	size_t n = 0, capacity = 0, size = gen->item_size ? gen->item_size : 1;
	char *items = NULL;
	int r = 1;

	limit = limit ? limit : WOK_UNLIMITED;
	while (r > 0 && n < limit) {
		r = wok__grow((void **) &items, &capacity, n + 1, size);
		if (r == 0)
			r = wok_gen_next(gen, items + n * size);
		n += r > 0;
	}
	if (r < 0 || n == 0)
		wok_free(WOK_TAKE(items));
	if (r < 0)
		return r;
	memcpy(ret_items, &items, sizeof(items));
	*ret_n = n;
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Callbacks: see wok_call_soon().
 *
 * A handle is a slot and an id that is never used twice, so one that has run, or that belongs to
 * another loop, is told from the slot's present tenant without touching freed memory: slots live as
 * long as their loop, and ids differ between loops.
 */
#include <stdatomic.h>
#include <wok/error.h>

#include "base/memory.h"
#include "base/time.h"
#include "loop/loop.h"
#include "loop/report.h"

struct wok__callback {
	struct wok__item item;
	struct wok__timer timer;
	wok_fn *fn;
	void *arg;
	wok_free_fn *arg_free;
	wok_loop *loop;
	uint64_t id; /* 0: free */
	uint32_t slot;
	struct wok__callback *next_free;
};

/* The loop's number stands above this, so that no two loops of a process share an id. */
#define LOOP_UNIT (UINT64_C(1) << 40)

static uint64_t new_id(struct wok__callbacks *callbacks)
{
	static atomic_uint loops;

	if (callbacks->next_id == 0)
		callbacks->next_id = atomic_fetch_add(&loops, 1) * LOOP_UNIT + 1;
	return callbacks->next_id++;
}

static void release(struct wok__callback *callback)
{
	struct wok__callbacks *callbacks = &callback->loop->callbacks;
	wok_free_fn *arg_free = callback->arg_free;
	void *arg = callback->arg;

	wok__timer_unreserve(callback->loop);
	callback->id = 0;
	callback->next_free = callbacks->free;
	callbacks->free = callback;
	if (arg_free)
		arg_free(arg);
}

static void run(struct wok__item *item)
{
	struct wok__callback *callback = WOK__CONTAINER(item, struct wok__callback, item);
	wok_fn *fn = callback->fn;

	/* Without the loop's number, or two runs alike would leave two traces. */
	wok__loop_trace(callback->loop, callback->id % LOOP_UNIT);
	callback->fn = NULL; /* it cannot be cancelled any more */
	int r = fn(callback->arg);
	if (r < 0)
		wok__report(r, NULL, NULL, "a callback failed, and nobody takes its error: %s",
			    wok_errmsg(r));
	release(callback);
}

static void fire(struct wok__timer *timer)
{
	struct wok__callback *callback = WOK__CONTAINER(timer, struct wok__callback, timer);

	wok__loop_ready(callback->loop, &callback->item);
}

static struct wok__callback *new_slot(wok_loop *loop)
{
	struct wok__callbacks *callbacks = &loop->callbacks;

	if (wok__grow((void **) &callbacks->slots, &callbacks->capacity, callbacks->n + 1,
		      sizeof(struct wok__callback *)) < 0)
		return NULL;
	struct wok__callback *callback = wok__alloc_zeroed(sizeof(*callback));
	if (!callback)
		return NULL;
	callback->loop = loop;
	callback->slot = (uint32_t) callbacks->n;
	callback->item.run = run;
	callback->timer.fire = fire;
	callbacks->slots[callbacks->n++] = callback;
	return callback;
}

static struct wok__callback *take_slot(wok_loop *loop)
{
	struct wok__callback *callback = loop->callbacks.free;

	if (wok__timer_reserve(loop) < 0)
		return NULL;
	if (callback)
		loop->callbacks.free = callback->next_free;
	else
		callback = new_slot(loop);
	if (!callback)
		wok__timer_unreserve(loop);
	return callback;
}

static wok_callback refuse(int code, void *arg, wok_free_fn *arg_free, const char *why)
{
	wok__report(code, NULL, NULL, "a callback was not scheduled: %s", why);
	if (arg_free)
		arg_free(arg);
	return (wok_callback){0};
}

struct wok__callback *wok__callback_prepare(wok_loop *loop, wok_fn *fn, void *arg,
					    wok_free_fn *arg_free)
{
	struct wok__callback *callback = take_slot(loop);
	if (!callback)
		return NULL;
	callback->id = new_id(&loop->callbacks);
	callback->fn = fn;
	callback->arg = arg;
	callback->arg_free = arg_free;
	return callback;
}

void wok__callback_schedule(struct wok__callback *callback)
{
	wok__loop_ready(callback->loop, &callback->item);
}

void wok__callback_drop(struct wok__callback *callback)
{
	wok__timer_stop(callback->loop, &callback->timer);
	if (callback->item.link.next)
		wok__list_remove(&callback->item.link);
	release(callback);
}

/* Why nothing can be called on this thread's loop: NULL, or the reason. */
static const char *cannot_call(void)
{
	if (!wok__loop)
		return "this thread runs no loop";
	return wok__loop->forked ? "this is a fork of the process that the loop belongs to" : NULL;
}

wok_callback wok__call_soon_owned(wok_fn *fn, void *arg, wok_free_fn *arg_free)
{
	const char *why = cannot_call();

	if (why)
		return refuse(-EINVAL, arg, arg_free, why);
	struct wok__callback *callback = wok__callback_prepare(wok__loop, fn, arg, arg_free);
	if (!callback)
		return refuse(-ENOMEM, arg, arg_free, wok_strerror(-ENOMEM));
	wok__callback_schedule(callback);
	return (wok_callback){callback->id, callback->slot};
}

wok_callback wok_call_soon(wok_fn *fn, void *arg)
{
	return wok__call_soon_owned(fn, arg, NULL);
}

wok_callback wok_call_at_owned(wok_time when, wok_fn *fn, void *arg, wok_free_fn *arg_free)
{
	const char *why = cannot_call();

	if (why)
		return refuse(-EINVAL, arg, arg_free, why);
	struct wok__callback *callback = wok__callback_prepare(wok__loop, fn, arg, arg_free);
	if (!callback)
		return refuse(-ENOMEM, arg, arg_free, wok_strerror(-ENOMEM));
	wok__timer_start(wok__loop, &callback->timer, when);
	return (wok_callback){callback->id, callback->slot};
}

wok_callback wok_call_at(wok_time when, wok_fn *fn, void *arg)
{
	return wok_call_at_owned(when, fn, arg, NULL);
}

wok_callback wok_call_later(wok_time delay, wok_fn *fn, void *arg)
{
	return wok_call_at(wok__time_add(wok_now(), delay), fn, arg);
}

bool wok_callback_cancel(wok_callback handle)
{
	if (!wok__loop || handle.id == 0 || handle.slot >= wok__loop->callbacks.n)
		return false;
	struct wok__callback *callback = wok__loop->callbacks.slots[handle.slot];
	if (callback->id != handle.id || !callback->fn)
		return false;
	wok__callback_drop(callback);
	return true;
}

void wok__callbacks_clear(wok_loop *loop)
{
	for (size_t i = 0; i < loop->callbacks.n; i++) {
		struct wok__callback *callback = loop->callbacks.slots[i];
		if (callback->id) {
			wok__timer_stop(loop, &callback->timer);
			release(callback);
		}
	}
	for (size_t i = 0; i < loop->callbacks.n; i++)
		wok_free(loop->callbacks.slots[i]);
	wok_free(loop->callbacks.slots);
	loop->callbacks = (struct wok__callbacks){0};
}

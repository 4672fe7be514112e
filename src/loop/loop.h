/* SPDX-License-Identifier: MIT */
#ifndef WOK_LOOP_LOOP_H
#define WOK_LOOP_LOOP_H
/*
 * The event loop. Its turn is a tick, which runs one batch of ready items; what becomes ready
 * meanwhile waits for the next one. The kernel is polled when nothing is ready, and otherwise every
 * 64 ticks or 50 microseconds, so that tasks which yield to each other do not pay a system call
 * each time, and timers and sockets are not kept waiting.
 *
 * The loop knows nothing of tasks: these are items to run, and hooks to call when it has nothing
 * left to do.
 */
#include <signal.h>
#include <wok/loop.h>

#include "base/heap.h"
#include "base/list.h"
#include "loop/backend.h"
#include "loop/mailbox.h"

/* Something that runs in a tick: a task, or a callback. */
struct wok__item {
	struct wok__node link;
	void (*run)(struct wok__item *item);
	bool shuffled; /* whether a seed may change its place in the batch */
};

struct wok__timer {
	struct wok__heap_link link;
	/*
	 * Called from the loop when it is due. It makes something ready and must not run anything.
	 */
	void (*fire)(struct wok__timer *timer);
};

struct wok__loop_hooks {
	/*
	 * Nothing is ready, and before time passes: true if that made something ready. For those
	 * who wait until all others are blocked.
	 */
	bool (*settled)(wok_loop *loop);
	/* Nothing is ready, and nothing is left that could make anything ready. */
	void (*deadlocked)(wok_loop *loop);
	/* SIGINT came. */
	void (*interrupted)(wok_loop *loop);
	/* The loop is about to sleep; true: wake up in a second, and call again. */
	bool (*trim)(wok_loop *loop);
	/* The process was forked, and this is the child. */
	void (*forked)(wok_loop *loop);
};

struct wok__callbacks {
	struct wok__callback **slots;
	size_t n, capacity;
	struct wok__callback *free;
	uint64_t next_id;
};

/* What is to be released at a loop's end, while it can still close descriptors. */
struct wok__ending {
	struct wok__node link;
	void (*end)(struct wok__ending *ending);
};

struct wok_loop {
	struct wok__list ready; /* the next batch */
	struct wok__list batch; /* what this tick still has to run */
	struct wok__heap timers;
	struct wok__callbacks callbacks;
	struct wok__list endings;
	void *current;       /* the task that runs now; NULL in callbacks and between */
	const char *no_wait; /* what it is in that must not wait; NULL */

	const struct wok__loop_hooks *hooks;
	void *owner;     /* of the hooks */
	wok_loop *outer; /* the thread's loop before: NULL, or one that a fork has left behind */

	const struct wok__backend *backend;
	void *backend_state;
	const char *backend_why; /* why it is not the first choice; NULL */
	size_t io_pending;       /* operations under way */
	size_t n_settling; /* who waits until all others are blocked: hooks->settled() wakes them */
	int wake_fd;       /* an eventfd that ends a poll */
	struct wok__mailbox *mailbox;

	wok_time polled_at;
	wok_time trimmed_at;
	unsigned ticks_since_poll;
	unsigned steps_since_clock;
	uint64_t ticks;
	uint64_t polls;

	bool virtual_clock;
	wok_time virtual_now;
	uint64_t seed;
	uint64_t random;     /* what the seed has become; 0: first in, first out */
	uint64_t choices;    /* the state behind wok__loop_choose() */
	const void *foreign; /* another loop's object that was used here, as was reported */
	uint64_t trace;
	bool tracing;
	bool debug;
	bool running;                     /* somebody turns it now */
	bool in_tick;                     /* what is in the batch runs now */
	bool stopping;                    /* wok_loop_stop() was called */
	bool forked;                      /* it is the parent's: see loop/fork.c */
	bool doorbell;                    /* what becomes ready rings: see loop/embed.c */
	struct wok__watchdog *watchdog;   /* in debug mode; NULL */
	struct wok__embedding *embedding; /* NULL, or how a foreign loop watches this one */
};

extern _Thread_local wok_loop *wok__loop __attribute__((tls_model("initial-exec")));

/* Make loop the thread's; the fields that options set are in place. */
int wok__loop_open(wok_loop *loop, const char *backend);
void wok__loop_close(wok_loop *loop);

/* One turn: a tick, a poll, or both. Sleeps if nothing is ready. */
void wok__loop_turn(wok_loop *loop);

/* Run what is ready now, and nothing that becomes ready meanwhile. */
void wok__loop_tick(wok_loop *loop);

/* One look at the kernel, and one tick; never sleeps. */
void wok__loop_pass(wok_loop *loop);

/* All that can be done without sleeping, within limits. */
void wok__loop_step(wok_loop *loop);

wok_time wok__loop_now(const wok_loop *loop);

/* The extension face: wok's other libraries use these, too. */
WOK_BEGIN_DECLS

/* Somebody outside of the loop has made something ready, or started a timer. */
void wok__loop_ring(wok_loop *loop);

/* Have ending->end() called at the end of the current loop. */
void wok__loop_at_end(struct wok__ending *ending);

/* The ending of the current loop that has this function; NULL if there is none. */
struct wok__ending *wok__loop_find_ending(void (*end)(struct wok__ending *ending));

WOK_END_DECLS

static inline void wok__loop_ready(wok_loop *loop, struct wok__item *item)
{
	wok__list_push_back(&loop->ready, &item->link);
	if (__builtin_expect(loop->doorbell, false))
		wok__loop_ring(loop);
}

/* Have an item that is in no list run before all that is ready. */
void wok__loop_run_next(wok_loop *loop, struct wok__item *item);

/* Timers need room that was reserved before: wok__timer_reserve() can fail, starting cannot. */
static inline int wok__timer_reserve(wok_loop *loop)
{
	return wok__heap_reserve(&loop->timers);
}

static inline void wok__timer_unreserve(wok_loop *loop)
{
	wok__heap_unreserve(&loop->timers);
}

static inline bool wok__timer_armed(const struct wok__timer *timer)
{
	return wok__heap_contains(&timer->link);
}

static inline void wok__timer_start(wok_loop *loop, struct wok__timer *timer, wok_time deadline)
{
	wok__heap_insert(&loop->timers, &timer->link, deadline);
	if (__builtin_expect(loop->doorbell, false))
		wok__loop_ring(loop);
}

/* Which of the timers of one deadline fires first is drawn when it starts, or here, before. */
static inline uint64_t wok__timer_draw(wok_loop *loop)
{
	return wok__heap_draw(&loop->timers);
}

static inline void wok__timer_start_drawn(wok_loop *loop, struct wok__timer *timer,
					  wok_time deadline, uint64_t drawn)
{
	wok__heap_insert_drawn(&loop->timers, &timer->link, deadline, drawn);
	if (__builtin_expect(loop->doorbell, false))
		wok__loop_ring(loop);
}

static inline void wok__timer_stop(wok_loop *loop, struct wok__timer *timer)
{
	if (wok__timer_armed(timer))
		wok__heap_remove(&loop->timers, &timer->link);
}

/*
 * A callback whose time is not known yet; NULL if there is no memory. It is released as any other:
 * after its call, when it is dropped, or at the loop's end.
 */
struct wok__callback *wok__callback_prepare(wok_loop *loop, wok_fn *fn, void *arg,
					    wok_free_fn *arg_free);
void wok__callback_schedule(struct wok__callback *callback);
void wok__callback_drop(struct wok__callback *callback);
/* wok_call_soon() with an argument that is given away, as wok_call_at_owned(). */
wok_callback wok__call_soon_owned(wok_fn *fn, void *arg, wok_free_fn *arg_free);
/* A number below n, each as likely: from the seed, so that a run with the same one repeats it. */
size_t wok__loop_choose(wok_loop *loop, size_t n);

/* Drop all callbacks that wait, releasing their arguments. */
void wok__callbacks_clear(wok_loop *loop);

/* Move the virtual clock to the next timer, but not beyond limit; false if it is there already. */
bool wok__loop_jump(wok_loop *loop, wok_time limit);

enum {
	WOK__TICKS_PER_POLL = 64,
	WOK__STEPS_PER_CLOCK = 16, /* between two looks at the clock, at the end of a tick */
	WOK__STEPS_PER_LOOK = 64,  /* the same within a long one */
};

/* Have the loop's own code run after this tick: it has something to look at. */
static inline void wok__loop_ask_back(wok_loop *loop)
{
	loop->ticks_since_poll = WOK__TICKS_PER_POLL;
}

/*
 * The end of a tick and the begin of the next, without a visit to the loop's own code; false if
 * there is a reason for one.
 */
static inline bool wok__loop_next_batch(wok_loop *loop)
{
	if (wok__list_empty(&loop->ready) || loop->random != 0 || loop->stopping ||
	    loop->ticks_since_poll + 1 >= WOK__TICKS_PER_POLL ||
	    loop->steps_since_clock >= WOK__STEPS_PER_CLOCK)
		return false;
	loop->ticks++;
	loop->ticks_since_poll++;
	wok__list_move(&loop->batch, &loop->ready);
	return true;
}

/* Note in the trace that something ran. */
static inline void wok__loop_trace(wok_loop *loop, uint64_t what)
{
	if (__builtin_expect(!loop->tracing, true))
		return;
	/* FNV-1a over words: Fowler, Noll, Vo. */
	loop->trace = (loop->trace ^ what) * UINT64_C(0x100000001b3);
	loop->trace = (loop->trace ^ (uint64_t) loop->virtual_now) * UINT64_C(0x100000001b3);
}
#endif

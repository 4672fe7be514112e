/* SPDX-License-Identifier: MIT */
/* The loop's turn: see loop/loop.h. */
#include "loop/loop.h"

#include "base/time.h"
#include "loop/embed.h"
#include "loop/fork.h"
#include "loop/remote.h"
#include "loop/signal.h"
#include "loop/watchdog.h"
#include "platform/clock.h"
#include "platform/sys.h"

#define TIME_PER_POLL (50 * WOK_US)
#define TIME_PER_LOOK WOK_MS
#define TRIM_INTERVAL WOK_SECOND

_Thread_local wok_loop *wok__loop;

wok_loop *wok_current_loop(void)
{
	return wok__loop;
}

wok_time wok__loop_now(const wok_loop *loop)
{
	return loop->virtual_clock ? loop->virtual_now : wok__clock_now();
}

wok_time wok_now(void)
{
	return wok__loop ? wok__loop_now(wok__loop) : wok__clock_now();
}

int wok__loop_open(wok_loop *loop, const char *backend)
{
	wok__list_init(&loop->ready);
	wok__list_init(&loop->batch);
	wok__list_init(&loop->endings);
	loop->wake_fd = wok__sys_eventfd();
	if (loop->wake_fd < 0)
		return loop->wake_fd;
	int r = wok__mailbox_new(loop->wake_fd, &loop->mailbox);
	if (r < 0)
		goto fail_wake;
	r = wok__backend_open(loop, backend);
	if (r < 0)
		goto fail_mailbox;
	wok__fork_watch();
	loop->outer = wok__loop;
	wok__loop = loop;
	loop->polled_at = loop->trimmed_at = wok__loop_now(loop);
	return 0;

fail_mailbox:
	wok__mailbox_close(loop->mailbox);
fail_wake:
	wok__sys_close(loop->wake_fd);
	return r;
}

void wok__loop_at_end(struct wok__ending *ending)
{
	wok__list_push_front(&wok__loop->endings, &ending->link);
}

struct wok__ending *wok__loop_find_ending(void (*end)(struct wok__ending *ending))
{
	WOK__LIST_EACH (node, &wok__loop->endings) {
		struct wok__ending *ending = WOK__CONTAINER(node, struct wok__ending, link);
		if (ending->end == end)
			return ending;
	}
	return NULL;
}

void wok__loop_close(wok_loop *loop)
{
	struct wok__node *node;

	while ((node = wok__list_pop(&loop->endings))) {
		struct wok__ending *ending = WOK__CONTAINER(node, struct wok__ending, link);
		ending->end(ending);
	}
	wok__loop_unembed(loop);
	wok__watchdog_close(loop);
	/* From here on nothing can be scheduled: clean-up functions that try are refused. */
	wok__loop = loop->outer;
	wok__mailbox_close(loop->mailbox);
	wok__remote_report_lost();
	wok__callbacks_clear(loop);
	loop->backend->close(loop);
	wok__sys_close(loop->wake_fd);
	wok__heap_clear(&loop->timers);
}

static uint64_t next_random(uint64_t *state)
{
	/* SplitMix64: Steele, Lea, Flood 2014. */
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

size_t wok__loop_choose(wok_loop *loop, size_t n)
{
	return (size_t) (next_random(&loop->choices) % n);
}

/*
 * Deal the batch's tasks into two hands and put one behind the other. Callbacks keep their order,
 * which is promised; tasks may come in any order, and over a few ticks do.
 */
static void shuffle(wok_loop *loop, struct wok__list *batch)
{
	struct wok__list second;

	wok__list_init(&second);
	WOK__LIST_EACH (node, batch) {
		struct wok__item *item = WOK__CONTAINER(node, struct wok__item, link);
		if (item->shuffled && next_random(&loop->random) & 1)
			continue;
		wok__list_remove(node);
		wok__list_push_back(&second, node);
	}
	wok__list_move(batch, &second);
}

static void fire_due(wok_loop *loop, wok_time now)
{
	const struct wok__heap_entry *first;

	while ((first = wok__heap_first(&loop->timers)) && first->key <= now) {
		struct wok__timer *timer = WOK__CONTAINER(first->link, struct wok__timer, link);
		wok__heap_remove(&loop->timers, &timer->link);
		timer->fire(timer);
	}
}

/* Take what came from outside: the kernel's events, other threads' posts, signals, timers. */
static void poll_kernel(wok_loop *loop, wok_time timeout)
{
	if (wok__mailbox_pending(loop->mailbox))
		timeout = 0;
	if (loop->io_pending > 0 || timeout > 0)
		loop->backend->poll(loop, timeout);
	loop->polls++;
	loop->ticks_since_poll = 0;
	wok__mailbox_deliver(loop->mailbox);
	if (wok__signal_taken(loop))
		loop->hooks->interrupted(loop);
	loop->polled_at = wok__loop_now(loop);
	fire_due(loop, loop->polled_at);
}

/*
 * In the middle of a long batch: if it has taken a while, see whether something has come meanwhile,
 * and put that in front. So ten thousand tasks that start at once do not hold up a timer, or a
 * client; and who waits in the batch is not held up by more than comes in from outside.
 */
static void look_up(wok_loop *loop)
{
	struct wok__node *last = loop->ready.head.prev;

	loop->steps_since_clock = 0;
	if (wok__loop_now(loop) - loop->polled_at < TIME_PER_LOOK)
		return;
	poll_kernel(loop, 0);
	wok__list_move_rest(&loop->batch, &loop->ready, last);
}

/* Between the ticks nobody looks at the batch, nor takes it for a reason to stay awake. */
void wok__loop_run_next(wok_loop *loop, struct wok__item *item)
{
	wok__list_push_front(loop->in_tick ? &loop->batch : &loop->ready, &item->link);
}

void wok__loop_tick(wok_loop *loop)
{
	struct wok__node *node;

	loop->in_tick = true;
	wok__list_move(&loop->batch, &loop->ready);
	if (__builtin_expect(loop->random != 0, false))
		shuffle(loop, &loop->batch);
	while (!loop->forked && (node = wok__list_pop(&loop->batch))) {
		struct wok__item *item = WOK__CONTAINER(node, struct wok__item, link);
		if (__builtin_expect(loop->watchdog != NULL, false))
			wok__watchdog_run(loop, item);
		else
			item->run(item);
		if (++loop->steps_since_clock >= WOK__STEPS_PER_LOOK)
			look_up(loop);
	}
	loop->in_tick = false;
	loop->ticks++;
	loop->ticks_since_poll++;
}

static bool poll_due(wok_loop *loop)
{
	if (loop->ticks_since_poll >= WOK__TICKS_PER_POLL)
		return true;
	if (loop->steps_since_clock < WOK__STEPS_PER_CLOCK)
		return false;
	loop->steps_since_clock = 0;
	return wok__loop_now(loop) - loop->polled_at >= TIME_PER_POLL;
}

bool wok__loop_jump(wok_loop *loop, wok_time limit)
{
	const struct wok__heap_entry *first = wok__heap_first(&loop->timers);

	/* For ever does not come, or a test that sleeps so long would see the end of time. */
	if (!first || first->key > limit || first->key == WOK_FOREVER)
		return false;
	if (first->key > loop->virtual_now)
		loop->virtual_now = first->key;
	fire_due(loop, loop->virtual_now);
	return true;
}

/* How long the loop may sleep: until the next timer, or until there are stacks to trim. */
static wok_time sleep_limit(wok_loop *loop)
{
	const struct wok__heap_entry *first = wok__heap_first(&loop->timers);
	wok_time now = wok__loop_now(loop), limit = WOK_FOREVER;

	/* Virtual time does not pass while the kernel is waited for; but what is due, is due. */
	if (loop->virtual_clock)
		return first && first->key <= now ? 0 : WOK_FOREVER;
	if (first)
		limit = first->key > now ? first->key - now : 0;
	if (now - loop->trimmed_at >= TRIM_INTERVAL) {
		loop->trimmed_at = now;
		if (loop->hooks->trim(loop))
			limit = wok__time_min(limit, TRIM_INTERVAL);
	} else {
		limit = wok__time_min(limit, loop->trimmed_at + TRIM_INTERVAL - now);
	}
	return limit;
}

/* Whether something may still come from outside of the loop. */
static bool outside(const wok_loop *loop)
{
	return loop->io_pending > 0 || wok__mailbox_awaited(loop->mailbox) ||
	       wok__mailbox_pending(loop->mailbox);
}

/* Nothing is ready: see what comes next, without sleeping. False if the loop has to sleep. */
static bool advance(wok_loop *loop)
{
	bool may_jump = loop->virtual_clock || loop->timers.n == 0;

	if (loop->n_settling == 0 && (outside(loop) || !may_jump))
		return false;
	/*
	 * What has happened already goes before time passes, and before a deadlock is called one.
	 */
	poll_kernel(loop, 0);
	if (!wok__list_empty(&loop->ready) || loop->hooks->settled(loop))
		return true;
	if (outside(loop))
		return false;
	if (loop->virtual_clock && wok__loop_jump(loop, WOK_FOREVER))
		return true;
	if (loop->timers.n > 0 && !loop->virtual_clock)
		return false;
	loop->hooks->deadlocked(loop);
	return true;
}

void wok__loop_turn(wok_loop *loop)
{
	if (!wok__list_empty(&loop->ready)) {
		wok__loop_tick(loop);
		if (poll_due(loop))
			poll_kernel(loop, 0);
	} else if (!advance(loop)) {
		poll_kernel(loop, sleep_limit(loop));
	}
}

void wok__loop_pass(wok_loop *loop)
{
	poll_kernel(loop, 0);
	if (!wok__list_empty(&loop->ready))
		wok__loop_tick(loop);
}

void wok__loop_step(wok_loop *loop)
{
	/* Always, so that what made the loop's descriptor readable is taken from it. */
	loop->backend->poll(loop, 0);
	poll_kernel(loop, 0);
	for (int i = 0;
	     i < WOK__TICKS_PER_POLL && !loop->stopping && !wok__list_empty(&loop->ready); i++)
		wok__loop_tick(loop);
	wok_time now = wok__loop_now(loop);
	fire_due(loop, now);
	if (now - loop->trimmed_at >= TRIM_INTERVAL) {
		loop->trimmed_at = now;
		loop->hooks->trim(loop);
	}
}

bool wok__io_start(wok_loop *loop, struct wok__io *io)
{
	return loop->backend->start(loop, io);
}

void wok__io_cancel(wok_loop *loop, struct wok__io *io)
{
	loop->backend->cancel(loop, io);
}

int wok__io_close(wok_loop *loop, int fd)
{
	loop->backend->forget(loop, fd);
	return wok__sys_close(fd);
}

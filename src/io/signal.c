/* SPDX-License-Identifier: MIT */
/*
 * Waiting for signals: see wok/signal.h. The handler (loop/signal_watch.c) sets a bit and rings an
 * eventfd; the bits say what came, the eventfd only that it is worth looking.
 */
#include <wok/error.h>
#include <wok/signal.h>

#include "base/memory.h"
#include "loop/loop.h"
#include "loop/report.h"
#include "loop/signal_watch.h"
#include "platform/sys.h"
#include "task/park.h"

struct wok_signals {
	wok_loop *loop; /* NULL after its end: nothing is kept any more */
	struct wok__ending ending;
	struct wok__signal_watch *watch;
	uint64_t here; /* taken from the watch, and not asked for so far */
	int fd;
};

static int set_of(const int *numbers, size_t n, uint64_t *ret_set)
{
	uint64_t set = 0;

	for (size_t i = 0; i < n; i++) {
		if (numbers[i] < 1 || numbers[i] > WOK__SIGNAL_LAST)
			return wok_fail(-EINVAL, "there is no signal %d", numbers[i]);
		set |= WOK__SIGNAL_BIT(numbers[i]);
	}
	if (set == 0)
		return wok_fail(-EINVAL, "wok_signals_new: no signal to wait for");
	*ret_set = set;
	return 0;
}

static int explain(int r)
{
	if (r == -EINVAL)
		return wok_fail(r, "a signal of the set cannot be waited for: SIGKILL, SIGSTOP, "
				   "SIGPIPE, or one that a fault of the program raises");
	if (r == -ENFILE)
		return wok_fail(r, "too many wok_signals in this process");
	return r;
}

static void close_signals(wok_signals *signals)
{
	wok__signal_watch_end(signals->watch);
	(void) wok__io_close(wok__loop, signals->fd);
	wok__list_remove(&signals->ending.link);
	signals->loop = NULL;
}

static void at_loop_end(struct wok__ending *ending)
{
	close_signals(WOK__CONTAINER(ending, wok_signals, ending));
}

static int open_signals(wok_signals *signals, const int *numbers, size_t n)
{
	uint64_t set = 0;

	if (!wok__loop)
		return wok_fail(-EINVAL, "wok_signals_new: this thread runs no loop");
	WOK_TRY(set_of(numbers, n, &set));
	*signals = (wok_signals){.loop = wok__loop, .fd = wok__sys_eventfd()};
	if (signals->fd < 0)
		return signals->fd;
	int r = wok__signal_watch_begin(set, signals->fd, &signals->watch);
	if (r < 0) {
		wok__sys_close(signals->fd);
		return explain(r);
	}
	signals->ending.end = at_loop_end;
	wok__loop_at_end(&signals->ending);
	return 0;
}

int wok_signals_new(const int *numbers, size_t n, wok_signals **ret_signals)
{
	wok_signals *signals = wok_alloc(sizeof(*signals));
	if (!signals)
		return -ENOMEM;
	int r = open_signals(signals, numbers, n);
	if (r < 0)
		wok_free(signals);
	else
		*ret_signals = signals;
	return r;
}

/* One of those that are here, or 0. */
static int take_one(wok_signals *signals)
{
	signals->here |= wok__signal_watch_take(signals->watch);
	int number = __builtin_ffsll((long long) signals->here);
	if (number > 0)
		signals->here &= ~WOK__SIGNAL_BIT(number);
	return number;
}

static int wait_for_bell(wok_signals *signals)
{
	uint64_t count;
	struct wok__io io = {
		.kind = WOK__IO_READ, .fd = signals->fd, .data = &count, .size = sizeof(count)};
	int r = (int) wok__io_wait(&io, "a signal");

	return r == -EBUSY ? wok_fail(r, "another task waits for these signals") : r;
}

int wok_signals_next(wok_signals *signals, int *ret_number)
{
	int number;

	WOK_TRY(wok__check());
	if (signals->loop != wok__loop)
		return wok_fail(-EINVAL, "wok_signals_next: they belong to another loop, but each "
					 "loop may have its own");
	while (!(number = take_one(signals)))
		WOK_TRY(wait_for_bell(signals));
	*ret_number = number;
	wok__spend();
	return 1;
}

void wok_signals_free(wok_signals *signals)
{
	if (!signals)
		return;
	if (signals->loop && signals->loop != wok__loop) {
		wok__report(-EINVAL, NULL, NULL,
			    "wok_signals_free() did nothing: they belong to another loop: use a "
			    "wok_remote");
		return;
	}
	if (signals->loop)
		close_signals(signals);
	wok_free(signals);
}

int wok_signal_wait(int number)
{
	wok_signals signals;

	WOK_TRY(wok__check());
	WOK_TRY(open_signals(&signals, &number, 1));
	int r = wok_signals_next(&signals, &number);
	close_signals(&signals);
	return r < 0 ? r : 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Waiting for a process: see exec/process_pool.h.
 *
 * A wait watches the socket, the pidfd and the pipes of one process at once, and a time. The pidfd
 * is not redundant: a child that the job left behind may hold the socket open. The operations lie
 * on the waiter's stack, and are taken back before it returns.
 */
#include <assert.h>
#include <wok/error.h>
#include <wok/fd.h>

#include "exec/process_pool.h"
#include "loop/io.h"

enum { SOURCES = 4 };

struct wait;

struct source {
	struct wok__io io;
	struct wait *wait;
	bool under_way;
};

struct wait {
	struct source sources[SOURCES];
	struct wok__parker parker;
	struct wok__timer timer;
	int events;
};

static void source_done(struct wok__io *io)
{
	struct source *source = WOK__CONTAINER(io, struct source, io);
	struct wait *wait = source->wait;

	source->under_way = false;
	/* Taken back, by wait_ended(). */
	if (io->result == -ECANCELED)
		return;
	wait->events |= 1 << (source - wait->sources);
	wok__wake(&wait->parker, 0);
}

static void time_passed(struct wok__timer *timer)
{
	struct wait *wait = WOK__CONTAINER(timer, struct wait, timer);

	wait->events |= WOK__EVENT_TIME;
	wok__wake(&wait->parker, 0);
}

static int start(struct wait *wait, int which, int fd)
{
	struct source *source = &wait->sources[which];

	source->wait = wait;
	source->io = (struct wok__io){
		.kind = WOK__IO_WAIT, .fd = fd, .events = WOK_READABLE, .done = source_done};
	if (!wok__io_start(wok__loop, &source->io)) {
		source->under_way = true;
		return 0;
	}
	if (source->io.result < 0)
		return (int) source->io.result;
	wait->events |= 1 << which;
	return 0;
}

static int start_all(struct wait *wait, const struct wok__process *process, int wanted)
{
	const int fds[SOURCES] = {
		process->socket,
		process->pidfd,
		process->pipes ? process->pipes[0].fd : -1,
		process->pipes ? process->pipes[1].fd : -1,
	};
	int r = 0;

	for (int i = 0; i < SOURCES && r == 0; i++)
		if (wanted & 1 << i && fds[i] >= 0)
			r = start(wait, i, fds[i]);
	return r;
}

static void wait_ended(struct wait *wait)
{
	for (int i = 0; i < SOURCES; i++)
		if (wait->sources[i].under_way)
			wok__io_cancel(wok__loop, &wait->sources[i].io);
	wok__timer_stop(wok__loop, &wait->timer);
}

/* Park until something has happened. */
static int park(struct wait *wait, struct wok__process *process, wok_time deadline)
{
	/* The room for the timer is the one that each task has for its sleeps. */
	if (deadline != WOK_FOREVER)
		wok__timer_start(wok__loop, &wait->timer, deadline);
	process->waiting = &wait->parker;
	int r = wok__park(&wait->parker, NULL);
	process->waiting = NULL;
	return r;
}

int wok__process_wait(struct wok__process *process, int wanted, wok_time deadline, bool shielded,
		      const char *what)
{
	struct wait wait = {
		.parker = {.what = what, .shielded = shielded},
		.timer = {.fire = time_passed},
	};

	if (!shielded)
		WOK_TRY(wok__check());
	int r = start_all(&wait, process, wanted);
	if (r == 0 && wait.events == 0 && !(process->aborted && !shielded)) {
		r = park(&wait, process, deadline);
	} else if (r == 0) {
		/* A process that always has something to say must not stop the clock. */
		if (deadline != WOK_FOREVER && wok_now() >= deadline)
			wait.events |= WOK__EVENT_TIME;
		wok__spend();
	}
	wait_ended(&wait);
	if (process->aborted && !shielded)
		wait.events |= WOK__EVENT_ABORT;
	return r < 0 ? r : wait.events;
}

/* What a wait without a packet comes to; 0: go on. */
static int verdict(int events)
{
	if (events < 0)
		return events;
	if (events & WOK__EVENT_ABORT)
		return -ESHUTDOWN;
	if (events & WOK__EVENT_DEATH)
		return -EPIPE;
	return events & WOK__EVENT_TIME ? -ETIMEDOUT : 0;
}

int wok__process_receive(struct wok__process *process, wok_time deadline, const char *what,
			 struct wok__received *ret_packet)
{
	const int all =
		WOK__EVENT_PACKET | WOK__EVENT_DEATH | WOK__EVENT_OUTPUT | WOK__EVENT_ERRORS;
	int over = 0;

	while (over == 0) {
		int events = wok__process_wait(process, all, deadline, false, what);
		over = verdict(events);
		if (events > 0 && events & (WOK__EVENT_OUTPUT | WOK__EVENT_ERRORS))
			wok__process_take_output(process);
		int r = wok__packet_receive(process->socket, process->body, MSG_DONTWAIT,
					    ret_packet);
		if (r != -EAGAIN)
			return r;
	}
	return over;
}

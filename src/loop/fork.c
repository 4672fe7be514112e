/* SPDX-License-Identifier: MIT */
/*
 * Forks. The child of a fork has a copy of the loop's memory, and shares what the kernel keeps for
 * it: the epoll set, the eventfd. To touch that would disturb the parent. So in the child the loop
 * is left as a shell: no task runs in it, every wait in it is an error, its operations fail, and
 * its descriptors are closed. What the thread does without waiting still works, and so does a new
 * run.
 *
 * A process that is made by a bare clone(2), without the C library's fork(), is not noticed.
 */
#include "loop/fork.h"

#include <pthread.h>
#include <stdatomic.h>

#include "loop/loop.h"
#include "loop/signal_watch.h"
#include "loop/watchdog.h"
#include "platform/sys.h"

static bool refuse(wok_loop *loop, struct wok__io *io)
{
	(void) loop;
	io->result = -ECHILD;
	return true;
}

static void ignore_io(wok_loop *loop, struct wok__io *io)
{
	(void) loop;
	(void) io;
}

static void ignore_fd(wok_loop *loop, int fd)
{
	(void) loop;
	(void) fd;
}

static void ignore_poll(wok_loop *loop, wok_time timeout)
{
	(void) loop;
	(void) timeout;
}

static const struct wok__backend shell = {
	.name = "none, after a fork",
	.start = refuse,
	.cancel = ignore_io,
	.forget = ignore_fd,
	.poll = ignore_poll,
};

static atomic_uint generation;

unsigned wok__fork_generation(void)
{
	return atomic_load_explicit(&generation, memory_order_relaxed);
}

/* In the child, in the one thread that it has: the one that called fork(). */
static void in_child(void)
{
	wok_loop *loop = wok__loop;

	atomic_fetch_add_explicit(&generation, 1, memory_order_relaxed);
	wok__signal_watch_forked();
	if (!loop || loop->forked)
		return;
	loop->forked = true;
	loop->current = NULL;
	wok__watchdog_abandon(loop);
	loop->hooks->forked(loop);
	wok__mailbox_abandon(loop->mailbox);
	loop->backend->abandon(loop);
	loop->backend = &shell;
	wok__sys_close(loop->wake_fd);
}

static void watch(void)
{
	(void) pthread_atfork(NULL, NULL, in_child);
}

void wok__fork_watch(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, watch);
}

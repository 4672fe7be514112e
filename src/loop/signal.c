/* SPDX-License-Identifier: MIT */
/*
 * Signals: see loop/signal.h.
 *
 * The handler may run in any thread, at any point. It touches two globals that are set while it is
 * installed: a flag, and the descriptor that wakes the loop. The second SIGINT finds the default
 * disposition back in place and kills.
 */
#include "loop/signal.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "loop/loop.h"
#include "loop/signal_watch.h"

static _Atomic(wok_loop *) sigint_loop; /* who has the handler */
static atomic_int sigint_fd = -1;
static atomic_bool sigint_came;    /* once: the next one kills */
static atomic_bool sigint_pending; /* the loop has not been told yet */

static void on_sigint(int number)
{
	int saved = errno, fd = atomic_load(&sigint_fd);
	uint64_t one = 1;

	if (atomic_exchange(&sigint_came, true)) {
		signal(number, SIG_DFL);
		raise(number);
	} else if (fd >= 0) {
		atomic_store(&sigint_pending, true);
		ssize_t ignored = write(fd, &one, sizeof(one));
		(void) ignored;
	}
	errno = saved;
}

static void take_sigint(struct wok__signals *signals, wok_loop *loop)
{
	struct sigaction ours = {.sa_handler = on_sigint, .sa_flags = SA_RESTART};
	wok_loop *nobody = NULL;

	if (sigaction(SIGINT, NULL, &signals->old_sigint) < 0 ||
	    signals->old_sigint.sa_handler != SIG_DFL)
		return;
	if (!atomic_compare_exchange_strong(&sigint_loop, &nobody, loop))
		return;
	atomic_store(&sigint_came, false);
	atomic_store(&sigint_pending, false);
	atomic_store(&sigint_fd, loop->wake_fd);
	sigemptyset(&ours.sa_mask);
	signals->has_sigint = sigaction(SIGINT, &ours, &signals->old_sigint) == 0;
	if (!signals->has_sigint)
		atomic_store(&sigint_loop, NULL);
}

void wok__signals_open(struct wok__signals *signals, wok_loop *loop, bool no_sigint)
{
	sigset_t pipe, old;

	memset(signals, 0, sizeof(*signals));
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, &old);
	sigemptyset(&signals->mask);
	pthread_sigmask(SIG_SETMASK, NULL, &signals->mask);
	signals->sigpipe_was_blocked = sigismember(&old, SIGPIPE) == 1;
	if (!no_sigint)
		take_sigint(signals, loop);
}

/* A SIGPIPE that came while it was blocked was ours: it must not strike when the mask is lifted. */
static void restore_sigpipe(void)
{
	struct timespec at_once = {0};
	sigset_t pipe;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	while (sigtimedwait(&pipe, NULL, &at_once) == SIGPIPE)
		;
	pthread_sigmask(SIG_UNBLOCK, &pipe, NULL);
}

void wok__signals_close(struct wok__signals *signals)
{
	struct sigaction current;

	if (signals->has_sigint) {
		/* Somebody may have put a handler of his own over ours: leave that alone. */
		if (sigaction(SIGINT, NULL, &current) == 0 && current.sa_handler == on_sigint)
			sigaction(SIGINT, &signals->old_sigint, NULL);
		wok__signal_watch_replace(SIGINT, on_sigint, &signals->old_sigint);
		atomic_store(&sigint_fd, -1);
		atomic_store(&sigint_loop, NULL);
	}
	if (!signals->sigpipe_was_blocked)
		restore_sigpipe();
}

bool wok__signal_taken(wok_loop *loop)
{
	return atomic_load_explicit(&sigint_loop, memory_order_relaxed) == loop &&
	       atomic_load_explicit(&sigint_pending, memory_order_relaxed) &&
	       atomic_exchange(&sigint_pending, false);
}

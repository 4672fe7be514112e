/* SPDX-License-Identifier: MIT */
#ifndef WOK_LOOP_SIGNAL_H
#define WOK_LOOP_SIGNAL_H
/*
 * The signals that a loop cares about. A library is a guest: SIGINT is taken only where its
 * disposition is the default, by the first loop only, and given back at the end. SIGPIPE is blocked
 * in the thread while the loop runs.
 */
#include <signal.h>
#include <stdbool.h>

struct wok_loop;

struct wok__signals {
	sigset_t mask; /* of the thread while the loop runs */
	bool sigpipe_was_blocked;
	bool has_sigint;
	struct sigaction old_sigint;
};

void wok__signals_open(struct wok__signals *signals, struct wok_loop *loop, bool no_sigint);
void wok__signals_close(struct wok__signals *signals);

/* Whether SIGINT came for this loop since the last call. */
bool wok__signal_taken(struct wok_loop *loop);
#endif

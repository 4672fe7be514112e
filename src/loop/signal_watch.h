/* SPDX-License-Identifier: MIT */
#ifndef WOK_LOOP_SIGNAL_WATCH_H
#define WOK_LOOP_SIGNAL_WATCH_H
/*
 * Who is told of signals. They come to the process, not to a loop: here is the one handler, and a
 * table of those who are to hear of it, in whatever threads.
 */
#include <signal.h>
#include <stdint.h>

/* A set of signals; number n is bit n - 1. */
#define WOK__SIGNAL_BIT(number) (UINT64_C(1) << ((number) -1))
enum { WOK__SIGNAL_LAST = 64 };

struct wok__signal_watch;

/*
 * Tell fd, an eventfd, when a signal of a set comes: until it is ended. -ENFILE if there are too
 * many watches in this process; -EINVAL for a signal that cannot be caught.
 */
int wok__signal_watch_begin(uint64_t set, int fd, struct wok__signal_watch **ret_watch);

/*
 * Nothing is told any more when this returns. A signal that nobody watches any more has the
 * disposition again that it had before, unless somebody else has changed it.
 */
void wok__signal_watch_end(struct wok__signal_watch *watch);

/* What came since the last call. */
uint64_t wok__signal_watch_take(struct wok__signal_watch *watch);

/*
 * Have fn called in the handler itself, whenever a signal comes: it must be safe there. NULL ends
 * that. -EBUSY if there is one already.
 */
int wok__signal_watch_direct(int number, void (*fn)(int number, const siginfo_t *info));

/* If the handler here keeps a disposition for later, and that is `handler`: keep another one. */
void wok__signal_watch_replace(int number, void (*handler)(int), const struct sigaction *by);

/* In the child of a fork: the watches are the parent's. */
void wok__signal_watch_forked(void);
#endif

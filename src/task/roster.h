/* SPDX-License-Identifier: MIT */
#ifndef WOK_TASK_ROSTER_H
#define WOK_TASK_ROSTER_H
/*
 * All runs of the process, for who looks at them from a signal handler or a debugger: no lock, and
 * a table of fixed size. A run that finds no room in it is not listed.
 */
#include <stdatomic.h>

struct wok__run;

enum { WOK__ROSTER_MAX = 1024 };

struct wok__roster_entry {
	_Atomic(struct wok__run *) run; /* NULL: free */
	atomic_int thread; /* that it belongs to, as gettid(2) has it; 0: not known yet */
};

extern struct wok__roster_entry wok__roster[WOK__ROSTER_MAX];

/* On the run's thread. */
void wok__roster_add(struct wok__run *run);
void wok__roster_remove(struct wok__run *run);
#endif

/* SPDX-License-Identifier: MIT */
#ifndef WOK_IO_TURN_H
#define WOK_IO_TURN_H
/* Tasks that do something one after another, first in, first out. All zero: nobody's turn. */
#include "task/park.h"

struct wok__turn {
	bool taken;
	wok_waiters waiters;
};

/* Wait for the turn. 0; -ECANCELED. Not a checkpoint if it is free: see wok__check(). */
static inline int wok__turn_take(struct wok__turn *turn, const char *what)
{
	struct wok__parker parker = WOK__PARKER_INIT(what);

	if (turn->taken)
		return wok__park(&parker, &turn->waiters);
	turn->taken = true;
	return 0;
}

/* Hand the turn to the next task. */
static inline void wok__turn_pass(struct wok__turn *turn)
{
	if (!wok__wake_first(&turn->waiters, 0))
		turn->taken = false;
}
#endif

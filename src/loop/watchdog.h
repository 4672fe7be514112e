/* SPDX-License-Identifier: MIT */
#ifndef WOK_LOOP_WATCHDOG_H
#define WOK_LOOP_WATCHDOG_H
/*
 * Debug mode: a thread that watches how long each step of the loop takes. One that takes too long
 * is reported twice: while it still runs, for it may never end, and at its end, with its length.
 */
#include "loop/loop.h"

/* Start to watch; without a thread for it the loop goes unwatched, which is reported. */
void wok__watchdog_open(wok_loop *loop, wok_time limit);
void wok__watchdog_close(wok_loop *loop);

/* In the child of a fork the thread is gone. */
void wok__watchdog_abandon(wok_loop *loop);

/* Run an item under watch. */
void wok__watchdog_run(wok_loop *loop, struct wok__item *item);

/* Say what runs in this step; a step that says nothing is a callback. */
void wok__watchdog_name(wok_loop *loop, const char *name, const wok_site *site);
#endif

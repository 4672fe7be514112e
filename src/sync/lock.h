/* SPDX-License-Identifier: MIT */
#ifndef WOK_SYNC_LOCK_H
#define WOK_SYNC_LOCK_H
/* The lock as conditions see it. */
#include <wok/lock.h>

#include "sync/owner.h"

/* Prepare a waiter for a lock; what it waits for at first may be something else. */
void wok__lock_heir_init(struct wok__heir *heir, wok_lock *lock, const char *what);

/*
 * Let a task that is parked elsewhere wait for the lock from now on: it is woken as the owner, with
 * 0 or -EOWNERDEAD. Its parker must hold off cancels.
 */
void wok__lock_requeue(wok_lock *lock, struct wok__heir *heir);
#endif

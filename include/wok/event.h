/* SPDX-License-Identifier: MIT */
#ifndef WOK_EVENT_H
#define WOK_EVENT_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/* A flag that tasks wait for. Embed it or make it static; its fields are private. */
typedef struct {
	bool set;
	wok_waiters waiters;
} wok_event;

#define WOK_EVENT_INIT {0}

/**
 * Wait until the event is set. For a time limit, open a timeout around the call.
 *
 * Returns:    0; -ECANCELED if a scope around the call was cancelled
 * Checkpoint: always, even when already set
 * Threads:    the event's loop
 */
int wok_event_wait(wok_event *event) WOK_MUST_CHECK;

/**
 * Set the event and wake all who wait for it.
 *
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the event's loop
 */
void wok_event_set(wok_event *event);

/**
 * Clear the event. A task that was woken by wok_event_set() stays awake.
 *
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the event's loop
 */
void wok_event_clear(wok_event *event);

/**
 * Whether the event is set.
 *
 * Returns:    true if so
 * Checkpoint: never
 * Threads:    the event's loop
 */
bool wok_event_is_set(const wok_event *event);

WOK_END_DECLS
#endif

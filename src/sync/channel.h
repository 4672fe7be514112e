/* SPDX-License-Identifier: MIT */
#ifndef WOK_SYNC_CHANNEL_H
#define WOK_SYNC_CHANNEL_H
/* Channels as wok_select() sees them. */
#include <wok/channel.h>

#include "task/park.h"

/* A call that waits for a channel, or a part of one that waits for several. */
struct wok__exchange {
	struct wok__parker parker;
	void *item;          /* where it goes to, or comes from */
	wok_select_case *of; /* whose result it is; NULL: the wait's own */
	int index;           /* of that case: the wait's result */
};

/* The queue to wait in. */
wok_waiters *wok__channel_queue(wok_channel *channel, bool sends);
#endif

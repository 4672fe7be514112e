/* SPDX-License-Identifier: MIT */
#ifndef WOK_CHANNEL_H
#define WOK_CHANNEL_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/*
 * Items from task to task, copied, with an end: like a queue without the bookkeeping of work. With
 * room for none, a sender and a receiver meet: each waits for the other. Several channels can be
 * waited for at once: wok_select(). Senders and receivers each get their turn first in, first out.
 */
typedef struct wok_channel wok_channel;

/**
 * Make a channel.
 *
 * item_size:   bytes of an item, at least 1
 * capacity:    how many items it holds that were sent and not received; 0: each is handed over
 * ret_channel: the channel; free it
 * Returns:    0; -EINVAL for a size that no item has; -ENOMEM
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_channel_new(size_t item_size, size_t capacity, wok_channel **ret_channel) WOK_MUST_CHECK;

/**
 * Give a channel another owner, who frees it, too.
 *
 * Returns:    channel
 * Checkpoint: never
 * Threads:    the channel's loop
 */
wok_channel *wok_channel_ref(wok_channel *channel);

/**
 * Give up ownership of a channel. The last owner's call releases it and what is in it; whoever
 * waits in one of its calls gets -EBADF.
 *
 * channel:    NULL does nothing
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the channel's loop
 */
void wok_channel_free(wok_channel *channel);
WOK_DEFINE_AUTO(wok_channel)

/**
 * Send an item; wait until there is room, or without a capacity until a receiver takes it. Unless 0
 * is returned nobody got it, and nobody will.
 *
 * item:       item_size bytes, copied; borrowed for the call
 * Returns:    0; -ECANCELED if a scope around the call was cancelled; -ESHUTDOWN if the channel is
 *             or was closed; -EBADF if it was freed meanwhile
 * Checkpoint: always
 * Threads:    the channel's loop
 */
int wok_channel_send(wok_channel *channel, const void *item) WOK_MUST_CHECK;

/**
 * Send an item if it can be done at once.
 *
 * item:       item_size bytes, copied
 * Returns:    0; -EAGAIN if there is neither room nor a receiver; -ESHUTDOWN if it is closed
 * Checkpoint: never
 * Threads:    the channel's loop
 */
int wok_channel_try_send(wok_channel *channel, const void *item) WOK_MUST_CHECK;

/**
 * Receive the next item; while there is none, wait.
 *
 * ret_item:   item_size bytes
 * Returns:    0; -ECANCELED if a scope around the call was cancelled; -ESHUTDOWN if the channel is
 *             closed and empty; -EBADF if it was freed meanwhile
 * Checkpoint: always
 * Threads:    the channel's loop
 */
int wok_channel_receive(wok_channel *channel, void *ret_item) WOK_MUST_CHECK;

/**
 * wok_channel_receive() for a loop that ends when the channel is closed and empty.
 *
 * ret_item:   item_size bytes
 * Returns:    1 for an item; 0 at the end; -ECANCELED and -EBADF as wok_channel_receive()
 * Checkpoint: always
 * Threads:    the channel's loop
 */
int wok_channel_next(wok_channel *channel, void *ret_item) WOK_MUST_CHECK;

/**
 * Receive an item if there is one.
 *
 * ret_item:   item_size bytes
 * Returns:    0; -EAGAIN if there is none; -ESHUTDOWN if the channel is closed and empty
 * Checkpoint: never
 * Threads:    the channel's loop
 */
int wok_channel_try_receive(wok_channel *channel, void *ret_item) WOK_MUST_CHECK;

/**
 * End a channel: all who wait to send or to receive get -ESHUTDOWN, and so does whoever sends from
 * now on. Items that it holds can still be received. To close it again does nothing.
 *
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the channel's loop
 */
void wok_channel_close(wok_channel *channel);

/**
 * How many items the channel holds.
 *
 * Returns:    their number, at most its capacity
 * Checkpoint: never
 * Threads:    the channel's loop
 */
size_t wok_channel_size(const wok_channel *channel);

/*
 * One of the things that wok_select() waits for: fill in the channel, and either send or receive.
 *     wok_select_case cases[] = {
 *             {.channel = jobs, .receive = &job},
 *             {.channel = log, .send = &line},
 *     };
 */
typedef struct {
	wok_channel *channel; /* NULL: a case that is left out */
	const void *send;     /* an item to send */
	void *receive;        /* where an item goes */
	int result;           /* of the case that was done: 0, or how it failed */
	void *private_[16];   /* where the wait stands in the channel's queue */
} wok_select_case;

/**
 * Do one of several sends and receives: the first that can be done; wait until there is one. If
 * several can be done at once, it is one of them by lot, each being as likely (a seed of wok/test.h
 * repeats the draw). A case of a closed channel counts as done: its result is -ESHUTDOWN.
 *
 * cases:      n of them, written to; borrowed for the call
 * Returns:    the index of the case that was done; its result says how. -ECANCELED if a scope
 *             around the call was cancelled: none was done; -EINVAL if a case is not well formed,
 *             or all are left out
 * Checkpoint: always
 * Threads:    the channels' loop
 */
int wok_select(wok_select_case *cases, size_t n) WOK_MUST_CHECK;

/**
 * wok_select() without waiting.
 *
 * Returns:    as wok_select(); -EAGAIN if none can be done now
 * Checkpoint: never
 * Threads:    the channels' loop
 */
int wok_try_select(wok_select_case *cases, size_t n) WOK_MUST_CHECK;

WOK_END_DECLS
#endif

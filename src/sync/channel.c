/* SPDX-License-Identifier: MIT */
/*
 * Channels: see wok/channel.h.
 *
 * Whoever comes second does all the work: a sender copies its item into the memory of the receiver
 * that waits, a receiver takes it from where the waiting sender has it, and the other one's wait is
 * over in the same moment. So an item is either here or there, whatever is cancelled afterwards,
 * and nobody who was woken touches the channel again.
 */
#include "sync/channel.h"

#include <wok/error.h>

#include "base/memory.h"
#include "sync/store.h"

struct wok_channel {
	struct wok__store store;
	size_t capacity;
	size_t refs;
	bool closed;
	wok_waiters senders;   /* none while there is room */
	wok_waiters receivers; /* none while there are items */
};

int wok_channel_new(size_t item_size, size_t capacity, wok_channel **ret_channel)
{
	struct wok__store store;
	int r = wok__store_init(&store, item_size, WOK__STORE_OLDEST, NULL);

	if (r < 0)
		return wok_fail(r, "a channel of items of %zu bytes is impossible", item_size);
	/* All of it now: so sending never runs out of memory. */
	if (capacity > 0 && wok__store_reserve(&store, capacity) < 0)
		return wok_fail(-ENOMEM, "no memory for a channel of %zu items of %zu bytes",
				capacity, item_size);
	wok_channel *channel = wok__alloc_zeroed(sizeof(*channel));
	if (!channel) {
		wok__store_free(&store);
		return -ENOMEM;
	}
	channel->store = store;
	channel->capacity = capacity;
	channel->refs = 1;
	*ret_channel = channel;
	return 0;
}

wok_channel *wok_channel_ref(wok_channel *channel)
{
	channel->refs++;
	return channel;
}

static struct wok__exchange *first_of(const wok_waiters *queue)
{
	return queue->first ? WOK__CONTAINER(queue->first, struct wok__exchange, parker) : NULL;
}

static void finish(struct wok__exchange *exchange, int result)
{
	if (!exchange->of) {
		wok__wake(&exchange->parker, result);
		return;
	}
	exchange->of->result = result;
	wok__wake(&exchange->parker, exchange->index);
}

/* Whether only tasks of this loop wait, if any: a channel of another loop is left as it is. */
static bool is_ours(const wok_channel *channel)
{
	return wok__check_queue(&channel->senders) == 0 &&
	       wok__check_queue(&channel->receivers) == 0;
}

static void finish_all(wok_waiters *queue, int result)
{
	while (queue->first)
		finish(first_of(queue), result);
}

void wok_channel_free(wok_channel *channel)
{
	if (!channel || !is_ours(channel) || --channel->refs > 0)
		return;
	finish_all(&channel->senders, -EBADF);
	finish_all(&channel->receivers, -EBADF);
	wok__store_free(&channel->store);
	wok_free(channel);
}

void wok_channel_close(wok_channel *channel)
{
	if (!is_ours(channel))
		return;
	channel->closed = true;
	finish_all(&channel->senders, -ESHUTDOWN);
	finish_all(&channel->receivers, -ESHUTDOWN);
}

size_t wok_channel_size(const wok_channel *channel)
{
	return channel->store.n;
}

wok_waiters *wok__channel_queue(wok_channel *channel, bool sends)
{
	return sends ? &channel->senders : &channel->receivers;
}

int wok_channel_try_send(wok_channel *channel, const void *item)
{
	struct wok__exchange *receiver = first_of(&channel->receivers);

	if (channel->closed)
		return -ESHUTDOWN;
	int r = wok__check_queue(&channel->receivers);
	if (r < 0)
		return r;
	if (receiver) {
		wok__item_copy(receiver->item, item, channel->store.item_size);
		finish(receiver, 0);
		return 0;
	}
	if (channel->store.n >= channel->capacity)
		return -EAGAIN;
	wok__store_push(&channel->store, item);
	return 0;
}

int wok_channel_try_receive(wok_channel *channel, void *ret_item)
{
	struct wok__exchange *sender = first_of(&channel->senders);
	int r = wok__check_queue(&channel->senders);

	if (r < 0)
		return r;
	if (channel->store.n > 0) {
		wok__store_pop(&channel->store, ret_item);
		if (sender)
			wok__store_push(&channel->store, sender->item);
	} else if (sender) {
		wok__item_copy(ret_item, sender->item, channel->store.item_size);
	} else {
		return channel->closed ? -ESHUTDOWN : -EAGAIN;
	}
	if (sender)
		finish(sender, 0);
	return 0;
}

/* Leave a message with what ended a call, where there is one. */
static int say(int r, const char *call)
{
	if (r == -ESHUTDOWN)
		return wok_fail(r, "%s: the channel is closed", call);
	if (r == -EBADF)
		return wok_fail(r, "%s: the channel was freed meanwhile", call);
	return r;
}

static WOK__OUT_OF_LINE int wait_for(const char *what, wok_waiters *queue, void *item)
{
	struct wok__exchange exchange = {
		.parker = WOK__PARKER_INIT(what),
		.item = item,
	};

	return wok__park(&exchange.parker, queue);
}

int wok_channel_send(wok_channel *channel, const void *item)
{
	int r = wok__quick_check();

	if (r < 0)
		return r;
	r = wok_channel_try_send(channel, item);
	if (r == -EAGAIN) /* a sender's item is only read */
		r = wait_for("a channel (to send)", &channel->senders, (void *) item);
	else
		wok__quick_spend();
	return say(r, "wok_channel_send");
}

static int receive(wok_channel *channel, void *ret_item)
{
	int r = wok__quick_check();

	if (r < 0)
		return r;
	r = wok_channel_try_receive(channel, ret_item);
	if (r == -EAGAIN)
		return wait_for("a channel (to receive)", &channel->receivers, ret_item);
	wok__quick_spend();
	return r;
}

int wok_channel_receive(wok_channel *channel, void *ret_item)
{
	return say(receive(channel, ret_item), "wok_channel_receive");
}

int wok_channel_next(wok_channel *channel, void *ret_item)
{
	int r = receive(channel, ret_item);

	if (r == -ESHUTDOWN)
		return 0;
	return r == 0 ? 1 : say(r, "wok_channel_next");
}

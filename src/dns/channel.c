/* SPDX-License-Identifier: MIT */
/*
 * c-ares on the loop: see dns/channel.h.
 *
 * c-ares says which of its sockets it wants to read and write; each is an operation that waits on
 * the loop. Neither the end of a wait nor a timer calls c-ares: they note what has come and make
 * the channel's callback ready. That feeds c-ares, asks it more, waits for its sockets again, and
 * sets the timer to its next timeout.
 *
 * Nothing in here can fail half-way but the wait for a socket: out of memory, or of what the kernel
 * allows. Then c-ares would wait for an answer that nobody reads, so its queries are given up.
 */
#include "dns/channel.h"

#include <wok/fd.h>

#include "base/memory.h"
#include "base/time.h"
#include "loop/io.h"
#include "task/park.h"

struct ares_socket {
	struct wok__node link;
	struct wok__io io;
	struct wok__dns_channel *channel;
	int wanted; /* WOK_READABLE, WOK_WRITABLE */
	int ready;  /* the same, not told to c-ares so far */
	bool waiting;
};

void wok__dns_channel_kick(struct wok__dns_channel *channel)
{
	if (channel->scheduled)
		return;
	channel->scheduled = true;
	wok__loop_ready(channel->loop, &channel->item);
}

static void on_wait_done(struct wok__io *io)
{
	struct ares_socket *socket = WOK__CONTAINER(io, struct ares_socket, io);

	socket->waiting = false;
	if (io->result == -ECANCELED)
		return;
	/* c-ares finds out itself what is wrong with a descriptor. */
	socket->ready = io->result > 0 ? (int) io->result : socket->wanted;
	wok__dns_channel_kick(socket->channel);
}

static void on_timer(struct wok__timer *timer)
{
	struct wok__dns_channel *channel = WOK__CONTAINER(timer, struct wok__dns_channel, timer);

	channel->due = true;
	wok__dns_channel_kick(channel);
}

static void stop_waiting(struct ares_socket *socket)
{
	if (socket->waiting)
		wok__io_cancel(socket->channel->loop, &socket->io);
	socket->ready = 0;
}

static struct ares_socket *find_socket(const struct wok__dns_channel *channel, int fd)
{
	WOK__LIST_EACH (node, &channel->open) {
		struct ares_socket *socket = WOK__CONTAINER(node, struct ares_socket, link);
		if (socket->io.fd == fd)
			return socket;
	}
	return NULL;
}

static int add_spare(struct wok__dns_channel *channel)
{
	struct ares_socket *socket = wok__alloc_zeroed(sizeof(*socket));

	if (!socket)
		return -ENOMEM;
	socket->channel = channel;
	socket->io.kind = WOK__IO_WAIT;
	socket->io.done = on_wait_done;
	wok__list_push_back(&channel->spare, &socket->link);
	return 0;
}

static struct ares_socket *open_socket(struct wok__dns_channel *channel, int fd)
{
	if (wok__list_empty(&channel->spare))
		(void) add_spare(channel);
	struct wok__node *node = wok__list_pop(&channel->spare);
	if (!node) {
		channel->error = -ENOMEM;
		return NULL;
	}
	struct ares_socket *socket = WOK__CONTAINER(node, struct ares_socket, link);
	socket->io.fd = fd;
	wok__list_push_back(&channel->open, node);
	channel->n_open++;
	return socket;
}

static void close_socket(struct wok__dns_channel *channel, struct ares_socket *socket)
{
	stop_waiting(socket);
	wok__list_remove(&socket->link);
	wok__list_push_back(&channel->spare, &socket->link);
	channel->n_open--;
}

/* c-ares tells what it wants of a socket; of one that it is about to close, nothing. */
static void on_socket(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct wok__dns_channel *channel = arg;
	struct ares_socket *socket = find_socket(channel, fd);
	int wanted = (readable ? WOK_READABLE : 0) | (writable ? WOK_WRITABLE : 0);

	if (!wanted) {
		if (socket)
			close_socket(channel, socket);
		return;
	}
	if (!socket)
		socket = open_socket(channel, fd);
	if (!socket)
		return;
	if (socket->wanted != wanted)
		stop_waiting(socket);
	socket->wanted = wanted;
}

static struct ares_socket *find_ready(const struct wok__dns_channel *channel)
{
	WOK__LIST_EACH (node, &channel->open) {
		struct ares_socket *socket = WOK__CONTAINER(node, struct ares_socket, link);
		if (socket->ready)
			return socket;
	}
	return NULL;
}

/* Tell c-ares what has come. It may open and close sockets meanwhile. */
static void feed(struct wok__dns_channel *channel)
{
	struct ares_socket *socket;

	if (channel->due) {
		channel->due = false;
		ares_process_fd(channel->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	}
	while ((socket = find_ready(channel))) {
		int ready = socket->ready, fd = socket->io.fd;
		socket->ready = 0;
		ares_process_fd(channel->ares, ready & WOK_READABLE ? fd : ARES_SOCKET_BAD,
				ready & WOK_WRITABLE ? fd : ARES_SOCKET_BAD);
	}
}

static void wait_for(struct wok__dns_channel *channel, struct ares_socket *socket)
{
	socket->io.events = socket->wanted;
	if (!wok__io_start(channel->loop, &socket->io)) {
		socket->waiting = true;
	} else if (socket->io.result > 0) {
		socket->ready = (int) socket->io.result;
		wok__dns_channel_kick(channel);
	} else {
		channel->error = (int) socket->io.result;
	}
}

static void wait_for_all(struct wok__dns_channel *channel)
{
	WOK__LIST_EACH (node, &channel->open) {
		struct ares_socket *socket = WOK__CONTAINER(node, struct ares_socket, link);
		if (!socket->waiting && !socket->ready)
			wait_for(channel, socket);
	}
}

static void give_up(struct wok__dns_channel *channel)
{
	ares_cancel(channel->ares);
	channel->error = 0;
	wok__dns_channel_kick(channel);
}

static void set_timer(struct wok__dns_channel *channel)
{
	struct timeval left;

	wok__timer_stop(channel->loop, &channel->timer);
	if (!ares_timeout(channel->ares, NULL, &left))
		return;
	wok_time span = (wok_time) left.tv_sec * WOK_SECOND + (wok_time) left.tv_usec * WOK_US;
	/* c-ares cuts off what is less than a millisecond; without it, this would come too early.
	 */
	wok__timer_start(channel->loop, &channel->timer, wok__time_add(wok_now(), span + WOK_MS));
}

static void run(struct wok__item *item)
{
	struct wok__dns_channel *channel = WOK__CONTAINER(item, struct wok__dns_channel, item);
	const char *before = wok__nowait_enter("a callback of c-ares");

	channel->scheduled = false;
	feed(channel);
	channel->more(channel);
	wait_for_all(channel);
	if (channel->error < 0)
		give_up(channel);
	set_timer(channel);
	wok__nowait_leave(before);
	if (channel->retired && channel->asking == 0)
		wok__dns_channel_free(channel);
}

int wok__dns_channel_new(const struct wok__dns_settings *settings,
			 struct wok__dns_channel **ret_channel)
{
	struct wok__dns_channel *channel = wok__alloc_zeroed(sizeof(*channel));

	if (!channel)
		return -ENOMEM;
	channel->loop = wok_current_loop();
	if (wok__timer_reserve(channel->loop) < 0) {
		wok_free(channel);
		return -ENOMEM;
	}
	wok__list_init(&channel->open);
	wok__list_init(&channel->spare);
	wok__list_init_node(&channel->link);
	wok__list_init_node(&channel->item.link);
	channel->item.run = run;
	channel->timer.fire = on_timer;
	int r = wok__dns_configure(settings, on_socket, channel, &channel->ares);
	if (r == 0) {
		/* A server has a socket for UDP and one for TCP. */
		size_t n = wok__dns_servers_text(channel->ares, channel->servers,
						 sizeof(channel->servers));
		for (size_t i = 0; i < 2 * n && r == 0; i++)
			r = add_spare(channel);
	}
	if (r < 0) {
		wok__dns_channel_free(channel);
		return r;
	}
	*ret_channel = channel;
	return 0;
}

void wok__dns_channel_free(struct wok__dns_channel *channel)
{
	struct wok__node *node;

	ares_destroy(channel->ares); /* closes its sockets, too */
	wok__list_remove(&channel->link);
	wok__list_remove(&channel->item.link);
	wok__timer_stop(channel->loop, &channel->timer);
	wok__timer_unreserve(channel->loop);
	while ((node = wok__list_pop(&channel->spare)))
		wok_free(WOK__CONTAINER(node, struct ares_socket, link));
	wok_free(channel);
}

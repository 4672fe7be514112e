/* SPDX-License-Identifier: MIT */
/* UDP: see wok/udp.h. */
#include <wok/udp.h>

#include <netinet/in.h>
#include <string.h>
#include <wok/error.h>

#include "base/memory.h"
#include "io/turn.h"
#include "loop/loop.h"
#include "platform/sys.h"
#include "platform/sys_socket.h"
#include "task/park.h"

enum { BATCH = 64 };

struct wok_udp {
	int fd;
	bool closed;
	struct wok__turn sending;
};

static int set_options(int fd, const wok_address *address, const wok_udp_options *options)
{
	if (address->storage.ss_family == AF_INET6)
		WOK_TRY(wok__sys_setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, options->ipv6_only));
	if (options->reuse_port)
		WOK_TRY(wok__sys_setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, 1));
	if (options->broadcast)
		WOK_TRY(wok__sys_setsockopt(fd, SOL_SOCKET, SO_BROADCAST, 1));
	if (options->send_buffer > 0)
		WOK_TRY(wok__sys_setsockopt(fd, SOL_SOCKET, SO_SNDBUF, options->send_buffer));
	if (options->receive_buffer > 0)
		WOK_TRY(wok__sys_setsockopt(fd, SOL_SOCKET, SO_RCVBUF, options->receive_buffer));
	return 0;
}

static int open_socket(const wok_address *address, const wok_udp_options *options)
{
	int fd = wok__sys_socket(address->storage.ss_family, SOCK_DGRAM);

	if (fd < 0)
		return fd;
	int r = set_options(fd, address, options);
	if (r == 0)
		r = wok__sys_bind(fd, (const void *) &address->storage, address->size);
	if (r < 0) {
		(void) wok__sys_close(fd);
		return r;
	}
	return fd;
}

/* Where there is no IPv6, all addresses are those of IPv4. */
static int open_text(const char *text, const wok_udp_options *options)
{
	wok_address address;

	WOK_TRY(wok_address_parse(text ? text : ":0", &address));
	if (address.storage.ss_family == AF_UNIX)
		return wok_fail(-EINVAL, "%s: this is no address for UDP", text);
	int fd = open_socket(&address, options);
	if (fd == -EAFNOSUPPORT && !text) {
		WOK_TRY(wok_address_parse("0.0.0.0:0", &address));
		fd = open_socket(&address, options);
	}
	return fd >= 0 ? fd
		       : wok_fail(fd, "cannot open a UDP socket at %s: %s",
				  text ? text : "any address", wok_strerror(fd));
}

int wok_udp_open(const char *address, const wok_udp_options *options, wok_udp **ret_udp)
{
	const wok_udp_options defaults = {0};

	if (!wok__loop)
		return wok_fail(-EINVAL, "wok_udp_open: this thread runs no loop");
	wok_udp *udp = wok__alloc_zeroed(sizeof(*udp));
	if (!udp)
		return -ENOMEM;
	int fd = udp->fd = open_text(address, options ? options : &defaults);
	if (fd < 0) {
		wok_free(udp);
		return fd;
	}
	*ret_udp = udp;
	return 0;
}

static int check_open(const wok_udp *udp)
{
	return udp->closed ? wok_fail(-EBADF, "the UDP socket is closed") : 0;
}

int wok_udp_connect(wok_udp *udp, const wok_address *peer)
{
	const struct sockaddr nobody = {.sa_family = AF_UNSPEC};

	WOK_TRY(check_open(udp));
	return peer ? wok__sys_connect(udp->fd, (const void *) &peer->storage, peer->size)
		    : wok__sys_connect(udp->fd, &nobody, sizeof(nobody));
}

/* A batch of messages as the system wants them. */
struct batch {
	struct mmsghdr headers[BATCH];
	struct iovec parts[BATCH];
	unsigned n;
};

static void fill_batch(struct batch *batch, const wok_datagram *datagrams, size_t n, bool receives)
{
	batch->n = n < BATCH ? (unsigned) n : BATCH;
	memset(batch->headers, 0, batch->n * sizeof(batch->headers[0]));
	for (unsigned i = 0; i < batch->n; i++) {
		const wok_datagram *datagram = &datagrams[i];
		struct msghdr *header = &batch->headers[i].msg_hdr;
		batch->parts[i] = (struct iovec){datagram->data, datagram->size};
		header->msg_iov = &batch->parts[i];
		header->msg_iovlen = 1;
		header->msg_namelen =
			receives ? sizeof(datagram->address.storage) : datagram->address.size;
		if (header->msg_namelen > 0)
			header->msg_name = (void *) (uintptr_t) &datagram->address.storage;
	}
}

static ssize_t send_call(const struct wok__io *io)
{
	struct batch *batch = io->arg;

	return wok__sys_sendmmsg(io->fd, batch->headers, batch->n);
}

/* Senders take turns, so that one waits for the socket at most. */
static ssize_t send_in_turn(wok_udp *udp, struct wok__io *io)
{
	WOK_TRY(wok__check());
	WOK_TRY(check_open(udp));
	WOK_TRY(wok__turn_take(&udp->sending, "another task's message to be sent"));
	ssize_t r = udp->closed ? -EBADF : wok__io_wait(io, "room in a UDP socket");
	wok__turn_pass(&udp->sending);
	return r;
}

static ssize_t send_batch(wok_udp *udp, struct batch *batch)
{
	struct wok__io io = {
		.kind = WOK__IO_CALL_TO_WRITE, .fd = udp->fd, .call = send_call, .arg = batch};

	return send_in_turn(udp, &io);
}

ssize_t wok_udp_send_many(wok_udp *udp, const wok_datagram *datagrams, size_t n)
{
	struct batch batch;
	size_t sent = 0;

	if (n == 0)
		return wok__checkpoint();
	while (sent < n) {
		fill_batch(&batch, datagrams + sent, n - sent, false);
		ssize_t r = send_batch(udp, &batch);
		if (r < 0)
			return sent > 0 ? (ssize_t) sent : r;
		sent += (size_t) r;
		if (r < (ssize_t) batch.n)
			break;
	}
	return (ssize_t) sent;
}

struct single {
	struct msghdr header;
	struct iovec part;
};

static ssize_t send_one_call(const struct wok__io *io)
{
	const struct single *single = io->arg;

	return wok__sys_sendmsg_whole(io->fd, &single->header);
}

ssize_t wok_udp_send(wok_udp *udp, const void *data, size_t size, const wok_address *to)
{
	struct single single = {.part = {(void *) (uintptr_t) data, size}};
	struct wok__io io = {.kind = WOK__IO_CALL_TO_WRITE,
			     .fd = udp->fd,
			     .call = send_one_call,
			     .arg = &single};

	single.header.msg_iov = &single.part;
	single.header.msg_iovlen = 1;
	if (to) {
		single.header.msg_name = (void *) (uintptr_t) &to->storage;
		single.header.msg_namelen = to->size;
	}
	return send_in_turn(udp, &io);
}

static ssize_t receive_call(const struct wok__io *io)
{
	struct batch *batch = io->arg;

	return wok__sys_recvmmsg(io->fd, batch->headers, batch->n);
}

ssize_t wok_udp_receive_many(wok_udp *udp, wok_datagram *datagrams, size_t n)
{
	struct batch batch;
	struct wok__io io = {
		.kind = WOK__IO_CALL_TO_READ, .fd = udp->fd, .call = receive_call, .arg = &batch};

	if (n == 0)
		return wok__checkpoint();
	WOK_TRY(check_open(udp));
	fill_batch(&batch, datagrams, n, true);
	ssize_t r = wok__io_wait(&io, "a message from a UDP socket");
	for (ssize_t i = 0; i < r; i++) {
		const struct msghdr *header = &batch.headers[i].msg_hdr;
		datagrams[i].size = batch.headers[i].msg_len;
		datagrams[i].address.size = header->msg_namelen;
		datagrams[i].truncated = header->msg_flags & MSG_TRUNC;
	}
	return r;
}

static ssize_t receive_one_call(const struct wok__io *io)
{
	struct single *single = io->arg;

	return wok__sys_recvmsg(io->fd, &single->header, MSG_TRUNC);
}

ssize_t wok_udp_receive(wok_udp *udp, void *data, size_t size, wok_address *ret_from)
{
	wok_address from;
	struct single single = {.part = {data, size}};
	struct wok__io io = {.kind = WOK__IO_CALL_TO_READ,
			     .fd = udp->fd,
			     .call = receive_one_call,
			     .arg = &single};

	single.header = (struct msghdr){.msg_iov = &single.part,
					.msg_iovlen = 1,
					.msg_name = &from.storage,
					.msg_namelen = sizeof(from.storage)};
	WOK_TRY(check_open(udp));
	ssize_t n = wok__io_wait(&io, "a message from a UDP socket");
	from.size = single.header.msg_namelen;
	if (n >= 0 && ret_from)
		*ret_from = from;
	return n;
}

int wok_udp_local_address(const wok_udp *udp, wok_address *ret_address)
{
	wok_address address = {.size = sizeof(address.storage)};

	WOK_TRY(check_open(udp));
	WOK_TRY(wok__sys_getsockname(udp->fd, (void *) &address.storage, &address.size));
	*ret_address = address;
	return 0;
}

int wok_udp_fd(const wok_udp *udp)
{
	return udp->closed ? -1 : udp->fd;
}

int wok_udp_close(wok_udp *udp)
{
	if (udp->closed)
		return -EBADF;
	udp->closed = true;
	return wok__loop ? wok__io_close(wok__loop, udp->fd) : wok__sys_close(udp->fd);
}

void wok_udp_free(wok_udp *udp)
{
	if (!udp)
		return;
	(void) wok_udp_close(udp);
	wok_free(udp);
}

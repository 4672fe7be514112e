/* SPDX-License-Identifier: MIT */
/* What only Unix sockets can do: see wok/unix.h. */
#include <wok/unix.h>

#include <string.h>
#include <sys/socket.h>
#include <wok/error.h>

#include "io/socket.h"
#include "io/stream.h"
#include "loop/loop.h"
#include "platform/sys.h"
#include "platform/sys_socket.h"
#include "task/park.h"

enum { FDS_MAX = 253 }; /* of the kernel, for a message */

/* Room for the descriptors of a message, laid out as cmsg(3) wants it. */
union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
};

int wok_unix_pair(wok_stream **ret_a, wok_stream **ret_b)
{
	wok_stream *a, *b;
	int fds[2];

	if (!wok__loop)
		return wok_fail(-EINVAL, "wok_unix_pair: this thread runs no loop");
	WOK_TRY(wok__sys_socketpair(SOCK_STREAM, fds));
	int r = wok__unix_stream_new(fds[0], &a);
	if (r < 0) {
		(void) wok__sys_close(fds[0]);
		(void) wok__sys_close(fds[1]);
		return r;
	}
	r = wok__unix_stream_new(fds[1], &b);
	if (r < 0) {
		wok_stream_free(a);
		(void) wok__sys_close(fds[1]);
		return r;
	}
	*ret_a = a;
	*ret_b = b;
	return 0;
}

/* The socket of a stream; -EBADF, -EINVAL */
static int socket_of(const wok_stream *stream, const char *caller)
{
	int fd = wok_stream_fd(stream);

	if (strcmp(wok_stream_kind(stream), "unix") != 0)
		return wok_fail(-EINVAL, "%s: a %s stream is no Unix socket", caller,
				wok_stream_kind(stream));
	return fd < 0 ? wok_fail(-EBADF, "the stream is closed") : fd;
}

static ssize_t send_call(const struct wok__io *io)
{
	return wok__sys_sendmsg_whole(io->fd, io->arg);
}

static ssize_t send_some(int fd, const void *data, size_t size, const int *fds, size_t n)
{
	union control control = {.bytes = {0}};
	struct iovec part = {(void *) (uintptr_t) data, size};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	struct wok__io io = {
		.kind = WOK__IO_CALL_TO_WRITE, .fd = fd, .call = send_call, .arg = &message};

	if (n > 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(n * sizeof(int));
		struct cmsghdr *head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(head), fds, n * sizeof(int));
	}
	return wok__io_wait(&io, "room in a socket");
}

/* All of it, as one write: the descriptors go with its first byte. */
static int send_in_turn(const wok_stream *stream, const void *data, size_t size, const int *fds,
			size_t n)
{
	const char *rest = data;

	while (size > 0) {
		int fd = wok_stream_fd(stream);
		if (fd < 0) /* closed between two parts */
			return wok_fail(-EBADF, "the stream was closed");
		ssize_t sent = send_some(fd, rest, size, fds, n);
		if (sent < 0)
			return (int) sent;
		rest += sent;
		size -= (size_t) sent;
		n = 0;
	}
	return 0;
}

int wok_unix_send_fds(wok_stream *stream, const void *data, size_t size, const int *fds, size_t n)
{
	int r = socket_of(stream, "wok_unix_send_fds");

	if (r < 0)
		return r;
	if (size == 0 || n > FDS_MAX)
		return wok_fail(-EINVAL,
				"wok_unix_send_fds: %zu bytes with %zu descriptors; at least one "
				"byte, at most %d descriptors",
				size, n, FDS_MAX);
	WOK_TRY(wok__stream_begin_write(stream));
	r = send_in_turn(stream, data, size, fds, n);
	wok__stream_end_write(stream);
	return r;
}

static ssize_t receive_call(const struct wok__io *io)
{
	return wok__sys_recvmsg(io->fd, io->arg, 0);
}

/* Take the descriptors out of a message: all, or none if there are too many. */
static int take_fds(struct msghdr *message, int *ret_fds, size_t max, size_t *ret_n)
{
	int fds[FDS_MAX];
	size_t n = 0;

	for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head;
	     head = CMSG_NXTHDR(message, head)) {
		if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
			continue;
		size_t here = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds + n, CMSG_DATA(head), here * sizeof(int));
		n += here;
	}
	if (n <= max && !(message->msg_flags & MSG_CTRUNC)) {
		memcpy(ret_fds, fds, n * sizeof(int));
		*ret_n = n;
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		(void) wok__sys_close(fds[i]);
	if (n <= max)
		return wok_fail(-EMFILE, "there was no room for the descriptors of a message");
	return wok_fail(WOK_ELIMIT, "more than %zu descriptors came with a message", max);
}

ssize_t wok_unix_receive_fds(wok_stream *stream, void *data, size_t size, int *ret_fds, size_t max,
			     size_t *ret_n)
{
	union control control = {.bytes = {0}};
	struct iovec part = {data, size};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes)};
	int fd = socket_of(stream, "wok_unix_receive_fds");
	struct wok__io io = {
		.kind = WOK__IO_CALL_TO_READ, .fd = fd, .call = receive_call, .arg = &message};

	if (fd < 0)
		return fd;
	if (size == 0 || wok_stream_buffered(stream).size > 0)
		return wok_fail(-EINVAL, "wok_unix_receive_fds: %s",
				size ? "bytes of the stream are buffered: read them first"
				     : "there is no room for a byte");
	WOK_TRY(wok__stream_begin_read(stream));
	ssize_t n = wok__io_wait(&io, "data from a socket");
	wok__stream_end_read(stream);
	if (n < 0)
		return n;
	WOK_TRY(take_fds(&message, ret_fds, max, ret_n));
	return n;
}

int wok_unix_peer_credentials(const wok_stream *stream, wok_unix_credentials *ret_credentials)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	int fd = socket_of(stream, "wok_unix_peer_credentials");

	if (fd < 0)
		return fd;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return -errno;
	*ret_credentials = (wok_unix_credentials){peer.pid, peer.uid, peer.gid};
	return 0;
}

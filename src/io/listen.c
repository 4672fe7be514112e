/* SPDX-License-Identifier: MIT */
/* Listening and accepting: see wok/net.h. */
#include <wok/error.h>
#include <wok/net.h>
#include <wok/task.h>

#include "base/memory.h"
#include "io/listen.h"
#include "io/socket.h"
#include "loop/loop.h"
#include "loop/report.h"
#include "platform/sys.h"
#include "task/park.h"

#define EXHAUSTED_RETRY (50 * WOK_MS)
#define EXHAUSTED_REPORT WOK_SECOND

struct wok_listener {
	int fd;
	int kept; /* a connection that was accepted when there was no memory for its stream; or -1
		   */
	bool closed;
	bool is_unix;
	uint16_t port;
	bool reported;        /* that descriptors or memory ran out: */
	wok_time reported_at; /* the last time */
	char *path;           /* of a Unix socket that is to be removed */
};

/* Fill in a listener; what it holds by then is its own, also on failure. */
static int open_listener(wok_listener *listener, const char *text,
			 const wok_listen_options *options)
{
	struct wok__listening socket;

	WOK_TRY(wok__listening_open(text, options, &socket));
	listener->fd = socket.fd;
	listener->port = wok_address_port(&socket.address);
	listener->is_unix = socket.address.storage.ss_family == AF_UNIX;
	if (socket.path && !(listener->path = wok__strdup(socket.path))) {
		(void) wok__sys_unlink(socket.path);
		return -ENOMEM;
	}
	return 0;
}

int wok_listen(const char *address, const wok_listen_options *options, wok_listener **ret_listener)
{
	const wok_listen_options defaults = {0};

	if (!wok__loop)
		return wok_fail(-EINVAL, "wok_listen: this thread runs no loop");
	wok_listener *listener = wok__alloc_zeroed(sizeof(*listener));
	if (!listener)
		return -ENOMEM;
	listener->fd = listener->kept = -1;
	int r = open_listener(listener, address, options ? options : &defaults);
	if (r < 0) {
		listener->closed = listener->fd < 0; /* there is nothing to close */
		wok_listener_free(listener);
		return r;
	}
	*ret_listener = listener;
	return 0;
}

uint16_t wok_listener_port(const wok_listener *listener)
{
	return listener->port;
}

/* The system is out of something that may come back. */
static bool exhausted(ssize_t code)
{
	return code == -EMFILE || code == -ENFILE || code == -ENOBUFS || code == -ENOMEM;
}

/* The connection was given up before it was accepted: accept(2) lists what Linux passes on. */
static bool given_up(ssize_t code)
{
	switch (code) {
	case -ECONNABORTED:
	case -ENETDOWN:
	case -EPROTO:
	case -ENOPROTOOPT:
	case -EHOSTDOWN:
	case -ENONET:
	case -EHOSTUNREACH:
	case -EOPNOTSUPP:
	case -ENETUNREACH:
	case -EPERM: /* a firewall's word */
		return true;
	default:
		return false;
	}
}

static int wait_for_room(wok_listener *listener, int code)
{
	wok_time now = wok_now();

	if (!listener->reported || now - listener->reported_at >= EXHAUSTED_REPORT) {
		wok__report(code, NULL, NULL, "cannot accept connections for now: %s",
			    wok_strerror(code));
		listener->reported = true;
		listener->reported_at = now;
	}
	return wok_sleep(EXHAUSTED_RETRY);
}

static ssize_t accept_fd(wok_listener *listener)
{
	struct wok__io io = {.kind = WOK__IO_ACCEPT, .fd = listener->fd};
	int kept = listener->kept;

	if (kept < 0)
		return wok__io_wait(&io, "a connection to accept");
	listener->kept = -1;
	wok__spend();
	return kept;
}

static int accept_stream(wok_listener *listener, wok_stream **ret_stream)
{
	ssize_t fd = accept_fd(listener);

	if (fd < 0)
		return (int) fd;
	int r = listener->is_unix ? wok__unix_stream_new((int) fd, ret_stream)
				  : wok__tcp_stream_new((int) fd, ret_stream);
	if (r < 0 && listener->closed)
		(void) wok__sys_close((int) fd);
	else if (r < 0)
		listener->kept = (int) fd;
	return r;
}

int wok_accept(wok_listener *listener, wok_stream **ret_stream)
{
	for (;;) {
		WOK_TRY(wok__check());
		if (listener->closed)
			return wok_fail(-EBADF, "the listener is closed");
		int r = accept_stream(listener, ret_stream);
		if (exhausted(r))
			WOK_TRY(wait_for_room(listener, r));
		else if (!given_up(r))
			return r;
	}
}

int wok_listener_close(wok_listener *listener)
{
	if (listener->closed)
		return -EBADF;
	listener->closed = true;
	if (listener->path)
		(void) wok__sys_unlink(listener->path);
	if (listener->kept >= 0)
		(void) wok__sys_close(listener->kept);
	return wok__loop ? wok__io_close(wok__loop, listener->fd) : wok__sys_close(listener->fd);
}

void wok_listener_free(wok_listener *listener)
{
	if (!listener)
		return;
	(void) wok_listener_close(listener);
	wok_free(listener->path);
	wok_free(listener);
}

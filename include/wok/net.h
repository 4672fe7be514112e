/* SPDX-License-Identifier: MIT */
#ifndef WOK_NET_H
#define WOK_NET_H
#include <wok/address.h>
#include <wok/base.h>
#include <wok/stream.h>

WOK_BEGIN_DECLS

/* What a TCP connection can be told. Zero in a field means the default. */
typedef struct {
	bool nagle;         /* leave Nagle's algorithm on; wok switches it off */
	wok_time keepalive; /* idle for so long, the peer is asked whether it is there; never */
	wok_time keepalive_interval; /* between such questions; the system's, most often 75 s */
	int keepalive_probes;  /* so many without an answer end the connection; the system's, 9 */
	wok_time user_timeout; /* how long what was sent may stay unacknowledged; the system's,
				  some 15 minutes */
	int send_buffer;       /* bytes; the system's, which grow by themselves */
	int receive_buffer;
} wok_tcp_options;

/* How to connect. Zero in a field means the default. */
typedef struct {
	wok_tcp_options tcp;
	const wok_address
		*local;        /* where to connect from; its port may be 0; the system's choice */
	const char *interface; /* "eth0": only by way of this one; any */
	int family;            /* AF_INET or AF_INET6: only that; both */
	/* How long one address has before the next is tried beside it; 250 ms. */
	wok_time attempt_delay;
} wok_connect_options;

/**
 * Connect by TCP. The name is looked up, and its addresses are tried by Happy Eyeballs (RFC 8305):
 * IPv6 and IPv4 in turn, the next one when the last has failed or has had its time, and the first
 * connection that stands is taken.
 *
 * host:       a name, an IPv4 address, or an IPv6 one
 * port:       1 to 65535
 * Returns:    0; -ECONNREFUSED and others, with a message that lists what was tried; WOK_ENAME if
 *             the name does not resolve; -ECANCELED, the sockets being closed; -EINVAL
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_tcp_connect(const char *host, uint16_t port, wok_stream **ret_stream) WOK_MUST_CHECK;

/**
 * wok_tcp_connect() with options.
 *
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    as wok_tcp_connect(); -EADDRNOTAVAIL, -EADDRINUSE ... for the local address; -ENODEV
 *             for the interface
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_tcp_connect_with(const char *host, uint16_t port, const wok_connect_options *options,
			 wok_stream **ret_stream) WOK_MUST_CHECK;

/**
 * Connect to an address in one text, as a program is configured with it: by TCP or to a Unix
 * socket.
 *
 * address:    "host:port" with a name or an IPv4 address; "[::1]:port"; "unix:/path",
 *             "unix:@abstract"
 * options:    NULL for the defaults; they are for TCP; borrowed for the call
 * Returns:    as wok_tcp_connect_with() and wok_unix_connect(); -EINVAL for a text that is no such
 *             address: the message names it
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_connect(const char *address, const wok_connect_options *options, wok_stream **ret_stream)
	WOK_MUST_CHECK;

/**
 * Change the options of a TCP connection.
 *
 * options:    borrowed for the call; a field that is zero leaves what is set (but for nagle)
 * Returns:    0; -EINVAL if the stream is none, or for a value that the system refuses: the message
 *             names the option
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_tcp_set_options(wok_stream *stream, const wok_tcp_options *options) WOK_MUST_CHECK;

/**
 * Close a TCP connection hard: the peer gets a reset, and what was not sent yet is dropped.
 *
 * Returns:    0; -EINVAL if the stream is no TCP connection, or closed
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_tcp_reset(wok_stream *stream) WOK_MUST_CHECK;

/**
 * Make a stream of a connected socket that came from elsewhere. It becomes non-blocking.
 *
 * fd:         the stream's from now on, unless the call fails
 * Returns:    0; -ENOTSOCK, -ENOTCONN, -EINVAL if it is none, -ENOMEM
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_stream_from_fd(int fd, wok_stream **ret_stream) WOK_MUST_CHECK;

/**
 * The address at the other end of a stream.
 *
 * Returns:    0; -ENOTSOCK if the stream has no socket; -ENOTCONN
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_stream_peer_address(const wok_stream *stream, wok_address *ret_address) WOK_MUST_CHECK;

/**
 * The address at this end of a stream.
 *
 * Returns:    as wok_stream_peer_address()
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_stream_local_address(const wok_stream *stream, wok_address *ret_address) WOK_MUST_CHECK;

/**
 * Connect to a Unix socket.
 *
 * path:       of the socket; one that begins with '@' is an abstract name
 * Returns:    0; -ENOENT, -ECONNREFUSED ...; -ENAMETOOLONG; -ECANCELED
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_unix_connect(const char *path, wok_stream **ret_stream) WOK_MUST_CHECK;

/* A socket that accepts connections. */
typedef struct wok_listener wok_listener;

/* How to listen. Zero in a field means the default. */
typedef struct {
	int backlog;         /* connections that wait to be accepted; 4096, capped by the system */
	bool reuse_port;     /* share the port with other loops' listeners (SO_REUSEPORT) */
	bool ipv6_only;      /* "[::]:80" and ":80" take no IPv4 */
	unsigned mode;       /* permissions of a Unix socket's file, as 0660; by the umask */
	wok_tcp_options tcp; /* of the connections that are accepted */
} wok_listen_options;

/**
 * Listen on an address.
 *
 * address:    as wok_address_parse(), port 0 being any free one; a socket file that nobody listens
 *             on is replaced. "fd:3" for a socket that listens already, which stays the caller's;
 *             "systemd:" or "systemd:NAME" for the one that systemd hands over (sd_listen_fds(3)),
 *             the first or the one of that name. Options are for sockets that are made here
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    0; -EADDRINUSE, -EACCES, -EADDRNOTAVAIL ...; -EINVAL for an address that makes no
 *             sense: the message names it; -ENOENT if systemd handed over nothing of that name
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_listen(const char *address, const wok_listen_options *options, wok_listener **ret_listener)
	WOK_MUST_CHECK;

/**
 * The port that a listener got.
 *
 * Returns:    1 to 65535; 0 for a Unix socket
 * Checkpoint: never
 * Threads:    the loop's
 */
uint16_t wok_listener_port(const wok_listener *listener);

/**
 * Wait for a connection. Where the process or the system is out of descriptors or memory, the call
 * waits until there are some again, and reports it once a second; a connection that was given up
 * before it was accepted is passed over.
 *
 * Returns:    0; -ECANCELED, with no connection lost; -EBADF if the listener is closed; -EBUSY if
 *             another task accepts
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_accept(wok_listener *listener, wok_stream **ret_stream) WOK_MUST_CHECK;

/**
 * Stop listening: a task that waits in wok_accept() gets -EBADF. A Unix socket's file is removed.
 *
 * Returns:    0; -EBADF if it is closed already
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_listener_close(wok_listener *listener);

/**
 * Close a listener and release it. No task may be in a call on it.
 *
 * listener:   NULL does nothing
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_listener_free(wok_listener *listener);
WOK_DEFINE_AUTO(wok_listener)

/* What a server does with a connection; the stream is closed when it has returned. */
typedef int wok_serve_fn(wok_stream *client, void *arg);

/* How to serve. Zero in a field means the default. */
typedef struct {
	wok_listen_options listen;
	/* Connections at once; more wait in the backlog. No limit. */
	size_t max_connections;
	/*
	 * How long connections may go on when the server is cancelled; 0: they are cancelled, too.
	 */
	wok_time drain;
	/* Called with handler's arg when nothing more is accepted, before the draining; never
	 * waits. */
	void (*on_stop)(void *arg);
} wok_serve_options;

/**
 * Serve an open listener: a task for each connection, until the call is cancelled or the listener
 * is closed. Then no more is accepted, and the connections' tasks have ended when the call returns:
 * a cancel ends them, after the drain; a closed listener lets them come to their own end. An error
 * of a connection that is not the peer's doing (-EPIPE, -ECONNRESET, WOK_EEOF ...) is reported, and
 * ends only that one.
 *
 * listener:   closed by the call, not released
 * arg:        what handler gets; borrowed for the call
 * options:    NULL for the defaults
 * Returns:    -ECANCELED; -EBADF if the listener was closed by another task; -ENOMEM
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_serve_on(wok_listener *listener, wok_serve_fn *handler, void *arg,
		 const wok_serve_options *options) WOK_MUST_CHECK;

/**
 * Listen on an address and serve it.
 *
 * address:    as wok_listen()
 * Returns:    as wok_listen() and wok_serve_on()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_serve(const char *address, wok_serve_fn *handler, void *arg,
	      const wok_serve_options *options) WOK_MUST_CHECK;

/**
 * Run a server and nothing else: what main() of a small server is. SIGINT ends it in good order.
 *
 * address:    as wok_listen()
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    0 when SIGINT ended it; as wok_serve() and wok_run()
 * Checkpoint: never
 * Threads:    any
 */
int wok_serve_main(const char *address, wok_serve_fn *handler, void *arg,
		   const wok_serve_options *options) WOK_MUST_CHECK;

/* Addresses that a name stands for, the one to try first in front. */
typedef struct {
	size_t n;
	wok_address *list; /* with their ports; from wok_alloc() */
} wok_addresses;

/* How names are looked up. */
typedef struct {
	const char *name; /* "getaddrinfo" */
	/*
	 * Wait for the addresses of a host. host outlives the call only if the function copies it;
	 * the result is an array from wok_alloc(), which the caller releases.
	 */
	int (*lookup)(const char *host, uint16_t port, wok_addresses *ret_addresses);
} wok_resolver;

/**
 * Look up a name by the process's resolver; a numeric address needs none.
 *
 * ret_addresses: release them with wok_addresses_clear()
 * Returns:    0; WOK_ENAME; -ENOMEM; -ECANCELED: the query goes on by itself, and its answer is
 *             dropped
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_lookup(const char *host, uint16_t port, wok_addresses *ret_addresses) WOK_MUST_CHECK;

/**
 * Release what wok_lookup() gave.
 *
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_addresses_clear(wok_addresses *addresses);

/**
 * Replace the resolver, which is getaddrinfo(3) in a thread of wok's own. Process-wide, and settled
 * once a loop has run.
 *
 * resolver:   lives for ever; NULL for the default
 * Returns:    0; -EBUSY after the first run
 * Checkpoint: never
 * Threads:    any, before the first run
 */
int wok_set_resolver(const wok_resolver *resolver);

WOK_END_DECLS
#endif

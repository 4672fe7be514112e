/* SPDX-License-Identifier: MIT */
#ifndef TESTS_HTTP_SERVER_CHECK_H
#define TESTS_HTTP_SERVER_CHECK_H
/* A server at one end of a stream in memory, raw bytes at the other: time costs nothing. */
#include <wok/http_server.h>
#include <wok/scope.h>
#include <wok/timeout.h>

#include "http/answers.h"
#include "http/h1_check.h" /* for BYTES() */

#define REQUEST_GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define REQUEST_POST(path, size)                                                                   \
	"POST " path " HTTP/1.1\r\nHost: a\r\nContent-Length: " size "\r\n\r\n"

struct peer {
	wok_http_app *app;
	wok_http_serve_options options;
	wok_stream *client, *server;
	wok_task *serving;
	struct received in;
	int calls; /* of the handler; handlers get the peer as their arg */
};

static inline int serve_peer(void *arg)
{
	struct peer *peer = arg;
	int r = wok_http_serve_stream(peer->app, peer->server, &peer->options);

	wok_stream_close(peer->server);
	return r;
}

/* Options are set in peer before; routes may be added before or after. */
static inline void peer_open_sized(struct peer *peer, size_t capacity)
{
	if (!peer->app)
		ASSERT_OK(wok_http_app_new(&peer->app));
	ASSERT_OK(wok_stream_pair(capacity, &peer->client, &peer->server));
	peer->serving = wok_create_task(serve_peer, peer);
}

static inline void peer_open(struct peer *peer)
{
	peer_open_sized(peer, 0);
}

static inline void peer_route(struct peer *peer, const char *method, const char *path,
			      wok_http_handler_fn *handler)
{
	if (!peer->app)
		ASSERT_OK(wok_http_app_new(&peer->app));
	ASSERT_OK(wok_http_route(peer->app, method, path, handler, peer));
}

/* End the connection, and expect a result of the server's function. */
static inline void peer_close(struct peer *peer, int expected)
{
	wok_stream_free(WOK_TAKE(peer->client));
	int r = wok_await(peer->serving);
	if (r != expected)
		FAIL("the connection ended with %s, not %s: %s", wok_errname(r),
		     wok_errname(expected), wok_task_errmsg(peer->serving));
	wok_task_free(WOK_TAKE(peer->serving));
	wok_stream_free(WOK_TAKE(peer->server));
	free(peer->in.data);
	peer->in = (struct received){0};
}

static inline void peer_end(struct peer *peer)
{
	peer_close(peer, 0);
	wok_http_app_free(WOK_TAKE(peer->app));
}

static inline void peer_send_bytes(struct peer *peer, const char *data, size_t size)
{
	ASSERT_OK(wok_stream_write_all(peer->client, data, size));
}

static inline void peer_send(struct peer *peer, const char *text)
{
	peer_send_bytes(peer, text, strlen(text));
}

/* Read what comes until the server waits for something. */
static inline void peer_listen(struct peer *peer)
{
	char buf[4096];
	ssize_t n = 1;

	while (n > 0) {
		test_settle();
		/* One nanosecond: data that is there comes at once, and time jumps otherwise. */
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		WOK_TIMEOUT (&timeout, 1) {
			n = wok_stream_read(peer->client, buf, sizeof(buf));
		}
		if (n > 0)
			received_add(&peer->in, buf, (size_t) n);
	}
}

/* Read until the server closes the connection; it fails the test if it stays open for so long. */
static inline void peer_expect_end(struct peer *peer, wok_time limit)
{
	char buf[4096];
	ssize_t n = 1;
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	WOK_TIMEOUT (&timeout, limit) {
		while ((n = wok_stream_read(peer->client, buf, sizeof(buf))) > 0)
			received_add(&peer->in, buf, (size_t) n);
	}
	if (n < 0)
		FAIL("the connection was not closed: %s; so far there came\n%s",
		     wok_errname((int) n), peer->in.data ? peer->in.data : "(nothing)");
}

/* Whether the connection is still open. */
static inline bool peer_is_open(struct peer *peer)
{
	peer_listen(peer);
	return !wok_task_done(peer->serving);
}

/* The usual handlers. */
static inline int say_hello(wok_http_request *request, void *arg)
{
	struct peer *peer = arg;

	if (peer)
		peer->calls++;
	return wok_http_reply_text(request, 200, "hello");
}

static inline int echo_path(wok_http_request *request, void *arg)
{
	struct peer *peer = arg;

	peer->calls++;
	return wok_http_reply_text(request, 200, wok_http_request_path(request));
}

static inline int echo_body(wok_http_request *request, void *arg)
{
	struct peer *peer = arg;
	wok_view body;

	WOK_TRY(wok_http_request_body(request, &body));
	peer->calls++; /* with a whole body only */
	return wok_http_reply_text(request, 200, body.data);
}
#endif

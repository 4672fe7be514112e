/* SPDX-License-Identifier: MIT */
#ifndef TESTS_H2_ENDS_H
#define TESTS_H2_ENDS_H
/* Two ends of HTTP/2, as src/http/h2 makes them, over a stream in memory: time costs nothing. */
#include <stdlib.h>
#include <wok/wok.h>

#include "harness/test.h"
#include "http/h2/h2.h"

enum { BIG = 1 << 20 };

/* A server's end, and what it does with each request. */
struct server {
	wok_stream *stream;
	struct wok__h2 *h2;
	wok_task *running;
	wok_scope *handlers;
	int (*handler)(struct server *server, struct wok__h2_stream *stream);
	int calls;
	void *arg;
};

struct client {
	wok_stream *stream;
	struct wok__h2 *h2;
	wok_task *running;
	int changes;
};

struct ends {
	struct server server;
	struct client client;
};

static inline struct wok__h2_settings usual_settings(bool server)
{
	return (struct wok__h2_settings){
		.server = server,
		.max_streams = 100,
		.window = 65535,
		.unread = BIG,
		.noise = 50,
		.head_timeout = 30 * WOK_SECOND,
		.idle_timeout = server ? 75 * WOK_SECOND : WOK_FOREVER,
		.write_timeout = 30 * WOK_SECOND,
		.ping_interval = WOK_FOREVER,
		.ping_timeout = 10 * WOK_SECOND,
		.limits = &wok__h1_default_limits,
	};
}

struct handling {
	struct server *server;
	struct wok__h2_stream *stream;
};

static inline int handle(void *arg)
{
	struct handling *handling = arg;
	struct wok__h2_stream *stream = handling->stream;

	handling->server->calls++;
	int r = handling->server->handler(handling->server, stream);
	wok__h2_stream_free(stream);
	return r == -ECANCELED ? r : 0;
}

static inline void on_request(void *arg, struct wok__h2_stream *stream)
{
	struct server *server = arg;
	struct handling handling = {server, stream};

	if (wok_scope_spawn_copy(server->handlers, handle, &handling, sizeof(handling)) < 0)
		wok__h2_stream_free(stream);
}

static inline int run_server(void *arg)
{
	struct server *server = arg;
	int r = wok_scope_new_with(&(wok_scope_options){.keep_going = true}, &server->handlers);

	if (r < 0)
		return r;
	r = wok__h2_run(server->h2);
	wok_scope_cancel(server->handlers, "over");
	int joined = wok_scope_join(server->handlers);
	wok_scope_free(server->handlers);
	(void) wok_stream_close(server->stream);
	return joined < 0 && joined != -ENOMEM ? joined : r;
}

static inline int run_client(void *arg)
{
	struct client *client = arg;
	int r = wok__h2_run(client->h2);

	(void) wok_stream_close(client->stream);
	return r;
}

static inline void count_change(void *arg)
{
	((struct client *) arg)->changes++;
}

static inline int server_open(struct server *server, wok_stream *stream,
			      const struct wok__h2_settings *given)
{
	struct wok__h2_settings settings = given ? *given : usual_settings(true);

	settings.on_request = on_request;
	settings.arg = server;
	server->stream = stream;
	WOK_TRY(wok__h2_new(stream, &settings, &server->h2));
	server->running = wok_create_task(run_server, server);
	return 0;
}

static inline int client_open(struct client *client, wok_stream *stream,
			      const struct wok__h2_settings *given)
{
	struct wok__h2_settings settings = given ? *given : usual_settings(false);

	settings.on_change = count_change;
	settings.arg = client;
	client->stream = stream;
	WOK_TRY(wok__h2_new(stream, &settings, &client->h2));
	client->running = wok_create_task(run_client, client);
	return 0;
}

static inline void ends_open_with(struct ends *ends, const wok_stream_pair_options *line,
				  const struct wok__h2_settings *server,
				  const struct wok__h2_settings *client)
{
	wok_stream *a, *b;

	ASSERT_OK(wok_stream_pair_with(line, &a, &b));
	ASSERT_OK(server_open(&ends->server, a, server));
	ASSERT_OK(client_open(&ends->client, b, client));
}

static inline void ends_open(struct ends *ends)
{
	ends_open_with(ends, NULL, NULL, NULL);
}

static inline int server_close(struct server *server)
{
	if (!server->h2)
		return 0;
	int r = wok_await(server->running);
	wok_task_free(server->running);
	wok__h2_let_go(server->h2);
	wok_stream_free(server->stream);
	return r;
}

static inline int client_close(struct client *client)
{
	if (!client->h2)
		return 0;
	int r = wok_await(client->running);
	wok_task_free(client->running);
	wok__h2_let_go(client->h2);
	wok_stream_free(client->stream);
	return r;
}

/* The client ends, in good order, and so does the server. */
static inline void ends_close(struct ends *ends)
{
	wok__h2_drain(ends->client.h2);
	ASSERT_OK(client_close(&ends->client));
	ASSERT_OK(server_close(&ends->server));
}

#define VIEW_OF(text) ((wok_view){(text), strlen(text)})

static inline int ask_with(struct client *client, const char *method, const char *target,
			   const char *lines, bool body, struct wok__h2_stream **ret_stream)
{
	const struct wok__h2_request request = {
		.method = VIEW_OF(method),
		.scheme = VIEW_OF("http"),
		.target = VIEW_OF(target),
		.lines = VIEW_OF(lines),
		.body = body,
	};

	return wok__h2_send_request(client->h2, &request, ret_stream);
}

static inline struct wok__h2_stream *ask(struct client *client, const char *target)
{
	struct wok__h2_stream *stream = NULL;

	ASSERT_OK(ask_with(client, "GET", target, "Host: a.test\r\n", false, &stream));
	return stream;
}

/* What came: the head as text, and the body. */
static inline const char *head_of(struct wok__h2_stream *stream)
{
	ASSERT_OK(wok__h2_await_head(stream));
	ASSERT_EQ(stream->head.error, 0);
	wok__buffer_add(&stream->head.text, "", 1);
	stream->head.text.size--;
	return stream->head.text.data;
}

static inline size_t body_of(struct wok__h2_stream *stream, char *data, size_t size)
{
	size_t done = 0;
	ssize_t n;

	while (done < size && (n = wok__h2_read(stream, data + done, size - done)) > 0)
		done += (size_t) n;
	ASSERT_OK(n);
	return done;
}

static inline int write_text(struct wok__h2_stream *stream, const char *text, bool last)
{
	struct iovec part = {(char *) (uintptr_t) text, strlen(text)};

	return wok__h2_write(stream, &part, 1, last, NULL);
}

/* Handlers. */
static inline int say_hello(struct server *server, struct wok__h2_stream *stream)
{
	(void) server;
	WOK_TRY(wok__h2_send_response(stream, 200, VIEW_OF("Content-Length: 5\r\n"), true));
	return write_text(stream, "hello", true);
}

static inline int echo_head(struct server *server, struct wok__h2_stream *stream)
{
	struct iovec part = {stream->head.text.data, stream->head.text.size};

	(void) server;
	WOK_TRY(wok__h2_send_response(stream, 200, VIEW_OF("X-A: b\r\n"), true));
	return wok__h2_write(stream, &part, 1, true, NULL);
}

static inline int echo_body(struct server *server, struct wok__h2_stream *stream)
{
	char data[4096];
	ssize_t n;

	(void) server;
	WOK_TRY(wok__h2_send_response(stream, 200, VIEW_OF(""), true));
	while ((n = wok__h2_read(stream, data, sizeof(data))) > 0) {
		struct iovec part = {data, (size_t) n};
		WOK_TRY(wok__h2_write(stream, &part, 1, false, NULL));
	}
	WOK_TRY(n);
	return wok__h2_end(stream, VIEW_OF(""));
}

static inline int never_answer(struct server *server, struct wok__h2_stream *stream)
{
	(void) server;
	(void) stream;
	return wok_sleep(60 * WOK_MINUTE);
}
#endif

/* SPDX-License-Identifier: MIT */
/* Servers of several loops on one port, and a server without memory. */
#include <pthread.h>
#include <stdatomic.h>
#include <wok/http_server.h>
#include <wok/run_threads.h>
#include <wok/timeout.h>

#include "harness/test.h"
#include "http/real.h"

#define HELLO "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"

/* --- several loops ---------------------------------------------------------------------------- */

enum { SERVERS = 2, MOST = 64 };

/* Threads 0 and 1 serve, the last one is their client. */
struct team {
	pthread_barrier_t listening;
	uint16_t port;
	atomic_bool over[SERVERS], gone[SERVERS];
};

static int say_loop(wok_http_request *request, void *arg)
{
	(void) arg;
	return wok_http_reply_text(request, 200, wok_thread_index() == 0 ? "loop 0" : "loop 1");
}

struct serving {
	wok_http_app *app;
	wok_listener *listener;
};

static int serve_loop(void *arg)
{
	struct serving *serving = arg;

	return wok_http_serve_on(serving->app, serving->listener, NULL);
}

static void listen_with_others(struct team *team, wok_listener **ret_listener)
{
	const wok_listen_options options = {.reuse_port = true};
	char address[32];

	if (wok_thread_index() != 0)
		pthread_barrier_wait(&team->listening); /* then the port is known */
	snprintf(address, sizeof(address), "127.0.0.1:%d", (int) team->port);
	ASSERT_OK(wok_listen(address, &options, ret_listener));
	team->port = wok_listener_port(*ret_listener);
	if (wok_thread_index() == 0)
		pthread_barrier_wait(&team->listening);
	pthread_barrier_wait(&team->listening);
}

static int be_server(struct team *team)
{
	struct serving serving = {0};

	listen_with_others(team, &serving.listener);
	ASSERT_OK(wok_http_app_new(&serving.app));
	ASSERT_OK(wok_http_route(serving.app, "GET", "/hello", say_loop, NULL));
	wok_task *task = wok_create_task(serve_loop, &serving);
	while (!atomic_load(&team->over[wok_thread_index()]))
		ASSERT_OK(wok_sleep(WOK_MS));
	wok_task_free(task);
	wok_listener_free(serving.listener);
	wok_http_app_free(serving.app);
	atomic_store(&team->gone[wok_thread_index()], true);
	return 0;
}

/* Which loop has answered; -1: the connection has ended. */
static int ask_loop(wok_stream *stream)
{
	char buf[1024] = "";
	size_t size = 0;

	if (wok_stream_write_all(stream, HELLO, strlen(HELLO)) < 0)
		return -1;
	while (!strstr(buf, "loop ")) {
		ssize_t n = wok_stream_read(stream, buf + size, sizeof(buf) - 1 - size);
		if (n <= 0)
			return -1;
		size += (size_t) n;
		buf[size] = '\0';
	}
	return strstr(buf, "loop ")[5] - '0';
}

static wok_stream *connect_to(const struct team *team)
{
	wok_stream *stream = NULL;

	ASSERT_OK(wok_tcp_connect("127.0.0.1", team->port, &stream));
	return stream;
}

static int be_client(struct team *team)
{
	wok_stream *streams[MOST];
	int loops[MOST], n = 0, of[SERVERS] = {0};
	char byte;

	pthread_barrier_wait(&team->listening);
	pthread_barrier_wait(&team->listening);
	for (; n < MOST && (of[0] < 2 || of[1] < 2); n++) {
		streams[n] = connect_to(team);
		loops[n] = ask_loop(streams[n]);
		ASSERT(loops[n] == 0 || loops[n] == 1);
		of[loops[n]]++;
	}
	ASSERT(of[0] >= 2 && of[1] >= 2); /* the kernel deals them out */
	atomic_store(&team->over[1], true);
	for (int i = 0; i < n; i++)
		if (loops[i] == 1)
			ASSERT_EQ(wok_stream_read(streams[i], &byte, 1), 0);
	while (!atomic_load(&team->gone[1])) /* its listener, too */
		ASSERT_OK(wok_sleep(WOK_MS));
	for (int i = 0; i < n; i++) {
		ASSERT_EQ(ask_loop(streams[i]), loops[i] == 0 ? 0 : -1);
		wok_stream_free(streams[i]);
		streams[i] = connect_to(team);
		ASSERT_EQ(ask_loop(streams[i]), 0); /* who comes now finds the one that is left */
		wok_stream_free(streams[i]);
	}
	atomic_store(&team->over[0], true);
	return 0;
}

static int be_one(void *arg)
{
	return wok_thread_index() < SERVERS ? be_server(arg) : be_client(arg);
}

TEST(when_one_of_several_loops_ends_the_connections_of_the_others_live, "server-24", "http-55")
{
	struct team team = {0};

	pthread_barrier_init(&team.listening, NULL, SERVERS + 1);
	ASSERT_OK(wok_run_threads(SERVERS + 1, be_one, &team, NULL));
	pthread_barrier_destroy(&team.listening);
}

/* --- no memory -------------------------------------------------------------------------------- */

struct link {
	wok_http_app *app;
	wok_stream *client, *server;
};

static int echo(wok_http_request *request, void *arg)
{
	wok_view body;

	(void) arg;
	WOK_TRY(wok_http_request_body(request, &body));
	/* A body that ended well has its trailers. */
	if (strcmp(body.data, "chunk") == 0)
		ASSERT_STR(wok_http_request_trailer(request, "X-Sum"), "5");
	return wok_http_reply_text(request, 200, body.data);
}

static int stream(wok_http_request *request, void *arg)
{
	(void) arg;
	WOK_TRY(wok_http_reply_header(request, "X-Kind", "pieces"));
	WOK_TRY(wok_http_reply_begin(request, NULL));
	WOK_TRY(wok_http_reply_write(request, "one", 3));
	WOK_TRY(wok_http_reply_trailer(request, "X-Sum", "6"));
	return wok_http_reply_write(request, "two", 3);
}

static int serve_link(void *arg)
{
	struct link *link = arg;
	int r = wok_http_serve_stream(link->app, link->server, NULL);

	WOK_IGNORE(wok_stream_close(link->server));
	return r;
}

/* What a server cannot do for want of memory is a 500, or the connection's end. */
static int ask_link(wok_stream *client, const char *request, const char *end)
{
	char buf[2048] = "";
	size_t size = 0;

	if (wok_stream_write_all(client, request, strlen(request)) < 0)
		return -ENOMEM;
	while (!strstr(buf, end)) {
		ssize_t n = wok_stream_read(client, buf + size, sizeof(buf) - 1 - size);
		if (n <= 0)
			return -ENOMEM;
		size += (size_t) n;
		if (strncmp(buf, "HTTP/1.1 500 ", 13) == 0)
			return -ENOMEM;
		buf[size] = '\0';
		ASSERT(strncmp(buf, "HTTP/1.1 200 ", size < 13 ? size : 13) == 0);
		ASSERT(!strstr(buf + 1, "HTTP/1.1")); /* an answer that nobody has asked for */
	}
	return 0;
}

static int talk(struct link *link)
{
	WOK_AUTO(wok_task) *task = wok_create_task(serve_link, link);

	if (!task)
		return -ENOMEM;
	int r = ask_link(link->client,
			 "GET /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
			 "\r\n\r\nhello");
	if (r == 0)
		r = ask_link(link->client,
			     "GET /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
			     "5\r\nchunk\r\n0\r\nX-Sum: 5\r\n\r\n",
			     "\r\n\r\nchunk");
	if (r == 0)
		r = ask_link(link->client, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n",
			     "3\r\none\r\n3\r\ntwo\r\n0\r\nX-Sum: 6\r\n\r\n");
	WOK_IGNORE(wok_stream_close(link->client));
	int served = wok_await(task);
	ASSERT(served == 0 || served == -ENOMEM);
	return r < 0 ? r : served;
}

static int without_memory(void *unused)
{
	WOK_AUTO(wok_http_app) *app = NULL;
	WOK_AUTO(wok_stream) *client = NULL;
	WOK_AUTO(wok_stream) *server = NULL;

	(void) unused;
	WOK_TRY(wok_http_app_new(&app));
	WOK_TRY(wok_http_route(app, "GET", "/echo", echo, NULL));
	WOK_TRY(wok_http_route(app, "GET", "/stream", stream, NULL));
	WOK_TRY(wok_stream_pair(0, &client, &server));
	return talk(&(struct link){app, client, server});
}

TEST(each_allocation_of_a_server_may_fail)
{
	ASSERT_OK(wok_test_run_allocations(without_memory, NULL, NULL));
}

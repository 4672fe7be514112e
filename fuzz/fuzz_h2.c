/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes an HTTP/2 connection as its peer, by the public API, with nghttp2 below. The first byte
 * chooses the role and whether the usual first words are put in front, the second how the bytes are
 * cut; the rest comes in over a stream in memory, and then its end. Claims, besides what ASan says:
 *
 *   - whatever comes, the connection ends, and all who wait on it go on, within their time limits;
 *   - a client's response has a status and a head that can be read, or there is none;
 *   - when all is over, no connection and no request is left.
 */
#include <stdlib.h>
#include <string.h>
#include <wok/http.h>
#include <wok/test.h>
#include <wok/wok.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { AS_CLIENT = 1, WITH_PREFACE = 2, CLOSE_LATE = 4, SIZE_MAX_IN = 4096, REQUESTS = 3 };

/* Longer than any time limit that is set here: then something hangs. */
#define LONG (2 * WOK_MINUTE)

struct input {
	const uint8_t *data;
	size_t size, piece;
	unsigned flags;
	wok_stream *stream; /* the peer's end */
	int connections;
	wok_task *talking[REQUESTS];
	wok_stream *streams[REQUESTS];
};

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* --- the peer --------------------------------------------------------------------------------- */

static const uint8_t client_preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
					"\0\0\0\4\0\0\0\0\0";
enum { CLIENT_PREFACE = sizeof(client_preface) - 1, SETTINGS = 9 };

static int drain(void *stream)
{
	char unused[4096];

	while (wok_stream_read(stream, unused, sizeof(unused)) > 0)
		continue;
	return 0;
}

static int say_all(const struct input *input, wok_stream *stream)
{
	const uint8_t *preface = client_preface;
	size_t n = CLIENT_PREFACE;

	if (input->flags & AS_CLIENT) {
		preface += CLIENT_PREFACE - SETTINGS;
		n = SETTINGS;
	}
	if (input->flags & WITH_PREFACE)
		WOK_TRY(wok_stream_write_all(stream, preface, n));
	for (size_t at = 0; at < input->size; at += n) {
		n = input->size - at < input->piece ? input->size - at : input->piece;
		WOK_TRY(wok_stream_write_all(stream, input->data + at, n));
		wok_test_settle();
	}
	return input->flags & CLOSE_LATE ? wok_sleep(WOK_SECOND) : 0;
}

static void talk(const struct input *input, wok_stream *stream)
{
	wok_task *draining = wok_create_task(drain, stream);

	WOK_IGNORE(say_all(input, stream));
	WOK_IGNORE(wok_stream_shutdown(stream));
	WOK_IGNORE(wok_await(draining));
	wok_task_free(draining);
	WOK_IGNORE(wok_stream_close(stream));
}

/* --- a server --------------------------------------------------------------------------------- */

static int echo(wok_http_request *request, void *unused)
{
	char data[512];
	ssize_t n;

	(void) unused;
	WOK_TRY(wok_http_reply_begin(request, NULL));
	while ((n = wok_http_request_read(request, data, sizeof(data))) > 0)
		WOK_TRY(wok_http_reply_write(request, data, (size_t) n));
	return (int) n;
}

static int hello(wok_http_request *request, void *unused)
{
	(void) unused;
	require(wok_http_request_path(request) != NULL && wok_http_request_method(request) != NULL);
	return wok_http_reply_text(request, 200, "hello");
}

static int speak(void *arg)
{
	struct input *input = arg;

	talk(input, input->stream);
	return 0;
}

static int as_server(struct input *input)
{
	const wok_http_serve_options options = {.http2 = {.prior_knowledge = true}};
	WOK_AUTO(wok_http_app) *app = NULL;
	WOK_AUTO(wok_stream) *near = NULL;
	WOK_AUTO(wok_stream) *far = NULL;

	WOK_TRY(wok_http_app_new(&app));
	WOK_TRY(wok_http_route(app, "POST", "/", echo, NULL));
	WOK_TRY(wok_http_route(app, "*", "/{all*}", hello, NULL));
	WOK_TRY(wok_stream_pair(0, &near, &far));
	input->stream = far;
	wok_task *talking = wok_create_task(speak, input);
	WOK_IGNORE(wok_http_serve_stream(app, near, &options));
	WOK_IGNORE(wok_stream_close(near));
	WOK_TRY(wok_await(talking));
	wok_task_free(talking);
	return 0;
}

/* --- a client --------------------------------------------------------------------------------- */

struct answered {
	struct input *input;
	wok_stream *stream;
};

static int answer(void *arg)
{
	struct answered *answered = arg;

	talk(answered->input, answered->stream);
	return 0;
}

/* Each connection hears the same; there are only so many. */
static int connect_to(void *arg, const char *host, uint16_t port, wok_stream **ret_stream)
{
	struct input *input = arg;

	(void) host;
	(void) port;
	if (input->connections == REQUESTS)
		return wok_fail(-ECONNREFUSED, "no more");
	int i = input->connections++;
	WOK_TRY(wok_stream_pair(0, ret_stream, &input->streams[i]));
	struct answered *answered = malloc(sizeof(*answered));
	require(answered != NULL);
	*answered = (struct answered){input, input->streams[i]};
	const wok_task_options options = {.arg_free = free};
	input->talking[i] = wok_create_task_with(answer, answered, &options);
	return 0;
}

struct asking {
	wok_http_session *session;
	const char *method;
	size_t body;
};

static int ask(void *arg)
{
	static const char body[70000];
	const struct asking *asking = arg;
	const wok_http_options options = {.body = body, .body_size = asking->body};
	wok_http_response *response = NULL;
	char data[512];

	if (wok_http_fetch(asking->session, asking->method, "http://a.test/", &options, &response) <
	    0)
		return 0;
	require(wok_http_status(response) >= 200);
	const char *type = wok_http_header_value(response, "Content-Type");
	require(!type || strpbrk(type, "\r\n") == NULL);
	while (wok_http_read(response, data, sizeof(data)) > 0)
		continue;
	wok_http_response_free(response);
	return 0;
}

static int ask_all(wok_http_session *session)
{
	struct asking all[REQUESTS] = {
		{session, "GET", 0}, {session, "POST", 70000}, {session, "HEAD", 0}};
	WOK_AUTO(wok_scope) *scope = NULL;

	WOK_TRY(wok_scope_new(&scope));
	for (int i = 0; i < REQUESTS; i++)
		WOK_TRY(wok_scope_spawn(scope, ask, &all[i]));
	return wok_scope_join(scope);
}

static int as_client(struct input *input)
{
	const wok_http_session_options options = {
		.http2 = {.prior_knowledge = true},
		.connect_fn = connect_to,
		.connect_arg = input,
		.timeout = WOK_MINUTE,
	};
	wok_http_session *session;

	WOK_TRY(wok_http_session_new(&options, &session));
	WOK_TRY(ask_all(session));
	wok_http_session_free(session);
	for (int i = 0; i < input->connections; i++) {
		WOK_TRY(wok_await(input->talking[i]));
		wok_task_free(input->talking[i]);
		wok_stream_free(input->streams[i]);
	}
	return 0;
}

/* --- a run ------------------------------------------------------------------------------------ */

static int run(void *arg)
{
	struct input *input = arg;
	wok_time start = wok_now();

	WOK_TRY(input->flags & AS_CLIENT ? as_client(input) : as_server(input));
	require(wok_now() - start < LONG);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > SIZE_MAX_IN)
		return 0;
	struct input input = {
		.data = data + 2,
		.size = size - 2,
		.piece = 8 + 8 * (size_t) data[1],
		.flags = data[0],
	};
	require(wok_test_run(run, &input, NULL) == 0);
	return 0;
}

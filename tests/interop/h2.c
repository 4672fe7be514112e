/* SPDX-License-Identifier: MIT */
/*
 * What tests/interop/h2_test.py runs: a server and a client of HTTP/2.
 *
 *	interop-h2 serve ADDRESS [CERTIFICATE KEY]	with TLS, or for who knows beforehand
 *	interop-h2 get URL N [CA]			N requests at once; prints what came
 *	interop-h2 post URL SIZE [CA]			a body of so many bytes, in pieces
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wok/http.h>
#include <wok/tls.h>
#include <wok/wok.h>

static int hello(wok_http_request *request, void *unused)
{
	(void) unused;
	return wok_http_reply_text(request, 200, "hello");
}

static int echo(wok_http_request *request, void *unused)
{
	char data[16384];
	ssize_t n;

	(void) unused;
	WOK_TRY(wok_http_reply_begin(request, NULL));
	while ((n = wok_http_request_read(request, data, sizeof(data))) > 0)
		WOK_TRY(wok_http_reply_write(request, data, (size_t) n));
	return (int) n;
}

static int count(wok_http_request *request, void *unused)
{
	char data[16384], text[40];
	size_t size = 0;
	ssize_t n;

	(void) unused;
	while ((n = wok_http_request_read(request, data, sizeof(data))) > 0)
		size += (size_t) n;
	WOK_TRY(n);
	snprintf(text, sizeof(text), "%zu", size);
	return wok_http_reply_text(request, 200, text);
}

static int big(wok_http_request *request, void *unused)
{
	char data[16384];

	(void) unused;
	memset(data, 'x', sizeof(data));
	WOK_TRY(wok_http_reply_begin(request, NULL));
	for (int i = 0; i < 640; i++)
		WOK_TRY(wok_http_reply_write(request, data, sizeof(data)));
	return 0;
}

static int slow(wok_http_request *request, void *unused)
{
	(void) unused;
	WOK_TRY(wok_sleep(WOK_SECOND / 2));
	return wok_http_reply_text(request, 200, "slow");
}

struct program {
	int argc;
	char **argv;
	wok_http_app *app;
	wok_tls_context *tls;
	wok_http_session *session;
	int failed;
};

static const wok_http_serve_options serve_options = {
	.http2.prior_knowledge = true,
	.max_body = 1 << 30,
};

static int serve_one(wok_stream *client, void *arg)
{
	struct program *program = arg;
	WOK_AUTO(wok_stream) *stream = NULL;

	if (!program->tls) {
		(void) !wok_http_serve_stream(program->app, client, &serve_options);
		return 0;
	}
	if (wok_tls_accept(program->tls, client, &(wok_tls_stream_options){.borrow = true},
			   &stream) == 0) {
		(void) !wok_http_serve_stream(program->app, stream, &serve_options);
		(void) !wok_tls_close(stream, WOK_SECOND);
	}
	return 0;
}

static int serve(void *arg)
{
	struct program *program = arg;
	WOK_AUTO(wok_http_app) *app = NULL;
	WOK_AUTO(wok_listener) *listener = NULL;

	if (program->argc > 4) {
		const wok_tls_identity identity = {.certificate_file = program->argv[3],
						   .key_file = program->argv[4]};
		const wok_tls_options options = {
			.identities = &identity, .n_identities = 1, .alpn = "h2,http/1.1"};
		WOK_TRY(wok_tls_server_new(&options, &program->tls));
	}
	WOK_TRY(wok_http_app_new(&app));
	WOK_TRY(wok_http_route(app, "GET", "/hello", hello, NULL));
	WOK_TRY(wok_http_route(app, "POST", "/echo", echo, NULL));
	WOK_TRY(wok_http_route(app, "POST", "/count", count, NULL));
	WOK_TRY(wok_http_route(app, "GET", "/big", big, NULL));
	WOK_TRY(wok_http_route(app, "GET", "/slow", slow, NULL));
	program->app = app;
	WOK_TRY(wok_listen(program->argv[2], NULL, &listener));
	return wok_serve_on(listener, serve_one, program, NULL);
}

static int get(struct program *program)
{
	WOK_AUTO(wok_http_response) *response = NULL;
	wok_view body;
	int r = wok_http_get(program->session, program->argv[2], NULL, &response);

	if (r == 0)
		r = wok_http_body(response, &body);
	if (r == 0)
		printf("%d %zu %.40s\n", wok_http_status(response), body.size, body.data);
	return r;
}

static int get_one(void *arg)
{
	return get(*(struct program **) arg);
}

static ssize_t give(void *arg, void *data, size_t size)
{
	size_t *left = arg, n = *left < size ? *left : size;

	memset(data, 'y', n);
	*left -= n;
	return (ssize_t) n;
}

static int post(struct program *program)
{
	WOK_AUTO(wok_http_response) *response = NULL;
	size_t left = strtoul(program->argv[3], NULL, 10);
	wok_view body;

	WOK_TRY(wok_http_post(program->session, program->argv[2],
			      &(wok_http_options){.body_read = give, .body_arg = &left},
			      &response));
	WOK_TRY(wok_http_body(response, &body));
	printf("%d %zu %.40s\n", wok_http_status(response), body.size, body.data);
	return 0;
}

static int ask(void *arg)
{
	struct program *program = arg;
	const wok_tls_options tls = {.ca_file = program->argc > 4 ? program->argv[4] : NULL};
	const wok_http_session_options options = {
		.tls = program->argc > 4 ? &tls : NULL,
		.http2.prior_knowledge = strncmp(program->argv[2], "http:", 5) == 0,
	};
	WOK_AUTO(wok_http_session) *session = NULL;
	wok_http_stats stats;
	int r;

	WOK_TRY(wok_http_session_new(&options, &session));
	program->session = session;
	if (strcmp(program->argv[1], "post") == 0) {
		r = post(program);
	} else {
		size_t n = strtoul(program->argv[3], NULL, 10);
		struct program **each = calloc(n, sizeof(*each));
		for (size_t i = 0; i < n; i++)
			each[i] = program;
		r = wok_for_each(get_one, each, n, WOK_UNLIMITED, 0);
		free(each);
	}
	wok_http_session_stats(session, &stats);
	printf("connections: %d\n", (int) stats.created);
	return r;
}

int main(int argc, char **argv)
{
	struct program program = {argc, argv, NULL, NULL, NULL, 0};
	int r;

	if (argc < 3)
		return 2;
	r = wok_run(strcmp(argv[1], "serve") == 0 ? serve : ask, &program);
	wok_tls_context_free(program.tls);
	if (r < 0 && r != -EINTR) {
		fprintf(stderr, "interop-h2: %s\n", wok_errmsg(r));
		return 1;
	}
	return 0;
}

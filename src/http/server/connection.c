/* SPDX-License-Identifier: MIT */
/* A server's connection, and the requests on it: see http/server/connection.h. */
#include "http/server/connection.h"

#include <string.h>
#include <wok/error.h>
#include <wok/loop.h>
#include <wok/memory.h>

#include "base/iovec.h"
#include "base/time.h"
#include "http/alpn.h"
#include "http/h2/h2.h"

int wok__send_parts(wok_stream *stream, wok_time limit, struct iovec *parts, int n_parts)
{
	size_t done;
	int r = 0;

	do {
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		struct iovec rest[4];
		memcpy(rest, parts, sizeof(rest[0]) * (size_t) n_parts);
		done = 0;
		WOK_TIMEOUT (&timeout, limit) {
			r = wok_stream_write_parts(stream, rest, n_parts, &done);
		}
		r = wok_timeout_result(&timeout, r);
		wok__iovec_skip(&parts, &n_parts, done);
		/* Slow is not stalled: as long as something goes out, the time starts anew. */
	} while (r == -ETIMEDOUT && done > 0 && n_parts > 0);
	return r == -ETIMEDOUT ? wok_fail(r, "the client does not read its reply") : r;
}

void wok__request_init(wok_http_request *request, const struct wok__server_wire *wire,
		       struct wok__connection *connection)
{
	*request = (wok_http_request){
		.wire = wire,
		.server = connection->server,
		.connection = connection,
	};
	wok__request_reset(request);
}

void wok__request_reset(wok_http_request *request)
{
	wok_free(request->body.data);
	request->body = (struct wok__gathered){0};
	wok__reply_filters_free(request);
	wok__buffer_clear(&request->extra);
	request->method = request->path = request->query = request->host = "";
	request->match.route = NULL;
	request->match.app = NULL;
	request->match.n_params = 0;
	request->match.rest = "";
	wok__request_values_free(request);
	request->method_id = WOK__H1_OTHER;
	request->major = request->minor = 1;
	request->is_asterisk = request->expect_unknown = false;
	request->content_length = request->body_received = 0;
	request->body_error = 0;
	request->body_waited = 0;
	request->left = 0;
	request->reply = WOK__REPLY_NONE;
	request->started = request->server->log ? wok_now() : 0;
	request->status = 0;
	request->body_sent = 0;
	request->abandoned = request->timed_out = request->expects = false;
	request->head.n_fields = request->trailers.n_fields = 0;
	wok__buffer_clear(&request->late);
	request->is_head = request->bodiless = request->close = request->over = false;
}

void wok__request_release(wok_http_request *request)
{
	wok__head_free(&request->head);
	wok__buffer_free(&request->out);
	wok__buffer_free(&request->extra);
	wok__buffer_free(&request->late);
	wok__buffer_free(&request->forwarded_host);
	wok__head_free(&request->trailers);
	wok__reply_filters_free(request);
	wok__request_values_free(request);
	wok_free(WOK_TAKE(request->match.text));
	wok_free(WOK_TAKE(request->body.data));
}

/* What is no text. */
static void take_facts(wok_http_request *request, const struct wok__h1_request *parsed)
{
	request->method_id = parsed->method_id;
	request->minor = parsed->message.minor;
	request->is_asterisk = parsed->form == WOK__H1_ASTERISK_FORM;
	request->expect_unknown = parsed->expect_unknown;
	request->content_length = parsed->message.content_length;
	request->is_head = parsed->method_id == WOK__H1_HEAD;
}

static bool ends_text(char c)
{
	return c == '\r' || c == '\n' || c == ' ' || c == '\t' || c == '\0';
}

/* Mostly its line's end is behind it; within a target it may be the path. */
static int take_host(wok_http_request *request, struct wok__h1_span host, char **ret_copy)
{
	char *text = (char *) (uintptr_t) host.data;

	if (text && !ends_text(text[host.size])) {
		text = wok_alloc(host.size + 1);
		if (!text)
			return -ENOMEM;
		memcpy(text, host.data, host.size);
		*ret_copy = text;
	}
	if (text) {
		text[host.size] = '\0';
		request->host = text;
	}
	return 0;
}

int wok__request_take_names(wok_http_request *request, const struct wok__h1_request *parsed,
			    char **ret_host)
{
	WOK_TRY(take_host(request, parsed->host, ret_host));
	request->method = parsed->method.data;
	request->path = parsed->path.size > 0 ? parsed->path.data : "/";
	if (parsed->form == WOK__H1_ASTERISK_FORM)
		request->path = parsed->target.data;
	request->query = parsed->query.data ? parsed->query.data : "";
	((char *) (uintptr_t) parsed->method.data)[parsed->method.size] = '\0';
	if (parsed->path.size > 0)
		((char *) (uintptr_t) parsed->path.data)[parsed->path.size] = '\0';
	((char *) (uintptr_t) parsed->target.data)[parsed->target.size] = '\0';
	take_facts(request, parsed);
	return 0;
}

void wok__request_on_stop(wok_http_request *request, struct wok__stop_hook *hook)
{
	wok__server_on_stop(request->server, hook);
}

void wok__request_off_stop(struct wok__stop_hook *hook)
{
	wok__list_remove(&hook->node);
}

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/* The server ends before a client has said what it speaks. */
struct undecided {
	struct wok__stop_hook hook;
	wok_stream *stream;
};

static void dismiss(struct wok__stop_hook *hook)
{
	(void) wok_stream_close(WOK__CONTAINER(hook, struct undecided, hook)->stream);
}

static bool may_be_preface(wok_view bytes)
{
	size_t most = sizeof(preface) - 1;

	return bytes.size == 0 ||
	       memcmp(bytes.data, preface, bytes.size < most ? bytes.size : most) == 0;
}

static int fill_until(wok_stream *stream, wok_time deadline, wok_view *bytes)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TIMEOUT (&timeout, deadline - wok_now()) {
		r = wok_stream_fill(stream, 0, bytes);
	}
	return wok_timeout_result(&timeout, r);
}

/* Whether a client begins as one of HTTP/2 does, who knows already: 1, 0, or an error. */
static int await_preface(const struct wok__connection *connection)
{
	const wok_http_serve_options *options = &connection->server->options;
	struct undecided undecided = {.hook.call = dismiss, .stream = connection->stream};
	wok_view bytes = wok_stream_buffered(connection->stream);
	wok_time deadline = wok__time_add(wok_now(), options->keep_alive);
	bool begun = false;
	int r = 1;

	wok__server_on_stop(connection->server, &undecided.hook);
	while (r > 0 && bytes.size < sizeof(preface) - 1 && may_be_preface(bytes)) {
		if (!begun && bytes.size > 0) {
			begun = true;
			deadline = wok__time_add(wok_now(), options->header_timeout);
		}
		r = fill_until(connection->stream, deadline, &bytes);
	}
	wok__request_off_stop(&undecided.hook);
	/* What else is wrong HTTP/1.1 meets again, and deals with; of idleness it has been enough.
	 */
	if (r == -ECANCELED || (r == -ETIMEDOUT && !begun))
		return r;
	return r > 0 && may_be_preface(bytes);
}

static int is_http2(const struct wok__connection *connection)
{
	const wok_http2_options *options = &connection->server->options.http2;
	const char *alpn = wok__http_alpn(connection->stream);

	if (options->disabled || !wok__h2_supported())
		return 0;
	if (alpn)
		return strcmp(alpn, "h2") == 0;
	return options->prior_knowledge ? await_preface(connection) : 0;
}

int wok__serve_connection(struct wok__connection *connection)
{
	int h2 = is_http2(connection);

	if (h2 < 0)
		return h2 == -ETIMEDOUT ? 0 : h2; /* idle for too long */
	return h2 > 0 ? wok__h2_serve(connection) : wok__h1_serve(connection);
}

/* SPDX-License-Identifier: MIT */
/*
 * HTTP/2 on a connection: see http/client/wire.h. Many requests at once.
 *
 * A task of its own runs the connection, from when it is made until both it and the pool are done
 * with it: the pool forgets a connection at once, while its last words still go out.
 */
#include <string.h>
#include <wok/error.h>
#include <wok/loop.h>
#include <wok/memory.h>
#include <wok/scope.h>
#include <wok/timeout.h>

#include "base/memory.h"
#include "base/time.h"
#include "http/client/call.h"
#include "http/h2/h2.h"

enum { PIECE = 16 << 10 };

/* A server that has begun to answer, and takes nothing for so long, will take no more. */
#define STALLED (5 * WOK_SECOND)

/* Between the pool's connection and the one of h2/. */
struct link {
	int holders;                        /* the pool, and the task */
	struct wok__connection *connection; /* NULL when the pool has forgotten it */
	struct wok__h2 *h2;
	wok_stream *stream;
	wok_http_session *session; /* whose limits heads have */
};

static void let_go(struct link *link)
{
	if (--link->holders > 0)
		return;
	wok__h2_let_go(link->h2);
	wok_stream_free(link->stream);
	wok__session_let_go(link->session);
	wok_free(link);
}

/* --- a connection ----------------------------------------------------------------------------- */

static void on_change(void *arg)
{
	struct link *link = arg;

	if (link->connection && link->connection->shared)
		wok__pool_room_changed(link->connection->pool, link->connection);
}

/* How it ended its requests know; there may be none. */
static int run(void *arg)
{
	struct link *link = arg;

	WOK_IGNORE(wok__h2_run(link->h2));
	(void) wok_stream_close(link->stream);
	return 0;
}

static void task_ended(void *arg)
{
	let_go(arg);
}

static int start(struct link *link)
{
	const wok_task_options options = {.name = "an HTTP/2 connection", .arg_free = task_ended};

	link->holders++;
	wok_task *task = wok_create_task_with(run, link, &options);
	int r = wok_task_done(task) ? -ENOMEM : 0;
	if (r < 0)
		wok_task_free(task);
	else
		wok_task_detach(&task);
	return r;
}

static int h2_open(struct wok__connection *connection)
{
	wok_http_session *session = WOK__CONTAINER(connection->pool, wok_http_session, pool);
	struct link *link = wok__alloc_zeroed(sizeof(*link));
	struct wok__h2_settings settings =
		wok__h2_settings(&session->options.http2, false, &session->limits);

	if (!link)
		return -ENOMEM;
	settings.head_timeout = 30 * WOK_SECOND;
	settings.idle_timeout = WOK_FOREVER; /* the pool sees to that */
	settings.write_timeout = 30 * WOK_SECOND;
	settings.on_change = on_change;
	settings.arg = link;
	int r = wok__h2_new(connection->stream, &settings, &link->h2);
	if (r < 0) {
		wok_free(link);
		return r;
	}
	link->holders = 1;
	link->session = wok__session_hold(session);
	link->connection = connection;
	r = start(link);
	if (r < 0) {
		let_go(link);
		return r;
	}
	link->stream = connection->stream;
	connection->wire_state = link;
	wok__pool_share(connection->pool, connection);
	return 0;
}

static ssize_t h2_room(const struct wok__connection *connection)
{
	const struct link *link = connection->wire_state;

	return wok__h2_takes_more(link->h2) ? (ssize_t) wok__h2_room(link->h2) : -1;
}

static void h2_close(struct wok__connection *connection)
{
	struct link *link = WOK_TAKE(connection->wire_state);

	connection->stream = NULL; /* it is the link's */
	if (!link)
		return;
	link->connection = NULL;
	wok__h2_close(link->h2);
	let_go(link);
}

/* --- a request -------------------------------------------------------------------------------- */

static wok_view target_of(const struct wok__exchange *exchange)
{
	const char *start = exchange->head.data + strlen(exchange->call->method) + 1;
	const char *end = memchr(start, ' ', exchange->fields_at);

	return (wok_view){start, (size_t) (end - start)};
}

#define VIEW(text) ((wok_view){"" text, sizeof(text) - 1})

static int begin(struct wok__exchange *exchange, struct link *link)
{
	const struct wok_http_call *call = exchange->call;
	const struct wok__h2_request request = {
		.method = {call->method, strlen(call->method)},
		.scheme = exchange->url.secure ? VIEW("https") : VIEW("http"),
		.target = target_of(exchange),
		/* Without the empty line. */
		.lines = {exchange->head.data + exchange->fields_at,
			  exchange->head.size - exchange->fields_at - 2},
		.body = call->body.length > 0,
	};
	struct wok__h2_stream *stream = NULL;
	int r = wok__h2_send_request(link->h2, &request, &stream);

	wok__pool_begun(exchange->response->connection);
	exchange->response->stream = stream;
	/* It has ended in the meantime: so it has not seen the request. */
	if (r < 0 && r != -ENOMEM) {
		exchange->unprocessed = true;
		r = wok_fail(-ECONNRESET, "%s", wok_errmsg(r));
	}
	return r;
}

/*
 * Nothing was taken for so long: 0 to go on waiting, or how it ends. A server that has begun to
 * answer, and reads no more, has said all that can be had of it.
 */
static int judge_wait(struct wok__exchange *exchange, wok_time waited)
{
	const struct wok__h2_stream *stream = exchange->response->stream;
	struct wok_http_call *call = exchange->call;

	if (waited >= call->times.write) {
		call->timings.limit = call->times.write;
		return -ETIMEDOUT;
	}
	if (waited >= STALLED && stream->head.complete)
		return wok_fail(-EPIPE, "the server has answered, and reads no more");
	return 0;
}

/* Write in the time that the server may take nothing; slow is not stalled. */
static int write_part(struct wok__exchange *exchange, struct iovec part, bool last)
{
	wok_time limit = exchange->call->times.write, waited = 0;
	bool expired;
	int r;

	do {
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		wok_time left = limit == WOK_FOREVER ? limit : limit - waited;
		wok_time look = wok__time_min(left, STALLED);
		struct iovec rest = part;
		size_t done = 0;
		r = 0;
		WOK_TIMEOUT (&timeout, look) {
			r = wok__h2_write(exchange->response->stream, &rest, 1, last, &done);
		}
		r = wok_timeout_result(&timeout, r);
		part.iov_base = (char *) part.iov_base + done;
		part.iov_len -= done;
		expired = r == -ETIMEDOUT && wok_timeout_expired(&timeout);
		waited = done > 0 ? 0 : waited + look;
		if (expired)
			r = part.iov_len > 0 ? judge_wait(exchange, waited) : 0;
	} while (r == 0 && expired && part.iov_len > 0);
	return r;
}

/* What stands behind the body; it ends the request. */
static int send_trailers(struct wok__exchange *exchange)
{
	const wok_http_options *options = exchange->call->options;
	struct wok__buffer lines = {0};

	for (size_t i = 0; i < options->n_trailers; i++)
		wok__buffer_field(&lines, options->trailers[i].name, options->trailers[i].value);
	int r = lines.error;
	exchange->call->body.failed = r < 0;
	if (r == 0)
		r = wok__h2_end(exchange->response->stream, (wok_view){lines.data, lines.size});
	wok__buffer_free(&lines);
	return r;
}

static int send_pieces(struct wok__exchange *exchange, char *piece)
{
	struct wok__source *body = &exchange->call->body;
	bool trailers =
		body->length == WOK__LENGTH_UNKNOWN && exchange->call->options->n_trailers > 0;
	ssize_t n;

	do {
		n = wok__source_take(body, piece, PIECE);
		if (n < 0)
			return (int) n;
		if (n == 0 && trailers)
			return send_trailers(exchange);
		WOK_TRY(write_part(exchange, (struct iovec){piece, (size_t) n}, n == 0));
	} while (n > 0);
	return 0;
}

static int send_body(struct wok__exchange *exchange)
{
	struct wok__source *body = &exchange->call->body;

	if (body->length == 0)
		return 0;
	if (wok__source_is_memory(body))
		return write_part(
			exchange,
			(struct iovec){(void *) (uintptr_t) body->data, (size_t) body->length},
			true);
	char *piece = wok_alloc(PIECE);
	int r = piece ? send_pieces(exchange, piece) : -ENOMEM;
	wok_free(piece);
	return r;
}

/* A source that waits is not waited for when the server has answered. */
struct watched {
	struct wok__exchange *exchange;
	wok_scope *scope;
	bool answered;
};

static int watch(void *arg)
{
	struct watched *watched = arg;
	struct wok__h2_stream *stream = watched->exchange->response->stream;
	int r = wok__h2_await_head(stream);

	if (r != -ECANCELED && (r < 0 || stream->answered)) {
		watched->answered = true;
		wok_scope_cancel(watched->scope, "the server has answered already");
	}
	return 0;
}

static int send_watched(struct wok__exchange *exchange)
{
	struct watched watched = {.exchange = exchange};
	WOK_AUTO(wok_scope) *scope = NULL;

	if (!exchange->call->body.read)
		return send_body(exchange); /* writing finds out by itself */
	WOK_TRY(wok_scope_new(&scope));
	watched.scope = scope;
	WOK_TRY(wok_scope_spawn(scope, watch, &watched));
	int r = send_body(exchange);
	wok_scope_cancel(scope, "the request is sent");
	WOK_TRY(wok_scope_join(scope));
	if (!watched.answered)
		return r;
	exchange->call->body.failed = false; /* it was stopped */
	return r < 0 ? -EPIPE : r;
}

static int await_head(struct wok__exchange *exchange)
{
	struct wok_http_call *call = exchange->call;
	wok_time limit = wok__time_min(call->times.wait, call->times.read);
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	call->timings.send_end = wok_now();
	wok__call_phase(call, WOK_HTTP_PHASE_WAIT);
	WOK_TIMEOUT (&timeout, limit) {
		r = wok__h2_await_head(exchange->response->stream);
	}
	return wok__call_timed(call, &timeout, r, limit);
}

static int take_head(struct wok__exchange *exchange)
{
	wok_http_session *session = exchange->session;
	wok_http_response *response = exchange->response;
	struct wok__h2_stream *stream = response->stream;
	unsigned flags =
		WOK__H1_RESPONSE | (wok__call_is(exchange->call, "HEAD") ? WOK__H1_FOR_HEAD : 0);
	struct wok__h2_head *head = &stream->head;
	struct wok__h1_response parsed = {0};
	int r = head->error;

	if (r == 0) {
		WOK_TRY(wok__head_copy(&response->head, head->text.data, head->text.size));
		wok__buffer_free(&head->text);
		r = wok__h1_parse_response(response->head.data, response->head.size, flags,
					   &session->limits, session->scratch,
					   session->limits.fields, &parsed);
	}
	if (r < 0)
		return wok__h1_to_wok(r, "the response's head");
	WOK_TRY(wok__head_keep_fields(&response->head, session->scratch, parsed.message.fields));
	response->status = parsed.status;
	response->content_length = parsed.message.content_length;
	response->reusable = true;
	response->ended = wok__h2_at_end(stream);
	return 0;
}

/*
 * Wait for the server to ask for the body: 1 if it does, or says nothing for a second, as servers
 * do that have never heard of it; 0 if it has answered without; an error.
 */
static int await_go_ahead(struct wok__exchange *exchange)
{
	struct wok__h2_stream *stream = exchange->response->stream;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	if (!wok__call_expects(exchange->call))
		return 1;
	WOK_TIMEOUT (&timeout, WOK_SECOND) {
		r = wok__h2_await_go_ahead(stream);
	}
	r = wok_timeout_result(&timeout, r);
	if (r < 0 && r != -ETIMEDOUT)
		return r;
	return !stream->head.complete;
}

static int exchange_heads(struct wok__exchange *exchange)
{
	WOK_TRY(begin(exchange, exchange->response->connection->wire_state));
	wok__call_phase(exchange->call, WOK_HTTP_PHASE_SEND);
	int wanted = await_go_ahead(exchange);
	if (wanted < 0)
		return wanted;
	/* A final answer stands in for the body, which then is never sent: the stream is reset. */
	int sent = wanted ? send_watched(exchange) : -EPIPE;
	/* A server that has seen enough answers, and stops the rest. */
	if (sent < 0 && (exchange->call->body.failed || !wok__is_disconnect(sent)))
		return sent;
	exchange->cut_short = sent < 0;
	WOK_TRY(await_head(exchange));
	exchange->answered = true;
	return take_head(exchange);
}

static int h2_send(struct wok__exchange *exchange)
{
	int r = exchange_heads(exchange);
	const struct wok__h2_stream *stream = exchange->response->stream;

	if (r < 0 && stream)
		exchange->unprocessed = wok__h2_was_refused(stream);
	return r;
}

/* What a read has given: also whether the end has been seen. */
static ssize_t note_end(wok_http_response *response, ssize_t n)
{
	response->ended = n >= 0 && wok__h2_at_end(response->stream);
	return n;
}

static ssize_t h2_take(wok_http_response *response, void *data, size_t size)
{
	return note_end(response, (ssize_t) wok__h2_take(response->stream, data, size));
}

static ssize_t h2_read(wok_http_response *response, void *data, size_t size)
{
	return note_end(response, wok__h2_read(response->stream, data, size));
}

static void h2_finish(wok_http_response *response)
{
	struct wok__connection *connection = WOK_TAKE(response->connection);

	wok__h2_stream_free(response->stream);
	response->stream = NULL;
	wok__pool_leave(&response->session->pool, connection);
}

const struct wok__wire wok__wire_h2 = {
	.name = "HTTP/2",
	.open = h2_open,
	.send = h2_send,
	.take = h2_take,
	.read = h2_read,
	.finish = h2_finish,
	.room = h2_room,
	.close = h2_close,
};

/* SPDX-License-Identifier: MIT */
/* A server in memory: see client/check.h. */
#include "client/check.h"

#include <string.h>
#include <strings.h>
#include <wok/memory.h>

const char *field_of(const char *head, const char *name)
{
	static char value[1024];
	char line[200];

	snprintf(line, sizeof(line), "\r\n%s:", name);
	const char *at = strcasestr(head, line);
	if (!at)
		return NULL;
	at += strlen(line);
	at += strspn(at, " ");
	snprintf(value, sizeof(value), "%.*s", (int) strcspn(at, "\r"), at);
	return value;
}

static int keep(struct peer *peer, size_t *size, const void *data, size_t n)
{
	if (*size + n < sizeof(peer->body)) {
		memcpy(peer->body + *size, data, n);
		peer->body[*size + n] = '\0';
	}
	*size += n;
	return 0;
}

static int take_sized(struct peer *peer, wok_stream *stream, size_t left)
{
	char piece[4096];
	size_t size = 0;

	while (left > 0) {
		ssize_t n =
			wok_stream_read(stream, piece, left < sizeof(piece) ? left : sizeof(piece));
		if (n <= 0)
			return (int) n;
		(void) keep(peer, &size, piece, (size_t) n);
		left -= (size_t) n;
	}
	return 1;
}

/* Chunks, and behind them the trailer section as it is. */
static int take_chunked(struct peer *peer, wok_stream *stream)
{
	wok_view line;
	size_t size = 0;

	for (;;) {
		int r = wok_stream_next_line(stream, 0, &line);
		if (r <= 0)
			return r;
		size_t left = strtoul(line.data, NULL, 16);
		if (left == 0)
			break;
		while (left > 0) {
			char piece[4096];
			ssize_t n = wok_stream_read(stream, piece,
						    left < sizeof(piece) ? left : sizeof(piece));
			if (n <= 0)
				return (int) n;
			(void) keep(peer, &size, piece, (size_t) n);
			left -= (size_t) n;
		}
		r = wok_stream_next_line(stream, 0, &line);
		if (r <= 0)
			return r;
	}
	do {
		int r = wok_stream_next_line(stream, 0, &line);
		if (r <= 0)
			return r;
		(void) keep(peer, &size, line.data, line.size);
	} while (line.size > 0);
	return 1;
}

int peer_take(struct peer *peer, wok_stream *stream)
{
	wok_view head;
	int r = wok_stream_read_until(stream, "\r\n\r\n", 4, 0, &head);

	if (r <= 0)
		return r;
	ASSERT(head.size < sizeof(peer->head));
	memcpy(peer->head, head.data, head.size);
	peer->head[head.size] = '\0';
	peer->body[0] = '\0';
	const char *length = field_of(peer->head, "Content-Length");
	if (length)
		r = take_sized(peer, stream, strtoul(length, NULL, 10));
	else if (field_of(peer->head, "Transfer-Encoding"))
		r = take_chunked(peer, stream);
	if (r > 0)
		peer->requests++;
	return r;
}

int peer_say(wok_stream *stream, const char *text)
{
	return wok_stream_write_all(stream, text, strlen(text));
}

static int answer_all(struct peer *peer, wok_stream *stream)
{
	char rest[100];
	int r;

	while ((r = peer_take(peer, stream)) > 0) {
		const char *text =
			peer->answer ? peer->answer(peer, peer->head, peer->body) : OK_HELLO;
		if (peer->delay)
			WOK_TRY(wok_sleep(peer->delay));
		if (text == PEER_HANGS_UP)
			return 0;
		if (text == PEER_SILENT)
			return (int) wok_stream_read(stream, rest, sizeof(rest));
		WOK_TRY(peer_say(stream, text));
		const char *connection = field_of(text, "Connection");
		if (connection && strcasecmp(connection, "close") == 0)
			return 0;
	}
	return r;
}

struct served {
	struct peer *peer;
	wok_stream *stream;
};

/* A build without TLS has no peers that speak it. */
static int secure(struct peer *peer, wok_stream **stream)
{
#ifdef WOK__WITH_TLS
	return wok_tls_accept(peer->tls, WOK_TAKE(*stream), NULL, stream);
#else
	(void) peer;
	(void) stream;
	return -EPROTONOSUPPORT;
#endif
}

static int serve(void *arg)
{
	struct served served = *(struct served *) arg;
	struct peer *peer = served.peer;
	int r = 0;

	wok_free(arg);
	peer->connections++;
	peer->open++;
	if (peer->tls)
		r = secure(peer, &served.stream);
	if (r == 0)
		r = peer->serve ? peer->serve(peer, served.stream)
				: answer_all(peer, served.stream);
	wok_stream_free(served.stream);
	peer->open--;
	return r == -ECANCELED ? r : 0;
}

int peer_connect(void *arg, const char *host, uint16_t port, wok_stream **ret_stream)
{
	struct peer *peer = arg;
	struct served *served = wok_alloc(sizeof(*served));
	wok_stream *near = NULL, *far = NULL;

	if (!served)
		return -ENOMEM;
	snprintf(peer->asked, sizeof(peer->asked), "%s:%u", host, port);
	int r = wok_stream_pair(0, &near, &far);
	if (r == 0) {
		*served = (struct served){peer, far};
		r = wok_scope_spawn(peer->scope, serve, served);
	}
	if (r < 0) {
		wok_stream_free(near);
		wok_stream_free(far);
		wok_free(served);
		return r;
	}
	*ret_stream = near;
	return 0;
}

void peer_open(struct peer *peer)
{
	const wok_scope_options options = {.background = true, .keep_going = true};

	ASSERT_OK(wok_scope_new_with(&options, &peer->scope));
}

void peer_close(struct peer *peer)
{
	wok_scope_free(peer->scope);
	ASSERT_EQ(peer->open, 0);
#ifdef WOK__WITH_TLS
	wok_tls_context_free(peer->tls);
#endif
}

wok_http_session *session_of(struct peer *peer, const wok_http_session_options *options)
{
	wok_http_session_options own = options ? *options : (wok_http_session_options){0};
	wok_http_session *session = NULL;

	own.connect_fn = peer_connect;
	own.connect_arg = peer;
	ASSERT_OK(wok_http_session_new(&own, &session));
	return session;
}

int fetch(wok_http_session *session, const char *method, const char *url,
	  const wok_http_options *options)
{
	WOK_AUTO(wok_http_response) *response = NULL;
	wok_view body;

	WOK_TRY(wok_http_fetch(session, method, url, options, &response));
	WOK_TRY(wok_http_body(response, &body));
	return wok_http_status(response);
}

int get(wok_http_session *session, const char *url)
{
	return fetch(session, "GET", url, NULL);
}

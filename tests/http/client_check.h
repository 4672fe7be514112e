/* SPDX-License-Identifier: MIT */
#ifndef TESTS_HTTP_CLIENT_CHECK_H
#define TESTS_HTTP_CLIENT_CHECK_H
/* A server that says what the test wants it to say, right or wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <wok/event.h>
#include <wok/http_client.h>
#include <wok/loop.h>
#include <wok/scope.h>
#include <wok/stream.h>
#include <wok/timeout.h>

#include "http/real.h"

#define OK_RESPONSE "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

struct fake {
	const char *response; /* to each request; NULL: none */
	int close_after;      /* so many requests of a connection have been answered; 0: never */
	int mute_from;       /* close without an answer at this request of a connection; 0: never */
	wok_event *hold;     /* wait for it before each answer */
	wok_serve_fn *serve; /* instead of all that; its arg is the fake */

	int connections, open, requests, held;
	char last[8192]; /* the last request, as far as it came */
	size_t last_size;
	wok_listener *listener;
	wok_task *serving;
	uint16_t port;
	char url[64]; /* http://127.0.0.1:PORT */
};

static inline size_t content_length_of(const char *head)
{
	const char *field = strcasestr(head, "\r\nContent-Length: ");

	return field ? strtoul(field + 18, NULL, 10) : 0;
}

/* Take a request off a stream into fake->last: 1; 0 at the end. Chunked bodies are not read. */
static inline int fake_take_request(struct fake *fake, wok_stream *stream)
{
	size_t body;
	wok_view head;
	int r = wok_stream_read_until(stream, "\r\n\r\n", 4, 0, &head);

	if (r <= 0)
		return r == -ECANCELED ? r : 0;
	ASSERT(head.size < sizeof(fake->last));
	memcpy(fake->last, head.data, head.size);
	fake->last[fake->last_size = head.size] = '\0';
	for (body = content_length_of(fake->last); body > 0;) {
		char piece[1024];
		ssize_t n =
			wok_stream_read(stream, piece, body < sizeof(piece) ? body : sizeof(piece));
		if (n <= 0)
			return 0;
		body -= (size_t) n;
		if (fake->last_size + (size_t) n < sizeof(fake->last)) {
			memcpy(fake->last + fake->last_size, piece, (size_t) n);
			fake->last[fake->last_size += (size_t) n] = '\0';
		}
	}
	fake->requests++;
	return 1;
}

static inline int fake_answer(struct fake *fake, wok_stream *stream)
{
	int r, served = 0;

	while ((r = fake_take_request(fake, stream)) > 0) {
		served++;
		if (served == fake->mute_from)
			return 0;
		if (fake->hold) {
			fake->held++;
			r = wok_event_wait(fake->hold);
			fake->held--;
			WOK_TRY(r);
		}
		if (fake->response)
			WOK_TRY(wok_stream_write_all(stream, fake->response,
						     strlen(fake->response)));
		if (served == fake->close_after)
			return 0;
	}
	return r;
}

static inline int fake_serve(wok_stream *stream, void *arg)
{
	struct fake *fake = arg;

	fake->connections++;
	fake->open++;
	int r = fake->serve ? fake->serve(stream, fake) : fake_answer(fake, stream);
	fake->open--;
	return r;
}

static inline int fake_main(void *arg)
{
	struct fake *fake = arg;

	return wok_serve_on(fake->listener, fake_serve, fake, NULL);
}

static inline void fake_open(struct fake *fake)
{
	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &fake->listener));
	fake->port = wok_listener_port(fake->listener);
	snprintf(fake->url, sizeof(fake->url), "http://127.0.0.1:%u", fake->port);
	fake->serving = wok_create_task(fake_main, fake);
}

static inline void fake_close(struct fake *fake)
{
	wok_task_free(fake->serving);
	wok_listener_free(fake->listener);
}

static inline wok_http_session *new_session(const wok_http_session_options *options)
{
	wok_http_session *session = NULL;

	ASSERT_OK(wok_http_session_new(options, &session));
	return session;
}

/* A whole request: the status, or the error of the head or of the body. */
static inline int request_all(wok_http_session *session, const char *method, const char *url,
			      const wok_http_options *options, const char *expected_body)
{
	WOK_AUTO(wok_http_response) *response = NULL;
	wok_view body;

	WOK_TRY(wok_http_fetch(session, method, url, options, &response));
	WOK_TRY(wok_http_body(response, &body));
	if (expected_body)
		ASSERT_STR(body.data, expected_body);
	return wok_http_status(response);
}

static inline int get_all(wok_http_session *session, const char *url)
{
	return request_all(session, "GET", url, NULL, NULL);
}

/* Wait for something that another task brings about. */
#define WAIT_UNTIL(condition)                                                                      \
	for (int waited__ = 0; !(condition); waited__++) {                                         \
		if (waited__ > 3000)                                                               \
			FAIL("%s did not come to hold", #condition);                               \
		ASSERT_OK(wok_sleep(WOK_MS));                                                      \
	}

/* The message of an error must say something. */
#define ASSERT_MESSAGE(code, word)                                                                 \
	do {                                                                                       \
		const char *message__ = wok_errmsg(code);                                          \
		if (!strstr(message__, (word)))                                                    \
			FAIL("\"%s\" does not say \"%s\"", message__, (word));                     \
	} while (0)

#define ASSERT_STATS(session, want_open, want_idle, want_waiting)                                  \
	do {                                                                                       \
		wok_http_stats stats__;                                                            \
		wok_http_session_stats((session), &stats__);                                       \
		if (stats__.open != (want_open) || stats__.idle != (want_idle) ||                  \
		    stats__.waiting != (want_waiting))                                             \
			FAIL("%zu open, %zu idle, %zu waiting", stats__.open, stats__.idle,        \
			     stats__.waiting);                                                     \
	} while (0)
#endif

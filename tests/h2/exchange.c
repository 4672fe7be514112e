/* SPDX-License-Identifier: MIT */
/* Requests and responses between the two ends. */
#include "h2/ends.h"

TEST_TASK(a_request_is_answered)
{
	struct ends ends = {.server.handler = say_hello};
	char body[16];

	ends_open(&ends);
	struct wok__h2_stream *stream = ask(&ends.client, "/");
	ASSERT_STR(head_of(stream), "HTTP/1.1 200 \r\ncontent-length: 5\r\n\r\n");
	ASSERT_EQ(body_of(stream, body, sizeof(body)), 5);
	ASSERT_MEM(body, "hello", 5);
	ASSERT(wok__h2_at_end(stream));
	wok__h2_stream_free(stream);
	ends_close(&ends);
	ASSERT_EQ(ends.server.calls, 1);
}

TEST_TASK(a_head_arrives_as_http_1_has_it)
{
	struct ends ends = {.server.handler = echo_head};
	struct wok__h2_stream *stream;
	char body[512];

	ends_open(&ends);
	ASSERT_OK(ask_with(&ends.client, "GET", "/a?b=c",
			   "Host: a.test:81\r\nConnection: close\r\nAccept: */*\r\nTE: gzip\r\n"
			   "Proxy-Connection: x\r\nX-Empty:\r\nTransfer-Encoding: chunked\r\n",
			   false, &stream));
	ASSERT_STR(head_of(stream), "HTTP/1.1 200 \r\nx-a: b\r\n\r\n");
	size_t n = body_of(stream, body, sizeof(body) - 1);
	body[n] = '\0';
	ASSERT_STR(body, "GET /a?b=c HTTP/1.1\r\nHost: a.test:81\r\naccept: */*\r\nx-empty: \r\n"
			 "\r\n");
	wok__h2_stream_free(stream);
	ends_close(&ends);
}

TEST_TASK(many_requests_share_a_connection, "client-51")
{
	struct ends ends = {.server.handler = say_hello};
	struct wok__h2_stream *streams[50];
	char body[8];

	ends_open(&ends);
	/* One may go before the server has said how many it takes. */
	ASSERT_EQ(wok__h2_room(ends.client.h2), 1);
	test_settle();
	for (int i = 0; i < 50; i++)
		streams[i] = ask(&ends.client, "/");
	ASSERT_EQ(wok__h2_room(ends.client.h2), 50);
	for (int i = 0; i < 50; i++) {
		ASSERT_EQ(body_of(streams[i], body, sizeof(body)), 5);
		wok__h2_stream_free(streams[i]);
	}
	ASSERT_EQ(wok__h2_room(ends.client.h2), 100);
	ends_close(&ends);
}

static char big[300000];

static int upload(void *arg)
{
	struct iovec part = {big, sizeof(big)};

	return wok__h2_write(arg, &part, 1, true, NULL);
}

TEST_TASK(bodies_larger_than_windows_go_both_ways_at_once)
{
	struct ends ends = {.server.handler = echo_body};
	struct wok__h2_stream *stream;
	static char body[sizeof(big) + 1];

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char) (i * 7 + i / 1000);
	ends_open_with(&ends, &(wok_stream_pair_options){.capacity = 1000}, NULL, NULL);
	ASSERT_OK(ask_with(&ends.client, "POST", "/", "Host: a\r\n", true, &stream));
	WOK_AUTO(wok_task) *uploading = wok_create_task(upload, stream);
	ASSERT_EQ(body_of(stream, body, sizeof(body)), sizeof(big));
	ASSERT_MEM(body, big, sizeof(big));
	ASSERT_OK(wok_await(uploading));
	wok__h2_stream_free(stream);
	ends_close(&ends);
}

static int answer_and_stream(struct server *server, struct wok__h2_stream *stream)
{
	struct iovec part = {big, sizeof(big)};
	size_t *done = server->arg;

	WOK_TRY(wok__h2_send_response(stream, 200, VIEW_OF(""), true));
	int r = wok__h2_write(stream, &part, 1, true, done);
	return r;
}

TEST_TASK(what_nobody_reads_stays_with_its_sender, "client-52")
{
	size_t done = 0;
	struct ends ends = {.server = {.handler = answer_and_stream, .arg = &done}};
	static char body[sizeof(big) + 1];

	ends_open(&ends);
	struct wok__h2_stream *stream = ask(&ends.client, "/");
	ASSERT_OK(wok__h2_await_head(stream));
	test_settle();
	ASSERT_EQ(stream->received, 65535);
	ASSERT_EQ(ends.client.h2->unread, 65535);
	ASSERT_EQ(wok__h2_take(stream, body, 1000), 1000);
	test_settle();
	ASSERT_EQ(stream->received, 65535); /* a window is not opened for so little */
	ASSERT_EQ(body_of(stream, body, sizeof(body)), sizeof(big) - 1000);
	ASSERT_EQ(done, sizeof(big));
	wok__h2_stream_free(stream);
	ends_close(&ends);
}

TEST_TASK(a_stream_that_nobody_reads_does_not_stop_its_siblings, "http-31", "client-52")
{
	size_t done = 0;
	struct ends ends = {.server = {.handler = answer_and_stream, .arg = &done}};
	static char body[sizeof(big) + 1];
	struct wok__h2_stream *stalled[10];

	ends_open(&ends);
	test_settle();
	for (int i = 0; i < 10; i++)
		stalled[i] = ask(&ends.client, "/");
	test_settle();
	ASSERT_EQ(ends.client.h2->unread, 10 * 65535);
	struct wok__h2_stream *stream = ask(&ends.client, "/");
	ASSERT_EQ(body_of(stream, body, sizeof(body)), sizeof(big));
	wok__h2_stream_free(stream);
	for (int i = 0; i < 10; i++)
		wok__h2_stream_free(stalled[i]);
	ASSERT_EQ(ends.client.h2->unread, 0);
	ends_close(&ends);
}

TEST_TASK(all_bodies_together_have_a_limit)
{
	size_t done = 0;
	struct ends ends = {.server = {.handler = answer_and_stream, .arg = &done}};
	struct wok__h2_settings settings = usual_settings(false);
	struct wok__h2_stream *streams[20];
	static char body[sizeof(big) + 1];

	settings.unread = 200000;
	ends_open_with(&ends, NULL, NULL, &settings);
	test_settle();
	for (int i = 0; i < 20; i++)
		streams[i] = ask(&ends.client, "/");
	test_settle();
	ASSERT(ends.client.h2->unread > 100000);
	ASSERT(ends.client.h2->unread <= 200000 + 16384);
	/* What these hold back is given to the rest as they are left. */
	for (int i = 1; i < 20; i++)
		wok__h2_stream_free(streams[i]);
	ASSERT_EQ(body_of(streams[0], body, sizeof(body)), sizeof(big));
	wok__h2_stream_free(streams[0]);
	ASSERT_EQ(ends.client.h2->unread, 0);
	ASSERT_EQ(ends.client.h2->withheld, 0);
	ends_close(&ends);
}

TEST_TASK(a_stream_that_is_left_is_reset_and_harms_nobody)
{
	struct ends ends = {.server.handler = never_answer};

	ends_open(&ends);
	struct wok__h2_stream *left = ask(&ends.client, "/");
	test_settle();
	ends.server.handler = say_hello;
	wok__h2_stream_free(left);
	struct wok__h2_stream *stream = ask(&ends.client, "/");
	char body[8];
	ASSERT_EQ(body_of(stream, body, sizeof(body)), 5);
	wok__h2_stream_free(stream);
	test_settle();
	ASSERT_EQ(ends.server.h2->n_streams, 0);
	ASSERT_EQ(ends.client.h2->n_live, 0);
	ends_close(&ends);
}

static int answer_with_trailers(struct server *server, struct wok__h2_stream *stream)
{
	(void) server;
	WOK_TRY(wok__h2_send_response(stream, 103, VIEW_OF("Link: </a>\r\n"), true));
	WOK_TRY(wok__h2_send_response(stream, 200, VIEW_OF("Trailer: X-Sum\r\n"), true));
	WOK_TRY(write_text(stream, "data", false));
	return wok__h2_end(stream, VIEW_OF("X-Sum: 1\r\nContent-Type: a/b\r\n"));
}

TEST_TASK(interim_responses_and_trailers_pass)
{
	struct ends ends = {.server.handler = answer_with_trailers};
	char body[8];

	ends_open(&ends);
	struct wok__h2_stream *stream = ask(&ends.client, "/");
	ASSERT_STR(head_of(stream), "HTTP/1.1 200 \r\ntrailer: X-Sum\r\n\r\n");
	ASSERT_EQ(stream->n_interim, 1);
	ASSERT_EQ(body_of(stream, body, sizeof(body)), 4);
	/* What belongs into a head is not taken from the end. */
	ASSERT_EQ(stream->trailers.size, strlen("x-sum: 1\r\n"));
	ASSERT_MEM(stream->trailers.data, "x-sum: 1\r\n", stream->trailers.size);
	wok__h2_stream_free(stream);
	ends_close(&ends);
}

static int answer_without_reading(struct server *server, struct wok__h2_stream *stream)
{
	(void) server;
	return wok__h2_send_response(stream, 413, VIEW_OF("Content-Length: 0\r\n"), false);
}

TEST_TASK(an_answer_before_the_request_has_ended_stops_the_upload)
{
	struct ends ends = {.server.handler = answer_without_reading};
	struct wok__h2_stream *stream;

	ends_open(&ends);
	ASSERT_OK(ask_with(&ends.client, "POST", "/", "Host: a\r\n", true, &stream));
	struct iovec part = {big, sizeof(big)};
	ASSERT_ERR(wok__h2_write(stream, &part, 1, true, NULL), -EPIPE);
	ASSERT_STR(head_of(stream), "HTTP/1.1 413 \r\ncontent-length: 0\r\n\r\n");
	char body[1];
	ASSERT_EQ(wok__h2_read(stream, body, 1), 0);
	wok__h2_stream_free(stream);
	ends_close(&ends);
}

static int break_off(struct server *server, struct wok__h2_stream *stream)
{
	(void) server;
	WOK_TRY(wok__h2_send_response(stream, 200, VIEW_OF(""), true));
	return write_text(stream, "half", false);
}

TEST_TASK(a_body_that_breaks_off_is_an_error_not_an_end)
{
	struct ends ends = {.server.handler = break_off};
	char body[8];

	ends_open(&ends);
	struct wok__h2_stream *stream = ask(&ends.client, "/");
	ASSERT_OK(wok__h2_await_head(stream));
	ASSERT_EQ(wok__h2_read(stream, body, 8), 4);
	ASSERT_ERR(wok__h2_read(stream, body, 8), -ECONNRESET);
	wok__h2_stream_free(stream);
	ends_close(&ends);
}

/* SPDX-License-Identifier: MIT */
/* Replies: what goes out, what is refused, and what becomes of a handler's errors. */
#include <wok/loop.h>
#include <wok/task.h>

#include "harness/reports.h"
#include "http/server_check.h"

/* Serve one request with this handler; the client's bytes stay in peer->in. */
static void serve_one(struct peer *peer, wok_http_handler_fn *handler, const char *request)
{
	if (!peer->app)
		peer_route(peer, "*", "/*", handler);
	peer_open(peer);
	peer_send(peer, request);
	peer_listen(peer);
}

static int stream_pieces(wok_http_request *request, void *arg)
{
	const wok_http_reply_options options = {.status = 201, .content_type = "text/csv"};

	(void) arg;
	WOK_TRY(wok_http_reply_begin(request, &options));
	WOK_TRY(wok_http_reply_write(request, "a,", 2));
	WOK_TRY(wok_http_reply_write(request, "", 0)); /* not the end */
	return wok_http_reply_write(request, "b\n", 2);
}

TEST_TASK(a_streamed_reply_is_chunked_and_the_connection_goes_on)
{
	struct peer peer = {0};
	struct answer answer;

	serve_one(&peer, stream_pieces, REQUEST_GET("/") REQUEST_GET("/"));
	for (int i = 0; i < 2; i++) {
		ASSERT(next_answer(&peer.in, 0, &answer));
		ASSERT_EQ(answer.status, 201);
		ASSERT_STR(answer_header(&answer, "Transfer-Encoding"), "chunked");
		ASSERT_STR(answer_header(&answer, "Content-Type"), "text/csv");
		ASSERT_STR(answer_header(&answer, "Connection"), NULL);
		ASSERT_STR(answer.body, "a,b\n");
		ASSERT(answer.whole);
	}
	expect_no_more(&peer.in);
	peer_end(&peer);
}

TEST_TASK(a_streamed_reply_to_head_is_a_head_alone)
{
	struct peer peer = {0};
	struct answer answer;

	serve_one(&peer, stream_pieces, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" REQUEST_GET("/"));
	ASSERT(next_answer(&peer.in, WOK__H1_FOR_HEAD, &answer));
	ASSERT_EQ(answer.status, 201);
	ASSERT_STR(answer_header(&answer, "Transfer-Encoding"), "chunked");
	expect_answer(&peer.in, 201, "a,b\n");
	expect_no_more(&peer.in);
	peer_end(&peer);
}

static int stream_slowly(wok_http_request *request, void *arg)
{
	struct peer *peer = arg;
	char piece[1000];

	memset(piece, 'x', sizeof(piece));
	WOK_TRY(wok_http_reply_begin(request, NULL));
	for (int i = 0; i < 100; i++) {
		WOK_TRY(wok_http_reply_write(request, piece, sizeof(piece)));
		peer->calls++;
	}
	return 0;
}

TEST_TASK(writing_a_reply_waits_for_a_client_that_reads_slowly)
{
	struct peer peer = {0};
	char buf[3000];

	peer_route(&peer, "GET", "/", stream_slowly);
	peer_open_sized(&peer, 4096);
	peer_send(&peer, REQUEST_GET("/"));
	test_settle();
	ASSERT(peer.calls <= 4);
	ASSERT_OK(wok_stream_read(peer.client, buf, sizeof(buf)));
	test_settle();
	ASSERT(peer.calls <= 7);
	peer_listen(&peer);
	ASSERT_EQ(peer.calls, 100);
	peer_end(&peer);
}

static int reply_with(wok_http_request *request, void *arg)
{
	return wok_http_reply(request, arg);
}

static int begin_with(wok_http_request *request, void *arg)
{
	WOK_TRY(wok_http_reply_begin(request, arg));
	return wok_http_reply_write(request, "ignored", 7);
}

TEST_TASK(replies_204_205_and_304_come_without_a_body, "http-43")
{
	static const wok_http_header etag = {"ETag", "\"1\""};
	static const int statuses[] = {204, 205, 304};

	for (int i = 0; i < 6; i++) {
		wok_http_reply_options options = {
			.status = statuses[i / 2], .headers = &etag, .n_headers = 1};
		struct peer peer = {0};
		struct answer answer;
		ASSERT_OK(wok_http_app_new(&peer.app));
		ASSERT_OK(wok_http_route(peer.app, "GET", "/*", i % 2 ? begin_with : reply_with,
					 &options));
		serve_one(&peer, NULL, REQUEST_GET("/") REQUEST_GET("/"));
		for (int k = 0; k < 2; k++) {
			ASSERT(next_answer(&peer.in, 0, &answer));
			ASSERT_EQ(answer.status, options.status);
			ASSERT_STR(answer_header(&answer, "Transfer-Encoding"), NULL);
			ASSERT_STR(answer_header(&answer, "Content-Length"),
				   options.status == 205 ? "0" : NULL);
			ASSERT_STR(answer_header(&answer, "ETag"), "\"1\"");
			ASSERT(answer_header(&answer, "Date") != NULL);
		}
		expect_no_more(&peer.in);
		peer_end(&peer);
	}
}

static int try_bad_replies(wok_http_request *request, void *arg)
{
	static const wok_http_header headers[] = {
		{"X", "a\r\nEvil: 1"},
		{"X", "a\nb"},
		{"X\r\nEvil", "1"},
		{"X Y", "1"},
		{"", "1"},
		{"X:", "1"},
		{"Content-Length", "5"},
		{"transfer-encoding", "chunked"},
		{"Connection", "close"},
		{"Trailer", "X"},
		{"Keep-Alive", "timeout=1"},
	};

	(void) arg;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		const wok_http_reply_options options = {.headers = &headers[i], .n_headers = 1};
		ASSERT_ERR(wok_http_reply(request, &options), -EINVAL);
		ASSERT_ERR(wok_http_reply_begin(request, &options), -EINVAL);
	}
	static const wok_http_reply_options bad[] = {
		{.status = 199},
		{.status = 100},
		{.status = 600},
		{.status = -1},
		{.status = 204, .body = "x", .body_size = 1},
		{.status = 205, .body = "x", .body_size = 1},
		{.status = 304, .body = "x", .body_size = 1},
		{.content_type = "text/plain\r\nEvil: 1"},
		{.body_size = 5},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ASSERT_ERR(wok_http_reply(request, &bad[i]), -EINVAL);
	ASSERT_ERR(wok_http_reply_begin(request,
					&(wok_http_reply_options){.body = "x", .body_size = 1}),
		   -EINVAL);
	ASSERT_ERR(wok_http_reply_write(request, "x", 1), -EINVAL);
	return wok_http_reply_text(request, 200, "fine");
}

TEST_TASK(what_must_not_be_sent_is_refused_and_a_good_reply_may_follow)
{
	struct peer peer = {0};

	serve_one(&peer, try_bad_replies, REQUEST_GET("/"));
	expect_answer(&peer.in, 200, "fine");
	expect_no_more(&peer.in);
	ASSERT(!strstr(peer.in.data, "Evil"));
	peer_end(&peer);
}

static int reply_twice(wok_http_request *request, void *arg)
{
	(void) arg;
	WOK_TRY(wok_http_reply_text(request, 200, "one"));
	ASSERT_ERR(wok_http_reply_text(request, 200, "two"), -EALREADY);
	ASSERT_ERR(wok_http_reply_begin(request, NULL), -EALREADY);
	ASSERT_ERR(wok_http_reply_write(request, "x", 1), -EINVAL);
	return 0;
}

TEST_TASK(a_second_reply_is_refused)
{
	struct peer peer = {0};

	serve_one(&peer, reply_twice, REQUEST_GET("/"));
	expect_answer(&peer.in, 200, "one");
	expect_no_more(&peer.in);
	peer_end(&peer);
}

static int reply_nothing(wok_http_request *request, void *arg)
{
	(void) request;
	(void) arg;
	return 0;
}

TEST_TASK(a_handler_without_a_reply_gives_204)
{
	struct peer peer = {0};

	serve_one(&peer, reply_nothing, REQUEST_GET("/") REQUEST_GET("/"));
	expect_answer(&peer.in, 204, "");
	expect_answer(&peer.in, 204, "");
	expect_no_more(&peer.in);
	peer_end(&peer);
}

static int fail_secretly(wok_http_request *request, void *arg)
{
	(void) request;
	(void) arg;
	return wok_fail(-EACCES, "the password is hunter2");
}

static int one_secret(void *unused)
{
	struct peer peer = {0};
	struct answer answer;

	(void) unused;
	serve_one(&peer, fail_secretly, REQUEST_GET("/path") REQUEST_GET("/path"));
	ASSERT(next_answer(&peer.in, 0, &answer));
	ASSERT_EQ(answer.status, 500);
	ASSERT_STR(answer.body, "Internal Server Error");
	expect_answer(&peer.in, 500, NULL); /* the framing is fine: the connection goes on */
	ASSERT(!strstr(peer.in.data, "hunter2"));
	peer_end(&peer);
	return 0;
}

TEST(an_error_of_a_handler_is_a_500_that_tells_nothing_and_a_report_that_does, "server-26")
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, one_secret, NULL));
	ASSERT_EQ(reports.n, 2);
	ASSERT_EQ(reports.kept[0].code, -EACCES);
	ASSERT_REPORT(&reports, 0, "GET /path");
	ASSERT_REPORT(&reports, 0, "hunter2");
}

/* A handler may talk to others: what breaks there is not its client's doing. */
static int fail_of_others(wok_http_request *request, void *arg)
{
	(void) request;
	(void) arg;
	return -ECONNRESET;
}

static int one_of_others(void *unused)
{
	struct peer peer = {0};

	(void) unused;
	serve_one(&peer, fail_of_others, REQUEST_GET("/"));
	expect_answer(&peer.in, 500, NULL);
	peer_end(&peer);
	return 0;
}

TEST(a_broken_connection_that_is_not_the_clients_is_reported)
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, one_of_others, NULL));
	ASSERT_EQ(reports.n, 1);
}

static int fail_in_the_middle(wok_http_request *request, void *arg)
{
	(void) arg;
	WOK_TRY(wok_http_reply_begin(request, NULL));
	WOK_TRY(wok_http_reply_write(request, "half", 4));
	return -EIO;
}

static int one_half(void *unused)
{
	struct peer peer = {0};
	struct answer answer;

	(void) unused;
	serve_one(&peer, fail_in_the_middle, REQUEST_GET("/"));
	peer_expect_end(&peer, WOK_SECOND);
	ASSERT(next_answer(&peer.in, 0, &answer));
	ASSERT_STR(answer.body, "half");
	ASSERT(!answer.whole);
	peer_end(&peer);
	return 0;
}

TEST(a_streamed_reply_that_fails_breaks_off_and_never_looks_whole)
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, one_half, NULL));
	ASSERT_EQ(reports.n, 1);
}

/* --- one write -------------------------------------------------------------------------------- */

static int writes;

static ssize_t inner_read(void *self, void *data, size_t size)
{
	return wok_stream_read(self, data, size);
}

static ssize_t inner_write(void *self, const struct iovec *parts, int n_parts)
{
	struct iovec copy[8];
	size_t done;

	writes++;
	memcpy(copy, parts, sizeof(parts[0]) * (size_t) n_parts);
	int r = wok_stream_write_parts(self, copy, n_parts, &done);
	return r < 0 ? r : (ssize_t) done;
}

static int inner_shutdown(void *self)
{
	return wok_stream_shutdown(self);
}

static int inner_close(void *self)
{
	wok_stream_free(self);
	return 0;
}

static const wok_stream_ops counting = {
	.name = "counting",
	.read = inner_read,
	.write = inner_write,
	.shutdown = inner_shutdown,
	.close = inner_close,
};

/* hyper#1184: a head and a body in two writes meet Nagle and the delayed acknowledgement. */
TEST_TASK(a_head_and_its_body_go_out_in_one_write)
{
	static char body[100000];
	static const size_t sizes[] = {0, 1, 4000, 4096, 4097, 8115, 100000};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		wok_http_reply_options options = {.body = body, .body_size = sizes[i]};
		struct peer peer = {0};
		wok_stream *inner;
		ASSERT_OK(wok_http_app_new(&peer.app));
		ASSERT_OK(wok_http_route(peer.app, "GET", "/", reply_with, &options));
		ASSERT_OK(wok_stream_pair(1 << 18, &peer.client, &inner));
		ASSERT_OK(wok_stream_new(&counting, inner, &peer.server));
		peer.serving = wok_create_task(serve_peer, &peer);
		writes = 0;
		peer_send(&peer, REQUEST_GET("/"));
		peer_listen(&peer);
		if (writes != 1)
			FAIL("a body of %zu bytes took %d writes", sizes[i], writes);
		peer_end(&peer);
	}
}

static int wait_and_reply(wok_http_request *request, void *arg)
{
	struct peer *peer = arg;
	char piece[1000] = {0};
	int r;

	WOK_TRY(wok_http_reply_begin(request, NULL));
	while ((r = wok_http_reply_write(request, piece, sizeof(piece))) == 0)
		;
	peer->calls = r;
	return r;
}

static int leave_in_the_middle(void *unused)
{
	struct peer peer = {0};

	(void) unused;
	peer_route(&peer, "GET", "/", wait_and_reply);
	peer_open_sized(&peer, 4096);
	peer_send(&peer, REQUEST_GET("/"));
	test_settle();
	ASSERT_EQ(peer.calls, 0);
	peer_close(&peer, 0);
	ASSERT_EQ(peer.calls, -EPIPE);
	wok_http_app_free(peer.app);
	return 0;
}

TEST(a_client_that_leaves_in_the_middle_of_a_reply_ends_its_handler_quietly)
{
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, leave_in_the_middle, NULL));
	ASSERT_EQ(reports.n, 0);
}

/* Each call that may wait is a checkpoint, also where it has nothing to wait for. */
static int count_checkpoints(wok_http_request *request, void *arg)
{
	uint64_t before;
	wok_view body;
	char byte;

	(void) arg;
	for (int i = 0; i < 2; i++) {
		before = wok_test_checkpoints();
		ASSERT_EQ(wok_http_request_read(request, &byte, 1), 1 - i);
		ASSERT(wok_test_checkpoints() > before);
	}
	for (int i = 0; i < 2; i++) {
		before = wok_test_checkpoints();
		ASSERT_OK(wok_http_request_body(request, &body));
		ASSERT(wok_test_checkpoints() > before);
	}
	before = wok_test_checkpoints();
	ASSERT_OK(wok_http_reply_begin(request, NULL));
	ASSERT(wok_test_checkpoints() > before);
	for (size_t i = 0; i < 2; i++) {
		before = wok_test_checkpoints();
		ASSERT_OK(wok_http_reply_write(request, "x", i));
		ASSERT(wok_test_checkpoints() > before);
	}
	return 0;
}

TEST_TASK(each_call_of_a_handler_that_may_wait_is_a_checkpoint)
{
	struct peer peer = {0};

	serve_one(&peer, count_checkpoints, REQUEST_POST("/", "1") "b");
	expect_answer(&peer.in, 200, "x");
	peer_end(&peer);
}

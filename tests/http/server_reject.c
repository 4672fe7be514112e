/* SPDX-License-Identifier: MIT */
/* The must-reject list of behaviours/http.md, whole, through a server that runs. */
#include "http/h1_reject_body.h"
#include "http/h1_reject_head.h"
#include "http/server_check.h"

/* What a smuggler hopes for: a request behind the bad one. */
#define SMUGGLED "\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

static int smuggled;

static int be_smuggled(wok_http_request *request, void *arg)
{
	(void) arg;
	smuggled++;
	return wok_http_reply_text(request, 200, "smuggled");
}

/*
 * Requests that a row has in front of the bad one are answered; then comes exactly one refusal, and
 * the end. Handlers count only what they got whole.
 */
static void check_row(const char *what, const struct rejection *row)
{
	struct peer peer = {0};
	struct answer answer;
	int good = 0, refused = 0;

	peer_route(&peer, "*", "/smuggled", be_smuggled);
	peer_route(&peer, "*", "/*", echo_body);
	peer_open(&peer);
	peer_send_bytes(&peer, row->bad, row->bad_size);
	peer_send(&peer, SMUGGLED);
	peer_expect_end(&peer, WOK_SECOND);
	while (next_answer(&peer.in, 0, &answer)) {
		good += answer.status == 200;
		if (answer.status == 200)
			continue;
		refused++;
		if (answer.status != row->status || answer.keep_alive)
			FAIL("%s: not %d and close, but\n%s", what, row->status, answer.head);
		if (strcmp(answer.body, wok__h1_reason(row->status)) != 0)
			FAIL("%s: the body says \"%s\"", what, answer.body);
	}
	if (refused != (row->status > 0) || good != peer.calls || smuggled > 0)
		FAIL("%s: %d refusals, %d answers, %d calls, %d smuggled:\n%s", what, refused, good,
		     peer.calls, smuggled, peer.in.data);
	peer_end(&peer);
}

static void check_rows(const char *table, const struct rejection *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char what[64];
		snprintf(what, sizeof(what), "%s, row %zu, item %d", table, i, rows[i].item);
		check_row(what, &rows[i]);
	}
}

#define CHECK_ROWS(rows) check_rows(#rows, rows, sizeof(rows) / sizeof(rows[0]))

TEST_TASK(each_bad_request_gets_one_refusal_and_the_connection_ends, "http-34")
{
	CHECK_ROWS(framing);
	CHECK_ROWS(chunks);
	CHECK_ROWS(lines);
	CHECK_ROWS(start_lines);
	CHECK_ROWS(hosts);
}

/* The nearest good requests: without them a server that refuses everything would pass. */
static void check_good(const struct rejection *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct peer peer = {0};
		struct answer answer;
		peer_route(&peer, "*", "/*", echo_body);
		peer_open(&peer);
		peer_send_bytes(&peer, rows[i].good, rows[i].good_size);
		peer_listen(&peer);
		ASSERT(next_answer(&peer.in, 0, &answer));
		/* CONNECT is 501, and there is a PRI without a body. */
		if (answer.status != 200 && answer.status != 501)
			FAIL("the good request\n%s\ngives\n%s", rows[i].good, answer.head);
		peer_end(&peer);
	}
}

#define CHECK_GOOD(rows) check_good(rows, sizeof(rows) / sizeof(rows[0]))

TEST_TASK(the_nearest_good_requests_are_answered)
{
	CHECK_GOOD(framing);
	CHECK_GOOD(chunks);
	CHECK_GOOD(lines);
	CHECK_GOOD(start_lines);
	CHECK_GOOD(hosts);
}

TEST_TASK(after_a_framing_error_nothing_more_is_parsed, "http-34") /* item 41 */
{
	struct peer peer = {0};

	peer_route(&peer, "*", "/*", say_hello);
	peer_open(&peer);
	peer_send(&peer, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
			 "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
	peer_listen(&peer);
	peer_send(&peer, REQUEST_GET("/"));
	peer_expect_end(&peer, WOK_MINUTE);
	expect_answer(&peer.in, 400, NULL);
	expect_no_more(&peer.in);
	ASSERT_EQ(peer.calls, 0);
	peer_end(&peer);
}

TEST_TASK(the_body_of_any_method_is_consumed_before_the_next_request, "http-34") /* item 42 */
{
	static const char *const methods[] = {"GET", "HEAD", "OPTIONS", "DELETE", "PURGE"};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct peer peer = {0};
		struct answer answer;
		char text[300];
		peer_route(&peer, "*", "/*", echo_path);
		snprintf(text, sizeof(text),
			 "%s /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 35\r\n\r\n"
			 "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n" REQUEST_GET("/2"),
			 methods[i]);
		peer_open(&peer);
		peer_send(&peer, text);
		peer_listen(&peer);
		ASSERT(next_answer(&peer.in, i == 1 ? WOK__H1_FOR_HEAD : 0, &answer));
		ASSERT_EQ(answer.status, 200);
		expect_answer(&peer.in, 200, "/2");
		expect_no_more(&peer.in);
		peer_end(&peer);
	}
}

TEST_TASK(bytes_behind_a_request_that_says_close_are_ignored, "http-34") /* item 44 */
{
	struct peer peer = {0};

	peer_route(&peer, "GET", "/*", echo_path);
	peer_open(&peer);
	peer_send(&peer,
		  "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" REQUEST_GET("/2"));
	peer_expect_end(&peer, WOK_SECOND);
	expect_answer(&peer.in, 200, "/1");
	expect_no_more(&peer.in);
	ASSERT_EQ(peer.calls, 1);
	peer_end(&peer);
}

TEST_TASK(an_upgrade_that_nobody_knows_is_a_request_like_others) /* item 45 */
{
	struct peer peer = {0};

	peer_route(&peer, "*", "/*", echo_body);
	peer_open(&peer);
	peer_send(&peer, "POST /1 HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n"
			 "Content-Length: 5\r\n\r\nhello" REQUEST_GET("/2"));
	peer_listen(&peer);
	expect_answer(&peer.in, 200, "hello");
	expect_answer(&peer.in, 200, "");
	peer_end(&peer);
}

TEST_TASK(each_limit_of_the_head_has_its_status)
{
	static const struct {
		const char *head;
		int status;
	} rows[] = {
		{"GET /0123456789012345678901234567890123456789 HTTP/1.1\r\nHost: a\r\n\r\n", 414},
		{"GET / HTTP/1.1\r\nHost: a\r\nX: 0123456789012345678901234567890123456789\r\n\r\n",
		 431},
		{"GET / HTTP/1.1\r\nHost: a\r\nA:\r\nB:\r\nC:\r\nD:\r\n\r\n", 431},
		{"GET / HTTP/1.1\r\nHost: a\r\nA: 0123456789012345678901234567890\r\n"
		 "B: 0123456789012345678901234567890\r\nC: "
		 "01234567890123456789012345678901\r\n\r\n",
		 431},
		{"GET /01234567890123456789012345 HTTP/1.1\r\nHost: a\r\nA:\r\nB:\r\nC:\r\n\r\n",
		 200},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct peer peer = {.options = {.max_line = 40, .max_head = 120, .max_headers = 4}};
		peer_route(&peer, "*", "/*", say_hello);
		peer_open(&peer);
		peer_send(&peer, rows[i].head);
		peer_listen(&peer);
		expect_answer(&peer.in, rows[i].status, NULL);
		ASSERT_EQ(peer.calls, rows[i].status == 200);
		peer_end(&peer);
	}
}

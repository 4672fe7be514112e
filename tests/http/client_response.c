/* SPDX-License-Identifier: MIT */
/* What a client makes of responses, right ones and wrong ones. */
#include "http/client_check.h"

static wok_http_response *fetch(wok_http_session *session, const char *method, const char *url)
{
	wok_http_response *response = NULL;

	ASSERT_OK(wok_http_fetch(session, method, url, NULL, &response));
	return response;
}

TEST_REAL(a_response_tells_its_status_headers_and_body, "client-81")
{
	static const wok_http_header expected[] = {
		{"Set-Cookie", "a=1"}, {"X", ""}, {"set-cookie", "b=2"}, {"Content-Length", "5"}};
	struct fake fake = {.response = "HTTP/1.1 299 Fine\r\nSet-Cookie: a=1\r\nX:\r\n"
					"set-cookie:b=2\t\r\nContent-Length: 5\r\n\r\nhello"};
	wok_http_header header;
	wok_view body;
	size_t i;

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session = new_session(NULL);
	WOK_AUTO(wok_http_response) *response = fetch(session, "GET", fake.url);
	ASSERT_EQ(wok_http_status(response), 299);
	ASSERT_STR(wok_http_header_value(response, "SET-COOKIE"), "a=1");
	ASSERT_STR(wok_http_header_value(response, "Y"), NULL);
	for (i = 0; wok_http_header_at(response, i, &header); i++) {
		ASSERT_STR(header.name, expected[i].name);
		ASSERT_STR(header.value, expected[i].value);
	}
	ASSERT_EQ(i, 4);
	ASSERT_OK(wok_http_body(response, &body));
	ASSERT_OK(wok_http_body(response, &body)); /* and again */
	ASSERT_EQ(body.size, 5);
	ASSERT_STR(body.data, "hello");
	ASSERT_STR(wok_http_header_value(response, "set-cookie"), "a=1");
	fake_close(&fake);
	return 0;
}

/* Read a body piece by piece: the bytes, and how it ended. */
static int read_pieces(wok_http_response *response, char *text, size_t room)
{
	size_t size = 0;
	ssize_t n;

	while ((n = wok_http_read(response, text + size, 3)) > 0) {
		size += (size_t) n;
		ASSERT(size + 4 < room);
	}
	text[size] = '\0';
	return (int) n;
}

TEST_REAL(a_body_may_come_by_length_in_chunks_or_until_the_end)
{
	static const char *const rows[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhelloworld",
		("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		 "5;x=y\r\nhello\r\n5\r\nworld\r\n0\r\nX: y\r\n\r\n"),
		"HTTP/1.1 200 OK\r\n\r\nhelloworld",
		"HTTP/1.0 200 OK\r\n\r\nhelloworld",
	};

	for (size_t i = 0; i < 4; i++) {
		struct fake fake = {.response = rows[i], .close_after = i >= 2 ? 1 : 0};
		char text[100];
		fake_open(&fake);
		WOK_AUTO(wok_http_session) *session = new_session(NULL);
		WOK_AUTO(wok_http_response) *response = fetch(session, "GET", fake.url);
		ASSERT_OK(read_pieces(response, text, sizeof(text)));
		ASSERT_STR(text, "helloworld");
		ASSERT_EQ(wok_http_read(response, text, 1), 0);
		/* reusable, and free before the response is */
		ASSERT_STATS(session, i < 2, i < 2, 0);
		ASSERT_EQ(request_all(session, "GET", fake.url, NULL, "helloworld"), 200);
		ASSERT_EQ(fake.connections, i < 2 ? 1 : 2);
		fake_close(&fake);
	}
	return 0;
}

TEST_REAL(a_body_that_is_cut_off_is_an_error_after_the_bytes_so_far, "http-4", "client-72")
{
	static const char *const rows[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nhello",
	};

	for (size_t i = 0; i < 4; i++) {
		struct fake fake = {.response = rows[i], .close_after = 1};
		char text[100];
		wok_view body;
		fake_open(&fake);
		WOK_AUTO(wok_http_session) *session = new_session(NULL);
		WOK_AUTO(wok_http_response) *response = fetch(session, "GET", fake.url);
		ASSERT_ERR(read_pieces(response, text, sizeof(text)), WOK_EEOF);
		ASSERT_MESSAGE(WOK_EEOF, fake.url);
		ASSERT_STR(text, "hello");
		ASSERT_ERR(wok_http_read(response, text, 1), WOK_EEOF); /* it stays one */
		ASSERT_ERR(wok_http_body(response, &body), WOK_EEOF);
		ASSERT_ERR(get_all(session, fake.url), WOK_EEOF);
		ASSERT_STATS(session, 0, 0, 0);
		fake_close(&fake);
	}
	return 0;
}

TEST_REAL(an_answer_to_head_has_no_body_whatever_it_says, "http-6")
{
	static const char *const rows[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.1 200 OK\r\n\r\n",
	};

	for (size_t i = 0; i < 3; i++) {
		struct fake fake = {.response = rows[i]};
		fake_open(&fake);
		WOK_AUTO(wok_http_session) *session = new_session(NULL);
		ASSERT_EQ(request_all(session, "HEAD", fake.url, NULL, ""), 200);
		ASSERT_EQ(request_all(session, "HEAD", fake.url, NULL, ""), 200);
		ASSERT_EQ(fake.connections, 1);
		fake_close(&fake);
	}
	return 0;
}

TEST_REAL(a_204_or_304_has_no_body_whatever_it_says, "http-7")
{
	static const char *const rows[] = {
		"HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n",
		"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n",
		"HTTP/1.1 304 No\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.1 204 No\r\n\r\n",
	};

	for (size_t i = 0; i < 5; i++) {
		struct fake fake = {.response = rows[i]};
		fake_open(&fake);
		WOK_AUTO(wok_http_session) *session = new_session(NULL);
		ASSERT_EQ(request_all(session, "GET", fake.url, NULL, ""),
			  i < 2 || i > 3 ? 204 : 304);
		fake_close(&fake);
	}
	return 0;
}

#define HINTS "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"

TEST_REAL(interim_responses_are_skipped_and_bounded, "http-8", "client-66")
{
	struct fake fake = {.response = "HTTP/1.1 100 Continue\r\n\r\n" HINTS HINTS OK_RESPONSE};
	char many[40 * sizeof(HINTS) + 100] = "";

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session = new_session(NULL);
	WOK_AUTO(wok_http_response) *response = fetch(session, "GET", fake.url);
	ASSERT_EQ(wok_http_status(response), 200);
	ASSERT_STR(wok_http_header_value(response, "Link"), NULL);
	for (int i = 0; i < 40; i++)
		strcat(many, HINTS);
	strcat(many, OK_RESPONSE);
	fake.response = many;
	ASSERT_ERR(get_all(session, fake.url), WOK_EPEER);
	ASSERT_MESSAGE(WOK_EPEER, "interim");
	fake.response =
		"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
	ASSERT_ERR(get_all(session, fake.url), WOK_EPEER);
	fake_close(&fake);
	return 0;
}

TEST_REAL(a_malformed_response_is_an_error_that_names_its_url)
{
	static const struct {
		const char *text;
		int code;
	} rows[] = {
		{"garbage\r\n\r\n", WOK_EPEER},
		{"HTTP/1.1 99 X\r\n\r\n", WOK_EPEER}, /* item 48 */
		{"HTTP/1.1 2000 X\r\n\r\n", WOK_EPEER},
		{"HTTP/1.1 2x0 X\r\n\r\n", WOK_EPEER},
		{"HTTP/1.1\r\n\r\n", WOK_EPEER},
		{"HTTP/2.0 200 OK\r\n\r\n", WOK_EPEER},
		{"http/1.1 200 OK\r\n\r\n", WOK_EPEER},
		{"\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", WOK_EPEER},
		{"HTTP/1.1 200 OK\nContent-Length: 0\n\n", WOK_EPEER},
		{"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", WOK_EPEER},
		{"HTTP/1.1 200 OK\r\nX : a\r\n\r\n", WOK_EPEER},
		{"HTTP/1.1 200 OK\r\nX\r\n\r\n", WOK_EPEER},
		{"HTTP/1.1 200 OK\r\nX: \x01\r\n\r\n", WOK_EPEER},
		{"HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\nhello", WOK_EPEER},
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
		 WOK_EPEER},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello", WOK_EPEER},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", WOK_EPEER},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n", WOK_EPEER},
		{"\x15\x03\x03\x00\x02\x02\x46", WOK_EPEER}, /* a TLS alert */
		{"HTTP/1.1 200 OK\r\nContent-", WOK_EEOF},
		{"", WOK_EEOF},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake fake = {.response = rows[i].text, .close_after = 1};
		fake_open(&fake);
		WOK_AUTO(wok_http_session) *session = new_session(NULL);
		int r = get_all(session, fake.url);
		if (r != rows[i].code)
			FAIL("row %zu gives %d: %s", i, r, r < 0 ? wok_errmsg(r) : "");
		ASSERT_MESSAGE(r, fake.url);
		ASSERT_STATS(session, 0, 0, 0);
		fake_close(&fake);
	}
	return 0;
}

/* Item 47: chunked wins, and the connection is not used again. */
TEST_REAL(a_response_with_a_length_and_chunks_ends_its_connection)
{
	struct fake fake = {.response =
				    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"
				    "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"};

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session = new_session(NULL);
	ASSERT_EQ(request_all(session, "GET", fake.url, NULL, "hello"), 200);
	ASSERT_STATS(session, 0, 0, 0);
	ASSERT_EQ(request_all(session, "GET", fake.url, NULL, "hello"), 200);
	ASSERT_EQ(fake.connections, 2);
	fake_close(&fake);
	return 0;
}

TEST_REAL(the_limits_of_a_response_can_be_set_and_hold, "client-71")
{
	static const struct {
		const char *response;
		int result;
	} rows[] = {
		{"HTTP/1.1 200 01234567890123456789012345678901234567890\r\n\r\n", WOK_ELIMIT},
		{"HTTP/1.1 200 OK\r\nX: 01234567890123456789012345678901234567890\r\n\r\n",
		 WOK_ELIMIT},
		{"HTTP/1.1 200 OK\r\nA:\r\nB:\r\nC:\r\nContent-Length: 1\r\n\r\nx", WOK_ELIMIT},
		{"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n0123456", WOK_ELIMIT},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		 "4\r\n0123\r\n3\r\n456\r\n0\r\n\r\n",
		 WOK_ELIMIT},
		{"HTTP/1.1 200 OK\r\nA: 0123456789012345678901234567890\r\n"
		 "B: 0123456789012345678901234567890\r\nC: 012345678901234567890123456789\r\n\r\n",
		 WOK_ELIMIT},
		{"HTTP/1.1 200 OK\r\nA:\r\nB:\r\nContent-Length: 6\r\n\r\n012345", 200},
	};
	struct fake fake = {0};

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session = new_session(&(wok_http_session_options){
		.max_line = 40, .max_head = 100, .max_headers = 3, .max_body = 6});
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake.response = rows[i].response;
		int r = get_all(session, fake.url);
		if (r != rows[i].result)
			FAIL("row %zu gives %d: %s", i, r, r < 0 ? wok_errmsg(r) : "");
	}
	fake_close(&fake);
	return 0;
}

/* The announced length is a claim: memory for it is not. */
TEST_REAL(limits_may_be_absent)
{
	struct fake fake = {.response = OK_RESPONSE};

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session = new_session(&(wok_http_session_options){
		.limit = WOK_UNLIMITED,
		.limit_per_host = WOK_UNLIMITED,
		.keep_alive = WOK_FOREVER,
		.timeout = WOK_FOREVER,
		.connect_timeout = WOK_FOREVER,
		.read_timeout = WOK_FOREVER,
		.max_line = WOK_UNLIMITED,
		.max_headers = WOK_UNLIMITED,
		.max_body = WOK_UNLIMITED,
	});
	ASSERT_EQ(request_all(session, "GET", fake.url, NULL, "hello"), 200);
	fake.response = "HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000000\r\n\r\nhello";
	fake.close_after = 2;
	ASSERT_ERR(get_all(session, fake.url), WOK_EEOF);
	fake_close(&fake);
	return 0;
}

static int send_slowly(wok_stream *stream, void *arg)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello";
	struct fake *fake = arg;

	if (fake_take_request(fake, stream) != 1)
		return 0;
	WOK_TRY(wok_stream_write_all(stream, text, sizeof(text) - 1));
	WOK_TRY(wok_event_wait(fake->hold));
	return wok_stream_write_all(stream, "world", 5);
}

TEST_REAL(a_body_whose_reading_was_cancelled_is_whole_when_it_is_read_again)
{
	wok_event more = WOK_EVENT_INIT;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	struct fake fake = {.serve = send_slowly, .hold = &more};
	wok_view body;
	int r = 0;

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session = new_session(NULL);
	WOK_AUTO(wok_http_response) *response = fetch(session, "GET", fake.url);
	WOK_TIMEOUT (&timeout, 5 * WOK_MS) {
		r = wok_http_body(response, &body);
	}
	ASSERT_ERR(wok_timeout_result(&timeout, r), -ETIMEDOUT);
	wok_event_set(&more);
	ASSERT_OK(wok_http_body(response, &body));
	ASSERT_STR(body.data, "helloworld");
	fake_close(&fake);
	return 0;
}

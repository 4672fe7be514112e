/* SPDX-License-Identifier: MIT */
/* Responses: the status line, what delimits the body, and the three leniency flags. */
#include "http/h1_check.h"

#define OK_LINE "HTTP/1.1 200 OK\r\n"
#define STATUS(line) line "\r\nContent-Length: 0\r\n\r\n"
#define GOOD STATUS("HTTP/1.1 200 OK")

static const struct transcript client = {.flags = WOK__H1_RESPONSE};

static const struct rejection status_lines[] = {
	REJECT(48, STATUS("HTTP/1.1 99 X"), BAD_STATUS, 400, GOOD),
	REJECT(48, STATUS("HTTP/1.1 099 X"), BAD_STATUS, 400, STATUS("HTTP/1.1 599 X")),
	REJECT(48, STATUS("HTTP/1.1 000 X"), BAD_STATUS, 400, STATUS("HTTP/1.1 999 X")),
	REJECT(48, STATUS("HTTP/1.1 2000 X"), BAD_STATUS, 400, GOOD),
	REJECT(48, STATUS("HTTP/1.1 20 X"), BAD_STATUS, 400, GOOD),
	REJECT(48, STATUS("HTTP/1.1 20a X"), BAD_STATUS, 400, GOOD),
	REJECT(48, STATUS("HTTP/1.1 +20 X"), BAD_STATUS, 400, GOOD),
	REJECT(48, STATUS("HTTP/1.1 \xb2\xb3\xb4 X"), BAD_STATUS, 400, GOOD),
	REJECT(48, STATUS("HTTP/1.1  200 X"), BAD_STATUS, 400, STATUS("HTTP/1.1 200  X")),
	REJECT(48, STATUS("HTTP/1.1\t200 X"), BAD_START_LINE, 400, STATUS("HTTP/1.1 200 a\tb")),
	REJECT(48, STATUS("HTTP/1.1 200\tX"), BAD_STATUS, 400, STATUS("HTTP/1.1 200 ")),
	REJECT(48, STATUS("HTTP/1.1 200OK"), BAD_STATUS, 400, STATUS("HTTP/1.1 200")),
	REJECT(48, STATUS("HTTP/1.1 "), BAD_STATUS, 400, GOOD),
	REJECT(48, STATUS("HTTP/1.1"), BAD_START_LINE, 400, GOOD),
	REJECT(30, STATUS("http/1.1 200 OK"), BAD_VERSION, 400, GOOD),
	REJECT(30, STATUS("HTTP/1 200 OK"), BAD_VERSION, 400, GOOD),
	REJECT(30, STATUS("HTTP/1.10 200 OK"), BAD_START_LINE, 400, GOOD),
	REJECT(30, STATUS("HTTP/2.0 200 OK"), UNSUPPORTED_VERSION, 505, STATUS("HTTP/1.0 200 OK")),
	REJECT(30, STATUS("ICY 200 OK"), BAD_VERSION, 400, GOOD),
	REJECT(30, STATUS("SSH-2.0-OpenSSH"), BAD_VERSION, 400, GOOD),
	REJECT(32, "\r\n" GOOD, EMPTY_LINE, 400, GOOD),
	REJECT(27, STATUS("HTTP/1.1 200 O\x00K"), CONTROL_BYTE, 400, STATUS("HTTP/1.1 200 O\x80K")),
	REJECT(27, STATUS("HTTP/1.1 200 O\x7fK"), CONTROL_BYTE, 400, STATUS("HTTP/1.1 200 O#K")),
	REJECT(18, "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", BARE_LF, 400, GOOD),
	REJECT(18, "HTTP/1.1 200 OK\r\nContent-Length: 0\n\r\n", BARE_LF, 400, GOOD),
	REJECT(18, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\n", BARE_LF, 400, GOOD),
	REJECT(19, "HTTP/1.1 200 OK\rX\r\nContent-Length: 0\r\n\r\n", BARE_CR, 400, GOOD),
	REJECT(21, OK_LINE "Content-Length: 0\r\n X: y\r\n\r\n", OBS_FOLD, 400, GOOD),
	REJECT(22, OK_LINE " X: y\r\nContent-Length: 0\r\n\r\n", OBS_FOLD, 400, GOOD),
	REJECT(23, OK_LINE "Content-Length : 0\r\n\r\n", SPACE_BEFORE_COLON, 400, GOOD),
	REJECT(25, OK_LINE "Content-Length\r\n\r\n", NO_COLON, 400, GOOD),
};

static const struct rejection framing[] = {
	REJECT(2, OK_LINE "Content-Length: 0\r\nContent-Length: 0\r\n\r\n", DUPLICATE_CL, 400,
	       GOOD),
	REJECT(2, OK_LINE "Content-Length: 0\r\nContent-Length: 1\r\n\r\n", DUPLICATE_CL, 400,
	       GOOD),
	REJECT(3, OK_LINE "Content-Length: 0, 0\r\n\r\n", BAD_CL, 400, GOOD),
	REJECT(4, OK_LINE "Content-Length: -0\r\n\r\n", BAD_CL, 400, GOOD),
	REJECT(6, "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", TE_IN_HTTP10,
	       400, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
	REJECT(7, OK_LINE "Transfer-Encoding: identity\r\n\r\n", BAD_TE, 400, GOOD),
	REJECT(7, OK_LINE "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", UNSUPPORTED_TE, 501,
	       OK_LINE "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
	REJECT(8,
	       OK_LINE "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	       DUPLICATE_TE, 400, OK_LINE "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
	REJECT(38, OK_LINE "Location: /a\r\nLocation: /b\r\n\r\n", DUPLICATE_FIELD, 400,
	       OK_LINE "Set-Cookie: a=b\r\nSet-Cookie: c=d\r\n\r\n"),
	REJECT(50, "HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", UNEXPECTED_101,
	       400, GOOD),
};

TEST(a_malformed_status_line_is_refused_however_it_is_cut)
{
	CHECK_REJECTIONS(client, status_lines);
}

TEST(ambiguous_framing_of_a_response_is_refused)
{
	CHECK_REJECTIONS(client, framing);
}

/* --- what delimits the body ------------------------------------------------------------------- */

struct framing_row {
	unsigned flags;
	enum wok__h1_framing framing;
	const char *head;
	uint64_t length;
	bool must_close;
	bool keep_alive;
};

#define CL10 "Content-Length: 10\r\n"
#define TE "Transfer-Encoding: chunked\r\n"
#define UP "Connection: Upgrade\r\nUpgrade: websocket\r\n"

static int parse(const struct framing_row *row, struct wok__h1_response *ret_response)
{
	struct wok__h1_field fields[8];
	return wok__h1_parse_response(row->head, strlen(row->head), row->flags, NULL, fields, 8,
				      ret_response);
}

static void check_framing(const struct framing_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct wok__h1_response response = {0};
		int r = parse(&rows[i], &response);
		if (r < 0)
			FAIL("row %zu: %s", i, wok__h1_strerror(r));
		const struct wok__h1_message *message = &response.message;
		if (message->framing != rows[i].framing ||
		    message->content_length != rows[i].length)
			FAIL("row %zu: framing %d of %llu", i, message->framing,
			     (unsigned long long) message->content_length);
		if (response.must_close != rows[i].must_close ||
		    message->keep_alive != rows[i].keep_alive)
			FAIL("row %zu: must_close %d, keep_alive %d", i, response.must_close,
			     message->keep_alive);
	}
}

#define CHECK_FRAMING(rows) check_framing(rows, sizeof(rows) / sizeof(rows[0]))

TEST(the_answer_to_a_head_has_no_body_and_the_connection_goes_on, "http-6")
{
	static const struct framing_row rows[] = {
		{WOK__H1_FOR_HEAD, WOK__H1_NONE, OK_LINE "Content-Length: 1000\r\n\r\n", 0, false,
		 true},
		{WOK__H1_FOR_HEAD, WOK__H1_NONE, OK_LINE TE "\r\n", 0, false, true},
		{WOK__H1_FOR_HEAD, WOK__H1_NONE, OK_LINE "\r\n", 0, false, true},
		{WOK__H1_FOR_HEAD, WOK__H1_NONE, OK_LINE CL10 TE "\r\n", 0, true, false},
		{0, WOK__H1_LENGTH, OK_LINE "Content-Length: 1000\r\n\r\n", 1000, false, true},
	};
	CHECK_FRAMING(rows);
	struct transcript t = {.flags = WOK__H1_RESPONSE | WOK__H1_FOR_HEAD};
	expect_messages(t, "HEAD", BYTES(OK_LINE "Content-Length: 1000\r\n\r\n" GOOD), 2);
}

TEST(statuses_without_a_body_have_none_whatever_their_fields_say, "http-7")
{
	static const struct framing_row rows[] = {
		{0, WOK__H1_NONE, "HTTP/1.1 204 No\r\n" CL10 "\r\n", 0, true, false},
		{0, WOK__H1_NONE, "HTTP/1.1 204 No\r\n" TE "\r\n", 0, true, false},
		{0, WOK__H1_NONE, "HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n", 0, false, true},
		{0, WOK__H1_NONE, "HTTP/1.1 204 No\r\n\r\n", 0, false, true},
		{0, WOK__H1_NONE, "HTTP/1.1 304 No\r\n" CL10 "\r\n", 0, false, true},
		{0, WOK__H1_NONE, "HTTP/1.1 304 No\r\n" TE "\r\n", 0, false, true},
		{0, WOK__H1_NONE, "HTTP/1.1 304 No\r\n\r\n", 0, false, true},
		{0, WOK__H1_NONE, "HTTP/1.1 100 Go\r\n" CL10 "\r\n", 0, true, false},
		{0, WOK__H1_NONE, "HTTP/1.1 103 Hi\r\n" TE "\r\n", 0, true, false},
		{0, WOK__H1_LENGTH, "HTTP/1.1 205 No\r\n" CL10 "\r\n", 10, false, true},
	};
	CHECK_FRAMING(rows);
	expect_messages(client, "204 and 304",
			BYTES("HTTP/1.1 204 No\r\n" CL10 "\r\nHTTP/1.1 304 No\r\n" TE "\r\n" GOOD),
			3);
}

/* Item 47, and what persists. */
TEST(chunked_wins_over_a_length_and_then_the_connection_is_not_reused)
{
	static const struct framing_row rows[] = {
		{0, WOK__H1_CHUNKED, OK_LINE CL10 TE "\r\n", 0, true, false},
		{0, WOK__H1_CHUNKED, OK_LINE TE CL10 "\r\n", 0, true, false},
		{0, WOK__H1_CHUNKED, OK_LINE TE "\r\n", 0, false, true},
		{0, WOK__H1_LENGTH, OK_LINE CL10 "\r\n", 10, false, true},
		{0, WOK__H1_UNTIL_CLOSE, OK_LINE "\r\n", 0, true, false},
		{0, WOK__H1_LENGTH, OK_LINE CL10 "Connection: close\r\n\r\n", 10, false, false},
		{0, WOK__H1_LENGTH, OK_LINE CL10 "Connection: x, CLOSE\r\n\r\n", 10, false, false},
		{0, WOK__H1_LENGTH, "HTTP/1.0 200 OK\r\n" CL10 "\r\n", 10, false, false},
		{0, WOK__H1_LENGTH, "HTTP/1.0 200 OK\r\n" CL10 "Connection: keep-alive\r\n\r\n", 10,
		 false, true},
		{0, WOK__H1_LENGTH,
		 "HTTP/1.0 200 OK\r\n" CL10 "Connection: keep-alive, close\r\n\r\n", 10, false,
		 false},
	};
	CHECK_FRAMING(rows);
}

TEST(a_tunnel_begins_behind_a_connect_or_an_upgrade_and_only_there)
{
	static const struct framing_row connect = {
		WOK__H1_FOR_CONNECT, WOK__H1_NONE, OK_LINE CL10 TE "\r\n", 0, false, true};
	static const struct framing_row refused = {WOK__H1_FOR_CONNECT,
						   WOK__H1_LENGTH,
						   "HTTP/1.1 407 No\r\n" CL10 "\r\n",
						   10,
						   false,
						   true};
	static const struct framing_row upgraded = {
		WOK__H1_FOR_UPGRADE, WOK__H1_NONE, "HTTP/1.1 101 Go\r\n" UP "\r\n", 0, false, true};
	static const struct framing_row bare = {
		WOK__H1_FOR_UPGRADE, WOK__H1_NONE, "HTTP/1.1 101 Go\r\n\r\n", 0, false, true};
	static const struct framing_row declined = {
		WOK__H1_FOR_UPGRADE, WOK__H1_LENGTH, OK_LINE CL10 UP "\r\n", 10, false, true};
	struct wok__h1_response response;

	check_framing(&connect, 1);
	check_framing(&refused, 1);
	check_framing(&upgraded, 1);
	check_framing(&declined, 1);
	ASSERT_OK(parse(&connect, &response));
	ASSERT(response.tunnel && !response.interim);
	ASSERT_OK(parse(&refused, &response));
	ASSERT(!response.tunnel);
	ASSERT_OK(parse(&upgraded, &response));
	ASSERT(response.tunnel && !response.interim);
	ASSERT_OK(parse(&declined, &response));
	ASSERT(!response.tunnel);
	ASSERT_ERR(parse(&bare, &response), WOK__H1_UNEXPECTED_101);
}

TEST(interim_responses_are_told_from_final_ones)
{
	struct framing_row row = {.head = "HTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\n"};
	struct wok__h1_response response;

	ASSERT_OK(parse(&row, &response));
	ASSERT(response.interim && !response.tunnel);
	ASSERT(response.message.framing == WOK__H1_NONE);
	row.head = GOOD;
	ASSERT_OK(parse(&row, &response));
	ASSERT(!response.interim);
	ASSERT_EQ(response.reason.size, 2);
	ASSERT_MEM(response.reason.data, "OK", 2);
	expect_messages(client, "1xx",
			BYTES("HTTP/1.1 100 \r\n\r\nHTTP/1.1 103\r\nLink: <a>\r\n\r\n" GOOD), 3);
}

/* --- the end of the connection ---------------------------------------------------------------- */

TEST(a_body_that_ends_early_is_truncated_unless_only_the_end_delimits_it, "http-4")
{
	static const struct {
		const char *bytes;
		int error;
		size_t body_size;
	} rows[] = {
		{OK_LINE CL10 "\r\n12345", WOK__H1_TRUNCATED, 5},
		{OK_LINE CL10 "\r\n", WOK__H1_TRUNCATED, 0},
		{OK_LINE CL10 "\r\n1234567890", 0, 10},
		{OK_LINE TE "\r\n5\r\n12345\r\n", WOK__H1_TRUNCATED, 5},
		{OK_LINE TE "\r\n5\r\n123", WOK__H1_TRUNCATED, 3},
		{OK_LINE TE "\r\n5\r\n12345\r\n0\r\n", WOK__H1_TRUNCATED, 5},
		{OK_LINE TE "\r\n5\r\n12345\r\n0\r\nX: y\r\n", WOK__H1_TRUNCATED, 5},
		{OK_LINE TE "\r\n5\r\n12345\r\n0\r\n\r\n", 0, 5},
		{OK_LINE "\r\n12345", 0, 5},
		{OK_LINE "\r\n", 0, 0},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct transcript t =
			run_all_cuts(client, rows[i].bytes, rows[i].bytes, strlen(rows[i].bytes));
		ASSERT_EQ(t.error, rows[i].error);
		ASSERT_EQ(t.body_size, rows[i].body_size); /* the bytes so far were handed out */
		ASSERT_EQ(t.messages, rows[i].error == 0);
		transcript_free(&t);
	}
}

/* Item 49: the codec says where the message ends and takes nothing of what lies behind. */
TEST(bytes_behind_a_complete_response_are_left_alone)
{
	static const char extra[] = "HTTP/1.1 200 Poison\r\n";
	struct wok__h1_body body;
	struct wok__h1_span piece;
	size_t n = 1;

	ASSERT_OK(wok__h1_body_init(&body, WOK__H1_LENGTH, 2, NULL));
	ASSERT_EQ(wok__h1_body_feed(&body, "okHTTP", 6, &n, &piece), WOK__H1_DATA);
	ASSERT_EQ(n, 2);
	ASSERT_EQ(wok__h1_body_feed(&body, extra, sizeof(extra), &n, &piece), WOK__H1_END);
	ASSERT_EQ(n, 0);
	ASSERT_EQ(wok__h1_body_eof(&body), WOK__H1_END);
}

/* --- leniency --------------------------------------------------------------------------------- */

static const struct {
	unsigned flag;
	const char *bytes;
	int error; /* without the flag */
	int lenient;
} lenient[] = {
	{WOK__H1_LENIENT_LF, "HTTP/1.1 200 OK\nContent-Length: 0\n\n", WOK__H1_BARE_LF, 0},
	{WOK__H1_LENIENT_LF, "HTTP/1.1 200 OK\r\nContent-Length: 0\n\r\n", WOK__H1_BARE_LF, 0},
	{WOK__H1_LENIENT_LF, "HTTP/1.1 200 OK\nX: a\rb\n\n", WOK__H1_BARE_LF, WOK__H1_BARE_CR},
	{WOK__H1_LENIENT_LF, "HTTP/1.1 200 OK\nX: a\n b\n\n", WOK__H1_BARE_LF, WOK__H1_OBS_FOLD},
	{WOK__H1_LENIENT_LF, OK_LINE TE "\r\n0\n\n", WOK__H1_BAD_CHUNK_SIZE,
	 WOK__H1_BAD_CHUNK_SIZE},
	{WOK__H1_LENIENT_DUPLICATES, OK_LINE "Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
	 WOK__H1_DUPLICATE_CL, 0},
	{WOK__H1_LENIENT_DUPLICATES, OK_LINE "Content-Length: 0\r\nContent-Length: 00\r\n\r\n",
	 WOK__H1_DUPLICATE_CL, WOK__H1_DUPLICATE_CL},
	{WOK__H1_LENIENT_DUPLICATES, OK_LINE "Content-Type: a\r\nContent-Type: b\r\n\r\n",
	 WOK__H1_DUPLICATE_FIELD, 0},
	{WOK__H1_LENIENT_DUPLICATES, OK_LINE TE TE "\r\n0\r\n\r\n", WOK__H1_DUPLICATE_TE,
	 WOK__H1_DUPLICATE_TE},
	{WOK__H1_LENIENT_SPACE, OK_LINE "Content-Length \t: 0\r\n\r\n", WOK__H1_SPACE_BEFORE_COLON,
	 0},
	{WOK__H1_LENIENT_SPACE, OK_LINE " : 0\r\n\r\n", WOK__H1_OBS_FOLD, WOK__H1_OBS_FOLD},
	{WOK__H1_LENIENT_SPACE, OK_LINE "Content Length: 0\r\n\r\n", WOK__H1_BAD_FIELD_NAME,
	 WOK__H1_BAD_FIELD_NAME},
};

TEST(each_leniency_flag_forgives_its_own_sin_and_no_other, "http-32")
{
	static const unsigned all =
		WOK__H1_LENIENT_LF | WOK__H1_LENIENT_DUPLICATES | WOK__H1_LENIENT_SPACE;
	for (size_t i = 0; i < sizeof(lenient) / sizeof(lenient[0]); i++) {
		struct transcript t = {.flags = WOK__H1_RESPONSE | (all & ~lenient[i].flag)};
		const char *bytes = lenient[i].bytes;
		expect_error(client, bytes, bytes, strlen(bytes), lenient[i].error);
		expect_error(t, bytes, bytes, strlen(bytes), lenient[i].error);
		t.flags = WOK__H1_RESPONSE | lenient[i].flag;
		expect_error(t, bytes, bytes, strlen(bytes), lenient[i].lenient);
	}
}

TEST(leniency_never_reaches_requests)
{
	struct transcript t = {.flags = WOK__H1_LENIENT_LF | WOK__H1_LENIENT_SPACE |
					WOK__H1_LENIENT_DUPLICATES};
	expect_error(t, "LF", BYTES("GET / HTTP/1.1\nHost: a\n\n"), WOK__H1_BARE_LF);
	expect_error(t, "LF, no end", BYTES("GET / HTTP/1.1\nHost: a"), WOK__H1_BARE_LF);
	expect_error(t, "space", BYTES("GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
		     WOK__H1_SPACE_BEFORE_COLON);
	expect_error(t, "twice", BYTES("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
		     WOK__H1_DUPLICATE_FIELD);
}

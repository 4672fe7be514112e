/* SPDX-License-Identifier: MIT */
/* Requests that break a rule: their stream is reset, no handler runs, the connection goes on. */
#include "h2/frames.h"

enum { PROTOCOL_ERROR = 1 };

struct field {
	const char *name, *value;
};

/* A request of these fields is refused. */
static void expect_refusal(const struct field *fields, size_t n)
{
	struct served served = {0};
	struct bytes *out = hostile_open(&served), *block = calloc(1, sizeof(*block));

	for (size_t i = 0; i < n; i++)
		put_field(block, fields[i].name, fields[i].value);
	put_frame(out, HEADERS, END_HEADERS | END_STREAM, 1, block->data, block->size);
	send_bytes(&served, out);
	expect_reset(&served, 1, PROTOCOL_ERROR);
	ASSERT_EQ(served.calls, 0);
	expect_service(&served, out, 3);
	free(block);
	free(out);
	served_close_raw(&served, 0);
}

#define METHOD {":method", "GET"}
#define SCHEME {":scheme", "http"}
#define TARGET {":path", "/"}
#define AUTHORITY {":authority", "a.test"}
#define EXPECT_REFUSAL(...)                                                                        \
	do {                                                                                       \
		const struct field fields[] = {__VA_ARGS__};                                       \
		expect_refusal(fields, sizeof(fields) / sizeof(fields[0]));                        \
	} while (0)

TEST_TASK(names_in_upper_case_are_refused, "http-56")
{
	EXPECT_REFUSAL(METHOD, SCHEME, TARGET, AUTHORITY, {"X-Upper", "a"});
	EXPECT_REFUSAL(METHOD, SCHEME, TARGET, AUTHORITY, {"x-uppeR", "a"});
}

TEST_TASK(fields_of_a_connection_are_refused, "http-56")
{
	EXPECT_REFUSAL(METHOD, SCHEME, TARGET, AUTHORITY, {"connection", "close"});
	EXPECT_REFUSAL(METHOD, SCHEME, TARGET, AUTHORITY, {"keep-alive", "timeout=5"});
	EXPECT_REFUSAL(METHOD, SCHEME, TARGET, AUTHORITY, {"proxy-connection", "close"});
	EXPECT_REFUSAL(METHOD, SCHEME, TARGET, AUTHORITY, {"transfer-encoding", "chunked"});
	EXPECT_REFUSAL(METHOD, SCHEME, TARGET, AUTHORITY, {"upgrade", "websocket"});
	EXPECT_REFUSAL(METHOD, SCHEME, TARGET, AUTHORITY, {"te", "gzip"});
}

TEST_TASK(a_request_without_its_names_is_refused, "http-56")
{
	EXPECT_REFUSAL(SCHEME, TARGET, AUTHORITY);
	EXPECT_REFUSAL(METHOD, TARGET, AUTHORITY);
	EXPECT_REFUSAL(METHOD, SCHEME, AUTHORITY);
	EXPECT_REFUSAL(METHOD, SCHEME, TARGET);
	EXPECT_REFUSAL(METHOD, SCHEME, {":path", ""}, AUTHORITY);
	EXPECT_REFUSAL(METHOD, SCHEME, {":path", "x"}, AUTHORITY);
	EXPECT_REFUSAL(METHOD, SCHEME, {":path", "*"}, AUTHORITY);
}

TEST_TASK(names_of_a_request_stand_once_in_front_and_are_known, "http-56")
{
	EXPECT_REFUSAL(METHOD, METHOD, SCHEME, TARGET, AUTHORITY);
	EXPECT_REFUSAL(METHOD, SCHEME, TARGET, TARGET, AUTHORITY);
	EXPECT_REFUSAL(METHOD, SCHEME, TARGET, {"x", "y"}, AUTHORITY);
	EXPECT_REFUSAL(METHOD, SCHEME, TARGET, AUTHORITY, {":other", "a"});
	EXPECT_REFUSAL(METHOD, SCHEME, TARGET, AUTHORITY, {":status", "200"});
	EXPECT_REFUSAL(METHOD, SCHEME, TARGET, AUTHORITY, {":protocol", "websocket"});
}

TEST_TASK(bytes_that_could_break_a_line_are_refused, "http-56")
{
	EXPECT_REFUSAL(METHOD, SCHEME, TARGET, AUTHORITY, {"x", "a\r\nb: c"});
	EXPECT_REFUSAL(METHOD, SCHEME, TARGET, AUTHORITY, {"x", "a\nb"});
	EXPECT_REFUSAL(METHOD, SCHEME, TARGET, AUTHORITY, {"x y", "a"});
	EXPECT_REFUSAL(METHOD, SCHEME, TARGET, AUTHORITY, {"", "a"});
	EXPECT_REFUSAL(METHOD, SCHEME, TARGET, AUTHORITY, {"x", " a"});
	EXPECT_REFUSAL(METHOD, SCHEME, {":path", "/ HTTP/1.1\r\nx: y"}, AUTHORITY);
	EXPECT_REFUSAL({":method", "GET /"}, SCHEME, TARGET, AUTHORITY);
	EXPECT_REFUSAL(METHOD, SCHEME, TARGET, {":authority", "a\r\nb"});
}

/* What passes HTTP/2's rules, but not HTTP/1.1's, is answered. */
static void expect_status(const struct field *fields, size_t n, const char *status)
{
	struct served served = {0};
	struct bytes *out = hostile_open(&served), *block = calloc(1, sizeof(*block));

	for (size_t i = 0; i < n; i++)
		put_field(block, fields[i].name, fields[i].value);
	put_frame(out, HEADERS, END_HEADERS | END_STREAM, 1, block->data, block->size);
	send_bytes(&served, out);
	const struct frame *frame = expect_frame(&served, HEADERS);
	/* 200, 400 ... stand in HPACK's static table, from 8 on. */
	const char *known[] = {"200", "204", "206", "304", "400", "404", "500"};
	ASSERT(frame->data[0] >= 0x88 && frame->data[0] <= 0x8e);
	ASSERT_STR(known[frame->data[0] - 0x88], status);
	free(block);
	free(out);
	served_close_raw(&served, 0);
}

#define EXPECT_STATUS(status, ...)                                                                 \
	do {                                                                                       \
		const struct field fields[] = {__VA_ARGS__};                                       \
		expect_status(fields, sizeof(fields) / sizeof(fields[0]), status);                 \
	} while (0)

TEST_TASK(a_host_that_contradicts_the_authority_is_refused)
{
	EXPECT_STATUS("400", METHOD, SCHEME, TARGET, AUTHORITY, {"host", "b.test"});
	EXPECT_STATUS("200", METHOD, SCHEME, TARGET, AUTHORITY, {"host", "A.test"});
	EXPECT_STATUS("200", METHOD, SCHEME, TARGET, {"host", "b.test"});
	EXPECT_REFUSAL(METHOD, SCHEME, TARGET, {"host", "b.test"}, {"host", "b.test"});
	EXPECT_STATUS("400", METHOD, SCHEME, TARGET, {":authority", "a.test:x"});
}

static int check_cookie(wok_http_request *request, void *arg)
{
	(void) arg;
	return wok_http_reply_text(request, 200, wok_http_request_header(request, "Cookie"));
}

TEST_TASK(the_crumbs_of_a_cookie_are_put_together)
{
	struct served served = {0};
	struct bytes *out = calloc(1, sizeof(*out)), *block = calloc(1, sizeof(*block));

	served_route(&served, "GET", "/", check_cookie);
	served_open_raw(&served);
	put_preface(out);
	put_request_names(block, "GET", "/");
	put_field(block, "cookie", "a=b");
	put_field(block, "x", "y");
	put_field(block, "cookie", "c=d");
	put_frame(out, HEADERS, END_HEADERS | END_STREAM, 1, block->data, block->size);
	send_bytes(&served, out);
	const struct frame *frame = expect_frame(&served, DATA);
	ASSERT_EQ(frame->size, 8);
	ASSERT_MEM(frame->data, "a=b; c=d", 8);
	free(block);
	free(out);
	served_close_raw(&served, 0);
}

static int take_body(wok_http_request *request, void *arg)
{
	struct served *served = arg;
	wok_view body;
	int r = wok_http_request_body(request, &body);

	served->result = r;
	served->calls += r == 0;
	return r < 0 ? r : wok_http_reply_text(request, 200, "ok");
}

/* A body that is not as long as was said. */
static void expect_mismatch(const char *length, size_t first, size_t second)
{
	struct served served = {0};
	struct bytes *out = calloc(1, sizeof(*out)), *block = calloc(1, sizeof(*block));

	served_route(&served, "POST", "/", take_body);
	served_open_raw(&served);
	put_preface(out);
	put_request_names(block, "POST", "/");
	put_field(block, "content-length", length);
	put_frame(out, HEADERS, END_HEADERS | (first ? 0 : END_STREAM), 1, block->data,
		  block->size);
	if (first)
		put_frame(out, DATA, second ? 0 : END_STREAM, 1, "0123456789", first);
	if (second)
		put_frame(out, DATA, END_STREAM, 1, "0123456789", second);
	send_bytes(&served, out);
	expect_reset(&served, 1, PROTOCOL_ERROR);
	ASSERT_EQ(served.calls, 0);
	free(block);
	free(out);
	served_close_raw(&served, 0);
}

TEST_TASK(a_body_of_another_length_than_was_said_is_refused, "http-56")
{
	expect_mismatch("5", 4, 0);
	expect_mismatch("5", 6, 0);
	expect_mismatch("5", 3, 3);
	expect_mismatch("5", 0, 0);
	expect_mismatch("-5", 5, 0);
	expect_mismatch("5x", 5, 0);
	expect_mismatch("99999999999999999999", 5, 0);
}

TEST_TASK(a_head_behind_the_body_must_end_the_request)
{
	struct served served = {0};
	struct bytes *out = hostile_open(&served), *block = calloc(1, sizeof(*block));

	put_request(out, 1, "POST", 0);
	put_frame(out, DATA, 0, 1, "x", 1);
	put_field(block, "x-sum", "1");
	put_frame(out, HEADERS, END_HEADERS, 1, block->data, block->size);
	send_bytes(&served, out);
	expect_reset(&served, 1, PROTOCOL_ERROR);
	free(block);
	free(out);
	served_close_raw(&served, 0);
}

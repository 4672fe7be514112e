/* SPDX-License-Identifier: MIT */
/* Every limit: what is as long as it passes, one byte or field more does not, in any cut. */
#include "http/h1_check.h"

/* Text that grows. */
struct text {
	char *data;
	size_t size;
};

static void add(struct text *text, const char *data, size_t size)
{
	text->data = realloc(text->data, text->size + size);
	ASSERT(text->data != NULL);
	memcpy(text->data + text->size, data, size);
	text->size += size;
}

static void add_string(struct text *text, const char *string)
{
	add(text, string, strlen(string));
}

static void add_times(struct text *text, const char *string, size_t times)
{
	while (times-- > 0)
		add_string(text, string);
}

/* Whole and in random pieces; every cut would take too long for the long ones. */
static int error_of(const struct wok__h1_limits *limits, unsigned flags, const struct text *text)
{
	struct transcript whole = {.limits = limits, .flags = flags};
	transcript_run(&whole, text->data, text->size);
	for (uint32_t seed = 1; seed <= 3; seed++) {
		struct transcript cut = {
			.limits = limits, .flags = flags, .cut = CUT_RANDOM, .seed = seed};
		transcript_run(&cut, text->data, text->size);
		ASSERT_STR(cut.text, whole.text);
		transcript_free(&cut);
	}
	transcript_free(&whole);
	return whole.error;
}

/* A request of some size in the part that is under test, with a body where one is needed. */
typedef void make_fn(struct text *text, size_t size);

static void make_line(struct text *text, size_t size)
{
	add_string(text, "GET /");
	add_times(text, "x", size - 14);
	add_string(text, " HTTP/1.1\r\nHost: a\r\n\r\n");
}

static void make_field(struct text *text, size_t size)
{
	add_string(text, "GET / HTTP/1.1\r\nHost: a\r\nX:");
	add_times(text, "y", size - 2);
	add_string(text, "\r\n\r\n");
}

/* The blanks around a value count: they cost as much as what they surround. */
static void make_blanks(struct text *text, size_t size)
{
	add_string(text, "GET / HTTP/1.1\r\nHost: a\r\nX:");
	add_times(text, " ", size - 2);
	add_string(text, "\r\n\r\n");
}

static void make_head(struct text *text, size_t size)
{
	static const char start[] = "GET / HTTP/1.1\r\nHost: a\r\n", end[] = "X: a\r\n\r\n";
	size_t rest = size - (sizeof(start) - 1) - (sizeof(end) - 1);
	add_string(text, start);
	for (; rest > 200; rest -= 100) {
		add_string(text, "Y:");
		add_times(text, "z", 96);
		add_string(text, "\r\n");
	}
	add_string(text, "Y:");
	add_times(text, "z", rest - 4);
	add_string(text, "\r\n");
	add_string(text, end);
}

static void make_fields(struct text *text, size_t count)
{
	add_string(text, "GET / HTTP/1.1\r\nHost: a\r\n");
	add_times(text, "X: y\r\n", count - 1);
	add_string(text, "\r\n");
}

static void make_method(struct text *text, size_t size)
{
	add_times(text, "M", size);
	add_string(text, " / HTTP/1.1\r\nHost: a\r\n\r\n");
}

#define CHUNKED "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

static void make_trailer_fields(struct text *text, size_t count)
{
	add_string(text, CHUNKED "0\r\n");
	add_times(text, "X: y\r\n", count);
	add_string(text, "\r\n");
}

/* Fields that will be dropped count like others. */
static void make_dropped_trailers(struct text *text, size_t count)
{
	add_string(text, CHUNKED "0\r\n");
	add_times(text, "Host: y\r\n", count);
	add_string(text, "\r\n");
}

static void make_trailer_bytes(struct text *text, size_t size)
{
	add_string(text, CHUNKED "0\r\n");
	add_string(text, "X:");
	add_times(text, "y", size - 6);
	add_string(text, "\r\n\r\n");
}

static void make_trailer_field(struct text *text, size_t size)
{
	make_trailer_bytes(text, size + 4);
}

static void make_ext(struct text *text, size_t size)
{
	add_string(text, CHUNKED "1;");
	add_times(text, "e", size - 1);
	add_string(text, "\r\nx\r\n0\r\n\r\n");
}

static void make_quoted_ext(struct text *text, size_t size)
{
	add_string(text, CHUNKED "1;a=\"");
	add_times(text, "e", size - 5);
	add_string(text, "\"\r\nx\r\n0\r\n\r\n");
}

/* Many chunks, each with an extension of four bytes. */
static void make_exts(struct text *text, size_t size)
{
	add_string(text, CHUNKED);
	add_times(text, "1;abc\r\nx\r\n", size / 4);
	add_string(text, "1");
	add_times(text, ";", size % 4 > 0);
	add_times(text, "a", size % 4 > 0 ? size % 4 - 1 : 0);
	add_string(text, "\r\nx\r\n0\r\n\r\n");
}

static void make_length(struct text *text, size_t size)
{
	char head[96];
	snprintf(head, sizeof(head), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n",
		 size);
	add_string(text, head);
	add_times(text, "b", size);
}

static void make_chunks(struct text *text, size_t size)
{
	add_string(text, CHUNKED);
	add_times(text, "2\r\nab\r\n", size / 2);
	add_times(text, "1\r\nc\r\n", size % 2);
	add_string(text, "0\r\n\r\n");
}

struct limit_row {
	const char *what;
	make_fn *make;
	struct wok__h1_limits limits; /* zero: the default; the one under test is `bound` */
	size_t bound;
	int error;
	int status;
};

#define D WOK__H1_LIMITS_DEFAULT
#define ROW(make, member, bound, error, status)                                                    \
	{                                                                                          \
#member, make, {.member = bound }, bound, WOK__H1_##error, status                  \
	}

static const struct limit_row rows[] = {
	ROW(make_line, start_line, 8190, START_LINE_TOO_LONG, 414),
	ROW(make_line, start_line, 20, START_LINE_TOO_LONG, 414),
	ROW(make_field, field_line, 8190, FIELD_TOO_LONG, 431),
	ROW(make_field, field_line, 16, FIELD_TOO_LONG, 431),
	ROW(make_blanks, field_line, 100, FIELD_TOO_LONG, 431),
	ROW(make_head, head, 9000, HEAD_TOO_LARGE, 431),
	ROW(make_fields, fields, 128, TOO_MANY_FIELDS, 431),
	ROW(make_fields, fields, 1, TOO_MANY_FIELDS, 431),
	ROW(make_method, method, 32, METHOD_TOO_LONG, 501),
	ROW(make_method, method, 7, METHOD_TOO_LONG, 501),
	ROW(make_trailer_fields, trailer_fields, 32, TOO_MANY_TRAILERS, 431),
	ROW(make_dropped_trailers, trailer_fields, 3, TOO_MANY_TRAILERS, 431),
	ROW(make_trailer_bytes, trailer_bytes, 100, TRAILERS_TOO_LARGE, 431),
	ROW(make_trailer_bytes, trailer_bytes, 8192, TRAILERS_TOO_LARGE, 431),
	ROW(make_trailer_field, field_line, 50, FIELD_TOO_LONG, 431),
	ROW(make_ext, chunk_ext_line, 256, CHUNK_EXT_TOO_LONG, 413),
	ROW(make_quoted_ext, chunk_ext_line, 20, CHUNK_EXT_TOO_LONG, 413),
	ROW(make_exts, chunk_ext_total, 1000, CHUNK_EXT_TOO_LONG, 413),
	ROW(make_exts, chunk_ext_total, 1002, CHUNK_EXT_TOO_LONG, 413),
	ROW(make_length, body, 30, BODY_TOO_LARGE, 413),
	ROW(make_chunks, body, 30, BODY_TOO_LARGE, 413),
	ROW(make_chunks, body, 31, BODY_TOO_LARGE, 413),
};

#define PICK(member) (row->limits.member != 0 ? row->limits.member : all.member)

/* The row's own limit, and the others so wide that they do not get in the way. */
static struct wok__h1_limits limits_of(const struct limit_row *row)
{
	struct wok__h1_limits all = D;
	all.start_line = all.field_line = 20000;
	return (struct wok__h1_limits){
		.start_line = PICK(start_line),
		.field_line = PICK(field_line),
		.head = PICK(head),
		.fields = PICK(fields),
		.method = PICK(method),
		.trailer_fields = PICK(trailer_fields),
		.trailer_bytes = PICK(trailer_bytes),
		.chunk_ext_line = PICK(chunk_ext_line),
		.chunk_ext_total = PICK(chunk_ext_total),
		.chunk_overhead = PICK(chunk_overhead),
		.overhead_per_byte = PICK(overhead_per_byte),
		.body = PICK(body),
	};
}

TEST(each_limit_is_inclusive_and_one_more_is_its_own_error)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct wok__h1_limits limits = limits_of(&rows[i]);
		struct text fits = {0}, over = {0};
		rows[i].make(&fits, rows[i].bound);
		rows[i].make(&over, rows[i].bound + 1);
		int good = error_of(&limits, 0, &fits), bad = error_of(&limits, 0, &over);
		if (good != 0 || bad != rows[i].error)
			FAIL("%s of %zu: %s, and with one more: %s", rows[i].what, rows[i].bound,
			     wok__h1_strerror(good), wok__h1_strerror(bad));
		ASSERT_EQ(wok__h1_status_for(bad), rows[i].status);
		free(fits.data);
		free(over.data);
	}
}

/* Limits hold before the head is complete: see CVE-2026-54277. */
TEST(a_limit_is_enforced_while_the_head_is_still_incomplete)
{
	static const struct {
		const char *start, *repeat;
		int error;
	} drips[] = {
		{"GET /", "x", WOK__H1_START_LINE_TOO_LONG},
		{"GET / HTTP/1.1\r\nX:", "y", WOK__H1_FIELD_TOO_LONG},
		{"GET / HTTP/1.1\r\n", "X: y\r\n", WOK__H1_TOO_MANY_FIELDS},
		{"GET / HTTP/1.1\r\n", "X: 0123456789012345678901234567890123456789\r\n",
		 WOK__H1_HEAD_TOO_LARGE},
	};
	struct wok__h1_limits limits = D;
	limits.head = 4096;
	limits.start_line = limits.field_line = 1000;
	for (size_t i = 0; i < sizeof(drips) / sizeof(drips[0]); i++) {
		struct wok__h1_scan scan = WOK__H1_SCAN_REQUEST;
		struct text text = {0};
		size_t head;
		int r = 0;
		add_string(&text, drips[i].start);
		while (r == 0 && text.size < 10000) {
			add_string(&text, drips[i].repeat);
			r = wok__h1_scan_head(&scan, text.data, text.size, &limits, &head);
		}
		ASSERT_EQ(r, drips[i].error);
		ASSERT(text.size <= limits.head + strlen(drips[i].repeat));
		free(text.data);
	}
}

TEST(a_header_of_65_kilobytes_and_the_129th_header_have_errors_of_their_own, "http-32")
{
	struct text text = {0};
	add_string(&text, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: ");
	add_times(&text, "v", 66560);
	add_string(&text, "\r\n\r\n");
	ASSERT_EQ(error_of(NULL, WOK__H1_RESPONSE, &text), WOK__H1_FIELD_TOO_LONG);
	text.size = 0;

	struct wok__h1_limits limits = D;
	limits.field_line = UINT32_MAX;
	add_string(&text, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: ");
	add_times(&text, "v", 66560);
	add_string(&text, "\r\n\r\n");
	ASSERT_EQ(error_of(&limits, WOK__H1_RESPONSE, &text), WOK__H1_HEAD_TOO_LARGE);

	for (size_t count = 128; count <= 129; count++) {
		text.size = 0;
		add_string(&text, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
		add_times(&text, "X: y\r\n", count - 1);
		add_string(&text, "\r\n");
		ASSERT_EQ(error_of(NULL, WOK__H1_RESPONSE, &text),
			  count == 128 ? 0 : WOK__H1_TOO_MANY_FIELDS);
	}
	free(text.data);
}

TEST(fields_that_do_not_fit_the_array_are_an_error_of_the_parser)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
	struct wok__h1_field fields[2];
	struct wok__h1_request request;
	ASSERT_ERR(wok__h1_parse_request(BYTES(head), NULL, fields, 1, &request),
		   WOK__H1_TOO_MANY_FIELDS);
	ASSERT_ERR(wok__h1_parse_request(BYTES(head), NULL, NULL, 0, &request),
		   WOK__H1_TOO_MANY_FIELDS);
	ASSERT_OK(wok__h1_parse_request(BYTES(head), NULL, fields, 2, &request));
}

/* Linear in total: after each call at most the half of a line end is left to look at again. */
TEST(a_head_that_comes_byte_by_byte_is_looked_at_once)
{
	struct text text = {0};
	struct wok__h1_scan scan = WOK__H1_SCAN_REQUEST;
	size_t head = 0;
	make_head(&text, 9000);
	for (size_t size = 1; size < text.size; size++) {
		ASSERT_EQ(wok__h1_scan_head(&scan, text.data, size, NULL, &head), 0);
		ASSERT(scan.pos + 1 >= size);
	}
	ASSERT_EQ(wok__h1_scan_head(&scan, text.data, text.size, NULL, &head), 1);
	ASSERT_EQ(head, text.size);
	free(text.data);
}

TEST(tiny_chunks_are_paid_from_a_budget_that_data_refills)
{
	struct wok__h1_limits limits = D;
	limits.chunk_overhead = 1000;
	struct text tiny = {0}, fair = {0}, zeros = {0};

	/* One byte of data, five of framing: 1,000 chunks spend what the data does not bring in. */
	add_string(&tiny, CHUNKED);
	add_times(&tiny, "1\r\nx\r\n", 1100);
	add_string(&tiny, "0\r\n\r\n");
	ASSERT_EQ(error_of(&limits, 0, &tiny), WOK__H1_CHUNK_OVERHEAD);
	ASSERT_EQ(error_of(NULL, 0, &tiny), 0);

	/* Two bytes of data pay for their framing for ever. */
	add_string(&fair, CHUNKED);
	add_times(&fair, "2\r\nxy\r\n", 5000);
	add_string(&fair, "0\r\n\r\n");
	ASSERT_EQ(error_of(&limits, 0, &fair), 0);

	/* Long sizes are framing too. */
	add_string(&zeros, CHUNKED);
	add_times(&zeros, "0000000000000002\r\nxy\r\n", 200);
	add_string(&zeros, "0\r\n\r\n");
	ASSERT_EQ(error_of(&limits, 0, &zeros), WOK__H1_CHUNK_OVERHEAD);
	free(tiny.data);
	free(fair.data);
	free(zeros.data);
}

TEST(a_body_until_close_is_delivered_up_to_its_limit)
{
	static const char text[] = "HTTP/1.1 200 OK\r\n\r\n0123456789";
	struct wok__h1_limits limits = D;
	limits.body = 9;
	struct transcript setup = {.flags = WOK__H1_RESPONSE, .limits = &limits};
	struct transcript t = run_all_cuts(setup, "until close", BYTES(text));
	ASSERT_EQ(t.error, WOK__H1_BODY_TOO_LARGE);
	ASSERT_EQ(t.body_size, 9);
	transcript_free(&t);
	limits.body = 10;
	expect_messages(setup, "until close", BYTES(text), 1);
}

TEST(a_huge_chunk_is_no_overflow)
{
	struct wok__h1_limits limits = D;
	limits.body = UINT64_C(0x7fffffffffffffff);
	struct transcript t = {.limits = &limits};
	expect_error(t, "2^64 - 1", BYTES(CHUNKED "ffffffffffffffff\r\nabc"),
		     WOK__H1_BODY_TOO_LARGE);
	expect_error(t, "sum", BYTES(CHUNKED "1\r\na\r\n7fffffffffffffff\r\nabc"),
		     WOK__H1_BODY_TOO_LARGE);
	expect_error((struct transcript){0}, "sum",
		     BYTES(CHUNKED "1\r\na\r\nffffffffffffffff\r\nabc"), WOK__H1_BODY_TOO_LARGE);
	expect_error((struct transcript){0}, "cut short", BYTES(CHUNKED "ffffffffffffffff\r\nabc"),
		     WOK__H1_TRUNCATED);
}

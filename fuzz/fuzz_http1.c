/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the HTTP/1.1 codec as a connection sees it. The first byte chooses requests or responses
 * and the flags, the second the limits; the rest comes in over the wire. Claims:
 *
 *   - how the bytes are cut changes neither events, nor offsets, nor errors;
 *   - no span lies outside of the input, no read goes behind it (ASan: exact blocks);
 *   - each head that was accepted can be written again, and reads back equal;
 *   - what the writer's checks let through, the parser reads back.
 */
#include <errno.h>

#include "../tests/http/h1_transcript.h"

#define FULL_SPLIT_MAX 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* --- cuts ------------------------------------------------------------------------------------- */

/* Small enough that short inputs run into each of them. */
static const struct wok__h1_limits tight = {
	.start_line = 40,
	.field_line = 30,
	.head = 120,
	.fields = 4,
	.method = 8,
	.trailer_fields = 2,
	.trailer_bytes = 40,
	.chunk_ext_line = 8,
	.chunk_ext_total = 12,
	.chunk_overhead = 24,
	.overhead_per_byte = 2,
	.body = 20,
};

static void compare(struct transcript setup, long cut, uint32_t seed, const char *input,
		    size_t size, const struct transcript *whole)
{
	setup.cut = cut;
	setup.seed = seed;
	transcript_run(&setup, input, size);
	require(setup.text_size == whole->text_size &&
		memcmp(setup.text, whole->text, whole->text_size) == 0);
	require(setup.error == whole->error && setup.error_at == whole->error_at &&
		setup.left == whole->left);
	free(setup.text);
}

static void check_cuts(struct transcript setup, const char *input, size_t size)
{
	struct transcript whole = setup;
	transcript_run(&whole, input, size);
	require(whole.error_at <= size);
	compare(setup, CUT_EACH_BYTE, 0, input, size, &whole);
	if (size <= FULL_SPLIT_MAX)
		for (size_t cut = 1; cut < size; cut++)
			compare(setup, (long) cut, 0, input, size, &whole);
	else
		for (uint32_t seed = 0; seed < 16; seed++)
			compare(setup, CUT_RANDOM, seed, input, size, &whole);
	free(whole.text);
}

/* --- writing what was read -------------------------------------------------------------------- */

struct writer {
	char *buf;
	size_t size;
	size_t room;
};

static void advance(struct writer *writer, int n)
{
	require(n > 0); /* what was read can be written, and fits */
	writer->size += (size_t) n;
}

static void write_fields(struct writer *writer, const char *data,
			 const struct wok__h1_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
		advance(writer,
			wok__h1_put_field(writer->buf + writer->size, writer->room - writer->size,
					  wok__h1_name_of(data, &fields[i]),
					  wok__h1_value_of(data, &fields[i])));
	memcpy(writer->buf + writer->size, "\r\n", 2);
	writer->size += 2;
}

static void require_same(struct wok__h1_span a, struct wok__h1_span b)
{
	require(a.size == b.size && (a.data == NULL) == (b.data == NULL));
	if (a.data != NULL && b.data != NULL && a.size > 0)
		require(memcmp(a.data, b.data, a.size) == 0);
}

static void require_same_message(const char *data_a, const struct wok__h1_message *a,
				 const struct wok__h1_field *fields_a, const char *data_b,
				 const struct wok__h1_message *b,
				 const struct wok__h1_field *fields_b)
{
	require(a->framing == b->framing && a->content_length == b->content_length);
	require(a->present == b->present && a->fields == b->fields && a->minor == b->minor);
	require(a->keep_alive == b->keep_alive && a->upgrade == b->upgrade);
	for (size_t i = 0; i < a->fields; i++) {
		require(fields_a[i].id == fields_b[i].id);
		require_same(wok__h1_name_of(data_a, &fields_a[i]),
			     wok__h1_name_of(data_b, &fields_b[i]));
		require_same(wok__h1_value_of(data_a, &fields_a[i]),
			     wok__h1_value_of(data_b, &fields_b[i]));
	}
}

static void check_request(const char *data, size_t size, struct writer *writer)
{
	struct wok__h1_field fields[TRANSCRIPT_FIELDS], again[TRANSCRIPT_FIELDS];
	struct wok__h1_request a, b;
	if (wok__h1_parse_request(data, size, NULL, fields, TRANSCRIPT_FIELDS, &a) < 0)
		return;
	advance(writer, wok__h1_put_request_line(writer->buf, writer->room, a.method, a.target));
	writer->buf[writer->size - 3] = (char) ('0' + a.message.minor);
	write_fields(writer, data, fields, a.message.fields);
	int r = wok__h1_parse_request(writer->buf, writer->size, NULL, again, TRANSCRIPT_FIELDS,
				      &b);
	require(r == 0);
	require_same(a.method, b.method);
	require_same(a.target, b.target);
	require_same(a.host, b.host);
	require_same(a.path, b.path);
	require_same(a.query, b.query);
	require(a.form == b.form && a.expect_continue == b.expect_continue);
	require_same_message(data, &a.message, fields, writer->buf, &b.message, again);
}

static void check_response(const char *data, size_t size, unsigned flags, struct writer *writer)
{
	struct wok__h1_field fields[TRANSCRIPT_FIELDS], again[TRANSCRIPT_FIELDS];
	struct wok__h1_response a, b;
	if (wok__h1_parse_response(data, size, flags, NULL, fields, TRANSCRIPT_FIELDS, &a) < 0)
		return;
	char *reason = calloc(1, a.reason.size + 1); /* strndup() would look behind the span */
	require(reason != NULL);
	memcpy(reason, a.reason.data, a.reason.size);
	advance(writer, wok__h1_put_status_line(writer->buf, writer->room, a.status, reason));
	free(reason);
	writer->buf[7] = (char) ('0' + a.message.minor);
	write_fields(writer, data, fields, a.message.fields);
	/*
	 * What was forgiven was not written again; only repeated fields still have to be forgiven.
	 */
	flags &= ~(unsigned) (WOK__H1_LENIENT_LF | WOK__H1_LENIENT_SPACE);
	int r = wok__h1_parse_response(writer->buf, writer->size, flags, NULL, again,
				       TRANSCRIPT_FIELDS, &b);
	require(r == 0 && a.status == b.status && a.tunnel == b.tunnel);
	require(a.must_close == b.must_close && a.interim == b.interim);
	require_same(a.reason, b.reason);
	require_same_message(data, &a.message, fields, writer->buf, &b.message, again);
}

/* Lines may grow by a blank behind the colon and a CR; limits near the edge are left out. */
static void check_rewrite(unsigned flags, const char *data, size_t size)
{
	struct wok__h1_scan scan = {.flags = flags};
	struct writer writer = {.room = 2 * size + 64};
	size_t head;
	if (size > 4096 || wok__h1_scan_head(&scan, data, size, NULL, &head) != 1)
		return;
	writer.buf = malloc(writer.room);
	require(writer.buf != NULL);
	if (flags & WOK__H1_RESPONSE)
		check_response(data, head, flags, &writer);
	else
		check_request(data, head, &writer);
	free(writer.buf);
}

/* --- the writer on anything ------------------------------------------------------------------- */

static void check_writer(const char *data, size_t size)
{
	struct wok__h1_field fields[2];
	struct wok__h1_request request;
	char buf[512];
	size_t half = size / 2;
	struct wok__h1_span a = {data, half}, b = {data + half, size - half};

	int n = wok__h1_put_request_line(buf, sizeof(buf), a, b);
	require((n > 0) == (wok__h1_valid_token(a.data, a.size) &&
			    wok__h1_valid_target(b.data, b.size) && size <= sizeof(buf) - 12));
	n = wok__h1_put_field(buf, sizeof(buf), a, b);
	if (n < 0)
		return;

	char head[1024];
	int size_head = snprintf(head, sizeof(head), "GET / HTTP/1.0\r\n%.*s\r\n", n, buf);
	if (wok__h1_intern(a.data, a.size) != WOK__H1_UNKNOWN)
		return; /* a known field may still be wrong */
	require(wok__h1_parse_request(head, (size_t) size_head, NULL, fields, 2, &request) == 0);
	require(request.message.fields == 1);
	require_same(wok__h1_name_of(head, &fields[0]), a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct transcript setup = {
		.flags = data[0] & 0x7f,
		.limits = data[1] & 1 ? &tight : NULL,
	};
	const char *input = (const char *) data + 2;
	size -= 2;

	check_cuts(setup, input, size);
	check_rewrite(setup.flags, input, size);
	check_writer(input, size);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* Where responses end: see bench_reader.h. */
#include "bench_reader.h"

#include <string.h>
#include <strings.h>
#include <wok/error.h>

void bench_reader_init(struct bench_reader *reader, bool head)
{
	*reader = (struct bench_reader){.head = head};
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "HTTP/1.1 200 OK" */
static int take_status(struct bench_reader *reader, const char *line, size_t size)
{
	if (size < 12 || memcmp(line, "HTTP/1.", 7) != 0 || !is_digit(line[7]) || line[8] != ' ' ||
	    line[9] < '1' || line[9] > '9' || !is_digit(line[10]) || !is_digit(line[11]) ||
	    (size > 12 && line[12] != ' '))
		return wok_fail(WOK_EPEER, "the response does not begin as HTTP/1 does");
	reader->status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + line[11] - '0';
	reader->close = line[7] == '0';
	reader->chunked = reader->has_length = false;
	reader->left = 0;
	reader->state = READER_FIELDS;
	return 0;
}

/* Whether a field's value has a word, as "close" or "keep-alive", in a list or alone. */
static bool has_word(const char *value, size_t size, const char *word)
{
	size_t length = strlen(word);

	for (size_t i = 0; i + length <= size; i++) {
		if (strncasecmp(value + i, word, length) == 0)
			return true;
	}
	return false;
}

static int take_length(struct bench_reader *reader, const char *value, size_t size)
{
	uint64_t length = 0;

	for (size_t i = 0; i < size; i++) {
		if (!is_digit(value[i]) || length > UINT64_MAX / 100)
			return wok_fail(WOK_EPEER, "the Content-Length is no number");
		length = length * 10 + (uint64_t) (value[i] - '0');
	}
	if (size == 0 || (reader->has_length && length != reader->left))
		return wok_fail(WOK_EPEER, "the Content-Length makes no sense");
	reader->has_length = true;
	reader->left = length;
	return 0;
}

static int take_field(struct bench_reader *reader, const char *line, size_t size)
{
	/* By length and first letter: most fields are passed over without a comparison. */
	const char *colon = memchr(line, ':', size);
	if (!colon)
		return wok_fail(WOK_EPEER, "a line of the response's head has no colon");
	size_t name = (size_t) (colon - line);
	const char *value = colon + 1, *end = line + size;

	if (name != 10 && name != 14 && name != 17)
		return 0;
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	size = (size_t) (end - value);
	if (name == 14 && strncasecmp(line, "Content-Length", name) == 0)
		return take_length(reader, value, size);
	if (name == 17 && strncasecmp(line, "Transfer-Encoding", name) == 0)
		reader->chunked = has_word(value, size, "chunked");
	if (name == 10 && strncasecmp(line, "Connection", name) == 0) {
		if (has_word(value, size, "close"))
			reader->close = true;
		else if (has_word(value, size, "keep-alive"))
			reader->close = false;
	}
	return 0;
}

/* The head is over. Returns 1 if the response is, too. */
static int begin_body(struct bench_reader *reader)
{
	if (reader->status < 200 && reader->status != 101) {
		reader->state =
			READER_STATUS; /* 100 Continue, 103 Early Hints: the response follows */
		return 0;
	}
	if (reader->head || reader->status == 204 || reader->status == 304)
		return 1;
	if (reader->status == 101)
		return wok_fail(WOK_EPEER, "the server changes the protocol, unasked");
	if (reader->chunked) {
		reader->state = READER_CHUNK_SIZE;
		return 0;
	}
	if (!reader->has_length) {
		reader->close = true;
		reader->state = READER_TO_END;
		return 0;
	}
	reader->state = READER_BODY;
	return reader->left == 0;
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int take_chunk_size(struct bench_reader *reader, const char *line, size_t size)
{
	uint64_t length = 0;
	size_t i = 0;

	for (; i < size && hex_digit(line[i]) >= 0; i++) {
		if (length > UINT64_MAX >> 8)
			return wok_fail(WOK_EPEER, "a chunk is too large");
		length = length * 16 + (uint64_t) hex_digit(line[i]);
	}
	if (i == 0 || (i < size && line[i] != ';' && line[i] != ' ' && line[i] != '\t'))
		return wok_fail(WOK_EPEER, "a chunk's size is no number");
	reader->left = length;
	reader->state = length > 0 ? READER_CHUNK : READER_TRAILERS;
	return 0;
}

/* A line without its end. Returns 1 if it ends the response. */
static int take_line(struct bench_reader *reader, const char *line, size_t size)
{
	switch (reader->state) {
	case READER_STATUS:
		return take_status(reader, line, size);
	case READER_FIELDS:
		return size == 0 ? begin_body(reader) : take_field(reader, line, size);
	case READER_CHUNK_SIZE:
		return take_chunk_size(reader, line, size);
	case READER_CHUNK_END:
		if (size > 0)
			return wok_fail(WOK_EPEER, "a chunk is longer than its size");
		reader->state = READER_CHUNK_SIZE;
		return 0;
	default: /* READER_TRAILERS */
		return size == 0;
	}
}

/* Bytes of a body, or of a chunk. Returns 1 if they end the response. */
static int skip_body(struct bench_reader *reader, size_t size, size_t *used)
{
	if (reader->state == READER_TO_END) {
		*used += size;
		return 0;
	}
	size_t skipped = reader->left < size ? (size_t) reader->left : size;
	reader->left -= skipped;
	*used += skipped;
	if (reader->left > 0)
		return 0;
	if (reader->state == READER_BODY)
		return 1;
	reader->state = READER_CHUNK_END;
	return 0;
}

static bool in_body(const struct bench_reader *reader)
{
	return reader->state == READER_BODY || reader->state == READER_CHUNK ||
	       reader->state == READER_TO_END;
}

int bench_reader_feed(struct bench_reader *reader, const char *data, size_t size, size_t *ret_used)
{
	size_t used = 0;
	int r = 0;

	while (r == 0 && used < size) {
		if (in_body(reader)) {
			r = skip_body(reader, size - used, &used);
			continue;
		}
		const char *line = data + used, *end = memchr(line, '\n', size - used);
		if (!end)
			break;
		used = (size_t) (end + 1 - data);
		r = take_line(reader, line,
			      (size_t) (end - line) - (end > line && end[-1] == '\r'));
	}
	if (r > 0)
		reader->state = READER_STATUS;
	*ret_used = used;
	return r;
}

bool bench_reader_may_end(const struct bench_reader *reader)
{
	return reader->state == READER_TO_END;
}

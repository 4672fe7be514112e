/* SPDX-License-Identifier: MIT */
#ifndef TESTS_H2_FRAMES_H
#define TESTS_H2_FRAMES_H
/* Frames of HTTP/2, made and read by hand: for clients that do not keep to the rules. */
#include "h2/served.h"

enum {
	DATA = 0,
	HEADERS = 1,
	PRIORITY = 2,
	RST_STREAM = 3,
	SETTINGS = 4,
	PING = 6,
	GOAWAY = 7,
	WINDOW_UPDATE = 8,
	CONTINUATION = 9,
	END_STREAM = 1,
	ACK = 1,
	END_HEADERS = 4,
};

struct bytes {
	unsigned char data[200000];
	size_t size;
};

static inline void put(struct bytes *out, const void *data, size_t size)
{
	ASSERT(out->size + size <= sizeof(out->data));
	if (size > 0)
		memcpy(out->data + out->size, data, size);
	out->size += size;
}

static inline void put_number(struct bytes *out, uint32_t number, int n)
{
	for (int i = n - 1; i >= 0; i--)
		put(out, &(unsigned char){(unsigned char) (number >> 8 * i)}, 1);
}

static inline void put_frame(struct bytes *out, int type, int flags, uint32_t id, const void *data,
			     size_t size)
{
	put_number(out, (uint32_t) size, 3);
	put_number(out, (uint32_t) type, 1);
	put_number(out, (uint32_t) flags, 1);
	put_number(out, id, 4);
	put(out, data, size);
}

/* HPACK in its plainest form: each field in full, without a code or a table. */
static inline void put_field(struct bytes *out, const char *name, const char *value)
{
	put_number(out, 0, 1);
	ASSERT(strlen(name) < 127 && strlen(value) < 127);
	put_number(out, (uint32_t) strlen(name), 1);
	put(out, name, strlen(name));
	put_number(out, (uint32_t) strlen(value), 1);
	put(out, value, strlen(value));
}

static inline void put_request_names(struct bytes *out, const char *method, const char *path)
{
	put_field(out, ":method", method);
	put_field(out, ":scheme", "http");
	put_field(out, ":path", path);
	put_field(out, ":authority", "a.test");
}

static inline void put_request(struct bytes *out, uint32_t id, const char *method, int flags)
{
	struct bytes *block = calloc(1, sizeof(*block));

	put_request_names(block, method, "/");
	put_frame(out, HEADERS, flags | END_HEADERS, id, block->data, block->size);
	free(block);
}

static inline void put_preface(struct bytes *out)
{
	put(out, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24);
	put_frame(out, SETTINGS, 0, 0, NULL, 0);
}

static inline void send_bytes(struct served *served, struct bytes *out)
{
	ASSERT_OK(wok_stream_write_all(served->raw, out->data, out->size));
	out->size = 0;
}

struct frame {
	int type, flags;
	uint32_t id, size;
	unsigned char data[20000];
};

static inline uint32_t number_at(const unsigned char *data, int n)
{
	uint32_t number = 0;

	for (int i = 0; i < n; i++)
		number = number << 8 | data[i];
	return number;
}

/* The next frame: 1; 0 at the end, or when none comes for so long. */
static inline int read_frame(struct served *served, struct frame *frame, wok_time limit)
{
	unsigned char head[9];
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = -ETIMEDOUT;

	WOK_TIMEOUT (&timeout, limit) {
		r = wok_stream_read_exactly(served->raw, head, sizeof(head), NULL);
	}
	if (r < 0)
		return 0;
	frame->size = number_at(head, 3);
	frame->type = head[3];
	frame->flags = head[4];
	frame->id = number_at(head + 5, 4);
	ASSERT(frame->size <= sizeof(frame->data));
	ASSERT_OK(wok_stream_read_exactly(served->raw, frame->data, frame->size, NULL));
	return 1;
}

/* Read until a frame of a type comes; it fails the test if none does. */
static inline struct frame *expect_frame(struct served *served, int type)
{
	static struct frame frame;

	while (read_frame(served, &frame, 100 * WOK_SECOND))
		if (frame.type == type)
			return &frame;
	FAIL("no frame of type %d came", type);
}

/* The server gives the connection up, and says why. */
static inline void expect_goaway(struct served *served, uint32_t code)
{
	const struct frame *frame = expect_frame(served, GOAWAY);

	ASSERT_EQ(number_at(frame->data + 4, 4), code);
}

static inline void expect_reset(struct served *served, uint32_t id, uint32_t code)
{
	const struct frame *frame = expect_frame(served, RST_STREAM);

	ASSERT_EQ(frame->id, id);
	ASSERT_EQ(number_at(frame->data, 4), code);
}

static inline int count_call(wok_http_request *request, void *arg)
{
	struct served *served = arg;

	served->calls++;
	return wok_http_reply_text(request, 200, "ok");
}

/* A server that counts its requests, and a client that has said its first words. */
static inline struct bytes *hostile_open(struct served *served)
{
	struct bytes *out = calloc(1, sizeof(*out));

	served_route(served, "*", "/", count_call);
	served_open_raw(served);
	put_preface(out);
	return out;
}

/* The connection is still good: a request is answered. */
static inline void expect_service(struct served *served, struct bytes *out, uint32_t id)
{
	int before = served->calls;

	put_request(out, id, "GET", END_STREAM);
	send_bytes(served, out);
	const struct frame *frame;
	do {
		frame = expect_frame(served, HEADERS);
	} while (frame->id != id);
	ASSERT_EQ(served->calls, before + 1);
}
#endif

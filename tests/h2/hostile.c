/* SPDX-License-Identifier: MIT */
/* Clients that mean harm: floods, bombs, stalls. None makes the server keep much, or work long. */
#include "h2/frames.h"

enum {
	PROTOCOL_ERROR = 1,
	FLOW_CONTROL_ERROR = 3,
	FRAME_SIZE_ERROR = 6,
	COMPRESSION_ERROR = 9,
	ENHANCE_YOUR_CALM = 11,
};

/* Send the same again and again, until the server has enough. */
static int flood(struct served *served, struct bytes *out, wok_time pause)
{
	for (int i = 0; i < 100; i++) {
		if (wok_stream_write_all(served->raw, out->data, out->size) < 0)
			return i;
		if (pause > 0)
			ASSERT_OK(wok_sleep(pause));
		else
			test_settle();
	}
	return 100;
}

static void expect_calm(struct served *served, struct bytes *out)
{
	(void) flood(served, out, 0);
	expect_goaway(served, ENHANCE_YOUR_CALM);
	free(out);
	served_close_raw(served, WOK_EPEER);
}

static void take_back(struct bytes *out, uint32_t first, int n)
{
	for (int i = 0; i < n; i++) {
		put_request(out, first + 2 * (uint32_t) i, "GET", END_STREAM);
		put_frame(out, RST_STREAM, 0, first + 2 * (uint32_t) i, "\0\0\0\x08", 4);
	}
}

TEST_TASK(requests_taken_back_a_thousand_times_are_enough, "http-56")
{
	struct served served = {0};
	struct bytes *out = hostile_open(&served);

	take_back(out, 1, 1000);
	send_bytes(&served, out);
	expect_goaway(&served, ENHANCE_YOUR_CALM);
	ASSERT(served.calls <= 500);
	free(out);
	served_close_raw(&served, WOK_EPEER);
}

TEST_TASK(requests_taken_back_now_and_then_are_fine)
{
	struct served served = {0};
	struct bytes *out = hostile_open(&served);

	for (int i = 0; i < 20; i++) {
		take_back(out, 1 + (uint32_t) i * 200, 90);
		send_bytes(&served, out);
		ASSERT_OK(wok_sleep(2 * WOK_SECOND));
	}
	expect_service(&served, out, 5001);
	free(out);
	served_close_raw(&served, 0);
}

TEST_TASK(a_server_made_to_reset_its_streams_has_enough, "http-56")
{
	struct served served = {0};
	struct bytes *out = hostile_open(&served);

	for (uint32_t id = 1; id < 1400; id += 2)
		put_request(out, id, "G ET", END_STREAM);
	send_bytes(&served, out);
	expect_goaway(&served, ENHANCE_YOUR_CALM);
	free(out);
	served_close_raw(&served, WOK_EPEER);
}

TEST_TASK(a_flood_of_pings_is_enough, "http-56")
{
	struct served served = {0};
	struct bytes *out = hostile_open(&served);

	send_bytes(&served, out);
	for (int i = 0; i < 100; i++)
		put_frame(out, PING, 0, 0, "12345678", 8);
	expect_calm(&served, out);
}

TEST_TASK(a_flood_of_settings_is_enough, "http-56")
{
	struct served served = {0};
	struct bytes *out = hostile_open(&served);

	send_bytes(&served, out);
	for (int i = 0; i < 100; i++)
		put_frame(out, SETTINGS, 0, 0, "\0\4\0\0\xff\xff", 6);
	expect_calm(&served, out);
}

TEST_TASK(a_flood_of_priorities_is_enough)
{
	struct served served = {0};
	struct bytes *out = hostile_open(&served);

	send_bytes(&served, out);
	for (int i = 0; i < 100; i++)
		put_frame(out, PRIORITY, 0, 3, "\0\0\0\0\x10", 5);
	expect_calm(&served, out);
}

static int read_slowly(wok_http_request *request, void *arg)
{
	wok_view body;

	(void) arg;
	return wok_http_request_body(request, &body);
}

TEST_TASK(a_flood_of_empty_frames_is_enough, "http-56")
{
	struct served served = {0};
	struct bytes *out = calloc(1, sizeof(*out));

	served_route(&served, "POST", "/", read_slowly);
	served_open_raw(&served);
	put_preface(out);
	put_request(out, 1, "POST", 0);
	send_bytes(&served, out);
	for (int i = 0; i < 100; i++)
		put_frame(out, DATA, 0, 1, "", 0);
	expect_calm(&served, out);
}

TEST_TASK(answers_that_nobody_takes_stop_the_reading)
{
	struct served served = {.options.http2.max_noise = 1000000, .line.chunk = 4096};
	struct bytes *out = hostile_open(&served);
	wok_time start = wok_now();

	send_bytes(&served, out);
	for (int i = 0; i < 1000; i++)
		put_frame(out, PING, 0, 0, "12345678", 8);
	/* It stops taking them, and in the end gives up. */
	int n = 0;
	while (n < 10000 && wok_stream_write_all(served.raw, out->data, out->size) == 0)
		n++;
	ASSERT(n < 20);
	ASSERT(wok_now() - start >= 30 * WOK_SECOND);
	free(out);
	served_close_raw(&served, 0);
}

TEST_TASK(a_head_in_endless_pieces_is_enough, "http-56")
{
	struct served served = {0};
	struct bytes *out = hostile_open(&served), *block = calloc(1, sizeof(*block));

	put_request_names(block, "GET", "/");
	put_frame(out, HEADERS, 0, 1, block->data, block->size);
	block->size = 0;
	put_field(block, "x", "y");
	for (int i = 0; i < 2000; i++)
		put_frame(out, CONTINUATION, 0, 1, block->data, block->size);
	send_bytes(&served, out);
	expect_goaway(&served, ENHANCE_YOUR_CALM);
	ASSERT_EQ(served.calls, 0);
	free(block);
	free(out);
	served_close_raw(&served, WOK_EPEER);
}

TEST_TASK(a_head_that_drips_has_a_limit)
{
	struct served served = {0};
	struct bytes *out = hostile_open(&served), *block = calloc(1, sizeof(*block));
	wok_time start = wok_now();

	put_request_names(block, "GET", "/");
	put_frame(out, HEADERS, END_HEADERS | END_STREAM, 1, block->data, block->size);
	size_t i = 0;
	while (i < out->size - 1 && wok_stream_write_all(served.raw, out->data + i, 1) == 0) {
		i++;
		if (i > 40) /* behind the first words and the frame's own head */
			ASSERT_OK(wok_sleep(WOK_SECOND));
	}
	ASSERT(wok_now() - start >= 30 * WOK_SECOND);
	ASSERT(wok_now() - start <= 33 * WOK_SECOND);
	ASSERT_EQ(served.calls, 0);
	free(block);
	free(out);
	served_close_raw(&served, 0);
}

/* One field of 4 KB in the table, and then a byte for each repetition. */
TEST_TASK(a_bomb_of_hpack_is_refused_and_costs_no_memory, "http-56")
{
	struct served served = {0};
	struct bytes *out = hostile_open(&served), *block = calloc(1, sizeof(*block));
	char big[3900];

	put_request_names(block, "GET", "/");
	put_number(block, 0x40, 1); /* into the table */
	put_number(block, 1, 1);
	put(block, "x", 1);
	memset(big, 'y', sizeof(big));
	put(block, "\x7f\xbd\x1d", 3); /* 3900 */
	put(block, big, sizeof(big));
	for (int i = 0; i < 12000; i++)
		put_number(block, 0x80 | 62, 1);
	put_frame(out, HEADERS, END_HEADERS | END_STREAM, 1, block->data, block->size);
	send_bytes(&served, out);
	const struct frame *frame = expect_frame(&served, HEADERS);
	ASSERT_EQ(frame->id, 1);
	ASSERT(frame->data[0] < 0x88 || frame->data[0] > 0x8e); /* 431 is in no table */
	ASSERT_EQ(served.calls, 0);
	expect_service(&served, out, 3);
	free(block);
	free(out);
	served_close_raw(&served, 0);
}

TEST_TASK(a_head_that_cannot_be_decoded_ends_the_connection)
{
	struct served served = {0};
	struct bytes *out = hostile_open(&served);

	put_frame(out, HEADERS, END_HEADERS | END_STREAM, 1, "\xff\xff\xff\xff\xff", 5);
	send_bytes(&served, out);
	expect_goaway(&served, COMPRESSION_ERROR);
	free(out);
	served_close_raw(&served, WOK_EPEER);
}

TEST_TASK(a_window_of_the_server_that_overflows_ends_its_stream_or_the_connection, "http-56")
{
	struct served served = {0};
	struct bytes *out = hostile_open(&served);

	send_bytes(&served, out);
	put_frame(out, WINDOW_UPDATE, 0, 0, "\x7f\xff\xff\xff", 4);
	send_bytes(&served, out);
	expect_goaway(&served, FLOW_CONTROL_ERROR);
	free(out);
	served_close_raw(&served, WOK_EPEER);
}

static int sleep_long(wok_http_request *request, void *arg)
{
	(void) request;
	(void) arg;
	return wok_sleep(WOK_MINUTE);
}

TEST_TASK(more_data_than_the_window_allows_is_refused, "http-56")
{
	struct served served = {.options.http2.window = 65535, .options.max_body = 1 << 30};
	struct bytes *out = calloc(1, sizeof(*out));
	static const char data[16384];

	served_route(&served, "POST", "/", sleep_long);
	served_open_raw(&served);
	put_preface(out);
	put_frame(out, SETTINGS, ACK, 0, NULL, 0);
	put_request(out, 1, "POST", 0);
	for (int i = 0; i < 5; i++)
		put_frame(out, DATA, 0, 1, data, sizeof(data));
	send_bytes(&served, out);
	expect_reset(&served, 1, FLOW_CONTROL_ERROR);
	free(out);
	served_close_raw(&served, 0);
}

TEST_TASK(more_streams_than_are_allowed_are_refused)
{
	struct served served = {.options.http2.max_streams = 3};
	struct bytes *out = calloc(1, sizeof(*out));

	served_route(&served, "GET", "/", sleep_long);
	served_open_raw(&served);
	put_preface(out); /* the server's settings are not acknowledged yet */
	for (uint32_t id = 1; id < 9; id += 2)
		put_request(out, id, "GET", END_STREAM);
	send_bytes(&served, out);
	const struct frame *frame = expect_frame(&served, RST_STREAM);
	ASSERT_EQ(frame->id, 7);
	free(out);
	served_close_raw(&served, 0);
}

static int ignore_all(wok_http_request *request, void *arg)
{
	struct served *served = arg;

	(void) request;
	served->calls++;
	return wok_sleep(WOK_MINUTE);
}

TEST_TASK(handlers_whose_clients_have_gone_count_still)
{
	struct served served = {.options.http2.max_streams = 3};
	struct bytes *out = calloc(1, sizeof(*out));

	served_route(&served, "GET", "/", ignore_all);
	served_open_raw(&served);
	put_preface(out);
	for (uint32_t id = 1; id < 400; id += 2) {
		put_request(out, id, "GET", END_STREAM);
		send_bytes(&served, out);
		test_settle();
		put_frame(out, RST_STREAM, 0, id, "\0\0\0\x08", 4);
		send_bytes(&served, out);
	}
	ASSERT_EQ(served.calls, 103);
	expect_reset(&served, 207, 7); /* REFUSED_STREAM */
	free(out);
	served_close_raw(&served, 0);
}

TEST_TASK(a_frame_that_is_too_large_ends_the_connection)
{
	struct served served = {0};
	struct bytes *out = hostile_open(&served);
	static const char data[20000];

	put_frame(out, HEADERS, END_HEADERS, 1, data, sizeof(data));
	send_bytes(&served, out);
	expect_goaway(&served, FRAME_SIZE_ERROR);
	free(out);
	served_close_raw(&served, WOK_EPEER);
}

TEST_TASK(a_promise_from_a_client_ends_the_connection)
{
	struct served served = {0};
	struct bytes *out = hostile_open(&served);

	put_frame(out, 5, END_HEADERS, 1, "\0\0\0\2", 4);
	send_bytes(&served, out);
	expect_goaway(&served, PROTOCOL_ERROR);
	free(out);
	served_close_raw(&served, WOK_EPEER);
}

/* It has been told of the end, and asked whether it knows: that question it leaves open. */
TEST_TASK(a_client_that_does_not_hear_the_end_is_not_waited_for)
{
	struct served served = {.options = {.max_requests = 1}};
	struct bytes *out = hostile_open(&served);
	struct frame *frame = calloc(1, sizeof(*frame));
	uint32_t last = 0;

	put_request(out, 1, "GET", END_STREAM);
	send_bytes(&served, out);
	while (read_frame(&served, frame, 5 * WOK_SECOND))
		if (frame->type == GOAWAY)
			last = number_at(frame->data, 4);
	ASSERT_EQ(last, 1);
	ASSERT_EQ(served.calls, 1);
	test_settle();
	ASSERT(wok_task_done(served.serving));
	free(frame);
	free(out);
	served_close_raw(&served, 0);
}

static int say_too_much(wok_http_request *request, void *arg)
{
	static char value[8000];

	(void) arg;
	memset(value, 'x', sizeof(value) - 1);
	for (int i = 0; i < 10; i++)
		WOK_TRY(wok_http_reply_header(request, "X-A", value));
	return wok_http_reply_text(request, 200, "");
}

TEST_TASK(a_reply_whose_head_is_too_large_to_go_is_broken_off)
{
	struct served served = {0};

	served_route(&served, "GET", "/", say_too_much);
	served_open_raw(&served);
	struct bytes *out = calloc(1, sizeof(*out));
	put_preface(out);
	put_request(out, 1, "GET", END_STREAM);
	send_bytes(&served, out);
	expect_reset(&served, 1, 2);
	free(out);
	served_close_raw(&served, 0);
}

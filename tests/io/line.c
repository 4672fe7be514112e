/* SPDX-License-Identifier: MIT */
/* Streams in memory that behave like a bad line: see wok_stream_pair_with(). */
#include <stdlib.h>
#include <wok/test.h>

#include "io/streams.h"

TEST_TASK(a_delay_keeps_bytes_back_and_their_order)
{
	const wok_stream_pair_options options = {.delay = 100 * WOK_MS};
	WOK_AUTO(wok_stream) *a = NULL, *b = NULL;
	wok_time start = wok_now();
	char data[8];

	ASSERT_OK(wok_stream_pair_with(&options, &a, &b));
	ASSERT_OK(wok_stream_write_all(a, "one", 3));
	ASSERT_OK(wok_sleep(30 * WOK_MS));
	ASSERT_OK(wok_stream_write_all(a, "two", 3));
	ASSERT_OK(wok_stream_shutdown(a));
	ASSERT_EQ(wok_stream_read(b, data, 8), 3);
	ASSERT_MEM(data, "one", 3);
	ASSERT_EQ(wok_now() - start, 100 * WOK_MS);
	ASSERT_EQ(wok_stream_read(b, data, 8), 3);
	ASSERT_MEM(data, "two", 3);
	ASSERT_EQ(wok_now() - start, 130 * WOK_MS);
	ASSERT_EQ(wok_stream_read(b, data, 8), 0);
}

TEST_TASK(many_small_writes_under_way_lose_nothing)
{
	const wok_stream_pair_options options = {.delay = WOK_SECOND};
	WOK_AUTO(wok_stream) *a = NULL, *b = NULL;
	char data[500];

	ASSERT_OK(wok_stream_pair_with(&options, &a, &b));
	for (int i = 0; i < 500; i++) {
		char byte = (char) i;
		ASSERT_OK(wok_stream_write_all(a, &byte, 1));
		ASSERT_OK(wok_sleep(WOK_MS));
	}
	ASSERT_OK(wok_stream_read_exactly(b, data, 500, NULL));
	for (int i = 0; i < 500; i++)
		ASSERT_EQ(data[i], (char) i);
}

static int read_some(void *stream)
{
	char data[8];

	return (int) wok_stream_read(stream, data, 8);
}

TEST_TASK(a_reader_that_waits_for_a_delay_is_woken_by_a_close)
{
	const wok_stream_pair_options options = {.delay = WOK_MINUTE};
	WOK_AUTO(wok_stream) *a = NULL, *b = NULL;

	ASSERT_OK(wok_stream_pair_with(&options, &a, &b));
	ASSERT_OK(wok_stream_write_all(a, "x", 1));
	WOK_AUTO(wok_task) *task = wok_create_task(read_some, b);
	ASSERT_OK(wok_yield());
	wok_time before = wok_now();
	ASSERT_OK(wok_stream_close(b));
	ASSERT_ERR(wok_await(task), -EBADF);
	ASSERT_EQ(wok_now(), before);
}

TEST_TASK(small_pieces_come_one_by_one)
{
	const wok_stream_pair_options options = {.chunk = 2};
	WOK_AUTO(wok_stream) *a = NULL, *b = NULL;
	wok_view line;
	char data[8];

	ASSERT_OK(wok_stream_pair_with(&options, &a, &b));
	ASSERT_EQ(wok_stream_write(a, "hello", 5), 2);
	ASSERT_OK(wok_stream_write_all(a, "llo\nrest", 8));
	ASSERT_EQ(wok_stream_read(b, data, 8), 2);
	ASSERT_EQ(wok_stream_next_line(b, 0, &line), 1);
	ASSERT_EQ(line.size, 3);
}

TEST_TASK(a_line_breaks_where_it_is_told_on_both_sides)
{
	const wok_stream_pair_options options = {.fail_after = 5, .error = -EHOSTUNREACH};
	WOK_AUTO(wok_stream) *a = NULL, *b = NULL;
	size_t done = 0;
	char data[8];
	struct iovec part = {.iov_base = data, .iov_len = 8};

	memcpy(data, "12345678", 8);
	ASSERT_OK(wok_stream_pair_with(&options, &a, &b));
	ASSERT_ERR(wok_stream_write_parts(a, &part, 1, &done), -EHOSTUNREACH);
	ASSERT_EQ(done, 5);
	ASSERT_ERR(wok_stream_read_exactly(b, data, 6, &done), -EHOSTUNREACH);
	ASSERT_EQ(done, 5);
	ASSERT_OK(wok_stream_write_all(b, "back", 4)); /* each direction counts its own */
	ASSERT_ERR(wok_stream_pair_with(&(wok_stream_pair_options){.error = 5}, &a, &b), -EINVAL);
}

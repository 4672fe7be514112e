/* SPDX-License-Identifier: MIT */
/* Taking lines, frames and heads out of a stream: see wok/stream.h. */
#include <wok/wok.h>

#include "harness/test.h"

struct feed {
	wok_stream *stream;
	const char *const *chunks; /* NULL ends them */
};

/* Writes each chunk when the one before has been looked at, and then ends. */
static int feed(void *arg)
{
	struct feed *self = arg;

	for (int i = 0; self->chunks[i]; i++) {
		WOK_TRY(wok_stream_write_all(self->stream, self->chunks[i],
					     strlen(self->chunks[i])));
		WOK_TRY(wok_sleep(WOK_MS));
	}
	return wok_stream_shutdown(self->stream);
}

/* A stream that gives these chunks, one after another. */
struct source {
	wok_stream *reader, *writer;
	struct feed feed;
	wok_task *task;
};

static void open_source(struct source *source, const char *const *chunks)
{
	ASSERT_OK(wok_stream_pair(0, &source->reader, &source->writer));
	source->feed = (struct feed){source->writer, chunks};
	source->task = wok_create_task(feed, &source->feed);
}

static void close_source(struct source *source)
{
	wok_task_free(source->task);
	wok_stream_free(source->reader);
	wok_stream_free(source->writer);
}

static void expect(wok_stream *stream, const char *separator, const char *text)
{
	wok_view bytes;

	ASSERT_EQ(wok_stream_read_until(stream, separator, strlen(separator), 0, &bytes), 1);
	ASSERT_EQ(bytes.size, strlen(text));
	ASSERT_MEM(bytes.data, text, bytes.size);
}

#define CHUNKS(...) ((const char *const[]){__VA_ARGS__, NULL})

TEST_TASK(a_separator_is_found_across_chunks, "E14")
{
	struct source source;

	open_source(&source, CHUNKS("GET / HTTP\r", "\n", "Host: x\r\n\r", "\nrest"));
	expect(source.reader, "\r\n", "GET / HTTP\r\n");
	expect(source.reader, "\r\n\r\n", "Host: x\r\n\r\n");
	close_source(&source);
}

TEST_TASK(a_separator_that_overlaps_itself_is_found, "E14")
{
	struct source source;

	open_source(&source, CHUNKS("aab", "aa", "baac", "--aaba", "ac"));
	expect(source.reader, "aabaac", "aabaabaac");
	expect(source.reader, "aabaac", "--aabaac");
	close_source(&source);
}

TEST_TASK(several_frames_in_one_chunk_are_taken_one_by_one, "E14")
{
	struct source source;
	wok_view bytes;

	open_source(&source, CHUNKS("a;;b;", "c;"));
	expect(source.reader, ";", "a;");
	expect(source.reader, ";", ";");
	expect(source.reader, ";", "b;");
	expect(source.reader, ";", "c;");
	ASSERT_EQ(wok_stream_read_until(source.reader, ";", 1, 0, &bytes), 0);
	ASSERT_EQ(wok_stream_read_until(source.reader, ";", 1, 0, &bytes), 0);
	close_source(&source);
}

TEST_TASK(the_rest_without_a_separator_comes_with_its_own_code, "E14")
{
	struct source source;
	wok_view bytes;

	open_source(&source, CHUNKS("one;tw", "o"));
	expect(source.reader, ";", "one;");
	ASSERT_ERR(wok_stream_read_until(source.reader, ";", 1, 0, &bytes), WOK_EEOF);
	ASSERT_EQ(bytes.size, 3);
	ASSERT_MEM(bytes.data, "two", 3);
	ASSERT_EQ(wok_stream_read_until(source.reader, ";", 1, 0, &bytes), 0);
	close_source(&source);
}

TEST_TASK(a_separator_at_the_limit_is_in_and_one_behind_it_is_not, "E14")
{
	struct source source;
	wok_view bytes;

	open_source(&source, CHUNKS("123;", "1234;"));
	ASSERT_EQ(wok_stream_read_until(source.reader, ";", 1, 4, &bytes), 1);
	ASSERT_EQ(bytes.size, 4);
	ASSERT_ERR(wok_stream_read_until(source.reader, ";", 1, 4, &bytes), WOK_ELIMIT);
	/* Nothing was taken: with a higher limit it is all there. */
	ASSERT_EQ(wok_stream_read_until(source.reader, ";", 1, 5, &bytes), 1);
	ASSERT_MEM(bytes.data, "1234;", 5);
	close_source(&source);
}

TEST_TASK(an_overrun_keeps_the_data_whether_the_separator_is_there_or_not, "E14")
{
	struct source source;
	char data[16];
	wok_view bytes;

	open_source(&source, CHUNKS("0123456789;x", "abcdef"));
	ASSERT_ERR(wok_stream_read_until(source.reader, ";", 1, 4, &bytes), WOK_ELIMIT);
	ASSERT_ERR(wok_stream_read_until(source.reader, "?", 1, 4, &bytes), WOK_ELIMIT);
	ASSERT_OK(wok_stream_read_exactly(source.reader, data, 12, NULL));
	ASSERT_MEM(data, "0123456789;x", 12);
	ASSERT_ERR(wok_stream_read_until(source.reader, "?", 1, 6, &bytes), WOK_ELIMIT);
	ASSERT_OK(wok_stream_read_exactly(source.reader, data, 6, NULL));
	ASSERT_MEM(data, "abcdef", 6);
	close_source(&source);
}

TEST_TASK(an_empty_separator_is_refused, "E14")
{
	struct source source;
	wok_view bytes;

	open_source(&source, CHUNKS("x"));
	ASSERT_ERR(wok_stream_read_until(source.reader, "", 0, 0, &bytes), -EINVAL);
	close_source(&source);
}

TEST_TASK(lines_come_without_their_ends, "E14")
{
	struct source source;
	wok_view line;
	const char *const lines[] = {"unix", "dos", "", "", "a\rb", "last"};

	open_source(&source, CHUNKS("unix\ndos\r", "\n\n\r\na\rb\nla", "st"));
	for (int i = 0; i < 6; i++) {
		ASSERT_EQ(wok_stream_next_line(source.reader, 0, &line), 1);
		ASSERT_EQ(line.size, strlen(lines[i]));
		ASSERT_MEM(line.data, lines[i], line.size);
	}
	ASSERT_EQ(wok_stream_next_line(source.reader, 0, &line), 0);
	close_source(&source);
}

TEST_TASK(a_line_may_be_as_long_as_the_limit_and_grows_the_buffer, "E14")
{
	enum { LONG = 300000 };
	static char text[LONG + 2];
	struct source source;
	wok_view line;

	memset(text, 'x', LONG);
	text[LONG] = '\n';
	open_source(&source, CHUNKS("short\n", text, text, "end\n"));
	ASSERT_EQ(wok_stream_next_line(source.reader, LONG + 1, &line), 1);
	ASSERT_EQ(line.size, 5);
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(wok_stream_next_line(source.reader, LONG + 1, &line), 1);
		ASSERT_EQ(line.size, LONG);
		ASSERT_EQ(line.data[LONG - 1], 'x');
	}
	ASSERT_EQ(wok_stream_next_line(source.reader, LONG, &line), 1);
	ASSERT_MEM(line.data, "end", 3);
	close_source(&source);
}

TEST_TASK(reading_exactly_says_how_much_there_was, "E14")
{
	struct source source;
	char data[16];
	size_t done = 99;

	open_source(&source, CHUNKS("abc", "defg"));
	ASSERT_OK(wok_stream_read_exactly(source.reader, data, 5, &done));
	ASSERT_EQ(done, 5);
	ASSERT_ERR(wok_stream_read_exactly(source.reader, data, 5, &done), WOK_EEOF);
	ASSERT_EQ(done, 2);
	ASSERT_MEM(data, "fg", 2);
	ASSERT_ERR(wok_stream_read_exactly(source.reader, data, 1, &done), WOK_EEOF);
	ASSERT_EQ(done, 0);
	ASSERT_OK(wok_stream_read_exactly(source.reader, data, 0, &done));
	close_source(&source);
}

TEST_TASK(filling_shows_more_each_time_and_takes_nothing, "E14")
{
	struct source source;
	wok_view bytes;

	open_source(&source, CHUNKS("abc", "def", "ghi"));
	ASSERT_EQ(wok_stream_fill(source.reader, 8, &bytes), 1);
	ASSERT_EQ(bytes.size, 3);
	ASSERT_EQ(wok_stream_fill(source.reader, 8, &bytes), 1);
	ASSERT_EQ(bytes.size, 6);
	wok_stream_consume(source.reader, 2);
	ASSERT_EQ(wok_stream_buffered(source.reader).size, 4);
	ASSERT_EQ(wok_stream_fill(source.reader, 6, &bytes), 1);
	ASSERT_MEM(bytes.data, "cdefgh", 6);
	ASSERT_ERR(wok_stream_fill(source.reader, 6, &bytes), WOK_ELIMIT);
	wok_stream_consume(source.reader, 100);
	ASSERT_EQ(wok_stream_fill(source.reader, 6, &bytes), 1);
	ASSERT_MEM(bytes.data, "i", 1);
	ASSERT_EQ(wok_stream_fill(source.reader, 6, &bytes), 0);
	close_source(&source);
}

TEST_TASK(a_read_after_a_view_goes_on_behind_it, "E14")
{
	struct source source;
	char data[16];

	open_source(&source, CHUNKS("head;body"));
	expect(source.reader, ";", "head;");
	ASSERT_EQ(wok_stream_read(source.reader, data, sizeof(data)), 4);
	ASSERT_MEM(data, "body", 4);
	close_source(&source);
}

TEST_TASK(a_read_until_that_is_cancelled_takes_nothing, "E8", "E14")
{
	struct source source;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	wok_view bytes;
	int r = 0;

	open_source(&source, CHUNKS("abc", "def;"));
	WOK_TIMEOUT (&timeout, WOK_US) {
		r = wok_stream_read_until(source.reader, ";", 1, 0, &bytes);
	}
	ASSERT_ERR(wok_timeout_result(&timeout, r), -ETIMEDOUT);
	expect(source.reader, ";", "abcdef;");
	close_source(&source);
}

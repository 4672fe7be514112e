/* SPDX-License-Identifier: MIT */
/*
 * What every stream does, whatever it is made of: see wok/stream.h. The idea of one suite is nng's.
 */
#include <stdlib.h>

#include "io/streams.h"

enum { BIG = 10 << 20 };

/* The byte at a place of the test's data: a pattern that shows what was lost or swapped. */
static char byte_at(size_t at)
{
	return (char) (at * 31 + at / 251);
}

struct transfer {
	wok_stream *stream;
	size_t size; /* to write, or at most to read */
	size_t done;
	int result;
};

static int write_pattern(void *arg)
{
	struct transfer *self = arg;
	char *data = malloc(self->size);

	for (size_t i = 0; i < self->size; i++)
		data[i] = byte_at(i);
	struct iovec parts[3] = {{data, self->size / 3}, {NULL, 0}, {NULL, 0}};
	parts[2].iov_base = data + self->size / 3;
	parts[2].iov_len = self->size - self->size / 3;
	self->result = wok_stream_write_parts(self->stream, parts, 3, &self->done);
	free(data);
	return self->result;
}

static int read_pattern(void *arg)
{
	struct transfer *self = arg;
	char data[8192];

	while (self->done < self->size) {
		size_t want = 1 + self->done % sizeof(data);
		ssize_t n = wok_stream_read(self->stream, data, want);
		WOK_TRY(n);
		if (n == 0)
			break;
		for (ssize_t i = 0; i < n; i++)
			ASSERT_EQ(data[i], byte_at(self->done + (size_t) i));
		self->done += (size_t) n;
		if (self->done % 7 == 0)
			WOK_TRY(wok_yield());
	}
	return 0;
}

static int shut_down(void *stream)
{
	return wok_stream_shutdown(stream);
}

STREAM_TEST(a_big_write_arrives_whole_and_in_order_at_a_slow_reader, "E1")
{
	struct transfer writer = {.stream = a, .size = BIG}, reader = {.stream = b, .size = BIG};
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, write_pattern, &writer));
	ASSERT_OK(wok_scope_spawn(scope, read_pattern, &reader));
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_EQ(writer.done, BIG);
	ASSERT_EQ(reader.done, BIG);
}

STREAM_TEST(a_write_that_is_cancelled_says_how_much_went_out, "E1")
{
	struct transfer writer = {.stream = a, .size = BIG}, reader = {.stream = b, .size = BIG};
	WOK_AUTO(wok_task) *task = wok_create_task(write_pattern, &writer);

	test_settle();
	ASSERT(!wok_task_done(task));
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_EQ(writer.result, -ECANCELED);
	ASSERT(writer.done > 0 && writer.done < BIG);
	WOK_AUTO(wok_task) *ending = wok_create_task(shut_down, a);
	ASSERT_OK(read_pattern(&reader));
	ASSERT_EQ(reader.done, writer.done);
	ASSERT_OK(wok_await(ending));
}

struct voice {
	wok_stream *stream;
	char letter;
};

enum { VOICES = 10, SPEECH = 100000 };

static int speak(void *arg)
{
	struct voice *voice = arg;
	char *data = malloc(SPEECH);

	memset(data, voice->letter, SPEECH);
	int r = wok_stream_write_all(voice->stream, data, SPEECH);
	free(data);
	return r;
}

STREAM_TEST(writers_queue_and_each_ones_bytes_stay_together, "E3")
{
	struct voice voices[VOICES];
	char *heard = malloc(SPEECH);
	WOK_AUTO(wok_scope) *scope = NULL;
	int mask = 0;

	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < VOICES; i++) {
		voices[i] = (struct voice){a, (char) ('a' + i)};
		ASSERT_OK(wok_scope_spawn(scope, speak, &voices[i]));
	}
	test_settle(); /* nobody reads: all wait, and memory stays bounded */
	ASSERT_EQ(wok_scope_children(scope), VOICES);
	for (int i = 0; i < VOICES; i++) {
		ASSERT_OK(wok_stream_read_exactly(b, heard, SPEECH, NULL));
		for (int k = 0; k < SPEECH; k++)
			ASSERT_EQ(heard[k], heard[0]);
		mask |= 1 << (heard[0] - 'a');
	}
	ASSERT_EQ(mask, (1 << VOICES) - 1);
	ASSERT_OK(wok_scope_join(scope));
	free(heard);
}

STREAM_TEST(a_writer_that_waits_for_its_turn_can_be_cancelled, "E3")
{
	struct voice first = {a, 'a'}, second = {a, 'b'}, third = {a, 'c'};
	WOK_AUTO(wok_task) *one = wok_create_task(speak, &first);
	test_settle();
	WOK_AUTO(wok_task) *two = wok_create_task(speak, &second);
	test_settle();
	WOK_AUTO(wok_task) *three = wok_create_task(speak, &third);
	test_settle();
	char *heard = malloc(SPEECH);

	ASSERT(wok_cancel(two));
	ASSERT_ERR(wok_await(two), WOK_ETASKCANCELED);
	for (int i = 0; i < 2; i++) {
		ASSERT_OK(wok_stream_read_exactly(b, heard, SPEECH, NULL));
		ASSERT_EQ(heard[SPEECH - 1], i ? 'c' : 'a');
	}
	ASSERT_OK(wok_await(one));
	ASSERT_OK(wok_await(three));
	free(heard);
}

STREAM_TEST(writing_to_a_peer_that_closed_is_an_error_and_no_signal, "E4")
{
	struct voice voices[2] = {{a, 'a'}, {a, 'b'}};
	wok_task *tasks[2];

	for (int i = 0; i < 2; i++)
		tasks[i] = wok_create_task(speak, &voices[i]);
	test_settle();
	ASSERT_OK(wok_stream_close(b));
	for (int i = 0; i < 2; i++) { /* the one that waits for its turn fails, too */
		int r = wok_await(tasks[i]);
		ASSERT(r == -EPIPE || r == -ECONNRESET);
		wok_task_free(tasks[i]);
	}
	ASSERT_ERR(wok_stream_write_all(a, "x", 1), -EPIPE);
}

STREAM_TEST(what_a_peer_wrote_before_it_closed_can_be_read, "E4", "E15")
{
	char data[16];

	ASSERT_OK(wok_stream_write_all(a, "goodbye", 7));
	ASSERT_OK(wok_stream_close(a));
	ASSERT_OK(wok_stream_read_exactly(b, data, 4, NULL));
	ASSERT_EQ(wok_stream_read(b, data, sizeof(data)), 3);
	ASSERT_MEM(data, "bye", 3);
	ASSERT_EQ(wok_stream_read(b, data, sizeof(data)), END_BY_CLOSE);
	ASSERT_EQ(wok_stream_read(b, data, sizeof(data)), END_BY_CLOSE);
}

STREAM_TEST(one_direction_ends_and_the_other_goes_on, "E5")
{
	char data[16];

	ASSERT_OK(wok_stream_write_all(a, "question", 8));
	ASSERT_OK(wok_stream_shutdown(a));
	ASSERT_ERR(wok_stream_shutdown(a), -EALREADY);
	ASSERT_ERR(wok_stream_write_all(a, "?", 1), -EPIPE);
	ASSERT_OK(wok_stream_read_exactly(b, data, 8, NULL));
	ASSERT_EQ(wok_stream_read(b, data, sizeof(data)), 0);
	ASSERT_OK(wok_stream_write_all(b, "answer", 6));
	ASSERT_OK(wok_stream_read_exactly(a, data, 6, NULL));
	ASSERT_MEM(data, "answer", 6);
	ASSERT_OK(wok_stream_shutdown(b));
	ASSERT_EQ(wok_stream_read(a, data, sizeof(data)), 0);
}

STREAM_TEST(shutting_down_lets_the_writes_before_it_out, "E5")
{
	struct transfer writer = {.stream = a, .size = 1 << 20};
	struct transfer reader = {.stream = b, .size = 2 << 20};
	WOK_AUTO(wok_task) *writing = wok_create_task(write_pattern, &writer);
	test_settle();
	WOK_AUTO(wok_task) *ending = wok_create_task(shut_down, a);
	test_settle();

	ASSERT(!wok_task_done(ending));
	ASSERT_OK(read_pattern(&reader));
	ASSERT_EQ(reader.done, 1 << 20);
	ASSERT_OK(wok_await(writing));
	ASSERT_OK(wok_await(ending));
}

STREAM_TEST(both_may_shut_down_at_once, "E5")
{
	char data[1];
	WOK_AUTO(wok_task) *one = wok_create_task(shut_down, a);
	WOK_AUTO(wok_task) *two = wok_create_task(shut_down, b);

	ASSERT_OK(wok_await(one));
	ASSERT_OK(wok_await(two));
	ASSERT_EQ(wok_stream_read(a, data, 1), 0);
	ASSERT_EQ(wok_stream_read(b, data, 1), 0);
}

static int read_one(void *stream)
{
	char data[1];

	return (int) wok_stream_read(stream, data, 1);
}

STREAM_TEST(closing_wakes_who_reads_and_writes, "E6")
{
	struct voice voices[2] = {{a, 'a'}, {a, 'b'}};
	WOK_AUTO(wok_task) *reading = wok_create_task(read_one, a);
	WOK_AUTO(wok_task) *writing = wok_create_task(speak, &voices[0]);
	WOK_AUTO(wok_task) *waiting = wok_create_task(speak, &voices[1]);

	test_settle();
	ASSERT_OK(wok_stream_close(a));
	ASSERT_ERR(wok_await(reading), -EBADF);
	ASSERT_ERR(wok_await(writing), -EBADF);
	ASSERT_ERR(wok_await(waiting), -EBADF);
	ASSERT_ERR(wok_stream_close(a), -EBADF);
	ASSERT_ERR(wok_stream_read(a, &voices, 1), -EBADF);
	ASSERT_ERR(wok_stream_write(a, "x", 1), -EBADF);
	ASSERT_ERR(wok_stream_write_all(a, "x", 1), -EBADF);
	ASSERT_ERR(wok_stream_shutdown(a), -EBADF);
	ASSERT_EQ(wok_stream_fd(a), -1);
	ASSERT_EQ(wok_stream_read(b, voices, 0), 0); /* the other end is not closed */
}

STREAM_TEST(a_closed_stream_gives_nothing_out_of_its_buffer, "E6")
{
	char data[4];
	wok_view line;

	ASSERT_OK(wok_stream_write_all(a, "one\ntwo\n", 8));
	ASSERT_OK(wok_stream_next_line(b, 0, &line));
	ASSERT_OK(wok_stream_close(b));
	ASSERT_ERR(wok_stream_read(b, data, 4), -EBADF);
	ASSERT_ERR(wok_stream_read_exactly(b, data, 4, NULL), -EBADF);
	ASSERT_ERR(wok_stream_next_line(b, 0, &line), -EBADF);
	ASSERT_ERR(wok_stream_fill(b, 0, &line), -EBADF);
}

static int read_a_line(void *stream)
{
	wok_view line;
	int r = wok_stream_next_line(stream, 0, &line);

	if (r > 0)
		ASSERT_MEM(line.data, "hello", 5);
	return r > 0 ? (int) line.size : r;
}

static int read_a_hundred(void *stream)
{
	char data[100];

	return wok_stream_read_exactly(stream, data, 100, NULL);
}

STREAM_TEST(a_read_of_several_parts_ends_when_the_stream_is_closed_between_them, "E6")
{
	WOK_AUTO(wok_task) *task = wok_create_task(read_a_hundred, b);

	test_settle();
	ASSERT_OK(wok_stream_write_all(a, "some of it", 10));
	ASSERT_OK(wok_stream_close(b)); /* perhaps it was woken already, but has not run */
	ASSERT_ERR(wok_await(task), -EBADF);
}

STREAM_TEST(a_second_reader_is_refused_and_takes_nothing, "E7")
{
	char data[8];
	wok_view bytes;

	ASSERT_OK(wok_stream_write_all(a, "hel", 3));
	WOK_AUTO(wok_task) *reading = wok_create_task(read_a_line, b);
	test_settle(); /* "hel" is in the buffer, and the task waits for more */
	ASSERT_ERR(wok_stream_read(b, data, sizeof(data)), -EBUSY);
	ASSERT_ERR(wok_stream_read_exactly(b, data, 2, NULL), -EBUSY);
	ASSERT_ERR(wok_stream_read_until(b, "h", 1, 0, &bytes), -EBUSY);
	ASSERT_ERR(wok_stream_fill(b, 0, &bytes), -EBUSY);
	ASSERT_OK(wok_stream_write_all(b, "the other direction", 19));
	ASSERT_OK(wok_stream_write_all(a, "lo\n", 3));
	ASSERT_EQ(wok_await(reading), 5);
}

STREAM_TEST(one_reads_while_another_writes, "E7")
{
	struct transfer there = {.stream = a, .size = 1 << 20},
			back = {.stream = b, .size = 1 << 20};
	struct transfer here = {.stream = b, .size = 1 << 20},
			home = {.stream = a, .size = 1 << 20};
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, write_pattern, &there));
	ASSERT_OK(wok_scope_spawn(scope, write_pattern, &back));
	ASSERT_OK(wok_scope_spawn(scope, read_pattern, &here));
	ASSERT_OK(wok_scope_spawn(scope, read_pattern, &home));
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_EQ(here.done + home.done, 2 << 20);
}

/* How many of n bytes a reader got that is cancelled each time, before or after they come. */
static int read_under_cancels(wok_stream *a, wok_stream *b, int n)
{
	int read = 0;

	for (int i = 0; i < n; i++) {
		WOK_AUTO(wok_task) *task = wok_create_task(read_one, b);
		if (i % 2)
			test_settle();
		ASSERT_OK(wok_stream_write_all(a, "x", 1));
		if (i % 3)
			ASSERT_OK(wok_yield());
		wok_cancel(task);
		int r = wok_await(task);
		ASSERT(r == 1 || r == WOK_ETASKCANCELED);
		read += r == 1;
	}
	return read;
}

STREAM_TEST(a_cancelled_read_loses_no_byte, "E8")
{
	/* A few at a time: the system's buffer has room for few such small pieces. */
	for (int round = 0; round < 20; round++) {
		int read = read_under_cancels(a, b, 10);
		for (char byte; read < 10; read++)
			ASSERT_EQ(wok_stream_read(b, &byte, 1), 1);
	}
	ASSERT_OK(wok_stream_shutdown(a));
	ASSERT_EQ(read_one(b), 0);
}

STREAM_TEST(who_is_not_read_is_held_back_and_its_end_comes_after_its_data, "E15")
{
	struct transfer writer = {.stream = a, .size = 4 << 20}, reader = {.stream = b};
	WOK_AUTO(wok_task) *task = wok_create_task(write_pattern, &writer);
	wok_task *end;

	reader.size = 1000;
	ASSERT_OK(read_pattern(&reader));
	test_settle();
	ASSERT(!wok_task_done(task)); /* a pause: what is on the way is bounded */
	end = wok_create_task(shut_down, a);
	reader.size = 8 << 20;
	ASSERT_OK(read_pattern(&reader));
	ASSERT_EQ(reader.done, 4 << 20);
	ASSERT_OK(wok_await(task));
	ASSERT_OK(wok_await(end));
	wok_task_free(end);
}

STREAM_TEST(nothing_is_read_or_written_by_nothing)
{
	char data[1];

	ASSERT_EQ(wok_stream_write(a, "", 0), 0);
	ASSERT_OK(wok_stream_write_all(a, "", 0));
	ASSERT_EQ(wok_stream_read(b, data, 0), 0);
	ASSERT_OK(wok_stream_read_exactly(b, data, 0, NULL));
}

/* Each call below is a checkpoint, and fails at once where its scope is cancelled. */
#define ALWAYS(call)                                                                               \
	do {                                                                                       \
		uint64_t before_ = wok_test_checkpoints();                                         \
		ASSERT_OK(call);                                                                   \
		ASSERT(wok_test_checkpoints() > before_);                                          \
	} while (0)

STREAM_TEST(reads_and_writes_are_checkpoints_and_the_rest_is_not)
{
	char data[4];
	wok_view bytes;

	ALWAYS(wok_stream_write_all(a, "one\ntwo\n-", 9));
	ALWAYS(wok_stream_write(a, "-", 1));
	ALWAYS(wok_stream_next_line(b, 0, &bytes));
	ALWAYS(wok_stream_next_line(b, 0, &bytes));
	ALWAYS(wok_stream_read(b, data, 1));
	ALWAYS(wok_stream_read_exactly(b, data, 1, NULL));
	ALWAYS(wok_stream_write_all(a, "-", 1));
	ALWAYS(wok_stream_fill(b, 0, &bytes));
	ALWAYS(wok_stream_shutdown(a));
	uint64_t before = wok_test_checkpoints();
	ASSERT_EQ(wok_stream_buffered(b).size, 1);
	wok_stream_consume(b, 1);
	ASSERT_OK(wok_stream_close(b));
	ASSERT_EQ(wok_test_checkpoints(), before);
}

STREAM_TEST(a_cancelled_task_reads_and_writes_nothing)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	wok_view bytes;
	char data[4] = "";
	size_t done = 1;

	ASSERT_OK(wok_stream_write_all(a, "one\ntwo\n", 8));
	ASSERT_OK(wok_stream_next_line(b, 0, &bytes));
	WOK_TIMEOUT (&timeout, 0) {
		ASSERT_ERR(wok_stream_read(b, data, 1), -ECANCELED);
		ASSERT_ERR(wok_stream_read_exactly(b, data, 4, &done), -ECANCELED);
		ASSERT_EQ(done, 0);
		ASSERT_ERR(wok_stream_next_line(b, 0, &bytes), -ECANCELED);
		ASSERT_ERR(wok_stream_fill(b, 0, &bytes), -ECANCELED);
		ASSERT_ERR(wok_stream_write(a, "x", 1), -ECANCELED);
		ASSERT_ERR(wok_stream_write_all(a, "x", 1), -ECANCELED);
		ASSERT_ERR(wok_stream_shutdown(a), -ECANCELED);
	}
	ASSERT_OK(wok_stream_shutdown(a));
	ASSERT_OK(wok_stream_read_exactly(b, data, 4, &done));
	ASSERT_MEM(data, "two\n", 4);
	ASSERT_EQ(wok_stream_read(b, data, 4), 0);
}

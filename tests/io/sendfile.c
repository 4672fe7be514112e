/* SPDX-License-Identifier: MIT */
/* Files into streams: see wok_stream_sendfile(). */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <wok/test.h>

#include "io/streams.h"

enum { SIZE = 3 << 20 };

static char byte_at(size_t at)
{
	return (char) (at * 13 + at / 241);
}

/* A file of the pattern, unlinked. */
static int open_file(size_t size)
{
	char path[] = "/tmp/wok-sendfile-XXXXXX";
	char *data = malloc(size ? size : 1);
	int fd = mkostemp(path, O_CLOEXEC);

	ASSERT(fd >= 0);
	ASSERT_EQ(unlink(path), 0);
	for (size_t i = 0; i < size; i++)
		data[i] = byte_at(i);
	ASSERT_EQ(write(fd, data, size), (ssize_t) size);
	free(data);
	return fd;
}

struct sending {
	wok_stream *stream;
	int file;
	off_t offset;
	size_t size;
	size_t done;
	int result;
};

static int send_file(void *arg)
{
	struct sending *self = arg;

	return self->result = wok_stream_sendfile(self->stream, self->file, self->offset,
						  self->size, &self->done);
}

/* Read the pattern until the stream ends or so many bytes have come: how many. */
static size_t read_pattern(wok_stream *stream, size_t from, size_t size)
{
	size_t done = 0;
	char data[8192];

	while (done < size) {
		size_t want = size - done < sizeof(data) ? size - done : sizeof(data);
		ssize_t n = wok_stream_read(stream, data, want);
		ASSERT_OK(n);
		if (n == 0)
			break;
		for (ssize_t i = 0; i < n; i++)
			ASSERT_EQ(data[i], byte_at(from + done + (size_t) i));
		done += (size_t) n;
	}
	return done;
}

STREAM_TEST(a_file_arrives_whole, "E21")
{
	struct sending sending = {a, open_file(SIZE), 0, SIZE, 0, 0};
	WOK_AUTO(wok_task) *task = wok_create_task(send_file, &sending);

	ASSERT_EQ(read_pattern(b, 0, SIZE), SIZE);
	ASSERT_OK(wok_await(task));
	ASSERT_EQ(sending.done, SIZE);
	ASSERT_EQ(lseek(sending.file, 0, SEEK_CUR), SIZE); /* its position is not moved */
	close(sending.file);
}

STREAM_TEST(a_part_of_a_file_is_sent_and_no_more, "E21")
{
	struct sending sending = {a, open_file(1000), 100, 500, 0, 0};
	char byte;

	ASSERT_OK(send_file(&sending));
	ASSERT_EQ(sending.done, 500);
	ASSERT_OK(wok_stream_shutdown(a));
	ASSERT_EQ(read_pattern(b, 100, 500), 500);
	ASSERT_EQ(wok_stream_read(b, &byte, 1), 0);
	close(sending.file);
}

STREAM_TEST(a_file_shorter_than_said_is_an_error_that_says_how_much_went, "E21")
{
	struct sending sending = {a, open_file(1000), 400, 1000, 0, 0};

	ASSERT_ERR(send_file(&sending), WOK_EEOF);
	ASSERT_EQ(sending.done, 600);
	ASSERT(strstr(wok_errmsg(WOK_EEOF), "600 of 1000"));
	sending.size = WOK_UNLIMITED; /* up to the end, wherever that is */
	ASSERT_OK(send_file(&sending));
	ASSERT_EQ(sending.done, 600);
	sending.offset = 5000;
	ASSERT_OK(send_file(&sending));
	ASSERT_EQ(sending.done, 0);
	ASSERT_EQ(read_pattern(b, 400, 600), 600);
	ASSERT_EQ(read_pattern(b, 400, 600), 600);
	close(sending.file);
}

STREAM_TEST(a_file_that_shrinks_on_its_way_is_an_error_that_says_how_much_went, "E21")
{
	struct sending sending = {a, open_file(SIZE), 0, SIZE, 0, 0};
	WOK_AUTO(wok_task) *task = wok_create_task(send_file, &sending);

	test_settle();
	ASSERT(!wok_task_done(task));
	ASSERT_EQ(ftruncate(sending.file, SIZE - 100000), 0);
	ASSERT_EQ(read_pattern(b, 0, SIZE - 100000), SIZE - 100000);
	ASSERT_ERR(wok_await(task), WOK_EEOF);
	ASSERT_EQ(sending.done, SIZE - 100000);
	close(sending.file);
}

STREAM_TEST(a_peer_that_closes_midway_is_an_error_and_no_signal, "E21")
{
	struct sending sending = {a, open_file(SIZE), 0, SIZE, 0, 0};
	WOK_AUTO(wok_task) *task = wok_create_task(send_file, &sending);

	ASSERT_EQ(read_pattern(b, 0, 100000), 100000);
	ASSERT_OK(wok_stream_close(b));
	int r = wok_await(task);
	ASSERT(r == -EPIPE || r == -ECONNRESET);
	ASSERT(sending.done >= 100000 && sending.done < SIZE);
	close(sending.file);
}

STREAM_TEST(a_cancel_midway_says_how_much_went, "E21")
{
	struct sending sending = {a, open_file(SIZE), 0, SIZE, 0, 0};
	WOK_AUTO(wok_task) *task = wok_create_task(send_file, &sending);

	test_settle();
	ASSERT(!wok_task_done(task));
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_EQ(sending.result, -ECANCELED);
	ASSERT(sending.done > 0 && sending.done < SIZE);
	ASSERT_OK(wok_stream_close(a));
	ASSERT_EQ(read_pattern(b, 0, SIZE), sending.done);
	close(sending.file);
}

struct speech {
	wok_stream *stream;
	char letter;
};

enum { SPEECH = 200000 };

static int speak(void *arg)
{
	const struct speech *self = arg;
	char *data = malloc(SPEECH);

	memset(data, self->letter, SPEECH);
	int r = wok_stream_write_all(self->stream, data, SPEECH);
	free(data);
	return r;
}

STREAM_TEST(writes_before_and_behind_a_file_keep_their_places, "E21")
{
	struct speech before = {a, 'a'}, behind = {a, 'z'};
	struct sending sending = {a, open_file(500000), 0, 500000, 0, 0};
	char *heard = malloc(SPEECH);
	WOK_AUTO(wok_task) *one = wok_create_task(speak, &before);
	test_settle();
	WOK_AUTO(wok_task) *two = wok_create_task(send_file, &sending);
	test_settle();
	WOK_AUTO(wok_task) *three = wok_create_task(speak, &behind);

	ASSERT_OK(wok_stream_read_exactly(b, heard, SPEECH, NULL));
	ASSERT(heard[0] == 'a' && heard[SPEECH - 1] == 'a');
	ASSERT_EQ(read_pattern(b, 0, 500000), 500000);
	ASSERT_OK(wok_stream_read_exactly(b, heard, SPEECH, NULL));
	ASSERT(heard[0] == 'z' && heard[SPEECH - 1] == 'z');
	ASSERT_OK(wok_await(one));
	ASSERT_OK(wok_await(two));
	ASSERT_OK(wok_await(three));
	free(heard);
	close(sending.file);
}

/* What sendfile(2) does not take, or a system that has none, is read and written. */
STREAM_TEST(where_the_system_cannot_it_is_read_and_written, "E21")
{
	struct sending sending = {a, open_file(100000), 0, 100000, 0, 0};

	wok_test_fail_system_call("sendfile", 1, EINVAL);
	WOK_AUTO(wok_task) *task = wok_create_task(send_file, &sending);
	ASSERT_EQ(read_pattern(b, 0, 100000), 100000);
	ASSERT_OK(wok_await(task));
	wok_test_fail_system_call(NULL, 0, 0);
	close(sending.file);
	/* A file of /proc has no pages that could be sent. */
	struct sending self = {
		a, open("/proc/self/stat", O_RDONLY | O_CLOEXEC), 0, WOK_UNLIMITED, 0, 0};
	ASSERT_OK(send_file(&self));
	ASSERT(self.done > 20);
	char text[4096];
	ASSERT_OK(wok_stream_read_exactly(b, text, self.done, NULL));
	ASSERT_EQ(atoi(text), getpid());
	close(self.file);
}

STREAM_TEST(bytes_that_are_not_in_the_cache_are_fetched_by_a_thread)
{
	struct sending sending = {a, open_file(300000), 0, 300000, 0, 0};

	wok_test_fail_system_call("preadv2 nowait", 1, EAGAIN);
	WOK_AUTO(wok_task) *task = wok_create_task(send_file, &sending);
	ASSERT_EQ(read_pattern(b, 0, 300000), 300000);
	ASSERT_OK(wok_await(task));
	wok_test_fail_system_call(NULL, 0, 0);
	close(sending.file);
}

STREAM_TEST(what_is_no_file_is_refused)
{
	int pipes[2], folder = open("/tmp", O_RDONLY | O_CLOEXEC);
	size_t done = 7;

	ASSERT_EQ(pipe(pipes), 0);
	ASSERT(wok_stream_sendfile(a, folder, 0, 10, &done) < 0);
	ASSERT_EQ(done, 0);
	ASSERT_ERR(wok_stream_sendfile(a, pipes[0], 0, 10, NULL), -ESPIPE);
	ASSERT_ERR(wok_stream_sendfile(a, 9999, 0, 10, NULL), -EBADF);
	ASSERT_ERR(wok_stream_sendfile(a, folder, -1, 10, NULL), -EINVAL);
	ASSERT_OK(wok_stream_sendfile(a, folder, 0, 0, NULL));
	ASSERT_OK(wok_stream_close(b));
	close(pipes[0]);
	close(pipes[1]);
	close(folder);
}

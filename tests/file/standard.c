/* SPDX-License-Identifier: MIT */
/*
 * Standard input and output, whatever they are. Each test puts something of its own in the place of
 * the descriptor, and looks at the end whether its description is as it was.
 */
#include <pty.h>
#include <sys/socket.h>

#include "check.h"

static void put_in_place(int fd, int place)
{
	ASSERT_EQ(dup2(fd, place), place);
	close(fd);
}

static void expect_blocking(int fd)
{
	ASSERT(!(fcntl(fd, F_GETFL) & O_NONBLOCK));
}

static int read_line(void *stream)
{
	wok_view line;
	int r = wok_stream_next_line(stream, 0, &line);

	return r <= 0 ? r : (int) line.size;
}

/* Standard input is fds' first; its second is written. */
static void read_what_comes(int in, int out)
{
	wok_stream *stream;

	put_in_place(in, STDIN_FILENO);
	ASSERT_OK(wok_stdin(&stream));
	WOK_AUTO(wok_task) *reading = wok_create_task(read_line, stream);
	test_settle();
	ASSERT(!wok_task_done(reading));
	expect_blocking(STDIN_FILENO);
	ASSERT_EQ(write(out, "hello\nmore\n", 11), 11);
	ASSERT_EQ(wok_await(reading), 5);
	ASSERT_EQ(read_line(stream), 4);
	/* Who waits can be cancelled, and the loop does not hang for that. */
	WOK_AUTO(wok_task) *waiting = wok_create_task(read_line, stream);
	test_settle();
	wok_cancel(waiting);
	ASSERT_ERR(wok_await(waiting), WOK_ETASKCANCELED);
	expect_blocking(STDIN_FILENO);
	wok_stream_free(stream);
	expect_blocking(STDIN_FILENO);
	close(out);
}

TEST_TASK(a_pipe_is_read_without_touching_its_flags, "E24", "filerow-8")
{
	int fds[2];

	ASSERT_EQ(pipe(fds), 0);
	read_what_comes(fds[0], fds[1]);
}

TEST_TASK(a_terminal_is_read_without_touching_its_flags, "E24", "file-24")
{
	int master, slave;

	if (openpty(&master, &slave, NULL, NULL, NULL) < 0)
		SKIP("there are no pseudo terminals");
	read_what_comes(slave, master);
}

TEST_TASK(a_socket_is_read_without_touching_its_flags, "E24", "filerow-8")
{
	int fds[2];

	ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	read_what_comes(fds[0], fds[1]);
}

TEST_TASK(where_nothing_can_be_opened_anew_it_waits_and_asks_a_thread, "E24")
{
	int fds[2];

	ASSERT_EQ(pipe(fds), 0);
	wok_test_fail_system_call("reopen", 1, EACCES);
	read_what_comes(fds[0], fds[1]);
}

TEST_TASK(a_file_is_read_from_where_it_stands, "E24", "file-24")
{
	WOK_AUTO(wok_stream) *stream = NULL;
	char data[16];

	put_text("f", "first\nsecond\n");
	int fd = open(path_of("f"), O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(read(fd, data, 6), 6);
	put_in_place(fd, STDIN_FILENO);
	ASSERT_OK(wok_stdin(&stream));
	ASSERT_EQ(wok_stream_read(stream, data, 3), 3);
	ASSERT_MEM(data, "sec", 3);
	/* The position is everybody's. */
	ASSERT_EQ(lseek(STDIN_FILENO, 0, SEEK_CUR), 9);
	wok_test_fail_system_call("preadv2 nowait", 1, EAGAIN);
	ASSERT_EQ(wok_stream_read(stream, data, sizeof(data)), 4);
	ASSERT_MEM(data, "ond\n", 4);
	ASSERT_EQ(wok_stream_read(stream, data, sizeof(data)), 0);
}

TEST_TASK(the_end_of_a_pipe_is_read_as_such, "filerow-8")
{
	WOK_AUTO(wok_stream) *stream = NULL;
	int fds[2];
	char data[8];

	ASSERT_EQ(pipe(fds), 0);
	ASSERT_EQ(write(fds[1], "x", 1), 1);
	close(fds[1]);
	put_in_place(fds[0], STDIN_FILENO);
	ASSERT_OK(wok_stdin(&stream));
	ASSERT_EQ(wok_stream_read(stream, data, 8), 1);
	ASSERT_EQ(wok_stream_read(stream, data, 8), 0);
}

TEST_TASK(what_is_closed_cannot_be_used, "E24", "file-24")
{
	wok_stream *stream;
	int kept = dup(STDIN_FILENO);

	close(STDIN_FILENO);
	ASSERT_ERR(wok_stdin(&stream), -EBADF);
	ASSERT(strstr(wok_errmsg(-EBADF), "standard input"));
	put_in_place(kept, STDIN_FILENO);
}

/* --- output -------------------------------------------------------------------------------------
 */

enum { MUCH = 300000 };

static int write_much(void *stream)
{
	char *data = pattern(MUCH);
	int r = wok_stream_write_all(stream, data, MUCH);

	free(data);
	return r;
}

static void write_all_of_it(int out, int in)
{
	static char data[MUCH];
	wok_stream *stream;
	size_t total = 0;
	ssize_t n;

	int before = dup(STDOUT_FILENO);
	put_in_place(out, STDOUT_FILENO);
	ASSERT_OK(wok_stdout(&stream));
	ASSERT_EQ(fcntl(in, F_SETFL, O_NONBLOCK), 0);
	WOK_AUTO(wok_task) *writing = wok_create_task(write_much, stream);
	test_settle();
	ASSERT(!wok_task_done(writing));
	expect_blocking(STDOUT_FILENO);
	while (total < MUCH) {
		while ((n = read(in, data + total, MUCH - total)) > 0)
			total += (size_t) n;
		test_settle();
	}
	ASSERT_OK(wok_await(writing));
	expect_pattern(data, MUCH, 0);
	wok_stream_free(stream);
	expect_blocking(STDOUT_FILENO);
	put_in_place(before, STDOUT_FILENO);
	close(in);
}

TEST_TASK(a_slow_reader_of_standard_output_is_waited_for, "E24", "filerow-8")
{
	int fds[2];

	ASSERT_EQ(pipe(fds), 0);
	write_all_of_it(fds[1], fds[0]);
	ASSERT_EQ(pipe(fds), 0);
	wok_test_fail_system_call("reopen", 1, EACCES);
	write_all_of_it(fds[1], fds[0]);
	ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	write_all_of_it(fds[1], fds[0]);
}

TEST_TASK(standard_error_can_be_a_file, "filerow-8", "file-24")
{
	struct iovec parts[] = {{(void *) "one ", 4}, {(void *) "two\n", 4}};
	wok_stream *stream;

	put_text("f", "");
	int before = dup(STDERR_FILENO);
	put_in_place(open(path_of("f"), O_WRONLY | O_APPEND | O_CLOEXEC), STDERR_FILENO);
	ASSERT_OK(wok_stderr(&stream));
	ASSERT_OK(wok_stream_write_parts(stream, parts, 2, NULL));
	ASSERT_OK(wok_stream_write_all(stream, "three\n", 6));
	ASSERT_OK(wok_stream_shutdown(stream));
	wok_stream_free(stream);
	put_in_place(before, STDERR_FILENO);
	expect_text("f", "one two\nthree\n");
}

TEST_TASK(closing_standard_input_wakes_its_reader, "filerow-8")
{
	int fds[2];

	for (int i = 0; i < 2; i++) {
		WOK_AUTO(wok_stream) *stream = NULL;
		ASSERT_EQ(pipe(fds), 0);
		put_in_place(fds[0], STDIN_FILENO);
		wok_test_fail_system_call("reopen", (uint64_t) i, EACCES);
		ASSERT_OK(wok_stdin(&stream));
		WOK_AUTO(wok_task) *reading = wok_create_task(read_line, stream);
		test_settle();
		ASSERT_OK(wok_stream_close(stream));
		ASSERT_ERR(wok_await(reading), -EBADF);
		close(fds[1]);
	}
}

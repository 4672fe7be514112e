/* SPDX-License-Identifier: MIT */
/* Waiting for descriptors of others: see wok/fd.h. */
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>

#include "io/socket.h"
#include "io/streams.h"

enum { READ_END, WRITE_END };

struct waiting {
	int fd;
	int events;
};

static int wait_for(void *arg)
{
	struct waiting *self = arg;

	return wok_fd_wait(self->fd, self->events);
}

static void fill(int fd)
{
	static const char data[65536];

	while (write(fd, data, sizeof(data)) > 0)
		;
}

TEST_TASK(what_is_ready_is_told_at_once_and_is_a_checkpoint)
{
	int fds[2];
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	ASSERT_EQ(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	uint64_t before = wok_test_checkpoints();
	ASSERT_EQ(wok_fd_wait(fds[WRITE_END], WOK_WRITABLE), WOK_WRITABLE);
	ASSERT(wok_test_checkpoints() > before);
	ASSERT_EQ(wok_fd_wait(fds[WRITE_END], WOK_WRITABLE | WOK_READABLE), WOK_WRITABLE);
	WOK_TIMEOUT (&timeout, 0) {
		ASSERT_ERR(wok_fd_wait(fds[WRITE_END], WOK_WRITABLE), -ECANCELED);
	}
	ASSERT_OK(wok_fd_close(fds[READ_END]));
	ASSERT_OK(wok_fd_close(fds[WRITE_END]));
}

TEST_TASK(a_wait_ends_when_something_comes_and_again_when_more_comes)
{
	struct waiting self = {eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), WOK_READABLE};
	uint64_t count = 1;

	for (int i = 0; i < 5; i++) {
		WOK_AUTO(wok_task) *task = wok_create_task(wait_for, &self);
		test_settle();
		ASSERT(!wok_task_done(task));
		ASSERT_EQ(write(self.fd, &count, sizeof(count)), sizeof(count));
		ASSERT_EQ(wok_await(task), WOK_READABLE);
		/* As long as nobody reads it stays ready: no edge is used up. */
		ASSERT_EQ(wok_fd_wait(self.fd, WOK_READABLE), WOK_READABLE);
		ASSERT_EQ(read(self.fd, &count, sizeof(count)), sizeof(count));
	}
	ASSERT_OK(wok_fd_close(self.fd));
}

TEST_TASK(one_waits_to_read_and_another_to_write, "E7")
{
	int fds[2];

	ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	fill(fds[0]);
	struct waiting reader = {fds[0], WOK_READABLE}, writer = {fds[0], WOK_WRITABLE};
	WOK_AUTO(wok_task) *reading = wok_create_task(wait_for, &reader);
	WOK_AUTO(wok_task) *writing = wok_create_task(wait_for, &writer);
	test_settle();
	ASSERT_ERR(wok_fd_wait(fds[0], WOK_READABLE), -EBUSY);
	ASSERT_ERR(wok_fd_wait(fds[0], WOK_WRITABLE), -EBUSY);
	ASSERT_EQ(write(fds[1], "x", 1), 1);
	ASSERT_EQ(wok_await(reading), WOK_READABLE);
	ASSERT(!wok_task_done(writing));
	char data[65536];
	while (read(fds[1], data, sizeof(data)) > 0)
		;
	ASSERT_EQ(wok_await(writing), WOK_WRITABLE);
	ASSERT_OK(wok_fd_close(fds[0]));
	ASSERT_OK(wok_fd_close(fds[1]));
}

static int read_while_a_write_cannot_wait(void *unused)
{
	WOK_AUTO(wok_stream) *a = NULL, *b = NULL;
	static char data[1 << 20];

	(void) unused;
	ASSERT_OK(wok_unix_pair(&a, &b));
	struct waiting reader = {wok_stream_fd(a), WOK_READABLE};
	WOK_AUTO(wok_task) *reading = wok_create_task(wait_for, &reader);
	test_settle();
	/* The registration for reading ends, and that for both directions fails. */
	wok_test_fail_system_call("epoll_ctl", 2, ENOSPC);
	ASSERT_ERR(wok_stream_write_all(a, data, sizeof(data)), -ENOSPC);
	ASSERT_ERR(wok_await(reading), -ENOSPC);
	return 0;
}

TEST(a_descriptor_that_is_watched_no_more_leaves_nobody_waiting)
{
	ASSERT_OK(wok_test_run(read_while_a_write_cannot_wait, NULL,
			       &(wok_test_options){.backend = "epoll"}));
}

TEST_TASK(a_hang_up_without_data_wakes_who_reads, "E20")
{
	int fds[2];

	ASSERT_EQ(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	struct waiting self = {fds[READ_END], WOK_READABLE};
	WOK_AUTO(wok_task) *task = wok_create_task(wait_for, &self);
	test_settle();
	close(fds[WRITE_END]);
	ASSERT_EQ(wok_await(task), WOK_READABLE);
	ASSERT_OK(wok_fd_close(fds[READ_END]));
}

TEST_TASK(an_error_without_room_wakes_who_writes, "E20")
{
	int fds[2];

	ASSERT_EQ(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	fill(fds[WRITE_END]);
	struct waiting self = {fds[WRITE_END], WOK_WRITABLE};
	WOK_AUTO(wok_task) *task = wok_create_task(wait_for, &self);
	test_settle();
	close(fds[READ_END]);
	ASSERT_EQ(wok_await(task), WOK_WRITABLE);
	ASSERT_OK(wok_fd_close(fds[WRITE_END]));
}

TEST_TASK(a_hang_up_wakes_reader_and_writer_of_one_descriptor, "E20")
{
	int fds[2];

	ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	fill(fds[0]);
	struct waiting reader = {fds[0], WOK_READABLE}, writer = {fds[0], WOK_WRITABLE};
	WOK_AUTO(wok_task) *reading = wok_create_task(wait_for, &reader);
	WOK_AUTO(wok_task) *writing = wok_create_task(wait_for, &writer);
	test_settle();
	close(fds[1]);
	ASSERT_EQ(wok_await(reading), WOK_READABLE);
	ASSERT_EQ(wok_await(writing), WOK_WRITABLE);
	ASSERT_OK(wok_fd_close(fds[0]));
}

TEST_TASK(closing_a_descriptor_wakes_who_waits_for_it, "E6")
{
	int fds[2];

	ASSERT_EQ(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	struct waiting self = {fds[READ_END], WOK_READABLE | WOK_WRITABLE};
	WOK_AUTO(wok_task) *task = wok_create_task(wait_for, &self);
	test_settle();
	ASSERT_OK(wok_fd_close(fds[READ_END]));
	ASSERT_ERR(wok_await(task), -EBADF);
	ASSERT_ERR(wok_fd_wait(fds[READ_END], WOK_READABLE), -EBADF);
	ASSERT_ERR(wok_fd_wait(-1, WOK_READABLE), -EBADF);
	ASSERT_ERR(wok_fd_close(fds[READ_END]), -EBADF);
	close(fds[WRITE_END]);
}

TEST_TASK(a_cancelled_wait_leaves_nothing_behind, "E8")
{
	int fds[2];

	ASSERT_EQ(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	struct waiting self = {fds[READ_END], WOK_READABLE};
	for (int i = 0; i < 3; i++) {
		WOK_AUTO(wok_task) *task = wok_create_task(wait_for, &self);
		test_settle();
		ASSERT(wok_cancel(task));
		ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	}
	/* The number may be closed by others now, and used for something else. */
	close(fds[READ_END]);
	close(fds[WRITE_END]);
	ASSERT_EQ(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	WOK_AUTO(wok_task) *task = wok_create_task(wait_for, &self);
	test_settle();
	ASSERT_EQ(write(fds[WRITE_END], "x", 1), 1);
	ASSERT_EQ(wok_await(task), WOK_READABLE);
	close(fds[READ_END]);
	close(fds[WRITE_END]);
}

TEST_TASK(a_regular_file_is_always_ready_and_nonsense_is_refused)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	ASSERT_EQ(wok_fd_wait(fd, WOK_READABLE), WOK_READABLE);
	ASSERT_ERR(wok_fd_wait(fd, 0), -EINVAL);
	ASSERT_ERR(wok_fd_wait(fd, 4), -EINVAL);
	close(fd);
}

static int read_one(void *stream)
{
	char data[1];

	return (int) wok_stream_read(stream, data, 1);
}

static int write_much(void *stream)
{
	static const char data[1 << 20];

	return wok_stream_write_all(stream, data, sizeof(data));
}

TEST_TASK(a_blocking_socket_does_not_block_the_loop, "E23")
{
	int fds[2];
	WOK_AUTO(wok_stream) *stream = NULL;

	ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	ASSERT_OK(wok__unix_stream_new(fds[0], &stream));
	WOK_AUTO(wok_task) *reading = wok_create_task(read_one, stream);
	WOK_AUTO(wok_task) *writing = wok_create_task(write_much, stream);
	struct waiting self = {fds[1], WOK_READABLE};
	ASSERT_EQ(wait_for(&self), WOK_READABLE);
	test_settle(); /* or this would never come back */
	ASSERT(!wok_task_done(reading) && !wok_task_done(writing));
	ASSERT_EQ(write(fds[1], "x", 1), 1);
	ASSERT_EQ(wok_await(reading), 1);
	ASSERT_OK(wok_fd_close(fds[1]));
	ASSERT_ERR(wok_await(writing), -EPIPE);
}

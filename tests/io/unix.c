/* SPDX-License-Identifier: MIT */
/* What only Unix sockets can do: see wok/unix.h. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <wok/test.h>

#include "io/streams.h"

TEST_TASK(a_pair_of_sockets_is_connected)
{
	WOK_AUTO(wok_stream) *a = NULL, *b = NULL;
	char data[8];

	ASSERT_OK(wok_unix_pair(&a, &b));
	ASSERT_STR(wok_stream_kind(a), "unix");
	ASSERT_OK(wok_stream_write_all(a, "hello", 5));
	ASSERT_OK(wok_stream_read_exactly(b, data, 5, NULL));
	ASSERT_MEM(data, "hello", 5);
}

TEST_TASK(descriptors_travel_with_bytes_and_are_closed_at_exec)
{
	WOK_AUTO(wok_stream) *a = NULL, *b = NULL;
	int pipes[2], fds[4];
	size_t n = 0;
	char data[16];

	ASSERT_OK(wok_unix_pair(&a, &b));
	ASSERT_EQ(pipe2(pipes, O_CLOEXEC), 0);
	ASSERT_OK(wok_unix_send_fds(a, "take these", 10, pipes, 2));
	ASSERT_EQ(wok_unix_receive_fds(b, data, sizeof(data), fds, 4, &n), 10);
	ASSERT_MEM(data, "take these", 10);
	ASSERT_EQ(n, 2);
	ASSERT(fcntl(fds[0], F_GETFD) & FD_CLOEXEC);
	ASSERT_EQ(write(fds[1], "x", 1), 1);
	ASSERT_EQ(read(pipes[0], data, 1), 1);
	for (int i = 0; i < 2; i++) {
		close(pipes[i]);
		close(fds[i]);
	}
	ASSERT_OK(wok_unix_send_fds(a, "none", 4, NULL, 0));
	ASSERT_EQ(wok_unix_receive_fds(b, data, sizeof(data), fds, 4, &n), 4);
	ASSERT_EQ(n, 0);
	ASSERT_OK(wok_stream_close(a));
	ASSERT_EQ(wok_unix_receive_fds(b, data, sizeof(data), fds, 4, &n), 0);
}

static int read_some(void *stream)
{
	char data[100];

	return (int) wok_stream_read(stream, data, sizeof(data));
}

TEST_TASK(what_comes_behind_descriptors_is_not_overlooked)
{
	WOK_AUTO(wok_stream) *a = NULL, *b = NULL;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ASSERT_OK(wok_unix_pair(&a, &b));
	WOK_AUTO(wok_task) *task = wok_create_task(read_some, b);
	test_settle(); /* it has waited: the loop hears of edges only */
	ASSERT_OK(wok_unix_send_fds(a, "x", 1, &null, 1));
	ASSERT_OK(wok_stream_write_all(a, "hello", 5));
	ASSERT_EQ(wok_await(task), 1); /* a read ends behind a message with descriptors */
	ASSERT_EQ(read_some(b), 5);
	close(null);
}

struct fd_sending {
	wok_stream *stream;
	int fd;
};

static int send_fd(void *arg)
{
	const struct fd_sending *self = arg;

	return wok_unix_send_fds(self->stream, "!", 1, &self->fd, 1);
}

static int write_much(void *stream)
{
	static char much[400000];

	return wok_stream_write_all(stream, much, sizeof(much));
}

TEST_TASK(descriptors_wait_for_the_turn_to_write)
{
	WOK_AUTO(wok_stream) *a = NULL, *b = NULL;
	static char heard[400001];
	struct fd_sending sending = {.fd = 0};
	size_t n = 0;
	int fd;

	ASSERT_OK(wok_unix_pair(&a, &b));
	sending.stream = a;
	WOK_AUTO(wok_task) *first = wok_create_task(write_much, a);
	test_settle();
	WOK_AUTO(wok_task) *second = wok_create_task(send_fd, &sending);
	test_settle();
	ASSERT_OK(wok_stream_read_exactly(b, heard, 400000, NULL));
	for (int i = 0; i < 400000; i++)
		ASSERT_EQ(heard[i], 0);
	ASSERT_EQ(wok_unix_receive_fds(b, heard, 1, &fd, 1, &n), 1);
	ASSERT_EQ(heard[0], '!');
	ASSERT_EQ(n, 1);
	close(fd);
	ASSERT_OK(wok_await(first));
	ASSERT_OK(wok_await(second));
}

TEST_TASK(a_file_that_is_no_socket_is_not_replaced)
{
	char path[] = "/tmp/wok-plain-file-XXXXXX", address[80];
	wok_listener *listener = NULL;
	int fd = mkostemp(path, O_CLOEXEC);

	ASSERT_EQ(write(fd, "kept", 4), 4);
	snprintf(address, sizeof(address), "unix:%s", path);
	ASSERT_ERR(wok_listen(address, NULL, &listener), -EADDRINUSE);
	ASSERT_EQ(access(path, F_OK), 0);
	ASSERT_EQ(close(fd) + unlink(path), 0);
}

TEST_TASK(a_socket_file_goes_when_listening_fails)
{
	char path[64], address[80];
	wok_listener *listener = NULL;

	snprintf(path, sizeof(path), "/tmp/wok-test-failed-%d", (int) getpid());
	snprintf(address, sizeof(address), "unix:%s", path);
	wok_test_fail_system_call("listen", 1, ENOBUFS);
	ASSERT_ERR(wok_listen(address, NULL, &listener), -ENOBUFS);
	ASSERT(access(path, F_OK) < 0);
	wok_test_fail_system_call("getsockname", 1, ENOBUFS);
	ASSERT_ERR(wok_listen(address, NULL, &listener), -ENOBUFS);
	ASSERT(access(path, F_OK) < 0);
	wok_test_fail_system_call(NULL, 0, 0);
}

TEST_TASK(more_descriptors_than_expected_are_closed)
{
	WOK_AUTO(wok_stream) *a = NULL, *b = NULL;
	int sent[3], fds[2];
	size_t n = 77;
	char data[4];

	ASSERT_OK(wok_unix_pair(&a, &b));
	for (int i = 0; i < 3; i++)
		sent[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int before = test_count_fds();
	ASSERT_OK(wok_unix_send_fds(a, "x", 1, sent, 3));
	ASSERT_ERR(wok_unix_receive_fds(b, data, sizeof(data), fds, 2, &n), WOK_ELIMIT);
	ASSERT_EQ(n, 77);
	ASSERT_EQ(test_count_fds(), before);
	/* A read that does not ask for them closes them as well. */
	ASSERT_OK(wok_unix_send_fds(a, "y", 1, sent, 3));
	ASSERT_EQ(wok_stream_read(b, data, 1), 1);
	ASSERT_EQ(test_count_fds(), before);
	for (int i = 0; i < 3; i++)
		close(sent[i]);
}

TEST_TASK(descriptors_need_a_unix_socket_and_a_byte)
{
	WOK_AUTO(wok_stream) *a = NULL, *b = NULL, *memory = NULL, *other = NULL;
	static const int many[254];
	wok_view line;
	size_t n;
	int fd;
	char data[4];

	ASSERT_OK(wok_unix_pair(&a, &b));
	ASSERT_OK(wok_stream_pair(0, &memory, &other));
	ASSERT_ERR(wok_unix_send_fds(memory, "x", 1, NULL, 0), -EINVAL);
	ASSERT_ERR(wok_unix_receive_fds(memory, data, 1, &fd, 1, &n), -EINVAL);
	ASSERT_ERR(wok_unix_send_fds(a, "", 0, NULL, 0), -EINVAL);
	ASSERT_ERR(wok_unix_send_fds(a, "x", 1, many, 254), -EINVAL);
	ASSERT_ERR(wok_unix_receive_fds(b, data, 0, &fd, 1, &n), -EINVAL);
	ASSERT_OK(wok_stream_write_all(a, "a\nb", 3));
	ASSERT_EQ(wok_stream_next_line(b, 0, &line), 1);
	ASSERT_ERR(wok_unix_receive_fds(b, data, 4, &fd, 1, &n), -EINVAL);
	ASSERT_OK(wok_stream_close(a));
	ASSERT_ERR(wok_unix_send_fds(a, "x", 1, NULL, 0), -EBADF);
}

TEST_TASK(the_peer_of_a_unix_socket_is_known)
{
	WOK_AUTO(wok_stream) *a = NULL, *b = NULL, *memory = NULL, *other = NULL;
	wok_unix_credentials peer;

	ASSERT_OK(wok_unix_pair(&a, &b));
	ASSERT_OK(wok_unix_peer_credentials(a, &peer));
	ASSERT_EQ(peer.pid, getpid());
	ASSERT_EQ(peer.uid, getuid());
	ASSERT_OK(wok_stream_pair(0, &memory, &other));
	ASSERT_ERR(wok_unix_peer_credentials(memory, &peer), -EINVAL);
}

TEST_TASK(a_socket_file_gets_its_permissions_before_anybody_can_connect)
{
	char path[64], address[80];
	const wok_listen_options options = {.mode = 0600};
	WOK_AUTO(wok_listener) *listener = NULL;
	struct stat about;

	snprintf(path, sizeof(path), "/tmp/wok-test-mode-%d", (int) getpid());
	snprintf(address, sizeof(address), "unix:%s", path);
	ASSERT_OK(wok_listen(address, &options, &listener));
	ASSERT_EQ(stat(path, &about), 0);
	ASSERT_EQ(about.st_mode & 0777, 0600);
	ASSERT_OK(wok_listener_close(listener));
	ASSERT(stat(path, &about) < 0);
}

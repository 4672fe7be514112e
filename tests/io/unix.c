/* SPDX-License-Identifier: MIT */
/* What only Unix sockets can do: see wok/unix.h. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

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

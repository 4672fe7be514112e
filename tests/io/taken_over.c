/* SPDX-License-Identifier: MIT */
/* Listening on sockets that others made: "fd:" and "systemd:" of wok_listen(). */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "io/streams.h"

static int open_theirs(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ASSERT_EQ(bind(fd, (const void *) &address, sizeof(address)), 0);
	ASSERT_EQ(listen(fd, 8), 0);
	return fd;
}

static void assert_serves(wok_listener *listener)
{
	WOK_AUTO(wok_stream) *client = NULL, *server = NULL;

	ASSERT_OK(wok_tcp_connect("127.0.0.1", wok_listener_port(listener), &client));
	ASSERT_OK(wok_accept(listener, &server));
	ASSERT_STR(wok_stream_kind(server), "tcp");
}

TEST_TASK(a_socket_that_listens_is_taken_by_its_number_and_stays_the_callers)
{
	int theirs = open_theirs();
	char address[32];

	snprintf(address, sizeof(address), "fd:%d", theirs);
	for (int i = 0; i < 2; i++) {
		WOK_AUTO(wok_listener) *listener = NULL;
		ASSERT_OK(wok_listen(address, NULL, &listener));
		assert_serves(listener);
	}
	ASSERT_EQ(close(theirs), 0);
}

TEST_TASK(what_does_not_listen_is_refused)
{
	const char *const texts[] = {"fd:", "fd:x", "fd:3x", "fd:-1", "fd:99999999999"};
	wok_listener *listener = NULL;
	char address[32];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ASSERT_ERR(wok_listen(texts[i], NULL, &listener), -EINVAL);
	snprintf(address, sizeof(address), "fd:%d", fd);
	ASSERT_ERR(wok_listen(address, NULL, &listener), -EINVAL);
	ASSERT_EQ(close(fd), 0);
	ASSERT_ERR(wok_listen(address, NULL, &listener), -EBADF);
	ASSERT(!listener);
}

/* As systemd does: the sockets are 3 and the following ones. */
static void hand_over(int n, const char *names)
{
	char number[16];

	for (int i = 0; i < n; i++) {
		int fd = open_theirs();
		ASSERT_EQ(dup2(fd, 3 + i), 3 + i);
		if (fd != 3 + i)
			close(fd);
	}
	snprintf(number, sizeof(number), "%d", (int) getpid());
	setenv("LISTEN_PID", number, 1);
	snprintf(number, sizeof(number), "%d", n);
	setenv("LISTEN_FDS", number, 1);
	setenv("LISTEN_FDNAMES", names, 1);
}

static int serve_what_systemd_gave(void *unused)
{
	WOK_AUTO(wok_listener) *first = NULL, *http = NULL, *admin = NULL;
	wok_listener *none = NULL;

	(void) unused;
	ASSERT_OK(wok_listen("systemd:", NULL, &first));
	ASSERT_OK(wok_listen("systemd:http", NULL, &http));
	ASSERT_OK(wok_listen("systemd:admin", NULL, &admin));
	ASSERT_EQ(wok_listener_port(first), wok_listener_port(http));
	ASSERT(wok_listener_port(admin) != wok_listener_port(http));
	assert_serves(admin);
	ASSERT_ERR(wok_listen("systemd:htt", NULL, &none), -ENOENT);
	ASSERT(strstr(wok_errmsg(-ENOENT), "http:admin"));
	setenv("LISTEN_PID", "1", 1); /* for somebody else */
	ASSERT_ERR(wok_listen("systemd:http", NULL, &none), -ENOENT);
	return 0;
}

TEST(sockets_of_systemd_are_taken_by_their_names)
{
	/* The loop is made afterwards, so that nothing of it lies where the sockets are to be. */
	hand_over(2, "http:admin");
	ASSERT_OK(wok_test_run(serve_what_systemd_gave, NULL, NULL));
	ASSERT_EQ(close(3) + close(4), 0);
}

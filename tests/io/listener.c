/* SPDX-License-Identifier: MIT */
/* Listening and accepting: see wok/net.h. */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "io/streams.h"

TEST_TASK(a_free_port_is_found_and_told)
{
	WOK_AUTO(wok_listener) *listener = NULL;
	WOK_AUTO(wok_stream) *client = NULL;
	WOK_AUTO(wok_stream) *server = NULL;

	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &listener));
	ASSERT(wok_listener_port(listener) > 0);
	ASSERT_OK(wok_tcp_connect("127.0.0.1", wok_listener_port(listener), &client));
	ASSERT_OK(wok_accept(listener, &server));
	ASSERT_STR(wok_stream_kind(server), "tcp");
	ASSERT(fcntl(wok_stream_fd(server), F_GETFD) & FD_CLOEXEC);
	ASSERT(fcntl(wok_stream_fd(client), F_GETFD) & FD_CLOEXEC);
}

TEST_TASK(an_address_that_makes_no_sense_is_named)
{
	const char *const addresses[] = {
		"",
		"127.0.0.1",
		"127.0.0.1:",
		"127.0.0.1:65536",
		"127.0.0.1:-1",
		"127.0.0.1:8x",
		"localhost:1",
		"[::1:80",
		"[]:80",
		"::1:80",
		"1.2.3:80",
		"unix:",
		"[127.0.0.1]:80",
		"[::1]80:",
	};
	wok_listener *listener = NULL;

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		ASSERT_ERR(wok_listen(addresses[i], NULL, &listener), -EINVAL);
		if (i != 11)
			ASSERT(strstr(wok_errmsg(-EINVAL), addresses[i]));
	}
	char too_long[200];
	memset(too_long, 'x', sizeof(too_long));
	memcpy(too_long, "unix:/", 6);
	too_long[199] = '\0';
	ASSERT_ERR(wok_listen(too_long, NULL, &listener), -ENAMETOOLONG);
	ASSERT(!listener);
}

TEST(listening_needs_a_loop)
{
	wok_listener *listener = NULL;

	ASSERT_ERR(wok_listen("127.0.0.1:0", NULL, &listener), -EINVAL);
}

TEST_TASK(a_port_in_use_is_an_error_that_names_it)
{
	WOK_AUTO(wok_listener) *first = NULL;
	wok_listener *second = NULL;
	char address[32];

	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &first));
	snprintf(address, sizeof(address), "127.0.0.1:%u", wok_listener_port(first));
	ASSERT_ERR(wok_listen(address, NULL, &second), -EADDRINUSE);
	ASSERT(strstr(wok_errmsg(-EADDRINUSE), address));
}

TEST_TASK(without_a_host_every_address_is_listened_on)
{
	WOK_AUTO(wok_listener) *listener = NULL;
	WOK_AUTO(wok_stream) *client = NULL;
	WOK_AUTO(wok_stream) *server = NULL;

	ASSERT_OK(wok_listen(":0", NULL, &listener));
	ASSERT_OK(wok_tcp_connect("127.0.0.1", wok_listener_port(listener), &client));
	ASSERT_OK(wok_accept(listener, &server));
}

TEST_TASK(a_unix_socket_file_comes_and_goes_with_its_listener)
{
	char folder[] = "/tmp/wok-test-XXXXXX", address[64], *path = address + 5;
	WOK_AUTO(wok_listener) *listener = NULL;
	wok_stream *stream = NULL;
	struct stat info;

	ASSERT(mkdtemp(folder));
	snprintf(address, sizeof(address), "unix:%s/socket", folder);
	ASSERT_ERR(wok_unix_connect(path, &stream), -ENOENT);
	ASSERT(strstr(wok_errmsg(-ENOENT), path));
	ASSERT_OK(wok_listen(address, NULL, &listener));
	ASSERT_EQ(wok_listener_port(listener), 0);
	ASSERT_EQ(stat(path, &info), 0);
	/* In use it stays; one that a dead server left behind is replaced. */
	wok_listener *second = NULL;
	ASSERT_ERR(wok_listen(address, NULL, &second), -EADDRINUSE);
	ASSERT_OK(wok_unix_connect(path, &stream));
	wok_stream_free(stream);
	ASSERT_OK(wok_listener_close(listener));
	ASSERT(stat(path, &info) < 0);
	ASSERT_EQ(rmdir(folder), 0);
}

TEST_TASK(a_unix_socket_that_nobody_listens_on_is_replaced)
{
	char folder[] = "/tmp/wok-test-XXXXXX", address[64], copy[64];
	wok_listener *listener = NULL;
	wok_stream *stream = NULL;

	ASSERT(mkdtemp(folder));
	snprintf(address, sizeof(address), "unix:%s/socket", folder);
	snprintf(copy, sizeof(copy), "%s/kept", folder);
	ASSERT_OK(wok_listen(address, NULL, &listener));
	ASSERT_EQ(link(address + 5, copy), 0);
	wok_listener_free(listener);
	ASSERT_EQ(rename(copy, address + 5), 0); /* as a crash would leave it */
	ASSERT_ERR(wok_unix_connect(address + 5, &stream), -ECONNREFUSED);
	ASSERT_OK(wok_listen(address, NULL, &listener));
	ASSERT_OK(wok_unix_connect(address + 5, &stream));
	wok_stream_free(stream);
	wok_listener_free(listener);
	ASSERT_EQ(rmdir(folder), 0);
}

static int accept_one(void *listener)
{
	WOK_AUTO(wok_stream) *stream = NULL;

	return wok_accept(listener, &stream);
}

TEST_TASK(closing_a_listener_wakes_who_accepts, "E6")
{
	WOK_AUTO(wok_listener) *listener = NULL;

	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &listener));
	WOK_AUTO(wok_task) *accepting = wok_create_task(accept_one, listener);
	test_settle();
	ASSERT_OK(wok_listener_close(listener));
	ASSERT_ERR(wok_await(accepting), -EBADF);
	ASSERT_ERR(accept_one(listener), -EBADF);
	ASSERT_ERR(wok_listener_close(listener), -EBADF);
}

static int read_four(void *stream)
{
	char data[4];

	return (int) wok_stream_read(stream, data, sizeof(data));
}

TEST_TASK(a_descriptor_number_that_is_reused_never_gets_the_old_ones_events, "E6")
{
	for (int i = 0; i < 20; i++) {
		WOK_AUTO(wok_listener) *listener = NULL;
		wok_stream *a, *b;
		make_by_unix(&a, &b);
		int fd = wok_stream_fd(b);
		WOK_AUTO(wok_task) *reading = wok_create_task(read_four, b);
		test_settle(); /* registers b */
		ASSERT_OK(wok_stream_write_all(a, "four", 4));
		ASSERT_EQ(wok_await(reading), 4);
		ASSERT_OK(wok_stream_write_all(a, "an event that nobody took", 25));
		wok_stream_free(b);
		int filler = dup(STDERR_FILENO); /* takes the lower number that is free */
		ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &listener));
		ASSERT(filler < fd && fcntl(fd, F_GETFD) >= 0); /* it has b's number now */
		close(filler);
		WOK_AUTO(wok_task) *accepting = wok_create_task(accept_one, listener);
		test_settle();
		ASSERT(!wok_task_done(accepting));
		wok_stream_free(a);
	}
}

TEST_TASK(a_second_task_that_accepts_is_refused, "E7")
{
	WOK_AUTO(wok_listener) *listener = NULL;

	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &listener));
	WOK_AUTO(wok_task) *accepting = wok_create_task(accept_one, listener);
	test_settle();
	ASSERT_ERR(accept_one(listener), -EBUSY);
}

TEST_TASK(a_cancelled_accept_loses_no_connection_and_no_descriptor, "E8")
{
	WOK_AUTO(wok_listener) *listener = NULL;
	int accepted = 0, fds = test_count_fds();

	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &listener));
	for (int i = 0; i < 50; i++) {
		wok_stream *client = NULL;
		WOK_AUTO(wok_task) *task = wok_create_task(accept_one, listener);
		if (i % 2)
			test_settle();
		ASSERT_OK(wok_tcp_connect("127.0.0.1", wok_listener_port(listener), &client));
		wok_cancel(task);
		int r = wok_await(task);
		ASSERT(r == 0 || r == WOK_ETASKCANCELED);
		accepted += r == 0;
		wok_stream_free(client);
	}
	for (; accepted < 50; accepted++)
		ASSERT_OK(accept_one(listener));
	ASSERT(test_count_fds() <= fds + 2);
}

TEST_TASK(accepting_is_a_checkpoint_even_when_a_connection_is_there)
{
	WOK_AUTO(wok_listener) *listener = NULL;
	WOK_AUTO(wok_stream) *client = NULL;
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &listener));
	ASSERT_OK(wok_tcp_connect("127.0.0.1", wok_listener_port(listener), &client));
	WOK_TIMEOUT (&timeout, 0) {
		ASSERT_ERR(accept_one(listener), -ECANCELED);
	}
	uint64_t before = wok_test_checkpoints();
	ASSERT_OK(accept_one(listener));
	ASSERT(wok_test_checkpoints() > before);
}

TEST_TASK(a_reset_connection_is_an_error_for_the_peer, "E16")
{
	const struct linger hard = {.l_onoff = 1, .l_linger = 0};
	wok_stream *a, *b;
	char data[1];

	make_by_tcp(&a, &b);
	ASSERT_EQ(setsockopt(wok_stream_fd(a), SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)), 0);
	wok_stream_free(a);
	ASSERT_ERR(wok_stream_read(b, data, 1), -ECONNRESET);
	ASSERT_ERR(wok_stream_write_all(b, "x", 1), -EPIPE);
	ASSERT_ERR(wok_stream_shutdown(b), -ENOTCONN);
	wok_stream_free(b);
}

static int read_some(void *stream)
{
	char data[1];

	return (int) wok_stream_read(stream, data, 1);
}

static int write_much(void *stream)
{
	static const char data[1 << 20];

	return wok_stream_write_all(stream, data, sizeof(data));
}

TEST_TASK(a_reset_wakes_reader_and_writer_alike, "E20")
{
	const struct linger hard = {.l_onoff = 1, .l_linger = 0};
	wok_stream *a, *b;

	make_by_tcp(&a, &b);
	WOK_AUTO(wok_task) *reading = wok_create_task(read_some, b);
	WOK_AUTO(wok_task) *writing = wok_create_task(write_much, b);
	test_settle();
	ASSERT_EQ(setsockopt(wok_stream_fd(a), SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)), 0);
	wok_stream_free(a);
	int r = wok_await(reading), w = wok_await(writing);
	/* The system tells the error once; the other one finds the connection gone. */
	ASSERT(r == -ECONNRESET || r == 0);
	ASSERT(w == -ECONNRESET || w == -EPIPE);
	wok_stream_free(b);
}

/* --- one port in two loops -------------------------------------------------------------------- */

struct shared_port {
	char address[32];
	wok_listener *listener;
	pthread_barrier_t listening;
	int accepted;
};

static int serve_shared(void *arg)
{
	struct shared_port *self = arg;
	const wok_listen_options options = {.reuse_port = true};
	WOK_AUTO(wok_listener) *listener = NULL;
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	ASSERT_OK(wok_listen(self->address, &options, &listener));
	pthread_barrier_wait(&self->listening);
	WOK_TIMEOUT (&timeout, 50 * WOK_MS) {
		while (accept_one(listener) == 0)
			__atomic_add_fetch(&self->accepted, 1, __ATOMIC_RELAXED);
	}
	return 0;
}

static void *serve_in_thread(void *arg)
{
	const wok_test_options options = {.real_clock = true};

	ASSERT_OK(wok_test_run(serve_shared, arg, &options));
	return NULL;
}

static int connect_many(void *arg)
{
	struct shared_port *self = arg;
	uint16_t port = (uint16_t) strtoul(strchr(self->address, ':') + 1, NULL, 10);

	for (int i = 0; i < 40; i++) {
		WOK_AUTO(wok_stream) *client = NULL;
		ASSERT_OK(wok_tcp_connect("127.0.0.1", port, &client));
	}
	return 0;
}

static int pick_port(void *arg)
{
	struct shared_port *self = arg;
	const wok_listen_options options = {.reuse_port = true};
	WOK_AUTO(wok_listener) *listener = NULL;

	ASSERT_OK(wok_listen("127.0.0.1:0", &options, &listener));
	snprintf(self->address, sizeof(self->address), "127.0.0.1:%u", wok_listener_port(listener));
	return 0;
}

TEST(loops_share_a_port, "E11")
{
	struct shared_port self = {.accepted = 0};
	pthread_t threads[2];

	ASSERT_OK(wok_test_run(pick_port, &self, NULL));
	ASSERT_EQ(pthread_barrier_init(&self.listening, NULL, 3), 0);
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(pthread_create(&threads[i], NULL, serve_in_thread, &self), 0);
	pthread_barrier_wait(&self.listening);
	ASSERT_OK(wok_test_run(connect_many, &self, &(wok_test_options){.real_clock = true}));
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	ASSERT_EQ(self.accepted, 40);
}

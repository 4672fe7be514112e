/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEST_STREAMS_H
#define WOK_TEST_STREAMS_H
/* Two ends of a connection, of each kind there is: what the suite of streams runs over. */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wok/wok.h>

#include "harness/test.h"

typedef void make_streams(wok_stream **ret_a, wok_stream **ret_b);

static inline void make_in_memory(wok_stream **ret_a, wok_stream **ret_b)
{
	ASSERT_OK(wok_stream_pair(16384, ret_a, ret_b));
}

/* Little of what is written fits into the system's buffers. */
static inline void make_small(const wok_stream *stream)
{
	const int small = 16384, fd = wok_stream_fd(stream);

	ASSERT_EQ(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	ASSERT_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
}

static inline void make_by_listener(const char *address, const char *path, wok_stream **ret_a,
				    wok_stream **ret_b)
{
	WOK_AUTO(wok_listener) *listener = NULL;

	ASSERT_OK(wok_listen(address, NULL, &listener));
	/* Both connect at once, without an accept: the backlog has room. */
	if (path)
		ASSERT_OK(wok_unix_connect(path, ret_a));
	else
		ASSERT_OK(wok_tcp_connect("127.0.0.1", wok_listener_port(listener), ret_a));
	ASSERT_OK(wok_accept(listener, ret_b));
	make_small(*ret_a);
	make_small(*ret_b);
}

static inline void make_by_tcp(wok_stream **ret_a, wok_stream **ret_b)
{
	make_by_listener("127.0.0.1:0", NULL, ret_a, ret_b);
}

static inline void make_by_unix(wok_stream **ret_a, wok_stream **ret_b)
{
	char address[64];

	snprintf(address, sizeof(address), "unix:@wok-test-%d", (int) getpid());
	make_by_listener(address, address + 5, ret_a, ret_b);
}

static inline void make_by_pair(wok_stream **ret_a, wok_stream **ret_b)
{
	ASSERT_OK(wok_unix_pair(ret_a, ret_b));
	make_small(*ret_a);
	make_small(*ret_b);
}

/* In memory, with a delay, and in pieces of odd sizes. */
static inline void make_in_slow_memory(wok_stream **ret_a, wok_stream **ret_b)
{
	const wok_stream_pair_options options = {.capacity = 16384, .delay = WOK_MS, .chunk = 1237};

	ASSERT_OK(wok_stream_pair_with(&options, ret_a, ret_b));
}

/* An outsider's stream: two pipes, one for each direction, behind a table of functions of its own.
 */
struct two_pipes {
	wok_stream *in, *out;
};

static inline ssize_t two_pipes_read(void *self, void *data, size_t size)
{
	return wok_stream_read(((struct two_pipes *) self)->in, data, size);
}

static inline ssize_t two_pipes_write(void *self, const struct iovec *parts, int n_parts)
{
	for (int i = 0; i < n_parts; i++)
		if (parts[i].iov_len > 0)
			return wok_stream_write(((struct two_pipes *) self)->out, parts[i].iov_base,
						parts[i].iov_len);
	return 0;
}

static inline int two_pipes_shutdown(void *self)
{
	return wok_stream_shutdown(((struct two_pipes *) self)->out);
}

/* Who waits in one of them still looks at it: they are released by the test's end. */
static inline int two_pipes_close(void *self)
{
	struct two_pipes *pipes = self;

	wok_stream_close(pipes->in);
	wok_stream_close(pipes->out);
	return 0;
}

static inline void make_by_two_pipes(wok_stream **ret_a, wok_stream **ret_b)
{
	static const wok_stream_ops ops = {.name = "two pipes",
					   .read = two_pipes_read,
					   .write = two_pipes_write,
					   .shutdown = two_pipes_shutdown,
					   .close = two_pipes_close};
	static struct two_pipes ends[2];

	ASSERT_OK(wok_pipe(&ends[0].in, &ends[1].out));
	ASSERT_OK(wok_pipe(&ends[1].in, &ends[0].out));
	ASSERT_OK(wok_stream_new(&ops, &ends[0], ret_a));
	ASSERT_OK(wok_stream_new(&ops, &ends[1], ret_b));
}

/*
 * A test over each kind of stream, in which a and b are the two ends. The suite is compiled once
 * more for TLS, whose streams are cut short by a close, since that says no goodbye.
 */
#ifdef WOK_TEST_TLS
void make_by_tls(wok_stream **ret_a, wok_stream **ret_b);
void make_by_tls_over_tcp(wok_stream **ret_a, wok_stream **ret_b);
#define END_BY_CLOSE WOK_EEOF
#else
#define END_BY_CLOSE 0
#endif

#define STREAM_TEST__BODY(name)                                                                    \
	static void name(wok_stream *a, wok_stream *b);                                            \
	static void name##__run(make_streams *make)                                                \
	{                                                                                          \
		WOK_AUTO(wok_stream) *a = NULL;                                                    \
		WOK_AUTO(wok_stream) *b = NULL;                                                    \
		make(&a, &b);                                                                      \
		name(a, b);                                                                        \
	}

#ifdef WOK_TEST_TLS
#define STREAM_TEST(name, ...)                                                                     \
	STREAM_TEST__BODY(name)                                                                    \
	TEST_TASK(name##_by_tls, ##__VA_ARGS__)                                                    \
	{                                                                                          \
		name##__run(make_by_tls);                                                          \
	}                                                                                          \
	TEST_TASK(name##_by_tls_over_tcp, ##__VA_ARGS__)                                           \
	{                                                                                          \
		name##__run(make_by_tls_over_tcp);                                                 \
	}                                                                                          \
	static void name(wok_stream *a, wok_stream *b)
#else
#define STREAM_TEST(name, ...)                                                                     \
	STREAM_TEST__BODY(name)                                                                    \
	TEST_TASK(name##_in_memory, ##__VA_ARGS__)                                                 \
	{                                                                                          \
		name##__run(make_in_memory);                                                       \
	}                                                                                          \
	TEST_TASK(name##_over_tcp, ##__VA_ARGS__)                                                  \
	{                                                                                          \
		name##__run(make_by_tcp);                                                          \
	}                                                                                          \
	TEST_TASK(name##_over_unix, ##__VA_ARGS__)                                                 \
	{                                                                                          \
		name##__run(make_by_unix);                                                         \
	}                                                                                          \
	TEST_TASK(name##_over_a_pair, ##__VA_ARGS__)                                               \
	{                                                                                          \
		name##__run(make_by_pair);                                                         \
	}                                                                                          \
	TEST_TASK(name##_over_two_pipes, ##__VA_ARGS__)                                            \
	{                                                                                          \
		name##__run(make_by_two_pipes);                                                    \
	}                                                                                          \
	TEST_TASK(name##_in_slow_memory, ##__VA_ARGS__)                                            \
	{                                                                                          \
		name##__run(make_in_slow_memory);                                                  \
	}                                                                                          \
	static void name(wok_stream *a, wok_stream *b)
#endif

#endif

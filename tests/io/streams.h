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

/* A test over each kind of stream, in which a and b are the two ends. */
#define STREAM_TEST(name, ...)                                                                     \
	static void name(wok_stream *a, wok_stream *b);                                            \
	static void name##__run(make_streams *make)                                                \
	{                                                                                          \
		WOK_AUTO(wok_stream) *a = NULL;                                                    \
		WOK_AUTO(wok_stream) *b = NULL;                                                    \
		make(&a, &b);                                                                      \
		name(a, b);                                                                        \
	}                                                                                          \
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
	TEST_TASK(name##_in_slow_memory, ##__VA_ARGS__)                                            \
	{                                                                                          \
		name##__run(make_in_slow_memory);                                                  \
	}                                                                                          \
	static void name(wok_stream *a, wok_stream *b)

#endif

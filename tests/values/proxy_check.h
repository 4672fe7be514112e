/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEST_PROXY_CHECK_H
#define WOK_TEST_PROXY_CHECK_H
/* A proxy at the other end of a stream in memory, that says what it is told to say. */
#include <wok/scope.h>
#include <wok/test.h>
#include <wok/timeout.h>

#include "harness/test.h"
#include "http/client/proxy.h"

struct exchange_step {
	const char *expect; /* bytes that must come; NULL: none more */
	size_t expect_size;
	const char *say;
	size_t say_size;
};

#define STEP(expect, say) {expect, sizeof(expect) - 1, say, sizeof(say) - 1}

struct fake_proxy {
	wok_stream *stream;
	const struct exchange_step *steps;
	bool mute; /* do not close behind the last step */
};

static inline int run_fake_proxy(void *arg)
{
	struct fake_proxy *fake = arg;
	char bytes[1000];

	for (const struct exchange_step *step = fake->steps; step->expect; step++) {
		ASSERT(step->expect_size <= sizeof(bytes));
		WOK_TRY(wok_stream_read_exactly(fake->stream, bytes, step->expect_size, NULL));
		ASSERT_MEM(bytes, step->expect, step->expect_size);
		if (step->say_size > 0)
			WOK_TRY(wok_stream_write_all(fake->stream, step->say, step->say_size));
	}
	return fake->mute ? 0 : wok_stream_shutdown(fake->stream);
}

/* Both ends of a line that gives a byte at a time, where chunk is 1. */
static inline void open_line(size_t chunk, wok_stream **client, wok_stream **proxy)
{
	ASSERT_OK(wok_stream_pair_with(&(wok_stream_pair_options){.chunk = chunk}, client, proxy));
}
#endif

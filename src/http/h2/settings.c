/* SPDX-License-Identifier: MIT */
/* From the options of a client or a server to what a connection is to be like. */
#include "http/h2/h2.h"
#include "http/message.h"

enum {
	STREAMS = 100,
	NOISE = 50,
	WINDOW_MIN = 65535,
	WINDOW_MAX = 0x7fffffff, /* as the protocol has it */
	CLIENT_WINDOW = 1 << 20,
	SERVER_WINDOW = 256 << 10,
	CLIENT_UNREAD = 16 << 20,
	SERVER_UNREAD = 2 << 20,
};
#define PING_INTERVAL (30 * WOK_SECOND)
#define PING_TIMEOUT (10 * WOK_SECOND)

static uint32_t size_or(size_t value, uint32_t otherwise, uint32_t least)
{
	size_t size = value > 0 ? value : otherwise;

	return size < least ? least : size > WINDOW_MAX ? WINDOW_MAX : (uint32_t) size;
}

struct wok__h2_settings wok__h2_settings(const wok_http2_options *options, bool server,
					 const struct wok__h1_limits *limits)
{
	return (struct wok__h2_settings){
		.server = server,
		.max_streams = size_or(options->max_streams, STREAMS, 1),
		.window = size_or(options->window, server ? SERVER_WINDOW : CLIENT_WINDOW,
				  WINDOW_MIN),
		.unread = size_or(options->max_unread, server ? SERVER_UNREAD : CLIENT_UNREAD,
				  2 * WINDOW_MIN),
		.noise = size_or(options->max_noise, NOISE, 1),
		.ping_interval = wok__time_or(options->ping_interval, PING_INTERVAL),
		.ping_timeout = wok__time_or(options->ping_timeout, PING_TIMEOUT),
		.limits = limits,
	};
}

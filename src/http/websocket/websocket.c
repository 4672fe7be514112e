/* SPDX-License-Identifier: MIT */
/* A WebSocket's beginning and end, and what it says of itself: see http/websocket/ws.h. */
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/timeout.h>

#include "base/memory.h"
#include "http/message.h"
#include "http/websocket/ws.h"
#include "task/park.h"

enum { MESSAGE_DEFAULT = 4 << 20, READ_AHEAD_DEFAULT = 64 << 10, MIN_SIZE_DEFAULT = 64 };

static void set_defaults(wok_ws_options *options)
{
	options->max_message = options->max_message ? options->max_message : MESSAGE_DEFAULT;
	/* A size that can still be added to: a NUL stands behind each message. */
	if (options->max_message > SIZE_MAX / 4)
		options->max_message = SIZE_MAX / 4;
	options->read_ahead = options->read_ahead ? options->read_ahead : READ_AHEAD_DEFAULT;
	options->heartbeat = wok__time_or(options->heartbeat, 30 * WOK_SECOND);
	options->write_timeout = wok__time_or(options->write_timeout, 30 * WOK_SECOND);
	options->close_timeout = wok__time_or(options->close_timeout, 10 * WOK_SECOND);
	options->open_timeout = wok__time_or(options->open_timeout, 10 * WOK_SECOND);
	if (options->deflate.min_size == 0)
		options->deflate.min_size = MIN_SIZE_DEFAULT;
}

int wok__ws_check_options(const wok_ws_options *options)
{
	for (size_t i = 0; i < options->n_subprotocols; i++) {
		const char *name = options->subprotocols[i];
		if (!wok__h1_valid_token(name, strlen(name)))
			return wok_fail(-EINVAL, "\"%.40s\" cannot be the name of a subprotocol",
					name);
	}
	if (!options->deflate.enable)
		return 0;
	WOK_TRY(wok__ws_deflate_available());
	return wok__ws_deflate_check(&options->deflate);
}

int wok__ws_new(wok_stream *stream, bool is_client, const wok_ws_options *options, wok_ws **ret_ws)
{
	wok_ws *ws = wok__alloc_zeroed(sizeof(*ws));

	if (!ws)
		return -ENOMEM;
	ws->stream = stream;
	ws->is_client = is_client;
	if (options)
		ws->options = *options;
	set_defaults(&ws->options);
	ws->in.masked = !is_client;
	ws->in.max_message = ws->options.max_message;
	ws->ahead_end = &ws->ahead;
	ws->latency = -1;
	wok__list_init_node(&ws->on_stop.node);
	if (stream)
		wok__ws_attend(ws);
	*ret_ws = ws;
	return 0;
}

/* Say goodbye, if that has not been done, and as far as there is somebody to say it to. */
static void part(wok_ws *ws, bool canceled)
{
	if (ws->over)
		return;
	WOK_SHIELD (0) {
		(void) wok_ws_close(ws, canceled ? WOK__WS_GOING_AWAY : WOK__WS_NORMAL, NULL);
	}
}

void wok_ws_free(wok_ws *ws)
{
	if (!ws)
		return;
	part(ws, wok__is_canceled());
	wok__request_off_stop(&ws->on_stop);
	wok__ws_end(ws);
	wok__ws_leave_alone(ws);
	wok__ws_drop_ahead(ws);
	wok__ws_deflate_close(&ws->deflate);
	wok__buffer_free(&ws->partial);
	wok__buffer_free(&ws->current);
	if (ws->owns_stream)
		wok_stream_free(ws->stream);
	wok_free(ws->extensions);
	wok_free(ws);
}

const char *wok_ws_subprotocol(const wok_ws *ws)
{
	return ws->subprotocol;
}

const char *wok_ws_extensions(const wok_ws *ws)
{
	return ws->extensions ? ws->extensions : "";
}

wok_time wok_ws_latency(const wok_ws *ws)
{
	return ws->latency;
}

int wok_ws_close_code(const wok_ws *ws)
{
	if (ws->close_received)
		return ws->in.close_code;
	return ws->over ? WOK__WS_ABNORMAL : 0;
}

const char *wok_ws_close_reason(const wok_ws *ws)
{
	return ws->close_received ? ws->in.control : "";
}

int wok_ws_sent_close_code(const wok_ws *ws)
{
	return ws->sent_code;
}

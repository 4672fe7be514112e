/* SPDX-License-Identifier: MIT */
/*
 * How a WebSocket ends: see http/websocket/ws.h.
 *
 * In good order both sides send a Close, and then the server closes the connection, so that the
 * port that waits out old packets is not the client's. Each step has its time. Whoever reads goes
 * through with it; a cancel leaves a state from which the next reader goes on.
 */
#include <stdio.h>
#include <string.h>
#include <wok/error.h>
#include <wok/timeout.h>
#include <wok/utf8.h>

#include "base/time.h"
#include "http/server/connection.h"
#include "http/websocket/ws.h"
#include "task/park.h"

/* How long a peer that broke the protocol may take to read why the connection ends. */
#define LINGER (2 * WOK_SECOND)

static void let_go(wok_ws *ws)
{
	ws->over = ws->closing = true;
	(void) wok_stream_close(ws->stream);
	wok_event_set(&ws->ended);
}

void wok__ws_end(wok_ws *ws)
{
	if (!ws->over)
		let_go(ws);
}

int wok__ws_fail(wok_ws *ws, int code, const char *why)
{
	if (!ws->over) {
		ws->failed = code;
		snprintf(ws->why, sizeof(ws->why), "%s", why);
		/* What a handler then returns is no failure of the handler. */
		if (ws->request)
			ws->request->body_error = code;
		let_go(ws);
	}
	return wok_fail(code, "%s", ws->why);
}

int wok__ws_outcome(const wok_ws *ws)
{
	/* A peer that has said goodbye may go without waiting for ours. */
	return ws->failed < 0 && !ws->close_received ? wok_fail(ws->failed, "%s", ws->why) : 0;
}

int wok__ws_send_close(wok_ws *ws, int code, const char *reason, size_t size)
{
	char payload[WOK__WS_CONTROL_MAX];
	size_t n = wok__ws_put_close(payload, code, reason, size);

	if (ws->close_sent)
		return 0;
	ws->closing = true;
	int r = wok__ws_write_control(ws, WOK__WS_CLOSE, payload, n);
	if (r == -EPIPE && ws->close_sent) /* by another task, while this one waited */
		return 0;
	if (r == 0)
		ws->sent_code = code;
	return r;
}

/* Read away what comes, until the peer closes. */
static int await_end(wok_ws *ws)
{
	char unused[1024];
	ssize_t n;

	while ((n = wok_stream_read(ws->stream, unused, sizeof(unused))) > 0)
		;
	return (int) n;
}

/* The peer has said goodbye. */
static int answer_close(wok_ws *ws)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TIMEOUT (&timeout, ws->options.close_timeout) {
		r = wok__ws_send_close(ws, ws->in.close_code, NULL, 0);
		if (r == 0 && ws->is_client)
			r = await_end(ws);
	}
	r = wok_timeout_result(&timeout, r);
	if (r == -ECANCELED)
		return r;
	/* All that could be said has been; how the connection goes does not matter. */
	wok__ws_end(ws);
	return wok__ws_outcome(ws);
}

/* The peer broke the protocol: say how, and give it time to read that. */
static int refuse(wok_ws *ws, int error)
{
	const char *why = wok__ws_strerror(error);
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TIMEOUT (&timeout, wok__time_min(LINGER, ws->options.close_timeout)) {
		r = wok__ws_send_close(ws, wok__ws_close_code_for(error), why, strlen(why));
		if (r == 0)
			r = wok_stream_shutdown(ws->stream);
		if (r == 0 || r == -EALREADY)
			r = await_end(ws);
	}
	if (wok_timeout_result(&timeout, r) == -ECANCELED)
		return -ECANCELED;
	return wok__ws_fail(ws, error == WOK__WS_TOO_LARGE ? WOK_ELIMIT : WOK_EPEER, why);
}

int wok__ws_conclude(wok_ws *ws, int result)
{
	if (result == -ECANCELED)
		return result;
	if (ws->over) /* somebody else has found out */
		return wok__ws_outcome(ws);
	if (result == WOK__WS_READ_CLOSE)
		return answer_close(ws);
	if (result == WOK__WS_READ_END)
		return wok__ws_fail(ws, WOK_EEOF, "the connection ended without a Close");
	if (wok__ws_is_error(result))
		return refuse(ws, result);
	return wok__ws_fail(ws, result, wok_errmsg(result));
}

/* --- wok_ws_close() --------------------------------------------------------------------------- */

static int check_reason(int code, const char *reason)
{
	size_t valid, size = reason ? strlen(reason) : 0;

	if (code < 0 || (code > 0 && !wok__ws_valid_close_code((unsigned) code)))
		return wok_fail(-EINVAL, "a Close cannot have the code %d", code);
	if (size > WOK__WS_REASON_MAX || (code == 0 && size > 0))
		return wok_fail(-EINVAL, "the reason of a Close has at most 123 bytes, and a code");
	if (size > 0 && wok_utf8_check(reason, size, &valid) < 0)
		return wok_fail(-EINVAL, "the reason of a Close has to be UTF-8");
	return 0;
}

/* Read up to the peer's Close; messages on the way are not wanted any more. */
static int read_to_end(wok_ws *ws)
{
	int r;

	wok__ws_stop_reader(ws);
	if (ws->over)
		return wok__ws_outcome(ws);
	r = ws->close_received ? WOK__WS_READ_CLOSE : wok__ws_read(ws);
	while (r == WOK__WS_READ_ITEM) {
		wok__ws_drop_item(ws);
		r = wok__ws_read(ws);
	}
	return wok__ws_conclude(ws, r);
}

static int say_goodbye(wok_ws *ws, int code, const char *reason)
{
	WOK_TRY(wok__ws_send_close(ws, code ? code : WOK__WS_NO_CODE, reason,
				   reason ? strlen(reason) : 0));
	if (ws->receiving) {
		WOK_TRY(wok_event_wait(&ws->ended));
		return wok__ws_outcome(ws);
	}
	ws->receiving = true;
	int r = read_to_end(ws);
	ws->receiving = false;
	return r;
}

int wok_ws_close(wok_ws *ws, int code, const char *reason)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TRY(check_reason(code, reason));
	WOK_TRY(wok__checkpoint());
	if (ws->over)
		return wok__ws_outcome(ws);
	WOK_TIMEOUT (&timeout, ws->options.close_timeout) {
		r = say_goodbye(ws, code, reason);
	}
	r = wok_timeout_result(&timeout, r);
	if (ws->over && r != -ECANCELED)
		return wok__ws_outcome(ws);
	if (r == -ETIMEDOUT)
		return wok__ws_fail(ws, r, "the peer did not answer a Close in time");
	wok__ws_left(ws);
	return r;
}

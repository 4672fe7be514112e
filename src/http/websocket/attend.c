/* SPDX-License-Identifier: MIT */
/*
 * What must be done while the application does something else: see http/websocket/ws.h.
 *
 * An idle connection whose application receives has no task but the application's: two timers wake
 * nobody unless something is to be done. The tasks here are made when they are needed, and end.
 */
#include <string.h>
#include <wok/error.h>
#include <wok/timeout.h>

#include "base/time.h"
#include "http/websocket/ws.h"

/* For so long nobody need receive before a task of wok's does. */
#define ATTEND_AFTER WOK_SECOND

/* Whether more may be read while nobody receives. A connection that closes is read to its end. */
static bool has_room(const wok_ws *ws)
{
	return ws->closing || ws->ahead_size < ws->options.read_ahead;
}

static bool is_reading(const wok_ws *ws)
{
	return ws->receiving || (ws->reader && !wok_task_done(ws->reader));
}

/* --- the reader ------------------------------------------------------------------------------- */

static int read_ahead(void *arg)
{
	wok_ws *ws = arg;
	int r = ws->close_received ? WOK__WS_READ_CLOSE : 0;

	while (!ws->over && has_room(ws)) {
		if (r == 0)
			r = wok__ws_read(ws);
		if (r == WOK__WS_READ_ITEM && ws->ahead_size < ws->options.read_ahead)
			r = wok__ws_queue_item(ws);
		else if (r == WOK__WS_READ_ITEM)
			r = (wok__ws_drop_item(ws), 0);
		if (r != 0) {
			(void) wok__ws_conclude(ws, r);
			break;
		}
	}
	return 0; /* whoever receives next learns of it */
}

void wok__ws_start_reader(wok_ws *ws)
{
	if (ws->over || is_reading(ws) || !has_room(ws))
		return;
	wok_task_free(WOK_TAKE(ws->reader)); /* has ended */
	ws->reader = wok_create_task(read_ahead, ws);
}

void wok__ws_stop_reader(wok_ws *ws)
{
	wok_task_free(WOK_TAKE(ws->reader));
}

static int attend(void *arg)
{
	wok_ws *ws = arg;
	wok_time due = wok__time_add(ws->left_at, ATTEND_AFTER);

	ws->attend = (wok_callback){0};
	if (ws->over || ws->receiving)
		return 0;
	if (wok_now() < due)
		ws->attend = wok_call_at(due, attend, ws);
	else
		wok__ws_start_reader(ws);
	return 0;
}

void wok__ws_left(wok_ws *ws)
{
	ws->left_at = wok_now();
	/* A timer that is set already looks again by itself. */
	if (!ws->over && ws->attend.id == 0)
		ws->attend = wok_call_later(ATTEND_AFTER, attend, ws);
}

/* --- the writer ------------------------------------------------------------------------------- */

static int send_pong(wok_ws *ws)
{
	char payload[WOK__WS_CONTROL_MAX];
	size_t size = ws->pong_size;

	memcpy(payload, ws->pong, size);
	ws->pong_due = false;
	return wok__ws_write_control(ws, WOK__WS_PONG, payload, size);
}

static int send_heartbeat(wok_ws *ws)
{
	ws->ping_due = false;
	ws->pings++;
	return wok__ws_send_ping(ws, (const char *) &ws->pings, sizeof(ws->pings));
}

static int write_controls(void *arg)
{
	wok_ws *ws = arg;
	int r = 0;

	/* What fails has broken the connection, and whoever reads learns of it. */
	while (r == 0 && !ws->close_sent && !ws->over && (ws->pong_due || ws->ping_due))
		r = ws->pong_due ? send_pong(ws) : send_heartbeat(ws);
	return 0;
}

void wok__ws_start_writer(wok_ws *ws)
{
	if (ws->over || ws->close_sent || (ws->writer && !wok_task_done(ws->writer)))
		return;
	wok_task_free(WOK_TAKE(ws->writer)); /* has ended */
	ws->writer = wok_create_task(write_controls, ws);
}

/* --- the heartbeat ---------------------------------------------------------------------------- */

/*
 * Whether a ping waits behind a long frame, which the peer may be busy reading: whether it does is
 * the business of write_timeout, unless there is none.
 */
static bool is_held_up(const wok_ws *ws)
{
	bool waits = ws->ping_due || (ws->writer && !wok_task_done(ws->writer));

	return waits && ws->options.write_timeout < WOK_FOREVER;
}

/* The next time at which there may be something to do. */
static wok_time look_after(wok_ws *ws)
{
	wok_time interval = ws->options.heartbeat, now = wok_now();

	if (now < wok__time_add(ws->heard_at, interval))
		return wok__time_add(ws->heard_at, interval);
	if (!is_reading(ws))
		wok__ws_start_reader(ws);
	if (!is_reading(ws)) {
		/* Nobody can tell: what the peer has sent is not looked at. */
		ws->heard_at = now;
		ws->asked_at = 0;
	} else if (ws->asked_at == 0) {
		ws->asked_at = now;
		ws->ping_due = true;
		wok__ws_start_writer(ws);
	} else if (is_held_up(ws)) {
		ws->asked_at = now;
	} else if (now >= wok__time_add(ws->asked_at, interval / 2)) {
		(void) wok__ws_fail(ws, -ETIMEDOUT, "the peer gives no sign of life");
		return WOK_FOREVER;
	}
	return wok__time_add(now, interval / 2);
}

static int beat(void *arg)
{
	wok_ws *ws = arg;

	ws->heart = (wok_callback){0};
	if (ws->over)
		return 0;
	wok_time next = look_after(ws);
	if (next < WOK_FOREVER)
		ws->heart = wok_call_at(next, beat, ws);
	return 0;
}

void wok__ws_attend(wok_ws *ws)
{
	ws->heard_at = wok_now();
	wok__ws_left(ws);
	if (ws->options.heartbeat < WOK_FOREVER)
		ws->heart =
			wok_call_at(wok__time_add(ws->heard_at, ws->options.heartbeat), beat, ws);
}

void wok__ws_leave_alone(wok_ws *ws)
{
	(void) wok_callback_cancel(ws->attend);
	(void) wok_callback_cancel(ws->heart);
	wok_task_free(WOK_TAKE(ws->reader));
	wok_task_free(WOK_TAKE(ws->writer));
	wok_task_free(WOK_TAKE(ws->farewell));
	/* The last of them may have started the other. */
	wok_task_free(WOK_TAKE(ws->writer));
	wok_task_free(WOK_TAKE(ws->reader));
}

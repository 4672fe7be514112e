/* SPDX-License-Identifier: MIT */
/*
 * The life of a connection: see http/h2/h2.h.
 *
 * The reader's time limit is all that ends a connection whose peer is silent: it is the earliest of
 * what the peer owes (its first words, the rest of a head, the answer to a ping), and of how long
 * the connection may be idle. Bodies and answers are waited for by their owners, with their limits.
 */
#include <stdio.h>
#include <string.h>
#include <wok/error.h>
#include <wok/loop.h>
#include <wok/memory.h>
#include <wok/scope.h>

#include "base/iovec.h"
#include "base/memory.h"
#include "base/message.h"
#include "base/time.h"
#include "http/h2/parts.h"

/*
 * Bytes that are sent at once, and kept when idle; frames that may wait before reading pauses;
 * streams that a server is sent before it has said how many it takes (who is sent too many refuses
 * them, and a request is made twice); bytes that are read away at the end.
 */
enum {
	BATCH = 64 << 10,
	KEPT_MAX = 4 << 10,
	QUEUE_MAX = 500,
	STREAMS_FIRST = 1,
	LINGER_MAX = 256 << 10,
};

/* For the last words to go out; and for the peer to read them, or what it wrote to be read. */
#define GOODBYE WOK_SECOND

int wok__h2_new(wok_stream *stream, const struct wok__h2_settings *settings, struct wok__h2 **ret)
{
	struct wok__h2 *h2 = wok__alloc_zeroed(sizeof(*h2));

	if (!h2)
		return -ENOMEM;
	h2->stream = stream;
	h2->settings = *settings;
	h2->holders = 1;
	h2->tokens = settings->noise * WOK__H2_NOISE_BURST;
	h2->opened = h2->heard = h2->idle_since = h2->noise_time = wok_now();
	wok__list_init(&h2->streams);
	wok__list_init(&h2->arrived);
	int r = wok__h2_session_new(h2);
	if (r < 0) {
		wok__h2_let_go(h2);
		return r;
	}
	*ret = h2;
	return 0;
}

void wok__h2_hold(struct wok__h2 *h2)
{
	h2->holders++;
}

void wok__h2_let_go(struct wok__h2 *h2)
{
	if (--h2->holders > 0)
		return;
	nghttp2_session_del(h2->session);
	wok__buffer_free(&h2->out);
	wok_free(h2);
}

bool wok__h2_takes_more(const struct wok__h2 *h2)
{
	return h2->session && !h2->over && !h2->draining && h2->write_error == 0 &&
	       nghttp2_session_check_request_allowed(h2->session);
}

size_t wok__h2_room(const struct wok__h2 *h2)
{
	size_t most = STREAMS_FIRST;

	if (!wok__h2_takes_more(h2))
		return 0;
	if (h2->settled)
		most = nghttp2_session_get_remote_settings(h2->session,
							   NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
	return most > h2->n_streams ? most - h2->n_streams : 0;
}

static void tell_change(struct wok__h2 *h2)
{
	if (!h2->changed)
		return;
	h2->changed = false;
	if (h2->settings.on_change)
		h2->settings.on_change(h2->settings.arg);
}

static wok_time next_deadline(const struct wok__h2 *h2);

/* What the reader waits for at most has changed. */
static void rearm(struct wok__h2 *h2)
{
	if (h2->reading)
		(void) wok_timeout_set_deadline(h2->reading, next_deadline(h2));
}

/* --- draining --------------------------------------------------------------------------------- */

/*
 * A server first says that it ends, and goes on; when the answer to a ping shows that the client
 * knows, or a moment has passed, it names the last request that it has taken: so none is lost.
 */
void wok__h2_drain(struct wok__h2 *h2)
{
	if (!h2->session || h2->last_words)
		return;
	if (!h2->settings.server) {
		h2->draining = true;
		wok__h2_say_last(h2);
	} else if (!h2->draining) {
		h2->draining = true;
		(void) nghttp2_submit_shutdown_notice(h2->session);
		(void) nghttp2_submit_ping(h2->session, NGHTTP2_FLAG_NONE, NULL);
		h2->last_at = wok__time_add(wok_now(), GOODBYE);
		rearm(h2);
	}
	wok__h2_kick(h2);
}

void wok__h2_close(struct wok__h2 *h2)
{
	h2->close_at = wok__time_add(wok_now(), GOODBYE);
	wok__h2_drain(h2);
	rearm(h2);
}

void wok__h2_say_last(struct wok__h2 *h2)
{
	if (!h2->draining || h2->last_words)
		return;
	h2->last_words = true;
	(void) nghttp2_submit_goaway(h2->session, NGHTTP2_FLAG_NONE,
				     nghttp2_session_get_last_proc_stream_id(h2->session),
				     NGHTTP2_NO_ERROR, NULL, 0);
	wok__h2_kick(h2);
}

/* --- sending ---------------------------------------------------------------------------------- */

static int gather(struct wok__h2 *h2)
{
	const char *before = wok__h2_enter();
	const uint8_t *data = NULL;
	ssize_t n = 0;

	wok__buffer_clear(&h2->out);
	while (h2->out.size < BATCH && (n = nghttp2_session_mem_send(h2->session, &data)) > 0)
		wok__buffer_add(&h2->out, data, (size_t) n);
	wok__h2_leave(before);
	if (h2->out.error < 0)
		return -ENOMEM;
	return n < 0 ? wok__h2_to_wok(h2, (int) n) : 0;
}

static int send_out(struct wok__h2 *h2)
{
	struct iovec whole = {h2->out.data, h2->out.size}, *parts = &whole;
	int n_parts = 1, r;
	size_t done;

	do {
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		struct iovec rest = *parts;
		done = 0;
		r = 0;
		WOK_TIMEOUT (&timeout, h2->settings.write_timeout) {
			r = wok_stream_write_parts(h2->stream, &rest, 1, &done);
		}
		r = wok_timeout_result(&timeout, r);
		wok__iovec_skip(&parts, &n_parts, done);
		/* Slow is not stalled: as long as something goes out, the time starts anew. */
	} while (r == -ETIMEDOUT && done > 0 && n_parts > 0);
	return r == -ETIMEDOUT ? wok_fail(r, "the peer does not read") : r;
}

/* Send all that nghttp2 has to say now. */
static int flush(struct wok__h2 *h2)
{
	for (;;) {
		WOK_TRY(gather(h2));
		tell_change(h2);
		if (h2->out.size == 0)
			break;
		WOK_TRY(send_out(h2));
		wok_event_set(&h2->drained);
	}
	wok_event_set(&h2->drained);
	if (h2->out.capacity > KEPT_MAX)
		wok__buffer_free(&h2->out);
	return 0;
}

static bool is_over(const struct wok__h2 *h2)
{
	return !nghttp2_session_want_read(h2->session) && !nghttp2_session_want_write(h2->session);
}

/*
 * A peer that hangs up may have answered before: so a failure to write leaves a moment to read.
 */
static int give_up(struct wok__h2 *h2, int error)
{
	wok_time moment = error == -ETIMEDOUT ? 0 : GOODBYE;

	h2->write_error = error;
	h2->read_until = wok__time_add(wok_now(), moment);
	if (h2->problem[0] == '\0')
		snprintf(h2->problem, sizeof(h2->problem), "%s", wok_errmsg(error));
	wok_event_set(&h2->drained);
	rearm(h2);
	return 0;
}

/* The task that sends. */
static int send_all(void *arg)
{
	struct wok__h2 *h2 = arg;

	for (;;) {
		WOK_TRY(wok_event_wait(&h2->work));
		wok_event_clear(&h2->work);
		int r = flush(h2);
		if (r == -ECANCELED)
			return r;
		if (r < 0)
			return give_up(h2, r);
		if (is_over(h2)) {
			h2->over = true;
			wok_scope_cancel(h2->scope, "the HTTP/2 connection has ended");
			return 0;
		}
	}
}

/* --- reading ---------------------------------------------------------------------------------- */

static wok_time next_deadline(const struct wok__h2 *h2)
{
	const struct wok__h2_settings *settings = &h2->settings;
	wok_time when = h2->pinged ? wok__time_add(h2->pinged, settings->ping_timeout)
				   : wok__time_add(h2->heard, settings->ping_interval);

	if (h2->write_error < 0)
		when = wok__time_min(when, h2->read_until);
	if (h2->close_at)
		when = wok__time_min(when, h2->close_at);
	if (h2->last_at && !h2->last_words)
		when = wok__time_min(when, h2->last_at);
	if (!h2->settled)
		when = wok__time_min(when, wok__time_add(h2->opened, settings->head_timeout));
	if (h2->head_since)
		when = wok__time_min(when, wok__time_add(h2->head_since, settings->head_timeout));
	if (h2->n_live == 0)
		when = wok__time_min(when, wok__time_add(h2->idle_since, settings->idle_timeout));
	return when;
}

void wok__h2_idle(struct wok__h2 *h2)
{
	h2->idle_since = wok_now();
	rearm(h2);
}

static bool has_passed(wok_time since, wok_time limit)
{
	return wok__time_add(since, limit) <= wok_now();
}

/* A time limit has passed: 1 to go on, 0 to end in good order, or an error. */
static int act_on_time(struct wok__h2 *h2)
{
	const struct wok__h2_settings *settings = &h2->settings;

	if (h2->write_error < 0 && h2->read_until <= wok_now())
		return h2->write_error;
	if (h2->close_at && h2->close_at <= wok_now())
		return 0;
	if (h2->last_at && h2->last_at <= wok_now())
		wok__h2_say_last(h2);
	if (!h2->settled && has_passed(h2->opened, settings->head_timeout))
		return wok_fail(-ETIMEDOUT, "the peer does not begin to speak HTTP/2");
	if (h2->head_since && has_passed(h2->head_since, settings->head_timeout))
		return wok_fail(-ETIMEDOUT, "the peer takes too long for a head");
	if (h2->n_live == 0 && has_passed(h2->idle_since, settings->idle_timeout))
		return 0;
	if (h2->pinged && has_passed(h2->pinged, settings->ping_timeout))
		return wok_fail(-ETIMEDOUT, "the peer does not answer a ping: it seems to be gone");
	if (!h2->pinged && has_passed(h2->heard, settings->ping_interval)) {
		if (nghttp2_submit_ping(h2->session, NGHTTP2_FLAG_NONE, NULL) != 0)
			return -ENOMEM;
		h2->pinged = wok_now();
		wok__h2_kick(h2);
	}
	return 1;
}

/* Requests that have come whole. */
static void hand_out(struct wok__h2 *h2)
{
	struct wok__node *node;

	while ((node = wok__list_pop(&h2->arrived))) {
		struct wok__h2_stream *stream =
			WOK__CONTAINER(node, struct wok__h2_stream, in_arrived);
		if (stream->closed)
			wok__h2_stream_free(stream);
		else
			h2->settings.on_request(h2->settings.arg, stream);
	}
}

static int feed(struct wok__h2 *h2, wok_view bytes)
{
	const char *before = wok__h2_enter();
	ssize_t n = nghttp2_session_mem_recv(h2->session, (const uint8_t *) bytes.data, bytes.size);

	wok__h2_leave(before);
	wok_stream_consume(h2->stream, bytes.size);
	h2->heard = wok_now();
	h2->pinged = 0;
	hand_out(h2);
	tell_change(h2);
	wok__h2_kick(h2);
	return n < 0 ? wok__h2_to_wok(h2, (int) n) : 0;
}

/* Answers that the peer has provoked go first; requests may have to wait until more is read. */
static int await_drained(struct wok__h2 *h2)
{
	while (nghttp2_session_get_outbound_queue_size(h2->session) > QUEUE_MAX &&
	       nghttp2_session_want_write(h2->session) && h2->write_error == 0) {
		wok_event_clear(&h2->drained);
		WOK_TRY(wok_event_wait(&h2->drained));
	}
	return 0;
}

/* Wait for bytes: 1; 0 at the end; an error, -ETIMEDOUT that of the reader's time limit. */
static int await_bytes(struct wok__h2 *h2, wok_view *ret_bytes, bool *ret_expired)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TIMEOUT (&timeout, next_deadline(h2) - wok_now()) {
		h2->reading = &timeout;
		r = wok_stream_fill(h2->stream, 0, ret_bytes);
		h2->reading = NULL;
	}
	r = wok_timeout_result(&timeout, r);
	*ret_expired = r == -ETIMEDOUT && wok_timeout_expired(&timeout);
	return r;
}

/* Until the end: 0 in good order, or an error. */
static int read_all(struct wok__h2 *h2)
{
	wok_view bytes = wok_stream_buffered(h2->stream);
	bool expired;
	int r;

	if (bytes.size > 0)
		WOK_TRY(feed(h2, bytes));
	for (;;) {
		WOK_TRY(await_drained(h2));
		r = await_bytes(h2, &bytes, &expired);
		if (r > 0) {
			WOK_TRY(feed(h2, bytes));
		} else if (r == 0 && h2->n_streams > 0) {
			r = wok_fail(WOK_EEOF, "the peer has closed the connection");
		} else if (expired) {
			r = act_on_time(h2);
		}
		if (r <= 0)
			return r;
	}
}

/* --- the end ---------------------------------------------------------------------------------- */

/* Why it ended, which its streams say, too. */
static int conclude(struct wok__h2 *h2, int r)
{
	if (r == -ECANCELED && h2->over)
		r = 0;
	if (h2->at_fault && (r == 0 || r == WOK_EEOF))
		r = wok_fail(WOK_EPEER, "the peer breaks HTTP/2: %s", h2->problem);
	if (r == 0)
		snprintf(h2->problem, sizeof(h2->problem), "the HTTP/2 connection has ended");
	else
		snprintf(h2->problem, sizeof(h2->problem), "%s", wok_errmsg(r));
	return r;
}

/* Tell the peer that this is the end, if it listens. */
static void say_goodbye(struct wok__h2 *h2, int r)
{
	struct wok__saved_error saved = wok__error_save();
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	uint32_t code = r != WOK_EPEER ? NGHTTP2_NO_ERROR
			: h2->flooded  ? NGHTTP2_ENHANCE_YOUR_CALM
				       : NGHTTP2_PROTOCOL_ERROR;

	if (!h2->over && h2->write_error == 0 &&
	    nghttp2_session_terminate_session(h2->session, code) == 0) {
		wok_event_set(&h2->work);
		/* It ends with a cancel, as soon as all is out. */
		WOK_TIMEOUT (&timeout, GOODBYE) {
			while (!h2->over && h2->write_error == 0) {
				wok_event_clear(&h2->drained);
				if (wok_event_wait(&h2->drained) < 0)
					break;
			}
		}
	}
	wok__error_restore(saved);
}

/* Closing with bytes unread would reset the connection, and our last words could be lost. */
static void linger(struct wok__h2 *h2)
{
	struct wok__saved_error saved = wok__error_save();
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	char unused[4096];
	size_t left = LINGER_MAX;
	ssize_t n = 1;

	WOK_TIMEOUT (&timeout, GOODBYE) {
		if (wok_stream_shutdown(h2->stream) < 0)
			break;
		while (n > 0 && left > 0) {
			n = wok_stream_read(h2->stream, unused, sizeof(unused));
			left -= n > 0 && (size_t) n < left ? (size_t) n : n > 0 ? left : 0;
		}
	}
	wok__error_restore(saved);
}

static void end_streams(struct wok__h2 *h2, int r)
{
	const char *before = wok__h2_enter();
	struct wok__node *node;

	h2->over = true;
	h2->broken = r < 0 ? r : -ESHUTDOWN;
	nghttp2_session_del(WOK_TAKE(h2->session));
	wok__h2_leave(before);
	while ((node = wok__list_pop(&h2->arrived)))
		wok__h2_stream_free(WOK__CONTAINER(node, struct wok__h2_stream, in_arrived));
	while ((node = wok__list_first(&h2->streams))) {
		struct wok__h2_stream *stream =
			WOK__CONTAINER(node, struct wok__h2_stream, in_list);
		stream->lost = true;
		wok__h2_stream_forgotten(stream);
	}
	h2->changed = true;
	tell_change(h2);
}

static int run(struct wok__h2 *h2)
{
	WOK_AUTO(wok_scope) *scope = NULL;

	WOK_TRY(wok_scope_new(&scope));
	h2->scope = scope;
	WOK_TRY(wok_scope_spawn(scope, send_all, h2));
	wok_event_set(&h2->work); /* the first words */
	int r = conclude(h2, read_all(h2));
	if (r == 0 || r == WOK_EPEER)
		say_goodbye(h2, r);
	wok_scope_cancel(scope, "the HTTP/2 connection has ended");
	int joined = wok_scope_join(scope);
	return joined < 0 ? joined : r;
}

int wok__h2_run(struct wok__h2 *h2)
{
	wok__h2_hold(h2);
	int r = run(h2);
	if (r == WOK_EPEER)
		linger(h2);
	struct wok__saved_error saved = wok__error_save();
	end_streams(h2, r);
	wok__error_restore(saved);
	wok__h2_let_go(h2);
	return r;
}

/* SPDX-License-Identifier: MIT */
/*
 * Replies that are gathered: see http/server/h1_connection.h.
 *
 * While a handler runs, whole replies may lie in request.out. It may wait for as long as it likes,
 * and these must not wait with it: so a callback is scheduled when the first one is put there. If
 * it is called before they were sent, the connection's task is waiting, and a task of its own takes
 * them over. Whoever sends next waits for that task first, so that the order stays.
 */
#include <wok/error.h>
#include <wok/memory.h>

#include "http/server/h1_connection.h"

static int send_behind(void *arg)
{
	struct wok__h1_connection *h1 = arg;
	struct iovec part = {h1->behind.data, h1->behind.size};

	return wok__send_parts(h1->stream, h1->request.server->options.write_timeout, &part, 1);
}

static int start_flusher(void *arg)
{
	struct wok__h1_connection *h1 = arg;

	h1->flush_soon = (wok_callback){0};
	if (h1->flusher || h1->failed || h1->request.out.size == 0)
		return 0;
	h1->behind = h1->request.out;
	h1->request.out = (struct wok__buffer){0};
	h1->flusher = wok_create_task(send_behind, h1);
	return 0;
}

bool wok__h1_gather(struct wok__h1_connection *h1)
{
	if (h1->flush_soon.id == 0)
		h1->flush_soon = wok_call_soon(start_flusher, h1);
	return h1->flush_soon.id != 0;
}

int wok__h1_flush_stop(struct wok__h1_connection *h1)
{
	int r = 0;

	if (h1->flush_soon.id != 0) {
		(void) wok_callback_cancel(h1->flush_soon);
		h1->flush_soon = (wok_callback){0};
	}
	if (h1->flusher) {
		r = wok_await(h1->flusher);
		wok_task_free(WOK_TAKE(h1->flusher));
		wok__buffer_free(&h1->behind);
	}
	h1->failed |= r < 0;
	/* Behind half of a reply nothing can stand. */
	if (r == WOK_ETASKCANCELED || (r == 0 && h1->failed))
		return wok_fail(-ECONNRESET, "an earlier reply could not be sent");
	return r;
}

int wok__h1_flush(struct wok__h1_connection *h1)
{
	struct wok__buffer *out = &h1->request.out;

	WOK_TRY(wok__h1_flush_begin(h1));
	if (out->size == 0)
		return 0;
	struct iovec part = {out->data, out->size};
	int r = wok__send_parts(h1->stream, h1->request.server->options.write_timeout, &part, 1);
	wok__buffer_clear(out);
	h1->failed |= r < 0;
	return r;
}

void wok__h1_flush_end(struct wok__h1_connection *h1)
{
	if (h1->flush_soon.id != 0)
		(void) wok_callback_cancel(h1->flush_soon);
	wok_task_free(WOK_TAKE(h1->flusher));
	wok__buffer_free(&h1->behind);
}

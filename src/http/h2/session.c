/* SPDX-License-Identifier: MIT */
/* nghttp2's session: what it is told at the start, and its errors. */
#include <stdio.h>
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "http/h2/parts.h"
#include "task/park.h"

/*
 * HPACK makes a head of 64 KiB fit into two frames; answers of ours that wait are counted in
 * nghttp2, too, in case that nobody takes them.
 */
enum { CONTINUATIONS = 8, ACKS = 1000, SETTINGS = 32, WINDOW_MIN = 65535 };

bool wok__h2_supported(void)
{
	return true;
}

const char *wok__h2_enter(void)
{
	return wok__nowait_enter("a callback of nghttp2");
}

void wok__h2_leave(const char *before)
{
	wok__nowait_leave(before);
}

int wok__h2_to_wok(struct wok__h2 *h2, int error)
{
	if (error == NGHTTP2_ERR_NOMEM || error == NGHTTP2_ERR_CALLBACK_FAILURE)
		return -ENOMEM; /* no callback fails for another reason */
	if (error == NGHTTP2_ERR_BAD_CLIENT_MAGIC)
		return wok_fail(WOK_EPEER, "the peer does not speak HTTP/2");
	h2->flooded = error == NGHTTP2_ERR_FLOODED || error == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS;
	return wok_fail(WOK_EPEER, "the peer breaks HTTP/2: %s",
			h2->problem[0] ? h2->problem : nghttp2_strerror(error));
}

/* What nghttp2 says of an error of the peer's; the first one counts. */
static int note_problem(nghttp2_session *session, int code, const char *text, size_t size,
			void *user_data)
{
	struct wok__h2 *h2 = user_data;

	(void) session;
	(void) code;
	if (h2->problem[0] == '\0')
		snprintf(h2->problem, sizeof(h2->problem), "%.*s", (int) size, text);
	return 0;
}

/* --- memory ----------------------------------------------------------------------------------- */

static void *allocate(size_t size, void *unused)
{
	(void) unused;
	return wok_alloc(size);
}

static void release(void *pointer, void *unused)
{
	(void) unused;
	wok_free(pointer);
}

static void *allocate_zeroed(size_t n, size_t size, void *unused)
{
	void *pointer = size == 0 || n <= SIZE_MAX / size ? wok_alloc(n * size) : NULL;

	(void) unused;
	if (pointer)
		memset(pointer, 0, n * size);
	return pointer;
}

static void *reallocate(void *pointer, size_t size, void *unused)
{
	(void) unused;
	return wok_realloc(pointer, size);
}

static nghttp2_mem memory = {NULL, allocate, release, allocate_zeroed, reallocate};

/* --- a session -------------------------------------------------------------------------------- */

static nghttp2_session_callbacks *make_callbacks(void)
{
	nghttp2_session_callbacks *callbacks;

	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		return NULL;
	nghttp2_session_callbacks_set_error_callback2(callbacks, note_problem);
	wok__h2_receive_callbacks(callbacks);
	wok__h2_send_callbacks(callbacks);
	return callbacks;
}

static nghttp2_option *make_options(void)
{
	nghttp2_option *option;

	if (nghttp2_option_new(&option) != 0)
		return NULL;
	nghttp2_option_set_no_auto_window_update(option, 1);
	nghttp2_option_set_no_closed_streams(option, 1);
	nghttp2_option_set_max_continuations(option, CONTINUATIONS);
	nghttp2_option_set_max_outbound_ack(option, ACKS);
	nghttp2_option_set_max_settings(option, SETTINGS);
	/* Resets are noise, which is counted here, on wok's clock. */
	nghttp2_option_set_stream_reset_rate_limit(option, UINT64_MAX, UINT64_MAX);
	return option;
}

static int create(struct wok__h2 *h2)
{
	nghttp2_session_callbacks *callbacks = make_callbacks();
	nghttp2_option *option = make_options();
	int r = -ENOMEM;

	if (callbacks && option)
		r = h2->settings.server ? nghttp2_session_server_new3(&h2->session, callbacks, h2,
								      option, &memory)
					: nghttp2_session_client_new3(&h2->session, callbacks, h2,
								      option, &memory);
	nghttp2_session_callbacks_del(callbacks);
	nghttp2_option_del(option);
	return r == 0 ? 0 : -ENOMEM;
}

/* What both sides say first: their settings, and how much may come in all. */
static int introduce(struct wok__h2 *h2)
{
	const struct wok__h2_settings *settings = &h2->settings;
	uint32_t half = settings->unread / 2;
	const nghttp2_settings_entry entries[] = {
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, settings->window},
		{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, settings->limits->head},
		{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, settings->max_streams},
		{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
	};
	size_t n = settings->server ? 3 : 4;

	if (nghttp2_submit_settings(h2->session, NGHTTP2_FLAG_NONE, entries, n) != 0 ||
	    nghttp2_session_set_local_window_size(
		    h2->session, NGHTTP2_FLAG_NONE, 0,
		    (int32_t) (half > WINDOW_MIN ? half : WINDOW_MIN)) != 0)
		return -ENOMEM;
	return 0;
}

int wok__h2_session_new(struct wok__h2 *h2)
{
	const char *before = wok__h2_enter();
	int r = create(h2);

	if (r == 0)
		r = introduce(h2);
	wok__h2_leave(before);
	return r;
}

/* SPDX-License-Identifier: MIT */
/*
 * What stands between a handler and the wire: see struct wok__reply_filter.
 *
 * A body that is there as a whole, and not large, is changed as a whole, and its new size is said.
 * Others go in pieces without a size. So no filter ever works on more than a piece without letting
 * other tasks run.
 */
#include <wok/error.h>

#include "http/server/connection.h"
#include "task/park.h"

enum { PIECE = 64 << 10 };

void wok__request_add_filter(wok_http_request *request, struct wok__reply_filter *filter)
{
	filter->active = false;
	filter->made = (struct wok__buffer){0};
	filter->next = request->filters;
	request->filters = filter;
}

void wok__reply_filters_free(wok_http_request *request)
{
	while (request->filters) {
		struct wok__reply_filter *filter = request->filters;
		request->filters = filter->next;
		wok__buffer_free(&filter->made);
		filter->free(filter);
	}
}

/* Lead a piece through the filters: what came out of the last one. */
static int run_filters(wok_http_request *request, struct iovec *piece, bool last)
{
	for (struct wok__reply_filter *filter = request->filters; filter; filter = filter->next) {
		if (!filter->active)
			continue;
		wok__buffer_clear(&filter->made);
		WOK_TRY(filter->piece(filter, piece->iov_base, piece->iov_len, last,
				      &filter->made));
		if (filter->made.error < 0)
			return filter->made.error;
		*piece = (struct iovec){filter->made.data, filter->made.size};
	}
	return 0;
}

int wok__reply_filter_piece(wok_http_request *request, const void *data, size_t size, bool last)
{
	const char *at = size > 0 ? data : ""; /* not NULL */

	do {
		struct iovec piece = {(char *) (uintptr_t) at, size < PIECE ? size : PIECE};
		at += piece.iov_len;
		size -= piece.iov_len;
		WOK_TRY(run_filters(request, &piece, last && size == 0));
		request->body_sent += piece.iov_len;
		if (piece.iov_len > 0)
			WOK_TRY(request->wire->piece(request, piece.iov_base, piece.iov_len));
		else
			WOK_TRY(wok__checkpoint());
	} while (size > 0);
	return 0;
}

static int ask(wok_http_request *request, wok_http_reply_options *options, uint64_t size,
	       bool *ret_filtered)
{
	bool filtered = false;

	for (struct wok__reply_filter *filter = request->filters; filter; filter = filter->next) {
		int r = filter->begin(filter, request, options, filtered ? UINT64_MAX : size);
		if (r < 0)
			return r;
		filter->active = r > 0;
		filtered |= filter->active;
	}
	*ret_filtered = filtered;
	return 0;
}

int wok__reply_filter_begin(wok_http_request *request, wok_http_reply_options *options,
			    enum wok__reply_kind *kind)
{
	bool filtered, streamed = *kind == WOK__REPLY_STREAMED;

	if (!request->filters || wok__is_bodiless(options->status))
		return 0;
	WOK_TRY(ask(request, options, streamed ? UINT64_MAX : options->body_size, &filtered));
	if (!filtered)
		return 0;
	if (*kind != WOK__REPLY_WHOLE || options->body_size > PIECE || request->is_head) {
		*kind = WOK__REPLY_STREAMED;
		return 0;
	}
	struct iovec whole = {(void *) (uintptr_t) options->body, options->body_size};
	WOK_TRY(run_filters(request, &whole, true));
	options->body = whole.iov_base;
	options->body_size = whole.iov_len;
	return 0;
}

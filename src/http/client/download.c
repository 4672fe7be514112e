/* SPDX-License-Identifier: MIT */
/*
 * Downloads: see wok/http_download.h.
 *
 * One request after the other until the part is complete. If a part is there, the first asks for
 * the rest of it, on the condition that the server's file is still that one (If-Range). What comes
 * decides: 206 with just that range goes behind the part; 200 is all of a file that has changed, or
 * of a server that knows no ranges; 416 means that nothing is missing. An answer that fits none of
 * these is not believed: then all is asked for once more, without conditions.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <wok/fs.h>
#include <wok/loop.h>
#include <wok/memory.h>
#include <wok/task.h>
#include <wok/url.h>

#include "base/memory.h"
#include "http/client/call.h"
#include "http/client/download.h"

enum { PIECE = 64 << 10, OURS = 3, OK = 200, PARTIAL = 206, NOT_SATISFIABLE = 416 };

struct download {
	wok_http_session *session;
	const char *url, *path;
	const wok_http_download_options *options;
	wok_http_options request;
	wok_http_header *headers; /* the caller's, and behind them room for ours */
	size_t n_theirs;
	struct wok__part part;
	uint64_t max;
	char *piece;
	unsigned failures; /* of bodies, in a row */
	bool cut_short;    /* the last one was */
	bool over_limit;
};

static int too_large(struct download *download)
{
	download->over_limit = true;
	return wok_fail(WOK_ELIMIT, "%.300s: the file has more than %" PRIu64 " bytes",
			download->part.url, download->max);
}

/* --- asking ----------------------------------------------------------------------------------- */

static int check_options(const struct download *download)
{
	const wok_http_options *request = &download->request;

	if (request->body_size > 0 || request->body_file || request->body_read)
		return wok_fail(-EINVAL, "a download is a GET: it has no body");
	for (size_t i = 0; i < request->n_headers; i++)
		if (strcasecmp(request->headers[i].name, "Range") == 0 ||
		    strcasecmp(request->headers[i].name, "If-Range") == 0)
			return wok_fail(-EINVAL, "a download sets the header \"%.40s\" itself",
					request->headers[i].name);
	return 0;
}

/* Files may be large; but nobody may be silent for ever. */
static void set_times(wok_http_options *request, const wok_http_session_options *session)
{
	if (request->timeout == 0)
		request->timeout = WOK_FOREVER;
	if (request->write_timeout == 0 && session->write_timeout == WOK_FOREVER)
		request->write_timeout = WOK_MINUTE;
	if (request->wait_timeout == 0 && session->wait_timeout == WOK_FOREVER)
		request->wait_timeout = WOK_MINUTE;
	if (request->read_timeout == 0 && session->read_timeout == WOK_FOREVER)
		request->read_timeout = WOK_MINUTE;
}

/* What notes know the URL by: no password gets onto the disk. */
static int name_url(struct download *download)
{
	const char *base = download->session->options.base_url;
	struct wok__url url = {0};
	char *joined = NULL;
	int r = 0;

	if (base)
		r = wok_url_join(base, download->url, &joined);
	if (r == 0)
		r = wok__url_parse(base ? joined : download->url, &url);
	if (r == 0)
		download->part.url = wok__strdup(url.text);
	wok__url_free(&url);
	wok_free(joined);
	return r < 0 || download->part.url ? r : -ENOMEM;
}

static int prepare(struct download *download)
{
	wok_http_options *request = &download->request;

	WOK_TRY(check_options(download));
	set_times(request, &download->session->options);
	WOK_TRY(name_url(download));
	download->piece = wok_alloc(PIECE);
	download->headers = wok_alloc((request->n_headers + OURS) * sizeof(wok_http_header));
	if (!download->piece || !download->headers)
		return -ENOMEM;
	for (size_t i = 0; i < request->n_headers; i++)
		download->headers[i] = request->headers[i];
	download->n_theirs = request->n_headers;
	request->headers = download->headers;
	request->no_decode = true;
	return 0;
}

static bool has_part(const struct download *download)
{
	return download->part.done > 0 && download->part.validator[0];
}

static int ask(struct download *download, wok_http_response **ret_response)
{
	wok_http_header *ours = download->headers + download->n_theirs;
	char range[40];
	size_t n = 0;

	ours[n++] = (wok_http_header){"Accept-Encoding", "identity"};
	if (has_part(download)) {
		snprintf(range, sizeof(range), "bytes=%" PRIu64 "-", download->part.done);
		ours[n++] = (wok_http_header){"Range", range};
		ours[n++] = (wok_http_header){"If-Range", download->part.validator};
	}
	download->request.n_headers = download->n_theirs + n;
	struct wok_http_call call = {
		.session = download->session,
		.method = "GET",
		.url = download->url,
		.options = &download->request,
		.any_status = true,
	};
	WOK_TRY(wok__call_run(&call));
	*ret_response = call.response;
	return 0;
}

/* --- answers ---------------------------------------------------------------------------------- */

/* "bytes 5-9/10", or of a range that there is not, "bytes * /10" (without the space). */
struct range {
	uint64_t first, last, total;
	bool is_none;
};

static bool take_number(const char **at, uint64_t *ret_number)
{
	char *end;

	if (**at < '0' || **at > '9')
		return false;
	errno = 0;
	*ret_number = strtoull(*at, &end, 10);
	*at = end;
	return errno == 0;
}

static bool take_byte(const char **at, char byte)
{
	return **at == byte && (*at)++;
}

static bool read_range(const wok_http_response *response, struct range *ret_range)
{
	const char *at = wok_http_header_value(response, "Content-Range");
	struct range range = {0};

	if (!at || strncasecmp(at, "bytes ", 6) != 0)
		return false;
	at += 6;
	range.is_none = take_byte(&at, '*');
	if (!range.is_none && (!take_number(&at, &range.first) || !take_byte(&at, '-') ||
			       !take_number(&at, &range.last)))
		return false;
	if (!take_byte(&at, '/') || !take_number(&at, &range.total) || *at)
		return false;
	*ret_range = range;
	return range.is_none || (range.first <= range.last && range.last < range.total);
}

/* Whether a range, or its absence, belongs to the part: the same file, its length included. */
static bool fits(const struct download *download, const wok_http_response *response,
		 const struct range *range)
{
	const struct wok__part *part = &download->part;

	return wok__validator_fits(response, part->validator) &&
	       (part->total == 0 || part->total == range->total) &&
	       part->done == (range->is_none ? range->total : range->first);
}

static int tell(const struct download *download)
{
	const wok_http_download_options *options = download->options;

	return options->progress
		       ? options->progress(options->arg, download->part.done, download->part.total)
		       : 0;
}

/* Store a body that ends the part at a place at most. */
static int receive(struct download *download, wok_http_response *response, uint64_t end)
{
	struct wok__part *part = &download->part;
	ssize_t n;

	while ((n = wok_http_read(response, download->piece, PIECE)) > 0) {
		if ((uint64_t) n > download->max - part->done)
			return too_large(download);
		if ((uint64_t) n > end - part->done)
			return wok_fail(WOK_EPEER, "%.300s: more has come than the range has",
					part->url);
		WOK_TRY(wok_file_write(part->file, download->piece, (size_t) n));
		part->done += (uint64_t) n;
		download->failures = 0;
		WOK_TRY(tell(download));
	}
	if (n == 0 && end != UINT64_MAX && part->done != end)
		n = wok_fail(WOK_EEOF, "%.300s: less has come than the range has", part->url);
	download->cut_short = n < 0;
	download->failures += n < 0;
	return (int) n;
}

/* 200: all of it. 1 when it is there. */
static int take_all(struct download *download, wok_http_response *response)
{
	char validator[WOK__VALIDATOR_SIZE] = "";

	if (!download->options->no_resume)
		wok__validator_of(response, validator);
	if (response->content_length > download->max)
		return too_large(download);
	WOK_TRY(wok__part_restart(&download->part, validator, response->content_length));
	WOK_TRY(receive(download, response, UINT64_MAX));
	return 1;
}

/* What we have is worth nothing: 0, which is to ask for all of it. */
static int forget(struct download *download)
{
	return wok__part_restart(&download->part, "", 0);
}

/* 206: the rest, or a piece of it. 1 when nothing is missing. */
static int take_range(struct download *download, wok_http_response *response)
{
	struct wok__part *part = &download->part;
	struct range range;

	if (!read_range(response, &range) || range.is_none || !fits(download, response, &range))
		return forget(download);
	if (range.total > download->max)
		return too_large(download);
	part->total = range.total;
	WOK_TRY(receive(download, response, range.last + 1));
	return part->done == part->total;
}

/* 416: nothing is missing, or what we have is of another file. */
static int take_nothing(struct download *download, const wok_http_response *response)
{
	struct range range;

	return read_range(response, &range) && range.is_none && fits(download, response, &range)
		       ? 1
		       : forget(download);
}

static int refuse(const struct download *download, const wok_http_response *response)
{
	WOK_TRY(wok_http_raise_for_status(response));
	return wok_fail(WOK_ESTATUS, "%.300s: the status %d brings no file", download->part.url,
			wok_http_status(response));
}

/* One request: 1 when all is there, 0 when another one is needed, an error. */
static int step(struct download *download)
{
	WOK_AUTO(wok_http_response) *response = NULL;
	bool asked = has_part(download);

	download->cut_short = false;
	WOK_TRY(ask(download, &response));
	switch (wok_http_status(response)) {
	case OK:
		return take_all(download, response);
	case PARTIAL:
		return asked ? take_range(download, response) : refuse(download, response);
	case NOT_SATISFIABLE:
		return asked ? take_nothing(download, response) : refuse(download, response);
	default:
		return refuse(download, response);
	}
}

/* --- the whole -------------------------------------------------------------------------------- */

static int run(struct download *download)
{
	const wok_http_retry_options *retry = download->request.retry
						      ? download->request.retry
						      : download->session->options.retry;
	int r;

	WOK_TRY(prepare(download));
	WOK_TRY(wok__part_open(&download->part, download->path, download->options));
	while ((r = step(download)) <= 0) {
		if (r == 0)
			continue;
		/* What fails before there is a body was tried again already (retry.c). */
		if (!download->cut_short)
			return r;
		wok_time pause = wok__retry_pause(download->session, retry, download->failures, r);
		if (pause < 0)
			return r;
		WOK_TRY(wok_sleep(pause));
	}
	return wok__part_complete(&download->part, download->path, download->options);
}

int wok_http_download(wok_http_session *session, const char *url, const char *path,
		      const wok_http_download_options *options)
{
	const wok_http_download_options defaults = {0};

	if (!session)
		WOK_TRY(wok__session_default(&session));
	options = options ? options : &defaults;
	struct download download = {
		.session = wok__session_hold(session),
		.url = url,
		.path = path,
		.options = options,
		.request = options->request ? *options->request : (wok_http_options){0},
		.max = options->max_size ? options->max_size : UINT64_MAX,
	};
	int r = run(&download);
	wok__part_close(&download.part, !options->no_resume && !download.over_limit);
	wok_free(download.headers);
	wok_free(download.piece);
	wok__session_let_go(session);
	return r;
}

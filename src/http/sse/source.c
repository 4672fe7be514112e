/* SPDX-License-Identifier: MIT */
/*
 * Listening to events: see wok_sse_connect().
 *
 * A connection that ends is the normal case: the server may end it at any time, and the last id
 * tells it where to go on. So only what will not get better by itself is an error: an answer that
 * is no stream of events, and what is wrong here.
 */
#include <string.h>
#include <strings.h>
#include <wok/error.h>
#include <wok/loop.h>
#include <wok/memory.h>
#include <wok/sse.h>
#include <wok/task.h>

#include "base/memory.h"
#include "base/time.h"
#include "http/client/session.h"
#include "http/sse/parse.h"
#include "platform/path.h"
#include "task/park.h"

enum { BUFFER = 8 << 10, EVENT_DEFAULT = 1 << 20, OWN_HEADERS = 3, DOUBLINGS_MAX = 20 };

struct wok_sse_source {
	wok_http_session *session;
	char *url;
	wok_sse_options options;     /* with the defaults filled in */
	wok_http_response *response; /* NULL: not connected */
	struct wok__sse parser;
	unsigned failures; /* since an event came */
	bool heard;        /* one has come over this connection */
	wok_time since;    /* that stands */
	wok_time due;      /* when to connect again */
	bool ended;        /* the server wants no more of us */
	int failed;        /* for good */
	char buffer[BUFFER];
	size_t at, size; /* of it, what was not parsed: [at, size) */
};

static bool is_stream(const char *type)
{
	static const char wanted[] = "text/event-stream";
	size_t size = type ? strcspn(type, "; \t") : 0;

	return size == sizeof(wanted) - 1 && strncasecmp(type, wanted, size) == 0;
}

/* Statuses that say "later", mostly of a proxy whose server is being started again. */
static bool is_passing(int status)
{
	return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

/* What will not get better. */
static bool is_final(int code)
{
	return code == -ECANCELED || code == -ENOMEM || code == -EINVAL || code == -ESHUTDOWN ||
	       code == -EPROTONOSUPPORT || code == -EDEADLK || code == WOK_ECERTIFICATE;
}

static int send_request(wok_sse_source *source, const wok_http_header *headers, size_t n)
{
	wok_http_options options =
		source->options.request ? *source->options.request : (wok_http_options){0};

	options.headers = headers;
	options.n_headers = n;
	options.timeout = WOK_FOREVER;
	options.read_timeout = source->options.silence;
	return wok_http_get(source->session, source->url, &options, &source->response);
}

/* Ask for events: 0 when there is an answer. */
static int ask(wok_sse_source *source)
{
	const wok_http_options *request = source->options.request;
	size_t n = request ? request->n_headers : 0;
	const char *id = wok__sse_id(&source->parser);
	wok_http_header *headers = wok__alloc_array(n + OWN_HEADERS, sizeof(headers[0]));

	if (!headers)
		return -ENOMEM;
	if (n > 0)
		memcpy(headers, request->headers, n * sizeof(headers[0]));
	headers[n++] = (wok_http_header){"Accept", "text/event-stream"};
	headers[n++] = (wok_http_header){"Cache-Control", "no-store"};
	if (*id)
		headers[n++] = (wok_http_header){"Last-Event-ID", id};
	int r = send_request(source, headers, n);
	wok_free(headers);
	return r;
}

static void disconnect(wok_sse_source *source)
{
	wok_http_response_free(WOK_TAKE(source->response));
	source->at = source->size = 0;
}

/*
 * Connect: 1; 0 if the server wants no more of us; an error, for good if passing is not set.
 */
static int connect_once(wok_sse_source *source, bool *ret_passing)
{
	int r = ask(source);

	*ret_passing = r < 0 && !is_final(r);
	if (r < 0)
		return r;
	int status = wok_http_status(source->response);
	if (status == 200 && is_stream(wok_http_header_value(source->response, "Content-Type"))) {
		wok__sse_restart(&source->parser);
		source->heard = false;
		source->since = wok_now();
		return 1;
	}
	*ret_passing = is_passing(status);
	/* The URL of the last hop, and without the password that source->url may have. */
	if (status != 204)
		r = wok_fail(WOK_EPEER, "%.200s: the answer of status %d is no stream of events",
			     wok_http_response_url(source->response), status);
	disconnect(source);
	return r;
}

/* The pause without a failure: the server's, as far as it makes sense, or ours. */
static wok_time usual_pause(const wok_sse_source *source)
{
	const wok_sse_options *options = &source->options;
	wok_time said = source->parser.retry;

	if (said < 0)
		return options->retry;
	said = said > options->min_retry ? said : options->min_retry;
	return said < options->max_retry ? said : options->max_retry;
}

/*
 * When to connect again: after the time that the server has said, doubled with each failure in a
 * row, and then somewhere in its second half, so that not all clients come at once.
 */
static void schedule(wok_sse_source *source)
{
	wok_time wait = usual_pause(source);
	wok_time most = source->options.max_retry > wait ? source->options.max_retry : wait;
	unsigned doublings = source->failures > DOUBLINGS_MAX ? DOUBLINGS_MAX : source->failures;
	uint32_t random = 0;

	if (doublings > 0) {
		wait = wait < most >> doublings ? wait << doublings : most;
		if (wok__sys_random_bytes(&random, sizeof(random)) >= 0)
			wait -= wait / 2 * (random % 1024) / 1024;
	}
	source->due = wok__time_add(wok_now(), wait);
}

/* The connection has ended, or was not made. */
static int lose(wok_sse_source *source, int code)
{
	unsigned most = source->options.max_failures;

	disconnect(source);
	if (most > 0 && source->failures >= most)
		return code;
	schedule(source);
	return 0;
}

static int reconnect(wok_sse_source *source)
{
	bool passing;
	wok_time left = source->due - wok_now();

	if (left > 0)
		WOK_TRY(wok_sleep(left));
	int r = connect_once(source, &passing);
	if (r == 0)
		source->ended = true;
	if (r >= 0)
		return 0;
	if (!passing)
		return r;
	source->failures++;
	return lose(source, r);
}

/* Wait for bytes. An end, orderly or not, is one of this connection only. */
static int fill(wok_sse_source *source)
{
	ssize_t n = wok_http_read(source->response, source->buffer, BUFFER);

	if (n == -ECANCELED || n == -ENOMEM)
		return (int) n;
	if (n <= 0) {
		/* One that ends soon, and without an event, is no better than none. */
		if (!source->heard && wok_now() - source->since < source->options.max_retry)
			source->failures++;
		return lose(source, n < 0 ? (int) n : WOK_EEOF);
	}
	source->at = 0;
	source->size = (size_t) n;
	return 0;
}

/* An event out of what has come: 1; 0 if there is none. */
static int parse(wok_sse_source *source)
{
	size_t consumed;
	int r = wok__sse_feed(&source->parser, source->buffer + source->at,
			      source->size - source->at, &consumed);

	source->at += consumed;
	return r;
}

static int next(wok_sse_source *source)
{
	while (!source->ended) {
		int r = 0;
		if (source->at < source->size)
			r = parse(source);
		else if (source->response)
			r = fill(source);
		else
			r = reconnect(source);
		if (r != 0)
			return r;
	}
	return 0;
}

int wok_sse_next(wok_sse_source *source, wok_sse_event *ret_event)
{
	WOK_TRY(wok__check());
	int r = source->failed < 0 ? source->failed : next(source);
	wok__spend();
	if (r < 0 && r != -ECANCELED) {
		source->failed = r;
		disconnect(source);
	}
	if (r <= 0)
		return r;
	source->failures = 0;
	source->heard = true;
	wok_view data = wok__sse_data(&source->parser);
	*ret_event = (wok_sse_event){
		.type = wok__sse_type(&source->parser),
		.data = data.data,
		.size = data.size,
		.id = wok__sse_id(&source->parser),
	};
	return 1;
}

static int open_source(wok_sse_source *source, wok_http_session *session, const char *url)
{
	const char *id = source->options.last_id;
	bool passing;

	if (!session)
		WOK_TRY(wok__session_default(&session));
	source->session = wok__session_hold(session);
	source->url = wok__strdup(url);
	if (!source->url)
		return -ENOMEM;
	int r = id ? wok__sse_set_id(&source->parser, id) : 0;
	if (r < 0)
		return r == -EINVAL ? wok_fail(r, "wok_sse_connect: a control character in last_id")
				    : r;
	r = connect_once(source, &passing);
	source->ended = r == 0;
	return r < 0 ? r : 0;
}

int wok_sse_connect(wok_http_session *session, const char *url, const wok_sse_options *given,
		    wok_sse_source **ret_source)
{
	wok_sse_options options = given ? *given : (wok_sse_options){0};
	wok_sse_source *source = wok__alloc_zeroed(sizeof(*source));

	if (!source)
		return -ENOMEM;
	options.retry = wok__time_or(options.retry, 3 * WOK_SECOND);
	options.min_retry = wok__time_or(options.min_retry, 100 * WOK_MS);
	options.max_retry = wok__time_or(options.max_retry, WOK_MINUTE);
	options.silence = wok__time_or(options.silence, 45 * WOK_SECOND);
	source->options = options;
	wok__sse_init(&source->parser, options.max_event ? options.max_event : EVENT_DEFAULT);
	int r = open_source(source, session, url);
	if (r < 0) {
		wok_sse_source_free(source);
		return r;
	}
	*ret_source = source;
	return 0;
}

void wok_sse_source_free(wok_sse_source *source)
{
	if (!source)
		return;
	wok_http_response_free(source->response);
	wok__sse_free(&source->parser);
	if (source->session)
		wok__session_let_go(source->session);
	wok_free(source->url);
	wok_free(source);
}

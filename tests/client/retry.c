/* SPDX-License-Identifier: MIT */
/* Trying again, functions around requests, and what a trace is told. */
#include <time.h>

#include "client/check.h"

/* Answers of a plan, one after the other: "5" is 503, "a" a Retry-After, "h" hangs up, "." 200. */
static const char *by_plan(struct peer *peer, const char *head, const char *body)
{
	const char *plan = peer->arg;
	char what = plan[(size_t) peer->requests - 1 < strlen(plan) ? (size_t) peer->requests - 1
								    : strlen(plan) - 1];

	(void) head;
	(void) body;
	return what == '5'   ? "HTTP/1.1 503 x\r\nContent-Length: 4\r\n\r\nbusy"
	       : what == 'a' ? "HTTP/1.1 429 x\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"
	       : what == 'l' ? "HTTP/1.1 429 x\r\nRetry-After: 70\r\nContent-Length: 0\r\n\r\n"
	       : what == '4' ? "HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n"
	       : what == 'h' ? PEER_HANGS_UP
			     : OK_HELLO;
}

TEST_TASK(what_may_pass_is_tried_again_after_a_pause, "client-73")
{
	static const struct {
		const char *plan, *method;
		int result, requests;
		wok_time least, most;
	} rows[] = {
		{"55.", "GET", 200, 3, 300 * WOK_MS, 600 * WOK_MS},
		{"555.", "GET", 503, 3, 300 * WOK_MS, 600 * WOK_MS},
		{"5.", "POST", 503, 1, 0, 0},
		{"4.", "GET", 404, 1, 0, 0},
		{"h.", "GET", 200, 2, 100 * WOK_MS, 200 * WOK_MS},
		{"h.", "POST", WOK_EEOF, 1, 0, 0},
		{"a.", "GET", 200, 2, 7 * WOK_SECOND, 7 * WOK_SECOND},
		{"l.", "GET", 429, 1, 0, 0},
	};
	const wok_http_retry_options retry = {.tries = 3};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct peer peer = {.answer = by_plan, .arg = (char *) (uintptr_t) rows[i].plan};
		wok_http_timings timings;
		peer_open(&peer);
		WOK_AUTO(wok_http_session) *session =
			session_of(&peer, &(wok_http_session_options){.retry = &retry});
		wok_time start = wok_now();
		int r = fetch(session, rows[i].method, "http://a.test/",
			      &(wok_http_options){.timings = &timings});
		wok_time took = wok_now() - start;
		if (r != rows[i].result || peer.requests != rows[i].requests ||
		    took < rows[i].least || took > rows[i].most)
			FAIL("%s %s: %d after %d requests and %.3g s", rows[i].method, rows[i].plan,
			     r, peer.requests, (double) took / 1e9);
		ASSERT_EQ(timings.retries, rows[i].requests - 1);
		peer_close(&peer);
	}
}

/* Also when the span is long, and for the first try of a session that is new. */
TEST_TASK(pauses_are_spread_over_the_upper_half_of_their_span, "client-73")
{
	struct peer peer = {.answer = by_plan, .arg = (char *) (uintptr_t) "5"};
	const wok_http_retry_options retry = {.tries = 2, .pause = 20 * WOK_SECOND};
	int quarters[2] = {0};

	peer_open(&peer);
	for (int i = 0; i < 40; i++) {
		WOK_AUTO(wok_http_session) *session =
			session_of(&peer, &(wok_http_session_options){.retry = &retry});
		wok_time start = wok_now();
		ASSERT_EQ(get(session, "http://a.test/"), 503);
		wok_time took = wok_now() - start;
		ASSERT(took >= 10 * WOK_SECOND && took <= 20 * WOK_SECOND);
		quarters[took > 15 * WOK_SECOND]++;
	}
	ASSERT(quarters[0] >= 8 && quarters[1] >= 8);
	peer_close(&peer);
}

TEST_TASK(retries_have_a_budget, "client-73")
{
	struct peer peer = {.answer = by_plan, .arg = (char *) (uintptr_t) "5"};
	const wok_http_retry_options retry = {.tries = 2};

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session =
		session_of(&peer, &(wok_http_session_options){.retry = &retry});
	for (int i = 0; i < 100; i++)
		ASSERT_EQ(get(session, "http://a.test/"), 503);
	ASSERT(peer.requests >= 125 && peer.requests <= 131); /* ten, and a fifth */
	peer_close(&peer);
}

TEST_TASK(a_retry_stays_within_the_limit_of_the_whole, "client-73")
{
	struct peer peer = {.answer = by_plan, .arg = (char *) (uintptr_t) "a."};
	const wok_http_retry_options retry = {.tries = 3};

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session = session_of(
		&peer, &(wok_http_session_options){.retry = &retry, .timeout = 5 * WOK_SECOND});
	wok_time start = wok_now();
	ASSERT_EQ(get(session, "http://a.test/"), 429);
	ASSERT_EQ(wok_now() - start, 0);
	peer_close(&peer);
}

/* --- middlewares ------------------------------------------------------------------------------ */

static int add_token(wok_http_call *call, void *arg, wok_http_response **ret_response)
{
	ASSERT_STR(wok_http_call_method(call), "GET");
	ASSERT_STR(wok_http_call_url(call), "http://a.test/");
	WOK_TRY(wok_http_call_set_header(call, "X-Token", arg));
	WOK_TRY(wok_http_call_set_header(call, "Accept", NULL));
	return wok_http_call_next(call, ret_response);
}

/* Asks a second time where the first answer is no good. */
static int insist(wok_http_call *call, void *arg, wok_http_response **ret_response)
{
	WOK_TRY(wok_http_call_next(call, ret_response));
	if (wok_http_status(*ret_response) == 200)
		return 0;
	++*(int *) arg;
	wok_http_response_free(WOK_TAKE(*ret_response));
	return wok_http_call_next(call, ret_response);
}

static int count(wok_http_call *call, void *arg, wok_http_response **ret_response)
{
	++*(int *) arg;
	return wok_http_call_next(call, ret_response);
}

TEST_TASK(middlewares_stand_around_each_request, "client-75")
{
	struct peer peer = {.answer = by_plan, .arg = (char *) (uintptr_t) "5."};
	int again = 0, counted = 0;
	char token[] = "t1";
	const wok_http_client_middleware middlewares[] = {
		{insist, &again}, {add_token, token}, {count, &counted}};

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session = session_of(
		&peer, &(wok_http_session_options){.middlewares = middlewares, .n_middlewares = 3});
	ASSERT_EQ(get(session, "http://a.test/"), 200);
	ASSERT_EQ(again, 1);
	ASSERT_EQ(counted, 2); /* those within are there each time */
	ASSERT_EQ(peer.requests, 2);
	ASSERT_STR(field_of(peer.head, "X-Token"), "t1");
	ASSERT(!field_of(peer.head, "Accept"));
	peer_close(&peer);
}

/* --- trace ------------------------------------------------------------------------------------ */

static void note(void *arg, const wok_http_event *event)
{
	static const char letters[] = "pRHrtCEX";
	char *story = arg;
	size_t size = strlen(story);

	ASSERT(event->timings);
	if (event->kind == WOK_HTTP_EVENT_PHASE)
		snprintf(story + size, 100 - size, "%d", (int) event->timings->phase);
	else
		snprintf(story + size, 100 - size, "%c", letters[event->kind]);
}

static const char *once_elsewhere(struct peer *peer, const char *head, const char *body)
{
	(void) peer;
	(void) body;
	return strstr(head, "/from")
		       ? "HTTP/1.1 302 x\r\nLocation: /to\r\nContent-Length: 0\r\n\r\n"
		       : OK_HELLO;
}

TEST_TASK(a_trace_is_told_what_happens, "client-76")
{
	struct peer peer = {.answer = once_elsewhere};
	char story[100] = "";
	WOK_AUTO(wok_http_response) *response = NULL;
	wok_view body;

	peer_open(&peer);
	peer.delay = WOK_SECOND;
	WOK_AUTO(wok_http_session) *session =
		session_of(&peer, &(wok_http_session_options){.trace = note, .trace_arg = story});
	ASSERT_OK(wok_http_get(session, "http://a.test/from", NULL, &response));
	ASSERT_OK(wok_http_body(response, &body));
	/* queue, connect, send, wait; head, body's phase, end; and the same on the same connection
	 */
	ASSERT_STR(story, "136"
			  "78HEr"
			  "1R"
			  "678HCE");
	const wok_http_timings *timings = wok_http_response_timings(response);
	ASSERT(timings->reused);
	ASSERT_EQ(timings->redirects, 1);
	ASSERT_EQ(timings->phase, WOK_HTTP_PHASE_END);
	ASSERT_EQ(timings->head - timings->begin, 2 * WOK_SECOND);
	ASSERT_EQ(timings->head - timings->send_end, WOK_SECOND);
	ASSERT(timings->body_end >= timings->head);
	story[0] = '\0';
	peer.answer = by_plan;
	peer.arg = (char *) (uintptr_t) "h";
	peer.requests = 0;
	ASSERT(get(session, "http://b.test/") < 0);
	ASSERT_STR(story, "13"
			  "67X");
	peer_close(&peer);
}

TEST_TASK(each_origin_tells_what_it_has, "client-88")
{
	struct peer peer = {0};
	size_t position = 0, n = 0;
	wok_http_origin origin;

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session = session_of(&peer, NULL);
	ASSERT_EQ(get(session, "http://a.test/"), 200);
	ASSERT_EQ(get(session, "http://b.test:81/"), 200);
	while (wok_http_session_next_origin(session, &position, &origin)) {
		bool b = origin.port == 81;
		ASSERT_STR(origin.host, b ? "b.test" : "a.test");
		ASSERT_EQ(origin.open, 1);
		ASSERT_EQ(origin.idle, 1);
		ASSERT_EQ(origin.waiting, 0);
		ASSERT(!origin.secure);
		n++;
	}
	ASSERT_EQ(n, 2);
	peer_close(&peer);
}

/* SPDX-License-Identifier: MIT */
/* Listening to events, over connections that end. */
#include <wok/memory.h>
#include <wok/sse.h>
#include <wok/timeout.h>

#include "client/check.h"

#define STREAM "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n"
#define EMPTY(status) "HTTP/1.1 " status "\r\nContent-Length: 0\r\n\r\n"

/* What is said to each connection, one after another; the last one stays open. */
struct script {
	struct peer peer;
	const char *const *says; /* NULL: hang up at once; behind the last one a "" */
	wok_time began[20];
	char ids[20][20]; /* the Last-Event-ID of each */
};

static int say_next(struct peer *peer, wok_stream *stream)
{
	struct script *script = (struct script *) peer;
	int at = peer->connections - 1;
	const char *text = script->says[at], *id;

	ASSERT(at < 20);
	script->began[at] = wok_now();
	int r = peer_take(peer, stream);
	if (r <= 0)
		return r;
	id = field_of(peer->head, "Last-Event-ID");
	snprintf(script->ids[at], sizeof(script->ids[at]), "%s", id ? id : "(none)");
	if (!text)
		return 0;
	WOK_TRY(peer_say(stream, text));
	const char *next = script->says[at + 1];
	return next && !*next ? wok_sleep(WOK_FOREVER) : 0;
}

static wok_http_session *script_open(struct script *script, const char *const *says)
{
	*script = (struct script){.says = says};
	script->peer.serve = say_next;
	peer_open(&script->peer);
	return session_of(&script->peer, NULL);
}

static void script_close(struct script *script, wok_http_session *session, wok_sse_source *source)
{
	wok_sse_source_free(source);
	wok_http_session_free(session);
	peer_close(&script->peer);
}

static void expect_event(wok_sse_source *source, const char *type, const char *id, const char *data)
{
	wok_sse_event event;
	int r;

	WOK_ASSERT_CHECKPOINT(r = wok_sse_next(source, &event));
	ASSERT_EQ(r, 1);
	ASSERT_STR(event.type, type);
	ASSERT_STR(event.id, id);
	ASSERT_STR(event.data, data);
	ASSERT_EQ(event.size, strlen(data));
}

static int next_in_time(void *arg)
{
	wok_sse_event event;

	return wok_sse_next(arg, &event);
}

TEST_TASK(events_come_and_the_connection_is_made_again_behind_the_last_one, "client-78", "http-68")
{
	static const char *const says[] = {
		STREAM "data: a\n\nid: 7\nevent: x\ndata: b\n\ndata: lost",
		STREAM ":\n\n", /* ends without an event */
		STREAM "\xef\xbb\xbf"
		       "data: c\n\nid: 8\n\n",
		STREAM "data: d\n\n",
		"",
	};
	struct script script;
	wok_http_session *session = script_open(&script, says);
	wok_sse_source *source;

	ASSERT_OK(wok_sse_connect(session, "http://a/", NULL, &source));
	expect_event(source, "message", "", "a");
	expect_event(source, "x", "7", "b");
	expect_event(source, "message", "7", "c");
	expect_event(source, "message", "8", "d");
	ASSERT_STR(script.ids[0], "(none)");
	ASSERT_STR(script.ids[1], "7");
	ASSERT_STR(script.ids[2], "7");
	ASSERT_STR(script.ids[3], "8");
	ASSERT_STR(field_of(script.peer.head, "Accept"), "text/event-stream");
	/* three seconds unless the server says another time; longer behind no event at all */
	ASSERT_EQ((script.began[1] - script.began[0]) / WOK_MS, 3000);
	ASSERT((script.began[2] - script.began[1]) / WOK_MS >= 3000);
	ASSERT((script.began[2] - script.began[1]) / WOK_MS <= 6000);
	ASSERT_EQ((script.began[3] - script.began[2]) / WOK_MS, 3000);
	script_close(&script, session, source);
}

TEST_TASK(the_server_says_when_to_connect_again, "client-78", "http-68")
{
	static const char *const says[] = {STREAM "retry: 250\ndata: a\n\n",
					   STREAM "retry: soon\ndata: b\n\n", STREAM "data: c\n\n",
					   ""};
	struct script script;
	wok_http_session *session = script_open(&script, says);
	wok_sse_source *source;

	ASSERT_OK(wok_sse_connect(session, "http://a/", NULL, &source));
	expect_event(source, "message", "", "a");
	expect_event(source, "message", "", "b");
	expect_event(source, "message", "", "c");
	ASSERT_EQ((script.began[1] - script.began[0]) / WOK_MS, 250);
	ASSERT_EQ((script.began[2] - script.began[1]) / WOK_MS, 250);
	script_close(&script, session, source);
}

TEST_TASK(a_204_ends_it_for_good, "client-78", "http-68")
{
	static const char *const says[] = {STREAM "data: a\n\n", EMPTY("204 No Content"), ""};
	static const char *const at_once[] = {EMPTY("204 No Content"), ""};
	struct script script;
	wok_sse_event event;
	wok_http_session *session = script_open(&script, says);
	wok_sse_source *source;

	ASSERT_OK(wok_sse_connect(session, "http://a/", NULL, &source));
	expect_event(source, "message", "", "a");
	ASSERT_EQ(wok_sse_next(source, &event), 0);
	ASSERT_EQ(wok_sse_next(source, &event), 0);
	ASSERT_EQ(script.peer.requests, 2);
	script_close(&script, session, source);

	session = script_open(&script, at_once);
	ASSERT_OK(wok_sse_connect(session, "http://a/", NULL, &source));
	ASSERT_EQ(wok_sse_next(source, &event), 0);
	script_close(&script, session, source);
}

TEST_TASK(what_is_no_stream_of_events_is_an_error, "client-78")
{
	static const char *const answers[] = {
		"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", EMPTY("404 Not Found"),
		EMPTY("503 Later"), /* a first answer is not waited for */
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const char *const first[] = {answers[i], ""};
		const char *const later[] = {STREAM "data: a\n\n", answers[i], ""};
		struct script script;
		wok_sse_event event;
		wok_http_session *session = script_open(&script, first);
		wok_sse_source *source = NULL;
		ASSERT_ERR(wok_sse_connect(session, "http://me:secret@a/", NULL, &source),
			   WOK_EPEER);
		ASSERT_SAYS(WOK_EPEER, "stream of events");
		ASSERT(!strstr(wok_errmsg(WOK_EPEER), "secret"));
		script_close(&script, session, source);
		if (i == 3)
			continue;
		session = script_open(&script, later);
		ASSERT_OK(wok_sse_connect(session, "http://a/", NULL, &source));
		expect_event(source, "message", "", "a");
		ASSERT_ERR(wok_sse_next(source, &event), WOK_EPEER);
		ASSERT_ERR(wok_sse_next(source, &event), WOK_EPEER);
		ASSERT_EQ(script.peer.requests, 2);
		script_close(&script, session, source);
	}
}

TEST_TASK(a_server_that_is_away_is_asked_less_and_less_often, "client-78")
{
	static const char *const says[] = {STREAM "data: a\n\n",
					   EMPTY("503 Later"),
					   EMPTY("502 Bad"),
					   NULL,
					   NULL,
					   EMPTY("429 Slow"),
					   EMPTY("500 Oh"),
					   STREAM "data: b\n\n",
					   STREAM "data: c\n\n",
					   ""};
	const wok_sse_options options = {.retry = WOK_SECOND, .max_retry = 10 * WOK_SECOND};
	static const int longest[] = {1, 2, 4, 8, 10, 10, 10};
	struct script script;
	wok_http_session *session = script_open(&script, says);
	wok_sse_source *source;

	ASSERT_OK(wok_sse_connect(session, "http://a/", &options, &source));
	expect_event(source, "message", "", "a");
	expect_event(source, "message", "", "b");
	/* The end of a stream that said something is no failure. */
	for (int i = 0; i < 7; i++) {
		wok_time waited = script.began[i + 1] - script.began[i];
		if (waited > longest[i] * WOK_SECOND || waited < longest[i] * WOK_SECOND / 2)
			FAIL("attempt %d came after %.3f s", i + 1,
			     (double) waited / (double) WOK_SECOND);
	}
	/* After a success all is as at the beginning. */
	expect_event(source, "message", "", "c");
	ASSERT_EQ(script.began[8] - script.began[7], WOK_SECOND);
	script_close(&script, session, source);
}

TEST_TASK(a_server_that_is_away_is_not_hammered_though_it_wanted_no_pause, "client-78")
{
	static const char *const says[] = {
		STREAM "retry: 0\ndata: a\n\n", NULL, NULL, EMPTY("503 Later"),
		STREAM "data: b\n\n",           ""};
	static const int longest[] = {100, 200, 400, 800};
	struct script script;
	wok_http_session *session = script_open(&script, says);
	wok_sse_source *source;

	ASSERT_OK(wok_sse_connect(session, "http://a/", NULL, &source));
	expect_event(source, "message", "", "a");
	expect_event(source, "message", "", "b");
	for (int i = 0; i < 4; i++) {
		wok_time waited = (script.began[i + 1] - script.began[i]) / WOK_MS;
		ASSERT(waited >= longest[i] / 2 && waited <= longest[i]);
	}
	script_close(&script, session, source);
}

TEST_TASK(a_server_that_ends_without_an_event_is_asked_less_and_less_often, "client-78")
{
	static const char *const says[] = {STREAM "retry: 0\n: nothing\n\n",
					   STREAM "retry: 0\n: nothing\n\n",
					   STREAM "retry: 0\n: nothing\n\n",
					   STREAM "id: 1\n\nretry: 0\n\n",
					   STREAM "data: a\n\n",
					   STREAM "data: b\n\n",
					   ""};
	static const int longest[] = {200, 400, 800, 1600, 100};
	struct script script;
	wok_http_session *session = script_open(&script, says);
	wok_sse_source *source;

	ASSERT_OK(wok_sse_connect(session, "http://a/", NULL, &source));
	expect_event(source, "message", "1", "a");
	expect_event(source, "message", "1", "b");
	for (int i = 0; i < 5; i++) {
		wok_time waited = (script.began[i + 1] - script.began[i]) / WOK_MS;
		if (waited < longest[i] / 2 || waited > longest[i])
			FAIL("attempt %d came after %d ms", i + 1, (int) waited);
	}
	script_close(&script, session, source);
}

TEST_TASK(a_server_cannot_ask_for_any_pause, "client-78")
{
	static const char *const says[] = {STREAM "retry: 999999\ndata: a\n\n",
					   STREAM "retry: 0\ndata: b\n\n", STREAM "data: c\n\n",
					   ""};
	const wok_sse_options options = {.min_retry = 2 * WOK_SECOND, .max_retry = 7 * WOK_SECOND};
	struct script script;
	wok_http_session *session = script_open(&script, says);
	wok_sse_source *source;

	ASSERT_OK(wok_sse_connect(session, "http://a/", &options, &source));
	expect_event(source, "message", "", "a");
	expect_event(source, "message", "", "b");
	expect_event(source, "message", "", "c");
	ASSERT_EQ((script.began[1] - script.began[0]) / WOK_MS, 7000);
	ASSERT_EQ((script.began[2] - script.began[1]) / WOK_MS, 2000);
	script_close(&script, session, source);
}

TEST_TASK(after_so_many_failures_the_last_error_is_returned, "client-78")
{
	static const char *const says[] = {STREAM "data: a\n\n", EMPTY("503 x"), EMPTY("503 x"),
					   EMPTY("503 x"), ""};
	const wok_sse_options options = {.max_failures = 3};
	struct script script;
	wok_sse_event event;
	wok_http_session *session = script_open(&script, says);
	wok_sse_source *source;

	ASSERT_OK(wok_sse_connect(session, "http://a/", &options, &source));
	expect_event(source, "message", "", "a");
	ASSERT_ERR(wok_sse_next(source, &event), WOK_EPEER);
	ASSERT_EQ(script.peer.requests, 4);
	script_close(&script, session, source);
}

TEST_TASK(a_server_that_is_silent_is_taken_for_dead, "client-78")
{
	static const char *const says[] = {STREAM "data: a\n\n", ""};
	const wok_http_header auth = {"Authorization", "x"};
	const wok_http_options request = {.headers = &auth, .n_headers = 1};
	const wok_sse_options options = {
		.request = &request, .last_id = "41", .silence = 20 * WOK_SECOND};
	struct script script;
	wok_http_session *session = script_open(&script, says);
	wok_sse_source *source;

	ASSERT_OK(wok_sse_connect(session, "http://a/", &options, &source));
	ASSERT_STR(script.ids[0], "41");
	ASSERT_STR(field_of(script.peer.head, "Authorization"), "x");
	expect_event(source, "message", "41", "a");
	static const char *const again[] = {"", STREAM "data: b\n\n", ""};
	script.says = again;
	wok_time start = wok_now();
	expect_event(source, "message", "41", "b");
	ASSERT(wok_now() - start >= 23 * WOK_SECOND && wok_now() - start < 30 * WOK_SECOND);
	/* Longer than any time limit of a whole request. */
	ASSERT_ERR(wok_wait_for(next_in_time, source, 10 * WOK_SECOND), -ETIMEDOUT);
	script_close(&script, session, source);
}

TEST_TASK(a_cancelled_wait_loses_nothing_wherever_it_was, "client-78")
{
	static const char *const says[] = {STREAM "id: 1\ndata: a\n\ndata: x", EMPTY("503 x"),
					   STREAM "data: b\n\n", ""};
	struct script script;
	wok_http_session *session = script_open(&script, says);
	wok_sse_source *source;

	ASSERT_OK(wok_sse_connect(session, "http://a/", NULL, &source));
	expect_event(source, "message", "1", "a");
	/* In the wait before connecting, again and again: it still comes to an end. */
	int r = -ETIMEDOUT, waits = 0;
	for (; r == -ETIMEDOUT && waits < 100; waits++)
		r = wok_wait_for(next_in_time, source, 500 * WOK_MS);
	ASSERT_EQ(r, 1);
	ASSERT(waits > 6);
	ASSERT_EQ(script.peer.requests, 3);
	script_close(&script, session, source);
}

TEST_TASK(an_event_that_never_ends_is_an_error, "client-78", "http-68")
{
	static const char *const says[] = {STREAM "data: 0123456789\n\n", ""};
	const wok_sse_options options = {.max_event = 8};
	struct script script;
	wok_sse_event event;
	wok_http_session *session = script_open(&script, says);
	wok_sse_source *source;

	ASSERT_OK(wok_sse_connect(session, "http://a/", &options, &source));
	ASSERT_ERR(wok_sse_next(source, &event), WOK_ELIMIT);
	ASSERT_ERR(wok_sse_next(source, &event), WOK_ELIMIT);
	script_close(&script, session, source);
	source = NULL;
	session = script_open(&script, says);
	ASSERT_ERR(wok_sse_connect(session, "http://a/", &(wok_sse_options){.last_id = "a\nb"},
				   &source),
		   -EINVAL);
	script_close(&script, session, source);
}

/* --- both roles, without memory --------------------------------------------------------------- */

static int send_three(wok_http_request *request, void *unused)
{
	WOK_AUTO(wok_sse_stream) *stream = NULL;

	(void) unused;
	if (wok_sse_last_id(request))
		return wok_http_reply(request, &(wok_http_reply_options){.status = 204});
	WOK_TRY(wok_sse_begin(request, NULL, &stream));
	for (int i = 1; i <= 3; i++)
		WOK_TRY(wok_sse_send(stream, "number", "1", "x\ny"));
	return 0;
}

static int there_and_back(void *unused)
{
	WOK_AUTO(wok_http_app) *app = NULL;
	WOK_AUTO(wok_http_session) *session = NULL;
	WOK_AUTO(wok_sse_source) *source = NULL;
	wok_sse_event event;
	int n = 0, r;

	(void) unused;
	WOK_TRY(wok_http_app_new(&app));
	WOK_TRY(wok_http_route(app, "GET", "/", send_three, NULL));
	WOK_TRY(wok_http_session_new(&(wok_http_session_options){.app = app}, &session));
	r = wok_sse_connect(session, "http://a/", &(wok_sse_options){.max_failures = 1}, &source);
	while (r >= 0 && (r = wok_sse_next(source, &event)) > 0)
		n++;
	/* What the server lacks shows as an answer or an end that is none. */
	if (r == WOK_EPEER || r == WOK_EEOF || r == -ECONNRESET || r == -EPIPE)
		return -ENOMEM;
	ASSERT(r < 0 || n == 3);
	return r;
}

static void drop_report(const wok_report *report, void *unused)
{
	(void) report;
	(void) unused;
}

TEST_TASK(what_a_handler_sends_a_source_gets, "client-78", "server-14")
{
	ASSERT_OK(there_and_back(NULL));
}

TEST(any_one_allocation_of_events_may_fail)
{
	ASSERT_OK(wok_set_report_hook(drop_report, NULL));
	ASSERT_OK(wok_test_run_allocations(there_and_back, NULL, NULL));
}

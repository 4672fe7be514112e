/* SPDX-License-Identifier: MIT */
/*
 * A session's connections: reuse, stale ones, ones that cannot be trusted, and cancelled requests.
 */
#include "http/client_check.h"

TEST_REAL(requests_one_after_another_use_one_connection, "client-1")
{
	struct fake fake = {.response = OK_RESPONSE};
	wok_http_stats stats;

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session = new_session(NULL);
	for (int i = 0; i < 50; i++)
		ASSERT_EQ(request_all(session, i % 2 ? "POST" : "GET", fake.url, NULL, "hello"),
			  200);
	ASSERT_EQ(fake.connections, 1);
	ASSERT_EQ(fake.requests, 50);
	wok_http_session_stats(session, &stats);
	ASSERT_EQ(stats.created, 1);
	ASSERT_EQ(stats.reused, 49);
	ASSERT_EQ(stats.open, 1);
	ASSERT_EQ(stats.idle, 1);
	fake_close(&fake);
	return 0;
}

struct getter {
	wok_http_session *session;
	const char *url;
	int result, place;
};

static int turn;

static int get_task(void *arg)
{
	struct getter *getter = arg;

	getter->result = get_all(getter->session, getter->url);
	getter->place = ++turn;
	return getter->result < 0 ? getter->result : 0;
}

TEST_REAL(requests_over_the_sessions_limit_wait_in_line)
{
	wok_event hold = WOK_EVENT_INIT;
	struct fake fake = {.response = OK_RESPONSE, .hold = &hold};
	struct getter getters[6];

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session = new_session(&(wok_http_session_options){.limit = 2});
	WOK_AUTO(wok_scope) *scope = NULL;
	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < 6; i++) {
		getters[i] = (struct getter){session, fake.url, 0, 0};
		ASSERT_OK(wok_scope_spawn(scope, get_task, &getters[i]));
	}
	WAIT_UNTIL(fake.held == 2);
	ASSERT_STATS(session, 2, 0, 4);
	ASSERT_EQ(fake.connections, 2);
	wok_event_set(&hold);
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_EQ(fake.connections, 2);
	ASSERT_EQ(fake.requests, 6);
	for (int i = 2; i < 6; i++)
		ASSERT(getters[i].place > 2);
	ASSERT_STATS(session, 2, 2, 0);
	fake_close(&fake);
	return 0;
}

TEST_REAL(one_host_is_limited_by_itself, "client-3")
{
	wok_event hold = WOK_EVENT_INIT;
	struct fake one = {.response = OK_RESPONSE, .hold = &hold}, two = {.response = OK_RESPONSE};
	struct getter getters[3];

	fake_open(&one);
	fake_open(&two);
	WOK_AUTO(wok_http_session) *session =
		new_session(&(wok_http_session_options){.limit_per_host = 1});
	WOK_AUTO(wok_scope) *scope = NULL;
	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < 3; i++) {
		getters[i] = (struct getter){session, one.url, 0, 0};
		ASSERT_OK(wok_scope_spawn(scope, get_task, &getters[i]));
	}
	WAIT_UNTIL(one.held == 1);
	ASSERT_EQ(get_all(session, two.url), 200);
	ASSERT_EQ(one.connections, 1);
	wok_event_set(&hold);
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_EQ(one.connections, 1);
	fake_close(&one);
	fake_close(&two);
	return 0;
}

TEST_REAL(an_idle_connection_expires, "client-5")
{
	struct fake fake = {.response = OK_RESPONSE};

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session =
		new_session(&(wok_http_session_options){.keep_alive = 20 * WOK_MS});
	ASSERT_EQ(get_all(session, fake.url), 200);
	ASSERT_STATS(session, 1, 1, 0);
	ASSERT_EQ(fake.open, 1);
	WAIT_UNTIL(fake.open == 0); /* closed, without anybody asking */
	ASSERT_STATS(session, 0, 0, 0);
	ASSERT_EQ(get_all(session, fake.url), 200);
	ASSERT_EQ(fake.connections, 2);
	fake_close(&fake);
	return 0;
}

/* The server closes just when the second request is under way. */
TEST_REAL(a_stale_connection_is_tried_once_more_if_the_request_is_idempotent, "client-9", "http-1")
{
	static const struct {
		const char *method;
		bool no_retry;
		int result, sent;
	} rows[] = {
		{"GET", false, 200, 3},        {"PUT", false, 200, 3},
		{"DELETE", false, 200, 3},     {"POST", false, WOK_EEOF, 2},
		{"PATCH", false, WOK_EEOF, 2}, {"GET", true, WOK_EEOF, 2},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake fake = {.response = OK_RESPONSE, .mute_from = 2};
		fake_open(&fake);
		WOK_AUTO(wok_http_session) *session =
			new_session(&(wok_http_session_options){.no_retry = rows[i].no_retry});
		ASSERT_EQ(get_all(session, fake.url), 200);
		int r = request_all(session, rows[i].method, fake.url,
				    &(wok_http_options){.body = "x", .body_size = 1}, NULL);
		if (r != rows[i].result)
			FAIL("%s gives %d: %s", rows[i].method, r, r < 0 ? wok_errmsg(r) : "");
		if (r < 0) {
			ASSERT_MESSAGE(r, fake.url);
			ASSERT_MESSAGE(r, "kept alive");
		}
		ASSERT_EQ(fake.requests, rows[i].sent);
		fake_close(&fake);
	}
	return 0;
}

static int always_mute(wok_stream *stream, void *arg)
{
	struct fake *fake = arg;

	return fake_take_request(fake, stream) < 0 ? -ECANCELED : 0;
}

TEST_REAL(a_new_connection_that_dies_is_not_tried_again)
{
	struct fake fake = {.serve = always_mute};

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session = new_session(NULL);
	ASSERT_ERR(get_all(session, fake.url), WOK_EEOF);
	ASSERT_EQ(fake.requests, 1);
	fake_close(&fake);
	return 0;
}

/* A connection that was closed while it was idle is not even tried: also POST is fine. */
TEST_REAL(a_connection_that_was_closed_while_it_was_idle_is_not_used, "http-1")
{
	struct fake fake = {.response = OK_RESPONSE, .close_after = 1};

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session = new_session(NULL);
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(request_all(session, "POST", fake.url, NULL, "hello"), 200);
		WAIT_UNTIL(fake.open == 0);
	}
	ASSERT_EQ(fake.requests, 3);
	ASSERT_EQ(fake.connections, 3);
	fake_close(&fake);
	return 0;
}

static int answer_and_chatter(wok_stream *stream, void *arg)
{
	static const char chatter[] = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n";
	struct fake *fake = arg;
	char end[100];

	if (fake_take_request(fake, stream) != 1)
		return 0;
	WOK_TRY(wok_stream_write_all(stream, OK_RESPONSE, strlen(OK_RESPONSE)));
	if (fake->hold) /* or at once, in one segment with the answer, perhaps */
		WOK_TRY(wok_event_wait(fake->hold));
	WOK_TRY(wok_stream_write_all(stream, chatter, sizeof(chatter) - 1));
	fake->held++;
	return (int) wok_stream_read(stream, end, sizeof(end));
}

/* Item 49. */
TEST_REAL(what_comes_on_an_idle_connection_is_never_the_next_answer, "http-3")
{
	for (int i = 0; i < 2; i++) {
		wok_event event = WOK_EVENT_INIT;
		struct fake fake = {.serve = answer_and_chatter, .hold = i ? &event : NULL};
		fake_open(&fake);
		WOK_AUTO(wok_http_session) *session = new_session(NULL);
		ASSERT_EQ(request_all(session, "GET", fake.url, NULL, "hello"), 200);
		wok_event_set(&event);
		WAIT_UNTIL(fake.held == 1);
		ASSERT_EQ(request_all(session, "GET", fake.url, NULL, "hello"), 200);
		ASSERT_EQ(fake.connections, 2);
		fake_close(&fake);
	}
	return 0;
}

/* In one write with the answer: they are buffered before anybody could look. */
TEST_REAL(bytes_behind_an_answer_end_its_connection, "http-3")
{
	struct fake fake = {.response =
				    OK_RESPONSE "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"};

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session = new_session(NULL);
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(request_all(session, "GET", fake.url, NULL, "hello"), 200);
	ASSERT_EQ(fake.connections, 3);
	ASSERT_STATS(session, 0, 0, 0);
	fake_close(&fake);
	return 0;
}

static int send_part(wok_stream *stream, void *arg)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\npart";
	struct fake *fake = arg;
	char end[100];

	if (fake_take_request(fake, stream) != 1)
		return 0;
	WOK_TRY(wok_stream_write_all(stream, text, sizeof(text) - 1));
	return (int) wok_stream_read(stream, end, sizeof(end)) < 0 ? -ECANCELED : 0;
}

TEST_REAL(abandoned_bodies_never_cost_the_pool_a_place, "client-10")
{
	struct fake fake = {.serve = send_part};
	struct fake small = {.response = OK_RESPONSE};

	fake_open(&fake);
	fake_open(&small);
	WOK_AUTO(wok_http_session) *session = new_session(&(wok_http_session_options){.limit = 1});
	for (int i = 0; i < 10; i++) {
		wok_http_response *response = NULL;
		char buf[10];
		ASSERT_OK(wok_http_get(session, fake.url, NULL, &response));
		if (i % 2)
			ASSERT_EQ(wok_http_read(response, buf, 2), 2);
		ASSERT_STATS(session, 1, 0, 0);
		wok_http_response_free(response);
		ASSERT_STATS(session, 0, 0, 0);
	}
	WAIT_UNTIL(fake.open == 0);
	/* One whose rest is there already goes back to the pool. */
	for (int i = 0; i < 3; i++) {
		wok_http_response *response = NULL;
		ASSERT_OK(wok_http_get(session, small.url, NULL, &response));
		ASSERT_OK(wok_sleep(WOK_MS));
		wok_http_response_free(response);
	}
	ASSERT(small.connections <= 3);
	fake_close(&fake);
	fake_close(&small);
	return 0;
}

/* A server that is slow everywhere, so that a cancel may meet each wait. */
static int answer_in_pieces(wok_stream *stream, void *arg)
{
	static const char *const pieces[] = {"HTTP/1.1 200 OK\r\nContent-", "Length: 10\r\n\r\n",
					     "hello", "world"};
	struct fake *fake = arg;
	int r;

	while ((r = fake_take_request(fake, stream)) > 0) {
		for (int i = 0; i < 4; i++) {
			WOK_TRY(wok_sleep(100 * WOK_US));
			WOK_TRY(wok_stream_write_all(stream, pieces[i], strlen(pieces[i])));
		}
	}
	return r;
}

static unsigned draw(unsigned *state)
{
	*state = *state * 1103515245 + 12345;
	return *state >> 16;
}

TEST_REAL(half_of_a_hundred_requests_cancelled_anywhere_leave_the_others_well, "http-15")
{
	struct fake fake = {.serve = answer_in_pieces};
	struct getter getters[100];
	wok_task *tasks[100];
	unsigned random = 1;
	int before, fine = 0;

	fake_open(&fake);
	before = test_count_fds();
	WOK_AUTO(wok_http_session) *session = new_session(&(wok_http_session_options){.limit = 2});
	for (int i = 0; i < 100; i++) {
		getters[i] = (struct getter){session, fake.url, 1, 0};
		tasks[i] = wok_create_task(get_task, &getters[i]);
	}
	for (int i = 0; i < 50; i++) {
		wok_cancel(tasks[2 * i]);
		if (i % 3 == 0)
			ASSERT_OK(wok_sleep((wok_time) (draw(&random) % 1000) * WOK_US));
	}
	for (int i = 0; i < 100; i++) {
		int r = wok_await(tasks[i]);
		ASSERT(r == 0 || (i % 2 == 0 && r == WOK_ETASKCANCELED));
		fine += r == 0;
		wok_task_free(tasks[i]);
	}
	ASSERT(fine >= 50);
	wok_http_stats stats;
	wok_http_session_stats(session, &stats);
	ASSERT_EQ(stats.waiting, 0);
	ASSERT_EQ(stats.open, stats.idle);
	ASSERT(stats.open <= 2);
	ASSERT(stats.reused + stats.created >= (uint64_t) fine);
	wok_http_session_free(WOK_TAKE(session));
	WAIT_UNTIL(fake.open == 0);
	ASSERT_EQ(test_count_fds(), before);
	fake_close(&fake);
	return 0;
}

/* 3 of "what users complain about": after a cancel at any wait the pool serves as before. */
TEST_REAL(a_request_cancelled_at_any_wait_leaves_the_pool_whole, "client-22")
{
	struct fake fake = {.serve = answer_in_pieces};
	struct getter getters[2];
	int ended[2] = {0, 0};

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session = new_session(&(wok_http_session_options){.limit = 2});
	for (int step = 0; step < 150; step++) {
		struct getter victim = {session, fake.url, 1, 0};
		wok_task *task = wok_create_task(get_task, &victim);
		/* first tick by tick, then by time */
		for (int i = 0; i < step && i < 30; i++)
			ASSERT_OK(wok_yield());
		if (step >= 30)
			ASSERT_OK(wok_sleep((wok_time) (step - 30) * 10 * WOK_US));
		wok_cancel(task);
		int r = wok_await(task);
		ASSERT(r == 0 || r == WOK_ETASKCANCELED);
		ended[r == 0]++;
		wok_task_free(task);

		wok_scope *scope;
		ASSERT_OK(wok_scope_new(&scope));
		for (int i = 0; i < 2; i++) {
			getters[i] = (struct getter){session, fake.url, 1, 0};
			ASSERT_OK(wok_scope_spawn(scope, get_task, &getters[i]));
		}
		ASSERT_OK(wok_scope_join(scope));
		wok_scope_free(scope);
		ASSERT_EQ(getters[0].result, 200);
		ASSERT_EQ(getters[1].result, 200);
		wok_http_stats stats;
		wok_http_session_stats(session, &stats);
		ASSERT_EQ(stats.open, stats.idle);
		ASSERT_EQ(stats.waiting, 0);
		ASSERT(stats.open <= 2);
	}
	ASSERT(ended[0] > 50 && ended[1] > 0); /* both ways have been tried */
	fake_close(&fake);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* How long a request queues, and how much may come. */
#include "client/check.h"

static const char *silent(struct peer *peer, const char *head, const char *body)
{
	(void) peer;
	(void) head;
	(void) body;
	return PEER_SILENT;
}

static int get_in_task(void *session)
{
	return get(session, "http://a.test/");
}

TEST_TASK(the_queue_has_a_limit_of_its_own, "client-4")
{
	struct peer peer = {.answer = silent};
	wok_http_timings timings;

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session =
		session_of(&peer, &(wok_http_session_options){.limit = 1});
	wok_task *first = wok_create_task(get_in_task, session);
	test_settle();
	wok_time start = wok_now();
	ASSERT_ERR(fetch(session, "GET", "http://a.test/",
			 &(wok_http_options){.queue_timeout = 2 * WOK_SECOND, .timings = &timings}),
		   -ETIMEDOUT);
	ASSERT_SAYS(-ETIMEDOUT, "waiting for a connection of the session");
	ASSERT_EQ(wok_now() - start, 2 * WOK_SECOND);
	ASSERT_EQ(timings.phase, WOK_HTTP_PHASE_QUEUE);
	ASSERT_POOL(session, 1, 0, 0);
	wok_cancel(first);
	ASSERT_ERR(wok_await(first), WOK_ETASKCANCELED);
	wok_task_free(first);
	peer_close(&peer);
}

static const char *as_told(struct peer *peer, const char *head, const char *body)
{
	(void) head;
	(void) body;
	return peer->arg;
}

TEST_TASK(what_may_come_has_limits, "client-71")
{
	static const struct {
		const char *answer;
		wok_http_session_options options;
		int result;
	} rows[] = {
		{"HTTP/1.1 200 OK\r\nA: 12345678901234567890\r\nContent-Length: 0\r\n\r\n",
		 {.max_line = 20},
		 WOK_ELIMIT},
		{"HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nContent-Length: 0\r\n\r\n",
		 {.max_headers = 2},
		 WOK_ELIMIT},
		{"HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nContent-Length: 0\r\n\r\n",
		 {.max_headers = 3},
		 200},
		{"HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nContent-Length: 0\r\n\r\n",
		 {.max_head = 30},
		 WOK_ELIMIT},
		{OK_HELLO, {.max_body = 4}, WOK_ELIMIT},
		{OK_HELLO, {.max_body = 5}, 200},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct peer peer = {.answer = as_told, .arg = (char *) (uintptr_t) rows[i].answer};
		peer_open(&peer);
		WOK_AUTO(wok_http_session) *session = session_of(&peer, &rows[i].options);
		int r = get(session, "http://a.test/");
		if (r != rows[i].result)
			FAIL("row %zu: %d", i, r);
		peer_close(&peer);
	}
}

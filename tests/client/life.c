/* SPDX-License-Identifier: MIT */
/* What ends when: sessions, requests, their tries, and the connections under them. */
#include <unistd.h>

#include "client/check.h"

static const char *lead_on(struct peer *peer, const char *head, const char *body)
{
	(void) peer;
	(void) body;
	return strstr(head, "/from")
		       ? "HTTP/1.1 302 x\r\nLocation: /to\r\nContent-Length: 0\r\n\r\n"
		       : OK_HELLO;
}

struct asking {
	wok_http_session *session;
	const char *url;
	int result;
};

static int ask(void *arg)
{
	struct asking *asking = arg;

	asking->result = get(asking->session, asking->url);
	return 0;
}

TEST_TASK(a_session_may_be_freed_before_its_request_is_redirected)
{
	struct peer peer = {.answer = lead_on, .delay = WOK_SECOND};

	peer_open(&peer);
	struct asking asking = {session_of(&peer, NULL), "http://a.test/from", 0};
	WOK_AUTO(wok_task) *task = wok_create_task(ask, &asking);
	ASSERT_OK(wok_sleep(WOK_SECOND / 2));
	wok_http_session_free(asking.session);
	ASSERT_OK(wok_await(task));
	ASSERT_ERR(asking.result, -ESHUTDOWN);
	ASSERT_EQ(peer.requests, 1);
	peer_close(&peer);
}

static int dawdle(wok_http_call *call, void *arg, wok_http_response **ret_response)
{
	(void) arg;
	WOK_TRY(wok_sleep(WOK_SECOND));
	return wok_http_call_next(call, ret_response);
}

static const wok_http_client_middleware dawdling = {dawdle, NULL};

TEST_TASK(a_session_may_be_freed_while_a_middleware_waits)
{
	struct peer peer = {0};

	peer_open(&peer);
	struct asking asking = {
		session_of(&peer, &(wok_http_session_options){.middlewares = &dawdling,
							      .n_middlewares = 1}),
		"http://a.test/", 0};
	WOK_AUTO(wok_task) *task = wok_create_task(ask, &asking);
	test_settle();
	wok_http_session_free(asking.session);
	ASSERT_OK(wok_await(task));
	ASSERT_ERR(asking.result, -ESHUTDOWN);
	peer_close(&peer);
}

TEST_TASK(a_time_out_before_the_request_began_says_no_password)
{
	struct peer peer = {0};

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session =
		session_of(&peer, &(wok_http_session_options){.middlewares = &dawdling,
							      .n_middlewares = 1,
							      .timeout = WOK_SECOND / 2});
	int r = get(session, "http://user:secret@a.test/x");
	ASSERT_ERR(r, -ETIMEDOUT);
	ASSERT_SAYS(r, "http://a.test/x: timed out");
	ASSERT(!strstr(wok_errmsg(r), "secret"));
	peer_close(&peer);
}

static const char *busy_then_well(struct peer *peer, const char *head, const char *body)
{
	(void) body;
	return strstr(head, "/busy") && peer->requests == 1
		       ? "HTTP/1.1 503 x\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbusy"
		       : OK_HELLO;
}

TEST_TASK(a_pause_before_another_try_keeps_no_connection)
{
	struct peer peer = {.answer = busy_then_well};
	const wok_http_retry_options retry = {.tries = 2};

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session =
		session_of(&peer, &(wok_http_session_options){.retry = &retry, .limit = 1});
	struct asking asking = {session, "http://a.test/busy", 0};
	WOK_AUTO(wok_task) *task = wok_create_task(ask, &asking);
	ASSERT_OK(wok_sleep(WOK_SECOND));
	wok_time start = wok_now();
	ASSERT_EQ(get(session, "http://a.test/"), 200);
	ASSERT_EQ(wok_now() - start, 0);
	ASSERT_OK(wok_await(task));
	ASSERT_EQ(asking.result, 200);
	ASSERT_EQ(peer.connections, 1);
	peer_close(&peer);
}

static const char *much_later(struct peer *peer, const char *head, const char *body)
{
	static char text[200];

	(void) head;
	(void) body;
	snprintf(text, sizeof(text),
		 "HTTP/1.1 429 x\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n",
		 (const char *) peer->arg);
	return text;
}

TEST_TASK(however_long_a_server_asks_to_wait_it_is_no_short_pause, "client-73")
{
	static const char *const said[] = {"9999999999", "18446744073709551617",
					   "99999999999999999999999999",
					   "Fri, 31 Dec 9999 23:59:59 GMT"};
	const wok_http_retry_options retry = {.tries = 3};

	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		struct peer peer = {.answer = much_later, .arg = (char *) (uintptr_t) said[i]};
		peer_open(&peer);
		WOK_AUTO(wok_http_session) *session =
			session_of(&peer, &(wok_http_session_options){.retry = &retry});
		ASSERT_EQ(get(session, "http://a.test/"), 429);
		ASSERT_EQ(peer.requests, 1);
		peer_close(&peer);
	}
}

TEST_TASK(timings_after_a_redirect_are_about_the_last_exchange, "client-76")
{
	struct peer peer = {.answer = lead_on, .delay = WOK_SECOND};
	WOK_AUTO(wok_http_response) *response = NULL;

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session = session_of(&peer, NULL);
	ASSERT_OK(wok_sleep(WOK_SECOND)); /* the clock begins at 0 */
	ASSERT_OK(wok_http_get(session, "http://a.test/from", NULL, &response));
	const wok_http_timings *timings = wok_http_response_timings(response);
	ASSERT(timings->reused);
	ASSERT_EQ(timings->connect_end, 0); /* it was there */
	ASSERT_EQ(timings->redirects, 1);
	ASSERT_EQ(timings->head - timings->begin, 2 * WOK_SECOND);
	peer_close(&peer);
}

TEST_TASK(requests_at_once_read_one_netrc_file, "client-36")
{
	static const char text[] = "machine a.test login one password secret\n";
	char path[] = "/tmp/wok-netrc-XXXXXX";
	struct peer peer = {0};
	int fd = mkstemp(path);

	ASSERT_EQ(write(fd, text, sizeof(text) - 1), (ssize_t) sizeof(text) - 1);
	close(fd);
	ASSERT_EQ(setenv("NETRC", path, 1), 0);
	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session =
		session_of(&peer, &(wok_http_session_options){.netrc = true});
	struct asking asking[3];
	for (int i = 0; i < 3; i++)
		asking[i] = (struct asking){session, "http://a.test/", 0};
	ASSERT_OK(wok_for_each(ask, asking, 3, WOK_UNLIMITED, 0));
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(asking[i].result, 200);
	ASSERT_STR(field_of(peer.head, "Authorization"), "Basic b25lOnNlY3JldA==");
	unlink(path);
	unsetenv("NETRC");
	peer_close(&peer);
}

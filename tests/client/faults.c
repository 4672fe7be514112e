/* SPDX-License-Identifier: MIT */
/* Without memory, and cancelled at any wait: nothing leaks, and the pool is whole. */
#include "client/check.h"
#include "http/coding/coding.h"

static int lead_on(wok_http_request *request, void *arg)
{
	const wok_http_header headers[] = {{"Location", "/to"}, {"Set-Cookie", "a=b"}};

	(void) arg;
	return wok_http_reply(request, &(wok_http_reply_options){
					       .status = 307, .headers = headers, .n_headers = 2});
}

static int end(wok_http_request *request, void *arg)
{
	(void) arg;
	return wok_http_reply_text(request, 200, "one\ntwo\n");
}

static ssize_t no_more(void *arg, void *data, size_t size)
{
	int *left = arg;

	if (*left == 0)
		return 0;
	memset(data, 'x', size < 100 ? size : 100);
	--*left;
	return size < 100 ? (ssize_t) size : 100;
}

static int rewind_it(void *arg)
{
	*(int *) arg = 3;
	return 0;
}

static int use(wok_http_session *session)
{
	WOK_AUTO(wok_http_response) *response = NULL;
	int left = 3;
	const wok_http_header header = {"X-Trailer", "t"};
	const wok_http_options options = {.body_read = no_more,
					  .body_rewind = rewind_it,
					  .body_arg = &left,
					  .compress = wok__coding_kind(WOK__CODING_GZIP) ? "gzip"
											 : NULL,
					  .trailers = &header,
					  .n_trailers = 1,
					  .user = "me",
					  .password = "secret"};
	wok_view line;
	int r;

	WOK_TRY(wok_http_post(session, "http://a.test/from#part", &options, &response));
	while ((r = wok_http_next_line(response, 0, &line)) > 0)
		;
	return r;
}

/* What the server could not do for want of memory shows here as a connection that ends. */
static int no_memory(int r)
{
	return r == WOK_EEOF || r == -EPIPE || r == -ECONNRESET || r == WOK_EPEER ? -ENOMEM : r;
}

static int without_memory(void *unused)
{
	static const char *const sensitive[] = {"X-Key", NULL};
	const wok_http_header header = {"X-Key", "k"};
	const wok_http_resolve resolve = {"a.test:1", "127.0.0.1:2"};
	const wok_http_retry_options retry = {.tries = 2, .any_method = true};
	WOK_AUTO(wok_http_app) *app = NULL;
	WOK_AUTO(wok_http_session) *session = NULL;

	(void) unused;
	WOK_TRY(wok_http_app_new(&app));
	WOK_TRY(wok_http_route(app, "POST", "/from", lead_on, NULL));
	WOK_TRY(wok_http_route(app, "POST", "/to", end, NULL));
	WOK_TRY(wok_http_session_new(&(wok_http_session_options){.app = app,
								 .headers = &header,
								 .n_headers = 1,
								 .base_url = "http://b.test/",
								 .resolve = &resolve,
								 .n_resolve = 1,
								 .retry = &retry,
								 .proxy = "http://p.test:1",
								 .sensitive_headers = sensitive},
				     &session));
	for (int i = 0; i < 2; i++) {
		int r = use(session);
		if (r < 0)
			return no_memory(r);
	}
	return 0;
}

TEST(each_allocation_of_a_client_may_fail)
{
	ASSERT_OK(wok_test_run_allocations(without_memory, NULL, NULL));
}

static const char *slow_chain(struct peer *peer, const char *head, const char *body)
{
	(void) peer;
	(void) body;
	return strstr(head, "/from")
		       ? "HTTP/1.1 307 x\r\nLocation: /to\r\nContent-Length: 0\r\n\r\n"
	       : strstr(head, "/to") ? "HTTP/1.1 503 x\r\nContent-Length: 2\r\n\r\nno"
				     : OK_HELLO;
}

static int use_session(void *session)
{
	int r = use(session);

	return r < 0 ? r : 0;
}

TEST_TASK(a_cancel_in_redirects_and_pauses_leaves_the_pool_whole, "client-22", "http-15")
{
	const wok_http_retry_options retry = {.tries = 3, .any_method = true};
	struct peer peer = {.answer = slow_chain, .delay = 10 * WOK_MS};

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session =
		session_of(&peer, &(wok_http_session_options){.retry = &retry, .limit = 1});
	for (int step = 0; step < 60; step++) {
		wok_task *task = wok_create_task(use_session, session);
		for (int i = 0; i < step % 20; i++)
			ASSERT_OK(wok_yield());
		wok_test_advance(step / 20 * 15 * WOK_MS);
		wok_cancel(task);
		int r = wok_await(task);
		ASSERT(r == WOK_ETASKCANCELED || r == 0);
		wok_task_free(task);
		ASSERT_EQ(get(session, "http://a.test/"), 200);
		ASSERT_POOL(session, 1, 1, 0);
	}
	peer_close(&peer);
}

/* SPDX-License-Identifier: MIT */
/* The head of a request: what is in it, in which order, and what can be taken out. */
#include "client/check.h"

TEST_TASK(headers_can_be_replaced_and_taken_away, "client-80")
{
	const wok_http_header shared[] = {
		{"X-One", "1"}, {"x-TWO", "2"}, {"User-Agent", NULL}, {"X-Three", "3"}};
	const wok_http_header own[] = {{"X-Two", "two"},
				       {"Accept", NULL},
				       {"X-Three", NULL},
				       {"X-Four", "4"},
				       {"X-Four", "4b"}};
	struct peer peer = {0};

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session =
		session_of(&peer, &(wok_http_session_options){.headers = shared,
							      .n_headers = 4,
							      .base_url = "http://a.test/api/v1/"});
	ASSERT_EQ(fetch(session, "GET", "items?n=1",
			&(wok_http_options){.headers = own, .n_headers = 5}),
		  200);
	ASSERT(!field_of(peer.head, "User-Agent"));
	const char *from = strstr(peer.head, "X-One");
	ASSERT(from);
	ASSERT_STR(from, "X-One: 1\r\nX-Two: two\r\nX-Four: 4\r\nX-Four: 4b\r\n\r\n");
	ASSERT(strncmp(peer.head, "GET /api/v1/items?n=1 HTTP/1.1\r\nHost: a.test\r\n", 46) == 0);
	ASSERT(!field_of(peer.head, "Accept"));
	ASSERT_EQ(get(session, "/top"), 200);
	ASSERT(strncmp(peer.head, "GET /top ", 9) == 0);
	ASSERT_STR(field_of(peer.head, "x-two"), "2");
	ASSERT(strstr(peer.head, "x-TWO: 2\r\n"));
	ASSERT_EQ(get(session, "http://b.test/"), 200);
	ASSERT_STR(field_of(peer.head, "Host"), "b.test");
	peer_close(&peer);
}

static const char *fail_with_words(struct peer *peer, const char *head, const char *body)
{
	(void) peer;
	(void) head;
	(void) body;
	return "HTTP/1.1 404 x\r\nContent-Length: 11\r\n\r\nno such cat";
}

TEST_TASK(a_status_can_be_an_error_that_tells_what_the_server_said, "client-74")
{
	struct peer peer = {.answer = fail_with_words};
	WOK_AUTO(wok_http_response) *response = NULL;
	wok_view body;

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session = session_of(&peer, NULL);
	ASSERT_ERR(fetch(session, "GET", "http://a.test/cat",
			 &(wok_http_options){.raise_for_status = true}),
		   WOK_ESTATUS);
	ASSERT_SAYS(WOK_ESTATUS, "GET http://a.test/cat: 404 Not Found: no such cat");
	ASSERT_POOL(session, 1, 1, 0);
	ASSERT_OK(wok_http_get(session, "http://a.test/cat", NULL, &response));
	ASSERT_ERR(wok_http_raise_for_status(response), WOK_ESTATUS);
	ASSERT_OK(wok_http_body(response, &body));
	ASSERT_STR(body.data, "no such cat");
	peer.answer = NULL;
	ASSERT_EQ(fetch(session, "GET", "http://a.test/",
			&(wok_http_options){.raise_for_status = true}),
		  200);
	peer_close(&peer);
}

TEST_TASK(each_method_has_its_function)
{
	struct peer peer = {0};

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session = session_of(&peer, NULL);
	static int (*const functions[])(wok_http_session *, const char *, const wok_http_options *,
					wok_http_response **) = {
		wok_http_get,   wok_http_post,   wok_http_put,
		wok_http_patch, wok_http_delete, wok_http_ask_options};
	static const char *const names[] = {"GET ",   "POST ",   "PUT ",
					    "PATCH ", "DELETE ", "OPTIONS "};

	for (int i = 0; i < 6; i++) {
		wok_http_response *response = NULL;
		ASSERT_OK(functions[i](session, "http://a.test/", NULL, &response));
		ASSERT(strncmp(peer.head, names[i], strlen(names[i])) == 0);
		wok_http_response_free(response);
	}
	peer_close(&peer);
}

/* SPDX-License-Identifier: MIT */
/* Redirects, and what goes along with them. */
#include "client/check.h"

/* "/301/target" leads to target by 301; everything else answers. */
static const char *redirect(struct peer *peer, const char *head, const char *body)
{
	static char text[600];
	char target[400];
	int status;

	snprintf(peer->arg, 9000, "%s", head);
	(void) body;
	if (sscanf(head, "%*s /%d/%399s", &status, target) != 2)
		return strncmp(head, "HEAD", 4) == 0
			       ? "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
			       : OK_HELLO;
	bool word = strcspn(target, ":/.") == strlen(target) || strchr(target, '?') == target + 1;
	snprintf(text, sizeof(text),
		 "HTTP/1.1 %d Moved\r\nLocation: %s%s\r\nSet-Cookie: a=b\r\nContent-Length: "
		 "0\r\n\r\n",
		 status,
		 word && strcmp(target, "empty") != 0 && strcmp(target, "q") != 0 ? "/" : "",
		 strcmp(target, "empty") == 0 ? ""
		 : strcmp(target, "q") == 0   ? "?only=query"
					      : target);
	return text;
}

static char last[9000];

static wok_http_session *session_with(struct peer *peer, const wok_http_session_options *options)
{
	peer->answer = redirect;
	peer->arg = last;
	peer_open(peer);
	return session_of(peer, options);
}

TEST_TASK(redirects_change_the_method_as_they_should, "client-23", "client-24")
{
	static const struct {
		const char *method;
		int status;
		const char *then;
		bool body;
	} rows[] = {
		{"GET", 301, "GET", false},       {"GET", 302, "GET", false},
		{"GET", 307, "GET", false},       {"POST", 301, "GET", false},
		{"POST", 302, "GET", false},      {"POST", 303, "GET", false},
		{"PUT", 303, "GET", false},       {"HEAD", 303, "HEAD", false},
		{"HEAD", 302, "HEAD", false},     {"POST", 307, "POST", true},
		{"POST", 308, "POST", true},      {"PUT", 301, "PUT", true},
		{"DELETE", 302, "DELETE", false},
	};
	struct peer peer = {0};
	WOK_AUTO(wok_http_session) *session = session_with(&peer, NULL);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char url[80];
		bool body = rows[i].method[0] == 'P';
		const wok_http_options options = {.body = body ? "data" : NULL,
						  .body_size = body ? 4 : 0,
						  .content_type = "text/x"};
		snprintf(url, sizeof(url), "http://a.test/%d/there", rows[i].status);
		ASSERT_EQ(fetch(session, rows[i].method, url, &options), 200);
		char want[80];
		snprintf(want, sizeof(want), "%s /%d/there HTTP/1.1\r\n", rows[i].then,
			 rows[i].status);
		if (strncmp(peer.head, rows[i].then, strlen(rows[i].then)) != 0)
			FAIL("%s %d led to %.40s", rows[i].method, rows[i].status, peer.head);
		ASSERT_STR(peer.body, rows[i].body ? "data" : "");
		ASSERT_EQ(field_of(peer.head, "Content-Type") != NULL, rows[i].body);
		ASSERT_EQ(field_of(peer.head, "Content-Length") != NULL, rows[i].body);
	}
	ASSERT_EQ(peer.connections, 1);
	peer_close(&peer);
}

TEST_TASK(only_so_many_redirects_are_followed, "client-23", "http-9")
{
	struct peer peer = {0};
	WOK_AUTO(wok_http_session) *session = session_with(&peer, NULL);

	/* to itself, for ever */
	ASSERT_ERR(get(session, "http://a.test/302/http://a.test/302/"), WOK_ELIMIT);
	ASSERT_SAYS(WOK_ELIMIT, "10 redirects");
	ASSERT_EQ(peer.requests, 11);
	peer_close(&peer);
}

static const char *count_down(struct peer *peer, const char *head, const char *body)
{
	static char text[100];
	int n = 0;

	(void) peer;
	(void) body;
	if (sscanf(head, "GET /%d", &n) != 1 || n == 0)
		return OK_HELLO;
	snprintf(text, sizeof(text), "HTTP/1.1 302 x\r\nLocation: /%d\r\nContent-Length: 0\r\n\r\n",
		 n - 1);
	return text;
}

TEST_TASK(ten_redirects_are_followed_eleven_are_not_and_their_history_is_kept, "http-9",
	  "client-28")
{
	struct peer peer = {.answer = count_down};
	wok_http_response *response = NULL;
	wok_http_redirect hop;

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session = session_of(&peer, NULL);
	ASSERT_EQ(get(session, "http://a.test/10"), 200);
	ASSERT_ERR(get(session, "http://a.test/11"), WOK_ELIMIT);
	ASSERT_ERR(
		fetch(session, "GET", "http://a.test/4", &(wok_http_options){.max_redirects = 3}),
		WOK_ELIMIT);
	ASSERT_EQ(
		fetch(session, "GET", "http://a.test/4", &(wok_http_options){.no_redirects = true}),
		302);
	ASSERT_OK(wok_http_get(session, "http://a.test/3#part", NULL, &response));
	ASSERT_STR(wok_http_response_url(response), "http://a.test/0");
	for (size_t i = 0; i < 3; i++) {
		char want[40];
		ASSERT(wok_http_redirect_at(response, i, &hop));
		snprintf(want, sizeof(want), "http://a.test/%zu", 3 - i);
		ASSERT_STR(hop.url, want);
		ASSERT_EQ(hop.status, 302);
	}
	ASSERT(!wok_http_redirect_at(response, 3, &hop));
	ASSERT_EQ(wok_http_response_timings(response)->redirects, 3);
	wok_http_response_free(response);
	peer_close(&peer);
}

static int no_more(ssize_t *left)
{
	return *left > 0 ? (int) (*left)-- : 0;
}

static ssize_t produce(void *arg, void *data, size_t size)
{
	(void) size;
	memcpy(data, "x", 1);
	return no_more(arg) > 0;
}

TEST_TASK(a_body_that_is_gone_cannot_be_redirected, "client-25", "http-9")
{
	struct peer peer = {0};
	WOK_AUTO(wok_http_session) *session = session_with(&peer, NULL);
	ssize_t left = 3;
	const wok_http_options options = {.body_read = produce, .body_arg = &left};

	ASSERT_ERR(fetch(session, "POST", "http://a.test/307/there", &options), -ESPIPE);
	ASSERT_SAYS(-ESPIPE, "cannot be sent again");
	left = 3;
	ASSERT_EQ(fetch(session, "POST", "http://a.test/303/there", &options), 200);
	peer_close(&peer);
}

/* Whether the last request had these. */
static void expect_secrets(const struct peer *peer, bool there)
{
	static const char *const names[] = {"Authorization", "Cookie", "Proxy-Authorization",
					    "X-API-Key"};

	for (int i = 0; i < 4; i++)
		if ((field_of(peer->head, names[i]) != NULL) != there)
			FAIL("%s is wrong in %s", names[i], peer->head);
	ASSERT_STR(field_of(peer->head, "X-Plain"), "plain");
}

TEST_TASK(secrets_stay_with_their_origin, "client-26", "client-27")
{
	static const struct {
		const char *url;
		bool there;
	} rows[] = {
		{"http://a.test/302/there", true},
		{"http://a.test/302/http://a.test:80/there", true},
		{"http://a.test/302/http://b.test/there", false},
		{"http://a.test/302/http://sub.a.test/there", false},
		{"http://a.test/302/http://a.test:81/there", false},
		{"http://a.test/302///b.test/there", false},
		/* and when it leads back, somebody else has said what to ask for */
		{"http://a.test/302/http://b.test/302/http://a.test/there", false},
	};
	static const char *const sensitive[] = {"x-api-key", NULL};
	const wok_http_header shared[] = {{"X-API-Key", "k"}, {"X-Plain", "plain"}};
	const wok_http_header own[] = {
		{"Authorization", "Basic eA=="}, {"Cookie", "c=d"}, {"Proxy-Authorization", "p"}};
	struct peer peer = {0};
	WOK_AUTO(wok_http_session) *session = session_with(
		&peer, &(wok_http_session_options){
			       .headers = shared, .n_headers = 2, .sensitive_headers = sensitive});
	const wok_http_options options = {.headers = own, .n_headers = 3};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ASSERT_EQ(fetch(session, "GET", rows[i].url, &options), 200);
		ASSERT(strncmp(peer.head, "GET /there ", 11) == 0);
		expect_secrets(&peer, rows[i].there);
	}
	/* the host of the next one is its own, whatever the caller has set for the first */
	const wok_http_header host = {"Host", "mine.test"};
	ASSERT_EQ(fetch(session, "GET", "http://a.test/302/http://b.test/there",
			&(wok_http_options){.headers = &host, .n_headers = 1}),
		  200);
	ASSERT_STR(field_of(peer.head, "Host"), "b.test");
	peer_close(&peer);
}

TEST_TASK(a_redirect_leads_to_http_and_https_only, "client-28")
{
	struct peer peer = {0};
	WOK_AUTO(wok_http_session) *session = session_with(&peer, NULL);
	static const char *const bad[] = {
		"http://a.test/302/file:///etc/passwd", "http://a.test/302/ftp://b.test/",
		"http://a.test/302/ws://b.test/", "http://a.test/302/http://b.test:99999/"};

	for (int i = 0; i < 4; i++) {
		int r = get(session, bad[i]);
		ASSERT(r == -EPROTONOSUPPORT || r == -EINVAL);
		ASSERT_SAYS(r, "redirects");
	}
	ASSERT_EQ(peer.connections, 1);
	ASSERT_POOL(session, 1, 1, 0);
	peer_close(&peer);
}

TEST_TASK(locations_are_references_and_stay_as_they_are, "client-29", "http-12")
{
	static const struct {
		const char *url, *line, *host;
	} rows[] = {
		{"http://a.test/dir/302/x", NULL, NULL},
		{"http://a.test/302/../up?x=%28%2F%40", "GET /up?x=%28%2F%40 ", "a.test"},
		{"http://a.test/302///b.test/%2f", "GET /%2f ", "b.test"},
		{"http://a.test/302/q", "GET /q?only=query ", "a.test"},
		{"http://a.test/302/caf\xc3\xa9", "GET /caf%C3%A9 ", "a.test"},
		{"http://a.test/302/empty", NULL, NULL},
	};
	struct peer peer = {0};
	WOK_AUTO(wok_http_session) *session = session_with(&peer, NULL);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int status = get(session, rows[i].url);
		if (!rows[i].line) {
			ASSERT_EQ(status, i == 0 ? 200 : 302);
			continue;
		}
		if (status < 0 || strncmp(peer.head, rows[i].line, strlen(rows[i].line)) != 0)
			FAIL("%s: %d, %.60s", rows[i].url, status, peer.head);
		ASSERT_STR(field_of(peer.head, "Host"), rows[i].host);
	}
	peer_close(&peer);
}

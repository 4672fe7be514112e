/* SPDX-License-Identifier: MIT */
/* Which handler a request comes to, and with which parameters. */
#include <wok/memory.h>

#include "server/exchange.h"

/* Says which route it is, and the parameters that there may be. */
static int say_route(wok_http_request *request, void *arg)
{
	static const char *const names[] = {"a", "b", "c", "path"};
	char text[512];
	int used = snprintf(text, sizeof(text), "%s", wok_http_request_route(request));

	(void) arg;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = wok_http_request_param(request, names[i]);
		if (value)
			used += snprintf(text + used, sizeof(text) - (size_t) used, " %s=%s",
					 names[i], value);
	}
	return wok_http_reply_text(request, 200, text);
}

static void add(struct peer *peer, const char *method, const char *path)
{
	peer_route(peer, method, path, say_route);
}

TEST_TASK(a_path_comes_to_the_route_that_says_most_of_it, "server-1")
{
	struct peer peer = {0};

	add(&peer, "GET", "/");
	add(&peer, "GET", "/x/{a}");
	add(&peer, "GET", "/x/{a:\\d+}");
	add(&peer, "GET", "/x/seven");
	add(&peer, "GET", "/x/{a}.json");
	add(&peer, "GET", "/x/{a}/y/{b:[a-f]{2}}");
	add(&peer, "GET", "/x/{path*}");
	add(&peer, "GET", "/v{a}/");
	peer_open(&peer);
	expect_reply(&peer, "GET", "/", 200, "/");
	expect_reply(&peer, "GET", "/x/seven", 200, "/x/seven");
	expect_reply(&peer, "GET", "/x/7", 200, "/x/{a:\\d+} a=7");
	expect_reply(&peer, "GET", "/x/7b", 200, "/x/{a} a=7b");
	expect_reply(&peer, "GET", "/x/7.json", 200, "/x/{a}.json a=7");
	expect_reply(&peer, "GET", "/x/.json", 200, "/x/{a} a=.json");
	expect_reply(&peer, "GET", "/x/7/y/ab", 200, "/x/{a}/y/{b:[a-f]{2}} a=7 b=ab");
	expect_reply(&peer, "GET", "/x/7/y/xy", 200, "/x/{path*} path=7/y/xy");
	expect_reply(&peer, "GET", "/x/", 200, "/x/{path*} path=");
	expect_reply(&peer, "GET", "/x", 404, NULL);
	expect_reply(&peer, "GET", "/v2/", 200, "/v{a}/ a=2");
	expect_reply(&peer, "GET", "/v/", 404, NULL);
	expect_reply(&peer, "GET", "/v2", 404, NULL);
	expect_reply(&peer, "GET", "//", 404, NULL);
	peer_end(&peer);
}

TEST_TASK(an_encoded_slash_does_not_separate_and_parameters_are_decoded, "server-2")
{
	struct peer peer = {0};

	add(&peer, "GET", "/d/{a}");
	add(&peer, "GET", "/d/{a}/{b}");
	add(&peer, "GET", "/f/{path*}");
	add(&peer, "GET", "/n/{a:\\d+}");
	add(&peer, "GET", "/sp ace/a%2Fb");
	peer_open(&peer);
	expect_reply(&peer, "GET", "/d/x%2Fy", 200, "/d/{a} a=x/y");
	expect_reply(&peer, "GET", "/d/x%2fy/%C3%BC+%20", 200, "/d/{a}/{b} a=x/y b=\xc3\xbc+ ");
	expect_reply(&peer, "GET", "/%64/x", 200, "/d/{a} a=x"); /* %64 is d */
	expect_reply(&peer, "GET", "/f/a%20b/c%2Fd%25", 200, "/f/{path*} path=a b/c%2Fd%25");
	expect_reply(&peer, "GET", "/n/%34%32", 200, "/n/{a:\\d+} a=42");
	expect_reply(&peer, "GET", "/sp%20ace/a%2Fb", 200, "/sp ace/a%2Fb");
	expect_reply(&peer, "GET", "/sp%20ace/a/b", 404, NULL);
	/* what would cut a C string short, and what is no encoding */
	expect_reply(&peer, "GET", "/d/x%00y", 404, NULL);
	expect_reply(&peer, "GET", "/d/x%zz", 404, NULL);
	expect_reply(&peer, "GET", "/d/x%4", 404, NULL);
	expect_reply(&peer, "GET", "/f/x%00", 400, NULL);
	expect_reply(&peer, "GET", "/f/x%", 400, NULL);
	peer_end(&peer);
}

TEST_TASK(a_path_for_other_methods_is_405_and_says_which, "server-1", "http-42")
{
	struct peer peer = {0};
	struct answer answer;

	add(&peer, "GET", "/a/{a}");
	add(&peer, "PUT", "/a/{a:\\d+}");
	add(&peer, "DELETE", "/a/{path*}");
	add(&peer, "*", "/any");
	peer_open(&peer);
	exchange(&peer, &answer, "POST /a/1 HTTP/1.1\r\nHost: a\r\n\r\n");
	ASSERT_EQ(answer.status, 405);
	ASSERT_STR(answer_header(&answer, "Allow"), "PUT, GET, HEAD, DELETE, OPTIONS");
	exchange(&peer, &answer, "OPTIONS /a/x HTTP/1.1\r\nHost: a\r\n\r\n");
	ASSERT_EQ(answer.status, 204);
	ASSERT_STR(answer_header(&answer, "Allow"), "GET, HEAD, DELETE, OPTIONS");
	/* the method decides among several that fit */
	expect_reply(&peer, "PUT", "/a/1", 200, "/a/{a:\\d+} a=1");
	expect_reply(&peer, "GET", "/a/1", 200, "/a/{a} a=1");
	expect_reply(&peer, "DELETE", "/a/1", 200, "/a/{path*} path=1");
	expect_reply(&peer, "BREW", "/any", 200, "/any");
	exchange(&peer, &answer, "HEAD /a/1 HTTP/1.1\r\nHost: a\r\n\r\n");
	ASSERT_EQ(answer.status, 200);
	ASSERT_STR(answer_header(&answer, "Content-Length"), "10");
	peer_end(&peer);
}

TEST_TASK(paths_that_make_no_sense_are_refused)
{
	static const char *const bad[] = {
		"",         "x",
		"/{",       "/{}",
		"/{1}",     "/{a}{b}",
		"/{a-b}",   "/x*",
		"/*/x",     "/{a*}/x",
		"/x{a*}",   "/{a:[}",
		"/{a:x/y}", "/%zz",
		"/{a:b",    "/{a}/{a}/{a}/{a}/{a}/{a}/{a}/{a}/{a}/{a}/{a}/{a}/{a}/{a}/{a}/{a}/{a}",
	};
	WOK_AUTO(wok_http_app) *app = NULL;

	ASSERT_OK(wok_http_app_new(&app));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (wok_http_route(app, "GET", bad[i], say_hello, NULL) != -EINVAL)
			FAIL("\"%s\" was taken", bad[i]);
	ASSERT_ERR(wok_http_route(app, "G T", "/", say_hello, NULL), -EINVAL);
	ASSERT_OK(wok_http_route(app, "GET", "/{a}", say_hello, NULL));
	ASSERT_ERR(wok_http_route(app, "GET", "/{b}", say_hello, NULL), -EEXIST);
}

static int new_app(void)
{
	WOK_AUTO(wok_http_app) *app = NULL;
	WOK_AUTO(wok_http_app) *inner = NULL;

	WOK_TRY(wok_http_app_new(&app));
	WOK_TRY(wok_http_app_new(&inner));
	WOK_TRY(wok_http_route_named(inner, "x", "GET", "/{a:\\d+}/x{b}", say_hello, NULL));
	WOK_TRY(wok_http_route(inner, "GET", "/{a}/*", say_hello, NULL));
	WOK_TRY(wok_http_mount(app, "/in", inner));
	return wok_http_route(app, "GET", "/", say_hello, NULL);
}

static int url_of_it(void)
{
	WOK_AUTO(wok_http_app) *app = NULL;
	char *url = NULL;

	WOK_TRY(wok_http_app_new(&app));
	WOK_TRY(wok_http_route_named(app, "x", "GET", "/{a:\\d+}", say_hello, NULL));
	int r = wok_http_app_url(app, "x", &(wok_url_param){"a", "1"}, 1, &url);
	wok_free(url);
	return r;
}

/* Every allocation fails in turn. */
static size_t allocations_left;

static void *failing_realloc(void *pointer, size_t size, void *arg)
{
	(void) arg;
	if (size == 0) {
		free(pointer);
		return NULL;
	}
	return allocations_left-- == 0 ? (allocations_left = 0, NULL) : realloc(pointer, size);
}

static void fail_each(int (*call)(void))
{
	size_t n = 0;
	int r;

	do {
		allocations_left = n++;
		r = call();
		ASSERT(r == 0 || r == -ENOMEM);
		ASSERT(n < 100);
	} while (r < 0);
	ASSERT(n > 3);
}

TEST(an_app_without_memory_is_released_whole)
{
	const wok_allocator failing = {failing_realloc, NULL};

	ASSERT_OK(wok_set_allocator(&failing));
	fail_each(new_app);
	fail_each(url_of_it);
}

static wok_http_app *app_with(const char *name, const char *path)
{
	wok_http_app *app;

	ASSERT_OK(wok_http_app_new(&app));
	ASSERT_OK(wok_http_route_named(app, name, "GET", path, say_route, NULL));
	return app;
}

TEST_TASK(apps_are_mounted_below_prefixes_and_have_their_parameters, "server-3")
{
	struct peer peer = {0};
	wok_http_app *inner = app_with("inner", "/{b}"), *deep = app_with("deep", "/");

	add(&peer, "GET", "/api");
	add(&peer, "GET", "/{path*}");
	ASSERT_OK(wok_http_mount(inner, "/deep", deep));
	ASSERT_OK(wok_http_mount(peer.app, "/api/{a}", inner));
	ASSERT_ERR(wok_http_mount(peer.app, "/other", inner), -EBUSY);
	ASSERT_ERR(wok_http_mount(deep, "/round", peer.app), -EBUSY);
	ASSERT_ERR(wok_http_mount(peer.app, "/api/", peer.app), -EBUSY);
	peer_open(&peer);
	expect_reply(&peer, "GET", "/api", 200, "/api");
	expect_reply(&peer, "GET", "/api/1/2", 200, "/{b} a=1 b=2");
	expect_reply(&peer, "GET", "/api/1/deep/", 200, "/ a=1");
	/* what the inner app does not have may be another's */
	expect_reply(&peer, "GET", "/api/1", 200, "/{path*} path=api/1");
	peer_end(&peer);
}

TEST_TASK(apps_answer_for_hosts, "server-3")
{
	struct peer peer = {0};
	struct answer answer;
	static const struct {
		const char *host, *body;
	} rows[] = {
		{"api.test", "/api"},       {"API.test:8080", "/api"}, {"api.test.", "/api"},
		{"x.wild.test", "/wild"},   {"wild.test", "/main"},    {"xapi.test", "/main"},
		{"y.x.wild.test", "/wild"}, {"[::1]:80", "/main"},
	};

	add(&peer, "GET", "/main");
	ASSERT_OK(wok_http_mount_host(peer.app, "api.test", app_with("a", "/api")));
	ASSERT_OK(wok_http_mount_host(peer.app, "*.wild.test", app_with("w", "/wild")));
	ASSERT_ERR(wok_http_mount_host(peer.app, "a/b", peer.app), -EBUSY);
	peer_open(&peer);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		exchange(&peer, &answer, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", rows[i].body,
			 rows[i].host);
		if (answer.status != 200 || strcmp(answer.body, rows[i].body) != 0)
			FAIL("%s: %d %s", rows[i].host, answer.status, answer.body);
	}
	/* a host's app has all its paths, and only these */
	exchange(&peer, &answer, "GET /main HTTP/1.1\r\nHost: api.test\r\n\r\n");
	ASSERT_EQ(answer.status, 404);
	peer_end(&peer);
}

static void expect_url(const wok_http_app *app, const char *name, const wok_url_param *params,
		       size_t n, const char *expected)
{
	char *url = NULL;

	ASSERT_OK(wok_http_app_url(app, name, params, n, &url));
	ASSERT_STR(url, expected);
	wok_free(url);
}

TEST(urls_are_made_of_names, "server-3")
{
	WOK_AUTO(wok_http_app) *app = app_with("user", "/users/{id:\\d+}.json");
	wok_http_app *inner = app_with("file", "/files/{path*}");
	const wok_url_param user[] = {{"id", "7"}, {"q", "a b&c"}, {"r", "\xc3\xbc"}};
	const wok_url_param file[] = {{"path", "a b/c%d?"}, {"t", "x/y"}};
	char *url = NULL;

	ASSERT_OK(wok_http_mount(app, "/of/{t}", inner));
	expect_url(app, "user", user, 1, "/users/7.json");
	expect_url(app, "user", user, 3, "/users/7.json?q=a%20b%26c&r=%C3%BC");
	expect_url(app, "file", file, 2, "/of/x%2Fy/files/a%20b/c%25d%3F");
	expect_url(inner, "file", file, 2, "/of/x%2Fy/files/a%20b/c%25d%3F");
	ASSERT_ERR(wok_http_app_url(app, "nobody", NULL, 0, &url), -ENOENT);
	ASSERT_ERR(wok_http_app_url(app, "user", NULL, 0, &url), -EINVAL);
	ASSERT_ERR(wok_http_app_url(app, "user", &(wok_url_param){"id", "x"}, 1, &url), -EINVAL);
	ASSERT(!url);
	ASSERT_ERR(wok_http_route_named(app, "user", "GET", "/again", say_hello, NULL), -EEXIST);
}

/* Many routes cost no more than a few: what is looked at is one way through a tree. */
TEST_TASK(a_thousand_routes_are_found_by_their_parts, "server-2")
{
	struct peer peer = {0};

	for (int i = 0; i < 1000; i++) {
		char path[64];
		snprintf(path, sizeof(path), "/r%03d/{a}/end", i);
		add(&peer, "GET", path);
	}
	peer_open(&peer);
	for (int i = 0; i < 1000; i += 37) {
		char path[64], body[96];
		snprintf(path, sizeof(path), "/r%03d/v/end", i);
		snprintf(body, sizeof(body), "/r%03d/{a}/end a=v", i);
		expect_reply(&peer, "GET", path, 200, body);
	}
	peer_end(&peer);
}

TEST_TASK(a_head_goes_where_the_get_goes_though_another_route_takes_all, "server-2")
{
	struct peer peer = {0};
	struct answer answer;

	add(&peer, "GET", "/xyz");
	add(&peer, "*", "/*");
	peer_open(&peer);
	expect_reply(&peer, "GET", "/xyz", 200, "/xyz");
	exchange(&peer, &answer, "HEAD /xyz HTTP/1.1\r\nHost: a\r\n\r\n");
	ASSERT_STR(answer_header(&answer, "Content-Length"), "4");
	peer_end(&peer);
}

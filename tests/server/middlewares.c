/* SPDX-License-Identifier: MIT */
/* What stands around handlers: middlewares, values, pages of errors, hooks. */
#include "server/exchange.h"

static char trail[64]; /* who was called, in what order */

static void leave_trail(const char *text)
{
	strncat(trail, text, sizeof(trail) - strlen(trail) - 1);
}

static int around(wok_http_request *request, void *arg)
{
	const char *name = arg;

	leave_trail(name);
	leave_trail("(");
	int r = wok_http_next(request);
	leave_trail(")");
	return r;
}

static int inside(wok_http_request *request, void *arg)
{
	(void) arg;
	leave_trail("h");
	return wok_http_reply_text(request, 200, "ok");
}

static void expect_trail(struct peer *peer, const char *path, int status, const char *expected)
{
	trail[0] = '\0';
	expect_reply(peer, "GET", path, status, NULL);
	ASSERT_STR(trail, expected);
}

TEST_TASK(middlewares_stand_around_handlers_like_the_skins_of_an_onion, "server-4")
{
	struct peer peer = {0};
	wok_http_app *inner, *beside;

	peer_route(&peer, "GET", "/", inside);
	ASSERT_OK(wok_http_app_new(&inner));
	ASSERT_OK(wok_http_app_new(&beside));
	ASSERT_OK(wok_http_route(inner, "GET", "/x", inside, NULL));
	ASSERT_OK(wok_http_use(peer.app, around, "a"));
	ASSERT_OK(wok_http_use(peer.app, around, "b"));
	ASSERT_OK(wok_http_use(inner, around, "c"));
	ASSERT_OK(wok_http_use(beside, around, "d"));
	ASSERT_OK(wok_http_mount(peer.app, "/in", inner));
	ASSERT_OK(wok_http_mount(peer.app, "/beside", beside));
	peer_open(&peer);
	expect_trail(&peer, "/", 200, "a(b(h))");
	expect_trail(&peer, "/in/x", 200, "a(b(c(h)))");
	expect_trail(&peer, "/nowhere", 404, "a(b())");
	expect_trail(&peer, "/in/nowhere", 404, "a(b(c()))");
	peer_end(&peer);
}

static int refuse_all(wok_http_request *request, void *arg)
{
	(void) arg;
	return wok_http_reply_text(request, 403, "no");
}

static int try_twice(wok_http_request *request, void *arg)
{
	(void) arg;
	int r = wok_http_next(request);
	return r == -EAGAIN ? wok_http_next(request) : r;
}

static int fail_first(wok_http_request *request, void *arg)
{
	int *calls = arg;

	return ++*calls == 1 ? -EAGAIN : wok_http_reply_text(request, 200, "second");
}

static int swallow(wok_http_request *request, void *arg)
{
	(void) arg;
	int r = wok_http_next(request);
	return r < 0 ? wok_http_reply_text(request, 418, wok_errname(r)) : r;
}

static int fail(wok_http_request *request, void *arg)
{
	(void) request;
	(void) arg;
	return -ENOENT;
}

TEST_TASK(a_middleware_may_answer_by_itself_go_on_twice_or_change_the_result, "server-4")
{
	struct peer peer = {0};
	wok_http_app *app;
	int calls = 0;

	peer_route(&peer, "GET", "/", say_hello);
	ASSERT_OK(wok_http_app_new(&app));
	ASSERT_OK(wok_http_use(app, refuse_all, NULL));
	ASSERT_OK(wok_http_route(app, "GET", "/", inside, NULL));
	ASSERT_OK(wok_http_mount(peer.app, "/closed", app));
	ASSERT_OK(wok_http_app_new(&app));
	ASSERT_OK(wok_http_use(app, try_twice, NULL));
	ASSERT_OK(wok_http_route(app, "GET", "/", fail_first, &calls));
	ASSERT_OK(wok_http_mount(peer.app, "/twice", app));
	ASSERT_OK(wok_http_app_new(&app));
	ASSERT_OK(wok_http_use(app, swallow, NULL));
	ASSERT_OK(wok_http_route(app, "GET", "/", fail, NULL));
	ASSERT_OK(wok_http_mount(peer.app, "/fails", app));
	peer_open(&peer);
	expect_reply(&peer, "GET", "/", 200, "hello");
	expect_reply(&peer, "GET", "/closed/", 403, "no");
	expect_reply(&peer, "GET", "/twice/", 200, "second");
	expect_reply(&peer, "GET", "/fails/", 418, "ENOENT");
	peer_end(&peer);
}

static int add_fields(wok_http_request *request, void *arg)
{
	(void) arg;
	ASSERT_ERR(wok_http_reply_header(request, "X", "a\r\nb"), -EINVAL);
	ASSERT_ERR(wok_http_reply_header(request, "Content-Length", "1"), -EINVAL);
	WOK_TRY(wok_http_reply_header(request, "X-One", "1"));
	WOK_TRY(wok_http_reply_header(request, "X-Two", "2"));
	int r = wok_http_next(request);
	ASSERT_ERR(wok_http_reply_header(request, "X-Late", "3"), r < 0 ? -EALREADY : -EALREADY);
	return r;
}

TEST_TASK(fields_set_beforehand_are_in_every_reply, "server-4")
{
	struct peer peer = {0};
	struct answer answer;

	peer_route(&peer, "GET", "/", say_hello);
	ASSERT_OK(wok_http_use(peer.app, add_fields, NULL));
	peer_open(&peer);
	for (int i = 0; i < 2; i++) {
		exchange(&peer, &answer, REQUEST_GET("/%s"), i ? "nowhere" : "");
		ASSERT_EQ(answer.status, i ? 404 : 200);
		ASSERT_STR(answer_header(&answer, "X-One"), "1");
		ASSERT_STR(answer_header(&answer, "X-Two"), "2");
		ASSERT_STR(answer_header(&answer, "X"), NULL);
	}
	peer_end(&peer);
}

static int released;

static void release_value(void *value)
{
	(void) value;
	released++;
}

static const wok_http_key owned = {release_value}, borrowed = {NULL};

static int set_values(wok_http_request *request, void *arg)
{
	ASSERT(!wok_http_request_get(request, &owned));
	WOK_TRY(wok_http_request_set(request, &owned, (char *) "first"));
	WOK_TRY(wok_http_request_set(request, &borrowed, arg));
	return wok_http_next(request);
}

static int tell_values(wok_http_request *request, void *arg)
{
	ASSERT(wok_http_request_get(request, &borrowed) == arg);
	WOK_TRY(wok_http_request_set(request, &owned, (char *) "second"));
	ASSERT_EQ(released, 1);
	return wok_http_reply_text(request, 200, wok_http_request_get(request, &owned));
}

TEST_TASK(a_request_carries_values_to_handlers_further_in, "server-4")
{
	struct peer peer = {0};

	peer_route(&peer, "GET", "/", tell_values);
	ASSERT_OK(wok_http_use(peer.app, set_values, &peer));
	peer_open(&peer);
	expect_reply(&peer, "GET", "/", 200, "second");
	test_settle();
	peer_end(&peer);
	ASSERT_EQ(released, 2);
}

static int page(wok_http_request *request, int status, int error, void *arg)
{
	char text[128];

	if (status == 413)
		return 0; /* leaves it to wok */
	if (arg)
		return wok_http_reply_text(request, status, arg);
	snprintf(text, sizeof(text), "page %d %s %s", status, error ? wok_errname(error) : "-",
		 wok_http_request_path(request));
	return wok_http_reply_text(request, status, text);
}

static int leak(wok_http_request *request, void *arg)
{
	(void) request;
	(void) arg;
	return wok_fail(-EIO, "secret of the house");
}

TEST_TASK(an_app_makes_its_own_pages_of_errors, "server-26")
{
	struct peer peer = {0};
	wok_http_app *inner;

	peer_route(&peer, "GET", "/leak", leak);
	peer_route(&peer, "POST", "/body", echo_body);
	peer.options.max_body = 4;
	wok_http_on_error(peer.app, page, NULL);
	ASSERT_OK(wok_http_app_new(&inner));
	wok_http_on_error(inner, page, "inner page");
	ASSERT_OK(wok_http_mount(peer.app, "/in", inner));
	peer_open(&peer);
	expect_reply(&peer, "GET", "/nowhere", 404, "page 404 - /nowhere");
	expect_reply(&peer, "PUT", "/leak", 405, "page 405 - /leak");
	expect_reply(&peer, "GET", "/leak", 500, "page 500 EIO /leak");
	expect_reply(&peer, "GET", "/in/x", 404, "inner page");
	struct answer answer;
	exchange(&peer, &answer, REQUEST_POST("/body", "5") "hello");
	ASSERT_EQ(answer.status, 413);
	ASSERT_STR(answer.body, wok__h1_reason(413));
	peer_close(&peer, 0);

	peer_open(&peer);
	exchange(&peer, &answer, "GET / HTTP/1.1\r\nHost : a\r\n\r\n");
	ASSERT_EQ(answer.status, 400);
	ASSERT_STR(answer.body, "page 400 - ");
	peer_end(&peer);
}

TEST_TASK(a_failed_handler_tells_its_client_nothing, "server-26")
{
	struct peer peer = {0};

	peer_route(&peer, "GET", "/leak", leak);
	peer_open(&peer);
	expect_reply(&peer, "GET", "/leak", 500, "Internal Server Error");
	ASSERT(!strstr(peer.in.data, "secret"));
	peer_end(&peer);
}

/* SPDX-License-Identifier: MIT */
/*
 * A client and a server without memory, or on a system that fails: nothing leaks, nothing sticks.
 */
#include <wok/http_server.h>

#include "harness/reports.h"
#include "http/client_check.h"

struct pair {
	wok_http_app *app;
	wok_listener *listener;
	wok_task *serving;
	char url[64];
	const char *fault;
	int error;
};

static int echo(wok_http_request *request, void *arg)
{
	wok_view body;

	(void) arg;
	WOK_TRY(wok_http_request_body(request, &body));
	WOK_TRY(wok_http_reply_begin(request, &(wok_http_reply_options){.status = 201}));
	return wok_http_reply_write(request, body.data, body.size);
}

static int serve(void *arg)
{
	struct pair *pair = arg;

	return wok_http_serve_on(pair->app, pair->listener, NULL);
}

static void open_pair(struct pair *pair)
{
	ASSERT_OK(wok_http_app_new(&pair->app));
	ASSERT_OK(wok_http_route(pair->app, "POST", "/*", echo, NULL));
	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &pair->listener));
	snprintf(pair->url, sizeof(pair->url), "http://127.0.0.1:%u/path?query",
		 wok_listener_port(pair->listener));
	pair->serving = wok_create_task(serve, pair);
}

static void close_pair(struct pair *pair)
{
	wok_task_free(pair->serving);
	wok_listener_free(pair->listener);
	wok_http_app_free(pair->app);
}

static int post(wok_http_session *session, const char *url)
{
	static char body[100000];
	const wok_http_header header = {"X-Header", "value"};
	const wok_http_options options = {.headers = &header,
					  .n_headers = 1,
					  .body = body,
					  .body_size = sizeof(body),
					  .timeout = 100 * WOK_MS};

	return request_all(session, "POST", url, &options, NULL);
}

/* With a session of its own, so that its parts are made under the fault, too. */
static int post_in_new_session(const char *url)
{
	const wok_http_header header = {"X-Session", "value"};
	const wok_http_session_options options = {.headers = &header, .n_headers = 1};
	WOK_AUTO(wok_http_session) *session = NULL;

	WOK_TRY(wok_http_session_new(&options, &session));
	int r = post(session, url);
	wok_http_stats stats;
	wok_http_session_stats(session, &stats);
	ASSERT_EQ(stats.open, stats.idle);
	ASSERT_EQ(stats.waiting, 0);
	return r;
}

static int fail_each_allocation(void *arg)
{
	struct pair *pair = arg;
	int failed = 0;

	open_pair(pair);
	ASSERT_EQ(post_in_new_session(pair->url), 201);
	for (uint64_t n = 1; n <= 80; n++) {
		wok_test_fail_allocation(n, false);
		int r = post_in_new_session(pair->url);
		wok_test_fail_allocation(0, false);
		/* An answer; or the client's own failure; or the server could not, and hung up. */
		if (r != 201 && r != 500 && r != -ENOMEM && r != WOK_EEOF && r != -ECONNRESET &&
		    r != -EPIPE)
			FAIL("without allocation %d: %s", (int) n, r < 0 ? wok_errmsg(r) : "?");
		failed += r != 201;
		ASSERT_EQ(post_in_new_session(pair->url), 201);
	}
	ASSERT(failed > 15);
	close_pair(pair);
	return 0;
}

TEST(a_request_survives_the_failure_of_any_one_allocation_on_both_sides)
{
	struct test_reports reports = {0};
	struct pair pair = {0};

	ASSERT_OK(wok_set_report_hook(test_take_report, &reports));
	ASSERT_OK(run_real(fail_each_allocation, &pair));
}

static int fail_each_system_call(void *arg)
{
	struct pair *pair = arg;
	int failed = 0;

	open_pair(pair);
	for (uint64_t n = 1; n <= 8; n++) {
		wok_test_fail_system_call(pair->fault, n, pair->error);
		int r = post_in_new_session(pair->url);
		wok_test_fail_system_call(NULL, 0, 0);
		failed += r != 201;
		if (r >= 0 && r != 201 && r != 500)
			FAIL("%s number %d: status %d", pair->fault, (int) n, r);
		r = post_in_new_session(pair->url);
		if (r != 201)
			FAIL("after %s number %d: %s", pair->fault, (int) n, wok_errmsg(r));
	}
	wok_loop_info info;
	ASSERT_OK(wok_loop_get_info(&info));
	bool unused = strcmp(pair->fault, "epoll_ctl") == 0 && strcmp(info.backend, "epoll") != 0;
	pair->error = unused ? 1 : failed;
	close_pair(pair);
	return 0;
}

TEST(a_request_survives_the_failure_of_any_one_system_call_on_both_sides)
{
	static const struct {
		const char *name;
		int error;
		bool must_show;
	} rows[] = {
		{"socket", EMFILE, true},      {"connect", ENETUNREACH, true},
		{"recv", ECONNRESET, true},    {"recv", EIO, true},
		{"sendmsg", ECONNRESET, true}, {"sendmsg", EPIPE, true},
		{"epoll_ctl", ENOMEM, true},   {"accept4", ECONNABORTED, false},
		{"shutdown", ENOTCONN, false}, {"setsockopt", EINVAL, false},
		{"getsockopt", EIO, false},    {"io_uring_enter", EAGAIN, false},
	};
	struct test_reports reports = {0};

	ASSERT_OK(wok_set_report_hook(test_take_report, &reports));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pair pair = {.fault = rows[i].name, .error = rows[i].error};
		ASSERT_OK(run_real(fail_each_system_call, &pair));
		if (rows[i].must_show && pair.error == 0)
			FAIL("%s never failed: has it another name?", rows[i].name);
	}
}

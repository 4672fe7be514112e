/* SPDX-License-Identifier: MIT */
/* Each allocation fails in turn, at either end; and a request is cancelled at each of its waits. */
#include "h2/asked.h"

static int upload_and_read(wok_http_session *session)
{
	WOK_AUTO(wok_http_response) *response = NULL;
	static const char body[100000];
	wok_view got;

	WOK_TRY(wok_http_post(session, "http://a.test/",
			      &(wok_http_options){.body = body, .body_size = sizeof(body)},
			      &response));
	if (wok_http_status(response) != 200)
		return -ENOMEM; /* the handler had none */
	WOK_TRY(wok_http_body(response, &got));
	ASSERT_EQ(got.size, sizeof(body));
	return 0;
}

static int ask_app(void *unused)
{
	WOK_AUTO(wok_http_app) *app = NULL;
	WOK_AUTO(wok_http_session) *session = NULL;

	(void) unused;
	WOK_TRY(wok_http_app_new(&app));
	WOK_TRY(wok_http_route(app, "POST", "/", read_then_echo, NULL));
	const wok_http_session_options options = {.app = app, .http2.prior_knowledge = true};
	WOK_TRY(wok_http_session_new(&options, &session));
	for (int i = 0; i < 2; i++) {
		int r = upload_and_read(session);
		/* What one end lacked, the other sees as a connection that broke. */
		if (r < 0)
			return -ENOMEM;
	}
	return 0;
}

static void ignore(const wok_report *report, void *arg)
{
	(void) report;
	(void) arg;
}

TEST(no_allocation_is_needed_for_good_order)
{
	ASSERT_OK(wok_set_report_hook(ignore, NULL));
	ASSERT_OK(wok_test_run_allocations(ask_app, NULL, NULL));
}

struct get {
	struct asked *asked;
	int result;
};

static int get(void *arg)
{
	struct get *get = arg;
	WOK_AUTO(wok_http_response) *response = NULL;
	wok_view body;

	get->result = wok_http_get(get->asked->session, "http://a.test/", NULL, &response);
	if (get->result == 0)
		get->result = wok_http_body(response, &body);
	return 0;
}

static int trickle(wok_http_request *request, void *arg)
{
	(void) arg;
	WOK_TRY(wok_sleep(2 * WOK_MS));
	WOK_TRY(wok_http_reply_begin(request, NULL));
	for (int i = 0; i < 5; i++) {
		WOK_TRY(wok_sleep(WOK_MS));
		WOK_TRY(wok_http_reply_write(request, "data", 4));
	}
	return 0;
}

/* Connecting takes 1 ms, and each piece another: so each wait of it is met. */
TEST_TASK(a_request_that_is_cancelled_at_any_wait_leaves_nothing, "client-22")
{
	for (int moment = 0; moment < 12; moment++) {
		struct asked asked = {0};
		struct get one = {.asked = &asked};
		wok_http_stats stats;

		asked_route(&asked, "GET", "/", trickle);
		asked_open(&asked);
		WOK_AUTO(wok_task) *task = wok_create_task(get, &one);
		ASSERT_OK(wok_sleep(moment * WOK_MS + WOK_MS / 2));
		wok_cancel(task);
		(void) !wok_await(task);
		ASSERT_EQ(one.result, moment < 8 ? -ECANCELED : 0);
		/* The next one finds a pool in order. */
		ASSERT_OK(get(&one));
		ASSERT_OK(one.result);
		wok_http_session_stats(asked.session, &stats);
		ASSERT_EQ(stats.open, 1);
		ASSERT_EQ(stats.idle, 1);
		asked_close(&asked);
	}
}

TEST_TASK(a_request_with_too_little_time_says_so_and_harms_no_sibling)
{
	struct asked asked = {0};
	struct get other = {.asked = &asked};
	WOK_AUTO(wok_http_response) *response = NULL;

	asked_route(&asked, "GET", "/", trickle);
	asked_open(&asked);
	WOK_AUTO(wok_task) *task = wok_create_task(get, &other);
	ASSERT_OK(wok_sleep(WOK_MS));
	test_settle();
	ASSERT_ERR(wok_http_get(asked.session, "http://a.test/",
				&(wok_http_options){.timeout = WOK_MS}, &response),
		   -ETIMEDOUT);
	ASSERT_OK(wok_await(task));
	ASSERT_OK(other.result);
	ASSERT_EQ(asked.connects, 1);
	asked_close(&asked);
}

TEST_TASK(the_run_may_end_while_all_is_under_way)
{
	struct asked *asked = calloc(1, sizeof(*asked));
	static struct get one;

	/* Nothing is released here: the run's end cancels all, and the leak checker looks on. */
	asked_route(asked, "GET", "/", trickle);
	asked_open(asked);
	one.asked = asked;
	wok_task *task = wok_create_task(get, &one);
	ASSERT_OK(wok_sleep(3 * WOK_MS));
	wok_task_free(task);
	ASSERT_ERR(one.result, -ECANCELED);
	asked_close(asked);
	free(asked);
}

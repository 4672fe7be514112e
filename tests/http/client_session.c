/* SPDX-License-Identifier: MIT */
/* The life of sessions, and requests that reach nobody. */
#include "harness/reports.h"
#include "http/client_check.h"

TEST(a_session_needs_a_loop)
{
	wok_http_session *session = NULL;
	wok_http_response *response = NULL;

	ASSERT_ERR(wok_http_session_new(NULL, &session), -EINVAL);
	ASSERT(!session);
	ASSERT_ERR(wok_http_get(NULL, "http://127.0.0.1/", NULL, &response), -EINVAL);
	wok_http_session_free(NULL);
	wok_http_response_free(NULL);
}

static uint16_t closed_port(void)
{
	wok_listener *listener = NULL;

	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &listener));
	uint16_t port = wok_listener_port(listener);
	wok_listener_free(listener);
	return port;
}

TEST_REAL(a_refused_connection_says_whose)
{
	char url[64], address[32];

	snprintf(address, sizeof(address), "127.0.0.1:%u", closed_port());
	snprintf(url, sizeof(url), "http://%s/path", address);
	WOK_AUTO(wok_http_session) *session = new_session(NULL);
	ASSERT_ERR(get_all(session, url), -ECONNREFUSED);
	ASSERT_MESSAGE(-ECONNREFUSED, url);
	ASSERT_MESSAGE(-ECONNREFUSED, address);
	ASSERT_MESSAGE(-ECONNREFUSED, "refused");
	ASSERT_STATS(session, 0, 0, 0);
	return 0;
}

/* A resolver of the test's own: no query leaves the machine. */
static int know_nobody(const char *host, uint16_t port, wok_addresses *ret_addresses)
{
	(void) port;
	(void) ret_addresses;
	WOK_TRY(wok_yield());
	return wok_fail(WOK_ENAME, "%s: no such host", host);
}

static int ask_for_nobody(void *unused)
{
	wok_http_response *response = NULL;

	(void) unused;
	ASSERT_ERR(wok_http_get(NULL, "http://nobody.test/path", NULL, &response), WOK_ENAME);
	ASSERT_MESSAGE(WOK_ENAME, "http://nobody.test/path");
	ASSERT_MESSAGE(WOK_ENAME, "no such host");
	return 0;
}

TEST(an_unknown_host_is_named_with_its_url)
{
	static const wok_resolver resolver = {"nobody", know_nobody};

	ASSERT_OK(wok_set_resolver(&resolver));
	ASSERT_OK(run_real(ask_for_nobody, NULL));
}

static int get_task(void *arg)
{
	void **args = arg;

	return get_all(args[0], args[1]);
}

TEST_REAL(a_session_that_is_freed_refuses_who_waits_in_it)
{
	wok_event hold = WOK_EVENT_INIT;
	struct fake fake = {.response = OK_RESPONSE, .hold = &hold};
	wok_task *tasks[4];

	fake_open(&fake);
	wok_http_session *session = new_session(&(wok_http_session_options){.limit = 2});
	void *args[] = {session, fake.url};
	for (int i = 0; i < 4; i++)
		tasks[i] = wok_create_task(get_task, args);
	WAIT_UNTIL(fake.held == 2);
	ASSERT_STATS(session, 2, 0, 2);
	wok_http_session_free(session);
	ASSERT_ERR(wok_await(tasks[2]), -ESHUTDOWN);
	ASSERT(strstr(wok_task_errmsg(tasks[2]), fake.url));
	ASSERT_ERR(wok_await(tasks[3]), -ESHUTDOWN);
	ASSERT(!wok_task_done(tasks[0])); /* those that have a connection go on */
	wok_event_set(&hold);
	ASSERT_EQ(wok_await(tasks[0]), 200);
	ASSERT_EQ(wok_await(tasks[1]), 200);
	WAIT_UNTIL(fake.open == 0); /* and their connections are not kept */
	for (int i = 0; i < 4; i++)
		wok_task_free(tasks[i]);
	fake_close(&fake);
	return 0;
}

static int send_in_halves(wok_stream *stream, void *arg)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello";
	struct fake *fake = arg;

	if (fake_take_request(fake, stream) != 1)
		return 0;
	WOK_TRY(wok_stream_write_all(stream, text, sizeof(text) - 1));
	WOK_TRY(wok_event_wait(fake->hold));
	return wok_stream_write_all(stream, "world", 5);
}

TEST_REAL(a_response_outlives_its_session)
{
	wok_event hold = WOK_EVENT_INIT;
	struct fake fake = {.serve = send_in_halves, .hold = &hold};
	wok_http_response *response = NULL;
	wok_view body;

	fake_open(&fake);
	wok_http_session *session = new_session(NULL);
	ASSERT_OK(wok_http_get(session, fake.url, NULL, &response));
	wok_http_session_free(session);
	wok_event_set(&hold);
	ASSERT_OK(wok_http_body(response, &body));
	ASSERT_STR(body.data, "helloworld");
	WAIT_UNTIL(fake.open == 0);
	wok_http_response_free(response);
	fake_close(&fake);
	return 0;
}

static int use_default(void *arg)
{
	struct fake *fake = arg;
	int before = test_count_fds();

	fake->response = OK_RESPONSE;
	fake_open(fake);
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(get_all(NULL, fake->url), 200);
	ASSERT_EQ(fake->connections, 1); /* it is one session */
	ASSERT(test_count_fds() > before);
	fake_close(fake);
	return 0;
}

/* The harness finds the descriptors if nobody closes them, and ASan the memory. */
TEST(the_default_session_is_closed_at_the_end_of_its_loop)
{
	for (int i = 0; i < 2; i++) {
		struct fake fake = {0};
		ASSERT_OK(run_real(use_default, &fake));
		ASSERT_EQ(fake.connections, 1);
	}
}

static wok_http_response *kept;

static int keep_response(void *arg)
{
	struct fake *fake = arg;

	fake_open(fake);
	ASSERT_OK(wok_http_get(NULL, fake->url, NULL, &kept));
	ASSERT_OK(wok_http_body(kept, &(wok_view){0}));
	fake_close(fake);
	return 0;
}

/* A response of the default session that nobody freed before the end: its text is still there. */
TEST(a_response_may_be_freed_after_its_loop)
{
	struct fake fake = {.response = OK_RESPONSE};
	wok_view body;

	ASSERT_OK(run_real(keep_response, &fake));
	ASSERT_EQ(wok_http_status(kept), 200);
	(void) body;
	wok_http_response_free(kept);
}

TEST_REAL(each_call_that_waits_is_a_checkpoint)
{
	struct fake fake = {.response = OK_RESPONSE};
	wok_http_response *response = NULL;
	uint64_t before;
	char byte;

	fake_open(&fake);
	WOK_AUTO(wok_http_session) *session = new_session(NULL);
	ASSERT_EQ(get_all(session, fake.url), 200);
	before = wok_test_checkpoints();
	ASSERT_OK(wok_http_get(session, fake.url, NULL, &response));
	ASSERT(wok_test_checkpoints() > before);
	for (int i = 0; i < 8; i++) { /* also at the end, and behind it */
		before = wok_test_checkpoints();
		ASSERT_OK(wok_http_read(response, &byte, 1));
		ASSERT(wok_test_checkpoints() > before);
	}
	wok_http_response_free(response);

	before = wok_test_checkpoints();
	ASSERT_OK(wok_http_get(session, fake.url, NULL, &response));
	for (int i = 0; i < 2; i++) {
		before = wok_test_checkpoints();
		ASSERT_OK(wok_http_body(response, &(wok_view){0}));
		ASSERT(wok_test_checkpoints() > before);
	}
	before = wok_test_checkpoints();
	wok_http_response_free(response);
	ASSERT_EQ(wok_test_checkpoints(), before);
	fake_close(&fake);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* Ways to a server: Unix sockets, overrides, local addresses, an app in the process, look-ups. */
#include <netinet/in.h>
#include <unistd.h>

#include "client/check.h"
#include <wok/memory.h>

#include "http/client/lookup.h"
#include "http/real.h"

static int hello(wok_http_request *request, void *arg)
{
	(void) arg;
	return wok_http_reply_text(request, 200, wok_http_request_header(request, "Host"));
}

static wok_http_app *hello_app(void)
{
	wok_http_app *app = NULL;

	ASSERT_OK(wok_http_app_new(&app));
	ASSERT_OK(wok_http_route(app, "GET", "/hello", hello, NULL));
	return app;
}

/* The body of a 200. */
static void expect(wok_http_session *session, const char *url, const wok_http_options *options,
		   const char *body)
{
	WOK_AUTO(wok_http_response) *response = NULL;
	wok_view all;

	ASSERT_OK(wok_http_get(session, url, options, &response));
	ASSERT_OK(wok_http_body(response, &all));
	ASSERT_EQ(wok_http_status(response), 200);
	ASSERT_STR(all.data, body);
}

TEST_TASK(an_app_in_the_process_serves_every_host_without_a_socket, "client-87", "server-28")
{
	WOK_AUTO(wok_http_app) *app = hello_app();
	int before = test_count_fds();
	wok_http_session *session = NULL;

	ASSERT_OK(wok_http_session_new(&(wok_http_session_options){.app = app}, &session));
	expect(session, "http://a.test/hello", NULL, "a.test");
	expect(session, "http://b.test:81/hello", NULL, "b.test:81");
	expect(session, "http://a.test/hello", NULL, "a.test");
	ASSERT_EQ(get(session, "http://a.test/other"), 404);
	ASSERT_POOL(session, 2, 2, 0);
	ASSERT_EQ(test_count_fds(), before);
	wok_http_session_free(session);
}

struct server {
	wok_http_app *app;
	const char *address;
};

static int serve(void *arg)
{
	struct server *server = arg;

	return wok_http_serve(server->app, server->address, NULL);
}

TEST_REAL(a_unix_socket_can_be_the_way, "client-54", "server-23")
{
	WOK_AUTO(wok_http_app) *app = hello_app();
	char address[80];

	snprintf(address, sizeof(address), "unix:@wok-client-test-%d", (int) getpid());
	struct server server = {app, address};
	wok_task *task = wok_create_task(serve, &server);
	ASSERT_OK(wok_sleep(WOK_MS));
	WOK_AUTO(wok_http_session) *session = NULL;
	ASSERT_OK(wok_http_session_new(
		&(wok_http_session_options){.unix_path = strchr(address, '@')}, &session));
	expect(session, "http://localhost/hello", NULL, "localhost");
	ASSERT_POOL(session, 1, 1, 0);
	/* or of one request; that is another connection than by TCP */
	WOK_AUTO(wok_http_session) *other = NULL;
	ASSERT_OK(wok_http_session_new(NULL, &other));
	expect(other, "http://localhost/hello",
	       &(wok_http_options){.unix_path = strchr(address, '@')}, "localhost");
	ASSERT_ERR(get(other, "http://localhost:1/hello"), -ECONNREFUSED);
	wok_task_free(task);
	return 0;
}

struct listener {
	wok_listener *listener;
	wok_address from;
	char url[64];
	wok_task *task;
};

static int note_peer(wok_stream *stream, void *arg)
{
	struct listener *self = arg;
	wok_view head;

	ASSERT_OK(wok_stream_peer_address(stream, &self->from));
	while (wok_stream_read_until(stream, "\r\n\r\n", 4, 0, &head) > 0) {
		ASSERT(memmem(head.data, head.size, "Host: example.test\r\n", 20) ||
		       !memmem(head.data, head.size, "example", 7));
		WOK_TRY(peer_say(stream, OK_HELLO));
	}
	return 0;
}

static int accept_all(void *arg)
{
	struct listener *self = arg;

	return wok_serve_on(self->listener, note_peer, self, NULL);
}

static void listener_open(struct listener *self)
{
	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &self->listener));
	snprintf(self->url, sizeof(self->url), "127.0.0.1:%u", wok_listener_port(self->listener));
	self->task = wok_create_task(accept_all, self);
}

static void listener_close(struct listener *self)
{
	wok_task_free(self->task);
	wok_listener_free(self->listener);
}

TEST_REAL(an_origin_can_be_looked_for_elsewhere, "client-13")
{
	struct listener self = {0};
	WOK_AUTO(wok_http_session) *session = NULL;

	listener_open(&self);
	const wok_http_resolve resolve[] = {{"other.test:80", "127.0.0.1:1"},
					    {"Example.test:80", self.url}};
	ASSERT_OK(wok_http_session_new(
		&(wok_http_session_options){.resolve = resolve, .n_resolve = 2}, &session));
	expect(session, "http://example.test/", NULL, "hello");
	ASSERT_ERR(get(session, "http://other.test/"), -ECONNREFUSED);
	ASSERT_ERR(get(session, "http://example.test.invalid/"), WOK_ENAME);
	listener_close(&self);
	return 0;
}

TEST_REAL(a_connection_can_come_from_an_address_and_by_an_interface, "client-15")
{
	struct listener self = {0};
	wok_address local;
	char url[80], text[WOK_ADDRESS_TEXT];

	listener_open(&self);
	snprintf(url, sizeof(url), "http://%s/", self.url);
	ASSERT_OK(wok_address_parse("127.0.0.2:0", &local));
	const wok_connect_options from = {.local = &local};
	WOK_AUTO(wok_http_session) *session = NULL;
	ASSERT_OK(wok_http_session_new(&(wok_http_session_options){.connect = &from}, &session));
	expect(session, url, NULL, "hello");
	ASSERT(strncmp(wok_address_text(&self.from, text), "127.0.0.2:", 10) == 0);

	const wok_connect_options no = {.interface = "no-such-one"}, lo = {.interface = "lo"};
	WOK_AUTO(wok_http_session) *lost = NULL;
	ASSERT_OK(wok_http_session_new(&(wok_http_session_options){.connect = &no}, &lost));
	ASSERT_ERR(get(lost, url), -ENODEV);
	ASSERT_SAYS(-ENODEV, "No such device");
	WOK_AUTO(wok_http_session) *by_lo = NULL;
	ASSERT_OK(wok_http_session_new(&(wok_http_session_options){.connect = &lo}, &by_lo));
	int r = get(by_lo, url);
	ASSERT(r == 200 || r == -EPERM);
	listener_close(&self);
	return 0;
}

/* --- look-ups --------------------------------------------------------------------------------- */

static int questions, answers;

static int slow_lookup(const char *host, uint16_t port, wok_addresses *ret_addresses)
{
	const struct sockaddr_in v4 = {.sin_family = AF_INET,
				       .sin_port = htons(port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	questions++;
	WOK_TRY(wok_sleep(WOK_SECOND));
	if (strcmp(host, "unknown.test") == 0)
		return wok_fail(WOK_ENAME, "%s is unknown", host);
	ret_addresses->list = wok_alloc(sizeof(wok_address));
	ret_addresses->list[0] = (wok_address){.size = sizeof(v4)};
	memcpy(&ret_addresses->list[0].storage, &v4, sizeof(v4));
	ret_addresses->n = 1;
	return 0;
}

static struct wok__lookups lookups;

static int ask(void *host)
{
	wok_addresses addresses = {0};

	WOK_TRY(wok__lookups_find(&lookups, host, 80, &addresses));
	answers++;
	ASSERT_EQ(addresses.n, 1);
	wok_addresses_clear(&addresses);
	return 0;
}

static int ask_many(void *host)
{
	enum { MANY = 100 };
	wok_task *tasks[MANY];

	questions = answers = 0;
	for (int i = 0; i < MANY; i++)
		tasks[i] = wok_create_task(ask, host);
	test_settle();
	ASSERT_EQ(questions, 1);
	wok_cancel(tasks[0]); /* who asks for all, and one who waits */
	wok_cancel(tasks[7]);
	for (int i = 0; i < MANY; i++) {
		int r = wok_await(tasks[i]);
		ASSERT_EQ(r, i == 0 || i == 7 ? WOK_ETASKCANCELED : 0);
		wok_task_free(tasks[i]);
	}
	ASSERT_EQ(questions, 2);
	ASSERT_EQ(answers, MANY - 2);
	ASSERT_OK(ask(host));
	wok_test_advance(9 * WOK_SECOND);
	ASSERT_OK(ask(host));
	ASSERT_EQ(questions, 2);
	wok_test_advance(WOK_SECOND);
	ASSERT_OK(ask(host));
	ASSERT_EQ(questions, 3);
	/* what is not known may be the next moment */
	char unknown[] = "unknown.test";
	ASSERT_ERR(ask(unknown), WOK_ENAME);
	ASSERT_ERR(ask(unknown), WOK_ENAME);
	ASSERT_EQ(questions, 5);
	for (int i = 0; i < 300; i++) {
		char name[20];
		snprintf(name, sizeof(name), "host-%d", i);
		ASSERT_OK(ask(name));
		ASSERT(lookups.n <= 256);
	}
	wok__lookups_clear(&lookups);
	return 0;
}

TEST(a_hundred_look_ups_of_one_name_are_one_question, "client-11", "http-17")
{
	static const wok_resolver resolver = {"slow", slow_lookup};
	char host[] = "example.test";

	ASSERT_OK(wok_set_resolver(&resolver));
	ASSERT_OK(wok_test_run(ask_many, host, NULL));
}

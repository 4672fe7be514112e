/* SPDX-License-Identifier: MIT */
/* The beginning and the end of a server: hooks, several listeners, who may connect, TLS. */
#include <unistd.h>
#include <wok/event.h>
#include <wok/http_server.h>
#include <wok/scope.h>
#include <wok/timeout.h>
#ifdef WOK_TEST_TLS
#include "tls/certs.h"
#endif

#include "harness/reports.h"
#include "http/answers.h"
#include "http/real.h"

#define HELLO "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
#define SLOW "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"

struct site {
	wok_http_app *app, *inner;
	wok_listener *listeners[2];
	size_t n;
	wok_http_serve_options options;
	wok_task *serving;
	wok_event go;
	char trail[128];
};

static void note(struct site *site, const char *text)
{
	strncat(site->trail, text, sizeof(site->trail) - strlen(site->trail) - 1);
}

static int hello(wok_http_request *request, void *arg)
{
	(void) arg;
	return wok_http_reply_text(request, 200, "hello");
}

static int slow(wok_http_request *request, void *arg)
{
	struct site *site = arg;
	int r = wok_event_wait(&site->go);

	note(site, r < 0 ? "cancelled " : "answered ");
	return r < 0 ? r : wok_http_reply_text(request, 200, "slow");
}

static int serve(void *arg)
{
	struct site *site = arg;

	return wok_http_serve_all(site->app, site->listeners, site->n, &site->options);
}

static void open_site(struct site *site, size_t n)
{
	if (!site->app)
		ASSERT_OK(wok_http_app_new(&site->app));
	ASSERT_OK(wok_http_route(site->app, "GET", "/hello", hello, site));
	ASSERT_OK(wok_http_route(site->app, "GET", "/slow", slow, site));
	for (site->n = 0; site->n < n; site->n++)
		ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &site->listeners[site->n]));
	site->serving = wok_create_task(serve, site);
}

static wok_stream *connect_to(struct site *site, size_t which)
{
	wok_stream *stream = NULL;

	ASSERT_OK(wok_tcp_connect("127.0.0.1", wok_listener_port(site->listeners[which]), &stream));
	return stream;
}

static void close_site(struct site *site, int expected)
{
	wok_cancel(site->serving);
	int r = wok_await(site->serving);
	if (r != expected && !(expected == -ECANCELED && r == WOK_ETASKCANCELED))
		FAIL("serving ended with %s", wok_errname(r));
	wok_task_free(WOK_TAKE(site->serving));
	for (size_t i = 0; i < site->n; i++)
		wok_listener_free(site->listeners[i]);
	wok_http_app_free(site->app);
}

/* Send and read until there is one answer, or the end. */
static bool ask(wok_stream *stream, const char *request, struct answer *answer)
{
	struct received in = {0};
	char buf[2048];
	ssize_t n = 0;

	if (wok_stream_write_all(stream, request, strlen(request)) < 0)
		return false;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	WOK_TIMEOUT (&timeout, 5 * WOK_SECOND) {
		while ((n = wok_stream_read(stream, buf, sizeof(buf))) > 0) {
			received_add(&in, buf, (size_t) n);
			if (strstr(in.data, "hello") || strstr(in.data, "slow") ||
			    strstr(in.data, "\r\n\r\nB"))
				break;
		}
	}
	bool there = in.size > 0 && next_answer(&in, 0, answer);
	free(in.data);
	return there;
}

static int startup(void *arg)
{
	note(arg, "startup ");
	return 0;
}

static void on_shutdown(void *arg)
{
	struct site *site = arg;

	note(site, "shutdown ");
	WOK_IGNORE(wok_sleep(WOK_MS)); /* it may wait */
	wok_event_set(&site->go);
}

static void cleanup(void *arg)
{
	WOK_IGNORE(wok_sleep(WOK_MS));
	note(arg, "cleanup ");
}

static int startup_inner(void *arg)
{
	note(arg, "inner-startup ");
	return 0;
}

static void cleanup_inner(void *arg)
{
	note(arg, "inner-cleanup ");
}

static int fail_startup(void *arg)
{
	note(arg, "fails ");
	return wok_fail(-EIO, "no database");
}

static int ask_slow(void *arg)
{
	struct answer answer;

	ASSERT(ask(arg, SLOW, &answer));
	ASSERT_EQ(answer.status, 200);
	ASSERT(!answer.keep_alive);
	return 0;
}

TEST_REAL(a_server_ends_in_the_order_that_is_documented, "server-15", "http-51")
{
	struct site site = {0};
	const wok_http_hooks hooks = {startup, on_shutdown, cleanup};
	const wok_http_hooks inner = {startup_inner, NULL, cleanup_inner};

	ASSERT_OK(wok_http_app_new(&site.app));
	ASSERT_OK(wok_http_app_new(&site.inner));
	ASSERT_OK(wok_http_add_hooks(site.inner, &inner, &site));
	ASSERT_OK(wok_http_mount(site.app, "/inner", site.inner));
	ASSERT_OK(wok_http_add_hooks(site.app, &hooks, &site));
	open_site(&site, 2);
	wok_stream *idle = connect_to(&site, 0), *busy = connect_to(&site, 1);
	struct answer answer;
	ASSERT(ask(idle, HELLO, &answer));
	wok_task *asking = wok_create_task(ask_slow, busy);
	ASSERT_OK(wok_sleep(20 * WOK_MS));
	uint16_t port = wok_listener_port(site.listeners[0]);
	ASSERT_STR(site.trail, "startup inner-startup ");
	close_site(&site, -ECANCELED);
	ASSERT_STR(site.trail, "startup inner-startup shutdown answered inner-cleanup cleanup ");
	ASSERT_OK(wok_await(asking));
	char byte;
	ASSERT_EQ(wok_stream_read(idle, &byte, 1), 0);
	wok_stream *refused = NULL;
	ASSERT_ERR(wok_tcp_connect("127.0.0.1", port, &refused), -ECONNREFUSED);
	wok_task_free(asking);
	wok_stream_free(idle);
	wok_stream_free(busy);
	return 0;
}

TEST_REAL(what_does_not_end_in_time_is_cancelled, "http-51")
{
	for (int i = 0; i < 2; i++) {
		struct site site = {.options = {.drain = 20 * WOK_MS, .no_drain = i}};
		open_site(&site, 1);
		wok_stream *busy = connect_to(&site, 0);
		ASSERT_OK(wok_stream_write_all(busy, SLOW, strlen(SLOW)));
		ASSERT_OK(wok_sleep(10 * WOK_MS));
		close_site(&site, -ECANCELED);
		ASSERT_STR(site.trail, "cancelled ");
		wok_stream_free(busy);
	}
	return 0;
}

TEST_REAL(a_startup_that_fails_is_the_servers_result_and_cleans_up_what_was_begun, "server-4")
{
	struct site site = {0};
	const wok_http_hooks good = {startup, NULL, cleanup}, bad = {fail_startup, NULL, cleanup};

	ASSERT_OK(wok_http_app_new(&site.app));
	ASSERT_OK(wok_http_add_hooks(site.app, &good, &site));
	ASSERT_OK(wok_http_add_hooks(site.app, &bad, &site));
	open_site(&site, 1);
	ASSERT_ERR(wok_await(site.serving), -EIO);
	ASSERT_STR(site.trail, "startup fails cleanup ");
	wok_task_free(site.serving);
	wok_listener_free(site.listeners[0]);
	wok_http_app_free(site.app);
	return 0;
}

static int begin_and_wait(wok_http_request *request, void *arg)
{
	struct site *site = arg;

	WOK_TRY(wok_http_reply_begin(request, NULL));
	WOK_TRY(wok_http_reply_write(request, "half", 4));
	return wok_event_wait(&site->go);
}

/* HTTP/1.0 knows the end of such a body by that of the connection only. */
TEST_REAL(a_reply_that_the_servers_end_cuts_off_does_not_look_whole, "server-9")
{
	struct site site = {.options = {.no_drain = true}};
	char buf[500];
	ssize_t n;

	ASSERT_OK(wok_http_app_new(&site.app));
	ASSERT_OK(wok_http_route(site.app, "GET", "/half", begin_and_wait, &site));
	open_site(&site, 1);
	wok_stream *stream = connect_to(&site, 0);
	static const char asked[] = "GET /half HTTP/1.0\r\nHost: a\r\n\r\n";
	ASSERT_OK(wok_stream_write_all(stream, asked, strlen(asked)));
	ASSERT(wok_stream_read(stream, buf, sizeof(buf)) > 0);
	ASSERT_OK(wok_sleep(20 * WOK_MS));
	close_site(&site, -ECANCELED);
	while ((n = wok_stream_read(stream, buf, sizeof(buf))) > 0)
		;
	ASSERT_ERR((int) n, -ECONNRESET);
	wok_stream_free(stream);
	return 0;
}

TEST_REAL(clients_behind_a_proxy_are_counted_one_by_one, "server-18", "server-23")
{
	struct site site = {.options = {.max_connections_per_ip = 1, .proxy_protocol = true}};
	static const char *const asked[] = {"PROXY TCP4 1.1.1.1 5.6.7.8 1 80\r\n" HELLO,
					    "PROXY TCP4 1.1.1.2 5.6.7.8 1 80\r\n" HELLO,
					    "PROXY TCP4 1.1.1.1 5.6.7.8 2 80\r\n" HELLO};
	wok_stream *streams[3];
	struct answer answer;

	open_site(&site, 1);
	for (int i = 0; i < 3; i++) {
		streams[i] = connect_to(&site, 0);
		ASSERT_EQ(ask(streams[i], asked[i], &answer), i < 2);
	}
	for (int i = 0; i < 3; i++)
		wok_stream_free(streams[i]);
	close_site(&site, -ECANCELED);
	return 0;
}

TEST_REAL(one_client_has_so_many_connections, "server-18")
{
	struct site site = {.options = {.max_connections_per_ip = 2}};
	wok_stream *streams[3];
	struct answer answer;

	open_site(&site, 1);
	for (int i = 0; i < 3; i++) {
		streams[i] = connect_to(&site, 0);
		ASSERT_EQ(ask(streams[i], HELLO, &answer), i < 2);
	}
	wok_stream_free(streams[0]);
	ASSERT_OK(wok_sleep(20 * WOK_MS));
	wok_stream *next = connect_to(&site, 0);
	ASSERT(ask(next, HELLO, &answer));
	wok_stream_free(next);
	wok_stream_free(streams[1]);
	wok_stream_free(streams[2]);
	close_site(&site, -ECANCELED);
	return 0;
}

#ifdef WOK_TEST_TLS

static int say_tls(wok_http_request *request, void *arg)
{
	wok_tls_certificate certificate;
	char text[256];
	const wok_stream *stream = wok_http_request_stream(request);
	wok_http_client client;

	(void) arg;
	wok_http_request_client(request, &client);
	int r = wok_tls_peer_certificate(stream, &certificate);
	snprintf(text, sizeof(text), "hello %s %d %s %s", wok_tls_version(stream), client.secure,
		 r > 0 ? certificate.subject : "nobody", wok_tls_alpn(stream));
	return wok_http_reply_text(request, 200, text);
}

static wok_stream *dial(struct site *site, wok_tls_context *context)
{
	wok_stream *stream = NULL;

	ASSERT_OK(wok_tls_dial(context, "127.0.0.1", wok_listener_port(site->listeners[0]), NULL,
			       &stream));
	return stream;
}

TEST_REAL(a_server_speaks_tls_and_waits_for_no_handshake, "server-19")
{
	const wok_tls_identity identity = identity_of(good_cert());
	const wok_tls_options tls = {.identities = &identity,
				     .n_identities = 1,
				     .ask_client = true,
				     .ca = root_ca()->pem};
	const wok_tls_options mine = {.ca = root_ca()->pem,
				      .alpn = "http/1.1",
				      .identities = &identity,
				      .n_identities = 1};
	struct site site = {.options = {.tls = &tls, .handshake_timeout = 300 * WOK_MS}};
	wok_tls_context *context;
	struct answer answer;
	char byte;

	ASSERT_OK(wok_tls_client_new(&mine, &context));
	ASSERT_OK(wok_http_app_new(&site.app));
	ASSERT_OK(wok_http_route(site.app, "GET", "/tls", say_tls, NULL));
	open_site(&site, 1);
	wok_stream *silent = connect_to(&site, 0); /* says nothing, and holds nobody up */
	wok_stream *stream = dial(&site, context);
	ASSERT(ask(stream, "GET /tls HTTP/1.1\r\nHost: a\r\n\r\n", &answer));
	ASSERT_STR(answer.body, "hello TLSv1.3 1 CN=Test Server http/1.1");
	wok_stream_free(stream);
	ASSERT_EQ(wok_stream_read(silent, &byte, 1), 0); /* until its time is over */
	wok_stream_free(silent);
	/* who speaks plain is not answered; nothing in common is an alert */
	wok_stream *plain = connect_to(&site, 0);
	ASSERT_OK(wok_stream_write_all(plain, HELLO, strlen(HELLO)));
	ssize_t n = wok_stream_read(plain, &byte, 1);
	ASSERT(n <= 0 || byte != 'H');
	wok_stream_free(plain);
	wok_tls_context_free(context);
	const wok_tls_options other = {.ca = root_ca()->pem, .alpn = "gopher"};
	ASSERT_OK(wok_tls_client_new(&other, &context));
	ASSERT_ERR(wok_tls_dial(context, "127.0.0.1", wok_listener_port(site.listeners[0]), NULL,
				&stream),
		   WOK_EPEER);
	wok_tls_context_free(context);
	close_site(&site, -ECANCELED);
	return 0;
}

TEST_REAL(a_new_certificate_is_for_new_connections, "http-53", "server-19")
{
	const struct cert_spec spec = {
		.name = "second", .names = "IP:127.0.0.1", .issuer = root_ca()};
	const wok_tls_identity first = identity_of(good_cert());
	const wok_tls_identity second = identity_of(make_cert(&spec));
	wok_tls_options tls = {.identities = &first, .n_identities = 1};
	const wok_tls_options mine = {.ca = root_ca()->pem, .no_resumption = true};
	wok_tls_context *server, *context;
	wok_tls_certificate certificate;
	struct answer answer;

	ASSERT_OK(wok_tls_server_new(&tls, &server));
	ASSERT_OK(wok_tls_client_new(&mine, &context));
	struct site site = {.options = {.tls_context = server}};
	open_site(&site, 1);
	wok_stream *old = dial(&site, context);
	ASSERT(ask(old, HELLO, &answer));
	tls.identities = &second;
	ASSERT_OK(wok_tls_context_reload(server, &tls));
	wok_stream *new = dial(&site, context);
	ASSERT_EQ(wok_tls_peer_certificate(new, &certificate), 1);
	ASSERT_STR(certificate.subject, "CN=second");
	ASSERT(ask(new, HELLO, &answer));
	ASSERT(ask(old, HELLO, &answer));
	ASSERT_EQ(wok_tls_peer_certificate(old, &certificate), 1);
	ASSERT_STR(certificate.subject, "CN=Test Server");
	wok_stream_free(old);
	wok_stream_free(new);
	close_site(&site, -ECANCELED);
	wok_tls_context_free(server);
	wok_tls_context_free(context);
	return 0;
}

#endif

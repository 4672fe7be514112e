/* SPDX-License-Identifier: MIT */
/* TLS over sockets: the ends that io/stream_suite.c runs over, dialling, OpenSSL's own programs. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/streams.h"
#include "tls/meeting.h"

static void make_over(make_streams *make, wok_stream **ret_a, wok_stream **ret_b)
{
	struct meeting m = {0};

	make(&m.near, &m.far);
	meet_well(&m);
	/* Tickets that nobody reads would make a socket's close a reset. */
	say(m.server, m.client, "tickets before this");
	*ret_a = WOK_TAKE(m.client);
	*ret_b = WOK_TAKE(m.server);
	part(&m);
}

void make_by_tls(wok_stream **ret_a, wok_stream **ret_b)
{
	make_over(make_in_memory, ret_a, ret_b);
}

void make_by_tls_over_tcp(wok_stream **ret_a, wok_stream **ret_b)
{
	make_over(make_by_tcp, ret_a, ret_b);
}

/* --- dialling --------------------------------------------------------------------------------- */

static int echo_by_tls(wok_stream *client, void *context)
{
	const wok_tls_stream_options options = {.borrow = true};
	WOK_AUTO(wok_stream) *stream = NULL;
	char data[4096];
	ssize_t n;

	WOK_TRY(wok_tls_accept(context, client, &options, &stream));
	while ((n = wok_stream_read(stream, data, sizeof(data))) > 0)
		WOK_TRY(wok_stream_write_all(stream, data, (size_t) n));
	return n < 0 ? (int) n : wok_tls_close(stream, 0);
}

struct server {
	wok_listener *listener;
	wok_tls_context *context;
};

static int serve(void *arg)
{
	struct server *server = arg;

	return wok_serve_on(server->listener, echo_by_tls, server->context, NULL);
}

static void dial_and_echo(wok_tls_context *client, uint16_t port, bool resumed)
{
	WOK_AUTO(wok_stream) *stream = NULL;
	char data[10];

	ASSERT_OK(wok_tls_dial(client, "127.0.0.1", port, NULL, &stream));
	ASSERT_EQ(wok_tls_resumed(stream), resumed);
	ASSERT(wok_stream_fd(stream) >= 0);
	ASSERT_OK(wok_stream_write_all(stream, "hello", 5));
	ASSERT_OK(wok_stream_read_exactly(stream, data, 5, NULL));
	ASSERT_MEM(data, "hello", 5);
	ASSERT_OK(wok_tls_close(stream, 0));
}

TEST_TASK(dialling_connects_and_shakes_hands, "E25")
{
	WOK_AUTO(wok_tls_context) *client = good_client();
	struct server server = {.context = good_server()};
	int fds = test_count_fds();
	wok_stream *stream = NULL;

	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &server.listener));
	uint16_t port = wok_listener_port(server.listener);
	wok_task *task = wok_create_task(serve, &server);
	for (int i = 0; i < 3; i++)
		dial_and_echo(client, port, i > 0);
	wok_task_free(task);
	wok_listener_free(server.listener);
	ASSERT_ERR(wok_tls_dial(client, "127.0.0.1", port, NULL, &stream), -ECONNREFUSED);
	wok_tls_context_free(server.context);
	ASSERT_EQ(test_count_fds(), fds);
}

static int dial_and_try(wok_tls_context *client, uint16_t port)
{
	WOK_AUTO(wok_stream) *stream = NULL;
	char data[5];

	WOK_TRY(wok_tls_dial(client, "127.0.0.1", port, NULL, &stream));
	WOK_TRY(wok_stream_write_all(stream, "hello", 5));
	WOK_TRY(wok_stream_read_exactly(stream, data, 5, NULL));
	return wok_tls_close(stream, 0);
}

/* The server's calls are counted, too: then it is the client that learns of an end. */
static void fail_each(const char *call, wok_tls_context *client, uint16_t port)
{
	int fds = test_count_fds(), failed = 0;

	for (uint64_t at = 1; at <= 12; at++) {
		wok_test_fail_system_call(call, at, EIO);
		int r = dial_and_try(client, port);
		wok_test_fail_system_call(NULL, 0, 0);
		if (r != -EIO && r != WOK_EEOF && r != -ECONNRESET && r != -EPIPE && r != 0)
			FAIL("call %d of %s: %s", (int) at, call, wok_errname(r));
		failed += r < 0;
		test_settle(); /* the server is done with it */
		ASSERT_EQ(test_count_fds(), fds);
	}
	ASSERT(failed > 0);
}

static int with_failing_calls(void *arg)
{
	static const char *const calls[] = {"socket", "connect", "recv", "send"};
	struct server *server = arg;
	WOK_AUTO(wok_tls_context) *client = good_client();

	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &server->listener));
	WOK_AUTO(wok_task) *task = wok_create_task(serve, server);
	test_settle();
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		fail_each(calls[i], client, wok_listener_port(server->listener));
	wok_cancel(task);
	WOK_IGNORE(wok_await(task));
	wok_listener_free(server->listener);
	return 0;
}

static void drop_report(const wok_report *report, void *unused)
{
	(void) report;
	(void) unused;
}

TEST(any_system_call_below_may_fail)
{
	struct server server = {.context = good_server()};

	ASSERT_OK(wok_set_report_hook(drop_report, NULL)); /* the server's side fails, too */
	ASSERT_OK(wok_test_run(with_failing_calls, &server, NULL));
	wok_tls_context_free(server.context);
}

/* --- OpenSSL's own programs ------------------------------------------------------------------- */

static const wok_test_options real = {.real_clock = true};

static int serve_until_echoed(void *arg)
{
	struct server *server = arg;
	WOK_AUTO(wok_stream) *client = NULL;

	WOK_TRY(wok_accept(server->listener, &client));
	return echo_by_tls(client, server->context);
}

/* s_client in a shell: what it prints, it got back from our server. */
static int meet_s_client(void *unused)
{
	char *ca = write_file(root_ca()->pem, NULL), command[500], line[100] = "";
	struct server server = {.context = good_server()};

	(void) unused;
	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &server.listener));
	snprintf(command, sizeof(command),
		 "(echo hello; sleep 1) | openssl s_client -quiet -verify_quiet -CAfile %s "
		 "-no_ign_eof -verify_return_error -verify_hostname example.com -servername "
		 "example.com "
		 "-connect 127.0.0.1:%u 2>&1",
		 ca, wok_listener_port(server.listener));
	FILE *pipe = popen(command, "re");
	int r = wok_wait_for(serve_until_echoed, &server, 20 * WOK_SECOND);
	ASSERT(fgets(line, sizeof(line), pipe));
	ASSERT_STR(line, "hello\n");
	pclose(pipe);
	/* s_client -quiet leaves without waiting for our goodbye */
	ASSERT(r == 0 || r == WOK_EEOF || r == -ECONNRESET || r == -EPIPE);
	wok_listener_free(server.listener);
	wok_tls_context_free(server.context);
	unlink(ca);
	free(ca);
	return 0;
}

TEST(openssls_client_is_served)
{
	if (system("openssl version >/dev/null 2>&1") != 0)
		SKIP("there is no command openssl");
	ASSERT_OK(wok_test_run(meet_s_client, NULL, &real));
}

/* Read lines of a program until one begins like this; the rest of it. */
static const char *line_with(FILE *pipe, const char *begin, char line[200])
{
	while (fgets(line, 200, pipe))
		if (strncmp(line, begin, strlen(begin)) == 0)
			return line + strlen(begin);
	FAIL("no line begins with \"%s\"", begin);
}

struct s_server {
	wok_tls_context *context;
	uint16_t port;
	int version;
};

/* With -rev it gives each line back reversed. */
static int meet_s_server(void *arg)
{
	struct s_server *server = arg;
	WOK_AUTO(wok_stream) *stream = NULL;
	wok_view line;

	for (int i = 0; i < 2; i++) {
		ASSERT_OK(wok_tls_dial(server->context, "127.0.0.1", server->port, NULL, &stream));
		ASSERT_STR(wok_tls_version(stream),
			   server->version == WOK_TLS_1_2 ? "TLSv1.2" : "TLSv1.3");
		ASSERT_EQ(wok_tls_resumed(stream), i == 1);
		ASSERT_OK(wok_stream_write_all(stream, "hello\n", 6));
		ASSERT_EQ(wok_stream_next_line(stream, 0, &line), 1);
		ASSERT_MEM(line.data, "olleh", 5);
		WOK_IGNORE(wok_tls_close(stream, 0));
		wok_stream_free(WOK_TAKE(stream));
	}
	return 0;
}

TEST(openssls_server_is_understood)
{
	if (system("openssl version >/dev/null 2>&1") != 0)
		SKIP("there is no command openssl");
	char *path = write_file(good_cert()->pem, good_cert()->key), command[300], line[200];
	for (int version = WOK_TLS_1_2; version <= WOK_TLS_1_3; version++) {
		struct s_server server = {.version = version};
		server.context = client_with(
			&(wok_tls_options){.ca = root_ca()->pem, .max_version = version});
		snprintf(command, sizeof(command),
			 "exec openssl s_server -accept 127.0.0.1:0 -cert %s -rev -naccept 2 2>&1",
			 path);
		FILE *pipe = popen(command, "re");
		server.port = (uint16_t) atoi(line_with(pipe, "ACCEPT 127.0.0.1:", line));
		ASSERT_OK(wok_test_run(meet_s_server, &server, &real));
		while (fgets(line, sizeof(line), pipe)) /* it ends by itself */
			;
		pclose(pipe);
		wok_tls_context_free(server.context);
	}
	unlink(path);
	free(path);
}

/* --- several loops ---------------------------------------------------------------------------- */

enum { THREADS = 3, MEETINGS = 15 };

struct shared {
	wok_tls_context *client, *server;
	wok_tls_options options;
	int resumed; /* atomic */
};

/* Each loop makes connections of the same two contexts, and the first renews the certificate. */
static int meet_often(void *arg)
{
	struct shared *shared = arg;

	for (int i = 0; i < MEETINGS; i++) {
		struct meeting m = {.client_context = shared->client,
				    .server_context = shared->server};
		if (wok_thread_index() == 0 && i % 5 == 4)
			ASSERT_OK(wok_tls_context_reload(shared->server, &shared->options));
		meet_well(&m);
		say(m.server, m.client, "hello");
		__atomic_add_fetch(&shared->resumed, wok_tls_resumed(m.client), __ATOMIC_RELAXED);
		m.client_context = m.server_context = NULL;
		part(&m);
	}
	return 0;
}

TEST(loops_share_a_context)
{
	const wok_tls_identity identity = identity_of(good_cert());
	struct shared shared = {.client = good_client()};

	shared.options = (wok_tls_options){.identities = &identity, .n_identities = 1};
	shared.server = server_with(&shared.options);
	ASSERT_OK(wok_run_threads(THREADS, meet_often, &shared, NULL));
	ASSERT(shared.resumed >= THREADS * MEETINGS / 2);
	wok_tls_context_free(shared.client);
	wok_tls_context_free(shared.server);
}

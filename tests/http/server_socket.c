/* SPDX-License-Identifier: MIT */
/* A server on real sockets: many connections, its end, and a system that has run out. */
#include <arpa/inet.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wok/event.h>
#include <wok/http_server.h>
#include <wok/loop.h>
#include <wok/scope.h>
#include <wok/timeout.h>

#include "harness/reports.h"
#include "http/answers.h"
#include "http/real.h"

#define HELLO "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
#define COUNT "GET /count HTTP/1.1\r\nHost: a\r\n\r\n"
#define SLOW "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"

struct site {
	wok_http_app *app;
	wok_listener *listener;
	wok_http_serve_options options;
	wok_task *serving;
	wok_event go; /* lets /slow answer */
	int running, most_running, canceled;
	uint16_t port;
};

static int hello(wok_http_request *request, void *arg)
{
	(void) arg;
	return wok_http_reply_text(request, 200, "hello");
}

static int slow(wok_http_request *request, void *arg)
{
	struct site *site = arg;

	if (++site->running > site->most_running)
		site->most_running = site->running;
	int r = wok_event_wait(&site->go);
	site->running--;
	site->canceled += r == -ECANCELED;
	return r < 0 ? r : wok_http_reply_text(request, 200, "slow");
}

static int much(wok_http_request *request, void *arg)
{
	static char body[1 << 16];
	int *result = arg;

	*result = wok_http_reply_begin(request, NULL);
	while (*result == 0)
		*result = wok_http_reply_write(request, body, sizeof(body));
	return *result;
}

static int serve_site(void *arg)
{
	struct site *site = arg;

	return wok_http_serve_on(site->app, site->listener, &site->options);
}

static void open_at(struct site *site, const char *address)
{
	site->go = (wok_event) WOK_EVENT_INIT;
	ASSERT_OK(wok_http_app_new(&site->app));
	ASSERT_OK(wok_http_route(site->app, "GET", "/hello", hello, site));
	ASSERT_OK(wok_http_route(site->app, "*", "/slow", slow, site));
	ASSERT_OK(wok_listen(address, NULL, &site->listener));
	site->port = wok_listener_port(site->listener);
	site->serving = wok_create_task(serve_site, site);
}

static void open_site(struct site *site)
{
	open_at(site, "127.0.0.1:0");
}

static void end_site(struct site *site)
{
	wok_task_free(site->serving); /* cancels it and waits */
	wok_listener_free(site->listener);
	wok_http_app_free(site->app);
}

static wok_stream *connect_to(const struct site *site)
{
	wok_stream *stream = NULL;

	ASSERT_OK(wok_tcp_connect("127.0.0.1", site->port, &stream));
	return stream;
}

static void send_text(wok_stream *stream, const char *text)
{
	ASSERT_OK(wok_stream_write_all(stream, text, strlen(text)));
}

/* Read until the server closes; what came. */
static void read_all(wok_stream *stream, struct received *received)
{
	char buf[4096];
	ssize_t n;

	while ((n = wok_stream_read(stream, buf, sizeof(buf))) > 0)
		received_add(received, buf, (size_t) n);
	ASSERT_OK(n);
}

/* One response with a body of this text; the connection stays. */
static void expect_text(wok_stream *stream, const char *text)
{
	char buf[1024] = "";
	size_t size = 0;

	while (!strstr(buf, "\r\n\r\n") || strcmp(strstr(buf, "\r\n\r\n") + 4, text) != 0) {
		ssize_t n = wok_stream_read(stream, buf + size, sizeof(buf) - 1 - size);
		if (n <= 0)
			FAIL("the connection ended (%s) after\n%s", wok_errname((int) n), buf);
		size += (size_t) n;
		buf[size] = '\0';
	}
}

static void await_running(const struct site *site, int n)
{
	for (int i = 0; site->running != n; i++) {
		ASSERT(i < 1000);
		ASSERT_OK(wok_sleep(WOK_MS));
	}
}

enum { CLIENTS = 200 };

static int be_client(void *arg)
{
	const struct site *site = arg;
	WOK_AUTO(wok_stream) *stream = connect_to(site);

	for (int i = 0; i < 5; i++) {
		send_text(stream, HELLO);
		expect_text(stream, "hello");
	}
	send_text(stream, SLOW);
	expect_text(stream, "slow");
	return 0;
}

TEST_REAL(two_hundred_connections_are_served_at_once)
{
	struct site site = {0};
	wok_scope *scope;

	open_site(&site);
	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < CLIENTS; i++)
		ASSERT_OK(wok_scope_spawn(scope, be_client, &site));
	await_running(&site, CLIENTS);
	wok_event_set(&site.go);
	ASSERT_OK(wok_scope_join(scope));
	wok_scope_free(scope);
	end_site(&site);
	return 0;
}

TEST_REAL(no_more_connections_are_served_at_once_than_the_limit_says)
{
	struct site site = {.options = {.max_connections = 2}};
	wok_stream *streams[5];

	open_site(&site);
	for (int i = 0; i < 5; i++) {
		streams[i] = connect_to(&site);
		send_text(streams[i], SLOW);
	}
	await_running(&site, 2);
	ASSERT_OK(wok_sleep(5 * WOK_MS));
	ASSERT_EQ(site.most_running, 2);
	wok_event_set(&site.go);
	for (int i = 0; i < 5; i++) {
		expect_text(streams[i], "slow");
		wok_stream_free(streams[i]); /* its place is the next one's */
	}
	ASSERT(site.most_running <= 2);
	end_site(&site);
	return 0;
}

TEST_REAL(a_unix_socket_is_served_as_well)
{
	WOK_AUTO(wok_stream) *stream = NULL;
	struct site site = {0};
	char address[64];

	snprintf(address, sizeof(address), "unix:@wok-test-%d", (int) getpid());
	open_at(&site, address);
	ASSERT_OK(wok_unix_connect(address + 5, &stream));
	send_text(stream, HELLO);
	expect_text(stream, "hello");
	end_site(&site);
	return 0;
}

/* SIGPIPE would end the test's process. */
TEST_REAL(a_client_that_disconnects_in_the_middle_of_a_reply_makes_the_write_fail, "http-40")
{
	struct site site = {0};
	int result = 1;
	char buf[1000];

	open_site(&site);
	ASSERT_OK(wok_http_route(site.app, "GET", "/much", much, &result));
	wok_stream *stream = connect_to(&site);
	send_text(stream, "GET /much HTTP/1.1\r\nHost: a\r\n\r\n");
	ASSERT(wok_stream_read(stream, buf, sizeof(buf)) > 0);
	wok_stream_free(stream);
	for (int i = 0; result >= 0 && i < 1000; i++)
		ASSERT_OK(wok_sleep(WOK_MS));
	ASSERT(result == -EPIPE || result == -ECONNRESET);
	stream = connect_to(&site); /* and the server is well */
	send_text(stream, HELLO);
	expect_text(stream, "hello");
	wok_stream_free(stream);
	end_site(&site);
	return 0;
}

static int break_off_in_the_middle(wok_http_request *request, void *arg)
{
	(void) arg;
	WOK_TRY(wok_http_reply_begin(request, NULL));
	WOK_TRY(wok_http_reply_write(request, "half", 4));
	return wok_fail(-EIO, "the rest is lost");
}

/* Its body ends where the connection does, so an orderly end would say that this was all of it. */
TEST_REAL(a_streamed_reply_to_http_1_0_that_breaks_off_resets_the_connection)
{
	struct site site = {0};
	char buf[1000];
	ssize_t n;

	open_site(&site);
	ASSERT_OK(wok_http_route(site.app, "GET", "/half", break_off_in_the_middle, NULL));
	wok_stream *stream = connect_to(&site);
	send_text(stream, "GET /half HTTP/1.0\r\n\r\n");
	while ((n = wok_stream_read(stream, buf, sizeof(buf))) > 0)
		;
	ASSERT_ERR(n, -ECONNRESET);
	wok_stream_free(stream);
	end_site(&site);
	return 0;
}

static int refuse_body(wok_http_request *request, void *arg)
{
	(void) arg;
	return wok_http_reply_text(request, 413, "too much");
}

/* A reset of the connection would take the answer with it. */
TEST_REAL(a_client_that_sends_ten_megabytes_before_it_reads_finds_the_answer, "http-38")
{
	static char megabyte[1 << 20];
	struct received received = {0};
	struct site site = {0};

	open_site(&site);
	ASSERT_OK(wok_http_route(site.app, "POST", "/*", refuse_body, NULL));
	wok_stream *stream = connect_to(&site);
	send_text(stream, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10485760\r\n\r\n");
	for (int i = 0; i < 10; i++)
		ASSERT_OK(wok_stream_write_all(stream, megabyte, sizeof(megabyte)));
	read_all(stream, &received);
	expect_answer(&received, 413, "too much");
	expect_no_more(&received);
	free(received.data);
	wok_stream_free(stream);
	end_site(&site);
	return 0;
}

TEST_REAL(a_server_that_ends_finishes_what_runs_and_closes_what_is_idle)
{
	struct site site = {.options = {.drain = WOK_SECOND}};
	struct received received = {0};
	struct answer answer;
	wok_stream *refused;

	open_site(&site);
	wok_stream *idle = connect_to(&site), *fresh = connect_to(&site), *busy = connect_to(&site);
	send_text(idle, HELLO);
	expect_text(idle, "hello");
	send_text(busy, SLOW HELLO);
	await_running(&site, 1);
	wok_cancel(site.serving);
	ASSERT_OK(wok_sleep(2 * WOK_MS));

	read_all(idle, &received); /* at once, while another is still being answered */
	read_all(fresh, &received);
	ASSERT_EQ(received.size, 0);
	ASSERT_ERR(wok_tcp_connect("127.0.0.1", site.port, &refused), -ECONNREFUSED);
	ASSERT(!wok_task_done(site.serving));

	wok_event_set(&site.go);
	read_all(busy, &received);
	ASSERT(next_answer(&received, 0, &answer));
	ASSERT_STR(answer.body, "slow");
	ASSERT_STR(answer_header(&answer, "Connection"), "close");
	expect_no_more(&received);
	free(received.data);
	wok_stream_free(idle);
	wok_stream_free(fresh);
	wok_stream_free(busy);
	ASSERT_ERR(wok_await(site.serving), WOK_ETASKCANCELED);
	end_site(&site);
	return 0;
}

static int count_hello(wok_http_request *request, void *arg)
{
	++*(int *) arg;
	return wok_http_reply_text(request, 200, "counted");
}

/* The request and the end of the server meet in each order of the next few ticks. */
TEST_REAL(a_request_that_meets_the_servers_end_is_answered_or_not_begun)
{
	int answered = 0;

	for (int ticks = 0; ticks < 30; ticks++) {
		struct received received = {0};
		struct site site = {0};
		int calls = 0;
		open_site(&site);
		ASSERT_OK(wok_http_route(site.app, "GET", "/count", count_hello, &calls));
		wok_stream *stream = connect_to(&site);
		send_text(stream, HELLO);
		expect_text(stream, "hello");
		if (ticks < 20)
			send_text(stream, COUNT);
		for (int i = 0; i < ticks && ticks < 20; i++)
			ASSERT_OK(wok_yield());
		wok_cancel(site.serving);
		if (ticks >= 20) {
			/* Its bytes are noticed when the end is under way: the loop polls in
			 * between. */
			wok_time start = wok_now();
			ASSERT(send(wok_stream_fd(stream), COUNT, strlen(COUNT), 0) > 0);
			while (wok_now() - start < 200 * WOK_US)
				;
		}
		char buf[1000];
		ssize_t n;
		/* The unread request may reset the connection, unless it was answered. */
		while ((n = wok_stream_read(stream, buf, sizeof(buf))) > 0)
			received_add(&received, buf, (size_t) n);
		if (calls > 0)
			expect_answer(&received, 200, "counted");
		expect_no_more(&received);
		answered += calls;
		free(received.data);
		wok_stream_free(stream);
		end_site(&site);
	}
	ASSERT(answered < 30);
	return 0;
}

TEST_REAL(a_request_that_takes_longer_than_the_draining_is_cancelled)
{
	struct site site = {.options = {.drain = 20 * WOK_MS}};
	wok_time start;

	open_site(&site);
	wok_stream *stream = connect_to(&site);
	send_text(stream, SLOW);
	await_running(&site, 1);
	start = wok_now();
	wok_cancel(site.serving);
	ASSERT_ERR(wok_await(site.serving), WOK_ETASKCANCELED);
	ASSERT(wok_now() - start >= 20 * WOK_MS);
	ASSERT(wok_now() - start < 2 * WOK_SECOND);
	ASSERT_EQ(site.canceled, 1);
	wok_stream_free(stream);
	end_site(&site);
	return 0;
}

static int plain_connect(uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ASSERT(fd >= 0);
	ASSERT_OK(connect(fd, (const void *) &address, sizeof(address)));
	return fd;
}

static int run_dry(void *unused)
{
	struct site site = {0};
	struct rlimit limit, none;
	wok_loop_info before, after;
	char answer[1024];
	int sockets[3];

	(void) unused;
	open_site(&site);
	ASSERT_OK(getrlimit(RLIMIT_NOFILE, &limit));
	/* Nothing waits here: they are all in the backlog when the server comes to accept. */
	for (int i = 0; i < 3; i++) {
		sockets[i] = plain_connect(site.port);
		ASSERT(send(sockets[i], HELLO, strlen(HELLO), 0) > 0);
	}
	none = (struct rlimit){1, limit.rlim_max};
	ASSERT_OK(setrlimit(RLIMIT_NOFILE, &none));
	ASSERT_OK(wok_sleep(5 * WOK_MS));
	ASSERT_OK(wok_loop_get_info(&before));
	ASSERT_OK(wok_sleep(120 * WOK_MS));
	ASSERT_OK(wok_loop_get_info(&after));
	if (after.polls - before.polls > 20)
		FAIL("%d polls in 120 ms: the accept loop spins",
		     (int) (after.polls - before.polls));
	ASSERT_OK(setrlimit(RLIMIT_NOFILE, &limit));
	ASSERT_OK(wok_sleep(100 * WOK_MS));
	for (int i = 0; i < 3; i++) {
		ASSERT(recv(sockets[i], answer, sizeof(answer), MSG_DONTWAIT) > 0);
		close(sockets[i]);
	}
	end_site(&site);
	return 0;
}

static int run_dry_real(void *arg)
{
	return run_real(run_dry, arg);
}

TEST(a_server_without_descriptors_waits_without_spinning_and_recovers, "http-54")
{
	struct test_reports reports = {0};

	ASSERT_OK(wok_set_report_hook(test_take_report, &reports));
	ASSERT_OK(run_dry_real(NULL));
	ASSERT_EQ(reports.n, 1); /* not one for each attempt */
	ASSERT_EQ(reports.kept[0].code, -EMFILE);
}

/* --- Ctrl-C ----------------------------------------------------------------------------------- */

struct child {
	int port_pipe;
	struct site site;
};

static int set_go(void *arg)
{
	struct site *site = arg;

	wok_event_set(&site->go);
	return 0;
}

static int slow_once(wok_http_request *request, void *arg)
{
	wok_call_later(30 * WOK_MS, set_go, arg);
	return slow(request, arg);
}

static int child_main(void *arg)
{
	struct child *child = arg;
	struct site *site = &child->site;

	site->go = (wok_event) WOK_EVENT_INIT;
	ASSERT_OK(wok_http_app_new(&site->app));
	ASSERT_OK(wok_http_route(site->app, "GET", "/slow", slow_once, site));
	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &site->listener));
	site->port = wok_listener_port(site->listener);
	ASSERT_EQ(write(child->port_pipe, &site->port, sizeof(site->port)), sizeof(site->port));
	int r = wok_http_serve_on(site->app, site->listener, NULL);
	wok_listener_free(site->listener);
	wok_http_app_free(site->app);
	return r;
}

static int meet_child(void *arg)
{
	struct received received = {0};
	struct site *site = arg;
	wok_stream *stream = connect_to(site);

	send_text(stream, SLOW);
	ASSERT_OK(wok_sleep(10 * WOK_MS));
	ASSERT_OK(kill(site->running, SIGINT));
	read_all(stream, &received);
	expect_answer(&received, 200, "slow");
	free(received.data);
	wok_stream_free(stream);
	return 0;
}

TEST(ctrl_c_ends_a_server_in_good_order)
{
	struct site site = {0};
	int ends[2], status;

	ASSERT_OK(pipe(ends));
	pid_t child = fork();
	ASSERT(child >= 0);
	if (child == 0) {
		struct child self = {.port_pipe = ends[1]};
		signal(SIGINT, SIG_DFL); /* Check's runner has a handler of its own */
		int r = wok_run(child_main, &self);
		_exit(r == -EINTR ? 42 : 1);
	}
	ASSERT_EQ(read(ends[0], &site.port, sizeof(site.port)), sizeof(site.port));
	site.running = child;
	ASSERT_OK(run_real(meet_child, &site));
	ASSERT_EQ(waitpid(child, &status, 0), child);
	ASSERT(WIFEXITED(status));
	ASSERT_EQ(WEXITSTATUS(status), 42);
	close(ends[0]);
	close(ends[1]);
}

/* SPDX-License-Identifier: MIT */
/* Serving: see wok_serve(). */
#include <signal.h>

#include "harness/reports.h"
#include "io/streams.h"

struct server {
	wok_listener *listener;
	wok_serve_options options;
	int result;
	int now, most, ended, canceled;
	int handler_result;
	wok_time ended_at;
};

/* Echoes, and counts. */
static int echo(wok_stream *client, void *arg)
{
	struct server *server = arg;
	char data[64];
	ssize_t n;

	if (++server->now > server->most)
		server->most = server->now;
	while ((n = wok_stream_read(client, data, sizeof(data))) > 0)
		WOK_TRY(wok_stream_write_all(client, data, (size_t) n));
	server->now--;
	server->ended++;
	server->canceled += n == -ECANCELED;
	server->ended_at = wok_now();
	return n < 0 ? (int) n : server->handler_result;
}

static int serve(void *arg)
{
	struct server *server = arg;

	server->result = wok_serve_on(server->listener, echo, server, &server->options);
	ASSERT_EQ(server->now, 0);
	return server->result;
}

static void open_server(struct server *server)
{
	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &server->listener));
}

static wok_stream *connect_to(const struct server *server)
{
	wok_stream *client = NULL;

	ASSERT_OK(wok_tcp_connect("127.0.0.1", wok_listener_port(server->listener), &client));
	return client;
}

static void say_and_hear(wok_stream *client)
{
	char data[5];

	ASSERT_OK(wok_stream_write_all(client, "hello", 5));
	ASSERT_OK(wok_stream_read_exactly(client, data, 5, NULL));
	ASSERT_MEM(data, "hello", 5);
}

TEST_TASK(each_connection_is_served_by_a_task_of_its_own)
{
	struct server server = {.result = 0};
	wok_stream *clients[10];

	open_server(&server);
	WOK_AUTO(wok_task) *task = wok_create_task(serve, &server);
	for (int i = 0; i < 10; i++)
		clients[i] = connect_to(&server);
	for (int i = 9; i >= 0; i--)
		say_and_hear(clients[i]);
	ASSERT_EQ(server.now, 10);
	for (int i = 0; i < 10; i++)
		wok_stream_free(clients[i]);
	test_settle();
	ASSERT_EQ(server.ended, 10);
	wok_task_free(WOK_TAKE(task));
	ASSERT_EQ(server.result, -ECANCELED);
	wok_listener_free(server.listener);
}

TEST_TASK(cancelling_a_server_ends_its_connections_at_once, "E12")
{
	struct server server = {.result = 0};

	open_server(&server);
	WOK_AUTO(wok_task) *task = wok_create_task(serve, &server);
	WOK_AUTO(wok_stream) *client = connect_to(&server);
	say_and_hear(client);
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_EQ(server.ended, 1);
	ASSERT_EQ(server.canceled, 1);
	char data[1];
	ASSERT_EQ(wok_stream_read(client, data, 1), 0);
	wok_listener_free(server.listener);
}

TEST_TASK(a_closed_listener_lets_the_connections_finish, "E12")
{
	struct server server = {.result = 0};

	open_server(&server);
	WOK_AUTO(wok_task) *task = wok_create_task(serve, &server);
	WOK_AUTO(wok_stream) *client = connect_to(&server);
	say_and_hear(client);
	ASSERT_OK(wok_listener_close(server.listener));
	test_settle();
	ASSERT(!wok_task_done(task)); /* a handler still runs */
	say_and_hear(client);
	ASSERT_OK(wok_stream_close(client));
	ASSERT_ERR(wok_await(task), -EBADF);
	ASSERT_EQ(server.ended, 1);
	ASSERT_EQ(server.canceled, 0);
	wok_listener_free(server.listener);
}

TEST_TASK(the_last_client_may_leave_while_the_server_stops, "E12")
{
	for (int i = 0; i < 4; i++) {
		struct server server = {.result = 0};
		open_server(&server);
		WOK_AUTO(wok_task) *task = wok_create_task(serve, &server);
		wok_stream *client = connect_to(&server);
		say_and_hear(client);
		wok_stream_free(client);
		if (i & 1)
			ASSERT_OK(wok_yield());
		if (i & 2)
			wok_cancel(task);
		else
			ASSERT_OK(wok_listener_close(server.listener));
		WOK_IGNORE(wok_await(task));
		ASSERT_EQ(server.ended, 1);
		wok_listener_free(server.listener);
	}
}

/* A handler that takes its time, without the kernel: virtual time goes on. */
static int take_time(wok_stream *client, void *arg)
{
	struct server *server = arg;

	(void) client;
	server->now++;
	int r = wok_sleep(2 * WOK_SECOND);
	server->now--;
	server->canceled += r == -ECANCELED;
	server->ended_at = wok_now();
	return r;
}

static int serve_slowly(void *arg)
{
	struct server *server = arg;

	return wok_serve_on(server->listener, take_time, server, &server->options);
}

TEST_TASK(draining_gives_the_connections_time_and_no_more, "E12")
{
	const wok_time drains[] = {WOK_SECOND, WOK_MINUTE};

	for (int i = 0; i < 2; i++) {
		struct server server = {.options.drain = drains[i]};
		open_server(&server);
		WOK_AUTO(wok_task) *task = wok_create_task(serve_slowly, &server);
		WOK_AUTO(wok_stream) *client = connect_to(&server);
		while (!server.now)
			ASSERT_OK(wok_yield());
		wok_time before = wok_now();
		ASSERT(wok_cancel(task));
		ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
		ASSERT_EQ(server.canceled, i == 0);
		ASSERT_EQ(server.ended_at - before, (i + 1) * WOK_SECOND);
		wok_listener_free(server.listener);
	}
}

TEST_TASK(no_more_connections_than_the_limit_are_served_at_once)
{
	struct server server = {.options.max_connections = 2};
	wok_stream *clients[5];

	open_server(&server);
	WOK_AUTO(wok_task) *task = wok_create_task(serve, &server);
	for (int i = 0; i < 5; i++)
		clients[i] = connect_to(&server);
	test_settle();
	ASSERT_EQ(server.now, 2);
	for (int i = 0; i < 5; i++) {
		say_and_hear(clients[i]);
		wok_stream_free(clients[i]);
	}
	test_settle();
	ASSERT_EQ(server.ended, 5);
	ASSERT_EQ(server.most, 2);
	wok_task_free(WOK_TAKE(task));
	wok_listener_free(server.listener);
}

struct ticker {
	int turns;
	bool stop;
};

static int tick(void *arg)
{
	struct ticker *ticker = arg;

	while (!ticker->stop) {
		ticker->turns++;
		WOK_TRY(wok_yield());
	}
	return 0;
}

static int hang_up(wok_stream *client, void *arg)
{
	int *served = arg;

	(void) client;
	++*served;
	return 0;
}

static int serve_and_hang_up(void *arg)
{
	struct server *server = arg;

	return wok_serve_on(server->listener, hang_up, &server->ended, NULL);
}

TEST_TASK(a_burst_of_connections_leaves_the_other_tasks_their_turns, "E11")
{
	enum { BURST = 600 };
	struct server server = {.result = 0};
	struct ticker ticker = {0};
	static wok_stream *clients[BURST];

	open_server(&server);
	for (int i = 0; i < BURST; i++)
		clients[i] = connect_to(&server);
	WOK_AUTO(wok_task) *ticking = wok_create_task(tick, &ticker);
	WOK_AUTO(wok_task) *task = wok_create_task(serve_and_hang_up, &server);
	while (server.ended < BURST)
		ASSERT_OK(wok_yield());
	ticker.stop = true;
	/* No more than a budget of 128 in a turn. */
	ASSERT(ticker.turns >= BURST / 128);
	wok_task_free(WOK_TAKE(task));
	for (int i = 0; i < BURST; i++)
		wok_stream_free(clients[i]);
	wok_listener_free(server.listener);
	ASSERT_OK(wok_await(ticking));
}

static int serve_bad_handlers(void *arg)
{
	struct server *server = arg;
	const int codes[] = {-EPIPE, -ECONNRESET, WOK_EEOF, 0, 7, -EINVAL};

	open_server(server);
	WOK_AUTO(wok_task) *task = wok_create_task(serve, server);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		wok_stream *client = connect_to(server);
		server->handler_result = codes[i];
		say_and_hear(client);
		wok_stream_free(client);
		test_settle();
	}
	ASSERT_EQ(server->ended, 6);
	ASSERT(!wok_task_done(task));
	wok_task_free(WOK_TAKE(task));
	wok_listener_free(server->listener);
	return 0;
}

TEST(a_handlers_error_is_reported_unless_the_peer_caused_it_and_ends_only_that_one, "A14")
{
	struct test_reports reports;
	struct server server = {.result = 0};

	ASSERT_OK(test_run_reporting(&reports, serve_bad_handlers, &server));
	ASSERT_EQ(reports.n, 1);
	ASSERT_EQ(reports.kept[0].code, -EINVAL);
}

static int interrupt(wok_stream *client, void *unused)
{
	(void) client;
	(void) unused;
	return raise(SIGINT);
}

static int connect_soon(void *address)
{
	wok_stream *client = NULL;

	/* The server comes up in this very thread; it is there when this runs. */
	WOK_TRY(wok_unix_connect(address, &client));
	wok_stream_free(client);
	return 0;
}

static int serve_and_connect(void *address)
{
	wok_task *task = wok_create_task(connect_soon, (char *) address + 5);

	wok_task_detach(&task);
	return wok_serve(address, interrupt, NULL, NULL);
}

TEST(sigint_ends_a_server_in_good_order, "E12", "B23")
{
	char address[64];

	signal(SIGINT, SIG_DFL); /* Check has a handler of its own */
	snprintf(address, sizeof(address), "unix:@wok-test-sigint-%d", (int) getpid());
	ASSERT_ERR(wok_run(serve_and_connect, address), -EINTR);
	ASSERT_ERR(wok_serve_main("nonsense", interrupt, NULL, NULL), -EINVAL);
}

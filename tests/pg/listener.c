/* SPDX-License-Identifier: MIT */
/* Listeners that survive their server: the real one, and those that are up to no good. */
#include <signal.h>
#include <wok/pg_notify.h>

#include "db/postgres/dialer.h"
#include "pg/check.h"

static void assert_next(wok_pg_listener *listener, const char *channel, const char *payload)
{
	wok_pg_notification notification;

	ASSERT_EQ(wok_pg_listener_next(listener, &notification), 1);
	ASSERT_EQ(notification.lost, 0);
	ASSERT_STR(notification.channel, channel);
	ASSERT_STR(notification.payload, payload);
}

static void assert_gap(wok_pg_listener *listener, size_t lost)
{
	wok_pg_notification notification;

	ASSERT_EQ(wok_pg_listener_next(listener, &notification), 1);
	ASSERT_EQ(notification.lost, lost);
	ASSERT_STR(notification.channel, "");
	ASSERT_STR(notification.payload, "");
}

static void tell(const char *channel, const char *payload)
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);

	ASSERT_OK(wok_pg_notify(conn, channel, payload));
}

static void count_loss(int code, void *arg)
{
	ASSERT(code < 0);
	++*(int *) arg;
}

static wok_pg_listener *listen_to(const char *channel, int *losses)
{
	const wok_pg_listener_options options = {
		.on_lost = count_loss, .arg = losses, .pause = 10 * WOK_MS};
	wok_pg_listener *listener = NULL;

	ASSERT_OK(wok_pg_listener_new(pg_cluster_dsn(), &options, &listener));
	ASSERT_OK(wok_pg_listener_listen(listener, channel));
	return listener;
}

static void survive(bool immediate)
{
	int losses = 0;
	WOK_AUTO(wok_pg_listener) *listener = listen_to("orders", &losses);

	ASSERT_OK(wok_pg_listener_listen(listener, "A \"quoted\" one"));
	tell("orders", "before");
	assert_next(listener, "orders", "before");
	pg_cluster_restart(immediate);
	assert_gap(listener, WOK_UNLIMITED);
	ASSERT(losses >= 1);
	tell("orders", "after");
	tell("A \"quoted\" one", "");
	assert_next(listener, "orders", "after");
	assert_next(listener, "A \"quoted\" one", "");
}

PG_TEST(a_listener_survives_a_restart_of_the_server_and_tells_of_the_gap, "pgrow-22", "pg-42")
{
	survive(false);
	return 0;
}

PG_TEST(a_listener_survives_a_crash_of_the_server, "pgrow-22", "pg-42")
{
	survive(true);
	return 0;
}

/* What came before the loss is given before the gap. */
PG_TEST(a_gap_stands_where_it_was, "pg-42")
{
	int losses = 0;
	WOK_AUTO(wok_pg_listener) *listener = listen_to("gap", &losses);
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);

	ASSERT_OK(wok_pg_script(conn, "BEGIN; NOTIFY gap, 'one'; NOTIFY gap, 'two'; COMMIT"));
	assert_next(listener, "gap", "one"); /* so both have come */
	ASSERT_OK(wok_pg_script(conn, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
				      "WHERE query LIKE 'LISTEN %' AND pid <> pg_backend_pid()"));
	while (losses == 0)
		ASSERT_OK(wok_sleep(WOK_MS));
	assert_next(listener, "gap", "two");
	assert_gap(listener, WOK_UNLIMITED);
	ASSERT_OK(wok_pg_notify(conn, "gap", "three"));
	assert_next(listener, "gap", "three");
	return 0;
}

static int listen_late(void *listener)
{
	return wok_pg_listener_listen(listener, "late");
}

PG_TEST(a_listener_may_be_there_before_the_server, "pgrow-22")
{
	const wok_pg_listener_options options = {.pause = 10 * WOK_MS};
	WOK_AUTO(wok_pg_listener) *listener = NULL;

	pg_cluster_stop(false);
	ASSERT_OK(wok_pg_listener_new(pg_cluster_dsn(), &options, &listener));
	WOK_AUTO(wok_task) *task = wok_create_task(listen_late, listener);
	ASSERT_OK(wok_sleep(50 * WOK_MS));
	ASSERT(!wok_task_done(task));
	pg_cluster_start();
	ASSERT_OK(wok_await(task));
	tell("late", "first");
	assert_next(listener, "late", "first"); /* and no gap: nothing was promised before */
	ASSERT_OK(wok_pg_listener_unlisten(listener, "late"));
	ASSERT_OK(wok_pg_listener_listen(listener, "other"));
	tell("late", "second");
	tell("other", "third");
	assert_next(listener, "other", "third");
	return 0;
}

PG_TEST(a_listener_that_can_never_connect_says_why, "pgrow-22")
{
	WOK_AUTO(wok_pg_listener) *listener = NULL;
	wok_pg_notification notification;
	char dsn[300];

	snprintf(dsn, sizeof(dsn), "%s dbname=nowhere", pg_cluster_dsn());
	ASSERT_OK(wok_pg_listener_new(dsn, NULL, &listener));
	ASSERT_ERR(wok_pg_listener_listen(listener, "c"), WOK_EDB);
	ASSERT(strstr(wok_errmsg(WOK_EDB), "nowhere"));
	ASSERT_ERR(wok_pg_listener_next(listener, &notification), WOK_EDB);
	ASSERT_ERR(wok_pg_listener_listen(listener, ""), -EINVAL);
	ASSERT_ERR(wok_pg_listener_new("host=h nonsense=1", NULL, &listener), -EINVAL);
	return 0;
}

/* --- servers in memory ------------------------------------------------------------------------ */

#define READY "Z\0\0\0\5I"

enum mood {
	OBEDIENT,
	HANGS_UP, /* as soon as a connection stands */
	SILENT,   /* after the subscriptions nothing comes any more */
	DENIES,   /* subscriptions are refused, from the second connection on */
};

struct server {
	enum mood mood;
	int dials, queries;
	wok_scope *scope;
	wok_stream *stream; /* of the last connection */
};

static int answer_query(struct server *server)
{
	static const char done[] = "C\0\0\0\13LISTEN\0" READY;
	static const char denied[] = "E\0\0\0\x17SERROR\0C25006\0Mno\0\0" READY;

	server->queries++;
	if (server->mood == SILENT && server->queries > 1)
		return 0;
	if (server->mood == DENIES && server->dials > 1)
		return wok_stream_write_all(server->stream, denied, sizeof(denied) - 1);
	return wok_stream_write_all(server->stream, done, sizeof(done) - 1);
}

static int serve(void *arg)
{
	static const char welcome[] = "R\0\0\0\x08\0\0\0\0" READY;
	struct server *server = arg;
	WOK_AUTO(wok_stream) *stream = server->stream;
	char heard[2000];

	if (wok_stream_read(stream, heard, sizeof(heard)) <= 0)
		return 0;
	WOK_IGNORE(wok_stream_write_all(stream, welcome, sizeof(welcome) - 1));
	while (wok_stream_read(stream, heard, sizeof(heard)) > 0) {
		if (server->mood == HANGS_UP)
			break;
		if (heard[0] == 'Q' && answer_query(server) < 0)
			break;
	}
	if (server->stream == stream)
		server->stream = NULL;
	return 0;
}

static int dial(void *arg, const struct wok__pg_host *host, wok_stream **ret_stream)
{
	struct server *server = arg;

	(void) host;
	server->dials++;
	WOK_TRY(wok_stream_pair(0, &server->stream, ret_stream));
	return wok_scope_spawn(server->scope, serve, server);
}

static int listen_in_memory(struct server *server, const wok_pg_listener_options *options,
			    wok_pg_listener **ret_listener)
{
	WOK_TRY(wok__pg_listener_new("host=h user=u dbname=d sslmode=disable", options, dial,
				     server, ret_listener));
	return wok_pg_listener_listen(*ret_listener, "c");
}

static void notify(struct server *server, int n)
{
	char message[] = "A\0\0\0\x0e\0\0\0\1c\0p00";

	for (int i = 0; i < n; i++) {
		message[12] = (char) ('0' + i / 10 % 10);
		message[13] = (char) ('0' + i % 10);
		if (server->stream)
			WOK_IGNORE(wok_stream_write_all(server->stream, message, sizeof(message)));
	}
	test_settle();
}

TEST_TASK(what_nobody_takes_is_counted_and_not_kept, "pgrow-22", "pg-54")
{
	struct server server = {.mood = OBEDIENT};
	const wok_pg_options connection = {.max_notifications = 10};
	const wok_pg_listener_options options = {.connection = &connection};
	wok_pg_listener *listener = NULL;

	ASSERT_OK(wok_scope_new(&server.scope));
	ASSERT_OK(listen_in_memory(&server, &options, &listener));
	notify(&server, 90);
	assert_next(listener, "c", "p00");
	assert_next(listener, "c", "p01");
	notify(&server, 3); /* two of them find room: behind the gap */
	for (int i = 2; i < 10; i++) {
		const char payload[] = {'p', '0', (char) ('0' + i), '\0'};
		assert_next(listener, "c", payload);
	}
	assert_gap(listener, 80);
	assert_next(listener, "c", "p00");
	assert_next(listener, "c", "p01");
	assert_gap(listener, 1);
	notify(&server, 1);
	assert_next(listener, "c", "p00");
	wok_pg_listener_free(listener);
	ASSERT_OK(wok_scope_join(server.scope));
	wok_scope_free(server.scope);
}

static int next_one(void *listener)
{
	wok_pg_notification notification;
	int r = wok_pg_listener_next(listener, &notification);

	return r < 0 ? r : notification.lost == WOK_UNLIMITED ? 100 : 1;
}

TEST_TASK(a_server_that_hangs_up_at_once_is_not_dialed_in_a_frenzy, "pg-42")
{
	struct server server = {.mood = OBEDIENT};
	wok_pg_listener *listener = NULL;
	int losses = 0;
	const wok_pg_listener_options options = {.on_lost = count_loss, .arg = &losses};

	ASSERT_OK(wok_scope_new(&server.scope));
	ASSERT_OK(listen_in_memory(&server, &options, &listener));
	server.mood = HANGS_UP;
	WOK_IGNORE(wok_stream_shutdown(server.stream));
	wok_test_advance(100 * WOK_SECOND);
	ASSERT(server.dials >= 12 && server.dials <= 30);
	ASSERT_EQ(losses, server.dials);
	WOK_AUTO(wok_task) *task = wok_create_task(next_one, listener);
	test_settle();
	ASSERT(!wok_task_done(task)); /* none of them stood */
	server.mood = DENIES;
	wok_test_advance(100 * WOK_SECOND);
	ASSERT(!wok_task_done(task) && server.dials <= 60);
	server.mood = OBEDIENT;
	ASSERT_EQ(wok_await(task), 100);
	notify(&server, 1);
	assert_next(listener, "c", "p00");
	wok_pg_listener_free(listener);
	ASSERT_OK(wok_scope_join(server.scope));
	wok_scope_free(server.scope);
}

/* Its host has vanished, or it is frozen: nothing says so, but that it does not answer. */
TEST_TASK(a_server_that_falls_silent_is_asked_and_given_up, "pg-42", "pg-14")
{
	struct server server = {.mood = SILENT};
	wok_pg_listener *listener = NULL;

	ASSERT_OK(wok_scope_new(&server.scope));
	ASSERT_OK(listen_in_memory(&server, NULL, &listener));
	wok_test_advance(29 * WOK_SECOND);
	ASSERT_EQ(server.queries, 1);
	wok_test_advance(2 * WOK_SECOND);
	ASSERT_EQ(server.queries, 2); /* is it there? */
	wok_test_advance(8 * WOK_SECOND);
	ASSERT_EQ(server.dials, 1);
	server.mood = OBEDIENT;
	wok_test_advance(5 * WOK_SECOND);
	ASSERT_EQ(server.dials, 2);
	assert_gap(listener, WOK_UNLIMITED);
	wok_test_advance(WOK_MINUTE);
	ASSERT_EQ(server.dials, 2);
	ASSERT(server.queries >= 4);
	wok_pg_listener_free(listener);
	ASSERT_OK(wok_scope_join(server.scope));
	wok_scope_free(server.scope);
}

/* All that a listener does, once. */
static int everything(void *unused)
{
	struct server server = {.mood = OBEDIENT};
	WOK_AUTO(wok_scope) *scope = NULL;
	WOK_AUTO(wok_pg_listener) *listener = NULL;
	const wok_scope_options lenient = {.keep_going = true};

	(void) unused;
	WOK_TRY(wok_scope_new_with(&lenient, &scope));
	server.scope = scope;
	int r = listen_in_memory(&server, NULL, &listener);
	if (r == 0)
		r = wok_pg_listener_unlisten(listener, "d");
	for (int i = 0; i < 2 && r >= 0 && server.stream; i++) {
		notify(&server, 2);
		r = wok_wait_for(next_one, listener, WOK_MINUTE);
		if (server.stream)
			WOK_IGNORE(wok_stream_shutdown(server.stream));
	}
	wok_pg_listener_free(WOK_TAKE(listener));
	const int joined = wok_scope_join(scope);
	return r < 0 ? r : joined;
}

TEST(a_listener_without_memory_fails_or_goes_on_and_leaks_nothing)
{
	ASSERT_OK(wok_test_run_allocations(everything, NULL, NULL));
}

TEST_TASK(a_listener_can_be_cancelled_and_freed_at_any_time, "pgrow-22")
{
	for (int moment = 0; moment < 40; moment++) {
		struct server server = {.mood = (enum mood)(moment % 4)};
		wok_pg_listener *listener = NULL;

		ASSERT_OK(wok_scope_new(&server.scope));
		ASSERT_OK(wok__pg_listener_new("host=h user=u dbname=d sslmode=disable", NULL, dial,
					       &server, &listener));
		WOK_AUTO(wok_task) *one = wok_create_task(listen_late, listener);
		WOK_AUTO(wok_task) *two = wok_create_task(next_one, listener);
		for (int i = 0; i < moment; i++)
			ASSERT_OK(i < 20 ? wok_yield() : wok_sleep(WOK_SECOND));
		wok_cancel(one);
		wok_cancel(two);
		WOK_IGNORE(wok_await(one));
		WOK_IGNORE(wok_await(two));
		wok_pg_listener_free(listener);
		wok_scope_cancel(server.scope, NULL);
		ASSERT_OK(wok_scope_join(server.scope));
		wok_scope_free(server.scope);
	}
}

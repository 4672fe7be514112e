/* SPDX-License-Identifier: MIT */
/* What networks do: they refuse, swallow, break off. And what a socket is told. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <wok/pg_copy.h>
#include <wok/pg_pool.h>

#include "pg/check.h"
#include "pg/line.h"

static int sleep_long(void *conn)
{
	return wok_pg_script(conn, "SELECT pg_sleep(60)");
}

/* --- cancel requests -------------------------------------------------------------------------- */

struct cancel {
	enum line_dial dial;
	wok_time at_least, at_most; /* from the cancel to the statement's end */
	bool alive;
	int early;
};

static int answer_barrier(void *arg)
{
	struct line *line = arg;

	if (line_heard(line, 'Q') && line_heard(line, 'Q'))
		LINE_SAY(line, "I\0\0\0\4" LINE_READY);
	return 0;
}

static void cancel_one(const struct cancel *cancel)
{
	struct line line = {
		.dial = cancel->dial, .early = cancel->early, .options.delay = 10 * WOK_MS};
	wok_time took;

	line_open(&line, NULL);
	WOK_AUTO(wok_task) *statement = wok_create_task(sleep_long, line.conn);
	WOK_AUTO(wok_task) *server = wok_create_task(answer_barrier, &line);
	wok_test_advance(WOK_SECOND);
	took = wok_now();
	wok_cancel(statement);
	ASSERT_ERR(wok_await(statement), WOK_ETASKCANCELED);
	took = wok_now() - took;
	if (took < cancel->at_least || took > cancel->at_most)
		FAIL("dial %d: it took %lld ms", cancel->dial, (long long) (took / WOK_MS));
	ASSERT_EQ(wok_pg_alive(line.conn), cancel->alive);
	ASSERT_EQ(line.dials, 1 + cancel->early);
	if (!cancel->alive)
		ASSERT_ERR(wok_pg_script(line.conn, ""), WOK_ECONNLOST);
	ASSERT_OK(wok_await(server));
	line_close(&line);
}

/* On a line where a round trip takes 20 ms: one for the request, one for the barrier. */
TEST_TASK(a_cancel_takes_two_round_trips, "pg-1")
{
	cancel_one(&(struct cancel){LINE_CANCELS, 40 * WOK_MS, 45 * WOK_MS, true, 0});
}

/* The server only looks for a request while it runs something: it is asked again. */
TEST_TASK(a_cancel_request_that_comes_too_early_is_sent_again, "pg-1")
{
	cancel_one(&(struct cancel){LINE_CANCELS, 150 * WOK_MS, 155 * WOK_MS, true, 1});
	cancel_one(&(struct cancel){LINE_CANCELS, 360 * WOK_MS, 365 * WOK_MS, true, 2});
}

TEST_TASK(a_cancel_request_that_is_refused_costs_the_connection_at_once, "pg-4")
{
	cancel_one(&(struct cancel){LINE_REFUSES, 0, WOK_MS, false, 0});
	cancel_one(&(struct cancel){LINE_IS_FULL, 10 * WOK_MS, 20 * WOK_MS, false, 0});
}

TEST_TASK(a_cancel_request_into_the_void_costs_the_connection_in_time, "pg-4", "pg-14")
{
	cancel_one(&(struct cancel){LINE_IS_SILENT, 2 * WOK_SECOND, 2 * WOK_SECOND, false, 0});
}

/* The statement that was left behind runs when its turn comes, and nobody can stop it. */
TEST_TASK(nobody_waits_behind_a_statement_that_cannot_be_stopped, "pg-4")
{
	struct line line = {.dial = LINE_REFUSES};

	line_open(&line, NULL);
	WOK_AUTO(wok_task) *first = wok_create_task(sleep_long, line.conn);
	test_settle();
	WOK_AUTO(wok_task) *left = wok_create_task(sleep_long, line.conn);
	test_settle();
	WOK_AUTO(wok_task) *behind = wok_create_task(sleep_long, line.conn);
	test_settle();
	wok_cancel(left);
	ASSERT_ERR(wok_await(left), WOK_ETASKCANCELED);
	ASSERT(wok_pg_alive(line.conn));
	LINE_SAY(&line, "I\0\0\0\4" LINE_READY); /* the first has ended */
	ASSERT_OK(wok_await(first));
	ASSERT_ERR(wok_await(behind), WOK_ECONNLOST);
	line_close(&line);
}

/* Its turn comes in the server before it has begun; and who waits behind it is served. */
TEST_TASK(a_statement_that_was_left_behind_is_asked_to_stop_until_it_does, "pg-1", "pgrow-28")
{
	struct line line = {.dial = LINE_CANCELS, .early = 3};

	line_open(&line, NULL);
	WOK_AUTO(wok_task) *first = wok_create_task(sleep_long, line.conn);
	test_settle();
	WOK_AUTO(wok_task) *left = wok_create_task(sleep_long, line.conn);
	test_settle();
	WOK_AUTO(wok_task) *behind = wok_create_task(sleep_long, line.conn);
	test_settle();
	wok_cancel(left);
	ASSERT_ERR(wok_await(left), WOK_ETASKCANCELED);
	LINE_SAY(&line, "I\0\0\0\4" LINE_READY); /* the first has ended */
	ASSERT_OK(wok_await(first));
	wok_test_advance(WOK_SECOND);
	ASSERT_EQ(line.dials, 4);
	LINE_SAY(&line, "I\0\0\0\4" LINE_READY);
	ASSERT_OK(wok_await(behind));
	ASSERT(wok_pg_alive(line.conn));
	line_close(&line);

	/* But not for ever. */
	line = (struct line){.dial = LINE_CANCELS, .early = 1000};
	line_open(&line, NULL);
	WOK_AUTO(wok_task) *one = wok_create_task(sleep_long, line.conn);
	test_settle();
	WOK_AUTO(wok_task) *two = wok_create_task(sleep_long, line.conn);
	test_settle();
	WOK_AUTO(wok_task) *three = wok_create_task(sleep_long, line.conn);
	test_settle();
	wok_cancel(two);
	WOK_IGNORE(wok_await(two));
	LINE_SAY(&line, "I\0\0\0\4" LINE_READY);
	const wok_time begun = wok_now();
	ASSERT_OK(wok_await(one));
	ASSERT_ERR(wok_await(three), WOK_ECONNLOST);
	ASSERT_EQ(wok_now() - begun, 2 * WOK_SECOND);
	ASSERT(line.dials < 10);
	line_close(&line);
}

static int refuse(void *arg, const struct wok__pg_host *host, wok_stream **ret_stream)
{
	(void) host;
	(void) ret_stream;
	++*(int *) arg;
	return wok_fail(-ECONNREFUSED, "refused");
}

/* PostgreSQL itself takes cancel requests when it is full; what stands before it may not. */
PG_TEST(a_pool_replaces_what_could_not_be_cancelled, "pg-4")
{
	WOK_AUTO(wok_pg_pool) *pool = NULL;
	wok_pg_conn *conn = NULL;
	char sql[80];
	int refused = 0;

	ASSERT_OK(wok_pg_pool_new(pg_cluster_dsn(), &(wok_pg_pool_options){.max = 1}, &pool));
	ASSERT_OK(wok_pg_pool_acquire(pool, &conn));
	const uint32_t pid = wok_pg_backend_pid(conn);
	conn->dialer->settings->dial = refuse;
	conn->dialer->settings->dial_arg = &refused;
	ASSERT_ERR(wok_wait_for(sleep_long, conn, 20 * WOK_MS), -ETIMEDOUT);
	ASSERT(!wok_pg_alive(conn));
	wok_pg_pool_release(pool, conn);
	ASSERT_OK(wok_pg_pool_acquire(pool, &conn));
	ASSERT(wok_pg_backend_pid(conn) != pid);
	ASSERT(refused >= 1);
	wok_pg_pool_release(pool, conn);
	snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%u)", (unsigned) pid);
	pg_cluster_query(sql);
	return 0;
}

/* --- silence ---------------------------------------------------------------------------------- */

TEST_TASK(a_server_that_falls_silent_is_given_up_by_the_statements_limit, "pg-14", "pgrow-27")
{
	struct line line = {.dial = LINE_IS_SILENT};
	const wok_time begun = wok_now();

	line_open(&line, &(wok_pg_options){.command_timeout = 5 * WOK_SECOND,
					   .cancel_timeout = 3 * WOK_SECOND});
	ASSERT_ERR(wok_pg_execute(line.conn, "SELECT $1", WOK_ARGS("x")), -ETIMEDOUT);
	ASSERT_EQ(wok_now() - begun, 8 * WOK_SECOND);
	ASSERT(!wok_pg_alive(line.conn));
	line_close(&line);
}

static int option_of(const wok_pg_conn *conn, int level, int option)
{
	int value = -1;
	socklen_t size = sizeof(value);

	ASSERT_EQ(getsockopt(wok_stream_fd(conn->stream), level, option, &value, &size), 0);
	return value;
}

static wok_pg_conn *connect_tcp(const char *more)
{
	wok_pg_conn *conn = NULL;
	char dsn[400];

	snprintf(dsn, sizeof(dsn), "%s user=trust_user sslmode=disable %s", pg_cluster()->tcp,
		 more);
	ASSERT_OK(wok_pg_connect(dsn, &conn));
	return conn;
}

PG_TEST(sockets_are_told_what_the_dsn_says, "pgrow-4", "pg-14")
{
	WOK_AUTO(wok_pg_conn) *local = pg_check_connect(NULL);
	WOK_AUTO(wok_pg_conn) *plain = connect_tcp("");
	WOK_AUTO(wok_pg_conn) *told =
		connect_tcp("keepalives_idle=61 keepalives_interval=7 keepalives_count=3 "
			    "tcp_user_timeout=2500");
	WOK_AUTO(wok_pg_conn) *without = connect_tcp("keepalives=0");

	ASSERT_EQ(option_of(local, SOL_SOCKET, SO_DOMAIN), AF_UNIX);
	ASSERT_EQ(option_of(plain, SOL_SOCKET, SO_DOMAIN), AF_INET);
	ASSERT_EQ(pg_check_int(local, "SELECT (inet_client_addr() IS NULL)::int"), 1);
	ASSERT_EQ(pg_check_int(plain, "SELECT (inet_client_addr() = '127.0.0.1')::int"), 1);
	ASSERT_EQ(option_of(plain, IPPROTO_TCP, TCP_NODELAY), 1);
	/* Whoever waits for an answer of a host that has gone learns it in three minutes. */
	ASSERT_EQ(option_of(plain, SOL_SOCKET, SO_KEEPALIVE), 1);
	ASSERT_EQ(option_of(plain, IPPROTO_TCP, TCP_KEEPIDLE), 120);
	ASSERT_EQ(option_of(plain, IPPROTO_TCP, TCP_KEEPINTVL), 15);
	ASSERT_EQ(option_of(plain, IPPROTO_TCP, TCP_KEEPCNT), 4);
	ASSERT_EQ(option_of(told, IPPROTO_TCP, TCP_NODELAY), 1);
	ASSERT_EQ(option_of(told, IPPROTO_TCP, TCP_KEEPIDLE), 61);
	ASSERT_EQ(option_of(told, IPPROTO_TCP, TCP_KEEPINTVL), 7);
	ASSERT_EQ(option_of(told, IPPROTO_TCP, TCP_KEEPCNT), 3);
	ASSERT_EQ(option_of(told, IPPROTO_TCP, TCP_USER_TIMEOUT), 2500);
	ASSERT_EQ(option_of(without, SOL_SOCKET, SO_KEEPALIVE), 0);
	ASSERT_EQ(option_of(without, IPPROTO_TCP, TCP_NODELAY), 1);
	return 0;
}

/* What the kernel says when keepalives or what was sent stay without an answer. */
PG_TEST(a_peer_that_the_kernel_has_given_up_is_a_lost_connection, "pg-14")
{
	WOK_AUTO(wok_pg_conn) *conn = connect_tcp("");

	ASSERT_EQ(pg_check_int(conn, "SELECT 1"), 1);
	wok_test_fail_system_call("recv", 1, ETIMEDOUT);
	const int r = wok_pg_script(conn, "SELECT 1");
	wok_test_fail_system_call("recv", 0, 0);
	ASSERT_ERR(r, WOK_ECONNLOST);
	ASSERT(!wok_pg_alive(conn));
	return 0;
}

/* --- lines that break off --------------------------------------------------------------------- */

/* ParseComplete, no parameters, one column "a" of int4, ready. */
#define PREPARED                                                                                   \
	"1\0\0\0\4t\0\0\0\6\0\0"                                                                   \
	"T\0\0\0\x1a\0\1a\0\0\0\0\0\0\0\0\0\0\x17\0\4\xff\xff\xff\xff\0\0" LINE_READY
#define ROW "D\0\0\0\16\0\1\0\0\0\4\0\0\0\7"

/* What a server says, one after the other when it has heard something. */
struct story {
	wok_fn *client; /* gets the connection; its result */
	const char *says[4];
	size_t sizes[4];
};

#define SAYS(text) (text), sizeof(text) - 1

static int fetch_all(void *conn)
{
	WOK_AUTO(wok_pg_cursor) *cursor = NULL;
	const wok_row *row;
	int r;

	WOK_TRY(wok_pg_query(conn, "SELECT 1", NULL, &cursor));
	while ((r = wok_pg_cursor_next(cursor, &row)) > 0)
		ASSERT_EQ(wok_row_int_at(row, 0), 7);
	return r;
}

static int copy_in(void *conn)
{
	WOK_AUTO(wok_pg_copy) *copy = NULL;

	WOK_TRY(wok_pg_copy_in(conn, "COPY t FROM STDIN", &copy));
	WOK_TRY(wok_pg_copy_write(copy, "1\n2\n", 4));
	return wok_pg_copy_finish(copy, NULL);
}

static int copy_out(void *conn)
{
	WOK_AUTO(wok_pg_copy) *copy = NULL;
	wok_view data;
	int r;

	WOK_TRY(wok_pg_copy_out(conn, "COPY t TO STDOUT", &copy));
	while ((r = wok_pg_copy_read(copy, &data)) > 0)
		ASSERT(data.size > 0);
	return r < 0 ? r : wok_pg_copy_finish(copy, NULL);
}

static const struct story stories[] = {
	{fetch_all,
	 {PREPARED, "2\0\0\0\4" ROW ROW ROW "C\0\0\0\15SELECT 3\0" LINE_READY},
	 {sizeof(PREPARED) - 1, 5 + 3 * 15 + 14 + 6}},
	{copy_in, {"G\0\0\0\x9\0\0\1\0\0", "C\0\0\0\13COPY 2\0" LINE_READY}, {10, 12 + 6}},
	{copy_out,
	 {"H\0\0\0\x9\0\0\1\0\0d\0\0\0\0061\nd\0\0\0\0062\nc\0\0\0\4C\0\0\0\13COPY 2\0" LINE_READY},
	 {10 + 7 + 7 + 5 + 12 + 6}},
};

struct teller {
	wok_stream *stream;
	const struct story *story;
	size_t cut; /* after so many bytes the line is shut */
};

static int tell(void *arg)
{
	struct teller *teller = arg;
	char heard[1000];

	for (size_t i = 0; i < 4 && teller->story->says[i]; i++) {
		const size_t size = teller->story->sizes[i];
		const size_t n = size < teller->cut ? size : teller->cut;

		if (wok_stream_read(teller->stream, heard, sizeof(heard)) <= 0 ||
		    wok_stream_write_all(teller->stream, teller->story->says[i], n) < 0)
			break;
		teller->cut -= n;
		if (n < size)
			break;
	}
	WOK_IGNORE(wok_stream_shutdown(teller->stream));
	/* A half-closed server still listens. */
	while (wok_stream_read(teller->stream, heard, sizeof(heard)) > 0)
		;
	return 0;
}

/* The line is cut after so many bytes: by an end, or by a reset. */
static int cut_after(const struct story *story, size_t cut, bool reset)
{
	const wok_stream_pair_options line = {.fail_after = reset ? cut : 0};
	struct teller teller = {.story = story, .cut = reset ? WOK_UNLIMITED : cut};
	wok_pg_conn *conn;

	ASSERT_OK(wok__pg_conn_new(NULL, &conn));
	ASSERT_OK(wok_stream_pair_with(&line, &conn->stream, &teller.stream));
	WOK_AUTO(wok_task) *task = wok_create_task(tell, &teller);
	const int r = story->client(conn);
	wok_pg_conn_free(conn);
	ASSERT_OK(wok_await(task));
	wok_stream_free(teller.stream);
	return r;
}

static void cut_everywhere(const struct story *story, bool reset)
{
	const size_t size = story->sizes[0] + story->sizes[1];

	ASSERT_OK(cut_after(story, size + 200, reset));
	for (size_t cut = reset ? 1 : 0; cut < size; cut++) {
		const int r = cut_after(story, cut, reset);

		if (r != WOK_ECONNLOST)
			FAIL("after %zu of %zu bytes: %s", cut, size, wok_strerror(r));
	}
}

TEST_TASK(a_server_that_hangs_up_anywhere_is_a_lost_connection, "pg-15")
{
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++)
		cut_everywhere(&stories[i], false);
}

TEST_TASK(a_line_that_is_reset_anywhere_is_a_lost_connection, "pg-15")
{
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++)
		cut_everywhere(&stories[i], true);
}

/* --- round trips ------------------------------------------------------------------------------ */

#define DESCRIBED                                                                                  \
	"t\0\0\0\012\0\1\0\0\0\x17"                                                                \
	"T\0\0\0\x1a\0\1a\0\0\0\0\0\0\0\0\0\0\x17\0\4\xff\xff\xff\xff\0\0"

/* Answers what comes up to a Sync: a Parse, a statement, or both. */
static int answer_statements(void *arg)
{
	struct line *line = arg;

	line_heard(line, 'P');
	if (line->dial == LINE_CANCELS) { /* both at once */
		if (line_heard(line, 'E') && line_heard(line, 'S'))
			LINE_SAY(line, "1\0\0\0\4" DESCRIBED "2\0\0\0\4" ROW
				       "C\0\0\0\15SELECT 1\0" LINE_READY);
		return 0;
	}
	if (line_heard(line, 'S'))
		LINE_SAY(line, "1\0\0\0\4" DESCRIBED LINE_READY);
	if (line_heard(line, 'S'))
		LINE_SAY(line, "2\0\0\0\4" ROW "C\0\0\0\15SELECT 1\0" LINE_READY);
	return 0;
}

static wok_time time_of_one(bool in_one_trip)
{
	struct line line = {.dial = in_one_trip ? LINE_CANCELS : LINE_REFUSES,
			    .options.delay = 10 * WOK_MS};
	const wok_pg_query_options options = {.in_one_trip = in_one_trip};
	wok_value value = wok_value_int(5);
	const wok_args args = {&value, 1};
	WOK_AUTO(wok_rows) *rows = NULL;

	value.type = 23;
	line_open(&line, NULL);
	WOK_AUTO(wok_task) *server = wok_create_task(answer_statements, &line);
	const wok_time begun = wok_now();
	ASSERT_OK(wok_pg_fetch_with(line.conn, "SELECT $1", &args, &options, &rows));
	const wok_time took = wok_now() - begun;
	ASSERT_EQ(wok_row_int_at(wok_rows_at(rows, 0), 0), 7);
	ASSERT_OK(wok_await(server));
	line_close(&line);
	return took;
}

/* On a line where a round trip takes 20 ms. */
TEST_TASK(a_new_statement_with_types_takes_one_round_trip, "pgrow-14")
{
	ASSERT_EQ(time_of_one(true), 20 * WOK_MS);
	ASSERT_EQ(time_of_one(false), 40 * WOK_MS);
}

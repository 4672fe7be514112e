/* SPDX-License-Identifier: MIT */
/* LISTEN and NOTIFY, notices, parameters. */
#include <stdio.h>
#include <stdlib.h>
#include <wok/pg_notify.h>

#include "pg/check.h"

PG_TEST(notifications_come_in_order_while_the_connection_is_used, "pgrow-22", "pg-42")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	WOK_AUTO(wok_pg_conn) *other = pg_check_connect(NULL);
	wok_pg_notification notification;
	char payload[7999];

	memset(payload, 'p', sizeof(payload));
	payload[sizeof(payload) - 1] = '\0';
	ASSERT_ERR(wok_pg_listen(conn, ""), -EINVAL);
	ASSERT_OK(wok_pg_listen(conn, "A \"quoted\" channel"));
	ASSERT_OK(wok_pg_notify(conn, "A \"quoted\" channel", NULL)); /* to itself */
	ASSERT_OK(wok_pg_notify(other, "A \"quoted\" channel", payload));
	ASSERT_EQ(wok_pg_notification_next(conn, &notification), 1);
	ASSERT_EQ(notification.process, wok_pg_backend_pid(conn));
	ASSERT_STR(notification.payload, "");
	ASSERT_EQ(wok_pg_notification_next(conn, &notification), 1);
	ASSERT_STR(notification.channel, "A \"quoted\" channel");
	ASSERT_STR(notification.payload, payload);
	ASSERT_OK(wok_pg_notify(other, "A \"quoted\" channel", "during"));
	ASSERT_EQ(pg_check_int(conn, "SELECT 1 FROM pg_sleep(0.1)"), 1);
	ASSERT_EQ(wok_pg_notification_next(conn, &notification), 1);
	ASSERT_STR(notification.payload, "during");
	ASSERT_OK(wok_pg_unlisten(conn, NULL));
	ASSERT_OK(wok_pg_execute(other, "SELECT pg_terminate_backend($1)",
				 WOK_ARGS(wok_pg_backend_pid(conn))));
	ASSERT_ERR(wok_pg_notification_next(conn, &notification), WOK_ECONNLOST);
	return 0;
}

static int listen_for_one(void *arg)
{
	wok_pg_notification notification;
	int r = wok_pg_notification_next(arg, &notification);

	return r < 0 ? r : (int) strlen(notification.payload);
}

PG_TEST(a_listener_and_queries_share_a_connection, "pgrow-22")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	WOK_AUTO(wok_task) *listener = NULL;

	ASSERT_OK(wok_pg_listen(conn, "c"));
	listener = wok_create_task(listen_for_one, conn);
	for (int i = 0; i < 20; i++)
		ASSERT_EQ(pg_check_int(conn, "SELECT 6"), 6);
	ASSERT_OK(wok_pg_notify(conn, "c", "four"));
	ASSERT_EQ(wok_await(listener), 4);
	return 0;
}

static void count_notice(const wok_db_error *notice, void *arg)
{
	if (strcmp(notice->message, "look") == 0 && strcmp(notice->severity, "WARNING") == 0)
		(*(int *) arg)++;
}

PG_TEST(notices_reach_their_callback, "pgrow-23")
{
	int count = 0;
	WOK_AUTO(wok_pg_conn) *conn =
		pg_check_connect(&(wok_pg_options){.on_notice = count_notice, .arg = &count});

	ASSERT_OK(wok_pg_script(conn, "DO $$BEGIN RAISE WARNING 'look'; END$$"));
	ASSERT_EQ(count, 1);
	return 0;
}

static void note_name(const char *name, const char *value, void *arg)
{
	if (strcmp(name, "application_name") == 0)
		snprintf(arg, 20, "%s", value);
}

PG_TEST(settings_of_the_server_are_tracked, "pgrow-46")
{
	char told[20] = "";
	WOK_AUTO(wok_pg_conn) *conn =
		pg_check_connect(&(wok_pg_options){.on_parameter = note_name, .arg = told});

	ASSERT(wok_pg_server_version(conn) >= 100000);
	ASSERT_STR(wok_pg_parameter(conn, "client_encoding"), "UTF8");
	ASSERT_OK(wok_pg_script(conn, "SET application_name = 'another'"));
	ASSERT_STR(wok_pg_parameter(conn, "application_name"), "another");
	ASSERT_STR(told, "another");
	ASSERT(!wok_pg_parameter(conn, "no such thing"));
	ASSERT_EQ(wok_pg_status(conn), 'I');
	ASSERT_OK(wok_pg_script(conn, "BEGIN"));
	ASSERT_EQ(wok_pg_status(conn), 'T');
	return 0;
}

PG_TEST(an_error_has_all_that_the_server_said, "pgrow-44")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);

	ASSERT_OK(wok_pg_script(conn,
				"CREATE TEMP TABLE e (i int CONSTRAINT positive CHECK (i > 0))"));
	ASSERT_ERR(wok_pg_execute(conn, "INSERT INTO e VALUES ($1)", WOK_ARGS(-1)), WOK_EDB);
	const wok_db_error *error = wok_db_last_error();
	ASSERT_STR(error->sqlstate, "23514");
	ASSERT_STR(error->severity, "ERROR");
	ASSERT_STR(error->constraint, "positive");
	ASSERT_STR(error->table, "e");
	ASSERT(strstr(error->detail, "(-1)"));
	ASSERT_ERR(wok_pg_execute(conn, "SELECT nothing FROM e", NULL), WOK_EDB);
	ASSERT_EQ(wok_db_last_error()->position, 8);
	ASSERT_STR(wok_db_last_error()->sqlstate, "42703");
	ASSERT_ERR(
		wok_pg_script(conn, "DO $$BEGIN RAISE 'a' USING HINT = 'b', SCHEMA = 'c'; END$$"),
		WOK_EDB);
	ASSERT_STR(wok_db_last_error()->hint, "b");
	ASSERT_STR(wok_db_last_error()->schema, "c");
	return 0;
}

PG_TEST(empty_and_several_statements_are_what_the_protocol_says, "pg-38", "pg-39")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	WOK_AUTO(wok_rows) *rows = NULL;

	ASSERT_OK(wok_pg_execute(conn, "", NULL));
	ASSERT_OK(wok_pg_execute(conn, "-- nothing", NULL));
	ASSERT_ERR(wok_pg_execute(conn, "SELECT 1; SELECT 2", NULL), WOK_EDB);
	ASSERT_STR(wok_db_last_error()->sqlstate, "42601");
	ASSERT_OK(wok_pg_script(conn, "SELECT 1; SELECT 2;"));
	ASSERT_OK(wok_pg_fetch(conn, "SELECT FROM generate_series(1, 3)", NULL, &rows));
	ASSERT_EQ(wok_rows_count(rows), 3);
	ASSERT_EQ(wok_rows_columns(rows), 0);
	ASSERT_ERR(wok_pg_execute(conn, "SELECT $1", NULL), -EINVAL);
	return 0;
}

#define NAME_OF_63 "abcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvwxyz_abcdefghi"

PG_TEST(columns_may_have_one_name_twice_and_a_long_one, "pg-39")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	WOK_AUTO(wok_rows) *rows = NULL;

	ASSERT_EQ(strlen(NAME_OF_63), 63);
	ASSERT_OK(wok_pg_fetch(conn, "SELECT 1 AS a, 2 AS b, 3 AS a, 4 AS \"" NAME_OF_63 "\"", NULL,
			       &rows));
	const wok_row *row = wok_rows_at(rows, 0);
	ASSERT_EQ(wok_rows_columns(rows), 4);
	ASSERT_EQ(wok_row_int(row, "a"), 1); /* the first of them; the others by their place */
	ASSERT_EQ(wok_row_int_at(row, 2), 3);
	ASSERT_STR(wok_rows_column_name(rows, 2), "a");
	ASSERT_EQ(wok_row_int(row, NAME_OF_63), 4);
	ASSERT_STR(wok_rows_column_name(rows, 3), NAME_OF_63);
	return 0;
}

static int hundred(void *arg)
{
	for (int i = 0; i < 100; i++) {
		int64_t value;

		if (wok_pg_fetch_int(arg, "SELECT $1 * 2", WOK_ARGS(i), &value) != 1 ||
		    value != 2 * i)
			return -EINVAL;
	}
	return 0;
}

PG_TEST(many_tasks_use_one_connection_at_once, "pgrow-15")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < 50; i++)
		ASSERT_OK(wok_scope_spawn(scope, hundred, conn));
	ASSERT_OK(wok_scope_join(scope));
	return 0;
}

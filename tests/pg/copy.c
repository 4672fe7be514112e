/* SPDX-License-Identifier: MIT */
/* COPY in and out. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include <wok/pg_copy.h>
#include <wok/pg_notify.h>

#include "pg/check.h"

static ssize_t lines(void *data, size_t size, void *arg)
{
	int *left = arg;
	size_t used = 0;

	while (*left > 0 && size - used > 40)
		used += (size_t) snprintf((char *) data + used, size - used, "%d\tname %d\n", *left,
					  *left),
			(*left)--;
	return (ssize_t) used;
}

static ssize_t broken_source(void *data, size_t size, void *arg)
{
	return *(int *) arg > 50000 ? lines(data, size, arg) : -EIO;
}

static int count_bytes(const void *data, size_t size, void *arg)
{
	(void) data;
	*(size_t *) arg += size;
	return 0;
}

struct gathered {
	char *data;
	size_t size;
};

static int append(const void *data, size_t size, void *arg)
{
	struct gathered *gathered = arg;

	ASSERT(gathered->size + size <= 100);
	memcpy(gathered->data + gathered->size, data, size);
	gathered->size += size;
	return 0;
}

static void make_table(wok_pg_conn *conn)
{
	ASSERT_OK(wok_pg_execute(conn, "CREATE TEMP TABLE c (i int PRIMARY KEY, t text)", NULL));
}

PG_TEST(copy_moves_rows_both_ways, "pgrow-20", "pg-40")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	char path[] = "/tmp/wok-pg-copy-XXXXXX";
	wok_db_result result;
	enum { MILLION = 1000 * 1000 };
	int left = MILLION;
	size_t bytes = 0;

	ASSERT_OK(wok_pg_execute(conn, "CREATE TEMP TABLE c (i int, t text)", NULL));
	ASSERT_OK(wok_pg_copy_from(conn, "COPY c FROM STDIN", lines, &left, &result));
	ASSERT_EQ(result.changes, MILLION);
	ASSERT_EQ(pg_check_int(conn, "SELECT sum(i) FROM c"), INT64_C(500000500000));
	ASSERT_OK(wok_pg_copy_to(conn, "COPY c TO STDOUT (FORMAT csv)", count_bytes, &bytes,
				 &result));
	ASSERT_EQ(result.changes, MILLION);
	ASSERT(bytes > 10 * MILLION);
	int fd = mkstemp(path);
	ASSERT(fd >= 0);
	close(fd);
	ASSERT_OK(wok_pg_copy_to_file(conn, "COPY c TO STDOUT (FORMAT binary)", path, NULL));
	ASSERT_OK(wok_pg_execute(conn, "TRUNCATE c", NULL));
	ASSERT_OK(wok_pg_copy_from_file(conn, "COPY c FROM STDIN (FORMAT binary)", path, &result));
	ASSERT_EQ(result.changes, MILLION);
	unlink(path);
	ASSERT_OK(wok_pg_copy_from_memory(conn, "COPY c FROM STDIN", "", 0, &result));
	ASSERT_EQ(result.changes, 0);
	ASSERT_OK(wok_pg_copy_from_memory(conn, "COPY c FROM STDIN (FORMAT csv)", "-1,a\n-2,b", 9,
					  &result));
	ASSERT_EQ(result.changes, 2);
	return 0;
}

PG_TEST(little_data_comes_all_at_once_and_is_a_copy_too, "pg-40")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	size_t bytes = 0;

	for (int i = 0; i < 20; i++)
		ASSERT_OK(wok_pg_copy_to(conn, "COPY (SELECT 1) TO STDOUT", count_bytes, &bytes,
					 NULL));
	ASSERT_EQ(bytes, 40);
	ASSERT_OK(wok_pg_copy_to(conn, "COPY (SELECT 1 WHERE false) TO STDOUT", count_bytes, &bytes,
				 NULL));
	ASSERT_EQ(bytes, 40);
	return 0;
}

PG_TEST(a_copy_that_fails_on_either_side_copies_nothing, "pg-40")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	int left = 100000;
	size_t bytes = 0;

	make_table(conn);
	ASSERT_ERR(wok_pg_copy_from(conn, "COPY c FROM STDIN", broken_source, &left, NULL), -EIO);
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM c"), 0);
	ASSERT_ERR(wok_pg_copy_from_memory(conn, "COPY c FROM STDIN", "1\ta\n1\tb\n", 8, NULL),
		   WOK_EDB);
	ASSERT_STR(wok_db_last_error()->sqlstate, "23505");
	ASSERT_ERR(wok_pg_copy_to(conn, "COPY nothing TO STDOUT", count_bytes, &bytes, NULL),
		   WOK_EDB);
	ASSERT_STR(wok_db_last_error()->sqlstate, "42P01");
	/* A server that refuses early ends the sending early. */
	left = 100000000;
	ASSERT_ERR(wok_pg_copy_from(conn, "COPY c (i) FROM STDIN", lines, &left, NULL), WOK_EDB);
	ASSERT(left > 90000000);
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM c"), 0);
	return 0;
}

PG_TEST(a_copy_that_is_given_up_leaves_the_connection_usable, "pg-40")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	wok_pg_copy *copy;
	wok_view data;

	make_table(conn);
	ASSERT_OK(wok_pg_copy_in(conn, "COPY c FROM STDIN", &copy));
	ASSERT_OK(wok_pg_copy_write(copy, "1\ta\n", 4));
	ASSERT_ERR(wok_pg_execute(conn, "SELECT 1", NULL), -EDEADLK);
	ASSERT_ERR(wok_pg_copy_read(copy, &data), -EINVAL);
	wok_pg_copy_free(copy);
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM c"), 0);
	ASSERT_OK(wok_pg_copy_out(
		conn,
		"COPY (SELECT repeat('x', 100) FROM (SELECT generate_series(1, 100000000)) s) "
		"TO STDOUT",
		&copy));
	ASSERT_EQ(wok_pg_copy_read(copy, &data), 1);
	wok_pg_copy_free(copy);
	ASSERT_EQ(pg_check_int(conn, "SELECT 3"), 3);
	return 0;
}

/* A binary COPY says itself where it ends: after that nothing may come. */
PG_TEST(a_binary_copy_ends_with_its_trailer, "pg-40")
{
	static const char binary[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"
				     "\0\2\0\0\0\4\0\0\0\7\0\0\0\1x"
				     "\377\377"
				     "\0\2";
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	const char *const sql = "COPY c FROM STDIN (FORMAT binary)";
	char got[100];
	struct gathered sink = {got, 0};
	wok_db_result result;

	make_table(conn);
	ASSERT_ERR(wok_pg_copy_from_memory(conn, sql, binary, sizeof(binary) - 1, NULL), WOK_EDB);
	ASSERT_STR(wok_db_last_error()->sqlstate, "22P04");
	ASSERT_OK(wok_pg_copy_from_memory(conn, sql, binary, sizeof(binary) - 3, &result));
	ASSERT_EQ(result.changes, 1);
	ASSERT_OK(wok_pg_copy_to(conn, "COPY c TO STDOUT (FORMAT binary)", append, &sink, NULL));
	ASSERT_EQ(sink.size, sizeof(binary) - 3);
	ASSERT_MEM(got, binary, sink.size);
	return 0;
}

static int copy_for_long(void *conn)
{
	int left = 1000 * 1000 * 1000;

	return wok_pg_copy_from(conn, "COPY c (i, t) FROM STDIN", lines, &left, NULL);
}

static int copy_out_for_long(void *conn)
{
	size_t bytes = 0;

	return wok_pg_copy_to(conn,
			      "COPY (SELECT repeat('x', 100) FROM (SELECT generate_series(1, "
			      "100000000)) s) TO STDOUT",
			      count_bytes, &bytes, NULL);
}

PG_TEST(a_copy_that_is_cancelled_copies_nothing_and_the_connection_goes_on, "pg-40", "pg-16")
{
	/* As long as a busy machine takes. */
	WOK_AUTO(wok_pg_conn) *conn =
		pg_check_connect(&(wok_pg_options){.cancel_timeout = 20 * WOK_SECOND});
	const uint32_t pid = wok_pg_backend_pid(conn);

	make_table(conn);
	for (int i = 1; i < 6; i++) {
		ASSERT_ERR(wok_wait_for(copy_for_long, conn, i * 7 * WOK_MS), -ETIMEDOUT);
		ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM c"), 0);
		ASSERT_ERR(wok_wait_for(copy_out_for_long, conn, i * 7 * WOK_MS), -ETIMEDOUT);
		ASSERT_EQ(pg_check_int(conn, "SELECT 5"), 5);
	}
	ASSERT_EQ(wok_pg_backend_pid(conn), pid);
	return 0;
}

static int begin_copy(void *conn)
{
	wok_pg_copy *copy;

	return wok_pg_copy_in(conn, "COPY c FROM STDIN", &copy);
}

static int wake_later(void *arg)
{
	WOK_TRY(wok_sleep(200 * WOK_MS));
	pg_cluster_signal(*(pid_t *) arg, SIGCONT);
	return 0;
}

/* The request comes before the statement; and who waits for data hears no other. */
PG_TEST(a_copy_that_is_cancelled_before_it_has_begun_is_told_that_nothing_comes, "pg-40")
{
	WOK_AUTO(wok_pg_conn) *conn =
		pg_check_connect(&(wok_pg_options){.cancel_timeout = 10 * WOK_SECOND});
	pid_t pid = (pid_t) wok_pg_backend_pid(conn);

	make_table(conn);
	pg_cluster_signal(pid, SIGSTOP);
	WOK_AUTO(wok_task) *later = wok_create_task(wake_later, &pid);
	ASSERT_ERR(wok_wait_for(begin_copy, conn, 20 * WOK_MS), -ETIMEDOUT);
	ASSERT_OK(wok_await(later));
	ASSERT(wok_pg_alive(conn));
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM c"), 0);
	return 0;
}

static int read_along(void *conn)
{
	wok_pg_notification notification;

	return wok_pg_notification_next(conn, &notification);
}

/* Who takes the data slowly makes the server wait, and keeps no more than a piece: also while
 * somebody else would read. */
PG_TEST(a_slow_sink_makes_the_server_wait, "pg-40")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	wok_pg_copy *copy;
	wok_view data;
	char sql[120];

	ASSERT_OK(wok_pg_copy_out(
		conn,
		"COPY (SELECT repeat('x', 100) FROM (SELECT generate_series(1, 100000000)) s) "
		"TO STDOUT",
		&copy));
	WOK_AUTO(wok_task) *reader = wok_create_task(read_along, conn);
	snprintf(sql, sizeof(sql), "SELECT wait_event FROM pg_stat_activity WHERE pid = %u",
		 (unsigned) wok_pg_backend_pid(conn));
	for (int i = 0; i < 5; i++) {
		ASSERT_OK(wok_sleep(20 * WOK_MS));
		pg_cluster_wait(sql, "ClientWrite");
		for (int j = 0; j < 50; j++) {
			ASSERT_EQ(wok_pg_copy_read(copy, &data), 1);
			ASSERT(data.size <= 128 << 10);
		}
	}
	wok_pg_copy_free(copy);
	ASSERT_EQ(pg_check_int(conn, "SELECT 3"), 3);
	wok_cancel(reader);
	return 0;
}

PG_TEST(a_copy_that_was_not_expected_is_refused, "pg-41")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	wok_pg_copy *copy;

	make_table(conn);
	ASSERT_ERR(wok_pg_script(conn, "COPY c FROM STDIN; SELECT 1"), -EINVAL);
	ASSERT_ERR(wok_pg_script(conn, "COPY c TO STDOUT"), -EINVAL);
	ASSERT_ERR(wok_pg_execute(conn, "COPY c FROM STDIN", NULL), -EINVAL);
	ASSERT_ERR(wok_pg_execute(conn, "COPY c TO STDOUT", NULL), -EINVAL);
	ASSERT_ERR(wok_pg_copy_in(conn, "SELECT 1", &copy), -EINVAL);
	ASSERT_ERR(wok_pg_copy_in(conn, "COPY c TO STDOUT", &copy), -EINVAL);
	ASSERT_EQ(pg_check_int(conn, "SELECT 4"), 4);
	return 0;
}

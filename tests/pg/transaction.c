/* SPDX-License-Identifier: MIT */
/* Transactions that meet others, and those in two phases. */
#include <wok/pg_pool.h>

#include "pg/check.h"

/* Two transfers between two accounts, in opposite directions. */
struct transfer {
	wok_pg_pool *pool;
	int from, to;
	int tries;
	struct transfer *other;
};

static int take_and_give(wok_pg_conn *conn, void *arg)
{
	static const char sql[] = "UPDATE account SET cents = cents + $2 WHERE id = $1";
	struct transfer *transfer = arg;

	transfer->tries++;
	WOK_TRY(wok_pg_execute(conn, sql, WOK_ARGS(transfer->from, -1)));
	/* Each has locked one by now, and wants the other's: at first. */
	while (transfer->other->tries == 0)
		WOK_TRY(wok_sleep(WOK_MS));
	if (transfer->tries == 1)
		WOK_TRY(wok_sleep(20 * WOK_MS));
	return wok_pg_execute(conn, sql, WOK_ARGS(transfer->to, 1));
}

static int run_transfer(void *arg)
{
	struct transfer *transfer = arg;

	return wok_pg_pool_transaction(transfer->pool, take_and_give, transfer, NULL);
}

static wok_pg_pool *pool_with_accounts(void)
{
	wok_pg_pool *pool = NULL;

	ASSERT_OK(wok_pg_pool_new(pg_cluster_dsn(), NULL, &pool));
	ASSERT_OK(wok_pg_pool_script(
		pool, "DROP TABLE IF EXISTS account; CREATE TABLE account (id int PRIMARY KEY, "
		      "cents int); INSERT INTO account VALUES (1, 10), (2, 10)"));
	return pool;
}

static int64_t pool_int(wok_pg_pool *pool, const char *sql)
{
	int64_t value;

	ASSERT_EQ(wok_pg_pool_fetch_int(pool, sql, NULL, &value), 1);
	return value;
}

PG_TEST(of_two_that_lock_each_other_out_one_is_run_again, "pg-20")
{
	WOK_AUTO(wok_pg_pool) *pool = pool_with_accounts();
	struct transfer one = {pool, 1, 2, .tries = 0}, two = {pool, 2, 1, .other = &one};
	WOK_AUTO(wok_scope) *scope = NULL;

	one.other = &two;
	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, run_transfer, &one));
	ASSERT_OK(wok_scope_spawn(scope, run_transfer, &two));
	ASSERT_OK(wok_scope_join(scope));
	ASSERT(one.tries + two.tries >= 3);
	ASSERT_EQ(pool_int(pool, "SELECT sum(cents) FROM account WHERE cents = 10"), 20);
	ASSERT_OK(wok_pg_pool_script(pool, "DROP TABLE account"));
	return 0;
}

/* Reads what the other one has changed in between, and so cannot commit, as often as it is told. */
struct disturbed {
	wok_pg_pool *pool;
	int left;
	int tries;
	bool nested;
};

static int read_and_write(wok_pg_conn *conn, void *arg)
{
	struct disturbed *disturbed = arg;
	int64_t cents;

	disturbed->tries++;
	WOK_TRY(wok_pg_fetch_int(conn, "SELECT cents FROM account WHERE id = 1", NULL, &cents));
	if (disturbed->left-- > 0)
		WOK_TRY(wok_pg_pool_execute(disturbed->pool,
					    "UPDATE account SET cents = cents + 1 WHERE id = 1",
					    NULL));
	return wok_pg_execute(conn, "UPDATE account SET cents = $1 WHERE id = 1",
			      WOK_ARGS(cents + 100));
}

static int nested(wok_pg_conn *conn, void *arg)
{
	((struct disturbed *) arg)->nested = true;
	return wok_pg_transaction_run(conn, read_and_write, arg, NULL);
}

PG_TEST(a_serializable_transaction_is_run_until_it_was_alone, "pg-20", "pg-16")
{
	static const wok_pg_transaction_run_options options = {.transaction.isolation =
								       WOK_PG_SERIALIZABLE};
	WOK_AUTO(wok_pg_pool) *pool = pool_with_accounts();
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	struct disturbed disturbed = {.pool = pool, .left = 3};

	ASSERT_OK(wok_pg_transaction_run(conn, read_and_write, &disturbed, &options));
	ASSERT_EQ(disturbed.tries, 4);
	ASSERT_EQ(pool_int(pool, "SELECT cents FROM account WHERE id = 1"), 10 + 3 + 100);

	/* What lies within is not run again alone: the whole is. */
	disturbed = (struct disturbed){.pool = pool, .left = 1};
	ASSERT_OK(wok_pg_transaction_run(conn, nested, &disturbed, &options));
	ASSERT_EQ(disturbed.tries, 2);
	ASSERT_EQ(pool_int(pool, "SELECT cents FROM account WHERE id = 1"), 113 + 1 + 100);

	/* It has an end, and says what it was. */
	disturbed = (struct disturbed){.pool = pool, .left = 100};
	ASSERT_ERR(wok_pg_transaction_run(conn, read_and_write, &disturbed, &options), WOK_ERETRY);
	ASSERT_EQ(disturbed.tries, 5);
	ASSERT_STR(wok_db_last_error()->sqlstate, "40001");
	ASSERT(wok_db_last_error()->retry);
	ASSERT_EQ(wok_pg_status(conn), 'I');
	ASSERT_OK(wok_pg_pool_script(pool, "DROP TABLE account"));
	return 0;
}

static int64_t count_prepared(wok_pg_conn *conn)
{
	return pg_check_int(conn, "SELECT count(*) FROM pg_prepared_xacts WHERE gid LIKE 'wok-%'");
}

/* Prepare one in a connection that then goes away. */
static void prepare_one(const char *name, int value)
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);
	WOK_AUTO(wok_pg_transaction) *tx = NULL;
	char sql[80];

	ASSERT_OK(wok_pg_transaction_begin(conn, NULL, &tx));
	ASSERT_OK(wok_pg_execute(conn, "INSERT INTO phase VALUES ($1)", WOK_ARGS(value)));
	snprintf(sql, sizeof(sql), "PREPARE TRANSACTION '%s'", name);
	ASSERT_OK(wok_pg_execute(conn, sql, NULL));
	ASSERT_EQ(wok_pg_status(conn), 'I');
	ASSERT_ERR(wok_pg_transaction_commit(tx), -EINVAL); /* it is none of this any more */
	ASSERT_ERR(wok_pg_transaction_rollback(tx), -EINVAL);
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM phase WHERE i = 2"), 0);
}

PG_TEST(a_transaction_in_two_phases_outlives_its_connection, "pgrow-26")
{
	WOK_AUTO(wok_pg_conn) *conn = pg_check_connect(NULL);

	ASSERT_OK(wok_pg_script(conn, "DROP TABLE IF EXISTS phase; CREATE TABLE phase (i int)"));
	prepare_one("wok-1", 1);
	prepare_one("wok-2", 2);
	ASSERT_EQ(count_prepared(conn), 2);
	ASSERT_EQ(pg_check_int(conn, "SELECT count(*) FROM phase"), 0);
	ASSERT_OK(wok_pg_execute(conn, "COMMIT PREPARED 'wok-1'", NULL));
	ASSERT_OK(wok_pg_execute(conn, "ROLLBACK PREPARED 'wok-2'", NULL));
	ASSERT_EQ(count_prepared(conn), 0);
	ASSERT_EQ(pg_check_int(conn, "SELECT sum(i) FROM phase"), 1);
	ASSERT_ERR(wok_pg_execute(conn, "COMMIT PREPARED 'wok-1'", NULL), WOK_EDB);
	ASSERT_STR(wok_db_last_error()->sqlstate, "42704");
	ASSERT_OK(wok_pg_script(conn, "DROP TABLE phase"));
	return 0;
}

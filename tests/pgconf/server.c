/* SPDX-License-Identifier: MIT */
/* Whom a real server lets in, how, and over what: each way of authentication and each sslmode. */
#include <unistd.h>
#include <wok/pg.h>
#include <wok/wok.h>

#include "harness/test.h"
#include "pg/cluster.h"

/* Connect with more of a DSN; F in it is the folder with the certificates. */
static int connect_to(const char *more, wok_pg_conn **ret_conn)
{
	const struct pg_cluster *cluster = pg_cluster();
	char dsn[900];
	int n = snprintf(dsn, sizeof(dsn), "%s ", cluster->tcp);

	for (; *more; more++)
		n += *more == '^'
			     ? snprintf(dsn + n, sizeof(dsn) - (size_t) n, "%s", cluster->folder)
			     : snprintf(dsn + n, sizeof(dsn) - (size_t) n, "%c", *more);
	return wok_pg_connect(dsn, ret_conn);
}

/* What comes of it: 0 without TLS, 1 with it; an error. */
static int outcome(const char *more)
{
	WOK_AUTO(wok_pg_conn) *conn = NULL;
	int64_t tls = 0;

	WOK_TRY(connect_to(more, &conn));
	ASSERT_EQ(wok_pg_fetch_int(conn,
				   "SELECT ssl::int FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
				   NULL, &tls),
		  1);
	return (int) tls;
}

struct row {
	const char *more;
	int outcome;
	const char *message; /* a part of it; NULL */
};

static int check_rows(const struct row *rows)
{
	for (; rows->more; rows++) {
		int r = outcome(rows->more);

		if (r != rows->outcome)
			FAIL("%s: %d instead of %d: %s", rows->more, r, rows->outcome,
			     r < 0 ? wok_errmsg(r) : "it stands");
		if (rows->message && !strstr(wok_errmsg(r), rows->message))
			FAIL("%s: %s", rows->more, wok_errmsg(r));
	}
	return 0;
}

static int check(const struct row *rows)
{
	static int (*const fn)(const struct row *) = check_rows;

	unsetenv("PGPASSWORD");
	setenv("HOME", pg_cluster()->folder, 1);
	return wok_run((int (*)(void *)) fn, (void *) rows);
}

TEST(each_role_comes_in_by_its_own_method, "pg-50", "pgrow-5")
{
	static const struct row rows[] = {
		{"user=trust_user sslmode=disable", 0, NULL},
		{"user=trust_user sslmode=disable require_auth=scram-sha-256", -EACCES,
		 "require_auth"},
		{"user=md5_user password=secret sslmode=disable", 0, NULL},
		{"user=md5_user password=wrong sslmode=disable", WOK_EDB,
		 "password authentication failed"},
		{"user=md5_user sslmode=disable", -EACCES, "there is none"},
		{"user=md5_user password=secret sslmode=disable require_auth=!md5", -EACCES,
		 "require_auth"},
		{"user=postgres password=secret sslmode=disable", 0, NULL},
		{"user=postgres password=secret sslmode=require", 1, NULL},
		{"user=postgres password=wrong sslmode=disable", WOK_EDB,
		 "password authentication failed"},
		{"user=plain_user password=secret sslmode=require", 1, NULL},
		{"user=plain_user password=secret sslmode=disable", -EACCES, "clear text"},
		{"user=trust_user dbname=nowhere", WOK_EDB, "\"nowhere\" does not exist"},
		{NULL, 0, NULL},
	};

	ASSERT_OK(check(rows));
}

TEST(sslmode_says_what_a_server_with_tls_has_to_show, "pg-51", "pgrow-8")
{
	static const struct row rows[] = {
		{"user=trust_user sslmode=disable", 0, NULL},
		{"user=trust_user sslmode=allow", 0, NULL},
		{"user=trust_user sslmode=prefer", 1, NULL},
		{"user=trust_user sslmode=require", 1, NULL},
		{"user=trust_user sslmode=verify-ca sslrootcert=^/root.crt", 1, NULL},
		{"user=trust_user sslmode=verify-ca sslrootcert=^/other.crt", WOK_ECERTIFICATE,
		 NULL},
		{"user=trust_user sslmode=require sslrootcert=^/other.crt", WOK_ECERTIFICATE, NULL},
		{"user=trust_user sslmode=verify-full sslrootcert=^/root.crt", 1, NULL},
		{"user=trust_user sslmode=verify-full sslrootcert=^/root.crt host=db.test "
		 "hostaddr=127.0.0.1",
		 WOK_ECERTIFICATE, NULL},
		{"user=trust_user sslmode=verify-ca sslrootcert=^/root.crt host=db.test "
		 "hostaddr=127.0.0.1",
		 1, NULL},
		{"user=cert_user sslmode=require sslcert=^/client.crt sslkey=^/client.key", 1,
		 NULL},
		{"user=cert_user sslmode=require", WOK_EDB, NULL},
		{NULL, 0, NULL},
	};

	ASSERT_OK(check(rows));
}

TEST(allow_and_prefer_try_the_other_way_if_they_are_refused, "pgrow-8")
{
	static const struct row with[] = {
		{"user=trust_user sslmode=allow", 1, NULL},
		{"user=trust_user sslmode=disable", WOK_EDB, "no encryption"},
		{NULL, 0, NULL},
	};
	static const struct row without[] = {
		{"user=trust_user sslmode=prefer", 0, NULL},
		{"user=trust_user sslmode=require", WOK_EDB, "SSL encryption"},
		{NULL, 0, NULL},
	};

	pg_cluster_hba("local all all trust\nhostssl all all all trust\n");
	ASSERT_OK(check(with));
	pg_cluster_hba("local all all trust\nhostnossl all all all trust\n");
	ASSERT_OK(check(without));
}

TEST(the_next_host_is_for_servers_that_are_not_there, "pgrow-3")
{
	static const struct row rows[] = {
		{"user=trust_user host=/nowhere,127.0.0.1 sslmode=disable", 0, NULL},
		{"user=trust_user host=^,127.0.0.1 dbname=nowhere sslmode=disable", WOK_EDB,
		 "does not exist"},
		{"user=trust_user host=/nowhere,/neither sslmode=disable", -ENOENT,
		 "/nowhere/.s.PGSQL."},
		{NULL, 0, NULL},
	};

	ASSERT_OK(check(rows));
}

TEST(a_server_has_to_be_of_the_kind_that_is_wanted, "pgrow-3")
{
	static const struct row read_write[] = {
		{"user=trust_user target_session_attrs=read-write", 1, NULL},
		{"user=trust_user target_session_attrs=primary", 1, NULL},
		{"user=trust_user target_session_attrs=prefer-standby", 1, NULL},
		{"user=trust_user target_session_attrs=standby", -EHOSTUNREACH, "it is a primary"},
		{"user=trust_user target_session_attrs=read-only", -EHOSTUNREACH,
		 "it is read-write"},
		{NULL, 0, NULL},
	};
	static const struct row read_only[] = {
		{"user=trust_user target_session_attrs=read-only", 1, NULL},
		{"user=trust_user target_session_attrs=read-write", -EHOSTUNREACH,
		 "it is read-only"},
		{NULL, 0, NULL},
	};

	pg_cluster();
	ASSERT_OK(check(read_write));
	pg_cluster_set("default_transaction_read_only = on");
	ASSERT_OK(check(read_only));
}

static int cancel_over_tls(void *arg)
{
	WOK_AUTO(wok_pg_conn) *conn = NULL;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int64_t one = 0;
	int r = 0;

	(void) arg;
	ASSERT_OK(connect_to("user=trust_user sslmode=verify-full sslrootcert=^/root.crt", &conn));
	WOK_TIMEOUT (&timeout, 50 * WOK_MS) {
		r = wok_pg_execute(conn, "SELECT pg_sleep(60)", NULL);
	}
	ASSERT_EQ(wok_timeout_result(&timeout, r), -ETIMEDOUT);
	ASSERT_EQ(wok_pg_fetch_int(conn, "SELECT 1", NULL, &one), 1);
	return 0;
}

TEST(a_cancel_request_goes_by_the_same_way, "pgrow-28")
{
	pg_cluster();
	pg_cluster_hba("local all all trust\nhostssl all all all trust\n");
	ASSERT_OK(wok_run(cancel_over_tls, NULL));
}

/* SPDX-License-Identifier: MIT */
/* The private PostgreSQL itself: does what cluster.h promises hold? */
#include "pg/cluster.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "harness/test.h"

TEST(the_server_answers)
{
	ASSERT(strstr(pg_cluster_dsn(), "port="));
	ASSERT_STR(pg_cluster_query("SELECT 40 + 2, 'text'"), "42|text");
	pg_cluster_wait("SHOW fsync", "off");
}

TEST(a_restarted_server_is_another_process_on_the_same_port)
{
	pid_t before = pg_cluster()->server;
	int port = pg_cluster()->port;

	pg_cluster_restart(true);
	ASSERT(pg_cluster()->server != before);
	ASSERT_EQ(pg_cluster()->port, port);
	ASSERT_STR(pg_cluster_query("SELECT 1"), "1");
	pg_cluster_restart(false);
	ASSERT_STR(pg_cluster_query("SELECT 2"), "2");
}

TEST(a_test_may_leave_the_server_stopped)
{
	pg_cluster_stop(false);
}

TEST(a_test_may_leave_settings_changed)
{
	pg_cluster_set("statement_timeout = '7s'");
	ASSERT_STR(pg_cluster_query("SHOW statement_timeout"), "7s");
	pg_cluster_hba("local all all reject");
	char command[300];
	snprintf(command, sizeof(command), "psql '%s' -c 'SELECT 1' >/dev/null 2>&1",
		 pg_cluster_dsn());
	ASSERT(system(command) != 0);
}

TEST(the_next_test_finds_all_as_it_was)
{
	ASSERT_STR(pg_cluster_query("SHOW statement_timeout"), "0");
	ASSERT_STR(pg_cluster_query("SELECT count(*) FROM pg_hba_file_rules"), "6");
}

TEST(a_frozen_server_is_thawed)
{
	pg_cluster_signal(pg_cluster()->server, SIGSTOP);
}

TEST(a_frozen_server_was_thawed)
{
	ASSERT_STR(pg_cluster_query("SELECT 1"), "1");
}

TEST(tcp_asks_for_a_password)
{
	char command[400];

	snprintf(command, sizeof(command),
		 "HOME=/ PGPASSWORD=secret psql '%s user=scram_user sslmode=verify-full "
		 "sslrootcert=%s/root.crt' "
		 "-c 'SELECT 1' >/dev/null",
		 pg_cluster()->tcp, pg_cluster()->folder);
	ASSERT_EQ(system(command), 0);
	snprintf(command, sizeof(command),
		 "PGPASSWORD=wrong psql '%s user=md5_user' -c 'SELECT 1' >/dev/null 2>&1",
		 pg_cluster()->tcp);
	ASSERT(system(command) != 0);
}

TEST(pgbouncer_stands_before_it)
{
	char command[400];

	snprintf(command, sizeof(command), "psql '%s' -c 'SELECT 1' >/dev/null",
		 pg_cluster_with_bouncer()->bouncer_dsn);
	ASSERT_EQ(system(command), 0);
	pg_cluster_restart_bouncer();
	ASSERT_EQ(system(command), 0);
}

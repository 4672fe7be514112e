/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEST_PG_CLUSTER_H
#define WOK_TEST_PG_CLUSTER_H
/*
 * A PostgreSQL server of our own, for tests: made in a temporary folder when the first test of the
 * program asks for it, and gone with the program, however that ends. It listens on a Unix socket
 * and on 127.0.0.1, with TLS, at a port that was free. Every call here blocks the thread for a
 * moment: the server is somebody else's process, and the test has nothing better to do.
 *
 * The role "postgres" is the superuser; the others have no rights of their own. The password of
 * each is "secret". On the Unix socket all are trusted. Over TCP the name says how a role proves
 * itself: trust_user, plain_user (cleartext), md5_user, cert_user (client.crt, over TLS only); all
 * others, postgres too, by SCRAM.
 *
 * What a test changes is put back before the next: pg_hba.conf, and that the servers run. What it
 * creates in the database it removes itself: temporary tables are the best.
 */
#include <stdbool.h>
#include <sys/types.h>

struct pg_cluster {
	char folder[64];  /* of the Unix sockets; root.crt, other.crt, client.crt, client.key */
	int port;         /* of both sockets */
	pid_t server;     /* the postmaster: after a restart another */
	int bouncer_port; /* of both of its sockets; 0: it was not asked for */
	pid_t bouncer;
	int standby_port; /* of its Unix socket; 0: it was not asked for */
	pid_t standby;
	char dsn[160];         /* postgres, over the Unix socket, as key=value */
	char uri[160];         /* the same as postgresql://... */
	char tcp[160];         /* over TCP, without a user, as key=value; sslmode is open */
	char bouncer_dsn[160]; /* postgres, through pgbouncer's Unix socket */
};

/* The cluster, running. Skips the test where there is no PostgreSQL. */
const struct pg_cluster *pg_cluster(void);
const char *pg_cluster_dsn(void);

/* The same, and pgbouncer before it: transaction mode, ten server connections for a database. */
const struct pg_cluster *pg_cluster_with_bouncer(void);

/* The same, and a standby that streams from it, new and up to date; gone with the test. */
const struct pg_cluster *pg_cluster_with_standby(void);

/* What psql -At answers to some SQL, '|' between fields, until the next call; up to 64 KiB. It is
 * for looking at the server behind the back of what is tested. Fails the test if the SQL does. */
const char *pg_cluster_query(const char *sql);

/* Waits until a query answers with this text: at most ten seconds. */
void pg_cluster_wait(const char *sql, const char *answer);

/* Stop the server: immediately, as if it had crashed, or after it has told its clients. Start it,
 * again on the same port. */
void pg_cluster_stop(bool immediate);
void pg_cluster_start(void);
void pg_cluster_restart(bool immediate);

/* The same for pgbouncer, which always stops at once. */
void pg_cluster_restart_bouncer(void);

/* Other lines for pg_hba.conf; a new connection is judged by them when this returns. */
void pg_cluster_hba(const char *lines);

/* Changes a setting of the server for all to come, as "statement_timeout = 100"; until the next
 * test. Not for those that need a restart. */
void pg_cluster_set(const char *line);

/* kill(): the process of a backend, the postmaster, pgbouncer. A stopped one goes on later. */
void pg_cluster_signal(pid_t pid, int signal);
#endif

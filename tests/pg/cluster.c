/* SPDX-License-Identifier: MIT */
/*
 * The tests' side of a private PostgreSQL: see cluster.h.
 *
 * The keeper is forked before the first test, when this process is still small, and costs nothing
 * until it is asked. Tests run one after the other, each in a fork that has inherited the socket:
 * one request is on its way at a time, and an answer needs no sender.
 */
#include "pg/cluster.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "harness/test.h"
#include "pg/keeper.h"

static int keeper = -1;
static struct keeper_answer *answer;
static pid_t greeted; /* the process that has said hello: a fork says it again */

static void start_keeper(void)
{
	int pair[2];

	answer = mmap(NULL, sizeof(*answer), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (answer == MAP_FAILED || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return;
	pid_t pid = fork();
	if (pid == 0) {
		close(pair[0]);
		keeper_run(pair[1], answer);
	}
	close(pair[1]);
	keeper = pair[0];
}

__attribute__((constructor)) static void register_keeper(void)
{
	test_before_all(start_keeper);
}

static void check(const char *what)
{
	if (answer->verdict == KEEPER_MISSING)
		SKIP("%s", answer->text);
	if (answer->verdict != KEEPER_DONE)
		FAIL("%s: %s", what, answer->text);
}

static void ask(enum keeper_action action, const char *text, const char *what)
{
	static struct keeper_request request;
	char done;

	if (keeper < 0)
		FAIL("the keeper of PostgreSQL could not be started");
	request.action = action;
	snprintf(request.text, sizeof(request.text), "%s", text);
	size_t size = offsetof(struct keeper_request, text) + strlen(request.text) + 1;
	if (send(keeper, &request, size, MSG_NOSIGNAL) != (ssize_t) size ||
	    recv(keeper, &done, 1, 0) != 1)
		FAIL("the keeper of PostgreSQL has gone: %s", strerror(errno));
	check(what);
}

const struct pg_cluster *pg_cluster(void)
{
	if (greeted != getpid()) {
		ask(KEEPER_HELLO, "", "starting PostgreSQL");
		greeted = getpid();
	}
	return &answer->cluster;
}

const char *pg_cluster_dsn(void)
{
	return pg_cluster()->dsn;
}

const struct pg_cluster *pg_cluster_with_bouncer(void)
{
	pg_cluster();
	ask(KEEPER_BOUNCER, "", "starting pgbouncer");
	return &answer->cluster;
}

const struct pg_cluster *pg_cluster_with_standby(void)
{
	pg_cluster();
	ask(KEEPER_STANDBY, "", "starting a standby");
	return &answer->cluster;
}

const char *pg_cluster_query(const char *sql)
{
	pg_cluster();
	ask(KEEPER_QUERY, sql, sql);
	return answer->text;
}

void pg_cluster_wait(const char *sql, const char *expected)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};

	for (int i = 0; i < 300; i++) { /* psql itself takes the rest of the ten seconds */
		if (strcmp(pg_cluster_query(sql), expected) == 0)
			return;
		nanosleep(&pause, NULL);
	}
	FAIL("\"%s\" was to become \"%s\", but is \"%s\"", sql, expected, answer->text);
}

void pg_cluster_stop(bool immediate)
{
	pg_cluster();
	ask(immediate ? KEEPER_CRASH : KEEPER_STOP, "", "stopping PostgreSQL");
}

void pg_cluster_start(void)
{
	pg_cluster();
	ask(KEEPER_START, "", "starting PostgreSQL again");
}

void pg_cluster_restart(bool immediate)
{
	pg_cluster_stop(immediate);
	pg_cluster_start();
}

void pg_cluster_restart_bouncer(void)
{
	pg_cluster();
	ask(KEEPER_RESTART_BOUNCER, "", "starting pgbouncer again");
}

void pg_cluster_hba(const char *lines)
{
	pg_cluster();
	ask(KEEPER_HBA, lines, "pg_hba.conf");
}

void pg_cluster_set(const char *line)
{
	pg_cluster();
	ask(KEEPER_SETTING, line, line);
}

void pg_cluster_signal(pid_t pid, int signal)
{
	ASSERT(pid > 1);
	if (kill(pid, signal) < 0)
		FAIL("no signal %d for process %d: %s", signal, (int) pid, strerror(errno));
}

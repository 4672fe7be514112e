/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEST_PG_KEEPER_H
#define WOK_TEST_PG_KEEPER_H
/*
 * The process that owns the servers of tests/pg/cluster.h. The test program starts it before any
 * test; it waits for requests on a socket, and when nobody is left who could send one, it stops the
 * servers and removes their folder.
 */
#include "pg/cluster.h"

enum keeper_action {
	KEEPER_HELLO, /* a test that asks for the first time: put everything back */
	KEEPER_BOUNCER,
	KEEPER_STANDBY,
	KEEPER_QUERY, /* text: the SQL */
	KEEPER_STOP,
	KEEPER_CRASH,
	KEEPER_START,
	KEEPER_RESTART_BOUNCER,
	KEEPER_HBA,     /* text: the lines; "" those of the beginning */
	KEEPER_SETTING, /* text: a line */
};

enum { KEEPER_TEXT = 64 * 1024 };

struct keeper_request {
	enum keeper_action action;
	char text[KEEPER_TEXT];
};

enum keeper_verdict { KEEPER_DONE, KEEPER_FAILED, KEEPER_MISSING };

/* In memory that the keeper and the tests share; the text is the answer, or what went wrong. */
struct keeper_answer {
	enum keeper_verdict verdict;
	struct pg_cluster cluster;
	char text[KEEPER_TEXT];
};

/* The keeper's main function: serves the socket until its other end is gone. */
_Noreturn void keeper_run(int socket, struct keeper_answer *answer);
#endif

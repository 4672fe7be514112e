/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEST_PROCESS_CHECK_H
#define WOK_TEST_PROCESS_CHECK_H
/*
 * What the tests of process pools share. The test program is its own worker: its main() calls
 * wok_worker(), and process_jobs.c registers what the workers run.
 *
 * Tests and jobs meet at gates: pipes of the test's process that a job opens by /proc. So nothing
 * depends on how long anything takes.
 */
#include <wok/wok.h>

#include "harness/test.h"

enum { GATE_PATH = 40 };

struct gate {
	int fds[2];
	char path[GATE_PATH]; /* what a job writes to */
	char back[GATE_PATH]; /* what a job reads from, for the other direction */
};

static const char no_gate[GATE_PATH] = "";

/* What most jobs get. */
struct order {
	char begun[GATE_PATH]; /* written to when the job has begun; "": nowhere */
	char go[GATE_PATH];    /* then read from; "": not at all */
	int what;
};

/* How the job "die" dies. */
enum {
	DIE_BY_SEGV,
	DIE_BY_KILL,
	DIE_BY_EXIT,
	DIE_BY_ABORT,
	DIE_BY_CLOSING, /* closes its socket, and lives */
	DIE_KINDS,
};

/* What the job "garbage" sends. */
enum {
	GARBAGE_TEXT,
	GARBAGE_EMPTY,
	GARBAGE_HUGE,     /* more than a packet can be */
	GARBAGE_HEADER,   /* a header that promises more than comes */
	GARBAGE_SERIAL,   /* the result of another job */
	GARBAGE_KIND,     /* a hello, now */
	GARBAGE_FDS,      /* two descriptors */
	GARBAGE_UNSEALED, /* a result in memory that it can still shrink */
	GARBAGE_SHORT,    /* ... that is smaller than it says */
	GARBAGE_FILE,     /* ... that is no memory */
	GARBAGE_NO_FD,    /* ... that did not come */
	GARBAGE_MESSAGE,  /* an error whose message is too long */
	GARBAGE_KINDS,
};

/* What a worker says of itself. */
struct facts {
	int pid, parent, group;
	int n_fds, highest_fd;
	int stdin_is_null;
	int blocked; /* signals */
	int ignored;
	int nice_value;
	int in_loop;
	unsigned long max_fds, max_cpu, max_memory;
};

void gate_open(struct gate *gate);
void gate_close(struct gate *gate);

/* A job has come to the gate. A checkpoint. */
void gate_wait(struct gate *gate);

/* Let one that waits go on. */
void gate_pass(struct gate *gate);

/* Whether this process has no children left, not even dead ones. */
bool no_children(void);

/* A pool with these many workers. */
wok_process_pool *new_pool(size_t workers);

#define ASSERT_MESSAGE(code, word)                                                                 \
	do {                                                                                       \
		if (!strstr(wok_errmsg(code), (word)))                                             \
			FAIL("the message \"%s\" does not say \"%s\"", wok_errmsg(code), (word));  \
	} while (0)
#endif

/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEST_PG_LINE_H
#define WOK_TEST_PG_LINE_H
/*
 * Connections in memory that are past their startup, for what no real network does on demand: the
 * test plays the server, over lines of its own choice and on the virtual clock.
 */
#include <wok/wok.h>

#include "db/postgres/dialer.h"
#include "harness/test.h"

/* How the network takes a further connection, as for a cancel request. */
enum line_dial {
	LINE_REFUSES,
	LINE_IS_SILENT, /* nothing ever answers: packets vanish */
	LINE_IS_FULL,   /* a server is there, and says that it has too many clients */
	LINE_CANCELS,   /* it takes the request, and the statement is stopped */
};

struct line {
	wok_pg_conn *conn;
	wok_stream *server; /* the other end of it */
	wok_stream *side;   /* the server's end of the last cancel request; NULL */
	enum line_dial dial;
	wok_stream_pair_options options; /* of all its streams */
	int dials;
	int early; /* so many cancel requests come too early, and stop nothing */
	wok_task *canceler;
};

/* line: all zero but for options and dial. */
void line_open(struct line *line, const wok_pg_options *options);
void line_close(struct line *line);

/* The server's side: wait for a message of this type (false: the client has gone); and say
 * something. */
bool line_heard(struct line *line, char type);
void line_say(struct line *line, const void *bytes, size_t size);

#define LINE_SAY(line, text) line_say((line), (text), sizeof(text) - 1)
#define LINE_READY "Z\0\0\0\5I"
/* severity: of five letters */
#define LINE_ERROR(severity, state) "E\0\0\0\x17S" severity "\0C" state "\0Mno\0\0"
#endif

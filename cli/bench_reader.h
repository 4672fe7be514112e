/* SPDX-License-Identifier: MIT */
#ifndef WOK_CLI_BENCH_READER_H
#define WOK_CLI_BENCH_READER_H
#include <wok/base.h>

/*
 * Where responses end: as much of HTTP/1.1 as a load generator needs, and no more, so that what is
 * measured is the server. Bytes in, responses out; no I/O, no allocation. Of the fields it reads
 * those that say how long the body is and whether the connection stays.
 */
enum reader_state {
	READER_STATUS,     /* before or in the status line */
	READER_FIELDS,     /* in the head */
	READER_BODY,       /* `left` bytes to come */
	READER_TO_END,     /* a body that the connection's end ends */
	READER_CHUNK_SIZE, /* a line with a chunk's size */
	READER_CHUNK,      /* `left` bytes of it to come */
	READER_CHUNK_END,  /* the line end behind it */
	READER_TRAILERS,
};

struct bench_reader {
	enum reader_state state;
	bool head;  /* responses are to HEAD: they have no body */
	bool close; /* no further response follows this one */
	bool chunked;
	bool has_length;
	int status;
	uint64_t left;
};

/* Make ready for a new connection. head: its requests are HEAD. */
void bench_reader_init(struct bench_reader *reader, bool head);

/**
 * Look at more bytes.
 *
 * ret_used:   how many of them are done with, written always; the rest, at most a line that has no
 *             end yet, is to be given again, with more behind it
 * Returns:    1 at the end of a response: status and close tell of it, and the bytes behind it are
 *             the next one's; 0 if more bytes are needed; WOK_EPEER for what is no HTTP/1 response
 */
int bench_reader_feed(struct bench_reader *reader, const char *data, size_t size, size_t *ret_used);

/* Whether the connection's end, now, is the end of a response and not its loss. */
bool bench_reader_may_end(const struct bench_reader *reader);

#endif

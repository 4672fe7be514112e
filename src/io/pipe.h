/* SPDX-License-Identifier: MIT */
#ifndef WOK_IO_PIPE_H
#define WOK_IO_PIPE_H
#include <wok/stream.h>

/*
 * Make a stream of one end of a pipe, which is the stream's from now on, and must not block; on
 * failure it stays the caller's. Exactly one of reads and writes.
 */
int wok__pipe_stream_new(int fd, bool writes, wok_stream **ret_stream);

/* The same for the master of a pseudo-terminal, which both reads and writes. */
int wok__terminal_stream_new(int fd, wok_stream **ret_stream);
#endif

/* SPDX-License-Identifier: MIT */
#ifndef WOK_STANDARD_H
#define WOK_STANDARD_H
#include <wok/stream.h>

WOK_BEGIN_DECLS

/*
 * Standard input, output and error as streams: a terminal, pipe, socket, file or device.
 *
 * The descriptors 0, 1 and 2 are shared with the shell and with other processes, so they are never
 * made non-blocking, which would outlive this process. Where the system allows it the stream opens
 * the same terminal or pipe anew, for itself; otherwise it waits until the descriptor is ready, and
 * a thread makes the call. If another process that shares the descriptor is quicker to take what
 * came (a socket, or a terminal that cannot be opened anew), that call waits in its thread until
 * more comes, and a cancel waits with it.
 */

/**
 * Read standard input as a stream. Each call makes a stream with a buffer of its own, so one is
 * enough. Closing it leaves descriptor 0 open.
 *
 * ret_stream: to be freed with wok_stream_free()
 * Returns:    0; -EBADF if the descriptor is closed; -ENOMEM; -EMFILE
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_stdin(wok_stream **ret_stream) WOK_MUST_CHECK;

/**
 * Write standard output as a stream. What stdio has in its buffer is not flushed: do not mix both.
 *
 * Returns:    as wok_stdin()
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_stdout(wok_stream **ret_stream) WOK_MUST_CHECK;

/**
 * Write standard error as a stream.
 *
 * Returns:    as wok_stdin()
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_stderr(wok_stream **ret_stream) WOK_MUST_CHECK;

WOK_END_DECLS
#endif

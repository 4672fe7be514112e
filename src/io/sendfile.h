/* SPDX-License-Identifier: MIT */
#ifndef WOK_IO_SENDFILE_H
#define WOK_IO_SENDFILE_H
#include <wok/stream.h>

/* Some bytes of a file into a socket, by sendfile(2); waits. 0 at the file's end. */
ssize_t wok__send_by_socket(int socket, int file, off_t offset, size_t size);

/* The same into any stream, by reading and writing. */
ssize_t wok__send_by_copy(const wok_stream_ops *ops, void *self, int file, off_t offset,
			  size_t size);
#endif

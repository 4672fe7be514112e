/* SPDX-License-Identifier: MIT */
#ifndef WOK_IO_SENDFILE_H
#define WOK_IO_SENDFILE_H
#include <wok/stream.h>

/* Have the next chunk of a file in the cache; may wait. */
int wok__file_load(int file, off_t offset, size_t size);

/* Some bytes of a file into a socket, by sendfile(2); waits. 0 at the file's end. */
ssize_t wok__send_by_socket(int socket, int file, off_t offset, size_t size);

/* The extension face: wok's other libraries use this, too. */
WOK_BEGIN_DECLS

/* Some bytes of a file into memory; may wait. *ret_data is to be freed, whatever the result is. */
ssize_t wok__file_copy(int file, off_t offset, size_t size, void **ret_data);

WOK_END_DECLS
#endif

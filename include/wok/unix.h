/* SPDX-License-Identifier: MIT */
#ifndef WOK_UNIX_H
#define WOK_UNIX_H
#include <wok/base.h>
#include <wok/stream.h>

WOK_BEGIN_DECLS

/* What only Unix sockets can do. To connect and listen: wok/net.h. */

/**
 * Make two Unix sockets that are connected to each other: socketpair(2).
 *
 * Returns:    0; -EMFILE, -ENOMEM ...
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_unix_pair(wok_stream **ret_a, wok_stream **ret_b) WOK_MUST_CHECK;

/**
 * Send bytes, and descriptors with the first of them.
 *
 * size:       bytes of data, at least 1
 * fds:        n descriptors, at most 253; they stay the caller's
 * Returns:    0; -EINVAL if the stream is no Unix socket, or for nothing to send; -ETOOMANYREFS if
 *             too many descriptors are on their way; as wok_stream_write_all(): the descriptors
 *             have gone with the first byte
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_unix_send_fds(wok_stream *stream, const void *data, size_t size, const int *fds, size_t n)
	WOK_MUST_CHECK;

/**
 * Wait for bytes, and take the descriptors that came with them. Any other read of the stream closes
 * the descriptors that it meets.
 *
 * size:       bytes of room, at least 1
 * ret_fds:    room for max descriptors; they are the caller's, and closed at exec
 * ret_n:      how many came
 * Returns:    how many bytes came; 0 at the end of the stream; WOK_ELIMIT if there were more
 *             descriptors than max: they have been closed, all, and the bytes are lost; -EMFILE,
 *             likewise, if this process is out of descriptors; -EINVAL if
 *             the stream is no Unix socket, or bytes of it are buffered; as wok_stream_read()
 * Checkpoint: always
 * Threads:    the loop's
 */
ssize_t wok_unix_receive_fds(wok_stream *stream, void *data, size_t size, int *ret_fds, size_t max,
			     size_t *ret_n) WOK_MUST_CHECK;

/* Who is at the other end of a Unix socket, as the kernel knows it from when it was connected. */
typedef struct {
	pid_t pid;
	uid_t uid;
	gid_t gid;
} wok_unix_credentials;

/**
 * Ask who is at the other end.
 *
 * Returns:    0; -EINVAL if the stream is no Unix socket
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_unix_peer_credentials(const wok_stream *stream, wok_unix_credentials *ret_credentials)
	WOK_MUST_CHECK;

WOK_END_DECLS
#endif

/* SPDX-License-Identifier: MIT */
#ifndef WOK_STREAM_H
#define WOK_STREAM_H
#include <sys/uio.h>
#include <wok/base.h>

WOK_BEGIN_DECLS

/*
 * Bytes in both directions: a TCP or Unix connection, a pair in memory, or whatever gives a table
 * of functions. Reading goes through a buffer, so that lines and frames can be taken out of
 * it; writing does not, and returns when its bytes have been accepted: that is the backpressure.
 *
 * One task may read while another writes. A second reader gets -EBUSY; writers queue, and the bytes
 * of one wok_stream_write_all() stay together.
 */
typedef struct wok_stream wok_stream;

/*
 * What a stream is made of. Of read one task at a time is in a call, and one of write, sendfile and
 * shutdown; close comes once, perhaps while other tasks wait in these, and no call comes after it.
 */
typedef struct {
	const char *name; /* "tcp" */
	/* Wait for bytes: 1 and more are there, 0 at the end of the stream, or an error. */
	ssize_t (*read)(void *self, void *data, size_t size);
	/* Wait until some bytes are accepted, and say how many: at least 1, or an error. */
	ssize_t (*write)(void *self, const struct iovec *parts, int n_parts);
	/* End the stream of written bytes, so that the peer reads its end. */
	int (*shutdown)(void *self);
	/*
	 * Wake whoever waits in the others, with -EBADF, and release self when the last of them has
	 * returned. Never waits.
	 */
	int (*close)(void *self);
	/* The descriptor, or -1; NULL where there never is one. */
	int (*fd)(void *self);
	/*
	 * Wait until some bytes of a file have been accepted, and say how many: 0 at the file's
	 * end, -EOPNOTSUPP to have it read and written instead. NULL: always so.
	 */
	ssize_t (*sendfile)(void *self, int file, off_t offset, size_t size);
} wok_stream_ops;

/**
 * Make a stream from a table of functions.
 *
 * ops:        lives for ever
 * self:       what the functions get; the stream's from now on, unless the call fails
 * Returns:    0; -ENOMEM
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_stream_new(const wok_stream_ops *ops, void *self, wok_stream **ret_stream) WOK_MUST_CHECK;

/**
 * Wait until bytes are there and take at most size of them.
 *
 * Returns:    how many; 0 at the end of the stream (or for size 0); -ECANCELED, with no byte lost;
 *             -EBUSY if another task reads; -EBADF if the stream is closed; -errno of the system
 * Checkpoint: always
 * Threads:    the loop's
 */
ssize_t wok_stream_read(wok_stream *stream, void *data, size_t size) WOK_MUST_CHECK;

/**
 * Wait for exactly size bytes.
 *
 * ret_done:   how many have been taken, written on failure, too; may be NULL
 * Returns:    0; WOK_EEOF if the stream ended before; as wok_stream_read()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_stream_read_exactly(wok_stream *stream, void *data, size_t size, size_t *ret_done)
	WOK_MUST_CHECK;

/**
 * Wait for all bytes up to and with a separator, and take them.
 *
 * separator:  size bytes, at least 1
 * limit:      how many bytes there may be, the separator included; 0 for 64 KiB
 * ret_bytes:  valid until the next read of any kind; at the end of the stream the rest of it
 * Returns:    1; 0 at the end of the stream with nothing left; WOK_EEOF if it ended without a
 *             separator, the rest being in ret_bytes and taken; WOK_ELIMIT with nothing taken; as
 *             wok_stream_read()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_stream_read_until(wok_stream *stream, const void *separator, size_t size, size_t limit,
			  wok_view *ret_bytes) WOK_MUST_CHECK;

/**
 * Take the next line, without its "\n" or "\r\n". The last one need not have an end.
 *
 * limit:      as wok_stream_read_until()
 * ret_line:   valid until the next read of any kind
 * Returns:    1; 0 at the end of the stream; as wok_stream_read_until()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_stream_next_line(wok_stream *stream, size_t limit, wok_view *ret_line) WOK_MUST_CHECK;

/**
 * Wait until more bytes are in the stream's buffer than now, without taking them: for protocols
 * that parse in place.
 *
 * limit:      how large the buffer may grow; 0 for 64 KiB
 * ret_bytes:  all that is buffered, valid until the next read of any kind
 * Returns:    1; 0 at the end of the stream; WOK_ELIMIT if the buffer is full; as wok_stream_read()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_stream_fill(wok_stream *stream, size_t limit, wok_view *ret_bytes) WOK_MUST_CHECK;

/**
 * What is in the stream's buffer.
 *
 * Returns:    borrowed, valid until the next read of any kind
 * Checkpoint: never
 * Threads:    the loop's
 */
wok_view wok_stream_buffered(const wok_stream *stream);

/**
 * Take bytes out of the stream's buffer.
 *
 * size:       at most what is buffered; more takes all
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_stream_consume(wok_stream *stream, size_t size);

/**
 * Write all of the bytes. They belong to the caller again when the call returns.
 *
 * Returns:    0; -ECANCELED; -EPIPE or -ECONNRESET if the peer is gone; -EBADF if the stream is
 *             closed; -errno of the system. After a failure an unknown part has been written: see
 *             wok_stream_write_parts() to know
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_stream_write_all(wok_stream *stream, const void *data, size_t size) WOK_MUST_CHECK;

/**
 * Write all bytes of several pieces, in one system call where that is possible.
 *
 * parts:      changed by the call
 * ret_done:   how many bytes have been accepted, written on failure, too; may be NULL
 * Returns:    as wok_stream_write_all()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_stream_write_parts(wok_stream *stream, struct iovec *parts, int n_parts, size_t *ret_done)
	WOK_MUST_CHECK;

/**
 * Wait until some of the bytes have been accepted.
 *
 * Returns:    how many, at least 1 (0 for size 0); as wok_stream_write_all()
 * Checkpoint: always
 * Threads:    the loop's
 */
ssize_t wok_stream_write(wok_stream *stream, const void *data, size_t size) WOK_MUST_CHECK;

/**
 * Send bytes of a file, without copying them where the system can do so.
 *
 * file:       a descriptor of a file, or of something else that can be read at an offset; its own
 *             position is neither used nor moved
 * offset:     of the first byte
 * size:       bytes; WOK_UNLIMITED: up to the file's end
 * ret_done:   how many bytes have been accepted, written on failure, too; may be NULL
 * Returns:    0; WOK_EEOF if the file has fewer bytes; -EISDIR, -ESPIPE ... of the file; as
 *             wok_stream_write_all()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_stream_sendfile(wok_stream *stream, int file, off_t offset, size_t size, size_t *ret_done)
	WOK_MUST_CHECK;

/**
 * End what is written: when the peer has read all of it, it reads the end of the stream. The other
 * direction goes on.
 *
 * Returns:    0; -EALREADY if it was shut down before; -ENOTCONN; -EBADF; -ECANCELED
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_stream_shutdown(wok_stream *stream) WOK_MUST_CHECK;

/**
 * Close a stream. Tasks that wait in it get -EBADF.
 *
 * Returns:    0; -EBADF if it is closed already; -errno of close(2)
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_stream_close(wok_stream *stream);

/**
 * Close a stream and release it. No task may be in a call on it.
 *
 * stream:     NULL does nothing
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_stream_free(wok_stream *stream);
WOK_DEFINE_AUTO(wok_stream)

/**
 * The descriptor below a stream, to set options on; it stays the stream's.
 *
 * Returns:    the descriptor; -1 if there is none or the stream is closed
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_stream_fd(const wok_stream *stream);

/**
 * What a stream is: "tcp", "unix", "memory" ...
 *
 * Returns:    a text that lives for ever
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_stream_kind(const wok_stream *stream);

/**
 * Make two streams in memory: what is written to one is read from the other. They behave as sockets
 * do, and work under the virtual clock.
 *
 * capacity:   bytes that wait in each direction before a writer has to; 0 for 64 KiB
 * Returns:    0; -ENOMEM
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_stream_pair(size_t capacity, wok_stream **ret_a, wok_stream **ret_b) WOK_MUST_CHECK;

/* What a pair in memory is like, for tests. Zero in a field means the default. */
typedef struct {
	size_t capacity;   /* as wok_stream_pair() */
	wok_time delay;    /* from a write until its bytes can be read; none */
	size_t chunk;      /* bytes that a read or a write moves at most; no limit */
	size_t fail_after; /* bytes in a direction, after which reads of it fail when they have had
			      those, and writes at once; never */
	int error;         /* with which they fail; -ECONNRESET */
} wok_stream_pair_options;

/**
 * Make two streams in memory that behave like a bad line: slow, in small pieces, or broken.
 *
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    as wok_stream_pair(); -EINVAL if error is not negative
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_stream_pair_with(const wok_stream_pair_options *options, wok_stream **ret_a,
			 wok_stream **ret_b) WOK_MUST_CHECK;
/**
 * Make a pipe: what is written to the writer is read from the reader. Each goes one way; the other
 * way is -EBADF. Closing the writer, or shutting it down, is the end that the reader comes to.
 *
 * Returns:    0; -EMFILE, -ENFILE; -ENOMEM
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_pipe(wok_stream **ret_reader, wok_stream **ret_writer) WOK_MUST_CHECK;

WOK_END_DECLS
#endif

/* SPDX-License-Identifier: MIT */
#ifndef WOK_SQLITE_BLOB_H
#define WOK_SQLITE_BLOB_H
#include <wok/sqlite.h>
#include <wok/stream.h>

WOK_BEGIN_DECLS

/*
 * A blob that is read and written in pieces, without ever being in memory as a whole. Its size
 * stays: make room with zeroblob(n).
 */
typedef struct wok_sqlite_blob wok_sqlite_blob;

/**
 * Open the blob, or text, in a field of a row. While it is open outside of a transaction, it holds
 * one open; open one to write in a transaction.
 *
 * id:         of the row: its rowid
 * write:      it is to be written, too
 * ret_blob:   to be freed with wok_sqlite_blob_free()
 * Returns:    0; WOK_EDB if there is no such thing; as wok_sqlite_execute()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_blob_open(wok_sqlite *db, const char *table, const char *column, int64_t id,
			 bool write, wok_sqlite_blob **ret_blob) WOK_MUST_CHECK;

/**
 * How many bytes it has.
 *
 * Returns:    the bytes
 * Checkpoint: never
 * Threads:    the loop's
 */
size_t wok_sqlite_blob_size(const wok_sqlite_blob *blob);

/**
 * Read some of it.
 *
 * offset:     where to begin, from 0
 * Returns:    how many bytes were read: fewer than size only at the end, where it is 0; WOK_EDB
 * with SQLite's number 4: the row has changed since; -EBADF after the connection's close; as
 *             wok_sqlite_execute()
 * Checkpoint: always
 * Threads:    the loop's
 */
ssize_t wok_sqlite_blob_read(wok_sqlite_blob *blob, size_t offset, void *data, size_t size)
	WOK_MUST_CHECK;

/**
 * Write all of data into it.
 *
 * Returns:    0; -EFBIG beyond its end, nothing being written; as wok_sqlite_blob_read()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_blob_write(wok_sqlite_blob *blob, size_t offset, const void *data, size_t size)
	WOK_MUST_CHECK;

/**
 * Go on with another row's field of the same column: cheaper than to open it.
 *
 * Returns:    as wok_sqlite_blob_open(); after an error it can only be freed
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_blob_move(wok_sqlite_blob *blob, int64_t id) WOK_MUST_CHECK;

/**
 * Close it: what was written outside of a transaction is committed, before any later statement of
 * the connection. To learn whether that went well, write within a transaction.
 *
 * blob:       NULL does nothing
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_sqlite_blob_free(wok_sqlite_blob *blob);
WOK_DEFINE_AUTO(wok_sqlite_blob)

/**
 * A blob as a stream: for whatever reads from one, or writes to one, as the bodies of HTTP. What is
 * read comes from the blob's front on, and what is written goes there, each at a place of its own;
 * behind its end there is nothing to read, and writing fails with -EFBIG.
 *
 *     WOK_TRY(wok_sqlite_blob_open(db, "files", "content", id, false, &blob));
 *     WOK_TRY(wok_sqlite_blob_stream(WOK_TAKE(blob), &stream));
 *     while ((n = wok_stream_read(stream, chunk, sizeof(chunk))) > 0)
 *             WOK_TRY(wok_http_reply_write(request, chunk, (size_t) n));
 *
 * blob:       the stream's from now on, which closes it as wok_sqlite_blob_free() does; also when
 *             the call fails
 * ret_stream: to be freed with wok_stream_free()
 * Returns:    0; -ENOMEM
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_sqlite_blob_stream(wok_sqlite_blob *blob, wok_stream **ret_stream) WOK_MUST_CHECK;

WOK_END_DECLS
#endif

/* SPDX-License-Identifier: MIT */
/*
 * Blobs as streams: see wok_sqlite_blob_stream().
 *
 * Each piece is one trip to the connection's thread. A close may come while a task is in one: the
 * blob is released when the last of them is back.
 */
#include <errno.h>
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/sqlite_blob.h>

#include "base/memory.h"
#include "task/park.h"

struct ends {
	wok_sqlite_blob *blob;
	size_t read, written; /* so many bytes */
	int holders;          /* the stream, and those who are in a call */
	bool closed;
};

static void let_go(struct ends *ends)
{
	if (--ends->holders > 0)
		return;
	wok_sqlite_blob_free(ends->blob);
	wok_free(ends);
}

/* What a call has come to: n bytes, or an error; place is where it was. */
static ssize_t leave(struct ends *ends, ssize_t n, size_t *place)
{
	if (n > 0)
		*place += (size_t) n;
	if (ends->closed)
		n = -EBADF;
	let_go(ends);
	return n;
}

static ssize_t read_some(void *self, void *data, size_t size)
{
	struct ends *ends = self;

	ends->holders++;
	return leave(ends, wok_sqlite_blob_read(ends->blob, ends->read, data, size), &ends->read);
}

static ssize_t write_some(void *self, const struct iovec *parts, int n_parts)
{
	struct ends *ends = self;
	const size_t left = wok_sqlite_blob_size(ends->blob) - ends->written;
	size_t size = 0;

	/* One part at a time: to put them together would copy them once more. */
	for (int i = 0; i < n_parts && size == 0; i++, parts++)
		size = parts->iov_len;
	if (size == 0)
		return wok__checkpoint();
	if (size > left && left > 0)
		size = left;
	ends->holders++;
	const int r = wok_sqlite_blob_write(ends->blob, ends->written, parts[-1].iov_base, size);
	return leave(ends, r < 0 ? r : (ssize_t) size, &ends->written);
}

/* Nobody reads what is written: there is nothing to tell. */
static int shut_down(void *self)
{
	(void) self;
	return wok__checkpoint();
}

static int close_both(void *self)
{
	struct ends *ends = self;

	ends->closed = true;
	let_go(ends);
	return 0;
}

static const wok_stream_ops ops = {
	.name = "sqlite blob",
	.read = read_some,
	.write = write_some,
	.shutdown = shut_down,
	.close = close_both,
};

int wok_sqlite_blob_stream(wok_sqlite_blob *blob, wok_stream **ret_stream)
{
	struct ends *ends = wok__alloc_zeroed(sizeof(*ends));

	if (!ends) {
		wok_sqlite_blob_free(blob);
		return -ENOMEM;
	}
	*ends = (struct ends){.blob = blob, .holders = 1};
	const int r = wok_stream_new(&ops, ends, ret_stream);
	if (r < 0)
		let_go(ends);
	return r;
}

/* SPDX-License-Identifier: MIT */
/* Blobs in pieces: see wok/sqlite_blob.h. */
#include <limits.h>
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/sqlite_blob.h>

#include "base/memory.h"
#include "db/sqlite/run.h"

struct wok_sqlite_blob {
	wok_sqlite *db;
	struct wok__sqlite_job release;
	/* The thread's: */
	struct wok__sqlite_held held;
	sqlite3_blob *handle; /* NULL: the connection was closed */
	size_t size;
};

/* What is done with one. */
struct access {
	struct wok__sqlite_job job;
	wok_sqlite_blob *blob;
	const char *table, *column;
	int64_t id;
	bool write;
	size_t offset, size;
	void *to;
	const void *from;
};

static struct access *access_of(struct wok__sqlite_job *job)
{
	return WOK__CONTAINER(job, struct access, job);
}

static void drop(struct wok__sqlite_held *held)
{
	wok_sqlite_blob *blob = WOK__CONTAINER(held, wok_sqlite_blob, held);

	wok__list_remove(&held->link);
	sqlite3_blob_close(WOK_TAKE(blob->handle));
}

static int open_blob(struct wok__sqlite_job *job)
{
	const struct access *access = access_of(job);
	wok_sqlite_blob *blob = access->blob;
	const int r = sqlite3_blob_open(job->db->handle, "main", access->table, access->column,
					access->id, access->write, &blob->handle);

	if (r != SQLITE_OK)
		return wok__sqlite_fail(job, r, NULL);
	blob->size = (size_t) sqlite3_blob_bytes(blob->handle);
	blob->held.drop = drop;
	wok__list_push_back(&job->db->held, &blob->held.link);
	return 0;
}

static int closed(struct wok__sqlite_job *job)
{
	return wok__sqlite_fail_text(job, -EBADF, "the blob is closed");
}

static int move_blob(struct wok__sqlite_job *job)
{
	const struct access *access = access_of(job);
	wok_sqlite_blob *blob = access->blob;

	if (!blob->handle)
		return closed(job);
	const int r = sqlite3_blob_reopen(blob->handle, access->id);
	if (r != SQLITE_OK)
		return wok__sqlite_fail(job, r, NULL);
	blob->size = (size_t) sqlite3_blob_bytes(blob->handle);
	return 0;
}

static int transfer(struct wok__sqlite_job *job)
{
	const struct access *access = access_of(job);
	wok_sqlite_blob *blob = access->blob;
	const int size = (int) access->size, offset = (int) access->offset;
	int r;

	if (!blob->handle)
		return closed(job);
	r = access->to ? sqlite3_blob_read(blob->handle, access->to, size, offset)
		       : sqlite3_blob_write(blob->handle, access->from, size, offset);
	return r == SQLITE_OK ? 0 : wok__sqlite_fail(job, r, NULL);
}

int wok_sqlite_blob_open(wok_sqlite *db, const char *table, const char *column, int64_t id,
			 bool write, wok_sqlite_blob **ret_blob)
{
	wok_sqlite_blob *blob = wok__alloc_zeroed(sizeof(*blob));
	struct access access = {
		.blob = blob, .table = table, .column = column, .id = id, .write = write};

	if (!blob)
		return -ENOMEM;
	blob->db = db;
	wok__list_init_node(&blob->held.link);
	const int r = wok__sqlite_call_for(db, &access.job, open_blob, 0);
	if (r < 0) {
		wok_free(blob);
		return r;
	}
	wok__sqlite_ref(db);
	*ret_blob = blob;
	return 0;
}

size_t wok_sqlite_blob_size(const wok_sqlite_blob *blob)
{
	return blob->size;
}

ssize_t wok_sqlite_blob_read(wok_sqlite_blob *blob, size_t offset, void *data, size_t size)
{
	struct access access = {.blob = blob, .offset = offset, .to = data};

	if (offset > blob->size)
		offset = blob->size;
	access.size = size < blob->size - offset ? size : blob->size - offset;
	access.offset = offset;
	WOK_TRY(wok__sqlite_call_for(blob->db, &access.job, transfer, 0));
	return (ssize_t) access.size;
}

int wok_sqlite_blob_write(wok_sqlite_blob *blob, size_t offset, const void *data, size_t size)
{
	struct access access = {.blob = blob, .offset = offset, .size = size, .from = data};

	if (offset > blob->size || size > blob->size - offset)
		return wok_fail(-EFBIG, "the blob has %zu bytes: it does not grow", blob->size);
	return wok__sqlite_call_for(blob->db, &access.job, transfer, 0);
}

int wok_sqlite_blob_move(wok_sqlite_blob *blob, int64_t id)
{
	struct access access = {.blob = blob, .id = id};

	return wok__sqlite_call_for(blob->db, &access.job, move_blob, 0);
}

static int release(struct wok__sqlite_job *job)
{
	wok_sqlite_blob *blob = WOK__CONTAINER(job, wok_sqlite_blob, release);

	if (blob->handle)
		drop(&blob->held);
	wok_free(blob);
	return 0;
}

void wok_sqlite_blob_free(wok_sqlite_blob *blob)
{
	if (!blob || !wok__sqlite_is_here(blob->db, "wok_sqlite_blob_free"))
		return;
	wok_sqlite *db = blob->db;
	blob->release = (struct wok__sqlite_job){.detached = true};
	/* After the close there is nothing to release. */
	if (wok__sqlite_submit(db, &blob->release, release) < 0)
		wok_free(blob);
	wok__sqlite_unref(db);
}

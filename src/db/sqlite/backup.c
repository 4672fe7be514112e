/* SPDX-License-Identifier: MIT */
/*
 * Copies of a whole database: see wok/sqlite_backup.h.
 *
 * A backup is made in steps, each a job, so that other statements run between them; the last one,
 * which no cancel stops, closes the copy.
 */
#include <limits.h>
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/sqlite_backup.h>
#include <wok/task.h>

#include "base/memory.h"
#include "base/message.h"
#include "db/sqlite/run.h"

struct backup {
	struct wok__sqlite_job job;
	struct wok__sqlite_held held;
	const char *path, *vfs;
	int pages;
	sqlite3 *copy;
	sqlite3_backup *handle; /* NULL: not begun, or dropped by a close */
	bool done;
	int left, total;
};

static struct backup *backup_of(struct wok__sqlite_job *job)
{
	return WOK__CONTAINER(job, struct backup, job);
}

static void close_copy(struct backup *backup)
{
	wok__list_remove(&backup->held.link);
	if (backup->handle)
		sqlite3_backup_finish(WOK_TAKE(backup->handle));
	sqlite3_close(WOK_TAKE(backup->copy));
}

static void drop(struct wok__sqlite_held *held)
{
	close_copy(WOK__CONTAINER(held, struct backup, held));
}

/* An error of the copy's handle. */
static int fail_copy(struct wok__sqlite_job *job, int r)
{
	const struct backup *backup = backup_of(job);
	const int code = wok__sqlite_fail(job, r, NULL);

	wok_free(job->failure.message);
	job->failure.message =
		wok__strdup(backup->copy ? sqlite3_errmsg(backup->copy) : sqlite3_errstr(r));
	wok__sqlite_fail_prefix(job, "%s: ", backup->path);
	job->failure.placed = true;
	return code;
}

static int begin(struct wok__sqlite_job *job)
{
	struct backup *backup = backup_of(job);
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
			  SQLITE_OPEN_EXRESCODE;
	int r = sqlite3_open_v2(backup->path, &backup->copy, flags, backup->vfs);

	if (r == SQLITE_OK) {
		backup->handle = sqlite3_backup_init(backup->copy, "main", job->db->handle, "main");
		r = backup->handle ? SQLITE_OK : sqlite3_extended_errcode(backup->copy);
	}
	if (r != SQLITE_OK) {
		const int code = fail_copy(job, r);

		close_copy(backup);
		return code;
	}
	backup->held.drop = drop;
	wok__list_push_back(&job->db->held, &backup->held.link);
	return 0;
}

static int step(struct wok__sqlite_job *job)
{
	struct backup *backup = backup_of(job);

	if (!backup->handle)
		return -EBADF;
	const int r = sqlite3_backup_step(backup->handle, backup->pages);
	backup->left = sqlite3_backup_remaining(backup->handle);
	backup->total = sqlite3_backup_pagecount(backup->handle);
	backup->done = r == SQLITE_DONE;
	return r == SQLITE_OK || r == SQLITE_DONE ? 0 : fail_copy(job, r);
}

static int finish(struct wok__sqlite_job *job)
{
	close_copy(backup_of(job));
	return 0;
}

/* One job of it; the last one's outcome is not to be looked at. */
static int call(wok_sqlite *db, struct backup *backup, wok__sqlite_fn *fn)
{
	backup->job = (struct wok__sqlite_job){.shielded = fn == finish};
	return wok__sqlite_call(db, &backup->job, fn);
}

/* Somebody has a lock for now. */
static bool is_busy(const struct backup *backup, int r)
{
	const int number = backup->job.failure.number & 0xff;

	return r == WOK_EDB && (number == SQLITE_BUSY || number == SQLITE_LOCKED);
}

static int run_steps(wok_sqlite *db, struct backup *backup,
		     const wok_sqlite_backup_options *options)
{
	const wok_time limit = db->settings.options.busy_timeout;
	wok_time busy_since = 0;

	while (!backup->done) {
		const int r = call(db, backup, step);
		const bool busy = is_busy(backup, r);

		if (busy && !busy_since)
			busy_since = wok_now();
		if (r < 0 && (!busy || wok_now() - busy_since >= limit))
			return r;
		if (!busy)
			busy_since = 0;
		if (!busy && options->progress)
			WOK_TRY(options->progress(options->arg, backup->left, backup->total));
		if (!backup->done && (busy || options->pause > 0))
			WOK_TRY(wok_sleep(busy ? 5 * WOK_MS : options->pause));
	}
	return 0;
}

int wok_sqlite_backup(wok_sqlite *db, const char *path, const wok_sqlite_backup_options *options)
{
	static const wok_sqlite_backup_options defaults;
	struct backup backup = {.path = path};

	options = options ? options : &defaults;
	backup.vfs = options->vfs;
	backup.pages = options->pages > 0 ? options->pages : 256;
	wok__list_init_node(&backup.held.link);
	WOK_TRY(call(db, &backup, begin));
	wok__sqlite_ref(db);
	const int r = run_steps(db, &backup, options);
	const struct wok__saved_error saved = wok__error_save();
	/* If the connection is being closed, its close does that: not after our end. */
	if (call(db, &backup, finish) < 0)
		(void) wok__sqlite_shut(db, false);
	wok__error_restore(saved);
	wok__sqlite_unref(db);
	return r;
}

struct image {
	struct wok__sqlite_job job;
	void *data;
	const void *from;
	size_t size;
};

static int serialize(struct wok__sqlite_job *job)
{
	struct image *image = WOK__CONTAINER(job, struct image, job);
	sqlite3_int64 size = -1;

	(void) sqlite3_serialize(job->db->handle, "main", &size, SQLITE_SERIALIZE_NOCOPY);
	if (size > 0 && (uint64_t) size > job->db->settings.options.max_result)
		return wok__sqlite_fail_text(job, WOK_ELIMIT,
					     "the database has %lld bytes, and max_result is less",
					     (long long) size);
	unsigned char *data = sqlite3_serialize(job->db->handle, "main", &size, 0);
	if (!data && size > 0)
		return -ENOMEM;
	image->size = size > 0 ? (size_t) size : 0;
	image->data = wok_alloc(image->size);
	if (image->data && image->size)
		memcpy(image->data, data, image->size);
	sqlite3_free(data);
	return image->data ? 0 : -ENOMEM;
}

int wok_sqlite_serialize(wok_sqlite *db, void **ret_data, size_t *ret_size)
{
	struct image image = {0};

	WOK_TRY(wok__sqlite_call_for(db, &image.job, serialize, 0));
	*ret_data = image.data;
	*ret_size = image.size;
	return 0;
}

/*
 * Two bytes of a database's head. One with a write-ahead log would want that in memory, too, where
 * SQLite has none, and cannot be opened.
 */
enum { WRITE_VERSION = 18, READ_VERSION = 19, JOURNALED = 1, LOGGED = 2 };

static int deserialize(struct wok__sqlite_job *job)
{
	const struct image *image = WOK__CONTAINER(job, struct image, job);
	unsigned char *data = sqlite3_malloc64(image->size ? image->size : 1);

	if (!data)
		return -ENOMEM;
	memcpy(data, image->from, image->size);
	if (image->size > READ_VERSION && data[READ_VERSION] == LOGGED)
		data[WRITE_VERSION] = data[READ_VERSION] = JOURNALED;
	/* It is SQLite's from here on, also when that fails. */
	const int r =
		sqlite3_deserialize(job->db->handle, "main", data, (sqlite3_int64) image->size,
				    (sqlite3_int64) image->size,
				    SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
	return r == SQLITE_OK ? 0 : wok__sqlite_fail(job, r, NULL);
}

int wok_sqlite_deserialize(wok_sqlite *db, const void *data, size_t size)
{
	struct image image = {.from = data, .size = size};

	return wok__sqlite_call_for(db, &image.job, deserialize, 0);
}

struct checkpoint {
	struct wok__sqlite_job job;
	int mode, in_log, done;
};

static int run_checkpoint(struct wok__sqlite_job *job)
{
	struct checkpoint *checkpoint = WOK__CONTAINER(job, struct checkpoint, job);
	const int r = sqlite3_wal_checkpoint_v2(job->db->handle, "main", checkpoint->mode,
						&checkpoint->in_log, &checkpoint->done);

	return r == SQLITE_OK ? 0 : wok__sqlite_fail(job, r, NULL);
}

int wok_sqlite_checkpoint(wok_sqlite *db, wok_sqlite_checkpoint_mode mode, int *ret_log,
			  int *ret_done)
{
	struct checkpoint checkpoint = {.mode = (int) mode};

	if ((unsigned) mode > WOK_SQLITE_TRUNCATE)
		return wok_fail(-EINVAL, "wok_sqlite_checkpoint: there is no such mode");
	WOK_TRY(wok__sqlite_call_for(db, &checkpoint.job, run_checkpoint, 0));
	if (ret_log)
		*ret_log = checkpoint.in_log;
	if (ret_done)
		*ret_done = checkpoint.done;
	return 0;
}

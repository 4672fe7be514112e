/* SPDX-License-Identifier: MIT */
/*
 * The end of files: see wok_file_close(), wok_file_free().
 *
 * A close lets those in who are in a call already, and nobody else; then one hop writes what is
 * buffered and closes the descriptor. A file that was only read is closed on the spot.
 */
#include <wok/error.h>

#include "base/memory.h"
#include "base/message.h"
#include "io/disk.h"
#include "io/file.h"
#include "loop/report.h"
#include "task/park.h"

/* Wait until no task is in a call. */
static int wait_for_users(wok_file *file)
{
	struct wok__parker parker = {.what = "calls on a file to end", .shielded = true};

	if (file->polled && wok__loop)
		wok__loop->backend->forget(wok__loop, file->handle->fd);
	while (file->users > 0) {
		int r = wok__may_wait();
		if (r < 0)
			return r;
		(void) wok__park(&parker, &file->leaving);
	}
	return 0;
}

struct ending {
	wok_file *file;
	struct wok__transfer transfer;
	struct iovec part;
	int written, closed; /* what came of it */
	int untold;          /* of a sync that was left behind */
};

static int run_ending(void *arg)
{
	struct ending *ending = arg;
	wok_file *file = ending->file;
	int failed = atomic_load(&file->handle->failed);

	ending->untold = file->failed == 0 ? failed : 0;
	if (file->out_used > 0 && (file->failed < 0 || failed < 0))
		ending->written = -EIO;
	else if (file->out_used > 0)
		ending->written = wok__transfer_all(&ending->transfer);
	ending->closed = wok__handle_unref(file->handle);
	return 0;
}

static int outcome(const struct ending *ending)
{
	wok_file *file = ending->file;

	if (ending->written < 0)
		return wok_fail(ending->written,
				"%s was closed, and the last %zu bytes could not be written: %s",
				file->path, file->out_used - ending->transfer.done,
				wok_strerror(ending->written));
	if (ending->untold < 0)
		return wok_fail(-EIO,
				"%s was closed, but an earlier sync failed (%s), and what was "
				"written before may be lost",
				file->path, wok_strerror(ending->untold));
	return wok__file_error(file, "close", ending->closed);
}

int wok_file_close(wok_file *file)
{
	if (file->closed)
		return wok_fail(-EBADF, "%s is closed already", file->path);
	file->closed = true;
	int r = wait_for_users(file);
	if (r < 0) {
		file->closed = false;
		return r;
	}
	struct ending ending = {
		.file = file,
		.part = {file->out, file->out_used},
		.transfer = {.fd = file->handle->fd,
			     .write = true,
			     .flags = file->flags,
			     .offset = file->polled || file->positioned_at_end ? -1 : file->offset,
			     .n_parts = 1},
	};
	ending.transfer.parts = &ending.part;
	if (file->writable)
		(void) wok__disk_finish(&file->disk, "wok_file_close", run_ending, &ending);
	else
		(void) run_ending(&ending);
	return outcome(&ending);
}

/* Somebody should have closed it, and looked at the result. */
static void report(int r)
{
	struct wok_task *task = wok__current();

	wok__report(r, task ? task->name : NULL, task ? task->site : NULL,
		    "a file was freed, and its close failed: %s", wok_errmsg(r));
}

void wok_file_free(wok_file *file)
{
	if (!file)
		return;
	struct wok__saved_error saved = wok__error_save();
	int r = file->closed ? 0 : wok_file_close(file);
	if (r < 0)
		report(r);
	wok__error_restore(saved);
	if (!file->closed)
		return; /* a task is in a call on it, and nobody could wait: better lost than used
			 */
	wok_free(file->in);
	wok_free(file->out);
	wok_free(file->text);
	wok_free(file->path);
	wok_free(file);
}

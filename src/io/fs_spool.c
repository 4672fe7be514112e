/* SPDX-License-Identifier: MIT */
/* Temporary files that begin in memory: see wok/temp.h. */
#include <string.h>
#include <unistd.h>
#include <wok/error.h>
#include <wok/temp.h>

#include "base/memory.h"
#include "task/park.h"

enum { MAX_MEMORY = 1 << 20 };

struct wok_spool {
	wok_spool_options options;
	wok_file *file; /* NULL: all of it is in data */
	char *data;
	size_t size, capacity, position;
	bool busy; /* a task is in a call */
};

/* Memory and position move, and the one becomes a file: nobody else may look meanwhile. */
static int enter(wok_spool *spool)
{
	WOK_TRY(wok__check());
	if (spool->busy)
		return wok_fail(-EBUSY, "another task is using the spool");
	spool->busy = true;
	return 0;
}

static void leave(wok_spool *spool)
{
	spool->busy = false;
}

int wok_spool_new(const wok_spool_options *options, wok_spool **ret_spool)
{
	wok_spool *spool = wok__alloc_zeroed(sizeof(*spool));

	if (!spool)
		return -ENOMEM;
	if (options)
		spool->options = *options;
	if (spool->options.max_memory == 0)
		spool->options.max_memory = MAX_MEMORY;
	*ret_spool = spool;
	return 0;
}

static int fill_file(const wok_spool *spool, wok_file *file)
{
	if (spool->size > 0)
		WOK_TRY(wok_file_write(file, spool->data, spool->size));
	off_t at = wok_file_seek(file, (off_t) spool->position, SEEK_SET);
	return at < 0 ? (int) at : 0;
}

/* The memory stays until the file is complete. */
static int move_to_file(wok_spool *spool)
{
	WOK_AUTO(wok_file) *file = NULL;

	WOK_TRY(wok_temp_file_open(&spool->options.temp, &file));
	WOK_TRY(fill_file(spool, file));
	spool->file = WOK_TAKE(file);
	wok_free(WOK_TAKE(spool->data));
	return 0;
}

static int write_to_memory(wok_spool *spool, const void *data, size_t size)
{
	size_t end = spool->position + size;

	if (size == 0)
		return 0;
	WOK_TRY(wok__grow((void **) &spool->data, &spool->capacity, end, 1));
	if (spool->position > spool->size)
		memset(spool->data + spool->size, 0, spool->position - spool->size);
	memcpy(spool->data + spool->position, data, size);
	spool->position = end;
	spool->size = end > spool->size ? end : spool->size;
	return 0;
}

static bool fits(const wok_spool *spool, size_t size)
{
	return spool->position <= spool->options.max_memory &&
	       size <= spool->options.max_memory - spool->position;
}

static int spool_write(wok_spool *spool, const void *data, size_t size)
{
	if (!spool->file && fits(spool, size)) {
		wok__spend();
		return write_to_memory(spool, data, size);
	}
	if (!spool->file)
		WOK_TRY(move_to_file(spool));
	return wok_file_write(spool->file, data, size);
}

int wok_spool_write(wok_spool *spool, const void *data, size_t size)
{
	WOK_TRY(enter(spool));
	int r = spool_write(spool, data, size);
	leave(spool);
	return r;
}

static ssize_t spool_read(wok_spool *spool, void *data, size_t size)
{
	if (spool->file)
		return wok_file_read(spool->file, data, size);
	size_t left = spool->position < spool->size ? spool->size - spool->position : 0;
	size = size < left ? size : left;
	if (size > 0)
		memcpy(data, spool->data + spool->position, size);
	spool->position += size;
	wok__spend();
	return (ssize_t) size;
}

ssize_t wok_spool_read(wok_spool *spool, void *data, size_t size)
{
	WOK_TRY(enter(spool));
	ssize_t n = spool_read(spool, data, size);
	leave(spool);
	return n;
}

static off_t spool_seek(wok_spool *spool, off_t offset, int whence)
{
	off_t from, to;

	if (spool->file)
		return wok_file_seek(spool->file, offset, whence);
	from = whence == SEEK_CUR   ? (off_t) spool->position
	       : whence == SEEK_END ? (off_t) spool->size
				    : 0;
	if (whence != SEEK_SET && whence != SEEK_CUR && whence != SEEK_END)
		return wok_fail(-EINVAL, "wok_spool_seek: from where?");
	if (__builtin_add_overflow(from, offset, &to) || to < 0)
		return wok_fail(-EINVAL, "wok_spool_seek: there is no position before the start");
	spool->position = (size_t) to;
	wok__spend();
	return to;
}

off_t wok_spool_seek(wok_spool *spool, off_t offset, int whence)
{
	WOK_TRY(enter(spool));
	off_t to = spool_seek(spool, offset, whence);
	leave(spool);
	return to;
}

int wok_spool_file(wok_spool *spool, wok_file **ret_file)
{
	int r = 0;

	WOK_TRY(enter(spool));
	if (!spool->file)
		r = move_to_file(spool);
	else
		wok__spend();
	leave(spool);
	if (r == 0)
		*ret_file = spool->file;
	return r;
}

bool wok_spool_in_memory(const wok_spool *spool)
{
	return !spool->file;
}

void wok_spool_free(wok_spool *spool)
{
	if (!spool)
		return;
	wok_file_free(spool->file);
	wok_free(spool->data);
	wok_free(spool);
}

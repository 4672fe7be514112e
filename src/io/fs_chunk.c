/* SPDX-License-Identifier: MIT */
/* Parts of folders: see io/fs_chunk.h. */
#include "io/fs_chunk.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "base/memory.h"

enum {
	CAPACITY = 32768,
	LARGEST = 2048, /* a record; names of FUSE may have 1,024 bytes */
};

static bool is_dots(const char *name)
{
	return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/* Some file systems do not say what is what; what has gone meanwhile stays unknown. */
static uint8_t find_type(int fd, const struct wok__dirent *record)
{
	struct stat stat;
	int type = wok__sys_dirent_type(record);

	if (type == DT_UNKNOWN &&
	    wok__sys_fstatat(fd, record->name, AT_SYMLINK_NOFOLLOW, &stat) == 0)
		type = (int) IFTODT(stat.st_mode);
	return (uint8_t) type;
}

/* Drop the folder itself and the one above it; what remains moves together. */
static size_t tidy(int fd, char *data, size_t size)
{
	size_t kept = 0, step;

	for (size_t at = 0; at < size; at += step) {
		struct wok__dirent *record = (void *) (data + at);
		step = record->size;
		if (is_dots(record->name))
			continue;
		record->type = find_type(fd, record);
		memmove(data + kept, record, step);
		kept += step;
	}
	return kept;
}

static int make_room(struct wok__chunk *chunk)
{
	if (chunk->data && !chunk->trimmed)
		return 0;
	char *data = wok_realloc(chunk->data, CAPACITY);
	if (!data)
		return -ENOMEM;
	chunk->data = data;
	chunk->trimmed = false;
	return 0;
}

int wok__chunk_fill(struct wok__chunk *chunk, int fd)
{
	size_t used = 0;
	ssize_t n = 1;

	WOK_TRY(make_room(chunk));
	while (n > 0 && used + LARGEST <= CAPACITY) {
		n = wok__sys_getdents(fd, chunk->data + used, CAPACITY - used);
		used += n > 0 ? (size_t) n : 0;
	}
	/* A failure after some records comes again. A folder that was removed has ended. */
	if (n < 0 && n != -ENOENT && used == 0)
		return (int) n;
	chunk->end = n == 0 || n == -ENOENT;
	chunk->at = 0;
	chunk->size = tidy(fd, chunk->data, used);
	return 0;
}

void wok__chunk_trim(struct wok__chunk *chunk)
{
	char *data = chunk->size > 0 ? wok_realloc(chunk->data, chunk->size) : NULL;

	if (chunk->size == 0)
		wok_free(chunk->data);
	if (chunk->size == 0 || data)
		chunk->data = data;
	chunk->trimmed = true;
}

void wok__chunk_clear(struct wok__chunk *chunk)
{
	wok_free(chunk->data);
	*chunk = (struct wok__chunk){0};
}

const struct wok__dirent *wok__chunk_next(struct wok__chunk *chunk)
{
	if (chunk->at == chunk->size)
		return NULL;
	const struct wok__dirent *record = (const void *) (chunk->data + chunk->at);
	chunk->at += record->size;
	return record;
}

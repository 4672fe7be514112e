/* SPDX-License-Identifier: MIT */
#ifndef WOK_IO_FS_CHUNK_H
#define WOK_IO_FS_CHUNK_H
/*
 * A part of what is in a folder, as the kernel hands it out. A thread fills it, a thousand entries
 * at a time or so; a task then takes one after the other without a hop.
 */
#include <wok/fs.h>

#include "platform/path.h"

struct wok__chunk {
	char *data; /* records, without "." and ".."; their types are known */
	size_t size, at;
	bool end;     /* the folder has no more than this */
	bool trimmed; /* data has no room for another fill */
};

/* Read on in a folder: 0, or -errno with nothing read. Blocks. */
int wok__chunk_fill(struct wok__chunk *chunk, int fd);

/* Give back the room that the records do not need. */
void wok__chunk_trim(struct wok__chunk *chunk);

/* Forget the records. */
void wok__chunk_clear(struct wok__chunk *chunk);

/* The next record, which stays until the next fill; NULL if there is none left. */
const struct wok__dirent *wok__chunk_next(struct wok__chunk *chunk);

static inline wok_fs_type wok__dirent_type(const struct wok__dirent *record)
{
	return wok_fs_type_of((mode_t) record->type << 12); /* as DTTOIF() */
}
#endif

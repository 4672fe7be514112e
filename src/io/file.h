/* SPDX-License-Identifier: MIT */
#ifndef WOK_IO_FILE_H
#define WOK_IO_FILE_H
/*
 * Files from the inside.
 *
 * file_open.c      modes, opening, adopting
 * file_end.c       closing and freeing
 * file.c           turns, position, size, descriptor
 * transfer.c       moving bytes between memory and a descriptor, however that has to be done
 * file_read.c, file_write.c, file_lines.c, file_lock.c
 *
 * A file has one of two ways to move bytes. POSITIONED (regular files, block devices): each call
 * says where; the position is kept here, and nobody waits for anybody but the disk. POLLED (pipes,
 * terminals, other devices): the description is non-blocking, and the loop waits for it.
 *
 * Calls that move the position, or touch the buffers, take turns: each side (reading, writing) of a
 * polled file by itself, both together of a positioned one. Every call that may wait counts as a
 * user as long as it is in the file, so that a close knows whom to wait for.
 */
#include <stdatomic.h>
#include <wok/file.h>

#include "io/transfer.h"

enum wok__file_side { WOK__FILE_READING, WOK__FILE_WRITING };

struct wok__file_turn {
	bool taken;
	wok_waiters waiters;
};

struct wok_file {
	struct wok__handle *handle;
	wok_disk_options disk;
	char *path; /* for messages */
	bool polled, fifo, direct;
	bool positioned_at_end; /* append: the system chooses the offset */
	bool readable, writable;
	bool closed;
	bool no_quick_read, no_quick_write; /* the file system has none that does not wait */
	int flags;                          /* of each transfer: WOK__RWF_DONTCACHE */
	int failed;          /* a sync, and the user was told: nothing more is written; 0 */
	int deferred;        /* writing the buffer: the error of the last time */
	off_t offset;        /* of the next transfer, whatever is buffered */
	size_t users;        /* tasks in calls */
	wok_waiters leaving; /* who waits until there are none */
	struct wok__file_turn turns[2];
	/* Read, and not handed out so far; from start to end. */
	char *in;
	size_t in_start, in_end, in_capacity, in_scanned;
	bool at_start; /* nothing was handed out as text so far */
	bool skipping; /* the rest of a line that was too long */
	char *text;    /* a piece with characters replaced */
	size_t text_capacity;
	/* Written by the user, and not handed to the system so far. */
	char *out;
	size_t out_used;
	size_t buffer_size, out_size; /* how large they become; out_size 0: unbuffered */
	size_t max_line;
	wok_newlines newlines;
	wok_text check;
};

/* "cannot WHAT PATH: why", and the code. */
int wok__file_error(const wok_file *file, const char *what, int code);

/*
 * Enter a call: a checkpoint. -EBADF if the file is closed or not open for this side; -ECANCELED.
 * With a turn for calls that move the position; then leave by wok__file_end_turn().
 */
int wok__file_enter(wok_file *file, enum wok__file_side side);
int wok__file_enter_any(wok_file *file);
void wok__file_leave(wok_file *file);
int wok__file_begin_turn(wok_file *file, enum wok__file_side side);
void wok__file_end_turn(wok_file *file, enum wok__file_side side);

/* Whether a call of this side could begin at once. */
static inline bool wok__file_idle(const wok_file *file, enum wok__file_side side)
{
	return !file->turns[file->polled ? side : WOK__FILE_READING].taken;
}

/* Within a turn. Move bytes at an offset: 0, with transfer->done set, or an error. */
int wok__file_move(wok_file *file, struct wok__transfer *transfer);

/* Forget what was read ahead; the position is that of the user again. Never of a polled file. */
void wok__file_drop_input(wok_file *file);

/* Write what is buffered: 0, or the error, with the rest still buffered. */
int wok__file_drain(wok_file *file);

/* Read more into the buffer, which has room or grows: 1, 0 at the end, or an error. */
int wok__file_fill(wok_file *file, size_t most);

/* Make the file of a descriptor; its mode is what open(2) was given. On failure fd is the caller's.
 */
int wok__file_new(int fd, const char *path, int open_flags, const wok_file_options *options,
		  wok_file **ret_file);
#endif

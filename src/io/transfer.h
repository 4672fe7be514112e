/* SPDX-License-Identifier: MIT */
#ifndef WOK_IO_TRANSFER_H
#define WOK_IO_TRANSFER_H
/*
 * Moving bytes between memory and a descriptor. What can be done without waiting is done at once,
 * 128 KiB at a time, between which the loop's other tasks run; the rest in a thread.
 */
#include <stdatomic.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <wok/disk.h>

/*
 * A descriptor that a file shares with calls that it has left behind (WOK_ABANDON): the last one
 * closes it, so that no call of theirs meets another file behind the same number.
 */
struct wok__handle {
	atomic_uint refs;
	atomic_int failed; /* the error of a sync, which may have been left behind; 0 */
	int fd;
};

/* NULL: no memory; fd stays the caller's. */
struct wok__handle *wok__handle_new(int fd);
void wok__handle_ref(struct wok__handle *handle);
/* 0, or what close(2) said if this was the last. */
int wok__handle_unref(struct wok__handle *handle);

struct wok__transfer {
	int fd;
	bool write;
	bool stays;          /* never left behind: it would be done after what comes later */
	int flags;           /* WOK__RWF_... */
	off_t offset;        /* of the first byte; -1: the description's own position */
	struct iovec *parts; /* what is left to be done */
	int n_parts;
	size_t done;
};

enum {
	WOK__TRANSFER_TURN = 128 << 10, /* at most so much is copied between two switches */
	WOK__TRANSFER_PIECE = 8 << 20,  /* and in a thread, between two looks for a cancel */
};

/* How far a transfer has come. */
enum wok__transfer_state {
	WOK__TRANSFER_WOULD_WAIT, /* for the disk */
	WOK__TRANSFER_ENDED,      /* all is done, or the end of the file was read */
	WOK__TRANSFER_STOPPED,    /* some is done, and the task was cancelled meanwhile */
};

/* One call of the system, of at most so many bytes: how many; 0 at the end; or -errno. */
ssize_t wok__transfer_once(struct wok__transfer *transfer, size_t most, int more_flags);

/*
 * As far as it goes without waiting; lets others run between two pieces. A state, or -errno:
 * -EOPNOTSUPP and -EINVAL where the file system cannot do that.
 */
int wok__transfer_now(struct wok__transfer *transfer);

/*
 * The rest, in a thread: 0, or an error. With WOK_ABANDON it works on memory of its own, and holds
 * the handle; unless transfer->stays.
 */
int wok__transfer_in_thread(struct wok__transfer *transfer, const wok_disk_options *how,
			    struct wok__handle *handle);

/* A job of that: what the thread does. arg: the transfer. It heeds a cancel. */
int wok__transfer_work(void *arg);

/* All of it, blocking, whoever was cancelled. */
int wok__transfer_all(struct wok__transfer *transfer);
#endif

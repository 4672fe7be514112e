/* SPDX-License-Identifier: MIT */
#ifndef WOK_FILE_H
#define WOK_FILE_H
#include <sys/uio.h>
#include <wok/disk.h>
#include <wok/utf8.h>

WOK_BEGIN_DECLS

/*
 * An open file. What the page cache has is read at once, in pieces between which other tasks run;
 * what a disk has to bring is read in a thread. Pipes, terminals and devices wait without a thread.
 *
 * Calls that move the position take turns. Positional ones (pread, pwrite) go on at the same time.
 * A write is complete when its bytes are in the file's buffer; an error that shows when they are
 * written comes with the next flush, close, or write that has to make room. What could not be
 * written stays in the buffer: until a flush succeeds, writes give the same error.
 *
 * Whole files: wok/whole_file.h. Standard input and output: wok/standard.h.
 */
typedef struct wok_file wok_file;

/* What ends a line. */
typedef enum {
	WOK_NEWLINES_BOTH,      /* "\n" and "\r\n" */
	WOK_NEWLINES_LF,        /* "\n" alone: a "\r" before it belongs to the line */
	WOK_NEWLINES_UNIVERSAL, /* "\n", "\r\n", and "\r" alone */
} wok_newlines;

/* How to open a file. Zero in a field means the default. */
typedef struct {
	unsigned permissions;  /* of a file that is created, less the umask; 0666 */
	size_t buffer_size;    /* for reading lines, and for writing; 64 KiB */
	bool unbuffered;       /* a write goes to the system at once, as with pipes and terminals */
	size_t max_line;       /* bytes of a line without its end; 1 MiB */
	wok_newlines newlines; /* for wok_file_next_line() */
	wok_text text;   /* for lines and chunks; a byte order mark at the start is left out */
	bool direct;     /* O_DIRECT: around the page cache. Addresses, sizes and offsets must
			  * be multiples of the device's blocks (most often 4096). Unbuffered */
	bool dont_cache; /* the page cache does not keep what is read or written, if it can */
	bool no_follow;  /* a symbolic link at the end of the path is an error: -ELOOP */
	wok_disk_options disk; /* which threads; with WOK_ABANDON see wok_disk_options */
} wok_file_options;

/**
 * Open a file.
 *
 * A pipe (FIFO) does not keep anybody waiting for its other end, but to write one needs a reader:
 * that is waited for. Terminals and pipes are unbuffered.
 *
 * path:       a relative one begins where the process's folder is at the time of the call
 * mode:       as fopen(3)'s: "r", "w", "a", "r+", "w+", "a+", and "x" for one that must not exist
 * ret_file:   to be freed with wok_file_free()
 * Returns:    0; -EINVAL for another mode; -EISDIR; -ENOMEM; -ECANCELED; -errno of open(2), such
 *             as -ENOENT or -EMFILE
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_file_open(const char *path, const char *mode, wok_file **ret_file) WOK_MUST_CHECK;

/**
 * wok_file_open() with options.
 *
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    as wok_file_open()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_file_open_with(const char *path, const char *mode, const wok_file_options *options,
		       wok_file **ret_file) WOK_MUST_CHECK;

/**
 * Make a file of an open descriptor.
 *
 * fd:         the file's from now on, unless the call fails. Its description is used as it is: a
 *             pipe or a terminal without O_NONBLOCK is refused
 * mode:       as wok_file_open(); it must agree with how fd was opened
 * options:    NULL for the defaults; permissions, direct and no_follow have no effect
 * Returns:    0; -EINVAL; -EISDIR; -ENOMEM; -errno of fstat(2)
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_file_adopt(int fd, const char *mode, const wok_file_options *options, wok_file **ret_file)
	WOK_MUST_CHECK;

/**
 * Close a file: write what is buffered, and close the descriptor, both in any case. Calls under way
 * end first, those that wait for a pipe or a terminal with -EBADF.
 *
 * Returns:    0; -EBADF if it is closed already; the error of the last write, and then what was
 *             buffered is lost; -errno of close(2)
 * Checkpoint: shielded
 * Threads:    the loop's
 */
int wok_file_close(wok_file *file);

/**
 * Close a file if it is open, and release it. An error is reported: to handle it, close first.
 *
 * file:       NULL does nothing; no task may be in a call on it
 * Returns:    nothing
 * Checkpoint: shielded. Where nobody can wait (in a callback) the thread does
 * Threads:    the loop's
 */
void wok_file_free(wok_file *file);
WOK_DEFINE_AUTO(wok_file)

/**
 * Read on: size bytes if the file has so many. A pipe or a terminal gives what is there, at least
 * one byte.
 *
 * Returns:    how many; fewer than size at the end of the file, or if the task was cancelled
 *             meanwhile or the system failed (then the next read tells); 0 at the end; -ECANCELED;
 *             -EBADF if the file is closed or not open for reading; -errno of read(2)
 * Checkpoint: always
 * Threads:    the loop's
 */
ssize_t wok_file_read(wok_file *file, void *data, size_t size) WOK_MUST_CHECK;

/**
 * wok_file_read() into several pieces.
 *
 * parts:      changed by the call
 * Returns:    as wok_file_read()
 * Checkpoint: always
 * Threads:    the loop's
 */
ssize_t wok_file_read_parts(wok_file *file, struct iovec *parts, int n_parts) WOK_MUST_CHECK;

/**
 * Read somewhere, without regard to the position. Any number of tasks may do so at once.
 *
 * offset:     bytes from the start
 * Returns:    as wok_file_read(); -ESPIPE for a pipe or a terminal
 * Checkpoint: always
 * Threads:    the loop's
 */
ssize_t wok_file_pread(wok_file *file, void *data, size_t size, off_t offset) WOK_MUST_CHECK;

/**
 * wok_file_pread() into several pieces.
 *
 * parts:      changed by the call
 * Returns:    as wok_file_pread()
 * Checkpoint: always
 * Threads:    the loop's
 */
ssize_t wok_file_pread_parts(wok_file *file, struct iovec *parts, int n_parts, off_t offset)
	WOK_MUST_CHECK;

/**
 * Write all of the bytes, which are the caller's again when the call returns. A piece that fits
 * into the buffer is written with one call of the system, so that several who append to one file
 * do not mix their records.
 *
 * Returns:    0; an error, and then none of the bytes were taken, unless they are more than the
 *             buffer holds: see wok_file_write_parts() to know. -ECANCELED; -EBADF if the file is
 *             closed or not open for writing; -EIO after a sync that failed; -errno of write(2):
 *             -ENOSPC, -EFBIG, -EPIPE ...
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_file_write(wok_file *file, const void *data, size_t size) WOK_MUST_CHECK;

/**
 * wok_file_write() from several pieces.
 *
 * parts:      changed by the call
 * ret_done:   how many bytes were taken, written on failure, too; may be NULL
 * Returns:    as wok_file_write()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_file_write_parts(wok_file *file, struct iovec *parts, int n_parts, size_t *ret_done)
	WOK_MUST_CHECK;

/**
 * Write somewhere, without regard to the position and around the buffer. In a file that is open for
 * appending, Linux appends, whatever the offset.
 *
 * offset:     bytes from the start
 * ret_done:   how many bytes were written, on failure, too; may be NULL
 * Returns:    as wok_file_write(); -ESPIPE for a pipe or a terminal
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_file_pwrite(wok_file *file, const void *data, size_t size, off_t offset, size_t *ret_done)
	WOK_MUST_CHECK;

/**
 * wok_file_pwrite() from several pieces.
 *
 * parts:      changed by the call
 * Returns:    as wok_file_pwrite()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_file_pwrite_parts(wok_file *file, struct iovec *parts, int n_parts, off_t offset,
			  size_t *ret_done) WOK_MUST_CHECK;

/**
 * Hand what is buffered to the system. After a failure what is left can be flushed again.
 *
 * Returns:    0; as wok_file_write()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_file_flush(wok_file *file) WOK_MUST_CHECK;

/**
 * Flush, and have the disk write all that belongs to the file. If it fails nobody knows what is on
 * the disk, and the system forgets: so that is said once, and the file takes no more writes (-EIO).
 * Open it anew and write everything again.
 *
 * Returns:    0; as wok_file_flush(); -errno of fsync(2)
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_file_sync(wok_file *file) WOK_MUST_CHECK;

/**
 * wok_file_sync() of the bytes, and of what is needed to read them, but not of times and the like.
 *
 * Returns:    as wok_file_sync(), of fdatasync(2)
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_file_sync_data(wok_file *file) WOK_MUST_CHECK;

/**
 * Take the next line, without its end. The last one need not have one.
 *
 *     while ((r = wok_file_next_line(file, &line)) > 0)
 *
 * ret_line:   valid until the next call on the file; may hold zero bytes
 * Returns:    1; 0 at the end; WOK_ELIMIT for a line above max_line: the next call goes on behind
 *             its end, and a read gives its bytes; -EILSEQ if it is not text, with
 *             WOK_TEXT_STRICT: the next call goes on behind it; as wok_file_read()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_file_next_line(wok_file *file, wok_view *ret_line) WOK_MUST_CHECK;

/**
 * Take the next bytes, as many as come easily, up to the size of the buffer. As text they are whole
 * characters.
 *
 * ret_chunk:  at least one byte; valid until the next call on the file
 * Returns:    1; 0 at the end; -EILSEQ as wok_file_next_line(); as wok_file_read()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_file_next_chunk(wok_file *file, wok_view *ret_chunk) WOK_MUST_CHECK;

/**
 * Move the position, after a flush.
 *
 * whence:     SEEK_SET, SEEK_CUR, SEEK_END (SEEK_DATA, SEEK_HOLE)
 * Returns:    the new position, bytes from the start; -EINVAL if it were negative; -ESPIPE for a
 *             pipe or a terminal; as wok_file_flush()
 * Checkpoint: always
 * Threads:    the loop's
 */
off_t wok_file_seek(wok_file *file, off_t offset, int whence) WOK_MUST_CHECK;

/**
 * Where the next read or write takes place; in a file that is open for appending, where the last
 * one ended.
 *
 * Returns:    bytes from the start; -ESPIPE; -EBADF
 * Checkpoint: never
 * Threads:    the loop's
 */
off_t wok_file_tell(const wok_file *file) WOK_MUST_CHECK;

/**
 * How long a file is, after a flush; 0 for what has no length, as a pipe or a file below /proc.
 *
 * Returns:    bytes; as wok_file_flush()
 * Checkpoint: always
 * Threads:    the loop's
 */
off_t wok_file_size(wok_file *file) WOK_MUST_CHECK;

/**
 * Cut a file, or lengthen it by zeros, after a flush. The position stays.
 *
 * Returns:    0; as wok_file_flush(); -errno of ftruncate(2)
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_file_truncate(wok_file *file, off_t size) WOK_MUST_CHECK;

/**
 * The descriptor, which stays the file's. What is buffered is not in it.
 *
 * Returns:    the descriptor; -EBADF if the file is closed
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_file_fileno(const wok_file *file);

/**
 * Choose which threads the next calls on a file use, and what becomes of them in a cancel.
 *
 * disk:       copied; NULL for the default
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_file_set_disk(wok_file *file, const wok_disk_options *disk);

/* How to lock. */
enum {
	WOK_FILE_SHARED = 1, /* with others who share; else nobody else has it */
	WOK_FILE_TRY = 2,    /* -EAGAIN instead of waiting */
};

/**
 * Wait for the lock on a whole file (flock(2)) and take it. It lies on this open file, so tasks
 * that have opened it each for themselves exclude each other, and the close releases it. It is
 * asked for again and again, at most 50 ms apart: waiting holds no thread, and has no queue.
 *
 * flags:      WOK_FILE_SHARED, WOK_FILE_TRY
 * Returns:    0; -EAGAIN; -ECANCELED; -EBADF; -errno of flock(2)
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_file_lock(wok_file *file, int flags) WOK_MUST_CHECK;

/**
 * Release the lock of wok_file_lock(), also if the task is cancelled. Flush before: what is in the
 * buffer is not seen by the next who holds it.
 *
 * Returns:    0; -EBADF; -errno of flock(2)
 * Checkpoint: shielded
 * Threads:    the loop's
 */
int wok_file_unlock(wok_file *file);

/**
 * The same for a part of a file (an "open file description lock" of fcntl(2), which has nothing to
 * do with flock's).
 *
 * offset, size: bytes; a size of 0 reaches to the end, wherever that will be
 * Returns:    as wok_file_lock()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_file_lock_range(wok_file *file, off_t offset, off_t size, int flags) WOK_MUST_CHECK;

/**
 * Release the locks on a part of a file, as wok_file_unlock().
 *
 * Returns:    as wok_file_unlock()
 * Checkpoint: shielded
 * Threads:    the loop's
 */
int wok_file_unlock_range(wok_file *file, off_t offset, off_t size);

WOK_END_DECLS
#endif

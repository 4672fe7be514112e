/* SPDX-License-Identifier: MIT */
#ifndef WOK_WHOLE_FILE_H
#define WOK_WHOLE_FILE_H
#include <wok/disk.h>
#include <wok/utf8.h>

WOK_BEGIN_DECLS

/*
 * Files as a whole: opened, read or written, and closed in one go. A small file that is in the page
 * cache is read on the spot; otherwise a thread does all of it at once.
 */

/* How to read a file. Zero in a field means the default. */
typedef struct {
	size_t limit;  /* in bytes; 1 GiB */
	wok_text text; /* what it must be; a byte order mark at the start is left out */
	wok_disk_options disk;
} wok_read_file_options;

/**
 * Read a whole file, also one that says it is empty and is not, as those below /proc. A file that
 * grows meanwhile is read up to its end at that time.
 *
 * ret_data:   to be freed with wok_free(); never NULL, and a zero byte follows that does not count
 * ret_size:   bytes; may be NULL
 * Returns:    0; WOK_ELIMIT; -EILSEQ if it is not the text that was asked for; -EISDIR; -ENOMEM;
 *             -ECANCELED; -errno of open(2) and read(2)
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_read_file(const char *path, char **ret_data, size_t *ret_size) WOK_MUST_CHECK;

/**
 * wok_read_file() with options.
 *
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    as wok_read_file()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_read_file_with(const char *path, const wok_read_file_options *options, char **ret_data,
		       size_t *ret_size) WOK_MUST_CHECK;

/* How to write a file. Zero in a field means the default. */
typedef struct {
	unsigned permissions; /* of a file that is created, less the umask; 0666 */
	bool append;          /* behind what is there; not atomically */
	bool exclusive;       /* -EEXIST if it is there; not atomically */
	bool sync;            /* on the disk before the call returns; atomically: always */
	bool no_sync;         /* atomically, but perhaps not after a loss of power */
	bool keep_owner;      /* atomically: of the old file, with its group; else -errno */
	wok_disk_options disk;
} wok_write_file_options;

/**
 * Write a whole file: it is made if it is not there, and its old content is gone.
 *
 * data:       borrowed for the call
 * Returns:    0; -ENOMEM; -ECANCELED; -errno of open(2) and write(2). After a failure a part may
 *             have been written
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_write_file(const char *path, const void *data, size_t size) WOK_MUST_CHECK;

/**
 * wok_write_file() with options.
 *
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    as wok_write_file()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_write_file_with(const char *path, const void *data, size_t size,
			const wok_write_file_options *options) WOK_MUST_CHECK;

/**
 * Replace a file: whoever opens it, at any time, after a crash, too, finds the old content or the
 * new one and nothing between. The new file is written beside it, brought to the disk, and given
 * the name; it has the old one's permissions. What was hard links to the old file stays the old
 * file; a symbolic link is replaced itself. A crash may leave a file ".wok-..." behind.
 *
 * Returns:    as wok_write_file(), the old file being untouched after any error but that of the
 *             last sync, which the message tells; -EXDEV or -EBUSY where path is a mount point
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_write_file_atomic(const char *path, const void *data, size_t size) WOK_MUST_CHECK;

/**
 * wok_write_file_atomic() with options.
 *
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    as wok_write_file_atomic(); -EINVAL for append or exclusive
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_write_file_atomic_with(const char *path, const void *data, size_t size,
			       const wok_write_file_options *options) WOK_MUST_CHECK;

WOK_END_DECLS
#endif

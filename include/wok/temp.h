/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEMP_H
#define WOK_TEMP_H
#include <wok/disk.h>
#include <wok/file.h>

WOK_BEGIN_DECLS

/*
 * Temporary files and folders. They are for their owner alone (0600, 0700), have names that nobody
 * can guess, and are gone when they are freed: on every way out of a block with WOK_AUTO, after a
 * cancel, too. A task that is cancelled while one is made leaves none behind.
 */

/* Where, and how it is called. Zero in a field means the default. */
typedef struct {
	const char *folder;    /* the environment's TMPDIR, or else /tmp */
	const char *prefix;    /* "wok-" */
	const char *suffix;    /* "" */
	wok_disk_options disk; /* which threads; with WOK_ABANDON a cancel does not wait for them */
} wok_temp_options;

/**
 * Open a temporary file without a name, to be read and written ("w+"). It is gone with its
 * descriptor, even if the process is killed. (Where the file system cannot do that, it has a name
 * for a moment.)
 *
 * options:    NULL for the defaults; borrowed for the call; prefix and suffix have no effect
 * Returns:    0; -ENOSPC, -EMFILE, -EROFS, ...; an error as in wok/fs.h
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_temp_file_open(const wok_temp_options *options, wok_file **ret_file) WOK_MUST_CHECK;

/* A temporary file or folder that has a name. */
typedef struct wok_temp wok_temp;

/**
 * Make a temporary file with a name, open to be read and written ("w+").
 *
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    0; -EINVAL for a prefix or suffix with a slash; as wok_temp_file_open()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_temp_file_new(const wok_temp_options *options, wok_temp **ret_temp) WOK_MUST_CHECK;

/**
 * Make a temporary folder.
 *
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    as wok_temp_file_new()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_temp_folder_new(const wok_temp_options *options, wok_temp **ret_temp) WOK_MUST_CHECK;

/**
 * The path: the folder as it was given, a slash, and the name.
 *
 * Returns:    borrowed, as long as temp lives
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_temp_path(const wok_temp *temp);

/**
 * The open file.
 *
 * Returns:    borrowed, as long as temp lives; NULL if temp is a folder, or closed
 * Checkpoint: never
 * Threads:    the loop's
 */
wok_file *wok_temp_file(const wok_temp *temp);

/**
 * Leave it where it is: the end of temp removes nothing. (What was renamed is left alone anyway.)
 *
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_temp_keep(wok_temp *temp);

/**
 * Close the file, and remove it, or the folder with all that is in it.
 *
 * Returns:    0; -EBADF if it is closed already; the first error: of closing the file (if it is
 *             kept), or of removing it, with what is in the way in the message
 * Checkpoint: shielded
 * Threads:    the loop's
 */
int wok_temp_close(wok_temp *temp);

/**
 * Close if it is open, and release. An error is reported: to handle it, close first.
 *
 * temp:       NULL does nothing
 * Returns:    nothing
 * Checkpoint: shielded. Where nobody can wait (in a callback) the thread does
 * Threads:    the loop's
 */
void wok_temp_free(wok_temp *temp);
WOK_DEFINE_AUTO(wok_temp)

/*
 * A temporary file that is kept in memory as long as it is small. One task at a time uses it: while
 * a call waits, another one on the same spool is refused with -EBUSY.
 */
typedef struct wok_spool wok_spool;

/* How to make a spool. Zero in a field means the default. */
typedef struct {
	size_t max_memory;     /* bytes; what is larger goes into a file; 1 MiB */
	wok_temp_options temp; /* the file: see wok_temp_file_open(). The texts are borrowed */
} wok_spool_options;

/**
 * Make an empty spool.
 *
 * options:    NULL for the defaults; the texts in it must live as long as the spool
 * Returns:    0; -ENOMEM
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_spool_new(const wok_spool_options *options, wok_spool **ret_spool) WOK_MUST_CHECK;

/**
 * Write at the position, which moves on. What would take the spool above max_memory brings all of
 * it into a file first.
 *
 * data:       borrowed for the call
 * Returns:    0; -EBUSY; -ENOMEM; -ECANCELED; an error of the file, as wok_file_write()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_spool_write(wok_spool *spool, const void *data, size_t size) WOK_MUST_CHECK;

/**
 * Read from the position, which moves on.
 *
 * Returns:    how many bytes; 0 at the end; -EBUSY; -ECANCELED; as wok_file_read()
 * Checkpoint: always
 * Threads:    the loop's
 */
ssize_t wok_spool_read(wok_spool *spool, void *data, size_t size) WOK_MUST_CHECK;

/**
 * Move the position.
 *
 * whence:     SEEK_SET, SEEK_CUR, SEEK_END
 * Returns:    the new position, bytes from the start; -EINVAL if it were negative; -EBUSY;
 *             -ECANCELED; as wok_file_seek()
 * Checkpoint: always
 * Threads:    the loop's
 */
off_t wok_spool_seek(wok_spool *spool, off_t offset, int whence) WOK_MUST_CHECK;

/**
 * Bring a spool into a file, if it is not in one, for what needs one. It stays there.
 *
 * ret_file:   the file, at the same position; borrowed, as long as the spool lives
 * Returns:    0; -EBUSY, -ECANCELED, or another error, and then the spool is as it was
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_spool_file(wok_spool *spool, wok_file **ret_file) WOK_MUST_CHECK;

/**
 * Whether a spool is still in memory.
 *
 * Returns:    true until there is a file
 * Checkpoint: never
 * Threads:    the loop's
 */
bool wok_spool_in_memory(const wok_spool *spool);

/**
 * Release a spool and its file.
 *
 * spool:      NULL does nothing
 * Returns:    nothing
 * Checkpoint: shielded
 * Threads:    the loop's
 */
void wok_spool_free(wok_spool *spool);
WOK_DEFINE_AUTO(wok_spool)

WOK_END_DECLS
#endif

/* SPDX-License-Identifier: MIT */
#ifndef WOK_FS_H
#define WOK_FS_H
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <wok/base.h>

WOK_BEGIN_DECLS

/*
 * The file system by path: metadata, folders, links, copies. What is in a folder: wok/dir.h.
 *
 * Paths are bytes as the system has them, in whatever encoding. A relative path begins in the
 * folder that the process is in when the call is made, even if it changes that before the call is
 * done.
 *
 * All of these calls may have to wait for a disk or a server, and there is no way to ask whether:
 * so a thread makes each, in the lane for files (wok/thread_pool.h). The way there and back takes
 * longer than a call whose answer is in memory (about 20 us against 1 to 6): what needs many such
 * calls is quicker as one function for wok_to_thread(). A task that
 * is cancelled before the thread has begun gets -ECANCELED, and nothing was done; what has begun is
 * waited for, its result counts, and the next checkpoint tells of the cancel.
 *
 * Each returns -errno of the system with a message that has the path, such as -ENOENT, -EACCES,
 * -ENOTDIR, -ELOOP, -ENAMETOOLONG, -EROFS; -ECANCELED if a scope around the call was cancelled;
 * -EDEADLK where waiting is impossible; -ENOMEM, or -EAGAIN if no thread can be started.
 */

/* What something in a folder is. */
typedef enum {
	WOK_FS_UNKNOWN, /* it is gone, or nobody may know */
	WOK_FS_FILE,
	WOK_FS_FOLDER,
	WOK_FS_SYMLINK,
	WOK_FS_FIFO,
	WOK_FS_SOCKET,
	WOK_FS_CHAR_DEVICE,
	WOK_FS_BLOCK_DEVICE,
} wok_fs_type;

/**
 * What a mode says about the type: wok_fs_type_of(stat.st_mode).
 *
 * Returns:    the type
 * Checkpoint: never
 * Threads:    any
 */
wok_fs_type wok_fs_type_of(mode_t mode);

/**
 * Describe what a path leads to, as stat(2).
 *
 * Returns:    0; an error as above
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_fs_stat(const char *path, struct stat *ret_stat) WOK_MUST_CHECK;

/**
 * wok_fs_stat() of a symbolic link itself, as lstat(2).
 *
 * Returns:    0; an error as above
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_fs_lstat(const char *path, struct stat *ret_stat) WOK_MUST_CHECK;

/**
 * Describe the file system that a path lies in, as statvfs(3): its size, what is free, ...
 *
 * Returns:    0; an error as above
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_fs_statvfs(const char *path, struct statvfs *ret_stat) WOK_MUST_CHECK;

/**
 * Whether this process may do something, by its effective user and group. What holds now need not
 * hold later: to try is better than to ask.
 *
 * mode:       R_OK, W_OK, X_OK of unistd.h, by bits; or F_OK
 * Returns:    0 if it may; -EACCES; an error as above
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_fs_access(const char *path, int mode) WOK_MUST_CHECK;

/**
 * Whether there is something at a path. A symbolic link that leads nowhere is nothing.
 *
 * Returns:    1; 0 if there is nothing (-ENOENT, -ENOTDIR); an error as above
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_fs_exists(const char *path) WOK_MUST_CHECK;

/**
 * Make a folder.
 *
 * mode:       such as 0777, of which the process's umask takes bits away
 * Returns:    0; -EEXIST; an error as above
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_fs_mkdir(const char *path, mode_t mode) WOK_MUST_CHECK;

/**
 * Make a folder, and those above it that are missing, as "mkdir -p". Others may do the same at the
 * same time.
 *
 * mode:       of the last one; the others get 0777; of both the umask takes bits away
 * Returns:    0, also if it is there already; -EEXIST if something else is; an error as above, with
 *             some of the folders made
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_fs_mkdirs(const char *path, mode_t mode) WOK_MUST_CHECK;

/**
 * Remove an empty folder.
 *
 * Returns:    0; -ENOTEMPTY; an error as above
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_fs_rmdir(const char *path) WOK_MUST_CHECK;

/**
 * Remove a file, a symbolic link (not what it leads to), or any other thing that is no folder:
 * unlink(2).
 *
 * Returns:    0; -EISDIR; an error as above
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_fs_remove(const char *path) WOK_MUST_CHECK;

/**
 * Remove a path and all that is below it, as "rm -r". Symbolic links are removed, never followed,
 * also if somebody swaps a folder for one meanwhile. What cannot be removed stays, the rest goes. A
 * cancel stops it between two files.
 *
 * Returns:    0; the first failure, with its path in the message; -EINVAL for what ends in "." or
 *             ".."; -ECANCELED, with a part removed; an error as above
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_fs_remove_tree(const char *path) WOK_MUST_CHECK;

/**
 * Rename, within one file system. What is at the new path is replaced, in one step: whoever looks
 * sees the one or the other.
 *
 * Returns:    0; -EXDEV if the paths lie in two file systems: wok_fs_copy(); -ENOTEMPTY, -EISDIR,
 *             -ENOTDIR if one cannot replace the other; an error as above
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_fs_rename(const char *from, const char *to) WOK_MUST_CHECK;

/**
 * wok_fs_rename() that replaces nothing.
 *
 * Returns:    0; -EEXIST; -EINVAL where the file system cannot do that; as wok_fs_rename()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_fs_rename_new(const char *from, const char *to) WOK_MUST_CHECK;

/**
 * Give a file a second name, as link(2).
 *
 * Returns:    0; -EEXIST; -EXDEV; -EMLINK; an error as above
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_fs_link(const char *from, const char *to) WOK_MUST_CHECK;

/**
 * Make a symbolic link.
 *
 * target:     what it leads to, which need not exist
 * Returns:    0; -EEXIST; an error as above
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_fs_symlink(const char *target, const char *path) WOK_MUST_CHECK;

/**
 * What a symbolic link leads to.
 *
 * ret_target: a text that wok_free() releases
 * Returns:    0; -EINVAL if it is no symbolic link; an error as above
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_fs_readlink(const char *path, char **ret_target) WOK_MUST_CHECK;

/**
 * Set when a file was last read and written, as utimensat(2).
 *
 * times:      read, written; UTIME_NOW and UTIME_OMIT in tv_nsec mean what they say; NULL: both now
 * Returns:    0; -EPERM; an error as above
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_fs_utime(const char *path, const struct timespec times[2]) WOK_MUST_CHECK;

/**
 * Set who may do what.
 *
 * Returns:    0; -EPERM; an error as above
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_fs_chmod(const char *path, mode_t mode) WOK_MUST_CHECK;

/**
 * Set to whom a file belongs.
 *
 * user:       (uid_t) -1 leaves it; group the same
 * Returns:    0; -EPERM; an error as above
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_fs_chown(const char *path, uid_t user, gid_t group) WOK_MUST_CHECK;

/**
 * wok_fs_chown() of a symbolic link itself.
 *
 * Returns:    0; -EPERM; an error as above
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_fs_lchown(const char *path, uid_t user, gid_t group) WOK_MUST_CHECK;

/* How to copy a file. Zero in a field means the default. */
typedef struct {
	bool no_replace; /* fail with -EEXIST if there is something at the new path */
	bool no_reflink; /* make bytes of its own at once, not shared ones until one is changed */
	bool keep_times; /* when it was last read and written, too */
	bool sync;       /* return when it is on the disk */
} wok_copy_options;

/**
 * Copy a file's content and permissions (not the set-user and set-group bits), into a new file or
 * over the content of one that is there. The quickest way that the file systems have is taken:
 * shared content, else a copy within the kernel, else reading and writing. Of a file that grows,
 * what was there at the beginning is copied. A copy that fails half-way is removed if its file is
 * new. A cancel stops it after at most some megabytes.
 *
 * Returns:    0; -EISDIR for a folder; -EINVAL if either is no file (a FIFO, a device), or both are
 *             the same; -ENOSPC, -EIO, ...; -EEXIST by the option; an error as above
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_fs_copy(const char *from, const char *to) WOK_MUST_CHECK;

/**
 * wok_fs_copy() with options.
 *
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    as wok_fs_copy()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_fs_copy_with(const char *from, const char *to, const wok_copy_options *options)
	WOK_MUST_CHECK;

WOK_END_DECLS
#endif

/* SPDX-License-Identifier: MIT */
#ifndef WOK_PLATFORM_PATH_H
#define WOK_PLATFORM_PATH_H
/*
 * Calls of the file system by path. They may wait for a disk, so threads make them. As
 * platform/sys.h: -errno on failure, and each call can be made to fail. base: a folder's
 * descriptor, where relative paths begin; AT_FDCWD for the process's own.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <time.h>
#include <wok/base.h>

/* How the kernel hands out what is in a folder. */
struct wok__dirent {
	uint64_t inode;
	int64_t next; /* where a folder that is opened anew goes on after this one */
	uint16_t size;
	uint8_t type; /* DT_... */
	char name[];
} __attribute__((packed));

int wok__sys_openat(int base, const char *path, int flags, mode_t mode);
int wok__sys_fstat(int fd, struct stat *ret_stat);
int wok__sys_fstatat(int base, const char *path, int flags, struct stat *ret_stat);
int wok__sys_fstatvfs(int fd, struct statvfs *ret_stat);
int wok__sys_faccessat(int base, const char *path, int mode);
int wok__sys_mkdirat(int base, const char *path, mode_t mode);
int wok__sys_unlinkat(int base, const char *path, int flags);
/* replace: what is at the new path */
int wok__sys_renameat(int base, const char *from, const char *to, bool replace);
int wok__sys_linkat(int from_base, const char *from, int to_base, const char *to, int flags);
int wok__sys_symlinkat(const char *target, int base, const char *path);
ssize_t wok__sys_readlinkat(int base, const char *path, char *data, size_t size);
int wok__sys_fchmodat(int base, const char *path, mode_t mode);
int wok__sys_fchmod(int fd, mode_t mode);
int wok__sys_fchownat(int base, const char *path, uid_t user, gid_t group, int flags);
int wok__sys_utimensat(int base, const char *path, const struct timespec times[2], int flags);
int wok__sys_futimens(int fd, const struct timespec times[2]);
int wok__sys_ftruncate(int fd, off_t size);
int wok__sys_fdatasync(int fd);
off_t wok__sys_lseek(int fd, off_t offset, int whence);
/* What is in a folder: records one after the other; 0 at the end. */
ssize_t wok__sys_getdents(int fd, void *data, size_t size);
/* A record's type. Tests make it DT_UNKNOWN, as some file systems do: "d_type". */
int wok__sys_dirent_type(const struct wok__dirent *record);

/*
 * Share the content of a whole file; and copy a part of it within the kernel, in two ways. An
 * "errno" below zero makes these short instead: -5 lets five bytes through.
 */
int wok__sys_clone_file(int from, int to);
ssize_t wok__sys_copy_file_range(int from, int to, off_t at, size_t size);
/* From a position to where the other one stands. */
ssize_t wok__sys_sendfile(int to, int from, off_t at, size_t size);

int wok__sys_inotify_init(void);
int wok__sys_inotify_add_watch(int fd, const char *path, uint32_t events);
int wok__sys_inotify_rm_watch(int fd, int id);
/* A second descriptor, closed at exec, and none of the three standard ones. */
int wok__sys_dup(int fd);

/* Bytes that nobody can guess. (The extension face: wok's other libraries use it, too.) */
WOK_BEGIN_DECLS
int wok__sys_random_bytes(void *data, size_t size);
WOK_END_DECLS
#endif

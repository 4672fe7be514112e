/* SPDX-License-Identifier: MIT */
#ifndef WOK_PLATFORM_FILE_H
#define WOK_PLATFORM_FILE_H
/*
 * The system calls of open files. As platform/sys.h: -errno on failure, and each call can be made
 * to fail. For those that move bytes an "errno" below zero makes a call short instead: -5 lets five
 * bytes through.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <wok/base.h>

/* Flags of a transfer: what the kernel's headers may not know yet. */
enum {
	WOK__RWF_NOWAIT = 0x08,    /* -EAGAIN where it would wait for a disk */
	WOK__RWF_DONTCACHE = 0x80, /* out of the page cache again when it is done */
};

/* The extension face: wok's other libraries use this, too. */
WOK_BEGIN_DECLS

/*
 * Open a file, O_CLOEXEC added. dir: AT_FDCWD, or what a relative path begins at. cached: -EAGAIN
 * if the path is not in the kernel's cache, or the open would create or truncate: it never waits
 * for a disk; -ENOSYS or the like where there is no such call.
 */
int wok__sys_file_open(int dir, const char *path, int flags, mode_t mode, bool cached);

/*
 * Open what lies below a folder, wherever its path says it does, O_CLOEXEC added: -EXDEV for a path
 * that leads out. links: follow symbolic links that stay below; else -ELOOP. cached: as above.
 */
int wok__sys_file_open_below(int dir, const char *path, int flags, bool links, bool cached);

int wok__sys_file_stat(int fd, struct stat *ret_stat);
/* Of a name in a folder; of a link itself. */
int wok__sys_file_stat_at(int dir, const char *name, struct stat *ret_stat);

WOK_END_DECLS

/* A new description of what a descriptor is open on; -errno where that is not possible. */
int wok__sys_file_reopen(int fd, int flags);

/*
 * offset: -1 for the description's own position, which moves. flags: WOK__RWF_... Faults of those
 * that must not wait have a name of their own: "preadv2 nowait".
 */
ssize_t wok__sys_file_read(int fd, const struct iovec *parts, int n_parts, off_t offset, int flags);
ssize_t wok__sys_file_write(int fd, const struct iovec *parts, int n_parts, off_t offset,
			    int flags);

/* The same without asking a server: what is known of the type is right, a size may be old. */
int wok__sys_file_mode(int fd, mode_t *ret_mode);
off_t wok__sys_file_seek(int fd, off_t offset, int whence);
int wok__sys_file_truncate(int fd, off_t size);
int wok__sys_file_sync(int fd, bool data_only);
bool wok__sys_is_terminal(int fd);
int wok__sys_file_get_flags(int fd);
int wok__sys_file_set_flags(int fd, int flags);
int wok__sys_file_chmod(int fd, mode_t mode);
int wok__sys_file_chown(int fd, uid_t user, gid_t group);

/* operation: LOCK_SH, LOCK_EX, LOCK_UN; never waits: -EAGAIN */
int wok__sys_file_flock(int fd, int operation);
/* type: F_RDLCK, F_WRLCK, F_UNLCK of the description's own locks; size 0: to the end */
int wok__sys_file_lock_range(int fd, int type, off_t offset, off_t size);

/* Give a file without a name (O_TMPFILE) one; names in a folder. */
int wok__sys_file_link(int fd, int dir, const char *name);
int wok__sys_file_rename(int dir, const char *from, const char *to);
int wok__sys_file_unlink(int dir, const char *name);

/* A number that nobody else has drawn. */
uint64_t wok__sys_random(void);

/* For threads: wait until a descriptor is ready for events, POLLIN or POLLOUT; at most a moment. */
int wok__sys_file_poll(int fd, short events, int timeout_ms);
#endif

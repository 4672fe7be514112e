/* SPDX-License-Identifier: MIT */
/* System calls of open files: see platform/file.h. */
#include "platform/file.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifndef STATX_TYPE /* musl has had it, and its call, for a short time only */
#include <linux/stat.h>
#endif

#include "platform/sys.h"

#ifndef AT_STATX_DONT_SYNC
#define AT_STATX_DONT_SYNC 0x4000
#endif

#ifndef SYS_openat2
#define SYS_openat2 437
#endif
/* Of openat2(2); the last one since Linux 5.12. */
enum {
	RESOLVE_NO_MAGICLINKS = 0x02,
	RESOLVE_NO_SYMLINKS = 0x04,
	RESOLVE_BENEATH = 0x08,
	RESOLVE_CACHED = 0x20,
};

/* What openat2(2) takes; its header is younger than some systems that wok runs on. */
struct open_how {
	uint64_t flags, mode, resolve;
};

static int open_cached(int dir, const char *path, int flags)
{
	const struct open_how how = {.flags = (uint64_t) flags, .resolve = RESOLVE_CACHED};

	WOK__SYS_RESULT("openat2", (int) syscall(SYS_openat2, dir, path, &how, sizeof(how)));
}

int wok__sys_file_open(int dir, const char *path, int flags, mode_t mode, bool cached)
{
	flags |= O_CLOEXEC;
#ifdef O_LARGEFILE
	flags |= O_LARGEFILE;
#endif
	if (cached)
		return open_cached(dir, path, flags);
	WOK__SYS_RESULT_RETRY("openat", openat(dir, path, flags, mode));
}

int wok__sys_file_open_below(int dir, const char *path, int flags, bool links, bool cached)
{
	const struct open_how how = {
		.flags = (uint64_t) flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS |
			   (links ? 0 : RESOLVE_NO_SYMLINKS) | (cached ? RESOLVE_CACHED : 0),
	};

	WOK__SYS_RESULT_RETRY("open below",
			      (int) syscall(SYS_openat2, dir, path, &how, sizeof(how)));
}

int wok__sys_file_reopen(int fd, int flags)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	WOK__SYS_RESULT_RETRY("reopen", open(path, flags | O_CLOEXEC | O_NOCTTY));
}

/* Not the C library's: musl has had these for a short time only. */
static ssize_t transfer(long number, int fd, const struct iovec *parts, int n_parts, off_t offset,
			int flags)
{
	long low = (long) offset, high = (long) ((uint64_t) offset >> 32);
	ssize_t r;

	do
		r = syscall(number, fd, parts, n_parts, low, high, flags);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

/* A fault: an error, or a transfer that is cut short. */
static ssize_t fail(long number, int fd, const struct iovec *parts, int n_parts, off_t offset,
		    int flags)
{
	int error = wok__sys_fault_error();
	struct iovec cut = {.iov_base = n_parts > 0 ? parts[0].iov_base : NULL};

	if (error >= 0)
		return -error;
	cut.iov_len = n_parts > 0 ? parts[0].iov_len : 0;
	if (cut.iov_len > (size_t) -error)
		cut.iov_len = (size_t) -error;
	return transfer(number, fd, &cut, 1, offset, flags);
}

ssize_t wok__sys_file_read(int fd, const struct iovec *parts, int n_parts, off_t offset, int flags)
{
	if (wok__sys_faulty(flags & WOK__RWF_NOWAIT ? "preadv2 nowait" : "preadv2"))
		return fail(SYS_preadv2, fd, parts, n_parts, offset, flags);
	return transfer(SYS_preadv2, fd, parts, n_parts, offset, flags);
}

ssize_t wok__sys_file_write(int fd, const struct iovec *parts, int n_parts, off_t offset, int flags)
{
	if (wok__sys_faulty(flags & WOK__RWF_NOWAIT ? "pwritev2 nowait" : "pwritev2"))
		return fail(SYS_pwritev2, fd, parts, n_parts, offset, flags);
	return transfer(SYS_pwritev2, fd, parts, n_parts, offset, flags);
}

int wok__sys_file_stat(int fd, struct stat *ret_stat)
{
	WOK__SYS_RESULT("fstat", fstat(fd, ret_stat));
}

int wok__sys_file_stat_at(int dir, const char *name, struct stat *ret_stat)
{
	WOK__SYS_RESULT("fstatat", fstatat(dir, name, ret_stat, AT_SYMLINK_NOFOLLOW));
}

int wok__sys_file_mode(int fd, mode_t *ret_mode)
{
	struct stat stat = {0};
	struct statx known = {0};

	if (wok__sys_faulty("statx"))
		return -wok__sys_fault_error();
	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_MODE,
		    &known) == 0) {
		*ret_mode = known.stx_mode;
		return 0;
	}
	int r = wok__sys_file_stat(fd, &stat);
	if (r == 0)
		*ret_mode = stat.st_mode;
	return r;
}

off_t wok__sys_file_seek(int fd, off_t offset, int whence)
{
	WOK__SYS_RESULT("lseek", lseek(fd, offset, whence));
}

int wok__sys_file_truncate(int fd, off_t size)
{
	WOK__SYS_RESULT_RETRY("ftruncate", ftruncate(fd, size));
}

int wok__sys_file_sync(int fd, bool data_only)
{
	if (data_only)
		WOK__SYS_RESULT_RETRY("fdatasync", fdatasync(fd));
	WOK__SYS_RESULT_RETRY("fsync", fsync(fd));
}

bool wok__sys_is_terminal(int fd)
{
	return isatty(fd) == 1;
}

int wok__sys_file_get_flags(int fd)
{
	WOK__SYS_RESULT("fcntl", fcntl(fd, F_GETFL));
}

int wok__sys_file_set_flags(int fd, int flags)
{
	WOK__SYS_RESULT("fcntl", fcntl(fd, F_SETFL, flags));
}

int wok__sys_file_chmod(int fd, mode_t mode)
{
	WOK__SYS_RESULT("fchmod", fchmod(fd, mode));
}

int wok__sys_file_chown(int fd, uid_t user, gid_t group)
{
	WOK__SYS_RESULT("fchown", fchown(fd, user, group));
}

int wok__sys_file_flock(int fd, int operation)
{
	WOK__SYS_RESULT_RETRY("flock", flock(fd, operation | LOCK_NB));
}

int wok__sys_file_lock_range(int fd, int type, off_t offset, off_t size)
{
	struct flock lock = {
		.l_type = (short) type,
		.l_whence = SEEK_SET,
		.l_start = offset,
		.l_len = size,
	};

	WOK__SYS_RESULT_RETRY("fcntl", fcntl(fd, F_OFD_SETLK, &lock));
}

int wok__sys_file_link(int fd, int dir, const char *name)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	WOK__SYS_RESULT("linkat", linkat(AT_FDCWD, path, dir, name, AT_SYMLINK_FOLLOW));
}

int wok__sys_file_rename(int dir, const char *from, const char *to)
{
	WOK__SYS_RESULT("renameat", renameat(dir, from, dir, to));
}

int wok__sys_file_unlink(int dir, const char *name)
{
	WOK__SYS_RESULT("unlinkat", unlinkat(dir, name, 0));
}

uint64_t wok__sys_random(void)
{
	static _Atomic uint64_t drawn; /* should the system have none: a count will do */
	uint64_t number;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) == (ssize_t) sizeof(number))
		return number;
	return ((uint64_t) getpid() << 32) + atomic_fetch_add(&drawn, 1);
}

int wok__sys_file_poll(int fd, short events, int timeout_ms)
{
	struct pollfd one = {.fd = fd, .events = events};

	WOK__SYS_RESULT_RETRY("poll", poll(&one, 1, timeout_ms));
}

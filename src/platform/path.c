/* SPDX-License-Identifier: MIT */
/* Paths: see platform/path.h. */
#include "platform/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/sys.h"

#define RESULT(name, call) WOK__SYS_RESULT(name, call)
#define RESULT_RETRY(name, call) WOK__SYS_RESULT_RETRY(name, call)

/* Of linux/fs.h, which is not installed everywhere. */
#ifndef FICLONE
#define FICLONE _IOW(0x94, 9, int)
#endif

int wok__sys_openat(int base, const char *path, int flags, mode_t mode)
{
	RESULT_RETRY("openat", openat(base, path, flags | O_CLOEXEC, mode));
}

int wok__sys_fstat(int fd, struct stat *ret_stat)
{
	RESULT("fstat", fstat(fd, ret_stat));
}

int wok__sys_fstatat(int base, const char *path, int flags, struct stat *ret_stat)
{
	RESULT_RETRY("fstatat", fstatat(base, path, ret_stat, flags));
}

int wok__sys_fstatvfs(int fd, struct statvfs *ret_stat)
{
	RESULT_RETRY("fstatvfs", fstatvfs(fd, ret_stat));
}

int wok__sys_faccessat(int base, const char *path, int mode)
{
	RESULT_RETRY("faccessat", faccessat(base, path, mode, AT_EACCESS));
}

int wok__sys_mkdirat(int base, const char *path, mode_t mode)
{
	RESULT_RETRY("mkdirat", mkdirat(base, path, mode));
}

int wok__sys_unlinkat(int base, const char *path, int flags)
{
	RESULT_RETRY("unlinkat", unlinkat(base, path, flags));
}

/* Not every C library knows renameat2(2). */
int wok__sys_renameat(int base, const char *from, const char *to, bool replace)
{
	const unsigned flags = replace ? 0 : 1; /* RENAME_NOREPLACE */

	RESULT_RETRY("renameat", (int) syscall(SYS_renameat2, base, from, base, to, flags));
}

int wok__sys_linkat(int from_base, const char *from, int to_base, const char *to, int flags)
{
	RESULT_RETRY("linkat", linkat(from_base, from, to_base, to, flags));
}

int wok__sys_symlinkat(const char *target, int base, const char *path)
{
	RESULT_RETRY("symlinkat", symlinkat(target, base, path));
}

ssize_t wok__sys_readlinkat(int base, const char *path, char *data, size_t size)
{
	RESULT_RETRY("readlinkat", readlinkat(base, path, data, size));
}

int wok__sys_fchmodat(int base, const char *path, mode_t mode)
{
	RESULT_RETRY("fchmodat", fchmodat(base, path, mode, 0));
}

int wok__sys_fchmod(int fd, mode_t mode)
{
	RESULT_RETRY("fchmod", fchmod(fd, mode));
}

int wok__sys_fchownat(int base, const char *path, uid_t user, gid_t group, int flags)
{
	RESULT_RETRY("fchownat", fchownat(base, path, user, group, flags));
}

int wok__sys_utimensat(int base, const char *path, const struct timespec times[2], int flags)
{
	RESULT_RETRY("utimensat", utimensat(base, path, times, flags));
}

int wok__sys_futimens(int fd, const struct timespec times[2])
{
	RESULT_RETRY("futimens", futimens(fd, times));
}

int wok__sys_ftruncate(int fd, off_t size)
{
	RESULT_RETRY("ftruncate", ftruncate(fd, size));
}

int wok__sys_fdatasync(int fd)
{
	RESULT_RETRY("fdatasync", fdatasync(fd));
}

off_t wok__sys_lseek(int fd, off_t offset, int whence)
{
	RESULT("lseek", lseek(fd, offset, whence));
}

ssize_t wok__sys_getdents(int fd, void *data, size_t size)
{
	RESULT_RETRY("getdents64", syscall(SYS_getdents64, fd, data, size));
}

int wok__sys_dirent_type(const struct wok__dirent *record)
{
	return wok__sys_faulty("d_type") ? DT_UNKNOWN : record->type;
}

int wok__sys_clone_file(int from, int to)
{
	RESULT_RETRY("ficlone", ioctl(to, FICLONE, from));
}

/* A fault of a call that moves bytes: -errno; or "size" bytes only, and then 0. */
static int cut(const char *name, size_t *size)
{
	if (!wok__sys_faulty(name))
		return 0;
	int error = wok__sys_fault_error();
	if (error >= 0)
		return -error;
	*size = *size < (size_t) -error ? *size : (size_t) -error;
	return 0;
}

ssize_t wok__sys_copy_file_range(int from, int to, off_t at, size_t size)
{
	int64_t from_at = at, to_at = at;
	int r = cut("copy_file_range", &size);

	ssize_t n;

	if (r < 0)
		return r;
	do
		n = syscall(SYS_copy_file_range, from, &from_at, to, &to_at, size, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

ssize_t wok__sys_sendfile(int to, int from, off_t at, size_t size)
{
	int r = cut("sendfile", &size);

	ssize_t n;

	if (r < 0)
		return r;
	do
		n = sendfile(to, from, &at, size);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int wok__sys_inotify_init(void)
{
	RESULT("inotify_init1", inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
}

int wok__sys_inotify_add_watch(int fd, const char *path, uint32_t events)
{
	RESULT_RETRY("inotify_add_watch", inotify_add_watch(fd, path, events));
}

int wok__sys_inotify_rm_watch(int fd, int id)
{
	RESULT("inotify_rm_watch", inotify_rm_watch(fd, id));
}

int wok__sys_random_bytes(void *data, size_t size)
{
	RESULT_RETRY("getrandom", (int) getrandom(data, size, 0));
}

int wok__sys_dup(int fd)
{
	RESULT("dup", fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

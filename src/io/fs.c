/* SPDX-License-Identifier: MIT */
/*
 * The file system by path: see wok/fs.h.
 *
 * A call is a record with a function that a thread runs. Messages are made there, too, and travel
 * back with the result. statx(2) has no way to ask only what is in memory, so even the cheap ones
 * hop.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <wok/error.h>
#include <wok/fs.h>

#include "base/memory.h"
#include "io/disk.h"
#include "io/fs_path.h"
#include "platform/path.h"

struct call {
	int (*make)(struct call *call);
	const char *verb; /* as in: cannot ... PATH */
	const char *path;
	const char *to; /* the second path; NULL */
	int base;       /* where both begin */
	mode_t mode;
	int flags;
	bool no_replace;
	uid_t user;
	gid_t group;
	const struct timespec *times;
	void *ret;
};

/* In the thread. */
static int make_call(void *arg)
{
	struct call *call = arg;
	int r = call->make(call);

	if (r >= 0)
		return r;
	if (call->to)
		return wok_fail(r, "cannot %s %s to %s: %s", call->verb, call->path, call->to,
				wok_strerror(r));
	return wok_fail(r, "cannot %s %s: %s", call->verb, call->path, wok_strerror(r));
}

#define RUN(call, what) run((call), WOK_SITE(what))

static int run(struct call *call, const wok_site *site)
{
	call->base = wok__base_open_two(call->path, call->to ? call->to : call->path);
	int r = wok__disk_run_at(NULL, make_call, call, site);
	wok__base_close(call->base);
	return r;
}

/* --- describing ------------------------------------------------------------------------------- */

wok_fs_type wok_fs_type_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return WOK_FS_FILE;
	case S_IFDIR:
		return WOK_FS_FOLDER;
	case S_IFLNK:
		return WOK_FS_SYMLINK;
	case S_IFIFO:
		return WOK_FS_FIFO;
	case S_IFSOCK:
		return WOK_FS_SOCKET;
	case S_IFCHR:
		return WOK_FS_CHAR_DEVICE;
	case S_IFBLK:
		return WOK_FS_BLOCK_DEVICE;
	default:
		return WOK_FS_UNKNOWN;
	}
}

static int describe(struct call *call)
{
	return wok__sys_fstatat(call->base, call->path, call->flags, call->ret);
}

int wok_fs_stat(const char *path, struct stat *ret_stat)
{
	struct call call = {.make = describe, .verb = "look at", .path = path, .ret = ret_stat};

	return RUN(&call, "wok_fs_stat");
}

int wok_fs_lstat(const char *path, struct stat *ret_stat)
{
	struct call call = {
		.make = describe,
		.verb = "look at",
		.path = path,
		.flags = AT_SYMLINK_NOFOLLOW,
		.ret = ret_stat,
	};

	return RUN(&call, "wok_fs_lstat");
}

/* There is no such call that begins at a folder: by a descriptor, which needs no permission. */
static int describe_system(struct call *call)
{
	int fd = wok__sys_openat(call->base, call->path, O_PATH, 0);

	if (fd < 0)
		return fd;
	int r = wok__sys_fstatvfs(fd, call->ret);
	close(fd);
	return r;
}

int wok_fs_statvfs(const char *path, struct statvfs *ret_stat)
{
	struct call call = {
		.make = describe_system,
		.verb = "look at the file system of",
		.path = path,
		.ret = ret_stat,
	};

	return RUN(&call, "wok_fs_statvfs");
}

static int ask_access(struct call *call)
{
	return wok__sys_faccessat(call->base, call->path, call->flags);
}

int wok_fs_access(const char *path, int mode)
{
	struct call call = {.make = ask_access, .verb = "access", .path = path, .flags = mode};

	return RUN(&call, "wok_fs_access");
}

static int ask_existence(struct call *call)
{
	struct stat unused;
	int r = wok__sys_fstatat(call->base, call->path, 0, &unused);

	return r == -ENOENT || r == -ENOTDIR ? 0 : r < 0 ? r : 1;
}

int wok_fs_exists(const char *path)
{
	struct call call = {.make = ask_existence, .verb = "look for", .path = path};

	return RUN(&call, "wok_fs_exists");
}

/* --- folders ---------------------------------------------------------------------------------- */

static int make_folder(struct call *call)
{
	return wok__sys_mkdirat(call->base, call->path, call->mode);
}

int wok_fs_mkdir(const char *path, mode_t mode)
{
	struct call call = {
		.make = make_folder,
		.verb = "make the folder",
		.path = path,
		.mode = mode,
	};

	return RUN(&call, "wok_fs_mkdir");
}

/* 0 if it is there afterwards, whoever made it, and by whatever failure it says so. */
static int ensure_folder(int base, const char *path, mode_t mode)
{
	struct stat stat;
	int r = wok__sys_mkdirat(base, path, mode);

	if (r == 0 || r == -ENOENT)
		return r;
	if (wok__sys_fstatat(base, path, 0, &stat) == 0 && S_ISDIR(stat.st_mode))
		return 0;
	return r;
}

/* The last one first: most often the others are there. */
static int make_folders(struct call *call)
{
	int r = ensure_folder(call->base, call->path, call->mode);

	if (r != -ENOENT || call->path[0] == '\0')
		return r;
	char *path = wok__strdup(call->path);
	if (!path)
		return -ENOMEM;
	r = 0;
	for (char *at = path + 1; r == 0 && (at = strchr(at, '/')); at++) {
		if (at[-1] == '/' || at[strspn(at, "/")] == '\0')
			continue;
		*at = '\0';
		r = ensure_folder(call->base, path, 0777);
		*at = '/';
	}
	wok_free(path);
	return r == 0 ? ensure_folder(call->base, call->path, call->mode) : r;
}

int wok_fs_mkdirs(const char *path, mode_t mode)
{
	struct call call = {
		.make = make_folders,
		.verb = "make the folder",
		.path = path,
		.mode = mode,
	};

	return RUN(&call, "wok_fs_mkdirs");
}

static int remove_name(struct call *call)
{
	return wok__sys_unlinkat(call->base, call->path, call->flags);
}

int wok_fs_rmdir(const char *path)
{
	struct call call = {
		.make = remove_name,
		.verb = "remove the folder",
		.path = path,
		.flags = AT_REMOVEDIR,
	};

	return RUN(&call, "wok_fs_rmdir");
}

int wok_fs_remove(const char *path)
{
	struct call call = {.make = remove_name, .verb = "remove", .path = path};

	return RUN(&call, "wok_fs_remove");
}

/* --- names ------------------------------------------------------------------------------------ */

static int change_name(struct call *call)
{
	return wok__sys_renameat(call->base, call->path, call->to, !call->no_replace);
}

int wok_fs_rename(const char *from, const char *to)
{
	struct call call = {.make = change_name, .verb = "rename", .path = from, .to = to};

	return RUN(&call, "wok_fs_rename");
}

int wok_fs_rename_new(const char *from, const char *to)
{
	struct call call = {
		.make = change_name,
		.verb = "rename",
		.path = from,
		.to = to,
		.no_replace = true,
	};

	return RUN(&call, "wok_fs_rename_new");
}

static int add_name(struct call *call)
{
	return wok__sys_linkat(call->base, call->path, call->base, call->to, 0);
}

int wok_fs_link(const char *from, const char *to)
{
	struct call call = {.make = add_name, .verb = "link", .path = from, .to = to};

	return RUN(&call, "wok_fs_link");
}

static int make_symlink(struct call *call)
{
	return wok__sys_symlinkat(call->ret, call->base, call->path);
}

int wok_fs_symlink(const char *target, const char *path)
{
	struct call call = {
		.make = make_symlink,
		.verb = "make the symbolic link",
		.path = path,
		.ret = (void *) target,
	};

	return RUN(&call, "wok_fs_symlink");
}

/* The size that lstat(2) tells is 0 in /proc: so it is found out. */
static int read_link(struct call *call)
{
	char *target = NULL;

	for (size_t room = 128;; room *= 4) {
		char *larger = wok_realloc(target, room);
		ssize_t n = larger ? wok__sys_readlinkat(call->base, call->path, larger, room)
				   : -ENOMEM;
		target = larger ? larger : target;
		if (n < 0) {
			wok_free(target);
			return (int) n;
		}
		if ((size_t) n < room) {
			target[n] = '\0';
			*(char **) call->ret = target;
			return 0;
		}
	}
}

int wok_fs_readlink(const char *path, char **ret_target)
{
	struct call call = {
		.make = read_link,
		.verb = "read the symbolic link",
		.path = path,
		.ret = ret_target,
	};

	return RUN(&call, "wok_fs_readlink");
}

/* --- what is known of a file ------------------------------------------------------------------ */

static int set_times(struct call *call)
{
	return wok__sys_utimensat(call->base, call->path, call->times, 0);
}

int wok_fs_utime(const char *path, const struct timespec times[2])
{
	struct call call = {
		.make = set_times,
		.verb = "set the times of",
		.path = path,
		.times = times,
	};

	return RUN(&call, "wok_fs_utime");
}

static int set_mode(struct call *call)
{
	return wok__sys_fchmodat(call->base, call->path, call->mode);
}

int wok_fs_chmod(const char *path, mode_t mode)
{
	struct call call = {
		.make = set_mode,
		.verb = "set the permissions of",
		.path = path,
		.mode = mode,
	};

	return RUN(&call, "wok_fs_chmod");
}

static int set_owner(struct call *call)
{
	return wok__sys_fchownat(call->base, call->path, call->user, call->group, call->flags);
}

static int change_owner(const char *path, uid_t user, gid_t group, int flags)
{
	struct call call = {
		.make = set_owner,
		.verb = "set the owner of",
		.path = path,
		.user = user,
		.group = group,
		.flags = flags,
	};

	return RUN(&call, "wok_fs_chown");
}

int wok_fs_chown(const char *path, uid_t user, gid_t group)
{
	return change_owner(path, user, group, 0);
}

int wok_fs_lchown(const char *path, uid_t user, gid_t group)
{
	return change_owner(path, user, group, AT_SYMLINK_NOFOLLOW);
}

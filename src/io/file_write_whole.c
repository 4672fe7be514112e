/* SPDX-License-Identifier: MIT */
/*
 * Writing whole files: see wok_write_file(), and wok_write_file_atomic(), whose steps are
 *
 *   1. a file without a name (O_TMPFILE), or with one that nobody looks for, in the same folder
 *   2. its bytes, owner and permissions, and a sync, so that they are on the disk before its name
 *   3. a name that nobody looks for, if it has none
 *   4. the rename, which the file system does as a whole or not at all
 *   5. a sync of the folder, so that the rename is on the disk when the call returns
 *
 * Until step 4 the old file is the one that is found, from then on it is the new one.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <wok/error.h>
#include <wok/thread.h>
#include <wok/whole_file.h>

#include "base/memory.h"
#include "io/disk.h"
#include "io/path.h"
#include "io/transfer.h"
#include "platform/file.h"
#include "platform/sys.h"
#include "task/park.h"

static const wok_write_file_options default_options;

struct writing {
	struct wok__path path;
	wok_write_file_options options;
	const char *data;
	size_t size;
	char copy[]; /* if it may be left behind */
};

static mode_t permissions_of(const struct writing *writing)
{
	return writing->options.permissions ? writing->options.permissions : 0666;
}

static int write_bytes(const struct writing *writing, int fd, off_t offset)
{
	struct iovec part = {(void *) (uintptr_t) writing->data, writing->size};
	struct wok__transfer transfer = {
		.fd = fd, .write = true, .offset = offset, .parts = &part, .n_parts = 1};

	return wok__transfer_work(&transfer);
}

/* The folder of a path, to be synced; *ret_name: what is left of the path. */
static int open_folder(const struct wok__path *path, const char **ret_name)
{
	const int flags = O_RDONLY | O_DIRECTORY;
	char *slash = strrchr(path->text, '/');

	*ret_name = slash ? slash + 1 : path->text;
	if (!slash)
		return wok__sys_file_open(path->dir, ".", flags, 0, false);
	if (slash == path->text)
		return wok__sys_file_open(AT_FDCWD, "/", flags, 0, false);
	*slash = '\0';
	int fd = wok__sys_file_open(path->dir, path->text, flags, 0, false);
	*slash = '/';
	return fd;
}

static int sync_folder(const struct wok__path *path)
{
	const char *name;
	int fd = open_folder(path, &name);

	if (fd < 0)
		return fd;
	int r = wok__sys_file_sync(fd, false);
	(void) wok__sys_close(fd);
	return r;
}

/* Both in any case; the first error counts. */
static int close_after(int fd, int r)
{
	int closed = wok__sys_close(fd);

	return r < 0 ? r : closed;
}

/* --- in place --------------------------------------------------------------------------------- */

static int run_write(void *arg)
{
	struct writing *writing = arg;
	const wok_write_file_options *options = &writing->options;
	int flags = O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY | (options->exclusive ? O_EXCL : 0) |
		    (options->append      ? O_APPEND
		     : options->exclusive ? 0
					  : O_TRUNC);

	int fd = wok__path_open(&writing->path, flags, permissions_of(writing));
	if (fd < 0)
		return fd;
	int r = write_bytes(writing, fd, -1);
	if (r == 0 && options->sync)
		r = wok__sys_file_sync(fd, false);
	r = close_after(fd, r);
	if (r == 0 && options->sync)
		r = sync_folder(&writing->path);
	return r;
}

/* --- as a whole or not at all ----------------------------------------------------------------- */

enum { NAME_SIZE = 32 };

/* The new file, before it has its name. */
struct fresh {
	int dir, fd;
	const char *name;     /* which it will have */
	char temp[NAME_SIZE]; /* which it has meanwhile; "" for none */
	bool old_exists;
	struct stat old;
};

static void draw_name(struct fresh *fresh)
{
	snprintf(fresh->temp, sizeof(fresh->temp), ".wok-%016" PRIx64, wok__sys_random());
}

static int make_nameless(struct fresh *fresh, mode_t permissions)
{
	fresh->temp[0] = '\0';
	fresh->fd = wok__sys_file_open(fresh->dir, ".", O_TMPFILE | O_WRONLY, permissions, false);
	return fresh->fd < 0 ? fresh->fd : 0;
}

static int make_named(struct fresh *fresh, mode_t permissions)
{
	int tries = 8;

	do {
		draw_name(fresh);
		fresh->fd = wok__sys_file_open(fresh->dir, fresh->temp,
					       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
					       permissions, false);
	} while (fresh->fd == -EEXIST && --tries > 0);
	if (fresh->fd < 0)
		fresh->temp[0] = '\0';
	return fresh->fd < 0 ? fresh->fd : 0;
}

/*
 * A new file is a file as the old one was. But the bits by which it runs as its owner or group are
 * meant for those of the old one only.
 */
static int dress(const struct fresh *fresh, const struct writing *writing)
{
	const struct stat *old = &fresh->old;
	struct stat now;

	if (!fresh->old_exists)
		return 0;
	if (writing->options.keep_owner)
		WOK_TRY(wok__sys_file_chown(fresh->fd, old->st_uid, old->st_gid));
	WOK_TRY(wok__sys_file_stat(fresh->fd, &now));
	bool same = now.st_uid == old->st_uid && now.st_gid == old->st_gid;
	return wok__sys_file_chmod(fresh->fd, old->st_mode & (same ? 07777 : 0777));
}

static int fill(const struct fresh *fresh, const struct writing *writing)
{
	WOK_TRY(write_bytes(writing, fresh->fd, 0));
	WOK_TRY(dress(fresh, writing));
	return writing->options.no_sync ? 0 : wok__sys_file_sync(fresh->fd, false);
}

/* Give a file without a name one for the time until the rename. */
static int name_it(struct fresh *fresh)
{
	int r = 0, tries = 8;

	if (fresh->temp[0])
		return 0;
	do {
		draw_name(fresh);
		r = wok__sys_file_link(fresh->fd, fresh->dir, fresh->temp);
	} while (r == -EEXIST && --tries > 0);
	if (r < 0)
		fresh->temp[0] = '\0';
	return r;
}

/* Up to the moment when only the rename is missing. A file with a name goes if that fails. */
static int prepare(struct fresh *fresh, const struct writing *writing, bool nameless)
{
	mode_t permissions = permissions_of(writing);

	/* What only some could read nobody else can until it is dressed, neither. */
	if (fresh->old_exists)
		permissions = fresh->old.st_mode & 0700;
	WOK_TRY(nameless ? make_nameless(fresh, permissions) : make_named(fresh, permissions));
	int r = fill(fresh, writing);
	if (r == 0)
		r = name_it(fresh);
	r = close_after(fresh->fd, r);
	if (r == 0 && wok_job_canceled())
		r = -ECANCELED;
	if (r < 0 && fresh->temp[0])
		(void) wok__sys_file_unlink(fresh->dir, fresh->temp);
	return r;
}

/* Whether the way without a name is not possible here, and the other one may be. */
static bool needs_name(int r)
{
	return r == -EOPNOTSUPP || r == -EISDIR || r == -EINVAL || r == -ENOENT || r == -EPERM;
}

static int replace_in(struct fresh *fresh, const struct writing *writing)
{
	int r = wok__sys_file_stat_at(fresh->dir, fresh->name, &fresh->old);

	fresh->old_exists = r == 0 && S_ISREG(fresh->old.st_mode);
	if (r == 0 && S_ISDIR(fresh->old.st_mode))
		return -EISDIR;
	r = prepare(fresh, writing, true);
	if (needs_name(r))
		r = prepare(fresh, writing, false);
	if (r < 0)
		return r;
	r = wok__sys_file_rename(fresh->dir, fresh->temp, fresh->name);
	if (r < 0) {
		(void) wok__sys_file_unlink(fresh->dir, fresh->temp);
		return r;
	}
	r = writing->options.no_sync ? 0 : wok__sys_file_sync(fresh->dir, false);
	if (r < 0)
		return wok_fail(r,
				"%s was replaced, but its folder cannot be synced: after a loss of "
				"power it may be the old one (%s)",
				writing->path.text, wok_strerror(r));
	return 0;
}

static int run_replace(void *arg)
{
	struct writing *writing = arg;
	struct fresh fresh = {0};

	fresh.dir = open_folder(&writing->path, &fresh.name);
	if (fresh.dir < 0)
		return fresh.dir;
	int r = fresh.name[0] ? replace_in(&fresh, writing) : -EISDIR;
	(void) wok__sys_close(fresh.dir);
	return r;
}

/* --- from the caller's side ------------------------------------------------------------------- */

static void dispose(void *arg)
{
	struct writing *writing = arg;

	wok__path_clear(&writing->path);
	wok_free(writing);
}

static int new_writing(const char *path, const void *data, size_t size,
		       const wok_write_file_options *options, struct writing **ret_writing)
{
	bool copied = options->disk.flags & WOK_ABANDON;
	size_t room = copied ? size : 0;
	struct writing *writing = room > SIZE_MAX / 2 ? NULL : wok_alloc(sizeof(*writing) + room);

	if (!writing)
		return -ENOMEM;
	*writing = (struct writing){.options = *options, .data = data, .size = size};
	if (room > 0)
		writing->data = memcpy(writing->copy, data, room);
	int r = wok__path_init(&writing->path, path);
	if (r < 0) {
		wok_free(writing);
		return r;
	}
	*ret_writing = writing;
	return 0;
}

static int explain(const char *path, int r)
{
	if (r >= 0 || r == -ECANCELED || r == -ENOMEM)
		return r;
	return wok_fail(r, "cannot write %s: %s", path, wok_errmsg(r));
}

static int run(const char *path, const void *data, size_t size,
	       const wok_write_file_options *options, wok_fn *work)
{
	struct writing *writing = NULL;

	WOK_TRY(wok__check());
	WOK_TRY(explain(path, new_writing(path, data, size, options, &writing)));
	int r = wok__disk_run_owned(&options->disk, "wok_write_file", work, writing, dispose);
	if (r == -ECANCELED)
		return r;
	dispose(writing);
	return explain(path, r);
}

int wok_write_file_with(const char *path, const void *data, size_t size,
			const wok_write_file_options *options)
{
	return run(path, data, size, options ? options : &default_options, run_write);
}

int wok_write_file(const char *path, const void *data, size_t size)
{
	return wok_write_file_with(path, data, size, NULL);
}

int wok_write_file_atomic_with(const char *path, const void *data, size_t size,
			       const wok_write_file_options *options)
{
	options = options ? options : &default_options;
	if (options->append || options->exclusive)
		return wok_fail(-EINVAL,
				"wok_write_file_atomic: a file is replaced; nothing can be "
				"appended, and it need not be new");
	return run(path, data, size, options, run_replace);
}

int wok_write_file_atomic(const char *path, const void *data, size_t size)
{
	return wok_write_file_atomic_with(path, data, size, NULL);
}

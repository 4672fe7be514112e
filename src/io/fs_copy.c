/* SPDX-License-Identifier: MIT */
/*
 * Copying a file: wok_fs_copy() of wok/fs.h.
 *
 * There are five ways, each tried where the one before is refused: to share the content, to have
 * the file system copy it, to have the kernel copy it, and to read and write. Each takes pieces
 * from a position to the same position, so the next one goes on where it stopped.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <wok/error.h>
#include <wok/fs.h>
#include <wok/thread.h>

#include "base/memory.h"
#include "io/disk.h"
#include "io/fs_path.h"
#include "platform/file.h"
#include "platform/path.h"
#include "platform/process.h"
#include "platform/sys.h"

enum {
	PIECE = 4 << 20, /* between two looks for a cancel */
	BUFFER = 128 << 10,
};

struct copy {
	const char *from, *to;
	int base;
	wok_copy_options options;
	/* In the thread: */
	int in, out;
	struct stat stat; /* of what is copied, as it was at the beginning */
	bool is_new;
	bool told; /* there is a message already */
	off_t done;
	off_t size;   /* copy so much; -1: to the end */
	size_t way;   /* which is in use */
	void *buffer; /* of the last one */
};

/* --- opening ---------------------------------------------------------------------------------- */

static int refuse(struct copy *copy, const char *path, mode_t mode)
{
	copy->told = true;
	if (S_ISDIR(mode))
		return wok_fail(-EISDIR, "cannot copy %s: it is a folder", path);
	return wok_fail(-EINVAL, "cannot copy %s: it is no file", path);
}

/* Without waiting for the other end of a FIFO. */
static int open_source(struct copy *copy)
{
	copy->in = wok__sys_openat(copy->base, copy->from, O_RDONLY | O_NONBLOCK, 0);
	if (copy->in < 0)
		return copy->in;
	WOK_TRY(wok__sys_fstat(copy->in, &copy->stat));
	if (!S_ISREG(copy->stat.st_mode))
		return refuse(copy, copy->from, copy->stat.st_mode);
	copy->size = copy->stat.st_size;
	return 0;
}

/* What is there is emptied only when it is known to be another file. */
static int open_existing(struct copy *copy)
{
	struct stat stat;

	copy->out = wok__sys_openat(copy->base, copy->to, O_WRONLY | O_NONBLOCK, 0);
	if (copy->out < 0)
		return copy->out;
	WOK_TRY(wok__sys_fstat(copy->out, &stat));
	if (!S_ISREG(stat.st_mode))
		return refuse(copy, copy->to, stat.st_mode);
	copy->told = stat.st_dev == copy->stat.st_dev && stat.st_ino == copy->stat.st_ino;
	if (copy->told)
		return wok_fail(-EINVAL, "cannot copy %s to %s: they are the same file", copy->from,
				copy->to);
	/* It may be open to more people than what it is to hold. */
	if (stat.st_mode & 0777 & ~copy->stat.st_mode)
		WOK_TRY(wok__sys_fchmod(copy->out, stat.st_mode & copy->stat.st_mode & 0777));
	return wok__sys_ftruncate(copy->out, 0);
}

static int open_target(struct copy *copy)
{
	const mode_t mode = copy->stat.st_mode & 0777;

	copy->out = wok__sys_openat(copy->base, copy->to, O_WRONLY | O_CREAT | O_EXCL, mode);
	copy->is_new = copy->out >= 0;
	if (copy->out == -EEXIST && !copy->options.no_replace)
		return open_existing(copy);
	return copy->out < 0 ? copy->out : 0;
}

/* --- the ways --------------------------------------------------------------------------------- */

/* Each copies at most size bytes: how many; 0 if it finds none; -errno. */
typedef ssize_t way(struct copy *copy, size_t size);

static ssize_t share(struct copy *copy, size_t size)
{
	(void) size;
	if (copy->options.no_reflink || copy->done > 0 || copy->size <= 0)
		return -EOPNOTSUPP;
	WOK_TRY(wok__sys_clone_file(copy->in, copy->out));
	return copy->size;
}

static ssize_t copy_range(struct copy *copy, size_t size)
{
	/* File systems that can share do so here, too. */
	if (copy->options.no_reflink)
		return -EOPNOTSUPP;
	return wok__sys_copy_file_range(copy->in, copy->out, copy->done, size);
}

static ssize_t send_range(struct copy *copy, size_t size)
{
	if (wok__sys_lseek(copy->out, copy->done, SEEK_SET) < 0)
		return -EINVAL;
	return wok__sys_sendfile(copy->out, copy->in, copy->done, size);
}

static ssize_t read_and_write(struct copy *copy, size_t size)
{
	ssize_t n, written = 0;

	if (!copy->buffer && !(copy->buffer = wok_alloc(BUFFER)))
		return -ENOMEM;
	n = wok__sys_pread(copy->in, copy->buffer, size < BUFFER ? size : BUFFER, copy->done);
	while (written < n) {
		ssize_t r = wok__sys_pwrite(copy->out, (char *) copy->buffer + written,
					    (size_t) (n - written), copy->done + written);
		if (r <= 0)
			return r < 0 ? r : -EIO;
		written += r;
	}
	return n;
}

static way *const ways[] = {share, copy_range, send_range, read_and_write};
enum { LAST_WAY = sizeof(ways) / sizeof(ways[0]) - 1 };

/*
 * Whether another way may do what this one has refused. That one finds nothing is believed only of
 * the last: in /proc and its like the others see no bytes.
 */
static bool try_another(ssize_t r)
{
	switch (r) {
	case 0:
	case -EXDEV:
	case -EINVAL:
	case -EOPNOTSUPP:
	case -ENOSYS:
	case -ENOTTY:
	case -EPERM:
	case -ETXTBSY:
		return true;
	default:
		return false;
	}
}

/*
 * A file of size 0 may be one of /proc, which has content all the same. If it turns out to have a
 * size after all, it has been growing: then that is how much there is.
 */
static void settle_size(struct copy *copy)
{
	struct stat stat;

	if (copy->size < 0 && wok__sys_fstat(copy->in, &stat) == 0 && stat.st_size > 0)
		copy->size = stat.st_size;
}

static int copy_content(struct copy *copy)
{
	copy->size = copy->size == 0 ? -1 : copy->size;
	while (copy->size < 0 || copy->done < copy->size) {
		off_t left = copy->size < 0 ? PIECE : copy->size - copy->done;
		if (wok_job_canceled())
			return -ECANCELED;
		ssize_t n = ways[copy->way](copy, left < PIECE ? (size_t) left : PIECE);
		if (n <= 0 && copy->way < LAST_WAY && try_another(n)) {
			copy->way++;
			continue;
		}
		if (n <= 0)
			return (int) n;
		copy->done += n;
		settle_size(copy);
	}
	return 0;
}

/* --- all of it -------------------------------------------------------------------------------- */

/* A new name is on the disk when its folder is. */
static int sync_folder(const struct copy *copy)
{
	const char *slash = strrchr(copy->to, '/');
	char *path = wok__strdup(slash ? copy->to : ".");

	if (!path)
		return -ENOMEM;
	if (slash)
		path[slash - copy->to + 1] = '\0';
	int fd = wok__sys_openat(copy->base, path, O_RDONLY | O_DIRECTORY, 0);
	wok_free(path);
	if (fd < 0)
		return fd;
	int r = wok__sys_file_sync(fd, false);
	(void) wok__sys_close(fd);
	return r;
}

/* Permissions and times, too: that is more than a sync of the data promises. */
static int sync_copy(const struct copy *copy)
{
	WOK_TRY(wok__sys_file_sync(copy->out, false));
	return copy->is_new ? sync_folder(copy) : 0;
}

static int finish(const struct copy *copy)
{
	const struct timespec times[] = {copy->stat.st_atim, copy->stat.st_mtim};

	WOK_TRY(wok__sys_fchmod(copy->out, copy->stat.st_mode & 0777));
	if (copy->options.keep_times)
		WOK_TRY(wok__sys_futimens(copy->out, times));
	return copy->options.sync ? sync_copy(copy) : 0;
}

static int copy_all(struct copy *copy)
{
	WOK_TRY(open_source(copy));
	WOK_TRY(open_target(copy));
	WOK_TRY(copy_content(copy));
	return finish(copy);
}

/* To close what was written may fail: some file systems write only then. */
static int close_both(const struct copy *copy)
{
	if (copy->in >= 0)
		close(copy->in);
	return copy->out >= 0 ? wok__sys_close(copy->out) : 0;
}

static int run_copy(void *arg)
{
	struct copy *copy = arg;
	int r = copy_all(copy);
	int closed = close_both(copy);

	wok_free(copy->buffer);
	if (r == 0)
		r = closed;
	if (r < 0 && copy->is_new)
		(void) wok__sys_unlinkat(copy->base, copy->to, 0);
	if (r < 0 && r != -ECANCELED && !copy->told)
		wok_fail(r, "cannot copy %s to %s: %s", copy->from, copy->to, wok_strerror(r));
	return r;
}

int wok_fs_copy_with(const char *from, const char *to, const wok_copy_options *options)
{
	struct copy copy = {.from = from, .to = to, .in = -1, .out = -1};

	if (options)
		copy.options = *options;
	copy.base = wok__base_open_two(from, to);
	int r = wok__disk_run(NULL, "wok_fs_copy", run_copy, &copy);
	wok__base_close(copy.base);
	return r;
}

int wok_fs_copy(const char *from, const char *to)
{
	return wok_fs_copy_with(from, to, NULL);
}

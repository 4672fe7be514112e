/* SPDX-License-Identifier: MIT */
/*
 * Opening files: see wok_file_open().
 *
 * Everything is opened with O_NONBLOCK, so that a pipe whose other end is not there keeps no thread
 * waiting. For a regular file the flag means nothing, and is taken off again.
 */
#include <string.h>
#include <wok/error.h>
#include <wok/task.h>

#include "base/memory.h"
#include "io/disk.h"
#include "io/file.h"
#include "io/path.h"
#include "platform/file.h"
#include "platform/sys.h"
#include "task/park.h"

enum {
	BUFFER_DEFAULT = 64 << 10,
	BUFFER_LEAST = 16,
	LINE_DEFAULT = 1 << 20,
};

static const wok_file_options default_options;

/* fopen(3)'s modes; -1 for another one. */
static int parse_mode(const char *mode)
{
	int flags = mode[0] == 'r'   ? O_RDONLY
		    : mode[0] == 'w' ? O_WRONLY | O_CREAT | O_TRUNC
		    : mode[0] == 'a' ? O_WRONLY | O_CREAT | O_APPEND
		    : mode[0] == 'x' ? O_WRONLY | O_CREAT | O_EXCL
				     : -1;

	for (const char *at = mode + (flags >= 0); flags >= 0 && *at; at++) {
		if (*at == '+')
			flags = (flags & ~O_ACCMODE) | O_RDWR;
		else if (*at == 'x' && flags & O_CREAT)
			flags = (flags & ~O_TRUNC) | O_EXCL;
		else if (*at != 'b' && *at != 'e')
			flags = -1;
	}
	return flags;
}

static int bad_mode(const char *mode)
{
	return wok_fail(-EINVAL,
			"\"%s\" is no mode to open a file: it begins with r, w, a or x, and + may "
			"follow",
			mode);
}

/* --- of a descriptor -------------------------------------------------------------------------- */

/* How bytes are moved: by what it is, and whether it waits in poll(2). */
static int set_kind(wok_file *file, int fd)
{
	mode_t mode;
	int flags;

	WOK_TRY(wok__sys_file_mode(fd, &mode));
	if (S_ISDIR(mode))
		return wok_fail(-EISDIR, "cannot open %s: it is a folder", file->path);
	file->polled = !S_ISREG(mode) && !S_ISBLK(mode);
	file->fifo = S_ISFIFO(mode);
	WOK_TRY(flags = wok__sys_file_get_flags(fd));
	if (file->polled && !(flags & O_NONBLOCK))
		return wok_fail(-EINVAL, "%s could make this thread wait: set O_NONBLOCK on it",
				file->path);
	if (!file->polled && flags & O_NONBLOCK)
		WOK_TRY(wok__sys_file_set_flags(fd, flags & ~O_NONBLOCK));
	return 0;
}

/* Somebody is waiting at the other end of a pipe, or in front of a terminal. */
static bool is_interactive(const wok_file *file, int fd)
{
	return file->fifo || (file->polled && wok__sys_is_terminal(fd));
}

static void set_options(wok_file *file, int open_flags, const wok_file_options *options)
{
	size_t size = options->buffer_size ? options->buffer_size : BUFFER_DEFAULT;

	file->disk = options->disk;
	file->readable = (open_flags & O_ACCMODE) != O_WRONLY;
	file->writable = (open_flags & O_ACCMODE) != O_RDONLY;
	file->positioned_at_end = open_flags & O_APPEND;
	/* A try that ends in the middle of a record would let another writer's come between. */
	file->no_quick_write = file->positioned_at_end;
	file->direct = options->direct;
	file->flags = options->dont_cache ? WOK__RWF_DONTCACHE : 0;
	file->buffer_size = size > BUFFER_LEAST ? size : BUFFER_LEAST;
	file->out_size = options->unbuffered || options->direct ? 0 : file->buffer_size;
	file->max_line = options->max_line ? options->max_line : LINE_DEFAULT;
	file->newlines = options->newlines;
	file->check = options->text;
}

/* Where a description stands that was used before. */
static void find_position(wok_file *file, int fd)
{
	off_t at = file->polled ? 0 : wok__sys_file_seek(fd, 0, SEEK_CUR);

	file->offset = at > 0 ? at : 0;
	file->at_start = file->offset == 0;
}

static int fill_in(wok_file *file, int fd, const char *path, int open_flags,
		   const wok_file_options *options)
{
	file->path = wok__strdup(path);
	if (!file->path)
		return -ENOMEM;
	set_options(file, open_flags, options);
	WOK_TRY(set_kind(file, fd));
	if (is_interactive(file, fd))
		file->out_size = 0;
	find_position(file, fd);
	file->handle = wok__handle_new(fd);
	return file->handle ? 0 : -ENOMEM;
}

int wok__file_new(int fd, const char *path, int open_flags, const wok_file_options *options,
		  wok_file **ret_file)
{
	wok_file *file = wok__alloc_zeroed(sizeof(*file));

	if (!file)
		return -ENOMEM;
	int r = fill_in(file, fd, path, open_flags, options ? options : &default_options);
	if (r < 0) {
		wok_free(file->path);
		wok_free(file);
		return r;
	}
	*ret_file = file;
	return 0;
}

int wok_file_adopt(int fd, const char *mode, const wok_file_options *options, wok_file **ret_file)
{
	int flags = parse_mode(mode);

	if (flags < 0)
		return bad_mode(mode);
	return wok__file_new(fd, "a descriptor", flags, options, ret_file);
}

/* --- by path ---------------------------------------------------------------------------------- */

struct opening {
	struct wok__path path;
	int flags;
	mode_t permissions;
	int fd;
};

static int run_open(void *arg)
{
	struct opening *opening = arg;

	opening->fd = wok__path_open(&opening->path, opening->flags, opening->permissions);
	return opening->fd < 0 ? opening->fd : 0;
}

static void dispose(void *arg)
{
	struct opening *opening = arg;

	if (opening->fd >= 0)
		(void) wok__sys_close(opening->fd);
	wok__path_clear(&opening->path);
	wok_free(opening);
}

/* The descriptor, or an error. */
static int open_in_thread(const char *path, int flags, const wok_file_options *options)
{
	struct opening *opening = wok__alloc_zeroed(sizeof(*opening));

	if (!opening)
		return -ENOMEM;
	opening->fd = -1;
	opening->flags = flags;
	opening->permissions = options->permissions ? options->permissions : 0666;
	int r = wok__path_init(&opening->path, path);
	if (r == 0)
		r = wok__disk_run_owned(&options->disk, "wok_file_open", run_open, opening,
					dispose);
	if (r == -ECANCELED)
		return r;
	if (r == 0) {
		r = opening->fd;
		opening->fd = -1;
	}
	dispose(opening);
	return r;
}

/* A descriptor, or an error. */
static int open_once(const char *path, int flags, const wok_file_options *options)
{
	int fd = flags & O_CREAT ? -EAGAIN : wok__path_open_cached(path, flags);

	if (fd == -EAGAIN)
		return open_in_thread(path, flags, options);
	wok__spend();
	return fd;
}

/*
 * Writing to a pipe begins when somebody reads it, and the system does not tell when: ask again and
 * again, at most 50 ms apart.
 */
static int open_patiently(const char *path, int flags, const wok_file_options *options)
{
	const wok_time longest = 50 * WOK_MS;
	wok_time pause = WOK_MS;

	for (;;) {
		int fd = open_once(path, flags, options);
		if (fd != -ENXIO || (flags & O_ACCMODE) != O_WRONLY || !wok__path_is_fifo(path))
			return fd;
		WOK_TRY(wok_sleep(pause));
		pause = pause * 2 < longest ? pause * 2 : longest;
	}
}

static int open_flags(int flags, const wok_file_options *options)
{
	return flags | O_NONBLOCK | O_NOCTTY | (options->direct ? O_DIRECT : 0) |
	       (options->no_follow ? O_NOFOLLOW : 0);
}

int wok_file_open_with(const char *path, const char *mode, const wok_file_options *options,
		       wok_file **ret_file)
{
	int flags = parse_mode(mode);

	options = options ? options : &default_options;
	WOK_TRY(wok__check());
	if (flags < 0)
		return bad_mode(mode);
	int fd = open_patiently(path, open_flags(flags, options), options);
	if (fd == -ECANCELED || fd == -ENOMEM)
		return fd;
	if (fd < 0)
		return wok_fail(fd, "cannot open %s: %s", path, wok_strerror(fd));
	int r = wok__file_new(fd, path, flags, options, ret_file);
	if (r < 0)
		(void) wok__sys_close(fd);
	return r;
}

int wok_file_open(const char *path, const char *mode, wok_file **ret_file)
{
	return wok_file_open_with(path, mode, NULL, ret_file);
}

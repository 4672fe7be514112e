/* SPDX-License-Identifier: MIT */
/*
 * Reading whole files: see wok_read_file().
 *
 * Three ways, each for what the one before cannot do. On the spot: the path and the bytes are in
 * the kernel's caches. In a thread: opened, read and closed in one hop. As an open file: a pipe or
 * a device, which may keep a thread waiting for ever.
 */
#include <string.h>
#include <wok/error.h>
#include <wok/thread.h>
#include <wok/whole_file.h>

#include "base/memory.h"
#include "io/disk.h"
#include "io/file.h"
#include "io/path.h"
#include "platform/file.h"
#include "platform/sys.h"
#include "task/park.h"

enum {
	FIRST = 8 << 10,
	LIMIT_DEFAULT = 1 << 30,
	SLACK = 1 << 10, /* more memory than that is given back */
	FLAGS = O_RDONLY | O_NONBLOCK | O_NOCTTY,
};

static const wok_read_file_options default_options;

/* What has been read; one byte more is kept for the zero behind it. */
struct content {
	char *data;
	size_t size, capacity, limit;
	int fd; /* a pipe or the like that was found behind the path, open; -1 */
};

/* A pipe is opened only once: it may have but one reader, and its writer would see him go. */
static int close_or_keep(struct content *content, int fd, int r)
{
	if (r == -ESPIPE)
		content->fd = fd;
	else
		(void) wok__sys_close(fd);
	return r;
}

/* Make room for more. */
static int grow(struct content *content, size_t capacity)
{
	if (content->size >= content->limit)
		return WOK_ELIMIT;
	if (capacity <= content->capacity)
		capacity = content->capacity * 2;
	if (capacity > content->limit)
		capacity = content->limit;
	char *data = wok_realloc(content->data, capacity + 1);
	if (!data)
		return -ENOMEM;
	content->data = data;
	content->capacity = capacity;
	return 0;
}

/* Room for all of a file, as far as its size tells. */
static int grow_for(struct content *content, int fd)
{
	struct stat stat;
	size_t need = FIRST;

	WOK_TRY(wok__sys_file_stat(fd, &stat));
	/* One byte more, so that the end shows without another piece of memory. */
	if (stat.st_size >= FIRST)
		need = (uint64_t) stat.st_size < SIZE_MAX / 2 ? (size_t) stat.st_size + 1
							      : SIZE_MAX / 2;
	/* Small sizes may be wrong: those of /sys are all 4096. */
	if (stat.st_size >= FIRST && (uint64_t) stat.st_size > content->limit)
		return WOK_ELIMIT;
	return grow(content, need);
}

/*
 * Whether the limit was kept to: a file of exactly that size has its end there. 0 at the end, 1 if
 * there is more, or -errno.
 */
static ssize_t look_behind(const struct content *content, int fd, int flags)
{
	char byte;
	const struct iovec part = {&byte, 1};

	return wok__sys_file_read(fd, &part, 1, (off_t) content->size, flags);
}

static ssize_t read_piece(struct content *content, int fd, size_t most, int flags)
{
	size_t room = content->capacity - content->size;
	const struct iovec part = {content->data + content->size, room < most ? room : most};
	ssize_t n = wok__sys_file_read(fd, &part, 1, (off_t) content->size, flags);

	if (n > 0)
		content->size += (size_t) n;
	return n;
}

/* One step on the way to the end: > 0 more may come, 0 the end, or an error. */
static ssize_t read_step(struct content *content, int fd, size_t most, int flags)
{
	if (content->size < content->capacity)
		return read_piece(content, fd, most, flags);
	if (content->size == content->limit) {
		ssize_t n = look_behind(content, fd, flags);
		return n > 0 ? WOK_ELIMIT : n;
	}
	int r = content->size > FIRST ? grow(content, 0) : grow_for(content, fd);
	return r < 0 ? r : 1;
}

/* --- on the spot ------------------------------------------------------------------------------ */

static void let_others_run(void)
{
	wok__task_ready(wok__current());
	wok__task_switch_out(wok__current());
}

static int read_here(struct content *content, int fd)
{
	size_t copied = 0, before;
	ssize_t n;

	WOK_TRY(grow(content, FIRST));
	do {
		if (copied >= WOK__TRANSFER_TURN) {
			let_others_run();
			WOK_TRY(wok__check());
			copied = 0;
		}
		before = content->size;
		n = read_step(content, fd, WOK__TRANSFER_TURN, WOK__RWF_NOWAIT);
		copied += content->size - before;
	} while (n > 0);
	return (int) n;
}

/* 0 if all is read; -EAGAIN if a thread has to do it; or what is wrong. */
static int read_on_the_spot(const char *path, struct content *content)
{
	int fd = wok__path_open_cached(path, FLAGS);

	if (fd < 0)
		return fd;
	int r = close_or_keep(content, fd, read_here(content, fd));
	if (r == -EOPNOTSUPP || r == -EINVAL)
		r = -EAGAIN;
	if (r == 0)
		wok__spend();
	else
		content->size = 0;
	return r;
}

/* --- in a thread ------------------------------------------------------------------------------ */

struct reading {
	struct wok__path path;
	struct content content;
};

static int read_to_end(struct content *content, int fd)
{
	ssize_t n;

	do {
		if (wok_job_canceled())
			return -ECANCELED;
		n = read_step(content, fd, WOK__TRANSFER_PIECE, 0);
	} while (n > 0);
	return (int) n;
}

/* -ESPIPE: it is nothing to be read in a thread. */
static int read_opened(struct content *content, int fd)
{
	mode_t mode;

	WOK_TRY(wok__sys_file_mode(fd, &mode));
	if (S_ISDIR(mode))
		return -EISDIR;
	if (!S_ISREG(mode) && !S_ISBLK(mode))
		return -ESPIPE;
	WOK_TRY(content->capacity == 0 ? grow_for(content, fd) : 0);
	return read_to_end(content, fd);
}

static int run_read(void *arg)
{
	struct reading *reading = arg;
	int fd = wok__path_open(&reading->path, FLAGS, 0);

	if (fd < 0)
		return fd;
	return close_or_keep(&reading->content, fd, read_opened(&reading->content, fd));
}

static void dispose(void *arg)
{
	struct reading *reading = arg;

	wok__path_clear(&reading->path);
	if (reading->content.fd >= 0)
		(void) wok__sys_close(reading->content.fd);
	wok_free(reading->content.data);
	wok_free(reading);
}

static int read_in_thread(const char *path, const wok_disk_options *disk, struct content *content)
{
	struct reading *reading = wok__alloc_zeroed(sizeof(*reading));

	if (!reading)
		return -ENOMEM;
	int r = wok__path_init(&reading->path, path);
	reading->content = *content; /* and no descriptor */
	content->data = NULL;
	if (r == 0)
		r = wok__disk_run_owned(disk, "wok_read_file", run_read, reading, dispose);
	if (r == -ECANCELED)
		return r;
	*content = reading->content;
	reading->content.data = NULL;
	reading->content.fd = -1;
	dispose(reading);
	return r;
}

/* --- as an open file -------------------------------------------------------------------------- */

static int append(struct content *content, wok_view chunk)
{
	while (chunk.size > content->capacity - content->size) {
		if (content->capacity == content->limit)
			return WOK_ELIMIT;
		WOK_TRY(grow(content, content->size + chunk.size));
	}
	memcpy(content->data + content->size, chunk.data, chunk.size);
	content->size += chunk.size;
	return 0;
}

static int read_as_file(const char *path, const wok_disk_options *disk, struct content *content)
{
	WOK_AUTO(wok_file) *file = NULL;
	wok_view chunk;
	int r;

	int fd = content->fd;
	r = wok__file_new(fd, path, O_RDONLY, &(wok_file_options){.disk = *disk}, &file);
	if (r < 0) {
		(void) wok__sys_close(fd);
		return r;
	}
	if (content->capacity == 0)
		WOK_TRY(grow(content, FIRST));
	while ((r = wok_file_next_chunk(file, &chunk)) > 0)
		WOK_TRY(append(content, chunk));
	return r;
}

/* --- all of it -------------------------------------------------------------------------------- */

static void drop_mark(struct content *content)
{
	if (content->size < 3 || memcmp(content->data, "\xef\xbb\xbf", 3) != 0)
		return;
	content->size -= 3;
	memmove(content->data, content->data + 3, content->size);
}

static int replace(struct content *content)
{
	size_t size = wok_utf8_replace(content->data, content->size, NULL);
	char *text = wok_alloc(size + 1);

	if (!text)
		return -ENOMEM;
	wok_utf8_replace(content->data, content->size, text);
	wok_free(content->data);
	*content = (struct content){.data = text, .size = size, .capacity = size, .fd = -1};
	return 0;
}

static int check_text(const char *path, wok_text text, struct content *content)
{
	size_t valid;

	if (text == WOK_TEXT_ANY)
		return 0;
	drop_mark(content);
	if (wok_utf8_check(content->data, content->size, &valid) == 0)
		return 0;
	if (text == WOK_TEXT_REPLACE)
		return replace(content);
	return wok_fail(-EILSEQ, "%s is not UTF-8: see byte %zu", path, valid);
}

static int read_any(const char *path, const wok_disk_options *disk, struct content *content)
{
	int r = read_on_the_spot(path, content);

	if (r == -EAGAIN)
		r = read_in_thread(path, disk, content);
	if (r == -ESPIPE)
		return read_as_file(path, disk, content);
	return r;
}

static int explain(const char *path, const struct content *content, int r)
{
	if (r == WOK_ELIMIT)
		return wok_fail(r, "%s has more than %zu bytes", path, content->limit);
	if (r >= 0 || r == -ECANCELED || r == -ENOMEM)
		return r;
	return wok_fail(r, "cannot read %s: %s", path, wok_strerror(r));
}

static void hand_out(struct content *content, char **ret_data, size_t *ret_size)
{
	if (content->capacity - content->size > SLACK) {
		char *smaller = wok_realloc(content->data, content->size + 1);
		content->data = smaller ? smaller : content->data;
	}
	content->data[content->size] = '\0';
	*ret_data = content->data;
	if (ret_size)
		*ret_size = content->size;
}

int wok_read_file_with(const char *path, const wok_read_file_options *options, char **ret_data,
		       size_t *ret_size)
{
	struct content content = {.fd = -1};

	options = options ? options : &default_options;
	content.limit = options->limit ? options->limit : LIMIT_DEFAULT;
	if (content.limit > SIZE_MAX / 2)
		content.limit = SIZE_MAX / 2;
	WOK_TRY(wok__check());
	int r = explain(path, &content, read_any(path, &options->disk, &content));
	if (r == 0)
		r = check_text(path, options->text, &content);
	if (r < 0) {
		wok_free(content.data);
		return r;
	}
	hand_out(&content, ret_data, ret_size);
	return 0;
}

int wok_read_file(const char *path, char **ret_data, size_t *ret_size)
{
	return wok_read_file_with(path, NULL, ret_data, ret_size);
}

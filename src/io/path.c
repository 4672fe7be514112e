/* SPDX-License-Identifier: MIT */
/* Paths on their way to a thread: see io/path.h. */
#include "io/path.h"

#include <errno.h>
#include <wok/base.h>

#include "base/memory.h"
#include "platform/file.h"
#include "platform/sys.h"

int wok__path_init(struct wok__path *path, const char *text)
{
	path->text = wok__strdup(text);
	path->dir = AT_FDCWD;
	if (!path->text)
		return -ENOMEM;
	if (text[0] == '/')
		return 0;
	path->dir = wok__sys_file_open(AT_FDCWD, ".", O_PATH | O_DIRECTORY, 0, false);
	if (path->dir >= 0)
		return 0;
	int r = path->dir;
	wok_free(path->text);
	*path = (struct wok__path){.dir = AT_FDCWD};
	return r;
}

void wok__path_clear(struct wok__path *path)
{
	if (path->dir >= 0)
		(void) wok__sys_close(path->dir);
	wok_free(path->text);
	*path = (struct wok__path){.dir = AT_FDCWD};
}

int wok__path_open(const struct wok__path *path, int flags, mode_t permissions)
{
	int fd = wok__sys_file_open(path->dir, path->text, flags, permissions, false);

	if (fd != -EAGAIN)
		return fd;
	return wok__sys_file_open(path->dir, path->text, flags & ~O_NONBLOCK, permissions, false);
}

int wok__path_open_cached(const char *text, int flags)
{
	static bool missing; /* the call; found out twice, it does no harm */

	if (__atomic_load_n(&missing, __ATOMIC_RELAXED))
		return -EAGAIN;
	int fd = wok__sys_file_open(AT_FDCWD, text, flags, 0, true);
	if (fd == -ENOSYS)
		__atomic_store_n(&missing, true, __ATOMIC_RELAXED);
	/* Sandboxes answer as they like; the plain call knows better. */
	if (fd == -ENOSYS || fd == -EPERM || fd == -EINVAL || fd == -EINTR || fd == -E2BIG)
		return -EAGAIN;
	return fd;
}

bool wok__path_is_fifo(const char *text)
{
	mode_t mode = 0;
	int fd = wok__sys_file_open(AT_FDCWD, text, O_PATH, 0, false);

	if (fd < 0)
		return false;
	int r = wok__sys_file_mode(fd, &mode);
	(void) wok__sys_close(fd);
	return r == 0 && S_ISFIFO(mode);
}

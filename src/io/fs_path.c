/* SPDX-License-Identifier: MIT */
/* Where relative paths begin: see io/fs_path.h. */
#include "io/fs_path.h"

#include <fcntl.h>

#include "platform/path.h"
#include "platform/sys.h"

int wok__base_open_two(const char *path, const char *other)
{
	if (path[0] == '/' && other[0] == '/')
		return AT_FDCWD;
	int fd = wok__sys_openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY, 0);
	return fd < 0 ? AT_FDCWD : fd;
}

int wok__base_open(const char *path)
{
	return wok__base_open_two(path, path);
}

void wok__base_close(int base)
{
	if (base >= 0)
		(void) wok__sys_close(base);
}

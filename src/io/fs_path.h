/* SPDX-License-Identifier: MIT */
#ifndef WOK_IO_FS_PATH_H
#define WOK_IO_FS_PATH_H
/*
 * Where relative paths begin. A thread follows a path later than the call that was given it, and
 * the process may have changed its folder by then: so the folder of the moment of the call is held
 * by a descriptor (which takes a microsecond, and cannot wait: the kernel has it at hand).
 */

/* For one path: a descriptor, or AT_FDCWD if the path is absolute or there is no descriptor left.
 */
int wok__base_open(const char *path);

/* For two. */
int wok__base_open_two(const char *path, const char *other);

void wok__base_close(int base);
#endif

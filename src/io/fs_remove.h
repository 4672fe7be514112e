/* SPDX-License-Identifier: MIT */
#ifndef WOK_IO_FS_REMOVE_H
#define WOK_IO_FS_REMOVE_H

/*
 * Remove a path and all below it: 0, or the first failure with a message. Blocks; in a job of a
 * thread pool it looks for a cancel between two files, and returns -ECANCELED.
 */
int wok__remove_tree(int base, const char *path);
#endif

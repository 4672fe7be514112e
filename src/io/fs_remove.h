/* SPDX-License-Identifier: MIT */
#ifndef WOK_IO_FS_REMOVE_H
#define WOK_IO_FS_REMOVE_H
#include <stdbool.h>

/*
 * Remove a path and all below it: 0, or the first failure with a message. Blocks.
 *
 * cancelable: in a job of a thread pool, look for a cancel between two files: -ECANCELED
 */
int wok__remove_tree(int base, const char *path, bool cancelable);
#endif

/* SPDX-License-Identifier: MIT */
#ifndef WOK_DISK_H
#define WOK_DISK_H
#include <wok/base.h>
#include <wok/thread_pool.h>

/*
 * Where calls of the file system are made that may have to wait for a disk or a server. They block,
 * so a thread makes them while the task waits. All zero is the default. It is copied where it is
 * kept; the pool must live as long as who uses it.
 */
typedef struct {
	/* Whose threads; NULL for the process's default pool. */
	wok_thread_pool *pool;
	/* WOK_LANE_SLOW for what is far away; zero stands for WOK_LANE_FILES. */
	wok_lane lane;
	/*
	 * WOK_ABANDON: a task that is cancelled goes on at once, though a call of its runs. The
	 * call works on memory of wok's own then, which costs a copy, and what it still brings is
	 * released when it ends. Otherwise a call that runs is waited for, and its result counts;
	 * so is a write at a file's own position or at its end, whatever the flags, since it must
	 * not come after what is written later.
	 */
	int flags;
} wok_disk_options;

#endif

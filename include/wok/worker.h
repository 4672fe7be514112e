/* SPDX-License-Identifier: MIT */
#ifndef WOK_WORKER_H
#define WOK_WORKER_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/*
 * The half of a process pool (wok/process_pool.h) that runs in its processes. A pool starts the
 * program anew and calls functions in it by name, for an address means nothing in another process:
 *
 *     wok_worker_register("cpu_heavy", cpu_heavy);
 *     if (wok_worker(argc, argv))
 *             return 0;
 *
 * A worker runs one job at a time, on main's own stack and outside of any loop: a job may block,
 * may crash, and may wok_run(). Nothing of the parent's memory or descriptors is there.
 */

/* Where a job puts its result. */
typedef struct wok_output wok_output;

/*
 * A job: a function that a pool can call by name. input is a copy of the caller's, aligned for any
 * type, and to be read only. Returns 0 or more, or a negative error code, whose wok_errmsg()
 * travels with it; what was written to output is dropped then.
 */
typedef int wok_worker_fn(const void *input, size_t size, wok_output *output);

/**
 * Give a function the name by which pools call it. Do so in every process alike, before
 * wok_worker().
 *
 * name:       copied; at most 255 bytes
 * Returns:    0; -EEXIST if the name is taken; -EINVAL if it is empty or too long; -EBUSY after the
 *             first run; -ENOMEM
 * Checkpoint: never
 * Threads:    any, before the first run
 */
int wok_worker_register(const char *name, wok_worker_fn *fn);

/**
 * Serve a pool, if this process was started to do so: the first thing that main() does. A program
 * that has not called this cannot have a pool of itself.
 *
 * argc, argv: main's
 * Returns:    false: go on as usual. true: the pool is done with this process, and main() should
 *             return 0
 * Checkpoint: never
 * Threads:    the first, before any other is started
 */
bool wok_worker(int argc, char **argv);

/**
 * Append to a job's result.
 *
 * data:       copied
 * Returns:    0; WOK_ELIMIT if the result may not be that large; -ENOMEM. The job has failed then,
 *             whatever it returns
 * Checkpoint: never
 * Threads:    the job's
 */
int wok_output_write(wok_output *output, const void *data, size_t size);

/**
 * Append room to a job's result, to be filled in place: so that a large one need not be copied.
 *
 * size:       bytes, at least 1
 * Returns:    the room, zeroed, not aligned, and valid until the next call for this output; NULL
 *             where wok_output_write() would fail
 * Checkpoint: never
 * Threads:    the job's
 */
void *wok_output_reserve(wok_output *output, size_t size);

WOK_END_DECLS
#endif

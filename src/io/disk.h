/* SPDX-License-Identifier: MIT */
#ifndef WOK_IO_DISK_H
#define WOK_IO_DISK_H
/*
 * One hop to a thread, for calls that may have to wait for a disk. What is cheap to try without
 * waiting is tried first, by who calls; what takes several calls (open, read, close) is one piece
 * of work, for the hop costs more than the calls.
 *
 * All of them are checkpoints ("always"). A task that is cancelled before the work has begun gets
 * -ECANCELED, and the work is never done. Work that has begun is waited for, and its result counts;
 * the cancel shows at the next checkpoint.
 */
#include <wok/disk.h>

/*
 * Run work(arg) in a thread, and wait for its result. The work may leave a message with wok_fail(),
 * and must not wait on wok's objects.
 *
 * how:     NULL for the default. WOK_ABANDON has no effect here, since arg is borrowed
 * what:    a constant text, the call's name as reports give it: "wok_file_read"
 * Returns: what work returned; -ECANCELED if it never ran; -EDEADLK where there is no task; -EAGAIN
 *          or -ENOMEM if there is no thread and none can be started; -ESHUTDOWN of a pool
 */
#define wok__disk_run(how, what, work, arg) wok__disk_run_at((how), (work), (arg), WOK_SITE(what))
/* The extension face: wok's other libraries use this, too. */
WOK_BEGIN_DECLS
int wok__disk_run_at(const wok_disk_options *how, wok_fn *work, void *arg, const wok_site *site);
WOK_END_DECLS

/*
 * The same with a job that owns all that the work touches (wok_alloc()ed: paths copied, buffers its
 * own). With WOK_ABANDON a cancelled caller goes on at once. After -ECANCELED, whatever the flags,
 * the job is not the caller's any more: dispose(job) is called exactly once, at once or when the
 * work has ended (then in its thread): it releases what the work brought and the job itself. After
 * any other result the job is the caller's.
 */
#define wok__disk_run_owned(how, what, work, job, dispose)                                         \
	wok__disk_run_owned_at((how), (work), (job), (dispose), WOK_SITE(what))
int wok__disk_run_owned_at(const wok_disk_options *how, wok_fn *work, void *job,
			   wok_free_fn *dispose, const wok_site *site);

/*
 * For clean-up: work that is done in any case. It waits, but delivers no cancel; where nobody can
 * wait (a callback, another thread), or no thread is to be had, the work is done in place.
 */
#define wok__disk_finish(how, what, work, arg)                                                     \
	wok__disk_finish_at((how), (work), (arg), WOK_SITE(what))
int wok__disk_finish_at(const wok_disk_options *how, wok_fn *work, void *arg, const wok_site *site);
#endif

/* SPDX-License-Identifier: MIT */
#ifndef WOK_DUMP_H
#define WOK_DUMP_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/**
 * Write down what the tasks of this thread's loop are doing: each kind of task once, with how many
 * there are of it, where they were started and what they wait for. It allocates nothing and takes
 * no lock, at any number of tasks the text stays below 16 KiB, and it may be called in a signal
 * handler, whatever that has interrupted, and from a debugger:
 *
 *     (gdb) call (int) wok_dump_tasks(2)
 *
 * For the memory of a process that has died there is tools/gdb-wok.py.
 *
 * fd:         what is written to; a pipe that is full is waited for
 * Returns:    0; -EINVAL if this thread has no loop; -errno of write(2)
 * Checkpoint: never
 * Threads:    any that has a loop, also in a signal handler
 */
int wok_dump_tasks(int fd);

/**
 * Have a signal write down what the tasks of all loops are doing, each on its own thread: SIGQUIT,
 * which is Ctrl-\ at a terminal. What the signal does otherwise it does no more; a wok_signals
 * hears of it nevertheless.
 *
 * number:     the signal
 * fd:         as wok_dump_tasks(); it must stay open. -1 puts back what the signal did before
 * Returns:    0; -EBUSY if it is done already; -EINVAL for a signal that cannot be caught
 * Checkpoint: never
 * Threads:    any
 */
int wok_dump_on_signal(int number, int fd) WOK_MUST_CHECK;

WOK_END_DECLS
#endif

/* SPDX-License-Identifier: MIT */
#ifndef WOK_LOOP_FORK_H
#define WOK_LOOP_FORK_H

/* Have forks of this process noticed; once for all loops. */
void wok__fork_watch(void);
#endif

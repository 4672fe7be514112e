/* SPDX-License-Identifier: MIT */
#ifndef WOK_LOOP_FORK_H
#define WOK_LOOP_FORK_H
#include <wok/base.h>

/* Have forks of this process noticed; once for all loops. */
void wok__fork_watch(void);

/*
 * How many forks lie between the first process and this one, as far as they were watched: what was
 * made in another one has no threads here, and its locks may be held for ever.
 */
WOK_BEGIN_DECLS
unsigned wok__fork_generation(void); /* the extension face */
WOK_END_DECLS
#endif

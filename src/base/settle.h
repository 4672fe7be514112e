/* SPDX-License-Identifier: MIT */
#ifndef WOK_BASE_SETTLE_H
#define WOK_BASE_SETTLE_H
/*
 * Process-wide settings (allocator, report hook, resolver) may be changed until the first loop
 * runs; from then on they are constant, and are read without a lock.
 */
#include <stdbool.h>

void wok__settle(void);
bool wok__settled(void);
#endif

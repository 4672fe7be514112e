/* SPDX-License-Identifier: MIT */
/*
 * c-ares reads the machine's clock for its timeouts. In this program what it reads is the clock of
 * the loop that runs, if that is a virtual one: this function is found before the C library's.
 */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "loop/loop.h"

/* c-ares takes a time of less than a second for "no timeout". */
#define BEGIN (1000 * WOK_SECOND)

int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	const wok_loop *loop = wok__loop;

	if (clock != CLOCK_MONOTONIC || !loop || !loop->virtual_clock)
		return (int) syscall(SYS_clock_gettime, clock, ret_time);
	wok_time now = loop->virtual_now + BEGIN;
	ret_time->tv_sec = now / WOK_SECOND;
	ret_time->tv_nsec = now % WOK_SECOND;
	return 0;
}

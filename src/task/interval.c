/* SPDX-License-Identifier: MIT */
/* A steady beat: see wok/interval.h. */
#include <limits.h>
#include <wok/error.h>
#include <wok/interval.h>
#include <wok/loop.h>
#include <wok/task.h>

#include "base/time.h"
#include "task/park.h"

int wok_interval_wait(wok_interval *interval)
{
	wok_time period = interval->period;

	WOK_TRY(wok__check());
	if (period <= 0)
		return wok_fail(-EINVAL, "wok_interval_wait: the period must be above zero");
	if (interval->next == 0)
		interval->next = wok__time_add(wok_now(), period);
	WOK_TRY(wok_sleep_until(interval->next));
	wok_time late = wok_now() - interval->next;
	wok_time left_out = late > 0 ? late / period : 0;
	interval->next = wok__time_add(interval->next, (left_out + 1) * period);
	return left_out > INT_MAX ? INT_MAX : (int) left_out;
}

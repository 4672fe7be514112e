/* SPDX-License-Identifier: MIT */
/*
 * Waiting for several channels: see wok/channel.h.
 *
 * One round tries each case, from one drawn by lot on, which also spreads the luck among cases that
 * are always ready. If none can be done, the wait has a part in the queue of each channel, in the
 * memory of the cases; who ends one part ends the wait and takes all other parts out of their
 * queues, so that never two cases are done.
 */
#include <assert.h>
#include <limits.h>
#include <wok/error.h>

#include "sync/channel.h"

static_assert(sizeof(struct wok__exchange) <= sizeof(((wok_select_case *) 0)->private_),
	      "a case has room for what waits in its name");

static int check_cases(const wok_select_case *cases, size_t n)
{
	bool any = false;

	if (n > INT_MAX)
		return wok_fail(-EINVAL, "wok_select: %zu cases are too many", n);
	for (size_t i = 0; i < n; i++) {
		if (!cases[i].channel)
			continue;
		any = true;
		if (!cases[i].send == !cases[i].receive)
			return wok_fail(-EINVAL,
					"wok_select: case %zu must have either send or receive", i);
	}
	return any ? 0
		   : wok_fail(-EINVAL, "wok_select: no case has a channel: it would wait for ever");
}

/* Whether a case is done, by trying it. */
static bool try_case(wok_select_case *one)
{
	int r;

	if (!one->channel)
		return false;
	if (one->send)
		r = wok_channel_try_send(one->channel, one->send);
	else
		r = wok_channel_try_receive(one->channel, one->receive);
	if (r == -EAGAIN)
		return false;
	one->result = r;
	return true;
}

static int try_cases(wok_select_case *cases, size_t n)
{
	size_t first = wok__loop ? wok__loop_choose(wok__loop, n) : 0;

	for (size_t i = 0; i < n; i++) {
		size_t at = i < n - first ? first + i : i - (n - first);
		if (try_case(&cases[at]))
			return (int) at;
	}
	return -EAGAIN;
}

int wok_try_select(wok_select_case *cases, size_t n)
{
	int r = check_cases(cases, n);

	return r < 0 ? r : try_cases(cases, n);
}

/* Each part goes to the front of the chain, so the last case is added first. */
static int wait_for_cases(wok_select_case *cases, size_t n)
{
	struct wok__parker parker = WOK__PARKER_INIT("one of several channels");

	for (size_t i = n; i-- > 0;) {
		wok_select_case *one = &cases[i];
		struct wok__exchange *exchange = (void *) one->private_;
		if (!one->channel)
			continue;
		*exchange = (struct wok__exchange){
			.parker = WOK__PARKER_INIT("one of several channels"),
			.item = one->send ? (void *) one->send : one->receive,
			.of = one,
			.index = (int) i,
		};
		wok__park_add_part(&parker, &exchange->parker,
				   wok__channel_queue(one->channel, one->send != NULL));
	}
	return wok__park(&parker, NULL);
}

int wok_select(wok_select_case *cases, size_t n)
{
	int r = check_cases(cases, n);

	if (r < 0)
		return r;
	r = wok__check();
	if (r < 0)
		return r;
	r = try_cases(cases, n);
	if (r == -EAGAIN)
		return wait_for_cases(cases, n);
	wok__spend();
	return r;
}

/* SPDX-License-Identifier: MIT */
/*
 * Futures: see wok/future.h.
 *
 * Whoever claims the future first gives the result; the flag is atomic, for a claim may come from
 * any thread. From another thread the result travels as mail, with a reference of its own, and is
 * public when the loop has taken it in. All else belongs to the loop's thread.
 */
#include <stdatomic.h>
#include <wok/error.h>
#include <wok/future.h>

#include "base/memory.h"
#include "loop/loop.h"
#include "loop/remote.h"
#include "loop/report.h"
#include "task/park.h"

struct wok_future {
	atomic_uint refs;
	atomic_bool claimed;
	struct wok__mailbox *mailbox; /* of its loop: tells whose it is, also after the end */
	struct wok__mail mail;
	int result;
	void *value;
	struct wok__message *message;
	bool done;
	bool taken; /* somebody has seen the result */
	wok_waiters waiters;
};

int wok_future_new(wok_future **ret_future)
{
	if (!wok__loop)
		return wok_fail(-EINVAL, "wok_future_new: this thread runs no loop");
	wok_future *future = wok__alloc_zeroed(sizeof(*future));
	if (!future)
		return -ENOMEM;
	atomic_init(&future->refs, 1);
	future->mailbox = wok__mailbox_ref(wok__loop->mailbox);
	*ret_future = future;
	return 0;
}

wok_future *wok_future_ref(wok_future *future)
{
	atomic_fetch_add_explicit(&future->refs, 1, memory_order_relaxed);
	return future;
}

void wok_future_free(wok_future *future)
{
	if (!future || atomic_fetch_sub_explicit(&future->refs, 1, memory_order_acq_rel) > 1)
		return;
	if (future->done && future->result < 0 && !future->taken &&
	    future->result != WOK_ETASKCANCELED)
		wok__report(future->result, NULL, NULL,
			    "a future was given an error, and nobody took it: %s",
			    wok__message_text(future->message, future->result));
	wok__message_unref(future->message);
	wok__mailbox_unref(future->mailbox);
	wok_free(future);
}

static int check_here(const wok_future *future, const char *function)
{
	if (wok__loop && wok__loop->mailbox == future->mailbox)
		return 0;
	return wok_fail(-EINVAL,
			"%s: the future belongs to another loop: from there, use "
			"wok_remote_set_future()",
			function);
}

static void fill_in(wok_future *future, int result, void *value)
{
	future->result = result;
	future->value = value;
	if (result < 0)
		future->message = wok__message_copy(result);
}

static void publish(wok_future *future)
{
	future->done = true;
	while (wok__wake_first(&future->waiters, 0))
		;
}

static int claim(wok_future *future)
{
	if (!atomic_exchange(&future->claimed, true))
		return 0;
	return wok_fail(-EALREADY, "the future has a result already, or was cancelled");
}

int wok_future_set(wok_future *future, int result, void *value)
{
	WOK_TRY(check_here(future, "wok_future_set"));
	WOK_TRY(claim(future));
	fill_in(future, result, value);
	publish(future);
	return 0;
}

bool wok_future_cancel(wok_future *future)
{
	if (check_here(future, "wok_future_cancel") < 0 || atomic_exchange(&future->claimed, true))
		return false;
	future->result = WOK_ETASKCANCELED;
	publish(future);
	return true;
}

static void deliver(struct wok__mail *mail, bool lost)
{
	wok_future *future = WOK__CONTAINER(mail, wok_future, mail);

	/* Lost: the loop ends, and nobody waits any more. */
	if (!lost)
		publish(future);
	wok_future_free(future);
}

int wok_remote_set_future(wok_remote *remote, wok_future *future, int result, void *value)
{
	if (!wok__remote_is_for(remote, future->mailbox))
		return wok_fail(-EINVAL,
				"wok_remote_set_future: the remote is of another loop than "
				"the future");
	WOK_TRY(claim(future));
	fill_in(future, result, value);
	wok_future_ref(future);
	future->mail.deliver = deliver;
	int r = wok__remote_post(remote, &future->mail);
	if (r < 0)
		wok_future_free(future);
	return r;
}

bool wok_future_done(const wok_future *future)
{
	return future->done;
}

int wok_future_result(wok_future *future, void **ret_value)
{
	if (!future->done)
		return -EBUSY;
	future->taken = true;
	if (ret_value)
		*ret_value = future->value;
	if (future->result < 0)
		wok__message_adopt(future->message);
	return future->result;
}

static int wait(wok_future *future)
{
	struct wok__parker parker = WOK__PARKER_INIT("a future");

	if (future->done) {
		wok__spend();
		return 0;
	}
	return wok__park(&parker, &future->waiters);
}

int wok_future_await(wok_future *future, void **ret_value)
{
	WOK_TRY(wok__check());
	WOK_TRY(check_here(future, "wok_future_await"));
	wok_future_ref(future); /* its owners may let go of it while this call waits */
	int r = wait(future);
	if (r == 0)
		r = wok_future_result(future, ret_value);
	wok_future_free(future);
	return r;
}

/* SPDX-License-Identifier: MIT */
/* Calls from other threads: see wok/remote.h. */
#include "loop/remote.h"

#include <stdatomic.h>
#include <wok/error.h>

#include "base/memory.h"
#include "loop/loop.h"
#include "loop/report.h"

struct wok_remote {
	atomic_uint refs;
	struct wok__mailbox *mailbox;
};

struct call {
	struct wok__mail mail;
	wok_fn *fn;
	void *arg;
	wok_free_fn *arg_free;
};

/* Of the loop that is ending in this thread: told of together, for there may be very many. */
static _Thread_local size_t lost_calls;

int wok_remote_new(wok_remote **ret_remote)
{
	if (!wok__loop)
		return wok_fail(-EINVAL, "wok_remote_new: this thread runs no loop");
	wok_remote *remote = wok__alloc_zeroed(sizeof(*remote));
	if (!remote)
		return -ENOMEM;
	atomic_init(&remote->refs, 1);
	remote->mailbox = wok__mailbox_ref(wok__loop->mailbox);
	wok__mailbox_expect(remote->mailbox);
	*ret_remote = remote;
	return 0;
}

wok_remote *wok_remote_ref(wok_remote *remote)
{
	atomic_fetch_add_explicit(&remote->refs, 1, memory_order_relaxed);
	return remote;
}

void wok_remote_free(wok_remote *remote)
{
	if (!remote || atomic_fetch_sub_explicit(&remote->refs, 1, memory_order_acq_rel) > 1)
		return;
	wok__mailbox_unexpect(remote->mailbox);
	wok__mailbox_unref(remote->mailbox);
	wok_free(remote);
}

int wok__remote_post(wok_remote *remote, struct wok__mail *mail)
{
	return wok__mailbox_post(remote->mailbox, mail);
}

bool wok__remote_is_for(const wok_remote *remote, const struct wok__mailbox *mailbox)
{
	return remote->mailbox == mailbox;
}

bool wok__remote_is_here(const wok_remote *remote)
{
	return wok__loop && wok__remote_is_for(remote, wok__loop->mailbox);
}

/*
 * A call becomes a callback of the loop, not a call out of the delivery: what it posts in turn then
 * waits for its own tick, and cannot keep the tasks from running.
 */
static void deliver(struct wok__mail *mail, bool lost)
{
	struct call *call = WOK__CONTAINER(mail, struct call, mail);

	if (!lost) {
		(void) wok__call_soon_owned(call->fn, call->arg, call->arg_free);
	} else {
		lost_calls++;
		if (call->arg_free)
			call->arg_free(call->arg);
	}
	wok_free(call);
}

int wok_remote_call_owned(wok_remote *remote, wok_fn *fn, void *arg, wok_free_fn *arg_free)
{
	struct call *call = wok_alloc(sizeof(*call));
	if (!call)
		return -ENOMEM;
	*call = (struct call){.mail.deliver = deliver, .fn = fn, .arg = arg, .arg_free = arg_free};
	int r = wok__remote_post(remote, &call->mail);
	if (r < 0)
		wok_free(call);
	return r;
}

int wok_remote_call(wok_remote *remote, wok_fn *fn, void *arg)
{
	return wok_remote_call_owned(remote, fn, arg, NULL);
}

void wok__remote_report_lost(void)
{
	if (lost_calls > 0)
		wok__report(-ESHUTDOWN, NULL, NULL,
			    "%zu remote calls came too late: their loop has ended", lost_calls);
	lost_calls = 0;
}

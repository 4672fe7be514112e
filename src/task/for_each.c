/* SPDX-License-Identifier: MIT */
/*
 * wok_for_each(): as many workers as may run at once, each taking the next element when it is done
 * with one. So a million elements with a limit of ten are ten tasks.
 */
#include <wok/scope.h>

#include "task/park.h"
#include "task/run.h"

struct work {
	wok_fn *fn;
	char *array;
	size_t size;
	size_t n;
	size_t next;
	size_t failed;
	int flags;
};

static int worker(void *arg)
{
	struct work *work = arg;

	while (work->next < work->n) {
		int r = work->fn(work->array + work->size * work->next++);
		if (r == -ECANCELED && wok__is_canceled())
			return r;
		if (r < 0 && !(work->flags & WOK_COLLECT))
			return r;
		work->failed += r < 0;
	}
	return 0;
}

static int start_workers(wok_scope *scope, struct work *work, size_t limit, const wok_site *site)
{
	size_t n = limit > 0 && limit < work->n ? limit : work->n;

	for (size_t i = 0; i < n; i++) {
		int r = wok_scope_spawn_at(scope, worker, work, NULL, site);
		/* Fewer workers do the same work. */
		if (r < 0)
			return i > 0 && r == -ENOMEM ? 0 : r;
	}
	return 0;
}

int wok_for_each_at(wok_fn *fn, void *array, size_t size, size_t n, size_t limit, int flags,
		    const wok_site *site)
{
	struct work work = {.fn = fn, .array = array, .size = size, .n = n, .flags = flags};
	WOK_AUTO(wok_scope) *scope = NULL;

	if (flags & ~WOK_COLLECT)
		return wok_fail(-EINVAL, "wok_for_each: unknown flags %#x", (unsigned) flags);
	WOK_TRY(wok__may_wait());
	WOK_TRY(wok_scope_new(&scope));
	WOK_TRY(start_workers(scope, &work, limit, site));
	WOK_TRY(wok_scope_join(scope));
	return (int) work.failed;
}

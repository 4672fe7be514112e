/* SPDX-License-Identifier: MIT */
/* The choice of a backend: see loop/backend.h. */
#include "loop/backend.h"

#include <stdlib.h>
#include <string.h>
#include <wok/error.h>

#include "loop/loop.h"

/* The best one first: docs/design/003 has the figures. The last one works everywhere. */
static const struct wok__backend *const backends[] = {&wok__backend_uring, &wok__backend_epoll};
enum { N_BACKENDS = sizeof(backends) / sizeof(backends[0]) };

static int open_named(struct wok_loop *loop, const char *name, const char *whose)
{
	const char *why = NULL;

	for (size_t i = 0; i < N_BACKENDS; i++) {
		if (strcmp(backends[i]->name, name) != 0)
			continue;
		loop->backend = backends[i];
		int r = loop->backend->open(loop, &why);
		return r < 0 && why ? wok_fail(r, "%s \"%s\": %s", whose, name, why) : r;
	}
	return wok_fail(-EINVAL,
			"%s \"%s\": there is no such backend; the choices are: epoll, "
			"io_uring",
			whose, name);
}

int wok__backend_open(struct wok_loop *loop, const char *name)
{
	const char *asked = getenv("WOK_BACKEND");
	int r = -ENOSYS;

	if (name)
		return open_named(loop, name, "the option backend =");
	if (asked && *asked)
		return open_named(loop, asked, "the environment's WOK_BACKEND =");
	for (size_t i = 0; i < N_BACKENDS; i++) {
		const char *why = NULL;
		loop->backend = backends[i];
		r = loop->backend->open(loop, &why);
		if (r == 0 || !why) /* without a reason it is not the backend's fault */
			break;
		loop->backend_why = why;
	}
	return r;
}

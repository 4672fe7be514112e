/* SPDX-License-Identifier: MIT */
/* The choice of a backend: see loop/backend.h. */
#include "loop/backend.h"

#include <stdlib.h>
#include <string.h>
#include <wok/error.h>

#include "loop/loop.h"

/* docs/design/003 has the figures. */
#define DEFAULT "epoll"

static const struct wok__backend *find(const char *name, size_t size)
{
	static const struct wok__backend *const all[] = {&wok__backend_epoll, &wok__backend_uring};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strlen(all[i]->name) == size && memcmp(all[i]->name, name, size) == 0)
			return all[i];
	return NULL;
}

/* The first that works of a list of names. */
static int open_first(struct wok_loop *loop, const char *all, const char *whose)
{
	const char *names = all, *why = NULL;
	int r = -EINVAL;

	for (size_t size; r < 0; names += size + 1) {
		size = strcspn(names, ",");
		loop->backend = find(names, size);
		if (!loop->backend)
			return wok_fail(-EINVAL,
					"%s \"%s\": there is no such backend; the choices are: "
					"epoll, io_uring",
					whose, all);
		loop->backend_why = why;
		why = NULL;
		r = loop->backend->open(loop, &why);
		if (r < 0 && !why) /* without a reason it is not the backend's fault */
			return r;
		if (r < 0 && !names[size])
			return wok_fail(r, "%s \"%s\": %s", whose, all, why);
	}
	return 0;
}

int wok__backend_open(struct wok_loop *loop, const char *names)
{
	const char *asked = getenv("WOK_BACKEND");

	if (names)
		return open_first(loop, names, "the option backend =");
	if (asked && *asked)
		return open_first(loop, asked, "the environment's WOK_BACKEND =");
	return open_first(loop, DEFAULT, "the backend");
}

/* SPDX-License-Identifier: MIT */
/* The choice of a backend: see loop/backend.h. */
#include "loop/backend.h"

#include <stdlib.h>
#include <string.h>
#include <wok/error.h>

static const struct wok__backend *const backends[] = {&wok__backend_epoll};

int wok__backend_find(const char *name, const struct wok__backend **ret_backend)
{
	const char *asked = name ? name : getenv("WOK_BACKEND");

	if (!asked || !*asked) {
		*ret_backend = backends[0];
		return 0;
	}
	for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++) {
		if (strcmp(backends[i]->name, asked) == 0) {
			*ret_backend = backends[i];
			return 0;
		}
	}
	return wok_fail(-EINVAL, "%s \"%s\": there is no such backend; the choices are: epoll",
			name ? "the option backend =" : "the environment's WOK_BACKEND =", asked);
}

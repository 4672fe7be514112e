/* SPDX-License-Identifier: MIT */
#ifndef WOK_TASK_LOCAL_H
#define WOK_TASK_LOCAL_H
#include <wok/local.h>

struct wok__local_value {
	struct wok__local_value *next;
	const wok_local *key;
	void *value;
};

/* Release all values, and what their release adds. */
void wok__locals_free(struct wok__local_value **values);

/* What a new task starts with; -ENOMEM. */
int wok__locals_inherit(const struct wok__local_value *from, struct wok__local_value **ret_values);
#endif

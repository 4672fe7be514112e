/* SPDX-License-Identifier: MIT */
/* All runs of the process: see task/roster.h. */
#include "task/roster.h"

#include <stddef.h>
#include <unistd.h>

#include "platform/sys.h"

struct wok__roster_entry wok__roster[WOK__ROSTER_MAX];

void wok__roster_add(struct wok__run *run)
{
	for (int i = 0; i < WOK__ROSTER_MAX; i++) {
		struct wok__run *nobody = NULL;
		if (!atomic_compare_exchange_strong(&wok__roster[i].run, &nobody, run))
			continue;
		atomic_store(&wok__roster[i].thread, wok__sys_gettid());
		return;
	}
}

void wok__roster_remove(struct wok__run *run)
{
	for (int i = 0; i < WOK__ROSTER_MAX; i++) {
		if (atomic_load(&wok__roster[i].run) != run)
			continue;
		atomic_store(&wok__roster[i].thread, 0);
		atomic_store(&wok__roster[i].run, NULL);
		return;
	}
}

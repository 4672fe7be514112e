/* SPDX-License-Identifier: MIT */
#ifndef WOK_PLATFORM_CPUS_H
#define WOK_PLATFORM_CPUS_H
#include <stddef.h>

/* How many processors this process may use: by its affinity, and by its control group's quota. */
size_t wok__cpus(void);

/*
 * The least quota of a control group and of those around it, in processors, rounded up; SIZE_MAX if
 * there is none. own: a file like /proc/self/cgroup; root: where the groups are mounted.
 */
size_t wok__cpu_quota(const char *own, const char *root);
#endif

/* SPDX-License-Identifier: MIT */
/* Counting processors: see platform/cpus.h. */
#include "platform/cpus.h"

#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* cpu.max has a quota and a period in microseconds: "150000 100000", or "max 100000". */
static size_t quota_of(const char *folder)
{
	char path[4200], line[100], *end;

	snprintf(path, sizeof(path), "%s/cpu.max", folder);
	FILE *file = fopen(path, "re");
	if (!file)
		return SIZE_MAX;
	const char *text = fgets(line, sizeof(line), file);
	fclose(file);
	if (!text || text[0] < '0' || text[0] > '9')
		return SIZE_MAX;
	unsigned long long quota = strtoull(text, &end, 10), period = strtoull(end, NULL, 10);
	if (period == 0)
		return SIZE_MAX;
	size_t cpus = (size_t) (quota / period + (quota % period != 0));
	return cpus ? cpus : 1;
}

/* The line "0::/path" is version 2's, which alone is looked at. */
static int read_own_group(const char *own, char *ret_path, int size)
{
	char line[4096];
	FILE *file = fopen(own, "re");
	int found = 0;

	if (!file)
		return 0;
	while (!found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "0::/", 4) != 0)
			continue;
		found = snprintf(ret_path, (size_t) size, "%s", line + 3) < size;
	}
	fclose(file);
	return found;
}

size_t wok__cpu_quota(const char *own, const char *root)
{
	char group[2048], folder[4096];
	size_t least = SIZE_MAX;

	if (!read_own_group(own, group, (int) sizeof(group)))
		return SIZE_MAX;
	for (;;) {
		snprintf(folder, sizeof(folder), "%s%s", root, group);
		size_t quota = quota_of(folder);
		least = quota < least ? quota : least;
		char *slash = strrchr(group, '/');
		if (!slash)
			return least;
		*slash = '\0';
	}
}

static size_t affinity(void)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
		return (size_t) CPU_COUNT(&set);
	return online > 0 ? (size_t) online : 1;
}

size_t wok__cpus(void)
{
	size_t cpus = affinity(), quota = wok__cpu_quota("/proc/self/cgroup", "/sys/fs/cgroup");

	return cpus < quota ? cpus : quota;
}

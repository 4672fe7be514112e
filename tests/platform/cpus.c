/* SPDX-License-Identifier: MIT */
/* How many processors a control group's quota allows. */
#include "platform/cpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/test.h"

static void put(const char *root, const char *name, const char *text)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	FILE *file = fopen(path, "we");
	ASSERT(file);
	fputs(text, file);
	fclose(file);
}

static size_t quota(const char *root)
{
	char own[300];

	snprintf(own, sizeof(own), "%s/own", root);
	return wok__cpu_quota(own, root);
}

TEST(the_least_quota_around_a_group_counts, "exec-28")
{
	char root[] = "/tmp/wok-cpus-XXXXXX", path[300];

	ASSERT(mkdtemp(root));
	ASSERT_EQ(quota(root), SIZE_MAX); /* no such file */
	put(root, "own", "1:cpu:/old\n0::/a/b\n");
	snprintf(path, sizeof(path), "%s/a", root);
	ASSERT_EQ(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/a/b", root);
	ASSERT_EQ(mkdir(path, 0700), 0);
	ASSERT_EQ(quota(root), SIZE_MAX);
	put(root, "a/b/cpu.max", "max 100000\n");
	ASSERT_EQ(quota(root), SIZE_MAX);
	put(root, "a/cpu.max", "250000 100000\n");
	ASSERT_EQ(quota(root), 3); /* two and a half */
	put(root, "a/b/cpu.max", "5000 100000\n");
	ASSERT_EQ(quota(root), 1);
	put(root, "a/b/cpu.max", "400000 100000\n");
	ASSERT_EQ(quota(root), 3);
	put(root, "cpu.max", "200000 100000\n");
	ASSERT_EQ(quota(root), 2);
	put(root, "cpu.max", "nonsense\n");
	put(root, "own", "0::/\n");
	ASSERT_EQ(quota(root), SIZE_MAX);
	put(root, "cpu.max", "100000 100000\n");
	ASSERT_EQ(quota(root), 1);
	snprintf(path, sizeof(path), "rm -r %s", root);
	ASSERT_EQ(system(path), 0);
}

TEST(there_is_a_processor, "exec-28")
{
	ASSERT(wok__cpus() >= 1);
	ASSERT(wok__cpus() <= (size_t) sysconf(_SC_NPROCESSORS_ONLN));
}

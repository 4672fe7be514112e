/* SPDX-License-Identifier: MIT */
#ifndef WOK_TESTS_PGCONF_CHECK_H
#define WOK_TESTS_PGCONF_CHECK_H
/* What the tests of settings share: an environment in which nothing is set, and a folder. */
#include "db/postgres/settings.h"
#include "file/check.h"

/* No variable of libpq's, and a home of the test's own: its path. */
static inline const char *clean_environment(void)
{
	for (int i = 0; i < WOK__PG_N_KEYS; i++)
		if (wok__pg_key_variable((enum wok__pg_key) i))
			unsetenv(wok__pg_key_variable((enum wok__pg_key) i));
	unsetenv("PGSERVICEFILE");
	(void) path_of(""); /* makes the folder */
	setenv("HOME", test_folder_path, 1);
	setenv("PGSYSCONFDIR", test_folder_path, 1);
	return test_folder_path;
}

/* A file below a folder. */
static inline void put_file(const char *folder, const char *name, const char *text, mode_t mode)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "we");
	ASSERT(file);
	ASSERT(fputs(text, file) >= 0);
	ASSERT_EQ(fclose(file), 0);
	ASSERT_EQ(chmod(path, mode), 0);
}
#endif

/* SPDX-License-Identifier: MIT */
/* See check.h. */
#include "check.h"

#include <stdlib.h>

void new_path(char path[PATH_SIZE])
{
	const char *base = getenv("TMPDIR");

	snprintf(path, PATH_SIZE, "%.150s/wok-sqlite-XXXXXX", base ? base : "/tmp");
	ASSERT(mkdtemp(path) != NULL);
	strcat(path, "/test.db");
}

void remove_database(const char *path)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-journal", ".copy"};
	char name[PATH_SIZE + 10];

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		unlink(name);
	}
	snprintf(name, sizeof(name), "%s", path);
	*strrchr(name, '/') = '\0';
	ASSERT_EQ(rmdir(name), 0);
}

wok_sqlite *in_memory(void)
{
	wok_sqlite *db;

	ASSERT_OK(wok_sqlite_open(":memory:", NULL, &db));
	return db;
}

wok_sqlite *open_file(const char *path, const wok_sqlite_options *options)
{
	wok_sqlite *db;

	ASSERT_OK(wok_sqlite_open(path, options, &db));
	return db;
}

int64_t one_int(wok_sqlite *db, const char *sql)
{
	int64_t value;

	ASSERT_EQ(wok_sqlite_fetch_int(db, sql, NULL, &value), 1);
	return value;
}

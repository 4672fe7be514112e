/* SPDX-License-Identifier: MIT */
/* See check.h. */
#include "check.h"

#include <stdlib.h>

#include "db/sqlite/connection.h"

const char endless[] = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
		       "SELECT max(i) FROM n";

int ask(void *arg)
{
	struct ask *asked = arg;

	return asked->result = wok_sqlite_execute(asked->db, asked->sql, NULL);
}

void wait_until_it_runs(wok_sqlite *db)
{
	bool runs = false;

	while (!runs) {
		pthread_mutex_lock(&db->mutex);
		runs = db->running != NULL;
		pthread_mutex_unlock(&db->mutex);
		ASSERT_OK(wok_yield());
	}
}

void cancel_and_await(wok_task *task)
{
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
}

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

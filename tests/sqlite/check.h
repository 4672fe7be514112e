/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEST_SQLITE_CHECK_H
#define WOK_TEST_SQLITE_CHECK_H
/* What the tests of SQLite share: databases in temporary folders, and values out of them. */
#include <stdio.h>
#include <unistd.h>
#include <wok/sqlite.h>
#include <wok/temp.h>
#include <wok/wok.h>

#include "harness/test.h"

/* A database of its own for a test: path is of this size. */
enum { PATH_SIZE = 200 };

/* A path in a new temporary folder; the folder goes with remove_database(). */
void new_path(char path[PATH_SIZE]);
void remove_database(const char *path);

/* A database in memory, or a file with the options. */
wok_sqlite *in_memory(void);
wok_sqlite *open_file(const char *path, const wok_sqlite_options *options);

/* SELECT that gives one integer. */
int64_t one_int(wok_sqlite *db, const char *sql);

/* A query that ends only when it is stopped. */
extern const char endless[];

/* A task that runs one statement: wok_create_task(ask, &asked). */
struct ask {
	wok_sqlite *db;
	const char *sql;
	int result;
};

int ask(void *asked);

/* Until the connection's thread is in a statement. */
void wait_until_it_runs(wok_sqlite *db);

/* Cancel it, which stops its statement, and wait for it. */
void cancel_and_await(wok_task *task);

#define ASSERT_MESSAGE(code, word)                                                                 \
	do {                                                                                       \
		if (!strstr(wok_errmsg(code), (word)))                                             \
			FAIL("the message \"%s\" does not say \"%s\"", wok_errmsg(code), (word));  \
	} while (0)

/* SQLite's number of the last error. */
#define ASSERT_NUMBER(number_)                                                                     \
	do {                                                                                       \
		const wok_db_error *last_error = wok_db_last_error();                              \
		ASSERT(last_error != NULL);                                                        \
		ASSERT_EQ(last_error->number, (number_));                                          \
	} while (0)
#endif

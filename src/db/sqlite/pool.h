/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_SQLITE_POOL_H
#define WOK_DB_SQLITE_POOL_H
#include <wok/semaphore.h>
#include <wok/sqlite_pool.h>

struct wok_sqlite_pool {
	wok_db face;
	unsigned refs; /* the owner's, and of those who wait in a call */
	const wok_site *site;
	wok_sqlite *writer;
	wok_sqlite_options reader; /* how readers are opened */
	size_t limit;
	wok_time timeout;
	wok_semaphore permits; /* readers that can be had */
	wok_sqlite **readers;  /* all, n_readers of them */
	size_t n_readers;
	wok_sqlite **idle; /* that nobody has; the last one came last */
	size_t n_idle;
	bool closed;
};

void wok__sqlite_pool_ref(wok_sqlite_pool *pool);
void wok__sqlite_pool_unref(wok_sqlite_pool *pool);

/* Whether it can be used here and now: 0; as wok__sqlite_here(); -ESHUTDOWN after the close. */
int wok__sqlite_pool_usable(const wok_sqlite_pool *pool);

/* pool_calls.c */
void wok__sqlite_pool_face(wok_sqlite_pool *pool);

/* cursor.c: have fn(arg) called when a cursor has come to its end, or is freed. */
void wok__sqlite_cursor_then(wok_sqlite_cursor *cursor, void (*fn)(void *arg, wok_sqlite *db),
			     void *arg);
#endif

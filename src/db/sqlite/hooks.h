/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_SQLITE_HOOKS_H
#define WOK_DB_SQLITE_HOOKS_H
/* The application's hooks, on the connection's thread; and the log's, which is ours. */
#include <wok/sqlite_function.h>

#include "db/sqlite/connection.h"

/* Whether the application's hook wants the statement to be interrupted. */
bool wok__sqlite_hook_progress(const wok_sqlite *db);

/* Take over SQLite's checkpoints, to see when they get nowhere. */
void wok__sqlite_watch_log(wok_sqlite *db);

/* On the loop: report it, if so. */
void wok__sqlite_report_log(wok_sqlite *db);
#endif

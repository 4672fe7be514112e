/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_ERROR_H
#define WOK_DB_ERROR_H
/* What a database said of a statement that failed: kept with the task until the next one fails. */
#include <wok/db.h>

WOK_BEGIN_DECLS
/*
 * Keep a copy for wok_db_last_error(), and leave the message, with what the database's own number,
 * detail and hint say. Texts may be NULL. Returns error->code.
 */
int wok__db_fail(const wok_db_error *error);
WOK_END_DECLS
#endif

/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_RETRY_H
#define WOK_DB_RETRY_H
#include <wok/db.h>

WOK_BEGIN_DECLS /* visible: libwok-postgres uses it */

/* Call it until it returns something else than WOK_ERETRY, or enough is enough. Always a
 * checkpoint, if it is one. retry: NULL for the defaults. */
int wok__db_retry(const wok_db_retry *retry, int (*once)(void *arg), void *arg);

/* A pause at random, half of this at least: those who met do not meet again. */
wok_time wok__db_draw(wok_time pause);
WOK_END_DECLS
#endif

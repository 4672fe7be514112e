/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_NOTIFY_H
#define WOK_DB_POSTGRES_NOTIFY_H
/* Notifications that wait to be taken. */
#include "db/postgres/protocol.h"

struct wok_pg_conn;
struct wok__pg_notifications;

int wok__pg_notification(struct wok_pg_conn *conn, const struct wok__pg_message *message);
void wok__pg_notifications_free(struct wok_pg_conn *conn);
#endif

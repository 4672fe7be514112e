/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_SEND_H
#define WOK_DB_POSTGRES_SEND_H
/* The messages that a client sends, each appended whole to a buffer; texts have no NUL within. */
#include "db/postgres/buffer.h"

/* A message is begun, its body appended, and ended: then its length is known. */
size_t wok__pg_send_begin(struct wok__pg_buffer *out, char type);
void wok__pg_send_end(struct wok__pg_buffer *out, size_t begun);

/* One without a body: Sync 'S', Flush 'H', CopyDone 'c', Terminate 'X'. */
void wok__pg_send_bare(struct wok__pg_buffer *out, char type);

/* One with a text: Query 'Q', CopyFail 'f'. */
void wok__pg_send_text(struct wok__pg_buffer *out, char type, const char *text);

/* Describe 'D' or Close 'C' of a statement 'S' or a portal 'P'. */
void wok__pg_send_named(struct wok__pg_buffer *out, char type, char what, const char *name);

/* types: OIDs of the parameters, 0 where the server is to find out. */
void wok__pg_send_parse(struct wok__pg_buffer *out, const char *name, const char *sql,
			const uint32_t *types, size_t n_types);

/* rows: at most; 0: all. */
void wok__pg_send_execute(struct wok__pg_buffer *out, const char *portal, uint32_t rows);
#endif

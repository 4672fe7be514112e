/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_PROTOCOL_H
#define WOK_DB_POSTGRES_PROTOCOL_H
/*
 * The messages of PostgreSQL's protocol 3: pure functions over bytes. What a server sends is taken
 * apart here and nowhere else, with each length checked against what is there.
 */
#include <stdbool.h>
#include <wok/db.h>

#include "db/postgres/buffer.h"

enum { WOK__PG_HEAD = 5 }; /* a message's type and length */

/* A message from the server: a view of its body. */
struct wok__pg_message {
	char type;
	const char *body;
	size_t size;
};

/*
 * The message at the beginning of some bytes. limit: how large a body may be.
 * 1; 0: it is not complete, and *ret_need bytes of it are wanted; WOK_EPEER: this is no message;
 * WOK_ELIMIT.
 */
int wok__pg_message_next(const char *data, size_t size, size_t limit,
			 struct wok__pg_message *ret_message, size_t *ret_need);

/* Reads a body from its begin. After a field that was not there, failed is set, and all is zero. */
struct wok__pg_reader {
	const char *at;
	size_t left;
	bool failed;
};

static inline struct wok__pg_reader wok__pg_read(const struct wok__pg_message *message)
{
	return (struct wok__pg_reader){message->body, message->size, false};
}

const char *wok__pg_read_bytes(struct wok__pg_reader *reader, size_t size);
uint8_t wok__pg_read_byte(struct wok__pg_reader *reader);
uint16_t wok__pg_read_int16(struct wok__pg_reader *reader);
uint32_t wok__pg_read_int32(struct wok__pg_reader *reader);
const char *wok__pg_read_text(struct wok__pg_reader *reader); /* "" if there was none */

/* Whether all of the body was read, and nothing was missing. */
static inline bool wok__pg_read_all(const struct wok__pg_reader *reader)
{
	return !reader->failed && reader->left == 0;
}

/* One column of a RowDescription. */
struct wok__pg_column {
	const char *name;
	uint32_t table; /* the OID of the table that it comes from; 0: of none */
	int16_t number; /* of the column there, from 1 */
	uint32_t type;
	int16_t size;     /* of the type; -1: it varies */
	int32_t modifier; /* as of varchar(20); -1: none */
	int16_t format;
};

/* How many columns a RowDescription has; then each of them in turn. WOK_EPEER. */
int wok__pg_columns_begin(const struct wok__pg_message *message, struct wok__pg_reader *ret_reader,
			  size_t *ret_count);
void wok__pg_columns_next(struct wok__pg_reader *reader, struct wok__pg_column *ret_column);

/* An ErrorResponse or a NoticeResponse: its texts are views of the body. WOK_EPEER. */
int wok__pg_read_error(const struct wok__pg_message *message, wok_db_error *ret_error);

/* "INSERT 0 17": the number at the end of a command's tag; 0 if there is none. */
int64_t wok__pg_tag_changes(const char *tag, size_t size);
#endif

/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_ENCODE_H
#define WOK_DB_POSTGRES_ENCODE_H
/* What the files that write parameters share. */
#include "db/postgres/types/own.h"

/* Where a value goes. */
struct wok__pg_target {
	const struct wok_pg_types *types;
	ssize_t place;                   /* see wok__pg_encode() */
	const struct wok__pg_type *type; /* NULL: not known */
	struct wok__pg_buffer *out;
	unsigned depth;
};

/* "$3 (integer)", for messages. */
#define WOK__PG_PLACE 96
const char *wok__pg_place(ssize_t place, const struct wok__pg_type *type, char text[WOK__PG_PLACE]);

/* -EILSEQ for what is not UTF-8, or has a NUL. */
int wok__pg_check_text(const struct wok__pg_target *target, const char *text, size_t size);

/* Append without a length; 0 or 1: the form that was written. */
int wok__pg_add_number(const struct wok__pg_target *target, const wok_value *value);
int wok__pg_add_blob(const struct wok__pg_target *target, const wok_value *value);

/* Append the length, and what fn writes. What fn returned, or -EMSGSIZE. */
int wok__pg_add_sized(const struct wok__pg_target *target, const wok_value *value,
		      int (*fn)(const struct wok__pg_target *target, const wok_value *value));

/* By the codec of a WOK__PG_USER. */
int wok__pg_add_by_user(const struct wok__pg_target *target, const wok_value *value);

/* encode_binary.c: append without a length, in binary form. */
int wok__pg_add_binary(const struct wok__pg_target *target, const wok_value *value);

/* Before a container is written as a literal: whether all within may be. */
int wok__pg_check_native(const struct wok__pg_target *target, const wok_value *value,
			 unsigned depth);
#endif

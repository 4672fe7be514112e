/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_CONTAINER_H
#define WOK_DB_POSTGRES_CONTAINER_H
/* Arrays, records, ranges and multiranges: values of values. */
#include <wok/pg_array.h>

#include "db/postgres/types/own.h"

static inline bool wok__pg_is_container(unsigned kind)
{
	return kind >= WOK__PG_ARRAY && kind <= WOK__PG_RECORD;
}

/* The text of a binary form. */
void wok__pg_write_container(struct wok__pg_writer *writer, const struct wok__pg_type *type,
			     const char *data, size_t size);

/* The text of a parameter, as a literal that the server reads. */
void wok__pg_write_native(struct wok__pg_writer *writer, const wok_value *value);

/*
 * The binary form of a parameter. -EINVAL without a message: an element has none that is known
 * here, and the literal must do.
 */
int wok__pg_build_container(const struct wok_pg_types *types, ssize_t place,
			    const struct wok__pg_type *type, const wok_value *value,
			    struct wok__pg_buffer *out, unsigned depth);

/* A container that a constructor of wok/pg_array.h made. */
bool wok__pg_own_container(const wok_value *value);

/* The elements of a constructor's array, whatever it was made of. */
struct wok__pg_list {
	wok_pg_list list;
	const wok_value *array;
};
struct wok__pg_list wok__pg_list_of(const wok_value *array);
wok_value wok__pg_list_at(const struct wok__pg_list *list, size_t index);

/*
 * An element of a container within its text, in quotes where they are needed: write is called once
 * or twice. container: WOK__PG_ARRAY, WOK__PG_RECORD, WOK__PG_RANGE.
 */
void wok__pg_write_quoted(struct wok__pg_writer *writer, unsigned container, char delimiter,
			  void (*write)(struct wok__pg_writer *writer, const void *arg),
			  const void *arg);

/* The same of a value. */
void wok__pg_write_quoted_value(struct wok__pg_writer *writer, unsigned container, char delimiter,
				const wok_value *value);

/* The shape of an array. */
struct wok__pg_dims {
	size_t dimensions;
	size_t count;
	size_t lengths[6];
	int32_t lowers[6];
};

/* "[2:3][1:2]=", if an index does not begin at 1. */
void wok__pg_write_lowers(struct wok__pg_writer *writer, const struct wok__pg_dims *shape);

/* The braces before and the braces or the delimiter behind an element of an array's text. */
void wok__pg_write_before(struct wok__pg_writer *writer, const struct wok__pg_dims *shape,
			  size_t index, char delimiter);
void wok__pg_write_after(struct wok__pg_writer *writer, const struct wok__pg_dims *shape,
			 size_t index);

enum {
	WOK__PG_RANGE_EMPTY = 0x01,
	WOK__PG_RANGE_LOWER_INCLUSIVE = 0x02,
	WOK__PG_RANGE_UPPER_INCLUSIVE = 0x04,
	WOK__PG_RANGE_LOWER_INFINITE = 0x08,
	WOK__PG_RANGE_UPPER_INFINITE = 0x10,
};

/* Elements of binary forms: length and bytes; -1 is NULL. */
struct wok__pg_bytes {
	const char *at;
	size_t left;
	bool failed;
};

/* false after the end, and for what does not fit: then failed is set. data is NULL for NULL. */
bool wok__pg_bytes_next(struct wok__pg_bytes *bytes, const char **ret_data, size_t *ret_size);
uint32_t wok__pg_bytes_int32(struct wok__pg_bytes *bytes);

/* An array's head: its shape and the type of its elements. false: it is malformed. */
bool wok__pg_bytes_shape(struct wok__pg_bytes *bytes, struct wok__pg_dims *ret_shape,
			 uint32_t *ret_element);

/* A range's flags; its bounds follow, if they are finite. */
bool wok__pg_bytes_flags(struct wok__pg_bytes *bytes, unsigned *ret_flags);
#endif

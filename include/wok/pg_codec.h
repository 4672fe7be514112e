/* SPDX-License-Identifier: MIT */
#ifndef WOK_PG_CODEC_H
#define WOK_PG_CODEC_H
#include <wok/row.h>

WOK_BEGIN_DECLS

/*
 * A codec of the application's, for a type that is not built into PostgreSQL: geometry of an
 * extension, or an enum as numbers. It is found by the type's name, in whichever database the
 * connection is: see wok_pg_options.codecs. Its functions run on the loop, and do not wait.
 */
typedef struct wok_pg_codec {
	const char *schema; /* NULL: in any */
	const char *name;   /* as in pg_type.typname: "geometry" */
	bool binary;        /* the form that results are asked for in, and parameters are sent in */
	/*
	 * What a field is. data ends with a NUL that its size does not count, and lives as long as
	 * the row: the value may point into it. binary: as the codec says, or not, if the field is
	 * the text of an element. 0, or a negative error, which fails the query.
	 */
	int (*decode)(void *arg, wok_view data, bool binary, wok_value *ret_value);
	/*
	 * Write a parameter: as snprintf(3), without a NUL. It is called with size 0 first, and
	 * then again with enough room. How many bytes it takes, or a negative error, with a
	 * message.
	 */
	ssize_t (*encode)(void *arg, const wok_value *value, char *to, size_t size);
	void *arg; /* lives as long as the connection and its rows */
} wok_pg_codec;

WOK_END_DECLS
#endif

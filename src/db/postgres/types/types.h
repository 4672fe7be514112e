/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_TYPES_H
#define WOK_DB_POSTGRES_TYPES_H
/*
 * The types of PostgreSQL, between a message's bytes and a wok_value. The connection looks up each
 * column's type once, when a statement is prepared, and keeps the pointer with its columns:
 *
 *     type = wok__pg_type_find(types, oid);          NULL: unknown, see catalog.h
 *     format = wok__pg_result_format(type);          0 text, 1 binary: asked for in Bind
 *     wok__pg_decode(type, format, data, size, &row->values[i]);
 *
 * Booleans, integers, floating-point numbers, texts and bytea become wok's common kinds; all others
 * are WOK_VALUE_OWN: their bytes as they came, which wok/pg_types.h takes apart on demand.
 */
#include <wok/value.h>

#include "db/postgres/buffer.h"
#include "db/rows.h"

/* How a type's bytes are read. */
enum wok__pg_kind {
	WOK__PG_OTHER, /* no more is known of it than its text */
	WOK__PG_BOOL,
	WOK__PG_INT2,
	WOK__PG_INT4,
	WOK__PG_INT8,
	WOK__PG_UINT4,
	WOK__PG_UINT8,
	WOK__PG_FLOAT4,
	WOK__PG_FLOAT8,
	WOK__PG_TEXT,  /* the binary form is the text */
	WOK__PG_JSONB, /* a byte of version, and text: jsonpath too */
	WOK__PG_CHAR,  /* "char": one byte */
	WOK__PG_BYTEA,
	WOK__PG_VOID,
	/* From here on WOK_VALUE_OWN. */
	WOK__PG_NUMERIC,
	WOK__PG_DATE,
	WOK__PG_TIME,
	WOK__PG_TIMETZ,
	WOK__PG_TIMESTAMP,
	WOK__PG_TIMESTAMPTZ,
	WOK__PG_INTERVAL,
	WOK__PG_UUID,
	WOK__PG_INET, /* cidr too */
	WOK__PG_MACADDR,
	WOK__PG_BITS,
	WOK__PG_POINT,
	WOK__PG_LSEG,
	WOK__PG_PATH,
	WOK__PG_BOX,
	WOK__PG_POLYGON,
	WOK__PG_LINE,
	WOK__PG_CIRCLE,
	WOK__PG_TID,
	WOK__PG_LSN,
	WOK__PG_SNAPSHOT,
	WOK__PG_MONEY, /* its text depends on the server's locale: asked for as text */
	WOK__PG_ARRAY,
	WOK__PG_RANGE,
	WOK__PG_MULTIRANGE,
	WOK__PG_RECORD,
	WOK__PG_USER, /* the application brought a codec */
};

/* The forms that a WOK_VALUE_OWN may have: its format. */
enum wok__pg_form {
	WOK__PG_FORM_TEXT = 0,
	WOK__PG_FORM_BINARY = 1,
	WOK__PG_FORM_INLINE = 2, /* a parameter: the number stands in the value itself */
	WOK__PG_FORM_NATIVE = 3, /* a parameter: data points to the struct of wok/pg_types.h */
	/* The same of wok/pg_array.h; these are of no type, until it is known where they go. */
	WOK__PG_FORM_ARRAY = 4,
	WOK__PG_FORM_INTS = 5,
	WOK__PG_FORM_DOUBLES = 6,
	WOK__PG_FORM_TEXTS = 7,
	WOK__PG_FORM_RECORD = 8,
	WOK__PG_FORM_RANGE = 9,
	WOK__PG_FORM_MULTIRANGE = 10,
};

struct wok__pg_field {
	const char *name;
	uint32_t type;
};

struct wok__pg_type {
	uint32_t oid;
	uint32_t element; /* of an array; a range's subtype; a multirange's range */
	uint8_t kind;     /* enum wok__pg_kind */
	uint8_t format;   /* results are asked for in it: 0 text, 1 binary */
	char delimiter;   /* between the elements in an array's text */
	const char *name;
	size_t n_fields; /* of a record that has been looked up */
	const struct wok__pg_field *fields;
	const struct wok_pg_codec *codec; /* of WOK__PG_USER */
};

/* The types that a connection has looked up, besides the built-in ones: see catalog.h. */
struct wok_pg_types;

/* A type; types: NULL for the built-in ones. NULL: not known. */
const struct wok__pg_type *wok__pg_type_find(const struct wok_pg_types *types, uint32_t oid);

/* What to ask for; type: NULL for an unknown one, which is asked for as text. */
static inline int16_t wok__pg_result_format(const struct wok__pg_type *type)
{
	return (int16_t) (type ? type->format : 0);
}

/*
 * Read a field. type: NULL for an unknown one. data: the row's own copy; the byte behind it,
 * data[size], belongs to the decoder, which writes a text's NUL there (so read the next field's
 * length first, and have one byte more behind the last one). It may also write over data itself.
 * 0; WOK_EPEER: these are no such bytes; what a user's codec returned.
 */
int wok__pg_decode(const struct wok__pg_type *type, int format, char *data, size_t size,
		   wok_value *ret_value);

/*
 * Write a parameter as Bind wants it: its length (-1: NULL) and its bytes.
 *
 * types:      what the connection has looked up; NULL: the built-in ones
 * place:      for messages: 3 is "$3", -3 is "column 3"
 * type:       the parameter's; NULL: not known, then the server reads most things from text
 * ret_format: 0 text, 1 binary
 * Returns:    0; -ERANGE: the number does not fit; -EINVAL: not a value, or of a kind that the
 *             type does not take; -EILSEQ: not UTF-8, or with a NUL; -EMSGSIZE: over 1 GB; -ENOMEM.
 *             After a failure the buffer is as it was.
 * For what most parameters are there is a quicker way: try wok__pg_add_usual() first.
 */
int wok__pg_encode(const struct wok_pg_types *types, ssize_t place, const struct wok__pg_type *type,
		   const wok_value *value, struct wok__pg_buffer *out, int16_t *ret_format);

/* The same, in binary form whatever it takes: for COPY and for elements. -EINVAL: it has none. */
int wok__pg_encode_binary(const struct wok_pg_types *types, ssize_t place,
			  const struct wok__pg_type *type, const wok_value *value,
			  struct wok__pg_buffer *out);

/*
 * Text of a value of PostgreSQL's own, as the server writes it with DateStyle ISO and IntervalStyle
 * postgres; as snprintf(3). types: NULL for the built-in ones.
 */
size_t wok__pg_render(const struct wok_pg_types *types, const wok_value *value, char *text,
		      size_t size);

/* For wok__columns_new(), where the columns need no types that were looked up. */
extern const struct wok__dialect wok__pg_dialect;
#endif

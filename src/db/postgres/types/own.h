/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_OWN_H
#define WOK_DB_POSTGRES_OWN_H
/*
 * The types that have no common kind. Each has a binary form, which is what everything here works
 * on: a text is parsed into it, a parameter is built into it, a getter and the text read it.
 */
#include <string.h>
#include <wok/pg_types.h>

#include "db/postgres/types/oids.h"
#include "db/postgres/types/types.h"

/* Containers in containers: more levels than this are refused. */
#define WOK__PG_MAX_DEPTH 8

/* The longest binary form of a type of a fixed size. */
#define WOK__PG_FIXED 40

/* What has to be escaped in the quotes of a container; quotes within quotes form a chain. */
struct wok__pg_escape {
	const struct wok__pg_escape *outer;
	bool doubled; /* a quote is written twice, as in records; or behind a backslash */
};

/* Instead of writing: whether what would be written needs quotes in a container. */
struct wok__pg_probe {
	const char *specials;
	char delimiter;
	bool special;
	size_t length;
	char begin[4]; /* of the text: it may be NULL, which is a word */
};

/* Text that is written, or only counted: as snprintf(3). */
struct wok__pg_writer {
	const struct wok_pg_types *types;
	char *text;
	size_t size;
	size_t length;
	unsigned depth;
	const struct wok__pg_escape *escape;
	struct wok__pg_probe *probe;
};

void wok__pg_put(struct wok__pg_writer *writer, char c);
void wok__pg_puts(struct wok__pg_writer *writer, const char *text);
void wok__pg_put_bytes(struct wok__pg_writer *writer, const char *data, size_t size);
/* A number with leading zeros up to digits. */
void wok__pg_put_digits(struct wok__pg_writer *writer, uint64_t value, int digits);
void wok__pg_put_int(struct wok__pg_writer *writer, int64_t value);
/* As the server does: the shortest text that reads back as the same number. */
void wok__pg_put_double(struct wok__pg_writer *writer, double value);
void wok__pg_put_float(struct wok__pg_writer *writer, float value);

/* A field or an element, whatever its kind; NULL writes nothing. */
void wok__pg_write_value(struct wok__pg_writer *writer, const wok_value *value);

/* An element, in binary form; type: NULL if it is not known. */
void wok__pg_write_element(struct wok__pg_writer *writer, const struct wok__pg_type *type,
			   const char *data, size_t size);

/* A binary form of some type; what is malformed is written as "?". */
void wok__pg_write_binary(struct wok__pg_writer *writer, const struct wok__pg_type *type,
			  const char *data, size_t size);

/* Text that is read: a cursor that does not pass the end. */
struct wok__pg_scan {
	const char *at;
	const char *end;
};

bool wok__pg_take(struct wok__pg_scan *reader, char c);
bool wok__pg_take_text(struct wok__pg_scan *reader, const char *text); /* in either case */
bool wok__pg_take_number(struct wok__pg_scan *reader, int64_t *ret_number, int *ret_digits);
bool wok__pg_take_double(struct wok__pg_scan *reader, double *ret_number);
void wok__pg_skip_space(struct wok__pg_scan *reader);

/*
 * The text of a type of a fixed size, into its binary form. The size; -EINVAL: it is no such text
 * (or one that only the server understands, as "tomorrow").
 */
ssize_t wok__pg_parse(unsigned kind, uint32_t oid, const char *text, size_t size,
		      char to[WOK__PG_FIXED]);

/*
 * The binary form of a value of a type of a fixed size, from whichever form it has, and of a right
 * size. to: where it may be built. Message for the getters: "not a wanted".
 */
int wok__pg_fixed(const wok_value *value, const struct wok__pg_type *type, char to[WOK__PG_FIXED],
		  const char **ret_data, size_t *ret_size);

/* The type of a value that must be WOK_VALUE_OWN and of this kind: -ENODATA, -EINVAL. */
int wok__pg_own(const wok_value *value, unsigned kind, const char *wanted,
		const struct wok__pg_type **ret_type);

/* The built-in type of a WOK_VALUE_OWN; NULL of anything else. */
const struct wok__pg_type *wok__pg_builtin_of(const wok_value *value);

/*
 * What a constructor made, in its binary form; place: see wok__pg_encode(). Anything but
 * containers, which are wok__pg_build_container()'s.
 */
int wok__pg_build(const struct wok_pg_types *types, ssize_t place, const struct wok__pg_type *type,
		  const wok_value *value, struct wok__pg_buffer *out);

void wok__pg_write_hex(struct wok__pg_writer *writer, const char *data, size_t size);

/* Whether so many bytes may be of a type of this kind; for those of a variable size true. */
bool wok__pg_size_is_right(unsigned kind, const char *data, size_t size);

/* A codec of the application's. */
int wok__pg_decode_user(const struct wok__pg_type *type, int format, char *data, size_t size,
			wok_value *ret_value);

/* datetime.c, interval.c */
ssize_t wok__pg_parse_datetime(unsigned kind, const char *text, size_t size, char *to);
void wok__pg_write_datetime(struct wok__pg_writer *writer, unsigned kind, const char *data);
ssize_t wok__pg_parse_interval(const char *text, size_t size, char *to);
void wok__pg_write_interval(struct wok__pg_writer *writer, const char *data);

/* numeric.c: the binary form has a variable size. */
void wok__pg_write_numeric(struct wok__pg_writer *writer, const char *data, size_t size);
int wok__pg_build_numeric(const char *text, size_t size, struct wok__pg_buffer *out);
bool wok__pg_numeric_is_right(const char *data, size_t size);

/* network.c */
ssize_t wok__pg_parse_inet(bool cidr, const char *text, size_t size, char *to);
void wok__pg_write_inet(struct wok__pg_writer *writer, const char *data, size_t size);
ssize_t wok__pg_parse_macaddr(size_t bytes, const char *text, size_t size, char *to);
void wok__pg_write_macaddr(struct wok__pg_writer *writer, const char *data, size_t size);
size_t wok__pg_build_inet(const wok_pg_network *network, bool cidr, char *to);
bool wok__pg_inet_is_right(const char *data, size_t size);

/* geometry.c */
ssize_t wok__pg_parse_geometry(unsigned kind, const char *text, size_t size, char *to);
void wok__pg_write_geometry(struct wok__pg_writer *writer, unsigned kind, const char *data,
			    size_t size);
int wok__pg_build_geometry(const wok_pg_shape *shape, unsigned kind, struct wok__pg_buffer *out);
bool wok__pg_geometry_is_right(unsigned kind, const char *data, size_t size);

/* plain.c: uuid, bits, tid, pg_lsn, pg_snapshot */
ssize_t wok__pg_parse_uuid(const char *text, size_t size, char *to);
ssize_t wok__pg_parse_plain(unsigned kind, const char *text, size_t size, char *to);
void wok__pg_write_plain(struct wok__pg_writer *writer, unsigned kind, const char *data,
			 size_t size);
bool wok__pg_plain_is_right(unsigned kind, const char *data, size_t size);
int wok__pg_build_bits(const char *text, size_t size, struct wok__pg_buffer *out);

/* Arrays, records, ranges: container.h. */

/* Where a character stands in a text; NULL: nowhere, and for a NUL. */
static inline const char *wok__pg_find_in(const char *set, char c)
{
	return c ? strchr(set, c) : NULL;
}
#endif

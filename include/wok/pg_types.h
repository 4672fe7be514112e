/* SPDX-License-Identifier: MIT */
#ifndef WOK_PG_TYPES_H
#define WOK_PG_TYPES_H
#include <time.h>
#include <wok/address.h>
#include <wok/row.h>

WOK_BEGIN_DECLS

/*
 * PostgreSQL's own types. Booleans, integers, floating-point numbers, texts (json, jsonb, xml,
 * name, enums and money too) and bytea are values as any: wok_value_get_int() and its like read
 * them. All other fields are WOK_VALUE_OWN: wok_row_text() gives their text, as the server writes
 * it, and the functions here what they are made of. Arrays, records and ranges are in
 * wok/pg_array.h.
 *
 *     struct timespec created;
 *     WOK_TRY(wok_pg_get_timestamp(wok_row_at(row, 0), &created));
 *
 * As parameters there are the constructors; a text is always allowed as well, and is read by the
 * server. What a constructor takes by pointer is borrowed until the call returns:
 *
 *     wok_pg_execute(conn, "INSERT INTO events(id, at) VALUES ($1, $2)",
 *                    WOK_ARGS(wok_pg_uuid(id), wok_pg_timestamptz(now)));
 *
 * Each getter returns 0; -ENODATA for NULL; -EINVAL for a value of another type; WOK_EPEER for
 * bytes that are not of the type. It takes the field in both forms in which PostgreSQL sends it,
 * unless it says otherwise.
 */

/* In tv_sec: PostgreSQL's infinity and -infinity; in days: those of a date. */
#define WOK_PG_INFINITY INT64_MAX
#define WOK_PG_MINUS_INFINITY INT64_MIN
#define WOK_PG_DATE_INFINITY INT32_MAX
#define WOK_PG_DATE_MINUS_INFINITY INT32_MIN

/**
 * A timestamp with time zone: a point in time, whatever the session's TimeZone is.
 *
 * when:       seconds since 1970, UTC, from 4714 BC to 294276; parts of a microsecond are cut off.
 *             What is outside is refused where it is used
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
wok_value wok_pg_timestamptz(struct timespec when);

/**
 * A timestamp without time zone: a date and a time of day, as if they were UTC's (timegm(3) makes
 * them of a struct tm).
 *
 * when:       as wok_pg_timestamptz()
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
wok_value wok_pg_timestamp(struct timespec when);

/**
 * A timestamp, with or without time zone, or the midnight of a date.
 *
 * ret_when:   seconds since 1970; WOK_PG_INFINITY and WOK_PG_MINUS_INFINITY in tv_sec
 * Returns:    0, or an error: see above
 * Checkpoint: never
 * Threads:    any
 */
int wok_pg_get_timestamp(const wok_value *value, struct timespec *ret_when) WOK_MUST_CHECK;

/**
 * A date.
 *
 * days:       since 1970-01-01: see wok_pg_days(); WOK_PG_DATE_INFINITY, WOK_PG_DATE_MINUS_INFINITY
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
wok_value wok_pg_date(int32_t days);

/**
 * A date.
 *
 * ret_days:   since 1970-01-01
 * Returns:    0, or an error: see above
 * Checkpoint: never
 * Threads:    any
 */
int wok_pg_get_date(const wok_value *value, int32_t *ret_days) WOK_MUST_CHECK;

/**
 * The days from 1970-01-01 to a date of the Gregorian calendar.
 *
 * year:       0 is 1 BC, -1 is 2 BC
 * month, day: from 1; a day beyond its month counts on
 * Returns:    the days
 * Checkpoint: never
 * Threads:    any
 */
int64_t wok_pg_days(int64_t year, int month, int day);

/**
 * The date of a count of days: the reverse of wok_pg_days().
 *
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    any
 */
void wok_pg_calendar(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day);

/**
 * A time of day.
 *
 * microseconds: since midnight; 24:00 is one
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
wok_value wok_pg_time(int64_t microseconds);

/**
 * A time of day.
 *
 * ret_microseconds: since midnight
 * Returns:    0, or an error: see above
 * Checkpoint: never
 * Threads:    any
 */
int wok_pg_get_time(const wok_value *value, int64_t *ret_microseconds) WOK_MUST_CHECK;

/* A time of day with its time zone. */
typedef struct {
	int64_t microseconds; /* since midnight, there */
	int32_t east;         /* of Greenwich, in seconds */
} wok_pg_clock;

/**
 * A time of day with time zone.
 *
 * clock:      borrowed
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
wok_value wok_pg_timetz(const wok_pg_clock *clock);

/**
 * A time of day with time zone.
 *
 * Returns:    0, or an error: see above
 * Checkpoint: never
 * Threads:    any
 */
int wok_pg_get_timetz(const wok_value *value, wok_pg_clock *ret_clock) WOK_MUST_CHECK;

/* A span of time. A month has no fixed number of days, nor a day of hours; signs may be mixed. */
typedef struct {
	int64_t microseconds;
	int32_t days;
	int32_t months;
} wok_pg_span;

/**
 * An interval. (PostgreSQL 17 reads three smallest or largest numbers as -infinity and infinity.)
 *
 * span:       borrowed
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
wok_value wok_pg_interval(const wok_pg_span *span);

/**
 * An interval.
 *
 * Returns:    0, or an error: see above
 * Checkpoint: never
 * Threads:    any
 */
int wok_pg_get_interval(const wok_value *value, wok_pg_span *ret_span) WOK_MUST_CHECK;

/**
 * A numeric: exact, of any size.
 *
 * text:       borrowed: "-12.50", "1e100", "NaN", "Infinity"
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
wok_value wok_pg_numeric(const char *text);

/**
 * A number as an integer: a numeric, or what wok_value_get_int() takes.
 *
 * Returns:    0; -EINVAL also for a fraction; -ERANGE beyond 64 bits; or an error: see above
 * Checkpoint: never
 * Threads:    any
 */
int wok_pg_get_int(const wok_value *value, int64_t *ret_integer) WOK_MUST_CHECK;

/**
 * A number as the floating-point number that is nearest to it.
 *
 * Returns:    0, or an error: see above; a numeric beyond all of them gives an infinity
 * Checkpoint: never
 * Threads:    any
 */
int wok_pg_get_double(const wok_value *value, double *ret_real) WOK_MUST_CHECK;

/**
 * An amount of money.
 *
 * units:      of the smallest coin that the server's lc_monetary knows
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
wok_value wok_pg_money(int64_t units);

/**
 * A uuid.
 *
 * bytes:      16, borrowed
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
wok_value wok_pg_uuid(const uint8_t bytes[16]);

/**
 * A uuid.
 *
 * Returns:    0, or an error: see above
 * Checkpoint: never
 * Threads:    any
 */
int wok_pg_get_uuid(const wok_value *value, uint8_t ret_bytes[16]) WOK_MUST_CHECK;

/**
 * Read the text of a uuid.
 *
 * text:       32 hexadecimal digits in either case, with or without hyphens between groups of four,
 *             with or without braces around
 * Returns:    0; -EINVAL
 * Checkpoint: never
 * Threads:    any
 */
int wok_pg_uuid_parse(const char *text, uint8_t ret_bytes[16]) WOK_MUST_CHECK;

/**
 * Write a uuid: "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11".
 *
 * Returns:    text
 * Checkpoint: never
 * Threads:    any
 */
const char *wok_pg_uuid_text(const uint8_t bytes[16], char text[37]);

/* An address of a host or a network. */
typedef struct {
	bool v6;
	uint8_t bits;        /* of the network: 32 or 128 for a host */
	uint8_t address[16]; /* the first 4 bytes, if it is not v6 */
} wok_pg_network;

/**
 * An inet.
 *
 * network:    borrowed
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
wok_value wok_pg_inet(const wok_pg_network *network);

/**
 * A cidr: a network, whose bits to the right of its mask must be zero.
 *
 * network:    borrowed
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
wok_value wok_pg_cidr(const wok_pg_network *network);

/**
 * An inet or a cidr.
 *
 * Returns:    0, or an error: see above
 * Checkpoint: never
 * Threads:    any
 */
int wok_pg_get_inet(const wok_value *value, wok_pg_network *ret_network) WOK_MUST_CHECK;

/**
 * The host of a socket's address; its port is left out.
 *
 * Returns:    0; -EINVAL for a Unix socket
 * Checkpoint: never
 * Threads:    any
 */
int wok_pg_network_of(const wok_address *address, wok_pg_network *ret_network) WOK_MUST_CHECK;

/**
 * The address of a socket, of a host and a port; the network's bits are left out.
 *
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    any
 */
void wok_pg_network_address(const wok_pg_network *network, uint16_t port, wok_address *ret_address);

/**
 * A hardware address.
 *
 * bytes:      borrowed
 * size:       6 for macaddr, 8 for macaddr8
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
wok_value wok_pg_macaddr(const uint8_t *bytes, size_t size);

/**
 * A macaddr or a macaddr8.
 *
 * ret_bytes:  room for both
 * Returns:    6 or 8, how many bytes it has; or an error: see above
 * Checkpoint: never
 * Threads:    any
 */
ssize_t wok_pg_get_macaddr(const wok_value *value, uint8_t ret_bytes[8]) WOK_MUST_CHECK;

/* Bits in order: the first is the highest of the first byte. */
typedef struct {
	size_t count;
	const uint8_t *data;
} wok_pg_bits;

/**
 * A bit(n) or a varbit.
 *
 * bits:       borrowed, and so is its data
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
wok_value wok_pg_bit(const wok_pg_bits *bits);

/**
 * A bit(n) or a varbit, in binary form.
 *
 * ret_bits:   its data as long as the value's
 * Returns:    0, or an error: see above
 * Checkpoint: never
 * Threads:    any
 */
int wok_pg_get_bits(const wok_value *value, wok_pg_bits *ret_bits) WOK_MUST_CHECK;

/* What is made of coordinates. */
typedef enum {
	WOK_PG_POINT,   /* x, y */
	WOK_PG_LSEG,    /* x, y of both ends */
	WOK_PG_BOX,     /* x, y of two corners: the server gives the upper right one first */
	WOK_PG_LINE,    /* a, b, c of ax + by + c = 0 */
	WOK_PG_CIRCLE,  /* x, y, radius */
	WOK_PG_POLYGON, /* x, y of each point */
	WOK_PG_PATH,    /* x, y of each point; closed */
	WOK_PG_OPEN_PATH,
} wok_pg_shape_kind;

/* A geometric value. */
typedef struct {
	wok_pg_shape_kind kind;
	size_t count; /* of numbers: twice that of points */
	const double *numbers;
} wok_pg_shape;

/**
 * A geometric value.
 *
 * shape:      borrowed, and so are its numbers
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
wok_value wok_pg_geometry(const wok_pg_shape *shape);

/**
 * A geometric value, in binary form.
 *
 * numbers:    where to; room says how many fit
 * ret_kind:   which it is
 * Returns:    how many numbers it has, and wrote if they fit; or an error: see above
 * Checkpoint: never
 * Threads:    any
 */
ssize_t wok_pg_get_geometry(const wok_value *value, double *numbers, size_t room,
			    wok_pg_shape_kind *ret_kind) WOK_MUST_CHECK;

/**
 * A place in the server's log: pg_lsn.
 *
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
wok_value wok_pg_lsn(uint64_t position);

/**
 * A pg_lsn.
 *
 * Returns:    0, or an error: see above
 * Checkpoint: never
 * Threads:    any
 */
int wok_pg_get_lsn(const wok_value *value, uint64_t *ret_position) WOK_MUST_CHECK;

/**
 * The place of a row in its table: tid.
 *
 * Returns:    0, or an error: see above
 * Checkpoint: never
 * Threads:    any
 */
int wok_pg_get_tid(const wok_value *value, uint32_t *ret_block, uint16_t *ret_row) WOK_MUST_CHECK;

/**
 * The text of any value, as the server writes it (with DateStyle ISO; timestamps with time zone in
 * UTC). For fields of rows wok_row_text() does this, and keeps the text.
 *
 * text:       where to; size - 1 bytes and a NUL at most are written. NULL with size 0 only counts
 * Returns:    the length of the whole text
 * Checkpoint: never
 * Threads:    any
 */
size_t wok_pg_text(const wok_value *value, char *text, size_t size);

/**
 * Write a name so that SQL takes it as it is, whatever it contains: my "table" becomes
 * "my ""table""".
 *
 * text:       NUL-terminated; what does not fit into size is cut off, and is not to be used
 * Returns:    the length of the whole, as snprintf(3)
 * Checkpoint: never
 * Threads:    any
 */
size_t wok_pg_quote_identifier(const char *name, char *text, size_t size);

/**
 * Write a text as a literal, for the few statements that take no parameters. It is right whatever
 * standard_conforming_strings is.
 *
 * literal:    UTF-8
 * text:       as of wok_pg_quote_identifier()
 * Returns:    the length of the whole, as snprintf(3)
 * Checkpoint: never
 * Threads:    any
 */
size_t wok_pg_quote_literal(const char *literal, char *text, size_t size);

WOK_END_DECLS
#endif

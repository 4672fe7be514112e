/* SPDX-License-Identifier: MIT */
#ifndef WOK_VALUE_H
#define WOK_VALUE_H
#include <string.h>
#include <wok/error.h>

WOK_BEGIN_DECLS

/*
 * Values as databases know them: the parameters of a statement, and the fields of a row.
 *
 *     wok_pg_fetch(conn, "SELECT name FROM users WHERE id = $1 AND active = $2",
 *                  WOK_ARGS(17, true), &rows);
 */

/* What a value is. */
typedef enum {
	WOK_VALUE_NULL,
	WOK_VALUE_BOOL,
	WOK_VALUE_INT,
	WOK_VALUE_DOUBLE,
	WOK_VALUE_TEXT, /* UTF-8 */
	WOK_VALUE_BLOB,
	/*
	 * A kind that only its database knows, as PostgreSQL's timestamps and arrays: data and size
	 * are its own form, type says which. Its header has the functions that take it apart.
	 */
	WOK_VALUE_OWN,
	WOK_VALUE_WRONG, /* what WOK_ARGS() could not make a value of: refused where it is used */
} wok_value_kind;

/*
 * One value. Text and bytes are borrowed: as a parameter, until the call returns; as a field, as
 * long as its row lives. A text of a row ends with a NUL byte that size does not count.
 */
typedef struct {
	uint8_t kind;   /* a wok_value_kind */
	uint8_t format; /* of WOK_VALUE_OWN: the database's business */
	uint32_t type;  /* the database's number of the type: PostgreSQL's OID; 0: not said */
	size_t size;    /* bytes of text, blob, own */
	union {
		bool boolean;
		int64_t integer;
		double real;
		const char *text;
		const void *data;
	};
} wok_value;

/* The parameters of a statement, in order. */
typedef struct {
	const wok_value *values;
	size_t count;
} wok_args;

/* Member by member: a copy of the whole would wait for a byte that was stored just before. */
static inline wok_value wok__value(wok_value_kind kind, size_t size)
{
	wok_value made;

	made.kind = (uint8_t) kind;
	made.format = 0;
	made.type = 0;
	made.size = size;
	made.integer = 0;
	return made;
}

/**
 * SQL's NULL.
 *
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
static inline wok_value wok_value_null(void)
{
	return wok__value(WOK_VALUE_NULL, 0);
}

/**
 * A truth value. As true is an int in C, WOK_ARGS(true) makes an integer: for a boolean parameter
 * 0 and 1 are as good.
 *
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
static inline wok_value wok_value_bool(bool value)
{
	wok_value made = wok__value(WOK_VALUE_BOOL, 0);

	made.boolean = value;
	return made;
}

/**
 * An integer.
 *
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
static inline wok_value wok_value_int(int64_t value)
{
	wok_value made = wok__value(WOK_VALUE_INT, 0);

	made.integer = value;
	return made;
}

/**
 * An unsigned integer. No database has those above INT64_MAX as integers: they are refused where
 * they are used.
 *
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
static inline wok_value wok_value_uint(uint64_t value)
{
	wok_value made = wok_value_int((int64_t) value);

	if (made.integer < 0)
		made.kind = WOK_VALUE_WRONG;
	return made;
}

/**
 * A floating-point number.
 *
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
static inline wok_value wok_value_double(double value)
{
	wok_value made = wok__value(WOK_VALUE_DOUBLE, 0);

	made.real = value;
	return made;
}

/**
 * A text.
 *
 * text:       borrowed, UTF-8, to its NUL; NULL gives SQL's NULL
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
static inline wok_value wok_value_text(const char *text)
{
	wok_value made = wok__value(WOK_VALUE_TEXT, text ? strlen(text) : 0);

	made.text = text;
	return text ? made : wok_value_null();
}

/**
 * A text of a given size.
 *
 * view:       borrowed, UTF-8; data NULL gives SQL's NULL
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
static inline wok_value wok_value_view(wok_view view)
{
	wok_value made = wok__value(WOK_VALUE_TEXT, view.size);

	made.text = view.data;
	return view.data ? made : wok_value_null();
}

/**
 * Bytes.
 *
 * data:       borrowed; NULL gives SQL's NULL: an empty blob needs an address
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
static inline wok_value wok_value_blob(const void *data, size_t size)
{
	wok_value made = wok__value(WOK_VALUE_BLOB, size);

	made.data = data;
	return data ? made : wok_value_null();
}

/**
 * What WOK_ARGS() makes of a pointer without a type: SQL's NULL of NULL, and of any other pointer
 * a value that is refused where it is used.
 *
 * Returns:    the value
 * Checkpoint: never
 * Threads:    any
 */
static inline wok_value wok_value_pointer(const void *pointer)
{
	return wok__value(pointer ? WOK_VALUE_WRONG : WOK_VALUE_NULL, 0);
}

/**
 * A value as it is, for WOK_ARGS().
 *
 * Returns:    value
 * Checkpoint: never
 * Threads:    any
 */
static inline wok_value wok_value_same(wok_value value)
{
	return value;
}

/**
 * A value as an integer.
 *
 * value:      an integer; a boolean gives 0 or 1; a floating-point number without a fraction
 * Returns:    0; -ENODATA for NULL; -EINVAL for another kind; -ERANGE beyond 64 bits
 * Checkpoint: never
 * Threads:    any
 */
int wok_value_get_int(const wok_value *value, int64_t *ret_value) WOK_MUST_CHECK;

/**
 * A value as a floating-point number.
 *
 * value:      a floating-point number or an integer
 * Returns:    0; -ENODATA for NULL; -EINVAL for another kind
 * Checkpoint: never
 * Threads:    any
 */
int wok_value_get_double(const wok_value *value, double *ret_value) WOK_MUST_CHECK;

/**
 * A value as a truth value.
 *
 * value:      a boolean, or an integer 0 or 1
 * Returns:    0; -ENODATA for NULL; -EINVAL for another kind or number
 * Checkpoint: never
 * Threads:    any
 */
int wok_value_get_bool(const wok_value *value, bool *ret_value) WOK_MUST_CHECK;

/**
 * The bytes of a text or a blob.
 *
 * ret_view:   as long as the value's
 * Returns:    0; -ENODATA for NULL; -EINVAL for another kind
 * Checkpoint: never
 * Threads:    any
 */
int wok_value_get_view(const wok_value *value, wok_view *ret_view) WOK_MUST_CHECK;

/*
 * A value of a C value. Text literals, char *, wok_view, wok_value, bool, each number, and NULL.
 * C only: in C++ call the functions above.
 */
#define WOK_VALUE(x)                                                                               \
	_Generic((x),                                                                              \
		bool: wok_value_bool,                                                              \
		char: wok_value_int,                                                               \
		signed char: wok_value_int,                                                        \
		short: wok_value_int,                                                              \
		int: wok_value_int,                                                                \
		long: wok_value_int,                                                               \
		long long: wok_value_int,                                                          \
		unsigned char: wok_value_uint,                                                     \
		unsigned short: wok_value_uint,                                                    \
		unsigned: wok_value_uint,                                                          \
		unsigned long: wok_value_uint,                                                     \
		unsigned long long: wok_value_uint,                                                \
		float: wok_value_double,                                                           \
		double: wok_value_double,                                                          \
		char *: wok_value_text,                                                            \
		const char *: wok_value_text,                                                      \
		void *: wok_value_pointer,                                                         \
		const void *: wok_value_pointer,                                                   \
		wok_view: wok_value_view,                                                          \
		wok_value: wok_value_same)(x)

/* The parameters of a statement: WOK_ARGS(17, "name", 2.5), 32 at most; for none NULL. */
#define WOK_ARGS(...)                                                                              \
	(&(const wok_args){                                                                        \
		.values = (const wok_value[]){WOK__VALUES(__VA_ARGS__)},                           \
		.count = WOK__COUNT(__VA_ARGS__),                                                  \
	})

/* What WOK_ARGS() is made of. */
/* clang-format off */
#define WOK__COUNT(...) WOK__COUNT_(__VA_ARGS__, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, \
	21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)
#define WOK__COUNT_(_1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _13, _14, _15, _16, _17, \
	_18, _19, _20, _21, _22, _23, _24, _25, _26, _27, _28, _29, _30, _31, _32, n, ...) n
#define WOK__VALUES(...) WOK__JOIN(WOK__VALUES_, WOK__COUNT(__VA_ARGS__))(__VA_ARGS__)
#define WOK__VALUES_1(x) WOK_VALUE(x)
#define WOK__VALUES_2(x, ...) WOK_VALUE(x), WOK__VALUES_1(__VA_ARGS__)
#define WOK__VALUES_3(x, ...) WOK_VALUE(x), WOK__VALUES_2(__VA_ARGS__)
#define WOK__VALUES_4(x, ...) WOK_VALUE(x), WOK__VALUES_3(__VA_ARGS__)
#define WOK__VALUES_5(x, ...) WOK_VALUE(x), WOK__VALUES_4(__VA_ARGS__)
#define WOK__VALUES_6(x, ...) WOK_VALUE(x), WOK__VALUES_5(__VA_ARGS__)
#define WOK__VALUES_7(x, ...) WOK_VALUE(x), WOK__VALUES_6(__VA_ARGS__)
#define WOK__VALUES_8(x, ...) WOK_VALUE(x), WOK__VALUES_7(__VA_ARGS__)
#define WOK__VALUES_9(x, ...) WOK_VALUE(x), WOK__VALUES_8(__VA_ARGS__)
#define WOK__VALUES_10(x, ...) WOK_VALUE(x), WOK__VALUES_9(__VA_ARGS__)
#define WOK__VALUES_11(x, ...) WOK_VALUE(x), WOK__VALUES_10(__VA_ARGS__)
#define WOK__VALUES_12(x, ...) WOK_VALUE(x), WOK__VALUES_11(__VA_ARGS__)
#define WOK__VALUES_13(x, ...) WOK_VALUE(x), WOK__VALUES_12(__VA_ARGS__)
#define WOK__VALUES_14(x, ...) WOK_VALUE(x), WOK__VALUES_13(__VA_ARGS__)
#define WOK__VALUES_15(x, ...) WOK_VALUE(x), WOK__VALUES_14(__VA_ARGS__)
#define WOK__VALUES_16(x, ...) WOK_VALUE(x), WOK__VALUES_15(__VA_ARGS__)
#define WOK__VALUES_17(x, ...) WOK_VALUE(x), WOK__VALUES_16(__VA_ARGS__)
#define WOK__VALUES_18(x, ...) WOK_VALUE(x), WOK__VALUES_17(__VA_ARGS__)
#define WOK__VALUES_19(x, ...) WOK_VALUE(x), WOK__VALUES_18(__VA_ARGS__)
#define WOK__VALUES_20(x, ...) WOK_VALUE(x), WOK__VALUES_19(__VA_ARGS__)
#define WOK__VALUES_21(x, ...) WOK_VALUE(x), WOK__VALUES_20(__VA_ARGS__)
#define WOK__VALUES_22(x, ...) WOK_VALUE(x), WOK__VALUES_21(__VA_ARGS__)
#define WOK__VALUES_23(x, ...) WOK_VALUE(x), WOK__VALUES_22(__VA_ARGS__)
#define WOK__VALUES_24(x, ...) WOK_VALUE(x), WOK__VALUES_23(__VA_ARGS__)
#define WOK__VALUES_25(x, ...) WOK_VALUE(x), WOK__VALUES_24(__VA_ARGS__)
#define WOK__VALUES_26(x, ...) WOK_VALUE(x), WOK__VALUES_25(__VA_ARGS__)
#define WOK__VALUES_27(x, ...) WOK_VALUE(x), WOK__VALUES_26(__VA_ARGS__)
#define WOK__VALUES_28(x, ...) WOK_VALUE(x), WOK__VALUES_27(__VA_ARGS__)
#define WOK__VALUES_29(x, ...) WOK_VALUE(x), WOK__VALUES_28(__VA_ARGS__)
#define WOK__VALUES_30(x, ...) WOK_VALUE(x), WOK__VALUES_29(__VA_ARGS__)
#define WOK__VALUES_31(x, ...) WOK_VALUE(x), WOK__VALUES_30(__VA_ARGS__)
#define WOK__VALUES_32(x, ...) WOK_VALUE(x), WOK__VALUES_31(__VA_ARGS__)
/* clang-format on */

WOK_END_DECLS
#endif

/* SPDX-License-Identifier: MIT */
/* Values: see wok/value.h. */
#include <string.h>
#include <wok/value.h>

static const char *kind_name(const wok_value *value)
{
	static const char *const names[] = {
		[WOK_VALUE_NULL] = "NULL",
		[WOK_VALUE_BOOL] = "a truth value",
		[WOK_VALUE_INT] = "an integer",
		[WOK_VALUE_DOUBLE] = "a floating-point number",
		[WOK_VALUE_TEXT] = "text",
		[WOK_VALUE_BLOB] = "bytes",
		[WOK_VALUE_OWN] = "of a type of the database's own",
		[WOK_VALUE_WRONG] = "not a value",
	};

	return value->kind < sizeof(names) / sizeof(names[0]) ? names[value->kind] : "unknown";
}

static int is_not(const wok_value *value, const char *wanted)
{
	if (value->kind == WOK_VALUE_NULL)
		return wok_fail(-ENODATA, "the value is NULL, not %s", wanted);
	return wok_fail(-EINVAL, "the value is %s, not %s", kind_name(value), wanted);
}

int wok_value_get_int(const wok_value *value, int64_t *ret_value)
{
	switch (value->kind) {
	case WOK_VALUE_INT:
		*ret_value = value->integer;
		return 0;
	case WOK_VALUE_BOOL:
		*ret_value = value->boolean;
		return 0;
	case WOK_VALUE_DOUBLE:
		/* 2^63 is a double, INT64_MAX is not. NaN fails both comparisons. */
		if (!(value->real >= -0x1p63 && value->real < 0x1p63))
			return wok_fail(-ERANGE, "%g does not fit into 64 bits", value->real);
		if ((double) (int64_t) value->real != value->real)
			return wok_fail(-EINVAL, "%.17g is not an integer", value->real);
		*ret_value = (int64_t) value->real;
		return 0;
	default:
		return is_not(value, "an integer");
	}
}

int wok_value_get_double(const wok_value *value, double *ret_value)
{
	if (value->kind == WOK_VALUE_DOUBLE)
		*ret_value = value->real;
	else if (value->kind == WOK_VALUE_INT)
		*ret_value = (double) value->integer;
	else
		return is_not(value, "a number");
	return 0;
}

int wok_value_get_bool(const wok_value *value, bool *ret_value)
{
	if (value->kind == WOK_VALUE_BOOL)
		*ret_value = value->boolean;
	else if (value->kind == WOK_VALUE_INT && (value->integer == 0 || value->integer == 1))
		*ret_value = value->integer == 1;
	else
		return is_not(value, "a truth value");
	return 0;
}

int wok_value_get_view(const wok_value *value, wok_view *ret_view)
{
	if (value->kind != WOK_VALUE_TEXT && value->kind != WOK_VALUE_BLOB)
		return is_not(value, "text or bytes");
	*ret_view = (wok_view){value->text, value->size};
	return 0;
}

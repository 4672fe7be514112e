/* SPDX-License-Identifier: MIT */
/*
 * Numerics. In binary: how many digits there are, the power of 10000 of the first, the sign, how
 * many decimal digits stand behind the point; then the digits, each of 0 to 9999.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "db/postgres/types/own.h"

enum {
	HEAD = 8,
	POSITIVE = 0,
	NEGATIVE = 0x4000,
	NOT_A_NUMBER = 0xc000,
	INFINITE = 0xd000,
	MINUS_INFINITE = 0xf000,
	MAX_SCALE = 0x3fff,
};

struct numeric {
	int count; /* of digits */
	int weight;
	unsigned sign;
	int scale;
	const char *digits;
};

static struct numeric read_head(const char *data)
{
	return (struct numeric){
		.count = wok__pg_get16(data),
		.weight = (int16_t) wok__pg_get16(data + 2),
		.sign = wok__pg_get16(data + 4),
		.scale = wok__pg_get16(data + 6) & MAX_SCALE,
		.digits = data + HEAD,
	};
}

bool wok__pg_numeric_is_right(const char *data, size_t size)
{
	if (size < HEAD || size != HEAD + 2 * (size_t) wok__pg_get16(data))
		return false;
	for (size_t i = HEAD; i < size; i += 2) {
		if (wok__pg_get16(data + i) > 9999)
			return false;
	}
	const unsigned sign = wok__pg_get16(data + 4);
	return sign == POSITIVE || sign == NEGATIVE || sign == NOT_A_NUMBER || sign == INFINITE ||
	       sign == MINUS_INFINITE;
}

/* The digit of a power of 10000; those that are not there are zero. */
static unsigned digit_of(const struct numeric *number, int power)
{
	const int i = number->weight - power;

	return i >= 0 && i < number->count ? wok__pg_get16(number->digits + 2 * (size_t) i) : 0;
}

static const char *name_of(unsigned sign)
{
	switch (sign) {
	case NOT_A_NUMBER:
		return "NaN";
	case INFINITE:
		return "Infinity";
	case MINUS_INFINITE:
		return "-Infinity";
	default:
		return NULL;
	}
}

void wok__pg_write_numeric(struct wok__pg_writer *writer, const char *data, size_t size)
{
	const struct numeric number = read_head(data);
	const char *name = name_of(number.sign);
	int left = number.scale;

	(void) size;
	if (name) {
		wok__pg_puts(writer, name);
		return;
	}
	if (number.sign == NEGATIVE)
		wok__pg_put(writer, '-');
	wok__pg_put_digits(writer, digit_of(&number, number.weight < 0 ? 0 : number.weight), 1);
	for (int power = number.weight - 1; power >= 0; power--)
		wok__pg_put_digits(writer, digit_of(&number, power), 4);
	if (left > 0)
		wok__pg_put(writer, '.');
	for (int power = -1; left > 0; power--, left -= 4) {
		char four[5];

		snprintf(four, sizeof(four), "%04u", digit_of(&number, power) % 10000);
		wok__pg_put_bytes(writer, four, left < 4 ? (size_t) left : 4);
	}
}

/* A decimal text, taken apart: its digits without a point, and the power of ten behind the last. */
struct decimal {
	const char *text;
	size_t size;
	size_t count;  /* of digits */
	int64_t scale; /* digits behind the point; negative after "e5" */
	bool negative;
	unsigned special;
};

static bool take_special(struct wok__pg_scan *scan, struct decimal *decimal)
{
	if (wok__pg_take_text(scan, "NaN"))
		decimal->special = NOT_A_NUMBER;
	else if (wok__pg_take_text(scan, "Infinity") || wok__pg_take_text(scan, "inf"))
		decimal->special = decimal->negative ? MINUS_INFINITE : INFINITE;
	return decimal->special != 0;
}

static bool take_exponent(struct wok__pg_scan *scan, struct decimal *decimal)
{
	int64_t exponent;

	if (!wok__pg_take(scan, 'e') && !wok__pg_take(scan, 'E'))
		return true;
	const bool minus = wok__pg_take(scan, '-');
	if (!minus)
		wok__pg_take(scan, '+');
	if (!wok__pg_take_number(scan, &exponent, NULL) || exponent > 200000)
		return false;
	decimal->scale += minus ? exponent : -exponent;
	return true;
}

static bool take_decimal(const char *text, size_t size, struct decimal *ret_decimal)
{
	struct wok__pg_scan scan = {text, text + size};
	struct decimal decimal = {0};
	bool point = false;

	wok__pg_skip_space(&scan);
	decimal.negative = wok__pg_take(&scan, '-');
	if (!decimal.negative)
		wok__pg_take(&scan, '+');
	if (!take_special(&scan, &decimal)) {
		decimal.text = scan.at;
		for (; scan.at < scan.end; scan.at++) {
			if (*scan.at >= '0' && *scan.at <= '9') {
				decimal.count++;
				decimal.scale += point;
			} else if (*scan.at == '.' && !point) {
				point = true;
			} else {
				break;
			}
		}
		decimal.size = (size_t) (scan.at - decimal.text);
		if (decimal.count == 0 || !take_exponent(&scan, &decimal))
			return false;
	}
	wok__pg_skip_space(&scan);
	*ret_decimal = decimal;
	return scan.at == scan.end;
}

static int64_t divide_down(int64_t a, int64_t b)
{
	return a >= 0 ? a / b : -((-a + b - 1) / b);
}

/* Digits of four decimals each, in room for them, all zero before. The power of 10000 of the first.
 */
static int64_t gather(const struct decimal *decimal, uint16_t *digits)
{
	static const uint16_t tens[] = {1, 10, 100, 1000};
	int64_t power = (int64_t) decimal->count - 1 - decimal->scale;
	const int64_t first = divide_down(power, 4);

	for (size_t i = 0; i < decimal->size; i++) {
		if (decimal->text[i] == '.')
			continue;
		const int64_t group = divide_down(power, 4);
		digits[first - group] =
			(uint16_t) (digits[first - group] +
				    (decimal->text[i] - '0') * tens[power - group * 4]);
		power--;
	}
	return first;
}

static void add_head(struct wok__pg_buffer *out, size_t count, int64_t weight, unsigned sign,
		     int64_t scale)
{
	wok__pg_buffer_int16(out, (uint16_t) count);
	wok__pg_buffer_int16(out, (uint16_t) weight);
	wok__pg_buffer_int16(out, (uint16_t) sign);
	wok__pg_buffer_int16(out, (uint16_t) scale);
}

int wok__pg_build_numeric(const char *text, size_t size, struct wok__pg_buffer *out)
{
	struct decimal decimal;

	if (!take_decimal(text, size, &decimal))
		return -EINVAL;
	if (decimal.special) {
		add_head(out, 0, 0, decimal.special, 0);
		return out->error;
	}
	const size_t room = decimal.count / 4 + 3;
	uint16_t *digits = wok__alloc_zeroed(room * sizeof(digits[0]));
	if (!digits)
		return -ENOMEM;
	int64_t weight = gather(&decimal, digits);
	size_t begin = 0, end = room;
	while (begin < end && digits[begin] == 0) {
		begin++;
		weight--;
	}
	while (end > begin && digits[end - 1] == 0)
		end--;
	const int64_t scale = decimal.scale < 0 ? 0 : decimal.scale;
	if (begin == end)
		weight = 0;
	const bool right = scale <= MAX_SCALE && weight <= INT16_MAX && weight >= INT16_MIN &&
			   end - begin <= INT16_MAX;
	if (right)
		add_head(out, end - begin, weight, decimal.negative && begin < end ? NEGATIVE : 0,
			 scale);
	for (size_t i = begin; right && i < end; i++)
		wok__pg_buffer_int16(out, digits[i]);
	wok_free(digits);
	return right ? out->error : -ERANGE;
}

wok_value wok_pg_numeric(const char *text)
{
	wok_value value = wok_value_text(text);

	if (value.kind == WOK_VALUE_TEXT)
		value.type = WOK__PG_OID_NUMERIC;
	return value;
}

/* The binary form of a value, perhaps built: the buffer holds it then. */
static int numeric_of(const wok_value *value, struct wok__pg_buffer *buffer,
		      struct numeric *ret_number)
{
	const struct wok__pg_type *type;

	WOK_TRY(wok__pg_own(value, WOK__PG_NUMERIC, "a numeric", &type));
	const char *data = value->data;
	size_t size = value->size;
	if (value->format == WOK__PG_FORM_TEXT) {
		const int r = wok__pg_build_numeric(value->text, value->size, buffer);

		if (r < 0)
			return r == -ENOMEM ? r : wok_fail(r, "this text is no numeric");
		data = buffer->data;
		size = buffer->size;
	}
	if (!wok__pg_numeric_is_right(data, size))
		return wok_fail(WOK_EPEER, "these %zu bytes are no numeric", size);
	*ret_number = read_head(data);
	return 0;
}

static int to_int(const struct numeric *number, int64_t *ret_integer)
{
	int64_t integer = 0;

	if (name_of(number->sign))
		return wok_fail(-ERANGE, "%s is no integer", name_of(number->sign));
	/* Negative all the way: the least integer has no positive twin. */
	for (int power = number->weight; power >= 0; power--) {
		if (__builtin_mul_overflow(integer, INT64_C(10000), &integer) ||
		    __builtin_sub_overflow(integer, digit_of(number, power), &integer))
			return wok_fail(-ERANGE, "the numeric does not fit into 64 bits");
	}
	for (int power = -1; number->weight - power < number->count; power--) {
		if (digit_of(number, power) != 0)
			return wok_fail(-EINVAL, "the numeric is not an integer");
	}
	if (number->sign != NEGATIVE && __builtin_sub_overflow(INT64_C(0), integer, &integer))
		return wok_fail(-ERANGE, "the numeric does not fit into 64 bits");
	*ret_integer = integer;
	return 0;
}

/*
 * By way of a text without a point: 800 digits decide how any double is rounded, and of the rest
 * only whether it is zero.
 */
static double to_double(const struct numeric *number)
{
	char text[840];
	size_t n = 0;
	int i = 0;

	if (name_of(number->sign))
		return strtod(name_of(number->sign), NULL);
	if (number->sign == NEGATIVE)
		text[n++] = '-';
	text[n++] = '0';
	for (; i < number->count && i < 200; i++, n += 4)
		snprintf(text + n, 5, "%04u", digit_of(number, number->weight - i) % 10000);
	int exponent = (number->weight - i + 1) * 4;
	for (; i < number->count; i++) {
		if (digit_of(number, number->weight - i) != 0) {
			text[n++] = '1';
			exponent--;
			break;
		}
	}
	snprintf(text + n, sizeof(text) - n, "e%d", exponent);
	return strtod(text, NULL);
}

int wok_pg_get_int(const wok_value *value, int64_t *ret_integer)
{
	struct wok__pg_buffer buffer = {0};
	struct numeric number;

	if (value->kind != WOK_VALUE_OWN)
		return wok_value_get_int(value, ret_integer);
	int r = numeric_of(value, &buffer, &number);
	if (r >= 0)
		r = to_int(&number, ret_integer);
	wok__pg_buffer_free(&buffer);
	return r;
}

int wok_pg_get_double(const wok_value *value, double *ret_real)
{
	struct wok__pg_buffer buffer = {0};
	struct numeric number;

	if (value->kind != WOK_VALUE_OWN)
		return wok_value_get_double(value, ret_real);
	const int r = numeric_of(value, &buffer, &number);
	if (r >= 0)
		*ret_real = to_double(&number);
	wok__pg_buffer_free(&buffer);
	return r;
}

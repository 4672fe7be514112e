/* SPDX-License-Identifier: MIT */
/* Text that is written and read, piece by piece: see own.h. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/c_locale.h"
#include "db/postgres/types/own.h"

static void put_raw(struct wok__pg_writer *writer, const char *data, size_t size)
{
	if (writer->length < writer->size) {
		const size_t room = writer->size - writer->length;

		memcpy(writer->text + writer->length, data, size < room ? size : room);
	}
	writer->length += size;
}

/* A character within quotes within quotes: the innermost escapes first. */
static void put_escaped(struct wok__pg_writer *writer, const struct wok__pg_escape *escape, char c)
{
	if (!escape) {
		put_raw(writer, &c, 1);
		return;
	}
	if (c == '"' || c == '\\')
		put_escaped(writer, escape->outer, (char) (escape->doubled ? c : '\\'));
	put_escaped(writer, escape->outer, c);
}

static void look(struct wok__pg_probe *probe, const char *data, size_t size)
{
	for (size_t i = 0; i < size && !probe->special; i++) {
		if (probe->length + i < sizeof(probe->begin))
			probe->begin[probe->length + i] = data[i];
		probe->special = data[i] == probe->delimiter || data[i] == ' ' ||
				 (data[i] >= '\t' && data[i] <= '\r') ||
				 (data[i] && strchr(probe->specials, data[i]));
	}
	probe->length += size;
}

void wok__pg_put_bytes(struct wok__pg_writer *writer, const char *data, size_t size)
{
	if (writer->probe)
		look(writer->probe, data, size);
	else if (writer->escape)
		for (size_t i = 0; i < size; i++)
			put_escaped(writer, writer->escape, data[i]);
	else
		put_raw(writer, data, size);
}

void wok__pg_put(struct wok__pg_writer *writer, char c)
{
	wok__pg_put_bytes(writer, &c, 1);
}

void wok__pg_puts(struct wok__pg_writer *writer, const char *text)
{
	wok__pg_put_bytes(writer, text, strlen(text));
}

void wok__pg_put_digits(struct wok__pg_writer *writer, uint64_t value, int digits)
{
	char text[24];
	size_t at = sizeof(text);

	do {
		text[--at] = (char) ('0' + value % 10);
		value /= 10;
		digits--;
	} while ((value > 0 || digits > 0) && at > 0);
	wok__pg_put_bytes(writer, text + at, sizeof(text) - at);
}

void wok__pg_put_int(struct wok__pg_writer *writer, int64_t value)
{
	if (value < 0)
		wok__pg_put(writer, '-');
	wok__pg_put_digits(writer, value < 0 ? -(uint64_t) value : (uint64_t) value, 1);
}

/* Whether a text, as d.ddde+dd, is exactly this number: which is then written out in full. */
static bool is_exactly(const char *text, long double number)
{
	const size_t n = strcspn(text, "e");
	char all[128];

	if (strtold(text, NULL) != number)
		return false;
	snprintf(all, sizeof(all), "%.80Le", number);
	return strncmp(all, text, n) == 0 && strspn(all + n, "0.") == strcspn(all + n, "e");
}

/* Halfway between two numbers: C reads it as the even one, but not everybody does. */
static bool is_tie(const char *text, double value, bool single)
{
	const double up = single ? nextafterf((float) value, INFINITY) : nextafter(value, INFINITY);
	const double down = single ? nextafterf((float) value, 0) : nextafter(value, 0);

	return is_exactly(text, ((long double) value + up) / 2) ||
	       is_exactly(text, ((long double) value + down) / 2);
}

/* The fewest digits that everybody reads back as the same number, as d.ddde+dd; value above 0. */
static void shortest(double value, bool single, char text[32])
{
	const bool tiny = value < (single ? 0x1p-126 : 0x1p-1022);
	const int last = single ? 8 : 16;
	const struct wok__c_locale locale = wok__c_locale_enter();

	/* Six or 15 digits always survive, except in numbers that have lost digits already. */
	for (int digits = tiny ? 0 : single ? 5 : 14; digits <= last; digits++) {
		snprintf(text, 32, "%.*e", digits, value);
		const bool same =
			single ? strtof(text, NULL) == (float) value : strtod(text, NULL) == value;

		if (same && !is_tie(text, value, single))
			break;
	}
	wok__c_locale_leave(&locale);
}

/* The digits alone, without the zeros at the end, and the exponent of the first. */
static size_t digits_of(const char *text, char digits[20], int *ret_exponent)
{
	size_t n = 0;

	for (; *text && *text != 'e'; text++) {
		if (*text >= '0' && *text <= '9' && n < 20)
			digits[n++] = *text;
	}
	*ret_exponent = *text == 'e' ? (int) strtol(text + 1, NULL, 10) : 0;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	return n;
}

static void put_fixed(struct wok__pg_writer *writer, const char *digits, size_t n, int exponent)
{
	size_t i = 0;

	if (exponent < 0)
		wok__pg_put(writer, '0');
	for (int place = exponent < 0 ? -1 : exponent; i < n || place >= 0; place--) {
		if (place == -1)
			wok__pg_put(writer, '.');
		wok__pg_put(writer, (char) (place > exponent || i >= n ? '0' : digits[i++]));
	}
}

/* The server writes exponents where a number has more digits before the point than it can hold. */
static void put_real(struct wok__pg_writer *writer, double value, bool single)
{
	char text[32], digits[20];
	int exponent;

	if (signbit(value) && !isnan(value))
		wok__pg_put(writer, '-');
	if (isnan(value) || isinf(value)) {
		wok__pg_puts(writer, isnan(value) ? "NaN" : "Infinity");
		return;
	}
	if (value == 0) {
		wok__pg_put(writer, '0');
		return;
	}
	shortest(fabs(value), single, text);
	const size_t n = digits_of(text, digits, &exponent);
	if (exponent >= -4 && exponent < (single ? 6 : 15)) {
		put_fixed(writer, digits, n, exponent);
		return;
	}
	put_fixed(writer, digits, n, 0);
	wok__pg_put(writer, 'e');
	wok__pg_put(writer, exponent < 0 ? '-' : '+');
	wok__pg_put_digits(writer, (uint64_t) abs(exponent), 2);
}

void wok__pg_put_double(struct wok__pg_writer *writer, double value)
{
	put_real(writer, value, false);
}

void wok__pg_put_float(struct wok__pg_writer *writer, float value)
{
	put_real(writer, value, true);
}

bool wok__pg_take(struct wok__pg_scan *reader, char c)
{
	if (reader->at == reader->end || *reader->at != c)
		return false;
	reader->at++;
	return true;
}

static char lower(char c)
{
	return (char) (c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool wok__pg_take_text(struct wok__pg_scan *reader, const char *text)
{
	const char *at = reader->at;

	for (; *text; text++, at++) {
		if (at == reader->end || lower(*at) != lower(*text))
			return false;
	}
	reader->at = at;
	return true;
}

bool wok__pg_take_number(struct wok__pg_scan *reader, int64_t *ret_number, int *ret_digits)
{
	const char *const start = reader->at;
	int64_t number = 0;

	for (; reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9'; reader->at++) {
		if (__builtin_mul_overflow(number, INT64_C(10), &number) ||
		    __builtin_add_overflow(number, (int64_t) (*reader->at - '0'), &number))
			return false;
	}
	*ret_number = number;
	if (ret_digits)
		*ret_digits = (int) (reader->at - start);
	return reader->at > start;
}

bool wok__pg_take_double(struct wok__pg_scan *reader, double *ret_number)
{
	char text[400], *end;
	size_t n = 0;

	while (n < sizeof(text) - 1 && reader->at + n < reader->end &&
	       (wok__pg_find_in("+-.", reader->at[n]) ||
		(reader->at[n] >= '0' && reader->at[n] <= '9') ||
		(reader->at[n] >= 'a' && reader->at[n] <= 'z') ||
		(reader->at[n] >= 'A' && reader->at[n] <= 'Z'))) {
		text[n] = reader->at[n];
		n++;
	}
	text[n] = '\0';
	const struct wok__c_locale locale = wok__c_locale_enter();
	errno = 0;
	*ret_number = strtod(text, &end);
	const bool out_of_range = errno == ERANGE;
	wok__c_locale_leave(&locale);
	if (n == 0 || end != text + n)
		return false;
	/* What is out of range is an error to the server, too, not infinity. */
	if (out_of_range && (isinf(*ret_number) || *ret_number == 0))
		return false;
	reader->at += n;
	return true;
}

void wok__pg_skip_space(struct wok__pg_scan *reader)
{
	while (reader->at < reader->end &&
	       (*reader->at == ' ' || (*reader->at >= '\t' && *reader->at <= '\r')))
		reader->at++;
}

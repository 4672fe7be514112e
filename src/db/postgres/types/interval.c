/* SPDX-License-Identifier: MIT */
/* The text of intervals, IntervalStyle postgres: "1 year -2 mons +3 days 04:05:06.7". */
#include "db/postgres/types/own.h"

struct state {
	struct wok__pg_writer *writer;
	bool any;
	bool negative; /* the part before was: then a positive one shows its sign */
};

static void put_part(struct state *state, int64_t value, const char *unit)
{
	if (value == 0)
		return;
	if (state->any)
		wok__pg_put(state->writer, ' ');
	if (state->negative && value > 0)
		wok__pg_put(state->writer, '+');
	wok__pg_put_int(state->writer, value);
	wok__pg_put(state->writer, ' ');
	wok__pg_puts(state->writer, unit);
	if (value != 1)
		wok__pg_put(state->writer, 's');
	state->any = true;
	state->negative = value < 0;
}

static void put_time(struct state *state, int64_t time)
{
	const uint64_t micros = time < 0 ? -(uint64_t) time : (uint64_t) time;
	const uint64_t seconds = micros / 1000000;
	uint64_t fraction = micros % 1000000;
	int digits = 6;

	if (state->any)
		wok__pg_put(state->writer, ' ');
	if (time < 0 || state->negative)
		wok__pg_put(state->writer, time < 0 ? '-' : '+');
	wok__pg_put_digits(state->writer, seconds / 3600, 2);
	wok__pg_put(state->writer, ':');
	wok__pg_put_digits(state->writer, seconds / 60 % 60, 2);
	wok__pg_put(state->writer, ':');
	wok__pg_put_digits(state->writer, seconds % 60, 2);
	if (fraction == 0)
		return;
	for (; fraction % 10 == 0; digits--)
		fraction /= 10;
	wok__pg_put(state->writer, '.');
	wok__pg_put_digits(state->writer, fraction, digits);
}

/* Infinity is all three at their largest: since PostgreSQL 17. */
void wok__pg_write_interval(struct wok__pg_writer *writer, const char *data)
{
	const int64_t time = (int64_t) wok__pg_get64(data);
	const int32_t days = (int32_t) wok__pg_get32(data + 8);
	const int32_t months = (int32_t) wok__pg_get32(data + 12);
	struct state state = {.writer = writer};

	if (time == INT64_MAX && days == INT32_MAX && months == INT32_MAX) {
		wok__pg_puts(writer, "infinity");
		return;
	}
	if (time == INT64_MIN && days == INT32_MIN && months == INT32_MIN) {
		wok__pg_puts(writer, "-infinity");
		return;
	}
	put_part(&state, months / 12, "year");
	put_part(&state, months % 12, "mon");
	put_part(&state, days, "day");
	if (time != 0 || !state.any)
		put_time(&state, time);
}

struct parts {
	int64_t months;
	int64_t days;
	int64_t time;
};

/* Behind the hours: ":05:06.789". */
static bool take_clock(struct wok__pg_scan *scan, bool minus, int64_t hours, struct parts *parts)
{
	int64_t minutes, seconds, fraction = 0, time;
	int digits = 6;

	if (!wok__pg_take_number(scan, &minutes, NULL) || minutes > 59 ||
	    !wok__pg_take(scan, ':') || !wok__pg_take_number(scan, &seconds, NULL) || seconds > 59)
		return false;
	if (wok__pg_take(scan, '.') &&
	    (!wok__pg_take_number(scan, &fraction, &digits) || digits > 6))
		return false;
	for (; digits < 6; digits++)
		fraction *= 10;
	const int64_t rest = (minutes * 60 + seconds) * 1000000 + fraction;
	/* Subtracted from zero, as the least of all numbers has no positive twin. */
	if (__builtin_mul_overflow(hours, INT64_C(-3600000000), &time) ||
	    __builtin_sub_overflow(time, rest, &time) ||
	    (!minus && __builtin_sub_overflow(INT64_C(0), time, &time)))
		return false;
	parts->time = time;
	return true;
}

static bool take_unit(struct wok__pg_scan *scan, int64_t number, struct parts *parts)
{
	if (number < -(INT64_C(1) << 32) || number > INT64_C(1) << 32 || !wok__pg_take(scan, ' '))
		return false;
	if (wok__pg_take_text(scan, "year"))
		parts->months += number * 12;
	else if (wok__pg_take_text(scan, "mon"))
		parts->months += number;
	else if (wok__pg_take_text(scan, "day"))
		parts->days += number;
	else
		return false;
	wok__pg_take(scan, 's');
	return scan->at == scan->end || wok__pg_take(scan, ' ');
}

static bool in_range(int64_t value)
{
	return value >= INT32_MIN && value <= INT32_MAX;
}

ssize_t wok__pg_parse_interval(const char *text, size_t size, char *to)
{
	struct wok__pg_scan scan = {text, text + size};
	struct parts parts = {0};

	if (size == 0)
		return -EINVAL;
	if (wok__pg_take_text(&scan, "infinity"))
		parts = (struct parts){INT32_MAX, INT32_MAX, INT64_MAX};
	else if (wok__pg_take_text(&scan, "-infinity"))
		parts = (struct parts){INT32_MIN, INT32_MIN, INT64_MIN};
	while (scan.at < scan.end) {
		const bool minus = wok__pg_take(&scan, '-');
		int64_t number;

		if (!minus)
			wok__pg_take(&scan, '+');
		if (!wok__pg_take_number(&scan, &number, NULL))
			return -EINVAL;
		if (wok__pg_take(&scan, ':') ? !take_clock(&scan, minus, number, &parts)
					     : !take_unit(&scan, minus ? -number : number, &parts))
			return -EINVAL;
	}
	if (!in_range(parts.months) || !in_range(parts.days))
		return -EINVAL;
	wok__pg_put64(to, (uint64_t) parts.time);
	wok__pg_put32(to + 8, (uint32_t) parts.days);
	wok__pg_put32(to + 12, (uint32_t) parts.months);
	return 16;
}

/* SPDX-License-Identifier: MIT */
/*
 * Dates and times: see wok/pg_types.h. PostgreSQL counts days and microseconds from 2000-01-01; the
 * largest of the numbers is infinity, the least is -infinity. Its calendar is the Gregorian one,
 * also before that began.
 */
#include <string.h>

#include "db/postgres/types/own.h"

#define DAY INT64_C(86400000000)
#define EPOCH_DAYS 10957 /* from 1970 to 2000 */

/* Years begin in March here, so that the leap day is a year's last. Howard Hinnant has the proof.
 */
int64_t wok_pg_days(int64_t year, int month, int day)
{
	const int64_t y = month <= 2 ? year - 1 : year;
	const int64_t era = (y >= 0 ? y : y - 399) / 400;
	const int64_t of_era = y - era * 400;
	const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void wok_pg_calendar(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day)
{
	const int64_t z = days + 719468;
	const int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	const int64_t of_era = z - era * 146097;
	const int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	const int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	const int64_t month = (5 * of_year + 2) / 153;

	*ret_day = (int) (of_year - (153 * month + 2) / 5 + 1);
	*ret_month = (int) (month < 10 ? month + 3 : month - 9);
	*ret_year = year + era * 400 + (*ret_month <= 2);
}

static void put_date(struct wok__pg_writer *writer, int64_t days, bool *ret_bc)
{
	int64_t year;
	int month, day;

	wok_pg_calendar(days, &year, &month, &day);
	*ret_bc = year <= 0;
	wok__pg_put_digits(writer, (uint64_t) (year <= 0 ? 1 - year : year), 4);
	wok__pg_put(writer, '-');
	wok__pg_put_digits(writer, (uint64_t) month, 2);
	wok__pg_put(writer, '-');
	wok__pg_put_digits(writer, (uint64_t) day, 2);
}

/* A fraction without the zeros at its end. */
static void put_fraction(struct wok__pg_writer *writer, int64_t fraction)
{
	int digits = 6;

	if (fraction == 0)
		return;
	for (; fraction % 10 == 0; digits--)
		fraction /= 10;
	wok__pg_put(writer, '.');
	wok__pg_put_digits(writer, (uint64_t) fraction, digits);
}

static void put_time(struct wok__pg_writer *writer, int64_t time)
{
	const int64_t seconds = time / 1000000;

	wok__pg_put_digits(writer, (uint64_t) (seconds / 3600), 2);
	wok__pg_put(writer, ':');
	wok__pg_put_digits(writer, (uint64_t) (seconds / 60 % 60), 2);
	wok__pg_put(writer, ':');
	wok__pg_put_digits(writer, (uint64_t) (seconds % 60), 2);
	put_fraction(writer, time % 1000000);
}

/* East of Greenwich: "+02", "-09:30", "+00:19:32". */
static void put_zone(struct wok__pg_writer *writer, int64_t east)
{
	const int64_t zone = east < 0 ? -east : east;

	wok__pg_put(writer, east < 0 ? '-' : '+');
	wok__pg_put_digits(writer, (uint64_t) (zone / 3600), 2);
	if (zone % 3600 == 0)
		return;
	wok__pg_put(writer, ':');
	wok__pg_put_digits(writer, (uint64_t) (zone / 60 % 60), 2);
	if (zone % 60 == 0)
		return;
	wok__pg_put(writer, ':');
	wok__pg_put_digits(writer, (uint64_t) (zone % 60), 2);
}

static void write_date(struct wok__pg_writer *writer, int32_t days)
{
	bool bc = false;

	if (days == INT32_MAX || days == INT32_MIN) {
		wok__pg_puts(writer, days < 0 ? "-infinity" : "infinity");
		return;
	}
	put_date(writer, (int64_t) days + EPOCH_DAYS, &bc);
	if (bc)
		wok__pg_puts(writer, " BC");
}

static void write_timestamp(struct wok__pg_writer *writer, int64_t when, bool with_zone)
{
	bool bc = false;

	if (when == INT64_MAX || when == INT64_MIN) {
		wok__pg_puts(writer, when < 0 ? "-infinity" : "infinity");
		return;
	}
	const int64_t time = (when % DAY + DAY) % DAY;
	put_date(writer, when / DAY - (when % DAY < 0) + EPOCH_DAYS, &bc);
	wok__pg_put(writer, ' ');
	put_time(writer, time);
	if (with_zone)
		put_zone(writer, 0);
	if (bc)
		wok__pg_puts(writer, " BC");
}

/* What the server would not send is written too, as long as it is a time of day. */
static void write_time(struct wok__pg_writer *writer, int64_t time)
{
	if (time < 0 || time > DAY)
		wok__pg_put(writer, '?');
	else
		put_time(writer, time);
}

void wok__pg_write_datetime(struct wok__pg_writer *writer, unsigned kind, const char *data)
{
	switch (kind) {
	case WOK__PG_DATE:
		write_date(writer, (int32_t) wok__pg_get32(data));
		break;
	case WOK__PG_TIME:
		write_time(writer, (int64_t) wok__pg_get64(data));
		break;
	case WOK__PG_TIMETZ:
		write_time(writer, (int64_t) wok__pg_get64(data));
		/* On the wire it is west of Greenwich. */
		put_zone(writer, -(int64_t) (int32_t) wok__pg_get32(data + 8));
		break;
	default:
		write_timestamp(writer, (int64_t) wok__pg_get64(data), kind == WOK__PG_TIMESTAMPTZ);
	}
}

/* A year of fewer digits than four may be one of this century: only the server knows. */
static bool take_date(struct wok__pg_scan *reader, int64_t *ret_year, int64_t *ret_month,
		      int64_t *ret_day)
{
	int digits;

	return wok__pg_take_number(reader, ret_year, &digits) && digits >= 4 && *ret_year >= 1 &&
	       *ret_year <= 6000000 && wok__pg_take(reader, '-') &&
	       wok__pg_take_number(reader, ret_month, NULL) && *ret_month >= 1 &&
	       *ret_month <= 12 && wok__pg_take(reader, '-') &&
	       wok__pg_take_number(reader, ret_day, NULL) && *ret_day >= 1 && *ret_day <= 31;
}

static bool take_fraction(struct wok__pg_scan *reader, int64_t *time)
{
	int64_t fraction = 0;
	int digits = 0;

	if (!wok__pg_take(reader, '.'))
		return true;
	if (!wok__pg_take_number(reader, &fraction, &digits) || digits > 6)
		return false;
	for (; digits < 6; digits++)
		fraction *= 10;
	*time += fraction;
	return true;
}

static bool take_time(struct wok__pg_scan *reader, int64_t *ret_time)
{
	int64_t hours, minutes, seconds = 0;

	if (!wok__pg_take_number(reader, &hours, NULL) || hours > 24 ||
	    !wok__pg_take(reader, ':') || !wok__pg_take_number(reader, &minutes, NULL) ||
	    minutes > 59)
		return false;
	const bool whole = wok__pg_take(reader, ':');
	if (whole && (!wok__pg_take_number(reader, &seconds, NULL) || seconds > 60))
		return false;
	*ret_time = ((hours * 60 + minutes) * 60 + seconds) * 1000000;
	/* "04:05.6" is minutes and seconds: it is left to the server. */
	return (!whole || take_fraction(reader, ret_time)) && *ret_time <= DAY;
}

static bool take_zone(struct wok__pg_scan *reader, int64_t *ret_east)
{
	const bool west = wok__pg_take(reader, '-');
	int64_t hours, minutes = 0, seconds = 0;

	if (!west && !wok__pg_take(reader, '+'))
		return false;
	if (!wok__pg_take_number(reader, &hours, NULL) || hours > 15)
		return false;
	if (wok__pg_take(reader, ':') &&
	    (!wok__pg_take_number(reader, &minutes, NULL) || minutes > 59))
		return false;
	if (wok__pg_take(reader, ':') &&
	    (!wok__pg_take_number(reader, &seconds, NULL) || seconds > 59))
		return false;
	*ret_east = (hours * 60 + minutes) * 60 + seconds;
	if (west)
		*ret_east = -*ret_east;
	return true;
}

static ssize_t parse_time(struct wok__pg_scan *reader, bool with_zone, char *to)
{
	int64_t time, east = 0;

	if (!take_time(reader, &time) || (with_zone && !take_zone(reader, &east)) ||
	    reader->at != reader->end)
		return -EINVAL;
	wok__pg_put64(to, (uint64_t) time);
	if (with_zone)
		wok__pg_put32(to + 8, (uint32_t) -east);
	return with_zone ? 12 : 8;
}

static ssize_t parse_infinity(struct wok__pg_scan *reader, bool is_date, char *to)
{
	const bool minus = wok__pg_take(reader, '-');

	if (!wok__pg_take_text(reader, "infinity") || reader->at != reader->end)
		return -EINVAL;
	if (is_date)
		wok__pg_put32(to, (uint32_t) (minus ? INT32_MIN : INT32_MAX));
	else
		wok__pg_put64(to, (uint64_t) (minus ? INT64_MIN : INT64_MAX));
	return is_date ? 4 : 8;
}

/* February has no 30th, which would be another day of March. */
static bool is_of_month(int64_t year, int64_t month, int64_t days)
{
	int64_t its_year;
	int its_month, its_day;

	wok_pg_calendar(days + EPOCH_DAYS, &its_year, &its_month, &its_day);
	return its_year == year && its_month == month;
}

/* "2024-02-29 12:34:56.789+02 BC"; a "T" between date and time, and "Z", are ISO 8601's. */
static ssize_t parse_timestamp(struct wok__pg_scan *reader, unsigned kind, char *to)
{
	int64_t year, month, day, time = 0, east = 0, when;

	if (!take_date(reader, &year, &month, &day))
		return -EINVAL;
	const bool timed =
		kind != WOK__PG_DATE && reader->at + 1 < reader->end && reader->at[1] != 'B';
	if (timed && ((!wok__pg_take(reader, ' ') && !wok__pg_take(reader, 'T')) ||
		      !take_time(reader, &time)))
		return -EINVAL;
	if (kind == WOK__PG_TIMESTAMPTZ && !wok__pg_take(reader, 'Z') && !take_zone(reader, &east))
		return -EINVAL; /* the session's time zone is meant: only the server knows it */
	if (wok__pg_take_text(reader, " BC"))
		year = 1 - year;
	if (reader->at != reader->end)
		return -EINVAL;
	const int64_t days = wok_pg_days(year, (int) month, (int) day) - EPOCH_DAYS;
	if (!is_of_month(year, month, days))
		return -EINVAL;
	if (kind == WOK__PG_DATE) {
		if (days <= INT32_MIN || days >= INT32_MAX) /* those are infinity */
			return -EINVAL;
		wok__pg_put32(to, (uint32_t) days);
		return 4;
	}
	if (__builtin_mul_overflow(days, DAY, &when) ||
	    __builtin_add_overflow(when, time - east * 1000000, &when))
		return -EINVAL;
	wok__pg_put64(to, (uint64_t) when);
	return 8;
}

ssize_t wok__pg_parse_datetime(unsigned kind, const char *text, size_t size, char *to)
{
	struct wok__pg_scan reader = {text, text + size};

	if (kind == WOK__PG_TIME || kind == WOK__PG_TIMETZ)
		return parse_time(&reader, kind == WOK__PG_TIMETZ, to);
	const ssize_t r = parse_infinity(&reader, kind == WOK__PG_DATE, to);
	if (r > 0)
		return r;
	reader.at = text;
	return parse_timestamp(&reader, kind, to);
}

/* SPDX-License-Identifier: MIT */
/* Dates: see http/date.h. */
#include "http/date.h"

#include <stddef.h>
#include <string.h>

enum { DAY = 86400, EPOCH = 1970, LAST_YEAR = 9999 };

static const char days[7][10] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
				 "Thursday", "Friday", "Saturday"};
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
				   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct date {
	int year, month, day; /* month and day from 0 */
	int hour, minute, second;
};

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of(int month, int year)
{
	static const char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return lengths[month] + (month == 1 && is_leap(year));
}

/* Days from the first day of the year 1 to that of another one. */
static int64_t days_before(int year)
{
	int64_t n = year - 1;

	return n * 365 + n / 4 - n / 100 + n / 400;
}

static int64_t seconds_of(const struct date *date)
{
	int64_t day = days_before(date->year) - days_before(EPOCH) + date->day;

	for (int month = 0; month < date->month; month++)
		day += days_of(month, date->year);
	return ((day * 24 + date->hour) * 60 + date->minute) * 60 + date->second;
}

static struct date date_of(int64_t day, int64_t second)
{
	struct date date = {.year = (int) (day / 366) + EPOCH};

	/* Not later than the right one, and a few decades before it at most. */
	day += days_before(EPOCH);
	while (days_before(date.year + 1) <= day)
		date.year++;
	day -= days_before(date.year);
	for (; day >= days_of(date.month, date.year); date.month++)
		day -= days_of(date.month, date.year);
	date.day = (int) day;
	date.hour = (int) (second / 3600);
	date.minute = (int) (second / 60 % 60);
	date.second = (int) (second % 60);
	return date;
}

static char *put_digits(char *to, int value, int n)
{
	for (int i = n - 1; i >= 0; i--, value /= 10)
		to[i] = (char) ('0' + value % 10);
	return to + n;
}

static char *put_text(char *to, const char *text, size_t size)
{
	memcpy(to, text, size);
	return to + size;
}

void wok__http_date_print(int64_t seconds, char text[WOK__HTTP_DATE_SIZE])
{
	const int64_t end = (days_before(LAST_YEAR + 1) - days_before(EPOCH)) * DAY;

	seconds = seconds < 0 ? 0 : seconds >= end ? end - 1 : seconds;
	struct date date = date_of(seconds / DAY, seconds % DAY);
	char *to = put_text(text, days[(seconds / DAY + 4) % 7], 3); /* it began on a Thursday */
	to = put_digits(put_text(to, ", ", 2), date.day + 1, 2);
	to = put_text(put_text(to, " ", 1), months[date.month], 3);
	to = put_digits(put_text(to, " ", 1), date.year, 4);
	to = put_digits(put_text(to, " ", 1), date.hour, 2);
	to = put_digits(put_text(to, ":", 1), date.minute, 2);
	to = put_digits(put_text(to, ":", 1), date.second, 2);
	memcpy(to, " GMT", 5);
}

/* What follows takes a part off the text, or makes it NULL. */

static void take_text(const char **at, const char *text)
{
	size_t size = strlen(text);

	if (*at)
		*at = strncmp(*at, text, size) == 0 ? *at + size : NULL;
}

static int take_digits(const char **at, int n)
{
	int value = 0;

	for (int i = 0; *at && i < n; i++) {
		char c = **at;
		value = value * 10 + (c - '0');
		*at = c >= '0' && c <= '9' ? *at + 1 : NULL;
	}
	return value;
}

static void take_month(const char **at, struct date *date)
{
	for (int i = 0; *at && i < 12; i++) {
		if (strncmp(*at, months[i], 3) == 0) {
			date->month = i;
			*at += 3;
			return;
		}
	}
	*at = NULL;
}

static void take_time(const char **at, struct date *date)
{
	date->hour = take_digits(at, 2);
	take_text(at, ":");
	date->minute = take_digits(at, 2);
	take_text(at, ":");
	date->second = take_digits(at, 2);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" or "Sunday, 06-Nov-94 08:49:37 GMT", behind the comma. */
static const char *take_usual(const char *at, bool old, struct date *date)
{
	take_text(&at, ", ");
	date->day = take_digits(&at, 2) - 1;
	take_text(&at, old ? "-" : " ");
	take_month(&at, date);
	take_text(&at, old ? "-" : " ");
	date->year = take_digits(&at, old ? 2 : 4);
	if (old)
		date->year += date->year < 70 ? 2000 : 1900;
	take_text(&at, " ");
	take_time(&at, date);
	take_text(&at, " GMT");
	return at;
}

/* "Sun Nov  6 08:49:37 1994", behind the day's name. */
static const char *take_asctime(const char *at, struct date *date)
{
	take_text(&at, " ");
	take_month(&at, date);
	take_text(&at, " ");
	bool one = at && *at == ' ';
	take_text(&at, one ? " " : "");
	date->day = take_digits(&at, one ? 1 : 2) - 1;
	take_text(&at, " ");
	take_time(&at, date);
	take_text(&at, " ");
	date->year = take_digits(&at, 4);
	return at;
}

static const char *take_date(const char *text, struct date *date)
{
	for (size_t i = 0; i < sizeof(days) / sizeof(*days); i++) {
		size_t size = strlen(days[i]);
		if (strncmp(text, days[i], 3) != 0)
			continue;
		if (strncmp(text, days[i], size) == 0)
			return take_usual(text + size, true, date);
		return text[3] == ',' ? take_usual(text + 3, false, date)
				      : take_asctime(text + 3, date);
	}
	return NULL;
}

static bool makes_sense(const struct date *date)
{
	/* 60: a leap second. */
	return date->year > 0 && date->day >= 0 && date->day < days_of(date->month, date->year) &&
	       date->hour < 24 && date->minute < 60 && date->second <= 60;
}

bool wok__http_date_parse(const char *text, int64_t *ret_seconds)
{
	struct date date = {0};
	const char *end = take_date(text, &date);

	if (!end || *end != '\0' || !makes_sense(&date))
		return false;
	*ret_seconds = seconds_of(&date);
	return true;
}

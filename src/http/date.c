/* SPDX-License-Identifier: MIT */
/* Dates: see http/date.h. */
#include "http/date.h"

#include <string.h>
#include <strings.h>

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char days[] = "SunMonTueWedThuFriSat";
static const char *const long_days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
					"Thursday", "Friday", "Saturday"};

struct civil {
	int year, month, day, hour, minute, second; /* month: 1 to 12 */
};

/* --- days ------------------------------------------------------------------------------------- */

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in(int year, int month)
{
	static const int length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return length[month - 1] + (month == 2 && is_leap(year));
}

/* Days since 1970-01-01. Years begin in March, so that the leap day comes last. */
static int64_t days_from_civil(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool to_seconds(const struct civil *civil, int64_t *ret_seconds)
{
	if (civil->month < 1 || civil->month > 12 || civil->day < 1 ||
	    civil->day > days_in(civil->year, civil->month) || civil->hour > 23 ||
	    civil->minute > 59 || civil->second > 60)
		return false;
	*ret_seconds = days_from_civil(civil->year, civil->month, civil->day) * INT64_C(86400) +
		       civil->hour * INT64_C(3600) + civil->minute * INT64_C(60) + civil->second;
	return true;
}

static struct civil to_civil(int64_t seconds)
{
	int64_t day = seconds / 86400, rest = seconds % 86400;
	if (rest < 0) {
		rest += 86400;
		day--;
	}
	int64_t z = day + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t of_era = z - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int month = (int) ((5 * of_year + 2) / 153);

	return (struct civil){
		.year = (int) (year + era * 400) + (month >= 10),
		.month = month < 10 ? month + 3 : month - 9,
		.day = (int) (of_year - (153 * month + 2) / 5) + 1,
		.hour = (int) (rest / 3600),
		.minute = (int) (rest / 60 % 60),
		.second = (int) (rest % 60),
	};
}

/* --- writing ---------------------------------------------------------------------------------- */

static char *put_number(char *at, int value, int digits)
{
	for (int i = digits - 1; i >= 0; i--, value /= 10)
		at[i] = (char) ('0' + value % 10);
	return at + digits;
}

static char *put_text(char *at, const char *text, size_t size)
{
	memcpy(at, text, size);
	return at + size;
}

void wok__http_date_put(int64_t seconds, char ret_text[WOK__HTTP_DATE_SIZE])
{
	const int64_t first = -62167219200, last = 253402300799;
	char *at = ret_text;

	seconds = seconds < first ? first : seconds > last ? last : seconds;
	struct civil civil = to_civil(seconds);
	/* 1970 began on a Thursday */
	int64_t day = days_from_civil(civil.year, civil.month, civil.day);
	size_t weekday = (size_t) ((day + 4 + 7 * INT64_C(1000000)) % 7);
	at = put_text(at, days + 3 * weekday, 3);
	at = put_text(at, ", ", 2);
	at = put_number(at, civil.day, 2);
	*at++ = ' ';
	at = put_text(at, months + 3 * (size_t) (civil.month - 1), 3);
	*at++ = ' ';
	at = put_number(at, civil.year, 4);
	*at++ = ' ';
	at = put_number(at, civil.hour, 2);
	*at++ = ':';
	at = put_number(at, civil.minute, 2);
	*at++ = ':';
	at = put_number(at, civil.second, 2);
	put_text(at, " GMT", 5);
}

/* --- reading ---------------------------------------------------------------------------------- */

struct scanner {
	const char *at, *end;
	bool failed;
};

static void expect(struct scanner *scanner, const char *text)
{
	size_t size = strlen(text);

	if (scanner->failed || (size_t) (scanner->end - scanner->at) < size ||
	    strncasecmp(scanner->at, text, size) != 0)
		scanner->failed = true;
	else
		scanner->at += size;
}

static int number(struct scanner *scanner, int digits)
{
	int value = 0;

	for (int i = 0; i < digits && !scanner->failed; i++) {
		if (scanner->at == scanner->end || *scanner->at < '0' || *scanner->at > '9') {
			scanner->failed = true;
			return 0;
		}
		value = value * 10 + (*scanner->at++ - '0');
	}
	return value;
}

/* One of n names of three letters each: its index, counted from 1; 0 if it is none. */
static int find_name(const char *names, const char *at, size_t size)
{
	if (size < 3)
		return 0;
	for (int i = 0; names[(size_t) 3 * (size_t) i]; i++)
		if (strncasecmp(names + (size_t) 3 * (size_t) i, at, 3) == 0)
			return i + 1;
	return 0;
}

static int name(struct scanner *scanner, const char *names)
{
	int found = scanner->failed
			    ? 0
			    : find_name(names, scanner->at, (size_t) (scanner->end - scanner->at));
	if (found == 0)
		scanner->failed = true;
	else
		scanner->at += 3;
	return found;
}

static void clock_time(struct scanner *scanner, struct civil *civil)
{
	civil->hour = number(scanner, 2);
	expect(scanner, ":");
	civil->minute = number(scanner, 2);
	expect(scanner, ":");
	civil->second = number(scanner, 2);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static struct civil read_fixdate(struct scanner *scanner)
{
	struct civil civil = {0};

	name(scanner, days);
	expect(scanner, ", ");
	civil.day = number(scanner, 2);
	expect(scanner, " ");
	civil.month = name(scanner, months);
	expect(scanner, " ");
	civil.year = number(scanner, 4);
	expect(scanner, " ");
	clock_time(scanner, &civil);
	expect(scanner, " GMT");
	return civil;
}

/* "Sun Nov  6 08:49:37 1994" */
static struct civil read_asctime(struct scanner *scanner)
{
	struct civil civil = {0};

	name(scanner, days);
	expect(scanner, " ");
	civil.month = name(scanner, months);
	expect(scanner, " ");
	if (!scanner->failed && scanner->at < scanner->end && *scanner->at == ' ') {
		scanner->at++;
		civil.day = number(scanner, 1);
	} else {
		civil.day = number(scanner, 2);
	}
	expect(scanner, " ");
	clock_time(scanner, &civil);
	expect(scanner, " ");
	civil.year = number(scanner, 4);
	return civil;
}

static void long_day(struct scanner *scanner)
{
	for (int i = 0; i < 7; i++) {
		struct scanner trial = *scanner;
		expect(&trial, long_days[i]);
		if (!trial.failed) {
			*scanner = trial;
			return;
		}
	}
	scanner->failed = true;
}

/* "Sunday, 06-Nov-94 08:49:37 GMT"; what would be more than 50 years ahead was a century ago. */
static struct civil read_rfc850(struct scanner *scanner, int64_t now)
{
	struct civil civil = {0};
	int this_year = to_civil(now).year;

	long_day(scanner);
	expect(scanner, ", ");
	civil.day = number(scanner, 2);
	expect(scanner, "-");
	civil.month = name(scanner, months);
	expect(scanner, "-");
	civil.year = this_year - this_year % 100 + number(scanner, 2);
	expect(scanner, " ");
	clock_time(scanner, &civil);
	expect(scanner, " GMT");
	if (civil.year > this_year + 50)
		civil.year -= 100;
	return civil;
}

bool wok__http_date_parse(const char *text, size_t size, int64_t now, int64_t *ret_seconds)
{
	for (int format = 0; format < 3; format++) {
		struct scanner scanner = {text, text + size, false};
		struct civil civil = format == 0   ? read_fixdate(&scanner)
				     : format == 1 ? read_rfc850(&scanner, now)
						   : read_asctime(&scanner);
		if (!scanner.failed && scanner.at == scanner.end)
			return to_seconds(&civil, ret_seconds);
	}
	return false;
}

bool wok__retry_after_parse(const char *text, size_t size, int64_t now, int64_t *ret_seconds)
{
	const int64_t most = INT64_C(10) * 366 * 86400;
	int64_t seconds = 0;

	if (wok__http_date_parse(text, size, now, &seconds)) {
		seconds = seconds > now ? seconds - now : 0;
	} else {
		for (size_t i = 0; i < size; i++) {
			if (text[i] < '0' || text[i] > '9')
				return false;
			seconds = seconds * 10 + (text[i] - '0');
			seconds = seconds > most ? most : seconds;
		}
		if (size == 0)
			return false;
	}
	*ret_seconds = seconds > most ? most : seconds;
	return true;
}

/* --- cookies ---------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_delimiter(char c)
{
	return c == '\t' || (c >= ' ' && c <= '/') || (c >= ';' && c <= '@') ||
	       (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

/* From min to max digits; what follows them is no digit. 0, or how many there are. */
static size_t read_digits(const char *at, size_t size, size_t min, size_t max, int *ret_value)
{
	size_t n = 0;
	int value = 0;

	while (n < size && n < max && is_digit(at[n]))
		value = value * 10 + (at[n++] - '0');
	if (n < min || (n < size && is_digit(at[n])))
		return 0;
	*ret_value = value;
	return n;
}

/* "8:49:37", perhaps with more behind it. */
static bool read_clock(const char *at, size_t size, struct civil *civil)
{
	int *fields[] = {&civil->hour, &civil->minute, &civil->second}, values[3];

	for (int i = 0; i < 3; i++) {
		size_t n = read_digits(at, size, 1, 2, &values[i]);
		if (n == 0 || (i < 2 && (n == size || at[n] != ':')))
			return false;
		at += n + 1;
		size -= i < 2 ? n + 1 : n;
	}
	for (int i = 0; i < 3; i++)
		*fields[i] = values[i];
	return true;
}

enum { TIME = 1, DAY = 2, MONTH = 4, YEAR = 8, ALL = 15 };

/* The first token that can be a time is it, and so on: which of them this one is. */
static unsigned read_token(const char *at, size_t size, unsigned found, struct civil *civil)
{
	int value;

	if (!(found & TIME) && read_clock(at, size, civil))
		return TIME;
	if (!(found & DAY) && read_digits(at, size, 1, 2, &value)) {
		civil->day = value;
		return DAY;
	}
	if (!(found & MONTH) && (value = find_name(months, at, size)) > 0) {
		civil->month = value;
		return MONTH;
	}
	if (!(found & YEAR) && read_digits(at, size, 2, 4, &value)) {
		civil->year = value < 70 ? value + 2000 : value < 100 ? value + 1900 : value;
		return YEAR;
	}
	return 0;
}

bool wok__cookie_date_parse(const char *text, size_t size, int64_t *ret_seconds)
{
	const char *at = text, *end = text + size;
	struct civil civil = {0};
	unsigned found = 0;

	while (at < end) {
		const char *token = at;
		while (at < end && !is_delimiter(*at))
			at++;
		if (at > token)
			found |= read_token(token, (size_t) (at - token), found, &civil);
		else
			at++;
	}
	return found == ALL && civil.year >= 1601 && civil.second <= 59 &&
	       to_seconds(&civil, ret_seconds);
}

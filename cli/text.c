/* SPDX-License-Identifier: MIT */
/*
 * Figures and numbers: see text.h.
 *
 * The command sets only LC_CTYPE of the user's locale, so that a decimal point is a point here, in
 * the JSON, and in the SVG.
 */
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text text_seconds(wok_time span)
{
	struct text out;
	double seconds = (double) span / (double) WOK_SECOND;

	/* 0.95 s is where one decimal starts to say "1.0 s". */
	if (seconds >= 0.95)
		snprintf(out.s, sizeof(out.s), "%.1f s", seconds);
	else if (seconds >= 0.01 || span == 0)
		snprintf(out.s, sizeof(out.s), "%.0f ms", seconds * 1e3);
	else
		snprintf(out.s, sizeof(out.s), "%.1f ms", seconds * 1e3);
	return out;
}

struct text text_latency(wok_time span)
{
	struct text out;
	bool is_us = span < WOK_MS, is_ms = span < WOK_SECOND;
	double value = (double) span / (double) (is_us ? WOK_US : is_ms ? WOK_MS : WOK_SECOND);

	snprintf(out.s, sizeof(out.s), "%.*f %s",
		 value < 9.995   ? 2
		 : value < 99.95 ? 1
				 : 0,
		 value,
		 is_us   ? "us"
		 : is_ms ? "ms"
			 : "s");
	return out;
}

struct text text_bytes(uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	struct text out;
	double value = (double) bytes / 1024;
	size_t unit = 0;

	while (value >= 999.95 && unit + 1 < sizeof(units) / sizeof(*units)) {
		value /= 1024;
		unit++;
	}
	snprintf(out.s, sizeof(out.s), "%.1f %s", value, units[unit]);
	return out;
}

struct text text_count(uint64_t count)
{
	struct text out;
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%llu", (unsigned long long) count);
	char *to = out.s;

	for (int i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return out;
}

struct text text_delay(double seconds)
{
	struct text out;

	snprintf(out.s, sizeof(out.s), "%.6f", seconds);
	size_t n = strlen(out.s);
	while (out.s[n - 1] == '0')
		out.s[--n] = '\0';
	if (out.s[n - 1] == '.')
		out.s[n - 1] = '\0';
	return out;
}

int text_to_count(const char *text, size_t min, size_t max, size_t *ret)
{
	char *end;

	/* strtoull takes a sign and blanks, too. */
	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || value < min || value > max)
		return -EINVAL;
	*ret = (size_t) value;
	return 0;
}

int text_to_delay(const char *text, double min, double max, double *ret)
{
	char *end;

	/* strtod takes hexadecimal, "inf" and "nan", too. */
	if (*text == '\0' || strspn(text, "0123456789.") != strlen(text))
		return -EINVAL;
	errno = 0;
	double value = strtod(text, &end);
	if (errno != 0 || *end != '\0' || value < min || value > max)
		return -EINVAL;
	*ret = value;
	return 0;
}

int text_to_span(const char *text, wok_time max, wok_time *ret)
{
	static const struct {
		const char *unit;
		wok_time span;
	} units[] = {{"", WOK_SECOND},      {"s", WOK_SECOND},      {"ms", WOK_MS},
		     {"us", WOK_US},        {"m", 60 * WOK_SECOND}, {"min", 60 * WOK_SECOND},
		     {"h", 60 * WOK_MINUTE}};
	size_t digits = strspn(text, "0123456789.");
	char number[32];
	double value;

	if (digits == 0 || digits >= sizeof(number))
		return -EINVAL;
	memcpy(number, text, digits);
	number[digits] = '\0';
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strcmp(text + digits, units[i].unit) != 0)
			continue;
		double most = (double) max / (double) units[i].span;
		if (text_to_delay(number, 0, most, &value) < 0 || value <= 0)
			return -EINVAL;
		*ret = (wok_time) (value * (double) units[i].span);
		return 0;
	}
	return -EINVAL;
}

struct axis axis_for(wok_time span, int max_steps)
{
	static const int factors[] = {1, 2, 5};
	wok_time power = WOK_US;

	for (;; power *= 10) {
		for (size_t i = 0; i < 3; i++) {
			wok_time step = power * factors[i];
			if (span <= step * max_steps || power >= 1000000 * WOK_SECOND)
				return (struct axis){.end = span > 0 ? span : step, .step = step};
		}
	}
}

struct text axis_label(const struct axis *axis, wok_time at)
{
	struct text out;
	/* One unit for a whole axis: milliseconds as soon as a step is too small for "0.1 s". */
	bool in_ms = axis->step < 100 * WOK_MS;
	double unit = (double) (in_ms ? WOK_MS : WOK_SECOND);
	int decimals = axis->step % (in_ms ? WOK_MS : WOK_SECOND) != 0;

	if (axis->step < 100 * WOK_US)
		decimals = axis->step < 10 * WOK_US ? 3 : 2;
	snprintf(out.s, sizeof(out.s), "%.*f %s", at == 0 ? 0 : decimals, (double) at / unit,
		 in_ms ? "ms" : "s");
	return out;
}

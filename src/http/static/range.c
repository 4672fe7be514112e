/* SPDX-License-Identifier: MIT */
/* The Range header: see http/static/range.h. */
#include "http/static/range.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Bytes between two parts that are not worth a head of their own. */
enum { GAP = 80 };

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

/* Digits; a number beyond all files is the largest one. NULL if there is none. */
static const char *take_number(const char *at, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (*at < '0' || *at > '9')
		return NULL;
	for (; *at >= '0' && *at <= '9'; at++) {
		unsigned digit = (unsigned) (*at - '0');
		number = number > (UINT64_MAX - digit) / 10 ? UINT64_MAX : number * 10 + digit;
	}
	*ret_number = number;
	return at;
}

/* "-5": the last bytes, all of them if there are fewer. */
static const char *take_suffix(const char *at, uint64_t size, struct wok__range *ret_range)
{
	uint64_t n;

	at = take_number(at, &n);
	if (at) {
		n = n < size ? n : size;
		*ret_range = (struct wok__range){size - n, n};
	}
	return at;
}

/*
 * "0-4", "5-" or "-5"; of size 0 if the file has nothing of it. NULL if it is none of these.
 */
static const char *take_range(const char *at, uint64_t size, struct wok__range *ret_range)
{
	uint64_t first, last = UINT64_MAX;

	if (*at == '-')
		return take_suffix(at + 1, size, ret_range);
	at = take_number(at, &first);
	if (!at || *at != '-')
		return NULL;
	at++;
	if (*at >= '0' && *at <= '9')
		at = take_number(at, &last);
	if (last < first)
		return NULL;
	*ret_range = (struct wok__range){0};
	if (first < size) {
		uint64_t end = last < size ? last + 1 : size;
		*ret_range = (struct wok__range){first, end - first};
	}
	return at;
}

static bool touch(const struct wok__range *a, const struct wok__range *b)
{
	const struct wok__range *left = a->start <= b->start ? a : b;
	const struct wok__range *right = left == a ? b : a;

	return right->start - left->start <= left->size ||
	       right->start - left->start - left->size <= GAP;
}

static void join(struct wok__range *into, const struct wok__range *other)
{
	uint64_t end = into->start + into->size, other_end = other->start + other->size;

	into->start = into->start < other->start ? into->start : other->start;
	into->size = (end > other_end ? end : other_end) - into->start;
}

/* Add a part, joined with all that it touches; false if there is no room for it. */
static bool add(struct wok__range *ranges, size_t *n, size_t max, struct wok__range range)
{
	size_t at = *n;

	/* What it has become may touch others than it did before. */
	for (size_t i = 0; i < *n; i++) {
		if (!touch(&ranges[i], &range))
			continue;
		join(&range, &ranges[i]);
		at = i < at ? i : at;
		memmove(&ranges[i], &ranges[i + 1], (*n - i - 1) * sizeof(*ranges));
		(*n)--;
		i = (size_t) -1; /* from the first one again */
	}
	if (*n == max)
		return false;
	memmove(&ranges[at + 1], &ranges[at], (*n - at) * sizeof(*ranges));
	ranges[at] = range;
	(*n)++;
	return true;
}

int wok__range_parse(const char *value, uint64_t size, struct wok__range *ret_ranges, size_t max)
{
	const char *at = skip_blanks(value);
	size_t n = 0;
	bool any = false;

	/* Who asks each time for a first part of some size is not to be told that a file is empty.
	 */
	if (size == 0 || strncasecmp(at, "bytes=", 6) != 0)
		return 0;
	for (at += 6; *(at = skip_blanks(at)) != '\0';) {
		struct wok__range range;
		if (*at == ',') {
			at++;
			continue;
		}
		at = take_range(at, size, &range);
		if (!at || (*(at = skip_blanks(at)) != ',' && *at != '\0'))
			return 0;
		any = true;
		if (range.size > 0 && !add(ret_ranges, &n, max, range))
			return 0;
	}
	if (!any)
		return 0;
	return n > 0 ? (int) n : -ERANGE;
}

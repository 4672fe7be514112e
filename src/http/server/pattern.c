/* SPDX-License-Identifier: MIT */
/*
 * Small regular expressions: see http/server/pattern.h.
 *
 * Glushkov's construction: each place of the expression that stands for a byte is a state, and what
 * is known of a place is which others can follow it. A set of places is a few words; to match is to
 * step from set to set. What is repeated a number of times is parsed so many times.
 */
#include "http/server/pattern.h"

#include <stdint.h>
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "base/memory.h"

enum {
	PLACES = 128,
	WORDS = PLACES / 64,
	MAX_DEPTH = 16,   /* of parentheses */
	MAX_STEPS = 4096, /* of parsing: repetitions of repetitions would take for ever */
};

struct set {
	uint64_t words[WORDS];
};

struct place {
	uint8_t bytes[256 / 8];
	struct set follow;
};

struct wok__pattern {
	struct set first, last;
	bool nullable;
	size_t n;
	struct place places[PLACES];
};

/* What is known of a part of the expression. */
struct part {
	struct set first, last;
	bool nullable;
};

struct parser {
	struct wok__pattern *pattern;
	const char *at, *end;
	int depth, steps;
	const char *error;
};

static void unite(struct set *set, const struct set *other)
{
	for (size_t i = 0; i < WORDS; i++)
		set->words[i] |= other->words[i];
}

static bool has_byte(const struct place *place, unsigned char c)
{
	return place->bytes[c / 8] >> c % 8 & 1;
}

static void add_byte(struct place *place, unsigned char c)
{
	place->bytes[c / 8] = (uint8_t) (place->bytes[c / 8] | 1U << c % 8);
}

static void add_range(struct place *place, unsigned char from, unsigned char to)
{
	for (unsigned c = from; c <= to; c++)
		add_byte(place, (unsigned char) c);
}

static void invert(struct place *place)
{
	for (size_t i = 0; i < sizeof(place->bytes); i++)
		place->bytes[i] = (uint8_t) ~place->bytes[i];
}

/* --- parsing ---------------------------------------------------------------------------------- */

static void fail(struct parser *parser, const char *error)
{
	if (!parser->error)
		parser->error = error;
	parser->at = parser->end;
}

static bool take(struct parser *parser, char c)
{
	if (parser->at == parser->end || *parser->at != c)
		return false;
	parser->at++;
	return true;
}

/* \d and its like, or the sign behind the backslash; the byte, or -1 for a class. */
static int add_escaped(struct parser *parser, struct place *place)
{
	if (parser->at == parser->end) {
		fail(parser, "a backslash at the end");
		return -1;
	}
	unsigned char c = (unsigned char) *parser->at++;
	switch (c) {
	case 'w':
		add_range(place, 'a', 'z');
		add_range(place, 'A', 'Z');
		add_byte(place, '_');
		__attribute__((fallthrough));
	case 'd':
		add_range(place, '0', '9');
		return -1;
	case 's':
		add_range(place, '\t', '\r');
		add_byte(place, ' ');
		return -1;
	default:
		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
			fail(parser, "a letter or digit behind a backslash that means nothing");
		add_byte(place, c);
		return c;
	}
}

/* One byte of a class, which may begin a range: it, or -1. */
static int class_byte(struct parser *parser, struct place *place)
{
	if (take(parser, '\\'))
		return add_escaped(parser, place);
	unsigned char c = (unsigned char) *parser->at++;
	add_byte(place, c);
	return c;
}

static void parse_class(struct parser *parser, struct place *place)
{
	bool inverted = take(parser, '^');

	do {
		if (parser->at == parser->end) {
			fail(parser, "[ without ]");
			return;
		}
		int from = class_byte(parser, place);
		if (from >= 0 && parser->end - parser->at >= 2 && parser->at[0] == '-' &&
		    parser->at[1] != ']') {
			parser->at++;
			int to = class_byte(parser, place);
			if (to < from)
				fail(parser, "a range that goes backwards");
			else
				add_range(place, (unsigned char) from, (unsigned char) to);
		}
	} while (!take(parser, ']'));
	if (inverted)
		invert(place);
}

static struct part new_place(struct parser *parser, struct place **ret_place)
{
	struct wok__pattern *pattern = parser->pattern;
	struct part part = {0};

	if (pattern->n == PLACES) {
		fail(parser, "it is too long");
		*ret_place = NULL;
		return part;
	}
	part.first.words[pattern->n / 64] = UINT64_C(1) << pattern->n % 64;
	part.last = part.first;
	*ret_place = &pattern->places[pattern->n++];
	return part;
}

static struct part parse_choice(struct parser *parser);

static struct part parse_group(struct parser *parser)
{
	struct part part = {0};

	if (++parser->depth > MAX_DEPTH)
		fail(parser, "parentheses are nested too deeply");
	else
		part = parse_choice(parser);
	parser->depth--;
	if (!take(parser, ')'))
		fail(parser, "( without )");
	return part;
}

static struct part parse_atom(struct parser *parser)
{
	struct place *place;

	if (take(parser, '('))
		return parse_group(parser);
	struct part part = new_place(parser, &place);
	if (!place || parser->error)
		return part;
	if (take(parser, '[')) {
		parse_class(parser, place);
	} else if (take(parser, '.')) {
		add_range(place, 0, 255);
	} else if (take(parser, '\\')) {
		(void) add_escaped(parser, place);
	} else if (strchr("*+?{", *parser->at)) {
		fail(parser, "nothing is in front of a repetition");
	} else {
		add_byte(place, (unsigned char) *parser->at++);
	}
	return part;
}

/* Whatever ends in one place may be followed by what begins in another. */
static void connect(struct parser *parser, const struct set *last, const struct set *first)
{
	for (size_t i = 0; i < parser->pattern->n; i++)
		if (last->words[i / 64] >> i % 64 & 1)
			unite(&parser->pattern->places[i].follow, first);
}

static struct part append(struct parser *parser, struct part a, struct part b)
{
	struct part whole = {.first = a.first, .last = b.last};

	connect(parser, &a.last, &b.first);
	if (a.nullable)
		unite(&whole.first, &b.first);
	if (b.nullable)
		unite(&whole.last, &a.last);
	whole.nullable = a.nullable && b.nullable;
	return whole;
}

static int parse_number(struct parser *parser)
{
	int value = 0, digits = 0;

	while (parser->at < parser->end && *parser->at >= '0' && *parser->at <= '9' && digits++ < 4)
		value = value * 10 + (*parser->at++ - '0');
	if (digits == 0 || value > PLACES)
		fail(parser, "a bad number in { }");
	return value;
}

/* How often: {least, most}, most being -1 for any number. False if nothing says so. */
static bool parse_count(struct parser *parser, int *ret_least, int *ret_most)
{
	*ret_least = 0;
	*ret_most = -1;
	if (take(parser, '*'))
		return true;
	if (take(parser, '+')) {
		*ret_least = 1;
		return true;
	}
	if (take(parser, '?')) {
		*ret_most = 1;
		return true;
	}
	if (!take(parser, '{'))
		return false;
	*ret_least = *ret_most = parse_number(parser);
	if (take(parser, ','))
		*ret_most =
			parser->at < parser->end && *parser->at != '}' ? parse_number(parser) : -1;
	if (!take(parser, '}') || (*ret_most >= 0 && *ret_most < *ret_least))
		fail(parser, "a bad repetition");
	return true;
}

/* The atom that was parsed from here on, once more. */
static struct part copy_atom(struct parser *parser, const char *from)
{
	const char *behind = parser->at;

	parser->at = from;
	struct part part = parse_atom(parser);
	parser->at = parser->error ? parser->end : behind;
	return part;
}

static struct part parse_repeated(struct parser *parser)
{
	const char *from = parser->at;
	struct part part = parse_atom(parser), whole = {.nullable = true};
	int least, most;

	if (++parser->steps > MAX_STEPS)
		fail(parser, "it is too long");
	if (parser->error || !parse_count(parser, &least, &most))
		return part;
	/* The last copy of all may come any number of times, or not at all. */
	int copies = most < 0 ? (least > 0 ? least : 1) : most;
	for (int i = 0; i < copies && !parser->error; i++) {
		struct part next = i == 0 ? part : copy_atom(parser, from);
		if (most < 0 && i == copies - 1)
			connect(parser, &next.last, &next.first);
		next.nullable |= i >= least;
		whole = append(parser, whole, next);
	}
	if (parser->at < parser->end && strchr("*+?{", *parser->at))
		fail(parser, "a repetition of a repetition");
	return whole;
}

static struct part parse_sequence(struct parser *parser)
{
	struct part whole = {.nullable = true};

	while (parser->at < parser->end && *parser->at != '|' && *parser->at != ')')
		whole = append(parser, whole, parse_repeated(parser));
	return whole;
}

static struct part parse_choice(struct parser *parser)
{
	struct part whole = parse_sequence(parser);

	while (take(parser, '|')) {
		struct part other = parse_sequence(parser);
		unite(&whole.first, &other.first);
		unite(&whole.last, &other.last);
		whole.nullable |= other.nullable;
	}
	return whole;
}

int wok__pattern_compile(const char *text, size_t size, struct wok__pattern **ret_pattern)
{
	struct wok__pattern *pattern = wok__alloc_zeroed(sizeof(*pattern));
	struct parser parser = {.pattern = pattern, .at = text, .end = text + size};

	if (!pattern)
		return -ENOMEM;
	struct part whole = parse_choice(&parser);
	if (!parser.error && parser.at < parser.end)
		fail(&parser, ") without (");
	if (parser.error) {
		wok_free(pattern);
		return wok_fail(-EINVAL, "the expression \"%.*s\" cannot be understood: %s",
				(int) size, text, parser.error);
	}
	pattern->first = whole.first;
	pattern->last = whole.last;
	pattern->nullable = whole.nullable;
	/* Most have a few places only. */
	size_t used = offsetof(struct wok__pattern, places) + pattern->n * sizeof(struct place);
	struct wok__pattern *trimmed = wok_realloc(pattern, used);
	*ret_pattern = trimmed ? trimmed : pattern;
	return 0;
}

/* --- matching --------------------------------------------------------------------------------- */

/* Those of a set that the byte fits; true if there are any. */
static bool step(const struct wok__pattern *pattern, unsigned char c, struct set *set,
		 struct set *ret_next)
{
	bool any = false;

	for (size_t w = 0; w < WORDS; w++) {
		uint64_t fitting = 0;
		for (uint64_t left = set->words[w]; left; left &= left - 1) {
			size_t i = w * 64 + (size_t) __builtin_ctzll(left);
			if (!has_byte(&pattern->places[i], c))
				continue;
			fitting |= left & -left;
			unite(ret_next, &pattern->places[i].follow);
		}
		set->words[w] = fitting;
		any |= fitting != 0;
	}
	return any;
}

bool wok__pattern_matches(const struct wok__pattern *pattern, const char *data, size_t size)
{
	struct set current = {0}, next = pattern->first;
	bool ends = pattern->nullable;

	for (size_t i = 0; i < size; i++) {
		current = next;
		memset(&next, 0, sizeof(next));
		if (!step(pattern, (unsigned char) data[i], &current, &next))
			return false;
	}
	if (size > 0) {
		ends = false;
		for (size_t w = 0; w < WORDS; w++)
			ends |= (current.words[w] & pattern->last.words[w]) != 0;
	}
	return ends;
}

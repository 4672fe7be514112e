/* SPDX-License-Identifier: MIT */
/* What a client accepts: see http/coding/negotiate.h. */
#include "http/coding/negotiate.h"

#include <string.h>
#include <strings.h>

enum { WHOLE = 1000, NOT_LISTED = -1 };

static struct wok__h1_span trim(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (p < end && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return (struct wok__h1_span){p, (size_t) (end - p)};
}

/* Up to a separator that is not in quotes, or the end. */
static const char *find(const char *p, const char *end, char separator)
{
	bool quoted = false;

	for (; p < end; p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (quoted && *p == '\\' && p + 1 < end)
			p++;
		else if (!quoted && *p == separator)
			return p;
	}
	return end;
}

/* "0", "0.123", "1", "1.000" in thousandths; -1 for anything else. */
static int parse_weight(struct wok__h1_span text)
{
	int weight, scale = WHOLE / 10;

	if (text.size == 0 || text.size > 5 || (text.data[0] != '0' && text.data[0] != '1') ||
	    (text.size > 1 && text.data[1] != '.'))
		return -1;
	weight = text.data[0] == '1' ? WHOLE : 0;
	for (size_t i = 2; i < text.size; i++, scale /= 10) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return -1;
		weight += (text.data[i] - '0') * scale;
	}
	return weight <= WHOLE ? weight : -1;
}

/* One member without the commas around it. */
static bool parse_item(struct wok__h1_span text, struct wok__accepted *ret_item)
{
	const char *end = text.data + text.size;
	const char *p = find(text.data, end, ';');
	struct wok__accepted item = {.range = trim(text.data, p), .weight = WHOLE};
	const char *params = p;

	while (p < end) {
		const char *next = find(p + 1, end, ';');
		struct wok__h1_span param = trim(p + 1, next);
		if (param.size >= 2 && (param.data[0] | 0x20) == 'q' && param.data[1] == '=') {
			int weight =
				parse_weight((struct wok__h1_span){param.data + 2, param.size - 2});
			if (weight < 0)
				return false;
			item.weight = (unsigned) weight;
			break; /* what follows the weight says nothing that we know */
		}
		p = next;
	}
	item.params = (struct wok__h1_span){params, (size_t) (p - params)};
	*ret_item = item;
	return item.range.size > 0;
}

bool wok__accepted_next(struct wok__h1_span *rest, struct wok__accepted *ret_item)
{
	while (rest->size > 0) {
		const char *end = rest->data + rest->size;
		const char *comma = find(rest->data, end, ',');
		struct wok__h1_span text = trim(rest->data, comma);
		rest->data = comma < end ? comma + 1 : end;
		rest->size = (size_t) (end - rest->data);
		if (text.size > 0 && parse_item(text, ret_item))
			return true;
	}
	return false;
}

/* --- codings ---------------------------------------------------------------------------------- */

/* The weights of a list, by coding; what is not listed has none. Said twice, the first holds. */
static void weigh_codings(const char *accept, int weights[WOK__CODING_COUNT + 1], int *any)
{
	struct wok__h1_span rest = {accept, strlen(accept)};
	struct wok__accepted item;

	*any = NOT_LISTED;
	for (int i = 0; i <= WOK__CODING_COUNT; i++)
		weights[i] = NOT_LISTED;
	while (wok__accepted_next(&rest, &item)) {
		enum wok__coding coding;
		int *weight = any;
		if (item.range.size != 1 || item.range.data[0] != '*') {
			if (wok__coding_find(item.range.data, item.range.size, &coding) < 0)
				continue;
			weight = &weights[coding];
		}
		if (*weight == NOT_LISTED)
			*weight = (int) item.weight;
	}
}

bool wok__choose_coding(const char *accept, const enum wok__coding *ours, size_t n,
			enum wok__coding *ret_coding)
{
	int weights[WOK__CODING_COUNT + 1], any, best;

	*ret_coding = WOK__CODING_IDENTITY;
	if (!accept)
		return true;
	weigh_codings(accept, weights, &any);
	/* Identity is fine unless it is refused, but less so than all that is asked for. */
	best = weights[WOK__CODING_IDENTITY];
	bool plain = best == NOT_LISTED ? any != 0 : best > 0;
	for (size_t i = 0; i < n; i++) {
		int weight = weights[ours[i]] == NOT_LISTED ? any : weights[ours[i]];
		bool better = *ret_coding == WOK__CODING_IDENTITY ? weight >= best : weight > best;
		if (weight > 0 && better) {
			best = weight;
			*ret_coding = ours[i];
		}
	}
	return plain || *ret_coding != WOK__CODING_IDENTITY;
}

/* --- media types ------------------------------------------------------------------------------ */

static bool equal(struct wok__h1_span a, struct wok__h1_span b)
{
	return a.size == b.size && strncasecmp(a.data, b.data, a.size) == 0;
}

static size_t slash(struct wok__h1_span text)
{
	const char *p = memchr(text.data, '/', text.size);

	return p ? (size_t) (p - text.data) : text.size;
}

/* The next parameter of "; a=b; c=d"; false at the end. */
static bool next_param(struct wok__h1_span *rest, struct wok__h1_span *ret_param)
{
	while (rest->size > 0) {
		const char *end = rest->data + rest->size;
		const char *next = find(rest->data + 1, end, ';');
		*ret_param = trim(rest->data + 1, next);
		rest->data = next;
		rest->size = (size_t) (end - next);
		if (ret_param->size > 0)
			return true;
	}
	return false;
}

static bool has_param(struct wok__h1_span params, struct wok__h1_span wanted)
{
	struct wok__h1_span param;

	while (next_param(&params, &param))
		if (equal(param, wanted))
			return true;
	return false;
}

/* How closely a range fits a type: 0 not at all, 1 any, 2 by its first half, 3 whole, 4 and more
 * with parameters. */
static unsigned fit(const struct wok__accepted *item, struct wok__h1_span type,
		    struct wok__h1_span type_params)
{
	struct wok__h1_span range = item->range, params = item->params, param;
	size_t half = slash(range);
	unsigned how = 4;

	if (range.size == 3 && memcmp(range.data, "*/*", 3) == 0)
		return 1;
	if (half + 2 == range.size && range.data[half + 1] == '*')
		return half == slash(type) && strncasecmp(range.data, type.data, half) == 0 ? 2 : 0;
	if (!equal(range, type))
		return 0;
	for (; next_param(&params, &param); how++)
		if (!has_param(type_params, param))
			return 0;
	return how == 4 ? 3 : how;
}

/* The weight of a type: that of the range that fits it most closely. */
static unsigned weigh_type(const char *accept, const char *text)
{
	struct wok__h1_span rest = {accept, strlen(accept)};
	const char *end = text + strlen(text), *semicolon = find(text, end, ';');
	struct wok__h1_span type = trim(text, semicolon);
	struct wok__h1_span params = {semicolon, (size_t) (end - semicolon)};
	struct wok__accepted item;
	unsigned weight = 0, closest = 0;

	while (wok__accepted_next(&rest, &item)) {
		unsigned how = fit(&item, type, params);
		if (how > closest) {
			closest = how;
			weight = item.weight;
		}
	}
	return weight;
}

ssize_t wok__choose_type(const char *accept, const char *const *types, size_t n)
{
	ssize_t chosen = -1;
	unsigned best = 0;

	if (!accept || !accept[strspn(accept, " \t,")])
		return n > 0 ? 0 : -1;
	for (size_t i = 0; i < n; i++) {
		unsigned weight = weigh_type(accept, types[i]);
		if (weight > best) {
			best = weight;
			chosen = (ssize_t) i;
		}
	}
	return chosen;
}

/* SPDX-License-Identifier: MIT */
/* Compressed siblings: see http/static/negotiate.h. */
#include "http/static/negotiate.h"

#include <string.h>
#include <strings.h>

enum { WHOLE = 1000, UNSAID = -1 };

static const struct {
	const char *suffix, *coding;
} siblings[WOK__SIBLINGS] = {{".br", "br"}, {".zst", "zstd"}, {".gz", "gzip"}};

const char *wok__sibling_suffix(enum wok__sibling sibling)
{
	return siblings[sibling].suffix;
}

const char *wok__sibling_coding(enum wok__sibling sibling)
{
	return siblings[sibling].coding;
}

/* "0", "0.5", "1.000" in thousandths; what is no weight is none: 0. */
static int weight_of(const char *at)
{
	int weight = (at[0] - '0') * WHOLE;

	if (at[0] != '0' && at[0] != '1')
		return 0;
	if (at[1] == '.') {
		int part = WHOLE / 10;
		for (const char *digit = at + 2; *digit >= '0' && *digit <= '9';
		     digit++, part /= 10)
			weight += (*digit - '0') * part;
	}
	return weight < WHOLE ? weight : WHOLE;
}

/* The weight of an element of the list, which ends at a comma or the end of the text. */
static int element_weight(const char *at, size_t size)
{
	const char *end = at + size;

	while ((at = memchr(at, ';', (size_t) (end - at)))) {
		at++;
		at += strspn(at, " \t");
		if (strncasecmp(at, "q=", 2) == 0)
			return weight_of(at + 2);
	}
	return WHOLE;
}

/* How much a coding is liked, by name alone; UNSAID. */
static int find_weight(const char *accept, const char *name)
{
	size_t name_size = strlen(name), size;

	for (const char *at = accept; *(at += strspn(at, " \t,")) != '\0'; at += size) {
		size = strcspn(at, ",");
		size_t token = strcspn(at, " \t;,");
		if (token == name_size && strncasecmp(at, name, token) == 0)
			return element_weight(at, size);
	}
	return UNSAID;
}

static int weight_for(const char *accept, const char *coding)
{
	int weight = find_weight(accept, coding);

	return weight == UNSAID ? find_weight(accept, "*") : weight;
}

size_t wok__negotiate(const char *accept, enum wok__sibling ret_siblings[WOK__SIBLINGS])
{
	int weights[WOK__SIBLINGS], identity;
	size_t n = 0;

	if (!accept)
		return 0;
	identity = find_weight(accept, "identity");
	for (size_t i = 0; i < WOK__SIBLINGS; i++) {
		int weight = weight_for(accept, siblings[i].coding);
		if (weight <= 0 || weight < identity)
			continue;
		size_t at = n++;
		for (; at > 0 && weights[at - 1] < weight; at--) {
			weights[at] = weights[at - 1];
			ret_siblings[at] = ret_siblings[at - 1];
		}
		weights[at] = weight;
		ret_siblings[at] = (enum wok__sibling) i;
	}
	return n;
}

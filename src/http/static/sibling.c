/* SPDX-License-Identifier: MIT */
/* Compressed siblings: see http/static/sibling.h. */
#include "http/static/sibling.h"

#include <string.h>

#include "http/coding/negotiate.h"

const char *wok__sibling_suffix(enum wok__coding coding)
{
	return coding == WOK__CODING_BR ? ".br" : coding == WOK__CODING_ZSTD ? ".zst" : ".gz";
}

static void drop(enum wok__coding *codings, size_t *n, enum wok__coding coding)
{
	size_t at = 0;

	while (at + 1 < *n && codings[at] != coding)
		at++;
	memmove(&codings[at], &codings[at + 1], (*n - at - 1) * sizeof(*codings));
	(*n)--;
}

size_t wok__siblings_for(const char *accept, enum wok__coding ret_siblings[WOK__SIBLINGS])
{
	/* Not as when we compress: time does not count, and brotli is the smallest. */
	enum wok__coding rest[] = {WOK__CODING_BR, WOK__CODING_ZSTD, WOK__CODING_GZIP}, best;
	size_t n_rest = WOK__SIBLINGS, n = 0;

	while (n_rest > 0 && wok__choose_coding(accept, rest, n_rest, &best) &&
	       best != WOK__CODING_IDENTITY) {
		ret_siblings[n++] = best;
		drop(rest, &n_rest, best);
	}
	return n;
}

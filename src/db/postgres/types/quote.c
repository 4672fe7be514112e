/* SPDX-License-Identifier: MIT */
/* Names and texts quoted for SQL: see wok/pg_types.h. */
#include <string.h>
#include <wok/utf8.h>

#include "base/memory.h"
#include "db/postgres/types/own.h"

/* Quotes around, and each quote within twice; escaped: backslashes too, and an E in front. */
static char *quoted(const char *text, char quote, bool escaped)
{
	size_t size = strlen(text);
	char *all = size < (SIZE_MAX - 5) / 2 ? wok_alloc(2 * size + 5) : NULL, *to = all;

	if (!all)
		return NULL;
	if (escaped) {
		*to++ = ' '; /* or an identifier before it would take the E */
		*to++ = 'E';
	}
	*to++ = quote;
	for (; *text; text++) {
		if (*text == quote || (escaped && *text == '\\'))
			*to++ = *text;
		*to++ = *text;
	}
	*to++ = quote;
	*to = '\0';
	return all;
}

static int check(const char *text, const char *what)
{
	size_t valid;

	if (wok_utf8_check(text, strlen(text), &valid) < 0)
		return wok_fail(-EILSEQ, "the %s is not UTF-8 at byte %zu", what, valid);
	return 0;
}

int wok_pg_quote_identifier(const char *name, char **ret_quoted)
{
	if (!name[0])
		return wok_fail(-EINVAL, "a name must not be empty");
	WOK_TRY(check(name, "name"));
	char *all = quoted(name, '"', false);
	if (!all)
		return -ENOMEM;
	*ret_quoted = all;
	return 0;
}

int wok_pg_quote_literal(const char *text, char **ret_quoted)
{
	WOK_TRY(check(text, "text"));
	char *all = quoted(text, '\'', strchr(text, '\\') != NULL);
	if (!all)
		return -ENOMEM;
	*ret_quoted = all;
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* Names and texts quoted for SQL: see wok/pg_types.h. */
#include <string.h>

#include "db/postgres/types/own.h"

/* Quotes around, and each quote within twice; escaped: backslashes too, and an E in front. */
static size_t quote(const char *from, char quote, bool escaped, char *text, size_t size)
{
	struct wok__pg_writer writer = {.text = text, .size = size > 0 ? size - 1 : 0};

	/* The space, or an identifier before it would take the E. */
	if (escaped)
		wok__pg_puts(&writer, " E");
	wok__pg_put(&writer, quote);
	for (; *from; from++) {
		if (*from == quote || (escaped && *from == '\\'))
			wok__pg_put(&writer, *from);
		wok__pg_put(&writer, *from);
	}
	wok__pg_put(&writer, quote);
	if (size > 0)
		text[writer.length < size ? writer.length : size - 1] = '\0';
	return writer.length;
}

size_t wok_pg_quote_identifier(const char *name, char *text, size_t size)
{
	return quote(name, '"', false, text, size);
}

size_t wok_pg_quote_literal(const char *literal, char *text, size_t size)
{
	return quote(literal, '\'', strchr(literal, '\\') != NULL, text, size);
}

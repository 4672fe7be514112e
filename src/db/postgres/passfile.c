/* SPDX-License-Identifier: MIT */
/* Password files ("host:port:database:user:password" a line): see settings.h. */
#include <string.h>
#include <wok/memory.h>

#include "db/postgres/settings.h"

/*
 * Whether the field at *at is "*" or the value; then *at goes behind its colon. A colon that the
 * value has needs no backslash: "::1:5432:..." is what people write of ::1, and what libpq takes.
 */
static bool take_field(const char **at, const char *end, const char *value)
{
	const char *from = *at;

	if (end - from >= 2 && from[0] == '*' && from[1] == ':') {
		*at = from + 2;
		return true;
	}
	for (; from < end && (*from != ':' || *value); from++) {
		if (*from == '\\' && from + 1 < end)
			from++;
		if (*value == '\0' || *from != *value++)
			return false;
	}
	*at = from + 1;
	return from < end;
}

/* Up to the next colon: whoever has one in a password writes a backslash before it. */
static char *password_at(const char *from, const char *end)
{
	char *password = wok_alloc((size_t) (end - from) + 1), *to = password;

	if (!password)
		return NULL;
	for (; from < end && *from != ':'; from++) {
		if (*from == '\\' && from + 1 < end)
			from++;
		*to++ = *from;
	}
	*to = '\0';
	return password;
}

char *wok__pg_passfile_find(const char *text, const char *host, const char *port,
			    const char *database, const char *user)
{
	const char *const wanted[] = {host, port, database, user};

	while (*text) {
		const char *end = text + strcspn(text, "\n"), *at = text, *last = end;
		bool matches = *text != '#';

		if (last > text && last[-1] == '\r')
			last--;
		for (size_t i = 0; i < 4 && matches; i++)
			matches = take_field(&at, last, wanted[i]);
		if (matches)
			return password_at(at, last);
		text = end + (*end != '\0');
	}
	return NULL;
}

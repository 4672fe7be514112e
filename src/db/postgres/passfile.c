/* SPDX-License-Identifier: MIT */
/* Password files ("host:port:database:user:password" a line): see settings.h. */
#include <string.h>
#include <wok/memory.h>

#include "db/postgres/settings.h"

/*
 * Whether the field at *at is "*" or the value. *at goes behind its colon; NULL: there was none.
 */
static bool field_matches(const char **at, const char *end, const char *value)
{
	const char *from = *at;
	const bool any = end - from >= 2 && from[0] == '*' && from[1] == ':';
	bool same = true;

	for (; from < end && *from != ':'; from++) {
		if (*from == '\\' && from + 1 < end)
			from++;
		same = same && *value && *from == *value;
		value += *value != '\0';
	}
	*at = from < end ? from + 1 : NULL;
	return any || (same && *value == '\0');
}

static char *password_at(const char *from, const char *end)
{
	char *password = wok_alloc((size_t) (end - from) + 1), *to = password;

	if (!password)
		return NULL;
	for (; from < end; from++) {
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
			matches = field_matches(&at, last, wanted[i]) && at;
		if (matches)
			return password_at(at, last);
		text = end + (*end != '\0');
	}
	return NULL;
}

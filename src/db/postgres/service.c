/* SPDX-License-Identifier: MIT */
/* Service files ("pg_service.conf"): see conninfo.h. */
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "base/memory.h"
#include "db/postgres/conninfo.h"

/* A line without its blanks on both sides, made a text; *at goes behind it. */
static char *take_line(char **at)
{
	static const char blanks[] = " \t\r\v\f";
	char *line = *at + strspn(*at, blanks), *end = line + strcspn(line, "\n");

	*at = end + (*end != '\0');
	while (end > line && strchr(blanks, end[-1]))
		end--;
	*end = '\0';
	return line;
}

static bool is_section(const char *line, const char *service)
{
	const size_t size = strlen(service);

	return line[0] == '[' && strncmp(line + 1, service, size) == 0 && line[1 + size] == ']' &&
	       line[2 + size] == '\0';
}

static int take_setting(struct wok__pg_conninfo *info, char *line, const char *file, int number)
{
	char *value = strchr(line, '=');

	if (!value)
		return wok_fail(-EINVAL, "%s:%d: there is no \"=\"", file, number);
	*value++ = '\0';
	const int key = wok__pg_key_find(line);
	if (key < 0)
		return wok_fail(-EINVAL, "%s:%d: \"%.40s\" is no setting", file, number, line);
	if (key == WOK__PG_KEY_SERVICE)
		return wok_fail(-EINVAL, "%s:%d: a service cannot name another", file, number);
	return info->values[key] ? 0 : wok__pg_conninfo_set(info, (enum wok__pg_key) key, value);
}

int wok__pg_service_read(struct wok__pg_conninfo *info, const char *text, const char *service,
			 const char *file)
{
	char *copy = wok__strdup(text), *at = copy;
	bool found = false;
	int r = 0;

	if (!copy)
		return -ENOMEM;
	for (int number = 1; r == 0 && *at; number++) {
		char *line = take_line(&at);

		if (*line == '\0' || *line == '#')
			continue;
		if (*line == '[') {
			if (found)
				break;
			found = is_section(line, service);
		} else if (found) {
			r = take_setting(info, line, file, number);
		}
	}
	explicit_bzero(copy, strlen(text));
	wok_free(copy);
	return r < 0 ? r : found;
}

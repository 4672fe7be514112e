/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes what says how a PostgreSQL server is reached. Up to the first NUL the input is a DSN,
 * behind it the text of a password file and of a service file. Claims:
 *
 *   - a DSN that is taken, written anew as key='value' with its quotes and backslashes escaped, is
 *     taken again, and says the same;
 *   - a service file never changes what the DSN has said;
 *   - a password from a file is no longer than the file.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wok/memory.h>

#include "db/postgres/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* A C string of its own; strndup() would look behind the input for a NUL. */
static char *text_of(const void *data, size_t size)
{
	char *text = calloc(1, size + 1);

	require(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	return text;
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* to: has room for all of it. */
static char *write_pair(char *to, const char *key, const char *value)
{
	to += sprintf(to, " %s = '", key);
	for (; *value; value++) {
		if (*value == '\'' || *value == '\\')
			*to++ = '\\';
		*to++ = *value;
	}
	*to++ = '\'';
	*to = '\0';
	return to;
}

static void check_written(const struct wok__pg_conninfo *info, size_t size)
{
	struct wok__pg_conninfo again = {0};
	char *text = calloc(2, size + 50 * WOK__PG_N_KEYS), *to = text;

	require(text != NULL);
	for (int i = 0; i < WOK__PG_N_KEYS; i++)
		if (info->values[i])
			to = write_pair(to, wok__pg_key_name((enum wok__pg_key) i),
					info->values[i]);
	require(wok__pg_conninfo_parse(&again, text) == 0);
	for (int i = 0; i < WOK__PG_N_KEYS; i++)
		require(same(info->values[i], again.values[i]));
	wok__pg_conninfo_clear(&again);
	free(text);
}

static void check_files(struct wok__pg_conninfo *info, const char *text)
{
	const char *host = info->values[WOK__PG_KEY_HOST];
	char *before = host ? text_of(host, strlen(host)) : NULL;
	char *password = wok__pg_passfile_find(text, host ? host : "::1", "5432", "db", "me");

	require(!password || strlen(password) <= strlen(text));
	wok_free(password);
	(void) wok__pg_service_read(info, text, "s", "file");
	require(!before || same(before, info->values[WOK__PG_KEY_HOST]));
	free(before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *all = text_of(data, size);
	const size_t first = strlen(all);
	struct wok__pg_conninfo info = {0};

	if (wok__pg_conninfo_parse(&info, all) == 0)
		check_written(&info, size);
	check_files(&info, first < size ? all + first + 1 : "");
	wok__pg_conninfo_clear(&info);
	free(all);
	return 0;
}

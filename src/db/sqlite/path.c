/* SPDX-License-Identifier: MIT */
/*
 * Where a database is, whatever the current folder is later: a pool opens its readers when they are
 * needed. Names that are no files' stay as they are: of databases in memory, of a VFS of one's own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "db/sqlite/connection.h"

static const char scheme[] = "file:";

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool is_uri(const char *path, const wok_sqlite_options *options)
{
	return options->uri && starts(path, scheme);
}

/* By SQLite's own ones for files. */
static bool is_by_unix(const char *path, const wok_sqlite_options *options)
{
	const char *parameter = is_uri(path, options) ? strstr(path, "vfs=") : NULL;
	const char *vfs = parameter ? parameter + strlen("vfs=") : options->vfs;

	return !vfs || starts(vfs, "unix");
}

static bool is_relative_file(const char *path, const wok_sqlite_options *options)
{
	if (!is_by_unix(path, options))
		return false;
	if (!is_uri(path, options))
		return path[0] != '/' && strcmp(path, ":memory:") != 0;
	const char *name = path + strlen(scheme);

	return !strchr("/?#", name[0]) && !starts(name, ":memory:") && !strstr(name, "mode=memory");
}

/* What means something in a URI does not in the name of a folder. Returns its end. */
static char *put_escaped(char *at, const char *folder)
{
	for (; *folder; folder++)
		if (strchr("%?#", *folder))
			at += sprintf(at, "%%%02X", (unsigned char) *folder);
		else
			*at++ = *folder;
	return at;
}

static int join(const char *folder, const char *path, bool uri, char **ret_path)
{
	char *joined = wok_alloc(3 * strlen(folder) + strlen(path) + 2);

	if (!joined)
		return -ENOMEM;
	if (uri) {
		char *end = put_escaped(stpcpy(joined, scheme), folder);

		sprintf(end, "/%s", path + strlen(scheme));
	} else {
		sprintf(joined, "%s/%s", folder, path);
	}
	*ret_path = joined;
	return 0;
}

int wok__sqlite_absolute(const char *path, const wok_sqlite_options *options, char **ret_path)
{
	char *folder = is_relative_file(path, options) ? getcwd(NULL, 0) : NULL;
	int r = 0;

	/* In a folder that is gone SQLite says what is wrong. */
	if (folder)
		r = join(folder, path, is_uri(path, options), ret_path);
	else if (!(*ret_path = wok__strdup(path)))
		r = -ENOMEM;
	free(folder);
	return r;
}

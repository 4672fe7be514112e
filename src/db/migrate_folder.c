/* SPDX-License-Identifier: MIT */
/* Migrations that are files: see wok/migrate.h. */
#include <wok/migrate.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wok/dir.h>
#include <wok/memory.h>
#include <wok/whole_file.h>

#define BOM "\xef\xbb\xbf"
enum { MOST_BYTES = 16 * 1024 * 1024, MOST_PATH = 4096 };

/* Of a folder's files; name and sql of each are ours. */
struct migrations {
	wok_migration *list;
	size_t count;
};

static void migrations_clear(struct migrations *migrations)
{
	for (size_t i = 0; i < migrations->count; i++) {
		wok_free((char *) migrations->list[i].name);
		wok_free((char *) migrations->list[i].sql);
	}
	wok_free(migrations->list);
}

static bool counts(const char *name)
{
	size_t size = strlen(name);

	return name[0] != '.' && size > 4 && strcmp(name + size - 4, ".sql") == 0;
}

/* "0012_add_users.sql" is 12, add_users. */
static int parse_name(const char *file, wok_migration *migration)
{
	size_t digits = strspn(file, "0123456789");
	size_t size = strlen(file) - digits - 4; /* with the sign between them */

	if (digits == 0 || digits > 9 || size < 2 || !strchr("_-", file[digits]))
		return wok_fail(-EINVAL, "migrations: \"%s\" is not called as one: 0001_name.sql",
				file);
	char *name = wok_alloc(size);
	if (!name)
		return -ENOMEM;
	memcpy(name, file + digits + 1, size - 1);
	name[size - 1] = '\0';
	migration->name = name;
	migration->number = strtol(file, NULL, 10);
	return 0;
}

static int read_sql(const char *folder, const char *file, wok_migration *migration)
{
	const wok_read_file_options options = {.limit = MOST_BYTES, .text = WOK_TEXT_STRICT};
	char path[MOST_PATH];
	char *sql;
	size_t size;

	if (snprintf(path, sizeof(path), "%s/%s", folder, file) >= (int) sizeof(path))
		return wok_fail(-ENAMETOOLONG, "migrations: %s/%s", folder, file);
	int r = wok_read_file_with(path, &options, &sql, &size);
	if (r < 0)
		return r == -ECANCELED ? r : wok_fail(r, "migrations: %s: %s", path, wok_errmsg(r));
	migration->sql = sql;
	if (strlen(sql) != size)
		return wok_fail(-EINVAL, "migrations: %s has a NUL byte", path);
	/* An editor's byte order mark is no SQL. */
	if (strncmp(sql, BOM, strlen(BOM)) == 0)
		memmove(sql, sql + strlen(BOM), size + 1 - strlen(BOM));
	return 0;
}

static int by_number(const void *left, const void *right)
{
	const wok_migration *a = left;
	const wok_migration *b = right;

	return (a->number > b->number) - (a->number < b->number);
}

static int read_all(const char *folder, char **names, size_t n, struct migrations *migrations)
{
	migrations->list = wok_alloc((n + 1) * sizeof(*migrations->list));
	if (!migrations->list)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (!counts(names[i]))
			continue;
		wok_migration *one = &migrations->list[migrations->count++];
		*one = (wok_migration){.number = 0};
		WOK_TRY(parse_name(names[i], one));
		WOK_TRY(read_sql(folder, names[i], one));
	}
	qsort(migrations->list, migrations->count, sizeof(*migrations->list), by_number);
	return 0;
}

int wok_migrate_folder(wok_db *db, const char *folder, const wok_migrate_options *options)
{
	struct migrations migrations = {.count = 0};
	char **names;
	size_t n;
	int r = wok_fs_list(folder, &names, &n);

	if (r < 0)
		return r == -ECANCELED ? r
				       : wok_fail(r, "migrations: %s: %s", folder, wok_errmsg(r));
	r = read_all(folder, names, n, &migrations);
	if (r == 0)
		r = wok_migrate(db, migrations.list, migrations.count, options);
	migrations_clear(&migrations);
	wok_free(names);
	return r;
}

/* SPDX-License-Identifier: MIT */
#ifndef WOK_MIGRATE_H
#define WOK_MIGRATE_H
#include <wok/db.h>

WOK_BEGIN_DECLS

/*
 * Migrations: numbered pieces of SQL that bring a database from one shape to the next. A table of
 * the database remembers which have been run.
 *
 *     int n = wok_migrate_folder(wok_sqlite_db(db), "migrations", NULL);
 *
 * Each runs in a transaction of its own, with the line that remembers it: all of it, or nothing.
 * Two programs that start at once each wait for the other, and run each migration once: PostgreSQL
 * has an advisory lock of the transaction, SQLite its lock to write, for which it waits as long as
 * busy_timeout says. So it goes through a pool and through pgbouncer as well.
 *
 * A migration that has been run is history. Its text must stay (line ends aside), numbers go from 1
 * without a gap, and what is new comes last. There are no ways back: mend it with the next one.
 */

/* One of them. */
typedef struct {
	int64_t number;   /* from 1 */
	const char *name; /* for people: "add_users" */
	/*
	 * Statements that ";" separates; without BEGIN and COMMIT, and without what a transaction
	 * does not bear: VACUUM, CREATE INDEX CONCURRENTLY, PRAGMA foreign_keys (but
	 * defer_foreign_keys). None at all is a migration, too.
	 */
	const char *sql;
} wok_migration;

/* How to migrate. Zero in a field means the default. */
typedef struct {
	int64_t up_to; /* run none with a higher number; all */
	bool dry_run;  /* change nothing: count, and call each, for what would be run */
	/* Called before each that is run; a negative result ends it there, and is returned. */
	int (*each)(const wok_migration *migration, void *arg);
	void *arg;
	const char *table; /* "wok_migrations"; small letters, digits, "_", and "." for a schema */
} wok_migrate_options;

/**
 * Run the migrations of a list that have not been run.
 *
 * list:       in order; borrowed for the call. A program can embed it
 * options:    NULL for the defaults
 * Returns:    how many it ran; -EINVAL: the list has a gap, or options are wrong; -ESTALE: one that
 *             was run before differs now, or is not in the list; as wok_db_execute(), and the
 *             message names the migration: those before it have been run, it has not
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_migrate(wok_db *db, const wok_migration *list, size_t count,
		const wok_migrate_options *options) WOK_MUST_CHECK;

/**
 * wok_migrate() with the files of a folder: 0001_name.sql, 0002_name.sql and so on, UTF-8, of up to
 * 16 MiB. Files that do not end with .sql, and hidden ones, do not count.
 *
 * Returns:    as wok_migrate(); -EINVAL for a .sql file without a number; an error of reading them
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_migrate_folder(wok_db *db, const char *folder, const wok_migrate_options *options)
	WOK_MUST_CHECK;

WOK_END_DECLS
#endif

/* SPDX-License-Identifier: MIT */
/*
 * Migrations: see wok/migrate.h.
 *
 * History is read once, without a lock, and compared with the list. Then each that is missing runs
 * in a transaction that takes the lock first and looks again: meanwhile somebody else may have run
 * it. A lock around the whole would need one connection for all of it, which neither a pool nor
 * pgbouncer promises.
 */
#include <wok/migrate.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SQL_SIZE = 512, MOST_TABLE_NAME = 63 };

struct migration {
	wok_db *db;
	const wok_migrate_options *options;
	const char *table;
	bool postgres;
	const wok_migration *one; /* that is being run */
	bool ran;                 /* by us */
};

struct checksum {
	char text[20];
};

/* FNV-1a: it shall notice changes, not enemies. Line ends may be a checkout's. */
static struct checksum checksum_of(const char *sql)
{
	uint64_t hash = 0xcbf29ce484222325U;
	struct checksum ret;

	for (; *sql; sql++) {
		if (*sql != '\r')
			hash = (hash ^ (unsigned char) *sql) * 0x100000001b3U;
	}
	snprintf(ret.text, sizeof(ret.text), "%016" PRIx64, hash);
	return ret;
}

/* --- the caller's part ------------------------------------------------------------------------ */

static int check_table(const char *name)
{
	size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.");

	if (size == 0 || size > MOST_TABLE_NAME || name[size] || strchr("0123456789.", name[0]))
		return wok_fail(-EINVAL,
				"migrations: \"%s\" is no name for their table: at most %d small "
				"letters, digits, \"_\" and \".\"",
				name, MOST_TABLE_NAME);
	return 0;
}

static int check_list(const wok_migration *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int64_t expected = (int64_t) i + 1;

		if (list[i].number != expected)
			return wok_fail(-EINVAL,
					"migrations: number %" PRId64 " (%s) stands where %" PRId64
					" must be: they go from 1 without a gap, each once",
					list[i].number, list[i].name ? list[i].name : "", expected);
		if (!list[i].name || !list[i].sql)
			return wok_fail(-EINVAL,
					"migrations: number %" PRId64 " has no name or no SQL",
					expected);
	}
	return 0;
}

/* --- the table -------------------------------------------------------------------------------- */

static int table_exists(const struct migration *migration, bool *ret_exists)
{
	const char *dot = strchr(migration->table, '.');
	const char *table = dot && !migration->postgres ? dot + 1 : migration->table;
	WOK_AUTO(wok_rows) *rows = NULL;
	char sql[SQL_SIZE];

	if (migration->postgres)
		snprintf(sql, sizeof(sql), "SELECT 1 WHERE to_regclass($1) IS NOT NULL");
	else /* each database that is attached has a schema of its own */
		snprintf(sql, sizeof(sql),
			 "SELECT 1 FROM %.*ssqlite_master WHERE type = 'table' AND name = $1",
			 (int) (table - migration->table), migration->table);
	WOK_TRY(wok_db_fetch(migration->db, sql, WOK_ARGS(table), &rows));
	*ret_exists = wok_rows_count(rows) > 0;
	return 0;
}

/* Until the end of the transaction we are alone. SQLite is locked already: it began to write. */
static int lock(const struct migration *migration, wok_db *db)
{
	char sql[SQL_SIZE];

	if (!migration->postgres)
		return 0;
	snprintf(sql, sizeof(sql), "SELECT pg_advisory_xact_lock(hashtextextended('%s', 779))",
		 migration->table);
	return wok_db_execute(db, sql, NULL, NULL);
}

static int create_table(wok_db *db, void *arg)
{
	const struct migration *migration = arg;
	const char *columns =
		migration->postgres
			? "number bigint PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, "
			  "run_at timestamptz NOT NULL DEFAULT now()"
			: "number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, "
			  "run_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP";
	char sql[SQL_SIZE];

	WOK_TRY(lock(migration, db));
	snprintf(sql, sizeof(sql), "CREATE TABLE IF NOT EXISTS %s (%s)", migration->table, columns);
	return wok_db_execute(db, sql, NULL, NULL);
}

static int check_same(const wok_migration *one, const char *checksum)
{
	if (checksum && strcmp(checksum, checksum_of(one->sql).text) == 0)
		return 0;
	return wok_fail(-ESTALE,
			"migration %" PRId64
			" (%s) was changed after it had been run: put back its "
			"text, and write what is new into another",
			one->number, one->name);
}

/* Whether what was run is the beginning of the list. */
static int check_history(const wok_rows *history, const wok_migration *list, size_t count)
{
	for (size_t i = 0; i < wok_rows_count(history); i++) {
		const wok_row *row = wok_rows_at(history, i);
		int64_t number = wok_row_int(row, "number");

		if (number != (int64_t) i + 1)
			return wok_fail(-ESTALE,
					"migrations: the database has run number %" PRId64
					" but not %zu: its table was changed by hand",
					number, i + 1);
		if (i >= count)
			return wok_fail(-ESTALE,
					"migrations: the database has run number %" PRId64
					" (%s), but there are only %zu here: it is newer than this "
					"program",
					number, wok_row_text(row, "name"), count);
		WOK_TRY(check_same(&list[i], wok_row_text(row, "checksum")));
	}
	return 0;
}

/* How many of the list have been run. */
static int read_history(const struct migration *migration, const wok_migration *list, size_t count,
			size_t *ret_done)
{
	WOK_AUTO(wok_rows) *history = NULL;
	char sql[SQL_SIZE];

	snprintf(sql, sizeof(sql), "SELECT number, name, checksum FROM %s ORDER BY number",
		 migration->table);
	WOK_TRY(wok_db_fetch(migration->db, sql, NULL, &history));
	WOK_TRY(check_history(history, list, count));
	*ret_done = wok_rows_count(history);
	return 0;
}

/* --- running one ------------------------------------------------------------------------------ */

/* 1: somebody else has run it in between. */
static int look_again(const struct migration *migration, wok_db *db)
{
	WOK_AUTO(wok_rows) *rows = NULL;
	char sql[SQL_SIZE];

	snprintf(sql, sizeof(sql), "SELECT checksum FROM %s WHERE number = $1", migration->table);
	WOK_TRY(wok_db_fetch(db, sql, WOK_ARGS(migration->one->number), &rows));
	if (wok_rows_count(rows) == 0)
		return 0;
	WOK_TRY(check_same(migration->one, wok_row_text(wok_rows_at(rows, 0), "checksum")));
	return 1;
}

/* A number of the transaction that we are in; SQLite complains itself when there is none. */
static int transaction_number(const struct migration *migration, wok_db *db, int64_t *ret_number)
{
	WOK_AUTO(wok_rows) *rows = NULL;

	*ret_number = 0;
	if (!migration->postgres)
		return 0;
	WOK_TRY(wok_db_fetch(db, "SELECT txid_current()", NULL, &rows));
	*ret_number = wok_row_int_at(wok_rows_at(rows, 0), 0);
	return 0;
}

static int run_script(const struct migration *migration, wok_db *db)
{
	int64_t before;
	int64_t after;

	WOK_TRY(transaction_number(migration, db, &before));
	WOK_TRY(wok_db_script(db, migration->one->sql));
	WOK_TRY(transaction_number(migration, db, &after));
	if (before != after)
		return wok_fail(-EINVAL, "it must not end its transaction: leave out COMMIT and "
					 "ROLLBACK");
	return 0;
}

static int run_one(wok_db *db, void *arg)
{
	struct migration *migration = arg;
	const wok_migration *one = migration->one;
	char sql[SQL_SIZE];

	migration->ran = false; /* should the transaction be run again */
	WOK_TRY(lock(migration, db));
	int done = look_again(migration, db);
	if (done != 0)
		return done < 0 ? done : 0;
	if (migration->options->each)
		WOK_TRY(migration->options->each(one, migration->options->arg));
	WOK_TRY(run_script(migration, db));
	snprintf(sql, sizeof(sql), "INSERT INTO %s (number, name, checksum) VALUES ($1, $2, $3)",
		 migration->table);
	WOK_TRY(wok_db_execute(
		db, sql,
		WOK_ARGS(one->number, one->name, (const char *) checksum_of(one->sql).text), NULL));
	migration->ran = true;
	return 0;
}

/* --- the whole -------------------------------------------------------------------------------- */

static int run_dry(const struct migration *migration, const wok_migration *list, size_t done,
		   size_t end)
{
	for (size_t i = done; i < end; i++) {
		if (migration->options->each)
			WOK_TRY(migration->options->each(&list[i], migration->options->arg));
	}
	return end > done ? (int) (end - done) : 0;
}

static int run_all(struct migration *migration, const wok_migration *list, size_t done, size_t end)
{
	int count = 0;

	for (size_t i = done; i < end; i++) {
		migration->one = &list[i];
		int r = wok_db_transaction(migration->db, run_one, migration);
		if (r < 0 && r != -ECANCELED && r != -ESTALE)
			return wok_fail(r, "migration %" PRId64 " (%s): %s", list[i].number,
					list[i].name, wok_errmsg(r));
		if (r < 0)
			return r;
		count += migration->ran;
	}
	return count;
}

int wok_migrate(wok_db *db, const wok_migration *list, size_t count,
		const wok_migrate_options *options)
{
	static const wok_migrate_options defaults = {.up_to = 0};
	size_t done = 0;
	bool exists;

	options = options ? options : &defaults;
	struct migration migration = {
		.db = db,
		.options = options,
		.table = options->table ? options->table : "wok_migrations",
		.postgres = strcmp(wok_db_kind(db), "postgresql") == 0,
	};
	WOK_TRY(check_table(migration.table));
	WOK_TRY(check_list(list, count));
	if (options->up_to < 0 || options->up_to > (int64_t) count)
		return wok_fail(-EINVAL,
				"migrations: up to %" PRId64
				" was asked for, of %zu that there are",
				options->up_to, count);
	WOK_TRY(table_exists(&migration, &exists));
	if (!exists && !options->dry_run)
		WOK_TRY(wok_db_transaction(db, create_table, &migration));
	if (exists || !options->dry_run)
		WOK_TRY(read_history(&migration, list, count, &done));
	size_t end = options->up_to > 0 ? (size_t) options->up_to : count;
	return options->dry_run ? run_dry(&migration, list, done, end)
				: run_all(&migration, list, done, end);
}

/* w11-sqlite insert|select N PATH: sqlite3 itself, synchronous, with prepared statements. */
#include <sqlite3.h>

#include "util.h"

static void check(sqlite3 *db, int status, int wanted)
{
	if (status != wanted) {
		fprintf(stderr, "%s\n", sqlite3_errmsg(db));
		exit(1);
	}
}

static void run(sqlite3 *db, const char *sql)
{
	check(db, sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement;

	check(db, sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	return statement;
}

static void insert(sqlite3 *db, int n)
{
	run(db, "BEGIN");
	sqlite3_stmt *statement = prepare(db, "INSERT INTO kv VALUES(?,?)");
	for (int i = 0; i < n; i++) {
		sqlite3_bind_int64(statement, 1, i);
		sqlite3_bind_text(statement, 2, "value of row", -1, SQLITE_TRANSIENT);
		check(db, sqlite3_step(statement), SQLITE_DONE);
		sqlite3_reset(statement);
	}
	sqlite3_finalize(statement);
	run(db, "COMMIT");
}

static void select_each(sqlite3 *db, int n)
{
	sqlite3_stmt *statement = prepare(db, "SELECT v FROM kv WHERE id=?");
	uint32_t x = 1;

	for (int i = 0; i < n; i++) {
		x = (x * 1103515245U + 12345U) & 0x7fffffffU;
		sqlite3_bind_int64(statement, 1, x % (uint32_t) n);
		check(db, sqlite3_step(statement), SQLITE_ROW);
		free(strdup((const char *) sqlite3_column_text(statement, 0)));
		sqlite3_reset(statement);
	}
	sqlite3_finalize(statement);
}

int main(int argc, char **argv)
{
	sqlite3 *db;

	if (argc != 4)
		return 2;
	int n = atoi(argv[2]), inserts = strcmp(argv[1], "insert") == 0;
	check(NULL, sqlite3_open(argv[3], &db), SQLITE_OK);
	run(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
		"CREATE TABLE IF NOT EXISTS kv(id INTEGER PRIMARY KEY, v TEXT)");
	if (inserts)
		run(db, "DELETE FROM kv");
	uint64_t start = now_ns();
	double cpu = cpu_s();
	if (inserts)
		insert(db, n);
	else
		select_each(db, n);
	printf("ops_per_s %.0f\n", n / ((now_ns() - start) / 1e9));
	printf("cpu_us_per_op %.3f\n", (cpu_s() - cpu) * 1e6 / n);
	sqlite3_close(db);
	return 0;
}

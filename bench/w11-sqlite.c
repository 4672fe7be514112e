/* W11: SQLite, one row at a time: inserts in one transaction, and point selects.
 * Try:      w11-sqlite insert 100000 /tmp/w11.db   then   w11-sqlite select 100000 /tmp/w11.db
 *           "insert-loop", "select-loop": on the loop's thread; "insert-many": in one go */
#include <wok/sqlite.h>

#include "bench.h"

struct work {
	const char *what, *path;
	size_t n;
};

static const char insert_sql[] = "INSERT INTO kv VALUES(?,?)";

static int insert_each(wok_sqlite *db, size_t n)
{
	WOK_AUTO(wok_sqlite_transaction) *tx = NULL;

	WOK_TRY(wok_sqlite_transaction_begin(db, NULL, &tx));
	for (size_t i = 0; i < n; i++)
		WOK_TRY(wok_sqlite_execute(db, insert_sql, WOK_ARGS((int64_t) i, "value of row")));
	return wok_sqlite_transaction_commit(tx);
}

static int insert_many(wok_sqlite *db, size_t n)
{
	wok_value *values = malloc(2 * n * sizeof(*values));
	wok_args *lists = malloc(n * sizeof(*lists));
	const wok_args **args = malloc(n * sizeof(*args));
	int r = -ENOMEM;

	for (size_t i = 0; values && lists && args && i < n; i++) {
		values[2 * i] = wok_value_int((int64_t) i);
		values[2 * i + 1] = wok_value_text("value of row");
		lists[i] = (wok_args){&values[2 * i], 2};
		args[i] = &lists[i];
	}
	if (values && lists && args)
		r = wok_sqlite_execute_many(db, insert_sql, args, n, NULL);
	free(values);
	free(lists);
	free(args);
	return r;
}

static int select_each(wok_sqlite *db, size_t n)
{
	uint32_t x = 1;

	for (size_t i = 0; i < n; i++) {
		WOK_AUTO(wok_rows) *rows = NULL;

		x = (x * 1103515245U + 12345U) & 0x7fffffffU;
		const int r = wok_sqlite_fetch_row(db, "SELECT v FROM kv WHERE id=?",
						   WOK_ARGS((int64_t) (x % n)), &rows);
		if (r <= 0 || !wok_row_text_at(wok_rows_at(rows, 0), 0))
			return r < 0 ? r : wok_fail(-ENOENT, "there is no such row");
	}
	return 0;
}

static int body(void *arg)
{
	const struct work *work = arg;
	const bool inserts = strncmp(work->what, "insert", 6) == 0;
	const wok_sqlite_options options = {.on_loop = strstr(work->what, "-loop") != NULL};
	WOK_AUTO(wok_sqlite) *db = NULL;

	WOK_TRY(wok_sqlite_open(work->path, &options, &db));
	WOK_TRY(wok_sqlite_execute(
		db, "CREATE TABLE IF NOT EXISTS kv(id INTEGER PRIMARY KEY, v TEXT)", NULL));
	if (inserts)
		WOK_TRY(wok_sqlite_execute(db, "DELETE FROM kv", NULL));
	const wok_time start = wok_now();
	const double cpu_start = bench_cpu_seconds();
	if (strcmp(work->what, "insert-many") == 0)
		WOK_TRY(insert_many(db, work->n));
	else
		WOK_TRY(inserts ? insert_each(db, work->n) : select_each(db, work->n));
	printf("ops_per_s %.0f\n", (double) work->n / bench_seconds_since(start));
	printf("cpu_us_per_op %.3f\n", (bench_cpu_seconds() - cpu_start) * 1e6 / (double) work->n);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: w11-sqlite insert|select|insert-loop|select-loop|"
				"insert-many N PATH\n");
		return 2;
	}
	struct work work = {argv[1], argv[3], bench_count(argc, argv, 2)};
	return bench_exit("w11-sqlite", wok_run(body, &work));
}

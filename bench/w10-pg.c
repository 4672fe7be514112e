/* W10: queries to PostgreSQL, the client's CPU time: one, pgtype, series, batch, copy.
 * Try:      w10-pg /var/run/postgresql one 10 2   (user bench, database postgres) */
#include <wok/pg.h>
#include <wok/pg_records.h>

#include "bench.h"

/* The data of batch and copy, as an application has it: made once, here and in the peers. */
struct record {
	int a, b;
	char c[16];
};

enum { BATCH = 1000, COPIED = 10000, MOST_CONNECTIONS = 256, SQL_SIZE = 300 };

static struct record records[BATCH];

struct client {
	const char *folder, *query;
	wok_pg_conn *conn;
	int number;
	wok_time end;
	size_t queries, rows;
	uint64_t touched; /* the fields: or nobody would have needed them */
};

static const char pgtype[] =
	"select typname, typnamespace, typowner, typlen, typbyval, typcategory, typispreferred, "
	"typisdefined, typdelim, typrelid, typelem, typarray from pg_type "
	"where typtypmod = $1 and typisdefined = $2";
static const char series[] = "SELECT i FROM generate_series(1, 1000) AS i";

static void touch(struct client *client, const wok_rows *rows)
{
	size_t n = wok_rows_count(rows), columns = wok_rows_columns(rows);

	for (size_t i = 0; i < n; i++) {
		const wok_row *row = wok_rows_at(rows, i);

		for (size_t k = 0; k < columns; k++) {
			const wok_value *value = wok_row_at(row, k);
			client->touched += value->kind + (uint64_t) value->integer;
		}
	}
	client->rows += n;
}

static int fetch(struct client *client)
{
	WOK_AUTO(wok_rows) *rows = NULL;

	if (strcmp(client->query, "one") == 0)
		WOK_TRY(wok_pg_fetch(client->conn, "SELECT 1+1", NULL, &rows));
	else if (strcmp(client->query, "pgtype") == 0)
		WOK_TRY(wok_pg_fetch(client->conn, pgtype, WOK_ARGS(-1, true), &rows));
	else
		WOK_TRY(wok_pg_fetch(client->conn, series, NULL, &rows));
	touch(client, rows);
	return 0;
}

static int insert(struct client *client)
{
	static wok_value values[BATCH][3];
	static wok_args lists[BATCH];
	static const wok_args *pointers[BATCH];
	char sql[SQL_SIZE];

	for (int i = 0; i < BATCH; i++) {
		values[i][0] = wok_value_int(records[i].a);
		values[i][1] = wok_value_int(records[i].b);
		values[i][2] = wok_value_text(records[i].c);
		lists[i] = (wok_args){values[i], 3};
		pointers[i] = &lists[i];
	}
	snprintf(sql, sizeof(sql), "INSERT INTO bench_%d (a,b,c) VALUES ($1,$2,$3)",
		 client->number);
	WOK_TRY(wok_pg_execute_many(client->conn, sql, pointers, BATCH, NULL));
	client->rows += BATCH;
	return 0;
}

static int copy(struct client *client)
{
	WOK_AUTO(wok_pg_records) *in = NULL;
	char table[32];

	snprintf(table, sizeof(table), "bench_%d", client->number);
	WOK_TRY(wok_pg_records_in(client->conn, table, "a, b, c", &in));
	for (int i = 0; i < COPIED; i++) {
		const struct record *record = &records[i % BATCH];

		WOK_TRY(wok_pg_records_add(in, WOK_ARGS(record->a, record->b, record->c)));
	}
	WOK_TRY(wok_pg_records_finish(in, NULL));
	client->rows += COPIED;
	return 0;
}

static int work(struct client *client)
{
	if (strcmp(client->query, "batch") == 0)
		return insert(client);
	return strcmp(client->query, "copy") == 0 ? copy(client) : fetch(client);
}

static int ask(void *arg)
{
	struct client *client = arg;

	while (wok_now() < client->end) {
		WOK_TRY(work(client));
		client->queries++;
	}
	return 0;
}

static int prepare(void *arg)
{
	struct client *client = arg;
	char text[SQL_SIZE];

	snprintf(text, sizeof(text), "host=%s user=bench dbname=postgres sslmode=disable",
		 client->folder);
	WOK_TRY(wok_pg_connect(text, &client->conn));
	snprintf(text, sizeof(text),
		 "SET client_min_messages=error; DROP TABLE IF EXISTS bench_%d; "
		 "CREATE UNLOGGED TABLE bench_%d(a int4, b int4, c text)",
		 client->number, client->number);
	return wok_pg_script(client->conn, text);
}

static int measure(struct client *clients, size_t n, double seconds)
{
	size_t queries = 0, rows = 0;

	WOK_TRY(wok_for_each(prepare, clients, n, WOK_UNLIMITED, 0));
	double cpu = bench_cpu_seconds();
	wok_time start = wok_now();
	for (size_t i = 0; i < n; i++)
		clients[i].end = start + (wok_time) (seconds * (double) WOK_SECOND);
	WOK_TRY(wok_for_each(ask, clients, n, WOK_UNLIMITED, 0));
	double wall = bench_seconds_since(start);
	cpu = bench_cpu_seconds() - cpu;
	for (size_t i = 0; i < n; i++) {
		queries += clients[i].queries;
		rows += clients[i].rows;
	}
	printf("queries_per_s %.1f\n", (double) queries / wall);
	printf("rows_per_s %.0f\n", (double) rows / wall);
	printf("cpu_us_per_query %.2f\n", cpu * 1e6 / (double) queries);
	return 0;
}

static int async_main(void *arg)
{
	char **argv = arg;
	static struct client clients[MOST_CONNECTIONS];
	size_t n = strtoul(argv[3], NULL, 10);

	for (int i = 0; i < BATCH; i++) {
		records[i] = (struct record){.a = i, .b = 2 * i};
		snprintf(records[i].c, sizeof(records[i].c), "row %d", i);
	}
	for (size_t i = 0; i < n; i++)
		clients[i] = (struct client){argv[1], argv[2], .number = (int) i};
	int r = measure(clients, n, strtod(argv[4], NULL));
	for (size_t i = 0; i < n; i++)
		wok_pg_conn_free(clients[i].conn);
	return r;
}

int main(int argc, char **argv)
{
	if (argc != 5 || bench_count(argc, argv, 3) > MOST_CONNECTIONS) {
		fprintf(stderr, "usage: w10-pg FOLDER one|pgtype|series|batch|copy N SECONDS\n");
		return 2;
	}
	return bench_exit(argv[0], wok_run(async_main, argv));
}

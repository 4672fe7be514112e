/* w10-pg FOLDER one|pgtype|series|batch|copy N SECONDS: libpq, a thread a connection. */
#include <libpq-fe.h>
#include <pthread.h>

#include "util.h"

enum { MOST = 256, BATCH = 1000, COPIED = 10000, PIECE = 65536 };

static const char pgtype[] =
	"select typname, typnamespace, typowner, typlen, typbyval, typcategory, typispreferred, "
	"typisdefined, typdelim, typrelid, typelem, typarray from pg_type "
	"where typtypmod = $1 and typisdefined = $2";
static const char series[] = "SELECT i FROM generate_series(1, 1000) AS i";

static struct client {
	PGconn *conn;
	int number;
	uint64_t queries, rows, touched;
} clients[MOST];

static const char *query;
static uint64_t end;

/* The data of batch and copy: made once, as wok's program does. */
static struct record {
	int a, b;
	char c[16];
} records[BATCH];

struct parameters {
	uint32_t integers[2];
	const char *values[3];
	int lengths[3], formats[3], n;
};

static int is(const char *name)
{
	return strcmp(query, name) == 0;
}

static void check(PGconn *conn, PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_COPY_IN) {
		fprintf(stderr, "%s", PQerrorMessage(conn));
		exit(1);
	}
}

static void run(PGconn *conn, const char *sql)
{
	PGresult *result = PQexec(conn, sql);

	check(conn, result);
	PQclear(result);
}

static void prepare(struct client *client, const char *folder)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "host=%s user=bench dbname=postgres sslmode=disable gssencmode=disable", folder);
	client->conn = PQconnectdb(text);
	if (PQstatus(client->conn) != CONNECTION_OK) {
		fprintf(stderr, "%s", PQerrorMessage(client->conn));
		exit(1);
	}
	snprintf(text, sizeof(text),
		 "SET client_min_messages=error; DROP TABLE IF EXISTS bench_%d; "
		 "CREATE UNLOGGED TABLE bench_%d(a int4, b int4, c text)",
		 client->number, client->number);
	run(client->conn, text);
	snprintf(text, sizeof(text), "INSERT INTO bench_%d (a,b,c) VALUES ($1,$2,$3)",
		 client->number);
	const char *sql = is("one")      ? "SELECT 1+1"
			  : is("pgtype") ? pgtype
			  : is("series") ? series
					 : text;
	PGresult *result = PQprepare(client->conn, "q", sql, 0, NULL);
	check(client->conn, result);
	PQclear(result);
}

static void number(struct parameters *to, int i, uint32_t value)
{
	to->integers[i] = htonl(value);
	to->values[i] = (char *) &to->integers[i];
	to->lengths[i] = 4;
	to->formats[i] = 1;
}

static void take(struct client *client, PGresult *result)
{
	int n = PQntuples(result), columns = PQnfields(result);

	check(client->conn, result);
	for (int i = 0; i < n; i++)
		for (int k = 0; k < columns; k++)
			client->touched += PQgetlength(result, i, k) +
					   *(unsigned char *) PQgetvalue(result, i, k);
	client->rows += n;
	PQclear(result);
}

static void fetch(struct client *client)
{
	struct parameters p = {.n = is("pgtype") ? 2 : 0};

	number(&p, 0, (uint32_t) -1);
	p.values[1] = "\1";
	p.lengths[1] = p.formats[1] = 1;
	take(client, PQexecPrepared(client->conn, "q", p.n, p.values, p.lengths, p.formats, 1));
}

/* In a pipeline with one Sync, as asyncpg's executemany does it. */
static void insert(struct client *client)
{
	PGresult *result;

	PQenterPipelineMode(client->conn);
	for (int i = 0; i < BATCH; i++) {
		struct parameters p = {.values = {[2] = records[i].c}};

		number(&p, 0, records[i].a);
		number(&p, 1, records[i].b);
		PQsendQueryPrepared(client->conn, "q", 3, p.values, p.lengths, p.formats, 1);
	}
	PQpipelineSync(client->conn);
	for (;;) {
		result = PQgetResult(client->conn);
		if (result && PQresultStatus(result) == PGRES_PIPELINE_SYNC)
			break;
		if (result)
			take(client, result);
	}
	PQclear(result);
	PQexitPipelineMode(client->conn);
	client->rows += BATCH;
}

static char *add(char *to, const void *field, uint32_t size)
{
	uint32_t length = htonl(size);

	memcpy(to, &length, 4);
	memcpy(to + 4, field, size);
	return to + 4 + size;
}

static void copy(struct client *client)
{
	char piece[PIECE + 256] = "PGCOPY\n\377\r\n", *at = piece + 19, text[100];
	PGresult *result;

	snprintf(text, sizeof(text), "COPY bench_%d (a,b,c) FROM STDIN (FORMAT binary)",
		 client->number);
	run(client->conn, text);
	for (int i = 0; i < COPIED; i++) {
		const struct record *record = &records[i % BATCH];
		uint32_t a = htonl(record->a), b = htonl(record->b);

		*at++ = 0;
		*at++ = 3;
		at = add(add(at, &a, 4), &b, 4);
		at = add(at, record->c, strlen(record->c));
		if (at - piece > PIECE) {
			PQputCopyData(client->conn, piece, at - piece);
			at = piece;
		}
	}
	*at++ = '\377';
	*at++ = '\377';
	PQputCopyData(client->conn, piece, at - piece);
	PQputCopyEnd(client->conn, NULL);
	while ((result = PQgetResult(client->conn))) {
		check(client->conn, result);
		PQclear(result);
	}
	client->rows += COPIED;
}

static void *ask(void *arg)
{
	struct client *client = arg;

	for (; now_ns() < end; client->queries++) {
		if (is("batch"))
			insert(client);
		else if (is("copy"))
			copy(client);
		else
			fetch(client);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[MOST];
	uint64_t queries = 0, rows = 0;

	if (argc != 5 || atoi(argv[3]) > MOST)
		return 2;
	query = argv[2];
	int n = atoi(argv[3]);
	for (int i = 0; i < BATCH; i++) {
		records[i] = (struct record){.a = i, .b = 2 * i};
		sprintf(records[i].c, "row %d", i);
	}
	for (int i = 0; i < n; i++) {
		clients[i].number = i;
		prepare(&clients[i], argv[1]);
	}
	double cpu = cpu_s();
	uint64_t start = now_ns();
	end = start + (uint64_t) (atof(argv[4]) * 1e9);
	for (int i = 0; i < n; i++)
		pthread_create(&threads[i], NULL, ask, &clients[i]);
	for (int i = 0; i < n; i++) {
		pthread_join(threads[i], NULL);
		queries += clients[i].queries;
		rows += clients[i].rows;
	}
	double wall = (now_ns() - start) / 1e9;
	printf("queries_per_s %.1f\nrows_per_s %.0f\ncpu_us_per_query %.2f\n", queries / wall,
	       rows / wall, (cpu_s() - cpu) * 1e6 / queries);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * What became of each URL, as a row of a database: wok_fetch. Rows are only added: a URL that is
 * fetched again gets another. A result that cannot be stored ends everything, as does a standard
 * output that is gone: else one would believe it to be there.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <wok/migrate.h>

#include "database.h"
#include "fetch.h"
#include "httpbin.h"

enum { MOST_BODY = 64 * 1024 * 1024 };

#define GRACE (5 * WOK_SECOND) /* for what was fetched, after Ctrl-C */

static const wok_migration postgres[] = {
	{1, "results",
	 "CREATE TABLE wok_fetch ("
	 "id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, url text NOT NULL, final_url text, "
	 "ok boolean NOT NULL, status int, size bigint NOT NULL, ms bigint NOT NULL, "
	 "tries int NOT NULL, headers jsonb, body bytea, file text, error text, "
	 "fetched_at timestamptz NOT NULL DEFAULT now());"
	 "CREATE INDEX wok_fetch_url ON wok_fetch (url) WHERE ok"},
};

static const wok_migration sqlite[] = {
	{1, "results",
	 "CREATE TABLE wok_fetch ("
	 "id INTEGER PRIMARY KEY, url TEXT NOT NULL, final_url TEXT, "
	 "ok INTEGER NOT NULL, status INTEGER, size INTEGER NOT NULL, ms INTEGER NOT NULL, "
	 "tries INTEGER NOT NULL, headers TEXT, body BLOB, file TEXT, error TEXT, "
	 "fetched_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP);"
	 "CREATE INDEX wok_fetch_url ON wok_fetch (url) WHERE ok"},
};

int fetch_db_open(struct fetch *fetch)
{
	const wok_migrate_options options = {.table = "wok_fetch_migrations"};

	if (!fetch->options->db)
		return 0;
	int r = database_open(fetch->options->db, &fetch->db);
	if (r == 0) {
		wok_db *db = database_view(fetch->db);
		bool server = strcmp(wok_db_kind(db), "postgresql") == 0;
		r = wok_migrate(db, server ? postgres : sqlite, 1, &options);
	}
	if (r < 0 && r != -ECANCELED)
		return wok_fail(r, "--db: %s", wok_errmsg(r));
	return r < 0 ? r : 0;
}

int fetch_db_close(struct fetch *fetch)
{
	int r = 0;

	WOK_SHIELD (GRACE)
		r = database_close(WOK_TAKE(fetch->db));
	return r;
}

int fetch_db_plan(struct fetch_job *job)
{
	const struct fetch_options *options = job->fetch->options;
	WOK_AUTO(wok_rows) *rows = NULL;

	if (!options->db || !options->resume)
		return 0;
	WOK_TRY(wok_db_fetch(database_view(job->fetch->db),
			     "SELECT size FROM wok_fetch WHERE url = $1 AND ok LIMIT 1",
			     WOK_ARGS(job->url), &rows));
	return wok_rows_count(rows) > 0;
}

/* --- what is kept of a response ------------------------------------------------------------- */

/* [["name", "value"], ...]: a name may stand there twice, and the order may matter. */
static json_t *headers_of(const wok_http_response *response)
{
	json_t *list = json_array();
	wok_http_header header;
	int r = 0;

	for (size_t i = 0; wok_http_header_at(response, i, &header); i++) {
		json_t *pair = json_array();
		r |= json_array_append_new(pair, httpbin_text(header.name, strlen(header.name)));
		r |= json_array_append_new(pair, httpbin_text(header.value, strlen(header.value)));
		r |= json_array_append_new(list, pair);
	}
	if (r == 0)
		return list;
	json_decref(list);
	return NULL;
}

int fetch_db_take_head(struct fetch_job *job, const wok_http_response *response)
{
	if (!job->fetch->options->db)
		return 0;
	json_t *list = headers_of(response);
	free(job->headers);
	job->headers = list ? json_dumps(list, JSON_COMPACT) : NULL;
	json_decref(list);
	return job->headers ? 0 : -ENOMEM;
}

int fetch_db_take_body(struct fetch_job *job, const void *data, size_t size)
{
	if (!job->fetch->options->db_body)
		return 0;
	if (size > MOST_BODY - job->body_size)
		return wok_fail(WOK_ELIMIT, "the body has more than %d MiB: too much for --db-body",
				MOST_BODY / 1024 / 1024);
	if (size > job->body_space - job->body_size) {
		size_t space = 2 * job->body_space + size;
		char *more = realloc(job->body, space);
		if (!more)
			return -ENOMEM;
		job->body = more;
		job->body_space = space;
	}
	memcpy(job->body + job->body_size, data, size);
	job->body_size += size;
	return 0;
}

void fetch_db_restart(struct fetch_job *job)
{
	job->body_size = 0;
}

/* --- the row -------------------------------------------------------------------------------- */

/* What a list, a server or a folder says need not be UTF-8. The text is the JSON's. */
static wok_value value_of(json_t **keep, const char *text)
{
	*keep = text ? httpbin_text(text, strlen(text)) : NULL;
	return *keep ? wok_value_text(json_string_value(*keep)) : wok_value_null();
}

static int insert(struct fetch_job *job)
{
	bool good = !job->reason[0];
	bool has_body = good && job->fetch->options->db_body;
	json_t *keep[4];
	const wok_value values[] = {
		value_of(&keep[0], job->url),
		value_of(&keep[1], job->final_url),
		wok_value_bool(good),
		job->status > 0 ? wok_value_int(job->status) : wok_value_null(),
		wok_value_int((int64_t) job->got),
		wok_value_int((wok_now() - job->began) / WOK_MS),
		wok_value_int(job->tries),
		wok_value_text(job->headers),
		has_body ? wok_value_blob(job->body ? job->body : "", job->body_size)
			 : wok_value_null(),
		value_of(&keep[2], good ? job->path : NULL),
		value_of(&keep[3], good ? NULL : job->reason),
	};
	const wok_args args = {values, sizeof(values) / sizeof(values[0])};
	int r = wok_db_execute(
		database_view(job->fetch->db),
		"INSERT INTO wok_fetch (url, final_url, ok, status, size, ms, tries, "
		"headers, body, file, error) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
		&args, NULL);
	for (size_t i = 0; i < sizeof(keep) / sizeof(keep[0]); i++)
		json_decref(keep[i]);
	return r;
}

int fetch_db_store(struct fetch_job *job)
{
	if (!job->fetch->options->db || job->there)
		return 0;
	int r = insert(job);
	if (r < 0 && r != -ECANCELED)
		job->fetch->broken = r = wok_fail(r, "--db: %s", wok_errmsg(r));
	return r;
}

void fetch_db_clear(struct fetch_job *job)
{
	free(job->headers);
	free(job->body);
}

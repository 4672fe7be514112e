/* SPDX-License-Identifier: MIT */
/*
 * Several statements in one go: see wok_sqlite_execute_many() and wok_sqlite_batch(). All or none
 * take effect: in a transaction, or where there is one, in a savepoint.
 */
#include <wok/error.h>

#include "db/sqlite/run.h"

static int exec(struct wok__sqlite_job *job, const char *sql)
{
	const int r = wok__sqlite_exec(job->db, sql);

	return r == SQLITE_OK ? 0 : wok__sqlite_fail(job, r, NULL);
}

static int begin(struct wok__sqlite_job *job)
{
	return exec(job, job->db->in_transaction ? "SAVEPOINT wok_many" : "BEGIN IMMEDIATE");
}

static void undo(wok_sqlite *db)
{
	if (!db->in_transaction)
		wok__sqlite_undo(db);
	else if (!sqlite3_get_autocommit(db->handle))
		(void) wok__sqlite_exec(db, "ROLLBACK TO wok_many; RELEASE wok_many");
}

/* r: of what was done within. */
static int end(struct wok__sqlite_job *job, int r)
{
	if (r >= 0)
		r = exec(job, job->db->in_transaction ? "RELEASE wok_many" : "COMMIT");
	if (r < 0)
		undo(job->db);
	return r;
}

struct many {
	struct wok__sqlite_job job;
	const char *sql;
	const wok_args *const *args;
	size_t n;
	wok_db_result sum;
};

static int run_each(struct wok__sqlite_job *job, struct many *many,
		    struct wok__sqlite_statement *statement)
{
	many->sum = (wok_db_result){0};
	for (size_t i = 0; i < many->n; i++) {
		wok_db_result result = {0};
		int r = wok__sqlite_stops(job)
				? wok__sqlite_fail(job, SQLITE_INTERRUPT, NULL)
				: wok__sqlite_bind(job, statement, many->args[i], false);

		if (r == 0)
			r = wok__sqlite_run_one(job, statement, &result);
		if (r < 0) {
			wok__sqlite_fail_prefix(job, "parameters %zu: ", i);
			return r;
		}
		sqlite3_reset(statement->handle);
		many->sum.changes += result.changes;
		many->sum.last_id = result.last_id;
	}
	return 0;
}

static int run_many(struct wok__sqlite_job *job)
{
	struct many *many = WOK__CONTAINER(job, struct many, job);
	struct wok__sqlite_statement *statement;

	WOK_TRY(wok__sqlite_prepare(job, many->sql, &statement));
	int r = begin(job);
	if (r == 0) {
		r = run_each(job, many, statement);
		sqlite3_reset(statement->handle);
		r = end(job, r);
	}
	wok__sqlite_release(job->db, statement);
	return r;
}

int wok_sqlite_execute_many(wok_sqlite *db, const char *sql, const wok_args *const *args, size_t n,
			    wok_db_result *ret_result)
{
	struct many many = {.job.whole = true, .sql = sql, .args = args, .n = n};

	WOK_TRY(wok__sqlite_call_for(db, &many.job, run_many, 0));
	if (ret_result)
		*ret_result = many.sum;
	return 0;
}

struct batch {
	struct wok__sqlite_job job;
	wok_sqlite_statement *statements;
	size_t n;
	size_t failed; /* n: the transaction itself */
};

static int run_item(struct wok__sqlite_job *job, wok_sqlite_statement *item)
{
	struct wok__sqlite_statement *statement;

	WOK_TRY(wok__sqlite_prepare(job, item->sql, &statement));
	int r = wok__sqlite_bind(job, statement, item->args, false);
	if (r == 0 && item->want_rows)
		r = wok__sqlite_run_rows(job, statement, SIZE_MAX,
					 job->db->settings.options.max_result, &item->rows);
	else if (r == 0)
		r = wok__sqlite_run_one(job, statement, &item->changes);
	wok__sqlite_release(job->db, statement);
	return r;
}

static void forget_results(struct batch *batch)
{
	for (size_t i = 0; i < batch->n; i++) {
		wok_sqlite_statement *item = &batch->statements[i];

		wok_rows_free(WOK_TAKE(item->rows));
		item->changes = (wok_db_result){0};
		item->result = -ECANCELED;
	}
	batch->failed = batch->n;
}

static int run_items(struct wok__sqlite_job *job, struct batch *batch)
{
	for (size_t i = 0; i < batch->n; i++) {
		wok_sqlite_statement *item = &batch->statements[i];

		item->result = wok__sqlite_stops(job)
				       ? wok__sqlite_fail(job, SQLITE_INTERRUPT, NULL)
				       : run_item(job, item);
		if (item->result < 0) {
			batch->failed = i;
			wok__sqlite_fail_prefix(job, "statement %zu: ", i);
			return item->result;
		}
	}
	return 0;
}

static int run_batch(struct wok__sqlite_job *job)
{
	struct batch *batch = WOK__CONTAINER(job, struct batch, job);

	forget_results(batch);
	WOK_TRY(begin(job));
	return end(job, run_items(job, batch));
}

int wok_sqlite_batch(wok_sqlite *db, wok_sqlite_statement *statements, size_t n)
{
	struct batch batch = {.job.whole = true, .statements = statements, .n = n};

	for (size_t i = 0; i < n; i++)
		statements[i].rows = NULL;
	forget_results(&batch);
	const int r = wok__sqlite_call_for(db, &batch.job, run_batch, 0);
	if (r < 0) {
		const size_t failed = batch.failed;

		forget_results(&batch);
		if (failed < n)
			statements[failed].result = r;
	}
	return r;
}

/* SPDX-License-Identifier: MIT */
/* Several statements in one text: see wok_sqlite_script(). */
#include "db/sqlite/run.h"

struct script {
	struct wok__sqlite_job job;
	const char *sql;
	size_t done;
};

static int run_script(struct wok__sqlite_job *job)
{
	struct script *script = WOK__CONTAINER(job, struct script, job);
	const char *sql = script->sql;
	wok_db_result ignored;

	while (*sql) {
		struct wok__sqlite_statement *statement;

		/* SQLite asks only within a statement, of a thousand steps and more. */
		if (wok__sqlite_stops(job))
			return wok__sqlite_fail(job, SQLITE_INTERRUPT, NULL);
		WOK_TRY(wok__sqlite_prepare_next(job, sql, &sql, &statement));
		const bool is_one = statement->handle != NULL; /* and no comment */
		const int r = wok__sqlite_run_one(job, statement, &ignored);
		wok__sqlite_release(job->db, statement);
		WOK_TRY(r);
		script->done += is_one;
	}
	return 0;
}

static int run_and_say(struct wok__sqlite_job *job)
{
	const int r = run_script(job);

	if (r < 0)
		wok__sqlite_fail_prefix(
			job, "statement %zu: ", WOK__CONTAINER(job, struct script, job)->done + 1);
	return r;
}

int wok_sqlite_script_done(wok_sqlite *db, const char *sql, size_t *ret_done)
{
	struct script script = {.job.only_once = true, .sql = sql};
	const int r = wok__sqlite_call_for(db, &script.job, run_and_say, 0);

	*ret_done = script.done;
	return r;
}

int wok_sqlite_script(wok_sqlite *db, const char *sql)
{
	size_t done;

	return wok_sqlite_script_done(db, sql, &done);
}

/* SPDX-License-Identifier: MIT */
/* Hooks: see hooks.h and wok/sqlite_function.h. */
#include "db/sqlite/hooks.h"

#include <wok/error.h>

#include "loop/report.h"

/* Not in each SQLite, and in its header only by a define. */
extern void *sqlite3_preupdate_hook(sqlite3 *handle,
				    void (*hook)(void *arg, sqlite3 *handle, int operation,
						 const char *schema, const char *table,
						 sqlite3_int64 old_id, sqlite3_int64 new_id),
				    void *arg) __attribute__((weak));

static wok_sqlite_change change_of(int operation)
{
	switch (operation) {
	case SQLITE_INSERT:
		return WOK_SQLITE_INSERT;
	case SQLITE_DELETE:
		return WOK_SQLITE_DELETE;
	default:
		return WOK_SQLITE_UPDATE;
	}
}

static void on_update(void *arg, int operation, const char *schema, const char *table,
		      sqlite3_int64 id)
{
	const wok_sqlite_hooks *hooks = &((wok_sqlite *) arg)->hooks;

	hooks->on_update(hooks->arg, change_of(operation), schema, table, id);
}

static void on_preupdate(void *arg, sqlite3 *handle, int operation, const char *schema,
			 const char *table, sqlite3_int64 old_id, sqlite3_int64 new_id)
{
	const wok_sqlite_hooks *hooks = &((wok_sqlite *) arg)->hooks;

	hooks->on_preupdate(hooks->arg, handle, change_of(operation), schema, table, old_id,
			    new_id);
}

static int on_commit(void *arg)
{
	const wok_sqlite_hooks *hooks = &((wok_sqlite *) arg)->hooks;

	return hooks->on_commit(hooks->arg);
}

static void on_rollback(void *arg)
{
	const wok_sqlite_hooks *hooks = &((wok_sqlite *) arg)->hooks;

	hooks->on_rollback(hooks->arg);
}

static int on_authorize(void *arg, int action, const char *a, const char *b, const char *schema,
			const char *trigger)
{
	const wok_sqlite_hooks *hooks = &((wok_sqlite *) arg)->hooks;

	return hooks->authorize(hooks->arg, action, a, b, schema, trigger);
}

static int on_trace(unsigned what, void *arg, void *statement, void *took)
{
	const wok_sqlite_hooks *hooks = &((wok_sqlite *) arg)->hooks;

	(void) what;
	hooks->on_statement(hooks->arg, sqlite3_sql(statement), *(const sqlite3_int64 *) took);
	return 0;
}

bool wok__sqlite_hook_progress(const wok_sqlite *db)
{
	return db->hooks.on_progress && db->hooks.on_progress(db->hooks.arg) != 0;
}

static void install(wok_sqlite *db)
{
	const wok_sqlite_hooks *hooks = &db->hooks;

	sqlite3_update_hook(db->handle, hooks->on_update ? on_update : NULL, db);
	if (sqlite3_preupdate_hook)
		sqlite3_preupdate_hook(db->handle, hooks->on_preupdate ? on_preupdate : NULL, db);
	sqlite3_commit_hook(db->handle, hooks->on_commit ? on_commit : NULL, db);
	sqlite3_rollback_hook(db->handle, hooks->on_rollback ? on_rollback : NULL, db);
	sqlite3_set_authorizer(db->handle, hooks->authorize ? on_authorize : NULL, db);
	sqlite3_trace_v2(db->handle, hooks->on_statement ? SQLITE_TRACE_PROFILE : 0,
			 hooks->on_statement ? on_trace : NULL, db);
}

struct setting {
	struct wok__sqlite_job job;
	wok_sqlite_hooks hooks;
};

static int set(struct wok__sqlite_job *job)
{
	job->db->hooks = WOK__CONTAINER(job, struct setting, job)->hooks;
	install(job->db);
	return 0;
}

int wok_sqlite_set_hooks(wok_sqlite *db, const wok_sqlite_hooks *hooks)
{
	struct setting setting = {.hooks = hooks ? *hooks : (wok_sqlite_hooks){0}};

	if (setting.hooks.on_preupdate && !sqlite3_preupdate_hook)
		return wok_fail(-EOPNOTSUPP, "wok_sqlite_set_hooks: this SQLite was built without "
					     "the preupdate hook");
	return wok__sqlite_call(db, &setting.job, set);
}

/* As SQLite does by itself, of so many pages; but then it would not say how far it came. */
static int on_log(void *arg, sqlite3 *handle, const char *schema, int pages)
{
	wok_sqlite *db = arg;
	int in_log = 0, done = 0;

	if (pages < db->settings.options.checkpoint_pages)
		return SQLITE_OK;
	(void) sqlite3_wal_checkpoint_v2(handle, schema, SQLITE_CHECKPOINT_PASSIVE, &in_log, &done);
	if (done < in_log && in_log >= db->settings.options.log_warning)
		atomic_store(&db->starved, in_log);
	else if (done == in_log)
		atomic_store(&db->starved, 0);
	return SQLITE_OK;
}

void wok__sqlite_watch_log(wok_sqlite *db)
{
	sqlite3_wal_hook(db->handle, on_log, db);
}

/* Again only when it has doubled. */
void wok__sqlite_report_log(wok_sqlite *db)
{
	const int pages = atomic_load_explicit(&db->starved, memory_order_relaxed);

	if (pages == 0) {
		db->reported = 0;
	} else if (pages >= 2 * db->reported) {
		db->reported = pages;
		wok__report(0, NULL, db->site,
			    "%s: its log has grown to %d pages, and cannot be emptied: somebody "
			    "reads from an old snapshot; end cursors and transactions that read",
			    db->settings.path, pages);
	}
}

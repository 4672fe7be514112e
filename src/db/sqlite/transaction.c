/* SPDX-License-Identifier: MIT */
/*
 * Transactions: see wok/sqlite.h.
 *
 * The task that has one holds the connection's lease. Whether one is open is known on both sides:
 * a BEGIN that was cancelled while it waited for its lock has not begun, and one that has begun is
 * handed over, whatever came meanwhile. A COMMIT that fails rolls back in the same job, and one
 * that was not run is followed by a rollback that no cancel stops. So after each call it is known
 * what there is.
 */
#include <stdio.h>
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/task.h>

#include "base/memory.h"
#include "base/message.h"
#include "db/sqlite/run.h"
#include "loop/report.h"
#include "task/park.h"

struct wok_sqlite_transaction {
	wok_sqlite *db; /* NULL: it has ended */
	wok_sqlite_transaction *outer;
	unsigned depth; /* 0: the transaction itself */
};

struct order {
	struct wok__sqlite_job job;
	const char *sql;
	unsigned depth;
	bool rollback;
};

void wok__sqlite_undo(wok_sqlite *db)
{
	if (db->handle && !sqlite3_get_autocommit(db->handle) &&
	    wok__sqlite_exec(db, "ROLLBACK") != SQLITE_OK && !sqlite3_get_autocommit(db->handle))
		db->dead = true;
}

static int begin(struct wok__sqlite_job *job)
{
	struct order *order = WOK__CONTAINER(job, struct order, job);
	const int r = wok__sqlite_exec(job->db, order->sql);

	if (r != SQLITE_OK)
		return wok__sqlite_fail(job, r, NULL);
	job->db->in_transaction = true;
	return 0;
}

static int commit(struct wok__sqlite_job *job)
{
	wok_sqlite *db = job->db;
	const int r = wok__sqlite_exec(db, "COMMIT");
	const int code = r == SQLITE_OK ? 0 : wok__sqlite_fail(job, r, NULL);

	if (code < 0)
		wok__sqlite_undo(db);
	db->in_transaction = false;
	return code;
}

static int roll_back(struct wok__sqlite_job *job)
{
	wok_sqlite *db = job->db;

	wok__sqlite_undo(db);
	db->in_transaction = false;
	return db->dead ? wok__sqlite_fail_text(job, WOK_EDB, "the rollback failed: %s",
						sqlite3_errmsg(db->handle))
			: 0;
}

/* A savepoint's begin, release, rollback. */
static int save(struct wok__sqlite_job *job)
{
	struct order *order = WOK__CONTAINER(job, struct order, job);
	char sql[80];
	int r;

	if (!order->rollback)
		snprintf(sql, sizeof(sql), "%s wok_%u", order->sql, order->depth);
	else
		snprintf(sql, sizeof(sql), "ROLLBACK TO wok_%u; RELEASE wok_%u", order->depth,
			 order->depth);
	/* After a rollback by SQLite there is no savepoint to go back to. */
	if (order->rollback && sqlite3_get_autocommit(job->db->handle))
		return 0;
	r = wok__sqlite_exec(job->db, sql);
	return r == SQLITE_OK ? 0 : wok__sqlite_fail(job, r, NULL);
}

static bool foreign_cursors(const wok_sqlite *db)
{
	const struct wok_task *task = wok_current_task();

	WOK__LIST_EACH (node, &db->cursors)
		if (wok__sqlite_cursor_task(node) != task)
			return true;
	return false;
}

/* A statement of another task that is under way would become part of the transaction. */
static int wait_for_cursors(wok_sqlite *db)
{
	while (foreign_cursors(db)) {
		wok_event_clear(&db->cursor_ended);
		WOK_TRY(wok_event_wait(&db->cursor_ended));
	}
	return 0;
}

int wok__sqlite_orphaned(wok_sqlite *db)
{
	struct order order = {.job.shielded = true};

	wok__report(-EOWNERDEAD, NULL, db->site,
		    "a task ended with a transaction open on %s: it is rolled back",
		    db->settings.path);
	for (wok_sqlite_transaction *tx = db->innermost; tx; tx = tx->outer) {
		tx->db = NULL;
		wok__sqlite_unref(db); /* not the last one: the caller's is there */
	}
	db->innermost = NULL;
	const int r = wok__sqlite_call(db, &order.job, roll_back);
	if (r < 0)
		wok_lock_release(&db->lease);
	return r;
}

static int take_lease(wok_sqlite *db)
{
	int r = wok_lock_acquire(&db->lease);

	if (r == -EOWNERDEAD)
		r = wok__sqlite_orphaned(db);
	if (r < 0)
		return r;
	r = wait_for_cursors(db);
	if (r < 0)
		wok_lock_release(&db->lease);
	return r;
}

static int begin_outermost(wok_sqlite *db, wok_sqlite_begin how)
{
	static const char *const words[] = {"BEGIN IMMEDIATE", "BEGIN DEFERRED", "BEGIN EXCLUSIVE"};
	struct order order = {.sql = words[how]};

	WOK_TRY(take_lease(db));
	const int r = wok__sqlite_call_for(db, &order.job, begin, 0);
	if (r < 0)
		wok_lock_release(&db->lease);
	return r;
}

static int begin_inner(wok_sqlite *db, unsigned depth)
{
	struct order order = {.sql = "SAVEPOINT", .depth = depth};

	return wok__sqlite_call(db, &order.job, save);
}

int wok_sqlite_transaction_begin(wok_sqlite *db, const wok_sqlite_transaction_options *options,
				 wok_sqlite_transaction **ret_tx)
{
	const wok_sqlite_begin how = options ? options->begin : WOK_SQLITE_IMMEDIATE;

	if ((unsigned) how > WOK_SQLITE_EXCLUSIVE)
		return wok_fail(-EINVAL, "wok_sqlite_transaction_begin: there is no such way");
	wok_sqlite_transaction *outer = wok__sqlite_owns(db) ? db->innermost : NULL;
	wok_sqlite_transaction *tx = wok__alloc_zeroed(sizeof(*tx));
	if (!tx)
		return -ENOMEM;
	*tx = (wok_sqlite_transaction){db, outer, outer ? outer->depth + 1 : 0};
	wok__sqlite_ref(db);
	int r = wok__sqlite_usable(db);
	if (r == 0)
		r = outer ? begin_inner(db, tx->depth) : begin_outermost(db, how);
	if (r < 0) {
		wok_free(tx);
		wok__sqlite_unref(db);
		return r;
	}
	db->innermost = tx;
	*ret_tx = tx;
	return 0;
}

/* It is over, and those within it. */
static void end(wok_sqlite_transaction *tx)
{
	wok_sqlite *db = tx->db;

	for (wok_sqlite_transaction *inner = db->innermost; inner != tx; inner = inner->outer) {
		inner->db = NULL;
		wok__sqlite_unref(db); /* not the last one: tx has one, too */
	}
	tx->db = NULL;
	db->innermost = tx->outer;
	if (!tx->outer)
		wok_lock_release(&db->lease);
	wok__sqlite_unref(db);
}

static int check(const wok_sqlite_transaction *tx, bool innermost)
{
	if (!tx->db)
		return wok_fail(-EINVAL, "the transaction has ended already");
	if (!wok__sqlite_owns(tx->db))
		return wok_fail(-EINVAL, "the transaction is another task's");
	if (innermost && tx->db->innermost != tx)
		return wok_fail(-EINVAL, "a transaction within this one is open still");
	return 0;
}

static int undo(wok_sqlite_transaction *tx)
{
	struct order order = {.job.shielded = true, .rollback = true, .depth = tx->depth};
	wok_sqlite *db = tx->db;
	int r = db->closing ? 0 : wok__sqlite_call(db, &order.job, tx->depth ? save : roll_back);

	if (r == -EBADF)
		r = 0; /* the close has rolled back */
	end(tx);
	return r;
}

int wok_sqlite_transaction_commit(wok_sqlite_transaction *tx)
{
	struct order order = {.sql = "RELEASE"};

	WOK_TRY(check(tx, true));
	order.depth = tx->depth;
	const int r = wok__sqlite_call_for(tx->db, &order.job, tx->depth ? save : commit, 0);
	if (r < 0) {
		const struct wok__saved_error saved = wok__error_save();

		(void) undo(tx);
		wok__error_restore(saved);
	} else {
		end(tx);
	}
	return r;
}

int wok_sqlite_transaction_rollback(wok_sqlite_transaction *tx)
{
	if (!tx->db)
		return 0;
	WOK_TRY(check(tx, false));
	return undo(tx);
}

void wok__sqlite_leave_transaction(wok_sqlite *db)
{
	wok_sqlite_transaction *tx = db->innermost;

	if (!tx || !wok__sqlite_owns(db))
		return;
	const struct wok__saved_error saved = wok__error_save();
	wok__report(0, NULL, db->site,
		    "a reader of %s was given back with a transaction open: it is rolled back",
		    db->settings.path);
	while (tx->outer)
		tx = tx->outer;
	(void) undo(tx);
	wok__error_restore(saved);
}

void wok_sqlite_transaction_free(wok_sqlite_transaction *tx)
{
	if (!tx)
		return;
	if (tx->db) {
		const struct wok__saved_error saved = wok__error_save();
		const int r = wok_sqlite_transaction_rollback(tx);

		if (r < 0)
			wok__report(r, NULL, NULL, "a transaction could not be rolled back: %s",
				    wok_errmsg(r));
		wok__error_restore(saved);
		if (tx->db)
			return; /* another task has it: it cannot go under that one's hands */
	}
	wok_free(tx);
}

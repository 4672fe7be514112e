/* SPDX-License-Identifier: MIT */
/*
 * Closing a connection: see wok/sqlite.h.
 *
 * The close is the last job. What hangs on the connection lets go of the handle in it, and is freed
 * by its owner whenever he likes.
 */
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/timeout.h>

#include "base/message.h"
#include "db/sqlite/connection.h"
#include "db/sqlite/statement.h"
#include "loop/fork.h"

/* On the connection's thread. */
static int close_handle(struct wok__sqlite_job *job)
{
	wok_sqlite *db = job->db;
	struct wok__node *node;

	db->quit = true;
	if (!db->handle)
		return 0;
	while ((node = wok__list_pop(&db->held)) != NULL) {
		struct wok__sqlite_held *held = WOK__CONTAINER(node, struct wok__sqlite_held, link);

		held->drop(held);
	}
	if (!sqlite3_get_autocommit(db->handle))
		wok__sqlite_undo(db);
	db->in_transaction = false;
	wok__sqlite_forget_statements(db);
	/* What closures have left goes, too. */
	for (sqlite3_stmt *stmt; (stmt = sqlite3_next_stmt(db->handle, NULL)) != NULL;)
		sqlite3_finalize(stmt);
	const int r = sqlite3_close(db->handle);
	if (r != SQLITE_OK)
		sqlite3_close_v2(db->handle);
	db->handle = NULL;
	return r == SQLITE_OK ? 0 : wok__sqlite_fail(job, r, NULL);
}

/* Under the mutex. */
static void stop_running(wok_sqlite *db)
{
	if (db->running && !db->running->shielded) {
		atomic_store(&db->running->stopped, true);
		wok__sqlite_cancel(db->running);
	}
}

void wok__sqlite_enter(wok_sqlite *db, struct wok__sqlite_job *job)
{
	pthread_mutex_lock(&db->mutex);
	db->running = job;
	if (db->hurrying)
		stop_running(db);
	pthread_mutex_unlock(&db->mutex);
}

/* Under the mutex: what waits is not run; what runs is interrupted. */
static void stop_all(wok_sqlite *db, struct wok__list *ret_stopped)
{
	db->hurrying = true;
	WOK__LIST_EACH (node, &db->queue) {
		struct wok__sqlite_job *job = WOK__CONTAINER(node, struct wok__sqlite_job, link);

		if (job->detached || job->closes)
			continue;
		wok__list_remove(node);
		wok__list_push_back(ret_stopped, node);
		atomic_fetch_sub_explicit(&db->n_queued, 1, memory_order_relaxed);
		job->queued = false;
	}
	stop_running(db);
}

static void refuse(struct wok__list *stopped)
{
	struct wok__node *node;

	while ((node = wok__list_pop(stopped)) != NULL) {
		struct wok__sqlite_job *job = WOK__CONTAINER(node, struct wok__sqlite_job, link);

		job->result = -ESHUTDOWN;
		wok__sqlite_done(job);
	}
}

static int close_here(wok_sqlite *db, struct wok__sqlite_job *job)
{
	job->db = db;
	job->result = close_handle(job);
	db->gone = true;
	return wok__sqlite_say(job);
}

/* The first to come. */
static int close_it(wok_sqlite *db, bool now)
{
	struct wok__sqlite_job job = {.shielded = true, .closes = true};
	struct wok__list stopped;
	int r;

	wok__list_init(&stopped);
	pthread_mutex_lock(&db->mutex);
	db->closing = true;
	if (now)
		stop_all(db, &stopped);
	pthread_mutex_unlock(&db->mutex);
	refuse(&stopped);
	if (wok__sqlite_submit(db, &job, close_handle) < 0)
		r = close_here(db, &job);
	else
		r = wok__sqlite_wait(&job);
	if (db->has_thread)
		pthread_join(db->thread, NULL);
	db->has_thread = false;
	db->gone = true;
	wok_event_set(&db->closed);
	return r;
}

int wok__sqlite_shut(wok_sqlite *db, bool now)
{
	struct wok__list stopped;

	if (db->generation != wok__fork_generation())
		return 0; /* the parent's: to close it would take away its locks */
	wok__list_remove(&db->ending.link);
	wok__list_init_node(&db->ending.link);
	if (!db->closing)
		return close_it(db, now);
	/* Another task closes it: make haste, if that was asked for, and wait. */
	wok__list_init(&stopped);
	if (now) {
		pthread_mutex_lock(&db->mutex);
		stop_all(db, &stopped);
		pthread_mutex_unlock(&db->mutex);
		refuse(&stopped);
	}
	WOK_SHIELD (WOK_FOREVER)
		while (!wok_event_is_set(&db->closed) && wok_event_wait(&db->closed) == 0)
			;
	return 0;
}

/* In a fork's child there is nothing to do. */
static int end_here(wok_sqlite *db, bool now)
{
	const int r = wok__sqlite_here(db);

	return r == 0 ? wok__sqlite_shut(db, now) : r == -ECHILD ? 0 : r;
}

int wok_sqlite_close(wok_sqlite *db)
{
	return end_here(db, false);
}

int wok_sqlite_shutdown(wok_sqlite *db)
{
	return end_here(db, true);
}

void wok_sqlite_free(wok_sqlite *db)
{
	if (!db || !wok__sqlite_is_here(db, "wok_sqlite_free"))
		return;
	const struct wok__saved_error saved = wok__error_save();
	(void) wok__sqlite_shut(db, true);
	wok__error_restore(saved);
	wok__sqlite_unref(db);
}

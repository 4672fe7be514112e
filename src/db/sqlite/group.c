/* SPDX-License-Identifier: MIT */
/*
 * Group commit: statements that stand in the queue together share a transaction.
 *
 * Nobody hears of success before the commit. A statement that fails takes back what it did itself,
 * as SQLite's statements do, and no more. Where the whole transaction is lost, because SQLite
 * rolled it back or could not commit it, those that had succeeded run again, each alone: so what
 * harms one does not harm its neighbours, and each takes effect once.
 */
#include <string.h>
#include <strings.h>
#include <wok/memory.h>

#include "db/sqlite/connection.h"
#include "db/sqlite/run.h"

enum { MAX_GROUP = 256 };

bool wok__sqlite_may_share(const wok_sqlite *db, const char *sql)
{
	static const char *const words[] = {"INSERT ", "UPDATE ", "DELETE ", "REPLACE "};

	if (!db->settings.options.group_commit)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncasecmp(sql, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

static struct wok__sqlite_job *job_of(struct wok__node *node)
{
	return WOK__CONTAINER(node, struct wok__sqlite_job, link);
}

static size_t collect(wok_sqlite *db, struct wok__sqlite_job *first, struct wok__list *ret_group)
{
	struct wok__node *node;
	size_t n = 1;

	wok__list_init(ret_group);
	wok__list_push_back(ret_group, &first->link);
	pthread_mutex_lock(&db->mutex);
	for (; n < MAX_GROUP && (node = wok__list_first(&db->queue)) != NULL; n++) {
		if (!job_of(node)->may_share)
			break;
		wok__list_remove(node);
		wok__list_push_back(ret_group, node);
		job_of(node)->queued = false;
		atomic_fetch_sub_explicit(&db->n_queued, 1, memory_order_relaxed);
	}
	pthread_mutex_unlock(&db->mutex);
	return n;
}

static void run_again(wok_sqlite *db, struct wok__sqlite_job *job)
{
	wok_free(WOK_TAKE(job->failure.message));
	job->failure = (struct wok__sqlite_failure){0};
	wok__sqlite_enter(db, job);
	wok__sqlite_perform(db, job);
}

/* Each alone, from the first to the one before end, of those that had succeeded. */
static void run_alone(wok_sqlite *db, struct wok__list *group, const struct wok__node *end)
{
	db->in_transaction = false;
	WOK__LIST_EACH (node, group) {
		if (node == end)
			return;
		if (job_of(node)->result >= 0)
			run_again(db, job_of(node));
	}
}

static void fail_all(struct wok__list *group, int code)
{
	WOK__LIST_EACH (node, group)
		job_of(node)->result = wok__sqlite_fail(job_of(node), code, NULL);
}

/* The transaction is open. */
static void run_together(wok_sqlite *db, struct wok__list *group)
{
	db->in_transaction = true;
	WOK__LIST_EACH (node, group) {
		wok__sqlite_enter(db, job_of(node));
		wok__sqlite_perform(db, job_of(node));
		if (db->in_transaction && sqlite3_get_autocommit(db->handle)) {
			run_alone(db, group, node); /* and from now on each is alone */
			db->in_transaction = false;
		}
	}
	if (!db->in_transaction)
		return;
	if (wok__sqlite_exec(db, "COMMIT") != SQLITE_OK) {
		wok__sqlite_undo(db);
		run_alone(db, group, NULL);
	}
	db->in_transaction = false;
}

static int begin(wok_sqlite *db, struct wok__sqlite_job *first)
{
	db->current = first;
	const int r = db->dead ? SQLITE_ERROR : wok__sqlite_exec(db, "BEGIN IMMEDIATE");
	db->current = NULL;
	return r;
}

static void run_group(wok_sqlite *db, struct wok__sqlite_job *first, struct wok__list *group)
{
	const int r = begin(db, first);

	if (r == SQLITE_OK)
		run_together(db, group);
	else if (db->dead || wok__sqlite_stops(first))
		run_alone(db, group, NULL); /* that one's cancel is not the others' */
	else
		fail_all(group, r);
}

void wok__sqlite_perform_group(wok_sqlite *db, struct wok__sqlite_job *first)
{
	struct wok__list group;
	struct wok__node *node;

	if (collect(db, first, &group) == 1)
		wok__sqlite_perform(db, first);
	else
		run_group(db, first, &group);
	wok__sqlite_enter(db, NULL);
	while ((node = wok__list_pop(&group)) != NULL)
		wok__sqlite_done(job_of(node));
}

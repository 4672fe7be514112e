/* SPDX-License-Identifier: MIT */
/*
 * One writer, several readers: see wok/sqlite_pool.h.
 *
 * A reader belongs to one task at a time: a slow query is in nobody's way but of who waits for the
 * last reader. Who holds a semaphore's permit finds an idle connection, or a place for a new one.
 */
#include "db/sqlite/pool.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/thread.h>
#include <wok/timeout.h>

#include "base/memory.h"
#include "base/message.h"
#include "db/sqlite/connection.h"
#include "loop/report.h"
#include "task/park.h"

#define IDLE (60 * WOK_SECOND)
#define TIMEOUT (30 * WOK_SECOND)
enum { MAX_READERS = 4 };

static bool in_memory(const char *path, const wok_sqlite_options *options)
{
	return strcmp(path, ":memory:") == 0 ||
	       (options->uri && (strstr(path, "mode=memory") || strstr(path, ":memory:")));
}

static int set_up(wok_sqlite_pool *pool, const char *path, const wok_sqlite_pool_options *options)
{
	const size_t processors = wok_cpu_count();
	const bool memory = in_memory(path, &options->connection);

	if (memory && options->readers > 0)
		return wok_fail(-EINVAL, "wok_sqlite_pool_open: readers would not see what is in "
					 "a database in memory: leave them out");
	if (options->acquire_timeout < 0)
		return wok_fail(-EINVAL, "wok_sqlite_pool_open: a limit below 0");
	pool->limit = options->readers           ? options->readers
		      : processors < MAX_READERS ? processors
						 : MAX_READERS;
	if (memory)
		pool->limit = 0;
	pool->timeout = options->acquire_timeout ? options->acquire_timeout : TIMEOUT;
	pool->permits = (wok_semaphore) WOK_SEMAPHORE_INIT(pool->limit);
	wok_sqlite_options writer = options->connection;
	return wok_sqlite_open_at(path, &writer, &pool->writer, pool->site);
}

/* As the writer's; its texts are the writer's copies, which live as long. */
static void set_up_readers(wok_sqlite_pool *pool)
{
	const struct wok__sqlite_settings *settings = &pool->writer->settings;

	pool->reader = settings->options;
	pool->reader.query_only = true;
	pool->reader.group_commit = false;
	pool->reader.journal_mode = settings->journal_mode;
	pool->reader.synchronous = settings->synchronous;
	pool->reader.vfs = settings->vfs;
	if (pool->reader.idle_timeout == WOK_FOREVER)
		pool->reader.idle_timeout = IDLE;
}

void wok__sqlite_pool_ref(wok_sqlite_pool *pool)
{
	pool->refs++;
}

void wok__sqlite_pool_unref(wok_sqlite_pool *pool)
{
	if (--pool->refs > 0)
		return;
	wok_sqlite_free(pool->writer);
	wok_free(pool->idle);
	wok_free(pool->readers);
	wok_free(pool);
}

int wok_sqlite_pool_open_at(const char *path, const wok_sqlite_pool_options *options,
			    wok_sqlite_pool **ret_pool, const wok_site *site)
{
	static const wok_sqlite_pool_options defaults;
	wok_sqlite_pool *pool = wok__alloc_zeroed(sizeof(*pool));

	if (!pool)
		return -ENOMEM;
	pool->refs = 1;
	pool->site = site;
	int r = path ? set_up(pool, path, options ? options : &defaults)
		     : wok_fail(-EINVAL, "wok_sqlite_pool_open: there is no path");
	if (r == 0 && pool->limit > 0) {
		pool->idle = wok__alloc_array(pool->limit, sizeof(void *));
		pool->readers = wok__alloc_array(pool->limit, sizeof(void *));
		r = pool->idle && pool->readers ? 0 : -ENOMEM;
	}
	if (r < 0) {
		wok__sqlite_pool_unref(pool);
		return r;
	}
	set_up_readers(pool);
	wok__sqlite_pool_face(pool);
	*ret_pool = pool;
	return 0;
}

wok_sqlite *wok_sqlite_pool_writer(wok_sqlite_pool *pool)
{
	return pool->writer;
}

int wok__sqlite_pool_usable(const wok_sqlite_pool *pool)
{
	if (pool->closed)
		return wok_fail(-ESHUTDOWN, "%s: the pool is closed", pool->writer->settings.path);
	return wok__sqlite_here(pool->writer);
}

/* The permit is ours. */
static int find_reader(wok_sqlite_pool *pool, wok_sqlite **ret_reader)
{
	wok_sqlite *reader;

	WOK_TRY(wok__sqlite_pool_usable(pool));
	if (pool->n_idle > 0) {
		*ret_reader = pool->idle[--pool->n_idle];
		return 0;
	}
	WOK_TRY(wok_sqlite_open_at(pool->writer->settings.path, &pool->reader, &reader,
				   pool->site));
	if (pool->closed) {
		wok_sqlite_free(reader);
		return wok__sqlite_pool_usable(pool);
	}
	pool->readers[pool->n_readers++] = reader;
	*ret_reader = reader;
	return 0;
}

static int wait_for_permit(wok_sqlite_pool *pool)
{
	wok_timeout limit = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TIMEOUT (&limit, pool->timeout)
		r = wok_semaphore_acquire(&pool->permits);
	r = wok_timeout_result(&limit, r);
	if (r == -ETIMEDOUT)
		return wok_fail(r,
				"%s: no reader became free: each of the pool's %zu is in use, by a "
				"query, a cursor, or who took it",
				pool->writer->settings.path, pool->limit);
	return r;
}

static int take_reader(wok_sqlite_pool *pool, wok_sqlite **ret_reader)
{
	WOK_TRY(wait_for_permit(pool));
	const int r = find_reader(pool, ret_reader);
	if (r < 0)
		wok_semaphore_release(&pool->permits);
	return r;
}

int wok_sqlite_pool_acquire(wok_sqlite_pool *pool, wok_sqlite **ret_reader)
{
	WOK_TRY(wok__sqlite_pool_usable(pool));
	if (pool->limit == 0) {
		WOK_TRY(wok__checkpoint());
		*ret_reader = pool->writer;
		return 0;
	}
	wok__sqlite_pool_ref(pool);
	const int r = take_reader(pool, ret_reader);
	wok__sqlite_pool_unref(pool);
	return r;
}

static bool is_out(const wok_sqlite_pool *pool, const wok_sqlite *reader)
{
	bool ours = false;

	for (size_t i = 0; i < pool->n_readers; i++)
		ours |= pool->readers[i] == reader;
	for (size_t i = 0; i < pool->n_idle; i++)
		ours &= pool->idle[i] != reader;
	return ours;
}

void wok_sqlite_pool_release(wok_sqlite_pool *pool, wok_sqlite *reader)
{
	if (!reader || reader == pool->writer ||
	    !wok__sqlite_is_here(pool->writer, "wok_sqlite_pool_release"))
		return;
	if (pool->closed) { /* and the reader may be gone */
		wok_semaphore_release(&pool->permits);
		return;
	}
	if (!is_out(pool, reader)) {
		wok__report(-EINVAL, NULL, pool->site,
			    "%s: wok_sqlite_pool_release(): nobody has this reader",
			    pool->writer->settings.path);
		return;
	}
	wok__sqlite_leave_transaction(reader);
	if (!pool->closed)
		pool->idle[pool->n_idle++] = reader;
	wok_semaphore_release(&pool->permits);
}

static int shut(wok_sqlite_pool *pool, bool now)
{
	int r = 0;

	pool->closed = true;
	pool->n_idle = 0;
	/* Whoever waits for a reader gets this permit, sees that, and passes it on. */
	wok_semaphore_release(&pool->permits);
	for (size_t i = 0; i < pool->n_readers; i++) {
		const int one = wok__sqlite_shut(pool->readers[i], now);

		r = r < 0 ? r : one;
	}
	const int last = wok__sqlite_shut(pool->writer, now);
	return r < 0 ? r : last;
}

int wok_sqlite_pool_close(wok_sqlite_pool *pool)
{
	const int r = pool->closed ? 0 : wok__sqlite_here(pool->writer);

	return r < 0 || pool->closed ? r : shut(pool, false);
}

void wok_sqlite_pool_free(wok_sqlite_pool *pool)
{
	if (!pool || !wok__sqlite_is_here(pool->writer, "wok_sqlite_pool_free"))
		return;
	const struct wok__saved_error saved = wok__error_save();
	(void) shut(pool, true);
	for (size_t i = 0; i < pool->n_readers; i++)
		wok_sqlite_free(pool->readers[i]);
	pool->n_readers = 0;
	wok__error_restore(saved);
	wok__sqlite_pool_unref(pool);
}

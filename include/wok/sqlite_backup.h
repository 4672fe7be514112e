/* SPDX-License-Identifier: MIT */
#ifndef WOK_SQLITE_BACKUP_H
#define WOK_SQLITE_BACKUP_H
#include <wok/sqlite.h>

WOK_BEGIN_DECLS

/*
 * Copies of a whole database: into a file, while it is in use, or as bytes.
 */

/* How to make a copy. Zero in a field means the default. */
typedef struct {
	int pages;      /* at a time, between which other statements run; 256 */
	wok_time pause; /* between two times; none */
	/*
	 * Called in the caller's task after each time, and may wait; a negative code ends the
	 * backup with it. pages: how many there are left, and in all.
	 */
	int (*progress)(void *arg, int left, int total);
	void *arg;
	const char *vfs; /* of the copy; SQLite's default */
} wok_sqlite_backup_options;

/**
 * Copy a database into a file, which becomes what the database is at the end: what is written
 * meanwhile by this connection is in it. After a write by another connection it begins anew.
 *
 * path:       of the copy; a database that is there is overwritten. When the call fails, it is
 *             what it was, or empty
 * options:    NULL for the defaults
 * Returns:    0; as wok_sqlite_execute(); what progress returned
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_backup(wok_sqlite *db, const char *path, const wok_sqlite_backup_options *options)
	WOK_MUST_CHECK;

/**
 * A database as the bytes that its file would have.
 *
 * ret_data:   to be freed with wok_free()
 * Returns:    0; WOK_ELIMIT beyond max_result; as wok_sqlite_execute()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_serialize(wok_sqlite *db, void **ret_data, size_t *ret_size) WOK_MUST_CHECK;

/**
 * Have a connection use such bytes, in memory, in place of its database. They are copied.
 *
 * Returns:    0; as wok_sqlite_execute()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_deserialize(wok_sqlite *db, const void *data, size_t size) WOK_MUST_CHECK;

/* How a log is written back into its database. */
typedef enum {
	WOK_SQLITE_PASSIVE,  /* as far as that goes without waiting for anybody */
	WOK_SQLITE_FULL,     /* all of it, waiting for readers */
	WOK_SQLITE_RESTART,  /* and the next writer begins at its front */
	WOK_SQLITE_TRUNCATE, /* and its file is emptied */
} wok_sqlite_checkpoint_mode;

/**
 * Write the log back into the database.
 *
 * ret_log:    pages that are in the log; NULL if it does not matter
 * ret_done:   how many of them were written back; NULL
 * Returns:    0; WOK_EDB with SQLite's number 5 if readers or writers are in the way
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_checkpoint(wok_sqlite *db, wok_sqlite_checkpoint_mode mode, int *ret_log,
			  int *ret_done) WOK_MUST_CHECK;

WOK_END_DECLS
#endif

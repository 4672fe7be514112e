/* SPDX-License-Identifier: MIT */
#ifndef WOK_SQLITE_FUNCTION_H
#define WOK_SQLITE_FUNCTION_H
#include <wok/sqlite.h>

WOK_BEGIN_DECLS

/*
 * SQL functions, aggregates, window functions and collations in C, and hooks. All of them are
 * called on the connection's thread, never on the loop's (unless the connection is on_loop), and
 * must not wait.
 */

/* A call of a function: to give its result. */
typedef struct wok_sqlite_function_call wok_sqlite_function_call;

/* A function, an aggregate, or a window function. Zero in a field means the default. */
typedef struct {
	const char *name;
	int n_args;         /* of them: 1, 2 ...; 0: none; -1: any number */
	bool deterministic; /* the same arguments always give the same result */
	bool direct_only;   /* not from views and triggers, which a file may bring along */
	/*
	 * Gives its result by wok_sqlite_return(), NULL if it does not. A negative code makes the
	 * statement fail with the message of wok_fail().
	 */
	int (*call)(wok_sqlite_function_call *call, const wok_args *args, void *arg);
	/* An aggregate has these two instead: for each row, and at the end. */
	int (*step)(wok_sqlite_function_call *call, const wok_args *args, void *arg);
	int (*finish)(wok_sqlite_function_call *call, void *arg);
	/*
	 * A window function, which is an aggregate as well, has these two more: the result for
	 * the rows that are in the frame now, and for a row that leaves it, the first one first.
	 */
	int (*value)(wok_sqlite_function_call *call, void *arg);
	int (*inverse)(wok_sqlite_function_call *call, const wok_args *args, void *arg);
	void *arg;
	wok_free_fn *arg_free; /* on the connection's thread, when the function goes; NULL */
} wok_sqlite_function;

/**
 * Give SQL a function; one of the same name and number of arguments is replaced. After an error
 * arg is the caller's still.
 *
 * function:   copied
 * Returns:    0; -EINVAL; as wok_sqlite_execute()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_add_function(wok_sqlite *db, const wok_sqlite_function *function) WOK_MUST_CHECK;

/**
 * What a function's call gives.
 *
 * value:      copied
 * Returns:    0; -EINVAL if it is nothing that SQLite has
 * Checkpoint: never
 * Threads:    the connection's, within the call
 */
int wok_sqlite_return(wok_sqlite_function_call *call, wok_value value);

/**
 * The memory of an aggregate, from its first row to its end: zeroed at first.
 *
 * size:       the same each time
 * Returns:    NULL without memory
 * Checkpoint: never
 * Threads:    the connection's, within the call
 */
void *wok_sqlite_state(wok_sqlite_function_call *call, size_t size);

/**
 * Whether the statement is to stop: a function that takes long asks now and then, and returns
 * -ECANCELED.
 *
 * Returns:    true if so
 * Checkpoint: never
 * Threads:    the connection's, within the call
 */
bool wok_sqlite_stops(const wok_sqlite_function_call *call);

/**
 * Give SQL a collation: COLLATE name. After an error arg is the caller's still.
 *
 * compare:    below 0, 0 or above, as strcmp(3); the same for the same texts, always
 * arg_free:   on the connection's thread, when the collation goes; NULL
 * Returns:    0; as wok_sqlite_execute()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_add_collation(wok_sqlite *db, const char *name,
			     int (*compare)(void *arg, wok_view a, wok_view b), void *arg,
			     wok_free_fn *arg_free) WOK_MUST_CHECK;

/**
 * Load an extension of SQLite: a shared library, which can do whatever the program can.
 *
 * path:       of the library
 * entry:      its function; NULL for the usual name
 * Returns:    0; -EPERM if the connection was not opened with load_extensions; as
 *             wok_sqlite_execute()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_sqlite_load_extension(wok_sqlite *db, const char *path, const char *entry) WOK_MUST_CHECK;

/* What happens to a row. */
typedef enum {
	WOK_SQLITE_INSERT,
	WOK_SQLITE_UPDATE,
	WOK_SQLITE_DELETE,
} wok_sqlite_change;

/* What is called when something happens; each may be NULL. None may use the connection. */
typedef struct {
	void (*on_update)(void *arg, wok_sqlite_change change, const char *schema,
			  const char *table, int64_t id);
	/*
	 * Before a row changes, when sqlite3_preupdate_old() and its like tell what it was. Only
	 * where SQLite was built with it: otherwise -EOPNOTSUPP.
	 */
	void (*on_preupdate)(void *arg, struct sqlite3 *handle, wok_sqlite_change change,
			     const char *schema, const char *table, int64_t old_id, int64_t new_id);
	int (*on_commit)(void *arg); /* not 0: roll back */
	void (*on_rollback)(void *arg);
	/* When a statement is prepared: SQLITE_OK (0), SQLITE_DENY (1), SQLITE_IGNORE (2). */
	int (*authorize)(void *arg, int action, const char *a, const char *b, const char *schema,
			 const char *trigger);
	void (*on_statement)(void *arg, const char *sql, wok_time took); /* after it has run */
	int (*on_progress)(void *arg); /* each 1000 steps; not 0: interrupt the statement */
	void *arg;
} wok_sqlite_hooks;

/**
 * Set all hooks of a connection.
 *
 * hooks:      copied; NULL for none
 * Returns:    0; -EOPNOTSUPP; as wok_sqlite_execute()
 * Checkpoint: always
 * Threads:    the loop's; they are called on the connection's
 */
int wok_sqlite_set_hooks(wok_sqlite *db, const wok_sqlite_hooks *hooks) WOK_MUST_CHECK;

WOK_END_DECLS
#endif

/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_STATEMENT_H
#define WOK_DB_POSTGRES_STATEMENT_H
/*
 * Prepared statements, and the cache of them: by their SQL and the types that the parameters were
 * declared with. What is used least goes first; the server is told with a Close.
 */
#include "db/postgres/op.h"

enum wok__pg_statement_state {
	WOK__PG_NEW,     /* the server does not know it yet */
	WOK__PG_PARSING, /* a task prepares it; the others wait for settled */
	WOK__PG_READY,
	WOK__PG_GONE, /* out of the cache: it failed, was pushed out, or is no longer true */
};

struct wok__pg_statement {
	struct wok__node lru;
	struct wok__pg_statement *next; /* in its bucket */
	uint64_t hash;
	unsigned refs;
	enum wok__pg_statement_state state;
	bool temporary; /* too long to keep: closed after its first use */
	char name[16];  /* "" : without a name */
	size_t name_size;
	wok_time born;
	wok_event settled;
	size_t n_declared;
	uint32_t *declared; /* the types that were given; 0: the server's choice */
	size_t n_types;
	uint32_t *types;                   /* of the parameters */
	const struct wok__pg_type **found; /* those types; NULL: to be looked up */
	const struct wok_pg_types *among;  /* where they were found; a reference */
	struct wok__pg_shape *shape;       /* NULL: it gives no rows */
	struct wok__pg_op closing;         /* for its Close */
	char sql[];
};

enum { WOK__PG_BUCKETS = 512 };

struct wok__pg_statements {
	struct wok__list lru; /* the most recently used first */
	size_t count;
	unsigned numbers; /* given */
	struct wok__pg_statement *buckets[WOK__PG_BUCKETS];
};

void wok__pg_statements_init(struct wok__pg_statements *statements);
void wok__pg_statements_free(struct wok__pg_statements *statements);

/*
 * The statement of some SQL, made if there is none; what the cache has to let go for it is closed.
 * One reference is the caller's. -ENOMEM.
 */
int wok__pg_statement_get(struct wok_pg_conn *conn, const char *sql, const wok_args *args,
			  struct wok__pg_statement **ret_statement);

struct wok__pg_statement *wok__pg_statement_ref(struct wok__pg_statement *statement);
void wok__pg_statement_unref(struct wok__pg_statement *statement);

/* The types of the parameters, n of 4 bytes in network order. -ENOMEM. */
int wok__pg_statement_set_types(struct wok__pg_statement *statement, const char *types, size_t n);

/* The types of the parameters as the connection knows them now, found once. -ENOMEM. */
int wok__pg_statement_find_types(struct wok_pg_conn *conn, struct wok__pg_statement *statement);

/* Out of the cache; tell: the server has it, and shall forget it. */
void wok__pg_statement_drop(struct wok_pg_conn *conn, struct wok__pg_statement *statement,
			    bool tell);
#endif

/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_CATALOG_H
#define WOK_DB_POSTGRES_CATALOG_H
/*
 * The types that are not built in: enums, domains, records, ranges, arrays of them, and those that
 * the application has codecs for. A connection asks the server for each unknown OID once.
 *
 * A catalog never changes: learning makes a new one, and the connection replaces its own. So rows
 * may keep the one that they were read with, and be read and freed in any thread.
 *
 * wok__pg_look_up() in lookup.h asks, with wok__pg_types_query; this file is pure.
 */
#include <stdatomic.h>
#include <wok/row.h>

#include "db/postgres/types/types.h"

/* One type, in one block with its names; shared by all catalogs that have it. */
struct wok__pg_entry {
	struct wok__pg_type type;
	_Atomic unsigned refs;
	uint8_t found; /* what pg_type says it is: 'e', 'd', 'c', 'r', 'm', 'a' for arrays, 'b' */
	bool settled;  /* its kind is known */
};

struct wok_pg_types {
	struct wok__dialect dialect; /* for the columns of results */
	_Atomic unsigned refs;
	size_t count;
	struct wok__pg_entry *entries[]; /* by OID */
};

struct wok_pg_codec;

/* What tells of types: $1 is an array of OIDs; of servers before 14 there are no multiranges. */
const char *wok__pg_types_query(bool multiranges);

/*
 * A catalog with what another one has (NULL: nothing), and what the rows of the query tell.
 * codecs: of the application. One reference is the caller's. -ENOMEM; WOK_EPEER: too many, or not
 * such rows.
 */
int wok__pg_types_learn(const struct wok_pg_types *types, const wok_rows *rows,
			const struct wok_pg_codec *codecs, size_t n_codecs,
			struct wok_pg_types **ret_types);

void wok__pg_types_ref(const struct wok_pg_types *types);   /* NULL does nothing */
void wok__pg_types_unref(const struct wok_pg_types *types); /* NULL does nothing */

/* The dialect for columns that are read with a catalog; NULL: the one without. */
const struct wok__dialect *wok__pg_dialect_of(const struct wok_pg_types *types);

/* A built-in type; NULL if it is none. */
const struct wok__pg_type *wok__pg_builtin(uint32_t oid);
#endif

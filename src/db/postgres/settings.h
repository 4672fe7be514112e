/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_SETTINGS_H
#define WOK_DB_POSTGRES_SETTINGS_H
/*
 * How to reach a server, and as whom: out of a DSN, a service file, the environment, and defaults,
 * in this order, as libpq 15 has it. What libpq knows and wok does not is refused where it would
 * matter, and has no effect where it would not (gssencmode=prefer).
 */
#include <wok/stream.h>

#include "db/postgres/conninfo.h"

enum wok__pg_sslmode {
	WOK__PG_SSL_DISABLE,
	WOK__PG_SSL_ALLOW, /* only if the server refuses us without */
	WOK__PG_SSL_PREFER,
	WOK__PG_SSL_REQUIRE,
	WOK__PG_SSL_VERIFY_CA,
	WOK__PG_SSL_VERIFY_FULL,
};

enum wok__pg_target {
	WOK__PG_ANY,
	WOK__PG_READ_WRITE,
	WOK__PG_READ_ONLY,
	WOK__PG_PRIMARY,
	WOK__PG_STANDBY,
	WOK__PG_PREFER_STANDBY,
};

/* Ways of saying who one is, for require_auth. */
enum wok__pg_auth_method {
	WOK__PG_AUTH_NONE = 1 << 0, /* the server asks for nothing: trust, peer, a certificate */
	WOK__PG_AUTH_PASSWORD = 1 << 1,
	WOK__PG_AUTH_MD5 = 1 << 2,
	WOK__PG_AUTH_SCRAM = 1 << 3,
	WOK__PG_AUTH_ANY = (1 << 4) - 1,
};

struct wok__pg_host {
	const char *name;    /* "/folder" or "@name" of a Unix socket; a host name; an address */
	const char *address; /* an address that need not be looked up; NULL: name is */
	uint16_t port;
	char *password; /* the password file's for this host; NULL */
};

/*
 * A TLS context, made when it is first needed: to read the system's CAs takes ten milliseconds. A
 * pool shares one among its connections, in its thread, which resume their sessions where the
 * server lets them.
 */
struct wok__pg_tls {
	unsigned refs;
	wok_time made;                   /* on the loop's clock */
	struct wok_tls_context *context; /* NULL: not yet */
};

struct wok__pg_settings {
	struct wok__pg_conninfo info; /* owns all texts */
	struct wok__pg_host *hosts;
	size_t n_hosts;
	const char *user;
	const char *database;
	const char *password;         /* NULL: see the host's */
	const char *application_name; /* NULL: none */
	const char *options;          /* of the server's command line; NULL */
	char *passfile_refused;       /* why the password file was not read, or NULL: for errors */
	enum wok__pg_sslmode sslmode;
	enum wok__pg_target target;
	unsigned require_auth;    /* a set of wok__pg_auth_method */
	wok_time connect_timeout; /* for each host: dial, TLS, authentication; 30 s; WOK_FOREVER */
	bool keepalives;
	wok_time keepalive_idle; /* 0: the system's */
	wok_time keepalive_interval;
	int keepalive_count;
	wok_time tcp_user_timeout;
	struct wok__pg_tls *tls; /* filled by dial.c; whoever shares one puts it here before */
	/* Tests put a network of their own here; NULL: the real one. */
	int (*dial)(void *arg, const struct wok__pg_host *host, wok_stream **ret_stream);
	void *dial_arg;
};

/*
 * All there is to know, for a DSN: "postgresql://user@host/db?sslmode=require", "host=/tmp
 * dbname=db", or NULL for what the environment says. Reads files.
 * 0; -EINVAL: the message says what is wrong where, and never has a password; -ENOENT: there is no
 * such service; -ENOMEM.
 */
int wok__pg_settings_read(const char *dsn, struct wok__pg_settings **ret_settings);
void wok__pg_settings_free(struct wok__pg_settings *settings); /* NULL does nothing */

int wok__pg_tls_new(struct wok__pg_tls **ret_tls); /* -ENOMEM */
struct wok__pg_tls *wok__pg_tls_ref(struct wok__pg_tls *tls);
void wok__pg_tls_unref(struct wok__pg_tls *tls); /* NULL does nothing */

/* Whether a host is a Unix socket's folder. */
static inline bool wok__pg_host_is_local(const struct wok__pg_host *host)
{
	return !host->address && (host->name[0] == '/' || host->name[0] == '@');
}

/* The password for a host: the DSN's, or the password file's; NULL if there is none. */
const char *wok__pg_password(const struct wok__pg_settings *settings, size_t host);

/* passfile.c: the password for a host out of the text of a password file; NULL. From wok_alloc().
 */
char *wok__pg_passfile_find(const char *text, const char *host, const char *port,
			    const char *database, const char *user);
#endif

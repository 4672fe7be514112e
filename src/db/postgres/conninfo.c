/* SPDX-License-Identifier: MIT */
/*
 * DSNs: see conninfo.h. Both forms, and what is an error in them, are those of the PostgreSQL
 * documentation, "Connection Strings"; tests/pgconf compares the verdicts with libpq's.
 */
#include "db/postgres/conninfo.h"

#include <stdio.h>
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "base/memory.h"

static const struct {
	const char *name;
	const char *variable;
} keys[WOK__PG_N_KEYS] = {
	[WOK__PG_KEY_SERVICE] = {"service", "PGSERVICE"},
	[WOK__PG_KEY_USER] = {"user", "PGUSER"},
	[WOK__PG_KEY_PASSWORD] = {"password", "PGPASSWORD"},
	[WOK__PG_KEY_PASSFILE] = {"passfile", "PGPASSFILE"},
	[WOK__PG_KEY_CHANNEL_BINDING] = {"channel_binding", "PGCHANNELBINDING"},
	[WOK__PG_KEY_CONNECT_TIMEOUT] = {"connect_timeout", "PGCONNECT_TIMEOUT"},
	[WOK__PG_KEY_DBNAME] = {"dbname", "PGDATABASE"},
	[WOK__PG_KEY_HOST] = {"host", "PGHOST"},
	[WOK__PG_KEY_HOSTADDR] = {"hostaddr", "PGHOSTADDR"},
	[WOK__PG_KEY_PORT] = {"port", "PGPORT"},
	[WOK__PG_KEY_CLIENT_ENCODING] = {"client_encoding", "PGCLIENTENCODING"},
	[WOK__PG_KEY_OPTIONS] = {"options", "PGOPTIONS"},
	[WOK__PG_KEY_APPLICATION_NAME] = {"application_name", "PGAPPNAME"},
	[WOK__PG_KEY_FALLBACK_APPLICATION_NAME] = {"fallback_application_name", NULL},
	[WOK__PG_KEY_KEEPALIVES] = {"keepalives", NULL},
	[WOK__PG_KEY_KEEPALIVES_IDLE] = {"keepalives_idle", NULL},
	[WOK__PG_KEY_KEEPALIVES_INTERVAL] = {"keepalives_interval", NULL},
	[WOK__PG_KEY_KEEPALIVES_COUNT] = {"keepalives_count", NULL},
	[WOK__PG_KEY_TCP_USER_TIMEOUT] = {"tcp_user_timeout", NULL},
	[WOK__PG_KEY_SSLMODE] = {"sslmode", "PGSSLMODE"},
	[WOK__PG_KEY_SSLCOMPRESSION] = {"sslcompression", "PGSSLCOMPRESSION"},
	[WOK__PG_KEY_SSLCERT] = {"sslcert", "PGSSLCERT"},
	[WOK__PG_KEY_SSLKEY] = {"sslkey", "PGSSLKEY"},
	[WOK__PG_KEY_SSLPASSWORD] = {"sslpassword", NULL},
	[WOK__PG_KEY_SSLROOTCERT] = {"sslrootcert", "PGSSLROOTCERT"},
	[WOK__PG_KEY_SSLCRL] = {"sslcrl", "PGSSLCRL"},
	[WOK__PG_KEY_SSLCRLDIR] = {"sslcrldir", "PGSSLCRLDIR"},
	[WOK__PG_KEY_SSLSNI] = {"sslsni", "PGSSLSNI"},
	[WOK__PG_KEY_REQUIREPEER] = {"requirepeer", "PGREQUIREPEER"},
	[WOK__PG_KEY_SSL_MIN_VERSION] = {"ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION"},
	[WOK__PG_KEY_SSL_MAX_VERSION] = {"ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION"},
	[WOK__PG_KEY_GSSENCMODE] = {"gssencmode", "PGGSSENCMODE"},
	[WOK__PG_KEY_KRBSRVNAME] = {"krbsrvname", "PGKRBSRVNAME"},
	[WOK__PG_KEY_GSSLIB] = {"gsslib", "PGGSSLIB"},
	[WOK__PG_KEY_REPLICATION] = {"replication", NULL},
	[WOK__PG_KEY_TARGET_SESSION_ATTRS] = {"target_session_attrs", "PGTARGETSESSIONATTRS"},
	[WOK__PG_KEY_REQUIRE_AUTH] = {"require_auth", "PGREQUIREAUTH"},
};

const char *wok__pg_key_name(enum wok__pg_key key)
{
	return keys[key].name;
}

const char *wok__pg_key_variable(enum wok__pg_key key)
{
	return keys[key].variable;
}

int wok__pg_key_find(const char *name)
{
	for (int i = 0; i < WOK__PG_N_KEYS; i++)
		if (strcmp(keys[i].name, name) == 0)
			return i;
	return -ENOENT;
}

int wok__pg_conninfo_set(struct wok__pg_conninfo *info, enum wok__pg_key key, const char *value)
{
	char *copy = wok__strdup(value);

	if (!copy)
		return -ENOMEM;
	wok_free(info->values[key]);
	info->values[key] = copy;
	return 0;
}

void wok__pg_conninfo_clear(struct wok__pg_conninfo *info)
{
	for (int i = 0; i < WOK__PG_N_KEYS; i++)
		wok_free(info->values[i]);
	memset(info, 0, sizeof(*info));
}

static int unknown_key(const char *name)
{
	char list[700];
	size_t size = 0;

	for (int i = 0; i < WOK__PG_N_KEYS && size < sizeof(list); i++)
		size += (size_t) snprintf(list + size, sizeof(list) - size, "%s%s", i ? " " : "",
					  keys[i].name);
	return wok_fail(-EINVAL, "DSN: \"%.40s\" is no setting; there are: %s", name, list);
}

static int store(struct wok__pg_conninfo *info, const char *name, const char *value)
{
	/* Two names of old. */
	if (strcmp(name, "requiressl") == 0) {
		name = "sslmode";
		value = value[0] == '1' ? "require" : "prefer";
	}
	const int key = wok__pg_key_find(name);
	if (key < 0)
		return unknown_key(name);
	return wok__pg_conninfo_set(info, (enum wok__pg_key) key, value);
}

/* --- keyword=value ---------------------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static char *skip_blanks(char *at)
{
	while (is_blank(*at))
		at++;
	return at;
}

/* The name before "=", made a text of its own; NULL: there is no "=". */
static char *take_name(char **at)
{
	char *name = *at, *end = name + strcspn(name, "= \t\n\v\f\r");
	char *equals = skip_blanks(end);

	if (*equals != '=') {
		*end = '\0';
		return NULL;
	}
	*at = equals + 1;
	*end = '\0';
	return name;
}

/* A value, perhaps in quotes, with its backslashes taken away in place; NULL: a quote is open. */
static char *take_value(char **at)
{
	char *from = skip_blanks(*at);
	const bool quoted = *from == '\'';

	from += quoted;
	char *value = from, *to = from;
	for (; *from && (quoted ? *from != '\'' : !is_blank(*from)); from++) {
		if (*from == '\\' && !*++from)
			break;
		*to++ = *from;
	}
	if (quoted && *from != '\'')
		return NULL;
	*at = from + (*from != '\0');
	*to = '\0';
	return value;
}

static int parse_pairs(struct wok__pg_conninfo *info, char *text)
{
	while (*(text = skip_blanks(text))) {
		char *name_at = text;
		const char *name = take_name(&text);

		if (!name)
			return wok_fail(-EINVAL, "DSN: there is no \"=\" after \"%.40s\"", name_at);
		const char *value = take_value(&text);
		if (!value)
			return wok_fail(-EINVAL, "DSN: the quote of %.40s is never closed", name);
		WOK_TRY(store(info, name, value));
	}
	return 0;
}

/* --- URIs ------------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int) ((found - digits) % 16) : -1;
}

/* Percent-encoding, undone in place. */
static int decode(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (*from != '%') {
			*to++ = *from;
			continue;
		}
		const int high = hex_digit(from[1]), low = high < 0 ? -1 : hex_digit(from[2]);
		if (low < 0)
			return wok_fail(-EINVAL,
					"DSN: a \"%%\" has no two hexadecimal digits behind it");
		if (high == 0 && low == 0)
			return wok_fail(-EINVAL, "DSN: %%00 is not possible in a value");
		*to++ = (char) (high * 16 + low);
		from += 2;
	}
	*to = '\0';
	return 0;
}

static int store_decoded(struct wok__pg_conninfo *info, const char *name, char *value)
{
	WOK_TRY(decode(value));
	return store(info, name, value);
}

/* "user:password@", if there is one. */
static int take_user(struct wok__pg_conninfo *info, char **at)
{
	char *user = *at, *end = user + strcspn(user, "@/");

	if (*end != '@')
		return 0;
	*end = '\0';
	*at = end + 1;
	char *colon = strchr(user, ':');
	if (colon)
		*colon = '\0';
	if (*user)
		WOK_TRY(store_decoded(info, "user", user));
	return colon && colon[1] ? store_decoded(info, "password", colon + 1) : 0;
}

/* The end of a host that begins at *host; of one in brackets without them. */
static int host_end(char **host, char **ret_end)
{
	char *end;

	if (**host != '[') {
		*ret_end = *host + strcspn(*host, ":/?,");
		return 0;
	}
	end = strchr(++*host, ']');
	if (!end)
		return wok_fail(-EINVAL, "DSN: the bracket of an IPv6 address is never closed");
	if (end == *host)
		return wok_fail(-EINVAL, "DSN: an IPv6 address is empty");
	if (end[1] && !strchr(":/?,", end[1]))
		return wok_fail(-EINVAL, "DSN: unexpected \"%c\" after an IPv6 address", end[1]);
	*ret_end = end;
	return 0;
}

/* Hosts and ports, as lists with commas: both are gathered in texts that are long enough. */
static int take_hosts(char **at, char *hosts, char *ports)
{
	for (;;) {
		char *host = *at, *end;

		WOK_TRY(host_end(&host, &end));
		hosts = mempcpy(hosts, host, (size_t) (end - host));
		end += *end == ']';
		if (*end == ':') {
			const char *port = end + 1;

			end = end + 1 + strcspn(port, "/?,");
			ports = mempcpy(ports, port, (size_t) (end - port));
		}
		*at = end;
		if (*end != ',')
			break;
		*hosts++ = *ports++ = ',';
		++*at;
	}
	*hosts = *ports = '\0';
	return 0;
}

static int take_parameters(struct wok__pg_conninfo *info, char *text)
{
	while (*text) {
		char *name = text, *end = text + strcspn(text, "&");

		text = end + (*end != '\0');
		*end = '\0';
		char *value = strchr(name, '=');
		if (!value)
			return wok_fail(-EINVAL, "DSN: there is no \"=\" after \"%.40s\"", name);
		*value++ = '\0';
		if (strchr(value, '='))
			return wok_fail(-EINVAL, "DSN: a second \"=\" after \"%.40s\"", name);
		WOK_TRY(decode(name));
		WOK_TRY(decode(value));
		const bool is_ssl = strcmp(name, "ssl") == 0 && strcmp(value, "true") == 0;
		WOK_TRY(is_ssl ? store(info, "sslmode", "require") : store(info, name, value));
	}
	return 0;
}

/* hosts, ports: as long as text. */
static int parse_uri(struct wok__pg_conninfo *info, char *text, char *hosts, char *ports)
{
	WOK_TRY(take_user(info, &text));
	WOK_TRY(take_hosts(&text, hosts, ports));
	if (*hosts)
		WOK_TRY(store_decoded(info, "host", hosts));
	if (*ports)
		WOK_TRY(store_decoded(info, "port", ports));
	if (*text == '/') {
		char *database = text + 1, *end = database + strcspn(database, "?");
		const bool more = *end == '?';

		*end = '\0';
		if (*database)
			WOK_TRY(store_decoded(info, "dbname", database));
		text = end + more;
		return more ? take_parameters(info, text) : 0;
	}
	return *text == '?' ? take_parameters(info, text + 1) : 0;
}

int wok__pg_conninfo_parse(struct wok__pg_conninfo *info, const char *dsn)
{
	static const char *const schemes[] = {"postgresql://", "postgres://"};
	const size_t size = strlen(dsn) + 1;
	char *copy = wok__alloc_array(3, size);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, dsn, size);
	size_t skip = 0;
	for (size_t i = 0; i < 2 && !skip; i++)
		if (strncmp(copy, schemes[i], strlen(schemes[i])) == 0)
			skip = strlen(schemes[i]);
	int r = skip ? parse_uri(info, copy + skip, copy + size, copy + 2 * size)
		     : parse_pairs(info, copy);
	explicit_bzero(copy, 3 * size); /* a password */
	wok_free(copy);
	return r;
}

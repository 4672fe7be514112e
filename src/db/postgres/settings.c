/* SPDX-License-Identifier: MIT */
/* Settings: see settings.h. */
#include "db/postgres/settings.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "base/memory.h"

enum { FILE_MAX = 256 << 10, HOSTS_MAX = 100, DEFAULT_PORT = 5432, CONNECT_TIMEOUT = 30 };

/* --- files ------------------------------------------------------------------------------------ */

/* A small file as a text, from wok_alloc(). -ENOENT and others; WOK_ELIMIT. */
static int read_text(const char *path, struct stat *ret_status, char **ret_text)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int r = -ENOMEM;

	if (fd < 0)
		return -errno;
	char *text = wok_alloc(FILE_MAX + 1);
	if (text && fstat(fd, ret_status) == 0 && !S_ISREG(ret_status->st_mode)) {
		r = -EINVAL;
	} else if (text) {
		const ssize_t n = read(fd, text, FILE_MAX + 1);

		r = n < 0 ? -errno : n > FILE_MAX ? WOK_ELIMIT : 0;
		if (r == 0)
			text[n] = '\0';
	}
	close(fd);
	if (r == 0)
		*ret_text = text;
	else
		wok_free(text);
	return r;
}

/* A file of the user's own, in his folder. false: he has none. */
static bool at_home(char *path, size_t size, const char *name)
{
	const char *home = getenv("HOME");

	return home && *home && snprintf(path, size, "%s/%s", home, name) < (int) size;
}

static int try_service_file(struct wok__pg_conninfo *info, const char *path)
{
	struct stat status;
	char *text;
	int r = read_text(path, &status, &text);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = wok__pg_service_read(info, text, info->values[WOK__PG_KEY_SERVICE], path);
	explicit_bzero(text, strlen(text));
	wok_free(text);
	return r;
}

static int read_service(struct wok__pg_conninfo *info)
{
	const char *service = info->values[WOK__PG_KEY_SERVICE];
	const char *named = getenv("PGSERVICEFILE"), *folder = getenv("PGSYSCONFDIR");
	char path[4096];
	int r = 0;

	if (!service || !*service)
		return 0;
	if (named)
		r = try_service_file(info, named);
	else if (at_home(path, sizeof(path), ".pg_service.conf"))
		r = try_service_file(info, path);
	if (r == 0) {
		snprintf(path, sizeof(path), "%s/pg_service.conf",
			 folder ? folder : "/etc/postgresql-common");
		r = try_service_file(info, path);
	}
	if (r != 0)
		return r < 0 ? r : 0;
	return wok_fail(-ENOENT,
			"DSN: there is no service \"%.60s\" in %s: see the PostgreSQL "
			"documentation, \"The Connection Service File\"",
			service, named ? named : "~/.pg_service.conf");
}

/* --- what was not said -------------------------------------------------------------------------
 */

static int read_environment(struct wok__pg_conninfo *info)
{
	for (int i = 0; i < WOK__PG_N_KEYS; i++) {
		const char *variable = wok__pg_key_variable((enum wok__pg_key) i);
		const char *value = variable ? getenv(variable) : NULL;

		if (value && !info->values[i])
			WOK_TRY(wok__pg_conninfo_set(info, (enum wok__pg_key) i, value));
	}
	return 0;
}

static const char *value_of(const struct wok__pg_settings *settings, enum wok__pg_key key)
{
	const char *value = settings->info.values[key];

	return value && *value ? value : NULL;
}

static int who_runs(struct wok__pg_settings *settings)
{
	struct passwd entry, *found = NULL;
	char buffer[4096];

	if (getpwuid_r(geteuid(), &entry, buffer, sizeof(buffer), &found) != 0 || !found)
		return wok_fail(-EINVAL,
				"DSN: no user is named, and user id %u has no name: set user=",
				(unsigned) geteuid());
	WOK_TRY(wok__pg_conninfo_set(&settings->info, WOK__PG_KEY_USER, found->pw_name));
	return 0;
}

/* --- values ------------------------------------------------------------------------------------
 */

static int bad_value(enum wok__pg_key key, const char *value, const char *wanted)
{
	return wok_fail(-EINVAL, "DSN: %s cannot be \"%.60s\": it should be %s",
			wok__pg_key_name(key), value, wanted);
}

/* The place of a value in a list with bars: "a|b|c"; -EINVAL. */
static int choice(const struct wok__pg_settings *settings, enum wok__pg_key key, const char *list,
		  int otherwise)
{
	const char *value = value_of(settings, key);
	const size_t size = value ? strlen(value) : 0;
	int place = 0;

	if (!value)
		return otherwise;
	for (const char *at = list;; place++) {
		const size_t length = strcspn(at, "|");

		if (length == size && memcmp(at, value, size) == 0)
			return place;
		if (!at[length])
			return bad_value(key, value, list);
		at += length + 1;
	}
}

static int number(const struct wok__pg_settings *settings, enum wok__pg_key key, long otherwise,
		  long *ret_number)
{
	const char *value = value_of(settings, key);
	char *end;

	*ret_number = otherwise;
	if (!value)
		return 0;
	errno = 0;
	const long n = strtol(value, &end, 10);
	while (*end == ' ')
		end++;
	if (end == value || *end || errno || n > INT32_MAX || n < INT32_MIN)
		return bad_value(key, value, "an integer");
	*ret_number = n;
	return 0;
}

/* A number of units, none below zero. */
static int span(const struct wok__pg_settings *settings, enum wok__pg_key key, wok_time unit,
		wok_time *ret_span)
{
	long n;

	WOK_TRY(number(settings, key, 0, &n));
	*ret_span = n > 0 ? n * unit : 0;
	return 0;
}

static int read_times(struct wok__pg_settings *settings)
{
	long n;

	WOK_TRY(number(settings, WOK__PG_KEY_CONNECT_TIMEOUT, CONNECT_TIMEOUT, &n));
	/* One second would be none, where clocks have only seconds: libpq's rule, kept. */
	settings->connect_timeout = n <= 0 ? WOK_FOREVER : (n < 2 ? 2 : n) * WOK_SECOND;
	WOK_TRY(number(settings, WOK__PG_KEY_KEEPALIVES, 1, &n));
	settings->keepalives = n != 0;
	WOK_TRY(span(settings, WOK__PG_KEY_KEEPALIVES_IDLE, WOK_SECOND, &settings->keepalive_idle));
	WOK_TRY(span(settings, WOK__PG_KEY_KEEPALIVES_INTERVAL, WOK_SECOND,
		     &settings->keepalive_interval));
	WOK_TRY(number(settings, WOK__PG_KEY_KEEPALIVES_COUNT, 0, &n));
	settings->keepalive_count = n > 0 ? (int) n : 0;
	return span(settings, WOK__PG_KEY_TCP_USER_TIMEOUT, WOK_MS, &settings->tcp_user_timeout);
}

/* "scram-sha-256,none", or "!password": all but these. */
static int read_require_auth(struct wok__pg_settings *settings)
{
	static const struct {
		const char *name;
		unsigned method;
	} methods[] = {{"none", WOK__PG_AUTH_NONE},
		       {"password", WOK__PG_AUTH_PASSWORD},
		       {"md5", WOK__PG_AUTH_MD5},
		       {"scram-sha-256", WOK__PG_AUTH_SCRAM},
		       {"gss", 0},
		       {"sspi", 0}};
	const char *value = value_of(settings, WOK__PG_KEY_REQUIRE_AUTH), *at = value;
	const bool negated = value && value[0] == '!';
	unsigned set = 0;

	settings->require_auth = WOK__PG_AUTH_ANY;
	while (at && *at) {
		const char *name = at + negated;
		const size_t size = strcspn(name, ",");
		size_t i = 0;

		while (i < 6 && (strlen(methods[i].name) != size ||
				 memcmp(methods[i].name, name, size) != 0))
			i++;
		if (i == 6 || (at[0] == '!') != negated)
			return bad_value(WOK__PG_KEY_REQUIRE_AUTH, value,
					 "a list of none, password, md5, scram-sha-256, or "
					 "all of them with a \"!\" before");
		set |= methods[i].method;
		at = name + size + (name[size] == ',');
	}
	if (value)
		settings->require_auth = negated ? WOK__PG_AUTH_ANY & ~set : set;
	return 0;
}

/* What libpq can, and wok cannot: refused if it is asked for. */
static int refuse_unsupported(const struct wok__pg_settings *settings)
{
	const char *encoding = value_of(settings, WOK__PG_KEY_CLIENT_ENCODING);

	if (choice(settings, WOK__PG_KEY_GSSENCMODE, "disable|prefer|require", 0) == 2)
		return wok_fail(-ENOTSUP, "DSN: gssencmode=require: there is no GSSAPI here");
	WOK_TRY(choice(settings, WOK__PG_KEY_GSSENCMODE, "disable|prefer|require", 0));
	const int binding =
		choice(settings, WOK__PG_KEY_CHANNEL_BINDING, "disable|prefer|require", 0);
	if (binding == 2)
		return wok_fail(-ENOTSUP, "DSN: channel_binding=require: it is not built");
	WOK_TRY(binding);
	if (value_of(settings, WOK__PG_KEY_REPLICATION))
		return wok_fail(-ENOTSUP, "DSN: replication: it is not built");
	if (value_of(settings, WOK__PG_KEY_REQUIREPEER))
		return wok_fail(-ENOTSUP, "DSN: requirepeer: it is not built");
	if (value_of(settings, WOK__PG_KEY_SSLCRLDIR))
		return wok_fail(-ENOTSUP, "DSN: sslcrldir: use sslcrl, one file for all");
	if (encoding && strcasecmp(encoding, "utf8") != 0 && strcasecmp(encoding, "utf-8") != 0 &&
	    strcasecmp(encoding, "unicode") != 0 && strcasecmp(encoding, "auto") != 0)
		return bad_value(WOK__PG_KEY_CLIENT_ENCODING, encoding,
				 "UTF8: text is UTF-8 on the client's side, always");
	return 0;
}

static int read_choices(struct wok__pg_settings *settings)
{
	const int mode =
		choice(settings, WOK__PG_KEY_SSLMODE,
		       "disable|allow|prefer|require|verify-ca|verify-full", WOK__PG_SSL_PREFER);
	WOK_TRY(mode);
	settings->sslmode = (enum wok__pg_sslmode) mode;
	const int target = choice(settings, WOK__PG_KEY_TARGET_SESSION_ATTRS,
				  "any|read-write|read-only|primary|standby|prefer-standby", 0);
	WOK_TRY(target);
	settings->target = (enum wok__pg_target) target;
	WOK_TRY(refuse_unsupported(settings));
	WOK_TRY(read_require_auth(settings));
	return read_times(settings);
}

/* --- hosts --------------------------------------------------------------------------------------
 */

static size_t count_items(const char *list)
{
	size_t n = 1;

	for (; *list; list++)
		n += *list == ',';
	return n;
}

/* The next of a list with commas, made a text of its own. */
static char *next_item(char **list)
{
	char *item = *list, *end = item + strcspn(item, ",");

	*list = end + (*end != '\0');
	*end = '\0';
	return item;
}

static const char *default_folder(void)
{
	return access("/var/run/postgresql", F_OK) == 0 ? "/var/run/postgresql" : "/tmp";
}

static int read_port(const char *text, uint16_t *ret_port)
{
	char *end;

	errno = 0;
	const long port = *text ? strtol(text, &end, 10) : DEFAULT_PORT;
	if (*text && (end == text || *end || errno || port < 1 || port > 65535))
		return bad_value(WOK__PG_KEY_PORT, text, "from 1 to 65535");
	*ret_port = (uint16_t) port;
	return 0;
}

static int check_counts(size_t n, const char *hosts, const char *addresses, const char *ports)
{
	if (hosts && addresses && count_items(hosts) != count_items(addresses))
		return wok_fail(-EINVAL, "DSN: %zu hosts, but %zu hostaddr", count_items(hosts),
				count_items(addresses));
	if (ports && count_items(ports) != 1 && count_items(ports) != n)
		return wok_fail(-EINVAL, "DSN: %zu ports for %zu hosts", count_items(ports), n);
	if (n > HOSTS_MAX)
		return wok_fail(WOK_ELIMIT, "DSN: %zu hosts: %d at most", n, HOSTS_MAX);
	return 0;
}

/* The lists are cut into their items in place. */
static int read_hosts(struct wok__pg_settings *settings)
{
	char **values = settings->info.values;
	char *hosts = values[WOK__PG_KEY_HOST], *addresses = values[WOK__PG_KEY_HOSTADDR];
	char *ports = values[WOK__PG_KEY_PORT];

	addresses = addresses && *addresses ? addresses : NULL;
	hosts = hosts && *hosts ? hosts : NULL;
	ports = ports && *ports ? ports : NULL;
	const size_t n = addresses ? count_items(addresses) : hosts ? count_items(hosts) : 1;
	WOK_TRY(check_counts(n, hosts, addresses, ports));
	const bool each_port = ports && count_items(ports) == n;

	settings->hosts = wok__alloc_zeroed(n * sizeof(settings->hosts[0]));
	if (!settings->hosts)
		return -ENOMEM;
	settings->n_hosts = n;
	for (size_t i = 0; i < n; i++) {
		struct wok__pg_host *host = &settings->hosts[i];
		const char *name = hosts ? next_item(&hosts) : "";
		const char *address = addresses ? next_item(&addresses) : "";

		host->address = *address ? address : NULL;
		host->name = *name ? name : *address ? address : default_folder();
		WOK_TRY(read_port(each_port ? next_item(&ports) : ports ? ports : "", &host->port));
	}
	return 0;
}

/* --- passwords ----------------------------------------------------------------------------------
 */

/* Why a password file is not read, or 0. */
static int read_passfile(struct wok__pg_settings *settings, const char *path, char **ret_text)
{
	struct stat status = {0};
	int r = read_text(path, &status, ret_text);

	if (r == 0 && (status.st_mode & (S_IRWXG | S_IRWXO))) {
		explicit_bzero(*ret_text, strlen(*ret_text));
		wok_free(*ret_text);
		r = -EACCES;
		if (asprintf(&settings->passfile_refused,
			     "the password file %s was not read: others may read it too (chmod "
			     "0600 %s)",
			     path, path) < 0)
			settings->passfile_refused = NULL;
	}
	return r;
}

static int read_passwords(struct wok__pg_settings *settings)
{
	const char *path = value_of(settings, WOK__PG_KEY_PASSFILE);
	char own[4096], port[8], *text = NULL;

	if (settings->password)
		return 0;
	if (!path && at_home(own, sizeof(own), ".pgpass"))
		path = own;
	int r = path ? read_passfile(settings, path, &text) : -ENOENT;
	if (r < 0 || !text)
		return r == -ENOMEM ? r : 0; /* perhaps the server asks for none */
	for (size_t i = 0; i < settings->n_hosts; i++) {
		struct wok__pg_host *host = &settings->hosts[i];
		const char *name = host->name;

		if (name[0] == '/' && strcmp(name, default_folder()) == 0)
			name = "localhost";
		snprintf(port, sizeof(port), "%u", host->port);
		host->password =
			wok__pg_passfile_find(text, name, port, settings->database, settings->user);
	}
	explicit_bzero(text, strlen(text));
	wok_free(text);
	return 0;
}

const char *wok__pg_password(const struct wok__pg_settings *settings, size_t host)
{
	return settings->password ? settings->password : settings->hosts[host].password;
}

/* --- all of it ----------------------------------------------------------------------------------
 */

static int gather(struct wok__pg_settings *settings, const char *dsn)
{
	struct wok__pg_conninfo *info = &settings->info;

	if (dsn)
		WOK_TRY(wok__pg_conninfo_parse(info, dsn));
	if (!info->values[WOK__PG_KEY_SERVICE] && getenv("PGSERVICE"))
		WOK_TRY(wok__pg_conninfo_set(info, WOK__PG_KEY_SERVICE, getenv("PGSERVICE")));
	WOK_TRY(read_service(info));
	return read_environment(info);
}

static int fill(struct wok__pg_settings *settings, const char *dsn)
{
	WOK_TRY(gather(settings, dsn));
	if (!value_of(settings, WOK__PG_KEY_USER))
		WOK_TRY(who_runs(settings));
	settings->user = value_of(settings, WOK__PG_KEY_USER);
	settings->database = value_of(settings, WOK__PG_KEY_DBNAME);
	if (!settings->database)
		settings->database = settings->user;
	settings->password = value_of(settings, WOK__PG_KEY_PASSWORD);
	settings->options = value_of(settings, WOK__PG_KEY_OPTIONS);
	settings->application_name = value_of(settings, WOK__PG_KEY_APPLICATION_NAME);
	if (!settings->application_name)
		settings->application_name =
			value_of(settings, WOK__PG_KEY_FALLBACK_APPLICATION_NAME);
	WOK_TRY(read_choices(settings));
	WOK_TRY(read_hosts(settings));
	return read_passwords(settings);
}

int wok__pg_settings_read(const char *dsn, struct wok__pg_settings **ret_settings)
{
	struct wok__pg_settings *settings = wok__alloc_zeroed(sizeof(*settings));

	if (!settings)
		return -ENOMEM;
	int r = fill(settings, dsn);
	if (r < 0) {
		wok__pg_settings_free(settings);
		return r;
	}
	*ret_settings = settings;
	return 0;
}

void wok__pg_settings_free(struct wok__pg_settings *settings)
{
	if (!settings)
		return;
	for (size_t i = 0; i < settings->n_hosts; i++)
		wok_free(settings->hosts[i].password);
	wok_free(settings->hosts);
	wok__pg_conninfo_clear(&settings->info);
	free(settings->passfile_refused);
	wok__pg_tls_unref(settings->tls);
	wok_free(settings);
}

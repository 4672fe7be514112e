/* SPDX-License-Identifier: MIT */
/* Ways to a server: see dial.h. */
#include "db/postgres/dial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wok/error.h>
#include <wok/loop.h>
#include <wok/net.h>
#include <wok/tls.h>

#include "base/memory.h"

/* The code of SSLRequest, where a start-up message has its version. */
#define SSL_REQUEST 80877103U

bool wok__pg_way_has_other(const struct wok__pg_settings *settings, const struct wok__pg_way *way)
{
	const enum wok__pg_sslmode mode = settings->sslmode;

	/* With TLS for allow, without it for prefer. */
	return way->tried == 1 && !wok__pg_host_is_local(&settings->hosts[way->host]) &&
	       (mode == WOK__PG_SSL_ALLOW || mode == WOK__PG_SSL_PREFER);
}

bool wok__pg_way_next(const struct wok__pg_settings *settings, struct wok__pg_way *way, bool again)
{
	const enum wok__pg_sslmode mode = settings->sslmode;
	const bool second = again && way->tried > 0 && wok__pg_way_has_other(settings, way);

	if (way->tried > 0 && !second) {
		way->host++;
		way->tried = 0;
	}
	if (way->host >= settings->n_hosts)
		return false;
	const bool local = wok__pg_host_is_local(&settings->hosts[way->host]);

	way->tls =
		!local && (mode >= WOK__PG_SSL_REQUIRE || (mode == WOK__PG_SSL_PREFER && !second) ||
			   (mode == WOK__PG_SSL_ALLOW && second));
	way->required = way->tls && (mode >= WOK__PG_SSL_REQUIRE || mode == WOK__PG_SSL_ALLOW);
	way->tried++;
	return true;
}

const char *wok__pg_host_text(const struct wok__pg_host *host, char *text, size_t size)
{
	if (wok__pg_host_is_local(host))
		snprintf(text, size, "%s/.s.PGSQL.%u", host->name, host->port);
	else if (strchr(host->name, ':'))
		snprintf(text, size, "[%s]:%u", host->name, host->port);
	else
		snprintf(text, size, "%s:%u", host->name, host->port);
	return text;
}

/* --- TLS ----------------------------------------------------------------------------------------
 */

static const char *value_of(const struct wok__pg_settings *settings, enum wok__pg_key key)
{
	const char *value = settings->info.values[key];

	return value && *value ? value : NULL;
}

int wok__pg_tls_new(struct wok__pg_tls **ret_tls)
{
	struct wok__pg_tls *tls = wok__alloc_zeroed(sizeof(*tls));

	if (!tls)
		return -ENOMEM;
	tls->refs = 1;
	*ret_tls = tls;
	return 0;
}

struct wok__pg_tls *wok__pg_tls_ref(struct wok__pg_tls *tls)
{
	tls->refs++;
	return tls;
}

void wok__pg_tls_unref(struct wok__pg_tls *tls)
{
	if (!tls || --tls->refs > 0)
		return;
	wok_tls_context_free(tls->context);
	wok_free(tls);
}

/* A file that libpq would use as well: what was said, or ~/.postgresql/NAME if that is there. */
static const char *own_file(const struct wok__pg_settings *settings, enum wok__pg_key key,
			    const char *name, char *path, size_t size)
{
	const char *home = getenv("HOME"), *value = value_of(settings, key);

	if (value)
		return value;
	if (!home || snprintf(path, size, "%s/.postgresql/%s", home, name) >= (int) size)
		return NULL;
	return access(path, F_OK) == 0 ? path : NULL;
}

/* 0: any; -EINVAL. */
static int version_of(const struct wok__pg_settings *settings, enum wok__pg_key key)
{
	const char *value = value_of(settings, key);

	if (!value)
		return 0;
	if (strcasecmp(value, "TLSv1.2") == 0)
		return WOK_TLS_1_2;
	if (strcasecmp(value, "TLSv1.3") == 0)
		return WOK_TLS_1_3;
	return wok_fail(-EINVAL, "DSN: %s cannot be \"%.40s\": it should be TLSv1.2 or TLSv1.3",
			wok__pg_key_name(key), value);
}

/* Whom to trust: libpq's rule, that a root certificate makes "require" into "verify-ca". */
static int choose_trust(const struct wok__pg_settings *settings, const char *root,
			wok_tls_options *options)
{
	const bool of_system = !root || strcmp(root, "system") == 0;

	options->ca_file = of_system ? NULL : root;
	options->no_verify_host = settings->sslmode < WOK__PG_SSL_VERIFY_FULL;
	options->no_verify = settings->sslmode < WOK__PG_SSL_VERIFY_CA &&
			     (!root || settings->sslmode < WOK__PG_SSL_REQUIRE);
	/* Any site has a certificate of the system's CAs: without the name it says nothing. */
	if (of_system && !options->no_verify && options->no_verify_host)
		return wok_fail(-EINVAL,
				"DSN: sslmode=verify-ca needs sslrootcert=FILE or "
				"~/.postgresql/root.crt; with the system's CAs use verify-full");
	return 0;
}

static int make_context(struct wok__pg_settings *settings)
{
	char root_path[4096], certificate_path[4096], key_path[4096];
	const char *root = own_file(settings, WOK__PG_KEY_SSLROOTCERT, "root.crt", root_path,
				    sizeof(root_path));
	wok_tls_identity identity = {
		.certificate_file = own_file(settings, WOK__PG_KEY_SSLCERT, "postgresql.crt",
					     certificate_path, sizeof(certificate_path)),
		.key_file = own_file(settings, WOK__PG_KEY_SSLKEY, "postgresql.key", key_path,
				     sizeof(key_path)),
		.password = value_of(settings, WOK__PG_KEY_SSLPASSWORD),
	};
	wok_tls_options options = {.crl_file = value_of(settings, WOK__PG_KEY_SSLCRL)};

	WOK_TRY(options.min_version = version_of(settings, WOK__PG_KEY_SSL_MIN_VERSION));
	WOK_TRY(options.max_version = version_of(settings, WOK__PG_KEY_SSL_MAX_VERSION));
	WOK_TRY(choose_trust(settings, root, &options));
	if (identity.certificate_file) {
		options.identities = &identity;
		options.n_identities = 1;
	}
	WOK_TRY(wok_tls_client_new(&options, &settings->tls->context));
	settings->tls->made = wok_now();
	return 0;
}

/* What the server says to an SSLRequest: 'S', 'N', or anything of what it likes. */
static int ask_for_tls(wok_stream *stream, char *ret_answer)
{
	static const unsigned char request[] = {
		0,
		0,
		0,
		8,
		SSL_REQUEST >> 24,
		SSL_REQUEST >> 16 & 0xff,
		SSL_REQUEST >> 8 & 0xff,
		SSL_REQUEST & 0xff,
	};
	char answer[2];

	WOK_TRY(wok_stream_write_all(stream, request, sizeof(request)));
	const ssize_t n = wok_stream_read(stream, answer, sizeof(answer));
	WOK_TRY(n);
	if (n == 0)
		return wok_fail(WOK_EEOF, "the server hung up when it was asked for TLS");
	/* What stands behind it was not encrypted, and would be read as if it had been. */
	if (n == 2 && answer[0] == 'S')
		return wok_fail(WOK_EPEER, "the server sent more than one byte when it was asked "
					   "for TLS: somebody may be in between");
	*ret_answer = answer[0];
	return 0;
}

/* The stream is taken in any case. *ret_stream: with TLS, or as it was. */
static int secure(struct wok__pg_settings *settings, struct wok__pg_way *way, wok_stream *plain,
		  wok_stream **ret_stream, bool *ret_encrypted)
{
	/* The limit of time is the caller's. */
	const wok_tls_stream_options options = {
		.handshake_timeout = WOK_FOREVER,
		.port = settings->hosts[way->host].port,
	};
	WOK_AUTO(wok_stream) *stream = plain;
	const char *name = settings->hosts[way->host].name;
	char answer = 0;

	WOK_TRY(ask_for_tls(stream, &answer));
	if (answer == 'S') {
		WOK_TRY(settings->tls ? 0 : wok__pg_tls_new(&settings->tls));
		WOK_TRY(settings->tls->context ? 0 : make_context(settings));
		way->phase = "beginning TLS";
		int r = wok_tls_connect(settings->tls->context, WOK_TAKE(stream), name, &options,
					ret_stream);
		way->no_handshake = r < 0;
		*ret_encrypted = r == 0;
		return r;
	}
	if (answer == 'N' && !way->required) {
		*ret_stream = WOK_TAKE(stream);
		*ret_encrypted = false;
		return 0;
	}
	if (answer == 'N')
		return wok_fail(-EPROTONOSUPPORT,
				"the server has no TLS (ssl = on switches it on); "
				"sslmode asks for it");
	way->no_handshake = answer == 'E';
	if (answer == 'E') /* what it says further is not shown: anybody could have said it */
		return wok_fail(-EPROTONOSUPPORT,
				"the server answered with an error when it was asked for TLS: it "
				"is overloaded, or very old");
	return wok_fail(WOK_EPEER, "this is no PostgreSQL server: it answers with the byte 0x%02x",
			(unsigned char) answer);
}

/* --- the network --------------------------------------------------------------------------------
 */

/* The system's two hours are too long for who waits for an answer: three minutes, in all. */
enum { KEEPALIVE_IDLE = 120, KEEPALIVE_INTERVAL = 15, KEEPALIVE_COUNT = 4 };

static wok_time seconds_or(wok_time given, int otherwise)
{
	return given ? given : otherwise * WOK_SECOND;
}

static int dial_tcp(const struct wok__pg_settings *settings, const struct wok__pg_host *host,
		    wok_stream **ret_stream)
{
	wok_connect_options options = {.tcp.user_timeout = settings->tcp_user_timeout};

	if (settings->keepalives) {
		options.tcp.keepalive = seconds_or(settings->keepalive_idle, KEEPALIVE_IDLE);
		options.tcp.keepalive_interval =
			seconds_or(settings->keepalive_interval, KEEPALIVE_INTERVAL);
		options.tcp.keepalive_probes =
			settings->keepalive_count ? settings->keepalive_count : KEEPALIVE_COUNT;
	}
	return wok_tcp_connect_with(host->address ? host->address : host->name, host->port,
				    &options, ret_stream);
}

static int dial_unix(const struct wok__pg_host *host, wok_stream **ret_stream)
{
	char path[4096];
	int r = wok_unix_connect(wok__pg_host_text(host, path, sizeof(path)), ret_stream);

	if (r == -ENOENT || r == -ECONNREFUSED)
		return wok_fail(r, "%s: %s: does the server run, and listen there?", path,
				wok_strerror(r));
	return r;
}

static int dial(const struct wok__pg_settings *settings, const struct wok__pg_host *host,
		wok_stream **ret_stream)
{
	if (settings->dial)
		return settings->dial(settings->dial_arg, host, ret_stream);
	return wok__pg_host_is_local(host) ? dial_unix(host, ret_stream)
					   : dial_tcp(settings, host, ret_stream);
}

int wok__pg_dial(struct wok__pg_settings *settings, struct wok__pg_way *way,
		 wok_stream **ret_stream, bool *ret_encrypted)
{
	const struct wok__pg_host *host = &settings->hosts[way->host];
	wok_stream *stream;
	char text[300];

	way->no_handshake = false;
	way->phase = "connecting";
	WOK_TRY(dial(settings, host, &stream));
	way->phase = "asking for TLS";
	if (!way->tls) {
		*ret_stream = stream;
		*ret_encrypted = false;
		return 0;
	}
	int r = secure(settings, way, stream, ret_stream, ret_encrypted);
	if (r < 0 && r != -ECANCELED)
		return wok_fail(r, "%s: %s", wok__pg_host_text(host, text, sizeof(text)),
				wok_errmsg(r));
	return r;
}

/* SPDX-License-Identifier: MIT */
/*
 * What a context offers and demands, as an SSL_CTX and what its callbacks need. Constant once it
 * is made: so threads share it without a lock.
 */
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wok/big_stack.h>
#include <wok/error.h>

#include "base/memory.h"
#include "tls/pem.h"
#include "tls/staple.h"
#include "tls/tls.h"

enum { SESSIONS_DEFAULT = 256, PROTOCOL_MAX = 255 };

/* --- ALPN ------------------------------------------------------------------------------------- */

int wok__tls_encode_alpn(const char *text, unsigned char **ret_alpn, unsigned *ret_size)
{
	unsigned char *alpn = wok_alloc(strlen(text) + 1);
	size_t at = 0;

	if (!alpn)
		return -ENOMEM;
	for (const char *name = text;;) {
		size_t size = strcspn(name, ",");
		if (size == 0 || size > PROTOCOL_MAX) {
			wok_free(alpn);
			return wok_fail(-EINVAL,
					"alpn \"%s\": write names of 1 to 255 bytes with commas "
					"between, as \"h2,http/1.1\"",
					text);
		}
		alpn[at] = (unsigned char) size;
		memcpy(alpn + at + 1, name, size);
		at += 1 + size;
		if (!name[size])
			break;
		name += size + 1;
	}
	*ret_alpn = alpn;
	*ret_size = (unsigned) at;
	return 0;
}

/* The server's choice: its own order counts, and without a common one there is no connection. */
static int choose_alpn(SSL *ssl, const unsigned char **ret_name, unsigned char *ret_size,
		       const unsigned char *offered, unsigned offered_size, void *arg)
{
	const struct wok__tls_setup *setup = arg;
	unsigned char *name = NULL;

	(void) ssl;
	if (SSL_select_next_proto(&name, ret_size, setup->alpn, setup->alpn_size, offered,
				  offered_size) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*ret_name = name;
	return SSL_TLSEXT_ERR_OK;
}

static int set_alpn(struct wok__tls_setup *setup, const char *text)
{
	if (!text)
		return 0;
	WOK_TRY(wok__tls_encode_alpn(text, &setup->alpn, &setup->alpn_size));
	if (setup->server)
		SSL_CTX_set_alpn_select_cb(setup->ctx, choose_alpn, setup);
	else if (SSL_CTX_set_alpn_protos(setup->ctx, setup->alpn, setup->alpn_size) != 0)
		return -ENOMEM;
	return 0;
}

/* --- identities ------------------------------------------------------------------------------- */

/*
 * The identities that have the name which the client asks for: several, if they differ in the kind
 * of key. Without one, the first has been chosen already.
 */
static int choose_identity(SSL *ssl, int *alert, void *arg)
{
	const struct wok__tls_setup *setup = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	bool chosen = false;

	for (size_t i = 0; name && i < setup->n_identities; i++) {
		const struct wok__tls_identity *one = &setup->identities[i];
		if (X509_check_host(one->certificate, name, 0, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
				    NULL) != 1)
			continue;
		if (!chosen)
			SSL_certs_clear(ssl);
		chosen = true;
		if (SSL_use_cert_and_key(ssl, one->certificate, one->key, one->chain, 1) == 1)
			continue;
		*alert = SSL_AD_INTERNAL_ERROR;
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	}
	return SSL_TLSEXT_ERR_OK;
}

static int set_identities(struct wok__tls_setup *setup, const wok_tls_options *options)
{
	if (options->n_identities == 0)
		return setup->server ? wok_fail(-EINVAL, "a TLS server needs a certificate: give "
							 "one in wok_tls_options.identities")
				     : 0;
	setup->identities = wok__alloc_zeroed(options->n_identities * sizeof(*setup->identities));
	if (!setup->identities)
		return -ENOMEM;
	for (size_t i = 0; i < options->n_identities; i++) {
		setup->n_identities++;
		WOK_TRY(wok__tls_identity_load(&options->identities[i], &setup->identities[i]));
	}
	const struct wok__tls_identity *first = &setup->identities[0];
	if (SSL_CTX_use_cert_and_key(setup->ctx, first->certificate, first->key, first->chain, 1) !=
	    1)
		return wok__tls_setup_error(-EINVAL, "the first certificate");
	if (setup->server)
		wok__tls_staple_offer(setup);
	if (setup->server && setup->n_identities > 1) {
		SSL_CTX_set_tlsext_servername_callback(setup->ctx, choose_identity);
		SSL_CTX_set_tlsext_servername_arg(setup->ctx, setup);
	}
	return 0;
}

/* --- trust ------------------------------------------------------------------------------------ */

static int trust_folder(SSL_CTX *ctx, const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return wok_fail(-errno, "ca_path %s: %s", path, wok_strerror(-errno));
	if (!S_ISDIR(status.st_mode))
		return wok_fail(-ENOTDIR, "ca_path %s is no folder: a file goes into ca_file",
				path);
	return SSL_CTX_load_verify_dir(ctx, path) == 1 ? 0 : -ENOMEM;
}

static int trust_given(struct wok__tls_setup *setup, const wok_tls_options *options)
{
	X509_STORE *store = SSL_CTX_get_cert_store(setup->ctx);

	if (options->ca_path)
		WOK_TRY(trust_folder(setup->ctx, options->ca_path));
	if (options->ca_file)
		WOK_TRY(wok__tls_store_load(store, options->ca_file, NULL));
	if (options->ca)
		WOK_TRY(wok__tls_store_load(store, NULL, options->ca));
	if (!options->crl_file)
		return 0;
	WOK_TRY(wok__tls_store_load_crls(store, options->crl_file));
	return X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK) == 1 ? 0 : -ENOMEM;
}

/* Tell clients whose certificates are of use here. */
static int name_client_cas(struct wok__tls_setup *setup)
{
	STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(SSL_CTX_get_cert_store(setup->ctx));

	for (int i = 0; i < sk_X509_OBJECT_num(all); i++) {
		X509 *ca = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i));
		if (ca && SSL_CTX_add_client_CA(setup->ctx, ca) != 1)
			return -ENOMEM;
	}
	return 0;
}

static int set_trust(struct wok__tls_setup *setup, const wok_tls_options *options)
{
	bool given = options->ca_file || options->ca_path || options->ca;
	int mode = SSL_VERIFY_PEER;

	setup->verify_client = setup->server && (options->ask_client || options->require_client);
	setup->verify = setup->server ? setup->verify_client : !options->no_verify;
	setup->verify_host = !setup->server && setup->verify && !options->no_verify_host;
	if (setup->verify_client && !given)
		return wok_fail(-EINVAL, "a TLS server that asks for certificates must say whom it "
					 "trusts: give ca_file, ca_path or ca");
	setup->require_staple = options->require_staple;
	if (options->require_staple && (setup->server || !setup->verify))
		return wok_fail(-EINVAL, "require_staple is for clients that verify: leave it out, "
					 "or no_verify");
	if (!setup->verify)
		return 0;
	if (!setup->server)
		WOK_TRY(wok__tls_staple_ask(setup));
	if (given || options->crl_file)
		WOK_TRY(trust_given(setup, options));
	if (!given && SSL_CTX_set_default_verify_paths(setup->ctx) != 1)
		return wok__tls_setup_error(-EINVAL, "the system's CAs");
	if (setup->verify_client)
		WOK_TRY(name_client_cas(setup));
	if (options->require_client)
		mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	SSL_CTX_set_verify(setup->ctx, mode, wok__tls_verified);
	/* Whoever is trusted is trusted, also if it is not at the end of a chain. */
	return X509_STORE_set_flags(SSL_CTX_get_cert_store(setup->ctx),
				    X509_V_FLAG_PARTIAL_CHAIN) == 1
		       ? 0
		       : -ENOMEM;
}

/* --- the rest --------------------------------------------------------------------------------- */

static int set_versions(struct wok__tls_setup *setup, const wok_tls_options *options)
{
	int min = options->min_version ? options->min_version : WOK_TLS_1_2;
	int max = options->max_version ? options->max_version : WOK_TLS_1_3;

	if (min < WOK_TLS_1_2 || max > WOK_TLS_1_3 || min > max)
		return wok_fail(-EINVAL, "TLS versions are WOK_TLS_1_2 and WOK_TLS_1_3, and "
					 "min_version is not above max_version");
	SSL_CTX_set_min_proto_version(setup->ctx, min);
	SSL_CTX_set_max_proto_version(setup->ctx, options->max_version);
	if (options->ciphers && SSL_CTX_set_cipher_list(setup->ctx, options->ciphers) != 1)
		return wok__tls_setup_error(-EINVAL, "ciphers");
	if (options->ciphersuites &&
	    SSL_CTX_set_ciphersuites(setup->ctx, options->ciphersuites) != 1)
		return wok__tls_setup_error(-EINVAL, "ciphersuites");
	return 0;
}

/* A session has come. 1: the reference is ours now. */
static int keep_session(SSL *ssl, SSL_SESSION *session)
{
	const struct wok__tls *tls = SSL_get_app_data(ssl);

	if (!tls->host_and_port)
		return 0;
	wok__tls_session_put(tls->context, tls->setup, tls->host_and_port, session);
	return 1;
}

/* Servers keep nothing: what they have to know again, the client carries, encrypted. */
static void set_sessions(struct wok__tls_setup *setup, const wok_tls_options *options)
{
	static const unsigned char id[] = "wok";

	setup->resume = !options->no_resumption;
	setup->max_sessions = options->max_sessions ? options->max_sessions : SESSIONS_DEFAULT;
	(void) SSL_CTX_set_session_id_context(setup->ctx, id, sizeof(id));
	SSL_CTX_set_session_cache_mode(setup->ctx, SSL_SESS_CACHE_OFF);
	if (options->no_resumption) {
		SSL_CTX_set_options(setup->ctx, SSL_OP_NO_TICKET);
		(void) SSL_CTX_set_num_tickets(setup->ctx, 0);
	} else if (!setup->server) {
		SSL_CTX_set_session_cache_mode(setup->ctx,
					       SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
		SSL_CTX_sess_set_new_cb(setup->ctx, keep_session);
	}
}

static void log_key(const SSL *ssl, const char *line)
{
	const struct wok__tls *tls = SSL_get_app_data(ssl);
	char text[512];
	int n = snprintf(text, sizeof(text), "%s\n", line);

	/* In one piece, since threads and programs share the file. */
	if (n > 0 && (size_t) n < sizeof(text) && write(tls->setup->key_log, text, (size_t) n) < 0)
		ERR_clear_error(); /* it is no reason to fail */
}

static int set_key_log(struct wok__tls_setup *setup, const wok_tls_options *options)
{
	const char *path = options->no_key_log ? NULL : secure_getenv("SSLKEYLOGFILE");

	if (!path || !*path)
		return 0;
	setup->key_log = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
	if (setup->key_log < 0)
		return wok_fail(-errno, "SSLKEYLOGFILE: cannot write to %s: %s", path,
				wok_strerror(-errno));
	SSL_CTX_set_keylog_callback(setup->ctx, log_key);
	return 0;
}

static int fill_in(struct wok__tls_setup *setup, const wok_tls_options *options)
{
	setup->ctx = SSL_CTX_new(setup->server ? TLS_server_method() : TLS_client_method());
	setup->bio = wok__tls_bio_method();
	if (!setup->ctx || !setup->bio)
		return wok__tls_setup_error(-ENOMEM, "OpenSSL");
	/*
	 * A write may end between two records, and may be continued from another place in memory. A
	 * connection that idles has no buffers.
	 */
	SSL_CTX_set_mode(setup->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
					     SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					     SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_options(setup->ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
						SSL_OP_CIPHER_SERVER_PREFERENCE |
						SSL_OP_PRIORITIZE_CHACHA);
	WOK_TRY(set_versions(setup, options));
	WOK_TRY(set_trust(setup, options));
	WOK_TRY(set_identities(setup, options));
	WOK_TRY(set_alpn(setup, options->alpn));
	set_sessions(setup, options);
	return set_key_log(setup, options);
}

struct making {
	struct wok__tls_setup *setup;
	const wok_tls_options *options;
};

static int fill_in_on_big_stack(void *arg)
{
	const struct making *making = arg;
	const char *before = wok__tls_enter();
	int r = fill_in(making->setup, making->options);

	ERR_clear_error();
	wok__tls_leave(before);
	return r;
}

int wok__tls_setup_new(bool server, const wok_tls_options *options, struct wok__tls_setup **ret)
{
	struct wok__tls_setup *setup = wok__alloc_zeroed(sizeof(*setup));
	struct making making = {setup, options};

	if (!setup)
		return -ENOMEM;
	setup->refs = 1;
	setup->server = server;
	setup->key_log = -1;
	int r = wok_on_big_stack(fill_in_on_big_stack, &making);
	if (r < 0)
		wok__tls_setup_unref(setup);
	else
		*ret = setup;
	return r;
}

void wok__tls_setup_unref(struct wok__tls_setup *setup)
{
	if (__atomic_sub_fetch(&setup->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	SSL_CTX_free(setup->ctx);
	BIO_meth_free(setup->bio);
	for (size_t i = 0; i < setup->n_identities; i++)
		wok__tls_identity_clear(&setup->identities[i]);
	if (setup->key_log >= 0)
		close(setup->key_log);
	wok_free(setup->identities);
	wok_free(setup->alpn);
	wok_free(setup);
}

/* SPDX-License-Identifier: MIT */
/* Stapled OCSP responses: which are believed, and what follows from those that are not. */
#include <openssl/ocsp.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <unistd.h>

#include "tls/meeting.h"
#include "tls/staples.h"
#include "tls/tls.h" /* to make a server send what none of ours would */

static wok_tls_context *requiring(int version)
{
	return client_with(&(wok_tls_options){
		.ca = root_ca()->pem, .require_staple = true, .max_version = version});
}

static wok_tls_context *server_with_file(const struct cert *cert, const char *path)
{
	wok_tls_identity identity = identity_of(cert);

	identity.staple_file = path;
	return server_with(&(wok_tls_options){.identities = &identity, .n_identities = 1});
}

static void drop_file(char *path)
{
	unlink(path);
	free(path);
}

/* A server with a response, and a client that requires one or not; word: why not, or NULL. */
static void meet_stapled(const struct staple_spec *spec, bool require, const char *word)
{
	for (int version = WOK_TLS_1_2; version <= WOK_TLS_1_3; version++) {
		char *path = staple_file(spec);
		struct meeting m = {.server_context = server_with_file(spec->cert, path)};
		m.client_context = require ? requiring(version) : NULL;
		if (!word) {
			meet_well(&m);
		} else {
			meet(&m);
			ASSERT_ERR(m.connected, WOK_ECERTIFICATE);
			ASSERT_SAYS(m.client_says, word);
			ASSERT_ERR(m.accepted, WOK_EPEER);
			ASSERT_SAYS(m.server_says, "staple_file");
		}
		part(&m);
		drop_file(path);
	}
}

static const struct cert *responder(const struct cert *issuer, bool charged)
{
	return make_cert(&(struct cert_spec){
		.name = "Responder", .issuer = issuer, .usage = charged ? "OCSPSigning" : NULL});
}

TEST_TASK(a_good_response_is_enough_where_one_is_required, "client-50")
{
	meet_stapled(&(struct staple_spec){.cert = good_cert()}, true, NULL);
	meet_stapled(&(struct staple_spec){.cert = good_cert(), .sha256 = true}, true, NULL);
	meet_stapled(&(struct staple_spec){.cert = good_cert(), .endless = true}, true, NULL);
	meet_stapled(&(struct staple_spec){.cert = good_cert(), .from = 120}, true, NULL);
	meet_stapled(&(struct staple_spec){.cert = good_cert(), .until = -120}, true, NULL);
	meet_stapled(
		&(struct staple_spec){.cert = good_cert(), .signer = responder(root_ca(), true)},
		true, NULL);
}

TEST_TASK(a_certificate_that_its_ca_calls_revoked_is_always_refused, "client-50")
{
	const struct staple_spec spec = {.cert = good_cert(), .status = V_OCSP_CERTSTATUS_REVOKED};
	struct staple_spec other = spec;

	meet_stapled(&spec, false, "revoked");
	meet_stapled(&spec, true, "revoked");
	other.signer = responder(root_ca(), true);
	meet_stapled(&other, false, "revoked");
	other.signer = other_ca(); /* whose word does not count */
	meet_stapled(&other, false, NULL);
}

TEST_TASK(a_useless_response_is_one_only_where_it_is_required)
{
	const struct cert *another =
		make_cert(&(struct cert_spec){.name = "Another", .issuer = root_ca()});
	const struct {
		struct staple_spec spec;
		const char *word;
	} rows[] = {
		{{.until = -600}, "expired"},
		{{.from = 600}, "not valid yet"},
		{{.from = -8 * 24 * 3600, .endless = true}, "expired"},
		{{.status = V_OCSP_CERTSTATUS_UNKNOWN}, "does not know"},
		{{.signer = other_ca()}, "not signed"},
		{{.signer = another}, "not signed"}, /* the CA's, but not charged with it */
		{{.signer = responder(other_ca(), true)}, "not signed"},
		{{.issuer = other_ca()}, "not signed"},
		{{.issuer = other_ca(), .signer = root_ca()}, "another certificate"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct staple_spec spec = rows[i].spec;
		spec.cert = good_cert();
		meet_stapled(&spec, true, rows[i].word);
		meet_stapled(&spec, false, NULL);
	}
}

TEST_TASK(a_server_that_staples_nothing_is_refused_only_where_it_has_to)
{
	struct meeting m = {.client_context = requiring(0)};

	meet(&m);
	ASSERT_ERR(m.connected, WOK_ECERTIFICATE);
	ASSERT_SAYS(m.client_says, "require_staple");
	ASSERT_SAYS(m.client_says, "none came");
	part(&m);
	meet_well(&m);
	part(&m);
}

TEST_TASK(a_certificate_can_demand_a_response)
{
	const struct cert *strict = make_cert(&(struct cert_spec){.name = "Strict",
								  .names = "DNS:example.com",
								  .issuer = root_ca(),
								  .feature = "status_request"});
	struct meeting m = {.server_context = server_of(strict)};

	meet(&m);
	ASSERT_ERR(m.connected, WOK_ECERTIFICATE);
	ASSERT_SAYS(m.client_says, "by its own word");
	part(&m);
	m.server_context = server_of(strict);
	m.client_context = client_with(&(wok_tls_options){.no_verify = true});
	meet_well(&m);
	part(&m);
	meet_stapled(&(struct staple_spec){.cert = strict}, false, NULL);
	meet_stapled(&(struct staple_spec){.cert = strict, .until = -600}, false, "expired");
}

/* A server's file is checked when it is read, so the garbage comes in at OpenSSL's side. */
static int send_garbage(SSL *ssl, void *arg)
{
	static const char garbage[] = "0\x82garbage";

	(void) arg;
	SSL_set_tlsext_status_ocsp_resp(ssl, OPENSSL_memdup(garbage, 9), 9);
	return SSL_TLSEXT_ERR_OK;
}

TEST_TASK(garbage_is_no_response)
{
	for (int require = 0; require < 2; require++) {
		struct meeting m = {.client_context = require ? requiring(0) : NULL};
		m.server_context = good_server();
		SSL_CTX_set_tlsext_status_cb(m.server_context->setup->ctx, send_garbage);
		meet(&m);
		if (require) {
			ASSERT_ERR(m.connected, WOK_ECERTIFICATE);
			ASSERT_SAYS(m.client_says, "cannot be read");
		} else {
			ASSERT_OK(m.connected);
		}
		part(&m);
	}
}

TEST_TASK(a_reload_brings_a_new_response)
{
	char *old = staple_file(&(struct staple_spec){.cert = good_cert(), .until = -600});
	char *fresh = staple_file(&(struct staple_spec){.cert = good_cert()});
	struct meeting m = {.client_context = requiring(0)};
	wok_tls_identity identity = identity_of(good_cert());
	const wok_tls_options options = {.identities = &identity, .n_identities = 1};

	identity.staple_file = old;
	WOK_AUTO(wok_tls_context) *server = server_with(&options);
	m.server_context = server;
	meet(&m);
	ASSERT_ERR(m.connected, WOK_ECERTIFICATE);
	identity.staple_file = fresh;
	ASSERT_OK(wok_tls_context_reload(server, &options));
	meet_well(&m);
	m.server_context = NULL;
	part(&m);
	drop_file(old);
	drop_file(fresh);
}

TEST_TASK(each_identity_has_its_own_response)
{
	const struct cert *other = make_cert(&(struct cert_spec){
		.name = "Other", .names = "DNS:other.example", .issuer = root_ca()});
	const struct cert *certs[] = {good_cert(), other};
	wok_tls_identity identities[2];
	char *paths[2];

	for (int i = 0; i < 2; i++) {
		paths[i] = staple_file(&(struct staple_spec){.cert = certs[i]});
		identities[i] = identity_of(certs[i]);
		identities[i].staple_file = paths[i];
	}
	for (int i = 0; i < 2; i++) {
		struct meeting m = {.host = i ? "other.example" : "example.com",
				    .client_context = requiring(0)};
		m.server_context = server_with(
			&(wok_tls_options){.identities = identities, .n_identities = 2});
		meet_well(&m);
		part(&m);
	}
	drop_file(paths[0]);
	drop_file(paths[1]);
}

TEST_TASK(a_file_that_is_no_response_is_refused)
{
	/* An OCSPResponse that says tryLater. */
	static const unsigned char later[] = {0x30, 0x03, 0x0a, 0x01, 0x03};
	wok_tls_identity identity = identity_of(good_cert());
	const wok_tls_options options = {.identities = &identity, .n_identities = 1};
	wok_tls_context *context = NULL;
	char *garbage = write_file("no response", NULL);
	char *error = file_of_bytes(later, sizeof(later));

	identity.staple_file = garbage;
	ASSERT_ERR(wok_tls_server_new(&options, &context), -EINVAL);
	ASSERT_SAYS(wok_errmsg(-EINVAL), garbage);
	identity.staple_file = error;
	ASSERT_ERR(wok_tls_server_new(&options, &context), -EINVAL);
	ASSERT_SAYS(wok_errmsg(-EINVAL), "trylater");
	identity.staple_file = "/nonexistent/file";
	ASSERT_ERR(wok_tls_server_new(&options, &context), -ENOENT);
	ASSERT_ERR(wok_tls_client_new(&(wok_tls_options){.no_verify = true, .require_staple = true},
				      &context),
		   -EINVAL);
	drop_file(garbage);
	drop_file(error);
}

/* SPDX-License-Identifier: MIT */
/* Who the peer is: what is verified, and what is said when it is not good. */
#include <openssl/pem.h>
#include <stdlib.h>
#include <unistd.h>

#include "tls/meeting.h"

TEST_TASK(a_client_and_a_server_agree)
{
	struct meeting m = {0};
	wok_tls_certificate peer;

	meet_well(&m);
	say(m.client, m.server, "hello");
	say(m.server, m.client, "welcome");
	ASSERT_STR(wok_tls_version(m.client), "TLSv1.3");
	ASSERT_STR(wok_tls_version(m.server), "TLSv1.3");
	ASSERT_STR(wok_tls_cipher(m.client), "TLS_AES_256_GCM_SHA384");
	ASSERT_STR(wok_tls_server_name(m.server), "example.com");
	ASSERT_STR(wok_tls_alpn(m.client), NULL);
	ASSERT_STR(wok_stream_kind(m.client), "tls");
	ASSERT(!wok_tls_resumed(m.client));
	ASSERT_EQ(wok_tls_peer_certificate(m.server, &peer), 0);
	ASSERT_EQ(wok_tls_peer_certificate(m.client, &peer), 1);
	ASSERT_STR(peer.subject, "CN=Test Server");
	ASSERT_STR(peer.issuer, "CN=Test Root");
	ASSERT_SAYS(peer.names, "DNS:example.com, DNS:*.wild.example, IP Address:127.0.0.1");
	ASSERT_EQ(strlen(peer.fingerprint), 64);
	ASSERT_EQ(peer.not_after - peer.not_before, 25 * 3600);
	part(&m);
}

/* A client that meets a server with this certificate must refuse it, and say this. */
static void refuse(const struct cert *cert, const char *host, const char *word)
{
	struct meeting m = {.host = host, .server_context = server_of(cert)};

	meet(&m);
	ASSERT_ERR(m.connected, WOK_ECERTIFICATE);
	ASSERT_SAYS(m.client_says, word);
	ASSERT_SAYS(m.client_says, host ? host : "example.com");
	ASSERT_ERR(m.accepted, WOK_EPEER); /* it was told */
	ASSERT(!m.client && !m.server);
	part(&m);
}

TEST_TASK(another_hosts_certificate_is_refused)
{
	refuse(good_cert(), "example.org", "for DNS:example.com");
	refuse(good_cert(), "sub.example.com", "not for sub.example.com");
	refuse(good_cert(), "127.0.0.2", "not for 127.0.0.2");
	refuse(good_cert(), "wild.example", "not for wild.example");
	refuse(good_cert(), "a.b.wild.example", "not for a.b.wild.example");
	const struct cert *nameless =
		make_cert(&(struct cert_spec){.name = "Nobody", .issuer = root_ca()});
	refuse(nameless, "example.com", "for nobody");
}

TEST_TASK(an_expired_certificate_is_refused)
{
	struct cert_spec spec = {.name = "Old", .names = "DNS:example.com", .issuer = root_ca()};

	spec.from = -7200;
	spec.until = -3600;
	refuse(make_cert(&spec), NULL, "has expired");
	spec.from = 3600;
	spec.until = 7200;
	refuse(make_cert(&spec), NULL, "not valid before");
}

TEST_TASK(a_self_signed_certificate_is_refused_unless_it_is_trusted)
{
	const struct cert *own =
		make_cert(&(struct cert_spec){.name = "Own", .names = "DNS:example.com"});
	struct meeting m = {0};

	refuse(own, NULL, "self-signed");
	m.client_context = client_with(&(wok_tls_options){.ca = own->pem});
	m.server_context = server_of(own);
	meet_well(&m);
	part(&m);
}

TEST_TASK(an_unknown_ca_is_refused)
{
	const struct cert *foreign = make_cert(&(struct cert_spec){
		.name = "Foreign", .names = "DNS:example.com", .issuer = other_ca()});

	refuse(foreign, NULL, "Other Root");
	refuse(foreign, NULL, "not trusted");
}

TEST_TASK(the_systems_cas_count_where_none_are_given)
{
	struct meeting m = {.client_context = client_with(NULL)};

	meet(&m);
	ASSERT_ERR(m.connected, WOK_ECERTIFICATE);
	part(&m);
	char *path = write_file(root_ca()->pem, NULL);
	setenv("SSL_CERT_FILE", path, 1);
	m.client_context = client_with(NULL);
	meet_well(&m);
	part(&m);
	unlink(path);
	free(path);
}

TEST_TASK(a_chain_is_followed_and_a_gap_in_it_is_named)
{
	const struct cert *middle =
		make_cert(&(struct cert_spec){.name = "Middle", .issuer = root_ca(), .ca = true});
	const struct cert *leaf = make_cert(
		&(struct cert_spec){.name = "Leaf", .names = "DNS:example.com", .issuer = middle});
	struct meeting m = {.server_context = server_of(leaf)};

	meet_well(&m);
	part(&m);
	struct cert alone = *leaf;
	char *end = strstr(leaf->pem, "-----END CERTIFICATE-----");
	alone.pem = strndup(leaf->pem, (size_t) (end - leaf->pem) + 26);
	refuse(&alone, NULL, "whole chain");
	free(alone.pem);
}

TEST_TASK(addresses_and_wildcards_match)
{
	static const char *const hosts[] = {"127.0.0.1", "::1", "a.wild.example", "EXAMPLE.com",
					    "example.com."};

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct meeting m = {.host = hosts[i]};
		meet_well(&m);
		ASSERT_STR(wok_tls_server_name(m.server), i < 2    ? NULL
							  : i == 4 ? "example.com"
								   : hosts[i]);
		part(&m);
	}
}

TEST_TASK(verifying_is_left_out_only_when_that_is_asked_for)
{
	const struct cert *own = make_cert(&(struct cert_spec){.name = "Own"});
	struct meeting m = {.server_context = server_of(own)};

	m.client_context = client_with(&(wok_tls_options){.no_verify = true});
	meet_well(&m);
	part(&m);
	m.host = "example.org";
	m.client_context =
		client_with(&(wok_tls_options){.ca = root_ca()->pem, .no_verify_host = true});
	meet_well(&m);
	part(&m);
	m.server_context = server_of(own);
	m.client_context =
		client_with(&(wok_tls_options){.ca = root_ca()->pem, .no_verify_host = true});
	meet(&m);
	ASSERT_ERR(m.connected, WOK_ECERTIFICATE);
	part(&m);
}

/* --- certificates of clients ------------------------------------------------------------------ */

static wok_tls_context *asking_server(bool require)
{
	const wok_tls_identity identity = identity_of(good_cert());

	return server_with(&(wok_tls_options){
		.identities = &identity,
		.n_identities = 1,
		.ca = root_ca()->pem,
		.ask_client = !require,
		.require_client = require,
	});
}

static wok_tls_context *client_as(const struct cert *cert, int max_version)
{
	const wok_tls_identity identity = identity_of(cert);

	return client_with(&(wok_tls_options){
		.identities = &identity,
		.n_identities = 1,
		.ca = root_ca()->pem,
		.max_version = max_version,
	});
}

TEST_TASK(a_client_shows_its_certificate, "client-47")
{
	const struct cert *alice =
		make_cert(&(struct cert_spec){.name = "Alice", .issuer = root_ca()});
	wok_tls_certificate peer;

	for (int version = WOK_TLS_1_2; version <= WOK_TLS_1_3; version++) {
		struct meeting m = {.server_context = asking_server(true)};
		m.client_context = client_as(alice, version);
		meet_well(&m);
		say(m.client, m.server, "it is me");
		ASSERT_EQ(wok_tls_peer_certificate(m.server, &peer), 1);
		ASSERT_STR(peer.subject, "CN=Alice");
		ASSERT_STR(peer.names, "");
		part(&m);
	}
}

TEST_TASK(a_client_without_a_certificate_is_refused_if_it_must_have_one)
{
	struct meeting m = {.server_context = asking_server(true)};
	char data[8];

	meet(&m);
	ASSERT_ERR(m.accepted, WOK_ECERTIFICATE);
	ASSERT_SAYS(m.server_says, "no certificate");
	ASSERT_OK(m.connected); /* in TLS 1.3 it learns of it later */
	ASSERT_ERR(wok_stream_read(m.client, data, sizeof(data)), WOK_EPEER);
	ASSERT_SAYS(wok_errmsg(WOK_EPEER), "give one in identities");
	ASSERT_ERR(wok_stream_read(m.client, data, sizeof(data)), WOK_EPEER);
	ASSERT_ERR(wok_stream_write_all(m.client, "x", 1), WOK_EPEER);
	part(&m);
	m.server_context = asking_server(false);
	meet_well(&m);
	say(m.client, m.server, "anonymous");
	part(&m);
}

TEST_TASK(a_client_of_an_unknown_ca_is_refused)
{
	const struct cert *mallory =
		make_cert(&(struct cert_spec){.name = "Mallory", .issuer = other_ca()});

	for (int require = 0; require < 2; require++) {
		struct meeting m = {.server_context = asking_server(require)};
		m.client_context = client_as(mallory, WOK_TLS_1_2);
		meet(&m);
		ASSERT_ERR(m.accepted, WOK_ECERTIFICATE);
		ASSERT_SAYS(m.server_says, "Other Root");
		ASSERT_ERR(m.connected, WOK_EPEER);
		ASSERT_SAYS(m.client_says, "does not trust the CA of our certificate");
		part(&m);
	}
}

/* --- revoked ---------------------------------------------------------------------------------- */

/* more: what else is in the file; NULL */
static char *list_of_revoked(const struct cert *cert, const char *more)
{
	X509_CRL *crl = X509_CRL_new();
	X509_REVOKED *revoked = X509_REVOKED_new();
	ASN1_TIME *now = X509_gmtime_adj(NULL, -60), *then = X509_gmtime_adj(NULL, 3600);
	BIO *bio = BIO_new(BIO_s_mem());

	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(root_ca()->x509));
	X509_CRL_set1_lastUpdate(crl, now);
	X509_CRL_set1_nextUpdate(crl, then);
	X509_REVOKED_set_serialNumber(revoked, X509_get_serialNumber(cert->x509));
	X509_REVOKED_set_revocationDate(revoked, now);
	X509_CRL_add0_revoked(crl, revoked);
	ASSERT(X509_CRL_sign(crl, root_ca()->pkey, EVP_sha256()) > 0);
	ASSERT_EQ(PEM_write_bio_X509_CRL(bio, crl), 1);
	char *text = text_of(bio);
	char *path = write_file(text, more);
	free(text);
	X509_CRL_free(crl);
	ASN1_TIME_free(now);
	ASN1_TIME_free(then);
	return path;
}

TEST_TASK(a_revoked_certificate_is_refused)
{
	const struct cert *bad = make_cert(&(struct cert_spec){
		.name = "Revoked", .names = "DNS:example.com", .issuer = root_ca()});
	char *path = list_of_revoked(bad, NULL);
	const wok_tls_options options = {.ca = root_ca()->pem, .crl_file = path};
	struct meeting m = {.client_context = client_with(&options)};

	m.server_context = server_of(bad);
	meet(&m);
	ASSERT_ERR(m.connected, WOK_ECERTIFICATE);
	ASSERT_SAYS(m.client_says, "revoked");
	part(&m);
	m.client_context = client_with(&options);
	meet_well(&m);
	part(&m);
	unlink(path);
	free(path);
}

TEST_TASK(who_stands_in_a_file_of_revoked_ones_is_not_trusted)
{
	const struct cert *mallory = make_cert(&(struct cert_spec){
		.name = "Mallory", .names = "DNS:example.com", .issuer = other_ca()});
	char *lists = list_of_revoked(mallory, other_ca()->pem);
	char *none = write_file(other_ca()->pem, NULL);
	wok_tls_context *context = NULL;

	ASSERT_ERR(wok_tls_client_new(&(wok_tls_options){.ca = root_ca()->pem, .crl_file = none},
				      &context),
		   -EINVAL);
	ASSERT_SAYS(wok_errmsg(-EINVAL), "holds no list of revoked certificates");
	struct meeting m = {.client_context = client_with(
				    &(wok_tls_options){.ca = root_ca()->pem, .crl_file = lists})};
	m.server_context = server_of(mallory);
	meet(&m);
	ASSERT_ERR(m.connected, WOK_ECERTIFICATE);
	part(&m);
	unlink(lists);
	unlink(none);
	free(lists);
	free(none);
}

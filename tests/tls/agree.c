/* SPDX-License-Identifier: MIT */
/* What the two agree on: versions, protocols above, which certificate, an earlier session. */
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tls/meeting.h"
#include "tls/tls.h"

/* --- versions and protocols ------------------------------------------------------------------- */

static wok_tls_context *server_like(wok_tls_options options)
{
	const wok_tls_identity identity = identity_of(good_cert());

	options.identities = &identity;
	options.n_identities = 1;
	return server_with(&options);
}

static wok_tls_context *client_like(wok_tls_options options)
{
	options.ca = root_ca()->pem;
	return client_with(&options);
}

TEST_TASK(versions_can_be_bounded)
{
	struct meeting m = {.client_context =
				    client_like((wok_tls_options){.max_version = WOK_TLS_1_2})};

	meet_well(&m);
	ASSERT_STR(wok_tls_version(m.client), "TLSv1.2");
	say(m.client, m.server, "hello");
	part(&m);
	m.client_context = client_like((wok_tls_options){.max_version = WOK_TLS_1_2});
	m.server_context = server_like((wok_tls_options){.min_version = WOK_TLS_1_3});
	meet(&m);
	ASSERT_ERR(m.accepted, WOK_EPEER);
	ASSERT_SAYS(m.server_says, "no version of TLS in common");
	ASSERT_ERR(m.connected, WOK_EPEER);
	ASSERT_SAYS(m.client_says, "no version of TLS in common");
	part(&m);
}

/* A client of OpenSSL's alone, which speaks TLS 1.1 at most: what it says first. */
static size_t old_hello(char *hello, size_t size)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

	SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(ctx, TLS1_1_VERSION);
	ASSERT_EQ(SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0"), 1);
	SSL *ssl = SSL_new(ctx);
	SSL_set_bio(ssl, in, out);
	SSL_set_connect_state(ssl);
	ASSERT(SSL_do_handshake(ssl) < 0);
	int n = BIO_read(out, hello, (int) size);
	ASSERT(n > 0);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return (size_t) n;
}

TEST_TASK(a_peer_that_speaks_only_old_versions_is_refused)
{
	WOK_AUTO(wok_tls_context) *context = good_server();
	WOK_AUTO(wok_stream) *near = NULL;
	wok_stream *far, *tls = NULL;
	char hello[1000], answer[100];
	size_t size = old_hello(hello, sizeof(hello));

	ASSERT_OK(wok_stream_pair(0, &near, &far));
	ASSERT_OK(wok_stream_write_all(near, hello, size));
	ASSERT_ERR(wok_tls_accept(context, far, NULL, &tls), WOK_EPEER);
	ASSERT_SAYS(wok_errmsg(WOK_EPEER), "no version of TLS in common");
	/* An alert: fatal, protocol_version; then it hung up. */
	ASSERT_EQ(wok_stream_read(near, answer, sizeof(answer)), 7);
	ASSERT_EQ(answer[0], 21);
	ASSERT_EQ(answer[5], 2);
	ASSERT_EQ(answer[6], 70);
	ASSERT_EQ(wok_stream_read(near, answer, 1), 0);
}

TEST_TASK(a_cipher_must_be_in_common)
{
	struct meeting m = {0};

	m.client_context = client_like((wok_tls_options){
		.max_version = WOK_TLS_1_2, .ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"});
	meet_well(&m);
	ASSERT_STR(wok_tls_cipher(m.client), "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
	part(&m);
	m.client_context = client_like((wok_tls_options){.max_version = WOK_TLS_1_2,
							 .ciphers = "ECDHE-RSA-AES128-GCM-SHA256"});
	meet(&m);
	ASSERT_ERR(m.accepted, WOK_EPEER);
	ASSERT_SAYS(m.server_says, "no cipher in common");
	ASSERT_ERR(m.connected, WOK_EPEER);
	part(&m);
	m.client_context =
		client_like((wok_tls_options){.ciphersuites = "TLS_CHACHA20_POLY1305_SHA256"});
	meet_well(&m);
	ASSERT_STR(wok_tls_cipher(m.server), "TLS_CHACHA20_POLY1305_SHA256");
	part(&m);
}

TEST_TASK(the_server_chooses_the_protocol_above)
{
	struct meeting m = {0};

	m.client_context = client_like((wok_tls_options){.alpn = "http/1.1,h2"});
	m.server_context = server_like((wok_tls_options){.alpn = "h2,http/1.1"});
	meet_well(&m);
	ASSERT_STR(wok_tls_alpn(m.client), "h2");
	ASSERT_STR(wok_tls_alpn(m.server), "h2");
	part(&m);
	m.server_context = server_like((wok_tls_options){.alpn = "h2"});
	meet_well(&m); /* a client that asks for nothing gets nothing */
	ASSERT_STR(wok_tls_alpn(m.client), NULL);
	part(&m);
	m.client_context = client_like((wok_tls_options){.alpn = "imap"});
	m.server_context = server_like((wok_tls_options){.alpn = "h2"});
	meet(&m);
	ASSERT_ERR(m.accepted, WOK_EPEER);
	ASSERT_SAYS(m.server_says, "see alpn");
	ASSERT_ERR(m.connected, WOK_EPEER);
	ASSERT_SAYS(m.client_says, "see alpn");
	part(&m);
}

/* --- several certificates --------------------------------------------------------------------- */

static const char *subject_at(struct meeting *m)
{
	wok_tls_certificate peer;

	ASSERT_EQ(wok_tls_peer_certificate(m->client, &peer), 1);
	return peer.subject;
}

TEST_TASK(the_certificate_is_chosen_by_the_name_asked_for)
{
	const struct cert *second = make_cert(&(struct cert_spec){
		.name = "Second", .names = "DNS:two.example", .issuer = root_ca()});
	const struct cert *third = make_cert(&(struct cert_spec){
		.name = "Third", .names = "DNS:two.example", .issuer = root_ca(), .rsa = true});
	const wok_tls_identity all[] = {identity_of(good_cert()), identity_of(second),
					identity_of(third)};
	const wok_tls_options options = {.identities = all, .n_identities = 3};
	static const struct {
		const char *host, *ciphers, *subject;
	} rows[] = {
		{"example.com", NULL, "CN=Test Server"},
		{"two.example", NULL, "CN=Second"},
		{"two.example", "ECDHE-RSA-AES128-GCM-SHA256", "CN=Third"}, /* by kind of key */
		{"127.0.0.1", NULL, "CN=Test Server"}, /* nobody is asked for: the first */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct meeting m = {.host = rows[i].host};
		m.server_context = server_with(&options);
		m.client_context = client_like((wok_tls_options){
			.ciphers = rows[i].ciphers,
			.max_version = rows[i].ciphers ? WOK_TLS_1_2 : 0,
		});
		meet_well(&m);
		ASSERT_STR(subject_at(&m), rows[i].subject);
		part(&m);
	}
}

/* --- resumption ------------------------------------------------------------------------------- */

/* Meet, and let the client read, since TLS 1.3 sends tickets behind the handshake. */
static bool meet_again(struct meeting *m)
{
	meet_well(m);
	say(m->server, m->client, "hello");
	say(m->client, m->server, "hello");
	bool resumed = wok_tls_resumed(m->client);
	ASSERT_EQ(wok_tls_resumed(m->server), resumed);
	wok_stream_free(WOK_TAKE(m->client));
	wok_stream_free(WOK_TAKE(m->server));
	return resumed;
}

TEST_TASK(who_comes_again_resumes, "http-30")
{
	for (int version = WOK_TLS_1_2; version <= WOK_TLS_1_3; version++) {
		struct meeting m = {0};
		m.client_context = client_like((wok_tls_options){.max_version = version});
		ASSERT(!meet_again(&m));
		ASSERT(meet_again(&m));
		ASSERT(meet_again(&m)); /* with the ticket that came meanwhile */
		/* The certificate is known from the first time. */
		meet_well(&m);
		ASSERT_STR(subject_at(&m), "CN=Test Server");
		part(&m);
	}
}

TEST_TASK(a_session_is_of_one_host_and_port_and_context, "http-30")
{
	struct meeting m = {0};

	ASSERT(!meet_again(&m));
	m.host = "127.0.0.1";
	ASSERT(!meet_again(&m));
	m.client_options.port = 443;
	ASSERT(!meet_again(&m));
	ASSERT(meet_again(&m));
	wok_tls_context *first = m.client_context;
	m.client_context = client_like((wok_tls_options){.no_verify_host = true});
	ASSERT(!meet_again(&m));
	ASSERT(meet_again(&m));
	wok_tls_context_free(m.client_context);
	m.client_context = first;
	ASSERT(meet_again(&m));
	/* A host that was not verified may resume nothing that was. */
	m.host = "example.org";
	meet(&m);
	ASSERT_ERR(m.connected, WOK_ECERTIFICATE);
	part(&m);
}

TEST_TASK(resumption_can_be_switched_off)
{
	struct meeting m = {.client_context =
				    client_like((wok_tls_options){.no_resumption = true})};

	ASSERT(!meet_again(&m));
	ASSERT(!meet_again(&m));
	part(&m);
	m.server_context = server_like((wok_tls_options){.no_resumption = true});
	ASSERT(!meet_again(&m));
	ASSERT(!meet_again(&m));
	part(&m);
}

TEST_TASK(a_client_keeps_so_many_sessions_and_no_more)
{
	struct meeting m = {.client_context = client_like((wok_tls_options){
				    .max_sessions = 2, .max_version = WOK_TLS_1_2})};

	for (uint16_t port = 1; port <= 3; port++) {
		m.client_options.port = port;
		ASSERT(!meet_again(&m));
	}
	m.client_options.port = 2;
	ASSERT(meet_again(&m));
	m.client_options.port = 1; /* the oldest had to go */
	ASSERT(!meet_again(&m));
	m.client_options.port = 2;
	ASSERT(meet_again(&m));
	m.client_options.port = 3;
	ASSERT(!meet_again(&m));
	part(&m);
}

TEST_TASK(connections_that_are_opened_at_once_can_resume, "http-30")
{
	struct meeting m = {0};

	ASSERT(!meet_again(&m)); /* brings two tickets, each for once */
	for (int i = 0; i < 3; i++) {
		meet_well(&m);
		ASSERT_EQ(wok_tls_resumed(m.client), i < 2);
		wok_stream_free(WOK_TAKE(m.client));
		wok_stream_free(WOK_TAKE(m.server));
	}
	part(&m);
}

TEST_TASK(tickets_are_not_gathered_without_end)
{
	struct meeting all[3] = {0};

	for (int i = 0; i < 3; i++) {
		all[i].client_context = i ? all[0].client_context : NULL;
		all[i].server_context = i ? all[0].server_context : NULL;
		meet_well(&all[i]); /* no ticket is there yet, so each gets two */
	}
	for (int i = 0; i < 3; i++)
		say(all[i].server, all[i].client, "tickets before this");
	ASSERT_EQ(all[0].client_context->n_sessions, 4);
	for (int i = 2; i >= 0; i--) {
		if (i)
			all[i].client_context = all[i].server_context = NULL;
		part(&all[i]);
	}
}

TEST_TASK(a_client_that_shows_a_certificate_resumes_as_the_same)
{
	const struct cert *alice =
		make_cert(&(struct cert_spec){.name = "Alice", .issuer = root_ca()});
	const wok_tls_identity identity = identity_of(alice);
	struct meeting m = {0};
	wok_tls_certificate peer;

	m.client_context =
		client_like((wok_tls_options){.identities = &identity, .n_identities = 1});
	m.server_context =
		server_like((wok_tls_options){.ca = root_ca()->pem, .require_client = true});
	ASSERT(!meet_again(&m));
	meet_well(&m);
	ASSERT(wok_tls_resumed(m.server));
	ASSERT_EQ(wok_tls_peer_certificate(m.server, &peer), 1);
	ASSERT_STR(peer.subject, "CN=Alice");
	part(&m);
}

/* --- reload ----------------------------------------------------------------------------------- */

TEST_TASK(a_renewed_certificate_is_for_new_connections)
{
	const struct cert *renewed = make_cert(&(struct cert_spec){
		.name = "Renewed", .names = "DNS:example.com", .issuer = root_ca()});
	char *path = write_file(good_cert()->pem, good_cert()->key);
	const wok_tls_identity identity = {.certificate_file = path};
	const wok_tls_options options = {.identities = &identity, .n_identities = 1};
	struct meeting m = {.server_context = server_with(&options)};

	ASSERT(!meet_again(&m));
	meet_well(&m);
	wok_stream *old_client = WOK_TAKE(m.client), *old_server = WOK_TAKE(m.server);
	FILE *file = fopen(path, "we");
	fprintf(file, "%s%s", renewed->pem, renewed->key);
	fclose(file);
	ASSERT_OK(wok_tls_context_reload(m.server_context, &options));
	ASSERT(meet_again(&m)); /* tickets are still good */
	wok_tls_context_free(m.client_context);
	m.client_context = good_client();
	meet_well(&m);
	ASSERT_STR(subject_at(&m), "CN=Renewed");
	say(old_client, old_server, "still here");
	say(old_server, old_client, "so am I");
	wok_stream_free(old_client);
	wok_stream_free(old_server);
	part(&m);
	unlink(path);
	free(path);
}

TEST_TASK(a_reload_that_fails_changes_nothing)
{
	const wok_tls_identity missing = {.certificate_file = "/nonexistent/cert.pem"};
	const wok_tls_options options = {.identities = &missing, .n_identities = 1};
	struct meeting m = {.server_context = good_server()};

	ASSERT_ERR(wok_tls_context_reload(m.server_context, &options), -ENOENT);
	ASSERT_SAYS(wok_errmsg(-ENOENT), "/nonexistent/cert.pem");
	meet_well(&m);
	part(&m);
}

TEST_TASK(a_client_that_is_set_up_anew_forgets_its_sessions, "http-30")
{
	struct meeting m = {0};

	ASSERT(!meet_again(&m));
	ASSERT_OK(wok_tls_context_reload(m.client_context,
					 &(wok_tls_options){.ca = other_ca()->pem}));
	meet(&m);
	ASSERT_ERR(m.connected, WOK_ECERTIFICATE);
	part(&m);
}

/* --- contexts that cannot be made ------------------------------------------------------------- */

static void refuse_client(wok_tls_options options, int code, const char *word)
{
	wok_tls_context *context = NULL;

	ASSERT_ERR(wok_tls_client_new(&options, &context), code);
	ASSERT(!context);
	ASSERT_SAYS(wok_errmsg(code), word);
}

static void refuse_server(wok_tls_identity identity, int code, const char *word)
{
	wok_tls_options options = {.identities = &identity, .n_identities = 1};
	wok_tls_context *context = NULL;

	ASSERT_ERR(wok_tls_server_new(&options, &context), code);
	ASSERT(!context);
	ASSERT_SAYS(wok_errmsg(code), word);
}

TEST_TASK(options_that_make_no_sense_are_refused_with_the_reason)
{
	wok_tls_context *context = NULL;

	refuse_client((wok_tls_options){.ca_file = "/nonexistent"}, -ENOENT, "/nonexistent");
	refuse_client((wok_tls_options){.ca_file = "/tmp"}, -EISDIR, "/tmp");
	refuse_client((wok_tls_options){.ca_file = "/dev/null"}, -EINVAL, "no certificate");
	refuse_client((wok_tls_options){.ca_path = "/nonexistent"}, -ENOENT, "/nonexistent");
	refuse_client((wok_tls_options){.ca_path = "/dev/null"}, -ENOTDIR, "ca_file");
	refuse_client((wok_tls_options){.ca = "nothing"}, -EINVAL, "no certificate");
	refuse_client((wok_tls_options){.ca = ""}, -EINVAL, "no certificate");
	refuse_client((wok_tls_options){.alpn = "h2,,x"}, -EINVAL, "commas");
	refuse_client((wok_tls_options){.alpn = ""}, -EINVAL, "commas");
	refuse_client((wok_tls_options){.min_version = 0x0302}, -EINVAL, "WOK_TLS_1_2");
	refuse_client((wok_tls_options){.min_version = WOK_TLS_1_3, .max_version = WOK_TLS_1_2},
		      -EINVAL, "above");
	refuse_client((wok_tls_options){.ciphers = "nonsense"}, -EINVAL, "ciphers");
	refuse_client((wok_tls_options){.ciphersuites = "nonsense"}, -EINVAL, "ciphersuites");
	refuse_server((wok_tls_identity){0}, -EINVAL, "certificate_file");
	refuse_server((wok_tls_identity){.certificate = "junk"}, -EINVAL, "text");
	refuse_server((wok_tls_identity){.certificate = good_cert()->pem}, -EINVAL, "text");
	refuse_server((wok_tls_identity){.certificate = good_cert()->pem, .key = root_ca()->key},
		      -EINVAL, "is not the key of the certificate");
	ASSERT_ERR(wok_tls_server_new(NULL, &context), -EINVAL);
	ASSERT_SAYS(wok_errmsg(-EINVAL), "needs a certificate");
	const wok_tls_identity identity = identity_of(good_cert());
	ASSERT_ERR(wok_tls_server_new(&(wok_tls_options){.identities = &identity,
							 .n_identities = 1,
							 .require_client = true},
				      &context),
		   -EINVAL);
	ASSERT_SAYS(wok_errmsg(-EINVAL), "trusts");
}

TEST_TASK(a_key_can_have_a_password_and_nobody_is_asked_for_it, "client-47")
{
	BIO *bio = BIO_new(BIO_s_mem());

	ASSERT_EQ(PEM_write_bio_PrivateKey(bio, good_cert()->pkey, EVP_aes_128_cbc(),
					   (const void *) "secret", 6, NULL, NULL),
		  1);
	char *key = text_of(bio);
	wok_tls_identity identity = {.certificate = good_cert()->pem, .key = key};
	refuse_server(identity, -EINVAL, "key");
	identity.password = "wrong";
	refuse_server(identity, -EINVAL, "key");
	identity.password = "secret";
	wok_tls_context_free(
		server_with(&(wok_tls_options){.identities = &identity, .n_identities = 1}));
	free(key);
}

/* A file of PKCS #12, the caller's to unlink and free. */
static char *pkcs12_file(const struct cert *cert, const char *password)
{
	char *path = write_file("", NULL);
	STACK_OF(X509) *chain = sk_X509_new_null();
	FILE *file = fopen(path, "we");

	sk_X509_push(chain, root_ca()->x509);
	PKCS12 *all = PKCS12_create(password, "me", cert->pkey, cert->x509, chain, 0, 0, 0, 0, 0);
	ASSERT(all && file);
	ASSERT_EQ(i2d_PKCS12_fp(file, all), 1);
	fclose(file);
	PKCS12_free(all);
	sk_X509_free(chain);
	return path;
}

TEST_TASK(a_file_of_pkcs_12_has_all_of_an_identity, "client-47", "server-19")
{
	static const char *const passwords[] = {"secret", NULL};
	const struct cert *alice =
		make_cert(&(struct cert_spec){.name = "Alice", .issuer = root_ca()});
	const wok_tls_identity server = identity_of(good_cert());
	wok_tls_certificate seen;

	for (int i = 0; i < 2; i++) {
		char *path = pkcs12_file(alice, passwords[i]);
		wok_tls_identity identity = {.pkcs12_file = path, .password = passwords[i]};
		struct meeting m = {
			.server_context = server_with(&(wok_tls_options){.identities = &server,
									 .n_identities = 1,
									 .ca = root_ca()->pem,
									 .require_client = true}),
			.client_context = client_like(
				(wok_tls_options){.identities = &identity, .n_identities = 1})};
		meet_well(&m);
		say(m.client, m.server, "it is me");
		ASSERT_EQ(wok_tls_peer_certificate(m.server, &seen), 1);
		ASSERT_STR(seen.subject, "CN=Alice");
		part(&m);
		identity.password = "wrong";
		refuse_server(identity, -EINVAL, path);
		identity.key = alice->key;
		refuse_server(identity, -EINVAL, "not of both");
		unlink(path);
		refuse_server((wok_tls_identity){.pkcs12_file = path}, -ENOENT, path);
		free(path);
	}
	char *text = write_file("no such thing", NULL);
	refuse_server((wok_tls_identity){.pkcs12_file = text}, -EINVAL, text);
	unlink(text);
	free(text);
}

TEST_TASK(keys_are_logged_for_who_wants_to_look)
{
	char *path = write_file("", NULL);
	struct meeting m = {0};
	struct stat status;

	setenv("SSLKEYLOGFILE", path, 1);
	m.client_context = client_like((wok_tls_options){.no_key_log = true});
	m.server_context = server_like((wok_tls_options){.no_key_log = true});
	meet_well(&m);
	part(&m);
	ASSERT_EQ(stat(path, &status), 0);
	ASSERT_EQ(status.st_size, 0);
	meet_well(&m);
	part(&m);
	FILE *file = fopen(path, "re");
	char line[500];
	ASSERT(fgets(line, sizeof(line), file));
	ASSERT_SAYS(line, "_SECRET ");
	fclose(file);
	setenv("SSLKEYLOGFILE", "/nonexistent/file", 1);
	refuse_client((wok_tls_options){0}, -ENOENT, "SSLKEYLOGFILE");
	unlink(path);
	free(path);
}

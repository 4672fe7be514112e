/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEST_TLS_CERTS_H
#define WOK_TEST_TLS_CERTS_H
/* Certificates, made when a test asks for them, good and bad. */
#include <openssl/x509.h>
#include <wok/tls.h>

struct cert {
	X509 *x509;
	EVP_PKEY *pkey;
	char *pem; /* the certificate, then its issuer's unless that is a root */
	char *key;
	struct cert *before; /* made before this one */
};

struct cert_spec {
	const char *name;          /* its subject's CN */
	const char *names;         /* "DNS:example.com,IP:127.0.0.1"; NULL */
	const struct cert *issuer; /* NULL: itself */
	bool ca;
	long from, until; /* seconds from now; 0: an hour ago, in a day */
	bool rsa;
	const char *usage;   /* its extended key usage; NULL */
	const char *feature; /* RFC 7633's; NULL */
};

/* They live as long as the test's process. */
const struct cert *make_cert(const struct cert_spec *spec);

const struct cert *root_ca(void);
const struct cert *other_ca(void);
/* Of root_ca: example.com, *.wild.example, 127.0.0.1, ::1. */
const struct cert *good_cert(void);

/* What was written to a BIO, for the caller to free; the BIO is gone. */
char *text_of(BIO *bio);

/* An identity of it, and a file with a text in it, whose name the caller frees. */
wok_tls_identity identity_of(const struct cert *cert);
char *write_file(const char *text, const char *more);
#endif

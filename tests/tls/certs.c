/* SPDX-License-Identifier: MIT */
/* Certificates for tests: see tls/certs.h. */
#include "tls/certs.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/test.h"

static void add_extension(X509 *x509, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;

	X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	ASSERT(extension);
	ASSERT_EQ(X509_add_ext(x509, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static void set_subject(X509 *x509, const char *name)
{
	X509_NAME *subject = X509_get_subject_name(x509);

	ASSERT_EQ(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const void *) name, -1,
					     -1, 0),
		  1);
}

char *text_of(BIO *bio)
{
	char *data = NULL;
	long size = BIO_get_mem_data(bio, &data);
	char *text = calloc(1, (size_t) size + 1); /* there is no NUL to stop strndup() */

	if (text)
		memcpy(text, data, (size_t) size);
	BIO_free(bio);
	return text;
}

static void write_pems(struct cert *cert, const struct cert_spec *spec)
{
	BIO *pem = BIO_new(BIO_s_mem()), *key = BIO_new(BIO_s_mem());

	ASSERT_EQ(PEM_write_bio_X509(pem, cert->x509), 1);
	const struct cert *issuer = spec->issuer;
	if (issuer && X509_self_signed(issuer->x509, 0) == 0)
		ASSERT_EQ(PEM_write_bio_X509(pem, issuer->x509), 1);
	ASSERT_EQ(PEM_write_bio_PrivateKey(key, cert->pkey, NULL, NULL, 0, NULL, NULL), 1);
	cert->pem = text_of(pem);
	cert->key = text_of(key);
}

const struct cert *make_cert(const struct cert_spec *spec)
{
	static long serial = 1000;
	static struct cert *last; /* so that a leak checker finds them */
	struct cert *cert = calloc(1, sizeof(*cert));
	cert->before = last;
	last = cert;
	X509 *x509 = cert->x509 = X509_new();

	cert->pkey = spec->rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
	ASSERT(x509 && cert->pkey);
	const struct cert *issuer = spec->issuer ? spec->issuer : cert;
	X509_set_version(x509, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x509), serial++);
	X509_gmtime_adj(X509_getm_notBefore(x509), spec->from ? spec->from : -3600);
	X509_gmtime_adj(X509_getm_notAfter(x509), spec->until ? spec->until : 24 * 3600);
	X509_set_pubkey(x509, cert->pkey);
	set_subject(x509, spec->name);
	X509_set_issuer_name(x509, X509_get_subject_name(issuer->x509));
	add_extension(x509, issuer->x509, NID_basic_constraints,
		      spec->ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	if (spec->names)
		add_extension(x509, issuer->x509, NID_subject_alt_name, spec->names);
	if (spec->usage)
		add_extension(x509, issuer->x509, NID_ext_key_usage, spec->usage);
	if (spec->feature)
		add_extension(x509, issuer->x509, NID_tlsfeature, spec->feature);
	ASSERT(X509_sign(x509, issuer->pkey, EVP_sha256()) > 0);
	write_pems(cert, spec);
	return cert;
}

const struct cert *root_ca(void)
{
	static const struct cert *made;

	if (!made)
		made = make_cert(&(struct cert_spec){.name = "Test Root", .ca = true});
	return made;
}

const struct cert *other_ca(void)
{
	static const struct cert *made;

	if (!made)
		made = make_cert(&(struct cert_spec){.name = "Other Root", .ca = true});
	return made;
}

const struct cert *good_cert(void)
{
	static const struct cert *made;

	if (!made)
		made = make_cert(&(struct cert_spec){
			.name = "Test Server",
			.names = "DNS:example.com,DNS:*.wild.example,IP:127.0.0.1,IP:::1",
			.issuer = root_ca(),
		});
	return made;
}

wok_tls_identity identity_of(const struct cert *cert)
{
	return (wok_tls_identity){.certificate = cert->pem, .key = cert->key};
}

char *write_file(const char *text, const char *more)
{
	char *path = strdup("/tmp/wok-tls-XXXXXX");
	int fd = mkstemp(path);

	ASSERT(fd >= 0);
	dprintf(fd, "%s%s", text, more ? more : "");
	close(fd);
	return path;
}

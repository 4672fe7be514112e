/* SPDX-License-Identifier: MIT */
/* Certificates and keys, in PEM and PKCS #12: see tls/pem.h. */
#include "tls/pem.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <string.h>
#include <unistd.h>
#include <wok/error.h>

#include "tls/staple.h"

enum { FILE_MAX = 64 << 20, PIECE = 16 << 10 };

static int copy_all(int fd, BIO *bio)
{
	char piece[PIECE];
	size_t all = 0;
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		all += (size_t) n;
		if (all > FILE_MAX)
			return -EFBIG;
		if (BIO_write(bio, piece, (int) n) != n)
			return -ENOMEM;
	}
	return 0;
}

static int read_file(const char *path, BIO *bio)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us */
	int r = fd < 0 ? -errno : copy_all(fd, bio);

	if (fd >= 0)
		close(fd);
	return r < 0 && r != -ENOMEM ? wok_fail(r, "cannot read %s: %s", path, wok_strerror(r)) : r;
}

int wok__tls_open(const char *file, const char *text, BIO **ret_bio)
{
	BIO *bio = text ? BIO_new_mem_buf(text, -1) : BIO_new(BIO_s_mem());

	if (!bio)
		return -ENOMEM;
	int r = text ? 0 : read_file(file, bio);
	if (r < 0)
		BIO_free(bio);
	else
		*ret_bio = bio;
	return r;
}

/* Without this OpenSSL would ask on the terminal. */
static int password(char *data, int size, int writing, void *arg)
{
	size_t n = arg ? strlen(arg) : 0;

	(void) writing;
	if (n == 0 || n >= (size_t) size)
		return -1;
	memcpy(data, arg, n + 1);
	return (int) n;
}

/* What to call a source in messages. */
static const char *name_of(const char *file, const char *text, const char *what)
{
	return text ? what : file;
}

static int read_chain(BIO *bio, struct wok__tls_identity *to)
{
	X509 *next;

	while ((next = PEM_read_bio_X509(bio, NULL, password, NULL))) {
		if (!to->chain)
			to->chain = sk_X509_new_null();
		if (!to->chain || sk_X509_push(to->chain, next) <= 0) {
			X509_free(next);
			return -ENOMEM;
		}
	}
	ERR_clear_error(); /* that there are no more */
	return 0;
}

static int load_certificate(const wok_tls_identity *from, struct wok__tls_identity *to)
{
	const char *name =
		name_of(from->certificate_file, from->certificate, "the certificate's text");
	BIO *bio = NULL;

	WOK_TRY(wok__tls_open(from->certificate_file, from->certificate, &bio));
	to->certificate = PEM_read_bio_X509_AUX(bio, NULL, password, (void *) from->password);
	int r = to->certificate ? read_chain(bio, to) : wok__tls_setup_error(-EINVAL, name);
	BIO_free(bio);
	return r;
}

static int load_key(const wok_tls_identity *from, struct wok__tls_identity *to)
{
	bool apart = from->key || from->key_file;
	const char *file = apart ? from->key_file : from->certificate_file;
	const char *text = apart ? from->key : from->certificate;
	BIO *bio = NULL;

	WOK_TRY(wok__tls_open(file, text, &bio));
	to->key = PEM_read_bio_PrivateKey(bio, NULL, password, (void *) from->password);
	BIO_free(bio);
	if (!to->key)
		return wok__tls_setup_error(-EINVAL, name_of(file, text, "the key's text"));
	if (X509_check_private_key(to->certificate, to->key) == 1)
		return 0;
	ERR_clear_error();
	return wok_fail(-EINVAL, "%s is not the key of the certificate in %s",
			name_of(file, text, "the key's text"),
			name_of(from->certificate_file, from->certificate, "the text"));
}

/* Certificate, key and chain in one file. */
static int load_pkcs12(const wok_tls_identity *from, struct wok__tls_identity *to)
{
	const char *file = from->pkcs12_file;
	BIO *bio = NULL;

	if (from->certificate || from->certificate_file || from->key || from->key_file)
		return wok_fail(-EINVAL, "an identity is of pkcs12_file or of PEM, not of both");
	WOK_TRY(wok__tls_open(file, NULL, &bio));
	PKCS12 *all = d2i_PKCS12_bio(bio, NULL);
	BIO_free(bio);
	int good =
		all ? PKCS12_parse(all, from->password, &to->key, &to->certificate, &to->chain) : 0;
	PKCS12_free(all);
	if (good != 1)
		return wok__tls_setup_error(-EINVAL, file);
	if (!to->key || !to->certificate)
		return wok_fail(-EINVAL, "%s has no %s", file, to->key ? "certificate" : "key");
	ERR_clear_error(); /* it tries an empty password in two ways */
	return 0;
}

static int load_pem(const wok_tls_identity *from, struct wok__tls_identity *to)
{
	if (!from->certificate && !from->certificate_file)
		return wok_fail(-EINVAL, "an identity needs a certificate: give certificate_file");
	WOK_TRY(load_certificate(from, to));
	return load_key(from, to);
}

int wok__tls_identity_load(const wok_tls_identity *from, struct wok__tls_identity *to)
{
	WOK_TRY(from->pkcs12_file ? load_pkcs12(from, to) : load_pem(from, to));
	return from->staple_file ? wok__tls_staple_load(from->staple_file, to) : 0;
}

void wok__tls_identity_clear(struct wok__tls_identity *identity)
{
	X509_free(identity->certificate);
	EVP_PKEY_free(identity->key);
	sk_X509_pop_free(identity->chain, X509_free);
	OPENSSL_free(identity->staple);
}

typedef int adder(X509_STORE *store, X509_INFO *info);

static int add_certificate(X509_STORE *store, X509_INFO *info)
{
	if (!info->x509)
		return 0;
	return X509_STORE_add_cert(store, info->x509) ? 1 : -ENOMEM;
}

static int add_crl(X509_STORE *store, X509_INFO *info)
{
	if (!info->crl)
		return 0;
	return X509_STORE_add_crl(store, info->crl) ? 1 : -ENOMEM;
}

static int add_all(X509_STORE *store, STACK_OF(X509_INFO) * all, adder *add)
{
	int n = 0;

	for (int i = 0; i < sk_X509_INFO_num(all); i++) {
		int r = add(store, sk_X509_INFO_value(all, i));
		if (r < 0)
			return r;
		n += r;
	}
	return n;
}

/* How many there were. */
static int load(X509_STORE *store, const char *file, const char *text, adder *add)
{
	BIO *bio = NULL;

	WOK_TRY(wok__tls_open(file, text, &bio));
	STACK_OF(X509_INFO) *all = PEM_X509_INFO_read_bio(bio, NULL, password, NULL);
	BIO_free(bio);
	if (!all)
		return wok__tls_setup_error(-EINVAL, name_of(file, text, "the CA's text"));
	int n = add_all(store, all, add);
	sk_X509_INFO_pop_free(all, X509_INFO_free);
	return n;
}

int wok__tls_store_load(X509_STORE *store, const char *file, const char *text)
{
	int n = load(store, file, text, add_certificate);

	return n != 0 ? n
		      : wok_fail(-EINVAL, "%s holds no certificate in PEM",
				 name_of(file, text, "the CA's text"));
}

int wok__tls_store_load_crls(X509_STORE *store, const char *file)
{
	int n = load(store, file, NULL, add_crl);

	return n != 0 ? n : wok_fail(-EINVAL, "%s holds no list of revoked certificates", file);
}

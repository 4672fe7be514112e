/* SPDX-License-Identifier: MIT */
#ifndef WOK_TLS_PEM_H
#define WOK_TLS_PEM_H
/* Certificates and keys out of files and texts. */
#include "tls/tls.h"

/* The bytes of a file, or a text. Errors name the file. */
int wok__tls_open(const char *file, const char *text, BIO **ret_bio);

int wok__tls_identity_load(const wok_tls_identity *from, struct wok__tls_identity *to);
void wok__tls_identity_clear(struct wok__tls_identity *identity);

/* Put the certificates of a file or a text into a store; how many there were. */
int wok__tls_store_load(X509_STORE *store, const char *file, const char *text);
/* The lists of revoked certificates in a file: nobody is trusted for standing there. */
int wok__tls_store_load_crls(X509_STORE *store, const char *file);
#endif

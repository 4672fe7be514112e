/* SPDX-License-Identifier: MIT */
#ifndef WOK_TLS_CERTIFICATE_H
#define WOK_TLS_CERTIFICATE_H
/* Certificates as texts, written to a BIO in memory. */
#include <openssl/x509.h>

/* "DNS:example.com, IP Address:192.0.2.1"; how many there were. */
int wok__tls_print_names(BIO *out, const X509 *certificate);
void wok__tls_print_name(BIO *out, const X509_NAME *name);
#endif

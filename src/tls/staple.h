/* SPDX-License-Identifier: MIT */
#ifndef WOK_TLS_STAPLE_H
#define WOK_TLS_STAPLE_H
/* Stapled OCSP responses (RFC 6066, section 8): a CA's fresh word on a certificate. */
#include "tls/tls.h"

/* A response in DER out of a file, into an identity. */
int wok__tls_staple_load(const char *file, struct wok__tls_identity *to);

/* Servers: send what the identities have to clients that ask. */
void wok__tls_staple_offer(struct wok__tls_setup *setup);

/* Clients: ask for one, and check it in the handshake. */
int wok__tls_staple_ask(struct wok__tls_setup *setup);
#endif

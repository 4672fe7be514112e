/* SPDX-License-Identifier: MIT */
#ifndef WOK_IO_LOOKUP_H
#define WOK_IO_LOOKUP_H
#include <wok/net.h>

/* The extension face: wok's other libraries use these, too. */
WOK_BEGIN_DECLS

/* The name of the process's resolver: "getaddrinfo", "c-ares" ... */
const char *wok__resolver_name(void);

/* wok_tcp_connect_with() behind its look-up. options may be NULL. Always a checkpoint. */
int wok__tcp_connect_any(const char *host, const wok_addresses *addresses,
			 const wok_connect_options *options, wok_stream **ret_stream);

WOK_END_DECLS
#endif

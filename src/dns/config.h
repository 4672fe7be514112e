/* SPDX-License-Identifier: MIT */
#ifndef WOK_DNS_CONFIG_H
#define WOK_DNS_CONFIG_H
/* Newer ones would have other calls in place of some of 1.18's, and warn of these. */
#define CARES_NO_DEPRECATED
#include <ares.h>

#include "dns/settings.h"

/*
 * A c-ares channel that is as the settings say; on_socket(arg, ...) is told of its sockets. Reads
 * resolv.conf. 0, -ENOMEM, or -EINVAL with a message.
 */
int wok__dns_configure(const struct wok__dns_settings *settings, ares_sock_state_cb on_socket,
		       void *arg, ares_channel *ret_channel);

/* Its servers as people write them: "192.0.2.1, [::1]:5353". How many there are. */
size_t wok__dns_servers_text(ares_channel channel, char *text, size_t size);

/* Have c-ares take its memory from wok's allocator. */
void wok__dns_adopt_memory(void);
#endif

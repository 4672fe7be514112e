/* SPDX-License-Identifier: MIT */
#ifndef WOK_DNS_NSSWITCH_H
#define WOK_DNS_NSSWITCH_H
#include <wok/base.h>

/*
 * The first service in the "hosts" line of an nsswitch.conf's text that is neither "files" nor
 * "dns". Pure. data is NULL if there is none.
 */
wok_view wok__nsswitch_more(wok_view text);
#endif

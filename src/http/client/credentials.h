/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_CLIENT_CREDENTIALS_H
#define WOK_HTTP_CLIENT_CREDENTIALS_H
/* Who asks: which credentials go with a request, and what a server's challenge makes of them. */
#include "http/client/call.h"

/* Read what is needed before a head can be written; a checkpoint only if that is a file. */
int wok__credentials_prepare(wok_http_session *session);

/* The Authorization field of a request, if there is to be one. */
void wok__credentials_put(struct wok__exchange *exchange);

/* The server has refused: 1 if the request is to be sent again with an answer; 0; an error. */
int wok__credentials_challenged(struct wok_http_call *call);

void wok__credentials_close(wok_http_session *session);

/* The cookies that go with a request, and those that came with its response. */
void wok__cookies_send(struct wok__exchange *exchange);
int wok__cookies_keep(wok_http_response *response);
#endif

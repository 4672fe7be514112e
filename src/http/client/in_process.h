/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_CLIENT_IN_PROCESS_H
#define WOK_HTTP_CLIENT_IN_PROCESS_H
#include "http/client/session.h"

/* A connection to the session's app: a stream whose other end a task of its own serves. */
int wok__in_process_connect(wok_http_session *session, wok_stream **ret_stream);
#endif

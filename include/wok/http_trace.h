/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_TRACE_H
#define WOK_HTTP_TRACE_H
/* What a request goes through: wok/http_client.h includes this. */
#include <wok/base.h>

WOK_BEGIN_DECLS

/* Where a request is, or was when it failed. */
typedef enum {
	WOK_HTTP_PHASE_BEGIN = 0, /* nothing was done yet */
	WOK_HTTP_PHASE_QUEUE,     /* waits for a connection of the session */
	WOK_HTTP_PHASE_LOOKUP,    /* of the host's name */
	WOK_HTTP_PHASE_CONNECT,   /* to the server or a proxy */
	WOK_HTTP_PHASE_PROXY,     /* asks a proxy to connect further */
	WOK_HTTP_PHASE_TLS,       /* the handshake */
	WOK_HTTP_PHASE_SEND,      /* the request goes out */
	WOK_HTTP_PHASE_WAIT,      /* for the head of the response */
	WOK_HTTP_PHASE_BODY,      /* of the response */
	WOK_HTTP_PHASE_RETRY,     /* pauses before another try */
	WOK_HTTP_PHASE_END,       /* all is read */
} wok_http_phase;

/*
 * When a request has come how far, on wok_now()'s clock; 0 for what did not happen, as lookup_end
 * on a connection that was there. After redirects and retries it is about the last exchange, but
 * for begin.
 */
typedef struct {
	wok_http_phase phase;
	wok_time limit;       /* the one that a time-out broke; 0 */
	wok_time begin;       /* of the call */
	wok_time queue_end;   /* there is a connection, or leave to make one */
	wok_time lookup_end;  /* the host's addresses are known */
	wok_time connect_end; /* by TCP, or however */
	wok_time proxy_end;   /* it has connected further */
	wok_time tls_end;     /* the handshake is over */
	wok_time send_end;    /* the request is out */
	wok_time head;        /* the response's is there */
	wok_time body_end;    /* all of the response is */
	bool reused;          /* the connection had served before */
	bool resumed;         /* the TLS handshake was short */
	int proxy_status;     /* with which a proxy refused to connect: 407 ... */
	unsigned retries;     /* so many tries were in vain */
	unsigned redirects;   /* so many were followed */
} wok_http_timings;

/* What happens to requests, as it is told to a session's trace function. */
typedef enum {
	WOK_HTTP_EVENT_PHASE,    /* the next one begins: timings->phase */
	WOK_HTTP_EVENT_REUSED,   /* a connection that was there is used */
	WOK_HTTP_EVENT_HEAD,     /* the head of the response has come: status */
	WOK_HTTP_EVENT_REDIRECT, /* it leads elsewhere, and is followed */
	WOK_HTTP_EVENT_RETRY,    /* it is to be tried again: error or status, pause */
	WOK_HTTP_EVENT_CHUNK,    /* so many bytes of the body have come */
	WOK_HTTP_EVENT_END,      /* all has come */
	WOK_HTTP_EVENT_ERROR,    /* it has failed: error */
} wok_http_event_kind;

/* One of them; the texts are borrowed for the call. */
typedef struct {
	wok_http_event_kind kind;
	const char *method;
	const char *url; /* without user and password */
	const wok_http_timings *timings;
	int status; /* 0 before there is one */
	int error;
	size_t bytes;
	wok_time pause;
} wok_http_event;

WOK_END_DECLS
#endif

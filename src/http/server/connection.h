/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_SERVER_CONNECTION_H
#define WOK_HTTP_SERVER_CONNECTION_H
/*
 * What a server is made of.
 *
 * serve.c       what the connections of a server share, and its beginning and end
 * connection.c  a connection: which wire it speaks
 * h1_serve.c    the life of an HTTP/1.1 connection, one request at a time in its own task
 * h1_wire.c     a request's body and reply on it
 * h2_serve.c    the same for HTTP/2, where each request has a task of its own
 * dispatch.c    from a request to its handler, and what is made of its result
 * request.c, reply.c  what a handler asks and says, on any wire
 */
#include <wok/http_server.h>
#include <wok/timeout.h>

#include "base/list.h"
#include "http/buffer.h"
#include "http/message.h"
#include "http/server/app.h"
#include "http/server/wire.h"

/* What a server's connections share. */
struct wok__http_server {
	wok_http_app *app;
	wok_http_serve_options options; /* with the defaults filled in */
	struct wok__h1_limits limits;
	struct wok__h1_field *scratch; /* where heads are parsed; never across a wait */
	struct wok__list on_stop;      /* hooks of idle connections, and of what has no end */
	bool draining;
	wok_tls_context *tls;         /* NULL: plain */
	struct wok__network *trusted; /* options.n_trusted of them */
	struct wok__list *by_ip;      /* connections by their clients; NULL: nobody counts */
	struct wok__access_log *log;  /* NULL: none */
	wok_http_server_stats stats;
	char date[40]; /* the line "Date: Sun, 06 Nov 1994 08:49:37 GMT", made anew once a second */
	int64_t date_second;
};

/* A client's connection; it may carry several requests at once. */
struct wok__connection {
	struct wok__http_server *server;
	wok_stream *stream;     /* with TLS: what is inside */
	wok_address peer;       /* all zero if nobody knows */
	struct wok__node in_ip; /* with the others of its client */
	uint64_t client_id;
	size_t n_requests; /* that have come on it */
	bool broken;       /* a reply was broken off: no goodbye, or it would look complete */
};

/* How far the reply to a request has come. */
enum wok__reply {
	WOK__REPLY_NONE,     /* not begun */
	WOK__REPLY_BEGUN,    /* its head is out; wok_http_reply_write() sends more */
	WOK__REPLY_COMPLETE, /* all is out */
	WOK__REPLY_BROKEN,   /* it has broken off: nothing more can be sent */
	WOK__REPLY_UPGRADED, /* the connection is the handler's */
};

struct wok_http_request {
	const struct wok__server_wire *wire;
	struct wok__http_server *server;
	struct wok__connection *connection;

	/* What the wire has parsed; all of it lives as long as the request. */
	struct wok__head head; /* the header fields */
	const char *method, *path, *query, *host;
	enum wok__h1_method method_id;
	uint8_t major, minor;    /* of the version */
	bool is_asterisk;        /* OPTIONS * */
	bool expect_unknown;     /* 417 */
	uint64_t content_length; /* if it is known; a hint only */
	int body_error;          /* reading the body has failed, or will: nobody wants it then */

	struct wok__match match; /* who answers it */
	wok_http_app *stage_app; /* how far it has come through the middlewares: in this app, */
	size_t stage;            /* the next one is this */
	struct wok__request_value *values; /* of wok_http_request_set() */
	struct wok__gathered body;         /* of wok_http_request_body() */
	uint64_t body_received;            /* bytes that were read of it */
	wok_time body_waited;              /* how long that has taken so far */

	/* What the access log tells. */
	wok_time started;   /* 0 without one */
	int status;         /* of the reply; 0: none */
	uint64_t body_sent; /* bytes of its body, as they went out */

	wok_task *watcher;         /* reads ahead, to see whether the client is there; NULL */
	wok_timeout *patience;     /* the handler's: what ends it when its client has gone; NULL */
	bool abandoned;            /* and that is what has happened */
	bool timed_out;            /* that, or its time was over */
	bool expects;              /* 100 Continue, before it sends its body */
	struct wok__head trailers; /* of the request's body */
	struct wok__buffer forwarded_host; /* of wok_http_request_client() */
	struct wok__buffer late;           /* trailer fields of the reply, as lines */
	struct wok__reply_filter *filters; /* the one that meets the bytes first in front */
	struct wok__buffer extra;          /* fields that were set before the reply, as lines */
	struct wok__buffer out; /* what is to be sent; of HTTP/1.1 perhaps earlier replies, too */
	size_t head_at;         /* where the head begins in it */
	size_t lines_at;        /* and its fields */
	uint64_t left;          /* of a body whose size was said: bytes that have to come yet */
	enum wok__reply reply;
	enum wok__reply_kind kind; /* of a reply that was begun */
	bool is_head;              /* the method is HEAD: a body is not sent, only spoken of */
	bool bodiless;             /* neither is that of the reply that was begun */
	bool in_error_page;        /* the app makes the page of an error */
	bool close;                /* the connection must end after this reply */
	bool over; /* the handler was told to end a reply without an end: -ECANCELED is fine */
};

/* Set up what connections share; -ENOMEM. */
int wok__http_server_open(struct wok__http_server *server, wok_http_app *app,
			  const wok_http_serve_options *options);
void wok__http_server_close(struct wok__http_server *server);

/* Nothing more is accepted: everybody is told. */
void wok__http_server_stop(struct wok__http_server *server);
void wok__server_on_stop(struct wok__http_server *server, struct wok__stop_hook *hook);

/* Serve a client from the first byte to the last: see meet.c. */
int wok__serve_client(struct wok__http_server *server, wok_stream *stream);

/* The same when it is known who that is, and the stream is what HTTP is spoken on. */
int wok__serve_connection(struct wok__connection *connection);

/* TLS: see tls.c. */
int wok__server_tls_open(struct wok__http_server *server);
void wok__server_tls_close(struct wok__http_server *server);
int wok__server_tls_accept(struct wok__http_server *server, wok_stream *stream,
			   wok_stream **ret_stream);
bool wok__stream_is_tls(const wok_stream *stream);

int wok__server_ips_open(struct wok__http_server *server);

/* Nothing of the request is left to be read from the connection. */
bool wok__h1_body_ended(const wok_http_request *request);

/* The same, of a wire: 0 when it is over in good order, or an error. */
int wok__h1_serve(struct wok__connection *connection);
int wok__h2_serve(struct wok__connection *connection);

/* Begin a request, which is all zero or was released. */
void wok__request_init(wok_http_request *request, const struct wok__server_wire *wire,
		       struct wok__connection *connection);

/*
 * Name its parts as C strings, inside of its head, where a byte behind each can be spared, but for
 * a host for which there is none: a copy, which is to be freed. 0; -ENOMEM.
 */
int wok__request_take_names(wok_http_request *request, const struct wok__h1_request *parsed,
			    char **ret_host);

/* Make it ready for another on the same connection: what it has allocated for its head is kept. */
void wok__request_reset(wok_http_request *request);
void wok__request_release(wok_http_request *request);

/*
 * Find the handler and run it; the reply is complete or broken off then. 0; an error only if the
 * task was cancelled, or the reply could not be sent: the connection is over.
 */
int wok__request_run(wok_http_request *request);

/* Reply to what cannot be understood, in place of running it. */
int wok__request_refuse(wok_http_request *request, int status);

/* The client has gone. If the server is to cancel the handler then, that is done. */
void wok__request_gone(wok_http_request *request);

/*
 * Reply with the page of an error: the app's, or the status's reason as text. error: that of the
 * handler; 0.
 */
int wok__reply_error(wok_http_request *request, int status, int error);

void wok__request_values_free(wok_http_request *request);

/* End a reply that was begun; after that it is complete or broken. */
int wok__reply_end(wok_http_request *request);

/* Send a piece of a reply's body through the filters; last: and what they have kept. */
int wok__reply_filter_piece(wok_http_request *request, const void *data, size_t size, bool last);
/*
 * Ask the filters whether they want a reply. Then kind becomes WOK__REPLY_STREAMED, or the whole
 * body is made, and the options name it.
 */
int wok__reply_filter_begin(wok_http_request *request, wok_http_reply_options *options,
			    enum wok__reply_kind *kind);
void wok__reply_filters_free(wok_http_request *request);

/* May not come with a body; 205 says so by its length, as others do. */
bool wok__is_bodiless(int status);

/*
 * Write all parts to a stream; as long as something goes out, the time for that starts anew.
 * -ETIMEDOUT with a message.
 */
int wok__send_parts(wok_stream *stream, wok_time limit, struct iovec *parts, int n_parts);

/* Of a body that nobody read, so much is read away to keep the connection. */
enum { WOK__HTTP_DRAIN_MAX = 256 << 10 };
#endif

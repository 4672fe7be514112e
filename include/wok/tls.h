/* SPDX-License-Identifier: MIT */
#ifndef WOK_TLS_H
#define WOK_TLS_H
#include <wok/base.h>
#include <wok/stream.h>

WOK_BEGIN_DECLS

/*
 * TLS by OpenSSL 3, as a stream over any stream: a socket, a pair in memory, another TLS stream.
 * What is read, written and shut down is the wok_stream's (wok/stream.h), with these additions:
 *
 * - The end of the stream, a read of 0, is one that the peer declared. A connection that just ends
 *   may have been cut by anybody: then a read gives WOK_EEOF. So a stream of yours that is closed
 *   without wok_stream_shutdown() or wok_tls_close() looks cut short to the peer, as it is.
 * - A write returns when its bytes have been encrypted and passed on to the stream below. If it is
 *   cancelled while they are passed on, it says how many it has taken (if that is all, it returns
 *   0, and the next checkpoint -ECANCELED): these are part of the stream, and go out before
 *   whatever is read, written or shut down next.
 * - A second reader gets -EBUSY; one may read while another writes.
 * - OpenSSL takes up to 12 KiB of the stack of the task that reads or writes.
 *
 * This is libwok-tls, a library of its own.
 */

/*
 * What connections have in common: whom to trust, who one is, what is offered. Make one at the
 * program's start, since that reads files, and keep it: connections hold what they need of it. It
 * may be used by several threads at once.
 */
typedef struct wok_tls_context wok_tls_context;

/* Versions of the protocol. Those below 1.2 are broken (RFC 8996), and refused. */
#define WOK_TLS_1_2 0x0303
#define WOK_TLS_1_3 0x0304

/* A certificate and its key: in PEM, by file or as a text, or in a file of PKCS #12. */
typedef struct {
	const char *certificate_file; /* the certificate, and behind it those that lead to its CA */
	const char *key_file;         /* NULL: the key stands in the certificate's file */
	const char *certificate;      /* the same as texts, where there is no file */
	const char *key;
	const char *pkcs12_file; /* or all of it in one file, as PKCS #12: .p12, .pfx */
	const char *password;    /* of the key, or that file; nobody is ever asked for one */
	/*
	 * Servers: the CA's OCSP response on the certificate, in DER, for clients that ask. It is
	 * sent as it is, so it has to be renewed in time: wok_tls_context_reload() reads it anew.
	 */
	const char *staple_file;
} wok_tls_identity;

/* How to make a context. Zero in a field means the default. */
typedef struct {
	/*
	 * Whom to trust, in PEM: a file, a folder as c_rehash(1) leaves it, a text. If none is
	 * given, a client trusts whom the system trusts (SSL_CERT_FILE and SSL_CERT_DIR count), and
	 * a server nobody.
	 */
	const char *ca_file;
	const char *ca_path;
	const char *ca;
	/* Lists of revoked certificates; then each peer's CA must have one there. */
	const char *crl_file;
	/*
	 * Clients: refuse a server that sends no valid OCSP response with its certificate. One that
	 * says "revoked" is refused in any case, and one without a response if its certificate
	 * promises it (RFC 7633). No one else is asked: nothing goes to the CA.
	 */
	bool require_staple;
	/* Clients: trust anybody. Whoever is in between can read and change everything. */
	bool no_verify;
	/* Clients: trust whom the CA vouches for, under whatever name. */
	bool no_verify_host;
	/* Servers: ask for a certificate, and verify it if one comes; or refuse without one. */
	bool ask_client;
	bool require_client;
	/*
	 * Who one is. A server takes those whose certificate has the name that the client asks for,
	 * or else the first; a client the first, if the server asks.
	 */
	const wok_tls_identity *identities;
	size_t n_identities;
	const char *alpn;         /* protocols above, by preference: "h2,http/1.1"; none */
	int min_version;          /* WOK_TLS_1_2 */
	int max_version;          /* the newest */
	const char *ciphers;      /* of TLS 1.2, as openssl-ciphers(1) has them */
	const char *ciphersuites; /* of TLS 1.3 */
	bool no_resumption;       /* each connection is a full handshake */
	size_t max_sessions;      /* that a client keeps, a few for each host and port; 256 */
	/* Do not write secrets to the file that SSLKEYLOGFILE names, for Wireshark and its like. */
	bool no_key_log;
} wok_tls_options;

/**
 * Make a context for connections that this side opens.
 *
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    0; -ENOENT and others for files that cannot be read; -EINVAL for what is in them and
 *             for options that make no sense: the message says which; -ENOMEM
 * Checkpoint: never; it reads files, and the system's CAs take some 10 ms
 * Threads:    any
 */
int wok_tls_client_new(const wok_tls_options *options, wok_tls_context **ret_context)
	WOK_MUST_CHECK;

/**
 * Make a context for connections that come in. It needs an identity.
 *
 * options:    borrowed for the call
 * Returns:    as wok_tls_client_new()
 * Checkpoint: never; it reads files
 * Threads:    any
 */
int wok_tls_server_new(const wok_tls_options *options, wok_tls_context **ret_context)
	WOK_MUST_CHECK;

/**
 * Set a context up anew, as for a certificate that was renewed. Connections that stand go on as
 * they are, new ones get the new setup. If that fails, all stays as it was. A server's clients can
 * still resume, unless they have to show certificates; a client forgets its sessions.
 *
 * options:    as when the context was made
 * Returns:    as wok_tls_client_new()
 * Checkpoint: never; it reads files
 * Threads:    any
 */
int wok_tls_context_reload(wok_tls_context *context, const wok_tls_options *options) WOK_MUST_CHECK;

/**
 * Release a context. Connections that were made of it go on.
 *
 * context:    NULL does nothing
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    any
 */
void wok_tls_context_free(wok_tls_context *context);
WOK_DEFINE_AUTO(wok_tls_context)

/* How to make a stream. Zero in a field means the default. */
typedef struct {
	wok_time handshake_timeout; /* 30 s; WOK_FOREVER for none */
	/*
	 * The stream below stays the caller's to free, after this one. It is closed all the same,
	 * with this one or if the handshake fails.
	 */
	bool borrow;
	/* Of the server: sessions are kept for a host and port. wok_tls_dial() knows it. */
	uint16_t port;
	const char *alpn; /* clients: offered in place of the context's */
} wok_tls_stream_options;

/**
 * Make a stream into a TLS one, as the client: do the handshake, and verify who answers. What the
 * stream below has buffered is read first, so this also serves protocols that begin without TLS.
 *
 * context:    a client's; borrowed for the call
 * stream:     the new one's from now on; if the call fails it is closed and released (but see
 *             borrow)
 * host:       the name or IP address that the certificate has to have
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    0; WOK_ECERTIFICATE if the peer is not who it should be; WOK_EPEER if it does not
 *             speak TLS, refuses us, or has nothing in common; WOK_EEOF if it hangs up; -ETIMEDOUT
 *             if the handshake takes too long; -EINVAL; -ENOMEM; -ECANCELED; -errno of the stream
 *             below. The message says what to do
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_tls_connect(wok_tls_context *context, wok_stream *stream, const char *host,
		    const wok_tls_stream_options *options, wok_stream **ret_stream) WOK_MUST_CHECK;

/**
 * Make a stream into a TLS one, as the server.
 *
 * context:    a server's; borrowed for the call
 * stream:     as wok_tls_connect()
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    as wok_tls_connect(); WOK_ECERTIFICATE is about a client's certificate
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_tls_accept(wok_tls_context *context, wok_stream *stream,
		   const wok_tls_stream_options *options, wok_stream **ret_stream) WOK_MUST_CHECK;

/**
 * Connect by TCP, and do the handshake.
 *
 * host, port: as wok_tcp_connect()
 * options:    NULL for the defaults; borrowed for the call
 * Returns:    as wok_tcp_connect() and wok_tls_connect()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_tls_dial(wok_tls_context *context, const char *host, uint16_t port,
		 const wok_tls_stream_options *options, wok_stream **ret_stream) WOK_MUST_CHECK;

/**
 * End a stream in both directions: say that nothing more will come, wait until the peer says the
 * same, dropping what it still sends, and close the stream. It is closed whatever happens.
 *
 * stream:     a TLS stream; still to be freed
 * limit:      nanoseconds; 0 for 5 s
 * Returns:    0; -ETIMEDOUT; WOK_EEOF if the peer hung up instead of saying so; -ECANCELED; -EBUSY
 *             if another task reads; -EINVAL if this is no TLS stream, or closed; -errno of the
 *             stream below
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_tls_close(wok_stream *stream, wok_time limit) WOK_MUST_CHECK;

/**
 * The version of the protocol that was agreed on.
 *
 * Returns:    "TLSv1.3", which lives for ever; NULL if this is no TLS stream, or closed
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_tls_version(const wok_stream *stream);

/**
 * The cipher that was agreed on, by its standard name.
 *
 * Returns:    "TLS_AES_256_GCM_SHA384", which lives for ever; NULL as wok_tls_version()
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_tls_cipher(const wok_stream *stream);

/**
 * The protocol above that was agreed on.
 *
 * Returns:    "h2", valid until the stream is closed; NULL if none was
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_tls_alpn(const wok_stream *stream);

/**
 * The name that the client asked for.
 *
 * Returns:    valid until the stream is closed; NULL if it asked for none
 * Checkpoint: never
 * Threads:    the loop's
 */
const char *wok_tls_server_name(const wok_stream *stream);

/**
 * Whether the handshake was short, since the two had met before.
 *
 * Returns:    true if it was
 * Checkpoint: never
 * Threads:    the loop's
 */
bool wok_tls_resumed(const wok_stream *stream);

/* A certificate, for people to read: who may do what is not to be decided by parsing these. */
typedef struct {
	const char *subject; /* "CN=example.com,O=Example" */
	const char *issuer;
	const char *names;       /* "DNS:example.com, IP Address:192.0.2.1"; "" for none */
	const char *fingerprint; /* SHA-256 of the whole certificate, in lower-case hex */
	/* The same of its public key (SubjectPublicKeyInfo), which a renewed one can keep. */
	const char *key_fingerprint;
	int64_t not_before; /* seconds since 1970 */
	int64_t not_after;
} wok_tls_certificate;

/**
 * The certificate that the peer has shown.
 *
 * ret_certificate: its texts are valid until the stream is closed
 * Returns:    1; 0 if the peer has shown none; -EINVAL if this is no TLS stream, or closed; -ENOMEM
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_tls_peer_certificate(const wok_stream *stream, wok_tls_certificate *ret_certificate)
	WOK_MUST_CHECK;

WOK_END_DECLS
#endif

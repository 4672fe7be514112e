/* SPDX-License-Identifier: MIT */
/* https: whom a client trusts, what it asks for, and what it says if that is not who answers. */
#include <openssl/ocsp.h>
#include <unistd.h>

#include "client/check.h"
#include "tls/certs.h"
#include "tls/staples.h"

static void serve_as(struct peer *peer, const struct cert *cert)
{
	const wok_tls_identity identity = identity_of(cert);
	const wok_tls_options options = {
		.identities = &identity, .n_identities = 1, .alpn = "http/1.1"};

	ASSERT_OK(wok_tls_server_new(&options, &peer->tls));
	peer_open(peer);
}

static wok_http_session *trusting(struct peer *peer, const wok_http_session_options *options)
{
	wok_http_session_options own = options ? *options : (wok_http_session_options){0};
	const wok_tls_options tls = {.ca = root_ca()->pem};

	own.tls = &tls;
	return session_of(peer, &own);
}

static int look_inside(struct peer *peer, wok_stream *stream)
{
	WOK_TRY(peer_take(peer, stream));
	snprintf(peer->body, sizeof(peer->body), "%s %s", wok_tls_server_name(stream),
		 wok_tls_alpn(stream));
	peer->arg = wok_tls_resumed(stream) ? peer : NULL;
	WOK_TRY(peer_say(stream,
			 "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"));
	return wok_stream_shutdown(stream);
}

TEST_TASK(https_asks_by_name_and_offers_a_protocol, "client-45", "client-46")
{
	struct peer peer = {.serve = look_inside};

	serve_as(&peer, good_cert());
	WOK_AUTO(wok_http_session) *session = trusting(&peer, NULL);
	ASSERT_EQ(get(session, "https://example.com/"), 200);
	ASSERT_STR(peer.asked, "example.com:443");
	ASSERT_STR(peer.body, "example.com http/1.1");
	ASSERT_EQ(get(session, "https://example.com:8443/"), 200);
	ASSERT_STR(peer.asked, "example.com:8443");
	ASSERT_STR(field_of(peer.head, "Host"), "example.com:8443");
	/* another name than the one that is connected to */
	const wok_http_options options = {.server_name = "example.com"};
	ASSERT_EQ(fetch(session, "GET", "https://elsewhere.test/", &options), 200);
	ASSERT_STR(peer.asked, "elsewhere.test:443");
	ASSERT_STR(peer.body, "example.com http/1.1");
	peer_close(&peer);
}

TEST_TASK(an_address_is_checked_against_the_certificates_addresses, "client-44")
{
	struct peer peer = {0};
	const struct cert *cert = make_cert(&(struct cert_spec){
		.name = "addresses", .names = "IP:192.0.2.1,IP:2001:db8::1", .issuer = root_ca()});

	serve_as(&peer, cert);
	WOK_AUTO(wok_http_session) *session = trusting(&peer, NULL);
	ASSERT_EQ(get(session, "https://192.0.2.1/"), 200);
	ASSERT_EQ(get(session, "https://[2001:db8::1]/"), 200);
	ASSERT_ERR(get(session, "https://192.0.2.2/"), WOK_ECERTIFICATE);
	ASSERT_SAYS(WOK_ECERTIFICATE, "192.0.2.2");
	ASSERT_ERR(get(session, "https://example.com/"), WOK_ECERTIFICATE);
	ASSERT_POOL(session, 2, 2, 0);
	peer_close(&peer);
}

TEST_TASK(who_is_not_trusted_gets_no_request_and_is_named, "client-44")
{
	struct peer peer = {0};

	serve_as(&peer, good_cert());
	WOK_AUTO(wok_http_session) *session = session_of(&peer, NULL);
	ASSERT_ERR(get(session, "https://example.com/"), WOK_ECERTIFICATE);
	ASSERT_SAYS(WOK_ECERTIFICATE, "GET https://example.com/");
	ASSERT_EQ(peer.requests, 0);
	ASSERT_POOL(session, 0, 0, 0);
	peer_close(&peer);
}

TEST_TASK(only_a_pinned_certificate_or_key_will_do, "client-48")
{
	struct peer peer = {.serve = NULL};
	wok_tls_certificate seen;
	wok_stream *stream = NULL, *secured = NULL;
	WOK_AUTO(wok_tls_context) *context = NULL;
	char key[80], whole[80];

	serve_as(&peer, good_cert());
	ASSERT_OK(wok_tls_client_new(&(wok_tls_options){.ca = root_ca()->pem}, &context));
	ASSERT_OK(peer_connect(&peer, "example.com", 443, &stream));
	ASSERT_OK(wok_tls_connect(context, stream, "example.com", NULL, &secured));
	ASSERT_EQ(wok_tls_peer_certificate(secured, &seen), 1);
	ASSERT_EQ(strlen(seen.key_fingerprint), 64);
	snprintf(key, sizeof(key), "%s", seen.key_fingerprint);
	snprintf(whole, sizeof(whole), "%s", seen.fingerprint);
	wok_stream_free(secured);
	ASSERT(strcmp(key, whole) != 0);

	const char *const other = "00000000000000000000000000000000"
				  "00000000000000000000000000000000";
	const char *const by_key[] = {other, key, NULL}, *const by_whole[] = {whole, NULL};
	const char *const *const good[] = {by_key, by_whole};
	for (int i = 0; i < 2; i++) {
		WOK_AUTO(wok_http_session) *session =
			trusting(&peer, &(wok_http_session_options){.pins = good[i]});
		ASSERT_EQ(get(session, "https://example.com/"), 200);
	}
	const char *const bad[] = {other, NULL};
	int requests = peer.requests;
	WOK_AUTO(wok_http_session) *session =
		trusting(&peer, &(wok_http_session_options){.pins = bad});
	ASSERT_ERR(get(session, "https://example.com/"), WOK_ECERTIFICATE);
	ASSERT_SAYS(WOK_ECERTIFICATE, whole);
	ASSERT_EQ(peer.requests, requests);
	ASSERT_POOL(session, 0, 0, 0);
	peer_close(&peer);
}

TEST_TASK(the_second_connection_to_a_host_resumes, "client-49", "http-30")
{
	struct peer peer = {.serve = look_inside};

	serve_as(&peer, good_cert());
	WOK_AUTO(wok_http_session) *session = trusting(&peer, NULL);
	WOK_AUTO(wok_http_session) *other = trusting(&peer, NULL);
	ASSERT_EQ(get(session, "https://example.com/"), 200);
	ASSERT(!peer.arg);
	ASSERT_EQ(get(session, "https://example.com/"), 200);
	ASSERT(peer.arg);
	/* not to another port, and not under another session's rules */
	ASSERT_EQ(get(session, "https://example.com:444/"), 200);
	ASSERT(!peer.arg);
	ASSERT_EQ(get(other, "https://example.com/"), 200);
	ASSERT(!peer.arg);
	peer_close(&peer);
}

static int end_without_goodbye(struct peer *peer, wok_stream *stream)
{
	WOK_TRY(peer_take(peer, stream));
	return peer_say(stream,
			strstr(peer->head, "/sized") ? OK_HELLO : "HTTP/1.0 200 OK\r\n\r\nhello");
}

/* Whoever cuts the connection must not be able to pass a part for the whole. */
TEST_TASK(a_body_until_the_end_needs_the_peers_word_that_it_is_the_end, "http-5", "client-72")
{
	struct peer peer = {.serve = end_without_goodbye};

	serve_as(&peer, good_cert());
	WOK_AUTO(wok_http_session) *session = trusting(&peer, NULL);
	ASSERT_EQ(get(session, "https://example.com/sized"), 200);
	ASSERT_ERR(get(session, "https://example.com/"), WOK_EEOF);
	peer_close(&peer);
}

/* A proxy that is spoken to by TLS, and the server behind it. */
static int proxy_securely(struct peer *peer, wok_stream *stream)
{
	WOK_AUTO(wok_stream) *inner = NULL;

	WOK_TRY(peer_take(peer, stream));
	if (strncmp(peer->head, "CONNECT", 7) != 0)
		return peer_say(stream, OK_HELLO);
	ASSERT(strncmp(peer->head, "CONNECT example.com:443 HTTP/1.1\r\n", 34) == 0);
	ASSERT_STR(field_of(peer->head, "Proxy-Authorization"), "Basic bWU6c2VjcmV0");
	WOK_TRY(peer_say(stream, "HTTP/1.1 200 Fine\r\n\r\n"));
	int r = wok_tls_accept(peer->tls, stream, &(wok_tls_stream_options){.borrow = true},
			       &inner);
	return r < 0 ? r : look_inside(peer, inner);
}

TEST_TASK(a_proxy_can_be_spoken_to_by_tls_and_the_server_through_it, "client-40")
{
	struct peer peer = {.serve = proxy_securely};

	serve_as(&peer, good_cert());
	WOK_AUTO(wok_http_session) *session = trusting(
		&peer,
		&(wok_http_session_options){.proxy = "https://me:secret@proxy.wild.example:3129"});
	ASSERT_EQ(get(session, "https://example.com/x"), 200);
	ASSERT_STR(peer.asked, "proxy.wild.example:3129");
	ASSERT(strncmp(peer.head, "GET /x HTTP/1.1\r\n", 17) == 0);
	ASSERT(!field_of(peer.head, "Proxy-Authorization"));
	ASSERT_STR(peer.body, "example.com http/1.1");
	ASSERT_EQ(get(session, "http://plain.test/y"), 200);
	ASSERT(strncmp(peer.head, "GET http://plain.test/y HTTP/1.1\r\n", 34) == 0);
	peer_close(&peer);
}

TEST_TASK(a_proxy_that_is_not_who_it_should_be_learns_nothing, "client-40")
{
	struct peer peer = {.serve = proxy_securely};

	serve_as(&peer, good_cert());
	WOK_AUTO(wok_http_session) *session = trusting(
		&peer, &(wok_http_session_options){.proxy = "https://me:secret@proxy.test"});
	ASSERT_ERR(get(session, "https://example.com/"), WOK_ECERTIFICATE);
	ASSERT_SAYS(WOK_ECERTIFICATE, "proxy.test");
	ASSERT_EQ(peer.requests, 0);
	ASSERT_POOL(session, 0, 0, 0);
	peer_close(&peer);
}

/* Speaks TLS on port 443 and 444, and leads from one to the other. */
static int lead_between_ports(struct peer *peer, wok_stream *stream)
{
	WOK_AUTO(wok_stream) *secured = NULL;
	bool plain = strstr(peer->asked, ":80") != NULL;
	char text[200];

	if (!plain)
		WOK_TRY(wok_tls_accept(peer->arg, stream, &(wok_tls_stream_options){.borrow = true},
				       &secured));
	wok_stream *talk = plain ? stream : secured;
	while (peer_take(peer, talk) > 0) {
		const char *to = strstr(peer->head, "GET /to/") == peer->head ? peer->head + 8 : "";
		int n = (int) strcspn(to, " ");
		snprintf(text, sizeof(text),
			 n > 0 ? "HTTP/1.1 302 x\r\nLocation: %.*s\r\nContent-Length: 0\r\n\r\n"
			       : OK_HELLO "%.*s",
			 n, to);
		WOK_TRY(peer_say(talk, text));
	}
	return 0;
}

TEST_TASK(secrets_do_not_change_schemes_or_ports, "http-10", "client-26")
{
	static const struct {
		const char *url;
		bool there;
	} rows[] = {
		{"https://example.com/to/https://example.com/", true},
		{"https://example.com/to/http://example.com/", false},
		{"http://example.com/to/https://example.com/", false},
		{"https://example.com/to/https://example.com:444/", false},
		{"https://example.com/to/https://x.wild.example/", false},
	};
	static const char *const sensitive[] = {"X-API-Key", NULL};
	static const char *const names[] = {"Authorization", "Cookie", "Proxy-Authorization",
					    "X-API-Key"};
	const wok_http_header own[] = {{"Authorization", "Basic eA=="},
				       {"Cookie", "c=d"},
				       {"Proxy-Authorization", "p"},
				       {"X-API-Key", "k"}};
	struct peer peer = {.serve = lead_between_ports};

	serve_as(&peer, good_cert());
	peer.arg = WOK_TAKE(peer.tls);
	WOK_AUTO(wok_http_session) *session =
		trusting(&peer, &(wok_http_session_options){.sensitive_headers = sensitive});
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ASSERT_EQ(fetch(session, "GET", rows[i].url,
				&(wok_http_options){.headers = own, .n_headers = 4}),
			  200);
		for (int k = 0; k < 4; k++)
			if ((field_of(peer.head, names[k]) != NULL) != rows[i].there)
				FAIL("%s: %s is wrong", rows[i].url, names[k]);
	}
	WOK_AUTO(wok_http_session) *strict =
		trusting(&peer, &(wok_http_session_options){.no_downgrade = true});
	ASSERT_ERR(get(strict, rows[1].url), -EPROTONOSUPPORT);
	wok_tls_context_free(peer.arg);
	peer_close(&peer);
}

static int never_shakes_hands(struct peer *peer, wok_stream *stream)
{
	char rest[100];
	ssize_t n;

	(void) peer;
	while ((n = wok_stream_read(stream, rest, sizeof(rest))) > 0)
		;
	return (int) n;
}

TEST_TASK(the_handshake_has_a_limit_and_a_name, "client-20", "client-21")
{
	struct peer peer = {.serve = never_shakes_hands};
	wok_http_timings timings;
	wok_time start = wok_now();

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session =
		session_of(&peer, &(wok_http_session_options){.tls_timeout = 3 * WOK_SECOND});
	ASSERT_ERR(fetch(session, "GET", "https://example.com/",
			 &(wok_http_options){.timings = &timings}),
		   -ETIMEDOUT);
	ASSERT_EQ(wok_now() - start, 3 * WOK_SECOND);
	ASSERT_EQ(timings.phase, WOK_HTTP_PHASE_TLS);
	ASSERT_EQ(timings.limit, 3 * WOK_SECOND);
	ASSERT_SAYS(-ETIMEDOUT, "TLS handshake");
	ASSERT_POOL(session, 0, 0, 0);
	peer_close(&peer);
}

/* A server with a response, or none; word: why no request goes there, or NULL. */
static void ask_stapled(const struct staple_spec *spec, bool require, const char *word)
{
	struct peer peer = {0};
	char *path = spec->cert ? staple_file(spec) : NULL;
	wok_tls_identity identity = identity_of(good_cert());
	const wok_tls_options asked = {.ca = root_ca()->pem, .require_staple = require};

	identity.staple_file = path;
	ASSERT_OK(wok_tls_server_new(&(wok_tls_options){.identities = &identity, .n_identities = 1},
				     &peer.tls));
	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session =
		session_of(&peer, &(wok_http_session_options){.tls = &asked});
	int r = get(session, "https://example.com/");
	ASSERT_EQ(r, word ? WOK_ECERTIFICATE : 200);
	if (word) {
		ASSERT_SAYS(r, word);
		ASSERT_SAYS(r, "GET https://example.com/");
	}
	ASSERT_EQ(peer.requests, !word);
	ASSERT_POOL(session, !word, !word, 0);
	peer_close(&peer);
	if (path)
		unlink(path);
	free(path);
}

TEST_TASK(a_server_whose_ca_calls_it_revoked_gets_no_request, "client-50")
{
	const struct cert *good = good_cert();

	ask_stapled(&(struct staple_spec){.cert = good}, false, NULL);
	ask_stapled(&(struct staple_spec){.cert = good, .status = V_OCSP_CERTSTATUS_REVOKED}, false,
		    "revoked");
	ask_stapled(&(struct staple_spec){.cert = good, .status = V_OCSP_CERTSTATUS_REVOKED}, true,
		    "revoked");
}

TEST_TASK(a_session_can_require_a_stapled_response, "client-50")
{
	const struct cert *good = good_cert();
	const struct {
		struct staple_spec spec;
		const char *word;
	} rows[] = {
		{{.cert = NULL}, "none came"},
		{{.cert = good, .until = -600}, "expired"},
		{{.cert = good, .from = 600}, "not valid yet"},
		{{.cert = good, .status = V_OCSP_CERTSTATUS_UNKNOWN}, "does not know"},
		{{.cert = good, .signer = other_ca()}, "not signed"},
		{{.cert = good, .issuer = other_ca(), .signer = root_ca()}, "another certificate"},
	};

	ask_stapled(&(struct staple_spec){.cert = good}, true, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ask_stapled(&rows[i].spec, true, rows[i].word);
		ask_stapled(&rows[i].spec, false, NULL);
	}
}

/* SPDX-License-Identifier: MIT */
/*
 * Who asks: see http/client/credentials.h.
 *
 * The caller's name and password are for the origin that the caller has named; a URL's own are for
 * that URL, and netrc's for their host. Digest needs a challenge first: it is kept for each origin
 * and user, so that later requests answer it without being asked.
 */
#include "http/client/credentials.h"

#include <string.h>
#include <wok/memory.h>

#include "base/memory.h"
#include "http/client/cookie.h"

enum { DIGESTS_MAX = 16, UNAUTHORIZED = 401 };

struct wok__known_digest {
	struct wok__known_digest *next;
	struct wok__digest digest;
	uint16_t port;
	bool secure;
	char *user;
	char host[];
};

struct credentials {
	const char *user, *password;
	wok_http_auth auth;
	struct wok__netrc_entry entry;
};

int wok__credentials_prepare(wok_http_session *session)
{
	if (!session->options.netrc || session->netrc_loaded)
		return 0;
	struct wok__netrc netrc = {0};
	WOK_TRY(wok__netrc_load(&netrc));
	if (session->netrc_loaded) { /* by another request, while this one waited */
		wok__netrc_free(&netrc);
		return 0;
	}
	session->netrc = netrc;
	session->netrc_loaded = true;
	return 0;
}

/* Those of a request to a URL; false if there are none. */
static bool find(const struct wok_http_call *call, const struct wok__url *url,
		 struct credentials *ret)
{
	const wok_http_options *own = call->options;
	const wok_http_session_options *session = &call->session->options;

	ret->auth = own->auth ? own->auth : session->auth;
	ret->user = own->user ? own->user : session->user;
	ret->password = own->user ? own->password : session->password;
	if (url->user) {
		ret->user = url->user;
		ret->password = url->password;
	} else if (call->foreign) {
		ret->user = NULL;
	}
	if (ret->user && ret->password)
		return true;
	if (call->session->netrc_loaded &&
	    wok__netrc_find(&call->session->netrc, url->host.data, ret->user, &ret->entry)) {
		ret->user = ret->entry.user;
		ret->password = ret->entry.has_password ? ret->entry.password : NULL;
	}
	if (ret->user && !ret->password)
		ret->password = "";
	return ret->user != NULL;
}

static bool is_for(const struct wok__known_digest *known, const struct wok__url *url,
		   const char *user)
{
	return known->port == url->port && known->secure == url->secure &&
	       strcmp(known->host, url->host.data) == 0 && strcmp(known->user, user) == 0;
}

static void drop(struct wok__known_digest *known)
{
	wok_free(known->user);
	wok_free(known);
}

static struct wok__known_digest *find_digest(const wok_http_session *session,
					     const struct wok__url *url, const char *user)
{
	struct wok__known_digest *known = session->digests;

	while (known && !is_for(known, url, user))
		known = known->next;
	return known;
}

/* Of more than a few the oldest goes. */
static struct wok__known_digest *add_digest(wok_http_session *session, const struct wok__url *url,
					    const char *user)
{
	struct wok__known_digest **at = &session->digests;

	for (int n = 0; *at && n < DIGESTS_MAX - 1; n++)
		at = &(*at)->next;
	if (*at) {
		drop(*at);
		*at = NULL;
	}
	struct wok__known_digest *known = wok__alloc_zeroed(sizeof(*known) + url->host.size + 1);
	if (!known || !(known->user = wok__strdup(user))) {
		wok_free(known);
		return NULL;
	}
	known->port = url->port;
	known->secure = url->secure;
	memcpy(known->host, url->host.data, url->host.size);
	known->next = session->digests;
	return session->digests = known;
}

static void put_digest(struct wok__exchange *exchange, const struct credentials *who)
{
	const struct wok_http_call *call = exchange->call;
	const struct wok__source *body = &call->body;
	bool in_memory = wok__source_is_memory(body);
	struct wok__known_digest *known = find_digest(call->session, &exchange->url, who->user);
	const struct wok__digest_request request = {
		.user = who->user,
		.password = who->password,
		.method = call->method,
		.target = exchange->url.target,
		.body = in_memory ? (body->data ? body->data : "") : NULL,
		.body_size = in_memory ? (size_t) body->length : body->length > 0,
	};

	if (!known || !known->digest.ready)
		return;
	int r = wok__digest_put(&known->digest, &request, "Authorization", &exchange->head);
	if (r < 0 && exchange->head.error == 0)
		exchange->head.error = r;
}

void wok__credentials_put(struct wok__exchange *exchange)
{
	struct credentials who;

	if (!find(exchange->call, &exchange->url, &who))
		return;
	if (who.auth == WOK_HTTP_AUTH_DIGEST)
		put_digest(exchange, &who);
	else
		wok__basic_put(&exchange->head, "Authorization", who.user, who.password);
}

/* What the server says of the digest that it was sent: it may want another nonce from now on. */
static void take_next_nonce(struct wok_http_call *call)
{
	const char *info = call->session->digests
				   ? wok__head_value(&call->response->head, "Authentication-Info")
				   : NULL;
	struct credentials who;

	if (!info || !find(call, &call->response->url, &who) || who.auth != WOK_HTTP_AUTH_DIGEST)
		return;
	struct wok__known_digest *known =
		find_digest(call->session, &call->response->url, who.user);
	if (known)
		wok__digest_info(&known->digest, info);
}

int wok__credentials_challenged(struct wok_http_call *call)
{
	const wok_http_response *response = call->response;
	struct credentials who;

	take_next_nonce(call);
	if (response->status != UNAUTHORIZED || !find(call, &response->url, &who) ||
	    who.auth != WOK_HTTP_AUTH_DIGEST)
		return 0;
	struct wok__known_digest *known = find_digest(call->session, &response->url, who.user);
	if (!known)
		known = add_digest(call->session, &response->url, who.user);
	if (!known)
		return -ENOMEM;
	int r = wok__digest_challenged(&known->digest, &response->head, "WWW-Authenticate",
				       call->answers);
	if (r <= 0 || !wok__source_rewind(&call->body))
		return r < 0 ? r : 0;
	call->answers++;
	return 1;
}

void wok__credentials_close(wok_http_session *session)
{
	struct wok__known_digest *known;

	while ((known = session->digests)) {
		session->digests = known->next;
		drop(known);
	}
	wok__netrc_free(&session->netrc);
	wok_cookie_jar_free(session->jar);
}

static wok_cookie_jar *jar_of(const wok_http_session *session)
{
	return session->options.cookies ? session->options.cookies : session->jar;
}

void wok__cookies_send(struct wok__exchange *exchange)
{
	wok_cookie_jar *jar = jar_of(exchange->session);

	if (!jar || jar->n_cookies == 0 || exchange->session->options.no_cookies)
		return;
	int r = wok__cookies_put(jar, &exchange->url, wok__wall_clock(), &exchange->head);
	if (r < 0 && exchange->head.error == 0)
		exchange->head.error = r;
}

int wok__cookies_keep(wok_http_response *response)
{
	wok_http_session *session = response->session;
	const struct wok__head *head = &response->head;

	for (size_t i = 0; i < head->n_fields; i++) {
		if (head->fields[i].id != WOK__H1_SET_COOKIE || session->options.no_cookies)
			continue;
		if (!jar_of(session))
			WOK_TRY(wok_cookie_jar_new(NULL, &session->jar));
		WOK_TRY(wok__cookies_store(jar_of(session), &response->url,
					   head->data + head->fields[i].value, wok__wall_clock()));
	}
	return 0;
}

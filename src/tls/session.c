/* SPDX-License-Identifier: MIT */
/*
 * Sessions of a client: a list with the newest in front, looked through from there. There are few
 * of them, and a handshake costs a thousand times what that takes.
 *
 * In TLS 1.3 a session serves once, so that nobody who listens can tell that two connections are of
 * the same client. Servers give two at a time, so a few are kept for each host: connections that
 * are opened at once can all resume.
 *
 * A session goes with its context, so it is never used under other rules of verifying than those
 * under which its peer was verified.
 */
#include <string.h>

#include "base/memory.h"
#include "tls/tls.h"

enum { FOR_EACH_HOST = 4 };

/* Take a session of a host out of the list: the one behind so many of them; NULL. */
static struct wok__tls_session *take_out(wok_tls_context *context, const char *host_and_port,
					 int behind)
{
	struct wok__tls_session **at = &context->sessions;

	for (; *at; at = &(*at)->next)
		if (strcmp((*at)->host_and_port, host_and_port) == 0 && behind-- == 0)
			break;
	struct wok__tls_session *found = *at;
	if (found) {
		*at = found->next;
		context->n_sessions--;
	}
	return found;
}

static void put_in_front(wok_tls_context *context, struct wok__tls_session *session)
{
	session->next = context->sessions;
	context->sessions = session;
	context->n_sessions++;
}

static void drop(struct wok__tls_session *session)
{
	if (!session)
		return;
	SSL_SESSION_free(session->session);
	wok_free(session);
}

static void drop_last(wok_tls_context *context)
{
	struct wok__tls_session **at = &context->sessions;

	while ((*at)->next)
		at = &(*at)->next;
	drop(*at);
	*at = NULL;
	context->n_sessions--;
}

static bool serves_once(const SSL_SESSION *session)
{
	return SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION;
}

static struct wok__tls_session *new_session(const char *host_and_port, SSL_SESSION *session)
{
	size_t size = strlen(host_and_port) + 1;
	struct wok__tls_session *fresh = wok_alloc(sizeof(*fresh) + size);

	if (!fresh) {
		SSL_SESSION_free(session);
		return NULL;
	}
	fresh->session = session;
	memcpy(fresh->host_and_port, host_and_port, size);
	return fresh;
}

void wok__tls_session_put(wok_tls_context *context, const struct wok__tls_setup *setup,
			  const char *host_and_port, SSL_SESSION *session)
{
	int others = serves_once(session) ? FOR_EACH_HOST - 1 : 0;
	struct wok__tls_session *fresh = new_session(host_and_port, session);

	if (!fresh)
		return;
	pthread_mutex_lock(&context->mutex);
	drop(take_out(context, host_and_port, others));
	if (context->setup == setup) {
		put_in_front(context, WOK_TAKE(fresh));
		if (context->n_sessions > setup->max_sessions)
			drop_last(context);
	}
	pthread_mutex_unlock(&context->mutex);
	drop(fresh); /* of a setup that has been replaced */
}

SSL_SESSION *wok__tls_session_get(wok_tls_context *context, const char *host_and_port)
{
	SSL_SESSION *session = NULL;
	struct wok__tls_session *found;

	pthread_mutex_lock(&context->mutex);
	while (!session && (found = take_out(context, host_and_port, 0))) {
		if (SSL_SESSION_is_resumable(found->session)) {
			session = found->session;
			SSL_SESSION_up_ref(session);
			if (!serves_once(session))
				put_in_front(context, WOK_TAKE(found));
		}
		drop(found);
	}
	pthread_mutex_unlock(&context->mutex);
	return session;
}

void wok__tls_sessions_clear(wok_tls_context *context)
{
	while (context->sessions)
		drop_last(context);
}

/* SPDX-License-Identifier: MIT */
/* A client meets a server: see tls/meeting.h. */
#include "tls/meeting.h"

#include <stdio.h>

wok_tls_context *client_with(const wok_tls_options *options)
{
	wok_tls_context *context = NULL;

	ASSERT_OK(wok_tls_client_new(options, &context));
	return context;
}

wok_tls_context *server_with(const wok_tls_options *options)
{
	wok_tls_context *context = NULL;

	ASSERT_OK(wok_tls_server_new(options, &context));
	return context;
}

wok_tls_context *good_client(void)
{
	return client_with(&(wok_tls_options){.ca = root_ca()->pem});
}

wok_tls_context *server_of(const struct cert *cert)
{
	const wok_tls_identity identity = identity_of(cert);

	return server_with(&(wok_tls_options){.identities = &identity, .n_identities = 1});
}

wok_tls_context *good_server(void)
{
	return server_of(good_cert());
}

static int connect_side(void *arg)
{
	struct meeting *meeting = arg;
	int r = wok_tls_connect(meeting->client_context, WOK_TAKE(meeting->near), meeting->host,
				&meeting->client_options, &meeting->client);

	meeting->connected = r;
	snprintf(meeting->client_says, sizeof(meeting->client_says), "%s",
		 r < 0 ? wok_errmsg(r) : "");
	return 0;
}

static int accept_side(void *arg)
{
	struct meeting *meeting = arg;
	int r = wok_tls_accept(meeting->server_context, WOK_TAKE(meeting->far),
			       &meeting->server_options, &meeting->server);

	meeting->accepted = r;
	snprintf(meeting->server_says, sizeof(meeting->server_says), "%s",
		 r < 0 ? wok_errmsg(r) : "");
	return 0;
}

void meet(struct meeting *meeting)
{
	WOK_AUTO(wok_scope) *scope = NULL;

	if (!meeting->client_context)
		meeting->client_context = good_client();
	if (!meeting->server_context)
		meeting->server_context = good_server();
	if (!meeting->host)
		meeting->host = "example.com";
	if (!meeting->near)
		ASSERT_OK(wok_stream_pair(meeting->capacity, &meeting->near, &meeting->far));
	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, accept_side, meeting));
	ASSERT_OK(wok_scope_spawn(scope, connect_side, meeting));
	ASSERT_OK(wok_scope_join(scope));
}

void meet_well(struct meeting *meeting)
{
	meet(meeting);
	if (meeting->connected < 0)
		FAIL("the client: %s: %s", wok_errname(meeting->connected), meeting->client_says);
	if (meeting->accepted < 0)
		FAIL("the server: %s: %s", wok_errname(meeting->accepted), meeting->server_says);
}

void part(struct meeting *meeting)
{
	wok_stream_free(meeting->client);
	wok_stream_free(meeting->server);
	wok_tls_context_free(meeting->client_context);
	wok_tls_context_free(meeting->server_context);
	*meeting = (struct meeting){0};
}

void say(wok_stream *from, wok_stream *to, const char *text)
{
	char heard[200];

	ASSERT_OK(wok_stream_write_all(from, text, strlen(text)));
	ASSERT_OK(wok_stream_read_exactly(to, heard, strlen(text), NULL));
	ASSERT_MEM(heard, text, strlen(text));
}

/* SPDX-License-Identifier: MIT */
/* JSON bodies, both ways. */
#ifdef WOK__WITH_JANSSON
#include <wok/http_json.h>
#include <wok/loop.h>
#include <wok/memory.h>

#include "http/server_check.h"

static char *nested(size_t depth, const char *open, const char *close)
{
	size_t n = strlen(open), m = strlen(close);
	char *text = malloc(depth * (n + m) + 2), *p = text;

	for (size_t i = 0; i < depth; i++)
		p = stpcpy(p, open);
	*p++ = '1';
	for (size_t i = 0; i < depth; i++)
		p = stpcpy(p, close);
	*p = '\0';
	return text;
}

static int decode(const char *text)
{
	json_t *json = NULL;
	int r = wok_http_json_decode(text, strlen(text), &json);

	json_decref(json);
	return r;
}

TEST_TASK(json_is_parsed_and_what_is_none_is_refused, "client-58")
{
	static const char *const good[] = {
		"{}",      "[1, 2.5, \"x\"]", "true", " null ", "\xef\xbb\xbf{\"a\": \"\xc3\xa9\"}",
		"\"]]]]\""};
	static const char *const bad[] = {
		"",        "{",           "[1,]",     "{\"a\" 1}",
		"nothing", "[1] [2]",     "\"\xff\"", "\"\\u0000\"",
		"'a'",     "\xff\xfe[\0", "]",        "99999999999999999999"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ASSERT_OK(decode(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ASSERT_ERR(decode(bad[i]), WOK_EPEER);
	ASSERT_ERR(decode("{\"a\":\n!}"), WOK_EPEER);
	ASSERT(strstr(wok_errmsg(WOK_EPEER), "line 2"));
}

TEST_TASK(json_as_deep_as_the_limit_is_read_and_written_and_deeper_is_refused, "client-58")
{
	char *text, *again;
	json_t *json;

	for (int object = 0; object < 2; object++) {
		const char *open = object ? "{\"[{\\\"\":" : "[", *close = object ? "}" : "]";
		text = nested(WOK_HTTP_JSON_DEPTH, open, close);
		ASSERT_OK(wok_http_json_decode(text, strlen(text), &json));
		ASSERT_OK(wok_http_json_encode(json, &again, NULL));
		ASSERT_STR(again, text);
		json_decref(json);
		wok_free(again);
		free(text);
		text = nested(WOK_HTTP_JSON_DEPTH + 1, open, close);
		ASSERT_ERR(decode(text), WOK_ELIMIT);
		free(text);
	}
	text = nested(1000000, "[", "]");
	ASSERT_ERR(decode(text), WOK_ELIMIT);
	free(text);
	/* What a program made itself is no deeper either. */
	json = json_integer(1);
	for (int i = 0; i < WOK_HTTP_JSON_DEPTH + 1; i++) {
		json_t *outer = json_array();
		json_array_append_new(outer, json);
		json = outer;
	}
	ASSERT_ERR(wok_http_json_encode(json, &text, NULL), -EINVAL);
	json_decref(json);
	ASSERT_ERR(wok_http_json_encode(NULL, &text, NULL), -EINVAL);
}

static int echo_json(wok_http_request *request, void *arg)
{
	struct peer *peer = arg;
	json_t *json;

	WOK_TRY(wok_http_request_json(request, &json));
	peer->calls++;
	int r = wok_http_reply_json(request, 201, json);
	json_decref(json);
	return r;
}

TEST_TASK(a_handler_reads_json_and_replies_with_it, "client-58")
{
	static const struct {
		const char *type, *body;
		int status;
		const char *answer;
	} rows[] = {
		{"application/json", "{ \"a\" : [ 1 ] }", 201, "{\"a\":[1]}"},
		{"Application/JSON; charset=utf-8", "1", 201, "1"},
		{"application/problem+json", "[]", 201, "[]"},
		{"application/json", "{", 400, NULL},
		{"application/json", "", 400, NULL},
		/* what a page of another site can have a browser send */
		{"text/plain", "{}", 400, NULL},
		{"json", "{}", 400, NULL},
	};
	struct peer peer = {0};

	peer_route(&peer, "POST", "/", echo_json);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct answer answer;
		char request[300];
		peer_open(&peer);
		snprintf(request, sizeof(request),
			 "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: %s\r\n"
			 "Content-Length: %zu\r\n\r\n%s",
			 rows[i].type, strlen(rows[i].body), rows[i].body);
		peer_send(&peer, request);
		peer_listen(&peer);
		ASSERT(next_answer(&peer.in, 0, &answer));
		ASSERT_EQ(answer.status, rows[i].status);
		if (rows[i].answer) {
			ASSERT_STR(answer.body, rows[i].answer);
			ASSERT_STR(answer_header(&answer, "Content-Type"), "application/json");
		}
		peer_close(&peer, 0);
	}
	wok_http_app_free(peer.app);
}

static int take_json(void *arg)
{
	char url[64];
	WOK_AUTO(wok_http_response) *response = NULL;
	json_t *json = NULL;

	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", *(unsigned *) arg);
	char *text;
	size_t size;
	json = json_pack("{s:[i,s]}", "list", 1, "two");
	WOK_TRY(wok_http_json_encode(json, &text, &size));
	json_decref(json);
	int r = wok_http_post(
		NULL, url,
		&(wok_http_options){.body = text, .body_size = size, .content_type = WOK_HTTP_JSON},
		&response);
	wok_free(text);
	WOK_TRY(r);
	ASSERT_EQ(wok_http_status(response), 201);
	WOK_TRY(wok_http_json(response, &json));
	ASSERT_STR(json_string_value(json_array_get(json_object_get(json, "list"), 1)), "two");
	json_decref(json);
	return 0;
}

struct served {
	struct peer peer;
	wok_listener *listener;
};

static int serve(void *arg)
{
	struct served *served = arg;

	return wok_http_serve_on(served->peer.app, served->listener, NULL);
}

static int client_and_server(void *unused)
{
	struct served served = {0};

	(void) unused;
	peer_route(&served.peer, "POST", "/", echo_json);
	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &served.listener));
	unsigned port = wok_listener_port(served.listener);
	wok_task *serving = wok_create_task(serve, &served);
	int r = take_json(&port);
	wok_task_free(serving);
	wok_listener_free(served.listener);
	wok_http_app_free(served.peer.app);
	return r;
}

TEST(json_goes_to_a_server_and_comes_back, "client-58")
{
	ASSERT_OK(wok_test_run(client_and_server, NULL, &(wok_test_options){.real_clock = true}));
}
#endif

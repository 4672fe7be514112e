/* SPDX-License-Identifier: MIT */
/* Forms of type application/x-www-form-urlencoded. */
#include <wok/http_form.h>
#include <wok/memory.h>

#include "http/server_check.h"

static wok_http_fields *parse(const char *text)
{
	wok_http_fields *fields = NULL;

	ASSERT_OK(wok_http_fields_parse(text, strlen(text), NULL, &fields));
	return fields;
}

TEST(fields_are_decoded, "server-8")
{
	WOK_AUTO(wok_http_fields) *fields =
		parse("a=1&b=two+words&&c=%26%3d%2B&d&=e&a=2&%C3%A9=%00x&f=a=b");
	wok_http_field field;
	size_t n = 0;

	ASSERT_STR(wok_http_fields_value(fields, "a"), "1");
	ASSERT_STR(wok_http_fields_value(fields, "b"), "two words");
	ASSERT_STR(wok_http_fields_value(fields, "c"), "&=+");
	ASSERT_STR(wok_http_fields_value(fields, "d"), "");
	ASSERT_STR(wok_http_fields_value(fields, ""), "e");
	ASSERT_STR(wok_http_fields_value(fields, "f"), "a=b");
	ASSERT_STR(wok_http_fields_value(fields, "A"), NULL);
	while (wok_http_fields_at(fields, n, &field))
		n++;
	ASSERT_EQ(n, 8);
	ASSERT(wok_http_fields_at(fields, 6, &field));
	ASSERT_STR(field.name, "\xc3\xa9");
	ASSERT_EQ(field.value_size, 2);
	ASSERT_MEM(field.value, "\0x", 3);
	WOK_AUTO(wok_http_fields) *none = parse("");
	ASSERT(!wok_http_fields_at(none, 0, &field));
}

TEST(malformed_fields_are_refused_and_limits_hold, "server-8")
{
	static const char *const bad[] = {"a=%", "a=%1", "a=%zz", "%=a", "a=b&c=%g1", "a%00b=c"};
	wok_http_fields *fields = NULL;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ASSERT_ERR(wok_http_fields_parse(bad[i], strlen(bad[i]), NULL, &fields), WOK_EPEER);
	wok_http_fields_options options = {.max_fields = 2};
	ASSERT_ERR(wok_http_fields_parse("a&b&c", 5, &options, &fields), WOK_ELIMIT);
	options = (wok_http_fields_options){.max_bytes = 4};
	ASSERT_ERR(wok_http_fields_parse("a&b&c", 5, &options, &fields), WOK_ELIMIT);
	ASSERT(!fields);
	char *many = malloc(2002);
	for (int i = 0; i < 2002; i += 2)
		memcpy(many + i, "a&", 2);
	ASSERT_ERR(wok_http_fields_parse(many, 2002, NULL, &fields), WOK_ELIMIT);
	ASSERT_OK(wok_http_fields_parse(many, 2000, NULL, &fields));
	wok_http_fields_free(fields);
	free(many);
}

TEST(what_was_encoded_is_decoded_to_the_same, "client-58", "server-8")
{
	const wok_url_param params[] = {
		{"name", "J\xc3\xb6rg & Co"}, {"a=b", "100%\r\n+"}, {"empty", NULL}, {"", "*-._~"}};
	char *text;

	ASSERT_OK(wok_http_fields_encode(params, 4, &text));
	ASSERT_STR(text, "name=J%C3%B6rg+%26+Co&a%3Db=100%25%0D%0A%2B&empty=&=*-._%7E");
	WOK_AUTO(wok_http_fields) *fields = parse(text);
	for (size_t i = 0; i < 4; i++) {
		wok_http_field field;
		ASSERT(wok_http_fields_at(fields, i, &field));
		ASSERT_STR(field.name, params[i].name);
		ASSERT_STR(field.value, params[i].value ? params[i].value : "");
	}
	wok_free(text);
	ASSERT_OK(wok_http_fields_encode(NULL, 0, &text));
	ASSERT_STR(text, "");
	wok_free(text);
}

static int greet(wok_http_request *request, void *arg)
{
	WOK_AUTO(wok_http_fields) *fields = NULL;
	const wok_http_fields_options options = {.max_fields = 3};

	(void) arg;
	WOK_TRY(wok_http_request_fields(request, &options, &fields));
	return wok_http_reply_text(request, 200, wok_http_fields_value(fields, "name"));
}

TEST_TASK(a_handler_reads_a_form_and_a_bad_one_is_the_clients_fault, "server-8")
{
	static const struct {
		const char *type, *body;
		int status;
	} rows[] = {
		{"application/x-www-form-urlencoded", "name=wok", 200},
		{"Application/X-WWW-Form-Urlencoded; charset=utf-8", "name=wok", 200},
		{"application/x-www-form-urlencoded", "name=%w", 400},
		{"application/x-www-form-urlencoded", "a&b&c&d", 413},
		{"text/plain", "name=wok", 400},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct peer peer = {0};
		char request[300];
		peer_route(&peer, "POST", "/", greet);
		peer_open(&peer);
		snprintf(request, sizeof(request),
			 "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: %s\r\n"
			 "Content-Length: %zu\r\n\r\n%s",
			 rows[i].type, strlen(rows[i].body), rows[i].body);
		peer_send(&peer, request);
		peer_listen(&peer);
		expect_answer(&peer.in, rows[i].status, rows[i].status == 200 ? "wok" : NULL);
		peer_end(&peer);
	}
}

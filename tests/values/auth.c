/* SPDX-License-Identifier: MIT */
/* Challenges, and basic credentials. */
#include <stdlib.h>
#include <wok/error.h>
#include <wok/test.h>

#include "harness/test.h"
#include "http/client/auth.h"

/* What a text has, as "Scheme(name=value,...)" each. */
static int read_all(const char *text, char *out)
{
	size_t size = strlen(text);
	char *copy = malloc(size ? size : 1), value[100];
	const char *at = copy;
	struct wok__challenge challenge;
	struct wok__param param;
	int r;

	memcpy(copy, text, size);
	*out = '\0';
	while ((r = wok__challenge_next(&at, copy + size, &challenge)) > 0) {
		strncat(out, challenge.scheme.data, challenge.scheme.size);
		strcat(out, "(");
		while (wok__params_next(&challenge.params, &param) > 0) {
			strncat(out, param.name.data, param.name.size);
			ASSERT_OK(wok__param_text(&param, value, sizeof(value)));
			strcat(strcat(strcat(out, "="), value), ",");
		}
		strcat(out, ")");
	}
	free(copy);
	return r;
}

TEST(a_list_of_challenges_is_taken_apart)
{
	static const char *const good[][2] = {
		{"", ""},
		{" , ,", ""},
		{"Basic", "Basic()"},
		{"Basic realm=\"x\"", "Basic(realm=x,)"},
		{"Basic realm=\"a, b\\\"c\" , charset=UTF-8",
		 "Basic(realm=a, b\"c,charset=UTF-8,)"},
		{"Negotiate, Basic realm=x", "Negotiate()Basic(realm=x,)"},
		{"NTLM TlRMTVNT==, Basic realm=x", "NTLM()Basic(realm=x,)"},
		{"Digest realm = \"a\",nonce=\"b\",  ,qop=\"auth,auth-int\", Basic "
		 "realm=\"c\",,New",
		 "Digest(realm=a,nonce=b,qop=auth,auth-int,)Basic(realm=c,)New()"},
	};
	static const char *const bad[] = {"=",     "Basic realm=\"x",     "Basic=x",
					  "\"x\"", "Basic realm=\"x\" y", "Basic \"x\""};
	char out[300];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ASSERT_EQ(read_all(good[i][0], out), 0);
		ASSERT_STR(out, good[i][1]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (read_all(bad[i], out) != -EINVAL)
			FAIL("%s is read", bad[i]);
}

static void check_basic(const char *user, const char *password, const char *expected)
{
	struct wok__buffer out = {0};

	wok__basic_put(&out, "Authorization", user, password);
	ASSERT_OK(out.error);
	wok__buffer_add(&out, "", 1);
	ASSERT_STR(out.data, expected);
	wok__buffer_free(&out);
}

TEST(basic_credentials_are_written, "client-34")
{
	check_basic("Aladdin", "open sesame",
		    "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n");
	check_basic("test", "123\xc2\xa3", "Authorization: Basic dGVzdDoxMjPCow==\r\n");
	check_basic("", "", "Authorization: Basic Og==\r\n");
	check_basic("a", "b:c", "Authorization: Basic YTpiOmM=\r\n");
}

TEST(basic_credentials_that_a_server_would_misread_are_refused, "client-34")
{
	static const char *const bad[][2] = {
		{"a:b", "c"}, {"a\n", "c"}, {"a", "c\r\n"}, {"a", "\x7f"}};

	for (size_t i = 0; i < 4; i++) {
		struct wok__buffer out = {0};
		wok__basic_put(&out, "Authorization", bad[i][0], bad[i][1]);
		ASSERT_EQ(out.error, -EINVAL);
		wok__buffer_free(&out);
	}
}

TEST_TASK(basic_credentials_without_memory_fail)
{
	for (int at = 1; at < 3; at++) {
		struct wok__buffer out = {0};
		wok_test_fail_allocation((uint64_t) at, true);
		wok__basic_put(&out, "Authorization", "a", "b");
		wok_test_fail_allocation(0, false);
		ASSERT_EQ(out.error, -ENOMEM);
		wok__buffer_free(&out);
	}
}

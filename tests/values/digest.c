/* SPDX-License-Identifier: MIT */
/* Digest credentials: RFC 7616, its examples, and those computed by Python's hashlib. */
#include <stdio.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "harness/test.h"
#include "http/client/auth.h"

#define NONCE "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
#define CNONCE "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
#define REALM "http-auth@example.org"

static const struct wok__digest_request get = {
	.user = "Mufasa",
	.password = "Circle of Life",
	.method = "GET",
	.target = {"/dir/index.html", 15},
	.body = "body",
	.body_size = 4,
};

/* Heads with the given fields of one name; at most two. */
static int challenge(struct wok__digest *digest, const char *a, const char *b, unsigned attempts)
{
	struct wok__head head = {0};
	struct wok__h1_response parsed;
	struct wok__h1_field fields[3];
	char text[3000];

	int size = snprintf(text, sizeof(text), "HTTP/1.1 401 No\r\nWWW-Authenticate: %s\r\n", a);
	if (b)
		size += snprintf(text + size, sizeof(text) - (size_t) size,
				 "www-authenticate: %s\r\n", b);
	size += snprintf(text + size, sizeof(text) - (size_t) size, "\r\n");
	ASSERT_OK(wok__head_copy(&head, text, (size_t) size));
	ASSERT_OK(wok__h1_parse_response(head.data, (size_t) size, WOK__H1_RESPONSE, NULL, fields,
					 3, &parsed));
	ASSERT_OK(wok__head_keep_fields(&head, fields, parsed.message.fields));
	int r = wok__digest_challenged(digest, &head, "WWW-Authenticate", attempts);
	wok__head_free(&head);
#ifndef WOK__WITH_TLS
	if (r == -ENOTSUP)
		SKIP("there is no TLS, and so no hashes");
#endif
	return r;
}

/* The field that answers, without its end. */
static const char *answer(struct wok__digest *digest, const struct wok__digest_request *request)
{
	static char text[4000];
	struct wok__buffer out = {0};

	ASSERT_OK(wok__digest_put(digest, request, "Authorization", &out));
	ASSERT(out.size > 2 && out.size < sizeof(text));
	ASSERT_MEM(out.data + out.size - 2, "\r\n", 2);
	memcpy(text, out.data, out.size - 2);
	text[out.size - 2] = '\0';
	wok__buffer_free(&out);
	return text;
}

TEST(the_examples_of_rfc_7616_come_out, "client-35")
{
	static const char md5[] =
		"Authorization: Digest username=\"Mufasa\", realm=\"" REALM "\", nonce=\"" NONCE
		"\", uri=\"/dir/index.html\", response=\"8ca523f5e9506fed4657c9700eebdbec\", "
		"algorithm=MD5, qop=auth, nc=00000001, cnonce=\"" CNONCE
		"\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
	static const char sha256[] =
		"Authorization: Digest username=\"Mufasa\", realm=\"" REALM "\", nonce=\"" NONCE
		"\", uri=\"/dir/index.html\", response=\""
		"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\", "
		"algorithm=SHA-256, qop=auth, nc=00000001, cnonce=\"" CNONCE
		"\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
	static const char ask[] = "Digest realm=\"" REALM "\", qop=\"auth, auth-int\", "
				  "algorithm=%s, nonce=\"" NONCE
				  "\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
	struct wok__digest digest = {0};
	char weak[500], strong[500];

	snprintf(weak, sizeof(weak), ask, "MD5");
	snprintf(strong, sizeof(strong), ask, "SHA-256");
	ASSERT_EQ(challenge(&digest, weak, NULL, 0), 1);
	strcpy(digest.cnonce, CNONCE);
	ASSERT_STR(answer(&digest, &get), md5);
	/* The stronger of two, wherever it stands. */
	ASSERT_EQ(challenge(&digest, strong, weak, 0), 1);
	strcpy(digest.cnonce, CNONCE);
	ASSERT_STR(answer(&digest, &get), sha256);
	ASSERT_EQ(challenge(&digest, weak, strong, 0), 1);
	strcpy(digest.cnonce, CNONCE);
	ASSERT_STR(answer(&digest, &get), sha256);
}

TEST(each_algorithm_with_each_protection_gives_the_right_digest, "client-35")
{
	static const struct {
		const char *algorithm, *qop, *response;
	} known[] = {
		{"MD5", "auth-int", "9aaa3cbaec2406853a7cb784c6813d11"},
		{"MD5", NULL, "7b2cc3b30e75b4777ea31027084363fd"},
		{"MD5-sess", "auth", "e783283f46242139c486a698fec7211d"},
		{"md5-SESS", "auth-int", "a0dd1fdc2cda57809f734f0b1f089e7b"},
		{"MD5-sess", NULL, "37a7f42db2090a3fcac4e26e747d4fc8"},
		{"SHA-256", "auth-int",
		 "2fa9fd5a55eaefc542900085331c15a0d8dcebeb505811bdd82a5b1f49ae156e"},
		{"SHA-256-sess", "auth",
		 "2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7"},
		{"SHA-256-sess", "auth-int",
		 "351cf1de6df8006b29344896ed8e41148d9922c94d1aedab40833924f92d49c2"},
		{"SHA-512-256", "auth",
		 "430d05014cecc49cab6fbe03176d41a1da86cbfe24a16580e22aaad928d960d0"},
		{"SHA-512-256-sess", "auth",
		 "3f2a34f923c38b0fb26dce2fdfc2ce326c23cecf86fbb1444f3e51fbbc2cb92e"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct wok__digest digest = {0};
		char text[500], qop[40] = "";
		if (known[i].qop)
			snprintf(qop, sizeof(qop), ", qop=\"x, %s\"", known[i].qop);
		snprintf(text, sizeof(text),
			 "Digest realm=\"" REALM "\", nonce=\"" NONCE "\", algorithm=\"%s\"%s",
			 known[i].algorithm, qop);
		ASSERT_EQ(challenge(&digest, text, NULL, 0), 1);
		strcpy(digest.cnonce, CNONCE);
		snprintf(text, sizeof(text), "response=\"%s\"", known[i].response);
		const char *field = answer(&digest, &get);
		if (!strstr(field, text))
			FAIL("%s %s: %s", known[i].algorithm, known[i].qop, field);
		ASSERT_EQ(strstr(field, "nc=") != NULL, known[i].qop != NULL);
	}
}

TEST(a_users_name_may_be_hashed_or_international, "client-35")
{
	struct wok__digest digest = {0};
	struct wok__digest_request request = get;

	request.user = "J\xc3\xa4s\xc3\xb8n Doe";
	ASSERT_EQ(challenge(&digest,
			    "Digest realm=\"api@example.org\", nonce=\"x\", qop=\"auth\", "
			    "algorithm=SHA-512-256, charset=UTF-8, userhash=true",
			    NULL, 0),
		  1);
	const char *field = answer(&digest, &request);
	ASSERT(strstr(field, "Digest username=\"793263caabb707a56211940d90411ea4"
			     "a575adeccb7e360aeb624ed06ece9b0b\","));
	ASSERT(strstr(field, ", userhash=true"));
	ASSERT_EQ(challenge(&digest, "Digest realm=\"r\", nonce=\"x\"", NULL, 0), 1);
	ASSERT(strstr(answer(&digest, &request), "username*=UTF-8''J%C3%A4s%C3%B8n%20Doe,"));
	request.user = "a\"b\\c";
	ASSERT_EQ(challenge(&digest, "Digest realm=\"r\\\"s\", nonce=\"x\"", NULL, 0), 1);
	ASSERT(strstr(answer(&digest, &request), "username=\"a\\\"b\\\\c\", realm=\"r\\\"s\""));
}

TEST(a_nonce_is_counted_and_used_again_without_being_asked, "client-35")
{
	struct wok__digest digest = {0};
	char first[4000];

	ASSERT_EQ(challenge(&digest, "Digest realm=\"r\", nonce=\"x\", qop=auth", NULL, 0), 1);
	strcpy(first, answer(&digest, &get));
	ASSERT(strstr(first, "nc=00000001"));
	const char *second = answer(&digest, &get);
	ASSERT(strstr(second, "nc=00000002"));
	ASSERT(strcmp(strstr(first, "response="), strstr(second, "response=")) != 0);
	wok__digest_info(&digest, "qop=auth, nextnonce=\"y\"");
	ASSERT(strstr(answer(&digest, &get), "nonce=\"y\""));
	ASSERT(strstr(answer(&digest, &get), "nc=00000002"));
	wok__digest_info(&digest, "qop=auth");
	ASSERT(strstr(answer(&digest, &get), "nc=00000003"));
}

TEST(a_second_challenge_means_wrong_credentials_unless_the_nonce_was_stale, "client-35")
{
	static const char ask[] = "Digest realm=\"r\", nonce=\"x\", qop=auth";
	static const char stale[] = "Digest realm=\"r\", nonce=\"y\", qop=auth, stale=TRUE";
	struct wok__digest digest = {0};

	ASSERT_EQ(challenge(&digest, ask, NULL, 0), 1);
	ASSERT(digest.ready);
	ASSERT_EQ(challenge(&digest, stale, NULL, 1), 1);
	ASSERT(strstr(answer(&digest, &get), "nonce=\"y\""));
	ASSERT_EQ(challenge(&digest, stale, NULL, 3), 0); /* and not for ever */
	ASSERT_EQ(challenge(&digest, ask, NULL, 0), 1);
	ASSERT_EQ(challenge(&digest, ask, NULL, 1), 0);
	ASSERT(!digest.ready);
}

TEST(challenges_that_cannot_be_answered_are_left_alone, "client-35")
{
	static const char *const bad[] = {
		"Basic realm=\"r\"",
		"Digest realm=\"r\"",
		"Digest realm=\"r\", nonce=\"\"",
		"Digest realm=\"r\", nonce=\"x\", algorithm=SHA-1",
		"Digest realm=\"r\", nonce=\"x\", algorithm=MD5x",
		"Digest realm=\"r\", nonce=\"x\", algorithm=MD5-sess-sess",
		"Digest realm=\"r\", nonce=\"x\", qop=\"other\"",
		"Digest realm=\"r\", nonce=\"x",
	};
	char long_text[1000];
	struct wok__digest digest = {0};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (challenge(&digest, bad[i], NULL, 0) != 0)
			FAIL("%s is answered", bad[i]);
	snprintf(long_text, sizeof(long_text), "Digest realm=\"r\", nonce=\"%0600d\"", 1);
	ASSERT_EQ(challenge(&digest, long_text, NULL, 0), 0);
	/* Beside one that can be, they do not matter. */
	ASSERT_EQ(challenge(&digest, "Digest realm=r, nonce=n, algorithm=SHA-1",
			    "Negotiate, Digest realm=r, nonce=\"m\"", 0),
		  1);
	ASSERT_STR(digest.nonce, "m");
}

TEST(a_digest_of_a_body_that_is_not_there_is_refused, "client-35")
{
	struct wok__digest digest = {0};
	struct wok__digest_request request = get;
	struct wok__buffer out = {0};

	request.body = NULL;
	ASSERT_EQ(challenge(&digest, "Digest realm=r, nonce=n, qop=auth-int", NULL, 0), 1);
	ASSERT_ERR(wok__digest_put(&digest, &request, "Authorization", &out), -ENOTSUP);
	request.body_size = 0;
	ASSERT(strstr(answer(&digest, &request), "qop=auth-int"));
	ASSERT_EQ(challenge(&digest, "Digest realm=r, nonce=n, qop=\"auth-int,auth\"", NULL, 0), 1);
	ASSERT(strstr(answer(&digest, &request), "qop=auth,"));
	wok__buffer_free(&out);
}

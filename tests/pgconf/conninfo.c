/* SPDX-License-Identifier: MIT */
/* DSNs: see db/postgres/conninfo.h. What libpq says of the same text is compared in libpq.c. */
#include "pgconf/check.h"

/* What a DSN gives, as "key=value " in the keys' order. */
static const char *parsed(const char *dsn)
{
	static char text[1000];
	struct wok__pg_conninfo info = {0};
	char *at = text;
	int r = wok__pg_conninfo_parse(&info, dsn);

	*at = '\0';
	for (int i = 0; r == 0 && i < WOK__PG_N_KEYS; i++)
		if (info.values[i])
			at += sprintf(at, "%s=%s ", wok__pg_key_name((enum wok__pg_key) i),
				      info.values[i]);
	wok__pg_conninfo_clear(&info);
	return r < 0 ? wok_errmsg(r) : text;
}

TEST(both_forms_of_a_dsn_say_the_same, "pgrow-2")
{
	static const char *const rows[][2] = {
		{"postgresql://", ""},
		{"postgres://me:secret@db.example.com:6432/shop?sslmode=require",
		 "user=me password=secret dbname=shop host=db.example.com port=6432 "
		 "sslmode=require "},
		{"user=me password='it\\'s \\\\ me' host=db port = 1",
		 "user=me password=it's \\ me host=db port=1 "},
		{"postgresql://a%40b:p%3Aw@%2Ftmp%2Fx/d%20b",
		 "user=a@b password=p:w dbname=d b host=/tmp/x "},
		{"postgresql://[::1]:5433,h2,[fe80::1]/db",
		 "dbname=db host=::1,h2,fe80::1 port=5433,, "},
		{"postgresql:///db?host=/run&port=7", "dbname=db host=/run port=7 "},
		{"postgresql://h/db?ssl=true", "dbname=db host=h sslmode=require "},
		{"host=a host=b", "host=b "},
		{" \t user=x\\ y  dbname='' ", "user=x y dbname= "},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ASSERT_STR(parsed(rows[i][0]), rows[i][1]);
}

TEST(what_is_wrong_with_a_dsn_is_said_without_its_password, "pgrow-2")
{
	static const char *const rows[][2] = {
		{"host", "DSN: there is no \"=\" after \"host\""},
		{"host 'x'", "DSN: there is no \"=\" after \"host\""},
		{"password='secret", "DSN: the quote of password is never closed"},
		{"postgresql://[::1", "DSN: the bracket of an IPv6 address is never closed"},
		{"postgresql://[]:1", "DSN: an IPv6 address is empty"},
		{"postgresql://[::1]x", "DSN: unexpected \"x\" after an IPv6 address"},
		{"postgresql://me:sec%ret@h",
		 "DSN: a \"%\" has no two hexadecimal digits behind it"},
		{"postgresql://h/%00", "DSN: %00 is not possible in a value"},
		{"postgresql://h?host", "DSN: there is no \"=\" after \"host\""},
		{"postgresql://h?host=a=b", "DSN: a second \"=\" after \"host\""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ASSERT_STR(parsed(rows[i][0]), rows[i][1]);
	ASSERT(strstr(parsed("hots=x"), "\"hots\" is no setting; there are: service user "));
}

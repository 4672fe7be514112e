/* SPDX-License-Identifier: MIT */
/* What wok and libpq make of the same DSN: thousands of them, put together from their pieces. */
#include <libpq-fe.h>

#include "pgconf/check.h"

static uint64_t state = 88172645463325252u;

static unsigned below(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned) (state % n);
}

#define PICK(list) list[below(sizeof(list) / sizeof(list[0]))]

static void make_uri(char *text, size_t size)
{
	static const char *const begin[] = {"postgresql://", "postgres://", "postgresql:/",
					    "POSTGRES://"};
	static const char *const piece[] = {
		"me",
		":",
		"@",
		"/",
		"?",
		",",
		"[",
		"]",
		"::1",
		"h.example",
		"%2F",
		"%",
		"%0",
		"%00",
		"%41",
		"&",
		"=",
		"host=",
		"&port=1",
		"?sslmode=require",
		"db",
		"5432",
		"ssl=true",
		"&ssl=",
		"\xc3\xa4",
		" ",
		"'",
		"\\",
		"application_name=x",
		"nonsense=1",
		"#",
	};
	const unsigned n = below(12);

	snprintf(text, size, "%s", below(20) ? begin[below(2)] : PICK(begin));
	for (unsigned i = 0; i < n; i++)
		strncat(text, PICK(piece), size - strlen(text) - 1);
}

static void make_pairs(char *text, size_t size)
{
	static const char *const piece[] = {
		"host", "port", "user", "dbname", "sslmode",  "password", "requiressl", "nonsense",
		"=",    "=",    "=",    " ",      " ",        "\t",       "'",          "'",
		"\\",   "\\'",  "\\\\", "x",      "1",        "/tmp",     "a b",        "''",
		"=''",  "='a'", "%41",  ",",      "\xc3\xa4", "\v",
	};
	const unsigned n = below(14);

	*text = '\0';
	for (unsigned i = 0; i < n; i++)
		strncat(text, PICK(piece), size - strlen(text) - 1);
}

/* The value of a keyword as libpq has it; NULL. */
static const char *libpq_value(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword; options++)
		if (strcmp(options->keyword, keyword) == 0)
			return options->val;
	return NULL;
}

static void compare(const char *dsn)
{
	struct wok__pg_conninfo info = {0};
	PQconninfoOption *options = PQconninfoParse(dsn, NULL);
	int r = wok__pg_conninfo_parse(&info, dsn);

	if ((r == 0) != (options != NULL))
		FAIL("libpq %s \"%s\", and wok says %s", options ? "takes" : "refuses", dsn,
		     r < 0 ? wok_errmsg(r) : "nothing");
	for (int i = 0; options && i < WOK__PG_N_KEYS; i++) {
		const char *ours = info.values[i];
		const char *theirs = libpq_value(options, wok__pg_key_name((enum wok__pg_key) i));

		if ((ours != NULL) != (theirs != NULL) || (ours && strcmp(ours, theirs) != 0))
			FAIL("\"%s\": %s is %s, with libpq %s", dsn,
			     wok__pg_key_name((enum wok__pg_key) i), ours ? ours : "(none)",
			     theirs ? theirs : "(none)");
	}
	PQconninfoFree(options);
	wok__pg_conninfo_clear(&info);
}

TEST(libpq_reads_a_dsn_the_same_way, "pg-52", "pgrow-2")
{
	char text[500];

	clean_environment();
	for (int i = 0; i < 200000; i++) {
		if (i % 2)
			make_uri(text, sizeof(text));
		else
			make_pairs(text, sizeof(text));
		compare(text);
	}
}

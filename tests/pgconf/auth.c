/* SPDX-License-Identifier: MIT */
/* Saying who one is: see db/postgres/auth.h. */
#include "db/postgres/auth.h"

#include "pgconf/check.h"

/* The exchange of RFC 7677, section 3, with another nonce and no user's name, as PostgreSQL has it.
 */
#define OUR_NONCE "rOprNGfwEbeRWgbNEkqOabcd"
#define PROOF "i7i0CADk4LRBAhTmMbwLbQeE/5zyHSU5Df1/tIuj3eM=" /* computed by another program */
#define SIGNATURE "8EqxBErMA9WO1QPX1bWgUBivOKP578bcz/j6vY1e1Wo="
#define ALL_NONCE OUR_NONCE "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"

static struct wok__pg_auth auth;
static struct wok__pg_settings *settings;

static void begin(const char *dsn, bool secure)
{
	ASSERT_OK(wok__pg_settings_read(dsn, &settings));
	ASSERT_OK(wok__pg_auth_begin(&auth, settings, 0, secure, OUR_NONCE));
}

static void end(void)
{
	wok__pg_auth_clear(&auth);
	wok__pg_settings_free(settings);
}

/* An Authentication message: its number, and what stands behind it. */
static int step(char what, const char *rest, size_t size)
{
	char body[2000] = {0, 0, 0, what};

	memcpy(body + 4, rest, size);
	return wok__pg_auth_step(&auth, body, 4 + size);
}

static int step_text(char what, const char *text)
{
	return step(what, text, strlen(text));
}

TEST(nobody_asks_and_all_is_well, "pg-50")
{
	clean_environment();
	begin("user=me", false);
	ASSERT_EQ(step_text(0, ""), 0);
	end();
	begin("user=me require_auth=scram-sha-256", false);
	ASSERT_ERR(step_text(0, ""), -EACCES);
	end();
}

TEST(a_password_in_clear_text_goes_only_where_nobody_listens, "pg-50", "pgrow-9")
{
	clean_environment();
	begin("user=me password=secret", false);
	ASSERT_ERR(step_text(3, ""), -EACCES);
	ASSERT(!strstr(wok_errmsg(-EACCES), "secret"));
	end();
	begin("user=me password=secret", true);
	ASSERT_EQ(step_text(3, ""), 1);
	ASSERT_STR(auth.answer, "secret");
	ASSERT_EQ(auth.answer_size, 7);
	ASSERT_ERR(step_text(3, ""), WOK_EPEER); /* twice */
	ASSERT_EQ(step_text(0, ""), 0);
	end();
	begin("user=me", true);
	ASSERT_ERR(step_text(3, ""), -EACCES);
	ASSERT(strstr(wok_errmsg(-EACCES), "and there is none: set password="));
	end();
}

TEST(md5_answers_with_the_salted_hash, "pg-50", "pgrow-5")
{
	clean_environment();
	begin("user=me password=secret", false);
	ASSERT_EQ(step(5, "\x01\x02\x03\x04", 4), 1);
	/* printf '%s\x01\x02\x03\x04' $(printf secretme | md5sum | cut -c1-32) | md5sum */
	ASSERT_STR(auth.answer, "md58322d584bf59f0253d58346307bb6ba3");
	ASSERT_EQ(auth.answer_size, 36);
	ASSERT_ERR(step(5, "\x01\x02\x03\x04", 4), WOK_EPEER);
	end();
	begin("user=me password=secret", false);
	ASSERT_ERR(step(5, "\x01\x02", 2), WOK_EPEER);
	end();
}

static void scram_first(void)
{
	ASSERT_EQ(step(10, "SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0", 34), 1);
	ASSERT_MEM(auth.answer, "SCRAM-SHA-256\0\0\0\0\x20n,,n=,r=" OUR_NONCE, auth.answer_size);
	ASSERT_EQ(auth.answer_size, 14 + 4 + 32);
}

TEST(scram_proves_both_sides, "pg-50", "pgrow-5")
{
	clean_environment();
	begin("user=me password=pencil require_auth=scram-sha-256", false);
	scram_first();
	ASSERT_EQ(step_text(11, "r=" ALL_NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"), 1);
	auth.answer[auth.answer_size] = '\0';
	ASSERT_STR(auth.answer, "c=biws,r=" ALL_NONCE ",p=" PROOF);
	ASSERT_EQ(step_text(12, "v=" SIGNATURE), 2);
	ASSERT_EQ(step_text(0, ""), 0);
	end();
}

TEST(a_server_that_does_not_know_the_password_is_found_out, "pg-50")
{
	static const char *const ends[] = {
		"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
		"v=",
		"v=AAAA",
		"e=other-error",
		"",
	};

	clean_environment();
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		begin("user=me password=pencil", false);
		scram_first();
		ASSERT_EQ(step_text(11, "r=" ALL_NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"), 1);
		ASSERT_ERR(step_text(12, ends[i]), WOK_EPEER);
		end();
	}
	/* Let in half way, as by somebody in between who knows nothing. */
	begin("user=me password=pencil", false);
	scram_first();
	ASSERT_ERR(step_text(0, ""), WOK_EPEER);
	end();
	begin("user=me password=pencil", false);
	scram_first();
	ASSERT_EQ(step_text(11, "r=" ALL_NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"), 1);
	ASSERT_ERR(step_text(0, ""), WOK_EPEER);
	end();
}

TEST(a_hostile_servers_first_message_is_refused, "pg-54", "pgrow-9")
{
	static const struct {
		const char *text;
		int code;
	} rows[] = {
		{"", WOK_EPEER},
		{"e=no", WOK_EPEER},
		{"r=" OUR_NONCE ",s=AAAA,i=1", WOK_EPEER}, /* nothing of its own */
		{"r=rOprNGfwEbeRWgbNEkqOabceX,s=AAAA,i=1", WOK_EPEER},
		{"r=" ALL_NONCE ",s=,i=1", WOK_EPEER},
		{"r=" ALL_NONCE ",s=A*==,i=1", WOK_EPEER},
		{"r=" ALL_NONCE ",s=====,i=1", WOK_EPEER},
		{"r=" ALL_NONCE ",s=AAAA,i=", WOK_EPEER},
		{"r=" ALL_NONCE ",s=AAAA,i=0", WOK_EPEER},
		{"r=" ALL_NONCE ",s=AAAA,i=-1", WOK_EPEER},
		{"r=" ALL_NONCE ",s=AAAA,i=1x", WOK_EPEER},
		{"r=" ALL_NONCE ",s=AAAA,i=100001", WOK_ELIMIT},
		{"r=" ALL_NONCE ",s=AAAA,i=99999999999999999999", WOK_ELIMIT},
	};

	clean_environment();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin("user=me password=pencil", false);
		scram_first();
		ASSERT_ERR(step_text(11, rows[i].text), rows[i].code);
		end();
	}
}

TEST_TASK(many_iterations_are_computed_in_a_thread, "pgrow-9")
{
	clean_environment();
	begin("user=me password=pencil", false);
	scram_first();
	ASSERT_EQ(step_text(11, "r=" ALL_NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=20000"), 1);
	end();
}

TEST(an_unknown_method_is_named, "pg-50")
{
	clean_environment();
	begin("user=me password=x", false);
	ASSERT_ERR(step_text(7, ""), -ENOTSUP);
	ASSERT_ERR(step_text(99, ""), -ENOTSUP);
	ASSERT_ERR(step(10, "SCRAM-SHA-512\0", 15), -ENOTSUP);
	ASSERT_ERR(step(10, "SCRAM-SHA-256", 13), -ENOTSUP); /* its NUL is missing */
	ASSERT_ERR(wok__pg_auth_step(&auth, "\0\0", 2), WOK_EPEER);
	ASSERT_ERR(step_text(11, ""), WOK_EPEER);
	end();
}

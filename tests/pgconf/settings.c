/* SPDX-License-Identifier: MIT */
/* Settings out of a DSN, files and the environment: see db/postgres/settings.h. */
#include "pgconf/check.h"

static struct wok__pg_settings *read_ok(const char *dsn)
{
	struct wok__pg_settings *settings;

	ASSERT_OK(wok__pg_settings_read(dsn, &settings));
	return settings;
}

static const char *refusal(const char *dsn)
{
	struct wok__pg_settings *settings;
	int r = wok__pg_settings_read(dsn, &settings);

	ASSERT(r < 0);
	return wok_errmsg(r);
}

TEST(the_dsn_goes_before_the_service_and_that_before_the_environment, "pgrow-2", "pg-52")
{
	const char *home = clean_environment();

	put_file(home, ".pg_service.conf",
		 "# mine\n[other]\nhost=wrong\n[shop]\nhost=of-service\nuser=of-service\n"
		 "port=7000\n[last]\nport=1\n",
		 0644);
	setenv("PGUSER", "of-environment", 1);
	setenv("PGPORT", "6000", 1);
	setenv("PGDATABASE", "of-environment", 1);
	setenv("PGSSLMODE", "verify-full", 1);
	struct wok__pg_settings *settings = read_ok("service=shop host=of-dsn");
	ASSERT_STR(settings->hosts[0].name, "of-dsn");
	ASSERT_STR(settings->user, "of-service");
	ASSERT_EQ(settings->hosts[0].port, 7000);
	ASSERT_STR(settings->database, "of-environment");
	ASSERT_EQ(settings->sslmode, WOK__PG_SSL_VERIFY_FULL);
	wok__pg_settings_free(settings);
	ASSERT(strstr(refusal("service=none"), "there is no service \"none\""));
	put_file(home, ".pg_service.conf", "[shop]\nhots=x\n", 0644);
	ASSERT(strstr(refusal("service=shop"), ".pg_service.conf:2: \"hots\" is no setting"));
}

TEST(several_hosts_have_a_port_each_or_one_for_all, "pgrow-3", "pg-52")
{
	clean_environment();
	struct wok__pg_settings *settings =
		read_ok("host=a,/run,b hostaddr=192.0.2.1,,::1 port=1,,3 "
			"target_session_attrs=prefer-standby");
	ASSERT_EQ(settings->n_hosts, 3);
	ASSERT_STR(settings->hosts[0].address, "192.0.2.1");
	ASSERT(wok__pg_host_is_local(&settings->hosts[1]));
	ASSERT_EQ(settings->hosts[1].port, 5432);
	ASSERT_STR(settings->hosts[2].name, "b");
	ASSERT_EQ(settings->hosts[2].port, 3);
	ASSERT_EQ(settings->target, WOK__PG_PREFER_STANDBY);
	wok__pg_settings_free(settings);
	ASSERT_STR(refusal("host=a,b port=1,2,3"), "DSN: 3 ports for 2 hosts");
	ASSERT_STR(refusal("host=a,b hostaddr=::1"), "DSN: 2 hosts, but 1 hostaddr");
	ASSERT_STR(refusal("port=65536"),
		   "DSN: port cannot be \"65536\": it should be from 1 to 65535");
}

TEST(a_password_file_is_read_if_nobody_else_may, "pgrow-2", "pg-52")
{
	const char *home = clean_environment();
	static const char text[] = "# hosts\nh:5432:*:me:first\\:part\r\n*:*:db:*:second\n"
				   "localhost:5432:d2:me:third\n";

	put_file(home, ".pgpass", text, 0600);
	struct wok__pg_settings *settings =
		read_ok("host=h,other,h port=5432,5432,1 user=me dbname=db");
	ASSERT_STR(wok__pg_password(settings, 0), "first:part");
	ASSERT_STR(wok__pg_password(settings, 1), "second");
	ASSERT_STR(wok__pg_password(settings, 2), "second");
	wok__pg_settings_free(settings);
	settings = read_ok("user=me dbname=d2"); /* the default folder is localhost there */
	ASSERT_STR(wok__pg_password(settings, 0), "third");
	wok__pg_settings_free(settings);
	settings = read_ok("host=h user=you dbname=none");
	ASSERT(!wok__pg_password(settings, 0));
	wok__pg_settings_free(settings);
	settings = read_ok("host=h user=me password=said");
	ASSERT_STR(wok__pg_password(settings, 0), "said");
	wok__pg_settings_free(settings);

	put_file(home, ".pgpass", text, 0644);
	settings = read_ok("host=h user=me dbname=db");
	ASSERT(!wok__pg_password(settings, 0));
	ASSERT(strstr(settings->passfile_refused, "others may read it too (chmod 0600 "));
	wok__pg_settings_free(settings);
}

TEST(values_that_make_no_sense_are_refused, "pgrow-2")
{
	static const char *const rows[][2] = {
		{"sslmode=maybe", "sslmode cannot be \"maybe\": it should be disable|allow|prefer"},
		{"connect_timeout=soon",
		 "connect_timeout cannot be \"soon\": it should be an integer"},
		{"target_session_attrs=any,", "target_session_attrs cannot be"},
		{"require_auth=scram-sha-256,!md5", "require_auth cannot be"},
		{"require_auth=kerberos", "require_auth cannot be"},
		{"client_encoding=latin1", "it should be UTF8"},
		{"gssencmode=require", "there is no GSSAPI here"},
		{"channel_binding=require", "it is not built"},
		{"replication=database", "it is not built"},
	};

	clean_environment();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ASSERT(strstr(refusal(rows[i][0]), rows[i][1]));
}

TEST(require_auth_names_methods_or_excludes_them, "pgrow-9")
{
	static const struct {
		const char *dsn;
		unsigned set;
	} rows[] = {
		{"", WOK__PG_AUTH_ANY},
		{"require_auth=scram-sha-256", WOK__PG_AUTH_SCRAM},
		{"require_auth=md5,none", WOK__PG_AUTH_MD5 | WOK__PG_AUTH_NONE},
		{"require_auth=!password,!md5", WOK__PG_AUTH_NONE | WOK__PG_AUTH_SCRAM},
	};

	clean_environment();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wok__pg_settings *settings = read_ok(rows[i].dsn);

		ASSERT_EQ(settings->require_auth, rows[i].set);
		wok__pg_settings_free(settings);
	}
}

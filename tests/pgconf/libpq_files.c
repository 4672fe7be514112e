/* SPDX-License-Identifier: MIT */
/*
 * What wok and libpq make of the same password and service files: thousands of them, put together
 * from their pieces. Of libpq only the beginning of a connection is used, to sockets where nobody
 * listens: it has read the files by then.
 */
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

static void make_passwords(char *text, size_t size)
{
	static const char *const hosts[] = {"*",   "localhost", "/nowhere", "::1",
					    "*x",  "127.0.0.1", "\\:\\:1",  "/var/run/postgresql",
					    "a\\b"};
	static const char *const ports[] = {"*", "1", "5432", "1,2", ""};
	static const char *const databases[] = {"*", "db", "me", "d\\:b", "d:b", ""};
	static const char *const users[] = {"*", "me", "u\\\\x", ""};
	static const char *const passwords[] = {"pw",     "p:w", "p\\:w", "p\\\\w",
						"p w \t", "p\\", "#",     ""};
	static const char *const ends[] = {"\n", "\r\n", "\n\n", "\n#x\n", " \n", ""};
	size_t used = 0;

	*text = '\0';
	for (unsigned i = below(5); i > 0; i--)
		used += (size_t) snprintf(text + used, size - used, "%s:%s:%s:%s:%s%s", PICK(hosts),
					  PICK(ports), PICK(databases), PICK(users),
					  PICK(passwords), PICK(ends));
}

static const char *service_file(void)
{
	static const char *const files[] = {
		"[s]\nuser=me\ndbname=db\nport=1\n",
		"[t]\nuser=no\n[s]\n user = me\n",
		"[s]\nport=1\nuser=me",
		"[s] \nport=1\ndbname = db\n",
		"# x\n\n[s]\nnonsense=1\n",
		"[s]\nuser\n",
		"",
		"[s]\nport=1\n[s]\nuser=me\n",
		"[s]\nservice=t\n",
		"[s]\nuser=\nport=1\n",
		"[s]\n host=/nowhere\nport=1\r\n",
		"[s]\npassword=x y \nport=1\n",
	};
	return PICK(files);
}

static const char *make_dsn(char *text, size_t size)
{
	static const char *const hosts[] = {"host=/nowhere", "hostaddr=::1", "host=''",
					    "host=localhost hostaddr=127.0.0.1",
					    "host=127.0.0.1,/nowhere"};
	static const char *const rest[] = {"port=1",
					   "port=1 dbname=db",
					   "port=1 user=me dbname=d:b",
					   "port=1 dbname=db user=u\\\\x",
					   "port=1,1",
					   "dbname=me port=1 user=''",
					   "service=s port=1",
					   "service=s"};

	snprintf(text, size, "%s %s", PICK(hosts), PICK(rest));
	return text;
}

static void set_or_not(const char *name, const char *value, unsigned once_in)
{
	if (below(once_in) == 0)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

/* Whether libpq takes settings, by what it says: later than that it always fails, at the network.
 */
static bool is_taken(const PGconn *conn)
{
	static const char *const refusals[] = {"syntax error",    "definition of service",
					       "nested",          "could not match",
					       "invalid integer", "invalid port"};
	const char *says = PQerrorMessage(conn);

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (strstr(says, refusals[i]))
			return false;
	return true;
}

static void same(const char *what, const char *dsn, const char *theirs, const char *ours)
{
	theirs = theirs ? theirs : "";
	ours = ours ? ours : "";
	if (strcmp(theirs, ours) != 0)
		FAIL("%s of \"%s\" is \"%s\", with libpq \"%s\"", what, dsn, ours, theirs);
}

static void compare(const char *dsn)
{
	struct wok__pg_settings *settings = NULL;
	PGconn *conn = PQconnectStart(dsn);
	int r = wok__pg_settings_read(dsn, &settings);

	ASSERT(conn);
	if ((r == 0) != is_taken(conn))
		FAIL("\"%s\": libpq says %s, and wok %s", dsn, PQerrorMessage(conn),
		     r < 0 ? wok_errmsg(r) : "nothing");
	if (r == 0) {
		same("the user", dsn, PQuser(conn), settings->user);
		same("the database", dsn, PQdb(conn), settings->database);
		same("the password", dsn, PQpass(conn), wok__pg_password(settings, 0));
	}
	wok__pg_settings_free(settings);
	PQfinish(conn);
}

TEST(libpq_reads_its_files_the_same_way, "pg-52", "pgrow-2")
{
	const char *home = clean_environment();
	char text[1000], dsn[200];

	for (int i = 0; i < 2000; i++) {
		make_passwords(text, sizeof(text));
		put_file(home, ".pgpass", text, 0600);
		put_file(home, ".pg_service.conf", service_file(), 0600);
		set_or_not("PGUSER", below(2) ? "me" : "", 4);
		set_or_not("PGDATABASE", "db", 4);
		set_or_not("PGSERVICE", "s", 6);
		set_or_not("PGPASSWORD", "of environment", 8);
		compare(make_dsn(dsn, sizeof(dsn)));
	}
}

/* SPDX-License-Identifier: MIT */
/* The netrc file. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wok/wok.h>

#include "harness/reports.h"
#include "harness/test.h"
#include "http/client/auth.h"

static char text[] = "# machine no.test login x password y\n"
		     "machine a.test login one password p1\n"
		     "machine A.test\n\tlogin two\n\tpassword p2\n\n"
		     "machine b.test account x password \"p \\\"3\\\"\" login three\n"
		     "macdef init\nmachine c.test login macro password macro\nquit\n\n"
		     "machine c.test login four # not for everyone\n"
		     "machine d.test password only\n"
		     "machine e.test\n"
		     "default login anybody password guest";

static void check(const char *host, const char *user, const char *found, const char *password)
{
	char *copy = malloc(sizeof(text) - 1); /* without the NUL */
	struct wok__netrc netrc = {copy, sizeof(text) - 1};
	struct wok__netrc_entry entry;

	memcpy(copy, text, sizeof(text) - 1);
	ASSERT(wok__netrc_find(&netrc, host, user, &entry));
	ASSERT_STR(entry.user, found);
	ASSERT_STR(entry.password, password);
	free(copy);
}

TEST(a_host_is_found_in_a_netrc_file, "client-36")
{
	check("a.test", NULL, "one", "p1");
	check("A.TEST", NULL, "one", "p1");
	check("a.test", "two", "two", "p2");
	check("b.test", NULL, "three", "p \"3\"");
	check("c.test", NULL, "four", "");
	check("d.test", NULL, "", "only");
	check("d.test", "me", "me", "only");
	check("e.test", NULL, "anybody", "guest");
	check("other.test", NULL, "anybody", "guest");
	check("no.test", NULL, "anybody", "guest"); /* stands in a comment */
}

TEST(what_is_not_in_a_netrc_file_is_not_found, "client-36")
{
	static const char *const texts[] = {
		"",
		"machine",
		"machine a.test",
		"machine a.test login",
		"machine b login x",
		"login x password y",
		"macdef m\nmachine a.test login x password y",
		"#",
		"machine a.test login other password y",
		"default",
		"\"",
		"machine \"a.test",
	};
	static char large[600];
	struct wok__netrc_entry entry;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t size = strlen(texts[i]);
		char *copy = malloc(size ? size : 1);
		struct wok__netrc netrc = {copy, size};
		memcpy(copy, texts[i], size);
		if (wok__netrc_find(&netrc, "a.test", "user", &entry))
			FAIL("something is found in \"%s\"", texts[i]);
		free(copy);
	}
	/* A password that does not fit is not cut short. */
	memset(large, 'x', sizeof(large));
	memcpy(large, "machine a.test login user password ", 35);
	struct wok__netrc netrc = {large, 35 + 255};
	ASSERT(wok__netrc_find(&netrc, "a.test", "user", &entry));
	netrc.size++;
	ASSERT(!wok__netrc_find(&netrc, "a.test", "user", &entry));
	ASSERT(!wok__netrc_find(&(struct wok__netrc){0}, "a.test", NULL, &entry));
}

static int load(void *arg)
{
	return wok__netrc_load(arg);
}

TEST(the_netrc_file_is_named_by_the_environment, "client-36")
{
	char folder[] = "/tmp/wok-test-XXXXXX", path[64];
	struct wok__netrc netrc = {0};

	ASSERT(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/.netrc", folder);
	FILE *file = fopen(path, "w");
	ASSERT(file && fputs("machine a login b", file) >= 0 && fclose(file) == 0);
	ASSERT_OK(chmod(path, 0600));
	unsetenv("NETRC");
	setenv("HOME", folder, 1);
	ASSERT_OK(wok_run(load, &netrc));
	ASSERT_EQ(netrc.size, 17);
	wok__netrc_free(&netrc);
	setenv("HOME", "/nowhere", 1);
	ASSERT_OK(wok_run(load, &netrc));
	ASSERT(!netrc.text);
	setenv("NETRC", path, 1);
	ASSERT_OK(wok_run(load, &netrc));
	ASSERT_EQ(netrc.size, 17);
	wok__netrc_free(&netrc);
	setenv("NETRC", folder, 1);
	ASSERT_ERR(wok_run(load, &netrc), -EISDIR);
	ASSERT_OK(unlink(path));
	ASSERT_OK(rmdir(folder));
}

struct shared_file {
	const char *path;
	const struct test_reports *reports;
};

static int load_with_permissions(void *arg)
{
	struct shared_file *file = arg;
	struct wok__netrc netrc = {0};

	WOK_TRY(wok__netrc_load(&netrc));
	wok__netrc_free(&netrc);
	ASSERT_EQ(file->reports->n, 0);
	ASSERT_OK(chmod(file->path, 0640));
	WOK_TRY(wok__netrc_load(&netrc));
	wok__netrc_free(&netrc);
	return 0;
}

TEST(a_netrc_file_that_others_can_read_is_reported, "client-36")
{
	char path[] = "/tmp/wok-test-XXXXXX";
	struct test_reports reports = {0};

	close(mkstemp(path));
	setenv("NETRC", path, 1);
	ASSERT_OK(test_run_reporting(&reports, load_with_permissions,
				     &(struct shared_file){path, &reports}));
	ASSERT_EQ(reports.n, 1);
	ASSERT(strstr(reports.kept[0].message, path) && strstr(reports.kept[0].message, "chmod"));
	ASSERT_OK(unlink(path));
}

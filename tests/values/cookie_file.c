/* SPDX-License-Identifier: MIT */
/* Jars in files, as curl has them. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wok/test.h>
#include <wok/wok.h>

#include "values/cookie_check.h"

static void fill(wok_cookie_jar *jar)
{
	store(jar, "https://a.b.test/", "one=1; Path=/; Secure; Max-Age=100");
	store(jar, "http://a.b.test/", "two=t w o; Domain=b.test; HttpOnly; Path=/p");
	store(jar, "http://127.0.0.1/", "three=");
	store(jar, "http://[::1]/", "four=4; Max-Age=100");
	store(jar, "http://gone.test/", "five=5; Max-Age=1");
}

static const char *const expected_lines = "[::1]\tFALSE\t/\tFALSE\t1700000100\tfour\t4\n"
					  "127.0.0.1\tFALSE\t/\tFALSE\t0\tthree\t\n"
					  "#HttpOnly_.b.test\tTRUE\t/p\tFALSE\t0\ttwo\tt w o\n"
					  "a.b.test\tFALSE\t/\tTRUE\t1700000100\tone\t1\n";

static void check_all(wok_cookie_jar *jar)
{
	CHECK_SENT_AT(jar, "https://a.b.test/p", "two=t w o; one=1", cookie_now + 50);
	CHECK_SENT_AT(jar, "http://x.b.test/p", "two=t w o", cookie_now + 50);
	CHECK_SENT_AT(jar, "http://127.0.0.1/", "three=", cookie_now + 50);
	CHECK_SENT_AT(jar, "http://[::1]/", "four=4", cookie_now + 50);
	CHECK_SENT_AT(jar, "http://[::1]/", "", cookie_now + 100);
}

TEST(a_jar_is_written_and_read_back, "client-33")
{
	WOK_AUTO(wok_cookie_jar) *jar = new_jar(NULL);
	WOK_AUTO(wok_cookie_jar) *back = new_jar(NULL);
	struct wok__buffer out = {0};

	fill(jar);
	ASSERT_OK(wok__cookies_write(jar, cookie_now + 50, &out));
	wok__buffer_add(&out, "", 1);
	ASSERT(strncmp(out.data, "# Netscape HTTP Cookie File\n", 28) == 0);
	for (const char *line = expected_lines; *line; line = strchr(line, '\n') + 1) {
		char text[200];
		snprintf(text, sizeof(text), "\n%.*s", (int) strcspn(line, "\n"), line);
		if (strncmp(text, "\n[::1]", 6) == 0)
			snprintf(text, sizeof(text),
				 "\n::1\tFALSE\t/\tFALSE\t1700000100\tfour\t4\n");
		if (!strstr(out.data, text))
			FAIL("there is no line \"%s\" in %s", text, out.data);
	}
	ASSERT(!strstr(out.data, "five")); /* is over */
	ASSERT_OK(wok__cookies_read(back, out.data, out.size - 1, cookie_now + 50));
	ASSERT_EQ(back->n_cookies, 4);
	check_all(back);
	wok__buffer_free(&out);
}

TEST(the_order_of_use_survives_a_file)
{
	WOK_AUTO(wok_cookie_jar) *jar = new_jar(NULL);
	WOK_AUTO(wok_cookie_jar) *back = new_jar(&(wok_cookie_jar_options){.limit = 2});
	struct wok__buffer out = {0};

	store(jar, "http://a.test/", "a=1");
	store(jar, "http://b.test/", "b=1");
	store(jar, "http://c.test/", "c=1");
	CHECK_SENT(jar, "http://a.test/", "a=1");
	ASSERT_OK(wok__cookies_write(jar, cookie_now, &out));
	ASSERT_OK(wok__cookies_read(back, out.data, out.size, cookie_now));
	CHECK_SENT(back, "http://a.test/", "a=1");
	CHECK_SENT(back, "http://b.test/", ""); /* was the stalest */
	CHECK_SENT(back, "http://c.test/", "c=1");
	wok__buffer_free(&out);
}

TEST(lines_that_make_no_sense_are_left_out)
{
	static const char text[] = "# comment\n\n#HttpOnly_\n#HttpOnly_x\r\n"
				   "h.test\tFALSE\t/\tFALSE\t0\ta\t1\r\n"
				   "H2.test\tFALSE\t/\tFALSE\t0\tb\t2\n"
				   "h.test\tFALSE\t/\tFALSE\t0\tc\n"
				   "h.test\tFALSE\t/\tFALSE\tx\td\t1\n"
				   "h.test\tFALSE\t/\tFALSE\t-1\td\t1\n"
				   "h.test\tFALSE\t/\tFALSE\t\td\t1\n"
				   "h.test\tFALSE\t/\tFALSE\t99999999999999999999\td\t1\n"
				   "h.test\tFALSE\tx\tFALSE\t0\te\t1\n"
				   "h.test\tFALSE\t/\tFALSE\t0\tf\t1\t2\n"
				   "h.test\tFALSE\t/\tFALSE\t1\tg\told\n"
				   "h test\tFALSE\t/\tFALSE\t0\th\t1\n"
				   "h.test\tFALSE\t/\tFALSE\t0\ti\tx;y\n"
				   "\tFALSE\t/\tFALSE\t0\tj\t1\n"
				   "h.test\tFALSE\t/\tFALSE\t0\tk\tlast";
	WOK_AUTO(wok_cookie_jar) *jar = new_jar(NULL);

	ASSERT_OK(wok__cookies_read(jar, text, sizeof(text) - 1, cookie_now));
	CHECK_SENT(jar, "http://h.test/", "a=1; k=last");
	CHECK_SENT(jar, "http://h2.test/", "b=2");
	ASSERT_EQ(jar->n_cookies, 3);
}

struct file {
	wok_cookie_jar *jar;
	const char *path;
};

static int save_and_load(void *arg)
{
	struct file *file = arg;
	WOK_AUTO(wok_cookie_jar) *back = new_jar(NULL);

	WOK_TRY(wok_cookie_jar_save(file->jar, file->path));
	WOK_TRY(wok_cookie_jar_load(back, file->path));
	ASSERT_EQ(back->n_cookies, file->jar->n_cookies);
	ASSERT_ERR(wok_cookie_jar_load(back, "/nowhere/cookies"), -ENOENT);
	ASSERT_ERR(wok_cookie_jar_save(back, "/nowhere/cookies"), -ENOENT);
	return 0;
}

TEST(a_saved_jar_is_for_its_owner_only, "client-33")
{
	char folder[] = "/tmp/wok-test-XXXXXX", path[64];
	WOK_AUTO(wok_cookie_jar) *jar = new_jar(NULL);
	struct stat status;

	ASSERT(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/jar", folder);
	ASSERT_OK(wok_cookie_jar_store(jar, "http://h/", "a=b"));
	ASSERT_OK(wok_cookie_jar_store(jar, "http://h/", "c=d; Max-Age=1000"));
	ASSERT_OK(wok_run(save_and_load, &(struct file){jar, path}));
	ASSERT_OK(stat(path, &status));
	ASSERT_EQ(status.st_mode & 0777, 0600);
	ASSERT_OK(unlink(path));
	ASSERT_OK(rmdir(folder)); /* nothing lies beside it */
}

TEST(curl_reads_what_was_saved_and_its_file_is_read, "client-33")
{
	char folder[] = "/tmp/wok-test-XXXXXX", command[400];
	WOK_AUTO(wok_cookie_jar) *jar = new_jar(NULL);
	WOK_AUTO(wok_cookie_jar) *back = new_jar(NULL);
	struct wok__buffer out = {0};
	static char text[4000];

	if (system("curl --version >/dev/null 2>&1") != 0)
		SKIP("there is no curl");
	ASSERT(mkdtemp(folder));
	fill(jar);
	/* in curl's own time */
	store_at(jar, "http://a.b.test/", "six=6; Max-Age=1000", wok__wall_clock());
	ASSERT_OK(wok__cookies_write(jar, cookie_now, &out));
	snprintf(command, sizeof(command), "%s/in", folder);
	FILE *file = fopen(command, "w");
	ASSERT(file && fwrite(out.data, 1, out.size, file) == out.size && fclose(file) == 0);
	snprintf(command, sizeof(command),
		 "curl -s -b %s/in -c %s/out file:///dev/null >/dev/null; cat %s/out; rm -r %s",
		 folder, folder, folder, folder);
	file = popen(command, "r");
	ASSERT(file);
	size_t size = fread(text, 1, sizeof(text) - 1, file);
	pclose(file);
	ASSERT(size > 0);
	ASSERT_OK(wok__cookies_read(back, text, size, cookie_now + 50));
	CHECK_SENT_AT(back, "http://x.b.test/p", "two=t w o", cookie_now + 50);
	CHECK_SENT_AT(back, "http://a.b.test/", "six=6", cookie_now + 50);
	CHECK_SENT_AT(back, "http://127.0.0.1/", "three=", cookie_now + 50);
	ASSERT(strstr(text, "#HttpOnly_.b.test"));
	wok__buffer_free(&out);
}

static int in_cancelled_scope(void *arg)
{
	struct file *file = arg;
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new(&scope));
	wok_scope_cancel(scope, NULL);
	ASSERT_ERR(wok_cookie_jar_load(file->jar, file->path), -ECANCELED);
	ASSERT_ERR(wok_cookie_jar_save(file->jar, file->path), -ECANCELED);
	ASSERT_EQ(file->jar->n_cookies, 0);
	return wok_scope_join(scope);
}

TEST(loading_and_saving_are_cancelled_cleanly)
{
	char path[] = "/tmp/wok-test-XXXXXX";
	WOK_AUTO(wok_cookie_jar) *jar = new_jar(NULL);
	WOK_AUTO(wok_cookie_jar) *other = new_jar(NULL);

	close(mkstemp(path));
	ASSERT_OK(wok_cookie_jar_store(jar, "http://h/", "a=b"));
	ASSERT_OK(wok_run(save_and_load, &(struct file){jar, path}));
	ASSERT_OK(wok_run(in_cancelled_scope, &(struct file){other, path}));
	ASSERT_OK(wok_run(save_and_load, &(struct file){jar, path})); /* the file is whole */
	ASSERT_OK(unlink(path));
}

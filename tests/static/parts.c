/* SPDX-License-Identifier: MIT */
/* The pure functions behind static files: tags, paths, types, codings. */
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "harness/test.h"
#include "http/static/condition.h"
#include "http/static/mime.h"
#include "http/static/path.h"
#include "http/static/sibling.h"

/* --- tags ------------------------------------------------------------------------------------- */

TEST(a_tag_is_found_in_a_list_by_the_comparison_that_is_asked_for)
{
	ASSERT(wok__etag_is_in("\"a\"", "\"a\"", true));
	ASSERT(wok__etag_is_in(" \"b\" ,\t\"a\"", "\"a\"", true));
	ASSERT(wok__etag_is_in("\"with, comma\", \"a\"", "\"a\"", true));
	ASSERT(wok__etag_is_in("*", "\"a\"", true));
	ASSERT(!wok__etag_is_in("\"b\"", "\"a\"", true));
	ASSERT(!wok__etag_is_in("a", "\"a\"", true));
	ASSERT(!wok__etag_is_in("\"a", "\"a\"", true));
	ASSERT(!wok__etag_is_in("", "\"a\"", true));
	ASSERT(!wok__etag_is_in("\"aa\", \"\"", "\"a\"", true));
	ASSERT(!wok__etag_is_in("\"a\"", "", true));
	ASSERT(!wok__etag_is_in("W/\"a\"", "\"a\"", true));
	ASSERT(!wok__etag_is_in("\"a\"", "W/\"a\"", true));
	ASSERT(!wok__etag_is_in("W/\"a\"", "W/\"a\"", true));
	ASSERT(wok__etag_is_in("W/\"a\"", "\"a\"", false));
	ASSERT(wok__etag_is_in("\"a\"", "W/\"a\"", false));
	ASSERT(wok__etag_is_in("\"b\", W/\"a\"", "W/\"a\"", false));
}

TEST(the_tag_of_a_file_that_may_still_change_within_its_date_is_weak, "server-11")
{
	const int64_t second = 1000000000;
	struct stat stat = {.st_size = 5, .st_ino = 7, .st_mtim = {.tv_sec = 100, .tv_nsec = 1}};
	struct wok__version old, recent, future;

	wok__version_of(&stat, 103 * second, &old);
	ASSERT_STR(old.etag, "\"174876e801-5-7\"");
	ASSERT(!old.recent);
	ASSERT_EQ(old.modified, 100);
	wok__version_of(&stat, 101 * second, &recent);
	ASSERT_STR(recent.etag, "W/\"174876e801-5-7\"");
	ASSERT(recent.recent);
	/* A date must not lie in the future of the message. */
	wok__version_of(&stat, 50 * second, &future);
	ASSERT(future.recent);
	ASSERT_EQ(future.modified, 50);
}

TEST(the_tag_tells_the_size_the_file_and_the_nanosecond_apart)
{
	const struct stat stats[] = {
		{.st_size = 5, .st_ino = 7, .st_mtim = {.tv_sec = 100, .tv_nsec = 1}},
		{.st_size = 6, .st_ino = 7, .st_mtim = {.tv_sec = 100, .tv_nsec = 1}},
		{.st_size = 5, .st_ino = 8, .st_mtim = {.tv_sec = 100, .tv_nsec = 1}},
		{.st_size = 5, .st_ino = 7, .st_mtim = {.tv_sec = 100, .tv_nsec = 2}},
	};
	struct wok__version versions[4];

	for (size_t i = 0; i < 4; i++) {
		wok__version_of(&stats[i], INT64_C(200000000000), &versions[i]);
		for (size_t k = 0; k < i; k++)
			ASSERT(strcmp(versions[i].etag, versions[k].etag) != 0);
	}
}

/* --- paths ------------------------------------------------------------------------------------ */

TEST(a_url_becomes_a_path_below_the_folder)
{
	struct wok__static_path path;

	ASSERT_EQ(wok__static_path("", false, &path), 0);
	ASSERT_STR(path.text, ".");
	ASSERT(path.folder);
	ASSERT_EQ(wok__static_path("a/b%20c.txt", false, &path), 0);
	ASSERT_STR(path.text, "a/b c.txt");
	ASSERT(!path.folder);
	ASSERT_EQ(wok__static_path("a/%e4%bd%a0/", false, &path), 0);
	ASSERT_STR(path.text, "a/你");
	ASSERT(path.folder);
	ASSERT_EQ(wok__static_path("a..b/...c.d", true, &path), 0);
	ASSERT_STR(path.text, "a..b/...c.d");
}

TEST(what_would_climb_out_or_means_something_else_is_refused, "http-46")
{
	static const struct {
		const char *rest;
		int status;
	} cases[] = {
		{"..", 404},       {"../x", 404},   {"a/../../x", 404},   {"a/..", 404},
		{".", 404},        {"./a", 404},    {"a/./b", 404},       {"/etc/passwd", 404},
		{"a//b", 404},     {"//", 404},     {"%2e%2e/x", 404},    {"%2E%2e", 404},
		{".%2e/x", 404},   {"..%2fx", 404}, {"a%2fb", 404},       {"%2fetc", 404},
		{"a\\..\\b", 404}, {"a%5cb", 404},  {"..%5c", 404},       {"a%00", 400},
		{"a%00.txt", 400}, {"%zz", 400},    {"%", 400},           {"%4", 400},
		{"a%", 400},       {"a/%2", 400},   {".git/config", 404}, {"a/.env", 404},
		{"%2egit", 404},
	};
	struct wok__static_path path;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int status = wok__static_path(cases[i].rest, false, &path);
		if (status != cases[i].status)
			FAIL("\"%s\" is %d, not %d", cases[i].rest, status, cases[i].status);
	}
	ASSERT_EQ(wok__static_path(".git/config", true, &path), 0);
	ASSERT_EQ(wok__static_path("..", true, &path), 404);
}

TEST(a_path_that_no_system_takes_is_414)
{
	struct wok__static_path path;
	char rest[2 * PATH_MAX];

	memset(rest, 'a', sizeof(rest));
	rest[sizeof(rest) - 1] = '\0';
	for (size_t i = 100; i < sizeof(rest) - 1; i += 100)
		rest[i] = '/';
	ASSERT_EQ(wok__static_path(rest, false, &path), 414);
	for (size_t size = PATH_MAX - 3; size < PATH_MAX + 3; size++) {
		char cut[2 * PATH_MAX];
		memcpy(cut, rest, size);
		cut[size] = '\0';
		int status = wok__static_path(cut, false, &path);
		ASSERT_EQ(status, size < PATH_MAX ? 0 : 414);
		if (status == 0)
			ASSERT_STR(path.text, cut);
	}
}

/* --- types ------------------------------------------------------------------------------------ */

TEST(a_files_type_is_that_of_its_suffix_in_any_case, "server-11")
{
	ASSERT_STR(wok__mime_of(NULL, "a/index.html"), "text/html");
	ASSERT_STR(wok__mime_of(NULL, "IMAGE.PNG"), "image/png");
	ASSERT_STR(wok__mime_of(NULL, "a.b/c.tar.gz"), "application/gzip");
	ASSERT_STR(wok__mime_of(NULL, "7.7z"), "application/x-7z-compressed");
	ASSERT_STR(wok__mime_of(NULL, "x.zst"), "application/zstd");
	ASSERT_STR(wok__mime_of(NULL, "html"), "application/octet-stream");
	ASSERT_STR(wok__mime_of(NULL, "a.html/README"), "application/octet-stream");
	ASSERT_STR(wok__mime_of(NULL, "a."), "application/octet-stream");
	ASSERT_STR(wok__mime_of(NULL, "a.unknown-to-all-and-rather-a-long-one"),
		   "application/octet-stream");
	ASSERT(wok__mime_is_text("text/html"));
	ASSERT(!wok__mime_is_text("text/html; charset=gb18030"));
	ASSERT(!wok__mime_is_text("image/png"));
}

TEST(types_that_were_given_go_before_those_of_a_file_and_those_before_woks)
{
	static const char text[] = "# a comment\n"
				   "text/x-new\t\tnew  NEWER # more\n"
				   "\n"
				   "application/x-nothing\n"
				   "text/from-file html\n";
	char path[] = "/tmp/wok-mime-XXXXXX";
	struct wok__mime mime = {0};
	int fd = mkostemp(path, O_CLOEXEC);

	ASSERT_EQ(write(fd, text, sizeof(text) - 1), (ssize_t) sizeof(text) - 1);
	close(fd);
	ASSERT_OK(wok__mime_load(&mime, path));
	unlink(path);
	ASSERT_STR(wok__mime_of(&mime, "a.new"), "text/x-new");
	ASSERT_STR(wok__mime_of(&mime, "a.newer"), "text/x-new");
	ASSERT_STR(wok__mime_of(&mime, "a.html"), "text/from-file");
	ASSERT_STR(wok__mime_of(&mime, "a.png"), "image/png");
	ASSERT_OK(wok__mime_add(&mime, "HTML", "text/given"));
	ASSERT_STR(wok__mime_of(&mime, "a.html"), "text/given");
	ASSERT_EQ(mime.n, 3);
	wok__mime_free(&mime);
	ASSERT_ERR(wok__mime_load(&mime, "/nowhere"), -ENOENT);
}

/* --- codings ---------------------------------------------------------------------------------- */

/* What is preferred, as "br gzip". */
static const char *prefer(const char *accept)
{
	static char text[64];
	enum wok__coding siblings[WOK__SIBLINGS];
	size_t n = wok__siblings_for(accept, siblings);

	text[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		strcat(text, i > 0 ? " " : "");
		strcat(text, wok__coding_name(siblings[i]));
	}
	return text;
}

TEST(a_coding_is_chosen_by_its_weight_and_then_by_our_liking)
{
	ASSERT_STR(prefer(NULL), "");
	ASSERT_STR(prefer(""), "");
	ASSERT_STR(prefer("gzip"), "gzip");
	ASSERT_STR(prefer("gzip, deflate, br, zstd"), "br zstd gzip");
	ASSERT_STR(prefer("GZIP;q=1.0,BR;q=0.5"), "gzip br");
	ASSERT_STR(prefer("*"), "br zstd gzip");
	ASSERT_STR(prefer("gzip;q=0, *;q=0.5"), "br zstd");
	ASSERT_STR(prefer("br;q=0"), "");
	ASSERT_STR(prefer("br;q=0.000"), "");
	ASSERT_STR(prefer("br; q=0.001"), "br");
	ASSERT_STR(prefer("identity, br;q=0.5"), "");
	ASSERT_STR(prefer("identity;q=0.5, br;q=0.5"), "br");
	ASSERT_STR(prefer("xbr, brx, x-gzip"), "gzip");
	ASSERT_STR(prefer("br;q=nonsense, gzip"), "gzip");
	ASSERT_STR(prefer(",, ,gzip ,"), "gzip");
}

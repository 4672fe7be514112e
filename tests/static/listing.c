/* SPDX-License-Identifier: MIT */
/* Pages that show what is in a folder. */
#include "static/site.h"

/* That the body has these texts, in this order. */
static void expect_in_order(const char *body, const char *const *texts)
{
	const char *at = body;

	for (; *texts; texts++) {
		const char *found = strstr(at, *texts);
		if (!found)
			FAIL("\"%s\" is not there, or not in its place, in\n%s", *texts, body);
		at = found + strlen(*texts);
	}
}

TEST_TASK(a_page_shows_folders_and_files_in_order_with_sizes_and_dates, "server-11")
{
	IN_FOLDER;
	static const char *const texts[] = {
		"<title>/sub/</title>",
		"<h1>/sub/</h1>",
		"<a href=\"../\">../</a>",
		"<a href=\"inner/\">inner/</a><td><td>",
		"<a href=\"b.txt\">b.txt</a><td>26 B<td>1994-11-06 08:49\n",
		"<a href=\"big\">big</a><td>1.5 KiB<td>",
		"<a href=\"z\">z</a><td>0 B<td>",
		NULL,
	};
	struct peer peer = {0};
	struct answer answer;
	char big[1537];

	memset(big, 'x', sizeof(big));
	big[1536] = '\0';
	put_folder("sub");
	put_old("sub/z", "");
	put_old("sub/b.txt", LETTERS);
	put_old("sub/big", big);
	put_folder("sub/inner");
	put_old("sub/.hidden", "x");
	ASSERT_EQ(mkfifo(in("sub/fifo"), 0600), 0);
	site_open(&peer, &(wok_http_static_options){.listing = true});
	ask(&peer, GET("/sub/", ""), &answer);
	ASSERT_EQ(answer.status, 200);
	ASSERT_STR(answer_header(&answer, "Content-Type"), "text/html; charset=utf-8");
	ASSERT_STR(answer_header(&answer, "Cache-Control"), "no-cache");
	expect_in_order(answer.body, texts);
	ASSERT(!strstr(answer.body, "hidden"));
	ASSERT(!strstr(answer.body, "fifo"));
	ask(&peer, GET("/", ""), &answer);
	ASSERT(!strstr(answer.body, "../"));
	expect(&peer, GET("/sub", ""), 301, NULL);
	ask_with(&peer, HEAD("/sub/", ""), WOK__H1_FOR_HEAD, &answer);
	ASSERT_EQ(answer.status, 200);
	peer_end(&peer);
}

TEST_TASK(there_are_no_pages_unless_that_is_asked_for, "server-11")
{
	IN_FOLDER;
	struct peer peer = {0};

	put_folder("sub");
	site_open(&peer, NULL);
	expect_path(&peer, "/sub/", 404, NULL);
	peer_end(&peer);
}

TEST_TASK(names_on_a_page_cannot_break_out_of_it, "server-11")
{
	IN_FOLDER;
	static const char *const texts[] = {
		"href=\"%0A\">\xef\xbf\xbd</a>",
		"href=\"%22%27%26\">&#34;&#39;&#38;</a>",
		"href=\"%3Cscript%3E\">&#60;script&#62;</a>",
		"href=\"a%20%25%3F%23b\">a %?#b</a>",
		"href=\"javascript%3Aalert%281%29\">javascript:alert(1)</a>",
		"href=\"%E4%BD%A0\">\xe4\xbd\xa0</a>",
		"href=\"%FF\">\xef\xbf\xbd</a>",
		NULL,
	};
	static const char *const names[] = {
		"\n", "\"'&", "<script>", "a %?#b", "javascript:alert(1)", "\xe4\xbd\xa0", "\xff"};
	struct peer peer = {0};
	struct answer answer;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		put_old(names[i], "x");
	site_open(&peer, &(wok_http_static_options){.listing = true});
	ask(&peer, GET("/", ""), &answer);
	expect_in_order(answer.body, texts);
	ASSERT_STR(answer_header(&answer, "Content-Security-Policy"),
		   "default-src 'none'; style-src 'unsafe-inline'");
	peer_end(&peer);
}

TEST_TASK(a_page_shows_the_path_as_people_read_it_without_its_markup)
{
	IN_FOLDER;
	struct peer peer = {0};
	struct answer answer;

	put_folder("<b>");
	site_open(&peer, &(wok_http_static_options){.listing = true});
	ask(&peer, GET("/%3Cb%3E/", ""), &answer);
	ASSERT(strstr(answer.body, "<h1>/&#60;b&#62;/</h1>"));
	peer_end(&peer);
}

TEST_TASK(a_page_shows_the_links_that_would_be_served)
{
	IN_FOLDER;
	struct peer inside = {0}, none = {0};
	struct answer answer;

	put_old("file", LETTERS);
	put_folder("sub");
	ASSERT_EQ(symlink("file", in("near")), 0);
	ASSERT_EQ(symlink("sub", in("near-folder")), 0);
	ASSERT_EQ(symlink("/etc", in("far")), 0);
	ASSERT_EQ(symlink("nothing", in("dangling")), 0);
	site_open(&inside, &(wok_http_static_options){.listing = true});
	ask(&inside, GET("/", ""), &answer);
	ASSERT(strstr(answer.body, ">near</a><td>26 B"));
	ASSERT(strstr(answer.body, ">near-folder/</a>"));
	ASSERT(!strstr(answer.body, "far"));
	ASSERT(!strstr(answer.body, "dangling"));
	peer_end(&inside);
	site_open(&none, &(wok_http_static_options){.listing = true, .links = WOK_HTTP_LINKS_NONE});
	ask(&none, GET("/", ""), &answer);
	ASSERT(!strstr(answer.body, "near"));
	peer_end(&none);
}

TEST_TASK(a_page_has_a_limit_and_says_so)
{
	IN_FOLDER;
	struct peer peer = {0}, enough = {0};
	struct answer answer;
	size_t n = 0;

	for (char name[2] = "a"; name[0] < 'f'; name[0]++)
		put_old(name, "");
	site_open(&peer, &(wok_http_static_options){.listing = true, .max_listing = 4});
	ask(&peer, GET("/", ""), &answer);
	for (const char *at = answer.body; (at = strstr(at, "href")); at++)
		n++;
	ASSERT_EQ(n, 4);
	ASSERT(strstr(answer.body, "There is more in this folder"));
	peer_end(&peer);
	site_open(&enough, &(wok_http_static_options){.listing = true, .max_listing = 5});
	ask(&enough, GET("/", ""), &answer);
	ASSERT(!strstr(answer.body, "There is more in this folder"));
	peer_end(&enough);
}

/* SPDX-License-Identifier: MIT */
/* A folder: what is served of it, and what is not. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "static/site.h"

/* A file beside the folder, that nobody may get; and one in it. */
static void put_secret(char *path)
{
	snprintf(path, 80, "%s-secret", folder);
	put_file(path, "secret", 6);
	put_old("public", "public");
}

static void link_to(const char *target, const char *name)
{
	ASSERT_EQ(symlink(target, in(name)), 0);
}

TEST_TASK(no_path_leads_out_of_the_folder, "http-46")
{
	IN_FOLDER;
	/* Where @ is the name of the secret. */
	static const char *const ways[] = {
		"/../@",  "/..%2f@", "/%2e%2e/@",   "/..%5c@", "/x/../../@",
		"/..\\@", "//tmp/@", "/%2ftmp%2f@", "/./../@", "/x/%2e%2e%2f..%2f@",
	};
	struct peer peer = {0};
	char secret[80], path[256];

	put_secret(secret);
	put_folder("x");
	site_open(&peer, &(wok_http_static_options){.dot_files = true});
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		snprintf(path, sizeof(path), "%.*s%s", (int) strcspn(ways[i], "@"), ways[i],
			 strrchr(secret, '/') + 1);
		expect_path(&peer, path, 404, "Not Found");
	}
	expect_path(&peer, "/public%00.html", 400, NULL);
	expect_path(&peer, "/%zz", 400, NULL);
	expect_path(&peer, "/public", 200, "public");
	ASSERT_EQ(unlink(secret), 0);
	peer_end(&peer);
}

/* Links of all kinds; the statuses that they give, in the order in which they are made here. */
static void check_links(wok_http_links links, const int *statuses)
{
	IN_FOLDER;
	static const char *const paths[] = {
		"/near",
		"/sub/up",
		"/absolute",
		"/out",
		"/parent/x-secret",
		"/folder/deep",
		"/out-folder/hostname",
		"/loop",
		"/dangling",
	};
	struct peer peer = {0};
	char secret[80], out[80];

	put_secret(secret);
	put_folder("sub");
	put_old("sub/deep", "deep");
	link_to("public", "near");
	link_to("../public", "sub/up");
	link_to(in("public"), "absolute");
	snprintf(out, sizeof(out), "../%s", strrchr(secret, '/') + 1);
	link_to(out, "out");
	link_to("..", "parent");
	link_to("sub", "folder");
	link_to("/etc", "out-folder");
	link_to("loop", "loop");
	link_to("nothing", "dangling");
	site_open(&peer, &(wok_http_static_options){.links = links});
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		expect_path(&peer, paths[i], statuses[i], NULL);
	ASSERT_EQ(unlink(secret), 0);
	peer_end(&peer);
}

TEST_TASK(links_are_followed_as_long_as_they_stay_inside, "http-46", "server-11")
{
	static const int statuses[] = {200, 200, 404, 404, 404, 200, 404, 404, 404};

	check_links(WOK_HTTP_LINKS_INSIDE, statuses);
}

TEST_TASK(links_are_not_followed_at_all_if_that_is_asked_for, "server-11")
{
	static const int statuses[] = {404, 404, 404, 404, 404, 404, 404, 404, 404};

	check_links(WOK_HTTP_LINKS_NONE, statuses);
}

TEST_TASK(links_are_followed_anywhere_if_that_is_asked_for, "server-11")
{
	static const int statuses[] = {200, 200, 200, 200, 404, 200, 200, 404, 404};

	check_links(WOK_HTTP_LINKS_ALL, statuses);
}

/* As under an old container's filter: the call is not there, for this thread and its heirs. */
static void forbid_openat2(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 437, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {sizeof(code) / sizeof(*code), code};

	ASSERT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		SKIP("no seccomp here: %s", strerror(errno));
	ASSERT_EQ(syscall(437, 0, 0, 0, 0), -1);
	ASSERT_EQ(errno, ENOSYS);
}

TEST_TASK(without_openat2_no_link_is_followed_but_files_are_served, "http-46")
{
	IN_FOLDER;
	struct peer peer = {0};

	forbid_openat2();
	put_old("public", "public");
	put_folder("sub");
	put_folder("sub/sub");
	put_old("sub/sub/deep", "deep");
	put_old("sub/index.html", "index");
	link_to("public", "near");
	link_to("..", "parent");
	link_to("sub", "folder");
	link_to("/etc", "sub/out");
	site_open(&peer, NULL);
	expect_path(&peer, "/public", 200, "public");
	expect_path(&peer, "/sub/sub/deep", 200, "deep");
	expect_path(&peer, "/sub/", 200, "index");
	expect_path(&peer, "/sub", 301, NULL);
	expect_path(&peer, "/near", 404, NULL);
	expect_path(&peer, "/folder/sub/deep", 404, NULL);
	expect_path(&peer, "/folder/", 404, NULL);
	expect_path(&peer, "/sub/out/hostname", 404, NULL);
	expect_path(&peer, "/parent/public", 404, NULL);
	expect_path(&peer, "/nothing/x", 404, NULL);
	peer_end(&peer);
}

TEST_TASK(what_begins_with_a_dot_is_not_there_unless_that_is_asked_for, "http-46")
{
	IN_FOLDER;
	struct peer peer = {0}, open = {0};

	put_old(".env", "secret");
	put_folder(".git");
	put_old(".git/config", "config");
	site_open(&peer, &(wok_http_static_options){.listing = true});
	expect_path(&peer, "/.env", 404, NULL);
	expect_path(&peer, "/%2eenv", 404, NULL);
	expect_path(&peer, "/.git/", 404, NULL);
	expect_path(&peer, "/.git/config", 404, NULL);
	peer_end(&peer);
	site_open(&open, &(wok_http_static_options){.dot_files = true});
	expect_path(&open, "/.env", 200, "secret");
	expect_path(&open, "/.git/config", 200, "config");
	peer_end(&open);
}

static void put_socket(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", in(name));
	ASSERT_EQ(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
	close(fd);
}

TEST_TASK(pipes_sockets_and_devices_are_not_served_and_nobody_waits_for_them, "http-46")
{
	IN_FOLDER;
	struct peer peer = {0};

	ASSERT_EQ(mkfifo(in("fifo"), 0600), 0);
	put_socket("socket");
	link_to("/dev/zero", "zero");
	link_to("/dev/tty", "tty");
	site_open(&peer, &(wok_http_static_options){.links = WOK_HTTP_LINKS_ALL});
	expect_path(&peer, "/fifo", 404, NULL);
	expect_path(&peer, "/socket", 404, NULL);
	expect_path(&peer, "/zero", 404, NULL);
	expect_path(&peer, "/tty", 404, NULL);
	peer_end(&peer);
}

TEST_TASK(what_may_not_be_read_is_403)
{
	IN_FOLDER;
	struct peer peer = {0};

	put_old("a", "secret");
	ASSERT_EQ(chmod(in("a"), 0), 0);
	ASSERT_EQ(chmod(folder, 0755), 0);
	site_open(&peer, NULL);
	/* Root may read everything. */
	uid_t self = geteuid();
	if (self == 0)
		ASSERT_EQ(seteuid(65534), 0);
	expect_path(&peer, "/a", 403, "Forbidden");
	ASSERT_EQ(seteuid(self), 0);
	peer_end(&peer);
}

/* --- folders ---------------------------------------------------------------------------------- */

TEST_TASK(a_folder_is_its_index_behind_a_slash, "http-46", "server-11")
{
	IN_FOLDER;
	struct peer peer = {0};
	struct answer answer;

	put_folder("a b");
	put_old("a b/index.html", "<p>index");
	put_folder("bare");
	put_old("file", "file");
	site_open(&peer, NULL);
	ask(&peer, GET("/a%20b/", ""), &answer);
	ASSERT_EQ(answer.status, 200);
	ASSERT_STR(answer_header(&answer, "Content-Type"), "text/html; charset=utf-8");
	ASSERT_STR(answer.body, "<p>index");
	ask(&peer, GET("/a%20b", ""), &answer);
	ASSERT_EQ(answer.status, 301);
	ASSERT_STR(answer_header(&answer, "Location"), "./a%20b/");
	ask(&peer, GET("/a%20b?x=1&y", ""), &answer);
	ASSERT_STR(answer_header(&answer, "Location"), "./a%20b/?x=1&y");
	expect_path(&peer, "/", 404, NULL);
	expect_path(&peer, "/bare/", 404, NULL);
	expect_path(&peer, "/file/", 404, NULL);
	expect_path(&peer, "/file/x", 404, NULL);
	expect_path(&peer, "/nothing", 404, NULL);
	expect_path(&peer, "/nothing/", 404, NULL);
	put_old("index.html", "top");
	expect_path(&peer, "/", 200, "top");
	peer_end(&peer);
}

TEST_TASK(a_redirect_cannot_lead_to_another_host)
{
	IN_FOLDER;
	struct peer peer = {0};
	struct answer answer;

	put_folder("evil.test");
	put_folder("a:b");
	site_open(&peer, NULL);
	expect_path(&peer, "//evil.test", 404, NULL);
	ask(&peer, GET("/evil.test", ""), &answer);
	ASSERT_STR(answer_header(&answer, "Location"), "./evil.test/");
	ask(&peer, GET("/a:b", ""), &answer);
	ASSERT_STR(answer_header(&answer, "Location"), "./a:b/");
	peer_end(&peer);
}

TEST_TASK(a_prefix_is_taken_off_and_is_redirected_to_without_its_slash)
{
	IN_FOLDER;
	struct peer peer = {0};
	struct answer answer;

	put_old("a", "file");
	ASSERT_OK(wok_http_app_new(&peer.app));
	ASSERT_OK(wok_http_route(peer.app, "GET", "/taken", say_hello, &peer));
	ASSERT_OK(wok_http_static(peer.app, "/taken/", folder, NULL));
	ASSERT_OK(wok_http_static(peer.app, "/files/", folder, NULL));
	peer_open(&peer);
	expect_path(&peer, "/files/a", 200, "file");
	ask(&peer, GET("/files", ""), &answer);
	ASSERT_EQ(answer.status, 301);
	ASSERT_STR(answer_header(&answer, "Location"), "./files/");
	expect_path(&peer, "/taken", 200, "hello");
	expect_path(&peer, "/taken/a", 200, "file");
	expect_path(&peer, "/filesa", 404, NULL);
	ask(&peer, "DELETE /files/a HTTP/1.1\r\nHost: a\r\n\r\n", &answer);
	ASSERT_EQ(answer.status, 405);
	ASSERT_STR(answer_header(&answer, "Allow"), "GET, HEAD, OPTIONS");
	peer_end(&peer);
}

TEST_TASK(what_cannot_be_served_is_said_when_the_route_is_made)
{
	IN_FOLDER;
	wok_http_app *app;

	put_text("file", "");
	ASSERT_OK(wok_http_app_new(&app));
	ASSERT_ERR(wok_http_static(app, "/x", folder, NULL), -EINVAL);
	ASSERT_ERR(wok_http_static(app, "", folder, NULL), -EINVAL);
	ASSERT_ERR(wok_http_static(app, "x/", folder, NULL), -EINVAL);
	ASSERT_ERR(wok_http_static(app, "/x/", in("nothing"), NULL), -ENOENT);
	ASSERT(strstr(wok_errmsg(-ENOENT), "nothing"));
	ASSERT_ERR(wok_http_static(app, "/x/", in("file"), NULL), -ENOTDIR);
	ASSERT_ERR(wok_http_static(app, "/x/", folder,
				   &(wok_http_static_options){.types_file = in("nothing")}),
		   -ENOENT);
	ASSERT_ERR(wok_http_static(app, "/x/", folder, &(wok_http_static_options){.index = "a/b"}),
		   -EINVAL);
	ASSERT_OK(wok_http_static(app, "/x/", folder, NULL));
	ASSERT_ERR(wok_http_static(app, "/x/", folder, NULL), -EEXIST);
	wok_http_app_free(app);
}

TEST_TASK(another_index_or_none)
{
	IN_FOLDER;
	struct peer other = {0}, none = {0};

	put_old("index.html", "index");
	put_old("main.txt", "main");
	site_open(&other, &(wok_http_static_options){.index = "main.txt"});
	expect_path(&other, "/", 200, "main");
	peer_end(&other);
	site_open(&none, &(wok_http_static_options){.index = ""});
	expect_path(&none, "/", 404, NULL);
	peer_end(&none);
}

TEST_TASK(another_folder_may_take_the_place_of_the_one_that_is_served)
{
	IN_FOLDER;
	struct peer peer = {0};

	put_folder("one");
	put_old("one/a", "first");
	put_folder("two");
	put_old("two/a", "second");
	link_to("one", "current");
	ASSERT_OK(wok_http_app_new(&peer.app));
	ASSERT_EQ(chdir(folder), 0);
	ASSERT_OK(wok_http_static(peer.app, "/", "current", NULL));
	ASSERT_EQ(chdir("/"), 0);
	peer_open(&peer);
	expect_path(&peer, "/a", 200, "first");
	link_to("two", "next");
	ASSERT_EQ(rename(in("next"), in("current")), 0);
	expect_path(&peer, "/a", 200, "second");
	ASSERT_EQ(unlink(in("current")), 0);
	expect_path(&peer, "/a", 404, NULL);
	link_to("one", "current");
	expect_path(&peer, "/a", 200, "first");
	peer_end(&peer);
}

/* --- compressed siblings ---------------------------------------------------------------------- */

TEST_TASK(a_compressed_sibling_is_sent_to_who_takes_it, "server-11")
{
	IN_FOLDER;
	struct peer peer = {0};
	struct answer answer;
	char etag[512];

	put_old("a.html", "plain");
	put_old("a.html.br", "as br");
	put_old("a.html.zst", "as zstd");
	put_old("a.html.gz", "as gzip");
	put_old("b.js", "plain");
	put_old("b.js.gz", "as gzip");
	put_folder("sub");
	put_old("sub.gz", "not the folder");
	put_old("sub/index.html", "plain index");
	put_old("sub/index.html.br", "index as br");
	put_old("alone.css.gz", "alone");
	put_folder("c.txt.br");
	put_old("c.txt", "plain");
	site_open(&peer, &(wok_http_static_options){.file = {.precompressed = true}});
	ask(&peer, GET("/a.html", "Accept-Encoding: gzip, br, zstd\r\n"), &answer);
	ASSERT_STR(answer.body, "as br");
	ASSERT_STR(answer_header(&answer, "Content-Encoding"), "br");
	ASSERT_STR(answer_header(&answer, "Content-Type"), "text/html; charset=utf-8");
	ASSERT_STR(answer_header(&answer, "Vary"), "Accept-Encoding");
	snprintf(etag, sizeof(etag), "%s", answer_header(&answer, "ETag"));
	ask(&peer, GET("/a.html", ""), &answer);
	ASSERT_STR(answer.body, "plain");
	ASSERT_STR(answer_header(&answer, "Content-Encoding"), NULL);
	ASSERT_STR(answer_header(&answer, "Vary"), "Accept-Encoding");
	ASSERT(strcmp(answer_header(&answer, "ETag"), etag) != 0);
	expect(&peer, GET("/a.html", "Accept-Encoding: zstd, gzip;q=0.9\r\n"), 200, "as zstd");
	expect(&peer, GET("/a.html", "Accept-Encoding: gzip;q=0, *;q=0.5\r\n"), 200, "as br");
	expect(&peer, GET("/b.js", "Accept-Encoding: gzip, br, zstd\r\n"), 200, "as gzip");
	ask(&peer, GET("/b.js", "Accept-Encoding: br\r\n"), &answer);
	ASSERT_STR(answer.body, "plain");
	ASSERT_STR(answer_header(&answer, "Vary"), "Accept-Encoding");
	ask(&peer, GET("/sub/", "Accept-Encoding: br\r\n"), &answer);
	ASSERT_STR(answer.body, "index as br");
	ASSERT_STR(answer_header(&answer, "Content-Type"), "text/html; charset=utf-8");
	expect(&peer, GET("/sub", "Accept-Encoding: gzip\r\n"), 301, NULL);
	expect(&peer, GET("/alone.css", "Accept-Encoding: gzip\r\n"), 404, NULL);
	expect(&peer, GET("/c.txt", "Accept-Encoding: br\r\n"), 200, "plain");
	ask(&peer, GET("/a.html.gz", "Accept-Encoding: gzip\r\n"), &answer);
	ASSERT_STR(answer.body, "as gzip");
	ASSERT_STR(answer_header(&answer, "Content-Encoding"), NULL);
	ASSERT_STR(answer_header(&answer, "Content-Type"), "application/gzip");
	expect(&peer, GET("/a.html", "Accept-Encoding: br\r\nRange: bytes=0-1\r\n"), 206, "as");
	peer_end(&peer);
}

TEST_TASK(siblings_do_not_count_unless_that_is_asked_for)
{
	IN_FOLDER;
	struct peer peer = {0};
	struct answer answer;

	put_old("a.html", "plain");
	put_old("a.html.gz", "as gzip");
	site_open(&peer, NULL);
	ask(&peer, GET("/a.html", "Accept-Encoding: gzip\r\n"), &answer);
	ASSERT_STR(answer.body, "plain");
	ASSERT_STR(answer_header(&answer, "Vary"), NULL);
	peer_end(&peer);
}

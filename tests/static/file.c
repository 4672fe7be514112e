/* SPDX-License-Identifier: MIT */
/* One file: its head, conditions, ranges. */
#include <wok/scope.h>

#include "static/site.h"

TEST_TASK(a_file_comes_with_its_type_date_and_tag, "server-11")
{
	IN_FOLDER;
	struct peer peer = {0};
	struct answer answer;
	struct stat stat;
	char etag[64];

	put_old("a.html", "<p>hello");
	ASSERT_EQ(lstat(in("a.html"), &stat), 0);
	snprintf(etag, sizeof(etag), "\"%llx-8-%llx\"", CHANGED * 1000000000ULL,
		 (unsigned long long) stat.st_ino);
	site_open(&peer, NULL);
	ask(&peer, GET("/a.html?x=1", ""), &answer);
	ASSERT_EQ(answer.status, 200);
	ASSERT_STR(answer_header(&answer, "Content-Type"), "text/html; charset=utf-8");
	ASSERT_STR(answer_header(&answer, "Content-Length"), "8");
	ASSERT_STR(answer_header(&answer, "Last-Modified"), CHANGED_TEXT);
	ASSERT_STR(answer_header(&answer, "ETag"), etag);
	ASSERT_STR(answer_header(&answer, "Accept-Ranges"), "bytes");
	ASSERT_STR(answer_header(&answer, "Vary"), NULL);
	ASSERT_STR(answer_header(&answer, "Cache-Control"), NULL);
	ASSERT_STR(answer.body, "<p>hello");
	ask_with(&peer, HEAD("/a.html", ""), WOK__H1_FOR_HEAD, &answer);
	ASSERT_EQ(answer.status, 200);
	ASSERT_STR(answer_header(&answer, "Content-Length"), "8");
	ASSERT_STR(answer_header(&answer, "ETag"), etag);
	expect_no_more(&peer.in);
	peer_end(&peer);
}

TEST_TASK(an_empty_file_is_an_empty_reply)
{
	IN_FOLDER;
	struct peer peer = {0};
	struct answer answer;

	put_old("empty", "");
	site_open(&peer, NULL);
	ask(&peer, GET("/empty", "Range: bytes=0-9\r\n"), &answer);
	ASSERT_EQ(answer.status, 200);
	ASSERT_STR(answer_header(&answer, "Content-Length"), "0");
	ASSERT_STR(answer_header(&answer, "Content-Type"), "application/octet-stream");
	peer_end(&peer);
}

TEST_TASK(options_add_headers_and_change_the_type)
{
	IN_FOLDER;
	static const wok_http_header header = {"X-Robots-Tag", "none"};
	static const wok_http_file_type type = {"html", "text/x-own; charset=gb18030"};
	struct peer peer = {0};
	struct answer answer;

	put_old("a.html", "x");
	put_old("a.txt", "x");
	site_open(&peer, &(wok_http_static_options){
				 .file = {.cache_control = "max-age=60",
					  .charset = "",
					  .headers = &header,
					  .n_headers = 1,
					  .no_etag = true,
					  .no_ranges = true},
				 .types = &type,
				 .n_types = 1,
			 });
	ask(&peer, GET("/a.html", "Range: bytes=0-0\r\nIf-None-Match: \"\"\r\n"), &answer);
	ASSERT_EQ(answer.status, 200);
	ASSERT_STR(answer_header(&answer, "Content-Type"), "text/x-own; charset=gb18030");
	ASSERT_STR(answer_header(&answer, "Cache-Control"), "max-age=60");
	ASSERT_STR(answer_header(&answer, "X-Robots-Tag"), "none");
	ASSERT_STR(answer_header(&answer, "ETag"), NULL);
	ASSERT_STR(answer_header(&answer, "Accept-Ranges"), NULL);
	ask(&peer, GET("/a.txt", ""), &answer);
	ASSERT_STR(answer_header(&answer, "Content-Type"), "text/plain");
	peer_end(&peer);
}

/* --- conditions ------------------------------------------------------------------------------- */

/* The tag of a file, as the server tells it. */
static const char *tag_of(struct peer *peer, const char *path)
{
	static char etag[512];
	char request[512];
	struct answer answer;

	snprintf(request, sizeof(request), "HEAD %s HTTP/1.1\r\nHost: a\r\n\r\n", path);
	ask_with(peer, request, WOK__H1_FOR_HEAD, &answer);
	snprintf(etag, sizeof(etag), "%s", answer_header(&answer, "ETag"));
	return etag;
}

/* What a request with some lines gets; %s in them is the file's tag. */
static int status_with(struct peer *peer, const char *lines)
{
	char request[2048], filled[1024];
	struct answer answer;
	const char *etag = tag_of(peer, "/a.txt");

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(filled, sizeof(filled), lines, etag);
#pragma GCC diagnostic pop
	snprintf(request, sizeof(request), "GET /a.txt HTTP/1.1\r\nHost: a\r\n%s\r\n", filled);
	ask(peer, request, &answer);
	if (answer.status == 304) {
		ASSERT_STR(answer_header(&answer, "ETag"), etag);
		ASSERT_STR(answer_header(&answer, "Cache-Control"), "no-cache");
		ASSERT_STR(answer_header(&answer, "Content-Type"), NULL);
		ASSERT(answer_header(&answer, "Date"));
	}
	return answer.status;
}

TEST_TASK(a_client_that_has_the_version_gets_304_and_one_that_wants_another_412, "server-11")
{
	IN_FOLDER;
	static const struct {
		const char *lines;
		int status;
	} cases[] = {
		{"If-None-Match: %s\r\n", 304},
		{"If-None-Match: W/%s\r\n", 304},
		{"If-None-Match: \"x\", %s, \"y\"\r\n", 304},
		{"If-None-Match: \"x\"\r\nIf-None-Match: %s\r\n", 304},
		{"If-None-Match: *\r\n", 304},
		{"If-None-Match: \"x\"\r\n", 200},
		{"If-None-Match: nonsense\r\n", 200},
		{"If-Modified-Since: " CHANGED_TEXT "\r\n", 304},
		{"If-Modified-Since: " LATER_TEXT "\r\n", 304},
		{"If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n", 304},
		{"If-Modified-Since: " EARLIER_TEXT "\r\n", 200},
		{"If-Modified-Since: yesterday\r\n", 200},
		/* A tag is the better answer: the date does not count beside it. */
		{"If-None-Match: \"x\"\r\nIf-Modified-Since: " LATER_TEXT "\r\n", 200},
		{"If-None-Match: %s\r\nIf-Modified-Since: " EARLIER_TEXT "\r\n", 304},
		{"If-Match: %s\r\n", 200},
		{"If-Match: *\r\n", 200},
		{"If-Match: \"x\", %s\r\n", 200},
		{"If-Match: W/%s\r\n", 412},
		{"If-Match: \"x\"\r\n", 412},
		{"If-Match: \"x\"\r\nIf-None-Match: *\r\n", 412},
		{"If-Match: %s\r\nIf-None-Match: %1$s\r\n", 304},
		{"If-Unmodified-Since: " CHANGED_TEXT "\r\n", 200},
		{"If-Unmodified-Since: " EARLIER_TEXT "\r\n", 412},
		{"If-Unmodified-Since: nonsense\r\n", 200},
		{"If-Match: %s\r\nIf-Unmodified-Since: " EARLIER_TEXT "\r\n", 200},
		/* Conditions come before ranges. */
		{"If-None-Match: %s\r\nRange: bytes=0-0\r\n", 304},
		{"If-Match: \"x\"\r\nRange: bytes=0-0\r\n", 412},
		{"If-Match: %s\r\nRange: bytes=0-0\r\n", 206},
	};
	struct peer peer = {0};

	put_old("a.txt", LETTERS);
	site_open(&peer, &(wok_http_static_options){.file = {.cache_control = "no-cache"}});
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int status = status_with(&peer, cases[i].lines);
		if (status != cases[i].status)
			FAIL("%s is %d, not %d", cases[i].lines, status, cases[i].status);
	}
	peer_end(&peer);
}

TEST_TASK(a_file_that_has_changed_has_another_tag)
{
	IN_FOLDER;
	struct peer peer = {0};
	char before[512];

	put_old("a", "one");
	site_open(&peer, NULL);
	snprintf(before, sizeof(before), "%s", tag_of(&peer, "/a"));
	ASSERT_STR(tag_of(&peer, "/a"), before);
	set_changed("a", CHANGED + 1);
	ASSERT(strcmp(tag_of(&peer, "/a"), before) != 0);
	put_text("a", "two");
	ASSERT(strncmp(tag_of(&peer, "/a"), "W/\"", 3) == 0);
	peer_end(&peer);
}

/* --- ranges ----------------------------------------------------------------------------------- */

TEST_TASK(a_range_is_206_with_what_it_is_of, "http-44")
{
	IN_FOLDER;
	struct peer peer = {0};
	struct answer answer;

	put_old("a.txt", LETTERS);
	site_open(&peer, NULL);
	ask(&peer, GET("/a.txt", "Range: bytes=0-0\r\n"), &answer);
	ASSERT_EQ(answer.status, 206);
	ASSERT_STR(answer_header(&answer, "Content-Range"), "bytes 0-0/26");
	ASSERT_STR(answer_header(&answer, "Content-Length"), "1");
	ASSERT_STR(answer_header(&answer, "Content-Type"), "text/plain; charset=utf-8");
	ASSERT_STR(answer_header(&answer, "Last-Modified"), CHANGED_TEXT);
	ASSERT_STR(answer.body, "a");
	ask(&peer, GET("/a.txt", "Range: bytes=-5\r\n"), &answer);
	ASSERT_STR(answer_header(&answer, "Content-Range"), "bytes 21-25/26");
	ASSERT_STR(answer.body, "vwxyz");
	ask(&peer, GET("/a.txt", "Range: bytes=5-\r\n"), &answer);
	ASSERT_STR(answer_header(&answer, "Content-Range"), "bytes 5-25/26");
	ASSERT_STR(answer.body, &LETTERS[5]);
	ask_with(&peer, HEAD("/a.txt", "Range: bytes=5-9\r\n"), WOK__H1_FOR_HEAD, &answer);
	ASSERT_EQ(answer.status, 206);
	ASSERT_STR(answer_header(&answer, "Content-Range"), "bytes 5-9/26");
	ASSERT_STR(answer_header(&answer, "Content-Length"), "5");
	ask(&peer, GET("/a.txt", "Range: bytes=26-\r\n"), &answer);
	ASSERT_EQ(answer.status, 416);
	ASSERT_STR(answer_header(&answer, "Content-Range"), "bytes */26");
	expect(&peer, GET("/a.txt", "Range: items=0-1\r\n"), 200, LETTERS);
	expect(&peer, GET("/a.txt", "Range: bytes=9-1\r\n"), 200, LETTERS);
	peer_end(&peer);
}

TEST_TASK(if_range_lets_the_range_count_for_this_version_only, "http-44")
{
	IN_FOLDER;
	static const struct {
		const char *lines;
		int status;
	} cases[] = {
		{"If-Range: %s\r\nRange: bytes=0-0\r\n", 206},
		{"If-Range: W/%s\r\nRange: bytes=0-0\r\n", 200},
		{"If-Range: \"x\"\r\nRange: bytes=0-0\r\n", 200},
		{"If-Range: %s, %1$s\r\nRange: bytes=0-0\r\n", 200},
		{"If-Range: " CHANGED_TEXT "\r\nRange: bytes=0-0\r\n", 206},
		{"If-Range: " LATER_TEXT "\r\nRange: bytes=0-0\r\n", 200},
		{"If-Range: " EARLIER_TEXT "\r\nRange: bytes=0-0\r\n", 200},
		{"If-Range: nonsense\r\nRange: bytes=0-0\r\n", 200},
		{"If-Range: \"x\"\r\nRange: bytes=99-\r\n", 200},
		{"If-Range: %s\r\nRange: bytes=99-\r\n", 416},
		{"If-Range: \"x\"\r\n", 200},
	};
	struct peer peer = {0};
	struct answer answer;
	char date[512], request[1024];

	put_old("a.txt", LETTERS);
	site_open(&peer, &(wok_http_static_options){.file = {.cache_control = "no-cache"}});
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int status = status_with(&peer, cases[i].lines);
		if (status != cases[i].status)
			FAIL("%s is %d, not %d", cases[i].lines, status, cases[i].status);
	}
	/* Within the second of the change neither the date nor the tag says enough. */
	put_text("a.txt", LETTERS);
	ASSERT_EQ(status_with(&peer, "If-Range: %s\r\nRange: bytes=0-0\r\n"), 200);
	ask(&peer, GET("/a.txt", ""), &answer);
	snprintf(date, sizeof(date), "%s", answer_header(&answer, "Last-Modified"));
	snprintf(request, sizeof(request),
		 "GET /a.txt HTTP/1.1\r\nHost: a\r\nIf-Range: %s\r\nRange: bytes=0-0\r\n\r\n",
		 date);
	expect(&peer, request, 200, LETTERS);
	peer_end(&peer);
}

/* Take "--BOUNDARY" CRLF and the head of a part off a multipart body; what stands behind it. */
static const char *take_part(const char *at, const char *boundary, const char *range,
			     const char *text)
{
	char expected[512];
	int n = snprintf(expected, sizeof(expected),
			 "\r\n--%s\r\nContent-Type: text/plain; charset=utf-8\r\n"
			 "Content-Range: bytes %s/1000\r\n\r\n%s",
			 boundary, range, text);

	ASSERT_MEM(at, expected, (size_t) n);
	return at + n;
}

TEST_TASK(several_ranges_are_a_multipart, "http-44", "server-11")
{
	IN_FOLDER;
	static const char request[] = GET("/a.txt", "Range: bytes=990-994,0-4,2-9,-1\r\n");
	struct peer peer = {0};
	struct answer answer;
	char text[1001], boundary[64], end[80];

	for (size_t i = 0; i < 1000; i++)
		text[i] = (char) ('a' + i % 26);
	text[1000] = '\0';
	put_old("a.txt", text);
	site_open(&peer, NULL);
	ask(&peer, request, &answer);
	ASSERT_EQ(answer.status, 206);
	ASSERT_STR(answer_header(&answer, "Content-Range"), NULL);
	const char *type = answer_header(&answer, "Content-Type");
	ASSERT_EQ(sscanf(type, "multipart/byteranges; boundary=%63s", boundary), 1);
	/* 990-994 and the last byte lie near each other. */
	const char *at = take_part(answer.body, boundary, "990-999", text + 990);
	at = take_part(at, boundary, "0-9", "abcdefghij");
	snprintf(end, sizeof(end), "\r\n--%s--\r\n", boundary);
	ASSERT_STR(at, end);
	ask(&peer, request, &answer);
	ASSERT(!strstr(answer_header(&answer, "Content-Type"), boundary));
	ask_with(&peer, HEAD("/a.txt", "Range: bytes=0-0,500-500\r\n"), WOK__H1_FOR_HEAD, &answer);
	ASSERT_EQ(answer.status, 206);
	ASSERT(strstr(answer_header(&answer, "Content-Type"), "multipart/byteranges; boundary="));
	expect_no_more(&peer.in);
	peer_end(&peer);
}

TEST_TASK(more_ranges_than_allowed_get_the_whole_file, "http-44")
{
	IN_FOLDER;
	struct peer peer = {0};
	struct answer answer;
	char text[1001];

	memset(text, 'x', 1000);
	text[1000] = '\0';
	put_old("a.txt", text);
	site_open(&peer, &(wok_http_static_options){.file = {.max_ranges = 2}});
	ask(&peer, GET("/a.txt", "Range: bytes=0-0,500-500\r\n"), &answer);
	ASSERT_EQ(answer.status, 206);
	expect(&peer, GET("/a.txt", "Range: bytes=0-0,500-500,-1\r\n"), 200, text);
	ask(&peer, GET("/a.txt", "Range: bytes=0-0,500-500,0-0,500-501,1-1\r\n"), &answer);
	ASSERT_EQ(answer.status, 206);
	peer_end(&peer);
}

static int send_it(wok_http_request *request, void *arg)
{
	(void) arg;
	return wok_http_reply_file(request, in("a.txt"), NULL);
}

TEST_TASK(ranges_and_conditions_are_for_get_and_head_only, "http-44")
{
	IN_FOLDER;
	struct peer peer = {0};
	struct answer answer;

	put_old("a.txt", LETTERS);
	peer_route(&peer, "POST", "/", send_it);
	peer_open(&peer);
	ask(&peer,
	    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nRange: bytes=0-0\r\n"
	    "If-None-Match: *\r\nIf-Match: \"x\"\r\n\r\n",
	    &answer);
	ASSERT_EQ(answer.status, 200);
	ASSERT_STR(answer.body, LETTERS);
	ASSERT(answer_header(&answer, "ETag"));
	peer_end(&peer);
}

/* --- larger ones ------------------------------------------------------------------------------ */

enum { LARGE = 3 << 20 };

static char byte_at(size_t at)
{
	return (char) (at * 13 + at / 241);
}

static void put_large(const char *name)
{
	char *data = malloc(LARGE);

	for (size_t i = 0; i < LARGE; i++)
		data[i] = byte_at(i);
	put_file(in(name), data, LARGE);
	free(data);
}

/* The body of the last answer, as it came. */
static void expect_pattern(const struct received *in, size_t from, size_t size)
{
	const char *body = strstr(in->data, "\r\n\r\n") + 4;

	ASSERT_EQ(in->size - (size_t) (body - in->data), size);
	for (size_t i = 0; i < size; i++)
		ASSERT(body[i] == byte_at(from + i));
}

TEST_TASK(a_large_file_and_a_large_part_of_it_arrive_as_they_are)
{
	IN_FOLDER;
	static const struct {
		const char *request;
		size_t from, size;
	} cases[] = {
		{GET("/large", ""), 0, LARGE},
		{GET("/large", "Range: bytes=1000000-\r\n"), 1000000, LARGE - 1000000},
		{GET("/large", "Range: bytes=7-32774\r\n"), 7, 32768},
		{GET("/large", "Range: bytes=7-32775\r\n"), 7, 32769},
	};

	put_large("large");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct peer peer = {0};
		site_open(&peer, NULL);
		peer_send(&peer, cases[i].request);
		peer_listen(&peer);
		expect_pattern(&peer.in, cases[i].from, cases[i].size);
		peer_end(&peer);
	}
}

/* --- handlers' own files ---------------------------------------------------------------------- */

static int send_path(wok_http_request *request, void *arg)
{
	const wok_http_file_options options = {.status = 404, .content_type = "text/x-page"};

	(void) arg;
	if (strcmp(wok_http_request_rest(request), "page") == 0)
		return wok_http_reply_file(request, in("a.txt"), &options);
	return wok_http_reply_file(request, in(wok_http_request_rest(request)), NULL);
}

static int send_fd(wok_http_request *request, void *arg)
{
	int fd = open(in("a.txt"), O_RDONLY | O_CLOEXEC);
	int r = wok_http_reply_fd(request, fd, arg);

	ASSERT_EQ(lseek(fd, 0, SEEK_CUR), 0);
	close(fd);
	return r;
}

static int send_a_pipe(wok_http_request *request, void *arg)
{
	int fds[2];

	(void) arg;
	ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
	ASSERT_ERR(wok_http_reply_fd(request, fds[0], NULL), -EINVAL);
	close(fds[0]);
	close(fds[1]);
	return wok_http_reply_text(request, 200, "refused");
}

TEST_TASK(a_handler_replies_with_a_file_of_its_own)
{
	IN_FOLDER;
	struct peer peer = {0};
	struct answer answer;
	wok_http_file_options options = {.content_type = "text/x-fd"};

	put_old("a.txt", LETTERS);
	ASSERT_EQ(mkfifo(in("fifo"), 0600), 0);
	peer_route(&peer, "GET", "/path/*", send_path);
	ASSERT_OK(wok_http_route(peer.app, "GET", "/fd", send_fd, &options));
	ASSERT_OK(wok_http_route(peer.app, "GET", "/pipe", send_a_pipe, NULL));
	peer_open(&peer);
	expect(&peer, GET("/path/a.txt", "Range: bytes=1-1\r\n"), 206, "b");
	expect(&peer, GET("/path/nothing", ""), 404, NULL);
	expect(&peer, GET("/path/", ""), 404, NULL);
	expect(&peer, GET("/path/fifo", ""), 404, NULL);
	ask(&peer, GET("/path/page", "Range: bytes=1-1\r\nIf-None-Match: *\r\n"), &answer);
	ASSERT_EQ(answer.status, 404);
	ASSERT_STR(answer_header(&answer, "Content-Type"), "text/x-page; charset=utf-8");
	ASSERT_STR(answer.body, LETTERS);
	ask(&peer, GET("/fd", "Range: bytes=-1\r\n"), &answer);
	ASSERT_EQ(answer.status, 206);
	ASSERT_STR(answer_header(&answer, "Content-Type"), "text/x-fd; charset=utf-8");
	ASSERT_STR(answer.body, "z");
	expect(&peer, GET("/pipe", ""), 200, "refused");
	peer_end(&peer);
}

static int send_canceled(wok_http_request *request, void *arg)
{
	int fd = open(in("a.txt"), O_RDONLY | O_CLOEXEC);
	wok_scope *scope;

	(void) arg;
	ASSERT_OK(wok_scope_new(&scope));
	wok_scope_cancel(scope, "the test");
	ASSERT_ERR(wok_http_reply_file(request, in("a.txt"), NULL), -ECANCELED);
	ASSERT_ERR(wok_http_reply_file(request, in("nothing"), NULL), -ECANCELED);
	ASSERT_ERR(wok_http_reply_fd(request, fd, NULL), -ECANCELED);
	ASSERT_OK(wok_scope_join(scope));
	wok_scope_free(scope);
	close(fd);
	return wok_http_reply_file(request, in("a.txt"), NULL);
}

TEST_TASK(a_canceled_reply_with_a_file_has_not_begun)
{
	IN_FOLDER;
	struct peer peer = {0};

	put_old("a.txt", LETTERS);
	peer_route(&peer, "GET", "/", send_canceled);
	peer_open(&peer);
	expect(&peer, GET("/", ""), 200, LETTERS);
	peer_end(&peer);
}

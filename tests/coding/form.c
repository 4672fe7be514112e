/* SPDX-License-Identifier: MIT */
/* Forms with files: what is sent, and what a handler makes of it. */
#include <sys/stat.h>
#include <unistd.h>
#include <wok/file.h>
#include <wok/fs.h>
#include <wok/http_form.h>
#include <wok/loop.h>
#include <wok/memory.h>
#include <wok/temp.h>
#include <wok/whole_file.h>

#include "http/server_check.h"

/* --- sending ---------------------------------------------------------------------------------- */

/* All bytes of a form, taken room at a time, with "BOUNDARY" for its boundary. */
static char *form_text(wok_http_form *form, size_t room)
{
	const char *boundary = strstr(wok_http_form_type(form), "wok-");
	char *text = malloc(100000), *p;
	size_t size = 0, length = strlen(boundary);
	ssize_t n = 1;

	while (n > 0) {
		WOK_ASSERT_CHECKPOINT(n = wok_http_form_read(form, text + size, room));
		ASSERT(n >= 0);
		size += (size_t) n;
	}
	text[size] = '\0';
	if (wok_http_form_size(form) != UINT64_MAX)
		ASSERT_EQ(wok_http_form_size(form), size);
	while ((p = strstr(text, boundary))) {
		memcpy(p, "BOUNDARY", 8);
		memmove(p + 8, p + length, strlen(p + length) + 1);
	}
	return text;
}

static wok_http_form *new_form(void)
{
	wok_http_form *form = NULL;

	ASSERT_OK(wok_http_form_new(&form));
	return form;
}

struct letters {
	int left;
};

static ssize_t give_letters(void *arg, void *data, size_t size)
{
	struct letters *letters = arg;

	WOK_TRY(wok_yield());
	if (letters->left == 0 || size == 0)
		return 0;
	*(char *) data = (char) ('a' + --letters->left);
	return 1;
}

TEST_TASK(a_form_is_sent_byte_by_byte_as_it_should, "client-59")
{
	static const char expected[] =
		"--BOUNDARY\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nhello\r\n"
		"--BOUNDARY\r\nContent-Disposition: form-data; name=\"data\"; "
		"filename=\"a.bin\"\r\n"
		"Content-Type: application/octet-stream\r\nX-Extra: 1\r\n\r\n1\r\n2\r\n"
		"--BOUNDARY\r\nContent-Disposition: form-data; name=\"calls\"\r\n"
		"Content-Type: text/css\r\n\r\ncba\r\n"
		"--BOUNDARY--\r\n";
	const wok_http_header extra = {"X-Extra", "1"};

	for (size_t room = 1; room < 3000; room = room * 3 + 1) {
		WOK_AUTO(wok_http_form) *form = new_form();
		struct letters letters = {3};
		ASSERT_OK(wok_http_form_add(form, "text", "hello"));
		ASSERT_OK(wok_http_form_add_part(form, "data",
						 &(wok_http_form_part){.filename = "a.bin",
								       .headers = &extra,
								       .n_headers = 1,
								       .data = "1\r\n2",
								       .size = 4}));
		ASSERT_EQ(wok_http_form_size(form) < UINT64_MAX, true);
		ASSERT_OK(wok_http_form_add_part(form, "calls",
						 &(wok_http_form_part){.content_type = "text/css",
								       .read = give_letters,
								       .arg = &letters,
								       .size = room % 2 ? 3 : 0}));
		/* With a size for each part the whole has one. */
		ASSERT_EQ(wok_http_form_size(form) == UINT64_MAX, room % 2 == 0);
		char *text = form_text(form, room);
		ASSERT_STR(text, expected);
		free(text);
		ASSERT_ERR(wok_http_form_add(form, "late", ""), -EBUSY);
	}
	WOK_AUTO(wok_http_form) *empty = new_form();
	char *text = form_text(empty, 100);
	ASSERT_STR(text, "--BOUNDARY--\r\n");
	free(text);
}

TEST_TASK(names_are_escaped_or_refused, "client-59", "http-26")
{
	WOK_AUTO(wok_http_form) *form = new_form();
	const wok_http_header split = {"X", "a\r\nb"};

	ASSERT_OK(wok_http_form_add(form, "a\"b\\c", ""));
	ASSERT_OK(wok_http_form_add_part(form, "f",
					 &(wok_http_form_part){.filename = "na\xc3\xafve;\".txt"}));
	ASSERT_ERR(wok_http_form_add(form, "a\rb", ""), -EINVAL);
	ASSERT_ERR(wok_http_form_add(form, "a\nb", ""), -EINVAL);
	ASSERT_ERR(wok_http_form_add_part(form, "f", &(wok_http_form_part){.filename = "a\nb"}),
		   -EINVAL);
	ASSERT_ERR(wok_http_form_add_part(form, "f", &(wok_http_form_part){.content_type = "a\n"}),
		   -EINVAL);
	ASSERT_ERR(wok_http_form_add_part(form, "f",
					  &(wok_http_form_part){.headers = &split, .n_headers = 1}),
		   -EINVAL);
	ASSERT_ERR(wok_http_form_add_part(form, "f", &(wok_http_form_part){.size = 1}), -EINVAL);
	char *text = form_text(form, 1000);
	ASSERT_STR(text, "--BOUNDARY\r\nContent-Disposition: form-data; name=\"a%22b\\\\c\"\r\n"
			 "\r\n\r\n--BOUNDARY\r\nContent-Disposition: form-data; name=\"f\"; "
			 "filename=\"na\xc3\xafve;%22.txt\"; "
			 "filename*=UTF-8''na%C3%AFve%3B%22.txt\r\n"
			 "Content-Type: application/octet-stream\r\n\r\n\r\n--BOUNDARY--\r\n");
	free(text);
}

TEST(no_two_forms_have_the_same_boundary, "client-59")
{
	WOK_AUTO(wok_http_form) *a = new_form();
	WOK_AUTO(wok_http_form) *b = new_form();

	ASSERT(strcmp(wok_http_form_type(a), wok_http_form_type(b)) != 0);
	ASSERT(strlen(wok_http_form_type(a)) > 60);
}

static int send_a_file(void *unused)
{
	WOK_AUTO(wok_http_form) *form = new_form();
	char path[] = "/tmp/wok-form-XXXXXX";
	int fd = mkstemp(path);
	char data[100];

	(void) unused;
	ASSERT_EQ(write(fd, "0123456789", 10), 10);
	ASSERT_ERR(wok_http_form_add_file(form, "f", "/nonexistent", NULL, NULL), -ENOENT);
	ASSERT_ERR(wok_http_form_add_file(form, "a\n", path, NULL, NULL), -EINVAL);
	ASSERT_OK(wok_http_form_add_file(form, "f", path, NULL, "text/plain"));
	for (int i = 0; i < 2; i++) {
		char *text = form_text(form, 1000);
		ASSERT(strstr(text, "name=\"f\"; filename=\"wok-form-"));
		ASSERT(strstr(text, "\r\n\r\n0123456789\r\n--"));
		free(text);
		ASSERT_OK(wok_http_form_rewind(form));
	}
	/* A file that has become shorter must not give a request that lies about its size. */
	ASSERT_EQ(ftruncate(fd, 4), 0);
	ssize_t n = 1;
	while (n > 0)
		n = wok_http_form_read(form, data, sizeof(data));
	ASSERT_ERR(n, WOK_EEOF);
	close(fd);
	unlink(path);
	return 0;
}

TEST(a_file_is_sent_with_its_size_and_sent_again, "client-59")
{
	ASSERT_OK(wok_test_run(send_a_file, NULL, &(wok_test_options){.real_clock = true}));
}

TEST_TASK(what_comes_from_a_function_is_sent_once, "client-59")
{
	WOK_AUTO(wok_http_form) *form = new_form();
	struct letters letters = {2};
	const wok_http_form_part part = {.read = give_letters, .arg = &letters, .size = 3};
	char data[100];
	ssize_t n = 1;

	ASSERT_OK(wok_http_form_add_part(form, "f", &part));
	ASSERT_OK(wok_http_form_rewind(form));
	while (n > 0)
		n = wok_http_form_read(form, data, sizeof(data));
	ASSERT_ERR(n, WOK_EEOF); /* it gave less than was said */
	ASSERT_ERR(wok_http_form_rewind(form), -ESPIPE);
}

/* --- receiving -------------------------------------------------------------------------------- */

/* What a handler has read, as "name|filename|type=data;" for each part. */
static struct {
	char seen[5000];
	wok_http_multipart_options options;
	int result;
	int by_text;
} got;

static int see_parts(wok_http_multipart *multipart)
{
	wok_http_part part;
	char *p = got.seen;
	int r;

	*p = '\0';
	while ((r = wok_http_multipart_next(multipart, &part)) > 0) {
		p += sprintf(p, "%s|%s|%s=", part.name, part.filename ? part.filename : "",
			     part.content_type);
		if (got.by_text) {
			wok_view text;
			WOK_TRY(wok_http_multipart_text(multipart, 0, &text));
			WOK_TRY(wok_http_multipart_text(multipart, 0, &text));
			p = stpcpy(p, text.data);
		}
		ssize_t n = 1;
		while (n > 0 && !got.by_text) {
			n = wok_http_multipart_read(multipart, p, 3);
			WOK_TRY(n);
			p += n;
		}
		p = stpcpy(p, ";");
	}
	return r;
}

static int take_form(wok_http_request *request, void *arg)
{
	struct peer *peer = arg;
	WOK_AUTO(wok_http_multipart) *multipart = NULL;

	got.result = wok_http_multipart_open(request, &got.options, &multipart);
	if (got.result == 0)
		got.result = see_parts(multipart);
	WOK_TRY(got.result);
	peer->calls++;
	return wok_http_reply_text(request, 200, "fine");
}

#define TYPE "multipart/form-data; boundary=b"
#define PART(disposition, rest)                                                                    \
	"--b\r\nContent-Disposition: form-data; " disposition "\r\n" rest "\r\n"

static void post_pieces(struct peer *peer, const char *type, const char *body, size_t size,
			size_t piece)
{
	char head[300];

	snprintf(head, sizeof(head),
		 "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n",
		 type, size);
	peer_send(peer, head);
	for (size_t i = 0; i < size; i += piece) {
		peer_send_bytes(peer, body + i, size - i < piece ? size - i : piece);
		test_settle();
	}
	peer_listen(peer);
}

static void expect_form(const char *type, const char *body, int status, const char *seen)
{
	struct peer peer = {0};

	peer_route(&peer, "POST", "/", take_form);
	for (size_t piece = 1; piece < 2000; piece *= 40) {
		peer_open(&peer);
		post_pieces(&peer, type, body, strlen(body), piece);
		expect_answer(&peer.in, status, NULL);
		if (seen)
			ASSERT_STR(got.seen, seen);
		/* A form that was read leaves the connection in order. */
		if (status == 200)
			ASSERT(peer_is_open(&peer));
		peer_close(&peer, 0);
	}
	wok_http_app_free(peer.app);
}

TEST_TASK(a_handler_reads_a_form_part_by_part, "server-8")
{
	static const char body[] = "preamble\r\n" PART("name=\"a\"", "\r\nfirst")
		PART("name=b; filename=\"x y.txt\"", "Content-Type: text/css\r\n\r\n\r\n--c") PART(
			"name=\"a%22\\\"\\\\d\"; filename=\"C:\\dir\\f\"", "\r\n")
			PART("name=\"u\"; filename=\"x\"; filename*=utf-8''na%C3%AFve", "\r\nlast")
				PART("name=\"v\"; filename=\"x\"; filename*=latin1''na%EFve",
				     "\r\n") PART("name=\"\"; filename=\"x\"; filename*=UTF-8''%0d",
						  "\r\n") "--b--\r\nepilogue";

	for (got.by_text = 0; got.by_text < 2; got.by_text++)
		expect_form(TYPE, body, 200,
			    "a||text/plain=first;b|x y.txt|text/css=\r\n--c;"
			    "a\"\"\\d|C:\\dir\\f|text/plain=;"
			    "u|na\xc3\xafve|text/plain=last;v|x|text/plain=;|x|text/plain=;");
	expect_form("Multipart/Form-Data; charset=x; Boundary=\"b\"", "--b--", 200, "");
}

TEST_TASK(a_malformed_form_is_400, "server-8")
{
	static const char *const types[] = {
		"multipart/form-data",
		"multipart/form-data; boundary=",
		"multipart/form-data; boundary=b; boundary=c",
		"multipart/form-data; boundary=\"b",
		"multipart/mixed; boundary=b",
		"text/plain",
	};
	static const char *const bodies[] = {
		"--b\r\n\r\nx\r\n--b--",
		"--b\r\nContent-Disposition: attachment; name=a\r\n\r\n\r\n--b--",
		PART("filename=a", "\r\n") "--b--",
		PART("name=a; name=b", "\r\n") "--b--",
		PART("name=\"a", "\r\n") "--b--",
		PART("name=a b", "\r\n") "--b--",
		PART("name=a", "Content-Disposition: form-data; name=b\r\n\r\n") "--b--",
		PART("name=a", " folded\r\n\r\n") "--b--",
		PART("name=a", "No colon\r\n\r\n") "--b--",
		PART("name=a", "X: bare\nLF\r\n\r\n") "--b--",
		PART("name=a", "Content-Transfer-Encoding: base64\r\n\r\n") "--b--",
		/* a form in a form */
		PART("name=a", "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c--") "--b--",
		PART("name=a", "\r\n"),
		"--bb",
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		expect_form(types[i], "--b--", 400, NULL);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		expect_form(TYPE, bodies[i], 400, NULL);
}

TEST_TASK(limits_of_a_form_are_413, "server-8")
{
	static const char body[] = PART("name=a", "\r\n12345") PART("name=b", "\r\n") "--b--";

	got.options = (wok_http_multipart_options){.max_parts = 1};
	expect_form(TYPE, body, 413, NULL);
	got.options = (wok_http_multipart_options){.max_part = 4};
	expect_form(TYPE, body, 413, NULL);
	got.options = (wok_http_multipart_options){.max_part_head = 39};
	expect_form(TYPE, body, 413, NULL);
	got.options = (wok_http_multipart_options){2, 50, 5};
	expect_form(TYPE, body, 200, NULL);
	got.options = (wok_http_multipart_options){0};
}

/* aiohttp#13652: what a parser throws away counts, too. */
TEST_TASK(a_body_that_is_all_preamble_is_413_like_any_other, "server-7")
{
	char *body = malloc(3000);

	memset(body, 'x', 3000);
	for (int i = 0; i < 3; i++) {
		struct peer peer = {.options = {.max_body = 2000}};
		if (i == 1) /* all of it data of a part; or what stands behind the last part */
			memcpy(body, PART("name=a", "\r\n"), sizeof(PART("name=a", "\r\n")) - 3);
		if (i == 2)
			memcpy(body, "--b--", 5);
		peer_route(&peer, "POST", "/", take_form);
		peer_open(&peer);
		peer_send(&peer, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
				 "Content-Type: " TYPE "\r\n\r\nBB8\r\n");
		got.by_text = 0;
		peer_send_bytes(&peer, body, 3000);
		peer_send(&peer, "\r\n0\r\n\r\n");
		peer_listen(&peer);
		expect_answer(&peer.in, 413, NULL);
		ASSERT_EQ(peer.calls, 0);
		peer_end(&peer);
	}
	free(body);
}

static int skip_parts(wok_http_request *request, void *arg)
{
	WOK_AUTO(wok_http_multipart) *multipart = NULL;
	wok_http_part part;
	struct peer *peer = arg;
	char one;
	int r;

	WOK_TRY(wok_http_multipart_open(request, NULL, &multipart));
	WOK_ASSERT_CHECKPOINT(r = wok_http_multipart_read(multipart, &one, 1));
	ASSERT_EQ(r, 0);
	for (;;) {
		WOK_ASSERT_CHECKPOINT(r = wok_http_multipart_next(multipart, &part));
		if (r <= 0)
			break;
		ASSERT_STR(wok_http_multipart_header(multipart, "x-n"), peer->calls ? NULL : "1");
		ASSERT_EQ(wok_http_multipart_read(multipart, &one, 1), 1);
		peer->calls++;
	}
	WOK_ASSERT_CHECKPOINT(r = wok_http_multipart_next(multipart, &part));
	return r < 0 ? r : wok_http_reply_text(request, 200, "skipped");
}

TEST_TASK(what_is_not_read_of_a_part_is_skipped, "server-8")
{
	struct peer peer = {0};
	static const char body[] =
		PART("name=a", "X-N: 1\r\n\r\n123456789") PART("name=b", "\r\nabc") "--b--";

	peer_route(&peer, "POST", "/", skip_parts);
	peer_open(&peer);
	for (int i = 1; i <= 2; i++) {
		post_pieces(&peer, TYPE, body, sizeof(body) - 1, 10000);
		expect_answer(&peer.in, 200, "skipped");
		peer.calls = 0;
	}
	peer_end(&peer);
}

static int save_part(wok_http_request *request, void *path)
{
	WOK_AUTO(wok_http_multipart) *multipart = NULL;
	wok_http_part part;
	uint64_t size;

	WOK_TRY(wok_http_multipart_open(request, NULL, &multipart));
	ASSERT_EQ(wok_http_multipart_next(multipart, &part), 1);
	ASSERT_ERR(wok_http_multipart_save(multipart, "/", NULL), -EEXIST);
	WOK_TRY(wok_http_multipart_save(multipart, path, &size));
	ASSERT_EQ(size, 50000);
	WOK_TRY(wok_http_multipart_next(multipart, &part));
	return wok_http_reply_text(request, 200, "saved");
}

static int save(void *arg)
{
	char path[] = "/tmp/wok-save-XXXXXX", *body = malloc(60000), *data;
	struct peer peer = {0};
	size_t size;

	(void) arg;
	ASSERT_EQ(close(mkstemp(path)), 0);
	ASSERT_EQ(unlink(path), 0);
	char *p = stpcpy(body, "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n");
	memset(p, 'x', 50000);
	p = stpcpy(p + 50000, "\r\n--b--");
	ASSERT_OK(wok_http_app_new(&peer.app));
	ASSERT_OK(wok_http_route(peer.app, "POST", "/", save_part, path));
	peer_open(&peer);
	post_pieces(&peer, TYPE, body, (size_t) (p - body), 60000);
	while (access(path, F_OK) < 0 || peer.in.size == 0)
		peer_listen(&peer);
	expect_answer(&peer.in, 200, "saved");
	ASSERT_OK(wok_read_file(path, &data, &size));
	ASSERT_EQ(size, 50000);
	wok_free(data);
	ASSERT_EQ(unlink(path), 0);
	/* A body that breaks off leaves no file behind. */
	peer_send(&peer, "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: " TYPE
			 "\r\nContent-Length: 60000\r\n\r\n");
	peer_send_bytes(&peer, body, 30000);
	while (access(path, F_OK) < 0)
		peer_listen(&peer);
	wok_stream_free(WOK_TAKE(peer.client));
	WOK_IGNORE(wok_await(peer.serving));
	ASSERT_EQ(access(path, F_OK), -1);
	wok_task_free(WOK_TAKE(peer.serving));
	wok_stream_free(WOK_TAKE(peer.server));
	wok_http_app_free(peer.app);
	free(peer.in.data);
	free(body);
	return 0;
}

TEST(a_part_is_saved_as_a_file_or_not_at_all, "server-8")
{
	ASSERT_OK(wok_test_run(save, NULL, &(wok_test_options){.real_clock = true}));
}

/* --- both ------------------------------------------------------------------------------------- */

static int there_and_back(void *unused)
{
	static const char text[] = "--b\r\n\"quoted\" \xc3\xa9";
	WOK_AUTO(wok_http_form) *form = NULL;
	WOK_AUTO(wok_http_app) *app = NULL;
	WOK_AUTO(wok_stream) *client = NULL;
	WOK_AUTO(wok_stream) *server = NULL;
	struct peer peer = {0};
	char data[3000], head[300];
	ssize_t n = 1;

	(void) unused;
	WOK_TRY(wok_http_form_new(&form));
	WOK_TRY(wok_http_form_add(form, "a\\\"", text));
	WOK_TRY(wok_http_form_add_part(
		form, "b",
		&(wok_http_form_part){.filename = "\xc3\xa9;", .data = "\r\n--", .size = 4}));
	WOK_TRY(wok_http_app_new(&app));
	WOK_TRY(wok_http_route(app, "POST", "/", take_form, &peer));
	WOK_TRY(wok_stream_pair(0, &client, &server));
	snprintf(head, sizeof(head),
		 "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: %s\r\nContent-Length: %llu\r\n\r\n",
		 wok_http_form_type(form), (unsigned long long) wok_http_form_size(form));
	WOK_TRY(wok_stream_write_all(client, head, strlen(head)));
	while (n > 0) {
		n = wok_http_form_read(form, data, 100);
		WOK_TRY(n);
		WOK_TRY(wok_stream_write_all(client, data, (size_t) n));
	}
	WOK_TRY(wok_stream_shutdown(client));
	got.result = 1;
	WOK_TRY(wok_http_serve_stream(app, server, NULL));
	if (got.result < 0)
		return got.result;
	if (peer.calls == 1)
		ASSERT_STR(got.seen, "a\\\"||text/plain=--b\r\n\"quoted\" \xc3\xa9;"
				     "b|\xc3\xa9;|application/octet-stream=\r\n--;");
	return peer.calls == 1 ? 0 : -ENOMEM;
}

/* The whole way: a redirect makes the client send the form twice. */
static int to_root(wok_http_request *request, void *arg)
{
	struct peer *peer = arg;
	const wok_http_header header = {"Location", "/"};

	peer->calls += 10;
	ASSERT(wok_http_request_header(request, "Content-Length"));
	return wok_http_reply(request, &(wok_http_reply_options){
					       .status = 307, .headers = &header, .n_headers = 1});
}

TEST_TASK(a_form_has_a_length_and_is_sent_again_after_a_redirect, "client-59")
{
	struct peer peer = {0};
	wok_http_session *session = NULL;
	WOK_AUTO(wok_http_form) *form = new_form();
	wok_http_options options = {0};
	wok_http_response *response = NULL;

	peer_route(&peer, "POST", "/", take_form);
	peer_route(&peer, "POST", "/old", to_root);
	ASSERT_OK(wok_http_session_new(&(wok_http_session_options){.app = peer.app}, &session));
	ASSERT_OK(wok_http_form_add(form, "a", "hello"));
	wok_http_form_body(form, &options);
	got.by_text = 1;
	ASSERT_OK(wok_http_post(session, "http://a/old", &options, &response));
	ASSERT_EQ(wok_http_status(response), 200);
	ASSERT_EQ(peer.calls, 11);
	ASSERT_STR(got.seen, "a||text/plain=hello;");
	wok_http_response_free(response);
	wok_http_session_free(session);
	wok_http_app_free(peer.app);
}

static void drop_report(const wok_report *report, void *unused)
{
	(void) report;
	(void) unused;
}

TEST_TASK(what_a_form_sends_a_handler_reads, "client-59", "server-8")
{
	ASSERT_OK(there_and_back(NULL));
}

TEST(any_one_allocation_of_a_form_may_fail)
{
	ASSERT_OK(wok_set_report_hook(drop_report, NULL));
	ASSERT_OK(wok_test_run_allocations(there_and_back, NULL, NULL));
}

/* SPDX-License-Identifier: MIT */
/* Replies that are compressed on their way out. */
#include <wok/http_compress.h>

#include "coding/check.h"
#include "harness/needs.h"
#include "http/server_check.h"

enum { TEXT = 30000 };

static char *text;

/* What the handler does, and how. */
static struct {
	wok_http_compress_options options;
	wok_http_reply_options reply;
	size_t pieces;          /* 0: a whole reply */
	bool sized;             /* pieces whose sum is known */
	wok_http_header before; /* set before the reply */
	wok_event *hold;        /* between the pieces */
} what;

static int handle(wok_http_request *request, void *arg)
{
	(void) arg;
	int r = wok_http_compress(request, &what.options);
	if (r > 0)
		return wok_http_reply(request, &(wok_http_reply_options){.status = r});
	WOK_TRY(r);
	if (what.before.name)
		WOK_TRY(wok_http_reply_header(request, what.before.name, what.before.value));
	if (what.pieces == 0)
		return wok_http_reply(request, &what.reply);
	wok_http_reply_options options = what.reply;
	options.body = NULL;
	options.body_size = what.sized ? what.reply.body_size : 0;
	WOK_TRY(wok_http_reply_begin(request, &options));
	for (size_t i = 0; i < what.pieces; i++) {
		size_t size = what.reply.body_size / what.pieces;
		const char *data = what.reply.body;
		WOK_TRY(wok_http_reply_write(request, data + i * size, size));
		if (what.hold)
			WOK_TRY(wok_event_wait(what.hold));
	}
	return 0;
}

static void reset(size_t size)
{
	memset(&what, 0, sizeof(what));
	if (!text)
		text = make_text(TEXT);
	what.reply.content_type = "text/html; charset=utf-8";
	what.reply.body = text;
	what.reply.body_size = size;
}

static struct peer *open_peer(struct peer *peer)
{
	*peer = (struct peer){0};
	peer_route(peer, "*", "/*", handle);
	peer_open(peer);
	return peer;
}

/* Ask for the text, and take the head of the reply; the body is in peer->in. */
static void ask(struct peer *peer, const char *method, const char *fields, struct answer *answer)
{
	char request[500];

	snprintf(request, sizeof(request), "%s / HTTP/1.1\r\nHost: a\r\n%s\r\n", method, fields);
	peer_send(peer, request);
	peer_listen(peer);
	ASSERT(next_answer(&peer->in, strcmp(method, "HEAD") == 0 ? WOK__H1_FOR_HEAD : 0, answer));
}

static void expect_text(const struct answer *answer, size_t size)
{
	const char *coding = answer_header(answer, "Content-Encoding");
	struct source source = {.data = answer->body, .size = answer->body_size};

	ASSERT(answer->whole);
	struct decoded all = decode_all(coding ? coding : "identity", NULL, &source, 4096);
	ASSERT_OK(all.result);
	ASSERT_EQ(all.size, size);
	ASSERT_MEM(all.data, text, size);
	decoded_free(&all);
}

TEST_TASK(a_reply_is_compressed_as_the_client_likes_it, "server-21", "http-47")
{
	NEEDS_ZLIB();
	static const char *const rows[][2] = {
		{"Accept-Encoding: gzip, deflate\r\n", "gzip"},
		{"Accept-Encoding: gzip, deflate, br\r\n", "br"},
		{"Accept-Encoding: gzip, deflate, br, zstd\r\n", "zstd"},
		{"Accept-Encoding: gzip\r\nAccept-Encoding: br\r\n", "br"},
		{"Accept-Encoding: gzip;q=0, *;q=0.5\r\n", "zstd"},
		{"Accept-Encoding: deflate\r\n", NULL},
		{"Accept-Encoding: identity\r\n", NULL},
		{"Accept-Encoding: identity;q=0\r\n", NULL},
		{"", NULL},
	};
	struct peer peer;
	struct answer answer;

	reset(3000);
	open_peer(&peer);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ask(&peer, "GET", rows[i][0], &answer);
		ASSERT_EQ(answer.status, 200);
		ASSERT_STR(answer_header(&answer, "Content-Encoding"), rows[i][1]);
		ASSERT_STR(answer_header(&answer, "Vary"), "Accept-Encoding");
		ASSERT_EQ(answer.parsed.message.framing, WOK__H1_LENGTH);
		expect_text(&answer, 3000);
	}
	peer_end(&peer);
}

TEST_TASK(a_client_that_refuses_everything_may_be_told_so, "http-47")
{
	NEEDS_ZLIB();
	struct peer peer;
	struct answer answer;

	reset(3000);
	what.options.strict = true;
	open_peer(&peer);
	ask(&peer, "GET", "Accept-Encoding: identity;q=0, snappy\r\n", &answer);
	ASSERT_EQ(answer.status, 406);
	ask(&peer, "GET", "Accept-Encoding: identity;q=0, gzip\r\n", &answer);
	ASSERT_EQ(answer.status, 200);
	expect_text(&answer, 3000);
	peer_end(&peer);
}

/* Each reply with what makes it stay as it is. */
TEST_TASK(what_is_small_or_compressed_already_stays_as_it_is, "server-21", "http-47")
{
	NEEDS_ZLIB();
	static const char *const skip[] = {"text/html", "model/"};
	static const struct {
		size_t size;
		const char *type;
		wok_http_header header;
		bool vary;
	} rows[] = {
		{1023, "text/html", {NULL, NULL}, false},
		{3000, "image/png", {NULL, NULL}, false},
		{3000, "Video/mp4", {NULL, NULL}, false},
		{3000, "application/zip; x=y", {NULL, NULL}, false},
		{3000, NULL, {NULL, NULL}, false},
		{3000, "text/css", {"Content-Encoding", "br"}, false},
		{3000, "text/css", {"Content-Range", "bytes 0-2999/5000"}, false},
		{3000, "text/css", {"Cache-Control", "private, No-Transform"}, false},
		{3000, "text/html", {NULL, NULL}, false}, /* by the options */
		{3000, "model/mesh", {NULL, NULL}, false},
	};
	struct peer peer;
	struct answer answer;

	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		reset(rows[i / 2].size);
		what.reply.content_type = rows[i / 2].type;
		if (i / 2 >= 8) {
			what.options.skip = skip;
			what.options.n_skip = 2;
		}
		if (i % 2) {
			what.before = rows[i / 2].header;
		} else if (rows[i / 2].header.name) {
			what.reply.headers = &rows[i / 2].header;
			what.reply.n_headers = 1;
		}
		open_peer(&peer);
		ask(&peer, "GET", "Accept-Encoding: gzip\r\n", &answer);
		const char *coding = answer_header(&answer, "Content-Encoding");
		if (coding && strcmp(coding, "gzip") == 0)
			FAIL("row %zu is compressed", i / 2);
		ASSERT_STR(answer_header(&answer, "Vary"), NULL);
		ASSERT_MEM(answer.body, text, answer.body_size);
		peer_end(&peer);
	}
	reset(3000);
	what.reply.content_type = "image/svg+xml";
	open_peer(&peer);
	ask(&peer, "GET", "Accept-Encoding: gzip\r\n", &answer);
	ASSERT_STR(answer_header(&answer, "Content-Encoding"), "gzip");
	peer_end(&peer);
}

TEST_TASK(a_strong_tag_becomes_a_weak_one, "server-21", "http-47")
{
	NEEDS_ZLIB();
	static const wok_http_header tags[] = {{"ETag", "\"abc\""}, {"ETag", "W/\"abc\""}};
	struct peer peer;
	struct answer answer;

	for (int i = 0; i < 4; i++) {
		reset(3000);
		if (i < 2) {
			what.reply.headers = &tags[i];
			what.reply.n_headers = 1;
		} else {
			what.before = tags[i - 2];
		}
		open_peer(&peer);
		ask(&peer, "GET", "Accept-Encoding: gzip\r\n", &answer);
		ASSERT_STR(answer_header(&answer, "ETag"), "W/\"abc\"");
		/* Not for who gets the bytes that the tag was made for. */
		ask(&peer, "GET", "", &answer);
		ASSERT_STR(answer_header(&answer, "ETag"), i % 2 ? "W/\"abc\"" : "\"abc\"");
		peer_end(&peer);
	}
}

TEST_TASK(a_head_request_is_told_of_the_coding_and_gets_no_body, "server-21")
{
	NEEDS_ZLIB();
	struct peer peer;
	struct answer answer;

	for (size_t pieces = 0; pieces < 3; pieces++) {
		reset(3000);
		what.pieces = pieces;
		open_peer(&peer);
		ask(&peer, "HEAD", "Accept-Encoding: gzip\r\n", &answer);
		ASSERT_STR(answer_header(&answer, "Content-Encoding"), "gzip");
		ASSERT_STR(answer_header(&answer, "Content-Length"), NULL);
		expect_no_more(&peer.in);
		ask(&peer, "GET", "Accept-Encoding: gzip\r\n", &answer);
		expect_text(&answer, 3000);
		peer_end(&peer);
	}
}

TEST_TASK(a_reply_in_pieces_is_compressed_as_it_goes, "server-21")
{
	NEEDS_ZLIB();
	struct peer peer;
	struct answer answer;

	for (int sized = 0; sized < 2; sized++) {
		for (size_t size = 0; size <= TEXT; size += TEXT / 2) {
			reset(size);
			what.pieces = 10;
			what.sized = sized;
			open_peer(&peer);
			ask(&peer, "GET", "Accept-Encoding: gzip\r\n", &answer);
			if (size > 0)
				ASSERT_EQ(answer.parsed.message.framing, WOK__H1_CHUNKED);
			/* The body of an answer is cut off at 4 KiB. */
			if (answer.body_size < sizeof(answer.body) - 1)
				expect_text(&answer, size);
			peer_end(&peer);
		}
	}
}

TEST_TASK(pieces_are_flushed_so_that_the_client_has_each_at_once, "server-21")
{
	NEEDS_ZLIB();
	struct peer peer;
	wok_event event = WOK_EVENT_INIT;

	reset(2000);
	what.pieces = 2;
	what.hold = &event;
	open_peer(&peer);
	peer_send(&peer, "GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
	peer_listen(&peer);
	struct answer answer;
	ASSERT(next_answer(&peer.in, 0, &answer));
	ASSERT(!answer.whole);
	struct source source = {.data = answer.body, .size = answer.body_size};
	struct decoded all = decode_all("gzip", NULL, &source, 4096);
	ASSERT_EQ(all.result, WOK_EEOF);
	ASSERT_EQ(all.size, 1000);
	ASSERT_MEM(all.data, text, 1000);
	decoded_free(&all);
	wok_event_set(&event);
	peer_listen(&peer);
	peer_end(&peer);
}

static int compress_twice(wok_http_request *request, void *arg)
{
	WOK_TRY(wok_http_compress(request, NULL));
	return handle(request, arg);
}

TEST_TASK(nothing_is_compressed_twice, "http-47")
{
	NEEDS_ZLIB();
	struct peer peer = {0};
	struct answer answer;

	reset(3000);
	peer_route(&peer, "GET", "/", compress_twice);
	peer_open(&peer);
	ask(&peer, "GET", "Accept-Encoding: gzip\r\n", &answer);
	ASSERT_STR(answer_header(&answer, "Content-Encoding"), "gzip");
	expect_text(&answer, 3000);
	peer_end(&peer);
}

static int misuse(wok_http_request *request, void *arg)
{
	static const char *const types[] = {"text/html", "application/json"};
	struct peer *peer = arg;

	ASSERT_ERR(wok_http_compress(request, &(wok_http_compress_options){.codings = "lzw"}),
		   -EINVAL);
	ASSERT_ERR(wok_http_compress(request,
				     &(wok_http_compress_options){.codings = "gzip, identity"}),
		   -EINVAL);
	ASSERT_EQ(wok_http_accepts(request, types, 2), 1);
	WOK_ASSERT_NO_CHECKPOINT(ASSERT_OK(wok_http_compress(
		request, &(wok_http_compress_options){.codings = "gzip", .level = 1})));
	WOK_TRY(wok_http_reply_text(request, 200, "fine"));
	ASSERT_ERR(wok_http_compress(request, NULL), -EALREADY);
	peer->calls++;
	return 0;
}

TEST_TASK(the_options_are_checked_and_types_are_chosen, "server-21")
{
	NEEDS_ZLIB();
	struct peer peer = {0};

	peer_route(&peer, "GET", "/", misuse);
	peer_open(&peer);
	peer_send(&peer, "GET / HTTP/1.1\r\nHost: a\r\nAccept: text/html;q=0.1\r\n"
			 "Accept: application/json\r\n\r\n");
	peer_listen(&peer);
	expect_answer(&peer.in, 200, "fine");
	ASSERT_EQ(peer.calls, 1);
	peer_end(&peer);
}

static int add_compression(wok_http_request *request, void *unused)
{
	(void) unused;
	WOK_TRY(wok_http_compress(request, NULL));
	return wok_http_next(request);
}

static int plain_text(wok_http_request *request, void *unused)
{
	(void) unused;
	ASSERT(strstr(wok_http_request_header(request, "Accept-Encoding"), "gzip"));
	return wok_http_reply_text(request, 200, text);
}

/* The client asks by itself, and decodes what the middleware has compressed. */
TEST_TASK(what_a_middleware_compresses_a_client_decodes, "server-21", "client-67")
{
	NEEDS_ZLIB();
	WOK_AUTO(wok_http_app) *app = NULL;
	wok_http_session *session = NULL;
	wok_http_response *response = NULL;
	wok_view body;

	reset(0);
	ASSERT_OK(wok_http_app_new(&app));
	ASSERT_OK(wok_http_use(app, add_compression, NULL));
	ASSERT_OK(wok_http_route(app, "GET", "/", plain_text, NULL));
	ASSERT_OK(wok_http_session_new(&(wok_http_session_options){.app = app}, &session));
	ASSERT_OK(wok_http_get(session, "http://a/", NULL, &response));
	ASSERT(wok_http_header_value(response, "Content-Encoding"));
	ASSERT_OK(wok_http_body(response, &body));
	ASSERT_STR(body.data, text);
	wok_http_response_free(response);
	wok_http_session_free(session);
}

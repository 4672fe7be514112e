/* SPDX-License-Identifier: MIT */
/* The access log, and what servers count. */
#include <stdio.h>
#include <unistd.h>

#include "server/exchange.h"

struct log {
	char text[4096];
	int lines;
};

static void keep(const char *line, size_t size, void *arg)
{
	struct log *log = arg;

	ASSERT_EQ(strlen(line), size);
	ASSERT(line[size - 1] == '\n');
	snprintf(log->text, sizeof(log->text), "%s", line);
	log->lines++;
}

static int pause_and_echo(wok_http_request *request, void *arg)
{
	wok_view body;

	(void) arg;
	WOK_TRY(wok_http_request_body(request, &body));
	WOK_TRY(wok_sleep(1500 * WOK_MS));
	return wok_http_reply_text(request, 201, "four");
}

TEST_TASK(a_line_is_written_when_a_request_has_been_answered, "server-22")
{
	struct log log = {0};
	const wok_http_access_log options = {
		.format = "%m|%U|%q|%H|%s|%b|%B|%I|%D|%T|%v|%R|%{X-Y}i|%{None}i|%r|%h|%%",
		.write = keep,
		.arg = &log,
	};
	struct peer peer = {.options = {.access_log = &options}};
	struct answer answer;

	peer_route(&peer, "POST", "/a/{b}", pause_and_echo);
	peer_open(&peer);
	peer_send(&peer, "POST /a/1?x=y HTTP/1.1\r\nHost: h.test\r\nX-Y: z\r\n"
			 "Content-Length: 5\r\n\r\nhello");
	test_settle();
	ASSERT_EQ(log.lines, 0);
	ASSERT_OK(wok_sleep(2 * WOK_SECOND));
	peer_listen(&peer);
	ASSERT(next_answer(&peer.in, 0, &answer));
	ASSERT_STR(log.text, "POST|/a/1|?x=y|HTTP/1.1|201|4|4|5|1500000|1.500000|h.test|/a/{b}|z|-|"
			     "POST /a/1?x=y HTTP/1.1|-|%\n");
	exchange(&peer, &answer, "HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n");
	ASSERT(strstr(log.text, "HEAD|/a||HTTP/1.1|404|-|0|0|0|0.000000|a|-|"));
	/* what cannot be understood is a line, too */
	exchange(&peer, &answer, "GET / HTTP/1.1\r\nHost : a\r\n\r\n");
	ASSERT(strstr(log.text, "-|-||HTTP/1.1|400|11|"));
	ASSERT_EQ(log.lines, 3);
	peer_end(&peer);
}

TEST_TASK(nobody_writes_lines_of_his_own_into_the_log, "server-22")
{
	struct log log = {0};
	const wok_http_access_log common = {.write = keep, .arg = &log};
	const wok_http_access_log json = {.json = true, .write = keep, .arg = &log};
	static const char request[] =
		"GET /\"\\?\"q\" HTTP/1.1\r\nHost: a\r\nUser-Agent: a\"b\\c\t\xff\x1b\r\n\r\n";
	static const char good[] =
		"GET /\"\\?\"q\" HTTP/1.1\r\nHost: a\r\nUser-Agent: a\"b\\c\t\xff\r\n\r\n";
	struct answer answer;

	for (int i = 0; i < 2; i++) {
		struct peer peer = {.options = {.access_log = i ? &json : &common}};
		peer_route(&peer, "GET", "/*", say_hello);
		peer_open(&peer);
		exchange(&peer, &answer, "%s", good);
		ASSERT_EQ(answer.status, 200);
		if (i == 0) {
			ASSERT(strstr(log.text,
				      "\"GET /\\x22\\x5c?\\x22q\\x22 HTTP/1.1\" 200 5 \"-\" "
				      "\"a\\x22b\\x5cc\\x09\\xff\"\n"));
		} else {
			ASSERT(strstr(log.text,
				      "\"path\":\"/\\u0022\\u005c\",\"query\":\"\\u0022q"
				      "\\u0022\",\"version\":\"HTTP/1.1\",\"host\":\"a\","
				      "\"route\":\"/*\",\"status\":200,\"sent\":5,"
				      "\"received\":0,\"micros\":0,\"referer\":null,"
				      "\"agent\":\"a\\u0022b\\u005cc\\u0009\\u00ff\"}\n"));
		}
		/* an escape byte never comes so far */
		exchange(&peer, &answer, "%s", request);
		ASSERT_EQ(answer.status, 400);
		peer_end(&peer);
	}
}

TEST_TASK(a_log_goes_to_a_file_and_is_whole_at_the_end, "server-22")
{
	char path[] = "/tmp/wok-access-XXXXXX", text[16384] = "";
	int fd = mkstemp(path), lines = 0;
	const wok_http_access_log options = {.format = "%U %s", .path = path};
	struct peer peer = {.options = {.access_log = &options}};

	ASSERT(fd >= 0);
	peer_route(&peer, "GET", "/*", say_hello);
	peer_open(&peer);
	for (int i = 0; i < 200; i++)
		expect_reply(&peer, "GET", "/x", 200, "hello");
	peer_end(&peer);
	ssize_t n = read(fd, text, sizeof(text) - 1);
	close(fd);
	unlink(path);
	ASSERT(n > 0);
	for (const char *p = text; (p = strstr(p, "/x 200\n")); p++)
		lines++;
	ASSERT_EQ(lines, 200);
	ASSERT_EQ(n, 200 * 7);
}

TEST_TASK(a_format_that_nobody_knows_is_refused)
{
	static const char *const bad[] = {"%", "%y", "%{x}", "%{}i", "%{x}s", "%{", "a\nb"};
	WOK_AUTO(wok_http_app) *app = NULL;
	wok_stream *a, *b;

	ASSERT_OK(wok_http_app_new(&app));
	ASSERT_OK(wok_stream_pair(0, &a, &b));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const wok_http_access_log log = {.format = bad[i]};
		wok_http_serve_options options = {.access_log = &log};
		ASSERT_ERR(wok_http_serve_stream(app, a, &options), -EINVAL);
	}
	wok_stream_free(a);
	wok_stream_free(b);
}

static int say_stats(wok_http_request *request, void *arg)
{
	wok_http_server_stats stats;
	char text[128];

	(void) arg;
	wok_http_get_server_stats(request, &stats);
	snprintf(text, sizeof(text), "%zu %zu %llu %llu %llu %llu", stats.connections,
		 stats.requests, (unsigned long long) stats.total_connections,
		 (unsigned long long) stats.total_requests, (unsigned long long) stats.replies[2],
		 (unsigned long long) stats.replies[4]);
	return wok_http_reply_text(request, 200, text);
}

TEST_TASK(a_server_counts_what_it_does, "server-29")
{
	struct peer peer = {0};

	peer_route(&peer, "GET", "/", say_stats);
	peer_open(&peer);
	expect_reply(&peer, "GET", "/", 200, "1 1 1 0 0 0");
	expect_reply(&peer, "GET", "/x", 404, NULL);
	expect_reply(&peer, "GET", "/", 200, "1 1 1 2 1 1");
	peer_end(&peer);
}

/* SPDX-License-Identifier: MIT */
/* The must-reject list of behaviours/http.md, request heads: items 18 to 40. */
#include "http/h1_check.h"

#define GET "GET / HTTP/1.1\r\nHost: a\r\n"
#define GOOD GET "\r\n"
#define WITH(field) GET field "\r\n"
#define LINE(line) line "\r\nHost: a\r\n\r\n"
#define HOST(host) "GET / HTTP/1.1\r\nHost:" host "\r\n\r\n"

static const struct rejection lines[] = {
	/* bare LF, at the end of each kind of line */
	REJECT(18, "GET / HTTP/1.1\nHost: a\r\n\r\n", BARE_LF, 400, GOOD),
	REJECT(18, "GET / HTTP/1.1\r\nHost: a\n\r\n", BARE_LF, 400, GOOD),
	REJECT(18, "GET / HTTP/1.1\r\nHost: a\r\n\n", BARE_LF, 400, GOOD),
	REJECT(18, "GET / HTTP/1.1\nHost: a\n\n", BARE_LF, 400, GOOD),
	REJECT(18, WITH("X: a\nY: b\r\n"), BARE_LF, 400, WITH("X: a\r\nY: b\r\n")),
	REJECT(18, "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", BARE_LF, 400, "\r\n" GOOD),
	/* bare CR */
	REJECT(19, WITH("X: a\rb\r\n"), BARE_CR, 400, WITH("X: ab\r\n")),
	REJECT(19, "GET / HTTP/1.1\rHost: a\r\n\r\n", BARE_CR, 400, GOOD),
	REJECT(19, WITH("X: a\r\r\n"), BARE_CR, 400, WITH("X: a\r\n")),
	REJECT(19, "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", BARE_CR, 400, GOOD),
	REJECT(19, "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", BARE_CR, 400, "\r\n" GOOD),
	REJECT(20, GET "\rX", BARE_CR, 400, GET "\r\n"),
	REJECT(20, GET "\r\r\n\r\n", BARE_CR, 400, GET "\r\n"),
	/* continuation lines */
	REJECT(21, "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", OBS_FOLD, 400, GOOD),
	REJECT(21, WITH("X: a\r\n b\r\n"), OBS_FOLD, 400, WITH("X: a b\r\n")),
	REJECT(21, WITH("X: a\r\n\tb\r\n"), OBS_FOLD, 400, WITH("X: a\tb\r\n")),
	REJECT(21, WITH("X: a\r\n \r\n"), OBS_FOLD, 400, WITH("X: a \r\n")),
	REJECT(22, "GET / HTTP/1.1\r\n Host: a\r\n\r\n", OBS_FOLD, 400, GOOD),
	REJECT(22, "GET / HTTP/1.1\r\n\tHost: a\r\n\r\n", OBS_FOLD, 400, GOOD),
	REJECT(22, "GET / HTTP/1.1\r\n \r\nHost: a\r\n\r\n", OBS_FOLD, 400, GOOD),
	/* the colon */
	REJECT(23, "GET / HTTP/1.1\r\nHost : a\r\n\r\n", SPACE_BEFORE_COLON, 400, GOOD),
	REJECT(23, WITH("X\t: a\r\n"), SPACE_BEFORE_COLON, 400, WITH("X:\ta\r\n")),
	REJECT(23, WITH("Content-Length \t : 5\r\n"), SPACE_BEFORE_COLON, 400,
	       WITH("Content-Length: \t 0\r\n")),
	REJECT(24, WITH(": v\r\n"), BAD_FIELD_NAME, 400, WITH("x: v\r\n")),
	REJECT(24, WITH(":\r\n"), BAD_FIELD_NAME, 400, WITH("x:\r\n")),
	REJECT(25, WITH("nocolon\r\n"), NO_COLON, 400, WITH("nocolon:\r\n")),
	REJECT(25, WITH("no colon\r\n"), BAD_FIELD_NAME, 400, WITH("no: colon\r\n")),
	REJECT(25, WITH("x \r\n"), NO_COLON, 400, WITH("x: \r\n")),
	REJECT(25, "GET / HTTP/1.1\r\nHost\r\n\r\n", NO_COLON, 400, GOOD),
	/* names */
	REJECT(26, WITH("X(: a\r\n"), BAD_FIELD_NAME, 400, WITH("X!#$%&'*+-.^_`|~: a\r\n")),
	REJECT(26, WITH("X\x80: a\r\n"), BAD_FIELD_NAME, 400, WITH("Xx: a\r\n")),
	REJECT(26, WITH("\xc3\xa4: a\r\n"), BAD_FIELD_NAME, 400, WITH("a: \xc3\xa4\r\n")),
	REJECT(26, WITH("X\"Y: a\r\n"), BAD_FIELD_NAME, 400, WITH("XY: \"a\r\n")),
	REJECT(26, WITH("X/Y: a\r\n"), BAD_FIELD_NAME, 400, WITH("X-Y: a\r\n")),
	REJECT(26, WITH("X@: a\r\n"), BAD_FIELD_NAME, 400, WITH("X: @\r\n")),
	REJECT(26, WITH("X\x7f: a\r\n"), CONTROL_BYTE, 400, WITH("X: a\r\n")),
	REJECT(26, WITH("X\x00Y: a\r\n"), CONTROL_BYTE, 400, WITH("XY: a\r\n")),
	/* control bytes in values */
	REJECT(27, WITH("X: a\x00z\r\n"), CONTROL_BYTE, 400, WITH("X: az\r\n")),
	REJECT(27, WITH("X: \x01\r\n"), CONTROL_BYTE, 400, WITH("X: \x80\r\n")),
	REJECT(27, WITH("X: a\x7fz\r\n"), CONTROL_BYTE, 400, WITH("X: a~z\r\n")),
	REJECT(27, WITH("X: a\x1fz\r\n"), CONTROL_BYTE, 400, WITH("X: a z\r\n")),
	REJECT(27, WITH("X: a\x0bz\r\n"), CONTROL_BYTE, 400, WITH("X: a\tz\r\n")),
	REJECT(27, WITH("X: a\x0cz\r\n"), CONTROL_BYTE, 400, WITH("X: a\tz\r\n")),
	REJECT(27, WITH("X: a\x08z\r\n"), CONTROL_BYTE, 400, WITH("X: a\tz\r\n")),
	REJECT(27, WITH("X: a long value with its NUL\x00 behind sixteen bytes\r\n"), CONTROL_BYTE,
	       400, WITH("X: a long value with nothing bad behind sixteen bytes\r\n")),
	REJECT(28, WITH("Conten\r\nt-Length: 0\r\n"), NO_COLON, 400, WITH("Content-Length: 0\r\n")),
	REJECT(28, WITH("Conten\r\n t-Length: 0\r\n"), NO_COLON, 400,
	       WITH("Content-Length: 0\r\n")),
	/* other alphabets' white space stays part of a value: then these are not what they seem */
	REJECT(29, HOST(" a\x85"), BAD_HOST, 400, HOST(" a \t")),
	REJECT(29,
	       HOST("\xa0"
		    "a"),
	       BAD_HOST, 400, HOST("\ta")),
	REJECT(29,
	       WITH("Content-Length: \xa0"
		    "0\r\n"),
	       BAD_CL, 400, WITH("Content-Length: \t0\r\n")),
};

static const struct rejection start_lines[] = {
	REJECT(30, LINE("GET / http/1.1"), BAD_VERSION, 400, GOOD),
	REJECT(30, LINE("GET / Http/1.1"), BAD_VERSION, 400, GOOD),
	REJECT(30, LINE("GET / HTTP/1"), BAD_VERSION, 400, GOOD),
	REJECT(30, LINE("GET / HTTP/1."), BAD_VERSION, 400, GOOD),
	REJECT(30, LINE("GET / HTTP/.1"), BAD_VERSION, 400, GOOD),
	REJECT(30, LINE("GET / HTTP/01.1"), BAD_VERSION, 400, GOOD),
	REJECT(30, LINE("GET / HTTP/1.01"), BAD_VERSION, 400, GOOD),
	REJECT(30, LINE("GET / HTTP/1.32"), BAD_VERSION, 400, GOOD),
	REJECT(30, LINE("GET / HTTP/ 1.1"), BAD_VERSION, 400, GOOD),
	REJECT(30, LINE("GET / HTTP/1.a"), BAD_VERSION, 400, GOOD),
	REJECT(30, LINE("GET / HTTP/1,1"), BAD_VERSION, 400, GOOD),
	REJECT(30, LINE("GET / HTTPS/1.1"), BAD_VERSION, 400, GOOD),
	REJECT(30, LINE("GET / ICE/1.0"), BAD_VERSION, 400, LINE("GET / HTTP/1.0")),
	REJECT(30, LINE("GET / HTTP/2.0"), UNSUPPORTED_VERSION, 505, LINE("GET / HTTP/1.0")),
	REJECT(30, LINE("GET / HTTP/3.0"), UNSUPPORTED_VERSION, 505, LINE("GET / HTTP/1.0")),
	REJECT(30, LINE("GET / HTTP/1.2"), UNSUPPORTED_VERSION, 505, GOOD),
	REJECT(31, "GET /\r\n", BAD_VERSION, 400, GOOD),
	REJECT(31, LINE("GET /"), BAD_VERSION, 400, GOOD),
	REJECT(31, LINE("GET / HTTP/0.9"), UNSUPPORTED_VERSION, 505, GOOD),
	REJECT(32, LINE("GET  / HTTP/1.1"), BAD_START_LINE, 400, GOOD),
	REJECT(32, LINE("GET /  HTTP/1.1"), BAD_VERSION, 400, GOOD),
	REJECT(32, LINE("GET / HTTP/1.1 "), BAD_VERSION, 400, GOOD),
	REJECT(32, LINE(" GET / HTTP/1.1"), BAD_METHOD, 400, GOOD),
	REJECT(32, LINE("GET\t/ HTTP/1.1"), BAD_START_LINE, 400, GOOD),
	REJECT(32, LINE("GET /\tHTTP/1.1"), BAD_VERSION, 400, GOOD),
	REJECT(32, LINE("GET /\t HTTP/1.1"), BAD_START_LINE, 400, GOOD),
	REJECT(32, LINE("GET/ HTTP/1.1"), BAD_METHOD, 400, GOOD),
	REJECT(32, LINE("GET /HTTP/1.1"), BAD_VERSION, 400, GOOD),
	REJECT(32, LINE("GET HTTP/1.1"), BAD_START_LINE, 400, GOOD),
	REJECT(32, "\r\n\r\n" GOOD, EMPTY_LINE, 400, "\r\n" GOOD),
	REJECT(32, GOOD "\r\n\r\n" GOOD, EMPTY_LINE, 400, GOOD "\r\n" GOOD),
	REJECT(33, LINE("G(T / HTTP/1.1"), BAD_METHOD, 400, LINE("G!T / HTTP/1.1")),
	REJECT(33, LINE("G\x80T / HTTP/1.1"), BAD_METHOD, 400, LINE("get / HTTP/1.1")),
	REJECT(33, LINE("G:T / HTTP/1.1"), BAD_METHOD, 400, LINE("M-SEARCH / HTTP/1.1")),
	REJECT(33, LINE("AAAAAAAABBBBBBBBCCCCCCCCDDDDDDDDE / HTTP/1.1"), METHOD_TOO_LONG, 501,
	       LINE("AAAAAAAABBBBBBBBCCCCCCCCDDDDDDDD / HTTP/1.1")),
	REJECT(34, LINE("GET /a b HTTP/1.1"), BAD_VERSION, 400, LINE("GET /a%20b HTTP/1.1")),
	REJECT(34, LINE("GET /\x01 HTTP/1.1"), CONTROL_BYTE, 400, LINE("GET /%01 HTTP/1.1")),
	REJECT(34, LINE("GET /\x00 HTTP/1.1"), CONTROL_BYTE, 400, LINE("GET /%00 HTTP/1.1")),
	REJECT(34, LINE("GET /\x7f HTTP/1.1"), CONTROL_BYTE, 400, LINE("GET /~ HTTP/1.1")),
	REJECT(34, LINE("GET /\x80 HTTP/1.1"), BAD_TARGET, 400, LINE("GET /%80 HTTP/1.1")),
	REJECT(34, LINE("GET /\xc3\xa4 HTTP/1.1"), BAD_TARGET, 400, LINE("GET /%c3%a4 HTTP/1.1")),
	REJECT(34, LINE("GET /#f HTTP/1.1"), BAD_TARGET, 400, LINE("GET /%23f HTTP/1.1")),
	REJECT(34, LINE("GET http://a/#f HTTP/1.1"), BAD_TARGET, 400,
	       LINE("GET http://a/%23f HTTP/1.1")),
	REJECT(35, LINE("GET * HTTP/1.1"), BAD_TARGET, 400, LINE("OPTIONS * HTTP/1.1")),
	REJECT(35, LINE("OPTIONS ** HTTP/1.1"), BAD_TARGET, 400, LINE("OPTIONS * HTTP/1.1")),
	REJECT(35, LINE("options * HTTP/1.1"), BAD_TARGET, 400, LINE("OPTIONS /* HTTP/1.1")),
	REJECT(35, LINE("GET a:80 HTTP/1.1"), BAD_TARGET, 400, LINE("CONNECT a:80 HTTP/1.1")),
	REJECT(35, LINE("CONNECT a HTTP/1.1"), BAD_TARGET, 400, LINE("CONNECT a:1 HTTP/1.1")),
	REJECT(35, LINE("CONNECT / HTTP/1.1"), BAD_TARGET, 400, LINE("GET / HTTP/1.1")),
	REJECT(35, LINE("CONNECT a:0 HTTP/1.1"), BAD_TARGET, 400, LINE("CONNECT a:1 HTTP/1.1")),
	REJECT(35, LINE("CONNECT u@a:1 HTTP/1.1"), BAD_TARGET, 400, LINE("CONNECT a:1 HTTP/1.1")),
	REJECT(35, LINE("CONNECT [::1] HTTP/1.1"), BAD_TARGET, 400,
	       LINE("CONNECT [::1]:443 HTTP/1.1")),
	REJECT(35, LINE("GET  HTTP/1.1"), BAD_START_LINE, 400, LINE("GET / HTTP/1.1")),
	REJECT(35, LINE("GET path HTTP/1.1"), BAD_TARGET, 400, LINE("GET /path HTTP/1.1")),
	REJECT(35, LINE("GET ?q HTTP/1.1"), BAD_TARGET, 400, LINE("GET /?q HTTP/1.1")),
	REJECT(35, LINE("GET http:/a HTTP/1.1"), BAD_TARGET, 400, LINE("GET http://a HTTP/1.1")),
	REJECT(35, LINE("GET 1http://a HTTP/1.1"), BAD_TARGET, 400, LINE("GET h1+-.://a HTTP/1.1")),
	REJECT(35, LINE("GET http:// HTTP/1.1"), BAD_TARGET, 400, LINE("GET http://a HTTP/1.1")),
	REJECT(35, LINE("GET http://u@a/ HTTP/1.1"), BAD_TARGET, 400,
	       LINE("GET http://a/ HTTP/1.1")),
	REJECT(36, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", TLS_HELLO, 0, GOOD),
	REJECT(36, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HTTP2_PREFACE, 0, LINE("PRI /* HTTP/1.1")),
};

static const struct rejection hosts[] = {
	REJECT(37, "GET / HTTP/1.1\r\n\r\n", NO_HOST, 400, "GET / HTTP/1.0\r\n\r\n"),
	REJECT(37, "GET / HTTP/1.1\r\nHosts: a\r\n\r\n", NO_HOST, 400, HOST("a")),
	REJECT(37, "GET http://a/ HTTP/1.1\r\n\r\n", NO_HOST, 400,
	       "GET http://a/ HTTP/1.0\r\n\r\n"),
	REJECT(38, WITH("Host: a\r\n"), DUPLICATE_FIELD, 400, GOOD),
	REJECT(38, WITH("Host: b\r\n"), DUPLICATE_FIELD, 400, GOOD),
	REJECT(38, WITH("hOST: b\r\n"), DUPLICATE_FIELD, 400, WITH("hOSTx: b\r\n")),
	REJECT(39, HOST(""), BAD_HOST, 400, HOST("a")),
	REJECT(39, HOST(" "), BAD_HOST, 400, HOST(" a ")),
	REJECT(39, "GET / HTTP/1.0\r\nHost: \r\n\r\n", BAD_HOST, 400, "GET / HTTP/1.0\r\n\r\n"),
	REJECT(39, HOST("u@a"), BAD_HOST, 400, HOST("u.a")),
	REJECT(39, HOST("u:p@a"), BAD_HOST, 400, HOST("u.p-a")),
	REJECT(39, HOST("a/"), BAD_HOST, 400, HOST("a.")),
	REJECT(39, HOST("a/b"), BAD_HOST, 400, HOST("a_b")),
	REJECT(39, HOST("a?b"), BAD_HOST, 400, HOST("a~b")),
	REJECT(39, HOST("a#b"), BAD_HOST, 400, HOST("a;b")),
	REJECT(39, HOST("a\\b"), BAD_HOST, 400, HOST("a%5cb")),
	REJECT(39, HOST("a,b"), BAD_HOST, 400, HOST("a!b")),
	REJECT(39, HOST("a b"), BAD_HOST, 400, HOST("a+b")),
	REJECT(39, HOST("a\tb"), BAD_HOST, 400, HOST("a\t")),
	REJECT(39, HOST("a%4"), BAD_HOST, 400, HOST("a%41")),
	REJECT(39, HOST("a%4g"), BAD_HOST, 400, HOST("a%4f")),
	REJECT(39, HOST("\xc3\xa4.test"), BAD_HOST, 400, HOST("xn--4ca.test")),
	REJECT(39, HOST(":80"), BAD_HOST, 400, HOST("a:80")),
	REJECT(39, HOST("a:"), BAD_HOST, 400, HOST("a:1")),
	REJECT(39, HOST("a:b"), BAD_HOST, 400, HOST("a:8")),
	REJECT(39, HOST("a:-1"), BAD_HOST, 400, HOST("a:1")),
	REJECT(39, HOST("a:80:80"), BAD_HOST, 400, HOST("a:8080")),
	REJECT(39, HOST("a:65536"), BAD_HOST, 400, HOST("a:65535")),
	REJECT(39, HOST("a:000080"), BAD_HOST, 400, HOST("a:00080")),
	REJECT(39, HOST("::1"), BAD_HOST, 400, HOST("[::1]")),
	REJECT(39, HOST("[::1"), BAD_HOST, 400, HOST("[::1]")),
	REJECT(39, HOST("[]"), BAD_HOST, 400, HOST("[::]")),
	REJECT(39, HOST("[::1]80"), BAD_HOST, 400, HOST("[::1]:80")),
	REJECT(39, HOST("[1.2.3.4]"), BAD_HOST, 400, HOST("1.2.3.4")),
	REJECT(39, HOST("[::g]"), BAD_HOST, 400, HOST("[::f]")),
	REJECT(39, HOST("[fe80::1%25eth0]"), BAD_HOST, 400, HOST("[fe80::1]")),
	REJECT(39, HOST("[1:2:3:4:5:6:7:8:9]"), BAD_HOST, 400, HOST("[1:2:3:4:5:6:7:8]")),
	REJECT(39, HOST("[::ffff:1.2.3.256]"), BAD_HOST, 400, HOST("[::ffff:1.2.3.4]:9")),
	REJECT(40, LINE("GET http://b/ HTTP/1.1"), HOST_MISMATCH, 400,
	       LINE("GET http://a/ HTTP/1.1")),
	REJECT(40, LINE("GET http://a:80/ HTTP/1.1"), HOST_MISMATCH, 400,
	       LINE("GET http://A/ HTTP/1.1")),
	REJECT(40, LINE("GET http://a.b/ HTTP/1.1"), HOST_MISMATCH, 400,
	       LINE("GET http://a?b HTTP/1.1")),
};

TEST(a_malformed_line_of_the_head_is_refused_however_it_is_cut)
{
	CHECK_REJECTIONS((struct transcript){0}, lines);
}

TEST(a_malformed_request_line_is_refused_however_it_is_cut)
{
	CHECK_REJECTIONS((struct transcript){0}, start_lines);
}

TEST(a_missing_doubled_or_malformed_host_is_refused)
{
	CHECK_REJECTIONS((struct transcript){0}, hosts);
}

/* Control bytes one by one, in each part of a head, at each distance from a vector's edge. */
TEST(each_control_byte_is_refused_in_names_values_and_targets)
{
	static const char *const heads[] = {
		"GET /@ HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nX@: v\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nX: @\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nX: 0123456789abcdef0123456789@\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nX: @ and then a tail of some length\r\n\r\n",
	};
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		for (int c = 0; c < 0x80; c++) {
			char text[96];
			size_t size = strlen(heads[i]);
			if ((c >= 0x20 && c != 0x7f) || c == '\t')
				continue;
			memcpy(text, heads[i], size);
			*(char *) memchr(text, '@', size) = (char) c;
			struct transcript t = {0};
			transcript_run(&t, text, size);
			int error = c == '\n'   ? WOK__H1_BARE_LF
				    : c == '\r' ? WOK__H1_BARE_CR
						: WOK__H1_CONTROL_BYTE;
			if (t.error != error)
				FAIL("head %zu, byte 0x%02x:\n%s", i, c, t.text);
			transcript_free(&t);
		}
	}
}

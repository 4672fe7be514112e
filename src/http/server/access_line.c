/* SPDX-License-Identifier: MIT */
/* A line of the access log: see wok/http_access_log.h. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <wok/error.h>
#include <wok/loop.h>
#include <wok/utf8.h>

#include "http/server/access_log.h"
#include "http/server/connection.h"

enum { NAME_MAX_SIZE = 64, SHORT = 64 };

static const char common[] = "%h - - %t \"%r\" %s %b \"%{Referer}i\" \"%{User-Agent}i\"";

/* What clients send: neither line ends nor quotes nor what a terminal would obey. */
static void put_escaped(struct wok__buffer *line, const char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (; *text; text++) {
		unsigned char c = (unsigned char) *text;
		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
			wok__buffer_add(line, (char[]){'\\', 'x', digits[c >> 4], digits[c & 15]},
					4);
		else
			wok__buffer_add(line, text, 1);
	}
}

static void put_or_dash(struct wok__buffer *line, const char *text)
{
	put_escaped(line, text && *text ? text : "-");
}

/* An address without its port. */
static void put_address(struct wok__buffer *line, const wok_address *address)
{
	char text[WOK_ADDRESS_TEXT];

	if (address->size == 0) {
		wok__buffer_text(line, "-");
		return;
	}
	wok_address_text(address, text);
	char *end = text[0] == '[' ? strchr(text, ']') : strchr(text, ':');
	if (end && strncmp(text, "unix:", 5) != 0)
		*end = '\0';
	put_escaped(line, text + (text[0] == '['));
}

static void put_client(struct wok__buffer *line, wok_http_request *request)
{
	wok_http_client client;

	wok_http_request_client(request, &client);
	put_address(line, &client.address);
}

static void put_time(struct wok__buffer *line, bool iso)
{
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct timespec now;
	struct tm tm = {0};
	char text[SHORT];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	if (iso)
		snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ",
			 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
			 tm.tm_sec, now.tv_nsec / 1000000);
	else
		snprintf(text, sizeof(text), "[%02d/%s/%04d:%02d:%02d:%02d +0000]", tm.tm_mday,
			 months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
	wok__buffer_text(line, text);
}

static uint64_t micros(const wok_http_request *request)
{
	wok_time taken = wok_now() - request->started;

	return taken > 0 ? (uint64_t) taken / 1000 : 0;
}

static void put_seconds(struct wok__buffer *line, const wok_http_request *request)
{
	uint64_t taken = micros(request);
	char text[SHORT];

	snprintf(text, sizeof(text), "%llu.%06llu", (unsigned long long) (taken / 1000000),
		 (unsigned long long) (taken % 1000000));
	wok__buffer_text(line, text);
}

static void put_target(struct wok__buffer *line, const wok_http_request *request)
{
	put_escaped(line, request->path);
	if (*request->query) {
		wok__buffer_text(line, "?");
		put_escaped(line, request->query);
	}
}

/* A request that could not be understood has neither method nor path. */
static void put_request(struct wok__buffer *line, const wok_http_request *request)
{
	if (!*request->method) {
		wok__buffer_text(line, "-");
		return;
	}
	put_escaped(line, request->method);
	wok__buffer_text(line, " ");
	put_target(line, request);
	wok__buffer_text(line, " ");
	wok__buffer_text(line, wok_http_request_version(request));
}

static void put_query(struct wok__buffer *line, const wok_http_request *request)
{
	if (*request->query)
		wok__buffer_text(line, "?");
	put_escaped(line, request->query);
}

static void put_number(struct wok__buffer *line, uint64_t value, bool dash)
{
	if (value == 0 && dash)
		wok__buffer_text(line, "-");
	else
		wok__buffer_decimal(line, value);
}

/* One sign behind a percent sign; false if there is none such. */
static bool put_sign(struct wok__buffer *line, char sign, wok_http_request *request)
{
	switch (sign) {
	case 'h':
		put_client(line, request);
		break;
	case 'a':
		put_address(line, &request->connection->peer);
		break;
	case 't':
		put_time(line, false);
		break;
	case 'r':
		put_request(line, request);
		break;
	case 'm':
		put_or_dash(line, request->method);
		break;
	case 'U':
		put_or_dash(line, request->path);
		break;
	case 'q':
		put_query(line, request);
		break;
	case 'H':
		wok__buffer_text(line, wok_http_request_version(request));
		break;
	case 's':
		wok__buffer_decimal(line, (uint64_t) request->status);
		break;
	case 'B':
		put_number(line, request->body_sent, false);
		break;
	case 'b':
		put_number(line, request->body_sent, true);
		break;
	case 'I':
		put_number(line, request->body_received, false);
		break;
	case 'D':
		put_number(line, micros(request), false);
		break;
	case 'T':
		put_seconds(line, request);
		break;
	case 'v':
		put_or_dash(line, request->host);
		break;
	case 'R':
		put_or_dash(line, wok_http_request_route(request));
		break;
	case '%':
		wok__buffer_text(line, "%");
		break;
	default:
		return false;
	}
	return true;
}

/* What stands in braces, and the sign behind it: the place behind, or NULL. */
static const char *read_braces(const char *at, char name[NAME_MAX_SIZE], char *ret_sign)
{
	const char *close = strchr(at, '}');
	size_t size = close ? (size_t) (close - at) : 0;

	if (size == 0 || size >= NAME_MAX_SIZE || !close[1])
		return NULL;
	memcpy(name, at, size);
	name[size] = '\0';
	*ret_sign = close[1];
	return close + 2;
}

void wok__access_line(struct wok__buffer *line, const char *format, wok_http_request *request)
{
	char name[NAME_MAX_SIZE], sign;

	for (const char *p = format ? format : common; *p;) {
		size_t plain = strcspn(p, "%");
		wok__buffer_add(line, p, plain);
		p += plain;
		if (!*p)
			return;
		if (p[1] != '{') {
			put_sign(line, p[1], request);
			p += 2;
			continue;
		}
		p = read_braces(p + 2, name, &sign);
		if (!p)
			return; /* it has been checked: this cannot be */
		if (sign == 't')
			put_time(line, true);
		else
			put_or_dash(line, wok_http_request_header(request, name));
	}
}

int wok__access_format_check(const char *format)
{
	char name[NAME_MAX_SIZE], sign;

	for (const char *p = format; (p = strchr(p, '%'));) {
		const char *behind = p + 2;
		bool known = p[1] && strchr("hatrmUqHsBbIDTvR%", p[1]);
		if (p[1] == '{') {
			behind = read_braces(p + 2, name, &sign);
			known = behind &&
				(sign == 'i' || (sign == 't' && strcmp(name, "iso") == 0));
		}
		if (!known)
			return wok_fail(-EINVAL,
					"the access log's format has a sign that nobody "
					"knows: \"%.10s\"",
					p);
		p = behind;
	}
	return strpbrk(format, "\r\n") ? wok_fail(-EINVAL, "the access log's format has a line end")
				       : 0;
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void put_json_text(struct wok__buffer *line, const char *text)
{
	size_t valid;
	bool utf8 = wok_utf8_check(text, strlen(text), &valid) == 0;

	for (; *text; text++) {
		unsigned char c = (unsigned char) *text;
		char code[8];
		if (c < 0x20 || c == 0x7f || c == '"' || c == '\\' || (c >= 0x80 && !utf8)) {
			snprintf(code, sizeof(code), "\\u%04x", c);
			wok__buffer_text(line, code);
		} else {
			wok__buffer_add(line, text, 1);
		}
	}
}

static void put_key(struct wok__buffer *line, const char *key)
{
	wok__buffer_text(line, line->size > 0 ? ",\"" : "{\"");
	wok__buffer_text(line, key);
	wok__buffer_text(line, "\":");
}

static void put_json(struct wok__buffer *line, const char *key, const char *value)
{
	put_key(line, key);
	if (!value || !*value) {
		wok__buffer_text(line, "null");
		return;
	}
	wok__buffer_text(line, "\"");
	put_json_text(line, value);
	wok__buffer_text(line, "\"");
}

static void put_json_sign(struct wok__buffer *line, const char *key, char sign,
			  wok_http_request *request)
{
	put_key(line, key);
	put_sign(line, sign, request);
}

void wok__access_line_json(struct wok__buffer *line, wok_http_request *request)
{
	put_key(line, "time");
	wok__buffer_text(line, "\"");
	put_time(line, true);
	wok__buffer_text(line, "\",\"client\":\"");
	put_client(line, request);
	wok__buffer_text(line, "\"");
	put_json(line, "method", request->method);
	put_json(line, "path", request->path);
	put_json(line, "query", request->query);
	put_json(line, "version", wok_http_request_version(request));
	put_json(line, "host", request->host);
	put_json(line, "route", wok_http_request_route(request));
	put_json_sign(line, "status", 's', request);
	put_json_sign(line, "sent", 'B', request);
	put_json_sign(line, "received", 'I', request);
	put_json_sign(line, "micros", 'D', request);
	put_json(line, "referer", wok_http_request_header(request, "Referer"));
	put_json(line, "agent", wok_http_request_header(request, "User-Agent"));
	wok__buffer_text(line, "}");
}

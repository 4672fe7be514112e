/* parse-http1: the HTTP/1.1 parser beside llhttp, which is Node's, on the same messages in the same
 * program. Each reads a message to its end and keeps where its fields lie, as a server or a client
 * needs them; wok also checks what llhttp leaves to its user (Host, target, repeated fields). This
 * one program looks inside of the library. Without llhttp (Debian: node-llhttp) it measures wok's
 * parser alone.
 * Try:      parse-http1         nanoseconds a message, the best of several rounds
 *           parse-http1 -i      instructions a message, counted by callgrind */
#include <unistd.h>

#include "bench.h"
#include "http/h1.h"

#ifdef WITH_LLHTTP
#include <llhttp.h>
#endif

enum { MAX_FIELDS = 64, ROUNDS = 9 };
#define ROUND_TIME (20 * WOK_MS)

/* --- the messages -------------------------------------------------------------------------- */

#define BROWSER                                                                                    \
	"Host: www.example.org\r\nConnection: keep-alive\r\nCache-Control: max-age=0\r\n"          \
	"sec-ch-ua: \"Chromium\";v=\"118\", \"Not=A?Brand\";v=\"99\"\r\nsec-ch-ua-mobile: ?0\r\n"  \
	"sec-ch-ua-platform: \"Linux\"\r\nUpgrade-Insecure-Requests: 1\r\n"                        \
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "      \
	"Chrome/118.0.0.0 Safari/537.36\r\nAccept: text/html,application/xhtml+xml,application/"   \
	"xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\nSec-Fetch-Site: none\r\n"                    \
	"Sec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\nSec-Fetch-Dest: document\r\n"           \
	"Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en-GB,en;q=0.9\r\n\r\n"
#define FIVE(n)                                                                                    \
	"X-Request-Field-" n "0: a value of some length\r\nX-Short-" n ": 1\r\nX-Trace-" n         \
	": 4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7\r\nX-Feature-Flags-" n                \
	": alpha,beta;q=0.5\r\nX-Forwarded-Thing-" n ": 192.0.2.43\r\n"

static const struct message {
	const char *name;
	bool response;
	const char *text;
} messages[] = {
	{"small-request", false, "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"},
	{"browser-request", false, "GET /articles/42?page=3&sort=date HTTP/1.1\r\n" BROWSER},
	{"30-fields-request", false,
	 "GET /api/v1/things HTTP/1.1\r\nHost: api.example.org\r\n" FIVE("a") FIVE("b") FIVE("c")
		 FIVE("d") FIVE(
			 "e") "Accept: */*\r\nUser-Agent: x\r\nDNT: 1\r\nTE: trailers\r\n\r\n"},
	{"post-request", false,
	 "POST /form HTTP/1.1\r\nHost: example.org\r\nContent-Type: text/plain\r\n"
	 "Content-Length: 50\r\n\r\n01234567890123456789012345678901234567890123456789"},
	{"chunked-request", false,
	 "POST /form HTTP/1.1\r\nHost: example.org\r\nTransfer-Encoding: chunked\r\n\r\n"
	 "10\r\n0123456789abcdef\r\n8\r\n01234567\r\n1\r\nx\r\n0\r\n\r\n"},
	{"small-response", true,
	 "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"},
	{"nginx-response", true,
	 "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sun, 22 Nov 2026 20:00:00 GMT\r\n"
	 "Content-Type: text/html\r\nContent-Length: 16\r\nLast-Modified: Sun, 22 Nov 2026 "
	 "10:00:00 GMT\r\nConnection: keep-alive\r\nETag: \"655dce00-264\"\r\n"
	 "Accept-Ranges: bytes\r\n\r\n0123456789abcdef"},
	{"30-fields-response", true,
	 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" FIVE("a") FIVE("b") FIVE("c") FIVE("d")
		 FIVE("e") "Server: x\r\nVary: Accept\r\nETag: \"1\"\r\nAge: 7\r\n\r\nok"},
};
enum { N_MESSAGES = sizeof(messages) / sizeof(*messages) };

/* --- the two parsers ----------------------------------------------------------------------- */

/* Bytes of bodies, so that nothing is optimised away. */
static size_t sum;

static int read_body(const struct wok__h1_message *message, const char *data, size_t size)
{
	struct wok__h1_body body;
	struct wok__h1_span piece;
	size_t used;

	int r = wok__h1_body_init(&body, message->framing, message->content_length,
				  &wok__h1_default_limits);
	while (r >= 0) {
		r = wok__h1_body_feed(&body, data, size, &used, &piece);
		data += used;
		size -= used;
		if (r == WOK__H1_DATA)
			sum += piece.size;
		else
			return r == WOK__H1_END ? 0 : -EPROTO;
	}
	return r;
}

static int parse_by_wok(const struct message *message, size_t size)
{
	struct wok__h1_field fields[MAX_FIELDS];
	struct wok__h1_scan scan = {.flags = message->response ? WOK__H1_RESPONSE : 0};
	struct wok__h1_request request;
	struct wok__h1_response response;
	const char *data = message->text;
	size_t head;

	if (wok__h1_scan_head(&scan, data, size, NULL, &head) != 1)
		return -EPROTO;
	int r = message->response
			? wok__h1_parse_response(data, head, WOK__H1_RESPONSE, NULL, fields,
						 MAX_FIELDS, &response)
			: wok__h1_parse_request(data, head, NULL, fields, MAX_FIELDS, &request);
	if (r < 0)
		return r;
	const struct wok__h1_message *parsed =
		message->response ? &response.message : &request.message;
	sum += parsed->fields;
	return parsed->framing == WOK__H1_NONE ? 0 : read_body(parsed, data + head, size - head);
}

#ifdef WITH_LLHTTP
/* What a user of llhttp keeps: its spans come in pieces, so a field grows. */
struct kept {
	llhttp_t parser;
	struct wok__h1_span url;
	struct wok__h1_span names[MAX_FIELDS], values[MAX_FIELDS];
	size_t n;
	bool in_value, complete;
};

static int grow(struct wok__h1_span *span, const char *at, size_t size)
{
	if (!span->data)
		span->data = at;
	span->size += size;
	return 0;
}

static int on_url(llhttp_t *parser, const char *at, size_t size)
{
	return grow(&((struct kept *) parser)->url, at, size);
}

static int on_name(llhttp_t *parser, const char *at, size_t size)
{
	struct kept *kept = (struct kept *) parser;

	if (kept->in_value) {
		kept->in_value = false;
		kept->n++;
	}
	if (kept->n == MAX_FIELDS)
		return -1;
	kept->values[kept->n] = kept->names[kept->n] = (struct wok__h1_span){NULL, 0};
	return grow(&kept->names[kept->n], at, size);
}

static int on_value(llhttp_t *parser, const char *at, size_t size)
{
	struct kept *kept = (struct kept *) parser;

	kept->in_value = true;
	return grow(&kept->values[kept->n], at, size);
}

static int on_body(llhttp_t *parser, const char *at, size_t size)
{
	(void) parser;
	(void) at;
	sum += size;
	return 0;
}

static int on_complete(llhttp_t *parser)
{
	struct kept *kept = (struct kept *) parser;

	kept->complete = true;
	sum += kept->n;
	return 0;
}

static int parse_by_llhttp(const struct message *message, size_t size)
{
	static const llhttp_settings_t settings = {
		.on_url = on_url,
		.on_header_field = on_name,
		.on_header_value = on_value,
		.on_body = on_body,
		.on_message_complete = on_complete,
	};
	struct kept kept;

	kept.url = (struct wok__h1_span){NULL, 0};
	kept.n = 0;
	kept.in_value = kept.complete = false;
	llhttp_init(&kept.parser, message->response ? HTTP_RESPONSE : HTTP_REQUEST, &settings);
	llhttp_errno_t r = llhttp_execute(&kept.parser, message->text, size);
	return r == HPE_OK && kept.complete ? 0 : -EPROTO;
}
#endif

static const struct parser {
	const char *name;
	int (*parse)(const struct message *message, size_t size);
} parsers[] = {
	{"wok", parse_by_wok},
#ifdef WITH_LLHTTP
	{"llhttp", parse_by_llhttp},
#endif
};
enum { N_PARSERS = sizeof(parsers) / sizeof(*parsers) };

/* --- measuring ----------------------------------------------------------------------------- */

static int parse_often(const struct parser *parser, const struct message *message, size_t n)
{
	size_t size = strlen(message->text);

	for (size_t i = 0; i < n; i++)
		WOK_TRY(parser->parse(message, size));
	return 0;
}

/* By a pointer that could change: so it keeps its name, by which callgrind finds it. */
static int (*volatile parse)(const struct parser *, const struct message *, size_t) = parse_often;

static int time_round(const struct parser *parser, const struct message *message, double *best)
{
	size_t n = 0;
	wok_time start = wok_now(), now;

	do {
		WOK_TRY(parse(parser, message, 1000));
		n += 1000;
		now = wok_now();
	} while (now - start < ROUND_TIME);
	double ns = (double) (now - start) / (double) n;
	if (*best == 0 || ns < *best)
		*best = ns;
	return 0;
}

/* The rounds are outermost: a slow phase of the machine meets all. */
static int measure_time(void)
{
	double best[N_MESSAGES][N_PARSERS] = {0};

	for (size_t round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < N_MESSAGES; i++)
			for (size_t j = 0; j < N_PARSERS; j++)
				WOK_TRY(time_round(&parsers[j], &messages[i], &best[i][j]));
	for (size_t i = 0; i < N_MESSAGES; i++)
		for (size_t j = 0; j < N_PARSERS; j++)
			printf("%s_%s_ns %.1f\n", messages[i].name, parsers[j].name, best[i][j]);
	return 0;
}

/* This program again, under callgrind, which says "Collected : N". */
static int count_instructions(const char *self, size_t message, size_t parser)
{
	char command[512], line[256];
	unsigned long long count = 0;

	snprintf(command, sizeof(command),
		 "valgrind --tool=callgrind --callgrind-out-file=/dev/null "
		 "--toggle-collect=parse_often '%s' %zu %zu 2>&1",
		 self, message, parser);
	FILE *out = popen(command, "re");
	if (!out)
		return -errno;
	while (fgets(line, sizeof(line), out)) {
		const char *found = strstr(line, "Collected :");
		if (found)
			sscanf(found, "Collected : %llu", &count);
	}
	if (pclose(out) != 0 || count == 0)
		return wok_fail(-ENOENT, "valgrind does not run here");
	printf("%s_%s_instructions %.0f\n", messages[message].name, parsers[parser].name,
	       (double) count / 1000);
	return 0;
}

static int measure_instructions(const char *self)
{
	for (size_t i = 0; i < N_MESSAGES; i++)
		for (size_t j = 0; j < N_PARSERS; j++)
			WOK_TRY(count_instructions(self, i, j));
	return 0;
}

int main(int argc, char **argv)
{
	int r = 0;

	if (argc == 3) /* under callgrind */
		r = parse(&parsers[strtoul(argv[2], NULL, 10) % N_PARSERS],
			  &messages[strtoul(argv[1], NULL, 10) % N_MESSAGES], 1000);
	else if (argc == 2 && strcmp(argv[1], "-i") == 0)
		r = measure_instructions(argv[0]);
	else
		r = measure_time();
	return bench_exit("parse-http1", r) + (sum == 1);
}

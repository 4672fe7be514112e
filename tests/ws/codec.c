/* SPDX-License-Identifier: MIT */
/* The codec alone: frames and the rules about them, text, close codes; both roles, all cuts. */
#include "ws/frames.h"
#include "ws/transcript.h"

enum { MAX_MESSAGE = 200000 };

static struct transcript fresh(bool masked)
{
	return (struct transcript){.decoder = {.masked = masked, .max_message = MAX_MESSAGE}};
}

/* What comes of some bytes, however they are cut. */
static void expect(bool masked, const struct bytes *bytes, const char *text, int error)
{
	size_t step = bytes->size > 2000 ? bytes->size / 97 : 1;

	for (size_t cut = 0; cut <= bytes->size; cut += step) {
		struct transcript t = fresh(masked);
		transcript_run(&t, bytes->data, bytes->size, cut, cut == bytes->size);
		if (t.error != error)
			FAIL("cut at %zu: %s, not %s", cut, wok__ws_strerror(t.error),
			     wok__ws_strerror(error));
		if (text)
			ASSERT_STR(t.text ? t.text : "", text);
		free(t.text);
	}
}

struct part {
	unsigned bits;
	const char *payload;
};

static void expect_parts(const struct part *parts, size_t n, const char *text, int error)
{
	for (int masked = 0; masked < 2; masked++) {
		struct bytes bytes = {0};
		for (size_t i = 0; i < n; i++)
			add_text(&bytes, masked, parts[i].bits, parts[i].payload);
		expect(masked, &bytes, text, error);
		bytes_free(&bytes);
	}
}

#define PARTS(text, error, ...)                                                                    \
	do {                                                                                       \
		const struct part parts__[] = {__VA_ARGS__};                                       \
		expect_parts(parts__, sizeof(parts__) / sizeof(parts__[0]), (text), (error));      \
	} while (0)

TEST(messages_of_all_sizes_come_out_whole_in_both_roles)
{
	static const size_t sizes[] = {0, 1, 125, 126, 127, 128, 65535, 65536, 65537};

	for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t size = sizes[i / 2];
		bool masked = i % 2;
		struct bytes bytes = {0};
		char *payload = malloc(size + 2);
		ASSERT(payload != NULL);
		memset(payload, 'x', size);
		add_frame(&bytes, masked, FIN | WOK__WS_BINARY, payload, size);
		memcpy(payload + size, "\"", 2);
		ASSERT_EQ(bytes.size - size, (size <= 125     ? 2u
					      : size <= 65535 ? 4u
							      : 10u) +
						     (masked ? 4u : 0u));
		expect(masked, &bytes, payload, 0);
		free(payload);
		bytes_free(&bytes);
	}
}

TEST(fragments_make_a_message_and_control_frames_come_between_them)
{
	PARTS("Hello\"", 0, {FIN | 1, "Hello"});
	PARTS("Hel|lo\"", 0, {1, "Hel"}, {FIN, "lo"});
	PARTS("|a|||b|\"", 0, {1, ""}, {0, "a"}, {0, ""}, {0, ""}, {0, "b"}, {FIN, ""});
	PARTS("a|ping\"p\"b|pong\"\"c\"", 0, {2, "a"}, {FIN | 9, "p"}, {0, "b"}, {FIN | 10, ""},
	      {FIN, "c"});
	PARTS("\"\"", 0, {FIN | 1, ""}, {FIN | 2, ""});
}

TEST(fragments_out_of_order_are_refused, "http-58")
{
	PARTS("", WOK__WS_NOTHING_TO_CONTINUE, {FIN, "x"});
	PARTS("", WOK__WS_NOTHING_TO_CONTINUE, {0, "x"});
	PARTS("a\"", WOK__WS_NOTHING_TO_CONTINUE, {FIN | 1, "a"}, {FIN, "x"});
	PARTS("a|", WOK__WS_UNFINISHED_MESSAGE, {1, "a"}, {FIN | 1, "x"});
	PARTS("a|", WOK__WS_UNFINISHED_MESSAGE, {2, "a"}, {1, "x"});
}

TEST(a_frame_with_the_wrong_mask_is_refused, "http-58")
{
	for (int masked = 0; masked < 2; masked++) {
		struct bytes bytes = {0};
		add_text(&bytes, !masked, FIN | 1, "Hello");
		expect(masked, &bytes, "", masked ? WOK__WS_UNMASKED : WOK__WS_MASKED);
		bytes_free(&bytes);
	}
}

TEST(reserved_bits_and_opcodes_are_refused, "http-58")
{
	for (unsigned opcode = 0; opcode < 16; opcode++) {
		bool known = opcode <= 2 || (opcode >= 8 && opcode <= 10);
		for (unsigned bits = 0x10; bits <= 0x70; bits += 0x10)
			PARTS("", WOK__WS_RESERVED_BITS, {FIN | bits | opcode, ""});
		if (!known)
			PARTS("", WOK__WS_RESERVED_OPCODE, {FIN | opcode, ""});
	}
}

TEST(the_bit_of_compression_stands_only_on_the_first_frame_of_a_message, "http-58")
{
	static const struct {
		const char *text;
		int error;
		struct part parts[2];
	} rows[] = {
		{"a|b\"", 0, {{RSV1 | 1, "a"}, {FIN, "b"}}},
		{"a|", WOK__WS_RESERVED_BITS, {{RSV1 | 1, "a"}, {RSV1 | FIN, "b"}}},
		{"", WOK__WS_RESERVED_BITS, {{RSV1 | FIN | 9, ""}, {FIN | 1, ""}}},
		{"a\"", WOK__WS_RESERVED_BITS, {{FIN | 1, "a"}, {0x20 | FIN | 1, "b"}}},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct transcript t = fresh(false);
		struct bytes bytes = {0};
		for (int j = 0; j < 2; j++)
			add_text(&bytes, false, rows[i].parts[j].bits, rows[i].parts[j].payload);
		t.decoder.deflate = true;
		transcript_run(&t, bytes.data, bytes.size, 0, false);
		ASSERT_EQ(t.error, rows[i].error);
		ASSERT_STR(t.text ? t.text : "", rows[i].text);
		free(t.text);
		bytes_free(&bytes);
	}
}

TEST(control_frames_are_short_and_whole, "http-59")
{
	char most[127];

	memset(most, 'p', sizeof(most));
	most[126] = '\0';
	for (unsigned opcode = 8; opcode <= 10; opcode++) {
		PARTS("", WOK__WS_FRAGMENTED_CONTROL, {opcode, ""});
		PARTS("", WOK__WS_LONG_CONTROL, {FIN | opcode, most});
	}
	most[125] = '\0';
	char text[140];
	snprintf(text, sizeof(text), "ping\"%s\"", most);
	PARTS(text, 0, {FIN | 9, most});
}

TEST(a_length_takes_as_few_bytes_as_it_can_and_is_no_negative_number)
{
	static const struct {
		const char *data;
		size_t size;
		int error;
	} rows[] = {
		{"\x82\x7e\x00\x7d", 4, WOK__WS_LENGTH_NOT_MINIMAL},
		{"\x82\x7e\x00\x7e", 4, 0},
		{"\x82\x7f\0\0\0\0\0\0\xff\xff", 10, WOK__WS_LENGTH_NOT_MINIMAL},
		{"\x82\x7f\0\0\0\0\0\x01\0\0", 10, 0},
		{"\x82\x7f\x80\0\0\0\0\0\0\0", 10, WOK__WS_LENGTH_OVERFLOW},
		{"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", 10, WOK__WS_TOO_LARGE},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes bytes = {0};
		bytes_add(&bytes, rows[i].data, rows[i].size);
		expect(false, &bytes, "", rows[i].error);
		bytes_free(&bytes);
	}
}

TEST(a_message_is_too_large_by_what_is_declared_and_over_all_fragments, "http-64")
{
	for (int over = 0; over < 2; over++) {
		struct transcript t = fresh(false);
		struct bytes bytes = {0};
		t.decoder.max_message = 10;
		add_text(&bytes, false, 2, "123456");
		add_text(&bytes, false, FIN, over ? "78901" : "7890");
		bytes.size -= 3; /* the end of it need not come for that */
		transcript_run(&t, bytes.data, bytes.size, 0, true);
		ASSERT_EQ(t.error, over ? WOK__WS_TOO_LARGE : 0);
		if (over)
			ASSERT_EQ(t.fed, 2 + 6 + 1); /* the byte with the length */
		free(t.text);
		bytes_free(&bytes);
	}
}

/* --- text ------------------------------------------------------------------------------------- */

static const struct {
	const char *text;
	int bad_at; /* the byte at which it cannot be UTF-8 any more; -1: it is; -2: it is cut off
		     */
} texts[] = {
	{"Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!", -1},
	{"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5", -1},
	{"\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbd\xf4\x8f\xbf\xbf", -1},
	{"\xc0\x80", 0},         /* overlong */
	{"\xc1\xbf", 0},         /* overlong */
	{"ab\xe0\x80\xaf", 3},   /* overlong */
	{"\xf0\x80\x80\xaf", 1}, /* overlong */
	{"\xed\xa0\x80", 1},     /* a surrogate */
	{"\xed\xbf\xbf", 1},     /* a surrogate */
	{"\xf4\x90\x80\x80", 1}, /* above U+10FFFF */
	{"\xf5\x80\x80\x80", 0}, /* above U+10FFFF */
	{"\x80", 0},             /* continues nothing */
	{"\xce\xba\xe1\xbd\xb9 \xed\xa0\x80 edited", 7},
	{"a\xc3(", 2},          /* not continued */
	{"\xe2\x82", -2},       /* cut off */
	{"ab\xf0\x9f\x98", -2}, /* cut off */
	{"\xff", 0},
};

static void run_text(const char *text, size_t size, size_t cut, bool masked, struct transcript *t)
{
	struct bytes bytes = {0};

	*t = fresh(masked);
	if (cut > 0) {
		add_frame(&bytes, masked, 1, text, cut);
		add_frame(&bytes, masked, FIN, text + cut, size - cut);
	} else {
		add_frame(&bytes, masked, FIN | 1, text, size);
	}
	transcript_run(t, bytes.data, bytes.size, 0, true);
	bytes_free(&bytes);
}

TEST(text_that_is_not_utf8_is_refused_at_the_first_byte_that_shows_it, "http-62")
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t size = strlen(texts[i].text);
		for (size_t cut = 0; cut < 2 * size; cut++) {
			struct transcript t;
			size_t at = cut / 2, heads = at > 0 ? 2 : 1;
			bool masked = cut % 2;
			run_text(texts[i].text, size, at, masked, &t);
			if (t.error != (texts[i].bad_at == -1 ? 0 : WOK__WS_BAD_TEXT))
				FAIL("text %zu, cut at %zu: %s", i, at, wok__ws_strerror(t.error));
			/* Fed byte by byte: so many had been taken before the one that failed. */
			size_t head = masked ? 6 : 2;
			if (texts[i].bad_at >= 0) {
				size_t bad = (size_t) texts[i].bad_at;
				ASSERT_EQ(t.fed, (bad >= at ? heads : 1) * head + bad);
			}
			free(t.text);
		}
	}
}

TEST(only_text_has_to_be_text)
{
	PARTS("\xff\xc0\"", 0, {FIN | 2, "\xff\xc0"});
	PARTS("ping\"\xff\"", 0, {FIN | 9, "\xff"});
}

/* --- close ------------------------------------------------------------------------------------ */

static int error_of_close(unsigned code, const char *reason)
{
	char payload[WOK__WS_CONTROL_MAX];
	struct transcript t = fresh(false);
	struct bytes bytes = {0};
	size_t size = wok__ws_put_close(payload, (int) code, reason, strlen(reason));

	if (code == WOK__WS_NO_CODE) { /* which the writer leaves out */
		memcpy(payload, "\x03\xed", 2);
		size = 2;
	}
	add_frame(&bytes, false, FIN | 8, payload, size);
	transcript_run(&t, bytes.data, bytes.size, 0, true);
	if (t.error == 0)
		ASSERT_EQ(t.decoder.close_code, code);
	free(t.text);
	bytes_free(&bytes);
	return t.error;
}

TEST(close_codes_are_those_that_may_be_sent, "http-63")
{
	static const unsigned good[] = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010,
					1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999};
	static const unsigned bad[] = {0,    1,    999,  1004, 1005, 1006, 1015,
				       1016, 1100, 2000, 2999, 5000, 5001, 65535};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ASSERT_EQ(error_of_close(good[i], "why"), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ASSERT_EQ(error_of_close(bad[i], "why"), WOK__WS_BAD_CLOSE_CODE);
}

TEST(a_close_frame_has_no_payload_or_a_code_and_perhaps_a_reason_in_utf8, "http-63")
{
	PARTS("close1005\"\"", 0, {FIN | 8, ""});
	PARTS("close1000\"\"", 0, {FIN | 8, "\x03\xe8"});
	PARTS("close1001\"bye \xe2\x82\xac\"", 0,
	      {FIN | 8, "\x03\xe9"
			"bye \xe2\x82\xac"});
	PARTS("", WOK__WS_CLOSE_OF_ONE_BYTE, {FIN | 8, "\x03"});
	PARTS("", WOK__WS_BAD_REASON, {FIN | 8, "\x03\xe8\xed\xa0\x80"});
	PARTS("", WOK__WS_BAD_REASON,
	      {FIN | 8, "\x03\xe8"
			"a\xe2\x82"});
}

TEST(a_bad_reason_of_a_close_frame_is_told_as_1007, "http-62")
{
	ASSERT_EQ(error_of_close(1000, "\xc0\x80"), WOK__WS_BAD_REASON);
	ASSERT_EQ(wok__ws_close_code_for(WOK__WS_BAD_REASON), 1007);
	ASSERT_EQ(wok__ws_close_code_for(WOK__WS_BAD_TEXT), 1007);
	ASSERT_EQ(wok__ws_close_code_for(WOK__WS_TOO_LARGE), 1009);
	ASSERT_EQ(wok__ws_close_code_for(WOK__WS_UNMASKED), 1002);
	ASSERT_EQ(wok__ws_close_code_for(-1), 1002);
}

/* --- masks ------------------------------------------------------------------------------------ */

TEST(a_mask_is_the_same_whatever_the_place_the_size_and_the_offset)
{
	static const uint8_t key[4] = {1, 0x80, 0x55, 0xfe};
	char from[300], to[300], expected[300];

	for (size_t i = 0; i < sizeof(from); i++)
		from[i] = (char) (i * 7);
	for (size_t start = 0; start < 33; start++) {
		for (size_t size = 0; size <= 200; size++) {
			uint64_t offset = start + size % 5;
			memset(to, 0, sizeof(to));
			memset(expected, 0, sizeof(expected));
			for (size_t i = 0; i < size; i++)
				expected[start + i] = (char) (from[i + 3] ^ key[(offset + i) % 4]);
			wok__ws_mask(to + start, from + 3, size, key, offset);
			ASSERT_MEM(to, expected, sizeof(to));
			wok__ws_mask(to + start, to + start, size, key, offset);
			ASSERT_MEM(to + start, from + 3, size);
		}
	}
}

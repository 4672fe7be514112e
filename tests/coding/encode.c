/* SPDX-License-Identifier: MIT */
/* Content codings on the way out. */
#include "coding/check.h"

static void expect_same(enum wok__coding coding, const struct wok__buffer *out, const char *text,
			size_t size)
{
	struct source source = {.data = out->data, .size = out->size};
	struct decoded all = decode_all(wok__coding_name(coding), NULL, &source, 4096);

	ASSERT_OK(all.result);
	ASSERT_EQ(all.size, size);
	ASSERT_MEM(all.data, text, size);
	decoded_free(&all);
}

TEST_TASK(what_was_encoded_at_any_level_is_decoded_to_the_same)
{
	static const int levels[] = {0, 1, 5, 100, -3};
	char *text = make_text(30000);

	EACH_CODING(coding)
	{
		for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
			struct wok__buffer out = {0};
			ASSERT_OK(wok__encode(coding, levels[i], text, 30000, &out));
			ASSERT(out.size < 15000);
			expect_same(coding, &out, text, 30000);
			wok__buffer_free(&out);
		}
	}
	free(text);
}

TEST_TASK(an_empty_body_is_encoded_and_what_does_not_compress_hardly_grows)
{
	uint32_t random = 1;
	char noise[50000];

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char) ((random = random * 1103515245 + 12345) >> 16);
	EACH_CODING(coding)
	{
		struct wok__buffer out = encode(coding, "", 0);
		ASSERT(out.size > 0);
		expect_same(coding, &out, "", 0);
		wok__buffer_free(&out);
		out = encode(coding, noise, sizeof(noise));
		ASSERT(out.size < sizeof(noise) + 200);
		expect_same(coding, &out, noise, sizeof(noise));
		wok__buffer_free(&out);
	}
}

/* After a flush the peer can decode all that was put in. */
TEST_TASK(a_flush_puts_out_what_was_held_back, "server-21")
{
	EACH_CODING(coding)
	{
		struct wok__buffer out = {0};
		struct wok__encoder *encoder;
		char expected[200] = "";
		ASSERT_OK(wok__encoder_new(coding, 0, &encoder));
		for (int i = 0; i < 5; i++) {
			char line[20];
			size_t before = out.size;
			snprintf(line, sizeof(line), "data: %d\n\n", i);
			strcat(expected, line);
			ASSERT_OK(wok__encoder_put(encoder, line, strlen(line), WOK__CODING_FLUSH,
						   &out));
			ASSERT(out.size > before);
			struct source source = {.data = out.data, .size = out.size};
			struct decoded all =
				decode_all(wok__coding_name(coding), NULL, &source, 100);
			ASSERT_EQ(all.result, WOK_EEOF); /* the end has not been written */
			ASSERT_STR(all.data, expected);
			decoded_free(&all);
			/* A second flush has nothing to put out. */
			before = out.size;
			ASSERT_OK(wok__encoder_put(encoder, "", 0, WOK__CODING_FLUSH, &out));
			ASSERT(out.size - before < 16);
		}
		ASSERT_OK(wok__encoder_put(encoder, "", 0, WOK__CODING_END, &out));
		expect_same(coding, &out, expected, strlen(expected));
		wok__encoder_free(encoder);
		wok__buffer_free(&out);
	}
}

static size_t read_all(struct wok__encoder *encoder, struct source *source, char *data, size_t room)
{
	size_t size = 0;
	ssize_t n = 1;
	int failed = 0;

	while (n != 0) {
		WOK_ASSERT_CHECKPOINT(
			n = wok__encoder_read(encoder, source_read, source, data + size, room));
		ASSERT(n >= 0 || (n == -EINTR && failed++ == 0));
		size += n > 0 ? (size_t) n : 0;
	}
	return size;
}

TEST_TASK(a_body_is_encoded_while_it_is_read)
{
	char *text = make_text(40000);

	EACH_CODING(coding)
	{
		for (size_t room = 7; room < 10000; room *= 37) {
			struct source source = {.data = text,
						.size = 40000,
						.piece = 999,
						.fail_once = -EINTR,
						.fail_at = 20000};
			struct wok__encoder *encoder;
			char data[40000];
			ASSERT_OK(wok__encoder_new(coding, 0, &encoder));
			struct wok__buffer out = {.data = data};
			out.size = read_all(encoder, &source, data, room);
			expect_same(coding, &out, text, 40000);
			wok__encoder_free(encoder);
		}
	}
	free(text);
}

TEST_TASK(a_coding_that_is_not_built_in_says_so)
{
	struct wok__buffer out = {0};

	ASSERT_ERR(wok__encode(WOK__CODING_IDENTITY, 0, "a", 1, &out), -ENOTSUP);
	ASSERT(strstr(wok_errmsg(-ENOTSUP), "not built"));
	ASSERT_EQ(out.size, 0);
}

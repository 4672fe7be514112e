/* SPDX-License-Identifier: MIT */
/* Content codings on the way in. The data comes from gzip(1), Python's zlib, zstd(1), brotli(1). */
#include "coding/check.h"
#include "harness/needs.h"

#define GZIP_HELLO                                                                                 \
	"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\xd7\x51\x00\x00\x99\x56\xea" \
	"\x11\x07\x00\x00\x00"
#define GZIP_WORLD                                                                                 \
	"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x2b\xcf\x2f\xca\x49\x01\x00\x43\x11\x77\x3a\x05" \
	"\x00\x00\x00"
#define ZLIB_BOTH "\x78\x9c\xcb\x48\xcd\xc9\xc9\xd7\x51\x28\xcf\x2f\xca\x49\x01\x00\x1d\x54\x04\x89"
#define ZSTD_BOTH                                                                                  \
	"\x28\xb5\x2f\xfd\x04\x58\x61\x00\x00\x68\x65\x6c\x6c\x6f\x2c\x20\x77\x6f\x72\x6c\x64\x42" \
	"\x12"                                                                                     \
	"\x1b\x6d"
#define BROTLI_BOTH "\x8f\x05\x80\x68\x65\x6c\x6c\x6f\x2c\x20\x77\x6f\x72\x6c\x64\x03"
#define RAW_BOTH "\xcb\x48\xcd\xc9\xc9\xd7\x51\x28\xcf\x2f\xca\x49\x01\x00"

TEST_TASK(each_coding_is_decoded_however_its_bytes_are_cut, "client-67", "http-20")
{
	NEEDS_ZLIB();
	expect_decoded("gzip", CODED(GZIP_HELLO), "hello, ");
	expect_decoded("x-gzip", CODED(GZIP_HELLO), "hello, ");
	expect_decoded("GZip", CODED(GZIP_HELLO), "hello, ");
	expect_decoded("deflate", CODED(ZLIB_BOTH), "hello, world");
	expect_decoded("deflate", CODED(RAW_BOTH), "hello, world");
	expect_decoded("identity, gzip", CODED(GZIP_HELLO), "hello, ");
	if (wok__coding_kind(WOK__CODING_BR))
		expect_decoded("br", CODED(BROTLI_BOTH), "hello, world");
	if (wok__coding_kind(WOK__CODING_ZSTD))
		expect_decoded("zstd", CODED(ZSTD_BOTH), "hello, world");
}

TEST_TASK(raw_deflate_of_two_bytes_is_a_body, "http-20")
{
	NEEDS_ZLIB();
	/* An empty block; and one of a single letter, which comes out of the first two bytes. */
	expect_decoded("deflate", CODED("\x03\x00"), "");
	expect_decoded("deflate", CODED("\x4b\x04\x00"), "a");
	/* Stored, raw: its first byte is not that of a wrapper. */
	expect_decoded("deflate", CODED("\x01\x02\x00\xfd\xffhi"), "hi");
}

TEST_TASK(gzip_may_have_several_members_and_garbage_behind_them, "client-67", "http-20")
{
	NEEDS_ZLIB();
	expect_decoded("gzip", CODED(GZIP_HELLO GZIP_WORLD), "hello, world");
	expect_decoded("gzip", CODED(GZIP_HELLO GZIP_WORLD "\0\0\0\0\0\0\0\0"), "hello, world");
	expect_decoded("gzip", CODED(GZIP_HELLO "\x1f is no member"), "hello, ");
	/* What begins as a member has to be one. */
	expect_undecodable("gzip", CODED(GZIP_HELLO "\x1f\x8b is no member"), WOK_EPEER);
	expect_undecodable("gzip", CODED(GZIP_HELLO "\x1f"), WOK_EEOF);
	expect_undecodable("gzip", CODED("garbage alone"), WOK_EPEER);
}

TEST_TASK(garbage_behind_gzip_is_not_read_for_ever, "http-20")
{
	NEEDS_ZLIB();
	char *data = calloc(1, 200000);
	size_t size = sizeof(GZIP_HELLO) - 1;

	memcpy(data, GZIP_HELLO, size);
	struct source source = {.data = data, .size = 200000, .piece = 1000};
	struct decoded all = decode_all("gzip", NULL, &source, 100);
	ASSERT_EQ(all.result, WOK_EPEER);
	ASSERT(source.at < 70000);
	decoded_free(&all);
	free(data);
}

TEST_TASK(bytes_behind_the_end_of_other_codings_are_an_error, "http-20")
{
	NEEDS_ZLIB();
	expect_undecodable("deflate", CODED(ZLIB_BOTH "x"), WOK_EPEER);
	expect_undecodable("deflate", CODED(RAW_BOTH "x"), WOK_EPEER);
	if (wok__coding_kind(WOK__CODING_BR))
		expect_undecodable("br", CODED(BROTLI_BOTH "x"), WOK_EPEER);
	if (!wok__coding_kind(WOK__CODING_ZSTD))
		return;
	expect_undecodable("zstd", CODED(ZSTD_BOTH "garbage"), WOK_EPEER);
	expect_decoded("zstd", CODED(ZSTD_BOTH ZSTD_BOTH), "hello, worldhello, world");
	/* A frame to be skipped. */
	expect_decoded("zstd", CODED("\x50\x2a\x4d\x18\x03\0\0\0abc" ZSTD_BOTH), "hello, world");
}

TEST_TASK(an_empty_body_is_no_error_whatever_it_is_coded_with, "http-21")
{
	NEEDS_ZLIB();
	expect_decoded("gzip", "", 0, "");
	expect_decoded("deflate", "", 0, "");
	expect_decoded("gzip, gzip", "", 0, "");
	if (wok__coding_kind(WOK__CODING_BR))
		expect_decoded("br", "", 0, "");
	if (wok__coding_kind(WOK__CODING_ZSTD))
		expect_decoded("zstd", "", 0, "");
}

/* Wherever the body is cut off, that is told; and nothing more is told later. */
TEST_TASK(a_truncated_body_is_an_error_at_every_length, "http-20", "client-72")
{
	char *text = make_text(3000);

	EACH_CODING(coding)
	{
		struct wok__buffer whole = encode(coding, text, 3000);
		for (size_t size = 1; size < whole.size; size++) {
			struct source source = {.data = whole.data, .size = size};
			struct decoded all =
				decode_all(wok__coding_name(coding), NULL, &source, 4096);
			if (all.result != WOK_EEOF)
				FAIL("%s of %zu bytes: %s", wok__coding_name(coding), size,
				     wok_errname(all.result));
			ASSERT_MEM(all.data, text, all.size);
			decoded_free(&all);
		}
		wok__buffer_free(&whole);
	}
	free(text);
}

TEST_TASK(corrupt_data_is_the_peers_error, "http-20")
{
	NEEDS_ZLIB();
	char broken[] = GZIP_HELLO;
	char sum[] = ZLIB_BOTH;

	broken[20] ^= 1; /* of the checksum */
	sum[sizeof(sum) - 2] ^= 1;
	expect_undecodable("gzip", broken, sizeof(broken) - 1, WOK_EPEER);
	expect_undecodable("deflate", sum, sizeof(sum) - 1, WOK_EPEER);
	expect_undecodable("deflate", CODED("\xff\xff\xff"), WOK_EPEER);
	if (wok__coding_kind(WOK__CODING_BR))
		expect_undecodable("br", CODED("\xff\xff\xff\xff\xff\xff"), WOK_EPEER);
	if (wok__coding_kind(WOK__CODING_ZSTD))
		expect_undecodable("zstd", CODED("no zstd at all"), WOK_EPEER);
}

TEST_TASK(an_error_of_the_data_is_told_again_and_nothing_more_is_read, "http-20")
{
	NEEDS_ZLIB();
	struct source source = {.data = "garbage", .size = 7, .piece = 2};
	struct wok__codings codings = codings_of("gzip");
	struct wok__decoder *decoder;
	char unused[10];

	ASSERT_OK(wok__decoder_new(&codings, NULL, source_read, &source, &decoder));
	ASSERT_ERR(wok__decoder_read(decoder, unused, 10), WOK_EPEER);
	ASSERT_ERR(wok__decoder_read(decoder, unused, 10), WOK_EPEER);
	ASSERT_EQ(source.reads, 1);
	wok__decoder_free(decoder);
}

/* Every pair, and one chain of four. */
TEST_TASK(a_chain_of_codings_is_undone_from_its_end, "client-67", "http-20")
{
	char *text = make_text(50000);

	EACH_CODING(inner)
	{
		EACH_CODING(outer)
		{
			char value[40];
			struct wok__buffer once = encode(inner, text, 50000);
			struct wok__buffer twice = encode(outer, once.data, once.size);
			struct source source = {
				.data = twice.data, .size = twice.size, .piece = 100};
			snprintf(value, sizeof(value), "%s, %s", wok__coding_name(inner),
				 wok__coding_name(outer));
			struct decoded all = decode_all(value, NULL, &source, 777);
			ASSERT_OK(all.result);
			ASSERT_STR(all.data, text);
			decoded_free(&all);
			source = (struct source){.data = twice.data, .size = twice.size - 1};
			all = decode_all(value, NULL, &source, 777);
			ASSERT_EQ(all.result, WOK_EEOF);
			decoded_free(&all);
			wok__buffer_free(&once);
			wok__buffer_free(&twice);
		}
	}
	free(text);
}

TEST_TASK(a_list_of_codings_is_understood_or_refused, "client-67", "http-20")
{
	NEEDS_ZLIB();
	struct wok__codings codings = {.n = 0};

	ASSERT_OK(wok__codings_add(&codings, ""));
	ASSERT_OK(wok__codings_add(&codings, "identity , ,Identity"));
	ASSERT_EQ(codings.n, 0);
	ASSERT_ERR(wok__codings_add(&codings, "compress"), -ENOTSUP);
	ASSERT_ERR(wok__codings_add(&codings, "gzip;q=1"), -ENOTSUP);
	ASSERT_ERR(wok__codings_add(&codings, "gzipp"), -ENOTSUP);
	codings.n = 0;
	ASSERT_OK(wok__codings_add(&codings, "gzip,deflate"));
	ASSERT_OK(wok__codings_add(&codings, "gzip,\tdeflate"));
	ASSERT_EQ(codings.n, 4);
	ASSERT_EQ(codings.list[3], WOK__CODING_DEFLATE);
	ASSERT_ERR(wok__codings_add(&codings, "gzip"), WOK_ELIMIT);
	ASSERT(strstr(wok__coding_accepted(), "gzip"));
}

/* --- bombs ------------------------------------------------------------------------------------ */

static struct wok__buffer zeros(enum wok__coding coding, size_t megabytes)
{
	static const char piece[1 << 20];
	struct wok__encoder *encoder;
	struct wok__buffer out = {0};

	ASSERT_OK(wok__encoder_new(coding, 9, &encoder));
	for (size_t i = 0; i < megabytes; i++)
		ASSERT_OK(wok__encoder_put(encoder, piece, sizeof(piece), WOK__CODING_MORE, &out));
	ASSERT_OK(wok__encoder_put(encoder, "", 0, WOK__CODING_END, &out));
	wok__encoder_free(encoder);
	return out;
}

TEST_TASK(a_bomb_is_stopped_at_its_ratio_long_before_its_end, "client-68", "http-20")
{
	EACH_CODING(coding)
	{
		struct wok__buffer bomb = zeros(coding, 30);
		struct source source = {.data = bomb.data, .size = bomb.size, .piece = 512};
		struct decoded all = decode_all(wok__coding_name(coding), NULL, &source, 4096);
		ASSERT_EQ(all.result, WOK_ELIMIT);
		ASSERT(strstr(wok_errmsg(all.result), "200 times"));
		ASSERT(all.size < 2 << 20);
		decoded_free(&all);
		/* Who expects such bodies says so. */
		source = (struct source){.data = bomb.data, .size = bomb.size};
		struct wok__decoder_limits limits = {.ratio = 1 << 30};
		all = decode_all(wok__coding_name(coding), &limits, &source, 1 << 16);
		ASSERT_OK(all.result);
		ASSERT_EQ(all.size, 30 << 20);
		decoded_free(&all);
		wok__buffer_free(&bomb);
	}
}

TEST_TASK(a_body_is_stopped_at_the_bytes_that_it_may_have, "client-68")
{
	char *text = make_text(100000);

	EACH_CODING(coding)
	{
		struct wok__buffer whole = encode(coding, text, 100000);
		struct wok__decoder_limits limits = {.bytes = 99999};
		struct source source = {.data = whole.data, .size = whole.size, .piece = 512};
		struct decoded all = decode_all(wok__coding_name(coding), &limits, &source, 4096);
		ASSERT_EQ(all.result, WOK_ELIMIT);
		ASSERT(all.size <= 99999);
		decoded_free(&all);
		limits.bytes = 100000;
		source = (struct source){.data = whole.data, .size = whole.size};
		all = decode_all(wok__coding_name(coding), &limits, &source, 4096);
		ASSERT_OK(all.result);
		decoded_free(&all);
		wok__buffer_free(&whole);
	}
	free(text);
}

/* What expands in the middle of a chain and vanishes again costs as much as what comes out. */
TEST_TASK(a_bomb_within_a_chain_is_stopped_too, "client-68", "http-20")
{
	NEEDS_ZLIB();
	struct wok__buffer empty = encode(WOK__CODING_GZIP, "", 0);
	size_t n = (4 << 20) / empty.size;
	char *members = malloc(n * empty.size);

	for (size_t i = 0; i < n; i++)
		memcpy(members + i * empty.size, empty.data, empty.size);
	struct wok__buffer bomb = encode(WOK__CODING_GZIP, members, n * empty.size);
	struct source source = {.data = bomb.data, .size = bomb.size};
	struct wok__decoder_limits limits = {.ratio = 100};
	struct decoded all = decode_all("gzip, gzip", &limits, &source, 4096);
	ASSERT_EQ(all.result, WOK_ELIMIT);
	ASSERT_EQ(all.size, 0);
	decoded_free(&all);
	wok__buffer_free(&bomb);
	wok__buffer_free(&empty);
	free(members);
}

TEST_TASK(a_window_larger_than_http_allows_is_refused, "client-68")
{
	if (!wok__coding_kind(WOK__CODING_ZSTD))
		SKIP("zstd is not built in");
	/* A frame that demands 128 MiB (RFC 8878, 3.1.1.1.2: 2 to the power of 10 + 17). */
	expect_undecodable("zstd", CODED("\x28\xb5\x2f\xfd\x00\x88\x01\x00\x00"), WOK_ELIMIT);
}

/* --- waiting ---------------------------------------------------------------------------------- */

TEST_TASK(a_read_that_failed_may_be_repeated_and_no_byte_is_lost)
{
	char *text = make_text(20000);

	EACH_CODING(coding)
	{
		struct wok__buffer whole = encode(coding, text, 20000);
		struct wok__codings codings = codings_of(wok__coding_name(coding));
		struct source source = {.data = whole.data,
					.size = whole.size,
					.piece = 100,
					.fail_once = -EINTR,
					.fail_at = whole.size / 2};
		struct wok__decoder *decoder;
		char got[20100];
		size_t size = 0;
		ssize_t n = 1;
		int failed = 0;
		ASSERT_OK(wok__decoder_new(&codings, NULL, source_read, &source, &decoder));
		while (n != 0) {
			n = wok__decoder_read(decoder, got + size, sizeof(got) - size);
			ASSERT(n >= 0 || n == -EINTR);
			failed += n < 0;
			size += n > 0 ? (size_t) n : 0;
		}
		ASSERT_EQ(failed, 1);
		ASSERT_EQ(size, 20000);
		ASSERT_MEM(got, text, 20000);
		wok__decoder_free(decoder);
		wok__buffer_free(&whole);
	}
	free(text);
}

TEST_TASK(reading_is_a_checkpoint_always_also_from_what_has_come)
{
	NEEDS_ZLIB();
	struct wok__codings codings = codings_of("gzip");
	struct source source = {.data = GZIP_HELLO, .size = sizeof(GZIP_HELLO) - 1};
	struct wok__decoder *decoder;
	char data[3];
	ssize_t n = 1;

	ASSERT_OK(wok__decoder_new(&codings, NULL, source_read, &source, &decoder));
	WOK_ASSERT_CHECKPOINT(n = wok__decoder_read(decoder, data, 0));
	while (n >= 0 && source.at < source.size)
		WOK_ASSERT_CHECKPOINT(n = wok__decoder_read(decoder, data, 3));
	while (n > 0)
		WOK_ASSERT_CHECKPOINT(n = wok__decoder_read(decoder, data, 3));
	ASSERT_EQ(n, 0);
	WOK_ASSERT_CHECKPOINT(n = wok__decoder_read(decoder, data, 3));
	ASSERT_EQ(n, 0);
	wok__decoder_free(decoder);
}

static int code_and_decode(void *unused)
{
	char *text = make_text(5000);
	int r = 0;

	(void) unused;
	EACH_CODING(coding)
	{
		struct wok__buffer out = {0};
		r = r < 0 ? r : wok__encode(coding, 0, text, 5000, &out);
		if (r == 0) {
			char value[40];
			const char *name = wok__coding_name(coding);
			snprintf(value, sizeof(value), "%s", name);
			struct source source = {.data = out.data, .size = out.size, .piece = 100};
			struct decoded all = decode_all(value, NULL, &source, 1000);
			r = all.result;
			decoded_free(&all);
		}
		wok__buffer_free(&out);
	}
	free(text);
	return r;
}

TEST(any_one_allocation_of_the_codings_may_fail)
{
	ASSERT_OK(wok_test_run_allocations(code_and_decode, NULL, NULL));
}

/* SPDX-License-Identifier: MIT */
/* Which content codings there are: see http/coding/coding.h. */
#include "http/coding/coding.h"

#include <assert.h>
#include <string.h>
#include <strings.h>
#include <wok/big_stack.h>
#include <wok/error.h>
#include <wok/memory.h>

static const char *const names[] = {
	[WOK__CODING_ZSTD] = "zstd",         [WOK__CODING_BR] = "br",
	[WOK__CODING_GZIP] = "gzip",         [WOK__CODING_DEFLATE] = "deflate",
	[WOK__CODING_IDENTITY] = "identity",
};

const struct wok__coding_kind *wok__coding_kind(enum wok__coding coding)
{
	static const struct wok__coding_kind *const kinds[] = {
		[WOK__CODING_ZSTD] = &wok__coding_zstd,
		[WOK__CODING_BR] = &wok__coding_br,
		[WOK__CODING_GZIP] = &wok__coding_gzip,
		[WOK__CODING_DEFLATE] = &wok__coding_deflate,
	};

	return coding < WOK__CODING_COUNT && kinds[coding]->name ? kinds[coding] : NULL;
}

const char *wok__coding_name(enum wok__coding coding)
{
	assert(coding <= WOK__CODING_IDENTITY);
	return names[coding];
}

static bool is(const char *text, size_t size, const char *name)
{
	return strlen(name) == size && strncasecmp(text, name, size) == 0;
}

int wok__coding_find(const char *name, size_t size, enum wok__coding *ret_coding)
{
	for (int i = 0; i <= WOK__CODING_IDENTITY; i++) {
		if (is(name, size, names[i])) {
			*ret_coding = (enum wok__coding) i;
			return 0;
		}
	}
	if (is(name, size, "x-gzip")) { /* RFC 9110, 8.4.1.3 */
		*ret_coding = WOK__CODING_GZIP;
		return 0;
	}
	return -ENOTSUP;
}

const char *wok__coding_accepted(void)
{
	/* By what is built in: zstd 1, br 2, gzip and deflate 4. */
	static const char *const values[] = {
		"identity",
		"zstd",
		"br",
		"zstd, br",
		"gzip, deflate",
		"zstd, gzip, deflate",
		"br, gzip, deflate",
		"zstd, br, gzip, deflate",
	};
	int which = (wok__coding_zstd.name ? 1 : 0) + (wok__coding_br.name ? 2 : 0) +
		    (wok__coding_gzip.name ? 4 : 0);

	return values[which];
}

static int not_built_in(enum wok__coding coding)
{
	return wok_fail(-ENOTSUP, "the content coding %s is not built into this wok",
			wok__coding_name(coding));
}

int wok__codec_decoder(enum wok__coding coding, struct wok__codec **ret_codec)
{
	const struct wok__coding_kind *kind = wok__coding_kind(coding);

	return kind ? kind->decoder(ret_codec) : not_built_in(coding);
}

int wok__codec_encoder(enum wok__coding coding, int level, struct wok__codec **ret_codec)
{
	const struct wok__coding_kind *kind = wok__coding_kind(coding);

	if (!kind)
		return not_built_in(coding);
	level = level == 0            ? kind->level
		: level < kind->least ? kind->least
		: level > kind->most  ? kind->most
				      : level;
	return kind->encoder(level, ret_codec);
}

struct step {
	struct wok__codec *codec;
	struct wok__coding_io *io;
	enum wok__coding_mode mode;
};

static int step(void *arg)
{
	struct step *call = arg;

	return call->codec->ops->step(call->codec, call->io, call->mode);
}

int wok__codec_step(struct wok__codec *codec, struct wok__coding_io *io, enum wok__coding_mode mode)
{
	struct step call = {codec, io, mode};

	if (codec->over)
		return 0;
	return wok_on_big_stack(step, &call);
}

void wok__codec_free(struct wok__codec *codec)
{
	if (codec)
		codec->ops->free(codec);
}

void *wok__coding_alloc(void *unused, size_t size)
{
	(void) unused;
	return wok_alloc(size > 0 ? size : 1);
}

void wok__coding_free(void *unused, void *pointer)
{
	(void) unused;
	wok_free(pointer);
}

/* SPDX-License-Identifier: MIT */
/* The types of files: see http/static/mime.h. */
#include "http/static/mime.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wok/memory.h>

#include "base/memory.h"

enum { SUFFIX_MAX = 32 };

struct known {
	const char *suffix, *type;
};

/* In order, as bsearch() needs them. The registered types, and the usual ones where there is none.
 */
static const struct known known[] = {
	{"7z", "application/x-7z-compressed"},
	{"aac", "audio/aac"},
	{"apk", "application/vnd.android.package-archive"},
	{"apng", "image/apng"},
	{"atom", "application/atom+xml"},
	{"avi", "video/x-msvideo"},
	{"avif", "image/avif"},
	{"bin", "application/octet-stream"},
	{"bmp", "image/bmp"},
	{"br", "application/x-brotli"},
	{"bz2", "application/x-bzip2"},
	{"c", "text/x-c"},
	{"cc", "text/x-c"},
	{"cjs", "text/javascript"},
	{"conf", "text/plain"},
	{"cpp", "text/x-c"},
	{"crt", "application/x-x509-ca-cert"},
	{"css", "text/css"},
	{"csv", "text/csv"},
	{"deb", "application/vnd.debian.binary-package"},
	{"diff", "text/x-diff"},
	{"doc", "application/msword"},
	{"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
	{"eml", "message/rfc822"},
	{"eot", "application/vnd.ms-fontobject"},
	{"epub", "application/epub+zip"},
	{"exe", "application/vnd.microsoft.portable-executable"},
	{"flac", "audio/flac"},
	{"flv", "video/x-flv"},
	{"geojson", "application/geo+json"},
	{"gif", "image/gif"},
	{"glb", "model/gltf-binary"},
	{"gltf", "model/gltf+json"},
	{"gz", "application/gzip"},
	{"h", "text/x-c"},
	{"heic", "image/heic"},
	{"htm", "text/html"},
	{"html", "text/html"},
	{"ico", "image/vnd.microsoft.icon"},
	{"ics", "text/calendar"},
	{"ini", "text/plain"},
	{"iso", "application/x-iso9660-image"},
	{"jar", "application/java-archive"},
	{"jpeg", "image/jpeg"},
	{"jpg", "image/jpeg"},
	{"js", "text/javascript"},
	{"json", "application/json"},
	{"jsonl", "application/jsonl"},
	{"jsonld", "application/ld+json"},
	{"jxl", "image/jxl"},
	{"log", "text/plain"},
	{"m3u8", "application/vnd.apple.mpegurl"},
	{"m4a", "audio/mp4"},
	{"m4v", "video/mp4"},
	{"manifest", "application/manifest+json"},
	{"map", "application/json"},
	{"md", "text/markdown"},
	{"mid", "audio/midi"},
	{"mjs", "text/javascript"},
	{"mkv", "video/x-matroska"},
	{"mov", "video/quicktime"},
	{"mp3", "audio/mpeg"},
	{"mp4", "video/mp4"},
	{"mpd", "application/dash+xml"},
	{"mpeg", "video/mpeg"},
	{"mpg", "video/mpeg"},
	{"odp", "application/vnd.oasis.opendocument.presentation"},
	{"ods", "application/vnd.oasis.opendocument.spreadsheet"},
	{"odt", "application/vnd.oasis.opendocument.text"},
	{"oga", "audio/ogg"},
	{"ogg", "audio/ogg"},
	{"ogv", "video/ogg"},
	{"opus", "audio/ogg"},
	{"otf", "font/otf"},
	{"patch", "text/x-diff"},
	{"pdf", "application/pdf"},
	{"pem", "application/x-pem-file"},
	{"png", "image/png"},
	{"ppt", "application/vnd.ms-powerpoint"},
	{"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
	{"ps", "application/postscript"},
	{"py", "text/x-python"},
	{"rar", "application/vnd.rar"},
	{"rs", "text/x-rust"},
	{"rss", "application/rss+xml"},
	{"rtf", "application/rtf"},
	{"sh", "text/x-shellscript"},
	{"sql", "application/sql"},
	{"svg", "image/svg+xml"},
	{"tar", "application/x-tar"},
	{"tgz", "application/gzip"},
	{"tif", "image/tiff"},
	{"tiff", "image/tiff"},
	{"toml", "application/toml"},
	{"ts", "video/mp2t"},
	{"tsv", "text/tab-separated-values"},
	{"ttf", "font/ttf"},
	{"txt", "text/plain"},
	{"vtt", "text/vtt"},
	{"wasm", "application/wasm"},
	{"wav", "audio/wav"},
	{"weba", "audio/webm"},
	{"webm", "video/webm"},
	{"webmanifest", "application/manifest+json"},
	{"webp", "image/webp"},
	{"woff", "font/woff"},
	{"woff2", "font/woff2"},
	{"xhtml", "application/xhtml+xml"},
	{"xls", "application/vnd.ms-excel"},
	{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
	{"xml", "application/xml"},
	{"xsl", "application/xslt+xml"},
	{"xz", "application/x-xz"},
	{"yaml", "application/yaml"},
	{"yml", "application/yaml"},
	{"zip", "application/zip"},
	{"zst", "application/zstd"},
};

static const char *suffix_of(const char *path)
{
	const char *name = strrchr(path, '/');
	const char *dot = strrchr(name ? name : path, '.');

	return dot ? dot + 1 : "";
}

static int compare_known(const void *suffix, const void *entry)
{
	return strcmp(suffix, ((const struct known *) entry)->suffix);
}

static void to_lower(const char *text, size_t size, char *lower)
{
	for (size_t i = 0; i < size; i++)
		lower[i] = (char) (text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : text[i]);
	lower[size] = '\0';
}

static const char *known_type(const char *suffix)
{
	const struct known *found = bsearch(suffix, known, sizeof(known) / sizeof(*known),
					    sizeof(*known), compare_known);

	return found ? found->type : NULL;
}

bool wok__mime_is_text(const char *type)
{
	return !strchr(type, ';') && strncasecmp(type, "text/", 5) == 0;
}

/* Where a suffix stands, or belongs. */
static size_t place_of(const struct wok__mime *mime, const char *suffix)
{
	size_t low = 0, high = mime->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(mime->entries[middle].suffix, suffix) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int wok__mime_add(struct wok__mime *mime, const char *suffix, const char *type)
{
	size_t suffix_size = strlen(suffix), type_size = strlen(type);
	char *text;

	if (suffix_size >= SUFFIX_MAX)
		return 0;
	if (wok__grow((void **) &mime->entries, &mime->capacity, mime->n + 1,
		      sizeof(*mime->entries)) < 0)
		return -ENOMEM;
	text = wok_alloc(suffix_size + type_size + 2);
	if (!text)
		return -ENOMEM;
	to_lower(suffix, suffix_size, text);
	memcpy(text + suffix_size + 1, type, type_size + 1);
	struct wok__mime_entry *place = mime->entries + place_of(mime, text);
	struct wok__mime_entry *end = mime->entries + mime->n;
	if (place < end && strcmp(place->suffix, text) == 0) {
		wok_free(place->suffix);
	} else {
		memmove(place + 1, place, (size_t) (end - place) * sizeof(*place));
		mime->n++;
	}
	*place = (struct wok__mime_entry){text, text + suffix_size + 1};
	return 0;
}

static int add_line(struct wok__mime *mime, char *line)
{
	static const char blanks[] = " \t\r\n";
	char *rest = NULL;

	line[strcspn(line, "#")] = '\0';
	const char *type = strtok_r(line, blanks, &rest);
	if (!type)
		return 0;
	for (const char *suffix; (suffix = strtok_r(NULL, blanks, &rest));) {
		if (wok__mime_add(mime, suffix, type) < 0)
			return -ENOMEM;
	}
	return 0;
}

int wok__mime_load(struct wok__mime *mime, const char *path)
{
	FILE *file = fopen(path, "re");
	char line[4096];
	int r = 0;

	if (!file)
		return -errno;
	while (r == 0 && fgets(line, sizeof(line), file))
		r = add_line(mime, line);
	if (r == 0 && ferror(file))
		r = -EIO;
	fclose(file);
	return r;
}

void wok__mime_free(struct wok__mime *mime)
{
	for (size_t i = 0; i < mime->n; i++)
		wok_free(mime->entries[i].suffix);
	wok_free(mime->entries);
	*mime = (struct wok__mime){0};
}

const char *wok__mime_of(const struct wok__mime *mime, const char *path)
{
	const char *suffix = suffix_of(path), *type;
	size_t size = strlen(suffix);
	char lower[SUFFIX_MAX];

	if (size == 0 || size >= sizeof(lower))
		return "application/octet-stream";
	to_lower(suffix, size, lower);
	if (mime && mime->n > 0) {
		size_t at = place_of(mime, lower);
		if (at < mime->n && strcmp(mime->entries[at].suffix, lower) == 0)
			return mime->entries[at].type;
	}
	type = known_type(lower);
	return type ? type : "application/octet-stream";
}

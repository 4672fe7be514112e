/* SPDX-License-Identifier: MIT */
/* Versions and conditions: see http/static/condition.h. */
#include "http/static/condition.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "http/date.h"

#define NS_PER_SECOND INT64_C(1000000000)

void wok__version_of(const struct stat *stat, int64_t now, struct wok__version *ret_version)
{
	int64_t changed =
		(int64_t) stat->st_mtim.tv_sec * NS_PER_SECOND + (int64_t) stat->st_mtim.tv_nsec;

	ret_version->now = now / NS_PER_SECOND;
	/* Some file systems count in steps of two seconds; of the future nobody knows anything. */
	ret_version->recent = changed > now - 2 * NS_PER_SECOND;
	ret_version->modified = (int64_t) stat->st_mtim.tv_sec;
	if (ret_version->modified > ret_version->now)
		ret_version->modified = ret_version->now;
	snprintf(ret_version->etag, sizeof(ret_version->etag), "%s\"%llx-%llx-%llx\"",
		 ret_version->recent ? "W/" : "", (unsigned long long) changed,
		 (unsigned long long) stat->st_size, (unsigned long long) stat->st_ino);
}

/* Without the W/ of a weak tag. */
static const char *opaque_part(const char *etag)
{
	return strncmp(etag, "W/", 2) == 0 ? etag + 2 : etag;
}

/* How many bytes the tag at a place has, its W/ and its quotes included; 0 if there is none. */
static size_t tag_size(const char *at)
{
	const char *open = opaque_part(at), *close;

	if (*open != '"')
		return 0;
	close = strchr(open + 1, '"');
	return close ? (size_t) (close + 1 - at) : 0;
}

static bool same_tag(const char *at, size_t size, const char *etag, bool strong)
{
	const char *ours = opaque_part(etag), *theirs = opaque_part(at);
	size_t theirs_size = size - (size_t) (theirs - at);

	if (strong && (ours != etag || theirs != at))
		return false;
	return theirs_size == strlen(ours) && memcmp(theirs, ours, theirs_size) == 0;
}

bool wok__etag_is_in(const char *list, const char *etag, bool strong)
{
	static const char between[] = " \t,";
	const char *at = list + strspn(list, between);

	if (*at == '*')
		return true;
	if (*etag == '\0')
		return false;
	for (size_t size; (size = tag_size(at)) > 0; at += strspn(at, between)) {
		if (same_tag(at, size, etag, strong))
			return true;
		at += size;
	}
	return false;
}

/* A list may come in several headers of its name. present: whether there is one at all. */
static bool is_listed(const struct wok__head *head, const char *name, const char *etag, bool strong,
		      bool *ret_present)
{
	wok_http_header header;
	bool found = false;

	*ret_present = false;
	for (size_t i = 0; wok__head_at(head, i, &header); i++) {
		if (strcasecmp(header.name, name) != 0)
			continue;
		*ret_present = true;
		found = found || wok__etag_is_in(header.value, etag, strong);
	}
	return found;
}

static bool is_date(const char *value, const struct wok__version *version, int64_t *ret_date)
{
	return wok__http_date_parse(value, strlen(value), version->now, ret_date);
}

/* A header's date, if the version has one to compare; false if there is none in the header. */
static bool date_in(const struct wok__head *head, const char *name,
		    const struct wok__version *version, int64_t *ret_date)
{
	const char *value = wok__head_value(head, name);

	return value && version->modified >= 0 && is_date(value, version, ret_date);
}

enum wok__verdict wok__condition_check(const struct wok__head *head,
				       const struct wok__version *version)
{
	int64_t date;
	bool present;

	bool listed = is_listed(head, "If-Match", version->etag, true, &present);
	if (present && !listed)
		return WOK__CONDITION_UNMET;
	if (!present && date_in(head, "If-Unmodified-Since", version, &date) &&
	    version->modified > date)
		return WOK__CONDITION_UNMET;
	listed = is_listed(head, "If-None-Match", version->etag, false, &present);
	if (listed)
		return WOK__CONDITION_IS_HAD;
	if (!present && date_in(head, "If-Modified-Since", version, &date) &&
	    version->modified <= date)
		return WOK__CONDITION_IS_HAD;
	return WOK__CONDITION_NONE;
}

bool wok__condition_if_range(const struct wok__head *head, const struct wok__version *version)
{
	const char *value = wok__head_value(head, "If-Range");
	int64_t date;

	if (!value)
		return true;
	if (tag_size(value) > 0)
		return same_tag(value, strlen(value), version->etag, true);
	/* A date tells two versions apart only if they do not lie within the same second. */
	return is_date(value, version, &date) && date == version->modified && !version->recent;
}

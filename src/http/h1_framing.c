/* SPDX-License-Identifier: MIT */
/*
 * HTTP/1.1 framing fields: how long a body is, and whether the connection goes on.
 *
 * Request smuggling is two parties disagreeing here. So there is one accepted spelling of each:
 * Content-Length is one plain decimal number, Transfer-Encoding is the one word chunked.
 */
#include "http/h1_parts.h"

static bool read_length(struct wok__h1_span value, uint64_t *ret_length)
{
	uint64_t length = 0;
	for (size_t i = 0; i < value.size; i++) {
		unsigned digit = (unsigned) (unsigned char) value.data[i] - '0';
		if (digit > 9 || length > ((uint64_t) INT64_MAX - digit) / 10)
			return false;
		length = length * 10 + digit;
	}
	*ret_length = length;
	return value.size > 0;
}

/* Anything but "chunked" is an error; this finds the right one. */
static int refuse_coding(struct wok__h1_span value)
{
	struct wok__h1_span rest = value, item = {NULL, 0}, last = {NULL, 0};
	size_t members = 0, commas = 0;

	for (size_t i = 0; i < value.size; i++)
		commas += value.data[i] == ',';
	for (; wok__h1_list_next(&rest, &item); members++) {
		bool ended = last.data != NULL && wok__h1_is(last, "chunked");
		if (ended || !wok__h1_valid_token(item.data, item.size))
			return WOK__H1_BAD_TE;
		last = item;
	}
	/* An empty member is legal and harmless, but a known way to sneak past other parsers. */
	if (members != commas + 1 || !wok__h1_is(last, "chunked"))
		return WOK__H1_BAD_TE;
	return WOK__H1_UNSUPPORTED_TE;
}

static struct wok__h1_span value_of(const char *base, const struct wok__h1_head *head,
				    enum wok__h1_name id)
{
	return wok__h1_value_of(base, &head->fields[head->first[id]]);
}

static inline bool has(const struct wok__h1_head *head, enum wok__h1_name id)
{
	return head->present >> id & 1;
}

int wok__h1_read_framing(const char *base, const struct wok__h1_head *head, unsigned minor,
			 struct wok__h1_framing_fields *ret_framing, const char **ret_where)
{
	*ret_framing = (struct wok__h1_framing_fields){0};
	if (has(head, WOK__H1_CONTENT_LENGTH)) {
		struct wok__h1_span value = value_of(base, head, WOK__H1_CONTENT_LENGTH);
		*ret_where = value.data;
		if (!read_length(value, &ret_framing->length))
			return WOK__H1_BAD_CL;
		ret_framing->has_length = true;
	}
	if (has(head, WOK__H1_TRANSFER_ENCODING)) {
		struct wok__h1_span value = value_of(base, head, WOK__H1_TRANSFER_ENCODING);
		*ret_where = value.data;
		if (minor == 0)
			return WOK__H1_TE_IN_HTTP10;
		if (!wok__h1_is(value, "chunked"))
			return refuse_coding(value);
		ret_framing->chunked = true;
	}
	return 0;
}

void wok__h1_read_connection_field(const char *base, const struct wok__h1_head *head,
				   struct wok__h1_message *message)
{
	bool keep = false, upgrade = false;

	for (uint32_t i = head->first[WOK__H1_CONNECTION]; i < head->count; i++) {
		if (head->fields[i].id != WOK__H1_CONNECTION)
			continue;
		struct wok__h1_span rest = wok__h1_value_of(base, &head->fields[i]), item;
		while (wok__h1_list_next(&rest, &item)) {
			if (wok__h1_is(item, "close"))
				message->close = true;
			else if (wok__h1_is(item, "keep-alive"))
				keep = true;
			else if (wok__h1_is(item, "upgrade"))
				upgrade = true;
		}
	}
	message->keep_alive = !message->close && (message->minor > 0 || keep);
	message->upgrade = upgrade && message->minor > 0 && has(head, WOK__H1_UPGRADE);
}

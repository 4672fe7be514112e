/* SPDX-License-Identifier: MIT */
/* What a client accepts, of what we could send. */
#include "http/coding/negotiate.h"

#include "harness/test.h"

/* The coding for a client, of zstd, br and gzip; "none" if all are refused. */
static const char *choice(const char *accept)
{
	static const enum wok__coding ours[] = {WOK__CODING_ZSTD, WOK__CODING_BR, WOK__CODING_GZIP};
	enum wok__coding coding;

	return wok__choose_coding(accept, ours, 3, &coding) ? wok__coding_name(coding) : "none";
}

TEST(a_coding_is_chosen_by_the_clients_weights_and_then_by_our_order, "server-21", "http-47")
{
	static const char *const rows[][2] = {
		{"gzip", "gzip"},
		{"gzip, br, zstd", "zstd"},
		{"GZIP", "gzip"},
		{"x-gzip", "gzip"},
		{"gzip;q=1.0, br;q=0.5, zstd;q=0.5", "gzip"},
		{"gzip ; q=0.3 , br;q=0.301", "br"},
		{"zstd;q=0, gzip", "gzip"},
		{"deflate", "identity"},
		{"compress, snappy", "identity"},
		{"*", "zstd"},
		{"*;q=0.1, gzip;q=0.2", "gzip"},
		{"zstd;q=0, *", "br"},
		{"gzip;q=0, *;q=0.5", "zstd"},
		{"gzip;q=0, br;q=0, zstd;q=0", "identity"},
		{"identity", "identity"},
		{"identity;q=1, gzip;q=0.5", "identity"},
		{"identity;q=0.5, gzip;q=0.5", "gzip"},
		{"identity;q=0.5, gzip;q=1", "gzip"},
		{"", "identity"},
		{" , ,", "identity"},
		{"identity;q=0", "none"},
		{"*;q=0", "none"},
		{"identity;q=0, gzip;q=0", "none"},
		{"identity;q=0, gzip", "gzip"},
		{"identity;q=0.1, *;q=0", "identity"},
		{"*;q=0, br;q=0.001", "br"},
		/* weights that are none: the member is not there */
		{"gzip;q=2", "identity"},
		{"gzip;q=1.001", "identity"},
		{"gzip;q=0.1234, br", "br"},
		{"gzip;q=-1", "identity"},
		{"gzip;q=", "identity"},
		{"gzip;q=.5", "identity"},
		{"gzip;q=0,5", "identity"},
		{"gzip;Q=0.5", "gzip"},
		{"gzip;level=9;q=0", "identity"},
		{"gzip, gzip;q=0", "gzip"},
		{";q=1", "identity"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(choice(rows[i][0]), rows[i][1]) != 0)
			FAIL("\"%s\" gives %s, not %s", rows[i][0], choice(rows[i][0]), rows[i][1]);
	/* Who does not ask may not be able to: nothing is compressed. */
	ASSERT_STR(choice(NULL), "identity");
}

TEST(a_media_type_is_chosen_by_the_range_that_fits_it_most_closely, "server-21")
{
	static const char *const types[] = {"text/html", "application/json",
					    "text/html; level=1; charset=utf-8"};
	static const struct {
		const char *accept;
		int chosen;
	} rows[] = {
		{NULL, 0},
		{"", 0},
		{"*/*", 0},
		{"application/json", 1},
		{"application/*, text/html;q=0.9", 1},
		{"APPLICATION/JSON", 1},
		{"text/html;q=0.5, application/json;q=0.6", 1},
		{"*/*;q=0.1, application/json", 1},
		{"*/*, text/html;q=0", 1},
		{"text/*;q=0.3, text/html;q=0.7, text/html;level=1, */*;q=0.5", 2},
		{"text/html;level=2", -1},
		{"text/html;level=\"a,b;c\"", -1},
		{"image/png", -1},
		{"text/htm", -1},
		{"tex/*", -1},
		{"*/*;q=0", -1},
		{"text/html;q=1.5", -1},
		{"\"", -1},
		{"/", -1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ssize_t chosen = wok__choose_type(rows[i].accept, types, 3);
		if (chosen != rows[i].chosen)
			FAIL("\"%s\" gives %zd, not %d", rows[i].accept, chosen, rows[i].chosen);
	}
	ASSERT_EQ(wok__choose_type(NULL, types, 0), -1);
}

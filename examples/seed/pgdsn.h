/* SPDX-License-Identifier: MIT */
/* Where the PostgreSQL of the source notes' programs is: $PGDSN, or what "make seed" starts. */
#include <stdlib.h>

static const char *pgdsn(void)
{
	const char *given = getenv("PGDSN");

	return given && *given ? given : "postgresql://user:password@127.0.0.1:54329/mydb";
}

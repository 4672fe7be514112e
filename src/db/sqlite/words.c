/* SPDX-License-Identifier: MIT */
/* What SQL begins with. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "db/sqlite/statement.h"

const char *wok__sqlite_skip_blanks(const char *sql)
{
	for (;;) {
		sql += strspn(sql, " \t\r\n\f;");
		if (sql[0] == '-' && sql[1] == '-') {
			sql += strcspn(sql, "\n");
		} else if (sql[0] == '/' && sql[1] == '*') {
			const char *end = strstr(sql + 2, "*/");

			sql = end ? end + 2 : sql + strlen(sql);
		} else {
			return sql;
		}
	}
}

/* Whether a word comes next: then go behind it. */
static bool take_word(const char **sql, const char *word)
{
	const char *at = wok__sqlite_skip_blanks(*sql);
	const size_t size = strlen(word);

	if (strncasecmp(at, word, size) != 0 || isalnum((unsigned char) at[size]) ||
	    at[size] == '_')
		return false;
	*sql = at + size;
	return true;
}

bool wok__sqlite_controls(const char *sql)
{
	if (take_word(&sql, "BEGIN") || take_word(&sql, "COMMIT") || take_word(&sql, "END"))
		return true;
	if (!take_word(&sql, "ROLLBACK"))
		return false;
	(void) take_word(&sql, "TRANSACTION");
	return !take_word(&sql, "TO");
}

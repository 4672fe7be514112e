/* SPDX-License-Identifier: MIT */
/* What /etc/nsswitch.conf asks for. */
#include "dns/nsswitch.h"

#include "harness/test.h"

static const char *more(const char *text)
{
	static char word[64];
	wok_view found = wok__nsswitch_more((wok_view){text, strlen(text)});

	snprintf(word, sizeof(word), "%.*s", (int) found.size, found.data ? found.data : "");
	return found.data ? word : NULL;
}

TEST(files_and_dns_are_what_c_ares_can_do)
{
	ASSERT_STR(more("hosts: files dns\n"), NULL);
	ASSERT_STR(more("hosts:\tdns files"), NULL);
	ASSERT_STR(more("hosts:files [NOTFOUND=return] dns"), NULL);
	ASSERT_STR(more("hosts: files [SUCCESS=return !UNAVAIL = return]dns\r\n"), NULL);
	ASSERT_STR(more("hosts: dns # mdns is off\n"), NULL);
	ASSERT_STR(more("hosts:\n"), NULL);
	ASSERT_STR(more(""), NULL);
}

TEST(anything_else_is_named)
{
	ASSERT_STR(more("hosts: files mdns4_minimal [NOTFOUND=return] dns\n"), "mdns4_minimal");
	ASSERT_STR(more("passwd: files systemd\nhosts: files dns myhostname\n"), "myhostname");
	ASSERT_STR(more("  hosts : resolve [!UNAVAIL=return] files dns"), "resolve");
	ASSERT_STR(more("hosts: files[NOTFOUND=return]ldap"), "ldap");
	ASSERT_STR(more("hosts: files dns\nhosts: nis\n"), "nis");
}

TEST(other_lines_and_broken_ones_say_nothing)
{
	ASSERT_STR(more("#hosts: ldap\npasswd: ldap\nmyhosts: ldap\n"), NULL);
	ASSERT_STR(more("hosts: files [NOTFOUND=return\ndns: ldap\n"), NULL);
	ASSERT_STR(more("hosts: [ldap"), NULL);
	wok_view binary = {"hosts: \0 x\n\xff", 12};
	ASSERT(wok__nsswitch_more(binary).data != NULL);
}

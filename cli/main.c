/* SPDX-License-Identifier: MIT */
/* `wok`: the command. This file only finds the subcommand; each has a file of its own. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wok/wok.h>

#include "command.h"

static const char help[] =
	"usage: wok COMMAND [OPTION]...\n"
	"\n"
	"  lab         fetch slow URLs in several ways, and show what waiting smarter saves\n"
	"  lab-server  serve what the lab fetches, for your own experiments\n"
	"  serve       serve a folder over HTTP\n"
	"  fetch       download URLs, many at once\n"
	"  bench       load an HTTP server, and tell how fast and how evenly it answers\n"
	"  info        what the library is, and what it runs on here\n"
	"  help        print this\n"
	"\n"
	"\"wok COMMAND --help\" describes a command; \"wok --version\" prints the version.\n";

static int help_main(int argc, char **argv)
{
	(void) argc;
	(void) argv;
	return fputs(help, stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int version_main(int argc, char **argv)
{
	(void) argc;
	(void) argv;
	return printf("wok %s\n", wok_version()) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static const struct {
	const char *name;
	int (*main)(int argc, char **argv);
} commands[] = {
	{"lab", lab_main},         {"lab-server", lab_server_main},
	{"fetch", fetch_main},     {"serve", serve_main},
	{"bench", bench_main},     {"info", info_main},
	{"help", help_main},       {"--help", help_main},
	{"-h", help_main},         {"--version", version_main},
	{"version", version_main}, {"lab-way", lab_way_main}, /* internal */
};

int main(int argc, char **argv)
{
	/* Only letters: numbers stay C's, for JSON and SVG. */
	setlocale(LC_CTYPE, "");
	if (argc < 2) {
		fputs(help, stderr);
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(argv[1], commands[i].name) != 0)
			continue;
		int status = commands[i].main(argc - 1, argv + 1);
		/* What was printed may have failed to arrive: a full disk, a closed pipe. */
		if ((fflush(stdout) != 0 || ferror(stdout)) && status == EXIT_SUCCESS) {
			fputs("wok: cannot write to standard output\n", stderr);
			status = EXIT_FAILURE;
		}
		return status;
	}
	fprintf(stderr, "wok: there is no command \"%s\"; \"wok help\" lists them\n", argv[1]);
	return EXIT_USAGE;
}

/* opt.h: each applet has one table of options. The parser (which uses getopt_long(3)), --help and
 * the man page are all made from it. */
#ifndef CTR_OPT_H
#define CTR_OPT_H

#include <stdbool.h>
#include "str.h"

enum opt_kind {
	OPT_FLAG,   /* to: bool, set to true; with `=no`/`=false`/`=0` as a long option: false */
	OPT_STR,    /* to: const char *, points into argv */
	OPT_LIST,   /* to: struct strv, appended */
	OPT_COMMAS, /* the same for several apart by commas; "k=1,2" is one, though, and "k=1,l=2"
		       two */
	OPT_SIZE,   /* to: uint64_t, bytes, size_parse */
	OPT_NUM,    /* to: int64_t, 0..INT64_MAX (the applet itself checks narrower limits) */
	OPT_CALL,   /* to: an opt_fn, called with the value; 0, or -1 after fail(): a usage error */
};

struct opt {
	char s;             /* short letter, 0 for none */
	const char *l;      /* long name, NULL for none */
	const char *arg;    /* what help shows for the value, NULL for a flag; "[X]": the value is
			       optional (only as --l=X or -sX); "[=X]": only as --l=X or -s=X, so that
			       several letters can be given together */
	const char *help;   /* NULL: an alias, parsed but not shown */
	unsigned char kind; /* enum opt_kind */
	void *to;
} __attribute__((packed)); /* there are hundreds of them: 34 bytes each, not 48 */
/* The function that OPT_CALL calls. `value` is NULL for a flag, and where an optional value was
 * left out. */
typedef int opt_fn(const char *value);

#define OPT_END                                                                                    \
	{                                                                                          \
		0                                                                                  \
	}

#ifdef CTR_MINIMAL /* usage.others; this build gives no advice */
#define OTHERS(text) NULL
#else
#define OTHERS(text) text
#endif

/* The summary line comes from include/applets.def. */
struct usage {
	const char *synopsis;   /* what follows the options: "ROOTFS [COMMAND [ARG...]]"; several
				   forms are separated by \n, and each of them then begins with
				   "[OPTIONS] " if that is to be shown */
	const char *more;       /* further help text under the options, NULL for none; ends in \n */
	const struct opt *opts; /* ended by OPT_END */
	bool anywhere; /* options may follow operands, because there is no COMMAND that they could
		    belong to */
	/* options of comparable tools that we do not have: lines "WORD WORD...:what does the same
	 * here\n"; NULL: none */
	const char *others;
	bool placeless; /* the applet works without $CTR_LIB, $CTR_RUN and $CTR_CGROUP, or
			   calls place_check() itself where it needs them */
};

/* Parse argv[1..]. The options end at the first operand (with `anywhere` they are moved before it)
 * and at "--". Returns the index of the first operand. --help (and -h where no row has that letter)
 * prints the help on stdout and exits 0; --help=man prints the sections SYNOPSIS and OPTIONS in
 * mdoc for the man page. A wrong option ends the program, and the message names the option that was
 * probably meant. Places that cannot be had end it, too (place.h). It may be called again with the
 * argv of a subcommand. */
int opt_parse(const struct usage *u, int argc, char **argv);

/* For the end of main(): what was printed must have arrived. Returns `code`, or, after a message, 1
 * in place of 0 when stdout did not take all of it. */
int opt_said(int code);

/* The subcommands of an applet: `APPLET WORD [OPTIONS] OPERAND...`. The table ends with a row
 * without a name. */
struct word {
	const char *name;
	int (*fn)(int argc, char **argv); /* given the operands */
	const struct opt *opts;           /* NULL: the applet's own */
	const char *synopsis;             /* with opts */
};
/* Find the subcommand that argv[1] names and parse its options; *first is its first operand. Ends
 * the program if there is no such word. */
const struct word *opt_word(
    const struct usage *u, const struct word *words, int argc, char **argv, int *first);

/* The long option that was meant by a word with at most `most` typing mistakes; NULL when none is
 * so close. */
const char *opt_meant(const struct usage *u, const char *word, size_t most);
/* The long options that begin with the word, for a message: "memory or --memory-swap"; NULL: none
 * does. Caller frees. */
char *opt_begun(const struct usage *u, const char *word);
/* What to do in place of an option of comparable tools, by the applet's own usage.others (`own`),
 * or by what is known of docker's and podman's in all applets: *len bytes of text; NULL: nothing is
 * known. */
const char *opt_instead(const char *own, const char *word, int *len);

/* By docker's words an empty value of this option (NULL: it has a letter alone) leaves it at its
 * default, as scripts give it with variables that may be empty. */
bool opt_unset(const char *name);

/* What was typed (`-e PASSWORD=...`) can be read in /proc/PID/cmdline by everybody as long as the
 * process lives. From now on that file says "APPLET: NAME" only. Option values that point into argv
 * are gone afterwards, so call this when all of them have been used. */
void opt_hide(int argc, char **argv, const char *name);
/* The operands of an applet that takes names: argv[from..], where "-" stands for the lines of
 * stdin. Ends the program when there is none and `what`, which names the operand, is not NULL. */
void opt_names(struct strv *out, int argc, char **argv, int from, const char *what);

#endif

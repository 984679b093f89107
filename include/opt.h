/* opt.h: one table of options per applet drives the parser (getopt_long underneath), --help and the
 * man page.
 */
#ifndef CTR_OPT_H
#define CTR_OPT_H

#include <stdbool.h>
#include "str.h"

enum opt_kind {
	OPT_FLAG, /* to: bool, set to true; with `=no`/`=false`/`=0` as a long option: false */
	OPT_STR,  /* to: const char *, points into argv */
	OPT_LIST, /* to: struct strv, appended */
	OPT_SIZE, /* to: uint64_t, bytes, size_parse */
	OPT_NUM,  /* to: int64_t, 0..INT64_MAX (more than that is the applet's check) */
	OPT_CALL, /* to: an opt_fn, called with the value; 0, or -1 after fail(): a usage error */
};

struct opt {
	char s;        /* short letter, 0 for none */
	const char *l; /* long name, NULL for none */
	const char
	    *arg;         /* placeholder shown in help, NULL for a flag; "[X]" means optional (--l=X
			     or -sX only), "[=X]": --l=X or -s=X, so that letters can stand together */
	const char *help; /* NULL: an alias, parsed but not shown */
	unsigned char kind; /* enum opt_kind */
	void *to;
} __attribute__((packed)); /* there are hundreds of them: 34 bytes each, not 48 */
/* What OPT_CALL calls; value is NULL for a flag or an omitted optional argument. */
typedef int opt_fn(const char *value);

#define OPT_END                                                                                    \
	{                                                                                          \
		0                                                                                  \
	}

/* The summary line comes from include/applets.def. */
struct usage {
	const char *synopsis;   /* what follows the options: "ROOTFS [COMMAND [ARG...]]"; several
				   forms apart by \n, each   then starting with "[OPTIONS] " or
				   without   as it should be shown */
	const char *more;       /* further help text under the options, NULL for none; ends in \n */
	const struct opt *opts; /* ended by OPT_END */
	bool
	    anywhere; /* options may follow operands, for there is no COMMAND that could own them */
	/* words that comparable tools have and we have not, each with what does it here; NULL ends
	 */
	const char *const (*others)[2];
	bool placeless; /* it does its work without $CTR_LIB, $CTR_RUN and $CTR_CGROUP, or asks
			   place_check() where it needs them */
};

/* Parse argv[1..]; options stop at the first operand (with `anywhere` they are moved before it) and
 * at "--". Returns the index of the first operand. --help (and -h where no row has it) prints on
 * stdout and exits 0; --help=man prints the SYNOPSIS and OPTIONS sections in mdoc for the man page.
 * A wrong option ends us, with the one that was meant where it is close; so do places that cannot
 * be had (place.h). May be called again for a subcommand with another argv. */
int opt_parse(const struct usage *u, int argc, char **argv);

/* An applet's words: `APPLET WORD [OPTIONS] OPERAND...`; a table ends by a row without a name. */
struct word {
	const char *name;
	int (*fn)(int argc, char **argv); /* given the operands */
	const struct opt *opts;           /* NULL: the applet's own */
	const char *synopsis;             /* with opts */
};
/* The one that argv[1] is, with its options parsed; *first: its first operand. Dies when it is none
 * of them. */
const struct word *opt_word(
    const struct usage *u, const struct word *words, int argc, char **argv, int *first);

/* The long option that a word with at most so many slips was meant to be; NULL when none is so
 * close. */
const char *opt_meant(const struct usage *u, const char *word, size_t most);

/* The operands of an applet that takes names: argv[from..], "-" replaced by the lines of stdin.
 * Dies when there is none and `what` is not NULL (it names the operand). */
/* What was typed (`-e PASSWORD=...`) is read in /proc/PID/cmdline by everybody as long as the
 * process lives: from now on that says "APPLET: NAME". The options' texts that point into argv are
 * gone: call it when all of them were used. */
void opt_hide(int argc, char **argv, const char *name);
void opt_names(struct strv *out, int argc, char **argv, int from, const char *what);

#endif

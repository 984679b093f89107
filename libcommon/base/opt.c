/* opt.c: the option table drives getopt_long, --help and the man page; see opt.h. */
#include <getopt.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "err.h"
#include "opt.h"
#include "place.h"
#include "str.h"

/* getopt_long() returns this plus the index of the row for a long option, so that it is no letter.
 */
#define LONG_BASE 256
#define MAX_OPTS 160

static bool has_short(const struct usage *u, char s)
{
	for (const struct opt *o = u->opts; o->s || o->l; o++)
		if (o->s == s)
			return true;
	return false;
}

static bool optional(const struct opt *o)
{
	return o->arg && o->arg[0] == '[';
}

/* A flag, and "[=X]": the value is attached with "=", in the short form, too, so that short options
 * can still be combined. */
static bool long_only(const struct opt *o)
{
	return !o->arg || (o->arg[0] == '[' && o->arg[1] == '=');
}

static void help_row(const struct opt *o)
{
	char left[80] = "";
	int n = 0;
	if (o->s)
		n = snprintf(left, sizeof left, "-%c%s", o->s, o->l ? ", " : "");
	else
		n = snprintf(left, sizeof left, "    ");
	if (o->l)
		n += snprintf(left + n, sizeof left - (size_t)n, "--%s", o->l);
	if (o->arg && optional(o))
		snprintf(left + n, sizeof left - (size_t)n, "[=%s", o->arg + 1 + long_only(o));
	else if (o->arg)
		snprintf(left + n, sizeof left - (size_t)n, " %s", o->arg);
	if (strlen(left) > 26)
		printf("  %s\n  %-26s  %s\n", left, "", o->help);
	else
		printf("  %-26s  %s\n", left, o->help);
}

int opt_said(int code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	warn("stdout: write: %m");
	return code ? code : 1;
}

static void opt_help(const struct usage *u)
{
	_cleanup_free_ char *forms = xstrdup(u->synopsis);
	const char *lead = "Usage:";
	char *save = NULL;
	bool many = strchr(u->synopsis, '\n');
	for (char *f = strtok_r(forms, "\n", &save); f || *lead == 'U';
	     f = strtok_r(NULL, "\n", &save)) {
		printf("%s %s %s%s\n", lead, err_applet, many || !u->opts->help ? "" : "[OPTIONS] ",
		    f ? f : "");
		lead = "      ";
		if (!f)
			break;
	}
	const char *s = err_summary;
	if (s)
		printf("%c%s.\n", *s >= 'a' && *s <= 'z' ? *s - 32 : *s, s + 1);
	if (u->opts->s || u->opts->l)
		putchar('\n');
	for (const struct opt *o = u->opts; o->s || o->l; o++)
		if (o->help)
			help_row(o);
	if (u->more)
		printf("\n%s", u->more);
}

/* mdoc(7) takes a leading dot or quote, and backslashes, for markup. */
static void man_text(const char *s)
{
	for (; *s; s++) {
		if (*s == '\\')
			fputs("\\e", stdout);
		else if (*s == '-')
			fputs("\\-", stdout);
		else
			putchar(*s);
	}
}

static void man(const struct usage *u)
{
	_cleanup_free_ char *forms = xstrdup(u->synopsis);
	char *save = NULL;
	bool many = strchr(u->synopsis, '\n'), first = true;
	for (char *f = strtok_r(forms, "\n", &save); f || first; f = strtok_r(NULL, "\n", &save)) {
		printf(".Nm %s\n", err_applet);
		if (!many && u->opts->help)
			puts(".Op Ar OPTIONS");
		if (f) {
			fputs("\\&", stdout);
			man_text(f);
			putchar('\n');
		}
		first = false;
		if (!f)
			break;
	}
	puts(".Sh OPTIONS");
	if (!u->opts->help)
		return (void)puts("None.");
	puts(".Bl -tag -width Ds");
	for (const struct opt *o = u->opts; o->s || o->l; o++) {
		if (!o->help)
			continue;
		fputs(".It", stdout);
		if (o->s)
			printf(" Fl %c%s", o->s, o->l ? " ," : "");
		if (o->l)
			printf(" Fl \\-%s", o->l);
		if (o->arg && optional(o))
			printf("[=\\&%s", o->arg + 1 + long_only(o));
		else if (o->arg)
			printf(" Ar %s", o->arg);
		fputs("\n\\&", stdout);
		man_text(o->help);
		puts(".");
	}
	puts(".El");
}

static bool falsy(const char *s)
{
	return !strcasecmp(s, "no") || !strcasecmp(s, "false") || !strcmp(s, "0");
}

/* A part without '=' behind one with it belongs to that one's value (a sysctl that is a list). */
static void opt_commas(struct strv *to, const char *value)
{
	for (const char *p = value, *end; p; p = end ? end + 1 : NULL) {
		end = p + strcspn(p, ",");
		if (memchr(p, '=', (size_t)(end - p)))
			while (*end && end[1 + strcspn(end + 1, "=,")] != '=')
				end += 1 + strcspn(end + 1, ",");
		strv_take(to, xstrndup(p, (size_t)(end - p)));
		end = *end ? end : NULL;
	}
}

static void opt_take(const struct opt *o, const char *value)
{
	int64_t n;
	switch (o->kind) {
	case OPT_FLAG:
		if (value && !falsy(value) && strcasecmp(value, "yes") &&
		    strcasecmp(value, "true") && strcmp(value, "1"))
			die_usage("--%s: '%s' is neither true nor false", o->l, value);
		*(bool *)o->to = !(value && falsy(value));
		return;
	case OPT_STR:
		*(const char **)o->to = value ? value : "";
		return;
	case OPT_LIST:
		strv_add(o->to, value ? value : "");
		return;
	case OPT_COMMAS:
		opt_commas(o->to, value ? value : "");
		return;
	case OPT_SIZE:
	case OPT_NUM: {
		char name[64];
		snprintf(name, sizeof name, o->l ? "--%s" : "-%s", o->l ? o->l : (char[]){o->s, 0});
		if (o->kind == OPT_SIZE ? size_parse(name, value, o->to) < 0
					: num_parse(name, value, 0, INT64_MAX, &n) < 0)
			die_fail_usage();
		if (o->kind == OPT_NUM)
			*(int64_t *)o->to = n;
		return;
	}
	case OPT_CALL:
		if (((opt_fn *)o->to)(value) < 0)
			die_fail_usage();
		return;
	}
}

static void opt_wrong(const struct usage *u, int c, char **argv)
{
	/* When the wrong letter is followed by others in the same argument, getopt(3) has not
	 * advanced past it. */
	const char *next = argv[optind], *given = argv[optind - 1];
	if (optopt > 0 && optopt < LONG_BASE && next && next[0] == '-' && next[1] == optopt &&
	    next[2])
		given = next;
	char letter[3] = {'-', (char)optopt, 0};
	bool is_short = optopt > 0 && optopt < LONG_BASE;
	if (c == ':')
		die_help("option %s needs an argument", is_short ? letter : given);
	const char *bare = given + strspn(given, "-");
	_cleanup_free_ char *word = xstrndup(bare, strcspn(bare, "="));
	int len;
	const char *instead = opt_instead(u->others, word, &len);
	if (!instead && is_short && given[1] != '-')
		instead = opt_instead(u->others, letter + 1, &len);
	if (instead && str_starts(instead, "is so")) { /* the option asks for what is so anyway: it
							  changes nothing, except with =false */
		const char *value = strchr(given, '=');
		if (!value || strcmp(value, "=true") == 0)
			return;
		instead += 3, len -= 3;
	}
	if (instead)
		die_usage("no option %s: here it is %.*s", given, len, instead);
	_cleanup_free_ char *begun = str_starts(given, "--") && *word ? opt_begun(u, word) : NULL;
	/* "-net", "-name": long options had a single dash in docker's first years, and textbooks
	 * still print them so. */
	const char *hint = begun;
	if (!hint)
		hint = opt_meant(u, word, str_starts(given, "--") ? 2 : 0);
	if (hint && (!is_short || strlen(word) > 1))
		die_usage("unknown option %s: did you mean --%s?", given, hint);
	die_help("unknown option %s", is_short ? letter : given);
}

/* "-cpushare 5", "-entrypoint=x": the same where the word begins with a letter that takes the rest
 * of it as a value. Of another option it must be the very name. */
static void opt_one_dash(const struct usage *u, const struct opt *o, const char *given)
{
	_cleanup_free_ char *word = xstrndup(given, strcspn(given, "="));
	struct usage own = {.opts = (struct opt[]){*o, OPT_END}};
	const char *hint = strlen(word) < 6 ? NULL : opt_meant(&own, word, 2);
	if (!hint)
		hint = opt_meant(u, word, 0);
	if (hint)
		die_usage("unknown option %s: did you mean --%s?", given - 1, hint);
}

/* getopt_long(3) takes the beginning of a name, too; docker does not, and of a later version's
 * names another may begin so. */
static void opt_whole(const struct usage *u, const struct opt *o, char **argv)
{
	int apart = optarg == argv[optind - 1];
	optind -= apart;
	if (strcspn(argv[optind - 1], "=") != strlen(o->l) + 2)
		opt_wrong(u, '?', argv);
	optind += apart;
}

int opt_parse(const struct usage *u, int argc, char **argv)
{
	struct option longs[MAX_OPTS + 2] = {0};
	char shorts[3 * MAX_OPTS + 8], *sp = shorts + (u->anywhere ? 1 : 2);
	int n = 0, nl = 0, c;
	memcpy(shorts, u->anywhere ? ":" : "+:", (size_t)(sp - shorts));
	for (const struct opt *o = u->opts; o->s || o->l; o++, n++) {
		if (n == MAX_OPTS)
			die("option table too long");
		if (o->s) {
			*sp++ = o->s;
			*sp++ = ':';
			if (!o->arg || optional(o))
				*sp++ = ':';
		}
		if (o->l) /* a flag takes =true or =false, as docker's do */
			longs[nl++] = (struct option){o->l,
			    o->arg && !optional(o) ? required_argument : optional_argument, NULL,
			    LONG_BASE + n};
	}
	if (!has_short(u, 'h'))
		*sp++ = 'h';
	*sp = 0;
	longs[nl] = (struct option){"help", optional_argument, NULL, LONG_BASE + MAX_OPTS};
	optind = 0; /* start again, with musl and glibc alike */
	opterr = 0;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (c == LONG_BASE + MAX_OPTS || (c == 'h' && !has_short(u, 'h'))) {
			if (optarg && c != 'h' && strcmp(optarg, "man") == 0)
				man(u);
			else
				opt_help(u);
			exit(opt_said(0));
		}
		if (c == '?' || c == ':') {
			opt_wrong(u, c, argv);
			continue;
		}
		const struct opt *o = u->opts;
		if (c >= LONG_BASE) {
			o += c - LONG_BASE;
			opt_whole(u, o, argv);
		} else
			while (o->s != c)
				o++;
		if (c < LONG_BASE && optarg && optarg == argv[optind - 1] + 2)
			opt_one_dash(u, o, optarg - 1);
		if (c < LONG_BASE && optarg && optarg != argv[optind - 1]) {
			if (*optarg == '=') { /* docker's: -p=80:80, -i=false */
				optarg++;
			} else if (long_only(o)) { /* another short name */
				argv[--optind] = optarg - 1;
				optarg[-1] = '-';
				optarg = NULL;
			}
		}
		if (!optarg || *optarg || !opt_unset(o->l))
			opt_take(o, optarg);
	}
	if (!u->placeless && place_check() < 0)
		die_fail();
	return optind;
}

/* The options of a table that several forms share which are this form's: a help text begins with
 * the forms that an option is for, as "create, ls: ". */
static struct opt *opt_of_form(const struct opt *all, const char *form)
{
	struct opt *own = xcalloc(MAX_OPTS, sizeof *own);
	for (size_t n = 0; all->s || all->l; all++) {
		size_t to = all->help ? strspn(all->help, "abcdefghijklmnopqrstuvwxyz, ") : 0;
		_cleanup_free_ char *forms = xstrndup(to ? all->help : "", to);
		if (!to || all->help[to] != ':' || str_has_word(forms, form))
			own[n++] = *all;
	}
	return own;
}

const struct word *opt_word(
    const struct usage *u, const struct word *words, int argc, char **argv, int *first)
{
	struct buf all = {0};
	if (argc < 2 || argv[1][0] == '-') {
		opt_parse(u, argc, argv);
		dup2(2, 1);
		opt_help(u);
		exit(err_usage_code);
	}
	for (const struct word *w = words; w->name; w++) {
		buf_printf(&all, " %s", w->name);
		if (strcmp(argv[1], w->name) != 0)
			continue;
		_cleanup_free_ char *form = xasprintf("%s\n", w->opts ? w->synopsis : "");
		/* The synopsis of this form as it stands. */
		struct usage own = {form, NULL, w->opts, true, u->others, u->placeless};
		if (!w->opts) {
			own = *u;
			own.opts = opt_of_form(u->opts, w->name);
		}
		*first = opt_parse(&own, argc - 1, argv + 1) + 1;
		buf_free(&all);
		return w;
	}
	die_usage("'%s': not one of%s", argv[1], all.p);
}

void opt_hide(int argc, char **argv, const char *name)
{
	char *from = program_invocation_name, *to = from + strlen(from) + 1;
	size_t all = (size_t)(to - from);
	/* argv[0] is the applet's name by now, which lies elsewhere, below the stack, as other
	 * words of the program's own do. */
	for (int i = 1; i < argc; i++) {
		if (argv[i] < from)
			continue;
		char *end = argv[i] + strlen(argv[i]) + 1;
		all += (size_t)(end - argv[i]);
		to = end > to ? end : to;
	}
	/* The kernel places the arguments one after the other. When called as `ctrbox ctr-run`
	 * there is one more before them. */
	if (to - from < (ptrdiff_t)all || (size_t)(to - from) > all + 256) {
		for (int i = 1; i < argc; i++)
			if (argv[i] >= from)
				memset(argv[i], 0, strlen(argv[i]));
		return;
	}
	memset(from, 0, (size_t)(to - from));
	snprintf(from, (size_t)(to - from), "%s: %s", err_applet, name);
}

void opt_names(struct strv *out, int argc, char **argv, int from, const char *what)
{
	for (int i = from; i < argc; i++) {
		if (strcmp(argv[i], "-") != 0) {
			strv_add(out, argv[i]);
			continue;
		}
		char *line = NULL;
		size_t room = 0;
		ssize_t n;
		while ((n = getline(&line, &room, stdin)) > 0) {
			while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
				line[--n] = 0;
			if (n)
				strv_add(out, line);
		}
		if (ferror(stdin))
			die_errno("stdin: read");
		free(line);
	}
	if (from >= argc && what)
		die_help("%s is missing", what);
}

/* docker_words.c: ctrbox called by docker's words; see applets.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "applets.h"
#include "err.h"
#include "str.h"
#include "table.h"

/* docker's commands that have another name here, and what replaces commands that do not exist here.
 * A group (an asterisk) is followed by a second word: `container ls`. The table in ctrbox(1) is
 * generated from this one. */
static const struct word {
	const char *group, *word;
	const char *applet, *sub; /* NULL: `instead` says what to do */
	const char *instead;
} words[] = {
    /* The others have the same name with and without the group. */
    {NULL, "network", "net", NULL, NULL},
    {NULL, "images", "image", "ls", NULL},
    {NULL, "rmi", "image", "rm", NULL},
    {NULL, "save", "image", "save", NULL},
    {NULL, "load", "image", "load", NULL},
    {NULL, "import", "image", "import", NULL},
    {NULL, "tag", "image", "tag", NULL},
    {NULL, "history", "image", "history", NULL},
    {NULL, "pull", "image", "pull", NULL},
    {NULL, "push", "image", "push", NULL},
    {NULL, "login", "image", "login", NULL},
    {NULL, "logout", "image", "logout", NULL},
    {NULL, "search", "image", "search", NULL},
    {NULL, "info", "check", "--info", NULL},
    {NULL, "version", "check", "--version", NULL},
    {NULL, "export", "commit", "-", NULL},
    {NULL, "untag", "image", "rm", NULL},
    {NULL, "build buildx builder bake", NULL, NULL,
	"ctr-run --keep --name c BASE sh -c '...' && ctr-commit -c 'CMD [...]' c NAME"},
    {NULL, "compose pod kube play generate", NULL, NULL,
	"a script of ctr-net create and ctr-run -d lines"},
    {NULL, "swarm node service stack config machine context plugin", NULL, NULL,
	"nothing: ctrbox serves one machine (under Kubernetes as ctr-oci)"},
    {NULL, "manifest trust", NULL, NULL, "ctr-image inspect: digests are always checked"},
    {NULL, "-H --host -c --context --config --tls -D --debug -l --log-level", NULL, NULL,
	"nothing: there is no daemon"},
    {NULL, "checkpoint", NULL, NULL, "nothing: no checkpoints (CRIU)"},
    {NULL, "secret", NULL, NULL, "ctr-run --secret"},
    {NULL, "healthcheck", NULL, NULL, "ctr-inspect -f '{{json .State.Health}}' NAME"},
    {NULL, "mount unmount", NULL, NULL, "ctr-image mount NAME DIR, ctr-image umount DIR"},
    {"container", "ls", "ps", NULL, NULL},
    {"image", "build", NULL, NULL,
	"ctr-run --keep --name c BASE sh -c '...' && ctr-commit -c 'CMD [...]' c NAME"},
    {"container", "prune", "prune", "containers", NULL},
    {"image", "prune", "prune", "images", NULL},
    {"volume", "prune", "prune", "volumes", NULL},
    {"network", "prune", "prune", "networks", NULL},
    {"container", "export", "commit", "-", NULL},
    {"container", "inspect", "inspect", "--type=container", NULL},
    {"container", "*", NULL, NULL, NULL},
    {"system", "info", "check", "--info", NULL},
    {"system", "prune", "prune", NULL, NULL},
    {"system", "df", "df", NULL, NULL},
    {"system", "events", "events", NULL, NULL},
};

static const struct word *word_find(const char *group, const char *word)
{
	for (size_t i = 0; word && i < sizeof words / sizeof words[0]; i++)
		if (str_eq(words[i].group, group) &&
		    (str_has_word(words[i].word, word) || words[i].word[0] == '*'))
			return &words[i];
	return NULL;
}

/* A group without one of its words: which there are. */
static void group_alone(const char *group)
{
	struct buf all = {0};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (str_eq(words[i].group, group) && words[i].word[0] != '*')
			buf_printf(&all, " %s", words[i].word);
	if (all.p)
		die_usage("%s: which? Words of ctrbox (ctrbox --list), or%s", group, all.p);
}

/* `ctrbox WORD...` with docker's command. Returns only when it is none of them. */
void docker_word(int argc, char **argv)
{
	if (argc > 2 && str_has_word("container image volume network", argv[1])) {
		if (strcmp(argv[2], "list") == 0) /* docker's other names */
			argv[2] = (char *)"ls";
		else if (strcmp(argv[2], "remove") == 0)
			argv[2] = (char *)"rm";
	}
	table_docker = !str_starts(argv[1], "ctr-");
	const struct word *w = argc > 2 ? word_find(argv[1], argv[2]) : NULL;
	bool group = w != NULL;
	if (!group)
		w = word_find(NULL, argv[1]);
	int first = 1 + group;
	bool alone = argc == 2 && !applet_find(argv[1]);
	if (!w && alone)
		group_alone(argv[1]);
	if (!w)
		return;
	if (w->instead) {
		fprintf(
		    stderr, "ctrbox: there is no %s here; instead: %s\n", argv[first], w->instead);
		exit(2);
	}
	const struct applet *a = applet_find(w->applet ? w->applet : argv[first]);
	if (!a)
		return;
	if (str_eq(w->sub, "-")) { /* its last operand */
		char **more = xcalloc((size_t)argc + 2, sizeof *more);
		memcpy(more, argv, (size_t)argc * sizeof *more);
		more[argc] = (char *)"-";
		exit(applet_run(a, argc + 1 - first, more + first));
	}
	argv[first] = (char *)(w->sub ? w->sub : a->name);
	first -= w->sub != NULL; /* the word before it is replaced by the applet's name */
	exit(applet_run_word(a, argc - first, argv + first));
}

/* docker_words.c: ctrbox called by docker's words; see applets.h. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applets.h"
#include "err.h"
#include "opt.h"
#include "str.h"
#include "table.h"

/* docker's commands that have another name here, and what replaces commands that do not exist here.
 * A group (an asterisk) is followed by a second word: `container ls`. The table in ctrbox(1) is
 * generated from this one. */
static const struct docker_word {
	const char *group, *word;
	const char *applet, *sub; /* applet NULL: sub says what to do instead */
} words[] = {
    /* The others have the same name with and without the group. */
    {NULL, "network", "net", NULL},
    {NULL, "images", "image", "ls"},
    {NULL, "rmi", "image", "rm"},
    {NULL, "save", "image", "save"},
    {NULL, "load", "image", "load"},
    {NULL, "import", "image", "import"},
    {NULL, "tag", "image", "tag"},
    {NULL, "history", "image", "history"},
    {NULL, "pull", "image", "pull"},
    {NULL, "push", "image", "push"},
    {NULL, "login", "image", "login"},
    {NULL, "logout", "image", "logout"},
    {NULL, "search", "image", "search"},
    {NULL, "info", "check", "--info"},
    {NULL, "version", "check", "--version"},
    {NULL, "export", "commit", "-"},
    {NULL, "untag", "image", "rm"},
    {NULL, "build buildx builder bake", NULL,
	"ctr-run --keep --name c BASE sh -c '...' && ctr-commit -c 'CMD [...]' c NAME"},
    {NULL, "compose pod kube play generate", NULL,
	"a script of ctr-net create and ctr-run -d lines"},
    {NULL, "swarm node service stack config machine context plugin", NULL,
	"nothing: ctrbox serves one machine (under Kubernetes as ctr-oci)"},
    {NULL, "manifest trust", NULL, "ctr-image inspect: digests are always checked"},
    {NULL, "-H --host -c --context --config -D --debug -l --log-level", NULL,
	"nothing: there is no daemon"},
    {NULL, "--tls --tlsverify --tlscacert --tlscert --tlskey", NULL, "nothing: there is no daemon"},
    {NULL, "checkpoint", NULL, "nothing: no checkpoints (CRIU)"},
    {NULL, "secret", NULL, "ctr-run --secret"},
    {NULL, "healthcheck", NULL, "ctr-inspect -f '{{json .State.Health}}' NAME"},
    {NULL, "mount unmount", NULL, "ctr-image mount NAME DIR, ctr-image umount DIR"},
    {"container", "ls", "ps", NULL},
    {"image", "build", NULL,
	"ctr-run --keep --name c BASE sh -c '...' && ctr-commit -c 'CMD [...]' c NAME"},
    {"container", "prune", "prune", "containers"},
    {"image", "prune", "prune", "images"},
    {"volume", "prune", "prune", "volumes"},
    {"network", "prune", "prune", "networks"},
    {"container", "exists", "inspect", "--type=container"},
    {"image", "exists", "inspect", "--type=image"},
    {"volume", "exists", "inspect", "--type=volume"},
    {"network", "exists", "inspect", "--type=network"},
    {"container", "init", NULL, "ctr-create, then ctr-start"},
    {"container", "export", "commit", "-"},
    {"container", "inspect", "inspect", "--type=container"},
    {"container", "*", NULL, NULL},
    {"builder", "prune", "prune", "cache"},
    {"buildx", "prune", "prune", "cache"},
    {"system", "info", "check", "--info"},
    {"system", "prune", "prune", NULL},
    {"system", "df", "df", NULL},
    {"system", "events", "events", NULL},
};

static const struct docker_word *word_find(const char *group, const char *word)
{
	for (size_t i = 0; word && i < sizeof words / sizeof words[0]; i++)
		if (str_eq(words[i].group, group) &&
		    (str_has_word(words[i].word, word) || words[i].word[0] == '*'))
			return &words[i];
	return NULL;
}

/* A group without one of its words, if it is a group: which there are. */
static void group_words(const char *group, const char *word)
{
	struct buf all = {0};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		/* not what is none here */
		if (str_eq(words[i].group, group) && (words[i].applet || !words[i].sub))
			buf_printf(&all, "%s %s", words[i].applet ? "" : ", or",
			    words[i].word[0] == '*' ? "what ctrbox --list has" : words[i].word);
	if (!all.p || applet_find(group))
		return;
	if (str_has_word("--help -h", word)) {
		printf("Usage: ctrbox %s WORD:%s\n", group, all.p);
		exit(opt_said(0));
	}
	die_usage("%s%s%s: which?%s", group, *word ? " " : "", word, all.p);
}

_Static_assert(sizeof words / sizeof words[0] < DOCKER_WORDS, "docker_names() has no room");

void docker_names(struct opt *out)
{
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (words[i].applet)
			out++->l = words[i].group ? words[i].group : words[i].word;
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
	const struct docker_word *w = argc > 2 ? word_find(argv[1], argv[2]) : NULL;
	bool group = w != NULL;
	char *value = str_starts(argv[1], "--") ? strchr(argv[1], '=') : NULL;
	if (value) /* docker's --host=... */
		*value = 0;
	if (!group)
		w = word_find(NULL, argv[1]);
	if (value)
		*value = '=';
	int first = 1 + group;
	if (w && !w->applet && w->sub) {
		fprintf(stderr, "ctrbox: there is no %s here; instead: %s\n", argv[first], w->sub);
		exit(2);
	}
	const char *name = w && w->applet ? w->applet : argv[first];
	const struct applet *a = w ? applet_find(name) : NULL;
	if (!a) {
		group_words(argv[1], argc > 2 ? argv[2] : "");
		return;
	}
	if (str_eq(w->sub, "-")) { /* its last operand */
		char **more = xcalloc((size_t)argc + 2, sizeof *more);
		memcpy(more, argv, (size_t)argc * sizeof *more);
		more[argc] = (char *)"-";
		exit(applet_run(a, argc + 1 - first, more + first));
	}
	if (strcmp(w->word, "exists") == 0 && argc > 3 && *argv[3] != '-') {
		int none = open("/dev/null", O_WRONLY); /* podman's: only the code says it */
		dup2(none, 1);
		dup2(none, 2);
	}
	argv[first] = (char *)(w->sub ? w->sub : a->name);
	first -= w->sub != NULL; /* the word before it is replaced by the applet's name */
	exit(applet_run_word(a, argc - first, argv + first));
}

/* applets.h: the applets (applets.def) as the dispatcher knows them. */
#ifndef CTR_APPLETS_H
#define CTR_APPLETS_H

#include <sys/types.h>
#include "str.h"

/* ENTERS: its process enters a container, so it runs from what nobody can write to (selfexe.h). */
enum applet_kind { FILTER, CHAIN, OWNER, ENTERS = 4, CHAIN_ENTERS, OWNER_ENTERS };

struct applet {
	const char *name; /* "ctr-run" */
	enum applet_kind kind;
	int (*main)(int argc, char **argv);
	const char *summary;
};

/* The main functions. */
#define COLD_FILTER COLD
#define COLD_CHAIN COLD
#define COLD_OWNER COLD
#define COLD_CHAIN_ENTERS
#define COLD_OWNER_ENTERS
#define APPLET(n, kind, in, s) int ctr_##n##_main(int argc, char **argv) COLD_##kind;
#include "applets.def"
#undef APPLET

/* By its name, with or without "ctr-"; NULL when there is none. */
const struct applet *applet_find(const char *name);

/* The same with argv from its word on: `run` is then docker's, not ctr-run. */
int applet_run_word(const struct applet *a, int argc, char **argv);
/* Run it. Returns its exit code. */
int applet_run(const struct applet *a, int argc, char **argv);
/* `ctrbox WORD...` with a command of docker's. Returns only when it is none of them. */
void docker_word(int argc, char **argv) COLD;
/* These words, and their groups, into rows of options, for a search of what was meant. */
struct opt;
enum { DOCKER_WORDS = 64 }; /* so many at most */
void docker_names(struct opt *out) COLD;

/* The caller's umask: for the command that an OWNER becomes in the end. */
extern mode_t applet_umask;

#endif

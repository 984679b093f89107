/* applets.h: the applets (applets.def) as the dispatcher knows them. */
#ifndef CTR_APPLETS_H
#define CTR_APPLETS_H

#include <sys/types.h>

/* ENTERS: its process enters a container, so it runs from what nobody can write to (selfexe.h). */
enum applet_kind { FILTER, CHAIN, OWNER, ENTERS = 4, CHAIN_ENTERS, OWNER_ENTERS };

struct applet {
	const char *name; /* "ctr-run" */
	enum applet_kind kind;
	int (*main)(int argc, char **argv);
	const char *summary;
};
/* By its name, with or without "ctr-"; NULL when there is none. */
const struct applet *applet_find(const char *name);

/* The same with argv from its word on: `run` is then docker's, not ctr-run. */
int applet_run_word(const struct applet *a, int argc, char **argv);
/* Run it. Returns its exit code. */
int applet_run(const struct applet *a, int argc, char **argv);
/* `ctrbox WORD...` with a command of docker's. Returns only when it is none of them. */
void docker_word(int argc, char **argv);

/* The caller's umask: for the command that an OWNER becomes in the end. */
extern mode_t applet_umask;

#endif

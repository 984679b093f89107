/* pasta.h: a user's network: pasta(1) of package passt, which carries a container's traffic by
 * sockets of its own.
 */
#ifndef CTR_PASTA_H
#define CTR_PASTA_H

#include "endpoint.h"

struct pasta {
	pid_t pid;   /* 0 none */
	int errors;  /* -1 none; the end of a pipe that its stderr is, kept so that it stays one */
	char *ports; /* docker's form */
};

/* Connect the network namespace `ns` of the child `pid`, which has not been waited for, with the
 * ports that r publishes; returns when it is ready. It ends with us, at the latest. 0, or -1 with
 * fail(). */
int pasta_up(struct pasta *p, const struct endpoint_req *r, pid_t pid, int ns);
void pasta_down(struct pasta *p);

#endif

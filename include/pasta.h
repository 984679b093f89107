/* pasta.h: the network of a user who is not root: pasta(1) of the package passt carries the
 * container's traffic over sockets of its own. */
#ifndef CTR_PASTA_H
#define CTR_PASTA_H

#include "endpoint.h"

struct pasta {
	pid_t pid;   /* 0: there is none */
	int errors;  /* our end of the pipe that is its stderr, which must not break; -1: none */
	char *ports; /* the published ports, as docker writes them */
};

/* Connect the network namespace `ns` of the child `pid`, which has not been waited for yet, and
 * publish the ports that r asks for. Returns when it is ready. pasta ends no later than we do. 0,
 * or -1 with fail(). */
int pasta_up(struct pasta *p, const struct endpoint_req *r, pid_t pid, int ns);
void pasta_down(struct pasta *p);

#endif

/* endpoint_ports.h: publishing a container's ports, for endpoint.c only. Each 0, or -1 with fail().
 */
#ifndef CTR_ENDPOINT_PORTS_H
#define CTR_ENDPOINT_PORTS_H

#include "endpoint.h"

/* Is no port of the host given to two of the container's? */
int endpoint_ports_check(const struct endpoint_req *r);
/* Fill in p->ports and reserve each by a socket, p->held. */
int endpoint_ports_hold(const struct endpoint_req *r, struct endpoint *p);
/* Forward them to the container, adding what our tables lack of its network; with f NULL there is
 * no nf_tables. What dead owners published in their place is removed. */
int endpoint_ports_publish(
    const struct endpoint_req *r, const struct network *n, const struct endpoint *p, struct nft *f);

#endif

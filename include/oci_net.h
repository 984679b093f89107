/* oci_net.h: linux.netDevices: interfaces of the host that a container takes with it. */
#ifndef CTR_OCI_NET_H
#define CTR_OCI_NET_H

#include <sys/types.h>
#include "spec.h"

/* Move them into the network namespace of process `pid`, under their new names, with their
 * addresses, and up. -1 with fail(); those that were moved come back when that namespace ends, as
 * the kernel does it. */
int oci_net_devices_up(const struct spec *s, pid_t pid);

#endif

/* oci_net.h: linux.netDevices, the interfaces of the host that a container takes into its own
 * network namespace. */
#ifndef CTR_OCI_NET_H
#define CTR_OCI_NET_H

#include <sys/types.h>
#include "spec.h"

/* Move these interfaces into the network namespace of process `pid`, rename them, give them their
 * addresses again, and set them up. -1 with fail(); the interfaces that were moved by then return
 * to the host when that namespace ends, because the kernel does so. */
int oci_net_devices_up(const struct spec *s, pid_t pid);

#endif

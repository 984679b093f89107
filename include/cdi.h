/* cdi.h: devices that a vendor describes in a file (Container Device Interface 0.6 to 1.0).
 */
#ifndef CTR_CDI_H
#define CTR_CDI_H

#include "spec.h"

/* What `arg`, "VENDOR.COM/CLASS=NAME", takes: nodes, mounts, variables, hooks and groups, by the
 * JSON files of /var/run/cdi and /etc/cdi, into the spec. 0, or -1 with fail(). */
int cdi_device(struct spec *s, const char *arg);

#endif

/* oci_seen.h: ctr-oci's containers for the applets that look at our own (ctr-ps, ctr-exec,
 * ctr-nsenter, ctr-top, ctr-stats): `oci:ID`, or `oci:DIR/ID` where the caller gave another --root.
 * ID may be shortened to at least 3 characters that only one begins with. Nothing is changed.
 */
#ifndef CTR_OCI_SEEN_H
#define CTR_OCI_SEEN_H

#include "record.h"
#include "str.h"

#ifdef CTR_MINIMAL
#define seen_open container_open
#define seen_is(name) false
#define seen_names(out, name) (strv_add(out, name), 0)
#else
/* As container_open(), of ours and of ctr-oci's. */
int seen_open(struct container *c, const char *name);
/* Is it the name of one of ctr-oci's? */
bool seen_is(const char *name);
/* Add the name; `oci:` and `oci:DIR/` stand for all that are there. 0, or -1 with fail(). */
int seen_names(struct strv *out, const char *name);
#endif

#endif

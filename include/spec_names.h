/* spec_names.h: OCI's words that both the reader and the writer of config.json need. */
#ifndef CTR_SPEC_NAMES_H
#define CTR_SPEC_NAMES_H

#include "spec.h"

extern const char *const spec_ns_names[NS_COUNT];     /* linux.namespaces[].type */
extern const char *const spec_hook_names[HOOK_COUNT]; /* hooks.NAME */

#endif

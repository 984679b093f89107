/* container_event_minimal.c: the minimal build has no events; see event.h. */
#include "container_event.h"

void event_container(
    const struct container *c, const char *action, const char *key, const char *value)
{
	(void)c, (void)action, (void)key, (void)value;
}

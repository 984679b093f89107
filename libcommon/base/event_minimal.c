/* event_minimal.c: the minimal build tells nothing; see event.h. */
#include "event.h"

void event_tell(const char *type, const char *action, const char *id, ...)
{
	(void)type, (void)action, (void)id;
}

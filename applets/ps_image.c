/* ps_image.c: is that a container's image? See ps_filter.h. */
#include <string.h>

#include "ps_filter.h"

/* `whole` is the name with the tag that may be left out. */
static bool is_latest(const char *whole, const char *name)
{
	return str_starts(whole, name) && strcmp(whole + strlen(name), ":latest") == 0;
}

bool ps_by_image(const struct container *c, const char *want)
{
	const char *image = kv_get(&c->conf, "image"), *id = kv_get(&c->conf, "image_id");
	size_t n = strlen(want);
	if (image && (str_eq(image, want) || is_latest(image, want) || is_latest(want, image)))
		return true;
	/* as ctr-image ls -q and inspect show it */
	return id && *id && n >= 4 && str_starts(id + (*want == 's' ? 0 : strlen("sha256:")), want);
}

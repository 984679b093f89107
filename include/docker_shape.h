/* docker_shape.h: a container's record as `docker inspect` prints it.
 */
#ifndef CTR_DOCKER_SHAPE_H
#define CTR_DOCKER_SHAPE_H

#include <jansson.h>
#include "record.h"

/* A new value; what docker has and we have not is left out or empty. `cfg`: its config.json, may be
 * NULL. Maps carry the mark that
 * template_plain() takes out for printing. */
json_t *docker_shape(const struct container *c, const json_t *cfg);
/* Labels, a line each (NULL: none), as a map. */
json_t *docker_labels(const char *lines);
/* What `docker ps --format` offers: ID, Names, Image, Command, Status, ...; `size` may be NULL. */
json_t *docker_ps_row(const struct container *c, const char *size);

#endif

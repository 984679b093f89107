/* fuzz_image.c: the readers of manifests and configs, of names and of --change. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct manifest m;
	struct image_config c;
	char *text = xstrndup((const char *)data, size), *name = NULL;
	if (manifest_parse("m", text, size, &m) == 0)
		manifest_free(&m);
	if (config_parse("c", text, size, &c) == 0) {
		json_t *j = config_make(c.json,
		    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", NULL, NULL);
		json_decref(j);
		config_free(&c);
	}
	if (ref_parse(text, &name) == 0)
		free(name);
	json_t *j = json_pack("{s:{}}", "config");
	config_change(j, text);
	json_decref(j);
	free(text);
	return 0;
}

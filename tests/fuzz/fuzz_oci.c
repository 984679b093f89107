/* fuzz_oci.c: ctr-oci's own doors: a bundle's config.json up to the moment before anything is made
 * (create, run), the file of exec's --process over a good container, and update's --resources. What
 * is refused has one line; what is taken is what the record gives back to exec and update. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "hooks.h"
#include "oci.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static char dir[] = "/dev/shm/fuzz-oci.XXXXXX";

static void gone(void)
{
	char path[64];
	snprintf(path, sizeof path, "%s/config.json", dir);
	unlink(path);
	snprintf(path, sizeof path, "%s/rootfs", dir);
	rmdir(path);
	rmdir(dir);
}

static void refused(void)
{
	if (!*fail_msg() || strchr(fail_msg(), '\n'))
		abort();
}

static void bundle(const char *text, size_t n, struct spec *s)
{
	char path[64], *where = NULL;
	struct spec again = {0};
	static bool made;
	if (!made) { /* not by the last letter of its name, which may be an X by chance, too */
		made = true;
		if (!mkdtemp(dir))
			abort();
		snprintf(path, sizeof path, "%s/rootfs", dir);
		mkdir(path, 0755);
		atexit(gone);
	}
	snprintf(path, sizeof path, "%s/config.json", dir);
	if (file_write_at(AT_FDCWD, path, text, n, 0600, false) < 0)
		abort();
	if (oci_bundle(s, dir, NULL, &where) < 0) {
		refused();
	} else {
		char *group = oci_group_path(s->cgroups_path, "c");
		json_decref(hook_annotations(s));
		if (!group)
			refused();
		char *kept = spec_text(s);
		if (spec_parse(&again, "record", kept, strlen(kept)) < 0)
			abort(); /* exec, update and the later hooks could not read it */
		spec_free(&again);
		free(kept);
		free(group);
	}
	free(where);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char good[] =
	    "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},\"process\":{\"args\":[\"a\"]"
	    ","
	    "\"cwd\":\"/"
	    "\",\"user\":{\"uid\":0,\"gid\":0}},\"linux\":{\"namespaces\":[{\"type\":\"mount\"}]}}";
	struct spec s = {0};
	char *text;
	if (n < 1)
		return 0;
	text = malloc(n);
	memcpy(text, data + 1, n - 1);
	text[n - 1] = 0;
	if (data[0] == 'p') {
		bundle(good, sizeof good - 1, &s);
		if (spec_parse_process(&s, "process", text, n - 1) < 0)
			refused();
		else if (!s.args.n || !s.args.v[0])
			abort();
	} else if (data[0] == 'r') {
		if (spec_parse_resources(&s, "resources", text, n - 1) < 0)
			refused();
	} else {
		bundle(text, n - 1, &s);
	}
	spec_free(&s);
	free(text);
	return 0;
}

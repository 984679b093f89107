/* fuzz_users.c: an image's passwd and group, -u and --group-add on them, the host's subuid, and
 * --userns MAP. The parts of the input are divided by NUL bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "idmap.h"
#include "userdb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *part[3] = {"", "", ""};
	char *text = malloc(size + 1), *at = text;
	struct strv more = {0};
	struct user u;
	uint32_t start, count;
	memcpy(text, data, size);
	text[size] = 0;
	for (int i = 0; i < 3 && at <= text + size; i++, at += strlen(at) + 1)
		part[i] = at;
	strv_split(&more, part[2], ",");
	int r = userdb_parse(part[0], part[1], part[2], NULL, &u);
	if (r == 0 && (u.uid == (uid_t)-1 || u.gid == (gid_t)-1 || (u.home && u.home[0] != '/')))
		abort(); /* -1 would leave the id as it is (setresuid(2)) */
	free(u.groups);
	free(u.home);
	if (userdb_parse(part[0], part[1], "0", &more, &u) == 0 && u.n_groups > more.n + size)
		abort();
	free(u.groups);
	free(u.home);
	if (subid_find(part[0], part[2], 1000, &start, &count) == 0 &&
	    (start == 0 || start + (uint64_t)count > UINT32_MAX))
		abort(); /* never root, never past the end */
	struct idmap_entry *v = NULL;
	size_t n = 0;
	if (idmap_parse(part[2], &v, &n) == 0)
		for (size_t i = 0; i < n; i++)
			if (v[i].size == 0 || v[i].host + (uint64_t)v[i].size > UINT32_MAX)
				abort();
	free(v);
	strv_free(&more);
	free(text);
	return 0;
}

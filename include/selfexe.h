/* selfexe.h: no container can ever get hold of a writable ctrbox (ctrbox-security(7);
 * CVE-2019-5736). */
#ifndef CTR_SELFEXE_H
#define CTR_SELFEXE_H

#include <stdbool.h>

/* For every applet whose process enters a container: ctrbox.c calls it for those that applets.def
 * marks with ENTERS, ctr-oci calls it for some of its commands. Where we are root, it makes sure
 * that nobody can write to our executable through /proc/PID/exe afterwards: the executable must be
 * on a read-only mount, or be a sealed memfd. If it is neither yet, this function executes the
 * program again from a read-only clone of its own mount (before Linux 5.12 from a sealed copy in
 * memory) and returns in that new process image. Without root it returns at once, because the file
 * is not ours to write. 0, or -1 with fail() when neither can be had.
 *
 * It is called as soon as can be, lest the new image does again what the old one has done, and once
 * more when limits and descriptors are repaired (`repaired`): only then it must succeed. */
int self_protect(char **argv, bool repaired);

#endif

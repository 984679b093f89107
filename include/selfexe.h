/* selfexe.h: a container can never get hold of a writable ctrbox (DESIGN.md section 6, rule 3;
 * CVE-2019-5736).
 */
#ifndef CTR_SELFEXE_H
#define CTR_SELFEXE_H

/* Call first in the main of every applet whose process enters a container. Root's own executable is
 * one that nobody can write through /proc/PID/exe afterwards: on a read-only mount, or a sealed
 * memfd. Where it is neither yet, this executes itself again from a read-only clone of its own
 * mount (or, before Linux 5.12, from a sealed copy in memory) and returns in the new image. Without
 * root it returns at once: the file is not ours to write. 0, or -1 with fail() when neither can be
 * had. */
int self_protect(char **argv);

#endif

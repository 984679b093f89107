#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <linux/filter.h>
#include <linux/seccomp.h>
static inline int seccomp_load(const struct sock_fprog*p){return 0;}
static inline void seccomp_free(struct sock_fprog*p){}

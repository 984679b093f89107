#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <stdint.h>
struct log{int fd;};
int openat(int,const char*,int,...);
#include <unistd.h>
#include <fcntl.h>
static inline int log_open(struct log*l,int d,uint64_t s,unsigned f){l->fd=openat(d,"log",O_WRONLY|O_CREAT|O_APPEND|O_CLOEXEC,0600);return 0;}
static inline void log_feed(struct log*l,int s,const char*p,size_t n){if(write(l->fd,p,n)<0){}}
static inline void log_flush(struct log*l){}
static inline void log_close(struct log*l){close(l->fd);}

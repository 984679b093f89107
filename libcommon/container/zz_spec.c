#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "spec.h"
#include "caps.h"
#include <string.h>
#include <stdlib.h>
#include <jansson.h>
static struct spec last;
__attribute__((weak)) void spec_mount_add(struct spec*s,const char*d,const char*t,const char*src,const char*o){s->mounts.v=xrealloc(s->mounts.v,(s->mounts.n+1)*sizeof*s->mounts.v);struct spec_mount*m=&s->mounts.v[s->mounts.n++];*m=(struct spec_mount){xstrdup(d),xstrdup(t),xstrdup(src?src:t),{0}};strv_split(&m->options,o,",");}
__attribute__((weak)) void spec_device_add(struct spec *s, const char *path, char type, int64_t major, int64_t minor, uint32_t mode, uint32_t uid, uint32_t gid){s->devices.v=xrealloc(s->devices.v,(s->devices.n+1)*sizeof*s->devices.v);s->devices.v[s->devices.n++]=(struct spec_device){xstrdup(path),type,major,minor,mode,uid,gid};}
__attribute__((weak)) void spec_device_rule_add(struct spec *s, bool allow, char type, int64_t major, int64_t minor, const char *access){}
__attribute__((weak)) void spec_rlimit_set(struct spec *s, const char *type, uint64_t soft, uint64_t hard){s->rlimits.v=xrealloc(s->rlimits.v,(s->rlimits.n+1)*sizeof*s->rlimits.v);s->rlimits.v[s->rlimits.n++]=(struct spec_rlimit){xstrdup(type),soft,hard};}
__attribute__((weak)) void spec_default(struct spec*s){memset(s,0,sizeof*s);s->umask=-1;s->cwd=xstrdup("/");s->ns_new=(1<<NS_MNT)|(1<<NS_PID)|(1<<NS_NET)|(1<<NS_IPC)|(1<<NS_UTS)|(1<<NS_CGROUP);
s->caps=(struct spec_caps){CAPS_DEFAULT,CAPS_DEFAULT,0,CAPS_DEFAULT,0};
spec_mount_add(s,"/proc","proc","proc","nosuid,noexec,nodev");
spec_mount_add(s,"/dev","tmpfs","tmpfs","nosuid,strictatime,mode=755,size=65536k");
spec_mount_add(s,"/dev/pts","devpts","devpts","nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5");
spec_mount_add(s,"/sys","sysfs","sysfs","nosuid,noexec,nodev,ro");
spec_mount_add(s,"/sys/fs/cgroup","cgroup","cgroup","ro,nosuid,noexec,nodev");
spec_mount_add(s,"/dev/mqueue","mqueue","mqueue","nosuid,noexec,nodev");
spec_mount_add(s,"/dev/shm","tmpfs","shm","nosuid,noexec,nodev,mode=1777,size=65536k");
spec_device_add(s,"/dev/null",'c',1,3,0666,0,0);spec_device_add(s,"/dev/zero",'c',1,5,0666,0,0);spec_device_add(s,"/dev/full",'c',1,7,0666,0,0);spec_device_add(s,"/dev/random",'c',1,8,0666,0,0);spec_device_add(s,"/dev/urandom",'c',1,9,0666,0,0);spec_device_add(s,"/dev/tty",'c',5,0,0666,0,5);
static const char*m[]={"/proc/acpi","/proc/asound","/proc/interrupts","/proc/kcore","/proc/keys","/proc/latency_stats","/proc/timer_list","/proc/timer_stats","/proc/sched_debug","/proc/scsi","/sys/firmware","/sys/devices/virtual/powercap"};for(size_t i=0;i<12;i++)strv_add(&s->masked_paths,m[i]);
static const char*r[]={"/proc/bus","/proc/fs","/proc/irq","/proc/sys","/proc/sysrq-trigger"};for(size_t i=0;i<5;i++)strv_add(&s->readonly_paths,r[i]);}
__attribute__((weak)) void spec_free(struct spec*s){}
__attribute__((weak)) char* spec_text(const struct spec*s){last=*s;return xstrdup("{}");}
__attribute__((weak)) int spec_parse(struct spec*s,const char*w,const char*t,size_t l){spec_default(s);return 0;}

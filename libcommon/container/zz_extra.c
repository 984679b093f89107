#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "launch.h"
#include "volume.h"
#include "image.h"
#include "err.h"
#include "create.h"
#include <stdlib.h>
#include <string.h>
__attribute__((weak)) int launch_seccomp(const struct spec*s,struct sock_fprog**o){*o=0;return 0;}
__attribute__((weak)) int volume_parse_v(const char*a,struct volume_req*o){return fail("no");}
__attribute__((weak)) int volume_parse_mount(const char*a,struct volume_req*o){return fail("no");}
__attribute__((weak)) int volume_prepare(struct volume_req *v, const struct strv *lower, const char *anon){return 0;}
__attribute__((weak)) void volume_req_free(struct volume_req*v){}
__attribute__((weak)) bool image_is_ref(const char*s){return !strchr(s,'/');}
__attribute__((weak)) int image_open(const char*l,const char*r,struct image*i){return fail("no");}
__attribute__((weak)) void image_free(struct image*i){}
__attribute__((weak)) int image_loop_mount(const char*f,const char*g){return fail("no");}

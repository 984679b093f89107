#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "launch.h"
#include "volume.h"
#include "image.h"
#include "err.h"
#include "create.h"
#include <stdlib.h>
#include <string.h>
__attribute__((weak)) int launch_seccomp(const struct spec*s,struct sock_fprog**o){*o=0;return 0;}

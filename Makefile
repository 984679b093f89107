# ctrbox: `make` builds build/ctrbox, `make check` runs all tests, `make help` lists the rest.

CONFIG ?= full
PREFIX ?= /usr/local
HOST := $(shell uname -m)
ARCH ?= $(HOST)
# All that a build for another machine needs to know is one line of libcommon/deps/machines.
machine := $(if $(filter $(HOST),$(ARCH)),,$(or $(shell awk \
	'$$1 == "$(ARCH)" { print $$2 "-", $$5 }' libcommon/deps/machines),$(ARCH)-linux-gnu-))
CROSS := $(firstword $(machine))
CC = $(CROSS)gcc
# The whole program is optimised at once, which saves 5 KB. This is not done in builds whose system
# calls are wrapped for tests, nor by clang.
LTO := $(if $(findstring clang,$(CC))$(SAN)$(OLDKERNEL),,-flto -flto-partition=one \
	-fipa-pta)
CFLAGS ?= -Oz -fno-pie $(wordlist 2,9,$(machine)) \
	$(if $(findstring clang,$(CC)),,-fconserve-stack -fno-caller-saves -fno-tree-tail-merge \
	-fno-optimize-sibling-calls) \
	$(LTO)
# A fault of ours should not lead to overwritten return addresses, nor leak secrets from variables
# that were not initialised. musl keeps the stack's guard in a variable, too, and code that reads it
# there is 4 KB smaller.
HARD = -fstack-protector-strong $(if $(findstring clang,$(CC)),,-ftrivial-auto-var-init=zero \
	$(if $(filter s390x mipsel,$(ARCH)),,-mstack-protector-guard=global) \
	$(if $(filter x86_64 i686,$(ARCH)),-malign-data=abi))
AR = $(CROSS)$(if $(LTO),gcc-)ar
VERSION := 0.1

# Each variant is built in a folder of its own beside the plain build.
ifdef SAN
B := build/san
else ifdef OLDKERNEL
B := build/oldkernel
else ifneq ($(CROSS),)
B := build/$(ARCH)$(if $(filter minimal,$(CONFIG)),-minimal)
else ifeq ($(CONFIG),minimal)
B := build/minimal
else
B := build
endif

comma := ,
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2);)

# musl and the static libraries are built from Debian's packages into build/deps, or are installed
# already (SYSROOT=/usr on Alpine).
DEPS := $(if $(SYSROOT),$(SYSROOT),build/deps$(if $(CROSS),-$(ARCH)))
# The digest of the recipe is in the name of the mark, so the libraries are built again when the
# recipe changes.
deps_mark := .done-$(shell cd libcommon/deps && cat apt.sh build.sh machines mnl.c musl-cc.sh pins \
	sha256.sh | sha256sum | cut -c 1-12)
deps_done := $(if $(SYSROOT),,$(sort build/deps/$(deps_mark) $(DEPS)/$(deps_mark)))

warn := -Wall -Wextra -Werror
common := -std=gnu11 -D_GNU_SOURCE -Iinclude -I$(B)/gen $(warn) -DCTR_VERSION='"$(VERSION)"' -MMD \
	-MP
common += $(if $(OLDKERNEL),-DCTR_OLDKERNEL) \
	$(if $(filter minimal,$(CONFIG)),-DCTR_MINIMAL)
libs_full := -larchive -lz -lnettle -lmnl -ljansson
libs := $(if $(filter minimal,$(CONFIG)),$(if $(SAN),, \
	$(wildcard $(DEPS)/musl/lib/printf-whole.o)),$(libs_full)) -lcap

ifdef SAN
# This build uses the system's own libc, which the sanitizers need, but the same libraries that are
# shipped. Red zones around each string and table would double the time that a start takes, and with
# it that of all tests; the fuzzers' build has them, and indexes are checked by the other sanitizer.
flags := $(common) -isystem $(DEPS)/include -DCTR_SAN -g -O1 -fno-pie -fsanitize=address,undefined \
	$(if $(findstring clang,$(CC)),,--param asan-globals=0) \
	-fno-sanitize-recover=undefined -fno-omit-frame-pointer
link = $(CC) $(flags) -fno-lto -no-pie -static-libasan -static-libubsan -o $@ \
	$(filter %.o %.a,$^) -L$(DEPS)/lib $(libs)
compiler := $(CC)
else
# Where the system's libc is not musl, the compiler sees the headers of musl, of the kernel and of
# the compiler itself, and nothing else. (This is evaluated when the first file is compiled, because
# the recipe of the libraries may install the compiler before.)
incs = $(if $(shell command -v $(firstword $(CC))),$(eval incs := \
	$(if $(SYSROOT),,-nostdinc -isystem $(DEPS)/musl/include) \
	-isystem $(DEPS)/include \
	$(if $(SYSROOT),,-isystem $(DEPS)/kernel \
	-isystem $(shell $(CC) -print-file-name=include)))$(incs))
flags = $(common) $(CFLAGS) $(HARD) $(incs) -ffunction-sections -fdata-sections \
	-fno-asynchronous-unwind-tables \
	-fno-unwind-tables -ffile-prefix-map=$(CURDIR)=.
compiler := $(CC)
linker := $(if $(SYSROOT),$(CC),$(DEPS)/musl/cc)
wrapped := mount umount2 mkdir mkdirat mknodat symlinkat chdir fchdir chroot sethostname unshare \
	setns setresuid setresgid setgroups dup2 \
	pipe2 socketpair epoll_create1 epoll_ctl flock renameat fchmod openat open syscall write
# RELRO is off: in a static program musl makes nothing read-only at start, and the padding costs
# four KiB.
link = $(linker) $(if $(OLDKERNEL),$(wrapped:%=-Wl,--wrap=%)) -static -no-pie \
	-Wl,--gc-sections,-z,norelro,-z,common-page-size=512 \
	-Wl,-z,noexecstack,-z,noseparate-code,--build-id=none \
	$(if $(filter minimal,$(CONFIG)),,-Wl$(comma)--wrap=__mmap$(comma)--wrap=munmap \
	-Wl$(comma)--sort-section=alignment) \
	$(if $(findstring -flto,$(CFLAGS)),$(CFLAGS) $(HARD)) $(LDFLAGS) -o $@.tmp \
	$(filter %.o %.a,$^) -L$(DEPS)/lib $(libs) && \
	$(CROSS)strip -s -R .comment $@.tmp && mv $@.tmp $@
endif

# include/applets.def says which applets a build has.
applets := $(shell awk -F'[^A-Za-z_]+' -v c=$(CONFIG) \
	'$$1 == "APPLET" && (c != "minimal" || $$4 == "MINIMAL") { print $$2 }' include/applets.def)
app_src := applets/ctrbox.c applets/chain.c applets/ps_filter.c applets/ps_image.c \
	$(applets:%=applets/ctr-%.c) \
	$(patsubst %,applets/%.c,$(if $(filter minimal,$(CONFIG)),docker_words_minimal \
	ps_filter_minimal check_minimal,check_info check_net docker_words ps_filter_more \
	list_filter oci_cli oci_look oci_change oci_seen image_cli image_look \
	image_mount image_remote))
# The rooms, from the ground up: a room calls only rooms before it (tests/rooms checks it,
# libcommon/README.md tells).
rooms := base kernel netlink image spec network flags engine container oci cni
lib_src := $(wildcard $(rooms:%=libcommon/%/*.c))
# What only the minimal build has, and what it does without: images (libarchive), JSON (jansson),
# statistics, hooks.
only_minimal := $(filter %_minimal.c,$(lib_src)) libcommon/spec/spec_lines.c
not_minimal := $(filter-out %/loop.c %/fsfile.c,$(wildcard libcommon/image/*.c)) \
	$(wildcard libcommon/oci/*.c) \
	$(wildcard libcommon/cni/*.c) \
	libcommon/base/json.c libcommon/base/event.c libcommon/base/opt_meant.c \
	libcommon/base/rows.c libcommon/base/trace.c libcommon/base/output.c \
	$(wildcard libcommon/base/template*.c) libcommon/base/notify.c \
	libcommon/kernel/cgroup_show.c libcommon/flags/bundle.c libcommon/flags/cdi.c \
	libcommon/engine/hooks.c libcommon/engine/idmounts_own.c \
	libcommon/engine/placement.c libcommon/engine/foreign_proc.c \
	$(patsubst %,libcommon/container/%.c,volume_fill volume_own health health_conf secret \
	monitor_notify container_event container_images reroot docker_shape docker_host \
	ps_template explain explain_chain explain_words connect container_net net_request \
	net_restore create_nets listed share_shm) \
	$(wildcard libcommon/network/*.c) \
	libcommon/spec/seccomp_profile.c $(wildcard libcommon/spec/spec_read*.c \
	libcommon/spec/spec_write*.c)
not_minimal := $(filter-out $(only_minimal),$(not_minimal))
# What it has in place of musl's is linked by name: LTO does not tell the linker of functions that
# the compiler knows itself.
in_place := libcommon/base/malloc_minimal.c libcommon/base/sort_minimal.c
pages_c := libcommon/base/pages.c
app_src += $(if $(filter minimal,$(CONFIG)),$(in_place),$(pages_c))
lib_src := $(filter-out $(pages_c) $(if $(filter minimal,$(CONFIG)),$(not_minimal) \
	$(in_place),$(only_minimal)),$(lib_src))
gen_src := $(if $(wildcard libcommon/kernel/gen/seccomp-gen.c),$(B)/gen/seccomp_default.c)
app_obj := $(app_src:%.c=$(B)/obj/%.o)
lib_obj := $(lib_src:%.c=$(B)/obj/%.o) $(gen_src:$(B)/gen/%.c=$(B)/obj/gen/%.o)
links := $(applets:%=$(B)/bin/ctr-%)
pages := $(patsubst applets/%.1,build/man/%.1,$(wildcard $(applets:%=applets/ctr-%.1)))

all: $(B)/ctrbox $(B)/bin/.links ## build/ctrbox and its links in build/bin

$(B)/ctrbox: $(app_obj) $(B)/libctr.a $(deps_done)
	$(call say,LINK,$@)$(link)

$(B)/libctr.a: $(lib_obj)
	$(call say,AR,$@)rm -f $@ && $(AR) rcsD $@ $^

$(B)/obj/%.o: %.c $(B)/flags $(deps_done)
	$(call say,CC,$<)mkdir -p $(@D) && $(compiler) $(flags) \
		$(if $(findstring -flto,$(CFLAGS)),-frandom-seed=$<) -c -o $@ $<

# What is compiled with other flags is compiled again. (make -n and -q expand a recipe, too.)
only = $(firstword -$(MAKEFLAGS))
built_with = $(strip $(compiler) $(flags))
ifneq ($(file <$(B)/flags),$(built_with))
.PHONY: $(B)/flags
endif
$(B)/flags:
	$(if $(findstring n,$(only))$(findstring q,$(only)),,$(shell mkdir -p $(@D))$(file \
		>$@,$(built_with)))

$(B)/obj/gen/%.o: $(B)/gen/%.c $(B)/flags $(deps_done)
	$(call say,CC,$<)mkdir -p $(@D) && $(compiler) $(flags) \
		$(if $(findstring -flto,$(CFLAGS)),-frandom-seed=$<) -c -o $@ $<

# This table is computed while ctrbox is built, by a program that runs on the building machine.
$(B)/gen/seccomp_default.c: $(B)/gen/seccomp-gen
	$(call say,GEN,$@)$< $(ARCH) >$@.tmp && mv $@.tmp $@
$(B)/gen/seccomp-gen: libcommon/kernel/gen/seccomp-gen.c $(deps_done)
	$(call say,HOST,$@)mkdir -p $(@D) && $(if $(SYSROOT),$(CC),build/deps/musl/cc) -O1 \
		-std=gnu11 -D_GNU_SOURCE -Iinclude $(warn) \
		-isystem $(or $(SYSROOT),build/deps)/include -static -o $@ $< \
		$(or $(SYSROOT),$(if $(CROSS),$(DEPS)/host,build/deps))/lib/libseccomp.a

$(B)/bin/.links: include/applets.def Makefile
	$(Q)mkdir -p $(B)/bin && rm -f $(B)/bin/ctr-* && for a in $(applets); do \
		ln -s ../ctrbox $(B)/bin/ctr-$$a; done && touch $@

# Other versions than the pinned ones: make ANY_VERSION=1
build/deps/$(deps_mark):
	$(Q)ANY_VERSION=$(ANY_VERSION) DEPS_SRC=$(DEPS_SRC) sh libcommon/deps/build.sh build/deps \
		$(deps_mark)
ifneq ($(CROSS),)
$(DEPS)/$(deps_mark): build/deps/$(deps_mark)
	$(Q)ANY_VERSION=$(ANY_VERSION) DEPS_SRC=$(DEPS_SRC) sh libcommon/deps/build.sh $(DEPS) \
		$(deps_mark) $(ARCH)
endif

# For a machine without a network: there, make DEPS_SRC=DIR builds of this folder, bit for bit the
# same.
deps-fetch: ## all sources into build/deps-src or DEPS_SRC=DIR, to build from without a network
	$(Q)ANY_VERSION=$(ANY_VERSION) DEPS_SRC= sh libcommon/deps/build.sh --fetch \
		$(or $(DEPS_SRC),build/deps-src) $(if $(CROSS),$(ARCH))

-include $(app_obj:.o=.d) $(lib_obj:.o=.d)

# Man pages and completion are written by a program that runs here, whatever is built.
ifneq ($(B),build)
build/bin/.links: build/ctrbox
build/ctrbox:
	$(Q)$(MAKE) --no-print-directory ARCH=$(HOST) CONFIG=full CC=gcc SAN= OLDKERNEL=
endif
more_pages := build/man/ctrbox.1 build/man/ctrbox-files.5 build/man/ctrbox-security.7
man: $(pages) $(more_pages) ## the man pages in build/man
build/man/ctrbox.1: applets/ctrbox.1 applets/docker_words.c applets/man.sh
	$(call say,MAN,$@)mkdir -p $(@D) && sh applets/man.sh $< >$@.tmp && mv $@.tmp $@
build/man/%.1: applets/%.1 applets/man.sh build/ctrbox build/bin/.links
	$(call say,MAN,$@)mkdir -p $(@D) && sh applets/man.sh $< build/bin/$* >$@.tmp && \
		mv $@.tmp $@

build/man/ctrbox-%: applets/ctrbox-%
	$(call say,MAN,$@)mkdir -p $(@D) && cp $< $@

shells := bash zsh fish
completions: $(shells:%=build/completion/ctrbox.%) ## completion for bash, zsh and fish
build/completion/ctrbox.%: applets/completion.sh build/ctrbox build/bin/.links
	$(call say,COMPL,$@)mkdir -p $(@D) && sh $< $* build/bin >$@.tmp && mv $@.tmp $@

share := $(DESTDIR)$(PREFIX)/share
install: all man completions ## binary, links, man pages and completion into $(DESTDIR)$(PREFIX)
	$(Q)install -d $(DESTDIR)$(PREFIX)/bin $(addprefix $(share)/,man/man1 man/man5 man/man7 \
		bash-completion/completions zsh/site-functions fish/vendor_completions.d \
		doc/ctrbox/boot)
	$(Q)install -m 755 $(B)/ctrbox $(DESTDIR)$(PREFIX)/bin/ctrbox
	$(Q)for a in $(applets); do ln -sf ctrbox $(DESTDIR)$(PREFIX)/bin/ctr-$$a; done
	$(Q)install -m 644 $(pages) build/man/ctrbox.1 $(share)/man/man1
	$(Q)install -m 644 build/man/ctrbox-files.5 $(share)/man/man5
	$(Q)install -m 644 build/man/ctrbox-security.7 $(share)/man/man7
	$(Q)install -m 644 packages/boot/ctrbox.* $(share)/doc/ctrbox/boot
	$(Q)install -m 644 build/completion/ctrbox.bash $(share)/bash-completion/completions/ctrbox
	$(Q)install -m 644 build/completion/ctrbox.zsh $(share)/zsh/site-functions/_ctrbox
	$(Q)install -m 644 build/completion/ctrbox.fish \
		$(share)/fish/vendor_completions.d/ctrbox.fish
	$(Q)for a in $(applets); do \
		ln -sf ctrbox $(share)/bash-completion/completions/ctr-$$a; \
		ln -sf ctrbox.fish $(share)/fish/vendor_completions.d/ctr-$$a.fish; done

uninstall: ## what install has put is taken away
	$(Q)cd $(DESTDIR)$(PREFIX) && rm -f bin/ctrbox $(applets:%=bin/ctr-%) \
		$(applets:%=share/man/man1/ctr-%.1) share/man/man1/ctrbox.1 \
		share/man/man5/ctrbox-files.5 share/man/man7/ctrbox-security.7 \
		share/zsh/site-functions/_ctrbox \
		share/fish/vendor_completions.d/ctrbox.fish \
		$(applets:%=share/fish/vendor_completions.d/ctr-%.fish) \
		share/bash-completion/completions/ctrbox \
		$(applets:%=share/bash-completion/completions/ctr-%) \
		$(patsubst packages/%,share/doc/ctrbox/%,$(wildcard packages/boot/ctrbox.*))

deb: all man completions ## a Debian package in build
	$(Q)MAKE="$(MAKE)" sh packages/deb.sh $(VERSION) $(ARCH) build/ctrbox_$(VERSION)_$(ARCH).deb

rootfs: build/rootfs/etc/os-release ## build/rootfs: busybox and a minimal /etc
build/rootfs/etc/os-release: rootfs/make.sh
	$(call say,ROOT,build/rootfs)sh rootfs/make.sh build/rootfs
build/rootfs-%/etc/os-release: rootfs/make.sh build/rootfs/etc/os-release
	$(call say,ROOT,build/rootfs-$*)sh rootfs/make.sh build/rootfs-$* $*

demo: all rootfs ## a short tour in a container (SHELL_IN=1: a shell in it)
	$(Q)PATH="$(CURDIR)/build/bin:$$PATH" sh rootfs/demo.sh build/rootfs $(if $(SHELL_IN),shell)

# Machines that can be booted: Debian's kernel with an initramfs of ctrbox, busybox and the default
# image.
beside := $(if $(CROSS),-$(ARCH))
initramfs: $(B)/initramfs.cpio.gz ## a machine that boots to a shell with ctrbox
$(B)/initramfs.cpio.gz: $(B)/ctrbox $(B)/bin/.links build/rootfs/etc/os-release \
	build/rootfs$(beside)/etc/os-release build/rig/kernel$(beside)/.done $(wildcard rootfs/*)
	$(call say,PACK,$@)sh rootfs/initramfs.sh $@ build/rig/kernel$(beside) $(B)/bin \
		build/rootfs$(beside)
build/rig/kernel/.done:
	$(Q)sh rootfs/kernel.sh build/rig/kernel
build/rig/v2.gz: build/rootfs/etc/os-release build/rig/kernel/.done \
	tests/rig/v2-init tests/rig/v2-pack
	$(call say,PACK,$@)sh tests/rig/v2-pack $@ build/rig/kernel build/rootfs
build/rig/kernel-%/.done:
	$(Q)sh rootfs/kernel.sh $(@D) $*
boot: initramfs ## boot it in QEMU (end it with: poweroff)
	$(Q)sh tests/rig/qemu-run -i -k build/rig/kernel$(beside) $(B)/initramfs.cpio.gz
check-initramfs: initramfs ## boot it to run tests inside
	$(Q)bash tests/rig/check-initramfs

check-power: initramfs ## cut the power CUTS=30 times: what was acknowledged is there
	$(Q)bash tests/rig/check-power $(CUTS)

# one for each processor, unless the caller has said how many
jobs = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))
check: ## all tests, or an applet's: T=ctr-run
	$(Q)$(MAKE) --no-print-directory $(jobs) all
	$(Q)$(MAKE) --no-print-directory $(jobs) rootfs \
		$(if $(SAN),,test-builds man completions)
	$(Q)bash tests/run $(if $(SAN),--san) $(T)

check-v2: all build/rig/v2.gz ## tests of limits and containers on a pure cgroup v2 system
	$(Q)bash tests/run --v2 $(T)

check-old: rootfs test-builds ## tests of containers with the system calls of an old kernel
	$(Q)bash tests/run --old $(T)

check-aarch64: ## build for aarch64; a smoke test and the unit tests under qemu-aarch64; boot it
	$(Q)$(MAKE) --no-print-directory ARCH=aarch64 check-arch

# Machines whose kernel Debian 13 has, and that QEMU boots without more ado.
check-arch: rootfs ## the same for ARCH=NAME; aarch64, armv7 and riscv64 are booted
	$(Q)$(MAKE) --no-print-directory CONFIG=minimal
	$(Q)$(MAKE) --no-print-directory $(if $(filter aarch64 armv7 riscv64,$(ARCH)),initramfs,all)
	$(Q)bash tests/check-arch $(ARCH)

unit_src := $(wildcard tests/unit/test_*.c)
unit_bin := $(unit_src:tests/unit/%.c=$(B)/unit/%)
unit: $(unit_bin)
# Unit tests use the libc of the building machine, too, because cmocka is a package of that system.
$(B)/unit/%: tests/unit/%.c build/san/libctr.a
	$(call say,UNIT,$@)mkdir -p $(@D) && gcc -std=gnu11 -D_GNU_SOURCE -Iinclude -Itests/unit \
		-isystem $(DEPS)/include -DCTR_SAN -g -O1 -Wall -Wextra -Werror \
		-fno-pie -no-pie -fno-lto -fsanitize=address,undefined \
		-fno-sanitize-recover=undefined -o $@ $< build/san/libctr.a \
		-L$(DEPS)/lib -lcmocka $(libs_full) -lcap -lseccomp -lm
ifndef SAN
build/san/libctr.a: $(lib_src) $(wildcard include/*.h)
	$(Q)$(MAKE) --no-print-directory SAN=1 build/san/libctr.a
endif

# Builds that only the tests use: one in which the n-th system call fails ($CTR_FAULT) or newer ones
# answer as on an old kernel ($CTR_TEST_NO), and the minimal one.
test-builds:
	$(Q)$(MAKE) --no-print-directory CONFIG=minimal
	$(Q)$(MAKE) --no-print-directory OLDKERNEL=1

MINUTES ?= 30
chaos: all rootfs ## random kills, shortages and races beside containers that must stay whole
	$(Q)sh tests/tools && bash tests/chaos/run $$(($(MINUTES) * 60))

FUZZ_SECONDS ?= 10
fuzz: ## fuzz one parser or all: make fuzz T=spec FUZZ_SECONDS=600
	$(Q)bash tests/fuzz/run $(FUZZ_SECONDS) $(T)

bench: all rootfs ## measure against the floor and the peers
	$(Q)bash tests/bench/run
	$(Q)bash tests/bench/oci.sh
	$(Q)bash tests/bench/cni.sh
	$(Q)bash tests/bench/pull.sh

lint: ## clang-format, cppcheck, shellcheck, columns, man pages, the rooms
	$(Q)bash tests/lint

check-tools: ## install what the tests need (as root on Debian)
	$(Q)sh tests/tools

clean: ## remove what was built, but not build/deps
	$(Q)find build -mindepth 1 -maxdepth 1 ! -name 'deps*' -exec rm -rf {} + 2>/dev/null || true

distclean: ## remove build/
	$(Q)rm -rf build

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22
	@echo "Variables: CONFIG=minimal SAN=1 ARCH=NAME" \
		"CC= CFLAGS= DESTDIR= PREFIX= SYSROOT= DEPS_SRC= ANY_VERSION=1 V=1"

.PHONY: deps-fetch completions deb chaos initramfs boot check-initramfs check-power test-builds \
	all man install uninstall rootfs demo check check-v2 check-old check-aarch64 check-arch \
	unit fuzz bench lint check-tools clean distclean help
.DELETE_ON_ERROR:

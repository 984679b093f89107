#!/usr/bin/env bats
# The build as people use it: a second make, install, help, libraries in other places; the demo; the
# README's tour.

load lib

test_setup() {
	if [[ "$BIN" == */san/* ]]; then skip "of the plain build"; fi
	unset MAKEFLAGS MAKELEVEL MFLAGS T SAN
}

@test "a second make does nothing, without a network" {
	run -0 unshare -n make -C "$top"
	[[ "${lines[*]}" == *"Nothing to be done"* ]]
}

@test "make help lists the targets and the variables" {
	run -0 make -C "$top" --no-print-directory help
	for t in demo check bench lint install clean; do
		grep -q "make $t  *[a-z]" <<<"$output"
	done
	[[ "$output" == *DESTDIR*PREFIX*SYSROOT*V=1* ]]
}

@test "make install puts the program, links and man pages where DESTDIR and PREFIX say" {
	make -C "$top" install DESTDIR="$WORLD/dest" PREFIX=/usr >/dev/null
	[ "$(dest/usr/bin/ctr-run --help | head -n 1)" = "$(ctr-run --help | head -n 1)" ]
	[ "$(readlink dest/usr/bin/ctr-ps)" = ctrbox ]
	for a in $("$CTRBOX" --list); do [ -s "dest/usr/share/man/man1/$a.1" ]; done
	for o in pidfile env-file stop-signal no-pivot; do
		grep -q -- "$o" dest/usr/share/man/man1/ctr-run.1
	done
	[ "$(find dest -type f -perm /022)" = "" ]
	make -C "$top" uninstall DESTDIR="$WORLD/dest" PREFIX=/usr >/dev/null
	[ "$(find dest ! -type d)" = "" ]
}

@test "make install: the program of CONFIG and ARCH, by Debian's name of the machine" {
	make -C "$top" install CONFIG=minimal DESTDIR="$WORLD/dest" >/dev/null
	cmp "$top/build/minimal/ctrbox" dest/usr/local/bin/ctrbox
	[ "$(ls dest/usr/local/share/man/man1)" = "$(ls "$top"/build/minimal/bin |
		sed 's/$/.1/'; echo ctrbox.1)" ]
	make -n -C "$top" ARCH=armv7 install | grep '^install -m 755 build/armv7/ctrbox '
	cat >fake <<-'END'
		#!/bin/sh
		m=${4#DESTDIR=}/usr/share/man/man1
		mkdir -p "$m" && echo page >"$m/p.1"
	END
	chmod +x fake
	(cd "$top" && MAKE=$WORLD/fake sh packages/deb.sh 1 armv7 "$WORLD/out.deb")
	[ "$(dpkg-deb -f out.deb Architecture)" = armhf ]
}

# bats test_tags=ctr-run
@test "make deb: the package can be installed in a container, runs there, and can be removed" {
	need dpkg-deb dpkg
	deb=$(make -s -C "$top" deb)
	[ "$(dpkg-deb -f "$top/$deb" Package)" = ctrbox ]
	dpkg-deb -c "$top/$deb" >list
	for f in usr/bin/ctrbox usr/bin/ctr-run usr/share/man/man1/ctr-events.1.gz \
		usr/share/man/man5/ctrbox-files.5.gz \
		usr/share/bash-completion/completions/ctr-run usr/share/zsh/site-functions/_ctrbox \
		usr/share/fish/vendor_completions.d/ctrbox.fish \
		usr/lib/systemd/system/ctrbox.service usr/share/doc/ctrbox/boot/ctrbox.openrc; do
		grep -q " ./$f" list || { echo "$f is not in it"; return 1; }
	done
	mkdir -p r/var/lib/dpkg/info r/var/lib/dpkg/updates r/bin
	: >r/var/lib/dpkg/status
	cp "$top/build/rootfs/bin/busybox" r/bin/ # for the shell that the package's scripts need
	dpkg --root="$PWD/r" --force-not-root --force-bad-path --log=/dev/null \
		-i "$top/$deb" >/dev/null
	[[ "$(ctr-run ./r/ /usr/bin/ctr-ps --help | head -n 1)" = "Usage: ctr-ps [OPTIONS]"* ]]
	[ "$(ctr-run ./r/ /usr/bin/ctrbox --list)" = "$("$CTRBOX" --list)" ]
	dpkg --root="$PWD/r" --force-not-root --force-bad-path --log=/dev/null -r ctrbox >/dev/null
	[ ! -e r/usr/bin/ctrbox ]
	[ ! -e r/usr/bin/ctr-run ]
}

@test "SYSROOT: installed libraries are used; V=1 shows the commands; CC and CFLAGS are used" {
	run -0 make -C "$top" -n -B SYSROOT=/sysroot CC=my-cc CFLAGS=-O7 V=1
	[[ "$output" != *deps/build.sh* ]]
	[[ "$output" == *my-cc*-O7*"-isystem /sysroot/include"* ]]
	[[ "$output" == *"-L/sysroot/lib"* ]]
	# what was only printed is not built with: otherwise the tests' own program would be made
	# anew while they run
	run -0 make -C "$top"
	[[ "${lines[*]}" == *"Nothing to be done"* ]]
}

@test "SYSROOT: a machine that has musl, as Alpine is, where gcc knows no other libc" {
	local deps=$top/build/deps at f l
	local args=(-v /usr:/usr:ro -v /etc/alternatives:/etc/alternatives:ro)
	at=/usr/lib/$(gcc -print-multiarch)
	mkdir -p src sys/lib sys/include root/usr root/etc root/opt root/src root/tmp
	for l in bin sbin lib lib64; do ln -s usr/$l root/$l; done
	cp -r "$top/Makefile" "$top/applets" "$top/libcommon" "$top/include" src/
	cp -r "$deps/musl/include/." "$deps/include/." sys/include/
	cp -rL "$deps/kernel/." sys/include/
	cp "$deps"/lib/*.a sys/lib/
	for f in crt1.o crti.o crtn.o libc.a; do args+=(-v "$deps/musl/lib/$f:$at/$f:ro"); done
	run -0 ctr-run --pids-limit -1 "${args[@]}" -v "$PWD/sys/include:/usr/include:ro" \
		-v "$PWD/sys:/opt/sys:ro" -v "$PWD/src:/src" -w /src ./root/ \
		make -j2 SYSROOT=/opt/sys CFLAGS=-O0
	[ "$(src/build/bin/ctr-run "$ROOTFS" sh -c 'echo $$')" = 1 ]
	[ "$(src/build/ctrbox --list)" = "$("$CTRBOX" --list)" ]
}

@test "modules.sh: what a module needs by a symbol, by softdep and by an alias comes first" {
	local v=k/lib/modules/6.1/kernel
	mkdir -p $v/drivers
	# busybox, as far as it is asked here: depmod prints the table
	cat >busybox <<-'END'
		#!/bin/sh
		[ "$1" = depmod ] && [ -d "$4/lib/modules/$5" ] && cat <<-T
			kernel/drivers/a_b.ko: kernel/d.ko kernel/e.ko
			kernel/e.ko:
			kernel/d.ko: kernel/e.ko
			kernel/crc32c_generic.ko:
			kernel/soft.ko: kernel/under.ko
			kernel/under.ko:
			kernel/after.ko:
			kernel/unasked.ko:
			alias crc32c crc32c_generic
			alias crypto-crc32c crc32c_generic
		T
	END
	chmod +x busybox
	for m in d e crc32c_generic soft under after unasked; do echo $m >$v/$m.ko; done
	printf 'x\0softdep=pre: crc32c soft post: after\0softdep=pre: builtin\0y' >$v/drivers/a_b.ko
	sh "$top/rootfs/modules.sh" k ./busybox out a-b d
	[ "$(cd out && echo *)" = \
		"100-e.ko 101-d.ko 102-crc32c_generic.ko 103-under.ko 104-soft.ko 105-a_b.ko" ]
	[ "$(cat out/104-soft.ko)" = soft ]
}

@test "clang alone compiles for another triplet: no flag is gcc's own, no warning is new" {
	need clang
	mkdir -p build
	cp -r "$top/Makefile" "$top/applets" "$top/libcommon" "$top/include" .
	cp -r "$top/build/deps" build/
	local of=(build/obj/libcommon/{base/str,kernel/sys,netlink/nl,engine/become}.o)
	run -0 make CC="clang --target=x86_64-linux-musl" V=1 "${of[@]}"
	[[ $output == *"clang --target=x86_64-linux-musl"* ]]
	[ "$(nm "${of[0]}" | grep -c ' T str_')" -gt 3 ]
}

@test "the recipes of Buildroot and OpenWrt, read by make: what they build and put where" {
	local m
	m=$(uname -m)
	awk '/^```/ { on = /make$/; next } on' "$top/packages/EMBEDDED.md" >ctrbox.mk
	# what these systems' own makefiles bring along, as far as it is used; a recipe's $(@D) is
	# the folder of the sources
	sed 's/^> /\t/' >buildroot <<-END
		TOPDIR := .
		ARCH := $m
		HOSTARCH := $m
		INSTALL := install
		TARGET_DIR := $PWD/br
		include ctrbox.mk
		$top/recipe:
		> \$(CTRBOX_BUILD_CMDS)
		> \$(CTRBOX_INSTALL_TARGET_CMDS)
	END
	mkdir -p br/usr/bin
	make -f buildroot "$top/recipe"
	[ "$(br/usr/bin/ctr-run --help | head -n 1)" = "$(ctr-run --help | head -n 1)" ]

	: >rules.mk
	sed 's/^> /\t/' >package.mk <<-END
		ARCH := $m
		PKG_BUILD_DIR := $top
		INSTALL_DIR := install -d -m0755
		INSTALL_BIN := install -m0755
		define BuildPackage
		\$(call Package/\$(1))
		\$(1):
		> \$(call Build/Compile)
		> \$(call Package/\$(1)/install,$PWD/\$(1))
		endef
	END
	make -f "$top/packages/openwrt/Makefile" TOPDIR=. INCLUDE_DIR=. ctrbox ctrbox-minimal
	cmp ctrbox/usr/bin/ctrbox "$CTRBOX"
	cmp ctrbox-minimal/usr/bin/ctrbox "$top/build/minimal/ctrbox"
	[ "$(ls ctrbox-minimal/usr/bin)" = "$(ls "$top/build/minimal/bin"; echo ctrbox)" ]
	[ -x ctrbox/etc/init.d/ctrbox ]
}

@test "EMBEDDED.md: options that messages name, machines, version and licence are true" {
	local page=$top/packages/EMBEDDED.md o m
	perl -ne 'while (/"([^"]*)"/g) { $s = $1; print "$1\n" while $s =~ /\bCONFIG_(\w+)/g }' \
		"$top"/applets/*.c "$top"/libcommon/*/*.c >names
	grep -qx TIME_NS names
	while read -r o; do
		grep -q "^|.*\`$o\`.*|" "$page" || { echo "CONFIG_$o: not there"; return 1; }
	done <names
	[[ "$(grep -c "md5=$(md5sum <"$top/LICENSE" | cut -d ' ' -f 1)" "$page")" = 1 ]]
	o=$(sed -n 's/^VERSION := //p' "$top/Makefile")
	grep -q "^CTRBOX_VERSION = $o$" "$page"
	grep -q "ctrbox_$o.bb" "$page"
	grep -q "^PKG_VERSION:=$o$" "$top/packages/openwrt/Makefile"
	grep -q "^pkgver=$o$" "$top/packages/alpine/APKBUILD"
	awk '!/^#/ { print $1 }' "$top/libcommon/deps/machines" >machines
	[ "$(wc -l <machines)" -ge 9 ]
	for m in $(cat machines); do
		[ "$m" = arm ] || grep -q "^| $m" "$page" # armv6's program
	done
}

@test "a build without a network says what to do" {
	mkdir none
	run -1 unshare -n sh "$top/libcommon/deps/build.sh" "$WORLD/deps" .mark
	[[ $output == *"make deps-fetch DEPS_SRC=DIR"*"make DEPS_SRC=DIR"* ]]
	DEPS_SRC=none run -1 unshare -n sh "$top/libcommon/deps/build.sh" "$WORLD/deps" .mark
	[[ $output == *"none lacks musl_"*"make deps-fetch"* ]]
}

@test "make demo ends well, and its shell is one" {
	run -0 make -C "$top" demo
	[[ "$output" == *"I am process 1"* ]]
	[[ "$output" == *"exit code 137"* ]]
	[[ "$output" == *"That was ctrbox"* ]]
	[[ "$(echo 'echo $$; exit' | make -C "$top" demo SHELL_IN=1)" == *1* ]]
}

@test "the README's five minutes, as they stand there" {
	awk '/^## / { here = /^## Five minutes$/ } /^```/ { inside = !inside; next } inside && here' "$top/README.md" >tour
	[ "$(wc -l <tour)" -gt 10 ]
	cd "$top"
	run -0 bash -ec '. "$1"' tour "$WORLD/tour" < <(echo 'hostname; exit')
	[[ "$output" == *"I am process 1"* ]]
	[[ "$output" == *"$(head -c 64M /dev/zero | sha256sum)"* ]]
	[[ "$output" == *" web "*running* ]]
	[[ "$output" != *"waits for SIGKILL"* ]]
	run -0 bash -ec '. "$1"' \
		all \
		<(awk '/^To take everything away/ { here = 1 } /^```/ { inside = !inside; if (here && !inside) exit; next }
		inside && here' README.md | sed "s,/var/lib/ctr /run/ctr,$CTR_LIB $CTR_RUN,")
	[ ! -e "$CTR_LIB" ]
	[ ! -e "$CTR_RUN" ]
	mkdir "$CTR_LIB" "$CTR_RUN"
}

@test "a pinned version that the mirrors lack stops the build, and names the way round" {
	cp -r "$top/libcommon/deps" recipe
	sed -i '/^libarchive/s/3[.]6[.]2-1+deb12u[0-9]*/3.6.2-1+deb12u99/' recipe/pins
	sed -i '/^musl\|^libcap2\|^jansson\|^libseccomp/d; s/for p in musl libcap2 jansson libseccomp libarchive/for p in libarchive/' recipe/pins recipe/build.sh
	run sh recipe/build.sh "$WORLD/deps" mark
	[[ "$output" != *"Could not resolve"* && "$output" != *"no mirror of"* ]] ||
		skip "no mirror can be reached from here"
	[ "$status" -eq 1 ]
	[[ "$output" == \
		*"libarchive 3.6.2-1+deb12u99 cannot be had from this system's mirrors of bookworm-security"* ]]
	[[ "$output" == *"make ANY_VERSION=1"* ]]
	[ ! -e deps ]
}

@test "the sanitizers' build and the fuzzers link the libraries that are shipped" {
	[ -e "$top/build/san/ctrbox" ] || make -C "$top" SAN=1 >/dev/null
	run -0 ldd "$top/build/san/ctrbox"
	for l in archive z nettle mnl jansson cap seccomp; do [[ "$output" != *"/lib$l.so"* ]]; done
	grep -q -- '-Lbuild/deps/lib -larchive' "$top/tests/fuzz/run"
}

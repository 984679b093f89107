#!/usr/bin/env bats
# The rooms of libcommon: a room calls only rooms below it, and no files call each other in a
# circle; libcommon/README.md lists the rooms.
# shellcheck disable=SC2154
load lib
# bats file_tags=ctrbox

test_setup() {
	[ -e "$top/build/libctr.a" ] && command -v gcc-nm >/dev/null ||
		skip "needs build/libctr.a and gcc-nm"
	mkdir libcommon
	cp -r "$top"/libcommon/* libcommon/
	cp -r "$top/include" "$top/applets" "$top/Makefile" .
	mkdir tests
	cp -r "$top/tests/unit" "$top/tests/fuzz" tests/
	cp "$top/build/libctr.a" lib.a
}

# plant ROOM TEXT: add a file with this text to that room.
plant() {
	rm -f libcommon/*/planted.c
	printf '%s\n' "$2" >"libcommon/$1/planted.c"
	add libcommon/*/planted.c
}
add() { # FILE...
	gcc -flto -D_GNU_SOURCE -Iinclude -isystem "$top/build/deps/include" -c "$@"
	set -- "${@##*/}"
	ar r lib.a "${@/%.c/.o}"
}

@test "the tree as it is passes" {
	run -0 perl "$top/tests/rooms" lib.a
	[ -z "$output" ]
}

@test "an upward call and an upward include are caught in every room, downward ones are not" {
	# For each room: a function of it, and a header that declares the function.
	local of=(base:file_poke:file.h kernel:cgroup_layout:cgroup.h netlink:nl_reset:nl.h \
		image:image_open:image.h
		spec:spec_free:spec.h network:network_open:network.h \
		flags:flags_bundle:create_flags.h engine:engine_go:engine.h
		container:container_open:record.h oci:oci_start:oci.h cni:cni_main:cni.h \
		applets:applet_find:applets.h)
	local r up f h last=base want=()
	# All of them at once: a file for each.
	for r in "${of[@]}"; do
		IFS=: read -r up f h <<<"$r"
		grep -q "\b$f(" "include/$h"
		[ "$up" = applets ] || echo "int $f(void); int down_$up(void) { return $f(); }" \
			>"libcommon/cni/down_$up.c"
		[[ $up != @(container|oci) ]] || want+=("libcommon/cni/down_$up.c: calls $f() of the room \
$up: a standard face has records of its own")
		[ "$up" != base ] || continue
		echo "int $f(void); int up_$up(void) { return $f(); }" >"libcommon/$last/up_$up.c"
		printf '#include "%s"\nint by_%s(void) { return 1; }\n' "$h" "$up" \
			>"libcommon/$last/by_$up.c"
		want+=("libcommon/$last/up_$up.c: calls $f() of the room $up, which is above $last"
			"libcommon/$last/by_$up.c: includes $h of the room $up, which is above $last")
		last=$up
	done
	add libcommon/*/{up,by,down}_*.c
	run -1 perl "$top/tests/rooms" lib.a "$top"/build/obj/applets/*.o
	for r in "${want[@]}"; do
		[[ "$output" = *"$r"* ]] || { echo "not caught: $r"; return 1; }
	done
	[ "$(grep -c /down_ <<<"$output")" = 2 ] # and no other
	rm libcommon/*/{up,by,down}_*.c
	cp "$top/build/libctr.a" lib.a
	# No include by a path, a macro or of a .c file: where that leads to could not be seen.
	local how
	for how in '#include "./record.h"' '#define H "record.h"
#include H' '#include "../container/share.c"' '#include <./record.h>' '#include_next <record.h>' \
		'#import "record.h"'; do
		plant base "$how
int planted(void) { return 1; }"
		run -1 perl "$top/tests/rooms" lib.a
		[[ "$output" = *"libcommon/base/planted.c: an include is of \"NAME.h\" or of the system's <NAME.h>: "* ]]
	done
	# However the line is written, the header is seen.
	for how in '%:include "record.h"' '/* */ #include "record.h"' '#/* */include "record.h"' \
		'#inc\
lude "record.h"'; do
		plant base "$how
int planted(void) { return 1; }"
		run -1 perl "$top/tests/rooms" lib.a
		[[ "$output" = "libcommon/base/planted.c: includes record.h of the room container"* ]]
	done
	# Headers lie in one folder, or one that is not looked at could include another.
	mkdir include/sub
	touch libcommon/base/beside.h include/sub/below.h
	run -1 perl "$top/tests/rooms" lib.a
	for how in libcommon/base/beside.h include/sub/below.h; do
		[[ "$output" = *"$how: a header stands in include/ itself"* ]]
		rm "$how"
	done
	# Through another header, too.
	echo '#include "record.h"' >include/planted_by.h
	plant base '#include "planted_by.h"
int planted(void) { return 1; }'
	run -1 perl "$top/tests/rooms" lib.a
	[[ "$output" = \
		*"libcommon/base/planted.c: includes record.h (by planted_by.h) of the room container"* ]]
}

@test "a call by a table of pointers, a macro or a weak name is caught like any other" {
	local how f='int container_open(void);'
	for how in "$f int (*const planted[])(void) = {container_open};" \
		"$f
#define OPEN(x) container_##x()
int planted(void) { return OPEN(open); }" \
		"int planted(void) { extern int container_open(void); return container_open(); }" \
		"__attribute__((weak)) $f int planted(void) { return container_open(); }"; do
		plant network "$how"
		run -1 perl "$top/tests/rooms" lib.a
		[ "$output" = "libcommon/network/planted.c: calls container_open() of the room\
 container, which is above network" ]
	done
}

@test "a function that is defined twice, and a call that the list of calls hides, are caught" {
	# a weak one would be the other room's as soon as that is linked
	plant network 'int container_open(void);
__attribute__((weak)) int container_open(void) { return 1; }
int planted(void) { return container_open(); }'
	run -1 perl "$top/tests/rooms" lib.a
	[[ "$output" = *"/planted.c: defines container_open(), which libcommon/container/"*", too"* ]]
	local how
	for how in 'static int w(void) __attribute__((weakref("container_open")));
int planted(void) { return w ? w() : 0; }' \
		'int planted(void) { __asm__("call container_open"); return 1; }' \
		'#pragma weak planted = planted_too
int planted_too(void); int planted_too(void) { return 1; }'; do
		plant network "$how"
		run -1 perl "$top/tests/rooms" lib.a
		[[ "$output" = \
			"libcommon/network/planted.c: "*": what that calls could not be seen" ]]
	done
}

@test "a signal handler in a room, and a function cut up by CTR_MINIMAL, are caught" {
	plant engine '#include <signal.h>
static void on(int sig) { (void)sig; }
int planted(void)
{
	struct sigaction sa = {.sa_handler = on};
	signal((const int[]){SIGINT, SIGTERM}[0], on);
	return signal(SIGINT, on) == SIG_ERR || sigaction(SIGTERM, &sa, 0);
}'
	run -1 perl "$top/tests/rooms" lib.a
	[ "${#lines[@]}" -eq 3 ]
	[[ "${lines[0]}" = "libcommon/engine/planted.c:5: a signal handler: "* &&
		"${lines[1]}" = *":6: a signal handler: "* &&
		"${lines[2]}" = *":7: a signal handler: "* ]]
	local how
	for how in 'return signal(SIGINT,
	on) == SIG_ERR;' 'return sigset(SIGINT, on) == SIG_ERR;' 'struct sigaction sa = {{on}};
	return sigaction(SIGINT, &sa, 0);' 'struct sigaction sa = {0}, *to = &sa;
	to->sa_handler = on;
	return sigaction(SIGINT, to, 0);'; do
		plant engine "#include <signal.h>
static void on(int sig) { (void)sig; }
int planted(void)
{
	$how
}"
		run -1 perl "$top/tests/rooms" lib.a
		[[ "$output" = "libcommon/engine/planted.c:"[56]": a signal handler: "* ]]
	done
	plant engine 'int planted(void)
{
#ifdef CTR_MINIMAL
	return 1;
#endif
	return 0;
}'
	run -1 perl "$top/tests/rooms" lib.a
	[ "$output" = \
		"libcommon/engine/planted.c:3: CTR_MINIMAL inside a function: the Makefile chooses files (NAME_minimal.c)" ]
}

@test "a comment that names a file that is gone, and a function of more than 60 lines are caught" {
	local page=GONE
	plant base "/* See str.h, linux/gone.h and gone.c; libcommon/README.md, config.md and $page.md. */
int planted(void) { return 0; }"
	echo "# $page.md" >tests/planted.bats
	run -1 perl "$top/tests/rooms" lib.a
	[ "$output" = "tests/planted.bats: names $page.md, which is gone
libcommon/base/planted.c: names $page.md, which is gone
libcommon/base/planted.c: a comment names gone.c, which is gone" ]
	rm tests/planted.bats
	plant network "int rand(void);
int planted(void)
{
$(yes '	rand();' | head -n 60)
	return 0;
}"
	run -1 perl "$top/tests/rooms" lib.a
	[ "$output" = "libcommon/network/planted.c:3: a function of 61 lines: 60 are the most" ]
}

@test "a circle of files, a file outside the rooms and a second of one name are caught" {
	plant base 'int size_parse(void); int planted(void) { return size_parse(); }'
	printf 'int planted(void); int size_parse(void) { return planted(); }\n' >str2.c
	mkdir x && gcc -c -o x/str.o str2.c && ar r lib.a x/str.o
	run -1 perl "$top/tests/rooms" lib.a
	[[ "$output" = \
		*"a circle in base: planted -> str (size_parse), str -> planted (planted)"* ]]
	# of applets, too
	echo 'int two(void); int one(void); int one(void) { return two(); }' >applets/one.c
	echo 'int one(void); int two(void); int two(void) { return one(); }' >applets/two.c
	(cd applets && gcc -c one.c two.c)
	run -1 perl "$top/tests/rooms" lib.a applets/*.o
	[[ "$output" = *"a circle in applets: one -> two (two), two -> one (one)"* ]]
	mkdir libcommon/attic
	cp libcommon/base/str.c libcommon/attic/
	run -1 perl "$top/tests/rooms" lib.a
	[[ "$output" = *"the room attic is not in the Makefile's list"* ]]
	[[ "$output" = *"another room has a file of that name"* ]]
}

@test "a room that ends the process is caught, and an engine that knows our places" {
	plant network '#include "err.h"
int planted(void) { die("no"); }'
	run -1 perl "$top/tests/rooms" lib.a
	[[ "$output" = \
		"libcommon/network/planted.c: calls die(): a library room never ends the process"* ]]
	plant spec '#include <stdlib.h>
void planted(int code);
void planted(int code) { atexit(abort); exit(code); /* exit(3) */ }'
	run -1 perl "$top/tests/rooms" lib.a
	[ "$(cut -d: -f2 <<<"$output" | xargs)" = "calls abort() calls exit()" ]
	# in a header, by another name, or through what works for the applets
	echo 'static inline int planted_in(void) { exit(1); }' >include/planted_in.h
	plant network '#include <stdlib.h>
#include "planted_in.h"
_Noreturn void errx(int, const char *, ...);
void undo_check_signals(void);
int opt_parse(int);
int planted(int a) { undo_check_signals(); if (opt_parse(a)) errx(1, "no"); return planted_in(); }'
	run -1 perl "$top/tests/rooms" lib.a
	[ "$(cut -d, -f1 <<<"$output" | cut -d: -f1,2)" = \
		"libcommon/network/planted.c: calls errx()
libcommon/network/planted.c: calls opt_parse()
libcommon/network/planted.c: calls undo_check_signals()
include/planted_in.h: calls exit()" ]
	rm include/planted_in.h
	plant engine 'const char *ctr_lib(void); const char *planted(void) { return ctr_lib(); }'
	run -1 perl "$top/tests/rooms" lib.a
	[[ "$output" = \
		"libcommon/engine/planted.c: calls ctr_lib(): the room engine is told where things are"* ]]
}

@test "the table of rooms in libcommon/README.md is the Makefile's" {
	sed -n 's/^rooms := //p' Makefile | tr ' ' '\n' >want
	sed -n 's/^| \(.*\/`\) |.*/\1/p' libcommon/README.md | tr -d '`/ ' | tr ',' '\n' |
		grep -v '^deps$' >have
	diff want have
}

@test "where would I add: the four answers of libcommon/README.md are true" {
	grep -q '^struct create_flags {' include/create_flags.h
	grep -q 'struct opt create_opts' libcommon/container/create_opts.c
	grep -q '^int flags_' libcommon/flags/*_flags.c
	grep -q '^int create_record(' libcommon/container/create_record.c
	grep -q '^static int translate(' libcommon/kernel/cgroup_keys.c
	grep -q '^static char \*v1_as_v2(' libcommon/kernel/cgroup_stat.c
	grep -q 'V(BRIDGE, "bridge")' include/netcfg.h
	grep -q 'case CFG_BRIDGE:' libcommon/network/netcfg.c
	grep -q CFG_BRIDGE libcommon/network/netcfg_run.c
	grep -q CFG_PUBLISH libcommon/network/netcfg_nat.c
	grep -q 'bridge add NAME' "$top/applets/ctr-netcfg.c"
	for a in $("$CTRBOX" --list); do
		[ -e "$top/applets/$a.c" ]
		[ -e "$top/applets/$a.1" ]
		[ -e "$top/tests/$a.bats" ]
		grep -q "^APPLET(${a#ctr-}," include/applets.def
	done
}

@test "make check T=APPLET picks each applet's own file and the tests with its tag" {
	for a in $("$CTRBOX" --list); do
		run -0 bash "$top/tests/run" --list "$a"
		grep -qxF "tests/$a.bats" <<<"$output" # its own, and they call it:
		[ "$(grep -c '^@test' "$top/tests/$a.bats")" -gt 0 ]
		grep -qw "$a" <(grep -v '^#' "$top/tests/$a.bats")
	done
	run -0 bash "$top/tests/run" --list ctr-start
	[[ "$output" = *"tests/ctr-start.bats"*"tests/signals.bats:ctr-start"* ]]
	run -0 bash "$top/tests/run" --list no-such-applet
	[ -z "$output" ]
	# A tag that is no applet's name picks nothing: it is mistyped.
	sed -n 's/^# bats \(test\|file\)_tags=//p' "$top"/tests/*.bats | tr ', ' '\n\n' | sort -u |
		grep '^ctr-' >tags
	"$CTRBOX" --list | sort >names
	[ -z "$(comm -23 tags names)" ]
}

@test "a file of more than 510 lines is caught, and a ?: in another" {
	plant spec "$(yes '/* */' | head -n 508)
int two(int a, int b);
int planted(int a) { return two(a ? 1 : 2, a ? '?' : 4); } /* a ? b ? c : d : e */"
	run -0 perl "$top/tests/rooms" lib.a
	plant spec "$(yes '/* */' | head -n 509)
int two(int a, int b);
int planted(int a) { return a ? two(1, a > 2
	? 3 : 4) : 5; }"
	run -1 perl "$top/tests/rooms" lib.a
	[ "${lines[0]}" = \
		"libcommon/spec/planted.c:512: a ?: in a ?:: an if or a name reads better" ]
	[ "${lines[1]}" = "libcommon/spec/planted.c: 512 lines: 510 are the most" ]
}

@test "a function of a header that no other file calls is caught" {
	echo 'int planted(void);' >include/planted.h
	plant spec '#include "planted.h"
int planted(void) { return 1; }'
	run -1 perl "$top/tests/rooms" lib.a
	[ "$output" = "libcommon/spec/planted.c: planted() is in a header, but no other file calls it" ]
	echo 'int one(void) { return planted(); }' >applets/one.c
	run -0 perl "$top/tests/rooms" lib.a
}

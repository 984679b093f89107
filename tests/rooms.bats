#!/usr/bin/env bats
# The house: rooms call only rooms below them, and no files call each other around; libcommon/README.md lists them.
# shellcheck disable=SC2154
load lib
# bats file_tags=ctrbox

test_setup() {
	[ -e "$top/build/libctr.a" ] && command -v gcc-nm >/dev/null || skip "needs build/libctr.a and gcc-nm"
	mkdir libcommon
	cp -r "$top"/libcommon/* libcommon/
	cp -r "$top/include" "$top/Makefile" .
	cp "$top/build/libctr.a" lib.a
}

# plant ROOM TEXT: a file more in that room.
plant() {
	rm -f libcommon/*/planted.c
	printf '%s\n' "$2" >"libcommon/$1/planted.c"
	gcc -D_GNU_SOURCE -Iinclude -c -o planted.o "libcommon/$1/planted.c"
	ar r lib.a planted.o
}

@test "the tree as it is passes" {
	run -0 perl "$top/tests/rooms" lib.a
	[ -z "$output" ]
}

@test "an upward call and an upward include are caught, one downward is not" {
	plant engine '#include "file.h"
int planted(void) { return file_poke("/x", "y"); }'
	run -0 perl "$top/tests/rooms" lib.a
	plant base 'int cgroup_layout(void); int planted(void) { return cgroup_layout(); }'
	run -1 perl "$top/tests/rooms" lib.a
	[[ "$output" = *"libcommon/base/planted.c: calls cgroup_layout() of the room kernel, which is above base"* ]]
	plant engine '#include "record.h"
int planted(void) { return 1; }'
	run -1 perl "$top/tests/rooms" lib.a
	[[ "$output" = *"libcommon/engine/planted.c: includes record.h of the room container, which is above engine"* ]]
}

@test "a circle of files, a file outside the rooms and a second of one name are caught" {
	plant base 'int size_parse(void); int planted(void) { return size_parse(); }'
	printf 'int planted(void); int size_parse(void) { return planted(); }\n' >str2.c
	mkdir x && gcc -c -o x/str.o str2.c && ar r lib.a x/str.o
	run -1 perl "$top/tests/rooms" lib.a
	[[ "$output" = *"a circle in base: planted -> str (size_parse), str -> planted (planted)"* ]]
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
	[[ "$output" = "libcommon/network/planted.c: calls die(): a library room never ends the process"* ]]
	plant engine 'const char *ctr_lib(void); const char *planted(void) { return ctr_lib(); }'
	run -1 perl "$top/tests/rooms" lib.a
	[[ "$output" = "libcommon/engine/planted.c: calls ctr_lib(): the room engine is told where things are"* ]]
}

@test "the table of rooms in libcommon/README.md is the Makefile's" {
	sed -n 's/^rooms := //p' Makefile | tr ' ' '\n' >want
	sed -n 's/^| \(.*\/`\) |.*/\1/p' libcommon/README.md | tr -d '`/ ' | tr ',' '\n' | grep -v '^deps$' >have
	diff want have
}

@test "where would I add: the four answers of libcommon/README.md are true" {
	grep -q '^struct create_flags {' include/create_flags.h
	grep -q 'struct opt create_opts' libcommon/container/create_opts.c
	grep -q '^int flags_' libcommon/flags/*_flags.c
	grep -q '^int create_record(' libcommon/container/create_record.c
	grep -q '^static int translate(' libcommon/kernel/cgroup_keys.c
	grep -q '^static char \*v1_as_v2(' libcommon/kernel/cgroup_stat.c
	grep -q 'CFG_BRIDGE' include/netcfg.h
	grep -q '"bridge", "attach"' libcommon/network/netcfg.c
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

@test "make check T=APPLET picks, for every applet, the tests of its own file and those with its tag" {
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
	sed -n 's/^# bats \(test\|file\)_tags=//p' "$top"/tests/*.bats | tr ', ' '\n\n' | sort -u | grep '^ctr-' >tags
	"$CTRBOX" --list | sort >applets
	[ -z "$(comm -23 tags applets)" ]
}

@test "no file of the libraries and the applets is longer than 510 lines" {
	cd "$top"
	long=$(find libcommon applets include -name '*.[ch]' -exec wc -l {} + | awk '$2 != "total" && $1 > 510')
	[ -z "$long" ]
}

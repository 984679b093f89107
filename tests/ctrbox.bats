#!/usr/bin/env bats
# The binary itself: dispatch, links, help.

load lib

@test "dispatch by argv[0]: a path, a hard link, a symlink, ctrbox NAME, ctrbox ctr-NAME" {
	cp "$CTRBOX" box
	ln box ctr-ps
	mkdir d
	ln -s ../box d/ctr-wait
	./ctr-ps --help | grep -q '^Usage: ctr-ps'
	d/ctr-wait --help | grep -q '^Usage: ctr-wait'
	./box ps --help | grep -q '^Usage: ctr-ps'
	./box ctr-ps --help | grep -q '^Usage: ctr-ps'
}

@test "--list, --install, --version; an unknown name lists what there is, exit 127" {
	"$CTRBOX" --list | grep -qx ctr-run
	"$CTRBOX" --version | grep -q '^ctrbox '
	"$CTRBOX" --install -s "$WORLD/links"
	[ "$(ls links | wc -l)" = "$("$CTRBOX" --list | wc -l)" ]
	links/ctr-ps
	cp "$CTRBOX" box
	./box --install "$WORLD/hard"
	[ "$(stat -c %h box)" -gt 5 ]
	./box --install "$WORLD/hard"
	run -127 "$CTRBOX" nosuch
	[[ "$output" == *ctr-run* ]]
	ln -s box ctr-nosuch
	run -127 ./ctr-nosuch ps
}

@test "every applet: --help on stdout with exit 0, a wrong option is usage, one line on stderr" {
	for a in $("$CTRBOX" --list); do
		run -0 --separate-stderr "$CTRBOX" "$a" --help
		[[ "$output" == "Usage: $a"* ]]
		[ -z "$stderr" ]
		run --separate-stderr "$CTRBOX" "$a" --no-such-option
		[ "$status" = 2 ] || [ "$status" = 125 ]
		[ "${#stderr_lines[@]}" = 1 ]
		[[ "$stderr" == "$a: "* ]]
	done
}

@test "the binary is static, stripped, at most 640 KiB" {
	if [[ "$BIN" == */san/* ]]; then skip "the sanitizer build is neither"; fi
	[ "$(stat -Lc %s "$CTRBOX")" -le 655360 ]
	run "$CTRBOX" --version
	! ldd "$CTRBOX" 2>/dev/null | grep -q libc
}

@test "stdout that cannot be written is an error" {
	[ -e /dev/full ]
	run bash -c 'ctr-ps >/dev/full'
	[ "$status" -ne 0 ]
}

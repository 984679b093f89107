#!/usr/bin/env bats
# ctr-diff: what a container has changed in its root.
bats_require_minimum_version 1.5.0
load lib
load image

changes() { ctr-diff "$@" | grep -v -E '^A /(dev|proc|sys)' || true; }

@test "added, changed, deleted; sorted; a running container and a stopped one" {
	box
	ctr-run -d --name c box sh -c '
		mkdir -p /a/b
		echo >/a/b/f
		echo >>/etc/passwd
		rm /etc/group
		rm -r /var
		rm -r /home
		mkdir /home
		sleep 100' >/dev/null
	wait_for 5 sh -c 'ctr-diff c | grep -q "C /home"'
	want='A /a
A /a/b
A /a/b/f
C /etc
D /etc/group
C /etc/passwd
C /home
D /home/user
D /var'
	[ "$(changes c)" = "$want" ]
	ctr-kill c
	ctr-wait c
	[ "$(changes c)" = "$want" ]
	run -0 ctr-diff --json c
	[[ $output == *'"change":"D"'* ]]
}

@test "a container of a directory" {
	ctr-run --keep --name c "$ROOTFS" sh -c 'echo x >/new; rm /etc/group'
	[ "$(changes c)" = $'C /etc\nD /etc/group\nA /new' ]
}

@test "a file that was made and deleted again is nobody's business" {
	ctr-run --keep --name c "$ROOTFS" sh -c 'echo x >/new; rm /new'
	[ -z "$(changes c)" ]
}

@test "names that could steer a terminal are escaped" {
	ctr-run --keep --name c "$ROOTFS" sh -c 'touch "$(printf "/e\033[31m")"'
	run -0 changes c
	[ "$output" = 'A /e\x1b[31m' ]
}

@test "wrong use" {
	run -2 ctr-diff
	run -1 ctr-diff nothing
	[ "${#lines[@]}" -eq 1 ]
}

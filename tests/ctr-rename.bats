#!/usr/bin/env bats
# ctr-rename: another name for a container, running or not.

load lib

@test "a running container is found by its new name only, with its labels" {
	ctr-run -d --name a -l k=v "$ROOTFS" sleep 1000 >/dev/null
	ctr-rename a b
	[ "$(ctr-inspect -f Name b)" = b ]
	[ "$(ctr-inspect -f State.Status b)" = running ]
	[ "$(ctr-inspect -f Labels.k b)" = v ]
	run -1 ctr-inspect a
	ctr-exec b true
}

@test "a taken name, a bad one, a container that is not there: one line, nothing changed" {
	ctr-create --name a "$ROOTFS" true >/dev/null
	ctr-create --name b "$ROOTFS" true >/dev/null
	run -1 ctr-rename a b
	[[ "${lines[0]}" == "ctr-rename: "*b* && "${#lines[@]}" = 1 ]]
	run -2 ctr-rename a ../x
	run -1 ctr-rename nosuch c
	run -2 ctr-rename a
	[ "$(ctr-ps -an -o name | sort | tr -d ' ' | tr '\n' ' ')" = "a b " ]
}

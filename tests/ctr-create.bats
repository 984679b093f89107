#!/usr/bin/env bats
# ctr-create: a container is made now and started later.

load lib

@test "made, not started: its id is printed, its settings are kept, ctr-start starts it" {
	id=$(ctr-create --name c -e K=v -w /tmp "$ROOTFS" sh -c 'echo "$K $PWD"')
	[ "${#id}" = 12 ]
	[ "$(ctr-ps -an -o id,name,pid,status | tr -s ' ')" = "$id c - created" ]
	[ -z "$(ctr-ps -q)" ]
	run -0 ctr-start -a c
	[ "$output" = "v /tmp" ]
	[ "$(ctr-ps -an -o status)" = exited ]
}

@test "what is wrong is said when it is made, and nothing is left" {
	ctr-create --name c "$ROOTFS" true >/dev/null
	run -1 ctr-create --name c "$ROOTFS" true
	[[ "$output" == "ctr-create: c: "*"this name already"* ]]
	run -1 ctr-create --name d ./nosuch true
	run -2 ctr-create --name d -m lots "$ROOTFS" true
	run -2 ctr-create
	[ "$(ctr-ps -anq | wc -l)" = 1 ]
}

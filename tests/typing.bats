#!/usr/bin/env bats
# What people's fingers type: options after names, slips, and docker's words.

load lib
# bats file_tags=ctr-stop,ctr-kill,ctr-rm,ctr-logs,ctr-run

@test "options may follow names; a name that is none ends nothing" {
	# shellcheck disable=SC2016
	ctr-run -d --name web "$ROOTFS" sh -c 'trap "echo hup" HUP; echo up; while :; do sleep 0.05; done'
	wait_for 5 grep -q up "$CTR_LIB/containers/web/log"
	[ "$(ctr-logs web -t | grep -c "Z up")" = 1 ]
	ctr-kill web -s HUP
	wait_for 5 grep -q hup "$CTR_LIB/containers/web/log"
	run -1 ctr-kill web nosuch
	[ "$(ctr-inspect web -f State.Status)" = running ]
	ctr-stop web -t 0
	run -1 ctr-rm web nosuch
	ctr-ps -a | grep -q web
	ctr-rm web
	run -1 ctr-kill -- -s
	[[ "$output" == *"no such container"* ]]
}

@test "a slip in an option names what was meant, and old words with one dash too" {
	run -125 ctr-run --memroy 64m "$ROOTFS" true
	[ "$output" = "ctr-run: unknown option --memroy: did you mean --memory?" ]
	run -125 ctr-run --memroy=64m "$ROOTFS" true
	[[ "$output" == *"did you mean --memory?" ]]
	run -125 ctr-run -name=web "$ROOTFS" true
	[ "$output" = "ctr-run: unknown option -name=web: did you mean --name?" ]
	run -2 ctr-stop --tiem 3 web
	[[ "$output" == *"did you mean --time?" ]]
	run -125 ctr-run --zzzzzz "$ROOTFS" true
	[ "$output" = "ctr-run: unknown option --zzzzzz (see ctr-run --help)" ]
}

@test "ctrbox takes docker's words; what there is not says what to do instead" {
	"$CTRBOX" run --name c -d "$ROOTFS" sleep 100
	[ "$("$CTRBOX" container ls -q)" = "$(ctr-ps -q)" ]
	[ "$("$CTRBOX" container inspect c -f Name)" = c ]
	run -0 "$CTRBOX" network ls -q
	run -0 "$CTRBOX" images -q
	run -1 "$CTRBOX" rmi nosuch
	run -0 "$CTRBOX" volume ls
	run -0 "$CTRBOX" version
	run -0 "$CTRBOX" help run
	[[ "$output" == "Usage: ctr-run"* ]]
	run -2 "$CTRBOX" build .
	[[ "$output" == *"ctr-commit"* ]]
	run -127 "$CTRBOX" container nosuch
	"$CTRBOX" container rm -f c
}

@test "a number is a number in -u, whatever the image's passwd says; out of range is an error" {
	cp -a "$ROOTFS" r
	printf '1000:x:0:0::/:/bin/sh\n4294967296:x:0:0::/:/bin/sh\n-1:x:0:0::/:/bin/sh\n' >>r/etc/passwd
	printf '77:x:0:\n' >>r/etc/group
	[ "$(ctr-run -u 1000 ./r id -u)" = 1000 ]
	[ "$(ctr-run -u 1000:77 ./r id -g)" = 77 ]
	[ "$(ctr-run -u 007 ./r id -u)" = 7 ]
	for bad in 4294967296 -1 4294967295 0:4294967296 0:-1 99999999999999999999; do
		run ! ctr-run -u "$bad" ./r id -u
		[[ "$output" == *"is not between 0 and 4294967294"* ]]
	done
}

#!/usr/bin/env bats
# ctr-pause: all processes of a container are frozen.

load lib

@test "a paused container does nothing, is not entered, and goes on where it was" {
	ctr-run -d --name c "$ROOTFS" sh -c 'while :; do echo x >>/n; sleep 0.02; done' >/dev/null
	wait_for 5 ctr-exec c test -s /n
	[ "$(ctr-pause c)" = c ]
	[ "$(ctr-ps -n -o status)" = paused ]
	n=$(wc -l <"$CTR_LIB/containers/c/upper/n")
	sleep 0.3
	[ "$(wc -l <"$CTR_LIB/containers/c/upper/n")" = "$n" ]
	run -125 ctr-exec c true
	[[ "$output" == *paused* ]]
	ctr-unpause c
	wait_for 5 sh -c "[ \$(wc -l <'$CTR_LIB/containers/c/upper/n') -gt $n ]"
}

@test "what does not run, or is paused already, is not paused" {
	ctr-create --name c "$ROOTFS" true >/dev/null
	run -1 ctr-pause c
	[ "$output" = "ctr-pause: c: created, not running (ctr-start c)" ]
	run -1 ctr-pause nosuch
	run -2 ctr-pause
}

# Thaw what a test that failed half-way has frozen.
test_teardown() {
	CTR_CGROUP=ctrt-${WORLD##*.}
	ctr-cgset --thaw "/$CTR_CGROUP/up" 2>/dev/null || true
	ctr-cgset -dk "/$CTR_CGROUP" 2>/dev/null || true
}

# A group above the containers' own, frozen by the administrator.
freeze_above() {
	# an empty group would be removed together with its last container
	ctr-cgset -c "/$CTR_CGROUP/up/keep"
	CTR_CGROUP=$CTR_CGROUP/up
	ctr-cgset --freeze "/$CTR_CGROUP"
}

@test "a start under a frozen group is refused, and the group is named" {
	freeze_above
	run -125 timeout -k 1 10 ctr-run "$ROOTFS" true
	[[ "$output" == *"/$CTR_CGROUP"*frozen* ]]
	ctr-cgset --thaw "/$CTR_CGROUP"
	ctr-run "$ROOTFS" true
	ctr-cgset --freeze "/$CTR_CGROUP"
	run -125 timeout -k 1 10 ctr-cgset -c below -- true
	[[ "$output" == *"/$CTR_CGROUP"*frozen* ]]
	ctr-cgset --thaw "/$CTR_CGROUP"
	ctr-cgset -dk "/$CTR_CGROUP"
	CTR_CGROUP=${CTR_CGROUP%/up}
}

# bats test_tags=ctr-unpause,ctr-exec
@test "exec and unpause under a frozen parent group name that group; rm -f works" {
	freeze_above
	ctr-cgset --thaw "/$CTR_CGROUP"
	ctr-run -d --name c "$ROOTFS" sleep 100
	local side
	for side in freezer unified ""; do
		local file=/sys/fs/cgroup/$side/$CTR_CGROUP/cgroup.freeze value=1
		[ "$side" != freezer ] || file=/sys/fs/cgroup/freezer/$CTR_CGROUP/freezer.state \
			value=FROZEN
		[ -e "$file" ] || continue
		echo $value >"$file"
		run -125 timeout -k 1 10 ctr-exec c true
		[[ "$output" == *"/$CTR_CGROUP"*frozen* ]]
		run -1 timeout -k 1 10 ctr-unpause c
		[[ "$output" == *"c: "*"/$CTR_CGROUP above it is frozen"* ]]
		run timeout -k 1 20 ctr-stop -t 0 c
		[ "$status" -eq 0 ] || [ "${#lines[@]}" -le 2 ]
		ctr-cgset --thaw "/$CTR_CGROUP"
		ctr-start c
	done
	ctr-rm -f c
	ctr-cgset -dk "/$CTR_CGROUP"
	CTR_CGROUP=${CTR_CGROUP%/up}
}

# bats test_tags=ctr-restart
@test "a pause that meets a restart acts on the new life" {
	ctr-run -d --name c "$ROOTFS" sleep 100
	local i
	for i in 1 2 3 4 5 6 7 8; do
		ctr-restart -t 0 c >/dev/null &
		sleep 0.0$i
		run -0 ctr-pause c
		wait $!
		# it came before the restart
		[ "$(ctr-inspect -f State.Status c)" = paused ] || continue
		ctr-unpause c
	done
}

@test "a container that has frozen a group of its own is removed all the same" {
	freezer=$(awk '/ - cgroup .*freezer/ { print $5; exit }' /proc/self/mountinfo)
	[ -n "$freezer" ] || skip "needs a v1 freezer hierarchy"
	ctr-run -d --name c "$ROOTFS" sh -c 'sleep 1001 & exec sleep 1000' >/dev/null
	group=$(. "$CTR_RUN/containers/c/state"; echo "$cgroup")
	wait_for 5 sh -c 'ctr-top -n c | grep -q "sleep 1001"'
	mkdir -p "$freezer/$group/own/below"
	for p in $(cat "$freezer/$group/cgroup.procs"); do
		grep -q 1001 "/proc/$p/cmdline" &&
			echo "$p" >"$freezer/$group/own/below/cgroup.procs"
	done
	echo FROZEN >"$freezer/$group/own/below/freezer.state"
	timeout 10 ctr-rm -f c
	[ ! -e "$freezer/$group" ]
}

@test "a container whose state was emptied can be paused, and unpaused again" {
	ctr-run -d --name c "$ROOTFS" sleep 1000
	ctr-pause c
	: >"$CTR_RUN/containers/c/state"
	for i in 1 2; do
		[ "$(ctr-ps -n -o status)" = paused ]
		ctr-unpause c
		[ "$(ctr-ps -n -o status)" = running ]
		ctr-pause c
	done
	timeout 10 ctr-stop -t 0 c
	[[ "$(ctr-ps -an -o status)" = exited* ]]
}

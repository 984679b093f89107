#!/usr/bin/env bats
# A few v1 controllers, no device lists and no cgroup v2, as small systems have it. It takes a
# machine of its own (make check-v2).
load lib
# bats file_tags=ctr-run,ctr-cgset,ctr-check,ctr-unshare

test_setup() {
	[ -d /run/rig ] ||
		skip "only in the machine of make check-v2: it changes the cgroup hierarchies"
	hierarchies memory pids
}

hierarchies() {
	local c
	umount -R /sys/fs/cgroup 2>/dev/null || true
	mount -t tmpfs cgroup /sys/fs/cgroup
	for c; do ctr-cgset --mount "$c" "/sys/fs/cgroup/$c"; done
}

@test "containers start, have their limits, and no device nodes but those of --device" {
	run -3 ctr-run -m 32m --pids-limit 20 "$ROOTFS" sh -c '
		cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/pids/pids.max
		mknod /x c 1 3 2>/dev/null || echo none made
		cut -d " " -f 5,6 /proc/self/mountinfo | grep -c "^/ rw,nodev,"
		exit 3'
	[ "$output" = "$(printf '33554432\n20\nnone made\n1')" ]
	run -0 ctr-run --device /dev/loop0 "$ROOTFS" sh -c '
		test -b /dev/loop0 && test -c /dev/null && ! test -e /dev/loop1'
	run -1 ctr-run --cap-add MKNOD "$ROOTFS" mknod /x c 1 3
	ctr-run --privileged "$ROOTFS" mknod /x c 1 3
	run -0 ctr-check
	[[ "$output" = \
		*"missing     device lists: containers get no device nodes but those of --device"* ]]
	run -125 ctr-run --cpus 1 "$ROOTFS" true
	[[ "$output" = *"cpu.max: the 'cpu' controller is not mounted here"* ]]
}

@test "a container's life: exec, stats, update, stop, start, kill; a pause says what it needs" {
	ctr-run -d --name web "$ROOTFS" sh -c 'sleep 1000 & wait' >/dev/null
	run -1 ctr-exec web mknod /x c 1 3
	ctr-stats --no-stream web | grep -q web
	ctr-update -m 40m --pids-limit 30 web
	ctr-exec web grep -qx 41943040 /sys/fs/cgroup/memory/memory.limit_in_bytes
	run -1 ctr-pause web
	[[ "$output" = *"no freezer"* ]]
	ctr-stop -t 0 web
	ctr-start web
	ctr-rm -f web
	# killed half-way
	ctr-run -d --name web "$ROOTFS" sh -c 'sleep 1000 & wait' >/dev/null
	# shellcheck disable=SC1091,SC2154
	(. "$CTR_RUN/containers/web/state" && kill -9 "$monitor" && wait_for 5 no_process "$pid")
	ctr-gc >/dev/null
	[ -z "$(find /sys/fs/cgroup -name 'c-*')" ]
	ctr-rm -f web
	# with others in its group, which end with it
	ctr-run --name host --pid host "$ROOTFS" sh -c 'sleep 1000 >/dev/null 2>&1 & echo up'
	[ -z "$(find /sys/fs/cgroup -name 'c-*')" ]
}

@test "groups: all that is in one is killed, and the end of it is seen" {
	local p
	ctr-cgset -c g/below pids.max=5
	sleep 1000 & ctr-cgset -p $! g
	sleep 1000 & p=$!
	ctr-cgset -p $p g/below
	run -1 ctr-cgset -d g
	[[ "$output" = *"processes are in it"* ]]
	ctr-cgset --watch g >watched &
	ctr-cgset -k g
	no_process $p
	wait
	ctr-cgset -dk g
	[ -z "$(find /sys/fs/cgroup -name g)" ]
}

@test "what --explain prints is the same container" {
	# shellcheck disable=SC2016
	see='cat /proc/self/cgroup /sys/fs/cgroup/*/*.limit_in_bytes; grep -E "Cap|Seccomp" /proc/self/status
		ls -ln /dev | sed "s/[A-Z][a-z][a-z] *[0-9]* *[0-9:]* / /"
		cut -d " " -f 4- /proc/self/mountinfo'
	mkdir shared
	for flags in "" "-m 32m" "--device /dev/loop0" "-v $WORLD/shared:/m" \
		--privileged "--tmpfs /t"; do
		# shellcheck disable=SC2086
		ctr-run $flags --read-only "$ROOTFS" sh -c "$see" >direct
		# shellcheck disable=SC2086
		ctr-run $flags --read-only --explain "$ROOTFS" sh -c "$see" >script
		sh script >explained
		sed -i -E \
			's/lowerdir=[^ ]*/layers/; s/[0-9a-f]{12}(-[0-9]+)?/ID/g; s|.*(/etc/hosts r[ow]),(nodev,)?|\1,|' direct explained
		diff -u direct explained || { cat script; return 1; }
	done
}

@test "--mount of a controller mounts that one; --umount takes it away" {
	ctr-cgset --mount freezer /sys/fs/cgroup/freezer
	ctr-run -d --name web "$ROOTFS" sleep 1000 >/dev/null
	ctr-pause web
	ctr-unpause web
	ctr-rm -f web
	run -1 ctr-cgset --umount "$WORLD"
	ctr-cgset --umount /sys/fs/cgroup/freezer
	run -1 grep ' /sys/fs/cgroup/freezer ' /proc/self/mountinfo
}

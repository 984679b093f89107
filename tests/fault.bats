#!/usr/bin/env bats
# A start of which any one step fails leaves nothing: a build in which the n-th system call fails, in a loop; and builds
# in which newer calls answer as an old kernel's.

load lib

@test "the n-th call of a start fails, n from 1 on: one line, an exit code, nothing left" {
	[ -x "$top/build/fault/ctrbox" ] || skip "needs make FAULT=1"
	m=$(sort /proc/self/mountinfo | md5sum) i=$(ip -o link | md5sum)
	ctr-run "$ROOTFS" true
	ok=0 failed=0
	for ((n = 1; n <= 450 && ok < 25; n++)); do
		code=0
		CTR_FAULT=$n timeout 10 "$top/build/fault/bin/ctr-run" "$ROOTFS" true 2>err || code=$?
		if [ $code -eq 0 ]; then
			ok=$((ok + 1)) # tolerated, or beyond the last one
			continue
		fi
		[ $code -ne 124 ] || { echo "fault $n hangs"; return 1; }
		ok=0 failed=$((failed + 1))
		[ "$(grep -c . err)" -ge 1 ] || { echo "fault $n: no message, code $code"; return 1; }
		[ "$(find "$CTR_LIB/containers" -mindepth 1 -maxdepth 1 | wc -l)" = 0 ] || { ctr-gc >/dev/null; ctr-ps -aq | ctr-rm -f - >/dev/null; [ "$(find "$CTR_LIB/containers" -mindepth 1 -maxdepth 1 | wc -l)" = 0 ] || { echo "fault $n: left $(ls -A "$CTR_LIB/containers"): $(cat err)"; return 1; }; }
	done
	ctr-gc >/dev/null
	echo "# $failed of $((n - 1)) calls failed the start" >&3
	[ $failed -gt 40 ]
	[ "$(sort /proc/self/mountinfo | md5sum)" = "$m" ]
	[ "$(ip -o link | md5sum)" = "$i" ]
	[ -z "$(find /sys/fs/cgroup -maxdepth 3 -name "$CTR_CGROUP")" ]
}

old() { # NAMES: the older ways do
	[ -x "$top/build/oldkernel/ctrbox" ] || skip "needs make OLDKERNEL=1"
	export CTR_TEST_NO=$1
	PATH=$top/build/oldkernel/bin:$PATH
	[ "$(ctr-run "$ROOTFS" sh -c 'echo $$; ls /proc/self/fd | wc -l' | tr '\n' ' ')" = "1 4 " ]
	mkdir -p src/sub
	run ctr-run -v "$WORLD/src:/v:ro" "$ROOTFS" touch /v/sub/x
	[[ "$output" == *"Read-only"* ]]
	run -7 ctr-run "$ROOTFS" sh -c 'exit 7'
	run -127 ctr-run "$ROOTFS" nosuch
	ctr-run -d --name old "$ROOTFS" sh -c 'echo out; sleep 1000' >/dev/null
	[ "$(ctr-exec old sh -c 'readlink /proc/self/ns/mnt')" = "$(ctr-exec old readlink /proc/1/ns/mnt)" ]
	wait_for 5 sh -c '[ "$(ctr-logs old)" = out ]'
	ctr-pause old
	ctr-unpause old
	ctr-stop -t 1 old
	[ "$(ctr-ps -an -o status)" = exited ]
	ctr-start old >/dev/null
	ctr-rm -f old
	[ -z "$(ctr-ps -aq)" ]
}

@test "without clone3" { old clone3; }
@test "without pidfd_open and pidfd_send_signal" { old pidfd_open,pidfd_send_signal; }
@test "without openat2" { old openat2; }
@test "without open_tree and mount_setattr" { old open_tree,mount_setattr; }
@test "without close_range" { old close_range; }
@test "without cgroup.kill" { old cgroup.kill; }
@test "without setns on a pidfd" { old setns_pidfd; }
@test "without all of them at once" { old all; }

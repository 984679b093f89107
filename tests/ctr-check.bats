#!/usr/bin/env bats
# ctr-check: what this kernel can do, a line each.

load lib

@test "a line for each feature; exit 0 where ctr-run works" {
	run -0 ctr-check
	[ "${#lines[@]}" -gt 20 ]
	for l in "${lines[@]}"; do [[ "$l" =~ ^(ok|missing|restricted)\  ]]; done
	for f in overlayfs terminals bridges "veth pairs" "device lists" nf_tables \
		"sealed memory files"; do
		grep -q "^ok  *$f" <<<"$output"
	done
	ctr-check --json | head -n 1 | grep -q '"state":"ok"'
}

@test "what is taken away is said, with the switch; exit 1 when ctr-run cannot work" {
	run setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all "$CTRBOX" check
	[[ "$output" == *restricted* ]]
	run -1 unshare -Ur bash -c 'echo 0 >/proc/sys/user/max_mnt_namespaces; "$CTRBOX" check'
	grep -q '^restricted  mount namespaces' <<<"$output"
	run unshare -Ur bash -c 'echo 0 >/proc/sys/user/max_net_namespaces; "$CTRBOX" check'
	grep -q '^restricted  bridges: the sysctl user.max' <<<"$output"
	grep -q '^restricted  device lists' <<<"$output"
}

@test "it leaves nothing" {
	need strace strace
	# in a mount namespace of its own: other tests mount and unmount meanwhile
	CTR_CGROUP=$CTR_CGROUP/c unshare -m bash -ec 'sort /proc/self/mountinfo >before
		strace -f -qq -e trace=mkdirat -o calls ctr-check >/dev/null
		sort /proc/self/mountinfo | diff before -'
	grep -q '/c/ctr-check-.* = 0' calls
	! grep -q '"ctr-check-' calls || false # all of it is below CTR_CGROUP
	[ -z "$(find /sys/fs/cgroup -maxdepth 4 -name "$CTR_CGROUP")" ]
}

@test "a user learns what ctr-run can do for users; no sysctl is blamed without reason" {
	need setpriv util-linux
	cp "$CTRBOX" ctrbox
	run -0 ./ctrbox ctr-check
	root=$(grep overlayfs <<<"$output")
	run -0 setpriv --reuid 1234 --regid 1234 --clear-groups ./ctrbox ctr-check
	[ "$(grep overlayfs <<<"$output")" = "$root" ]
	[[ "$(grep 'loop devices' <<<"$output")" != *sysctl* ]]
}

@test "a controller that was switched off at boot is named" {
	sed 's/^\(memory\t.*\)1$/\10/' /proc/cgroups >"$WORLD/cgroups"
	run --separate-stderr unshare -m sh -c '
		mount --bind "$0" /proc/cgroups && ctr-check' "$WORLD/cgroups"
	[[ "$stderr" = \
		*"the controller memory is switched off by the kernel's command line (cgroup_disable=memory)"* ]]
	run --separate-stderr ctr-check
	[[ "$stderr" != *"switched off"* ]]
}

#!/usr/bin/env bats
# What is said on a kernel that lacks something. Its system calls answer as that kernel's would (a
# filter sees to it), and its /proc is covered in a mount namespace of the test's own.
load lib
# bats file_tags=ctr-run,ctr-unshare,ctr-check,ctr-cgset

builds() { # both, where the minimal one is there
	echo "$BIN"
	[[ $BIN != "$top/build/bin" || ! -x $top/build/minimal/bin/ctr-run ]] ||
		echo "$top/build/minimal/bin"
}
# without CALL ERRNO [NUMBER-OF-ARGUMENT BITS]...: what runs behind it cannot do that (a profile).
call() {
	printf '{"names":["%s"],"action":"SCMP_ACT_ERRNO","errnoRet":%s' "$1" "$2"
	[ $# -lt 4 ] || printf ',"args":[{"index":%s,"value":%s,"valueTwo":%s,
		"op":"SCMP_CMP_MASKED_EQ"}]' "$3" "$4" "$4"
	printf '}'
}
profile() { printf '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[%s]}' "$(IFS=, && echo "$*")"; }

@test "a namespace that the kernel lacks is named, by the minimal build too" {
	local bin kind flag
	for kind in 'ipc 0x08000000' 'uts 0x04000000' 'net 0x40000000'; do
		read -r kind flag <<<"$kind"
		profile "$(call clone3 38)" "$(call clone 22 0 $((flag)))" \
			"$(call unshare 22 0 $((flag)))" >p.json
		mkdir -p "$kind"
		for f in mnt pid net ipc uts cgroup user time; do
			[ $f = "$kind" ] || : >"$kind/$f"
		done
		for bin in $(builds); do
			# exec keeps the pid, and so the folder that is covered
			run -125 unshare -m ctr-priv --seccomp p.json sh -c '
				mount --bind "$1" /proc/$$/ns && exec "$2"/ctr-run "$3" true
				' sh "$kind" "$bin" "$ROOTFS"
			[[ $output == *"no ${kind/net/network} namespaces"* ]]
		done
		run -125 unshare -m ctr-priv --seccomp p.json sh -c '
			mount --bind "$1" /proc/$$/ns && exec ctr-unshare "--$1" true' sh "$kind"
		[[ $output == *"no ${kind/net/network} namespaces"* ]]
	done
}

@test "a kind of namespace of which no more may be made: its sysctl is named" {
	local bin kind
	for kind in uts ipc pid net cgroup; do
		for bin in $(builds); do
			run -125 unshare -Urmn sh -c 'echo 0 >/proc/sys/user/max_$1_namespaces
				exec "$2"/ctr-run --direct "$3" true' sh $kind "$bin" "$ROOTFS"
			[[ $output == *"namespace"*"sysctl user.max_"*" is used up or 0"* ]]
		done
	done
	run -125 unshare -Urmn sh -c 'echo 0 >/proc/sys/user/max_uts_namespaces
		exec ctr-unshare --uts true'
	[[ $output == *"the sysctl user.max_"* ]]
}

@test "no seccomp, or none with filters: what does without is said, and does" {
	local bin errno
	for errno in 38 22; do # CONFIG_SECCOMP, CONFIG_SECCOMP_FILTER
		profile "$(call seccomp $errno)" "$(call prctl 22 0 22)" >p.json
		for bin in $(builds); do
			run -125 ctr-priv --seccomp p.json "$bin/ctr-run" "$ROOTFS" true
			[[ $output == *CONFIG_SECCOMP_FILTER*"--security-opt seccomp=unconfined"* ]]
			run -3 ctr-priv --seccomp p.json "$bin/ctr-run" \
				--security-opt seccomp=unconfined "$ROOTFS" sh -c 'exit 3'
			[ -z "$output" ]
			run ctr-priv --seccomp p.json "$bin/ctr-check"
			[[ $output == *"missing "*"seccomp filters: only --security-opt"* ]]
		done
	done
}

@test "cgroups not mounted, a controller switched off: what helps is said" {
	local bin
	sed 's/^\(memory\t.*\)1$/\10/' /proc/cgroups >cgroups
	for bin in $(builds); do
		run -125 unshare -m sh -c 'umount -R /sys/fs/cgroup
			exec "$0"/ctr-run -m 64m "$1" true' "$bin" "$ROOTFS"
		[[ $output == *"(ctr-cgset --mount does it)" ]]
		run -125 unshare -m sh -c 'mount --bind cgroups /proc/cgroups
			umount /sys/fs/cgroup/memory 2>/dev/null
			exec "$0"/ctr-run -m 64m "$1" true' "$bin" "$ROOTFS"
		[[ $output == *"'memory' controller is switched off "*"cgroup_disable=memory"* ]]
	done
}

# /proc/cgroups is what a kernel without them lacks. (strace answers for it; a tracer changes
# nothing else of what ctr-run does until it refuses.)
@test "a kernel without control groups is told from one where they are not mounted" {
	local bin
	none() {
		unshare -m sh -c 'umount -R /sys/fs/cgroup && exec strace -f -o /dev/null \
			-P /proc/cgroups -e inject=all:error=ENOENT "$@"' sh "$@"
	}
	for bin in $(builds); do
		run -125 none "$bin/ctr-run" -m 64m "$ROOTFS" true
		[[ $output == *"is mounted (and this kernel has none: CONFIG_CGROUPS)" ]]
		# which is said once in each world
		CTR_RUN=$(mktemp -d "$WORLD/run.XXXX") \
			run -3 none "$bin/ctr-run" "$ROOTFS" sh -c 'exit 3'
		[[ $output == *"no cgroup: "*CONFIG_CGROUPS* ]]
	done
	run -1 none ctr-cgset -c x memory.max=1m
	[[ $output == *CONFIG_CGROUPS* ]]
}

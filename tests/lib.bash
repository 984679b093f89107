# lib.bash: what every test has: a world of its own (folders, a group), and a check that nothing of
# it is left. shellcheck shell=bash
bats_require_minimum_version 1.5.0
top=${BATS_TEST_DIRNAME%/*}
BIN=${CTR_BIN:-$top/build/bin}
CTRBOX=$BIN/../ctrbox
ROOTFS=$top/build/rootfs/
PATH=$BIN:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
SHELL=/bin/sh # script(1) runs its command by it
umask 022
unset LANG LANGUAGE "${!LC_@}" # perl warns of a locale that is not installed
export BIN CTRBOX ROOTFS PATH SHELL

setup() {
	# as mktemp does it, by two processes in place of four
	local i
	for ((i = 0; i < 20; i++)); do
		printf -v WORLD '%s/ctrt.%06x' "${TMPDIR:-/tmp}" $((SRANDOM & 0xffffff))
		if mkdir "$WORLD" "$WORLD/lib" "$WORLD/run" 2>/dev/null; then break; fi
		WORLD=
	done
	[ -n "$WORLD" ] || return 1
	export CTR_LIB=$WORLD/lib CTR_RUN=$WORLD/run CTR_CGROUP=ctrt-${WORLD##*.}
	cd "$WORLD" || return 1
	unset CTR_NET CTR_PULL OMP_NUM_THREADS OMP_THREAD_LIMIT
	if declare -F test_setup >/dev/null; then test_setup; fi
}

teardown() {
	[ -n "$WORLD" ] || return 0
	if declare -F test_teardown >/dev/null; then test_teardown; fi
	CTR_CGROUP=ctrt-${WORLD##*.} # a test that failed may have left another
	# The hosts that a test of networks had are gone: ctr-gc would put back on the machine's own
	# firewall what it misses.
	local away=() left i
	if declare -F net_down >/dev/null || [ -e "$CTR_LIB/networks" ]; then
		away=(unshare -n)
	fi
	# Of a thousand tests: no program is run for what the shell can see.
	if compgen -G "$CTR_LIB/containers/*" >/dev/null; then
		ctr-ps -aq 2>/dev/null | "${away[@]}" ctr-rm -f - >/dev/null 2>&1
	fi
	if compgen -G "$CTR_RUN/*" || compgen -G "$CTR_LIB/*" ||
		compgen -G "/sys/fs/cgroup/*/$CTR_CGROUP" ||
		[ -e "/sys/fs/cgroup/$CTR_CGROUP" ]; then
		"${away[@]}" ctr-gc
	fi >/dev/null 2>&1
	cd /
	# A process that was killed may need a moment to end.
	for ((i = 0; i < 40; i++)); do
		left=$(leftovers)
		if [[ $left != */proc/* ]]; then break; fi
		sleep 0.05
	done
	if [[ $left = */proc/* ]]; then
		left+=$(sed -n 's|^/proc/\([0-9]*\)/cwd$|\1|p' <<<"$left" | xargs ps -o pid,args -p)
	fi
	rm -rf "$WORLD"
	[ -z "$left" ] || {
		echo "left behind: $left"
		return 1
	}
}

# What this world has left outside of its folder: processes whose working directory is in it, groups
# and mounts that have its name; devices that a bundle without a mount at /dev makes in its root.
leftovers() {
	find /proc/[0-9]*/cwd /sys/fs/cgroup "$ROOTFS/dev" -maxdepth 4 \( -lname "$WORLD*" \
		-path '/proc/*' -o -type d -name "$CTR_CGROUP" \) -print -o \
		-path "$ROOTFS/dev/?*" -print -delete 2>/dev/null
	local line lines
	mapfile -t lines </proc/self/mountinfo
	for line in "${lines[@]}"; do
		[[ $line != *" $WORLD"* ]] || echo "mount $line"
	done
}

# How many times as long all may take: with the sanitizers, and in the machine of make check-v2.
slow=1
if [[ $BIN == */san/* || -d /run/rig ]]; then slow=4; fi

# Wait until a command succeeds, at most so many seconds of a quiet machine.
wait_for() {
	local s=$1 i
	shift
	for ((i = 0; i < s * 60 * ${slow:-1}; i++)); do
		if "$@"; then return 0; fi
		sleep 0.05
	done
	echo "not within $s s: $*"
	return 1
}

# handles SIGNAL PID: the process has a handler of its own for it, so far as it has come.
handles() {
	local caught
	caught=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$2/status" 2>/dev/null)
	[ $(((0x${caught:-0} >> ($(kill -l "$1") - 1)) & 1)) = 1 ]
}

# The groups of podman's conmon, which it leaves behind; one that another test uses meanwhile stays,
# and a container's is not podman's to remove.
podman_groups_gone() {
	rmdir /sys/fs/cgroup/*/libpod_parent{/conmon,} 2>/dev/null || true
}

# taken PID: no signal waits to be taken by it, or it has ended.
taken() { ! grep -q '^ShdPnd:.*[1-9a-f]' "/proc/$1/status" 2>/dev/null; }

# no_process PID: it has ended, reaped or not.
no_process() {
	[ "$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -c1)" = Z ] || [ ! -e "/proc/$1" ]
}

# stands PID...: these sleep, and have not run for a tenth of a second.
stands() {
	local p before now
	before=$(for p; do switches "$p"; done)
	sleep 0.1
	now=$(for p; do switches "$p"; done)
	[ "$before" = "$now" ] && [ "$(grep -c sleeping <<<"$now")" = $# ]
}
switches() { grep -E '^State|ctxt_switches' "/proc/$1/status" 2>/dev/null; }

# child_stopped PID: a child of it has been stopped by a signal.
child_stopped() { pgrep -P "$1" -r T >/dev/null; }

# need TOOL [PACKAGE]: skip the test if there is no such tool, and say so.
need() { command -v "$1" >/dev/null || skip "needs $1 (apt-get install ${2:-$1})"; }

# need_idmap DIR [KERNEL]: skip the test if files there cannot be shown with other owners (an
# id-mapped mount), or the kernel is older than that.
need_idmap() {
	[ "$(printf '%s\n' "${2:-5.12}" "$(uname -r)" | sort -V | head -n 1)" = "${2:-5.12}" ] ||
		skip "needs Linux ${2:-5.12}"
	# open_tree with OPEN_TREE_CLONE, mount_setattr with AT_EMPTY_PATH and MOUNT_ATTR_IDMAP
	perl -e '
		my $p = open(my $in, "-|", qw(unshare -Ur sh -c), "echo; exec sleep 9");
		<$in>;
		open(my $ns, "<", "/proc/$p/ns/user");
		my ($tree, $here) = (syscall(428, -100, $ARGV[0], 1), "");
		my $set = pack("Q4", 0x100000, 0, 0, fileno($ns));
		my $bad = $tree < 0 ? -1 : syscall(442, $tree, $here, 0x1000, $set, 32);
		kill(9, $p);
		exit($bad != 0)' "$1" || skip "no id-mapped mounts of $1 here"
}

# not_in_rig WHY: skip what cannot be tested on the machine of `make check-v2`.
not_in_rig() { if [ -d /run/rig ]; then skip "not in the machine of make check-v2: $1"; fi; }

# not_san: skip what needs a static program, because it runs in a root without libraries.
not_san() {
	if [[ "$BIN" = */san/* ]]; then
		skip "the sanitizer build is not static: it does not run in a container"
	fi
}

# not_old WHY: skip what `tests/run --old` (newer system calls answer as on an old kernel) cannot
# test, or would test a second time at length.
not_old() { if [ -n "${CTR_TEST_NO:-}" ]; then skip "not by the older ways: $1"; fi; }

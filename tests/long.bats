#!/usr/bin/env bats
# Long names, paths, settings and files of the kernel. Each of them works, or is refused with one
# line that ends with the reason; nothing is cut short silently.
# shellcheck disable=SC2154
load lib

chars() { head -c "$1" /dev/zero | tr '\0' a; }
# deep N: N folders with names of 200 characters, one inside the other
deep() { yes "$(chars 200)" | head -n "$1" | paste -sd /; }
# long_path N: an absolute path of N characters in this world
long_path() {
	local p=$WORLD
	while [ $(($1 - ${#p})) -gt 205 ]; do p=$p/$(chars 200); done
	echo "$p/$(chars $(($1 - ${#p} - 1)))"
}
# refused APPLET END: the output is one line that begins with the applet's name and has this end
refused() {
	[ "${#lines[@]}" -eq 1 ]
	[[ "$output" = "$1: "*"$2" ]]
	[ "${#output}" -lt 1100 ]
}

test_teardown() {
	find /sys/fs/cgroup -depth -path "*/$CTR_CGROUP*" -type d -exec rmdir {} + 2>/dev/null ||
		true
}

# bats test_tags=ctr-run,ctr-cgset
@test "a parent group of 600 characters keeps two containers apart; one of 5,000 is refused" {
	g=$(deep 3)
	ctr-run -d --name a --cgroup-parent "$g" "$ROOTFS" sleep 100
	CTR_CGROUP=$CTR_CGROUP/$g ctr-run -d --name b "$ROOTFS" sleep 100
	of() { sed -n "s/^cgroup='*\([^']*\).*/\1/p" "run/containers/$1/state"; }
	[ "$(of a)" != "$(of b)" ]
	for n in a b; do
		[[ "$(of $n)" = "$CTR_CGROUP/$g/c-"*"-$(ctr-ps -aq --no-trunc --filter name=$n)" ]]
		[ "$(cat "/sys/fs/cgroup"/{,pids/}"$(of $n)/cgroup.procs" 2>/dev/null | sort -u |
			wc -l)" -eq 1 ]
	done
	ctr-rm -f a b
	run -125 ctr-run --cgroup-parent "$(deep 25)" "$ROOTFS" true
	refused ctr-run "too long"
	CTR_CGROUP=$CTR_CGROUP/$(deep 25) run -125 ctr-run "$ROOTFS" true
	refused ctr-run "too long"
	ctr-cgset -c "$g" pids.max=7
	[ "$(ctr-cgset -g "$g" pids.max)" = 7 ]
	run -1 ctr-cgset -c "$(deep 25)" pids.max=5
	refused ctr-cgset "too long"
}

# bats test_tags=ctr-run,ctr-ps,ctr-exec,ctr-stop,ctr-rm,ctr-gc
@test "CTR_LIB and CTR_RUN of 4,000 characters work; where a path no longer fits, that is said" {
	for v in CTR_LIB CTR_RUN; do
		p=$(long_path 4000)
		export $v="$p"
		ctr-run -d --name a "$ROOTFS" sleep 100
		ctr-exec a true
		[[ "$(ctr-ps -n)" = *running* ]]
		ctr-stop -t 0 a
		ctr-rm a
		ctr-gc
		export $v="$p/$(chars 94)"
		run -125 ctr-run "$ROOTFS" true
		refused ctr-run "too long"
		export CTR_LIB=$WORLD/lib CTR_RUN=$WORLD/run
	done
}

# bats test_tags=ctr-run
@test "names, host names and image references have their limits, and say them" {
	ctr-run --name "$(chars 128)" "$ROOTFS" true
	run -125 ctr-run --name "$(chars 129)" "$ROOTFS" true
	refused ctr-run "(a letter or digit, then up to 127 of A-Z a-z 0-9 _ . -)"
	run -125 ctr-run --name "$(chars 5000)" "$ROOTFS" true
	refused ctr-run "(a letter or digit, then up to 127 of A-Z a-z 0-9 _ . -)"
	run -0 ctr-run -h "$(chars 64)" "$ROOTFS" hostname
	[ "${#output}" -eq 64 ]
	run -125 ctr-run -h "$(chars 65)" "$ROOTFS" true
	refused ctr-run "more than 64 bytes, a blank or a slash"
	run -125 ctr-run "$(chars 5000):latest" true
	refused ctr-run "is not an image name (longer than 255 bytes)"
	run -125 ctr-run "$(long_path 5000)" true
	# glibc's realpath(3), which the sanitizer build has, goes part by part and misses the first
	# one
	if [[ "$BIN" = */san/* ]]; then
		refused ctr-run "No such file or directory"
	else
		refused ctr-run "too long"
	fi
}

# bats test_tags=ctr-run,ctr-inspect,ctr-start,ctr-exec
@test "variables and labels of 128 KiB, and more than a MiB of them, are kept whole" {
	big=$(chars 131000)
	args=()
	for i in {1..9}; do args+=(-l "l$i=$big"); done
	for i in {1..4}; do args+=(-e "E$i=$big"); done
	ctr-run -d --name a "${args[@]}" "$ROOTFS" sh -c 'echo ${#E1} ${#E4}; sleep 100'
	wait_for 5 grep -q '131000 131000' lib/containers/a/log
	[ "$(ctr-inspect --format '{{.Config.Labels.l9}}' a)" = "$big" ]
	[ "$(ctr-exec a sh -c 'echo ${#E4}')" = 131000 ]
	run -0 ctr-top a
	ctr-stop -t 0 a
	ctr-start a
	[ "$(ctr-exec a sh -c 'echo ${#E4}')" = 131000 ]
}

# bats test_tags=ctr-top,ctr-oci
@test "a command line of 100 KiB is shown whole" {
	ctr-run -d --name a "$ROOTFS" sh -c 'sleep 100; true' "$(chars 100000)end"
	run -0 ctr-top a
	[[ "$output" = *aaaend* ]]
}

# bats test_tags=ctr-run,ctr-cgset
@test "a mount table of 6 MiB with lines of 4 KiB hides no cgroup" {
	not_old "it is the same table"
	export deep && deep=$(long_path 3900)
	mkdir -p "$deep"
	# mount(2), 165 on x86_64: MS_BIND is 4096
	[ "$(uname -m)" = x86_64 ] || skip "the number of mount(2) is x86_64's"
	# shellcheck disable=SC2016
	run -0 unshare -m --propagation private sh -ec '
		perl -e "for (1 .. 1600) { syscall(165, \$ENV{deep}, \$ENV{deep}, 0, 4096, 0) == 0 or die \$! }"
		[ "$(wc -c </proc/self/mountinfo)" -gt 6000000 ]
		ctr-run -m 64m "$ROOTFS" sh -c "
			cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null ||
			cat /sys/fs/cgroup/memory.max"'
	[ "$output" = 67108864 ]
}

#!/usr/bin/env bats
# ctr-cgset and the limits of containers: one vocabulary on v1, v2 and hybrid systems; session 2 of
# the textbook. The same file runs on a pure cgroup v2 system (make check-v2).

load lib

v2() { [ -e /sys/fs/cgroup/cgroup.controllers ]; }

# file CONTROLLER GROUP FILE: the kernel's own file of a group; on v1 and hybrid systems it is in
# the hierarchy of that controller.
file() { # CONTROLLER GROUP FILE
	if v2; then
		echo "/sys/fs/cgroup/$CTR_CGROUP/$2/$3"
	else
		echo "/sys/fs/cgroup/$1/$CTR_CGROUP/$2/$3"
	fi
}
get() { ctr-cgset -g "$@" | tr '\n' ,; }
stat_of() { ctr-cgset --stat "$1" | sed -n "s/^$2 //p"; }
group_of() { (. "$CTR_RUN/containers/$1/state"; echo "/$cgroup"); }

test_teardown() {
	ctr-cgset -dk "/$CTR_CGROUP" 2>/dev/null || true
}

has() { # KEY=VALUE: what this kernel does not have is skipped, by name
	run ctr-cgset -c probe "$1"
	ctr-cgset -d probe 2>/dev/null || true
	case $output in
	*"has no"* | *"no such disk"* | *"is not mounted here"* | *"is switched off"*)
		skip "$output"
		;;
	esac
	[ "$status" = 0 ] || { echo "$output"; return 1; }
}

@test "what v1 has under another name is read back by the key that set it" {
	has cpu.max.burst=10000
	ctr-cgset -c demo cpu.max="50000 100000" cpu.max.burst=10000
	[ "$(get demo cpu.max cpu.max.burst)" = "50000 100000,10000," ]
}

@test "make, set, read, remove: the values come back under cgroup v2's names" {
	ctr-cgset -c demo memory.max=64M pids.max=10 cpu.weight=100 cpu.max="20000 100000"
	[ "$(get demo memory.max pids.max cpu.weight cpu.max)" = "67108864,10,100,20000 100000," ]
	ctr-cgset -g demo | grep -qx memory.max=67108864
	[ "$(cat "$(file pids demo pids.max)")" = 10 ]
	if v2; then
		[ "$(cat "$(file cpu demo cpu.weight)")" = 100 ]
	else
		[ "$(cat "$(file memory demo memory.limit_in_bytes)")" = 67108864 ]
		[ "$(cat "$(file cpu demo cpu.shares)")" = 1024 ]
		[ "$(cat "$(file cpu demo cpu.cfs_quota_us)")" = 20000 ]
	fi
	ctr-cgset demo memory.max=max cpu.max=max pids.max=max memory.low=1M
	[ "$(get demo memory.max cpu.max pids.max memory.low)" = "max,max 100000,max,1048576," ]
	ctr-cgset -d demo
	run -1 ctr-cgset -g demo
	[[ "$output" == *"no such group"* ]]
}

@test "a bad value, key or group leaves everything as it was, and says why" {
	ctr-cgset -c demo memory.max=64M pids.max=10
	run -1 ctr-cgset demo pids.max=20 memory.max=lots
	[[ "$output" == *"'lots' is not a size"* ]]
	run -1 ctr-cgset demo memory.max=32M pids.max=-5
	[[ "$output" == *pids* ]]
	run -1 ctr-cgset demo memory.max=32M cpu.weight=10001
	[[ "$output" == *"cpu.weight"* ]]
	run -1 ctr-cgset demo memory.max=32M memory.max=16M
	[ "$(get demo memory.max pids.max)" = "67108864,10," ]
	run -1 ctr-cgset demo nosuch.max=1
	[[ "$output" == *"no 'nosuch' controller"* ]]
	run -1 ctr-cgset nosuch memory.max=1M
	[[ "$output" == *"-c makes it"* ]]
	run -2 ctr-cgset demo word
	run -2 ctr-cgset -c c-mine
	[[ "$output" == *"containers' own"* ]]
	run -2 ctr-cgset -c "/$CTR_CGROUP/c-mine"
	run -2 ctr-cgset -c ../up
	run -1 ctr-cgset -c fresh memory.max=lots
	run -1 ctr-cgset -g fresh
	for all in -dk --freeze "--delegate root"; do run -2 ctr-cgset $all /; done
	[[ "$output" == *"whole system"* ]]
	run -2 ctr-cgset -g -l demo
	run -2 ctr-cgset -d demo other
}

@test "a signal while a group is made: it is not there afterwards, in no hierarchy" {
	need strace
	for call in mkdirat write; do
		for n in 1 2; do
			run strace -qqo calls -e inject=$call:signal=SIGTERM:when=$n \
				ctr-cgset -c sig pids.max=50 memory.max=64M
			[ "$status" = 143 ] # it died of the signal
			run ! ctr-cgset -l sig
		done
	done
	# a group that was there before stays, and its settings are whole
	ctr-cgset -c sig pids.max=60 memory.max=32M
	run strace -qqo calls -e inject=write:signal=SIGTERM:when=1 \
		ctr-cgset -c sig pids.max=50 memory.max=64M
	[ "$status" = 143 ]
	[ "$(ctr-cgset -g sig pids.max memory.max | xargs)" = "50 67108864" ]
	ctr-cgset -d sig
}

@test "what the kernel refuses half-way is undone, in every hierarchy" {
	disk=$(cat /sys/block/*/dev | tail -n 1)
	[ -n "$disk" ] || skip "no disk here"
	has "io.max=$disk rbps=1M"
	ctr-cgset -c demo memory.max=64M memory.swap.max=16M pids.max=10 cpu.max="20000 100000" \
		io.max="$disk rbps=1M wiops=5"
	before=$(get demo memory.max memory.swap.max pids.max cpu.max io.max)
	run -1 ctr-cgset demo memory.max=1G memory.swap.max=1M pids.max=20 cpu.max=50000 \
		io.max="$disk rbps=2M wbps=3M" io.max="4000:77 rbps=1"
	[[ "$output" == *"No such device"* ]]
	[ "$(get demo memory.max memory.swap.max pids.max cpu.max io.max)" = "$before" ]
	run -1 ctr-cgset -c fresh pids.max=20 io.max="4000:77 rbps=1"
	run -1 ctr-cgset -g fresh
}

@test "io.max: all four rates, sizes with k m g, read back, taken away" {
	disk=$(cat /sys/block/*/dev | tail -n 1)
	[ -n "$disk" ] || skip "no disk here"
	has "io.max=$disk rbps=1M"
	ctr-cgset -c demo io.max="$disk rbps=1M wbps=2M riops=10 wiops=20"
	[ "$(get demo io.max)" = "$disk rbps=1048576 wbps=2097152 riops=10 wiops=20," ]
	ctr-cgset demo io.max="$disk rbps=max wiops=max"
	[ "$(get demo io.max)" = "$disk rbps=max wbps=2097152 riops=10 wiops=max," ]
	run -1 ctr-cgset demo io.max="$disk fast=1"
	[[ "$output" == *"rbps="* ]]
}

@test "memory and swap go up and down alone and together, in any order" {
	has memory.swap.max=max
	ctr-cgset -c demo memory.max=64M memory.swap.max=16M
	for max in 128M 32M; do
		ctr-cgset demo memory.max=$max
		[ "$(get demo memory.max memory.swap.max)" = "$((${max%M} << 20)),16777216," ]
	done
	ctr-cgset demo memory.swap.max=0 memory.max=256M
	[ "$(get demo memory.max memory.swap.max)" = "268435456,0," ]
	ctr-cgset demo memory.max=1M memory.swap.max=1M
	[ "$(get demo memory.max memory.swap.max)" = "1048576,1048576," ]
	ctr-cgset demo memory.max=max memory.swap.max=max
	[ "$(get demo memory.max memory.swap.max)" = "max,max," ]
	v2 || {
		run -1 ctr-cgset demo memory.swap.max=1M
		[[ "$output" == *"v1 limits memory and swap together"* ]]
		run -1 ctr-cgset demo memory.high=1M memory.low=2M
	}
}

@test "a key that cannot be honoured names the controller and why" {
	# A v2 group cannot have processes and children with controllers at once; hybrid systems
	# have hugetlb on v2.
	key=memory.max=5M
	if ! v2; then
		key=hugetlb.2MB.max=2M
		has "$key"
	fi
	ctr-cgset -c demo -- sleep 1000 3>&- &
	wait_for 5 grep -q . "$(file pids demo cgroup.procs)"
	run -1 ctr-cgset -c demo/kid "$key"
	[[ "$output" == \
		*"not in cgroup.subtree_control of $CTR_CGROUP/demo, which has processes"* ]]
	run -1 ctr-cgset -g demo/kid
	ctr-cgset -k demo
	ctr-cgset -c demo/kid "$key"
	run -125 ctr-cgset demo -- true
	[[ "$output" == *"use a child"* ]]
	# Not mounted, not in the kernel, the other version's.
	if v2; then
		run -1 unshare -m sh -c 'umount /sys/fs/cgroup && ctr-cgset -c x memory.max=1M'
		[[ "$output" == *"no cgroup file system is mounted"* ]]
		run -1 ctr-cgset demo memory.limit_in_bytes=1M
		[[ "$output" == *"v2 of this kernel has no such setting"* ]]
	else
		run -1 unshare -m sh -c '
			umount /sys/fs/cgroup/memory && ctr-cgset -c x memory.max=1M'
		[[ "$output" == *"memory.max: the 'memory' controller is not mounted here"* ]]
		run -1 ctr-cgset demo memory.oom.group=1
		[[ "$output" == *"v1 of this kernel has no such setting"* ]]
		ctr-cgset demo memory.limit_in_bytes=32M
		[ "$(get demo memory.max memory.limit_in_bytes)" = 33554432,33554432, ]
	fi
	run -1 ctr-cgset demo misc.max=1
	[[ "$output" == *"CONFIG_CGROUP_MISC"* || "$output" == *misc* ]]
}

@test "session 2: a limit holds for the command that is run in the group; it is the same process" {
	run -137 ctr-cgset -c demo memory.max=64M memory.swap.max=0 \
		-- perl -e '$x = "x" x 100_000_000'
	[ "$(stat_of demo memory.events.oom_kill)" -ge 1 ]
	[ "$(sh -c 'echo $$; exec ctr-cgset demo -- sh -c "echo \$\$"' | uniq | wc -l)" = 1 ]
	[ "$(ctr-cgset demo -- cat /proc/self/cgroup | grep -c "/$CTR_CGROUP/demo\$")" -ge 1 ]
	run -7 ctr-cgset demo -- sh -c 'exit 7'
	run -126 ctr-cgset demo -- /etc/passwd
	run -125 ctr-cgset demo memory.max=lots -- true
	run -127 ctr-cgset -c fresh -- nosuch
	run -1 ctr-cgset -g fresh
}

@test "session 2: a memory limit of 64 MiB kills a 100 MiB process, only in that container" {
	ctr-run -d --name other "$ROOTFS" sleep 1000 >/dev/null
	run -137 ctr-run -m 64m --memory-swap 64m "$ROOTFS" \
		sh -c 'exec tail -c 100m /dev/zero >/dev/null'
	ctr-run -d --name big -m 64m --memory-swap 64m "$ROOTFS" \
		sh -c 'exec tail -c 100m /dev/zero >/dev/null' >/dev/null
	[ "$(ctr-wait big)" = 137 ]
	[ "$(ctr-inspect -f State.OOMKilled big)" = true ]
	[ "$(ctr-inspect -f State.OOMKilled other)" = false ]
	ctr-ps -an -o name,status | grep -q "other  running"
}

@test "cpu.max: 20 per cent are 15 to 25 per cent, measured over 2 s" {
	ctr-cgset -c demo cpu.max="20000 100000"
	ctr-cgset demo -- sh -c 'while :; do :; done' 3>&- &
	runs() { [ "$(stat_of demo cpu.usage_usec)" -gt 20000 ]; } # it has had its first share
	wait_for 5 runs
	for try in 1 2 3; do # tried again on a machine that is busy with something else
		a=$(stat_of demo cpu.usage_usec)
		s=$(date +%s%N)
		sleep 2
		b=$(stat_of demo cpu.usage_usec)
		e=$(date +%s%N)
		pct=$(((b - a) * 100000 / (e - s)))
		echo "# cpu.max 20 per cent: measured $pct" >&3
		[ $pct -lt 15 ] || break
	done
	[ $pct -ge 15 ]
	[ $pct -le 25 ]
}

@test "pids.max stops a fork bomb, and the host keeps working" {
	ctr-run -d --name bomb --pids-limit 20 "$ROOTFS" sh -c '
		b() { b | b & }; b; exec sleep 1000' >/dev/null
	g=$(group_of bomb)
	wait_for 20 grep -q '^max [1-9]' "$(file pids "../$g" pids.events)"
	for i in 1 2 3; do sh -c 'exit 0'; done
	[ "$(stat_of "$g" pids.current)" -le 20 ]
	ctr-rm -f bomb
	[ -z "$(ctr-ps -aq)" ]
}

@test "freeze stops the use of the processor at once, thaw resumes it" {
	ctr-cgset -c demo
	ctr-cgset demo -- sh -c 'while :; do :; done' 3>&- &
	pid=$!
	a=5 # ticks: more than the start takes
	more() { [ "$(awk '{ print $14 + $15 }' /proc/$pid/stat)" -gt "$a" ]; }
	wait_for 5 more
	ctr-cgset --freeze demo
	a=$(awk '{ print $14 + $15 }' /proc/$pid/stat)
	sleep 0.5
	[ "$(awk '{ print $14 + $15 }' /proc/$pid/stat)" = "$a" ]
	ctr-cgset --thaw demo
	wait_for 5 more
	ctr-cgset --freeze demo # a frozen group can be killed
	ctr-cgset -dk demo
	wait $pid || true
}

@test "move by pid and from stdin; the tree shows them; -d refuses, -dk kills first" {
	ctr-cgset -c one
	ctr-cgset -c two/sub
	sleep 1000 3>&- &
	a=$!
	sleep 1000 3>&- &
	b=$!
	ctr-cgset -p $a one
	run -1 sh -c "printf '%s\n' 4194304 $b | ctr-cgset -p - two/sub"
	[[ "$output" == *"4194304"*"No such process"* ]]
	[ "$(ctr-cgset -l)" = "$CTR_CGROUP/
  one/
    $a sleep
  two/
    sub/
      $b sleep" ]
	[ "$(ctr-cgset -l two | head -n 1)" = two/ ]
	run -1 ctr-cgset -d two
	[[ "$output" == *"processes are in it"* ]]
	ctr-cgset -dk two
	wait $b || true
	run -1 ctr-cgset -d two
	kill -0 $a
	run -2 ctr-cgset -p x one
}

@test "lines from a file: a bad one is named, the others are in force; two callers lose nothing" {
	printf 'one pids.max=11\n# no\n\ntwo pids.max=12 cpu.weight=50 cpu.max=20000 50000\n' |
		ctr-cgset -c -f -
	[ "$(get one pids.max)$(get two pids.max cpu.max)" = "11,12,20000 50000," ]
	printf 'one pids.max=21\none pids.max=x\n../x pids.max=1\ntwo pids.max=22\n' >lines
	run -1 ctr-cgset -f lines
	[[ "$output" == *"lines:2: "*"lines:3: "* ]]
	[ "$(get one pids.max)$(get two pids.max)" = 21,22, ]
	run -1 ctr-cgset -f .
	ctr-cgset -c demo
	for i in $(seq 101 110); do
		ctr-cgset demo pids.max=$i &
		a=$!
		ctr-cgset -c demo cpu.weight=$i memory.max=${i}M &
		wait $a
		wait $!
		[ "$(get demo pids.max cpu.weight memory.max)" = "$i,$i,$((i << 20))," ]
	done
}

@test "--watch: a line for an OOM kill, a limit that was met, and when it is empty, which ends it" {
	ctr-cgset -c demo memory.max=32M memory.swap.max=0 pids.max=3
	ctr-cgset demo -- sleep 1000 3>&- &
	wait_for 5 grep -q . "$(file pids demo cgroup.procs)"
	ctr-cgset --watch demo >seen 3>&- &
	w=$!
	wait_for 5 grep -q 'populated 1' seen
	ctr-cgset demo -- perl -e '$x = "x" x 100_000_000' || true
	wait_for 5 grep -q '^memory oom_kill [1-9]' seen
	ctr-cgset demo -- sh -c 'sleep 1000 & sleep 1000 & sleep 1000 & sleep 1000' 3>&- || true
	wait_for 5 grep -q '^pids max [1-9]' seen
	ctr-cgset --freeze demo
	wait_for 5 grep -q '^cgroup frozen 1' seen
	ctr-cgset -k demo
	wait $w
	[ "$(tail -n 1 seen)" = "cgroup populated 0" ] ||
		[ "$(tail -n 2 seen | sort | head -n 1)" = "cgroup frozen 0" ]
	v2 || {
		run -1 unshare -m sh -c '
			umount /sys/fs/cgroup/unified && ctr-cgset -c other &&
			ctr-cgset --watch other'
		[[ "$output" == *"can only be polled: --stat"* ]]
		ctr-cgset -d other
	}
}

@test "--stat says what the kernel says" {
	ctr-cgset -c demo memory.max=64M pids.max=7
	ctr-cgset demo -- sh -c '
		i=0
		while [ $i -lt 20000 ]; do
			i=$((i + 1))
		done
		while :; do
			sleep 1000
		done' 3>&- &
	wait_for 10 eval '[ "$(stat_of demo cpu.usage_usec)" -gt 10000 ]'
	ctr-cgset --freeze demo
	same() { # every line that the files give is there; wait_for knows no `set -e`
		ctr-cgset --stat demo >stat
		if v2; then
			for f in memory.current memory.max pids.current pids.max; do
				echo "$f $(cat "$(file x demo $f)")"
			done
			echo "cpu.usage_usec $(sed -n 's/^usage_usec //p' "$(file x demo cpu.stat)")"
			echo "memory.stat.anon $(sed -n 's/^anon //p' "$(file x demo memory.stat)")"
		else
			echo "memory.current $(cat "$(file memory demo memory.usage_in_bytes)")"
			echo "memory.stat.anon $(sed -n 's/^total_rss //p' \
				"$(file memory demo memory.stat)")"
			echo "cpu.usage_usec $(($(cat "$(file cpuacct demo cpuacct.usage)") / 1000))"
			echo "pids.current $(cat "$(file pids demo pids.current)")"
		fi | sort >want
		[ -s want ] || return 1
		[ -z "$(comm -23 want <(sort stat))" ]
	}
	wait_for 5 same
	grep -qx 'memory.max 67108864' stat
	grep -qx 'pids.max 7' stat
	grep -qx 'cgroup.populated 1' stat
	grep -qx 'cgroup.frozen 1' stat
	if [ -e "$(file x demo cpu.pressure)" ]; then grep -q '^cpu.pressure.some avg10=' stat; fi
}

@test "1,000 rounds of make, set and remove leave nothing" {
	rounds=1000
	if [ -d /run/rig ]; then rounds=50; fi # starting a process is slow there
	if [ -n "${CTR_SAN:-}" ]; then rounds=100; fi # and so it does with the sanitizers
	rounds=${CTR_TEST_ROUNDS:-$rounds}
	start=$(date +%s%N)
	for ((i = 0; i < rounds; i++)); do
		ctr-cgset -c r pids.max=5
		ctr-cgset -d r
	done
	echo "# $i rounds: $((($(date +%s%N) - start) / 1000000)) ms" >&3
	[ -z "$(find /sys/fs/cgroup -path "*/$CTR_CGROUP*" 2>/dev/null)" ]
	seq 1000 | sed 's|.*|r/& pids.max=5|' | ctr-cgset -c -f -
	[ "$(ctr-cgset -l r | wc -l)" = 1001 ]
	ctr-cgset -d r
	[ -z "$(find /sys/fs/cgroup -path "*/$CTR_CGROUP*" 2>/dev/null)" ]
}

@test "--delegate: a user makes and limits groups below, and cannot raise the limit above" {
	if ! v2; then
		run -1 ctr-cgset --delegate nobody demo
		[[ "$output" == *"cgroup v2"* ]]
		return
	fi
	run -1 ctr-cgset --delegate nosuchuser demo
	ctr-cgset -c demo pids.max=50
	ctr-cgset --delegate nobody demo
	[ "$(stat \
		-c %U \
		"/sys/fs/cgroup/$CTR_CGROUP/demo"{,/cgroup.procs,/cgroup.threads,/cgroup.subtree_control,/pids.max} | tr '\n' ' ')" = "nobody nobody nobody nobody root " ]
	ctr-cgset -c demo/shell
	cat >user <<-'END'
		export CTR_CGROUP=$CTR_CGROUP/demo
		ctr-cgset -c mine pids.max=20 memory.max=32M
		[ "$(ctr-cgset -g mine pids.max)" = 20 ]
		ctr-cgset mine -- grep -q "/demo/mine$" /proc/self/cgroup
		ctr-cgset -p $$ mine
		if ctr-cgset "/$CTR_CGROUP" pids.max=max 2>err; then exit 1; fi
		grep -q "not ours: run as root, or have it delegated" err
		if ctr-cgset -p $$ "/$CTR_CGROUP/.." 2>/dev/null; then exit 1; fi
	END
	chmod 777 .
	ctr-cgset demo/shell -- setpriv --reuid nobody --clear-groups sh -eux user
}

@test "a controller that was not delegated: the group is named, and no key is written" {
	v2 || skip "needs a pure cgroup v2 system: make check-v2"
	ctr-cgset -c demo
	ctr-cgset -c demo/part pids.max=50
	ctr-cgset --delegate nobody demo/part
	ctr-cgset -c demo/part/shell
	for g in demo/part demo; do
		echo -memory >"/sys/fs/cgroup/$CTR_CGROUP/$g/cgroup.subtree_control"
	done
	cat >user <<-'END'
		export CTR_CGROUP=$CTR_CGROUP/demo/part
		ctr-cgset -c mine pids.max=20
		if ctr-cgset mine pids.max=10 memory.max=32M 2>err; then exit 1; fi
		[ "$(wc -l <err)" = 1 ]
		grep "memory.max=.*: controller memory: .*(it is not in cgroup.subtree_control of .*/demo, which is not ours: not delegated)" err
		[ "$(ctr-cgset -g mine pids.max)" = 20 ]
	END
	chmod 777 .
	ctr-cgset demo/part/shell -- setpriv --reuid nobody --clear-groups sh -eux user
}

@test "--delegate: limits hold for a user's containers as they do for root's" {
	v2 || skip "needs a pure cgroup v2 system: make check-v2"
	need setpriv util-linux
	ctr-cgset -c demo pids.max=100
	ctr-cgset --delegate nobody demo
	ctr-cgset -c demo/shell
	cp -a "$ROOTFS" root
	mkdir -p home/run home/data
	chown -R nobody root home
	cat >user <<-'END'
		cd home
		export CTR_CGROUP=$CTR_CGROUP/demo
		ctr-run -m 16m ../root/ dd if=/dev/zero of=/dev/null bs=64M count=1 && exit 1
		[ $? -eq 137 ]
		ctr-run -m 128m ../root/ dd if=/dev/zero of=/dev/null bs=64M count=1
		ctr-run -d --name c -m 16m --pids-limit 9 ../root/ sleep 1000
		ctr-ps | grep ' c .* running '
		g=$(find /sys/fs/cgroup/$CTR_CGROUP -mindepth 1 -maxdepth 1 -type d -name 'c-*')
		[ "$(cat "$g/memory.max" "$g/pids.max" | tr '\n' ' ')" = "16777216 9 " ]
		ctr-stop -t 0 c
		[ ! -e "$g" ]
		ctr-rm c
	END
	chmod 777 .
	install -d "$WORLD/bin" && install "$CTRBOX" "$WORLD/bin/ctrbox" &&
		"$WORLD/bin/ctrbox" --install -s "$WORLD/bin"
	run ctr-cgset demo/shell -- setpriv --reuid nobody --regid "$(id -g nobody)" \
		--clear-groups env -i PATH="$WORLD/bin:$PATH" CTR_CGROUP="$CTR_CGROUP" \
		HOME="$WORLD/home" XDG_RUNTIME_DIR="$WORLD/home/run" \
		XDG_DATA_HOME="$WORLD/home/data" sh -eux user
	echo "$output"
	[[ $status -eq 0 && $output != *"not in effect"* && $output != *"no cgroup"* ]]
}

@test "--mount: a signal before the mount leaves no folder" {
	need strace strace
	run strace -qqo calls -e inject=mkdir:signal=SIGTERM:when=1 ctr-cgset --mount byhand here
	[ "$status" -eq 143 ]
	grep -q 'mkdir("here"' calls
	[ ! -e here ]
}

@test "--mount: a named v1 hierarchy, a group in it by hand, the shell moved there through tasks" {
	# A named hierarchy belongs to the whole kernel until it is empty, so it is made only where
	# the kernel is ours.
	v2 || skip "in a machine of its own only: make check-v2"
	mkdir root
	ctr-cgset --mount byhand root/h
	mkdir root/h/child
	sh -c 'echo $$ >root/h/child/tasks; exec grep -q "name=byhand:/child" /proc/self/cgroup'
	rmdir root/h/child
	umount root/h
	run -2 ctr-cgset --mount 'a b' root/x
	run -1 ctr-cgset --mount byhand /proc/x
	run -1 setpriv --reuid nobody --clear-groups ctr-cgset --mount byhand /dev/shm/x
	[ ! -e /dev/shm/x ]
}

@test "a container's limits hold from its first instruction, for exec too; update changes them" {
	f=memory/memory.limit_in_bytes
	v2 && f=memory.max
	[ "$(ctr-run -m 32m "$ROOTFS" cat /sys/fs/cgroup/$f)" = 33554432 ]
	ctr-run -d --name c -m 32m --cgroup pids.max=33 "$ROOTFS" sleep 1000 >/dev/null
	g=$(group_of c)
	[ "$(get "$g" memory.max pids.max)" = "33554432,33," ]
	[ "$(ctr-exec c grep -v systemd /proc/self/cgroup | grep -vc ':/$')" = 0 ]
	ctr-update -m 48m --pids-limit 44 --cpu-quota 50000 c
	[ "$(get "$g" memory.max pids.max cpu.max)" = "50331648,44,50000 100000," ]
	run -1 ctr-update -m 40m c pids.max=x
	[ "$(get "$g" memory.max)" = 50331648, ]
	ctr-stop -t 0 c
	ctr-start c >/dev/null
	[ "$(get "$g" memory.max pids.max)" = 50331648,44, ]
}

@test "ctr-run's limit flags become the group's settings, as docker means them" {
	disk=$(lsblk -dnpo NAME 2>/dev/null | tail -n 1)
	[ -b "${disk:-}" ] || disk=$(find /dev -maxdepth 1 -type b | sort | tail -n 1)
	io=()
	if [ -b "$disk" ] &&
		ctr-cgset -c probe "io.max=$(cat "/sys/block/${disk#/dev/}/dev") rbps=1M" \
		2>/dev/null; then
		io=(--device-read-bps "$disk:1g" --device-write-bps "$disk:2g" \
			--device-read-iops "$disk:100000" --device-write-iops "$disk:200000")
	fi
	ctr-run -d --name c -m 64m --memory-reservation 32m --cpus 1.5 --cpu-shares 512 \
		--pids-limit 99 "${io[@]}" \
		"$ROOTFS" sleep 1000 >/dev/null
	g=$(group_of c)
	[ "$(get "$g" memory.max memory.low cpu.max cpu.weight pids.max)" = \
		"67108864,33554432,150000 100000,59,99," ]
	[ "$(get "$g" memory.swap.max)" = 67108864, ]
	[ ${#io[@]} = 0 ] || [[ "$(get "$g" io.max)" == \
		*"rbps=1073741824 wbps=2147483648 riops=100000 wiops=200000," ]]
	ctr-rm -f c >/dev/null
	ctr-run -d --name c -m 64m --memory-swap 96m --cpu-period 50000 --cpu-quota 25000 \
		--cgroup memory.low=1m "$ROOTFS" sleep 1000 >/dev/null
	[ "$(get "$(group_of c)" memory.swap.max cpu.max memory.low)" = \
		"33554432,25000 50000,1048576," ]
	ctr-rm -f c >/dev/null
	ctr-run -d --name c -m 64m --memory-swap -1 "$ROOTFS" sleep 1000 >/dev/null
	[ "$(get "$(group_of c)" memory.swap.max)" = max, ]
	for bad in "-m 64m --memory-swap 32m" "--memory-swap 32m" "-m 1" \
		"-m 64m --memory-reservation 65m" "--cpus -1" \
		"--cpus 1 --cpu-quota 5000" "--cpu-quota 5" "--cpu-period 5" "--cpu-shares 1" \
		"--pids-limit x" \
		"--blkio-weight 5" "--device-read-bps /dev/null:1m" "--device-read-bps x" \
		"--cgroup pids" "--cgroup pids.max=x" \
		"--cgroup nosuch.max=1"; do
		run -125 ctr-run $bad "$ROOTFS" true
		[ "${#lines[@]}" = 1 ]
	done
	[ "$(ctr-ps -aq | wc -l)" = 1 ]
}

@test "cpuset: given, bad, and inherited by fresh groups at any depth" {
	has cpuset.cpus=0
	ctr-cgset -c demo cpuset.cpus=0 cpuset.mems=0
	[ "$(ctr-cgset demo -- sed -n 's/Cpus_allowed_list:.//p' /proc/self/status)" = 0 ]
	run -1 ctr-cgset demo cpuset.cpus=4000
	[ "$(get demo cpuset.cpus)" = 0, ]
	ctr-cgset -c demo/a/b -- true
	[ "$(ctr-run --cpuset-cpus 0 --cpuset-mems 0 "$ROOTFS" sed -n 's/Cpus_allowed_list:.//p' \
		/proc/self/status)" = 0 ]
	run -125 ctr-run --cpuset-cpus 4000 "$ROOTFS" true
}

@test "--blkio-weight and io.weight, where the kernel has a scheduler for them" {
	has io.weight=200
	g=$(ctr-run -d --name c --blkio-weight 500 "$ROOTFS" sleep 1000 >/dev/null; group_of c)
	[ "$(get "$g" io.weight)" = 4950, ] || [ "$(get "$g" io.weight)" = "default 4950," ]
	v2 || [ "$(cat "/sys/fs/cgroup/blkio$g/blkio.bfq.weight")" = 500 ] ||
		[ "$(cat "/sys/fs/cgroup/blkio$g/blkio.weight")" = 500 ]
}

@test "--cgroup-parent puts containers under a group with a limit of its own" {
	ctr-cgset -c demo memory.max=16M memory.swap.max=0
	run -137 ctr-run --cgroup-parent demo "$ROOTFS" \
		sh -c 'exec tail -c 100m /dev/zero >/dev/null'
}

@test "devices outside the list are neither made nor opened" {
	run ctr-run --security-opt seccomp=unconfined "$ROOTFS" sh -c '
		mknod /d c 1 1 && head -c 1 /d'
	[[ "$output" == *"not permitted"* ]]
	ctr-run "$ROOTFS" sh -c 'head -c 1 /dev/zero >/dev/null; echo x >/dev/null'
	run -1 ctr-run "$ROOTFS" sh -c ': </dev/loop-control'
	ctr-run --device /dev/loop-control "$ROOTFS" sh -c ': </dev/loop-control'
}

@test "a crash leaves a group that ctr-gc removes, under another parent too" {
	ctr-cgset -c demo
	ctr-run -d --name a "$ROOTFS" sleep 1000 >/dev/null
	ctr-run -d --name b --cgroup-parent demo "$ROOTFS" sleep 1000 >/dev/null
	stray=$(group_of a)
	stray=${stray%-*}-0123456789ab # and one of which there is no record
	for h in /sys/fs/cgroup /sys/fs/cgroup/*/; do
		[ ! -d "$h/$CTR_CGROUP" ] || mkdir "$h$stray"
	done
	for c in a b; do kill -9 "$(. "$CTR_RUN/containers/$c/state"; echo "$monitor")"; done
	[ "$(find /sys/fs/cgroup -path "*/$CTR_CGROUP/*" -name 'c-*' | wc -l)" -ge 3 ]
	ctr-gc
	[ "$(find /sys/fs/cgroup -path "*/$CTR_CGROUP/*" -name 'c-*' | wc -l)" = 0 ]
}

@test "inside another container the groups are read-only, and that is said" {
	if [[ "$BIN" == */san/* ]]; then
		skip "the sanitizer build is not static: it does not run in a container"
	fi
	cp -a "$ROOTFS" r
	cp -L "$CTRBOX" r/bin/ctr-cgset
	run -1 ctr-run ./r ctr-cgset -c x memory.max=1M
	[[ "$output" == *"mounted read-only"* ]]
	run -1 ctr-run ./r ctr-cgset -p 1 /
	[[ "$output" == *"read-only"* ]]
}

@test "a container that has groups of its own inside can still be entered" {
	v2 || skip "needs a pure cgroup v2 system: make check-v2"
	ctr-run -d --name c --privileged "$ROOTFS" sh -c '
		mkdir /sys/fs/cgroup/init && echo 1 >/sys/fs/cgroup/init/cgroup.procs &&
		echo +pids >/sys/fs/cgroup/cgroup.subtree_control && touch /ready
		exec sleep 1000' >/dev/null
	wait_for 5 ctr-exec c test -e /ready
	[ "$(ctr-exec c cat /proc/self/cgroup)" = 0::/init ]
}

@test "a long parent keeps the id: two containers never share a group" {
	long=$(printf 'p%.0s' {1..200})
	for n in a b; do
		ctr-run -d --name $n --cgroup-parent "$long/$long/$long" \
			--cgroupns host "$ROOTFS" sleep 1000 >/dev/null
		ctr-exec $n cat /proc/1/cgroup | sed -n 's/.*pids://p; s/^0:://p' |
			head -1 >group.$n
		grep -q "$(ctr-inspect -f '{{slice .Id 0 12}}' $n 2>/dev/null ||
			ctr-ps -q -f name=$n)" group.$n
	done
	run ! diff -q group.a group.b
	ctr-rm -f a b
	no_groups
}

@test "--mount CONTROLLER DIR shows that controller there, and --umount takes it away" {
	[ -d /sys/fs/cgroup/pids ] || skip "not a system of cgroup v1"
	ctr-cgset -c demo pids.max=7
	run -0 unshare -m --propagation private bash -c '
		ctr-cgset --mount pids here && cat "here/$CTR_CGROUP/demo/pids.max" &&
		ctr-cgset --umount here && ls here'
	[ "$output" = 7 ]
	ctr-cgset -d demo
	run -1 ctr-cgset --umount "$WORLD"
	[[ "$output" = *"not a cgroup file system"* ]]
	run -2 ctr-cgset --umount
}

@test "--back: a process is in every hierarchy where it was before it was moved" {
	ctr-cgset -c one pids.max=50
	ctr-cgset -c two pids.max=50
	sleep 1000 3>&- &
	pid=$!
	ctr-cgset -p $pid one
	[ ! -d /sys/fs/cgroup/memory ] ||
		echo $pid >"/sys/fs/cgroup/memory/$CTR_CGROUP/two/cgroup.procs"
	cp "/proc/$pid/cgroup" was
	ctr-cgset -c away pids.max=50
	ctr-cgset -p $pid away
	run ! diff -q was "/proc/$pid/cgroup"
	ctr-cgset -p $pid --back was
	diff was "/proc/$pid/cgroup"
	run -2 ctr-cgset --back was
	# what it could not do is named, and the rest is done
	if grep -q :pids: was; then
		ctr-cgset -p $pid away
		sed "s|^\([0-9]*:pids\):.*|\1:/nosuch|" was >wrong
		run -1 ctr-cgset -p $pid --back wrong
		[[ "$output" = *"not back in pids:/nosuch: No such file"* ]]
		grep -q "memory:/$CTR_CGROUP/two" "/proc/$pid/cgroup"
	fi
	echo noise >wrong
	run -1 ctr-cgset -p $pid --back wrong
	run -1 ctr-cgset -p 4194304 --back was
	[[ "$output" = *"No such process"* ]]
	kill $pid
	wait $pid || :
	ctr-cgset -d one
	ctr-cgset -d two
	ctr-cgset -d away
}

# all_groups: the groups of this world, below its own group, once each.
all_groups() {
	find /sys/fs/cgroup -type d -path "*/$CTR_CGROUP/*" 2>/dev/null |
		sed "s|.*/$CTR_CGROUP/||" | sort -u | tr '\n' ' '
}
no_groups() { [ -z "$(find /sys/fs/cgroup -maxdepth 4 -type d -name "$CTR_CGROUP" 2>/dev/null)" ]; }

@test "parent groups that were made for a container are removed with the last one below them" {
	ctr-run --cgroup-parent x/y/z "$ROOTFS" true
	no_groups
	run -125 ctr-run --cgroup-parent x/y/z --cgroup pids.max=x "$ROOTFS" true
	no_groups
	run -1 ctr-cgset -c x/y/z nosuch.max=1
	no_groups
	ctr-cgset -c x/y/z pids.max=9
	ctr-cgset -d x/y/z
	no_groups
	ctr-run -d --name k --cgroup-parent x/y/z "$ROOTFS" sleep 1000 >/dev/null
	monitor=$(. "$CTR_RUN/containers/k/state"; echo "$monitor")
	kill -9 "$monitor"
	wait_for 5 no_process "$monitor" # on a busy machine it ends a moment after the kill
	ctr-gc >/dev/null
	no_groups
	# A kill between making the parents and the group itself: only the mark on the parents shows
	# whose they are.
	for h in /sys/fs/cgroup /sys/fs/cgroup/*/; do
		[ ! -e "$h/cgroup.procs" ] || [[ "$h" = */systemd/ ]] ||
			mkdir -p -m 1755 "$h/$CTR_CGROUP" "$h/$CTR_CGROUP/x" "$h/$CTR_CGROUP/x/y"
	done
	ctr-gc >/dev/null
	no_groups
	# With two containers below one parent, the parent stays for the second.
	ctr-run -d --name one --cgroup-parent x/y "$ROOTFS" sleep 1000 >/dev/null
	ctr-run --cgroup-parent x/y "$ROOTFS" true
	ctr-exec one true
	ctr-rm -f one >/dev/null
	no_groups
}

@test "a group that was made or limited by hand stays when the containers below it have ended" {
	ctr-cgset -c demo pids.max=40
	ctr-run --cgroup-parent demo "$ROOTFS" true
	ctr-run --cgroup-parent demo/below "$ROOTFS" true
	run -125 ctr-run --cgroup-parent demo --cgroup pids.max=x "$ROOTFS" true
	ctr-gc
	[ "$(ctr-cgset -g demo pids.max)" = 40 ]
	[ "$(all_groups)" = "demo " ]
	ctr-cgset -d demo
	no_groups
	# A parent that was made on the way becomes the user's when he sets something in it or makes
	# it again.
	for claim in 'set' 'make'; do
		ctr-run -d --name c --cgroup-parent later "$ROOTFS" sleep 1000 >/dev/null
		if [ $claim = set ]; then
			ctr-cgset later pids.max=41
		else
			ctr-cgset -c later pids.max=41
		fi
		ctr-rm -f c >/dev/null
		[ "$(ctr-cgset -g later pids.max)" = 41 ]
		ctr-cgset -d later
		no_groups
	done
}

@test "a group's name is the same with slashes and dots more; one that leads out is refused" {
	for p in demo/ demo// ./demo demo/. /"$CTR_CGROUP"//demo; do
		ctr-run -d --name c --cgroupns host --cgroup-parent "$p" "$ROOTFS" sleep \
			1000 >/dev/null
		[[ "$(group_of c)" = "/$CTR_CGROUP/demo/c-"* ]]
		ctr-rm -f c >/dev/null
	done
	CTR_CGROUP=$CTR_CGROUP//below/ ctr-run "$ROOTFS" true
	no_groups
	for p in .. ../x /../x demo/../../x; do
		run -125 ctr-run --cgroup-parent "$p" "$ROOTFS" true
		[[ "$output" = *"--cgroup-parent: '$p' is not a group"* ]]
		run -2 ctr-cgset -c "$p"
	done
	CTR_CGROUP=../x run ! ctr-run "$ROOTFS" true
	[[ "$output" = *"CTR_CGROUP: '../x' is not a group"* ]]
	[ ! -e /sys/fs/cgroup/x ]
}

@test "memory.low of an untouched group is 0, on v1 as on v2" {
	ctr-cgset -c g
	ctr-cgset -g g | grep -qx memory.low=0
	ctr-cgset g memory.low=4M
	ctr-cgset -g g | grep -qx memory.low=4194304
	ctr-cgset -d g
}

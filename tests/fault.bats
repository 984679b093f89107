#!/usr/bin/env bats
# A start leaves nothing, whichever of its steps fails: this is tried in a loop with a build in
# which the n-th system call fails, or newer system calls answer as on an old kernel.

load lib

# A start that failed leaves nothing, without any gc. Only if the start succeeded and its cleaning
# up failed may ctr-gc be needed.
clean() { # by the shell alone, because it is asked a thousand times
	local f
	for f in "$CTR_LIB"/containers/{*,.[!.]*} "$CTR_RUN"/containers/{*,.[!.]*} \
		/sys/fs/cgroup/{,*/}"$CTR_CGROUP"; do
		if [ -e "$f" ] || [ -L "$f" ]; then return 1; fi
	done
	if [ ! -e "$CTR_RUN/leases" ]; then [ -z "$leases" ]; else
		[ "$(find "$CTR_RUN/leases" -type f ! -name .whole)" = "$leases" ]
	fi
}

# AT-LEAST STEP RUN-ARGUMENTS...: every STEP-th call fails, until forty calls in a row (or $row) are
# not missed
each_fault() {
	[ -x "$top/build/oldkernel/ctrbox" ] || skip "needs make OLDKERNEL=1"
	local least=$1 step=$2 ok=0 failed=0 n code m i leases said
	shift 2
	leases=$(find "$CTR_RUN/leases" -type f ! -name .whole 2>/dev/null || true) # a network's gateway has one
	m=$(grep -F "$WORLD" /proc/self/mountinfo || true) i=$(links)
	for ((n = 1; n <= 900 && ok * step < ${row:-40}; n += step)); do
		code=0
		CTR_FAULT=$n timeout 20 "$top/build/oldkernel/bin/ctr-run" "$@" >out 2>err ||
			code=$?
		if [ $code -eq 0 ]; then
			ok=$((ok + 1)) # the failure was tolerated, or there is no n-th call
			[[ " $* " != *" -d "* ]] || ctr-rm -f f >/dev/null 2>&1
			# the call that failed was part of the cleaning up at the end
			clean || ctr-gc >/dev/null
			clean || {
				echo "fault $n: succeeded, and left something: $(cat err; leftovers
					ls -A "$CTR_LIB/containers" "$CTR_RUN/containers")"
				return 1
			}
			continue
		fi
		ok=0 failed=$((failed + 1))
		[ $code -eq 125 ] || [ $code -eq 126 ] || {
			echo "fault $n: code $code: $(cat err)"
			return 1
		}
		said=$(<err)
		[ -n "$said" ] || { echo "fault $n: no message"; return 1; }
		# who cannot come back from the container's network leaves the host's part to gc
		[[ $said != *'come back:'* ]] || ctr-gc >/dev/null
		clean || {
			echo "fault $n: left $(ls -A "$CTR_LIB/containers" \
				"$CTR_RUN/containers"): $(cat err)"
			return 1
		}
	done
	echo "# $failed of $((n / step)) failed the start" >&3
	[ $failed -ge "$least" ]
	# mounts and interfaces of other tests come and go
	[ "$(grep -F "$WORLD" /proc/self/mountinfo || true)" = "$m" ]
	wait_for 10 no_more_than "$i"
}
links() { ip -o link | grep -o ' \(ctr\|veth\)[^:]*' | sort; }
no_more_than() { [ -z "$(comm -13 <(echo "$1") <(links))" ]; }

# bats test_tags=ctr-net
@test "an error that the C library has no words for is named; the others have theirs" {
	need strace
	says() { # ERROR WORDS
		run -1 strace -qq -o log -e trace=renameat -e "inject=renameat:error=$1" \
			unshare -n ctr-net create --subnet 10.98.7.0/24 n
		echo "$1: $output"
		[[ $output == "ctr-net: "*"conf: write: "$2 ]]
	}
	# as glibc has it (sanitizers), and ours
	says EUCLEAN '@(Structure needs cleaning|File system damaged)'
	says ENOPKG '@(Package not installed|Error 65)'
	says EIO '@(Input/output|I/O) error'
	says EROFS 'Read-only file system'
	says ENOSPC 'No space left on device'
	says EDQUOT '@(Disk quota|Quota) exceeded'
	says ESTALE 'Stale file handle'
}

# bats test_tags=ctr-run
@test "the n-th call of a start fails, n from 1 on: a message, an exit code, nothing left" {
	each_fault 60 1 "$ROOTFS" true
}

# bats test_tags=ctr-run
@test "the n-th call fails, detached" {
	each_fault 130 1 -d --name f "$ROOTFS" sleep 1000
}

# bats test_tags=ctr-run
@test "the n-th call fails, with volumes, a tmpfs, devices, limits and files" {
	mkdir v
	each_fault 40 5 -v "$WORLD/v:/v:ro" -v "$WORLD/v:/w/x" --tmpfs /t \
		--device /dev/null:/dev/mine --read-only -m 32m --sysctl kernel.msgmax=9000 \
		-u 1:1 --pidfile "$WORLD/pid" --dns 10.0.0.1 "$ROOTFS" true
}

# bats test_tags=ctr-run
@test "the n-th call fails, in a user namespace" {
	# every process of the machine is looked at, and what cannot be seen of one is none of ours
	row=400 each_fault 40 5 --userns auto "$ROOTFS" true
}

# bats test_tags=ctr-net,ctr-run
@test "the n-th call fails, on a network with a published port" {
	[ -x "$top/build/oldkernel/ctrbox" ] || skip "needs make OLDKERNEL=1"
	export -f each_fault clean links no_more_than wait_for
	export top WORLD ROOTFS
	# a network namespace of its own: forwarding and the tables of the machine are not touched
	unshare -n bash -c '
		ip link set lo up && ctr-net create --subnet 10.98.0.0/24 n >/dev/null &&
		exec 3>&1 &&
		ctr-run --net n -p 8099:80 "$ROOTFS" true &&
		each_fault 20 7 --net n -p 8099:80 "$ROOTFS" true && ctr-net rm n'
}

old() { # NAMES: without these calls the older ways work
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
	[ "$(ctr-exec old sh -c 'readlink /proc/self/ns/mnt')" = \
		"$(ctr-exec old readlink /proc/1/ns/mnt)" ]
	wait_for 5 sh -c '[ "$(ctr-logs old)" = out ]'
	ctr-pause old
	ctr-unpause old
	ctr-stop -t 1 old
	[ "$(ctr-ps -an -o status)" = exited ]
	ctr-start old >/dev/null
	ctr-rm -f old
	[ -z "$(ctr-ps -aq)" ]
}

# bats test_tags=ctr-run
@test "without clone3" { old clone3; }
# bats test_tags=ctr-run
@test "without pidfd_open and pidfd_send_signal" { old pidfd_open,pidfd_send_signal; }
# bats test_tags=ctr-run
@test "without openat2" { old openat2; }
# bats test_tags=ctr-run
@test "without open_tree and mount_setattr" { old open_tree,mount_setattr; }
# bats test_tags=ctr-run
@test "without close_range" { old close_range; }
# bats test_tags=ctr-run
@test "without cgroup.kill" { old cgroup.kill; }
# bats test_tags=ctr-run
@test "without setns on a pidfd" { old setns_pidfd; }
# bats test_tags=ctr-run
@test "clone3, close_range and renameat2 without their newer flags" {
	old into_cgroup,close_range_cloexec,rename_noreplace
}

# bats test_tags=ctr-exec,ctr-nsenter,ctr-run
@test "without time namespaces: the others are joined, and -T says what is missing" {
	old time
	ctr-run -d --name t "$ROOTFS" sleep 1000 >/dev/null
	[ "$(ctr-nsenter -a -t t readlink /proc/1/ns/mnt)" = \
		"$(ctr-exec t readlink /proc/self/ns/mnt)" ]
	run -125 ctr-nsenter -T -t t true
	[[ "$output" == *"time namespace"*"this kernel has no such namespaces"* ]]
}

# bats test_tags=ctr-create,ctr-run
@test "a hook's timeout is kept, with pidfds and without" {
	[ -x "$top/build/oldkernel/ctrbox" ] || skip "needs make OLDKERNEL=1"
	PATH=$top/build/oldkernel/bin:$PATH
	mkdir b
	ln -s "$ROOTFS" b/rootfs
	ctr-create --name c "$ROOTFS" true >/dev/null
	for no in none pidfd_open; do
		for s in 1000 0.2; do
			printf '#!/bin/sh\nexec sleep %s\n' "$s" >hook && chmod 755 hook
			sed "s|^{|{\"hooks\":{\"prestart\":[{\"path\":\"$WORLD/hook\",\"timeout\":1}]},|; s/\"annotations\":{[^}]*}/\"annotations\":{}/" \
				"$CTR_LIB/containers/c/config.json" >b/config.json
			code=0
			CTR_TEST_NO=$no timeout 20 ctr-run --bundle b >out 2>&1 || code=$?
			echo "$no $s: $code $(cat out)"
			if [ "$s" = 1000 ]; then
				[ $code -eq 125 ]
				grep -q "not done after 1 s" out
			else
				[ $code -eq 0 ]
			fi
		done
	done
}

# bats test_tags=ctr-run
@test "without all of them at once" { old all; }

# bats test_tags=ctr-net
@test "the n-th call of connect and of disconnect fails: done or not, and said; nothing is left" {
	[ -x "$top/build/oldkernel/ctrbox" ] || skip "needs make OLDKERNEL=1"
	export top WORLD ROOTFS
	cat >plug.sh <<-'END'
		ip link set lo up
		ctr-net create --subnet 10.98.0.0/24 n >/dev/null
		ctr-net create --subnet 10.97.0.0/24 m >/dev/null
		ctr-run -d --name a --net n -p 8099:80 "$ROOTFS" sleep 1000 >/dev/null
		ctr-net connect m a
		ctr-net disconnect m a # the bridge stays
		trap 'ctr-rm -f a; ctr-net rm n; ctr-net rm m' EXIT
		look() { seen | sed 's/10.97.0.[0-9]*/ADDRESS/'; }
		seen() { # the interfaces on both sides, the addresses, the leases
			ctr-exec a ip -4 -o addr | awk '{ print $2, $4 }'
			ip -o link | wc -l
			find "$CTR_RUN/leases" -type f ! -name '.*' | sed 's|.*/leases/||' | sort
			ctr-inspect a | grep -c '10[.]97[.]0'
		}
		without=$(look)
		ctr-net connect m a
		with=$(look)
		ctr-net disconnect m a
		bad() { echo "fault $n of $how: $*: exit $code: $(cat err)"; look; exit 1; }
		for how in connect disconnect; do
			ok=0 failed=0
			for n in $(seq 600); do
				[ $ok -lt 60 ] || break
				code=0
				CTR_FAULT=$n timeout 20 "$top/build/oldkernel/bin/ctr-net" $how m a 2>err ||
					code=$?
				if [ $code = 0 ]; then
					ok=$((ok + 1))
				else
					ok=0 failed=$((failed + 1))
					[ $code = 1 ] && [ -s err ] || bad "not a word, or another code"
				fi
				ctr-gc >gc 2>&1 || bad "gc: $(cat gc)"
				now=$(look)
				if [ $how = connect ]; then
					[ $code != 0 ] || [ "$now" = "$with" ] || bad "not done"
					[ "$now" = "$without" ] || [ "$now" = "$with" ] || bad "half done"
					[ "$now" = "$without" ] || ctr-net disconnect m a || bad "stays"
					[ "$(look)" = "$without" ] || bad "disconnect leaves something"
				else
					[ $code != 0 ] || [ "$now" = "$without" ] || bad "not done"
					[ "$now" = "$without" ] || [ "$now" = "$with" ] || bad "half done"
					[ "$now" = "$with" ] || ctr-net connect m a || bad "cannot come back"
					[ "$(look)" = "$with" ] || bad "connect does not make it whole"
				fi
			done
			echo "# $how: $failed of $n failed"
			[ $failed -ge 20 ] || exit 1
			[ $how = disconnect ] || ctr-net connect m a
		done
	END
	unshare -n sh plug.sh >plugged 2>&1 || { cat plugged; return 1; }
	cat plugged >&3
}

#!/usr/bin/env bats
# ctr-run --explain: the script it prints, run as it stands, gives the same container.
load lib
# bats file_tags=ctr-run,ctr-unshare,ctr-root,ctr-priv

test_setup() {
	not_san
	tar -C "$ROOTFS" -c . | ctr-image import i >/dev/null
	mkdir shared
	chmod 755 shared
	echo hello >shared/file
	printf 'K=from a file\n' >vars
	# What a process can see of its container, a line each, without what differs from start to start.
	cat >probe <<'END'
#!/bin/sh
echo "argv $0 $*"
sed 's/^[0-9]* [0-9]* [0-9]*:[0-9]* //; s/lowerdir=[^,]*,upperdir=[^,]*,workdir=[^,]*/layers/; s/master:[0-9]*/master/' \
	/proc/self/mountinfo | sed "s|/[^ ]*/volumes/[^ ]*|VOLUME|; s|^[^ ]*/\(hosts\|hostname\|resolv.conf\) /etc|FILE /etc|" | sort
grep -E '^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp|Umask):' /proc/self/status
sed 's|/c-[0-9a-f]*-|/|' /proc/self/cgroup
cat /proc/self/limits /proc/self/uid_map /proc/self/gid_map /proc/self/oom_score_adj
env | sort
pwd
hostname
cat /proc/sys/kernel/domainname
[ "$(readlink /proc/self/ns/net)" = "$HOST_NET" ] || { ip -o a | sed 's/if[0-9]*//; s/fe80[^ ]*//; s/tentative//'; ip route; }
cat /etc/hosts | sed 's/[0-9a-f]\{12\}/ID/g'
cat /etc/resolv.conf
ls -l /dev | sed 's/[A-Z][a-z][a-z] *[0-9]* *[0-9:]* / /'
for f in memory/memory.limit_in_bytes cpu/cpu.shares cpu/cpu.cfs_quota_us pids/pids.max cpuset/cpuset.cpus \
	blkio/blkio.weight devices/devices.list memory.max cpu.weight cpu.max pids.max cpuset.cpus; do
	[ ! -e /sys/fs/cgroup/$f ] || { echo $f; cat /sys/fs/cgroup/$f; }
done
for f in kernel/shm_rmid_forced net/ipv4/ip_forward net/ipv4/ping_group_range net/ipv4/ip_unprivileged_port_start fs/mqueue/msg_max; do
	cat /proc/sys/$f
done
for ns in pid net ipc uts mnt cgroup user; do
	[ "$(readlink /proc/self/ns/$ns)" = "$(eval echo \"\$HOST_$ns\")" ] && echo "shared $ns"
done
ls -ln / 2>&1 | sed 's/^\(d[^ ]*\) *[0-9]*/\1/; s/[A-Z][a-z][a-z] *[0-9]* *[0-9:]* / /'
touch /written 2>&1
ls -ln /written 2>&1 | sed 's/[A-Z][a-z][a-z] *[0-9]* *[0-9:]* / /'
exit 7
END
	chmod 755 probe
	for ns in pid net ipc uts mnt cgroup user; do
		printf -v "HOST_$ns" '%s' "$(readlink /proc/self/ns/$ns)"
		export "HOST_${ns?}"
	done
	HOST_NET=$(readlink /proc/self/ns/net)
	export HOST_NET
}

# same FLAGS... ROOT: ctr-run FLAGS ROOT and its explanation show the same inside.
same() {
	local flags=("$@") pass=()
	local v
	for v in pid net ipc uts mnt cgroup user; do pass+=(-e "HOST_$v"); done
	local box=(-h box)
	[[ " ${flags[*]} " != *" --uts host "* ]] || box=()
	local all=("${box[@]}" -v "$PWD/probe:/probe:ro" "${pass[@]}" -e HOST_NET "${flags[@]}" sh /probe a 'b  c')
	ctr-run "${all[@]}" </dev/null >direct 2>&1
	local code=$?
	ctr-run --explain "${all[@]}" >script || return 1
	sh -n script
	sh script </dev/null >explained 2>&1
	local code2=$?
	sed -i 's/[0-9a-f]\{12\}/ID/g' direct explained
	[ $code = 7 ] && [ $code2 = 7 ] && diff -u direct explained || {
		echo "with ${flags[*]}: $code and $code2"
		cat script
		return 1
	}
}

# forty FILE-LIKE: a line of flags each.
each_line() {
	local line n=0
	while IFS= read -r line; do
		[ -n "$line" ] || continue
		local words
		eval "words=($line)"
		same "${words[@]}" || return 1
		n=$((n + 1))
	done
	echo "$n sets"
}

@test "what --explain prints is the same container: roots, users, privileges" {
	each_line <<'END'
$ROOTFS
i
--read-only i
--read-only --tmpfs /tmp i
--tmpfs /scratch:size=1m,mode=700 i
-v $PWD/shared:/mnt i
-v $PWD/shared:/mnt:ro i
-v named:/data i
-v /data i
--mount type=bind,src=$PWD/shared/file,dst=/etc/motd,readonly i
--mount type=tmpfs,dst=/run/x,tmpfs-size=65536 i
-u 1000 i
-u 1000:100 --group-add 7 i
-w /new/folder i
-e A=1 -e 'B=two words' -e "C=it's" i
--env-file vars i
--umask 077 i
--cap-drop ALL i
--cap-drop ALL --cap-add NET_BIND_SERVICE -u 1000 i
--cap-add ALL i
--security-opt no-new-privileges i
--security-opt seccomp=unconfined i
--security-opt systempaths=unconfined i
--ulimit nofile=100:200 --ulimit core=0 i
--oom-score-adj 500 i
--init i
--shm-size 1m i
--device /dev/fuse i
--privileged i
END
}

@test "what --explain prints is the same container: groups, namespaces, networks" {
	ctr-run -d --name other i sleep 1000
	each_line <<'END'
-m 64m i
--cpus 0.5 --cpu-shares 512 i
--pids-limit 50 --cpuset-cpus 0 i
--cgroup-parent sub i
--cgroupns host i
--pid host i
--ipc host i
--ipc none i
--uts host i
--net host i
--net container:other i
--ipc container:other i
--domainname example i
--sysctl net.ipv4.ip_forward=1 --sysctl kernel.shm_rmid_forced=1 i
--add-host x:10.1.2.3 --dns 10.0.0.53 i
--userns 0:100000:65536 i
--userns 0:100000:65536 -v $PWD/shared:/mnt i
END
}

@test "--explain makes nothing, and says what has no steps" {
	ctr-run --explain --name x -v /data -v named:/y i true >script
	[ -z "$(ctr-ps -aq)" ] && [ -z "$(ctr-volume ls -q)" ]
	grep -q 'ctr-priv' script
	run -125 ctr-run --explain --net pasta i true
	[[ "$output" = *"--net pasta has no steps" ]]
}

@test "--explain=trace tells the steps of a start with their times, and runs it" {
	run -7 ctr-run --explain=trace -m 32m "$ROOTFS" sh -c 'exit 7'
	printf '%s\n' "${lines[@]}" | grep -qv '^ *[0-9]*\.[0-9]* ms  ' && false
	order=$(printf '%s\n' "${lines[@]}" | grep -o 'control group\|clone(2)\|mount proc\|pivot_root\|masked\|capabilities\|execve' | tr '\n' ' ')
	[ "$order" = "control group clone(2) mount proc pivot_root masked capabilities execve " ]
	run -0 ctr-run "$ROOTFS" true
	[ -z "$output" ]
	run -125 ctr-run --explain=noise "$ROOTFS" true
}

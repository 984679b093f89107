#!/usr/bin/env bats
# ctr-run --explain: the script that it prints, run as it stands, makes the same container.
load lib
# bats file_tags=ctr-run,ctr-unshare,ctr-root,ctr-priv
load net

test_setup() {
	not_san
	tar -C "$ROOTFS" -c . | ctr-image import i >/dev/null
	export TMPDIR=$PWD # the scripts keep their files there
	mkdir shared 'a b'
	chmod 755 shared
	echo hello >shared/file
	printf 'K=from a file\n' >vars
	# What a process can see of its container, a line each, without what differs from start to
	# start.
	cat >probe <<'END'
#!/bin/sh
echo "argv $0 $*"
sed 's/^[0-9]* [0-9]* [0-9]*:[0-9]* //; s/lowerdir=[^,]*,upperdir=[^,]*,workdir=[^,]*/layers/; s/master:[0-9]*/master/' \
	/proc/self/mountinfo | sed "s|/[^ ]*/volumes/[^ ]*|VOLUME|; s|^[^ ]*/\(hosts\|hostname\|resolv.conf\) /etc|FILE /etc|" | sort
grep -E '^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp|Umask|Sig(Ign|Blk)):' /proc/self/status
[ "$(cut -d' ' -f6 /proc/1/stat)" != 1 ] || echo 'a session of its own'
ls -A /tmp /run
sed 's|/c-[0-9a-f]*-|/|' /proc/self/cgroup
cat /proc/self/limits /proc/self/uid_map /proc/self/gid_map /proc/self/oom_score_adj
env | sort
pwd
hostname
cat /proc/sys/kernel/domainname
[ "$(readlink /proc/self/ns/net)" = "$HOST_NET" ] || { ip -o a | sort | sed 's/if[0-9]*//; s/fe80[^ ]*//; s/tentative//'; ip route; }
cat /etc/hosts | sed 's/[0-9a-f]\{12\}/ID/g'
cat /etc/resolv.conf
cat /sys/class/net/eth*/address /sys/class/net/eth*/mtu /proc/sys/net/ipv6/conf/eth*/accept_ra /proc/sys/net/ipv6/conf/eth*/disable_ipv6 2>/dev/null
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
ls -ln /written /etc /data 2>/dev/null | sed 's/^\([^ ]*\) *[0-9]* /\1 /; s/[A-Z][a-z][a-z] *[0-9]* *[0-9:]* / /'
rm -f /written
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
	local all=("${box[@]}" -v "$PWD/probe:/probe:ro" "${pass[@]}" -e HOST_NET "${flags[@]}" \
		sh /probe a 'b  c')
	"${AT[@]}" ctr-run "${all[@]}" </dev/null >direct 2>&1
	local code=$?
	"${AT[@]}" ctr-run --explain "${all[@]}" >script || return 1
	dash -n script || return 1
	"${AT[@]}" "${SH[@]}" script </dev/null >explained 2>&1
	local code2=$?
	# replaces an id, the address that was next, and the name of who warns
	sed -i -E 's/^ctr-[a-z]*: /ctr: /; s/(c-[0-9a-f]{8}-)?\b[0-9a-f]{12}(-[0-9]+)?/ID/g' \
		direct explained
	[[ "${flags[*]}" = *--ip* ]] ||
		sed -i -E \
		's/(10(\.[0-9]+){2})\.([2-9]|[0-9]{2,3})\b/\1.X/g; s/fd79::[0-9a-f]+/fd79::X/g; s/02:42:0a:[0-9a-f:]*/MAC/' direct explained
	[ $code = 7 ] && [ $code2 = 7 ] && diff -u direct explained || {
		echo "with ${flags[*]}: $code and $code2"
		cat script explained
		return 1
	}
}

AT=() SH=(sh)
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
--mount type=bind,src=./shared,dst=/m i
-v $PWD/shared/file:/etc/hosts -v $PWD/shared:/mnt:rslave i
-v /etc -v "$PWD/a b:/data/c d:ro" i
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
--no-pivot i
--tz CET-1CEST --unsetenv PATH -e PATH=/bin --entrypoint env i
--env-host i
--shm-size 1m i
--device /dev/fuse --device-cgroup-rule 'c 10:200 rwm' --no-hosts i
--platform "linux/$(uname -m)" i
--privileged i
END
}

@test "what --explain prints is the same container: groups, namespaces, networks" {
	ctr-run -d --name other i sleep 1000
	ctr-create --name giver -v given:/given:ro -v $PWD/shared:/both \
		-v /nameless i true >/dev/null
	printf '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO"}]}' >profile.json
	cp -a "$ROOTFS" copy
	ln -s copy copy-link
	each_line <<'END'
-m 64m i
--cpus 0.5 --cpu-shares 512 i
--pids-limit 50 --cpuset-cpus 0 --cpuset-mems 0 i
-m 32m --memory-swap 64m --memory-reservation 16m i
--cpu-period 50000 --cpu-quota 20000 --cgroup pids.max=33 i
--cgroup-parent sub i
--cgroupns host i
--pid host i
--ipc host i
--ipc none i
--uts host i
--net host i
--net container:other i
--ipc container:other i
--pid container:other i
--domainname example i
--sysctl net.ipv4.ip_forward=1 --sysctl kernel.shm_rmid_forced=1 i
--add-host x:10.1.2.3 --dns 10.0.0.53 --dns-option ndots:2 i
--userns 0:100000:65536 i
--userns 0:100000:65536 -v $PWD/shared:/mnt i
--userns 0:100000:65536 -v mapped:/data -v /etc i
--uidmap 0:100000:65536 --gidmap 0:200000:65536 i
--volumes-from giver i
-v $PWD/shared:/mnt:slave i
--security-opt seccomp=profile.json i
--rootfs --direct copy
--rootfs --root-link ./copy-link
END
}

@test "what --explain prints is the same container: bundles and image files" {
	cp -a "$ROOTFS" copy
	cp probe copy/probe
	ctr-oci spec >/dev/null
	mv copy rootfs
	mksquashfs rootfs sq >/dev/null 2>&1 ||
		skip "needs mksquashfs (apt-get install squashfs-tools)"
	# a bundle has its command itself
	bundle() {
		mkdir -p b
		printf '%s' "$1" >b/config.json
		ctr-run --bundle b </dev/null >direct 2>&1 || [ $? = 7 ] || cat direct
		ctr-run --explain --bundle b >script
		(cd / && sh "$WORLD/script" </dev/null >"$WORLD/explained" 2>&1) || [ $? = 7 ]
		sed -i -E 's/(c-[0-9a-f]{8}-)?\b[0-9a-f]{12}(-[0-9]+)?/ID/g' direct explained
		[ -s direct ] && diff -u direct explained || { cat direct script; return 1; }
	}
	local args='"args":["/bin/sh","/probe","a b"]' env
	env=$(for v in pid net ipc uts mnt cgroup user; do n=HOST_$v
		printf ',"%s=%s"' "$n" "${!n}"; done)
	base=$(tr -d '\n\t' <config.json |
		sed -E "s|\"path\": *\"rootfs\"|\"path\":\"$PWD/rootfs\"|; s|\"terminal\": *true|\"terminal\":false|; s|\"args\": *\[[^]]*\]|$args|; s|\"TERM=xterm\"|\"TERM=xterm\"$env|")
	bundle "$base"
	bundle \
		"$(echo "$base" |
		sed 's|"noNewPrivileges": *true|"noNewPrivileges":false,"oomScoreAdj":77|; s|"readonly": *true|"readonly":false|; s|"hostname"|"domainname":"dom","hostname"|')"
	bundle \
		"$(echo "$base" |
		sed 's|"linux": *{|"hooks":{},"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["sync"],"action":"SCMP_ACT_ERRNO"}]},\
		"devices":[{"path":"/dev/fuse","type":"c","major":10,"minor":229}],\
		"sysctl":{"net.ipv4.ip_forward":"1"},|')"
	bundle \
		"$(echo "$base" |
		sed 's|{ *"type": *"network" *}|{"type":"network"},{"type":"user"},{"type":"time"}|; s|"linux": *{|"linux":{"timeOffsets":{"monotonic":{"secs":1000}},\
		"uidMappings":[{"containerID":0,"hostID":0,"size":65536}],\
		"gidMappings":[{"containerID":0,"hostID":0,"size":65000}],|')"
	run -125 ctr-run --explain --bundle <(:)
	printf '%s' \
		"$(echo "$base" |
		sed 's|"linux": *{|"hooks":{"poststop":[{"path":"/bin/true"}]},"linux":{|')" \
		>b/config.json
	run -125 ctr-run --explain --bundle b
	[[ "$output" = *"hooks have no steps" ]]
	each_line <<'END'
./sq
--userns 0:100000:65536 ./sq
--userns 0:100000:65536 -v filled:/etc ./sq
--read-only -v /etc ./sq
END
}

@test "what --explain prints is the same container: pasta" {
	need pasta passt
	[ -c /dev/net/tun ] || skip "needs /dev/net/tun"

	net_up
	AT=(nsenter -t "$HOST" -n)
	each_line <<'END'
--net pasta i
--net pasta -p 8088:80 -p 127.0.0.1:8053:53/udp -p 9000-9001:90-91 i
END
	no_pasta() { [ -z "$(pgrep -f "$TMPDIR/ctr-[^ ]*/pasta.pid")" ]; }
	wait_for 5 no_pasta
}

test_teardown() { net_down; }

# The script for these options, without what differs from one to the next.
script_of() { ctr-run --explain "$@" i true | sed -E 's/[0-9a-f]{12}/ID/g'; }

@test "no option of ctr-run is missing from the script without a word" {
	local compared unseen refused group option dev
	compared=$(awk '/<<.END/ { on = 1 } /^END$/ { on = 0 } on' "$BATS_TEST_FILENAME")
	# for what no process inside can see the script is the same
	unseen=(-i -t -d --keep --pull=never --stop-signal=INT --stop-timeout=3 --log-driver=none \
		--log-opt=max-size=1m
		--log-max-size=1m --log-max-files=2 --label=a=b --annotation=a=b --cidfile=c \
		--pidfile=p --expose=80 --label-file=/dev/null
		--health-cmd=true --health-interval=9s --health-timeout=9s --health-retries=2 \
		--health-start-period=9s --health-start-interval=9s
		--health-on-failure=none --timeout=9)
	[ "$(script_of -d "${unseen[@]:2}")" = "$(script_of -d)" ]
	[ "$(script_of -i)" = "$(script_of)" ]
	[ "$(script_of --no-healthcheck)" = "$(script_of)" ]
	# the script's terminal
	[ "$(script_of -t | sed 's/ -e TERM=[^ ]*//')" = "$(script_of | sed 's/ --new-session//')" ]
	[ "$(script_of -d --restart=always --replace)" = "$(script_of -d)" ]
	[ "$(script_of --name x --rm)" = "$(script_of --name x)" ]
	[ ! -e c ]
	[ ! -e p ]
	# a key of the group
	group=(--blkio-weight=300:io.bfq.weight=)
	for dev in /dev/vda /dev/sda /dev/loop0; do [ ! -b $dev ] || break; done
	for option in read-bps write-bps read-iops write-iops; do
		group+=("--device-$option=$dev:1000:io.max=")
	done
	for option in "${group[@]}"; do
		script_of "${option%:*}" | grep -q "ctr-cgset -c.*${option##*:}" || {
			echo "$option"
			return 1
		}
	done
	refused=(--publish-all --systemd --secret --sdnotify --verity --storage-opt)
	for option in --secret=a,src=/etc/hostname --sdnotify=container --verity=00 \
		--storage-opt=size=1g; do
		run -125 ctr-run --explain $option i true
		[[ "$output" = *"${option%%=*}"* ]]
	done
	run -125 ctr-run --explain --net bridge -P i true
	[[ "$output" = *"-P"* ]]
	run -125 ctr-run --explain --systemd=always i true
	[[ "$output" = *"--systemd"* ]]
	local known=" --explain --name --rm --restart --replace --interactive --tty --detach --bundle --no-healthcheck ${unseen[*]%%=*} ${group[*]%%=*} ${refused[*]} "
	local short long wrong=
	while read -r short long; do
		[[ "$known" = *" $long "* || "$compared" = *"$long "* ]] || { [ "$short" != - ] &&
			[[ "$compared" = *"$short "* ]]; } || {
			echo "$short $long: neither compared, nor refused, nor known not to show"
			wrong=1
		}
	done \
		< <(ctr-run --help |
		sed -nE 's/^  (-.), (--[a-z0-9-]+).*/\1 \2/p; s/^ {6}(--[a-z0-9-]+).*/- \1/p')
	[ -z "$wrong" ]
}

@test "the caller's umask closes nothing of what a script makes" {
	ctr-run --explain -u 1000 "$ROOTFS" cat /etc/hosts >script
	umask 077
	run -0 sh script
	[[ "$output" = *localhost* ]]
}

@test "whatever bytes a word has, the script has them, twice and in every sh" {
	words=("a'b" $'two\nlines' '$(touch pwned)' '`touch pwned`' '-n' $'\xff\xfe' '"' '\' '' \
		'*' '~' "END" '$d')
	mkdir "it's \$(x)"
	ctr-run --explain -h "h'\$(x)" -e "V='\$(touch pwned)
\`x\`" --add-host END:10.0.0.1 -v "$PWD/it's \$(x):/m'\$(y)" -w "/w'\$z" "$ROOTFS" sh -c '
	printf "<%s>" "$@" "$V" "$PWD" "$(hostname)"; ls -d /m*' \
		sh "${words[@]}" >script
	local want sh
	want=$(printf '<%s>' "${words[@]}" "V='\$(touch pwned)
\`x\`" "/w'\$z" "h'\$(x)")
	want=${want/<V=/<}
	for sh in dash "busybox sh" "bash --posix" dash; do
		run -0 $sh script
		[ "$output" = "$want/m'\$(y)" ] || {
			echo "$sh: $output"
			echo "$want"
			return 1
		}
	done
	[ -z "$(find . -name pwned)" ]
}

@test "a script that is killed takes its container along, and cleans up what it left" {

	ctr-run --explain --name web i sh -c 'echo up; sleep 1000' >script
	sh script >out &
	local pid=$!
	wait_for 10 grep -q up out
	run -1 sh script # the name is already used
	kill -9 $pid
	gone() {
		[ -z "$(pgrep -f '^sleep 1000' -g "$pid")" ] &&
			[ -z "$(ctr-cgset -l web 2>/dev/null | grep '[0-9]$')" ]
	}
	wait_for 10 gone
	[ -d ctr-web ]
	sh script clean
	[ ! -e ctr-web ]
	run -1 ctr-cgset -g web
	# A signal that PID 1 ignores ends the script, as it ends ctr-run.
	for box in '' '--pid host'; do
		ctr-run --explain $box i sleep 1000 >script
		run -124 timeout -k 20 2 sh script
	done
	# a signal that an init handles is left to the init
	ctr-run --explain i sh -c 'trap "echo ended; exit 3" TERM; sleep 1000 & wait' >script
	run -124 timeout -k 20 2 sh script
	[ "$output" = ended ]
	# and two at once without a name
	ctr-run --explain i sh -c 'sleep 0.3; echo "$((1 + 1))"' >script
	sh script >a & sh script >b & wait
	[ "$(cat a b)" = "$(printf '2\n2')" ]
	[ -z "$(find . -maxdepth 1 -name 'ctr-*')" ]
}

@test "--explain makes nothing, and says what has no steps" {
	ctr-run --explain --name x -v /data -v named:/y i true >script
	[ -z "$(ctr-ps -aq)" ]
	[ -z "$(ctr-volume ls -q)" ]
	grep -q 'ctr-priv' script
}

@test "--explain=trace tells the steps of a start with their times, and runs it" {
	run -7 ctr-run --explain=trace -m 32m "$ROOTFS" sh -c 'exit 7'
	printf '%s\n' "${lines[@]}" | grep -qv '^ *[0-9]*\.[0-9]* ms  ' && false
	order=$(printf '%s\n' "${lines[@]}" |
		grep \
		-o 'control group\|clone(2)\|mount proc\|pivot_root\|masked\|capabilities\|execve' |
		tr '\n' ' ')
	[ "$order" = "control group clone(2) mount proc pivot_root masked capabilities execve " ]
	run -0 ctr-run "$ROOTFS" true
	[ -z "$output" ]
	run -125 ctr-run --direct / true
	[[ "$output" = *"--direct /: the host's own root"* ]]
	run -125 ctr-run --direct // true
	[[ "$output" = *"--direct /: the host's own root"* ]]
	run -125 ctr-run --explain=noise "$ROOTFS" true
}

@test "what --explain prints is the same container: networks of bridges, with ports" {
	net_up
	AT=(nsenter -t "$HOST" -n)
	h ctr-netcfg sysctl forward 2>/dev/null # whoever turns it on says so
	h ctr-net create --subnet 10.77.0.0/24 one >/dev/null
	h ctr-net create --subnet 10.78.0.0/24 --internal --mtu 1400 two >/dev/null
	h ctr-net create --subnet 10.79.0.0/24 --subnet fd79::/64 both >/dev/null
	each_line <<'END'
--net one i
--net one --ip 10.77.0.9 --mac 02:00:00:00:00:09 --dns 10.0.0.53 --dns-search x.example i
--net two --add-host h:host-gateway --network-alias al i
--name web --net one i
--net both i
--net both --ip 10.79.0.8 --ip6 fd79::8 i
--net one -p 8080:80 -p 127.0.0.1:8053:53/udp -p 9000-9002:90-92 i
--net both -p 8081:80 i
--net bridge --userns 0:100000:65536 i
--net one --net both i
--net both --net one --net two i
--net one --net name=both,ip=10.79.0.8,ip6=fd79::8,alias=zz -p 8080:80 i
--name web --net one:ip=10.77.0.9,alias=al --net both i
--net one --net both:mac=02:00:00:00:00:44,alias=al,gw-priority=1 i
--net one:mac=02:00:00:00:00:44 --net both:mac=02:00:00:00:00:45,alias=al i
END
	run -125 h ctr-run --explain --net two -p 8080:80 i true
	[[ $output = *"network two is internal"* ]]
	# its ports lead to it, and are gone when it has ended
	h ctr-run --explain --name web --net both -p 8080:80 i nc -l -p 80 -e echo hello >script
	h sh script </dev/null >out 2>&1 &
	BG+=($!)
	wait_for 10 h sh -c 'echo | timeout 2 busybox nc 127.0.0.1 8080 | grep hello'
	wait_for 10 no_process "${BG[0]}"
	[ -z "$(h ctr-netcfg show | grep publish)" ]
	[ -z "$(h ctr-ipam ls -n both)" ]
}

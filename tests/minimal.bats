#!/usr/bin/env bats
# CONFIG=minimal: nine applets in 288 KiB, without JSON, images and networks of their own.

CTR_BIN=${BATS_TEST_DIRNAME}/../build/minimal/bin
load lib

test_setup() {
	[ -x "$CTR_BIN/ctr-run" ] || skip "no minimal build here (make test-builds)"
}

# bats test_tags=ctr-exec,ctr-stop,ctr-nsenter,ctr-init,ctr-cgset
@test "its size, and its applets" {
	[ "$(stat -Lc %s "$CTRBOX")" -le 294912 ]
	[ "$("$CTRBOX" --list | sort | tr '\n' ' ')" = \
		"ctr-cgset ctr-exec ctr-gc ctr-init ctr-nsenter ctr-ps ctr-rm ctr-run ctr-stop " ]
}

# bats test_tags=ctr-exec,ctr-stop,ctr-init,ctr-cgset
@test "a container with everything is found again by exec as it was made" {
	ctr-run -d --name all --keep -e $'A=two\nlines \\n' -v "$WORLD/bind:/bind" -v named:/named \
		-u 1000:1000 --ulimit nofile=100:200 \
		--cap-drop all --cap-add net_admin --device /dev/null:/dev/mine \
		--sysctl net.ipv4.ip_forward=1 -m 64m --tmpfs /t:size=1m \
		--read-only -w /etc --init --umask 027 "$ROOTFS" sleep 100
	run ctr-exec all sh -c '
		pwd
		id -u
		ulimit -n
		ulimit -Hn
		echo "$A"
		sed -n "s/^CapBnd:\t//p;s/^Seccomp:\t//p" /proc/self/status
		cat /proc/sys/net/ipv4/ip_forward /proc/1/comm
		[ -c /dev/mine ] && mount | grep -c " /\(bind\|named\|t\) "
		touch /x'
	echo "$output"
	[ "${lines[*]:0:11}" = '/etc 1000 100 200 two lines \n 0000000000001000 2 1 ctr-init 3' ]
	[[ ${lines[11]} == *"Read-only file system" ]]
	[ "$(ctr-cgset -g "$( (. "$CTR_RUN/containers/all/state"; echo "/$cgroup"))" memory.max)" \
		= 67108864 ]
	[[ $(ctr-ps --json) == \
		'{"id":"'*'","name":"all","pid":'*',"status":"running","command":"sleep 100",'*',"exit":null,'*',"oom":false,'* ]]
	ctr-stop -t 1 all
	[ "$(ctr-ps -an -o name,status | tr -s ' ')" = "all exited" ]
	ctr-rm all
}

# bats test_tags=ctr-exec,ctr-nsenter
@test "a user namespace of its own, entered by nsenter too" {
	ctr-run -d --name u --userns auto "$ROOTFS" sleep 100
	[ "$(ctr-exec u awk '{ print $1, $3 }' /proc/self/uid_map)" = "0 65536" ]
	[ "$(ctr-nsenter -a -t u cat /proc/1/comm)" = sleep ]
	ctr-rm -f u
}

# bats test_tags=ctr-run
@test "the exit code comes out; a monitor that has logged much is still small" {
	run ctr-run "$ROOTFS" sh -c 'exit 7'
	[ "$status" = 7 ]
	ctr-run -d --name talk "$ROOTFS" sh -c '
		i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; sleep 100'
	local monitor
	monitor=$(awk '/^PPid/ { print $2 }' "/proc/$(ctr-ps -n -o pid)/status")
	wait_for 20 grep -q 'line 19999' "$CTR_LIB/containers/talk/log"
	[ "$(awk '/^RssAnon/ { print $2 }' "/proc/$monitor/status")" -lt 1024 ]
	ctr-rm -f talk
}

# bats test_tags=ctr-cgset
@test "what it has not is said in a line" {
	local want='(CONFIG=minimal)'
	mkdir b && echo '{}' >b/config.json
	run ctr-run --bundle b
	[ "$status" = 125 ] && [[ $output == *"--bundle: this build has no OCI bundles $want"* ]]
	run ctr-run --security-opt seccomp=b/config.json "$ROOTFS" true
	[ "$status" = 125 ] && [[ $output == \
		*"this build has no profiles but the built-in one $want" ]]
	run ctr-run alpine true
	[ "$status" = 125 ] && [[ $output == *"no images"* ]]
	ctr-cgset -c g
	run ctr-cgset --stat g
	[ "$status" = 1 ] && [[ $output == *"this build has no statistics $want" ]]
	run ctr-cgset --watch g
	[ "$status" = 1 ] && [[ $output == *"this build has no events $want" ]]
	ctr-cgset -d "/$CTR_CGROUP"
}

# bats test_tags=ctr-run
@test "in a user namespace that somebody else has made, the root is writable as elsewhere" {
	unshare -Urm true 2>/dev/null || skip "needs unshare -Urm (user namespaces)"
	[ "$(unshare -Urm ctr-run "$ROOTFS" sh -c 'echo new >/file && cat /file' 2>err)" = new ] ||
		{
		cat err
		return 1
	}
}

#!/usr/bin/env bats
# Real callers with ctr-oci as their runtime: containerd, dockerd, podman, buildah. Each runs from
# packages that are unpacked beside the system, in a mount namespace of its own, without a bridge
# and without a rule in any firewall.
load lib
# bats file_tags=ctr-oci

peers=$BATS_TEST_DIRNAME/../build/peers

test_setup() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	sh "$BATS_TEST_DIRNAME/oci-peers.sh" "$(realpath -m "$peers")" ||
		skip "needs Debian's packages of docker.io, containerd"
	P=$(realpath "$peers/root")
	mkdir bin
	ln -s "$(realpath "$CTRBOX")" bin/runc
	export P LD_LIBRARY_PATH=$P/usr/lib/$(uname -m)-linux-gnu
	export PATH=$PWD/bin:$P/usr/bin:$P/usr/sbin:$PATH
	# The image of the callers: without most of the links to busybox, which vfs copies twice for
	# each container.
	mkdir root
	(cd "$ROOTFS" && cp -a dev etc home proc root run sbin sys tmp usr var "$WORLD/root/")
	mkdir root/bin
	cp -a "$ROOTFS"/bin/{busybox,cat,echo,false,grep,hostname,id,nc,ps,sh,sleep,stty} \
		"$ROOTFS"/bin/{test,touch,tr,true,tty,usleep} root/bin/
	tar -C root -cf box.tar .
}

# apart SCRIPT: run it by bash in a network and a mount namespace with an empty /run; what it starts
# ends with it.
apart() {
	cat >script
	groups >groups.before
	timeout 100 unshare -m -n --propagation private bash -c '
		ip link set lo up
		mount -t tmpfs t /run
		# useradd, as other tests run it, replaces files in /etc, and takes mounts on them
		# away
		cp -a /etc etc && mount --bind etc /etc
		readlink /proc/self/ns/mnt >ns
		trap "kill \$daemon 2>/dev/null; wait" EXIT
		. ./script' </dev/null >out 2>&1 3>&- || true
}
# Lists the groups that callers make for their containers.
groups() {
	find /sys/fs/cgroup -mindepth 2 -maxdepth 3 -type d \( -path '*/docker*' -o \
		-path '*/default*' -o -path '*/moby*' -o -path '*/libpod*' \) 2>/dev/null | sort
}
inside() {
	find /proc -maxdepth 3 -path '/proc/[0-9]*/ns/mnt' -printf '%p %l\n' 2>/dev/null |
		grep -F "$(cat ns)" | while IFS=/ read -r _ _ p _; do
		echo "$p $(tr '\0' ' ' <"/proc/$p/cmdline" 2>/dev/null)"
	done
}
# No process of the caller and its containers is left (such as a shim that outlives its daemon), and
# no group but conmon's (podman's container has one beside that), or what else is said to be that of
# another test's podman.
nothing_left() {
	wait_for 10 eval '[ -z "$(inside)" ]' || {
		inside | tee left
		cut -d' ' -f1 left | xargs -r kill -9
		return 1
	}
	groups | comm -13 groups.before - | grep -vE "/${1:-libpod_parent(/conmon)?\$}" |
		tee left
	[ ! -s left ]
}

# docked OPTION... SCRIPT: apart, with a dockerd of these options, `d` for docker, and the image
# box.
docked() {
	{
		printf 'set -- %s\n' "$*"
		cat <<-'END'
			echo daemon:100000:65536 >sub
			cp sub /etc/subuid; cp sub /etc/subgid
			dockerd --data-root $PWD/d --exec-root /run/dx -H unix://$PWD/s --pidfile $PWD/pid --iptables=false \
				--ip6tables=false --storage-driver vfs --add-runtime ctrbox=$PWD/bin/runc --default-runtime ctrbox "$@" >log 2>&1 & daemon=$!
			export DOCKER_HOST=unix://$PWD/s
			d() { timeout 30 "$P/usr/bin/docker" "$@"; }
			# until VALUE COMMAND...: wait until it prints that, 15 s at most; says what it printed.
			until_() {
				local want=$1 i have
				shift
				for ((i = 0; i < 60; i++)); do have=$("$@" 2>&1); [ "$have" = "$want" ] && break; sleep 0.25; done
				echo "$have"
			}
			for i in $(seq 200); do [ -S s ] && break; sleep 0.1; done
			for i in $(seq 80); do d import - box <box.tar >/dev/null 2>&1 && break; sleep 0.25; done
		END
		cat
	} | apart
}

line() { grep -Fxq "$1" out || { cat out; echo "no line: $1"; return 1; }; }

@test "containerd: run, exec, pause, metrics, kill" {
	apart <<-'END'
		containerd --root $PWD/c/root --state $PWD/c/state --address $PWD/s >log 2>&1 & daemon=$!
		for i in $(seq 50); do [ -S s ] && break; sleep 0.2; done
		run() { ctr -a $PWD/s "$@"; }
		run run --rm --rootfs --runc-binary $PWD/bin/runc $ROOTFS one sh -c 'echo hello $(id -u); exit 4'
		echo "run $?"
		run run -d --rootfs --runc-binary $PWD/bin/runc $ROOTFS two sleep 100
		run task exec --exec-id e two sh -c 'exit 5'
		echo "exec $?"
		run task pause two; echo "pause $(run task ls | grep -c PAUSED)"
		run task resume two; echo "resume $(run task ls | grep -c RUNNING)"
		run task metrics two | grep -q pids && echo metrics
		run task kill -s KILL two
		for i in $(seq 100); do run task ls | grep -q STOPPED && break; sleep 0.1; done
		run task rm two; run container rm two
		echo "left $(run task ls -q | wc -l)"
	END
	line "hello 0"
	line "run 4"
	line "exec 5"
	line "pause 1"
	line "resume 1"
	line "metrics"
	line "left 0"
	nothing_left libpod
}

@test "dockerd: run, exec, limits, OOM, logs, top, --init, terminal, exit codes, restart policy" {
	docked --bridge none <<-'END'
		d run --rm box sh -c 'echo hello; exit 4'; echo "run $?"
		d run --rm -u 5:6 --read-only box sh -c 'echo "$(id -u):$(id -g)"; touch /x 2>/dev/null || echo read-only'
		d run -d --name ww -m 64m --cpus .5 --pids-limit 30 box sh -c 'echo logged; sleep 100' >/dev/null
		d exec ww sh -c 'exit 3'; echo "exec $?"
		d logs ww
		d top ww | grep -q 'sleep 100' && echo top
		d pause ww >/dev/null && d unpause ww >/dev/null && echo paused
		d update --pids-limit 44 ww >/dev/null && echo updated
		d stop -t 1 ww >/dev/null; echo "stopped $(d inspect -f '{{.State.ExitCode}}' ww)"
		d start ww >/dev/null && echo "again $(d inspect -f '{{.State.Status}}' ww)"
		d rm -f ww >/dev/null
		d run --rm box no-such; echo "missing $?"
		d run --rm box /etc/passwd; echo "denied $?"
		d run --rm --init box ps | grep -q docker-init && echo init
		d run --rm -m 16m box sh -c 'x=a; while :; do x=$x$x$x; done'; echo "oom $?"
		script -qec "$P/usr/bin/docker run --rm -t box tty" /dev/null | tr -d '\r'
		d run --rm --tmpfs /t --ulimit nofile=99 -h hh --sysctl kernel.shm_rmid_forced=1 box sh -c \
			'echo "$(hostname) $(ulimit -n) $(cat /proc/sys/kernel/shm_rmid_forced)"'
		d run --name rr --restart on-failure:2 -d box false >/dev/null
		restarts() { d inspect -f '{{.RestartCount}} {{.State.ExitCode}} {{.State.Status}}' rr; }
		echo "restarted $(until_ '2 1 exited' restarts)"
		d rm -f rr >/dev/null
		for i in $(seq 5); do d run -d --name many$i box sleep 100 >/dev/null & many="$many $!"; done
		wait $many
		echo "many $(d ps -q | wc -l)"
		d kill $(d ps -q) >/dev/null; d rm -f $(d ps -aq) >/dev/null
		echo "left $(d ps -aq | wc -l)"
	END
	local l
	for l in hello "run 4" 5:6 read-only "exec 3" logged top paused updated "stopped 137" \
		"again running" "missing 127" \
		"denied 126" init "oom 137" /dev/pts/0 "hh 99 1" "restarted 2 1 exited" "many 5" \
		"left 0"; do
		line "$l"
	done
	nothing_left libpod
}

@test "docker run -it and exec -it: what is typed into a real terminal, and its size" {
	docked --bridge none <<-'END'
		keys() { # typed at the prompt; the terminal is there until the command has ended
			rm -f ended; : >seen
			{
				for i in $(seq 100); do grep -q '/ # ' seen && break; sleep 0.1; done
				printf "$1"
				for i in $(seq 100); do [ -e ended ] && break; sleep 0.1; done
			} | script -qefc "stty rows 33 cols 101; $2; touch ended" seen | tr -d '\r'
		}
		d run -d --name it box sleep 100 >/dev/null
		keys 'echo typed $((3*7)); exit 5\n' "$P/usr/bin/docker run --rm -it box sh; echo it \$?"
		# docker tells the size after the start: until then stty knows none, and fails
		keys 'for i in $(seq 50); do stty size && break; sleep 0.1; done; echo entered $((4*7)); exit 6\n' \
			"$P/usr/bin/docker exec -it it sh; echo entered it \$?"
		d rm -f it >/dev/null
	END
	for l in "typed 21" "it 5" "33 101" "entered 28" "entered it 6"; do line "$l"; done
	nothing_left libpod
}

@test "dockerd with userns-remap: a port, health, a build, ten at once, a killed shim" {
	need curl
	docked --bip 10.213.7.1/24 --userns-remap daemon <<-'END'
		d run --rm box sh -c 'tr -s " " </proc/self/uid_map'
		d run -d --name web -p 127.0.0.1:8088:80 box sh -c 'while :; do echo published | nc -l -p 80; done' >/dev/null
		echo "outside $(stat -c %u /proc/$(d inspect -f '{{.State.Pid}}' web))"
		echo "exec $(d exec -u 7 web id -u)"
		until_ published timeout 2 curl -s --http0.9 127.0.0.1:8088
		d run -d --name hc --health-cmd 'test -e /ok' --health-interval 1s --health-retries 1 box sleep 100 >/dev/null
		health() { d inspect -f '{{.State.Health.Status}}' hc; }
		until_ unhealthy health
		d exec hc touch /ok
		until_ healthy health
		mkdir b; printf 'FROM box\nRUN id -u >/b\nUSER 5\nRUN id -u >/tmp/c\nCMD cat /b /tmp/c | tr -d "\\n"\n' >b/Dockerfile
		DOCKER_BUILDKIT=0 d build -q -t built b >/dev/null; echo "built $(d run --rm built)"
		for i in $(seq 10); do d run -d --name many$i box sleep 100 >/dev/null & many="$many $!"; done
		wait $many
		echo "many $(d ps -q --filter name=many | wc -l)"
		shim=$(awk '/^PPid/ { print $2 }' /proc/$(d inspect -f '{{.State.Pid}}' many1)/status)
		grep -q shim /proc/$shim/cmdline && kill -9 $shim
		state() { d inspect -f '{{.State.Status}} {{.State.ExitCode}}' many1; }
		echo "shim $(until_ 'exited 137' state)"
		d start many1 >/dev/null; echo "again $(state)"
		d kill $(d ps -q) >/dev/null; d rm -f $(d ps -aq) >/dev/null
		echo "left $(d ps -aq | wc -l)"
	END
	local l
	for l in " 0 100000 65536" "outside 100000" "exec 7" published unhealthy healthy \
		"built 05" "many 10" "shim exited 137" \
		"again running 0" "left 0"; do
		line "$l"
	done
	nothing_left libpod
}

@test "docker Swarm: a service of three is scaled, updated, rolled back; a killed task returns" {
	docked --bridge none <<-'END'
		d swarm init --advertise-addr 127.0.0.1 --listen-addr 127.0.0.1:2377 >/dev/null; echo "swarm $?"
		replicas() { d service ls --format '{{.Replicas}}'; }
		update() { d service inspect -f '{{with .UpdateStatus}}{{.State}}{{end}}' sv; }
		# The variable V as the containers that run have it, each value once.
		have() {
			for p in $(d ps -q | xargs -r "$P/usr/bin/docker" inspect -f '{{.State.Pid}}'); do
				tr '\0' '\n' </proc/$p/environ
			done | sed -n 's/^V=//p' | sort -u
		}
		d service create -q -d --name sv --replicas 3 --env V=one --stop-grace-period 0s --update-parallelism 0 \
			--update-monitor 1s --rollback-parallelism 0 --rollback-monitor 1s --limit-memory 64m box sleep 1000 >/dev/null 2>&1
		echo "three $(until_ 3/3 replicas)"
		d service scale -d sv=5 >/dev/null
		echo "five $(until_ 5/5 replicas)"
		d service update -q -d --env-add V=two sv >/dev/null
		echo "update $(until_ completed update) $(until_ two have)"
		d service rollback -q -d sv >/dev/null
		echo "back $(until_ rollback_completed update) $(until_ one have)"
		d kill $(d ps -q | head -n 1) >/dev/null
		until_ 4/5 replicas >/dev/null
		echo "healed $(until_ 5/5 replicas)"
		d service rm sv >/dev/null
		echo "left $(until_ '' d ps -q)"
		d swarm leave --force >/dev/null
	END
	local l
	for l in "swarm 0" "three 3/3" "five 5/5" "update completed two" \
		"back rollback_completed one" "healed 5/5" "left "; do
		line "$l"
	done
	nothing_left libpod
}

# podman_apart PREFIX SCRIPT: apart, with a configuration for podman, `p` for PREFIX podman;
# `again_and_pod` gives the container `a` a second life and its end, and runs a pod of two.
podman_apart() {
	{
		printf 'p() { timeout 30 %s podman "$@"; }\n' "$1"
		cat <<-'END'
			export CONTAINERS_STORAGE_CONF=$PWD/storage.conf CONTAINERS_CONF=$PWD/containers.conf
			printf '[storage]\ndriver="vfs"\ngraphroot="%s/g"\nrunroot="%s/run/r"\n' $PWD $PWD >storage.conf
			cat >containers.conf <<-CONF
			[engine]
			cgroup_manager="cgroupfs"
			events_logger="file"
			runtime="ctrbox"
			tmp_dir="$PWD/run/t"
			conmon_path=["$(command -v conmon)"]
			conmon_env_vars=["PATH=$PATH","CTR_LIB=$CTR_LIB","CTR_RUN=$CTR_RUN"]
			[engine.runtimes]
			ctrbox=["$PWD/bin/runc"]
			[containers]
			default_ulimits=["nofile=1024:1024","nproc=1024:1024"]
			netns="none"
			CONF
			again_and_pod() {
				p stop -t 0 a >/dev/null && p start a >/dev/null && p inspect -f 'again {{.State.Status}}' a
				p rm -f -t 0 a >/dev/null
				p pod create --infra=false --name pd >/dev/null
				for i in x y; do p run -d --pod pd --name $i localhost/box sleep 100 >/dev/null; done
				p pod ps --format '{{.NumberOfContainers}} {{.Status}}'
				p pod rm -f -t 0 pd >/dev/null
			}
		END
		cat
	} | apart
}

@test "podman as root, and buildah: run, exec, pause, limits, top, pod, health, exit codes" {
	command -v podman >/dev/null && command -v conmon >/dev/null ||
		skip "needs podman and conmon"
	podman_apart "" <<-'END'
		# podman makes folders for hierarchies that are not mounted: in a copy of what is there
		if [ "$(stat -f -c %T /sys/fs/cgroup)" = tmpfs ]; then
			mkdir cg && mount -t tmpfs t cg
			for d in /sys/fs/cgroup/*/; do mkdir "cg/$(basename "$d")" && mount --bind "$d" "cg/$(basename "$d")"; done
			mount --move cg /sys/fs/cgroup
		fi
		p import - box <box.tar >/dev/null 2>&1
		p run --rm localhost/box sh -c 'echo hello $(id -u); exit 4'; echo "run $?"
		p run -d --name a -m 64m --pids-limit 50 --health-cmd true --health-interval disable localhost/box sleep 100 >/dev/null
		p exec a sh -c 'exit 3'; echo "exec $?"
		p exec -u 5:6 a id -u
		p pause a >/dev/null && p unpause a >/dev/null && echo paused
		p top a | grep -q 'sleep 100' && echo top
		p healthcheck run a && echo healthy
		again_and_pod
		p run --rm --uidmap 0:100000:1000 localhost/box sh -c 'tr -s " " </proc/self/uid_map'
		p run --rm localhost/box no-such; echo "missing $?"
		p run --rm localhost/box /etc/passwd; echo "denied $?"
		echo "left $(p ps -aq | wc -l)"
		b() { timeout 30 buildah "$@"; }
		c=$(b from --pull-never localhost/box) && b run --runtime $PWD/bin/runc $c sh -c 'echo built $(id -u)' && b rm $c >/dev/null
	END
	local l
	for l in "hello 0" "run 4" "exec 3" 5 paused top healthy "again running" "2 Running" \
		" 0 100000 1000" "missing 127" "denied 126" \
		"left 0" "built 0"; do
		line "$l"
	done
	podman_groups_gone
	nothing_left
}

@test "podman as a user: run, exec, health, a pod, --read-only, stop, keep-id, exit codes" {
	command -v podman >/dev/null && command -v conmon >/dev/null ||
		skip "needs podman and conmon"
	need newuidmap uidmap
	cp --remove-destination "$(realpath "$CTRBOX")" bin/runc # where the user can reach it
	podman_apart "setpriv --reuid 54000 --regid 54000 --init-groups" <<-'END'
		echo "ctrtu:x:54000:54000::$PWD/home:/bin/sh" >>/etc/passwd
		echo "ctrtu:x:54000:" >>/etc/group
		echo ctrtu:200000:65536 >/etc/subuid; cp /etc/subuid /etc/subgid
		mkdir -p home run; chown 54000:54000 home run; chmod 700 run
		export XDG_RUNTIME_DIR=$PWD/run HOME=$PWD/home
		p import box.tar box >/dev/null 2>&1
		p run --rm localhost/box sh -c 'echo hello $(id -u); tr -s " " </proc/self/uid_map; exit 4'; echo "run $?"
		p run -d --name a --health-cmd true --health-interval disable localhost/box sleep 100 >/dev/null
		p exec a sh -c 'exit 3'; echo "exec $?"
		p exec -u 5:6 a id -u
		p healthcheck run a && echo healthy
		p top a | grep -q 'sleep 100' && echo top
		again_and_pod
		p run --rm --read-only localhost/box sh -c 'touch /x 2>/dev/null || touch /tmp/x && echo read-only'
		p run --rm --userns keep-id localhost/box sh -c 'echo keep $(id -u)'
		p run --rm localhost/box no-such; echo "missing $?"
		echo "left $(p ps -aq | wc -l)"
		kill $(cat run/libpod/tmp/pause.pid run/t/pause.pid 2>/dev/null)
	END
	local l
	for l in "hello 0" " 0 54000 1" "run 4" "exec 3" 5 healthy top "again running" "2 Running" \
		read-only "keep 54000" "missing 127" \
		"left 0"; do
		line "$l"
	done
	podman_groups_gone
	nothing_left
}

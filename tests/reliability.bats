#!/usr/bin/env bats
# kill -9 of everything while containers start and stop: ctr-gc leaves exactly what lives.

load lib
load net

test_setup() {
	ns HOST
	h ctr-net create --subnet 10.66.0.0/24 n
	h ctr-run -d --name keep --net n -p 80:80 "$ROOTFS" sleep 1000 >/dev/null
	h ctr-run -d --name keep2 --init "$ROOTFS" sleep 1000 >/dev/null
	before=$(living)
	links=$(h ip -o link | wc -l)
}
test_teardown() {
	touch stop
	[ -z "${traffic:-}" ] || wait "$traffic" || true
	net_down
}

# Every process of the two containers that must stay alive: its pid, age and state.
living() {
	for c in keep keep2; do
		(. "$CTR_RUN/containers/$c/state"
			for p in $monitor $pid; do
				echo "$c $p $(awk '{ sub(/.*\) /, ""); print $20 }' \
					"/proc/$p/stat")"
			done
			echo "$ip $ports"; ctr-ps -n --filter name=$c -o status
				ctr-top -n $c | wc -l)
	done
}

# All the while containers start, are stopped and removed, and ctr-gc runs: none of these may fail.
traffic() {
	local i
	for ((i = 0; ; i++)); do
		[ ! -e stop ] || return 0
		{
			h ctr-run -d --name t --net n -p 81:81 "$ROOTFS" sleep 1000 &&
				h ctr-exec t true && h ctr-stop -t 0 t && h ctr-start t &&
				h ctr-rm -f t
		} >/dev/null || return 1
		[ "$(h ctr-run --net n "$ROOTFS" echo ok)" = ok ] || return 1
		h ctr-gc >>gclog || return 1
		echo "$i" >rounds
		sleep 0.1
	done
}

# After the kills of one kind: gc, and then only what lives is left.
nothing_left() {
	touch stop
	wait "$traffic"
	traffic=
	h ctr-gc >>gclog
	h sh -c '
		for s in lost exited created; do
			ctr-ps -aq --filter status=$s | ctr-rm - >/dev/null
		done'
	[ "$(h ctr-ps -an -o name,status | sort | tr -s ' \n' ' ')" = \
		"keep running keep2 running " ]
	[ "$(living)" = "$before" ]
	[ "$(ls -A "$CTR_LIB/containers" | tr '\n' ' ')" = "keep keep2 " ]
	[ "$(ls -A "$CTR_RUN/containers" | tr '\n' ' ')" = "keep keep2 " ]
	ids=$(for c in keep keep2; do (. "$CTR_RUN/containers/$c/state"; echo "$id"); done | sort)
	groups=$(find /sys/fs/cgroup -maxdepth 4 -path "*/$CTR_CGROUP/c-*" -type d -printf '%f\n' |
		sed 's/.*-//' | sort -u)
	[ "$groups" = "$ids" ] || { echo "groups $groups, not $ids"; return 1; }
	[ "$(find "$CTR_RUN/leases/n" -name '10.*' | wc -l)" = 1 ]
	wait_for 5 same_links
	wait_for 5 no_stray
	[ -z "$(awk -v w="$WORLD" 'index($5, w) == 1' /proc/self/mountinfo)" ]
	h ctr-run --net n -p 82:82 "$ROOTFS" true # the port that all the killed ones had
}
same_links() { [ "$(h ip -o link | wc -l)" = "$links" ]; }
# Processes of this world that are neither the living containers' nor their monitors; and mounts of
# it in any namespace.
no_stray() {
	local p c mine=
	for c in keep keep2; do
		mine+=" $(. "$CTR_RUN/containers/$c/state"; echo "$monitor"
			ctr-top -n $c | awk '{ print $1 }')"
	done
	for p in $(grep -lsE "/$CTR_CGROUP/c-" /proc/[0-9]*/cgroup | cut -d/ -f3) \
		$(grep -lszx "CTR_LIB=$CTR_LIB" /proc/[0-9]*/environ | cut -d/ -f3) \
		$(grep -ls "$CTR_LIB" /proc/[0-9]*/mountinfo | cut -d/ -f3); do
		[[ " ${mine//$'\n'/ } " = *" $p "* ]] ||
			[[ "$(tr '\0' ' ' 2>/dev/null <"/proc/$p/cmdline")" = *bats* ]] ||
			[ ! -e "/proc/$p/exe" ] || [[ "$(readlink "/proc/$p/exe")" != *ctrbox* &&
			"$(cat "/proc/$p/cgroup")" != *"$CTR_CGROUP"* ]] || {
			echo "process $p: $(tr '\0' ' ' <"/proc/$p/cmdline")"
			return 1
		}
	done
}

# The microseconds that a command takes, the best of three: the kills are spread over that time.
takes() {
	local best=9999999 i t0 t
	for i in 1 2 3; do
		t0=$(date +%s%N)
		"$@" >/dev/null 2>&1 </dev/null
		t=$((($(date +%s%N) - t0) / 1000))
		[ $t -ge $best ] || best=$t
	done
	echo $best
}
killer() { h "$BATS_TEST_DIRNAME/killer.pl" "$@"; }

# Counts how many of the kills hit, and what gc found.
figures() {
	echo "# kill -9 of $1: $killed of 30 hit something alive, $(cat \
		rounds) rounds of others meanwhile; gc cleared$(cut -d' ' -f1 gclog | sort |
		uniq -c | tr -s ' \n' ' ')" >&3
	[ $killed -ge 6 ]
}
# A kill that came too late makes the time in which they strike shorter, so that most hit, however
# busy the machine is.
count() {
	if [ "$1" = 9 ]; then
		killed=$((killed + 1)) us=$((us * 21 / 20))
	else
		us=$((us * 9 / 10))
	fi
}

# bats test_tags=ctr-run
@test "kill -9 of ctr-run at 30 instants: gc leaves what lives, and only that" {
	us=$(takes h ctr-run --net n -p 82:82 "$ROOTFS" true)
	traffic 3>&- & traffic=$!
	killed=0
	for ((i = 0; i < 15; i++)); do
		count "$(killer "$us" ctr-run --net n -p 82:82 "$ROOTFS" true)"
		# its monitor lives on
		count "$(killer "$us" ctr-run -d --net n "$ROOTFS" sleep 0.02)"
	done
	nothing_left
	figures ctr-run
}

# bats test_tags=ctr-run
@test "kill -9 of the monitor at 30 instants of a start, a life and an end" {
	us=$(takes h ctr-run --net n -p 82:82 "$ROOTFS" true)
	traffic 3>&- & traffic=$!
	killed=0
	for ((i = 0; i < 15; i++)); do
		count "$(killer -m "$us" ctr-run -d --rm --net n -p 82:82 "$ROOTFS" true)"
		[ "$(killer -m $((us + 100000)) ctr-run -d --net n -p 82:82 "$ROOTFS" sleep 0.1)" \
			!= 9 ] || killed=$((killed + 1))
	done
	nothing_left
	figures "the monitor"
}

# bats test_tags=ctr-exec,ctr-top
@test "kill -9 of ctr-exec at 30 instants: its command goes, the container lives on" {
	us=$(takes h ctr-exec keep true)
	traffic 3>&- & traffic=$!
	killed=0
	for ((i = 0; i < 15; i++)); do
		count "$(killer "$us" ctr-exec keep sleep 1000)"
		count "$(killer "$us" ctr-exec keep2 sleep 1000)"
	done
	wait_for 5 sh -c '[ "$(ctr-top -n keep | wc -l) $(ctr-top -n keep2 | wc -l)" = "1 2" ]'
	nothing_left
	figures ctr-exec
}

# bats test_tags=ctr-rm,ctr-inspect
@test "kill -9 of ctr-rm -f at 30 instants" {
	h ctr-run -d --name v --net n -p 82:82 "$ROOTFS" sleep 1000 >/dev/null
	t0=$(date +%s%N) && h ctr-rm -f v && us=$((($(date +%s%N) - t0) / 1000))
	traffic 3>&- & traffic=$!
	killed=0
	for ((i = 0; i < 30; i++)); do
		h ctr-run -d --name "v$i" --net n "$ROOTFS" sleep 1000 >/dev/null
		count "$(killer "$us" ctr-rm -f "v$i")"
	done
	# what the last of them had begun may end by itself
	h ctr-ps -q --filter status=running |
		grep -vxF "$(for c in keep keep2 t; do ctr-inspect -f Id $c 2>/dev/null ||
		true; done)" | h ctr-rm -f - >/dev/null || true
	nothing_left
	figures ctr-rm
}

# bats test_tags=ctr-run
@test "the monitor on a network: few descriptors, one more for each published port, little memory" {
	fds() { (. "$CTR_RUN/containers/$1/state"; find "/proc/$monitor/fd" -type l | wc -l); }
	h ctr-run -d --name none --net n "$ROOTFS" sleep 1000 >/dev/null
	h ctr-run -d --name three --net n -p 83:83 -p 84:84 -p 85:85/udp "$ROOTFS" sleep \
		1000 >/dev/null
	[ "$(fds three)" = $(($(fds none) + 3)) ]
	[ "$(fds none)" -le 12 ]
	private=$(. "$CTR_RUN/containers/three/state"
		awk '/^Private_(Clean|Dirty)/ { s += $2 } END { print s }' \
		"/proc/$monitor/smaps_rollup")
	echo "# monitor: $(fds none) descriptors, $(fds \
		three) with three ports, $private KiB private" >&3
	[[ "$BIN" == */san/* ]] || [ "$private" -le 200 ]
}

# bats test_tags=ctr-exec,ctr-ps,ctr-gc,ctr-stop
@test "a state that is emptied, spoilt or removed while its container runs is written again" {
	dir=$CTR_RUN/containers/keep was=$(cat "$CTR_RUN/containers/keep/state")
	again_by() { "$@" >/dev/null && [ "$(cat "$dir/state" 2>/dev/null)" = "$was" ]; }
	for spoil in ': >$dir/state' 'echo x >$dir/state' 'rm $dir/state' 'rm -r $dir' \
		"sed -i \"s/^boot=.*/boot='another'/\" \$dir/state"; do
		for look in 'ctr-exec keep true' ctr-ps ctr-gc 'ctr-inspect keep'; do
			eval "$spoil"
			wait_for 5 again_by h $look # the monitor may get no processor for a while
		done
	done
	[ "$before" = "$(living)" ]
	rm "$dir/state" # while a rename or an update goes on, which hold this lock, it waits
	flock "$CTR_LIB/containers/keep/started" sh -c 'ctr-ps && [ ! -e "$1" ]' sh "$dir/state"
	wait_for 5 again_by ctr-ps
	ctr-run -d --name again --restart always "$ROOTFS" sh -c 'sleep .1; false' >/dev/null
	wait_for 5 grep -q restarting "$CTR_RUN/containers/again/state"
	rm "$CTR_RUN/containers/again/state"
	[ "$(ctr-ps -n --filter name=again | wc -l)" = 1 ]
	wait_for 5 [ -s "$CTR_RUN/containers/again/state" ]
	rm "$CTR_RUN/containers/keep/state"
	h timeout 20 ctr-stop -t 0 keep
	[[ "$(ctr-ps -an --filter name='^keep$' -o status)" = exited* ]]
}

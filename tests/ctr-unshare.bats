#!/usr/bin/env bats
# ctr-unshare: the flags of unshare(1); namespaces kept at a file; --outside.
load lib

ns() { readlink "/proc/self/ns/$1"; }

@test "each namespace is new, and no other" {
	for n in 'm mnt mount' 'u uts uts' 'i ipc ipc' 'n net net' 'U user user' \
		'C cgroup cgroup'; do
		read -r letter file long <<<"$n"
		for flag in "-$letter" "--$long"; do
			[ "$(ctr-unshare "$flag" readlink "/proc/self/ns/$file")" != \
				"$(ns "$file")" ]
			[ "$(ctr-unshare "$flag" readlink /proc/self/ns/time)" = "$(ns time)" ]
		done
	done
	[ "$(ctr-unshare -p readlink /proc/self/ns/pid)" != "$(ns pid)" ]
	run -0 ctr-unshare -mpf --mount-proc sh -c 'echo $$; ls /proc | grep -c "^[0-9]*$"'
	[ "${lines[0]}" = 1 ]
	[ "${lines[1]}" -le 4 ]
	ctr-unshare -n sh -c 'ip -o link show lo' | grep -q LOWER_UP
	[ "$(ctr-unshare --hostname box --domainname dom sh -c '
		hostname; cat /proc/sys/kernel/domainname' | tr '\n' ' ')" = "box dom " ]
	[ "$(hostname)" != box ]
}

@test "exit codes, signals and stops are the command's; it dies with ctr-unshare" {
	run -7 ctr-unshare -p sh -c 'exit 7'
	run -143 ctr-unshare -n -f sh -c 'kill $$'
	run -127 ctr-unshare -n ./nosuch
	run -126 ctr-unshare -n /etc/passwd
	run -125 ctr-unshare --propagation sideways true
	ctr-unshare -p sleep 1000 3>&- &
	local pid=$! child
	wait_for 5 grep -q . "/proc/$pid/task/$pid/children"
	child=$(tr -d " " <"/proc/$pid/task/$pid/children")
	kill -9 $pid
	wait_for 5 no_process "$child"
}

@test "a namespace stays at its file, can be entered, and goes with the file" {
	mkdir keep
	mount --bind keep keep
	mount --make-private keep
	ctr-unshare -m=keep/m --uts=keep/u -n=keep/n -p=keep/p -i=keep/i --hostname kept true
	[ "$(ctr-nsenter --uts=keep/u hostname)" = kept ]
	[ "$(ctr-nsenter --net=keep/n readlink /proc/self/ns/net)" != "$(ns net)" ]
	[ "$(ctr-nsenter --mount=keep/m readlink /proc/self/ns/mnt)" != "$(ns mnt)" ]
	run -125 ctr-unshare --uts=keep/nosuch/u true
	[[ "$output" = *"keep/nosuch/u"* ]]
	for f in m u n p i; do umount keep/$f; done
	umount keep
	[ "$(stat -c %i keep/u)" != "$(stat -Lc %i /proc/self/ns/uts)" ]
}

@test "a user namespace has the maps that are asked for" {
	[ "$(ctr-unshare --map 0:100000:10,10:200000:5 cat /proc/self/uid_map | tr -s ' ')" = \
		" 0 100000 10
 10 200000 5" ]
	[ "$(ctr-unshare -r id -u)" = 0 ]
	run -125 ctr-unshare -r -c true
	run -125 ctr-unshare --map host true
	run -125 ctr-unshare --map 5 true
	chmod 711 "$WORLD"
	if setpriv --reuid 65534 --clear-groups ctr-unshare -r true 2>/dev/null; then
		[ "$(setpriv --reuid 65534 --clear-groups ctr-unshare -Umnr sh -c '
			id -u
			mount -t tmpfs x /mnt && echo mounted' | tr '\n' ' ')" = "0 mounted " ]
	fi
	run -125 setpriv --reuid 65534 --clear-groups ctr-unshare -n true
	[[ "$output" = *"add -U"* ]]
}

@test "--mapped shows a folder with the owners of the map" {
	mkdir tree
	touch tree/f
	chmod 755 . tree
	need_idmap "$PWD"
	run ctr-unshare -U -m --map 0:100000:100 --mapped "$PWD/tree" stat -c '%u' tree/f
	[ "$output" = 0 ]
	[ "$(ctr-unshare -U -m --map 0:100000:100 stat -c %u tree/f)" = 65534 ]
	run -125 ctr-unshare -m --mapped "$PWD/tree" true
}

@test "the line outside runs before the command, knows its pid, and can stop it" {
	run -0 ctr-unshare -n \
		--outside "readlink /proc/\$1/ns/net >seen; readlink /proc/self/ns/net >own" \
		readlink /proc/self/ns/net
	[ "$output" = "$(cat seen)" ]
	[ "$(cat own)" = "$(ns net)" ]
	run -125 ctr-unshare -n --outside 'exit 3' touch ran
	[ ! -e ran ]
}

@test "clocks since boot go ahead in a time namespace" {
	[ -e /proc/self/ns/time ] || skip "this kernel has no time namespaces"
	read -r now _ </proc/uptime
	then=$(ctr-unshare -T --boottime 1000000 cat /proc/uptime | cut -d. -f1)
	[ $((then - ${now%.*})) -ge 1000000 ]
}

@test "a file that keeps a namespace already keeps no second one, of whatever kind" {
	ctr-unshare -m --propagation private sh -ec '
		mount -t tmpfs none '"$PWD"'
		ctr-unshare --net=f true
		! ctr-unshare --net=f true 2>err || exit 1
		grep -q "f: a namespace is kept there already" err
		! ctr-unshare --uts=f true 2>err || exit 1
		! ctr-unshare --net=g --uts=g true 2>err || exit 1
		grep -q "g: a namespace is kept there already" err
		[ "$(grep -c " '"$PWD"'/[fg] " /proc/self/mountinfo)" = 1 ]'
}

@test "unshare(1) given the same flags shows the same result; its other flags are listed" {
	need unshare util-linux
	# lists what is inside, and which namespaces are still those of the caller
	cat >look <<'END'
for n in mnt uts ipc net pid user cgroup time pid_for_children time_for_children; do
	[ "$(readlink /proc/self/ns/$n)" = "$(eval echo "\$OWN_$n")" ] && echo "own $n"
done
cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups
grep -E '^(Uid|Gid|Groups|Cap...|NoNewPrivs|Umask):' /proc/self/status
grep -E '^[^ ]* [^ ]* [^ ]* [^ ]* /(proc|dev|)? ' /proc/self/mountinfo | sed 's/^[0-9]* [0-9]* //; s/^0:[0-9]* /0:N /' | sed 's/shared:[0-9]*/shared/; s/master:[0-9]*/master/' | sort
cat /proc/self/timens_offsets /proc/self/cgroup
pwd; echo "$$" | grep -cx 1
ls /proc | grep -c '^[0-9]*$' | sed 's/^[0-9]\{2,\}$/many/; s/^[0-9]$/few/'
END
	local n
	for n in mnt uts ipc net pid user cgroup time pid_for_children time_for_children; do
		export "OWN_$n=$(readlink "/proc/self/ns/$n")"
	done
	local flags count=0
	while read -r flags; do
		# shellcheck disable=SC2086
		unshare $flags sh look 2>&1 | sed "s/^$$\$/PID/" >theirs
		# shellcheck disable=SC2086
		ctr-unshare $flags sh look 2>&1 | sed "s/^$$\$/PID/" >ours
		diff -u theirs ours || { echo "with $flags"; return 1; }
		count=$((count + 1))
	done <<'END'
-m
-u
-i
-n
-C
-f
-m --propagation slave
-m --propagation shared
-m --propagation private
-m --propagation unchanged
-p -f
-p -f --mount-proc
-mpf --mount-proc=/proc
-pf --kill-child
-p --kill-child=SIGTERM
-U -r
-U -c
-Ur -m
-Urpf --mount-proc
-rn
-muinpfC
-T --boottime 100 --fork
-T --monotonic 50 -f
END
	[ $count = 23 ]
	for flags in '-R /:ctr-root' '--root=/:ctr-root' '-w /:ctr-priv -w' '-S 0:ctr-priv -u' \
		'--setgid=0:ctr-priv -u' '--setgroups=deny:map' '--keep-caps:map' \
		'--map-user=5:--map-users 5:0:1' '--map-group=5:--map-users'; do
		# shellcheck disable=SC2086
		run -125 ctr-unshare ${flags%%:*} true
		[[ "$output" = *"${flags#*:}"* ]]
	done
	ctr-unshare --map-auto true
}

@test "what is wrong is told by the flag that was given" {
	local words
	while IFS='|' read -r words said; do
		# shellcheck disable=SC2086
		run -125 ctr-unshare $words true
		[[ "$output" = *"$said"* ]] || { echo "$words: $output"; return 1; }
	done <<'END'
--map 0:0|--map: id map: '0:0' is not
--map-users 0,100000,10|--map-users: id map
--map-users 0:0:1 --map-groups x|--map-groups: id map
--map-groups 0:0:1|--map-groups: it needs --map-users
--map 0:100000:10,5:200000:10|uid_map: two lines overlap
--kill-child=NO|'NO' is not a signal
--net=|keep the network namespace at ''
-u --hostname aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|64 bytes at most
END
	# a flag that is given again without a file keeps the file
	ctr-unshare --net=kept -n true
	umount kept
}

@test "PID 1 that heeds no TERM ends with ctr-unshare; one that does is heard" {
	run -124 timeout -k 20 2 ctr-unshare -p sleep 1000
	[[ "$output" = *"no handler for TERM: killed"* ]]
	run -124 timeout -k 20 2 ctr-unshare -p sh -c '
		trap "echo ended; exit 3" TERM; sleep 1000 & wait'
	[ "$output" = ended ]
	run -124 timeout -s INT -k 20 2 ctr-unshare -f sleep 1000
}

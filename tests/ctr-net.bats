#!/usr/bin/env bats
# shellcheck disable=SC2154,SC1090,SC1091,SC2016,SC2119,SC2120,SC2030,SC2031
# ctr-net and ctr-run --net: sessions 13 and 14 of the textbook, and what is left after a kill.

load lib
load net

test_setup() { net_up; }
test_teardown() { net_down; }

pid_of() { h ctr-ps -n -o name,pid | awk -v n="$1" '$1 == n { print $2 }'; }
ip_of() { (. "$CTR_RUN/containers/$1/state" && echo "$ip"); }
box() { h ctr-run -d --name "$@" "$ROOTFS" sleep 1000; }
# Every trace of networks in the host's namespace, except bridges that are recorded.
traces() {
	# shellcheck disable=SC2016
	h sh -c '
		ip -o link show type veth | grep -v wan
		ctr-netcfg show | grep publish
		find "$CTR_RUN/leases" -type f ! -name ".[lw]*" 2>/dev/null
		true'
}

@test "session 13: two containers get .2 and .3 and reach each other, by name, and the outside" {
	[ "$(h ctr-net create --driver bridge --subnet 192.168.10.1/24 testbridge)" = testbridge ]
	box one --net testbridge
	box two --net testbridge
	[ "$(ip_of one) $(ip_of two)" = "192.168.10.2 192.168.10.3" ]
	h ctr-exec one ping -c1 -W2 192.168.10.3
	h ctr-exec two ping -c1 -W2 one
	wait_for 3 h ctr-exec one ping -c1 -W2 two
	h ctr-exec one ping -c1 -W2 203.0.113.2
	h ctr-exec one ip route | grep -q 'default via 192.168.10.1 dev eth0'
	run -1 h ctr-net rm testbridge
	[[ "$output" = *"in use by"* ]]
	h ctr-net ls | grep -qE 'testbridge +bridge +testbridge +192.168.10.0/24 +2'
	h ctr-rm -f one two
	[ -z "$(traces)" ]
	h ctr-net rm testbridge
	run ! h ip link show testbridge
}

@test "session 14: -p 90:90 works from the peer, the host, localhost, a neighbour and itself" {
	h ctr-net create --subnet 192.168.10.0/24 testbridge
	box web --net testbridge -p 90:90
	box other --net testbridge
	serve "$(pid_of web)" 90 hello
	[ "$(ask "$PEER" 198.51.100.2 90)" = hello ]
	[ "$(ask "$HOST" 198.51.100.2 90)" = hello ]
	[ "$(ask "$HOST" 127.0.0.1 90)" = hello ]
	[ "$(ask "$(pid_of other)" 198.51.100.2 90)" = hello ]
	[ "$(ask "$(pid_of other)" 192.168.10.1 90)" = hello ]
	[ "$(ask "$(pid_of web)" 192.168.10.1 90)" = hello ]
	h ctr-ps | grep -q '0.0.0.0:90->90/tcp'
	# a second owner is refused, and so is what the host has bound itself; nothing of it stays
	before=$(traces)
	run -125 h ctr-run -d --name late --net testbridge -p 90:91 "$ROOTFS" true
	[[ "$output" = *"Address"* ]]
	serve "$HOST" 92 host
	run -125 h ctr-run --net testbridge -p 92:92 "$ROOTFS" true
	[ "$(traces)" = "$before" ]
	h ctr-rm -f web other
	[ -z "$(ask "$PEER" 198.51.100.2 90)" ]
	[ -z "$(traces)" ]
}

@test "session 14 over IPv6, UDP, one address only, ranges, any free port" {
	h ctr-net create --ipv6 --subnet fd00:7::/64 --subnet 10.77.0.0/24 six
	box web --net six -p 90:90 -p 127.0.0.1:91:90 -p 53:53/udp -p 8000-8002:90-92 -p 90
	serve "$(pid_of web)" 90 hello tcp6
	serve "$(pid_of web)" 53 dgram udp4
	[ "$(ask "$PEER" '[2001:db8:1::2]' 90)" = hello ]
	[ "$(ask "$HOST" '[2001:db8:1::2]' 90)" = hello ]
	[ "$(ask "$PEER" 198.51.100.2 90)" = hello ]
	[ "$(ask "$PEER" 198.51.100.2 8000)" = hello ]
	[ "$(ask "$HOST" 127.0.0.1 91)" = hello ]
	[ -z "$(ask "$PEER" 198.51.100.2 91)" ]
	[ "$(ask "$PEER" 198.51.100.2 53 udp)" = dgram ]
	# [::1] cannot be led elsewhere: refused at once, so that clients go on to 127.0.0.1
	run timeout 2 nsenter -t "$HOST" -n socat - 'TCP:[::1]:90' </dev/null
	[[ "$output" = *"Connection refused"* ]]
	free=$(h ctr-ps -n -o ports | tr ' ' '\n' |
		sed -n 's/^0.0.0.0:\([0-9]*\)->90\/tcp,*$/\1/p' | grep -vE '^(90|8000)$')
	[ "$(ask "$PEER" 198.51.100.2 "$free")" = hello ]
	h ctr-inspect -f NetworkSettings.Ports web | grep -q "\"0.0.0.0:$free->90/tcp\""
}

@test "-p alone means bridge, which is made with the first free subnet; none is the default" {
	h ip addr add 10.88.3.1/24 dev wan
	run -0 --separate-stderr h ctr-run -p 90:90 "$ROOTFS" sh -c '
		ip -o addr show eth0; ip link | grep -c :\ '
	[[ "$output" = *"inet 10.89.0.2/16"* ]]
	[[ "$stderr" = *"turned IP forwarding on"* ]]
	run -0 h ctr-run "$ROOTFS" ls /sys/class/net
	[ "$output" = lo ]
	run -0 h ctr-run --net default "$ROOTFS" ip -o addr show eth0 # docker's name for it
	[[ "$output" = *"inet 10.89.0."* ]]
	CTR_NET=bridge run -0 h ctr-run "$ROOTFS" ls /sys/class/net
	[[ "$output" = *eth0* ]]
}

@test "--ip, --mac, --network-alias, --add-host, --dns; host, container: and ns:" {
	h ctr-net create --subnet 10.5.0.0/24 n5
	run -0 h ctr-run --net n5 --ip 10.5.0.9 --mac 02:00:00:00:00:09 --hostname hh \
		--add-host db:1.2.3.4 --dns 9.9.9.9 --dns-search ex.org \
		--network-alias al "$ROOTFS" sh -c '
			ip addr show eth0; cat /etc/hosts /etc/resolv.conf /etc/hostname'
	for w in 'inet 10.5.0.9/24' '02:00:00:00:00:09' $'1.2.3.4\tdb' $'10.5.0.9\thh ' ' al' \
		'nameserver 9.9.9.9' 'search ex.org'; do
		[[ "$output" = *"$w"* ]]
	done
	box a --net n5 --ip 10.5.0.9
	run -125 h ctr-run --net n5 --ip 10.5.0.9 "$ROOTFS" true
	[[ "$output" = *"already on lease"* ]]
	run -125 h ctr-run --net nosuch "$ROOTFS" true
	[[ "$output" = *"there is none of this name"* ]]
	h ctr-run --net container:a "$ROOTFS" ip addr show eth0 | grep -q 10.5.0.9
	h ctr-run --net host "$ROOTFS" ip addr show wan | grep -q 198.51.100.2
	h ctr-run --net "ns:/proc/$PEER/ns/net" "$ROOTFS" ip addr show wan | grep -q 203.0.113.2
	for bad in "-p 1:2:3:4" "-p 80-81:80" "-p 80:80/sctp" "-p [::1]:80:80" "--ip x" "--mac 1" \
		"--add-host x" "--dns x"; do
		# shellcheck disable=SC2086
		run -125 h ctr-run --net n5 $bad "$ROOTFS" true
	done
}

@test "a start that fails for want of descriptors leaves nothing, and names the limit" {
	h ctr-net create --subnet 10.5.0.0/24 n5
	(ulimit -n 1100 && run -125 h ctr-run --net n5 -p 10000-20000:10000-20000 "$ROOTFS" true &&
		[[ "$output" = *"ulimit -n"* ]])
	[ -z "$(traces)" ]
}

@test "a hostname is one word, and --ip one of the network's: refused before anything is made" {
	h ctr-net create --subnet 10.5.0.0/24 n5
	for bad in $'a\n6.6.6.6 evil' 'a b' "$(printf '%065d' 1)"; do
		run -125 h ctr-run --net n5 --hostname "$bad" "$ROOTFS" true
		[[ "$output" = *"--hostname: '"*" has more than 64 bytes, a blank or a slash"* ]]
		run -125 h ctr-run --net n5 --domainname "$bad" "$ROOTFS" true
	done
	run -125 h ctr-run --net n5 -p '' "$ROOTFS" true
	run -125 h ctr-run --net '' "$ROOTFS" true
	h ctr-create --name a --net none "$ROOTFS" true
	h ctr-rm a
	h ctr-create --name a --net bridge "$ROOTFS" true
	for bad in "--ip 10.9.0.3" "--ip 10.5.0.0" "--ip 10.5.0.1" "--ip 10.5.0.255" \
		"--ip6 fd00::3"; do
		# shellcheck disable=SC2086
		run -1 h ctr-net connect $bad n5 a
	done
	run -2 h ctr-net connect --alias 'x y' n5 a
	[[ "$output" != *network-alias* ]]
	h ctr-net connect --ip 10.5.0.3 n5 a
}

@test "loopback name servers are replaced, others kept" {
	unshare -m sh -c '
		printf \
		"search a.b\nnameserver 127.0.0.1\nnameserver 192.0.2.53\noptions ndots:2\n" >rc
		mount --bind rc /etc/resolv.conf
		nsenter -t "$1" -n ctr-run --net bridge "$2" cat /etc/resolv.conf' _ "$HOST" \
			"$ROOTFS" >out 2>/dev/null
	[ "$(sort out)" = "$(printf 'nameserver 192.0.2.53\noptions ndots:2\nsearch a.b')" ]
}

@test "internal: they reach each other, and nothing leaves" {
	h ctr-net create --internal --subnet 10.6.0.0/24 in
	box a --net in
	box b --net in
	h ctr-exec a ping -c1 -W2 10.6.0.3
	run -1 h ctr-exec a ping -c1 -W1 203.0.113.2
	run -125 h ctr-run --net in -p 90:90 "$ROOTFS" true
}

@test "connect and disconnect: a further interface, its names, and away" {
	h ctr-net create --subnet 10.5.0.0/24 n5
	h ctr-net create --subnet 10.6.0.0/24 n6
	box a --net n5
	box b --net n6
	knows() { h ctr-exec "$1" grep -qw "$2" /etc/hosts; }
	run ! knows a b
	h ctr-net connect n6 a
	wait_for 3 knows a b
	wait_for 3 knows b a
	h ctr-exec a ping -c1 -W1 b
	h ctr-exec b ping -c1 -W1 a
	# by the new name from then on, and by it alone
	h ctr-rename a aa
	wait_for 3 knows b aa
	wait_for 3 knows aa aa
	run ! knows b a
	h ctr-net inspect n6 | grep -q '"Name": "aa"'
	h ctr-rename aa a
	h ctr-net disconnect n6 a
	[ "$(h ctr-exec a ls /sys/class/net | sort | xargs)" = "eth0 lo" ]
	h ctr-net connect n6 a
	h ctr-rm -f a b
	[ -z "$(traces)" ]
}

@test "connect and disconnect last over stop and start, also for a stopped container" {
	h ctr-net create --subnet 10.5.0.0/24 n5
	h ctr-net create --subnet 10.6.0.0/24 n6
	box a --net n5
	box b --net n6
	h ctr-net connect --ip 10.6.0.77 --alias ally n6 a
	h ctr-stop -t 0 a
	[ "$(h ctr-ipam ls -n n6)" = "10.6.0.2 $(h ctr-inspect -f Id b)" ]
	h ctr-net create --subnet 10.7.0.0/24 n7
	h ctr-net connect n7 a
	run -1 h ctr-net connect n7 a
	[[ "$output" = *"on network n7 already"* ]]
	h ctr-start a
	# it still has its first address, which nobody took meanwhile
	[ "$(h ctr-exec a sh -c 'ip -o -4 addr | grep -o "eth.*/24"' | tr -s ' ' | xargs)" = \
		"eth0 inet 10.5.0.2/24 eth1 inet 10.6.0.77/24 eth2 inet 10.7.0.2/24" ]
	[ "$(h ctr-exec a ip route | grep -c default)" = 1 ]
	knows() { h ctr-exec "$1" grep -qw "$2" /etc/hosts; }
	wait_for 3 knows b ally
	wait_for 3 knows a b
	h ctr-exec b ping -c1 -W2 ally
	h ctr-exec a ping -c1 -W2 b
	# it leaves the network it was made with, and another gets its address: the end of `a` does
	# not free that
	h ctr-net disconnect n5 a
	run -1 h ctr-net disconnect n5 a
	box c --net n5 --ip 10.5.0.3
	h ctr-stop -t 0 a
	h ctr-ipam ls -n n5 | grep -q '^10.5.0.3 '
	h ctr-net disconnect n7 a
	h ctr-start a
	[ "$(h ctr-exec a sh -c 'ip -o -4 addr | grep -o "eth.*/24"' | tr -s ' ')" = \
		"eth0 inet 10.6.0.77/24" ]
	h ctr-exec a ip route | grep -q 'default via 10.6.0.1'
	h ctr-net disconnect n6 a
	h ctr-stop -t 0 a
	h ctr-start a
	[ "$(h ctr-exec a ls /sys/class/net | xargs)" = lo ]
	h ctr-net connect n5 a
	h ctr-exec a ping -c1 -W2 203.0.113.2
	# what cannot be on a network is said
	box d --net none
	run -1 h ctr-net connect n5 d
	[[ "$output" = *"only a container made with --net NAME"* ]]
	h ctr-net connect n7 a
	h ctr-net disconnect n7 a
	h ctr-rm -f a b c d
	[ -z "$(traces)" ]
}

@test "the default routes lead over the first network with a gateway; disconnect moves them on" {
	h ctr-net create --subnet 10.4.0.0/24 --internal inner
	h ctr-net create --subnet 10.5.0.0/24 n5
	h ctr-net create --subnet 10.6.0.0/24 --subnet fd00:6::/64 n6
	h ctr-net create --subnet 10.7.0.0/24 --subnet fd00:7::/64 n7
	ways() {
		h ctr-exec a sh -c '
			ip route; ip -6 route' | awk '$1 == "default" { print $3 }' | xargs
	}
	box a --net inner
	for n in n5 n6 n7; do h ctr-net connect $n a; done
	[ "$(ways)" = "10.5.0.1 fd00:6::1" ]
	h ctr-stop -t 0 a
	h ctr-start a
	[ "$(ways)" = "10.5.0.1 fd00:6::1" ]
	h ctr-net disconnect n5 a
	[ "$(ways)" = "10.6.0.1 fd00:6::1" ]
	h ctr-net disconnect n6 a
	[ "$(ways)" = "10.7.0.1 fd00:7::1" ]
	h ctr-exec a ping -c1 -W2 203.0.113.2
	h ctr-net disconnect n7 a
	[ -z "$(ways)" ]
}

# bats test_tags=ctr-run,ctr-inspect,ctr-restart
@test "a further network has a mac= of its own; gw-priority= says which is the way out" {
	local n
	for n in 1 2 3; do h ctr-net create --subnet 10.64.$n.0/24 n$n; done
	h ctr-run -d --name c --network n1 \
		--network name=n2,mac-address=02:00:00:00:00:22,alias=al,gw-priority=-1 \
		"$ROOTFS" sleep 1000
	h ctr-net connect --mac-address 02:00:00:00:00:33 --alias zz n3 c
	for n in 1 2; do # the second time after a restart
		[ "$(ctr-exec c cat /sys/class/net/eth1/address)" = 02:00:00:00:00:22 ]
		[ "$(ctr-exec c cat /sys/class/net/eth2/address)" = 02:00:00:00:00:33 ]
		ctr-exec c ip route | grep -q '^default via 10.64.1.1 '
		ctr-exec c grep -q ' zz$' /etc/hosts
		h ctr-restart -t 0 c
	done
	[ "$(ctr-inspect -f '{{range .NetworkSettings.Networks}}{{.MacAddress}} {{.Aliases}} {{end}}' c |
		cut -d ' ' -f 2-)" = "[] 02:00:00:00:00:22 [al] 02:00:00:00:00:33 [zz] " ]
	run -0 h ctr-run --network n1 --network name=n2,gw-priority=1 --network n3:gw-priority=7 \
		"$ROOTFS" ip route
	[[ "$output" == "default via 10.64.3.1 "*10.64.1.0*10.64.2.0* ]]
	run -125 h ctr-run --network n1:gw-priority=x "$ROOTFS" true
	run -2 h ctr-net connect --mac-address zz n2 c
	[ "$output" = "ctr-net: mac: 'zz' is not a MAC address (02:42:ac:11:00:02, say)" ]
	run -2 h ctr-net connect --gw-priority 2 n2 c
	[[ "$output" == *"here it is --net NAME:gw-priority=N at the start" ]]
	run -2 ctr-net create -o x y
	[ "$output" = "ctr-net: no option -o: here it is --mtu and --parent of a network" ]
	run -2 ctr-stats -o x
	[ "$output" = "ctr-stats: unknown option -o (see ctr-stats --help)" ]
	# an ipvlan has that of its parent, which is told at once: a start would fail
	h ctr-net create --driver ipvlan --parent wan --subnet 198.51.100.0/24 iv
	h ctr-create --name idle --net n1 "$ROOTFS" true
	run -1 h ctr-net connect --mac-address 02:00:00:00:00:44 iv idle
	[[ "$output" == *"--mac: a container of network iv, of ipvlan,"*"interface wan" ]]
	h ctr-start -a idle
}

@test "connect lasts over a restart; without the network the start fails with a message" {
	h ctr-net create --subnet 10.5.0.0/24 n5
	h ctr-net create --subnet 10.6.0.0/24 n6
	h ctr-run -d --restart always --name a --net n5 "$ROOTFS" sh -c '
		while [ ! -e /die ]; do sleep 0.1; done; rm /die'
	h ctr-net connect n6 a
	p=$(pid_of a)
	h ctr-exec a touch /die || true # its life may end before the answer is there
	again() {
		p2=$(pid_of a) && [ -n "$p2" ] && [ "$p2" != "$p" ] &&
			h ctr-exec a ip -o -4 addr show eth1
	}
	wait_for 10 again
	h ctr-stop -t 0 a
	h ctr-net rm n6
	run -1 h ctr-start a
	[[ "$output" = *"network n6: there is none of this name"* ]]
	h ctr-net disconnect n6 a
	h ctr-start a
	h ctr-rm -f a
	[ -z "$(traces)" ]
}

@test "create refuses overlapping and odd subnets; inspect is JSON; a network outlives a reboot" {
	h ctr-net create --subnet 10.5.0.0/24 n5
	for bad in "--subnet 10.5.0.128/25 x" "--subnet 10.9.0.0/31 x" \
		"--subnet 10.9.0.0/24 --gateway 10.8.0.1 x" \
		"--subnet 10.9.0.0/24 --ip-range 10.8.0.0/25 x" n5 \
		"--subnet 10.9.0.255/24 x" "--subnet 10.9.0.0/24 --gateway 10.9.0.0 x" \
		"--subnet fd09::/64 --gateway fd09:: x" \
		"--subnet 224.1.0.0/16 x" "--subnet 127.9.0.0/16 x" "--subnet 0.1.0.0/16 x" \
		"--subnet ff05::/64 x" "--subnet fe80:1::/64 x"; do
		# shellcheck disable=SC2086
		run -1 h ctr-net create $bad
	done
	for bad in "" "--driver foo x" "--driver macvlan x" "--mtu 20 x" "--mtu 1279 --ipv6 x" \
		"--subnet x x" "a/b" none pasta \
		"--subnet 10.9.0.0/24 --ip-range 10.9.0.0/25 --ip-range 10.9.0.128/25 x" \
		"--subnet 10.9.0.0/24 --gateway 10.9.0.1 --gateway 10.9.0.2 x"; do
		# shellcheck disable=SC2086
		run -2 h ctr-net create $bad
	done
	# what belongs to no network: a blackhole route, an address of the host
	h ip route add blackhole 10.88.0.0/16
	h ip addr add 10.89.3.4/32 dev lo
	h ctr-net create y
	h ctr-net ls | grep -q 'y .* 10.90.0.0/16'
	box a --net n5
	h ctr-rm -f a
	h ip link del n5
	h nft delete table ip ctrbox
	rm -rf "$CTR_RUN" && mkdir "$CTR_RUN"
	h ctr-run --net n5 "$ROOTFS" ping -c1 -W2 203.0.113.2
	echo 'subnet=bad' >"$CTR_LIB/networks/n5/conf"
	run -1 --separate-stderr h ctr-net ls
	[[ "$stderr" = *n5* ]]
}

# bats test_tags=ctr-gc,ctr-run
@test "all of CTR_RUN removed under running containers: addresses and names stay theirs" {
	h ctr-net create --subnet 10.91.0.0/24 n >/dev/null
	h ctr-net create --subnet 10.92.0.0/24 --ipv6 m >/dev/null
	box a --net n --rm --network-alias other
	box b --net n
	h ctr-net connect m b
	had=$(traces | sort)
	again() { [ "$(traces | sort)" = "$had" ]; }
	for lost in '' /leases; do
		rm -rf "$CTR_RUN$lost"
		run -0 h ctr-run --net n "$ROOTFS" sh -c 'hostname -i; cat /etc/hosts'
		[[ "$output" = *"leases that were lost are taken again"* ]]
		[[ "$output" = *10.91.0.2*a*other* && "$output" = *10.91.0.3*b* ]]
		! grep -qE '^10.91.0.[23]$' <<<"$output" || false
		h ctr-net create --subnet 10.93.0.0/24 o$$ >/dev/null # of another nothing is lost
		run -1 h ctr-net rm m
		[[ "$output" = *"in use by container b"* ]]
		again
		h ctr-net rm o$$
		rm -rf "$CTR_RUN$lost"
		run -0 h ctr-gc
		[[ "$output" = *"network n: leases that were lost"* ]]
		[ -z "$(h ctr-gc 2>&1)" ]
		again
	done
	# as a release without the mark leaves it: nothing was lost, and nothing is said
	[ "$(stat -c %F "$CTR_RUN/leases/n/.whole")" = "regular empty file" ]
	rm "$CTR_RUN"/leases/*/.whole "$CTR_LIB/containers/b/addresses"
	[ -z "$(h ctr-gc 2>&1)" ]
	grep -q '^m 10.92.0.2 eth1$' "$CTR_LIB/containers/b/addresses"
	[ -e "$CTR_RUN/leases/n/.whole" ]
	# three at once: none has another's
	rm -rf "$CTR_RUN"
	local pids=()
	for c in c d e; do
		box $c --net n >/dev/null 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
	[ "$(for c in a b c d e; do h ctr-exec $c hostname -i; done | sort -u | wc -l)" = 5 ]
	h ctr-rm -f c d e
	: >"$CTR_RUN/leases/n/10.91.0.2" # as a power cut does it
	h ctr-gc >/dev/null
	rm -rf "$CTR_RUN/hosts"
	h ctr-gc >/dev/null
	again
	[[ "$(h ctr-run --net n "$ROOTFS" cat /etc/hosts)" = *a*other* ]]
	rm -rf "$CTR_RUN"
	h ctr-net disconnect m b
	run -0 h ctr-exec b ip addr
	[[ "$output" = *10.91.* && "$output" != *10.92.* ]]
	h ctr-net connect m b
	h ctr-exec b ip addr | grep -q 10.92
	rm -rf "$CTR_RUN"
	h ctr-stop -t 0 b
	h ctr-rm -f a b
	h ctr-gc
	[ -z "$(traces)" ]
}

# bats test_tags=ctr-gc,ctr-run
@test "leases taken again are what was given, whatever a container has configured" {
	h ctr-net create --subnet 10.91.0.0/24 n >/dev/null
	h ctr-net create --subnet 10.92.0.0/24 m >/dev/null
	box w --net n --cap-add NET_ADMIN
	box v --net n --rm --cap-add NET_ADMIN
	h ctr-net connect m w
	h ctr-net connect m v
	all() {
		traces
		h nft -s list table bridge ctrbox
	}
	had=$(all)
	h ctr-exec w sh -c 'ip addr add 10.91.0.50/24 dev eth0; ip addr add 10.92.0.3/24 dev eth1
		ip addr del 10.92.0.2/24 dev eth1; ip link set eth1 down; ip link set eth1 name x
		ip link set x up'
	h ctr-exec v sh -c 'ip addr add 10.91.0.1/24 dev eth0; ip addr add 10.91.0.2/24 dev eth0
		ip link set eth1 down; ip link set eth1 name eth7
		ip link set eth7 up'
	rm -rf "$CTR_RUN"
	[ "$(h ctr-run --net n "$ROOTFS" hostname -i 2>/dev/null)" = 10.91.0.4 ]
	rm -rf "$CTR_RUN"
	h nft flush ruleset
	h ctr-gc >/dev/null
	diff <(echo "$had") <(all)
	# a disconnect that was killed, and then all was lost: its interface goes all the same
	echo '!- m' >>"$CTR_LIB/containers/v/networks"
	rm -rf "$CTR_RUN"
	h ctr-gc >/dev/null
	run ! h ctr-exec v ip link show eth7
	rm -rf "$CTR_RUN"
	h ctr-net disconnect m w
	run ! h ctr-exec w ip link show x
	# of the release before, the monitor looks for this file
	[ -e "$CTR_RUN/containers/w/networks" ]
	h ctr-rm -f w v
	[ -z "$(traces)" ]
}

# bats test_tags=ctr-gc,ctr-run
@test "what cannot be taken again is tried again; two at once do not disturb each other" {
	need strace strace
	h ctr-net create --subnet 10.91.0.0/24 n >/dev/null
	h ctr-net create --subnet 10.92.0.0/24 --subnet fd00:92::/64 m >/dev/null
	box w --net m
	h ctr-net connect n w
	had=$(traces | sort)
	dir=$CTR_RUN/leases/m
	rm -rf "$CTR_RUN/leases"
	mkdir -p "$dir"
	echo other >"$dir/fd00:92::2"
	run -0 h ctr-run --net m "$ROOTFS" true
	[[ "$output" = *"w: taken by other: fd00:92::2"* ]]
	[ ! -e "$dir/.whole" ]
	rm "$dir/fd00:92::2"
	run -0 h ctr-run --net m "$ROOTFS" true
	[[ "$output" = *"network m: leases that were lost are taken again"* ]]
	[ -e "$dir/.whole" ]
	h ctr-gc >/dev/null
	[ "$(traces | sort)" = "$had" ]
	rm -rf "$CTR_RUN"
	h strace -f -o /dev/null -e trace=linkat -e inject=linkat:delay_enter=700000 \
		ctr-gc >out 2>&1 3>&- &
	pid=$!
	wait_for 5 test -e "$dir/.by"
	h ctr-run --net m "$ROOTFS" true >out2 2>&1 # (a gc would wait for the other)
	wait $pid
	run ! grep -h already out out2
	[ "$(traces | sort)" = "$had" ]
	h ctr-rm -f w
	[ -z "$(traces)" ]
}

@test "rm beside a start: one of the two is refused" {
	h ctr-net create --subnet 10.5.0.0/24 n5
	conf=$CTR_LIB/networks/n5/conf
	exec 9<"$conf"
	flock -s 9
	run -124 timeout 0.3 nsenter -t "$HOST" -n ctr-net rm n5
	exec 9<&-
	hosted "box traces" '
		for ((i = 0; i < 10; i++)); do
			box r --net n5 >/dev/null 2>&1 &
			pid=$!
			sleep "0.00$i"
			ok=0
			ctr-net rm n5 && ok=1
			wait $pid && ok=$((ok + 1))
			[ $ok = 1 ]
			[ -e "$1" ] || ctr-net create --subnet 10.5.0.0/24 n5
			ctr-rm -f r || true
			[ -z "$(traces)" ]
		done' "$conf"
}

@test "create: two networks cannot have one bridge; a host's bridge is given back as it was" {
	for n in project_frontend_net project_backend_net ctr0 bridge; do h ctr-net create $n; done
	[ "$(h ctr-net ls -n | awk '{ print $3 }' | sort -u | wc -l)" = 4 ]
	run -1 h ctr-net create --parent ctr0 x
	h ip link add hc type bridge
	h ctr-net create --parent hc --subnet 10.5.0.0/24 --subnet fd00:5::/64 own
	run -1 h ctr-net create --parent hc x
	[[ "$output" = *"--parent hc: another network has it"* ]]
	h ctr-run --net own "$ROOTFS" ping -c1 -W2 10.5.0.1
	h ctr-net rm own
	[ -z "$(h ip -o addr show dev hc | grep -E '10.5|fd00')" ]
	h ctr-net create --parent hc --subnet 10.5.0.0/24 --subnet fd00:5::/64 own
}

@test "ls and inspect, as they are" {
	h ctr-net create --subnet 10.5.0.0/24 --subnet fd00:5::/64 --ip-range 10.5.0.128/25 \
		--mtu 1400 n5
	h ctr-net create --internal --subnet 10.6.0.0/29 --gateway 10.6.0.6 n6
	box a --net n5
	[ "$(h ctr-net ls | tr -s ' ')" = "NAME DRIVER BRIDGE SUBNET CONTAINERS
n5 bridge n5 10.5.0.0/24,fd00:5::/64 1
n6 bridge n6 10.6.0.0/29 0" ]
	[ "$(h ctr-net ls -q)" = $'n5\nn6' ]
	id=$(h ctr-inspect -f Id a)
	want='{"name":"n5","driver":"bridge","bridge":"n5","subnets":[{"subnet":"10.5.0.0/24",'
	want+='"gateway":"10.5.0.1","range":"10.5.0.128-10.5.0.255"},{"subnet":"fd00:5::/64",'
	want+='"gateway":"fd00:5::1"}],"internal":false,"mtu":1400,"created":"T","labels":{},"containers":[{"id":"'$id'","name":"a","interface":"eth0","address":"10.5.0.128"},'
	want+='{"id":"'$id'","name":"a","interface":"eth0","address":"fd00:5::2"}]}'
	run -0 h ctr-net inspect --json n5
	got=$(tr -d ' \n' <<<"$output" | sed -E 's/"created":"20[0-9T:.-]+Z"/"created":"T"/')
	# the order of the two leases is that of the folder
	[ "$got" = "$want" ] || [ "$(grep -o '"address":"[^"]*"' <<<"$got" | sort)" = \
		"$(grep -o '"address":"[^"]*"' <<<"$want" | sort)" ]
	[ "${got%%\"containers*}" = "${want%%\"containers*}" ]
	h ctr-net inspect -f '{{range $k, $v := .Containers}}{{$v.MacAddress}} {{eq $v.EndpointID $k}}{{end}}' n5 |
		grep -qxE '([0-9a-f]{2}:){5}[0-9a-f]{2} true'
	[ "$(h ctr-net ls --json | grep -c '"name":"n[56]"')" = 2 ]
	h ctr-exec a ip link show eth0 | grep -q 'mtu 1400'
	h ip link show n5 | grep -q 'mtu 1400'
	run -1 h ctr-net inspect nosuch
}

@test "no subnet is free: said, and nothing is made" {
	h ip route add 10.0.0.0/8 via 198.51.100.1
	h ip route add 172.16.0.0/13 via 198.51.100.1 table 7
	h ctr-net create left
	h ctr-net inspect left | grep -q 172.24.0.0/16
	h ip route add 172.24.0.0/13 via 198.51.100.1
	h ip route add 192.168.0.0/16 via 198.51.100.1
	run -1 h ctr-net create more
	[[ "$output" = *"none is free"* ]]
	[ "$(h ctr-net ls -q)" = left ]
}

@test "names: /etc/hosts is edited in place, and what the container wrote there stays" {
	h ctr-net create --subnet 10.5.0.0/24 n5
	box a --net n5
	h ctr-exec a sh -c 'echo 1.2.3.4 mine >>/etc/hosts'
	inode=$(h ctr-exec a stat -c %i /etc/hosts)
	mkfifo in
	h ctr-run -i --name fg --net n5 --network-alias ally "$ROOTFS" sh <in >out 2>&1 3>&- &
	BG+=($!)
	exec 9>in
	knows() { h ctr-exec "$1" grep -qw "$2" /etc/hosts; }
	wait_for 5 knows a ally
	box b --net n5
	echo 'i=0; until grep -w b /etc/hosts || [ $i = 50 ]; do sleep 0.1; i=$((i+1)); done; exit' >&9
	exec 9>&-
	wait_for 8 grep -q '^10.5.0.4.*b' out
	gone() { ! knows a ally; }
	wait_for 5 gone
	h ctr-restart -t 0 b
	b_ip() { knows a "$(ip_of b)"; }
	wait_for 5 b_ip
	wait_for 5 knows b a
	h ctr-exec b ping -c1 -W2 a
	knows a mine
	[ "$(h ctr-exec a stat -c %i /etc/hosts)" = "$inode" ]
}

@test "-P: each port that the image exposes gets a free one of the host" {
	tar -C "$ROOTFS" -c . | ctr-image import -c 'EXPOSE 90 53/udp' web
	h ctr-run -d --name web --net bridge -P web sleep 1000
	serve "$(pid_of web)" 90 hello
	serve "$(pid_of web)" 53 dgram udp4
	ports=$(h ctr-ps -n -o ports)
	tcp=$(sed -n 's/.*0.0.0.0:\([0-9]*\)->90\/tcp.*/\1/p' <<<"$ports") \
		udp=$(sed -n 's/.*0.0.0.0:\([0-9]*\)->53\/udp.*/\1/p' <<<"$ports")
	[ "$(ask "$PEER" 198.51.100.2 "$tcp")" = hello ]
	[ "$(ask "$PEER" 198.51.100.2 "$udp" udp)" = dgram ]
}

@test "a container reaches its own published port (hairpin), with and without br_netfilter" {
	h ctr-net create --ipv6 --subnet fd00:7::/64 --subnet 10.77.0.0/24 six
	box web --net six --ip6 fd00:7::9 -p 90:90 -p 53:53/udp
	box other --net six
	[ "$(h ctr-exec web ip -6 -o addr show dev eth0 | grep -c 'inet6 fd00:7::9/64')" -eq 1 ]
	run -125 h ctr-run --net six --ip6 fd00:7::9 "$ROOTFS" true
	[[ "$output" = *"already on lease"* ]]
	for bad in fd00:8::9 10.77.0.9 x; do
		run -125 h ctr-run --net six --ip6 "$bad" "$ROOTFS" true
	done
	serve "$(pid_of web)" 90 hello tcp6
	serve "$(pid_of web)" 53 dgram udp6
	# the answer's first line, without a wait for more; again if it is lost: socat is deaf while
	# it forks for a datagram
	says() {
		for _ in 1 2 3 4 5; do
			[ "$(in_ns "$1" timeout 3 bash -c '
				exec 3<>"/dev/$1/$2/$3" && echo x >&3 && head -n 1 <&3' _ \
				"${@:2}")" != "$5" ] || return 0
		done
		return 1
	}
	for call in 1 0; do
		h sh -c "
			for f in /proc/sys/net/bridge/bridge-nf-call-ip*tables; do
				echo $call >\$f
			done" 2>/dev/null || echo "# no br_netfilter here" >&3
		for from in "$(pid_of web)" "$(pid_of other)"; do
			for addr in 198.51.100.2 10.77.0.1 2001:db8:1::2 fd00:7::1; do
				echo "br_netfilter $call, pid $from, $addr"
				says "$from" tcp $addr 90 hello
				says "$from" udp $addr 53 dgram
			done
		done
	done
}

@test "UDP of one flow reaches a container that was started anew, at another address" {
	h ctr-net create --subnet 10.5.0.0/24 n5
	box web --net n5 -p 53:53/udp
	flow() {
		echo x | peer timeout 3 socat -t1 -T1 - UDP:198.51.100.2:53,sourceport=4444 \
			2>/dev/null || true
	}
	serve "$(pid_of web)" 53 old udp4
	[ "$(flow)" = old ]
	was=$(ip_of web)
	h ctr-stop -t 0 web
	box other --net n5 --ip "$was" # otherwise it would get its former address again
	h ctr-start web
	[ "$(ip_of web)" != "$was" ]
	h ctr-rm -f other
	serve "$(pid_of web)" 53 new udp4
	[ "$(flow)" = new ]
	# the monitor killed, and another in its place
	kill -9 "$(. "$CTR_RUN/containers/web/state"; echo "$monitor")"
	wait_for 3 sh -c '[ -z "$(ctr-ps -q)" ]'
	box next --net n5 -p 53:53/udp
	serve "$(pid_of next)" 53 next udp4
	[ "$(flow)" = next ]
}

@test "ctr-ipam gc frees no lease whose owner's container is held, whatever it is told" {
	h ctr-net create --subnet 10.5.0.0/24 n5
	box a --net n5
	h ctr-ipam alloc -n n5 hand
	h ctr-ipam gc -n n5 </dev/null
	[ "$(h ctr-ipam ls)" = "10.5.0.2 $(h ctr-inspect -f Id a)" ]
	# starts and gc at once: nobody loses an address
	(while [ ! -e stop ]; do h ctr-ps -q | h ctr-ipam gc -n n5; done) 3>&- & BG+=($!)
	for i in 1 2 3 4 5 6 7 8; do box b$i --net n5; done
	: >stop
	[ "$(h ctr-ipam ls | wc -l)" = 9 ]
	[ "$(for i in 1 2 3 4 5 6 7 8; do ip_of b$i; done | sort -u | wc -l)" = 8 ]
}

@test "kill -9 at any moment of a start: gc clears leases, ports and interfaces" {
	h ctr-net create --subnet 10.5.0.0/24 n5
	t0=$(date +%s%N) && box web --net n5 -p 90:90 && us=$((($(date +%s%N) - t0) / 1000))
	h ctr-rm -f web
	hosted traces '
		killed=0 some=0
		for ((i = 1; i <= 24; i++)); do
			died=$("$1" "$2" ctr-run --net n5 -p 90:90 "$ROOTFS" sleep 1000)
			[ "$died" = 0 ] || killed=$((killed + 1))
			[ -z "$(traces)" ] || some=$((some + 1))
			# the others leave it to those after them
			[ $((i % 4)) != 0 ] || ctr-gc >/dev/null
		done
		echo "# $killed of 24 starts killed, $some left something" >&3
		[ $killed -gt 18 ]
		[ $some -gt 2 ]' "$BATS_TEST_DIRNAME/killer.pl" "$us"
	box web --net n5 -p 90:90
	serve "$(pid_of web)" 90 alive
	[ "$(ask "$PEER" 198.51.100.2 90)" = alive ]
	h ctr-rm -f web
	h ctr-gc
	h ctr-ps -aq | h ctr-rm -f -
	h ctr-gc
	[ -z "$(traces)" ]
}

@test "kill -9 at random instants of an end: gc clears it" {
	h ctr-net create --subnet 10.5.0.0/24 n5
	hosted "box traces wait_for" '
		some=0
		for ((i = 0; i < 16; i++)); do
			box web --net n5 -p 90:90 >/dev/null
			(. "$CTR_RUN/containers/web/state" && perl -MTime::HiRes=usleep \
				-e "kill 9, shift; usleep rand 12000; kill 9, shift" \
				"$pid" "$monitor"
				wait_for 3 sh -c "[ -z \"\$(ctr-ps -q)\" ]")
			[ -z "$(traces)" ] || some=$((some + 1))
			ctr-gc >/dev/null
			[ -z "$(traces)" ] || { ctr-ps -a; traces; exit 1; }
			ctr-rm -f web
		done
		echo "# $some of 16 ends left something for gc" >&3
		[ $some -gt 2 ]'
}

@test "a port whose owner is dead is taken over without gc; one published by hand is not" {
	h ctr-net create --subnet 10.5.0.0/24 n5
	box web --net n5 -p 90:90
	kill -9 "$(. "$CTR_RUN/containers/web/state"; echo "$monitor")"
	wait_for 3 sh -c '[ -z "$(ctr-ps -q)" ]'
	h ctr-netcfg show | grep -q 'publish 0.0.0.0:90/tcp 10.5.0.2:90'
	box next --net n5 -p 90:90
	serve "$(pid_of next)" 90 next
	[ "$(ask "$PEER" 198.51.100.2 90)" = next ]
	h ctr-gc
	[ "$(ask "$PEER" 198.51.100.2 90)" = next ]
	h ctr-netcfg publish 91 10.5.0.9:90
	run -125 h ctr-run --net n5 -p 91:90 "$ROOTFS" true
	[[ "$output" = *"published already by ctr-netcfg publish"* ]]
	h ctr-gc
	h ctr-netcfg show | grep -q 'publish 0.0.0.0:91/tcp 10.5.0.9:90'
}

@test "the next start finishes a half-made bridge; gc leaves leases that were given by hand" {
	h ctr-net create --subnet 10.5.0.0/24 n5
	h ctr-run --net n5 "$ROOTFS" true
	alias=$(h ip -o link show n5 | sed -n 's/.*alias \([^ \\]*\).*/\1/p')
	h ip link del n5
	h ip link add n5 type bridge
	h ip link set n5 alias "$alias"
	h ctr-run --net n5 "$ROOTFS" ping -c1 -W2 203.0.113.2
	[ "$(h ctr-ipam alloc -n n5 machine)" = 10.5.0.4/24 ]
	box a --net n5
	h ctr-gc
	h ctr-ipam ls | grep -qx '10.5.0.4 machine'
	h ctr-rm -f a
	h ctr-ps -q | h ctr-ipam gc -n n5
	[ -z "$(h ctr-ipam ls)" ]
}

@test "the port is held: the host's own programs cannot take it, and it is free again at once" {
	box web --net bridge -p 90:90 -p 53:53/udp
	run ! h timeout 1 socat TCP-LISTEN:90,reuseaddr SYSTEM:true
	run ! h timeout 1 socat UDP-LISTEN:53,reuseaddr SYSTEM:true
	h ctr-rm -f web
	serve "$HOST" 90 mine
	[ "$(ask "$HOST" 127.0.0.1 90)" = mine ]
	# the program ends; its last connection (TIME_WAIT) is no obstacle, nor does it let two in
	run -125 h ctr-run --net bridge -p 127.0.0.1:90:90 "$ROOTFS" true
	[ "$(h bash -c 'cat </dev/tcp/127.0.0.1/90')" = mine ] # it closes first
	kill "${BG[0]}"
	wait_for 5 eval '[ -z "$(h ss -tlnH sport = :90)" ]'
	h ss -tan | grep -q 'TIME-WAIT *[0-9]* *[0-9]* *127.0.0.1:90 '
	box web --net bridge -p 127.0.0.1:90:90
	run -125 h ctr-run --net bridge -p 127.0.0.1:90:90 "$ROOTFS" true
	run ! h timeout 1 socat TCP-LISTEN:90,reuseaddr SYSTEM:true
}


@test "the policy that docker and ufw set by iptables is seen, and the rule that is said helps" {
	need iptables-nft iptables
	h iptables-nft -P FORWARD DROP
	run -1 --separate-stderr h ctr-run --net bridge "$ROOTFS" ping -c1 -W1 203.0.113.2
	[[ "$stderr" = *"nft insert rule ip filter FORWARD iifname ctr0 accept"* ]]
	grep -o 'nft insert rule [^;]*' <<<"$stderr" | while read -r rule; do h sh -c "$rule"; done
	h ctr-run --net bridge "$ROOTFS" ping -c1 -W2 203.0.113.2
	h nft list chain ip filter FORWARD | grep -q "policy drop"
	run -0 --separate-stderr h ctr-check
	[[ "$stderr" != *"network bridge through"* ]]
	h iptables-nft -F FORWARD
	h iptables-nft -I FORWARD -i ctr0 -j ACCEPT
	h iptables-nft -I FORWARD -o ctr0 -j ACCEPT
	run -0 --separate-stderr h ctr-check
	[[ "$stderr" != *"network bridge through"* ]]
}

@test "a drop in another's forward chain is said, with the rule to add; and that rule helps" {
	h nft add table inet fw
	h nft add chain inet fw chain9 '{ type filter hook forward priority 0; policy drop; }'
	run -1 --separate-stderr h ctr-run --net bridge "$ROOTFS" ping -c1 -W1 203.0.113.2
	[[ "$stderr" = *"nft insert rule inet fw chain9 iifname ctr0 accept"* ]]
	run -0 --separate-stderr h ctr-check
	[[ "$stderr" = \
		*"to let network bridge through: nft insert rule inet fw chain9 iifname ctr0 accept; nft insert rule inet fw chain9 oifname ctr0 accept" ]]
	grep -o 'nft insert rule [^;]*' <<<"$stderr" | while read -r rule; do h sh -c "$rule"; done
	h ctr-run --net bridge "$ROOTFS" ping -c1 -W2 203.0.113.2
	# whoever has followed the advice is not warned again; half of it is not enough, nor is a
	# rule for another bridge
	h ctr-net create --subnet 10.7.0.0/24 ctr
	h nft insert rule inet fw chain9 iifname ctr accept
	h nft insert rule inet fw chain9 oifname ctr drop
	h nft insert rule inet fw chain9 oifname ctr9 accept
	run -0 --separate-stderr h ctr-check
	[[ "$stderr" != *"network bridge through"* && "$stderr" = *"network ctr through"* ]]
	h nft flush chain inet fw chain9
	h nft insert rule inet fw chain9 iifname ctr0 counter accept
	run -0 --separate-stderr h ctr-check
	[[ "$stderr" = *"network bridge through"* ]]
	h nft insert rule inet fw chain9 oifname ctr0 counter accept
	run -0 --separate-stderr h ctr-check
	[[ "$stderr" != *"network bridge through"* ]]
	box web -p 90:90
	serve "$(pid_of web)" 90 hello
	[ "$(ask "$PEER" 198.51.100.2 90)" = hello ]
}

@test "a rule that drops all forwarding is reported, a conditional one is not; firewalld" {
	h nft -f - <<-END
		table inet fw { chain some { type filter hook forward priority 0; ct state invalid drop; iifname "lo" counter reject; }; }
		table ip6 fw { chain any { type filter hook forward priority 0; counter drop; }; }
	END
	run -0 --separate-stderr h ctr-run --net bridge "$ROOTFS" ping -c1 -W1 203.0.113.2
	[[ "$stderr" != *"drops what is forwarded"* ]]
	h nft -f - <<-END
		table inet firewalld {
			chain filter_FORWARD {
				type filter hook forward priority filter + 10; policy accept;
				ct state established,related accept
				iifname "lo" accept
				jump policies
				ct state invalid drop
				reject with icmpx admin-prohibited
			}
			chain policies { iifname "trusted0" accept; }
		}
		table ip fw { chain last { type filter hook forward priority 0; counter log prefix "no " drop; }; }
	END
	run -0 --separate-stderr h ctr-check
	echo "$stderr"
	[ "$(grep -c 'drops what is forwarded' <<<"$stderr")" = 2 ]
	[[ "$stderr" = \
		*"firewalld drops"*"network bridge through: firewall-cmd --permanent --zone=trusted --add-interface=ctr0; firewall-cmd --reload"* ]]
	[[ "$stderr" = *"nft insert rule ip fw last iifname ctr0 accept"* ]]
}

@test "the older iptables: its FORWARD policy is seen, and its table is not made by looking" {
	need iptables-legacy iptables
	h ctr-net create --subnet 10.6.0.0/24 --ipv6 six
	run -0 --separate-stderr h ctr-run --net six "$ROOTFS" ping -c1 -W1 203.0.113.2
	[[ "$stderr" != *"drops what is forwarded"* ]]
	[ -z "$(h cat /proc/self/net/ip_tables_names)" ]
	h iptables-legacy -P FORWARD DROP || skip "this kernel has no ip_tables"
	run -1 h ctr-run --net six "$ROOTFS" ping -c1 -W1 203.0.113.2
	run -0 --separate-stderr h ctr-check
	echo "$stderr"
	[[ "$stderr" = *"iptables-legacy drops what is forwarded: to let network six through: "* &&
		"$stderr" != *ip6tables* ]]
	sed -n 's/^.* through: \(iptables.*\)$/\1/p' <<<"$stderr" | tr ';' '\n' |
		while read -r rule; do
		h sh -c "$rule"
	done
	h ctr-run --net six "$ROOTFS" ping -c1 -W2 203.0.113.2
	box web --net six -p 90:90
	serve "$(pid_of web)" 90 hello
	[ "$(ask "$PEER" 198.51.100.2 90)" = hello ]
	h ip6tables-legacy -P FORWARD DROP
	run -0 --separate-stderr h ctr-check
	[[ "$stderr" = *"ip6tables-legacy drops"* ]]
}

@test "100 containers on one bridge know each other by name" {
	local n=100
	[ -z "${CTR_SAN:-}" ] || n=60 # the sanitizers' programs are slower and larger
	h ctr-net create --subnet 10.50.0.0/16 big
	t0=$(date +%s%N)
	h sh -c '
		for i in $(seq $2); do
			ctr-run -d --name b$i --net big "$1" sleep 1000 || exit
		done' _ "$ROOTFS" $n 3>&- >/dev/null 2>&1
	echo "# $n containers: $((($(date +%s%N) - t0) / 1000000)) ms" >&3
	[ "$(h bridge link show | grep -c 'master big')" = $n ]
	[ "$(h ctr-net ls -n | tr -s ' ')" = "big bridge big 10.50.0.0/16 $n" ]
	all() { [ "$(h ctr-exec "$1" grep -cwE 'b[0-9]+' /etc/hosts)" = $n ]; }
	wait_for 20 all b1
	wait_for 20 all b$((n - 1))
	h ctr-exec b1 ping -c1 -W2 b$n
	h sh -c 'ctr-ps -q | ctr-rm -f - >/dev/null'
	[ -z "$(traces)" ]
}

@test "100 namespaces on one bridge" {
	local ns i=0
	h ctr-netcfg bridge add big 10.50.0.1/16
	mapfile -t ns < <(sh -c '
		i=0
		while [ $((i += 1)) -le 100 ]; do
			unshare -n sleep 1000 >/dev/null 2>&1 &
			echo $!
		done' 3>&-)
	[ ${#ns[@]} = 100 ]
	NS_PIDS+=("${ns[@]}")
	wait_for 20 sh -c '! readlink '"$(printf '/proc/%s/ns/net ' "${ns[@]}")"' |
		grep -qx "$(readlink /proc/self/ns/net)"'
	h ctr-ipam alloc -s 10.50.0.0/16 -r 10.50.0.200-10.50.1.100 "${ns[@]/#/n}" >addrs
	while read -r a; do
		echo "attach big ${ns[i++]} $a gw 10.50.0.1"
	done <addrs >lines
	[ $i = 100 ]
	t0=$(date +%s%N)
	h ctr-netcfg -f lines
	echo "# 100 attached: $((($(date +%s%N) - t0) / 1000000)) ms" >&3
	in_ns "${ns[0]}" ping -c1 -W2 10.50.1.43
	[ "$(h bridge link show | grep -c 'master big')" = 100 ]
}

# A kernel without nf_tables, played by a build that answers so: once without the netlink family,
# once with it but without nf_tables.
no_nft() {
	[ -x "$top/build/oldkernel/ctrbox" ] || skip "needs make OLDKERNEL=1"
	export CTR_TEST_NO=$1
	PATH=$top/build/oldkernel/bin:$PATH
	# what needs NAT fails with an error that names it, and leaves nothing
	run -125 h ctr-run --net bridge -p 90:90 "$ROOTFS" true
	[[ "$output" = *"CONFIG_NF_TABLES"* ]]
	[ -z "$(traces)" ]
	for l in "nat add 10.1.0.0/24" "publish 90 10.1.0.2:90" "unpublish 90"; do
		# shellcheck disable=SC2086
		run -1 h ctr-netcfg $l
		[[ "$output" = *"CONFIG_NF_TABLES"* ]] || [[ "$l $output" = \
			unpublish*"not published"* ]]
	done
	run -1 h ctr-netcfg -f - <<<$'bridge add br9 10.1.0.1/24\nnat add 10.1.0.0/24'
	run ! h ip link show br9
	# what needs no NAT works, and says what it does without
	h ctr-net create --subnet 10.5.0.0/24 n5
	run -0 --separate-stderr h ctr-run -d --name a --net n5 "$ROOTFS" sleep 1000
	[[ "$stderr" = *"nothing of it reaches the outside"*"CONFIG_NF_TABLES"* ]]
	box b --net n5
	wait_for 3 h ctr-exec a ping -c1 -W2 b
	h ctr-exec a ping -c1 -W2 10.5.0.1
	# without a chain of ours the host would be everybody's router
	[ "$(h cat /proc/sys/net/ipv4/ip_forward)" = 0 ]
	h ctr-netcfg show | grep -q '^bridge n5 10.5.0.1/24'
	h ctr-net ls | grep -q n5
	h ctr-check | grep -q '^missing *nf_tables: no NAT, no published ports'
	kill -9 "$(. "$CTR_RUN/containers/b/state" && echo "$monitor")"
	wait_for 3 sh -c '[ -z "$(ctr-ps -q --filter name=b)" ]'
	h ctr-gc
	h ctr-rm -f a b
	[ -z "$(traces)" ]
	h ctr-net rm n5
	h ctr-netcfg -f - <<<$'bridge add br9 10.1.0.1/24\nbridge del br9'
	h ctr-run "$ROOTFS" true
	[ "$(h ctr-ipam alloc -s 10.2.0.0/24 x)" = 10.2.0.2/24 ]
}
@test "a kernel without nfnetlink: what needs NAT names it, the rest works" { no_nft nfnetlink; }
@test "a kernel without nf_tables: what needs NAT names it, the rest works" { no_nft nf_tables; }

@test "names are known when the start returns, by connect and rename too; no monitor has inotify" {
	need strace strace
	box a --net bridge --hostname deep.example
	box b --net bridge
	h ctr-exec a grep -qw b /etc/hosts
	h ctr-exec b grep -qw a /etc/hosts
	h ctr-exec a ping -c1 -W2 deep.example
	h ctr-exec a ping -c1 -W2 deep
	h ctr-rename b c
	h ctr-exec a grep -qw c /etc/hosts
	run ! h ctr-exec a grep -qw b /etc/hosts
	h ctr-exec c sh -c '
		set -- $(grep -w $(hostname) /etc/hosts)
		shift
		[ "$(printf "%s\n" "$@" | sort | uniq -d)" = "" ]'
	h ctr-net create n2
	h ctr-net connect n2 c
	box d --net n2
	h ctr-exec d grep -qw c /etc/hosts
	h ctr-net disconnect n2 c
	run ! h ctr-exec d grep -qw c /etc/hosts
	run ! h ctr-exec c grep -qw d /etc/hosts
	h ctr-exec c grep -qw a /etc/hosts
	monitor=$(. "$CTR_RUN/containers/c/state" && echo "$monitor")
	run ! grep -rq inotify "/proc/$monitor/fdinfo"
	h ctr-rm -f a
	run ! h ctr-exec c grep -qw a /etc/hosts
	# on no network the own name resolves, too
	h ctr-run -h foo.bar "$ROOTFS" sh -c 'ping -c1 foo.bar && ping -c1 foo'
}

@test "a connect killed at any of its writes leaves nothing after gc, and can be done again" {
	need strace strace
	h ctr-net create --subnet 10.61.0.0/24 n6
	box a --net bridge
	inside() { h ctr-exec a ls /sys/class/net; }
	before=$(inside)
	for n in 1 2 3; do
		run h strace -f -o /dev/null -e trace=renameat \
			-e inject=renameat:signal=KILL:when=$n ctr-net connect n6 a
		[ "$status" -ne 0 ]
		h ctr-gc
		# the record says that it was done
		if grep -q '^n6' "$CTR_LIB/containers/a/networks"; then
			h ctr-net disconnect n6 a
		fi
		[ "$(inside)" = "$before" ]
		[ -z "$(find "$CTR_RUN/leases/n6" -type f ! -name '.[lw]*')" ]
		h ctr-net connect n6 a
		[[ "$(inside)" = *eth1* ]]
		run h strace -f -o /dev/null -e trace=renameat \
			-e inject=renameat:signal=KILL:when=$n ctr-net disconnect n6 a
		h ctr-gc
		if grep -q '^n6' "$CTR_LIB/containers/a/networks"; then # nothing was done yet
			h ctr-net disconnect n6 a
		fi
		[ "$(inside)" = "$before" ]
		[ -z "$(find "$CTR_RUN/leases/n6" -type f ! -name '.[lw]*')" ]
	done
	# with too few descriptors it fails, and eth0 stays
	local failed=0
	for n in $(seq 4 12); do
		if (ulimit -n "$n" && h ctr-net connect n6 a); then
			h ctr-net disconnect n6 a
		else
			failed=$((failed + 1))
		fi
		h ctr-gc
		[ "$(inside)" = "$before" ]
	done
	[ $failed -gt 0 ]
}

@test "the two halves of 0.0.0.0/0 that a VPN routes keep no subnet from being chosen" {
	h ip route add 0.0.0.0/1 dev wan
	h ip route add 128.0.0.0/1 dev wan
	[ "$(h ctr-net create v1)" = v1 ]
	h ctr-net create --subnet 10.200.0.0/24 v2
	h ip route add 10.201.0.0/16 dev wan
	run -0 h ctr-net create --subnet 10.201.5.0/24 v3
	[[ "$output" = *"overlaps with route 10.201.0.0/16"* ]]
	h ip route add 10.202.0.0/16 dev wan
	run -0 h ctr-net create --subnet 10.202.0.0/16 v6
	[[ "$output" = *"overlaps with route 10.202.0.0/16"* ]]
	[ "$(h ctr-run --net v6 "$ROOTFS" sh -c 'ip -o -4 addr show eth0 | grep -c 10.202.')" = 1 ]
	run -1 h ctr-net create --subnet 10.200.0.0/25 v4
	[[ "$output" = *"overlaps with network v2"* ]]
	h ip route add 10.0.0.0/8 dev wan
	h ip route add 172.16.0.0/12 dev wan
	h ctr-net create v5
	h ctr-net ls -n | grep -qE '^v5 .* 192\.168\.[0-9]+\.0/24'
	for name in default private slirp4netns pasta host none; do
		run -2 h ctr-net create $name
		[[ "$output" = *"means something else"* ]]
	done
}

@test "resolv.conf: servers beside systemd's stub stay, link-local ones do not" {
	printf 'nameserver 127.0.0.53\nnameserver 9.8.7.6\nnameserver fe80::1%%wan\nsearch ex.org\n' >r1
	printf 'nameserver 127.0.0.1\n' >r2
	h ctr-net create n1
	with() {
		h unshare -m sh -c '
			mount --bind "$1" /etc/resolv.conf &&
			exec ctr-run --net n1 "$2" cat /etc/resolv.conf' x "$1" "$ROOTFS"
	}
	run -0 with r1
	[[ "$output" = *"nameserver 9.8.7.6"* && "$output" != *fe80* &&
		"$output" = *"search ex.org"* ]]
	run -0 with r2
	[[ "$output" = *"8.8.8.8"*"are used"* && "$output" = *"nameserver 8.8.8.8"* ]]
	# what editors and tools can leave in the file
	printf '# written by hand\r\nnameserver 9.8.7.6\r\nnameserver 9.8.7.6\nnameserver\t5.6.7.8 # second\noptions ndots:3\r\ndomain ex.org\r\n' >r3
	run -0 --separate-stderr with r3
	[ "$output" = $'nameserver 9.8.7.6\nnameserver 5.6.7.8\noptions ndots:3\ndomain ex.org' ]
	# if no server can be reached from a container, every start says so
	for r in 'nameserver 0.0.0.0' 'nameserver ::1' 'nameserver fe80::1%%wan' \
		'nameserver fe80::1' 'nameserver x' '' 'nameserver 127.0.0.54'; do
		printf "$r\nsearch ex.org\n" >r4
		[ ! -e /run/systemd/resolve/resolv.conf ] || [[ "$r" != *127* ]] || continue
		run -0 with r4
		[[ "$output" = *"are used"* && "$output" = *"nameserver 8.8.8.8"* &&
			"$output" = *"search ex.org"* ]]
	done
	printf 'nameserver fec0::1\nnameserver 169.254.169.253\n' >r5
	run -0 --separate-stderr with r5
	[ "$output" = $'nameserver fec0::1\nnameserver 169.254.169.253' ]
	# --dns takes their place without a message
	run -0 --separate-stderr h unshare -m sh -c '
		mount --bind r2 /etc/resolv.conf && exec ctr-run --net n1 \
		--dns 1.2.3.4 "$1" cat /etc/resolv.conf' x "$ROOTFS"
	[[ "$output" = "nameserver 1.2.3.4" && "$stderr" != *"are used"* ]]
}

# claim PID ADDR [SOURCE]: that namespace says by ARP or neighbour advertisement that ADDR is at its
# own MAC.
claim() {
	in_ns "$1" perl -MSocket=inet_pton \
		-e '($a, $src) = @ARGV; ($i, $m) = `ip -o link show eth0` =~ /^(\d+):.*ether (\S+)/;
		$m = pack("H12", $m =~ s/://gr); socket(S, 17, 3, 0x300) or die; $src ||= $a;
		if ($a =~ /:/) { $t = inet_pton(10, $a); $s = inet_pton(10, $src);
			$ask = $src eq "::"; # is it taken? (RFC 4862, 5.4)
			$d = "\xff\x02".("\0" x 9).($ask ? "\1\xff".substr($t, 13) : "\0\0\0\0\1");
			$b = pack("CCnN", $ask ? 135 : 136, 0, 0, $ask ? 0 : 0x20000000).$t.($ask ? "" : "\2\1".$m);
			$c = $s.$d.pack("NN", length $b, 58).$b;
			$k += $_ for unpack("n*", $c);
			$k = ($k & 0xffff) + ($k >> 16) while $k >> 16;
			substr($b, 2, 2) = pack("n", ~$k & 0xffff);
			$f = "\x33\x33".substr($d, 12).$m."\x86\xdd"
				.pack("NnCC", 6 << 28, length $b, 58, 255).$s.$d.$b;
		} else { $t = inet_pton(2, $a); $f = ("\xff" x 6).$m.pack("nnnCCn", 0x806, 1, 0x800, 6, 4, 2).$m.$t.("\xff" x 6).$t; }
		send(S, $f, 0, pack("SSlSCCa8", 17, 0, $i, 0, 0, 6, "")) or die "$!"' "${@:2}"
}
neigh_of() { in_ns "$1" ip neigh show "$2"; }
# believed_by_none PID MAC OTHER...: that namespace claims the addresses of the bridge and of
# 10.9.0.2, and none of the others takes MAC for theirs.
believed_by_none() {
	local who a
	for a in 10.9.0.2 10.9.0.1 fd00:9::2 fd00:9::1 "fd00:9::2 fd00:9::3"; do
		# shellcheck disable=SC2086
		claim "$1" $a
	done
	for who in "${@:3}"; do
		for a in 10.9.0.2 10.9.0.1 fd00:9::2 fd00:9::1; do
			[[ "$(neigh_of "$who" "$a")" != *"$2"* ]]
		done
	done
}
need_bridge_tables() {
	h nft add table bridge try ||
		skip "this kernel has no nf_tables for bridges: CONFIG_NF_TABLES_BRIDGE"
	h nft delete table bridge try
}

@test "a container cannot take a neighbour's address or MAC on the bridge" {
	need_bridge_tables
	h ctr-net create --ipv6 --subnet fd00:9::/64 --subnet 10.9.0.0/24 n1
	box a --net n1 --ip 10.9.0.2 --ip6 fd00:9::2
	box b --net n1 --ip 10.9.0.3 --ip6 fd00:9::3 --privileged
	box c --net n1 --mac 02:00:00:00:00:0c
	local b c mac
	b=$(pid_of b) c=$(pid_of c)
	mac=$(in_ns "$b" ip -o link show eth0 | sed 's/.*ether //; s/ .*//')
	# each reaches every other
	for n in c:10.9.0.2 c:10.9.0.3 b:10.9.0.2 c:fd00:9::2 c:fd00:9::3 b:203.0.113.2 \
		c:2001:db8:2::2; do
		h ctr-exec "${n%%:*}" ping -c1 -W3 "${n#*:}"
	done
	believed_by_none "$b" "$mac" "$HOST" "$c"
	# nor keep it from having one that is new
	in_ns "$(pid_of a)" ip addr del fd00:9::2/64 dev eth0
	in_ns "$(pid_of a)" ip addr add fd00:9::2/64 dev eth0
	[[ "$(in_ns "$(pid_of a)" ip addr show eth0)" == *tentative* ]]
	for n in 1 2 3 4 5; do claim "$b" fd00:9::2 ::; done
	[[ "$(in_ns "$(pid_of a)" ip addr show eth0)" != *dadfailed* ]]
	in_ns "$b" ip link set eth0 address 02:42:0a:09:00:02 # nor its MAC
	run ! in_ns "$b" ping -c1 -W0.5 10.9.0.1
	in_ns "$b" ip link set eth0 address "$mac"
	in_ns "$b" ping -c1 -W3 10.9.0.1
	# connected and disconnected, ended, killed: nothing of them stays
	h ctr-net create n2
	h ctr-net connect n2 a
	h nft list set bridge ctrbox guarded | grep -o comment >"$BATS_TEST_TMPDIR/four"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/four")" = 4 ]
	h ctr-net disconnect n2 a
	[ "$(h nft list set bridge ctrbox guarded | grep -o comment | wc -l)" = 3 ]
	(. "$CTR_RUN/containers/c/state" && kill -9 "$monitor")
	h ctr-rm -f a b
	h ctr-rm -f c
	h ctr-gc
	[ -z "$(h nft list table bridge ctrbox | grep 'elements =')" ]
}

# bats test_tags=ctr-net,ctr-gc,ctr-run
@test "a connect is killed, then all of CTR_RUN removed: its interface goes, nobody shares" {
	need strace strace
	not_in_rig "no bridges there"
	h ctr-net create --subnet 10.91.0.0/24 n >/dev/null
	h ctr-net create --subnet 10.92.0.0/24 m >/dev/null
	h ctr-net create --driver macvlan --parent wan --subnet 198.51.100.0/24 \
		--ip-range 198.51.100.128/25 v >/dev/null
	h ctr-run --net m "$ROOTFS" true
	h ctr-run --net v "$ROOTFS" true
	box a --net n
	hosted "" '
		for net in m v; do
			for next in "ctr-run --net $net $ROOTFS true" ctr-gc \
				"ctr-net connect $net a"; do
				# when its name is about to be told, all else is done
				strace -e trace=symlinkat -o seen ctr-net connect $net a
				last=$(grep -c symlinkat seen)
				ctr-net disconnect $net a
				status=0
				strace -o seen -e "inject=symlinkat:signal=KILL:when=$last" \
					ctr-net connect $net a || status=$?
				[ "$status" = 137 ]
				[[ $(ctr-exec a ip addr) = *eth1* ]]
				rm -rf "$CTR_RUN"
				$next
				if [ "$next" = "ctr-net connect $net a" ]; then
					[[ $(ctr-exec a ip addr) = *eth1* ]]
					ctr-net disconnect $net a
				fi
				output=$(ctr-exec a ip addr)
				[[ $output != *eth1* ]]
				[ -z "$(ctr-gc 2>&1)" ]
			done
		done'
	h ctr-exec a ip addr | grep -q 10.91.0
	h ctr-rm -f a
}

# bats test_tags=ctr-net,ctr-run
@test "a monitor that does not answer, and all of CTR_RUN is removed: no address is shared" {
	h ctr-net create --subnet 10.91.0.0/24 n >/dev/null
	box a --net n
	box b --net n --rm
	pids=()
	for c in a b; do
		. "$CTR_RUN/containers/$c/state"
		pids+=("$monitor")
	done
	kill -STOP "${pids[0]}"
	rm -rf "$CTR_RUN"
	for _ in 1 2 3; do # what it was given is written down
		run -0 h ctr-run --net n "$ROOTFS" hostname -i
		! grep -qE '^10.91.0.[23]$' <<<"$output" || false
	done
	kill -STOP "${pids[1]}"
	rm -rf "$CTR_RUN"
	run -125 h ctr-run --net n "$ROOTFS" hostname -i
	[[ "$output" = *"b has an address there that is not known"* ]]
	kill -CONT "${pids[@]}"
	wait_for 10 test -e "$CTR_RUN/containers/b/state"
	for _ in 1 2 3; do
		run -0 h ctr-run --net n "$ROOTFS" hostname -i
		! grep -qE '^10.91.0.[23]$' <<<"$output" || false
	done
	[ "$(h ctr-exec b hostname -i)" = 10.91.0.3 ]
	h ctr-rm -f a b
}

@test "whatever a container does to its /etc/hosts, its neighbours can start" {
	need gcc
	cat >lease.c <<-'END'
	#define _GNU_SOURCE
	#include <fcntl.h>
	#include <signal.h>
	#include <stdio.h>
	#include <unistd.h>
	int main(void) { int fd = open("/etc/hosts", O_RDWR); signal(SIGIO, SIG_IGN); puts(fcntl(fd, F_SETLEASE, F_WRLCK) ? "no" : "held"); fflush(stdout); sleep(1000); }
	END
	gcc -static -O1 -o lease lease.c
	h ctr-net create --subnet 10.9.0.0/24 n1
	box a --net n1
	box full --net n1
	h ctr-exec full sh -c 'echo x >/etc/hosts; truncate -s 1000G /etc/hosts'
	h ctr-run -d --name l --net n1 -v "$PWD/lease:/lease" "$ROOTFS" /lease >/dev/null
	wait_for 5 grep -q held "$CTR_LIB/containers/l/log"
	run -0 h ctr-run -d --name b --net n1 "$ROOTFS" sleep 1000
	[[ "$output" == *"hosts file of $(ctr-inspect -f Id l): Resource temporarily"* ]]
	h ctr-exec a grep -qE '	b( |$)' /etc/hosts
	h ctr-net disconnect n1 b
	h ctr-net connect n1 b
	h timeout 10 ctr-rm -f b
	run -1 h ctr-exec a grep -qE '	b( |$)' /etc/hosts
}

@test "a hosts file that cannot be written whole is told of, and stays as it was" {
	h ctr-net create --subnet 10.9.0.0/24 n1
	box a --net n1
	box s --net n1
	local f=$CTR_LIB/containers/a/hosts s=$CTR_LIB/containers/s/hosts d=$CTR_RUN/hosts/n1
	{ head -c $((65530 - $(stat -c %s "$f"))) /dev/zero | tr '\0' '#' && echo && cat "$f"; } >was
	cat was >"$f" # its end is five bytes below 64 KiB
	truncate -s 1M "$s"
	echo '# ctrbox: end' >>"$s"
	# shellcheck disable=SC2016
	run -0 h bash -c 'ulimit -f 64; exec ctr-run -d --name b --net n1 "$ROOTFS" sleep 1000'
	[[ "$output" == *"hosts file of $(ctr-inspect -f Id a): No space left on device"* ]]
	cmp "$f" was
	# What is no container's is left alone; of a hole nothing is filled.
	mkdir "$d/x"
	cp "$d/.all" "$d/notes"
	cp "$d/.all" notes
	run -0 box c --net n1
	[[ "$output" != *"hosts file"* ]]
	cmp "$d/notes" notes
	rm -r "$d/x" "$d/notes"
	for f in "$f" "$s"; do grep -qa '	c ' "$f"; done
	[ "$(stat -c %b "$s")" -le 100 ]
	# as a join does it that finds the link in the middle of a rename
	rm "$d/$(ctr-inspect -f Id a)"
	h ctr-rename a aa
	box d --net n1
	h ctr-exec aa grep -q '	d ' /etc/hosts
}

# bats test_tags=ctr-netcfg
@test "what ctr-netcfg attach puts on a bridge has its own addresses only" {
	need_bridge_tables
	ns A
	ns B
	local mac
	h ctr-netcfg -f - <<-END
		bridge add br9 10.9.0.1/24 fd00:9::1/64
		attach br9 $A 10.9.0.2/24 fd00:9::2/64 gw 10.9.0.1 guarded
		attach br9 $B 10.9.0.3/24 10.9.0.4/24 fd00:9::3/64 fd00:9::4/64 guarded
	END
	mac=$(in_ns "$B" ip -o link show eth0 | sed 's/.*ether //; s/ .*//')
	for a in 10.9.0.3 10.9.0.4 fd00:9::3 fd00:9::4; do
		in_ns "$B" ping -c1 -W3 -I $a "$([[ $a == *:* ]] && echo fd00:9::2 ||
			echo 10.9.0.2)"
	done
	believed_by_none "$B" "$mac" "$HOST" "$A"
	in_ns "$B" ip addr add 10.9.0.9/24 dev eth0 # by itself it gets no further one
	run ! in_ns "$B" ping -c1 -W0.5 -I 10.9.0.9 10.9.0.1
	in_ns "$B" ip addr del 10.9.0.9/24 dev eth0
	h ctr-netcfg addr add eth0 10.9.0.9/24 in "$B" # a line of ours gives it one, and takes it
	in_ns "$B" ping -c1 -W3 -I 10.9.0.9 10.9.0.1
	run -1 h ctr-netcfg addr add eth0 10.9.0.9/24 in "$B" # there already: nothing changes
	in_ns "$B" ping -c1 -W3 -I 10.9.0.9 10.9.0.1
	h ctr-netcfg addr del eth0 10.9.0.9/24 in "$B"
	in_ns "$B" ip addr add 10.9.0.9/24 dev eth0
	run ! in_ns "$B" ping -c1 -W0.5 -I 10.9.0.9 10.9.0.1
	h ctr-netcfg link mac eth0 02:00:00:00:00:09 in "$B"
	in_ns "$B" ping -c1 -W3 -I 10.9.0.3 10.9.0.1
	run -1 h ctr-netcfg -f - <<-END
		addr add eth0 10.9.0.7/24 in $B
		link mac eth0 02:00:00:00:00:07 in $B
		addr add nosuch 10.9.0.8/24 in $B
	END
	in_ns "$B" ping -c1 -W3 -I 10.9.0.3 10.9.0.1
	[ "$(h nft list table bridge ctrbox | grep -c '10.9.0.7\|:00:07')" = 0 ]
	# on request it may send what it likes
	h ctr-netcfg detach "$B"
	[ "$(h nft list set bridge ctrbox guarded | grep -o comment | wc -l)" = 1 ]
	h ctr-netcfg attach br9 "$B" 10.9.0.3/24
	in_ns "$B" ip addr add 10.9.0.9/24 dev eth0
	in_ns "$B" ping -c1 -W3 -I 10.9.0.9 10.9.0.1
	# what ended with its namespace is cleared by gc; what is there stays; without any the table
	# goes
	kill "$A"
	wait_for 5 sh -c '[ "$(nsenter -t "$0" -n ip -o link show master br9 | wc -l)" = 1 ]' \
		"$HOST"
	h ctr-netcfg attach br9 "$B" 10.9.0.5/24 if eth1 guarded
	wait_for 5 sh -c '
		nsenter -t "$0" -n ctr-gc
		[ "$(nsenter -t "$0" -n nft list set bridge ctrbox guarded | grep -o comment |
		wc -l)" = 1 ]' "$HOST"
	h ctr-netcfg detach "$B" if eth1
	h ctr-netcfg detach "$B"
	# a container is guarded without being asked for, unless that is refused
	h ctr-run -d --name c --net none "$ROOTFS" sleep 1000 >/dev/null
	for how in "" unguarded; do
		h ctr-netcfg attach br9 c 10.9.0.3/24 $how
		in_ns "$(pid_of c)" ip addr add 10.9.0.9/24 dev eth0
		in_ns "$(pid_of c)" ping -c1 -W3 -I 10.9.0.3 10.9.0.1
		if in_ns "$(pid_of c)" ping -c1 -W0.5 -I 10.9.0.9 10.9.0.1; then
			[ -n "$how" ]
		else
			[ -z "$how" ]
		fi
		[ "$(h ctr-netcfg show | grep -c guard)" = "$([ -n "$how" ] && echo 0 || echo 1)" ]
		h ctr-netcfg detach c
	done
	h ctr-netcfg attach br9 c 10.9.0.3/24
	h ctr-netcfg bridge del br9
	[ "$(h ctr-netcfg show | grep -c guard)" = 0 ]
	h ctr-netcfg detach c
	run ! h nft list table bridge ctrbox
}

@test "the guards of attached ports come back after a flush" {
	need_bridge_tables
	ns A
	ns B
	ns C
	h ctr-netcfg -f - <<-END
		bridge add br9 10.9.0.1/24 fd00:9::1/64
		attach br9 $A 10.9.0.2/24 fd00:9::2/64 guarded
		attach br9 $B 10.9.0.3/24 10.9.0.4/24 guarded
		addr add eth0 10.9.0.5/24 in $B
		addr del eth0 10.9.0.4/24 in $B
		link mac eth0 02:00:00:00:00:09 in $A
	END
	guards() {
		h nft -j list table bridge ctrbox | jq -Sc '[.nftables[].set | select(.)
			| {name, elem: [(.elem // [])[] | tostring] | sort}]'
	}
	local before flush
	h ctr-netcfg restore # with the link-local address of the new MAC, too
	before=$(guards)
	again() { # COMMAND...
		for flush in 'flush ruleset' 'delete table bridge ctrbox' \
			'flush set bridge ctrbox guarded' 'flush set bridge ctrbox from4'; do
			h nft "$flush"
			"$@" >/dev/null
			diff <(guards) <(echo "$before")
		done
	}
	again h ctr-netcfg restore
	again h ctr-gc
	h nft flush ruleset # another attach, which is not guarded
	h ctr-netcfg attach br9 "$C" 10.9.0.6/24
	diff <(guards) <(echo "$before")
	h nft flush ruleset
	h ctr-netcfg detach "$C" # what went is not put back: its port, and what is detached
	h ctr-netcfg detach "$B"
	kill "$A"
	wait_for 5 sh -c '[ -z "$(nsenter -t "$0" -n ip -o link show master br9)" ]' "$HOST"
	h ctr-gc
	run ! h nft list table bridge ctrbox
	[ -z "$(ls "$CTR_RUN/cni/.kept")" ]
}

@test "a source address that is not the bridge's is not forwarded" {
	h ctr-net create --ipv6 --subnet fd00:9::/64 --subnet 10.9.0.0/24 n1
	h ctr-net create --subnet 10.8.0.0/24 n2
	box other --net n2
	box a --net n1 --privileged -p 127.0.0.1:90:90 # with route_localnet
	h ctr-exec a ping -c1 -W2 203.0.113.2
	h ctr-exec a ping -c1 -W2 2001:db8:2::2
	h nft flush set bridge ctrbox guarded 2>/dev/null || true # 14.17 would drop them before
	h sh -c 'for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done'
	for f in ip ip6; do
		h nft "add table $f t; add chain $f t c { type filter hook forward priority -300; }"
	done
	h nft 'add rule ip t c ip saddr 10.66.6.6 counter; add rule ip6 t c ip6 saddr fd66::6 counter
		add rule ip t c ip saddr 10.8.0.77 counter; add rule ip t c ip saddr 127.0.0.9 counter'
	forge() { # how many of the four are not forwarded
		h ctr-exec a sh -c '
			echo 1 >/proc/sys/net/ipv4/conf/eth0/route_localnet
			for ip in 10.66.6.6 10.8.0.77 127.0.0.9; do
				ip addr add $ip/32 dev eth0
				ping -c1 -W1 -I $ip 203.0.113.2 &
			done
			echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad # it has it at once
			ip -6 addr add fd66::6/128 dev eth0
			ping -6 -c1 -W1 -I fd66::6 2001:db8:2::2
			wait'
		h nft list ruleset | grep -c 'saddr .* counter packets 0' || true
	}
	[ "$(forge | tail -1)" = 4 ]
	for f in ip ip6; do h nft flush chain $f ctrbox raw; done
	[ "$(forge | tail -1)" = 0 ] # it is that chain
}

@test "after nft flush ruleset the next start, ctr-gc or ctr-netcfg restore put all back" {
	h ctr-net create --subnet 10.5.0.0/24 n5
	box web --net n5 -p 90:90 -p 127.0.0.1:91:90
	serve "$(pid_of web)" 90 hello
	rules() { h nft list ruleset | sort; }
	before=$(rules)
	h ctr-net create --subnet 10.6.0.0/24 --ipv6 n6
	h ctr-run -d --name other --net n6 "$ROOTFS" sleep 1000
	h ctr-net connect n6 web
	before=$(rules)
	ns A
	h ctr-netcfg bridge add br9
	ln -sf "$(readlink -f "$(command -v ctr-run)")" loopback
	PATH=$PATH:$PWD
	[ -z "$(h ctr-check 2>&1 | grep 'are missing')" ]
	for how in "ctr-gc" "ctr-netcfg restore" "ctr-run --net n5 $ROOTFS true" \
		"ctr-net connect n5 other" "ctr-netcfg attach br9 $A 10.9.0.2/24" cni; do
		h nft flush ruleset
		h ctr-check 2>&1 |
			grep \
			-q 'rules and ports of running containers are missing.*ctr-netcfg restore'
		[ "$how" != cni ] ||
			how="env CNI_COMMAND=ADD CNI_CONTAINERID=x CNI_NETNS=/proc/$A/ns/net CNI_IFNAME=lo CNI_PATH=/ loopback"
		[ -z "$(ask "$PEER" 198.51.100.2 90)" ]
		# shellcheck disable=SC2086
		h $how <<<'{"cniVersion":"1.0.0","name":"l","type":"loopback"}'
		[[ "$how" != *" other" ]] || h ctr-net disconnect "${how:16:2}" other
		[ "$(ask "$PEER" 198.51.100.2 90)" = hello ]
		[ "$(ask "$HOST" 127.0.0.1 91)" = hello ]
		diff <(echo "$before") <(rules)
	done
	[ -z "$(h ctr-gc)" ]
	# the guard alone
	h nft delete table bridge ctrbox
	h ctr-netcfg restore
	diff <(echo "$before") <(rules)
	h ctr-netcfg show | grep -c '^guard ctr' | grep -qx 3
}

# bats test_tags=ctr-gc,ctr-run
@test "a flush while a monitor is silent, and healed meanwhile by another: its rules come back" {
	h ctr-net create --subnet 10.5.0.0/24 n5
	box web --net n5 -p 90:90
	serve "$(pid_of web)" 90 hello
	h ctr-gc
	before=$(h nft list ruleset | sort)
	. "$CTR_RUN/containers/web/state"
	kill -STOP "$monitor"
	rm "$CTR_RUN/containers/web/state"
	h nft flush ruleset
	h ctr-run --net n5 "$ROOTFS" true
	kill -CONT "$monitor"
	wait_for 10 test -s "$CTR_RUN/containers/web/state"
	[[ "$(h ctr-gc)" == "restored "* ]]
	[ "$(ask "$PEER" 198.51.100.2 90)" = hello ]
	diff <(echo "$before") <(h nft list ruleset | sort)
	[ -z "$(h ctr-gc)" ]
}

# bats test_tags=ctr-gc
@test "a flush between ctr-gc's question whether there was one and its work: the next restores" {
	need strace strace
	if [[ "$BIN" == */san/* ]]; then skip "LeakSanitizer does not work below strace"; fi
	h ctr-net create --subnet 10.5.0.0/24 n5
	box web --net n5 -p 90:90
	h ctr-gc
	before=$(h nft list ruleset | sort)
	h strace -f -o trace -e trace=socket,openat ctr-gc
	# the first socket after that of the question
	k=$(awk '/socket\(/ { n++; if (asked) { print n; exit } } /\/nft", / { asked = 1 }' trace)
	h strace -f -o trace -e trace=socket -e "inject=socket:delay_enter=3000000:when=$k" \
		ctr-gc 3>&- &
	sleep 1.5 # where this is too early or too late for a busy machine, nothing is tested
	h nft flush ruleset
	wait $!
	h ctr-gc
	diff <(echo "$before") <(h nft list ruleset | sort)
}

@test "a part of our tables that somebody flushed or deleted is noticed, told and put back" {
	h ctr-net create --subnet 10.5.0.0/24 --ipv6 n5
	h ctr-net create --internal in
	h ctr-run -d --name web --net n5 -p 90:90 -p 127.0.0.1:91:90 \
		-p 127.0.0.1:92:90 "$ROOTFS" sleep 1000
	h ctr-run -d --name db --net in "$ROOTFS" sleep 1000
	hosted "" '
		now=$(nft list ruleset)
		before=$(sort <<<"$now")
		last() { nft -a list chain "$3" "$4" "$5" | sed -n "s/.*# handle //p" | tail -1; }
		hows=("ctr-gc" "ctr-netcfg restore" "ctr-run --net n5 $ROOTFS true" \
			"ctr-run --net in $ROOTFS true" "ctr-netcfg netns add x")
		i=0
		while read -r what; do
			[[ "$what" != *LAST ]] || what=${what/LAST/$(last $what)}
			nft $what
			[ "$now" != "$(nft list ruleset)" ]
			ctr-check 2>&1 |
				grep -q "of running containers are missing.*ctr-netcfg restore"
			how=${hows[i++ % 5]}
			$how </dev/null
			[[ "$how" != *netns* ]] || ctr-netcfg netns del x
			now=$(nft list ruleset)
			[ "$before" = "$(sort <<<"$now")" ] || {
				echo "after nft $what and $how"
				diff <(echo "$before") <(sort <<<"$now")
			}
		done
		[ $i = 23 ]' <<-END
		flush table ip ctrbox
		flush table ip6 ctrbox
		flush table bridge ctrbox
		delete table ip6 ctrbox
		delete table bridge ctrbox
		flush chain ip ctrbox closed
		flush chain ip ctrbox prerouting
		flush chain ip6 ctrbox forward
		flush chain bridge ctrbox spoof
		delete rule ip ctrbox postrouting handle LAST
		delete rule bridge ctrbox spoof handle LAST
		flush set ip ctrbox bridges
		flush set ip ctrbox same
		flush set ip ctrbox internal
		flush set ip ctrbox subnets
		flush map ip ctrbox ports
		flush map ip ctrbox addrs
		delete element ip ctrbox addrs { 127.0.0.1 . tcp . 92 }
		flush set ip6 ctrbox bridges
		flush set bridge ctrbox guarded
		flush set bridge ctrbox macs
		flush set bridge ctrbox from4
		flush set bridge ctrbox from6
	END
	[ -z "$(h ctr-check 2>&1 | grep 'are missing')" ]
	[ -z "$(h ctr-gc)" ]
}

# bats test_tags=ctr-netcfg,ctr-run,ctr-ipam
@test "messages for a missing /LEN, a rule that exists, an image in the place of a size" {
	run -2 h ctr-netcfg bridge add br0 10.0.0.1
	[[ "$output" = *"'10.0.0.1' is not ADDRESS/LENGTH"* ]]
	run -2 h ctr-netcfg attach br0 1 fd00::5 if x
	[[ "$output" = *"'fd00::5' is not ADDRESS/LENGTH"* ]]
	h ctr-netcfg rule add from 10.0.0.0/24 table 100 pref 5
	run -1 h ctr-netcfg rule add from 10.0.0.0/24 table 100 pref 5
	[[ "$output" = *"rule: add: File exists" ]]
	h ctr-netcfg rule del from 10.0.0.0/24 table 100 pref 5
	for c in ctr-run ctr-create; do
		run h $c -m busybox true
		[[ "$status" -ne 0 && "$output" = *"--memory: 'busybox' is not a size"* ]]
	done
	h ctr-net create --subnet 10.5.0.0/24 n5
	h ctr-ipam alloc -n n5 me
	run -1 h ctr-net rm n5
	[[ "$output" = *"in use by me, who has 10.5.0.2 by hand (ctr-ipam free)"* ]]
	h ctr-ipam free -n n5 me
	h ctr-run -d --name web --net n5 "$ROOTFS" sleep 100
	run -1 h ctr-net rm n5
	[[ "$output" = *"in use by container web"* ]]
	run -125 ctr-priv -u 65534 --cap-drop ALL ctr-priv --seccomp default true
	[[ "$output" = *"(not root: it takes no_new_privs, too)"* ]]
}

# bats test_tags=ctr-gc
@test "a stray file or folder in any folder of ours is told and left alone, and stops nothing" {
	local d
	h ctr-net create n1
	h ctr-volume create v1
	tar -C "$ROOTFS" -c . | h ctr-image import im
	h ctr-run -d --name live --net n1 -v v1:/v im sleep 1000
	h ctr-ipam alloc -n n1 hand
	local dirs=("$CTR_RUN" "$CTR_RUN"/{leases,leases/n1,leases/n1/.by,hosts,hosts/n1} \
		"$CTR_LIB"/{.,volumes,networks,networks/n1,images,images/blobs/sha256,layers,ids})
	plant() {
		touch "${@/%//stray}" "${@/%//.dot}" "${@/%//10.9.9.9}"
		mkdir "${@/%//straydir}" "${@/%//@x}" "${@/%//10.9.9.8}"
		for d; do ln -s /nonexistent "$d/straylink"; done
		mkfifo "${@/%//strayfifo}"
	}
	weed() {
		for d; do rm -rf "$d"/stray* "$d"/10.9.9.? "$d/.dot" "$d/@x"; done
	}
	hosted "plant weed" '
		tries() { # COMMAND STATUS...: it ends with one of these
			local status=0
			timeout 20 $1 || status=$?
			[[ " ${*:2} " = *" $status "* ]]
			(. "$CTR_RUN/containers/live/state" && [ "$pid" ])
		}
		for dir; do
			plant "$dir"
			tries ctr-gc 0 1
			tries ctr-gc 0 1
			tries "ctr-run --net n1 -v v2:/v im true" 0
			weed "$dir"
		done
		# where each of them would stop the command, it may meet all at once
		plant "$@"
		for c in "ctr-net ls" "ctr-ipam ls -n n1" "ctr-image prune" "ctr-ps -a"; do
			tries "$c" 0
		done
		weed "$@"' "${dirs[@]}"
	h ctr-stop -t 0 live
	[ -z "$(h ctr-gc)" ]
}

@test "a start looks at no other container where nobody else has touched nf_tables" {
	h ctr-net create n5
	h ctr-run -d --name a --net n5 "$ROOTFS" sleep 1000
	h ctr-run --net n5 "$ROOTFS" true
	run -0 h strace -f -e trace=openat ctr-run --net n5 "$ROOTFS" true
	! grep 'containers/a["/]' <<<"$output" || false # an id may begin so, too
	h nft add table ip other
	run -0 h strace -f -e trace=openat ctr-run --net n5 "$ROOTFS" true
	[[ "$output" = *"a/state"* ]]
}

@test "host-gateway, a port given twice, -P beside -p, owners of addresses, names that rm prints" {
	h ctr-net create --subnet 10.5.0.0/24 n5
	run -0 h ctr-run --net n5 --add-host x:host-gateway "$ROOTFS" sh -c '
		grep -w x /etc/hosts; ping -c1 -W2 x'
	[[ "$output" = *$'10.5.0.1\tx'* ]]
	run -125 h ctr-run --net n5 -p 80:80 -p 80:81 "$ROOTFS" true
	[[ "$output" = *"-p 80:81: the port is asked for by -p 80:80 already"* ]]
	tar -C "$ROOTFS" -c . | h ctr-image import --change 'EXPOSE 80 81' ex
	h ctr-run -d --name a --net n5 --ip 10.5.0.9 -P -p 8080:80 ex sleep 1000
	[ "$(h ctr-ps -n -o ports | tr ' ' '\n' | grep -c -- '->80/tcp')" = 1 ]
	run -125 h ctr-run --net n5 --ip 10.5.0.9 "$ROOTFS" true
	[[ "$output" = *"taken by a: 10.5.0.9"* ]]
	(. "$CTR_RUN/containers/a/state" && kill -9 "$monitor")
	wait_for 5 sh -c '! ctr-ps -q | grep -q .'
	h ctr-net ls -n | grep -qE '^n5 .* 0$'
	h ctr-rm -f a
	[ "$(h ctr-net rm n5)" = n5 ]
}

@test "a container heeds no router, and has no IPv6 where its network has none" {
	h ctr-net create v4 >/dev/null
	h ctr-net create --ipv6 v6 >/dev/null
	looks() {
		h ctr-exec "$1" \
			sh -c "cat /proc/sys/net/ipv6/conf/$2/accept_ra \
			/proc/sys/net/ipv6/conf/$2/autoconf \
			/proc/sys/net/ipv6/conf/$2/accept_redirects \
			/proc/sys/net/ipv4/conf/$2/accept_redirects \
			/proc/sys/net/ipv6/conf/$2/disable_ipv6" | tr '\n' ' '
	}
	h ctr-run -d --name four --net v4 "$ROOTFS" sleep 1000 >/dev/null
	h ctr-run -d --name six --net v6 "$ROOTFS" sleep 1000 >/dev/null
	[ "$(looks four eth0)" = "0 0 0 0 1 " ]
	[ -z "$(h ctr-exec four ip -6 addr show dev eth0)" ]
	[ "$(looks six eth0)" = "0 0 0 0 0 " ]
	h ctr-exec six ping -6 -c 1 \
		-W 2 "$(h ctr-exec six ip -6 route | sed -n 's/^default via \([^ ]*\).*/\1/p')"
	h ctr-net connect v6 four # a network with IPv6 comes later
	[ "$(looks four eth0)" = "0 0 0 0 1 " ]
	[ "$(looks four eth1)" = "0 0 0 0 0 " ]
	h ctr-exec four ip -6 addr show dev eth1 | grep -q 'scope global'
}

@test "the uplink's MTU, several --net with options, a port for all and for one" {
	h ip link set wan mtu 1400
	h ctr-net create --subnet 10.5.0.0/24 n5
	h ctr-net create --subnet 10.6.0.0/24 n6
	h ip route change default via 198.51.100.1 mtu 1290
	h ctr-net create n7
	# with ip6-mcastprefix
	[ "$(h ctr-run --net n7 --add-host=x=host-gateway "$ROOTFS" sh -c '
		cat /sys/class/net/eth0/mtu; grep -c "x$" /etc/hosts' | tr '\n' ' ')" = "1290 2 " ]
	h ip route change default via 198.51.100.1
	h ip route add 10.0.0.0/8 via 198.51.100.1
	run -1 h ctr-net create --subnet 10.5.0.0/25 n8
	[[ "$output" = *"overlaps with network n5" ]]
	run -1 h ctr-net create --subnet 10.5.0.0/25 n
	[ "$output" = "ctr-net: network n: subnet 10.5.0.0/25: overlaps with network n5" ]
	tar -C "$ROOTFS" -c . | ctr-image import --change 'EXPOSE 80/TCP' ex80 - >/dev/null
	h ctr-run -d --name ex --net n5 -P --expose 80 --expose 70-71/udp ex80 sleep 100
	[ "$(h ctr-inspect ex | grep '": \[$' | grep -o '[0-9]*/[a-zA-Z]*' | sort -u |
		tr '\n' ' ')" = "70/udp 71/udp 80/tcp " ]
	[ "$(h ctr-inspect -f State.Status ex)" = running ]
	h ctr-rm -f ex
	run -0 h ctr-run --net n5:ip=10.5.0.7,mac=02:00:00:00:00:77 \
		--net name=n6,ip=10.6.0.8,alias=six "$ROOTFS" sh -c '
			cat /sys/class/net/eth0/mtu; ip -4 -o addr; ip link; ping -c1 -W2 six'
	[[ "$output" = *1400*10.5.0.7/24*10.6.0.8/24*02:00:00:00:00:77*"1 packets received"* ]]
	[ -z "$(h ctr-gc)" ]
	h ctr-run -d --name two --net n5 --net n6 "$ROOTFS" sleep 1000
	h ctr-stop -t 0 two
	h ctr-start two
	[ "$(h ctr-exec two ip -4 -o addr | grep -c 'eth[01]')" = 2 ]
	for net in "--net n5 --net n5" "--net n5 --net host" "--net none --net n5" \
		"--net n5:foo=1" "--net name=n5 --net name=n6,ip=x" \
		"--net n5 --net n6:mac=02:00:00:00:00:0" "--net n5 -p 80:80 -p 127.0.0.1:80:81"; do
		# shellcheck disable=SC2086
		run -125 h ctr-run $net "$ROOTFS" true
		[ "$(wc -l <<<"$output")" = 1 ]
	done
	[[ "$output" = *"asked for by -p 80:80 already"* ]]
	run -2 sh -c "tar -C '$ROOTFS' -c bin | ctr-image import --change 'EXPOSE abc' ex"
	[[ "$output" = *"EXPOSE"*"'abc'"* ]]
}

# bats test_tags=ctr-run,ctr-image,ctr-volume,ctr-gc
@test "folders of ours that others may enter are closed at their first use" {
	tar -cC "$ROOTFS" ./bin | ctr-image import i - >/dev/null
	ctr-volume create v >/dev/null
	h ctr-run -d --net bridge -p 8080:80 -v v:/v --name a "$ROOTFS" sleep 1000
	h ctr-run --userns auto "$ROOTFS" true
	h ctr-create --name b "$ROOTFS" true
	: >"$CTR_LIB/containers/b/conf"
	h ctr-gc || true # sets the damaged one aside
	"$CTRBOX" --install-cni "$WORLD/plugins"
	h env CNI_COMMAND=ADD CNI_CONTAINERID=c CNI_NETNS="/proc/$(pid_of a)/ns/net" CNI_IFNAME=e1 \
		CNI_PATH="$WORLD/plugins" "$WORLD/plugins/bridge" \
		<<<'{"cniVersion":"1.0.0","name":"n","type":"bridge","ipam":{"type":"host-local","ranges":[[{"subnet":"10.99.0.0/24"}]]}}' >/dev/null
	chmod 755 "$CTR_LIB" "$CTR_RUN"
	[ "$(h ctr-ps -nq | wc -l)" = 1 ]
	[ "$(stat -c %a "$CTR_LIB" "$CTR_RUN" | xargs)" = "700 700" ]
	ls "$CTR_LIB" "$CTR_RUN" >&2
	mkdir "$CTR_LIB/other"
	chmod 755 "$CTR_LIB"
	run -1 ctr-ps
	[[ "$output" == *"more lies in it than ours"* ]]
	[ "$(stat -c %a "$CTR_LIB")" = 755 ]
	chmod 700 "$CTR_LIB"
}

# bats test_tags=ctr-gc
@test "a damaged record: left alone in use, then set aside with its bridge; its name is free" {
	h ctr-net create --subnet 10.213.0.0/24 n
	h ctr-run -d --name a --net n "$ROOTFS" sleep 1000
	echo "driver='bri" >"$CTR_LIB/networks/n/conf"
	run -1 h ctr-gc
	[[ "$output" == *"network n: conf: "*"in use, and left alone"* ]]
	h ctr-exec a ping -c 1 10.213.0.1
	run -1 h sh -c 'ulimit -n 5; exec ctr-gc'
	h ctr-rm -f a
	run -0 h ctr-gc
	[[ "$output" == "damaged network n: conf: "*"$CTR_LIB/damaged/n-"* ]]
	grep bri "$CTR_LIB"/damaged/n-*/conf
	h ctr-net create --subnet 10.213.0.0/24 n
	h ctr-run --net n "$ROOTFS" ping -c 1 10.213.0.1
	long=a-name-that-no-interface-can-have
	for how in 'ln -s nowhere' 'ln -s conf' mkdir; do
		h ctr-net create --subnet 10.214.0.0/24 $long
		h ctr-run --net $long "$ROOTFS" true
		itself=$(. "$CTR_LIB/networks/$long/conf" && echo "$bridge")
		h ip link show "$itself" >/dev/null
		rm "$CTR_LIB/networks/$long/conf"
		(cd "$CTR_LIB/networks/$long" && $how conf)
		run -1 h ctr-net inspect $long
		[[ "$output" == *": conf: "* ]]
		run -0 h ctr-gc
		[[ "$output" == "damaged network $long: conf: "* ]]
		run -1 h ip link show "$itself"
	done
}

# bats test_tags=ctr-run,ctr-start,ctr-restart
@test "an address stays with its container over restarts, where nobody else took it" {
	addr() { h ctr-inspect -f '{{.NetworkSettings.IPAddress}}' "$1"; }
	h ctr-net create --subnet 10.213.0.0/28 stay
	h ctr-run -d --name a --net stay "$ROOTFS" sleep 100
	was=$(addr a)
	h ctr-run -d --name b --net stay "$ROOTFS" sleep 100
	h ctr-restart -t 0 a
	[ "$(addr a)" = "$was" ]
	h ctr-stop -t 0 a
	h ctr-run -d --name c --net stay "$ROOTFS" sleep 100
	[ "$(addr c)" != "$was" ] # the next one is handed out first
	h ctr-start a
	[ "$(addr a)" = "$was" ]
	h ctr-stop -t 0 a
	h ctr-run -d --name d --net stay --ip "$was" "$ROOTFS" sleep 100
	h ctr-start a # another container has the address, so it gets a new one
	[ -n "$(addr a)" ]
	[ "$(addr a)" != "$was" ]
}

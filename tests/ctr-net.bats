#!/usr/bin/env bats
# shellcheck disable=SC2154,SC1090,SC1091,SC2016,SC2119,SC2120
# ctr-net and ctr-run --net: sessions 13 and 14 of the textbook, and what is left after a kill.

load lib
load net

test_setup() {
	need socat socat
	need nft nftables
	net_up
}
test_teardown() { net_down; }

pid_of() { h ctr-ps -n -o name,pid | awk -v n="$1" '$1 == n { print $2 }'; }
ip_of() { (. "$CTR_RUN/containers/$1/state" && echo "$ip"); }
box() { h ctr-run -d --name "$@" "$ROOTFS" sleep 1000; }
# Every trace of networks in the host's namespace but bridges that are recorded.
traces() {
	h ip -o link show type veth | grep -v wan || true
	h ctr-netcfg show | grep publish || true
	find "$CTR_RUN/leases" -type f ! -name '.last*' 2>/dev/null || true
}

@test "session 13: a network; two containers get .2 and .3, reach each other, by name too, and the outside" {
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

@test "session 14: -p 90:90 reached from the peer, from the host, from localhost, from the other container and from itself" {
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
	free=$(h ctr-ps -n -o ports | tr ' ' '\n' | sed -n 's/^0.0.0.0:\([0-9]*\)->90\/tcp,*$/\1/p' | grep -vE '^(90|8000)$')
	[ "$(ask "$PEER" 198.51.100.2 "$free")" = hello ]
}

@test "-p alone means bridge, which is made with the first free subnet; none is the default" {
	h ip addr add 10.88.3.1/24 dev wan
	run -0 --separate-stderr h ctr-run -p 90:90 "$ROOTFS" sh -c 'ip -o addr show eth0; ip link | grep -c :\ '
	[[ "$output" = *"inet 10.89.0.2/16"* ]]
	[[ "$stderr" = *"turned IP forwarding on"* ]]
	run -0 h ctr-run "$ROOTFS" ls /sys/class/net
	[ "$output" = lo ]
	CTR_NET=bridge run -0 h ctr-run "$ROOTFS" ls /sys/class/net
	[[ "$output" = *eth0* ]]
}

@test "--ip, --mac, --network-alias, --add-host, --dns; host, container: and ns:" {
	h ctr-net create --subnet 10.5.0.0/24 n5
	run -0 h ctr-run --net n5 --ip 10.5.0.9 --mac 02:00:00:00:00:09 --hostname hh --add-host db:1.2.3.4 --dns 9.9.9.9 --dns-search ex.org \
		--network-alias al "$ROOTFS" sh -c 'ip addr show eth0; cat /etc/hosts /etc/resolv.conf /etc/hostname'
	for w in 'inet 10.5.0.9/24' '02:00:00:00:00:09' $'1.2.3.4\tdb' $'10.5.0.9\thh ' ' al' 'nameserver 9.9.9.9' 'search ex.org'; do
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
	for bad in "-p 0:1" "-p 1:2:3:4" "-p 80-81:80" "-p 80:80/sctp" "-p [::1]:80:80" "--ip x" "--mac 1" "--add-host x" "--dns x"; do
		# shellcheck disable=SC2086
		run -125 h ctr-run --net n5 $bad "$ROOTFS" true
	done
}

@test "loopback name servers are replaced, others kept" {
	unshare -m sh -c 'printf "search a.b\nnameserver 127.0.0.1\nnameserver 192.0.2.53\noptions ndots:2\n" >rc; mount --bind rc /etc/resolv.conf
		nsenter -t "$1" -n ctr-run --net bridge "$2" cat /etc/resolv.conf' _ "$HOST" "$ROOTFS" >out 2>/dev/null
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
	run -1 h ctr-exec a ping -c1 -W1 b
	h ctr-net connect n6 a
	wait_for 3 h ctr-exec a ping -c1 -W1 b
	wait_for 3 h ctr-exec b ping -c1 -W1 a
	h ctr-net disconnect n6 a
	[ "$(h ctr-exec a ls /sys/class/net | sort | xargs)" = "eth0 lo" ]
	h ctr-net connect n6 a
	h ctr-rm -f a b
	[ -z "$(traces)" ]
}

@test "create: overlapping and odd subnets are refused; inspect is JSON; a reboot keeps the network" {
	h ctr-net create --subnet 10.5.0.0/24 n5
	for bad in "--subnet 10.5.0.128/25 x" "--subnet 198.51.100.0/25 x" "--subnet 10.9.0.0/31 x" "--subnet 10.9.0.0/24 --gateway 10.8.0.1 x" "--subnet 10.9.0.0/24 --ip-range 10.8.0.0/25 x" n5; do
		# shellcheck disable=SC2086
		run -1 h ctr-net create $bad
	done
	for bad in "" "--driver foo x" "--driver macvlan x" "--mtu 20 x" "--subnet x x" "a/b" none; do
		# shellcheck disable=SC2086
		run -2 h ctr-net create $bad
	done
	h ctr-net inspect n5 | python3 -m json.tool >/dev/null
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

@test "kill -9 of monitors at any instant: gc clears leases, ports and interfaces; a dead owner's port is taken over" {
	h ctr-net create --subnet 10.5.0.0/24 n5
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		nsenter -t "$HOST" -n ctr-run --net n5 -p 90:90 "$ROOTFS" sleep 1000 3>&- >/dev/null 2>&1 &
		p=$!
		sleep 0.0$((i * 7 % 10))$i
		kill -9 $p 2>/dev/null || true
		wait $p 2>/dev/null || true
	done
	box web --net n5 -p 90:90
	serve "$(pid_of web)" 90 alive
	[ "$(ask "$PEER" 198.51.100.2 90)" = alive ]
	kill -9 "$( . "$CTR_RUN/containers/web/state"; echo "$monitor")"
	sleep 0.2
	h ctr-gc
	h ctr-ps -aq | h ctr-rm -f -
	h ctr-gc
	[ -z "$(traces)" ]
}

@test "the port is held: the host's own programs cannot take it, and it is free again at once" {
	box web --net bridge -p 90:90 -p 53:53/udp
	run ! h timeout 1 socat TCP-LISTEN:90,reuseaddr SYSTEM:true
	run ! h timeout 1 socat UDP-LISTEN:53,reuseaddr SYSTEM:true
	h ctr-rm -f web
	serve "$HOST" 90 mine
	[ "$(ask "$HOST" 127.0.0.1 90)" = mine ]
}


@test "a drop in another's forward chain is said, with the rule to add; and that rule helps" {
	h nft add table inet fw
	h nft add chain inet fw chain9 '{ type filter hook forward priority 0; policy drop; }'
	run -1 --separate-stderr h ctr-run --net bridge "$ROOTFS" ping -c1 -W1 203.0.113.2
	[[ "$stderr" = *"nft insert rule inet fw chain9 iifname ctr0 accept"* ]]
	grep -o 'nft insert rule [^;]*' <<<"$stderr" | while read -r rule; do h sh -c "$rule"; done
	h ctr-run --net bridge "$ROOTFS" ping -c1 -W2 203.0.113.2
}

@test "300 namespaces on one bridge" {
	h ctr-netcfg bridge add big 10.50.0.1/16
	for i in $(seq 300); do
		unshare -n sleep 1000 3>&- >/dev/null 2>&1 &
		NS_PIDS+=($!)
	done
	wait_for 20 sh -c '! readlink '"$(printf '/proc/%s/ns/net ' "${NS_PIDS[@]}")"' | grep -qx "$(readlink /proc/self/ns/net)"'
	for p in "${NS_PIDS[@]:3}"; do echo "attach big $p $(h ctr-ipam alloc -s 10.50.0.0/16 n"$p") gw 10.50.0.1"; done >lines
	t0=$(date +%s%N)
	h ctr-netcfg -f lines
	echo "# 300 attached: $((($(date +%s%N) - t0) / 1000000)) ms" >&3
	in_ns "${NS_PIDS[3]}" ping -c1 -W2 10.50.1.45
	[ "$(h bridge link show | grep -c 'master big')" = 300 ]
}

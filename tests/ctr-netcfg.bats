#!/usr/bin/env bats
# shellcheck disable=SC2154,SC1090,SC1091,SC2016,SC2119,SC2120
# ctr-netcfg: networks by hand.

load lib
load net

test_setup() {
	net_up
	ns A
	ns B
}
test_teardown() { net_down; }

by_hand() {
	h ctr-netcfg -f - <<-END
		bridge add br0 172.18.0.1/24 fd01::1/64   # a comment
		attach br0 $A 172.18.0.2/24 fd01::2/64 gw 172.18.0.1 gw fd01::1

		attach br0 $B 172.18.0.3/24 fd01::3/64 gw 172.18.0.1 gw fd01::1 mac 02:00:00:00:00:05
		sysctl forward
		nat add 172.18.0.0/24
		nat add fd01::/64
	END
}

# A machine in a namespace C, whose packets to the others go through the host if it is a router.
neighbour() {
	ns C
	ip link add c9 netns "$HOST" type veth peer name eth0 netns "$C"
	h ip addr add 192.0.2.1/24 dev c9
	h ip link set c9 up
	in_ns "$C" sh -c '
		ip addr add 192.0.2.2/24 dev eth0
		ip link set eth0 up
		ip route add default via 192.0.2.1'
	in_ns "$ROUTER" ip route add 192.0.2.0/24 via 198.51.100.2
}

@test "session 12: two namespaces on a bridge reach each other, and the outside by masquerade" {
	by_hand
	in_ns "$A" ping -c1 -W2 172.18.0.3
	in_ns "$A" ping -c1 -W2 fd01::3
	in_ns "$B" ip link show eth0 | grep -q 02:00:00:00:00:05
	# the peer sees the host's address, not the container's
	in_ns "$A" ping -c1 -W2 203.0.113.2
	in_ns "$A" ping -c1 -W2 2001:db8:2::2
	nsenter -t "$PEER" -n socat TCP-LISTEN:7000,fork 'SYSTEM:echo $SOCAT_PEERADDR' 3>&- &
	BG+=($!)
	wait_for 5 listening "$PEER" 7000 tcp
	[ "$(ask "$A" 203.0.113.2 7000)" = 198.51.100.2 ]
}

@test "a published port answers from outside, the host, 127.0.0.1, a neighbour and itself" {
	by_hand
	h ctr-netcfg publish 90 172.18.0.2:9000
	serve "$A" 9000 hello
	[ "$(ask "$PEER" 198.51.100.2 90)" = hello ]
	[ "$(ask "$HOST" 198.51.100.2 90)" = hello ]
	[ "$(ask "$HOST" 127.0.0.1 90)" = hello ]
	# on one bridge: whether the kernel shows bridged packets to the firewall (br_netfilter) or
	# not
	for call in 1 0; do
		h sh -c "echo $call >/proc/sys/net/bridge/bridge-nf-call-iptables" 2>/dev/null ||
			echo "# no br_netfilter here" >&3
		[ "$(ask "$B" 172.18.0.1 90)" = hello ]
		[ "$(ask "$B" 198.51.100.2 90)" = hello ]
		[ "$(ask "$A" 198.51.100.2 90)" = hello ]
		in_ns "$A" ping -c1 -W2 172.18.0.3
	done
	h ctr-netcfg unpublish 90
	[ -z "$(ask "$PEER" 198.51.100.2 90)" ]
}

@test "IPv6 and UDP the same" {
	by_hand
	h ctr-netcfg -f - <<<$'publish 90 [fd01::2]:9000\npublish 53/udp 172.18.0.2:5300'
	serve "$A" 9000 hello6 tcp6
	serve "$A" 5300 dgram udp4
	[ "$(ask "$PEER" '[2001:db8:1::2]' 90)" = hello6 ]
	[ "$(ask "$HOST" '[2001:db8:1::2]' 90)" = hello6 ]
	[ "$(ask "$B" '[2001:db8:1::2]' 90)" = hello6 ]
	[ "$(ask "$PEER" 198.51.100.2 53 udp)" = dgram ]
	[ "$(ask "$HOST" 127.0.0.1 53 udp)" = dgram ]
}

@test "a port on 127.0.0.1 cannot be reached from elsewhere, even by a crafted route" {
	by_hand
	h ctr-netcfg publish 127.0.0.1:90 172.18.0.2:9000
	serve "$A" 9000 secret
	serve "$HOST" 91 hostsecret
	[ "$(ask "$HOST" 127.0.0.1 90)" = secret ]
	[ -z "$(ask "$PEER" 198.51.100.2 90)" ]
	# neighbours on the bridge and on the LAN that route 127/8 to the host (CVE-2020-8558):
	# neither the port nor the host's own services answer, though what they send does arrive
	for n in "$B eth0 172.18.0.1 172.18.0.3" "$ROUTER rh 198.51.100.2 198.51.100.1"; do
		# shellcheck disable=SC2086
		set -- $n
		in_ns "$1" sh -ec '
			echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet
			ip addr del 127.0.0.1/8 dev lo
			ip route flush table local 127.0.0.0/8
			ip route add 127.0.0.0/8 via "$2" dev "$1" src "$3"' _ "$2" "$3" "$4"
		dev=br0
		[ "$2" = eth0 ] || dev=wan
		h nft -f \
			- \
			<<<"$(printf 'table ip watch {\nchain %s {\ntype filter hook prerouting priority -400\nip daddr 127.0.0.1 iifname %s counter\n}\n}' "$dev" "$dev")"
		[ -z "$(ask "$1" 127.0.0.1 90)" ]
		[ -z "$(ask "$1" 127.0.0.1 91)" ]
		h nft list chain ip watch "$dev" | grep -q 'counter packets [1-9]'
	done
	run -2 h ctr-netcfg publish '[::1]:90' '[fd01::2]:9000'
	[[ "$output" = *route_localnet* ]]
}

@test "all or nothing: a line that fails undoes those before it; NAT is one transaction" {
	run -1 h ctr-netcfg -f \
		- \
		<<<"$(printf 'bridge add br0 172.18.0.1/24\nattach br0 %s 172.18.0.2/24\naddr add br0 10.9.0.1/24\nattach none %s 172.18.0.3/24' "$A" "$B")"
	[[ "$output" = *"line 4: interface none: No such device"* ]]
	[ -z "$(h ip -o link show type bridge)$(h ip -o link show type veth | grep -v wan)" ]
	[ "$(in_ns "$A" ip -o link | wc -l)" = 1 ]
	by_hand
	h ctr-netcfg publish 90 172.18.0.2:9000
	run -1 h ctr-netcfg -f - <<<$'publish 89 172.18.0.2:9000\npublish 90 172.18.0.3:9000'
	[[ "$output" = *"line 2: 0.0.0.0:90/tcp: publish: File exists: see ctr-netcfg show"* ]]
	[ "$(h ctr-netcfg show | grep -c publish)" = 1 ]
}

@test "all or nothing: forwarding and the rule that closes the host are undone, on TERM too" {
	run -1 h ctr-netcfg -f - <<<$'sysctl forward\nbridge add br0 10.40.0.1/24\nlink up nosuch'
	[[ "$output" = *"line 3: interface nosuch"* ]]
	[ "$(h cat /proc/sys/net/ipv4/ip_forward)" = 0 ]
	[ -z "$(h nft list tables)" ]
	run -1 ctr-netcfg netns add "$PWD/no/such"
	[[ "$output" = *"No such file or directory" ]]
	mkfifo hold # a fifo, which is no namespace, does not block it
	run -1 h timeout -k 1 5 ctr-netcfg -f \
		- <<<"$(printf 'bridge add br0 10.40.0.1/24\nattach br0 %s 10.40.0.2/24' \
		"$PWD/hold")"
	run ! h ip link show br0
	for i in $(seq 400); do echo "bridge add br$i"; done >lines
	nsenter -t "$HOST" -n ctr-netcfg -f lines 3>&- >/dev/null 2>&1 &
	p=$!
	until [ "$(h ip -o link | grep -c ' br[0-9]')" -gt 3 ]; do kill -0 $p; done
	kill -TERM $p
	wait $p || [ $? = 143 ]
	[ "$(h ip -o link | grep -c ' br[0-9]')" = 0 ]
	# something that is no namespace, something that is no bridge, an address twice
	for l in "attach br0 /etc/passwd 10.40.0.2/24" "attach wan $A 10.40.0.2/24" \
		"attach br9 999999 10.40.0.2/24" "addr add lo 127.0.0.1/8" "bridge add wan"; do
		# shellcheck disable=SC2086
		run -1 --separate-stderr h ctr-netcfg $l
		[ "$(wc -l <<<"$stderr")" = 1 ]
	done
	[ "$(in_ns "$A" ip -o link | wc -l)" = 1 ]
}

@test "all or nothing: what was there before stays; an interface is deleted last" {
	by_hand
	h ip link add dum0 type veth peer name dum1
	in_ns "$A" sh -c '
		ip addr add 10.7.0.1/24 dev eth0
		ip addr add 10.7.0.9/24 dev eth0 valid_lft 900 preferred_lft 800
		ip route add 10.8.0.0/16 via 10.7.0.2 metric 7
		ip route add 10.77.0.0/16 via 10.8.0.1 dev eth0 onlink'
	state() {
		h ip -o link show | cut -d'>' -f1
		for p in "$HOST" "$A"; do
			for f in -4 -6; do
				in_ns "$p" ip $f route show | sort
				in_ns "$p" ip -o $f addr show scope global
			done
		done |
			sed 's/tentative//; s/[0-9]*sec//g' | tr -s ' '
		h ctr-netcfg show
	}
	same() { state | diff before - >diff; }
	state >before
	for l in "link up wan" "link down wan" "link down dum0" "route del default" \
		"route del default via 2001:db8:1::1" \
		"route del default\nroute add default via 198.51.100.9" \
		"route del 198.51.100.0/24 dev wan" "addr del wan 198.51.100.2/24" \
		"addr del wan 2001:db8:1::2/64" "link down eth0 in $A" \
		"addr del eth0 10.7.0.1/24 in $A" "route del 10.8.0.0/16 in $A" \
		"link down wan\nroute add 10.0.0.0/8 dev br0\nlink up wan" "bridge del br0" \
		"detach $A" "detach $A\nbridge del br0\nnat del 172.18.0.0/24"; do
		for fails in "link up nosuch" "nat del 9.9.9.0/24"; do
			run -1 h ctr-netcfg -f - <<<"$(printf "$l\n$fails")"
			[[ "$output" != *"take back"* ]]
			wait_for 3 same || { cat diff; echo "after $l: $output"; false; }
		done
	done
	run -1 h ctr-netcfg -f - <<<"$(printf 'bridge del br0\nlink up dum0\ndetach %s if lo' "$A")"
	same
	# unless a later line needs its name
	h ctr-netcfg -f \
		- \
		<<<"$(printf 'detach %s\nbridge del br0\nbridge add br0 10.40.0.1/24\nattach br0 %s 10.40.0.2/24' "$A" "$A")"
	in_ns "$A" ping -c1 -W2 10.40.0.1
	h ctr-netcfg -f \
		- \
		<<<"$(printf 'detach %s\nbridge del br0\nnat add 10.41.0.0/24\nroute add 10.40.0.0/24 via 198.51.100.1' "$A")"
	[ -z "$(h ip -o link show type bridge)" ]
}

@test "rules: what nft makes of them is what ctr-netcfg makes itself, to the last element" {
	cat >lines <<-END
		bridge add br0 172.18.0.1/24 fd01::1/64
		sysctl forward
		nat add 172.18.0.0/24
		nat add fd01::/64
		nat add 10.9.0.0/16 out wan
		publish 90 172.18.0.2:9000
		publish 127.0.0.1:91-92/udp 172.18.0.2:9001-9002
		publish 90 [fd01::2]:9000
		publish [2001:db8:1::2]:93 [fd01::2]:9000
	END
	h ctr-netcfg rules -f - <lines >rules
	[ -z "$(h nft list tables)$(h ip -o link show type bridge)" ]
	h nft -c -f - <rules
	ns BYNFT
	in_ns "$BYNFT" nft -f "$PWD/rules"
	h ctr-netcfg -f lines
	for f in ip ip6; do
		diff <(h nft list table $f ctrbox) <(in_ns "$BYNFT" nft list table $f ctrbox)
	done
	# and the lines that remove them
	printf 'unpublish 90\nnat del 10.9.0.0/16 out wan\n' >less
	h ctr-netcfg rules -f less | grep -v '^[t}	]' >away
	h nft -f "$PWD/away"
	run -1 h ctr-netcfg -f less
	[ "$(h ctr-netcfg show | grep -cE '(:90/tcp|out wan)')" = 0 ]
}

@test "show and show --json, as they are" {
	h ctr-netcfg -f - <<-END
		bridge add br0 172.18.0.1/24 mtu 1400
		nat add 172.18.0.0/24
		nat add 10.9.0.0/16 out wan
		publish 127.0.0.1:53/udp 172.18.0.2:5300
	END
	h ip link show br0 | grep -q 'mtu 1400'
	run -0 h ctr-netcfg show
	id=${lines[3]##* ctr:}
	[ "$output" = "bridge br0 172.18.0.1/24
nat 172.18.0.0/24
nat 10.9.0.0/16 out wan
publish 127.0.0.1:53/udp 172.18.0.2:5300 ctr:$id" ]
	run -0 h ctr-netcfg show --json
	diff - <(echo "$output") <<-END
		{"kind":"bridge","name":"br0","address":"172.18.0.1/24"}
		{"kind":"nat","name":"172.18.0.0/24"}
		{"kind":"nat","name":"10.9.0.0/16","out":"wan"}
		{"kind":"publish","name":"127.0.0.1:53/udp","to":"172.18.0.2:5300","owner":"ctr:$id"}
	END
}

@test "show: subnets up to the highest address, and those beside them" {
	h ctr-netcfg -f \
		- \
		<<<$'nat add 10.1.1.1/32\nnat add 10.1.1.2/31\nnat add 255.255.255.0/24\nnat add ::/0'
	[ "$(h ctr-netcfg show)" = \
		$'nat 255.255.255.0/24\nnat 10.1.1.2/31\nnat 10.1.1.1/32\nnat ::/0' ]
	h ctr-netcfg -f \
		- \
		<<<$'nat del 10.1.1.1/32\nnat del 10.1.1.2/31\nnat del 255.255.255.0/24\nnat add 0.0.0.0/0'
	[ "$(h ctr-netcfg show)" = $'nat 0.0.0.0/0\nnat ::/0' ]
}

@test "a subnet that is masqueraded in part is refused; one that is covered needs nothing" {
	h ctr-netcfg nat add 10.1.0.0/16
	h ctr-netcfg nat add 10.1.0.0/16
	run -1 h ctr-netcfg -f - <<<$'nat add 10.2.0.0/16\nnat add 10.1.2.0/24'
	[[ "$output" = \
		*"line 2: nf_tables: add subnet 10.1.2.0/24: File exists: see ctr-netcfg show" ]]
	run -1 h ctr-netcfg nat del 10.1.2.0/24
	[[ "$output" = *"delete subnet 10.1.2.0/24: No such file"* ]]
	h ctr-netcfg nat add 10.3.0.0/16 out wan
	run -1 h ctr-netcfg nat add 10.3.2.0/24 out wan
	[[ "$output" = *"File exists: see ctr-netcfg show" ]]
	h ctr-netcfg -f - <<<$'nat del 10.1.0.0/16\nnat add 10.0.0.0/8'
	h ctr-net create --subnet 10.5.0.0/24 --ipv6 n5
	h sh -c 'echo 0 >/proc/sys/net/ipv4/ip_forward'
	run -0 --separate-stderr h ctr-run --rm --net n5 -p 90:90 "$ROOTFS" ping -c1 -W2 203.0.113.2
	[[ "$stderr" != *"subnet"* ]]
	[ "$(h cat /proc/sys/net/ipv6/conf/all/forwarding)" = 1 ]
	run -0 --separate-stderr h ctr-run --rm --net n5 "$ROOTFS" ping -c1 -W2 203.0.113.2
	[ -z "$stderr" ]
	h ctr-net rm n5
	run ! grep n5 <(h nft list ruleset)
	[ "$(h ctr-netcfg show | grep ^nat)" = $'nat 10.0.0.0/8\nnat 10.3.0.0/16 out wan' ]
}

@test "a second owner of a host port is refused, by one address as by all" {
	h ctr-run -d --name web --net bridge -p 90:90 "$ROOTFS" sleep 1000
	for a in 198.51.100.2: 127.0.0.1: ''; do
		run -1 --separate-stderr h ctr-netcfg publish "${a}90" 198.51.100.1:22
		[ "$(wc -l <<<"$stderr")" = 1 ]
	done
	h ctr-netcfg -f \
		- \
		<<<$'publish 198.51.100.2:90/udp 198.51.100.1:22\npublish 127.0.0.1:91 198.51.100.1:22\npublish [2001:db8:1::2]:90 [2001:db8:1::1]:22'
	run -1 h ctr-netcfg publish 91 198.51.100.1:22
	for p in 91:90 90:90/udp; do
		run -125 --separate-stderr h ctr-run --net bridge -p $p "$ROOTFS" true
		[[ "$stderr" = *"published already by ctr-netcfg publish"* ]]
	done
	h ctr-run --rm --net bridge -p 198.51.100.2:91:90 "$ROOTFS" true
	# the same call may end the one and begin the other
	h ctr-netcfg -f - <<<$'unpublish 127.0.0.1:91\npublish 91 198.51.100.1:22'
	h ctr-netcfg -f - <<<$'publish 127.0.0.1:91 198.51.100.1:22\nunpublish 91'
	h ctr-rm -f web
	h ctr-netcfg publish 127.0.0.1:90 198.51.100.1:22
}

@test "networks reach one another only by published ports; an uplink is no network" {
	by_hand
	h ctr-netcfg publish 90 172.18.0.2:9000
	ns C
	h ctr-netcfg -f \
		- \
		<<<$'bridge add br1 172.19.0.1/24\nnat add 172.19.0.0/24\nattach br1 '"$C"' 172.19.0.2/24 gw 172.19.0.1 mtu 1300 if e5'
	in_ns "$C" ip link show e5 | grep -q 'mtu 1300'
	serve "$A" 9000 hello
	serve "$A" 9001 hidden
	[ -z "$(ask "$C" 172.18.0.2 9001)" ]
	[ "$(ask "$C" 198.51.100.2 90)" = hello ]
	in_ns "$C" ping -c1 -W2 203.0.113.2
	# a port that leads to a neighbour on the LAN does not make the LAN one of ours:
	# masquerading goes on, and it gets in nowhere
	h ctr-netcfg publish 91 198.51.100.1:7000
	in_ns "$C" ping -c1 -W2 203.0.113.2
	in_ns "$ROUTER" ip route add 172.18.0.0/24 via 198.51.100.2
	[ -z "$(ask "$PEER" 172.18.0.2 9001)" ]
}

@test "CVE-2020-13401: the host ignores router advertisements from a container" {
	h ctr-netcfg -f - <<<$'bridge add br0 172.18.0.1/24\nattach br0 '"$A"' 172.18.0.2/24'
	advertise() {
		in_ns "$A" \
			perl -e 'use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6); socket(S, AF_INET6, SOCK_RAW, 58) or die;
			setsockopt(S, 41, 18, pack("i", 255));
			setsockopt(S, 41, 17, pack("I", $ARGV[0]));
			send(S, pack("CCnCCnNN", 134, 0, 0, 64, 0, 1800, 0, 0), 0, pack_sockaddr_in6(0, inet_pton(AF_INET6, "ff02::1"))) or die' \
			"$(in_ns "$A" ip -o link show eth0 | cut -d: -f1)"
	}
	heeded() { advertise; h ip -6 route | grep -q 'default.*br0'; }
	up() { in_ns "$A" ip -6 addr show eth0 | grep fe80 | grep -vq tentative; }
	wait_for 5 up
	for i in 1 2 3; do run ! heeded; done
	# it would be reachable
	h sh -c 'echo 1 >/proc/sys/net/ipv6/conf/br0/accept_ra'
	wait_for 5 heeded
}

@test "the host does not become a router; tables, interfaces and sysctls of others stay" {
	h nft add table inet theirs
	h nft add chain inet theirs c '{ type filter hook input priority 0; policy accept; }'
	h ip link add dummy9 type veth peer name dummy8
	neighbour
	before=$(h sh -c '
		nft list table inet theirs
		ip -o link show dummy9
		sysctl net.ipv4.conf.wan net.ipv4.conf.default net.ipv4.conf.all.route_localnet \
		2>/dev/null' | grep -v forwarding)
	by_hand
	h ctr-netcfg publish 90 172.18.0.2:90
	run -1 in_ns "$C" ping -c1 -W1 203.0.113.2
	# it forwards now, and would otherwise ignore its own router
	[ "$(h cat /proc/sys/net/ipv6/conf/wan/accept_ra)" = 2 ]
	# a container's port that is not published is not reachable by a route through the host
	in_ns "$ROUTER" ip route add 172.18.0.0/24 via 198.51.100.2
	serve "$A" 9000 hidden
	[ -z "$(ask "$PEER" 172.18.0.2 9000)" ]
	after=$(h sh -c '
		nft list table inet theirs
		ip -o link show dummy9
		sysctl net.ipv4.conf.wan net.ipv4.conf.default net.ipv4.conf.all.route_localnet \
		2>/dev/null' | grep -v forwarding)
	diff <(echo "$before") <(echo "$after")
	# unpublished, unmasqueraded and without its bridge: nothing of ours is in a packet's way
	# but what closes the host
	h ctr-netcfg -f \
		- <<<$'unpublish 90\nnat del 172.18.0.0/24\nnat del fd01::/64\nbridge del br0'
	[ -z "$(h ctr-netcfg show)" ]
	run ! grep br0 <(h nft list ruleset)
}

@test "the name of a bridge leaves the rules with the bridge, and not before" {
	by_hand
	h ctr-netcfg -f - <<<$'addr add br0 172.19.0.1/24\nnat add 172.19.0.0/24'
	h ctr-netcfg nat del 172.18.0.0/24
	in_ns "$A" sh -c '
		ip addr add 172.19.0.2/24 dev eth0
		ip route replace default via 172.19.0.1 src 172.19.0.2'
	in_ns "$A" ping -c1 -W2 203.0.113.2
	h ctr-netcfg -f - <<<$'nat del 172.19.0.0/24\nbridge del br0'
	run ! grep br0 <(h nft list ruleset)
}

@test "a host that was a router before stays one" {
	neighbour
	h sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	by_hand
	in_ns "$C" ping -c1 -W2 203.0.113.2
	in_ns "$A" ping -c1 -W2 203.0.113.2
}

@test "nat by one interface, routes and addresses by hand, show as JSON" {
	by_hand
	h ctr-netcfg nat del 172.18.0.0/24
	run -1 in_ns "$A" ping -c1 -W1 203.0.113.2
	h ctr-netcfg nat add 172.18.0.0/24 out wan
	in_ns "$A" ping -c1 -W2 203.0.113.2
	h ctr-netcfg addr add eth0 10.7.0.1/24 in "$A"
	h ctr-netcfg route add 10.8.0.0/16 via 10.7.0.2 in "$A"
	in_ns "$A" ip route | grep -q '10.8.0.0/16 via 10.7.0.2'
	h ctr-netcfg link down eth0 in "$B"
	in_ns "$B" ip link show eth0 | grep -q 'state DOWN'
	h ctr-netcfg route del 10.8.0.0/16 in "$A"
	h ctr-netcfg addr del eth0 10.7.0.1/24 in "$A"
	[ "$(in_ns "$A" ip -4 -o addr show eth0 | wc -l)" = 1 ]
}

@test "wrong lines are 2, one line each, and change nothing" {
	for l in "bridge" "bridge add" "bridge add abcdefghijklmnopq" "bridge add x 10.0.0.1" \
		"attach br0" "attach br0 1 10.0.0.1/24 mac 01:00:00:00:00:00" "nat add 10.0.0.0" \
		"publish 0 1.2.3.4:1" "publish 70000 1.2.3.4:1" "publish 80-81 1.2.3.4:80" \
		"publish 80/sctp 1.2.3.4:80" "route add 10.0.0.0/8" "link sideways x" "frob" \
		"sysctl all" "attach br0 $A" "publish 53 10.0.0.2:53/udp"; do
		# shellcheck disable=SC2086
		run -2 --separate-stderr h ctr-netcfg $l
		[ "$(wc -l <<<"$stderr")" = 1 ]
	done
	[ -z "$(h nft list tables)" ]
	printf 'bridge add br8\0x\n' >nul
	run -2 h ctr-netcfg -f nul
	[[ "$output" = *"nul: a NUL byte" ]]
	# a comment can begin where a word would
	printf '#x\nbridge add br#8 #9\n' >lines
	h ctr-netcfg -f lines
	h ip link show 'br#8'
	# the error names what is in the way in NS
	h ctr-netcfg attach 'br#8' "$A" 10.0.0.2/24
	run -1 h ctr-netcfg attach 'br#8' "$A" 10.0.0.3/24
	[[ "$output" = *"attach $A: veth eth0: add: File exists" ]]
}

@test "5,000 ports are published in one transaction in under 2 s, and packets get no slower" {
	by_hand
	t0=$(date +%s%N)
	h ctr-netcfg publish 10000-14999 172.18.0.2:10000-14999
	t1=$(date +%s%N)
	echo "# 5000 ports: $(((t1 - t0) / 1000000)) ms" >&3
	[ $((t1 - t0)) -lt 2000000000 ]
	[ "$(h ctr-netcfg show | grep -c ^publish)" = 5000 ]
	serve "$A" 14999 far
	[ "$(ask "$PEER" 198.51.100.2 14999)" = far ]
	[ "$(h nft list table ip ctrbox | grep -c 'dnat ip to')" = 4 ]
	t0=$(date +%s%N)
	h ctr-netcfg unpublish 10000-14999
	echo "# and away: $((($(date +%s%N) - t0) / 1000000)) ms" >&3
	[ "$(h ctr-netcfg show | grep -c ^publish)" = 0 ]
}

@test "a flow of UDP follows its port to the new address; other flows stay" {
	by_hand
	serve "$A" 5300 old udp4
	serve "$B" 5300 new udp4
	serve "$A" 5301 old udp6
	serve "$B" 5301 new udp6
	serve "$PEER" 53 peer udp4
	serve "$PEER" 54 peer udp6
	flow() {
		echo x | peer timeout 3 socat -t1 -T1 - "UDP:$1,sourceport=4444" 2>/dev/null || true
	}
	elsewhere() { echo x | h timeout 3 socat -t1 -T1 - "UDP:$1,sourceport=4445" 2>/dev/null; }
	moves() { # PORTS OLD NEW ADDR: the same flow goes to the one, then to the other
		h ctr-netcfg publish "$1" "$2"
		[ "$(flow "$4")" = old ]
		h ctr-netcfg unpublish "$1"
		h ctr-netcfg publish "$1" "$3"
		[ "$(flow "$4")" = new ]
		h ctr-netcfg unpublish "$1"
	}
	[ "$(elsewhere 203.0.113.2:53)" = peer ]
	[ "$(elsewhere '[2001:db8:2::2]:54')" = peer ]
	# at every address of the host
	moves 53/udp 172.18.0.2:5300 172.18.0.3:5300 198.51.100.2:53
	moves 198.51.100.2:53/udp 172.18.0.2:5300 172.18.0.3:5300 198.51.100.2:53 # at one
	moves 14-53/udp 172.18.0.2:5261-5300 172.18.0.3:5261-5300 198.51.100.2:53 # many
	moves 54/udp '[fd01::2]:5301' '[fd01::3]:5301' '[2001:db8:1::2]:54'
	moves '[2001:db8:1::2]:54/udp' '[fd01::2]:5301' '[fd01::3]:5301' '[2001:db8:1::2]:54'
	h test -e /proc/net/nf_conntrack ||
		skip "no /proc/net/nf_conntrack: whether other flows are left alone is not seen"
	[ "$(h grep -c 'sport=4445 dport=5[34] ' /proc/net/nf_conntrack)" = 2 ]
}

@test "kill -9 at random instants of attach and detach: after gc there is nothing, or all of it" {
	h ctr-netcfg bridge add keep 10.40.0.1/24
	printf 'bridge add br0 172.18.0.1/24 fd01::1/64\nattach br0 %s 172.18.0.2/24 fd01::2/64 gw 172.18.0.1\nattach br0 %s 172.18.0.3/24 gw 172.18.0.1\n' "$A" "$B" >lines
	# how long all of it takes, so that the instants are spread over it
	t0=$(date +%s%N) && h ctr-netcfg -f lines && us=$((($(date +%s%N) - t0) / 1000))
	t0=$(date +%s%N) && h true && us=$((us - ($(date +%s%N) - t0) / 1000))
	[ $us -gt 3000 ] || us=3000 # the machine was busy when this was measured
	h ctr-netcfg bridge del br0
	h ctr-netcfg detach "$A"
	h ctr-netcfg detach "$B"
	killed=0 half=0
	for i in $(seq 60); do
		died=$(h "$BATS_TEST_DIRNAME/killer.pl" "$us" ctr-netcfg -f lines)
		links=$(h ip -o link | grep -cE 'br0|veth' || true)
		[ "$died" = 0 ] || killed=$((killed + 1))
		[ "$links" = 0 ] || [ "$died" = 0 ] || half=$((half + 1))
		# later where nothing was made yet, earlier where it was done: whatever else the
		# machine does now
		if [ "$died" = 0 ]; then us=$((us * 9 / 10))
		elif [ "$links" = 0 ]; then us=$((us * 11 / 10)); fi
		h ctr-gc
		left=$(h ip -o link | grep -E 'br0|veth' || true)
		if [ -n "$left" ]; then # then everything was done: all of it is there
			[ "$(grep -c veth <<<"$left")" = 2 ] || { echo "run $i: $left"; return 1; }
			in_ns "$A" ping -c1 -W2 172.18.0.3 >/dev/null
			h ctr-netcfg -f \
				- <<<"$(printf 'detach %s\ndetach %s\nbridge del br0' "$A" "$B")"
		fi
		[ "$(in_ns "$A" ip -o link | wc -l)$(in_ns "$B" ip -o link | wc -l)" = 11 ]
	done
	echo "# $killed of 60 killed, $half of them with something made; nothing is left" >&3
	[ $killed -gt 20 ]
	[ $half -gt 2 ]
	h ip link show keep
	# detach: it is there or it is away
	killed=0 stayed=0
	for i in $(seq 25); do
		h ctr-netcfg attach keep "$A" 10.40.0.2/24
		died=$(h "$BATS_TEST_DIRNAME/killer.pl" 3000 ctr-netcfg detach "$A")
		[ "$died" = 0 ] || killed=$((killed + 1))
		h ctr-gc
		if in_ns "$A" ip link show eth0 >/dev/null 2>&1; then
			stayed=$((stayed + 1))
			in_ns "$A" ping -c1 -W2 10.40.0.1 >/dev/null
			h ctr-netcfg detach "$A"
		fi
		[ -z "$(h ip -o link show type veth | grep -v wan)" ]
	done
	echo "# $killed of 25 detaches killed, $stayed before they did anything" >&3
}

@test "gc leaves alone what a living ctr-netcfg is making, and what it has made" {
	h ctr-netcfg bridge add done 10.41.0.1/24
	for i in $(seq 400); do echo "bridge add br$i"; done >lines
	nsenter -t "$HOST" -n ctr-netcfg -f lines 3>&- >/dev/null 2>&1 &
	p=$!
	until [ "$(h ip -o link | grep -c ' br[0-9]')" -gt 3 ]; do kill -0 $p; done
	kill -STOP $p # between the lines
	made=$(h ip -o link | grep -c ' br[0-9]')
	[ "$made" -lt 400 ]
	h ctr-gc
	[ "$(h ip -o link | grep -c ' br[0-9]')" = "$made" ]
	kill -9 $p
	wait $p || true
	[[ "$(h ctr-gc)" = *"interface br1 of ctr-netcfg"* ]]
	[ "$(h ip -o link | grep -c ' br[0-9]')" = 0 ]
	h ip link show done
}

@test "the README's network by hand, as it stands there" {
	run -0 h "$BATS_TEST_DIRNAME/readme-net.sh" 2
	[[ "$output" = *"1 packets received"* ]]
	[[ "$output" = *"default via 172.18.0.1"* ]]
	[[ "$output" = *$'\nhello\n'* ]]
	[[ "$output" = *"publish 0.0.0.0:8080/tcp 172.18.0.3:80"* ]]
	[ "$(ask "$PEER" 198.51.100.2 8080)" = hello ]
	[ "$(ask "$HOST" 198.51.100.2 8080)" = hello ]
	[ "$(ask "$HOST" 127.0.0.1 8080)" = hello ]
	h ctr-exec client ping -c1 -W2 203.0.113.2
	h "$BATS_TEST_DIRNAME/readme-net.sh" 3
	[ -z "$(h ctr-netcfg show)$(h ctr-ps -aq)" ]
}

@test "the README's named network" {
	tar -C "$ROOTFS" -c . | ctr-image import busybox
	mkdir bin
	ln -s "$(command -v busybox)" bin/wget
	PATH=$PATH:$PWD/bin run -0 h "$BATS_TEST_DIRNAME/readme-net.sh" 1
	[ "$(grep -c '192.168.10.2.*web' <<<"$output")" = 2 ]
	[ -z "$(h ctr-netcfg show)$(h ctr-net ls -q)" ]
}

@test "forwarding is off again after the last line or network, noforward or ctr-gc" {
	on() { h cat /proc/sys/net/ipv4/ip_forward; }
	[ "$(on)" = 0 ]
	h ctr-netcfg -f - <<-'L'
		bridge add br7 10.7.0.1/24
		nat add 10.7.0.0/24
		sysctl forward
	L
	[ "$(on)" = 1 ]
	h ctr-netcfg nat del 10.7.0.0/24
	[ "$(on)" = 1 ]
	h ctr-netcfg bridge del br7
	[ "$(on)" = 0 ]
	[ -z "$(h nft list tables)" ]
	h ctr-net create n1
	h ctr-run --net n1 "$ROOTFS" true
	[ "$(on)" = 1 ]
	h ctr-net rm n1
	[ "$(on)" = 0 ]
	[ -z "$(h nft list tables)" ]
	h ctr-netcfg sysctl forward
	h ctr-netcfg sysctl noforward
	[ "$(on)" = 0 ]
	# a bridge that somebody deleted by other means leaves its elements: ctr-gc takes them, and
	# the rest
	h ctr-netcfg -f - <<-'L'
		bridge add br7 10.7.0.1/24
		publish 90 10.7.0.9:90
		sysctl forward
	L
	h ctr-netcfg unpublish 90
	h ip link del br7
	h ctr-gc
	[ "$(on)" = 0 ]
	[ -z "$(h nft list tables)" ]
	# it was on before: it stays on
	h sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	h ctr-net create n1
	h ctr-run --net n1 "$ROOTFS" true
	h ctr-net rm n1
	[ "$(on)" = 1 ]
}

@test "three namespaces with a router: pairs, rules, tables, ports of bridges, neighbours" {
	h ctr-netcfg -f - <<-END
		netns add $PWD/left
		netns add $PWD/right
		netns add $PWD/mid
		veth eth0 $PWD/left l0 $PWD/mid mtu 1400
		veth eth0 $PWD/right r0 $PWD/mid
		bridge add br0 10.3.0.1/24
		veth up0 - eth0 $PWD/mid
		bridge port br0 up0
		addr add eth0 10.3.0.2/24 in $PWD/mid
		addr add eth0 10.1.0.2/24 in $PWD/left
		addr add l0 10.1.0.1/24 in $PWD/mid
		addr add eth0 10.2.0.2/24 in $PWD/right
		addr add r0 10.2.0.1/24 in $PWD/mid
		route add default via 10.1.0.1 in $PWD/left
		route add 10.1.0.0/24 via 10.2.0.1 table 77 in $PWD/right
		rule add to 10.1.0.0/24 table 77 pref 100 in $PWD/right
		link mac eth0 02:00:00:00:00:09 in $PWD/left
		neigh add 10.1.0.2 02:00:00:00:00:09 dev l0 in $PWD/mid
	END
	at() { h nsenter --net="$PWD/$1" "${@:2}"; }
	at mid sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	at left ping -c1 -W2 10.2.0.2
	at left ip link show eth0 | grep -q 'mtu 1400'
	at mid ip neigh show | grep -q '10.1.0.2 dev l0 lladdr 02:00:00:00:00:09 PERMANENT'
	at right ip rule | grep -q '^100:.*to 10.1.0.0/24 lookup 77'
	h ping -c1 -W2 10.3.0.2
	h ctr-netcfg show | grep -qx 'port up0 br0'
	h ctr-netcfg bridge unport up0
	[ -z "$(h ctr-netcfg show | grep '^port')" ]
	h ctr-netcfg -f - <<-END
		rule del to 10.1.0.0/24 table 77 pref 100 in $PWD/right
		neigh del 10.1.0.2 dev l0 in $PWD/mid
		link down up0
		link rename up0 up1
		link mtu up1 1300
	END
	h ip link show up1 | grep -q 'mtu 1300'
	h ctr-netcfg link del up1
	run -1 at mid ip link show eth0
	h ctr-netcfg bridge del br0
	h ctr-netcfg netns del "$PWD/left"
	h ctr-netcfg netns del "$PWD/right"
	h ctr-netcfg netns del "$PWD/mid"
	[ ! -e left ]
	run -1 h ctr-netcfg netns del /proc/self/ns/mnt
	touch plain
	run -1 h ctr-netcfg netns del "$PWD/plain"
	[[ "$output" = *"not a namespace's file" ]]
	run -1 h ctr-netcfg netns add "$PWD/../${PWD##*/}/nodir/x"
	for l in "veth a - b" "veth a - b x y" "netns add 12" "netns add a.b/" "rule add table 7" \
		"rule add from 10.0.0.0/8" "neigh add 10.0.0.1 dev lo" \
		"neigh add 10.0.0.1 1:2 dev lo" "link rename a" \
		"link mtu a 1" "bridge port a" "rule add from 10.0.0.0/8 to fd00::/8 table 7"; do
		# shellcheck disable=SC2086
		run --separate-stderr h ctr-netcfg $l
		[ "$status" = 2 ] || [ "$l" = "netns add a.b/" ] || {
			echo "$l: $status $stderr"
			false
		}
		[ "$(wc -l <<<"$stderr")" = 1 ]
	done
}

@test "all or nothing for interfaces: names, MTU, MAC, ports, neighbours, rules, namespaces" {
	by_hand
	h ip link add dum0 type veth peer name dum1
	h ip neigh add 198.51.100.77 lladdr 02:00:00:00:00:77 dev wan
	h ip rule add from 10.9.0.0/16 lookup 5
	port=$(h ip -o link show master br0 | sed -n '1s/^[0-9]*: \([^@:]*\).*/\1/p')
	state() {
		h ip -o link show | sed 's/state.*//'
		h ip -o link show | cut -d' ' -f2- | grep -o 'master.*\|link.ether.*'
		h ip neigh show nud permanent
		h ip rule
		in_ns "$A" ip -o link
		h ctr-netcfg show
		ls
	}
	touch before
	state >before
	for l in "link rename dum0 dum9" "link mtu dum0 1300" "link mac dum0 02:00:00:00:00:11" \
		"bridge port br0 dum0" "bridge unport $port" \
		"neigh add 198.51.100.78 02:00:00:00:00:78 dev wan" \
		"neigh del 198.51.100.77 dev wan" "rule add from 10.8.0.0/16 table 6" \
		"rule del from 10.9.0.0/16 table 5" "veth x0 - x1 $A" "veth x0 $A x1 -" \
		"veth x0 $A x1 $B" "netns add $PWD/nn" \
		"link rename dum0 dum9\nlink mtu dum9 1300\nlink rename dum9 dum8" "link del dum0" \
		"netns add $PWD/nn\nveth x0 - x1 $PWD/nn"; do
		run -1 h ctr-netcfg -f - <<<"$(printf "$l\nlink up nosuch")"
		[[ "$output" != *"take back"* ]] || { echo "$l: $output"; false; }
		same() { state | diff before - >/dev/null; }
		wait_for 3 same || {
			state | diff before - || true
			echo "after $l: $output"
			false
		}
	done
}

@test "a namespace by its name is where ip-netns has it, and NS of every line" {
	unshare -m --propagation private sh -ec '
		mount -t tmpfs none /run
		export CTR_RUN=/run/ctr
		ctr-netcfg netns add n1
		ctr-netcfg netns add n2
		ip netns list | grep -q n1
		ctr-netcfg veth a n1 b n2
		ctr-netcfg addr add a 10.0.0.1/24 in n1
		ctr-netcfg addr add b 10.0.0.2/24 in n2
		ip netns exec n1 ping -c1 -W2 10.0.0.2
		if ctr-netcfg netns add n1; then exit 1; fi
		ctr-netcfg netns del n1
		ctr-netcfg netns del n2
		if ctr-netcfg netns del n2; then exit 1; fi
		ip netns add n3
		ctr-netcfg netns del n3'
}

@test "after the README's own teardown the machine is as it was: sysctls, rules, links" {
	h sh -c 'echo 1 >/proc/sys/net/ipv6/conf/wan/accept_ra'
	machine() {
		h sh -c '
			cd /proc/sys/net
			grep -rs . ipv4/ip_forward ipv4/conf ipv6/conf |
			grep -v stable_secret | sort
			ip -o addr
			ip route
			ip -6 route' | sed 's/expires.*//'
		h nft list ruleset
	}
	machine >before
	h "$BATS_TEST_DIRNAME/readme-net.sh" 2
	h "$BATS_TEST_DIRNAME/readme-net.sh" 3
	# (the kernel ends a namespace, and the other end of its pair, a moment after its last
	# process)
	as_before() { diff before <(machine) >left; }
	wait_for 10 as_before || { cat left; false; }
	# IPv6, too, where forwarding changes what is heeded
	h ctr-netcfg sysctl forward
	[ "$(h cat /proc/sys/net/ipv6/conf/wan/accept_ra)" = 2 ]
	h ctr-netcfg show | grep -qx 'forward ip6'
	h ctr-netcfg show | grep -qx 'closed ip6'
	h ctr-netcfg sysctl noforward
	diff before <(machine)
	h ctr-net create --ipv6 --subnet 10.5.0.0/24 n5
	h ctr-run --net n5 "$ROOTFS" true
	h ctr-netcfg show | grep -q '^closed ip$'
	h ctr-net rm n5
	diff before <(machine)
}

@test "ctr-ps and ctr-inspect show the addresses that ctr-netcfg gave" {
	h ctr-run -d --name c "$ROOTFS" sleep 100
	h ctr-netcfg -f - <<<$'bridge add br7 172.18.7.1/24\nattach br7 c 172.18.7.2/24 fd07::2/64'
	[ "$(h ctr-ps -n -o ip)" = 172.18.7.2,fd07::2 ]
	[ "$(h ctr-inspect \
		-f '{{.NetworkSettings.IPAddress}} {{.NetworkSettings.GlobalIPv6Address}}' c)" = \
		"172.18.7.2 fd07::2" ]
	h ctr-netcfg -f - <<<$'detach c\nbridge del br7'
	[ "$(h ctr-ps -n -o ip | tr -d -)" = "" ]
	h ctr-rm -f c
}

@test "sysctl forward fails where the host cannot be closed to others" {
	need strace strace
	if [[ "$BIN" = */san/* ]]; then skip "the sanitizers' libc opens a socket once"; fi
	# the second socket is that of nf_tables; musl tries it twice
	run -1 h strace -qq -o seen -e trace=socket \
		-e inject=socket:error=EPROTONOSUPPORT:when=2..3 ctr-netcfg sysctl forward
	[[ "$output" == "ctr-netcfg: sysctl forward: "*"Protocol not supported"* ]]
	# nor is it on because nobody could be asked
	run -1 h strace -qq -o seen -e trace=socket -e inject=socket:error=EMFILE:when=3 \
		ctr-netcfg sysctl forward
	[[ "$output" == "ctr-netcfg: sysctl forward: "*"No file descriptors available"* ]]
	[ "$(h cat /proc/sys/net/ipv4/ip_forward)" = 0 ]
	CTR_RUN=$WORLD/first h ctr-netcfg sysctl forward # is the first thing after a boot
	[ "$(h cat /proc/sys/net/ipv4/ip_forward)" = 1 ]
}

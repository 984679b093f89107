# CNI plugins of the other kinds: ptp, macvlan, loopback, and the chained tuning, bandwidth,
# firewall and macspoofchk.
# shellcheck shell=bash
load cni
# bats file_tags=ctr-netcfg

test_setup() {
	cni_up
	IPAM='{"type":"host-local","ranges":[[{"subnet":"10.23.0.0/24"}]],"routes":[{"dst":"0.0.0.0/0"}]}'
}

@test "cni: loopback brings lo up, and down" {
	local r
	in_ns "$POD" ip link set lo down
	r=$(IFNAME=lo plugin ADD "$POD" loopback \
		'{"cniVersion":"1.0.0","name":"lo","type":"loopback"}')
	jq -e '.interfaces[0].name == "lo" and ([.ips[].address] | contains(["127.0.0.1/8"]))' \
		<<<"$r"
	in_ns "$POD" ping -c1 -W2 127.0.0.1
	IFNAME=lo plugin DEL "$POD" loopback '{"cniVersion":"1.0.0","name":"lo","type":"loopback"}'
	run in_ns "$POD" ping -c1 -W1 127.0.0.1
	[ "$status" != 0 ]
}

@test "cni: ptp reaches the host, the other pod, and out by masquerade" {
	local c r r2
	c=$(conf ptp '{ipMasq: true}')
	r=$(plugin ADD "$POD" ptp "$c")
	r2=$(plugin ADD "$POD2" ptp "$c")
	jq -e '.ips[0].address == "10.23.0.2/24" and (.interfaces | length == 2)' <<<"$r"
	in_ns "$POD" ping -c1 -W2 10.23.0.1
	in_ns "$POD" ping -c1 -W2 "$(jq -r '.ips[0].address | split("/")[0]' <<<"$r2")"
	in_ns "$POD" ping -c1 -W2 203.0.113.2
	plugin CHECK "$POD" ptp "$(jq -c --argjson r "$r" '. + {prevResult: $r}' <<<"$c")"
	plugin DEL "$POD" ptp "$c"
	plugin DEL "$POD2" ptp "$c"
	nothing_left
}

@test "cni: macvlan reaches another on its parent" {
	local c r r2
	c=$(conf macvlan '{master: "wan", mode: "bridge"}')
	r=$(plugin ADD "$POD" macvlan "$c")
	r2=$(plugin ADD "$POD2" macvlan "$c")
	jq -e '.interfaces[0].name == "eth0" and .ips[0].interface == 0' <<<"$r"
	in_ns "$POD" ping -c1 -W2 "$(jq -r '.ips[0].address | split("/")[0]' <<<"$r2")"
	plugin CHECK "$POD" macvlan "$(jq -c --argjson r "$r" '. + {prevResult: $r}' <<<"$c")"
	plugin DEL "$POD" macvlan "$c"
	plugin DEL "$POD2" macvlan "$c"
	if in_ns "$POD" ip link show eth0; then return 1; fi
	nothing_left
}

@test "cni: tuning sets a sysctl, the MAC address and the MTU, and CHECK sees them changed" {
	local c r t
	c=$(conf bridge '{isGateway: true}')
	r=$(plugin ADD "$POD" bridge "$c")
	t=$(chained tuning '{sysctl: {"net.ipv4.conf.IFNAME.log_martians": "1"},
		mac: "02:11:22:33:44:55", mtu: 1400}' "$r")
	plugin ADD "$POD" tuning "$t" |
		jq -e '[.interfaces[] | select(.sandbox).mac] == ["02:11:22:33:44:55"]'
	[ "$(in_ns "$POD" cat /proc/sys/net/ipv4/conf/eth0/log_martians)" = 1 ]
	in_ns "$POD" ip link show eth0 | grep -q 'mtu 1400'
	plugin CHECK "$POD" tuning "$t"
	in_ns "$POD" ip link set eth0 mtu 1300
	run plugin CHECK "$POD" tuning "$t"
	[ "$status" = 1 ]
	run plugin ADD "$POD" tuning "$(chained tuning '{sysctl: {"kernel.hostname": "x"}}' "$r")"
	jq -e '.code == 7' <<<"$output"
	plugin DEL "$POD" tuning "$t"
	plugin DEL "$POD" bridge "$c"
	nothing_left
}

@test "cni: tuning gives back at DEL what it found, and args.cni and the node's list are heeded" {
	local c r t before
	look() {
		in_ns "$POD" ip -j -d link show eth0 |
			jq -c '.[0] | {mtu, address, txqlen, promiscuity, all: (.flags | contains(["ALLMULTI"]))}'
	}
	c=$(conf bridge '{}')
	r=$(plugin ADD "$POD" bridge "$c")
	before=$(look)
	t=$(chained tuning \
		'{mac: "02:11:22:33:44:55", mtu: 1400, promisc: true, allmulti: true, txQLen: 77, sysctl: {"net.ipv4.conf.IFNAME.log_martians": "1"},
		args: {cni: {mtu: 1380, sysctl: {"net.ipv4.conf.IFNAME.arp_notify": "0"}}}}' "$r")
	plugin ADD "$POD" tuning "$t"
	[ "$(look)" = \
		'{"mtu":1380,"address":"02:11:22:33:44:55","txqlen":77,"promiscuity":1,"all":true}' ]
	[ "$(in_ns "$POD" cat /proc/sys/net/ipv4/conf/eth0/log_martians \
		/proc/sys/net/ipv4/conf/eth0/arp_notify)" = 1$'\n'0 ]
	plugin CHECK "$POD" tuning "$t"
	in_ns "$POD" ip link set eth0 promisc off
	code 100 CHECK "$POD" tuning "$t"
	in_ns "$POD" ip link set eth0 promisc on
	in_ns "$POD" ip link set eth0 allmulticast off
	code 100 CHECK "$POD" tuning "$t"
	plugin DEL "$POD" tuning "$t"
	[ "$(look)" = "$before" ]
	plugin DEL "$POD" tuning "$t"
	code 2 ADD "$POD" tuning "$(chained tuning '{ethtool: {eth0: {tso: false}}}' "$r")"
	# the node's list, in a mount namespace of its own
	listed() { # LINE COMMAND KEY
		nsenter -t "$HOST" -n unshare -m sh -c '
			mount -t tmpfs none /etc && mkdir -p /etc/cni/tuning &&
			printf "%s\n" "$1" >/etc/cni/tuning/allowlist.conf
			exec env CNI_COMMAND=ADD CNI_CONTAINERID="c$2" CNI_NETNS="/proc/$2/ns/net" \
			CNI_IFNAME=eth0 "$3"' sh "$1" "$POD" "$PLUGINS/tuning" \
			<<<"$(chained tuning "{sysctl: {\"$2\": \"1\"}}" "$r")"
	}
	listed '^net.ipv4.conf.*.log_martians$' net.ipv4.conf.eth0.log_martians
	listed 'log_mar' net.ipv4.conf.eth0.log_martians
	run -1 listed '^net.core.somaxconn$' net.ipv4.conf.eth0.log_martians
	jq -e '.code == 7 and (.msg | contains("allowlist"))' <<<"$output"
	run -1 listed '^net.(ipv4|ipv6)' net.ipv4.conf.eth0.log_martians
	jq -e '.code == 2' <<<"$output"
	plugin DEL "$POD" bridge "$c"
	nothing_left
}

@test "cni: bandwidth limits what the pod gets and sends" {
	local c r b t0
	c=$(conf bridge '{isGateway: true}')
	r=$(plugin ADD "$POD" bridge "$c")
	# 8 Mbit a second and a burst of 100,000 bytes: a megabyte takes about 0.9 s
	b=$(chained bandwidth '{ingressRate: 8000000, ingressBurst: 800000,
		egressRate: 8000000, egressBurst: 800000}' "$r")
	plugin ADD "$POD" bandwidth "$b" >/dev/null
	plugin CHECK "$POD" bandwidth "$b"
	serve "$POD" 80 'x; head -c 1000000 /dev/zero'
	t0=$(date +%s%N)
	[ "$(h timeout 20 socat -u TCP:10.23.0.2:80 - 2>/dev/null | wc -c)" -ge 1000000 ]
	(($(date +%s%N) - t0 > 600000000))
	serve "$HOST" 81 'x; head -c 1000000 /dev/zero'
	t0=$(date +%s%N)
	[ "$(in_ns "$POD" timeout 20 socat -u TCP:10.23.0.1:81 - 2>/dev/null | wc -c)" -ge 1000000 ]
	(($(date +%s%N) - t0 > 600000000))
	plugin DEL "$POD" bandwidth "$b"
	plugin DEL "$POD" bridge "$c"
	nothing_left
}

@test "cni: macspoofchk drops a made-up source address" {
	local c
	c=$(conf bridge '{isGateway: true, macspoofchk: true}')
	plugin ADD "$POD" bridge "$c"
	in_ns "$POD" ping -c1 -W2 10.23.0.1
	in_ns "$POD" ip link set eth0 address 02:de:ad:be:ef:01
	run in_ns "$POD" ping -c1 -W1 10.23.0.1
	[ "$status" != 0 ]
	plugin DEL "$POD" bridge "$c"
	nothing_left
}

@test "cni: firewall with same-bridge keeps two bridges apart" {
	local a b ra rb
	a=$(conf bridge '{bridge: "br1", isDefaultGateway: true}')
	b=$(jq -c '.bridge = "br2" | .name = "m" | .ipam.ranges[0][0].subnet = "10.24.0.0/24"' \
		<<<"$a")
	ra=$(plugin ADD "$POD" bridge "$a")
	rb=$(plugin ADD "$POD2" bridge "$b")
	in_ns "$POD" ping -c1 -W2 10.24.0.2
	plugin ADD "$POD" firewall "$(chained firewall '{ingressPolicy: "same-bridge"}' "$ra")"
	plugin ADD "$POD2" firewall "$(chained firewall '{ingressPolicy: "same-bridge"}' "$rb")"
	run in_ns "$POD" ping -c1 -W1 10.24.0.2
	[ "$status" != 0 ]
	run plugin ADD "$POD" firewall "$(chained firewall '{backend: "firewalld"}' "$ra")"
	jq -e '.code == 2 and (.msg | contains("firewalld"))' <<<"$output"
	plugin DEL "$POD" firewall "$(chained firewall '{ingressPolicy: "same-bridge"}' "$ra")"
	plugin DEL "$POD2" firewall "$(chained firewall '{ingressPolicy: "same-bridge"}' "$rb")"
	plugin DEL "$POD" bridge "$a"
	plugin DEL "$POD2" bridge "$b"
	nothing_left
}

@test "cni: what the reference plugins know and we do not is refused by name" {
	local r='{"ips":[]}' try
	for try in 'bridge .ipMasqBackend="x" 7' 'ptp .ipMasqBackend="x" 7' \
		'macvlan .bcqueuelen=5 2' 'portmap .backend="x" 7' 'firewall .backend="x" 7' \
		'firewall .backend="firewalld" 2' 'firewall .iptablesAdminChainName="MINE" 2' \
		'firewall .ingressPolicy="isolated" 2' \
		'bandwidth .shapedSubnets=["192.0.2.0/24"] 2'; do
		# shellcheck disable=SC2086
		set -- $try
		code "$3" ADD "$POD" "$1" \
			"$(jq \
			-c "$2" \
			<<<"$(chained "$1" \
			'{ipam: {type: "host-local", ranges: [[{subnet: "10.22.0.0/24"}]]}}' \
			"$r")")"
		[[ $output = *"$(sed 's/^[.]//; s/=.*//' <<<"$2")"* ]]
	done
	nothing_left
}

@test "cni: a hostile environment or configuration is refused by name and leaves nothing" {
	refused() { # CODE WORDS VAR=VALUE...: the configuration is read from stdin
		run h env CNI_COMMAND=ADD CNI_CONTAINERID=c1 CNI_NETNS="/proc/$POD/ns/net" \
			CNI_IFNAME=eth0 \
			CNI_PATH="$PLUGINS" "${@:3}" "$PLUGINS/bridge" 2>/dev/null
		[ "$status" = 1 ]
		jq -e --argjson c "$1" --arg w "$2" '.code == $c and (.msg | contains($w))' \
			<<<"$output"
	}
	local c
	c=$(conf bridge '{}')
	refused 4 CNI_IFNAME CNI_IFNAME=../x <<<"$c"
	refused 4 CNI_IFNAME CNI_IFNAME=abcdefghijklmnop <<<"$c"
	refused 4 CNI_CONTAINERID CNI_CONTAINERID=../../etc <<<"$c"
	refused 4 CNI_CONTAINERID CNI_CONTAINERID= <<<"$c"
	refused 4 'missing: CNI_CONTAINERID CNI_NETNS CNI_IFNAME' CNI_CONTAINERID= CNI_NETNS= \
		CNI_IFNAME= <<<"$c"
	refused 4 CNI_ARGS CNI_ARGS=word <<<"$c"
	refused 7 'requested address' CNI_ARGS=IP=zzz <<<"$c"
	refused 3 'not a network namespace' CNI_NETNS=/etc/passwd <<<"$c"
	refused 7 name CNI_IFNAME=eth0 <<<"$(jq -c '.name = "../x"' <<<"$c")"
	refused 6 depth CNI_IFNAME=eth0 <<<"$(printf '[%.0s' {1..100000})"
	refused 6 duplicate CNI_IFNAME=eth0 <<<'{"cniVersion":"1.0.0","cniVersion":"1.0.0"}'
	refused 5 larger CNI_IFNAME=eth0 < <(head -c 5000000 /dev/zero | tr '\0' ' ')
	nothing_left
}

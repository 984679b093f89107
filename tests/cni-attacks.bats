# CNI: callers that err or lie, and others at the same names, addresses and files.
# shellcheck shell=bash disable=SC2154
load cni
# bats file_tags=ctr-netcfg,ctr-ipam

test_setup() { cni_up; }

IPAM='{"type": "host-local", "ranges": [[{"subnet": "10.22.0.0/24"}]]}'

eth0() { in_ns "$1" ip -j link show "${2:-eth0}" | jq -c '.[0] | {address, mtu, flags}'; }
gone() { run -1 in_ns "$1" ip link show eth0; }

@test "cni attacks: DEL by a pid that another pod has now leaves that pod alone" {
	local c t kind before r
	for kind in bridge macvlan; do
		c=$(conf $kind '{master: "wan"}')
		r=$(plugin ADD "$POD" $kind "$c")
		plugin ADD "$POD2" $kind "$c"
		t=$(chained tuning '{mtu: 1400, mac: "02:11:22:33:44:55"}' "$r")
		plugin ADD "$POD" tuning "$t"
		# the pod ended, and its interface with it
		in_ns "$POD" ip link del eth0
		before=$(eth0 "$POD2")
		plugin DEL "$POD" tuning "$t" CNI_NETNS="/proc/$POD2/ns/net"
		plugin DEL "$POD" $kind "$c" CNI_NETNS="/proc/$POD2/ns/net"
		[ "$(eth0 "$POD2")" = "$before" ]
		plugin DEL "$POD2" $kind "$c"
		gone "$POD2"
		nothing_left
	done
}

@test "cni attacks: a result that names another pod's interface limits and checks nothing" {
	local c r r2 key
	c=$(conf bridge)
	r=$(plugin ADD "$POD" bridge "$c")
	r2=$(plugin ADD "$POD2" bridge "$c")
	lie=$(jq -c --arg n "/proc/$POD/ns/net" \
		'(.interfaces[] | select(.sandbox)).sandbox = $n' <<<"$r2")
	code 100 ADD "$POD" bandwidth \
		"$(chained bandwidth '{ingressRate: 8000000, ingressBurst: 800000}' "$lie")"
	code 100 ADD "$POD" ctr-netcfg "$(chained ctr-netcfg '{macspoofchk: true}' "$lie")"
	run -1 eval 'h tc qdisc | grep tbf'
	code 100 CHECK "$POD" bridge "$(with_prev "$c" "$lie")"
	code 7 CHECK "$POD" bridge "$(with_prev "$c" "$r2")" # the namespace is not that of the call
	code 7 CHECK "$POD" bridge \
		"$(with_prev "$c" "$(jq -c 'del(.interfaces[].sandbox)' <<<"$r")")"
	code 7 CHECK "$POD" bridge "$(with_prev "$c" '{}')"
	in_ns "$POD" ip link del eth0 # and in its place an interface of another kind
	in_ns "$POD" ip link add eth0 address "$(jq -r '.interfaces[2].mac' <<<"$r")" type bridge
	in_ns "$POD" ip addr add 10.22.0.2/24 dev eth0
	in_ns "$POD" ip link set eth0 up
	code 100 CHECK "$POD" bridge "$(with_prev "$c" "$r")"
	plugin DEL "$POD" bridge "$c"
	eth0 "$POD"
	plugin DEL "$POD2" bridge "$c"
	for key in '{"interfaces": []}' "$r"; do
		code 7 ADD "$POD" ipvlan "$(chained ipvlan '{}' "$key")"
		[[ $output = *master* ]]
	done
	code 7 ADD "$POD" ipvlan "$(chained ipvlan '{}' '{"interfaces": [{"name": "nosuch"}]}')"
	[[ $output = *nosuch* ]]
	nothing_left
}

@test "cni attacks: two networks in one pod, both with a default route, or with one subnet" {
	local a b ra rb
	a=$(conf bridge '{isDefaultGateway: true, ipMasq: true}')
	b=$(jq -c '.name = "m" | .bridge = "cni1" | .ipam.ranges[0][0].subnet = "10.23.0.0/24"' \
		<<<"$a")
	ra=$(plugin ADD "$POD" bridge "$a")
	rb=$(IFNAME=eth1 plugin ADD "$POD" bridge "$b")
	plugin CHECK "$POD" bridge "$(with_prev "$a" "$ra")"
	IFNAME=eth1 plugin CHECK "$POD" bridge "$(with_prev "$b" "$rb")"
	IFNAME=eth1 plugin DEL "$POD" bridge "$b"
	plugin CHECK "$POD" bridge "$(with_prev "$a" "$ra")"
	in_ns "$POD" ping -c1 -W2 203.0.113.2
	in_ns "$POD" ip route del default
	code 100 CHECK "$POD" bridge "$(with_prev "$a" "$ra")"
	# the same addresses at another bridge
	b=$(jq -c '.name = "m" | .bridge = "cni2"' <<<"$a")
	run plugin ADD "$POD2" bridge "$b"
	[ "$status" = 0 ] || jq -e '.code == 100 and (.msg | contains("10.22.0.2"))' <<<"$output"
	plugin DEL "$POD2" bridge "$b"
	h nft list ruleset | grep -q "10.22.0.2.*cni:c$POD/eth0@n"
	plugin DEL "$POD" bridge "$a"
	nothing_left
}

@test "cni attacks: DEL before its ADD has ended waits, and leaves nothing" {
	[[ "$BIN" != */san/* ]] || skip "the sanitizers make system calls of their own"
	need strace
	local c pid
	c=$(conf bridge '{isGateway: true, ipMasq: true}')
	h strace -qq -o /dev/null -e inject=setns:delay_enter=1500000:when=1 env CNI_COMMAND=ADD \
		CNI_CONTAINERID="c$POD" CNI_NETNS="/proc/$POD/ns/net" CNI_IFNAME=eth0 \
		CNI_PATH="$PLUGINS" "$PLUGINS/bridge" <<<"$c" >"$WORLD/out" 3>&- &
	pid=$!
	wait_for 10 eval '[ -s "$(echo "$CTR_RUN"/cni/n/.at-*)" ]'
	plugin DEL "$POD" bridge "$c"
	wait $pid || true
	gone "$POD"
	nothing_left
	plugin ADD "$POD" bridge "$c"
	plugin DEL "$POD" bridge "$c"
	nothing_left
}

@test "cni attacks: names that are taken, full ranges, IPv6 alone, closed descriptors" {
	local c r
	c=$(conf bridge)
	in_ns "$POD" ip link add eth0 type bridge
	code 100 ADD "$POD" bridge "$c"
	IFNAME=lo code 100 ADD "$POD" bridge "$c"
	code 100 ADD "$POD" macvlan "$(conf macvlan '{master: "wan"}')"
	[ "$(in_ns "$POD" ip -j -d link show eth0 | jq -r '.[0].linkinfo.info_kind')" = bridge ]
	nothing_left
	c=$(jq -c '.ipam.ranges[0][0].subnet = "10.22.0.0/30"' <<<"$c")
	plugin ADD "$POD2" bridge "$c"
	IFNAME=eth1 code 100 ADD "$POD2" bridge "$c"
	plugin DEL "$POD2" bridge "$c"
	c=$(jq -c '.ipam.ranges[0][0].subnet = "fd00:22::/64" | .isDefaultGateway = true | .ipMasq = true' \
		<<<"$c")
	r=$(plugin ADD "$POD2" bridge "$c")
	jq -e '.ips == [{interface: 2, address: "fd00:22::2/64", gateway: "fd00:22::1"}]' <<<"$r"
	jq -e '.interfaces[2].mac == "02:42:00:00:00:02"' <<<"$r" # as of IPv4: by the address
	in_ns "$POD2" ping -c1 -W2 2001:db8:2::2
	plugin CHECK "$POD2" bridge "$(with_prev "$c" "$r")"
	plugin DEL "$POD2" bridge "$c"
	# before 0.3.0 a result has room for one address of a family
	code 7 ADD "$POD2" host-local "$(jq -c '.cniVersion = "0.2.0"
		| .ipam.ranges += [[{subnet: "fd00:23::/64"}]]' <<<"$c")"
	closed() { # REDIRECTION
		run -1 h env CNI_COMMAND=ADD CNI_CONTAINERID=c1 CNI_NETNS="/proc/$POD2/ns/net" \
			CNI_IFNAME=eth0 CNI_PATH="$PLUGINS" sh -c "exec \"\$0\" $1" \
			"$PLUGINS/bridge" <<<"$c"
		gone "$POD2"
		nothing_left
	}
	closed '<&-'
	closed '>/dev/full'
	closed '>&- <&-'
	nothing_left
}

@test "cni attacks: an ipam plugin that says nothing, garbage or too much, or hangs" {
	local c what
	ln -sf "$PLUGINS/bridge" "$WORLD/bridge"
	mkdir "$WORLD/bad"
	cp -P "$PLUGINS/bridge" "$WORLD/bad"
	c=$(conf bridge '{ipam: {type: "odd"}}')
	for what in true 'echo garbage' 'echo {}' 'echo []' \
		'echo "{\"ips\":[{\"address\":\"x\"}]}"' \
		'head -c 3000000 /dev/zero' 'kill -9 $$' 'exit 3' 'exec sleep 7'; do
		printf '#!/bin/sh\n%s\n' "$what" >"$WORLD/bad/odd"
		chmod 755 "$WORLD/bad/odd"
		run h timeout --foreground 3 env CNI_COMMAND=ADD CNI_CONTAINERID=c1 \
			CNI_NETNS="/proc/$POD/ns/net" CNI_IFNAME=eth0 CNI_PATH="$WORLD/bad" \
			"$WORLD/bad/bridge" <<<"$c" 2>/dev/null
		[ "$status" = 124 ] || {
			[ "$status" = 1 ]
			jq -e '.code >= 7 and (.msg | contains("odd"))' <<<"$output"
		}
		gone "$POD"
		nothing_left
	done
}

@test "cni attacks: an ipam plugin that leaves a process with its output open" {
	local c called
	cat >"$PLUGINS/odd" <<-END
		#!/bin/sh
		sleep 1000 3>&- &
		echo \$! >>"$WORLD/left"
		echo '{"cniVersion": "1.0.0", "ips": [{"address": "10.22.0.9/24"}]}'
	END
	chmod 755 "$PLUGINS/odd"
	c=$(conf bridge '{ipam: {type: "odd"}}')
	plugin ADD "$POD" bridge "$c" >result 3>&- &
	called=$!
	wait_for 5 test -s "$WORLD/left"
	wait_for 10 no_process $called
	kill "$(cat "$WORLD/left")"
	wait $called
	in_ns "$POD" ip addr show eth0 | grep -q 10.22.0.9/24
	grep -q 10.22.0.9/24 result
	: >"$WORLD/left"
	plugin DEL "$POD" bridge "$c" 3>&- &
	called=$!
	wait_for 10 no_process $called
	kill "$(cat "$WORLD/left")"
	wait $called
	nothing_left
}

@test "cni attacks: ctr-net and ctr-gc beside attachments leave them whole" {
	local c r p
	c=$(conf bridge '{isDefaultGateway: true, ipMasq: true}')
	r=$(plugin ADD "$POD" bridge "$c")
	p=$(chained portmap '{runtimeConfig: {portMappings: [{hostPort: 8081, containerPort: 80}]}}' \
		"$r")
	plugin ADD "$POD" portmap "$p"
	h ctr-net create --subnet 192.0.2.0/24 x
	h ctr-net rm x
	h ctr-prune --force
	h ctr-gc
	plugin CHECK "$POD" bridge "$(with_prev "$c" "$r")"
	plugin CHECK "$POD" portmap "$p"
	serve "$POD" 80 hello
	[ "$(ask "$PEER" 198.51.100.2 8081)" = hello ]
	# CVE-2025-67499: what goes to another host's port is left alone
	serve "$PEER" 8081 other
	[ "$(ask "$POD" 203.0.113.2 8081)" = other ]
	plugin DEL "$POD" portmap "$p"
	plugin DEL "$POD" bridge "$c"
	nothing_left
}

# CNI plugins: called as a container's runtime calls them, in network namespaces of the tests' own.
# shellcheck shell=bash
load cni
# bats file_tags=ctr-netcfg,ctr-ipam

test_setup() {
	cni_up
	CONF='{"cniVersion":"1.0.0","name":"n","type":"bridge","bridge":"cni0","isDefaultGateway":true,
		"ipMasq":true,"hairpinMode":true,"ipam":{"type":"host-local",
		"ranges":[[{"subnet":"10.22.0.0/24"}],[{"subnet":"fd00:22::/64"}]]}}'
}

# ports RESULT PORT: a portmap configuration.
ports() {
	jq -nc --argjson r "$1" --argjson p "$2" '{cniVersion: "1.0.0", name: "n", type: "portmap",
		runtimeConfig: {portMappings: [{hostPort: $p, containerPort: 80, protocol: "tcp"}]},
		prevResult: $r}'
}

@test "cni: VERSION tells the versions" {
	run plugin VERSION 1 bridge '{"cniVersion":"1.0.0"}'
	[ "$status" = 0 ]
	jq -e '.cniVersion == "1.0.0" and (.supportedVersions | contains(["0.1.0","0.2.0","0.3.1","0.4.0","1.0.0","1.1.0"]))' <<<"$output"
}

@test "cni: results have the shape of the configuration's version" {
	local v r
	for v in 0.3.1 0.4.0 1.0.0 1.1.0; do
		r=$(plugin ADD "$POD" bridge "$(jq -c --arg v $v '.cniVersion = $v' <<<"$CONF")")
		jq -e --arg v $v '.cniVersion == $v and .ips[0].interface == 2
			and (.ips[0].address | test("^10\\.22\\.0\\.[0-9]+/24$"))' <<<"$r"
		case $v in
		0.*) jq -e '.ips[0].version == "4" and .ips[1].version == "6"' <<<"$r" ;;
		*) jq -e '.ips[0] | has("version") | not' <<<"$r" ;;
		esac
		[ $v != 1.1.0 ] || jq -e '.interfaces[2].mtu == 1500' <<<"$r"
		plugin DEL "$POD" bridge "$CONF"
	done
	nothing_left
}

@test "cni: pod to pod, out by masquerade, in by a port, from the host, from 127.0.0.1" {
	local r r2 p
	r=$(plugin ADD "$POD" bridge "$CONF")
	r2=$(plugin ADD "$POD2" bridge "$CONF")
	in_ns "$POD" ping -c1 -W2 "$(jq -r '.ips[0].address | split("/")[0]' <<<"$r2")"
	in_ns "$POD" ping -c1 -W2 "$(jq -r '.ips[1].address | split("/")[0]' <<<"$r2")"
	in_ns "$POD" ping -c1 -W2 203.0.113.2
	in_ns "$POD" ping -c1 -W2 2001:db8:2::2
	p=$(ports "$r" 8080)
	plugin ADD "$POD" portmap "$p"
	serve "$POD" 80 hello
	[ "$(ask "$PEER" 198.51.100.2 8080)" = hello ]
	[ "$(ask "$HOST" 127.0.0.1 8080)" = hello ]
	[ "$(ask "$HOST" 198.51.100.2 8080)" = hello ]
	[ "$(ask "$POD2" 198.51.100.2 8080)" = hello ]
	[ "$(ask "$POD" 198.51.100.2 8080)" = hello ]
	kill "${BG[@]}"
	wait "${BG[@]}" || true
	serve "$POD" 80 hello6 tcp6
	[ "$(ask "$PEER" "[2001:db8:1::2]" 8080)" = hello6 ]
	[ "$(ask "$POD2" "[2001:db8:1::2]" 8080)" = hello6 ]
	[ "$(ask "$POD" "[2001:db8:1::2]" 8080)" = hello6 ]
	[ "$(ask "$HOST" "[2001:db8:1::2]" 8080)" = hello6 ]
	plugin CHECK "$POD" bridge "$(with_prev "$CONF" "$r")"
	plugin CHECK "$POD" portmap "$p"
	plugin DEL "$POD" portmap "$p"
	run plugin CHECK "$POD" portmap "$p"
	[ "$status" = 1 ]
	[[ $output = *'port 8080 of the host does not lead'* ]]
	plugin DEL "$POD" bridge "$CONF"
	plugin DEL "$POD2" bridge "$CONF"
	nothing_left
}

@test "cni: no interface of the default route is opened for a published port" {
	local r
	IPAM='{"type":"host-local","ranges":[[{"subnet":"198.51.100.0/24","rangeStart":"198.51.100.77"}]]}'
	r=$(plugin ADD "$POD" macvlan "$(conf macvlan '{master: "wan"}')")
	plugin ADD "$POD" portmap "$(ports "$r" 8080)"
	h nft list map ip ctrbox ports | grep -q 'cni:'
	[ "$(h cat /proc/sys/net/ipv4/conf/wan/route_localnet)" = 0 ]
	run -0 h nft list set ip ctrbox open
	[[ $output != *wan* ]]
	plugin DEL "$POD" portmap "$(ports "$r" 8080)"
	plugin DEL "$POD" macvlan "$(conf macvlan '{master: "wan"}')"
	nothing_left
}

@test "cni: an interface ignores redirects and announces its address; bridge ports have none" {
	plugin ADD "$POD" bridge "$CONF"
	conf() { in_ns "$POD" cat "/proc/sys/net/$1/conf/eth0/$2"; }
	[ "$(conf ipv4 accept_redirects) $(conf ipv6 accept_redirects) $(conf ipv6 \
		accept_ra) $(conf ipv4 arp_notify)" = "0 0 0 1" ]
	[ -z "$(h ip -6 -o addr show type veth | grep veth)" ]
	plugin DEL "$POD" bridge "$CONF"
}

@test "cni: DEL without a namespace, and twice, succeeds" {
	plugin ADD "$POD" bridge "$CONF"
	kill "$POD"
	wait "$POD" || true
	plugin DEL "$POD" bridge "$CONF"
	plugin DEL "$POD" bridge "$CONF"
	nothing_left
}

@test "cni: GC frees exactly what is not among the valid attachments" {
	local conf
	plugin ADD "$POD" bridge "$CONF"
	plugin ADD "$POD2" bridge "$CONF"
	conf=$(jq -c --arg id "c$POD2" '. + {cniVersion: "1.1.0",
		"cni.dev/valid-attachments": [{containerID: $id, ifname: "eth0"}]}' <<<"$CONF")
	plugin GC 0 bridge "$conf"
	h nft list ruleset | grep -q "cni:c$POD2/eth0@n"
	if h nft list ruleset | grep "cni:c$POD/eth0@n"; then return 1; fi
	[ -e "$CTR_RUN/cni/n/10.22.0.3" ]
	[ ! -e "$CTR_RUN/cni/n/10.22.0.2" ]
	plugin DEL "$POD2" bridge "$CONF" # GC has left it as it was
	nothing_left
	plugin ADD "$POD2" bridge "$CONF"
	plugin GC 0 bridge "$(jq -c '."cni.dev/valid-attachments" = []' <<<"$conf")"
	nothing_left
	run plugin GC 0 bridge "$(jq -c 'del(."cni.dev/valid-attachments")' <<<"$conf")"
	[ "$status" = 1 ]
	jq -e '.code == 7' <<<"$output"
}

@test "cni: what somebody flushed is put in again by the next ADD, CHECK or GC" {
	local c other r
	c=$(jq -c '. + {cniVersion: "1.1.0", type: "ctr-netcfg", macspoofchk: true, runtimeConfig: {portMappings: [{hostPort: 8081,
		containerPort: 80}],
		bandwidth: {ingressRate: 8000000, ingressBurst: 800000,
		egressRate: 8000000, egressBurst: 800000}}}' <<<"$CONF")
	other='{"cniVersion":"1.1.0","name":"other","type":"bridge","bridge":"cni1","ipam":{"type":"host-local",
		"ranges":[[{"subnet":"10.23.0.0/24"}]]}}'
	r=$(plugin ADD "$POD" ctr-netcfg "$c")
	tables() { # RULESET: our three, in this order, whichever was made first
		local t rest
		for t in ip ip6 bridge; do
			rest=${1#*"table $t ctrbox {"}
			[ "$rest" = "$1" ] || echo "$t${rest%%$'\n}'*}"
		done
	}
	local before
	before=$(tables "$(h nft -s list ruleset)")
	[ "$(grep -cxE 'ip|ip6|bridge' <<<"$before")" = 3 ]
	again() { # COMMAND...: it puts all of it in again, whatever was flushed
		local what
		for what in 'flush ruleset' 'delete table ip ctrbox' 'delete table ip6 ctrbox' \
			'delete table bridge ctrbox' 'flush table ip ctrbox' \
			'flush set ip ctrbox masq' 'flush set ip ctrbox same' \
			'flush map ip ctrbox ports' 'flush set bridge ctrbox macs'; do
			[ "$(tables "$(h sh -c 'nft "$1" && nft -s list ruleset' sh \
				"$what")")" != "$before" ]
			"$@" >/dev/null
			diff <(echo "$before") <(tables "$(h nft -s list ruleset)")
		done
	}
	add() {
		plugin ADD "$POD2" bridge "$other"
		IFNAME=eth0 plugin DEL "$POD2" bridge "$other"
	}
	again add
	again h ctr-gc
	again plugin CHECK "$POD" ctr-netcfg "$(with_prev "$c" "$r")"
	again plugin GC 0 ctr-netcfg \
		"$(jq -c --arg id "c$POD" \
		'. + {"cni.dev/valid-attachments": [{containerID: $id, ifname: "eth0"}]}' <<<"$c")"
	h nft flush ruleset # forwarding stays on for them when a network ends
	h ctr-net create --subnet 192.0.2.0/24 x
	h ctr-net rm x
	[ "$(h cat /proc/sys/net/ipv4/ip_forward)" = 1 ]
	h nft flush ruleset # even if somebody else has made the tables meanwhile
	h ctr-netcfg nat add 192.0.2.0/24
	add
	h nft list ruleset | grep -q "8081.*cni:c$POD/eth0@n"
	h ctr-netcfg nat del 192.0.2.0/24
	h nft flush map ip ctrbox ports
	h ctr-check 2>&1 | grep -q 'are missing'
	h ctr-net create --subnet 192.0.2.0/24 x
	h ctr-run --net x "$ROOTFS" true # the start of a container puts back theirs, too
	h ctr-net rm x
	serve "$POD" 80 hello
	[ "$(ask "$PEER" 198.51.100.2 8081)" = hello ]
	h nft flush ruleset
	plugin DEL "$POD" ctr-netcfg "$c"
	nothing_left
	add
	nothing_left
}

@test "cni: damaged records do no harm; a second ADD changes nothing; ports go without a DEL" {
	local r p k=$CTR_RUN/cni/.kept
	r=$(plugin ADD "$POD" bridge "$CONF")
	p=$(ports "$r" 8085)
	plugin ADD "$POD" portmap "$p"
	code 100 ADD "$POD" portmap "$p"
	code 100 ADD "$POD" bridge "$CONF"
	[ -e "$k/p-c$POD:eth0@n" ]
	[ -e "$k/n-c$POD:eth0@n" ]
	plugin CHECK "$POD" portmap "$p"
	plugin DEL "$POD" portmap "$(jq -c 'del(.runtimeConfig)' <<<"$p")"
	if h nft list ruleset | grep 8085; then return 1; fi
	printf garbage >"$k/n-x:eth0@n"
	perl -e 'print "\xff" x 3000' >"$k/p-x:eth0@n"
	# a message without its own header
	perl -e 'print pack("LSSLL", 16, 10 << 8 | 12, 0, 0, 0)' >"$k/a-x:eth0@n"
	head -c 22 /dev/zero >"$k/s-z:eth0@n" # as a power cut leaves it
	mkdir "$k/n-y:eth0@n"
	mkfifo "$k/s-y:eth0@n"
	h nft flush ruleset
	plugin ADD "$POD2" bridge "$CONF"
	h nft list ruleset | grep -q "cni:c$POD/eth0@n"
	run ! grep cni:z/eth0 <(h nft list ruleset)
	rmdir "$k/n-y:eth0@n"
	plugin ADD "$POD" portmap "$p"
	h nft flush ruleset # a port that was lost in the flush is not given to another
	code 100 ADD "$POD2" portmap \
		"$(with_prev "$p" "$(sed "s/10.22.0.2/10.22.0.3/; s/$POD/$POD2/" <<<"$r")")"
	plugin DEL "$POD" portmap "$p"
	plugin DEL "$POD" bridge "$CONF"
	plugin DEL "$POD2" bridge "$CONF"
	plugin GC 0 bridge \
		"$(jq -c '. + {cniVersion: "1.1.0", "cni.dev/valid-attachments": []}' <<<"$CONF")"
	nothing_left
}

# Names are in the journal of a file system before what stands in the files.
@test "cni: DEL frees an address whose lease and index a power cut has emptied" {
	local conf
	conf=$(jq -c --arg d "$WORLD/disk" '.ipam = {type: "host-local", dataDir: $d, ranges:
		[[{subnet: "10.22.0.0/24", rangeStart: "10.22.0.9", rangeEnd: "10.22.0.9"}]]}' <<<"$CONF")
	plugin ADD "$POD" bridge "$conf"
	truncate -s 0 disk/n/10.22.0.9 disk/n/.[al]*
	code 100 ADD "$POD2" bridge "$conf"
	plugin DEL "$POD" bridge "$conf"
	[ -z "$(find disk/n -type f ! -name '.last*')" ]
	plugin ADD "$POD2" bridge "$conf"
	rm -r disk/n/.by # a folder that was lost; the index still tells
	plugin DEL "$POD2" bridge "$conf"
	[ -z "$(find disk/n -type f ! -name '.last*')" ]
}

@test "cni: ctr-gc leaves attachments alone" {
	plugin ADD "$POD" bridge "$CONF"
	h ctr-gc
	h nft list ruleset | grep -q "cni:c$POD/eth0@n"
	[ -e "$CTR_RUN/cni/n/10.22.0.2" ]
	plugin DEL "$POD" bridge "$CONF"
}

@test "cni: what is wrong has the specification's code, and leaves nothing" {
	local key
	code 1 ADD "$POD" bridge '{"cniVersion":"2.0.0","name":"n","type":"bridge"}'
	code 4 NO "$POD" bridge "$CONF"
	code 6 ADD "$POD" bridge '{'
	code 7 ADD "$POD" bridge '{"cniVersion":"1.0.0"}'
	code 3 ADD 999999999 bridge "$CONF"
	code 4 ADD "$HOST" bridge "$CONF"
	code 2 ADD "$POD" bridge "$(jq -c '.runtimeConfig = {infinibandGUID: "x"}' <<<"$CONF")"
	code 7 ADD "$POD" bridge "$(jq -c '.ipam.ranges[0][0].subnet = "10.22.0.1/24"' <<<"$CONF")"
	for key in '.externalSetMarkChain = "KUBE-MARK-MASQ"' \
		'.conditionsV4 = ["-s", "192.0.2.0/24"]' '.snat = false' '.masqAll = true'; do
		code 2 ADD "$POD" portmap "$(ports '{"ips":[]}' 80 | jq -c "$key")"
		[[ $output = *"$(cut -c 2- <<<"${key%% *}")"* ]]
	done
	code 7 ADD "$POD" portmap "$(ports '{"ips":[]}' 80 | jq -c '.markMasqBit = 32')"
	code 7 ADD "$POD" portmap \
		"$(ports '{"ips":[]}' 80 | jq -c '.markMasqBit = 3 | .externalSetMarkChain = "X"')"
	plugin ADD "$POD2" bridge "$CONF"
	code 100 ADD "$POD2" bridge "$CONF"
	plugin DEL "$POD2" bridge "$CONF"
	nothing_left
}

@test "cni: killed at any instant, DEL or GC clears it" {
	local i n=0 conf gc
	conf=$(jq -c '. + {cniVersion: "1.1.0", type: "ctr-netcfg", macspoofchk: true, runtimeConfig: {portMappings: [{hostPort: 8081,
		containerPort: 80}],
		bandwidth: {ingressRate: 8000000, ingressBurst: 800000, egressRate: 8000000, egressBurst: 800000}}}' <<<"$CONF")
	gc=$(jq -c '."cni.dev/valid-attachments" = []' <<<"$conf")
	for i in 001 002 003 004 006 008 011 014 018 023 030 040; do
		# without --foreground timeout kills itself, too, and does not wait for the end of
		# what it killed
		h timeout --foreground -s KILL 0.$i env CNI_COMMAND=ADD "CNI_CONTAINERID=c$POD" \
			CNI_NETNS="/proc/$POD/ns/net" \
			CNI_IFNAME=eth0 CNI_PATH="$PLUGINS" "$PLUGINS/ctr-netcfg" <<<"$conf" \
			>/dev/null 2>&1 || true
		if ((n++ % 2)); then
			plugin DEL "$POD" ctr-netcfg "$conf"
		else
			plugin GC 0 ctr-netcfg "$gc"
		fi
		nothing_left
		run -1 in_ns "$POD" ip link show eth0
		if h nft list ruleset | grep veth; then return 1; fi # macspoofchk's ports
		[ -z "$(find "$CTR_RUN/cni" -name '.at-*')" ]
	done
}

@test "cni: a namespace that vanishes mid-way leaves nothing that DEL does not clear" {
	local i
	for i in 0 0.01 0.02 0.04; do
		ns VICTIM
		plugin ADD "$VICTIM" bridge "$CONF" >"$WORLD/out" 3>&- &
		sleep $i
		kill -9 "$VICTIM"
		wait $! || jq -e '.code and (.msg | contains("\n") | not)' "$WORLD/out"
		plugin DEL "$VICTIM" bridge "$CONF"
		nothing_left
	done
}

@test "cni: runtimeConfig's mac, ips, aliases and dns" {
	local c r
	c=$(jq -c '.runtimeConfig = {mac: "02:11:22:33:44:55", ips: ["10.22.0.44/24", "fd00:22::44"], aliases: ["web"],
		dns: {servers: ["192.0.2.9"], searches: ["x.example"], options: ["ndots:3"]}}' \
		<<<"$CONF")
	r=$(plugin ADD "$POD" bridge "$c")
	jq -e '[.ips[].address] == ["10.22.0.44/24", "fd00:22::44/64"] and .interfaces[2].mac == "02:11:22:33:44:55"
		and .dns == {nameservers: ["192.0.2.9"], search: ["x.example"], options: ["ndots:3"]}' <<<"$r"
	in_ns "$POD" ip link show eth0 | grep -q 02:11:22:33:44:55
	grep -q web "$CTR_RUN/cni/n/10.22.0.44"
	plugin DEL "$POD" bridge "$c"
	code 7 ADD "$POD" bridge "$(jq -c '.runtimeConfig.mac = "x"' <<<"$c")"
	code 7 ADD "$POD" bridge "$(jq -c '.runtimeConfig.ips = ["10.99.0.1"]' <<<"$c")"
	nothing_left
}

@test "cni: STATUS says what would fail" {
	local c
	c=$(jq -c '.cniVersion = "1.1.0"' <<<"$CONF")
	plugin STATUS 0 bridge "$c"
	code 1 STATUS 0 bridge "$CONF"
	code 7 STATUS 0 bridge "$(jq -c '.ipam.ranges = []' <<<"$c")"
	code 50 STATUS 0 macvlan "$(jq -c '.type = "macvlan" | .master = "nosuch"' <<<"$c")"
	code 50 STATUS 0 bridge "$(jq -c '.ipam.dataDir = "/proc/x"' <<<"$c")"
	nothing_left
}

@test "cni: ctr-netcfg attaches with ports, limits and sysctls in one" {
	local conf r
	conf=$(jq -c '. + {type: "ctr-netcfg", sysctl: {"net.ipv4.conf.IFNAME.forwarding": "1"},
		runtimeConfig: {portMappings: [{hostPort: 8081, containerPort: 80}],
			bandwidth: {ingressRate: 8000000, ingressBurst: 800000, egressRate: 8000000, egressBurst: 800000}}}' <<<"$CONF")
	r=$(plugin ADD "$POD" ctr-netcfg "$conf")
	jq -e '.interfaces | length == 4' <<<"$r"
	serve "$POD" 80 hello
	[ "$(ask "$PEER" 198.51.100.2 8081)" = hello ]
	plugin CHECK "$POD" ctr-netcfg "$(with_prev "$conf" "$r")"
	plugin DEL "$POD" ctr-netcfg "$conf"
	nothing_left
}

@test "cni: an answer that cannot be told is no attachment" {
	run h env CNI_COMMAND=ADD CNI_CONTAINERID=c1 CNI_NETNS="/proc/$POD/ns/net" CNI_IFNAME=eth0 \
		CNI_PATH="$PLUGINS" \
		bash -c '"$0/bridge" >/dev/full' "$PLUGINS" <<<"$CONF"
	[ "$status" = 1 ]
	run -1 in_ns "$POD" ip link show eth0
	nothing_left
}

@test "cni: of twenty equal ADDs at once one succeeds, and DEL leaves no address" {
	local i ok=0 pids=() conf
	conf=$(jq -c '. + {isGateway: true}' <<<"$CONF")
	for i in $(seq 20); do
		plugin ADD "$POD" bridge "$conf" >"r.$i" 2>&1 &
		pids+=($!)
	done
	for i in "${pids[@]}"; do if wait "$i"; then ok=$((ok + 1)); fi; done
	[ "$ok" = 1 ]
	[ "$(find "$CTR_RUN/cni/n" -name '10.*' | wc -l)" = 1 ]
	plugin CHECK "$POD" bridge "$(with_prev "$conf" "$(cat $(grep -l '"ips"' r.*))")"
	plugin DEL "$POD" bridge "$conf"
	nothing_left
}

one_port() { # leaves in $c a configuration with one published port
	c=$(jq -c '. + {type: "ctr-netcfg", runtimeConfig:
		{portMappings: [{hostPort: 8081, containerPort: 80}]}}' <<<"$CONF")
}

@test "cni: both names are free as soon as DEL returns" {
	local i c
	one_port
	for i in $(seq 10); do
		plugin ADD "$POD" ctr-netcfg "$c" >/dev/null
		plugin DEL "$POD" ctr-netcfg "$c"
		run -1 in_ns "$POD" ip link show eth0
		run -1 eval 'h ip -o link show type veth | grep veth'
	done
}

@test "cni: DEL leaves the kernel's wait to a child that has closed the caller's pipes" {
	[[ "$BIN" != */san/* ]] || skip "the sanitizers make system calls of their own"
	need strace
	local c
	one_port
	del() { # STRACE'S OPTIONS...
		plugin ADD "$POD" ctr-netcfg "$c" >/dev/null
		h strace -f -qq -o "$WORLD/log" "$@" env CNI_COMMAND=DEL CNI_CONTAINERID="c$POD" \
			CNI_NETNS="/proc/$POD/ns/net" \
			CNI_IFNAME=eth0 CNI_PATH="$PLUGINS" "$PLUGINS/ctr-netcfg" <<<"$c"
		run -1 in_ns "$POD" ip link show eth0
		nothing_left
	}
	del -e inject=fork,vfork,clone,clone3:error=EAGAIN
	del -e inject=chdir:signal=KILL # the child, before it asked for the removal
	del -e trace=close,sendto,chdir
	# the caller's pipes are closed before the interface goes: whoever reads to their end never
	# waits for the child
	awk '/chdir/ { p = $1 } END { exit !p } ' "$WORLD/log"
	awk -v p="$(awk '/chdir/ { print $1 }' "$WORLD/log")" \
		'$1 == p && /close\([012]\)/ { n++ } $1 == p && /sendto/ { exit } END { exit n != 3 }' "$WORLD/log"
}

@test "cni: ports of UDP from everywhere, forgotten at DEL; and of SCTP" {
	local r r2 p where
	r=$(plugin ADD "$POD" bridge "$CONF")
	r2=$(plugin ADD "$POD2" bridge "$CONF")
	p=$(ports "$r" 8053 |
		jq -c '.runtimeConfig.portMappings[0] += {protocol: "udp", containerPort: 53}')
	plugin ADD "$POD" portmap "$p"
	serve "$POD" 53 first udp4
	for where in "$PEER 198.51.100.2" "$HOST 127.0.0.1" "$HOST 198.51.100.2" "$POD2 198.51.100.2" \
		"$POD 198.51.100.2"; do
		# shellcheck disable=SC2086
		[ "$(ask $where 8053 udp)" = first ]
	done
	serve "$POD" 53 six udp6
	[ "$(ask "$PEER" "[2001:db8:1::2]" 8053 udp)" = six ]
	[ "$(ask "$POD2" "[2001:db8:1::2]" 8053 udp)" = six ]
	# one client's socket, whose packets follow what the kernel remembers of them
	client() {
		echo x | peer timeout 3 socat -t1 -T1 - "UDP:198.51.100.2:8053,sourceport=4053" ||
			true
	}
	[ "$(client)" = first ]
	plugin DEL "$POD" portmap "$p"
	[ -z "$(client)" ]
	p=$(jq -c --argjson r "$r2" '.prevResult = $r' <<<"$p")
	plugin ADD "$POD2" portmap "$p"
	serve "$POD2" 53 second udp4
	[ "$(client)" = second ]
	plugin DEL "$POD2" portmap "$p"
	p=$(jq -c --argjson r "$r" \
		'.prevResult = $r | .runtimeConfig.portMappings[0].protocol = "sctp"' <<<"$p")
	plugin ADD "$POD" portmap "$p"
	h nft list map ip ctrbox ports | grep -q 'sctp . 8053'
	plugin CHECK "$POD" portmap "$p"
	plugin DEL "$POD" portmap "$p"
	plugin DEL "$POD" bridge "$CONF"
	plugin DEL "$POD2" bridge "$CONF"
	nothing_left
}

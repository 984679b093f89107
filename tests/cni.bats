# CNI plugins: called as a container's runtime calls them, in network namespaces of the tests' own.
# shellcheck shell=bash
load cni

test_setup() {
	cni_up
	CONF='{"cniVersion":"1.0.0","name":"n","type":"bridge","bridge":"cni0","isDefaultGateway":true,
		"ipMasq":true,"hairpinMode":true,"ipam":{"type":"host-local",
		"ranges":[[{"subnet":"10.22.0.0/24"}],[{"subnet":"fd00:22::/64"}]]}}'
}

# ports RESULT PORT: a portmap configuration.
ports() {
	jq -nc --argjson r "$1" --argjson p "$2" '{cniVersion: "1.0.0", name: "n", type: "portmap",
		runtimeConfig: {portMappings: [{hostPort: $p, containerPort: 80, protocol: "tcp"}]}, prevResult: $r}'
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
	p=$(ports "$r" 8080)
	plugin ADD "$POD" portmap "$p"
	serve "$POD" 80 hello
	[ "$(ask "$PEER" 198.51.100.2 8080)" = hello ]
	[ "$(ask "$HOST" 127.0.0.1 8080)" = hello ]
	[ "$(ask "$HOST" 198.51.100.2 8080)" = hello ]
	[ "$(ask "$POD2" 198.51.100.2 8080)" = hello ]
	[ "$(ask "$POD" 198.51.100.2 8080)" = hello ]
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

@test "cni: DEL without a namespace, and twice, succeeds" {
	plugin ADD "$POD" bridge "$CONF"
	kill "$POD"
	wait_for 5 eval "! kill -0 $POD 2>/dev/null" || true
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
	plugin GC 0 bridge "$(jq -c '."cni.dev/valid-attachments" = []' <<<"$conf")"
	nothing_left
	run plugin GC 0 bridge "$(jq -c 'del(."cni.dev/valid-attachments")' <<<"$conf")"
	[ "$status" = 1 ]
	jq -e '.code == 7' <<<"$output"
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
	for key in '.externalSetMarkChain = "KUBE-MARK-MASQ"' '.conditionsV4 = ["-s", "192.0.2.0/24"]' '.snat = false' '.masqAll = true'; do
		code 2 ADD "$POD" portmap "$(ports '{"ips":[]}' 80 | jq -c "$key")"
		[[ $output = *"$(cut -c 2- <<<"${key%% *}")"* ]]
	done
	code 7 ADD "$POD" portmap "$(ports '{"ips":[]}' 80 | jq -c '.markMasqBit = 32')"
	code 7 ADD "$POD" portmap "$(ports '{"ips":[]}' 80 | jq -c '.markMasqBit = 3 | .externalSetMarkChain = "X"')"
	plugin ADD "$POD2" bridge "$CONF"
	code 100 ADD "$POD2" bridge "$CONF"
	plugin DEL "$POD2" bridge "$CONF"
	nothing_left
}

@test "cni: killed at any instant, DEL clears it" {
	local i
	for i in 1 2 3 4 5 6 8 10; do
		h timeout -s KILL 0.00$i env CNI_COMMAND=ADD "CNI_CONTAINERID=c$POD" CNI_NETNS="/proc/$POD/ns/net" \
			CNI_IFNAME=eth0 CNI_PATH="$PLUGINS" "$PLUGINS/bridge" <<<"$CONF" >/dev/null 2>&1 || true
		plugin DEL "$POD" bridge "$CONF"
		nothing_left
	done
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

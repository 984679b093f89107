# CNI: the keys of the bridge plugin one by one, each checked in the kernel; and what can happen to
# a node: a full disk, a read-only /run, no nf_tables, many calls at once, a kill at any instant.
# shellcheck shell=bash disable=SC2154
# bats file_tags=ctr-netcfg,ctr-ipam
load cni

test_setup() { cni_up; }

conf() { # JQ: a bridge with addresses, changed
	jq -nc '{cniVersion: "1.0.0", name: "n", type: "bridge", ipam: {type: "host-local",
		ranges: [[{subnet: "10.22.0.0/24"}], [{subnet: "fd00:22::/64"}]]}} | '"${1:-.}"
}
port() { h bridge -j -d link | jq -c '.[] | select(.master == "cni0")'; }

# add_check_del KEYS COMMAND...: the key's effect while it is attached, and nothing afterwards
add_check_del() {
	local c r
	c=$(conf "$1")
	r=$(plugin ADD "$POD" bridge "$c")
	"${@:2}"
	plugin CHECK "$POD" bridge "$(with_prev "$c" "$r")"
	plugin DEL "$POD" bridge "$c"
	nothing_left
	h ip link del cni0
}

@test "cni bridge: keys from hairpinMode and mtu to disableContainerInterface have their effect" {
	hairpin() { port | jq -e '.hairpin and (.isolated | not)'; }
	add_check_del '.hairpinMode = true' hairpin
	promisc() { h ip -j -d link show cni0 | jq -e '.[0].promiscuity > 0'; }
	add_check_del '.promiscMode = true' promisc
	dad() { [ "$(in_ns "$POD" cat /proc/sys/net/ipv6/conf/eth0/accept_dad)" = "$1" ]; }
	add_check_del '.enabledad = true' dad 1
	add_check_del . dad 0
	mtu() { in_ns "$POD" ip link show eth0 | grep -q 'mtu 1400'; }
	add_check_del '.mtu = 1400' mtu
	down() { in_ns "$POD" ip -j link show eth0 | jq -e '.[0].flags | contains(["UP"]) | not'; }
	add_check_del 'del(.ipam) | .disableContainerInterface = true' down
	code 7 ADD "$POD" bridge "$(conf '.disableContainerInterface = true')"
	code 7 ADD "$POD" bridge "$(conf '.hairpinMode = true | .promiscMode = true')"
	code 7 ADD "$POD" bridge "$(conf '.portIsolation = "yes"')"
	code 7 ADD "$POD" bridge "$(conf '.ipam.ranges =
		[range(33) | [{subnet: "10.\(. + 30).0.0/24"}]]')"
	add_check_del '.ipMasq = true | .ipam.ranges =
		[range(32) | [{subnet: "10.\(. + 30).0.0/24"}]]' true
}

@test "cni bridge: isolated ports do not reach each other, and reach the gateway" {
	local c r2
	c=$(conf '.isGateway = true | .portIsolation = true')
	plugin ADD "$POD" bridge "$c"
	r2=$(plugin ADD "$POD2" bridge "$c")
	in_ns "$POD" ping -c1 -W2 10.22.0.1
	run -1 in_ns "$POD" ping -c1 -W1 "$(jq -r '.ips[0].address | split("/")[0]' <<<"$r2")"
	plugin DEL "$POD" bridge "$c"
	plugin DEL "$POD2" bridge "$c"
	nothing_left
}

@test "cni: a hundred at once, each with an address of its own, and away again" {
	local c
	c=$(conf '.isGateway = true | .ipMasq = true | .ipam.ranges = [[{subnet: "10.22.0.0/16"}]]')
	all() { # COMMAND
		hosted plugin '
			PLUGINS=$3 pids=()
			for ((i = 0; i < 100; i++)); do
				IFNAME=e$i plugin "$1" "$2" bridge "$4" >"r$i" 3>&- &
				pids+=($!)
			done
			for i in "${pids[@]}"; do wait "$i"; done' "$1" "$POD" "$PLUGINS" "$c"
	}
	all ADD
	[ "$(cat "$WORLD"/r* | jq -r '.ips[].address' | sort -u | wc -l)" = 100 ]
	[ "$(in_ns "$POD" ip -o -4 addr | grep -c 10.22)" = 100 ]
	all DEL
	nothing_left
}

@test "cni: read-only or full /run: an error code, one line, nothing left behind" {
	local c
	c=$(conf '.isGateway = true | .ipMasq = true')
	in_run() { # MOUNT-OPTIONS FILL CONF: ADD with such a $CTR_RUN
		run h unshare -m bash -c "
			mount -t tmpfs -o $1 none $CTR_RUN
			$2
			exec env CNI_COMMAND=ADD CNI_CONTAINERID=c1 \
			CNI_NETNS=/proc/$POD/ns/net CNI_IFNAME=eth0 CNI_PATH=$PLUGINS \
			$PLUGINS/bridge 2>/dev/null" <<<"$3"
		[ "$status" = 1 ]
		jq -e '.msg | contains("\n") | not' <<<"$output"
		run -1 in_ns "$POD" ip link show eth0
		nothing_left
	}
	in_run ro : "$c"
	in_run size=4k "head -c 9000 /dev/zero >$CTR_RUN/full 2>&1 || true" "$c"
	in_run nr_inodes=3 : "$c"
}

@test "cni: a kernel without nf_tables: an error code, one line, nothing left behind" {
	[[ "$BIN" != */san/* ]] || skip "the sanitizers make system calls of their own"
	need strace
	local c
	c=$(conf '.isGateway = true | .ipMasq = true')
	# the third socket is that of nf_tables; musl tries it twice
	run h strace -f -qq -o /dev/null -e inject=socket:error=EPROTONOSUPPORT:when=3..4 env \
		CNI_COMMAND=ADD CNI_CONTAINERID=c1 \
		CNI_NETNS=/proc/"$POD"/ns/net CNI_IFNAME=eth0 CNI_PATH="$PLUGINS" \
		"$PLUGINS/bridge" <<<"$c" 2>/dev/null
	[ "$status" = 1 ]
	jq -e '.msg | contains("\n") | not' <<<"$output"
	run -1 in_ns "$POD" ip link show eth0
	nothing_left
}

@test "cni: an attachment makes as many calls and reads as much beside a hundred as beside two" {
	[[ "$BIN" != */san/* ]] || skip "the sanitizers make system calls of their own"
	need strace
	local c few many
	c=$(conf '.isGateway = true | .ipMasq = true')
	traced() { # calls, and bytes that the kernel answered
		IFNAME=e$1 plugin ADD "$POD" bridge "$c" >/dev/null
		PLUGINS=$WORLD/traced IFNAME=f$1 plugin ADD "$POD" bridge "$c" >/dev/null
		awk '/^recv/ { n += $NF } END { print NR, n + 0 }' "$WORLD/log"
	}
	many() { # FROM TO
		hosted plugin '
			PLUGINS=$2
			for ((i = $4; i <= $5; i++)); do
				IFNAME=e$i plugin ADD "$1" bridge "$3" >/dev/null
			done' "$POD" "$PLUGINS" "$c" "$1" "$2"
	}
	mkdir "$WORLD/traced"
	printf '#!/bin/sh\nCNI_PATH=%s exec strace -qq -o %s/log -- %s/bridge\n' "$PLUGINS" "$WORLD" \
		"$PLUGINS" >"$WORLD/traced/bridge"
	chmod 755 "$WORLD/traced/bridge"
	few=$(traced 1)
	many 2 94
	many=$(traced 95)
	echo "# beside two: $few, beside ninety: $many calls and bytes" >&3
	# not one a neighbour; one or two more where it had to wait
	[ "${few#* }" -gt 0 ]
	[ $((${many% *} - ${few% *})) -lt 10 ]
	[ $((${many#* } - ${few#* })) -lt 100 ]
	grep -q '"/proc/sys/net/ipv6/conf"' "$WORLD/log"
	many 96 100
	traced 101
	# the list of all that looked up /proc/sys/net/ipv6 is not walked any more
	grep -q 'fsopen("proc"' "$WORLD/log"
	run -1 grep '"/proc/sys/net/ipv6' "$WORLD/log"
	[ "$(in_ns "$POD" cat /proc/sys/net/ipv6/conf/f101/{accept_ra,accept_redirects})" = \
		0$'\n'0 ]
	plugin GC 0 bridge "$(jq -c '. + {cniVersion: "1.1.0", "cni.dev/valid-attachments": []}' <<<"$c")"
	nothing_left
}

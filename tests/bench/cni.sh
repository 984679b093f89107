#!/bin/bash
# cni.sh: ADD and DEL of our CNI plugins against Debian's reference plugins: the chain bridge +
# host-local + portmap with one published port; then attachments to one bridge, the last beside the
# first. In a network namespace of its own. Ratios of one run; only the programs' own time counts
# (spawn.c), not the shell's.
set -eu
[ -n "${BENCH_CNI_INSIDE:-}" ] || exec env BENCH_CNI_INSIDE=1 unshare -nm "$0" "$@"
top=$(cd "$(dirname "$0")/../.." && pwd)
export PATH=$PATH:/usr/sbin:/sbin
theirs=/usr/lib/cni
[ -x $theirs/bridge ] || sh "$top/tests/tools" containernetworking-plugins || exit 0
W=$(mktemp -d -p /dev/shm ctrt.XXXXXX 2>/dev/null || mktemp -d)
pid=
trap 'kill $pid 2>/dev/null; umount -R "$W/ns" 2>/dev/null; rm -rf "$W"' EXIT
export CTR_LIB=$W/lib CTR_RUN=$W/run
mkdir "$CTR_LIB" "$CTR_RUN"
runs=${RUNS:-20} many=${ATTACHMENTS:-1000}
gcc -O2 -o "$W/spawn" "$top/tests/bench/spawn.c"
"${CTRBOX:-$top/build/ctrbox}" --install-cni "$W/ours"
ip link set lo up
unshare -n sleep 10000 >/dev/null 2>&1 &
pid=$!
until [ "$(readlink /proc/$pid/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
export CNI_NETNS=/proc/$pid/ns/net CNI_CONTAINERID=c1
conf() { # NAME BRIDGE SUBNET
	echo '{"cniVersion":"1.0.0","name":"'"$1"'","type":"bridge","bridge":"'"$2"'",
		"isGateway":true,"ipMasq":true,
		"ipam":{"type":"host-local","dataDir":"'"$W/leases"'",
		"ranges":[[{"subnet":"'"$3"'"}]]}}'
}
ports() { # NAME PORT RESULT
	echo '{"cniVersion":"1.0.0","name":"'"$1"'","type":"portmap","runtimeConfig":{"portMappings":[{"hostPort":'"$2"',"containerPort":80,"protocol":"tcp"}]},"prevResult":'"$(cat "$3")}"
}
# OUT DIR COMMAND TYPE CONF: its microseconds, and those of processor time, are appended to OUT
call() {
	CNI_COMMAND=$3 CNI_PATH=$2 "$W/spawn" "$1" "$2/$4" <"$5"
}
chain() { # OUT DIR NAME BRIDGE SUBNET IFNAME PORT
	export CNI_IFNAME=$6
	conf "$3" "$4" "$5" >"$W/conf"
	rm -f "$W/one"
	call "$W/one" "$2" ADD bridge "$W/conf" >"$W/result"
	ports "$3" "$7" "$W/result" >"$W/ports"
	call "$W/one" "$2" ADD portmap "$W/ports" >/dev/null
	call "$W/one" "$2" DEL portmap "$W/ports"
	call "$W/one" "$2" DEL bridge "$W/conf"
	awk '{ s += $1; c += $2 } END { print s, c }' "$W/one" >>"$1"
}
whole() { # OUT IFNAME PORT: ours, all in one plugin
	export CNI_IFNAME=$2
	conf w br-w 10.25.0.0/16 |
		sed 's/"bridge",/"ctr-netcfg",/; s/}$/,"runtimeConfig":{"portMappings":[{"hostPort":'"$3"',"containerPort":80}]}}/' >"$W/conf"
	rm -f "$W/one"
	call "$W/one" "$W/ours" ADD ctr-netcfg "$W/conf" >/dev/null
	call "$W/one" "$W/ours" DEL ctr-netcfg "$W/conf"
	awk '{ s += $1; c += $2 } END { print s, c }' "$W/one" >>"$1"
}
median() { # FILE [COLUMN]
	awk -v c="${2:-1}" '{ print $c }' "$1" | sort -n |
		awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
chain /dev/null $theirs a br-a 10.22.0.0/16 eth0 8000 # the first makes the bridge
chain /dev/null "$W/ours" b br-b 10.23.0.0/16 eth0 9000
whole /dev/null eth0 9500
for ((i = 1; i <= runs; i++)); do
	chain "$W/theirs.us" $theirs a br-a 10.22.0.0/16 eth0 $((8000 + i))
	chain "$W/ours.us" "$W/ours" b br-b 10.23.0.0/16 eth0 $((9000 + i))
	whole "$W/whole.us" eth0 $((9500 + i))
done
row() {
	awk -v n="$1" -v a="$2" -v b="$3" \
		'BEGIN { printf "%-44s %9.2f ms %9.2f ms  %.3f\n", n, a / 1e3, b / 1e3, a / b }'
}
both() { # NAME FILE FILE
	row "$1" "$(median "$2")" "$(median "$3")"
	row "  their processor time" "$(median "$2" 2)" "$(median "$3" 2)"
}
both "CNI ADD + DEL : bridge, host-local, portmap" "$W/ours.us" "$W/theirs.us"
both "CNI ADD + DEL, one ctr-netcfg : that chain" "$W/whole.us" "$W/theirs.us"

# --- many on one bridge, each in a network namespace of its own: a hundred at the start and at the
# end
conf m br-m 10.24.0.0/16 >"$W/conf"
mkdir "$W/ns"
mount -t tmpfs ns "$W/ns"
nets() { # PREFIX
	local i
	for ((i = 1; i <= many; i++)); do
		touch "$W/ns/$1$i"
		unshare --net="$W/ns/$1$i" true
	done
}
# the kernel's own part: two ends, a port of a bridge that has no link-local address either
gcc -O2 -o "$W/veth" "$top/tests/bench/veth.c"
nets f
ip link add br-f type bridge
ip link set br-f up
sysctl -qw net.ipv6.conf.default.addr_gen_mode=1 2>/dev/null || true
mapfile -t floor < <(seq -f "$W/ns/f%.0f" "$many")
"$W/veth" "$W/floor" br-f "${floor[@]}"
sysctl -qw net.ipv6.conf.default.addr_gen_mode=0 2>/dev/null || true
sed -n "2,101p" "$W/floor" >"$W/ffirst.us"
tail -n 100 "$W/floor" >"$W/flast.us"
nets m
add() { # FROM TO OUT
	local i
	for ((i = $1; i <= $2; i++)); do
		CNI_NETNS=$W/ns/m$i CNI_CONTAINERID=m$i CNI_IFNAME=eth0 call "$3" "$W/ours" ADD \
			bridge "$W/conf" >/dev/null
	done
}
add 1 1 /dev/null
add 2 101 "$W/first.us"
add 102 $((many - 100)) /dev/null
add $((many - 99)) "$many" "$W/last.us"
row "CNI ADD of $many on a bridge : last, first" "$(median "$W/last.us")" "$(median "$W/first.us")"
row "  their processor time" "$(median "$W/last.us" 2)" "$(median "$W/first.us" 2)"
row "  the kernel's links alone : last, first" "$(median "$W/flast.us")" \
	"$(median "$W/ffirst.us")"

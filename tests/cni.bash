# cni.bash: what the tests of CNI plugins share: the plugins in a folder, two pods on the host of
# net.bash, and calling a plugin as a container runtime does.
# shellcheck shell=bash disable=SC2154
load lib
load net

cni_up() {
	need ip iproute2
	need jq
	net_up
	PLUGINS=$WORLD/plugins
	"$CTRBOX" --install-cni "$PLUGINS"
	ns POD
	ns POD2
}
test_teardown() { net_down; }

# plugin COMMAND POD NAME CONF [VAR=VALUE...]: call it in the host's namespace.
plugin() {
	local by=()
	[ $# -le 4 ] || by=(env "${@:5}")
	CNI_COMMAND=$1 CNI_CONTAINERID=c$2 CNI_NETNS=/proc/$2/ns/net CNI_IFNAME=${IFNAME:-eth0} \
		CNI_PATH=$PLUGINS h "${by[@]}" "$PLUGINS/$3" <<<"$4" 2>/dev/null
}
with_prev() { # CONF RESULT: in a configuration that has none yet no program need look for it
	if [[ $1 = *prevResult* || $1 != *[!'{']'}' ]]; then
		jq -c --argjson r "$2" '. + {prevResult: $r}' <<<"$1"
	else
		echo "${1%\}},\"prevResult\":$2}"
	fi
}
# code CODE COMMAND POD NAME CONF [VAR=VALUE...]: the call fails with that code, with one line of
# JSON on stdout.
code() {
	run plugin "${@:2}"
	[ "$status" = 1 ]
	jq -e --argjson c "$1" '.code == $c and (.msg | contains("\n") | not)' <<<"$output"
}
# Nothing of any attachment is left: no lease, no element, no link, no file.
nothing_left() {
	[ -z "$(find "$CTR_RUN/cni" \( -path '*/.kept/*' -name '?-*' -o -type f -name '[0-9f.]*' \
		-not -name '.last*' -not -name .by -not -name .tables \) 2>/dev/null)" ]
	if h sh -c 'nft list ruleset; ip -d link | grep "alias cni:"' | grep 'cni:'; then
		return 1
	fi
}
conf() { # TYPE KEYS: a main plugin's configuration, with the addresses $IPAM
	jq -nc --arg t "$1" --argjson i "$IPAM" \
		"{cniVersion: \"1.0.0\", name: \"n\", type: \$t, ipam: \$i} + ${2:-{\}}"
}
chained() { # TYPE KEYS RESULT
	jq -nc --arg t "$1" --argjson r "$3" \
		"{cniVersion: \"1.0.0\", name: \"n\", type: \$t, prevResult: \$r} + $2"
}

#!/usr/bin/env bats
# applets/TUTORIAL.md: every block runs as it is written, and prints the text below it.
# shellcheck disable=SC2154
load lib
load net
# bats file_tags=ctrbox

test_setup() {
	not_san
	ln -s "$top/build" build
	net_up
	awk -v d="$PWD" '/^# Ten recipes/ { recipes = 1 }
		/^## / { title = substr($0, 4); section++ }
		/^```/ { if (inside) { inside = 0; close(out) } else { inside = 1
			kind = $0 == "```sh" ? "sh" : "text"
			out = sprintf("%s/block.%02d.%s", d, section, kind)
			print title >(d "/block." sprintf("%02d", section) ".title") } next }
		inside { print >>out } # a section of several blocks is one' \
			"$top/applets/TUTORIAL.md"
}
test_teardown() {
	h ctr-ps -aq | h ctr-rm -f - >/dev/null 2>&1
	awk -v w="$WORLD" 'index($5, w) == 1 { print $5 }' /proc/self/mountinfo | xargs -r umount
	net_down
}

# In the order they stand, in one world: later blocks build on earlier ones.
blocks() {
	local b
	for ((b = $1; b <= $2; b++)); do
		local f
		f=$(printf 'block.%02d' "$b")
		[ "$b" = 0 ] && f=block.00
		h sh -e "$f.sh" >seen 2>err || {
			echo "$(cat "$f.title" 2>/dev/null): failed"
			cat seen err
			return 1
		}
		[ ! -e "$f.text" ] || diff "$f.text" seen || {
			cat "$f.title" err
			return 1
		}
	done
}

@test "the fourteen sessions" { blocks 0 14; }

@test "the ten recipes" {
	blocks 0 0
	blocks 15 24
	[ "$(find . -maxdepth 1 -name "block.*.sh" | wc -l)" = 25 ]
}

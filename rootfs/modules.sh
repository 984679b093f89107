#!/bin/sh
# modules.sh KERNEL BUSYBOX DIR NAME...: copy these modules of KERNEL (kernel.sh's folder) and what
# they need into DIR, soft dependencies (softdep) as well, named in the order in which they can be
# loaded.
set -eu
kernel=$1 busybox=$2 out=$3
shift 3
mkdir -p "$out"
version=$(ls "$kernel/lib/modules")
# "kernel/a.ko: kernel/b.ko kernel/c.ko" says modules.dep: a needs both, the deepest last. "alias
# crc32c crc32c_generic": who answers to another name.
"$busybox" depmod -n -b "$kernel" "$version" 2>/dev/null |
	grep -E '^(kernel/.*\.ko:|alias )' >"$out.dep"
: >"$out.order"

# Those that a module names in itself ("softdep=pre: crc32c"), which no symbol of it says, come
# before it. (The first of its words may follow other bytes than a NUL.)
before() {
	LC_ALL=C tr '\0' '\n' <"$kernel/lib/modules/$version/$1" |
		LC_ALL=C sed -n 's/.*softdep=.*pre: *//p' | sed 's/post:.*//'
}
# A module by its name or one that it answers to, and all that must be there before it, at the end
# of the list.
want() {
	pattern=$(echo "$1" | sed 's/[_-]/[_-]/g')
	line=$(grep -E "^kernel/(.*/)?$pattern\.ko:" "$out.dep") ||
		line=$(awk -v n="$1" \
		'$1 == "alias" && ($2 == n || $2 == "crypto-" n) { print $3 }' "$out.dep" |
		while read -r m; do
			grep -E "/$(echo "$m" | sed 's/[_-]/[_-]/g')\.ko:" "$out.dep" || :
		done) || return 0 # built in, or another kernel's
	for file in $(printf '%s\n' "$line" | tr -d : | tr ' ' '\n' | tac); do
		! grep -qxF "$file" "$out.order" || continue
		# In a shell of its own: the variables of this loop are kept.
		for name in $(before "$file"); do (want "$name"); done
		grep -qxF "$file" "$out.order" || echo "$file" >>"$out.order"
	done
}
for m; do want "$m"; done
n=100
while read -r m; do
	cp "$kernel/lib/modules/$version/$m" "$out/$n-${m##*/}"
	n=$((n + 1))
done <"$out.order"
rm "$out.dep" "$out.order"

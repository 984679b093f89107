#!/bin/sh
# modules.sh KERNEL BUSYBOX DIR NAME...: copy these modules of KERNEL (kernel.sh's folder) and what they need into DIR,
# named in the order in which they can be loaded.
set -eu
kernel=$1 busybox=$2 out=$3
shift 3
mkdir -p "$out"
version=$(ls "$kernel/lib/modules")
# "kernel/a.ko: kernel/b.ko kernel/c.ko" says modules.dep: a needs both, the deepest last.
"$busybox" depmod -n -b "$kernel" "$version" 2>/dev/null | grep '^kernel/.*\.ko:' >"$out.dep"
for m; do
	line=$(grep -E "/$(echo "$m" | sed 's/[_-]/[_-]/g')\.ko:" "$out.dep") || continue # built in, or another kernel's
	printf '%s\n' "$line" | tr -d : | tr ' ' '\n' | tac
done | awk '!seen[$0]++' | {
	n=100
	while read -r m; do
		cp "$kernel/lib/modules/$version/$m" "$out/$n-${m##*/}"
		n=$((n + 1))
	done
}
rm "$out.dep"

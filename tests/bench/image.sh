#!/bin/bash
# image.sh: images against tar: import : tar -x, commit : tar -c, the start of a container of ten
# layers : of a directory. Ratios of medians of one run; both sides of the first two end with their
# data on the disk (syncfs), as an import does.
# shellcheck disable=SC2016 # $before is evaluated later
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
export PATH=$top/build/bin:$PATH
W=$(mktemp -d "${TMPDIR:-/tmp}/ctrt.XXXXXX")
trap 'rm -rf "$W"' EXIT
chmod 755 "$W"
export CTR_LIB=$W/lib CTR_RUN=$W/run
runs=${RUNS:-5}
now() { date +%s%N; }
# median COMMAND...: of so many runs, in microseconds; $before is done before each, unmeasured
median() {
	local i a b
	for ((i = 0; i < runs; i++)); do
		eval "$before" >/dev/null
		sync -f "$W"
		a=$(now)
		"$@" >/dev/null
		b=$(now)
		echo $(((b - a) / 1000))
	done | sort -n | sed -n "$(((runs + 1) / 2))p"
}
row() {
	awk -v n="$1" -v a="$2" -v b="$3" \
		'BEGIN { printf "%-44s %9.1f ms %9.1f ms  %.2f\n", n, a / 1000, b / 1000, a / b }'
}

# A tree as a system's image has it: many small files and some large ones.
mkdir "$W/tree"
cp -a /usr/share/doc /usr/share/perl /usr/lib/python3 "$W/tree/" 2>/dev/null ||
	cp -a /usr/share/doc "$W/tree/"
head -c 60000000 /dev/urandom >"$W/tree/large"
tar -C "$W/tree" -cf "$W/tree.tar" .
cat "$W/tree.tar" >/dev/null
printf '%s files, %s bytes\n' "$(tar tf "$W/tree.tar" | wc -l)" "$(stat -c %s "$W/tree.tar")"
printf '%-44s %12s %12s  %s\n' "" ours tar ratio

unpack() { tar -C "$W/x" -xf "$W/tree.tar" && sync -f "$W/x"; }
before='ctr-image rm t 2>/dev/null || true'
ours=$(median ctr-image import t "$W/tree.tar")
before='rm -rf "$W/x"; mkdir "$W/x"'
tar=$(median unpack)
rm -rf "$W/x"
row "import : tar -x" "$ours" "$tar"

# The same tree as what a container has written.
ctr-image rm t >/dev/null
tar -C "$top/build/rootfs" -cf - . | ctr-image import base >/dev/null
ctr-run --keep --name c base true
cp -a "$W/tree/." "$CTR_LIB/containers/c/upper/"
pack() { tar -C "$CTR_LIB/containers/c/upper" -cf "$W/c.tar" . && sync -f "$W/c.tar"; }
before='ctr-image rm committed 2>/dev/null || true'
ours=$(median ctr-commit c committed)
before='rm -f "$W/c.tar"'
tar=$(median pack)
row "commit : tar -c" "$ours" "$tar"
ctr-rm c >/dev/null
ctr-image rm committed >/dev/null

# Ten layers.
ctr-run --keep --name c0 base true
from=c0
for i in 1 2 3 4 5 6 7 8 9; do
	echo "$i" >"$W/f$i"
	ctr-cp "$W/f$i" "$from:/f$i"
	ctr-commit "$from" "ten$i" >/dev/null
	ctr-run --keep --name "c$i" "ten$i" true
	from=c$i
done
runs=$((runs * 10))
before=:
many() { for _ in 1 2 3 4 5; do ctr-run "$1" true; done; }
ours=$(median many ten9)
tar=$(median many "$top/build/rootfs/")
row "start of ten layers : of a directory (5 each)" "$ours" "$tar"

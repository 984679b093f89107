#!/bin/sh
# readme-net.sh N: run the N-th block of commands of the README's section "Networks", as it stands
# there.
set -e
cd "$(dirname "$0")/.."
awk -v want="$1" '/^## / { here = /^## Networks$/ }
	/^```/ { if (!inside) n += here; inside = !inside; next }
	inside && here && n == want' README.md >"${TMPDIR:-/tmp}/readme-net.$$"
trap 'rm -f "${TMPDIR:-/tmp}/readme-net.$$"' EXIT
[ -s "${TMPDIR:-/tmp}/readme-net.$$" ] || {
	echo "README.md has no block $1 in its section Networks" >&2
	exit 1
}
sh -ex "${TMPDIR:-/tmp}/readme-net.$$"

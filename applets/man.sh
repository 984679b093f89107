#!/bin/sh
# man.sh PAGE.1 APPLET: the page with its synopsis and options from the applet's own table.
set -eu
t=$(mktemp)
trap 'rm -f "$t"' EXIT
"$2" --help=man >"$t"
awk -v gen="$t" '
	BEGIN { while ((getline line < gen) > 0) if (line ~ /^\.Sh OPTIONS/) opt = 1; else if (opt) o = o line "\n"; else s = s line "\n" }
	/^@SYNOPSIS@$/ { printf "%s", s; next }
	/^@OPTIONS@$/ { printf "%s", o; next }
	{ print }' "$1"

#!/bin/sh
# man.sh PAGE.1 APPLET: the page with its synopsis and options from the applet's own table. In a line of an example
# (.Dl) a word that is a macro's name or a lone point or bar would be taken for markup (mdoc(7)): it is told not to be.
set -eu
t=$(mktemp)
trap 'rm -f "$t"' EXIT
"$2" --help=man >"$t"
awk -v gen="$t" '
	BEGIN { while ((getline line < gen) > 0) if (line ~ /^\.Sh OPTIONS/) opt = 1; else if (opt) o = o line "\n"; else s = s line "\n" }
	/^@SYNOPSIS@$/ { printf "%s", s; next }
	/^@OPTIONS@$/ { printf "%s", o; next }
	{ print }' "$1" |
	sed '/^\.Dl /{
		s/ \([A-Z][a-z]\|[].,;:?!()|[]\)$/ \\\&\1/
		:again
		s/ \([A-Z][a-z]\|[].,;:?!()|[]\) / \\\&\1 /
		t again
	}'

#!/bin/sh
# completion.sh bash|zsh|fish BIN: completion for that shell, from the option tables: of every
# applet in BIN what --help prints. Names of containers, images, networks and volumes are asked for
# when they are typed.
set -eu
shell=$1 bin=$2

# What follows the options: containers, images, networks, volumes; else files.
operands() {
	case $1 in
	ctr-run | ctr-create | ctr-image | ctr-root) echo images ;;
	ctr-net) echo networks ;;
	ctr-volume) echo volumes ;;
	ctr-exec | ctr-start | ctr-commit | ctr-diff | ctr-cp | ctr-restart | ctr-stop | \
		ctr-kill | ctr-pause | ctr-unpause | ctr-wait | ctr-rm | ctr-rename | \
		ctr-inspect | ctr-logs | ctr-attach | ctr-top | ctr-port | ctr-update | \
		ctr-stats) echo containers ;;
	*) echo files ;;
	esac
}

# APPLET WORD ...: the commands of those that have some, as their usage says.
words() {
	"$bin/$1" --help | awk -v a="$1" '
		/^$/ { exit }
		{ for (i = 1; i < NF; i++) if ($i == a) { w = $(i + 1); gsub(/[][]/, "", w); if (w ~ /^[a-z|]+$/) { n = split(w, l, "|"); for (k = 1; k <= n; k++) print l[k] } } }' | sort -u
}

# Lines of: letter or -, long name or -, 1 where a value follows, what it does.
options() {
	"$bin/$1" --help | awk '
		/^  (-.|   ) *(, )?(--)?/ && /^  (-[A-Za-z0-9]|    --)/ {
			s = "-"; l = "-"; v = 0
			if (match($0, /^  -[A-Za-z0-9]/)) s = substr($0, 4, 1)
			rest = substr($0, 3)
			if (match(rest, /--[a-z0-9-]+/)) {
				l = substr(rest, RSTART + 2, RLENGTH - 2)
				rest = substr(rest, RSTART + RLENGTH)
			}
			else rest = substr(rest, 3)
			v = rest ~ /^ [^ ]/ ; split(rest, part, /   */); d = part[2]
			if (d == "") { getline; d = $0; sub(/^ +/, "", d) }
			print s, l, v, d
		}'
	echo "- help 0 say what it does"
}

list_names='case $1 in
	containers) ctr-ps -an -o name ;;
	images) ctr-image ls --format "{{.Repository}}:{{.Tag}}" | grep -v "^<none>" ;;
	networks) ctr-net ls -q ;;
	nets) { ctr-net ls -q; printf "%s\n" none host bridge; } | sort -u ;;
	volumes) ctr-volume ls -q ;;
	esac 2>/dev/null'

# The dispatcher's own table of docker's words: lines of group or -, word, applet, its word or -.
docker_words() {
	sed -n 's/NULL/"-"/g; s/^ *{"\([a-z-]*\)", "\([a-z]*\)", "\([a-z]*\)", "\([a-z=-]*\)"}.*/\1 \2 \3 \4/p' \
		"${0%/*}/docker_words.c"
}

# bash's patterns: what a word, or a group's word, is completed as.
docker_cases() {
	docker_words | while read -r group word applet sub; do
		case $sub in -*) sub= ;; *) sub=" sub=1" ;; esac
		case $group in
		-) echo "		$word\\ *) cmd=ctr-$applet first=2$sub ;;" ;;
		*) echo "		$group\\ $word) cmd=ctr-$applet first=3$sub ;;" ;;
		esac
	done
}

# OPTION ...: the values that it takes, for all applets that have it.
known='--restart) say="no always unless-stopped on-failure" ;;
	--pull) say="never missing always" ;;
	--log-driver) say="json-file journald syslog none" ;;
	--driver) say="bridge macvlan ipvlan local" ;;
	--filter) say="name= id= label= status= ancestor= network= volume= health= exited= before= since= reference= dangling= driver=" ;;
	-s | --signal | --stop-signal) say="TERM KILL HUP INT QUIT USR1 USR2 WINCH STOP CONT" ;;'

group_words() { docker_words | awk -v g="$1" '$1 == g { print $2 }' | tr '\n' ' '; }

table() {
	for a in $applets; do
		opts=$(options "$a" |
			awk '{ if ($2 != "-") printf "--%s ", $2; else printf "-%s ", $1 }')
		values=$(options "$a" |
			awk '$3 { if ($2 != "-") printf "--%s ", $2; if ($1 != "-") printf "-%s ", $1 }')
		printf '\t%s) opts="%s" values=" %s" words="%s" names=%s ;;\n' "$a" "$opts" \
			"$values" "$(words "$a" | tr '\n' ' ')" "$(operands "$a")"
	done
}

# One function for bash and zsh, which has it by bashcompinit.
posixish() {
	cat <<END
_ctrbox_names() {
	$list_names
}
_ctrbox() {
	local cur= prev= cmd= head= cut= word= glued= first=1 last=-1 i n=0
	local opts= values= words= names=files say= sub= w
	w=() COMPREPLY=()
	# bash takes busy:v2 and --net=front apart at : and =, and what is replaced is behind the last.
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=\${COMP_WORDS[i]}
		case \$glued\$word in
		[:=]*) cut=\${w[last]} w[last]=\${w[last]}\$word ;;
		*) cut= last=\$((last + 1)) w[last]=\$word ;;
		esac
		glued=
		case \$word in [:=]*) glued=: cut=\${w[last]} ;; esac
	done
	cmd=\${w[0]##*/} cur=\${w[last]} prev=\${w[last>0?last-1:0]}
	case \$cur in --*=*) prev=\${cur%%=*} head=\$prev= cur=\${cur#*=} ;; esac
	case \$cmd in ctr-*) ;; *)
		say="$(for a in $applets; do printf '%s ' "${a#ctr-}"; done)"
		case \$last:\${w[1]} in
		0: | 1:* | 2:help) say="\$say $(docker_words | awk '$1 == "-" { print $2 }' | tr '\n' ' ')container system help" ;;
		2:container) say="\$say $(group_words container)" ;;
		2:system) say="$(group_words system)" ;;
		*) say= ;;
		esac
		[ -z "\$say" ] || {
			COMPREPLY=(\$(compgen -W "\$say" -- "\$cur"))
			return
		}
		cmd=ctr-\${w[1]#ctr-} first=2
		case \$cmd in ctr-container) cmd=ctr-\${w[2]} first=3 ;; esac
		case "\${w[1]} \${w[2]}" in
$(docker_cases)
		esac ;;
	esac
	case \$cmd in
$(table)
	esac
	case \$prev in
	--net | --network) names=nets n=1 ;;
	--volumes-from) names=containers n=1 ;;
	$known
	esac
	case \$values:\$say in
	*" \$prev "*:?*) COMPREPLY=(\$(compgen -W "\$say" -P "\$head" -- "\$cur")); return ;;
	esac
	case \$prev in
	--net | --network | --volumes-from) ;;
	*) case \$values in *" \$prev "*) names=files n=1 ;; esac ;;
	esac
	# Before the first operand of ctr-run there is an image, behind it a command.
	for ((i = first; i < last && n == 0; i++)); do
		case \$cmd:\${w[i]} in
		ctr-run:-* | ctr-create:-* | ctr-exec:-*) case \$values in *" \${w[i]} "*) i=\$((i + 1)) ;; esac ;;
		ctr-run:* | ctr-create:* | ctr-exec:*) names=files n=1 ;;
		esac
	done
	case \$n:\$last:\$cur in
	*:-*) [ "\$head" ] || COMPREPLY=(\$(compgen -W "\$opts" -- "\$cur")) ;;
	0:\$first:*) [ "\$sub" ] || COMPREPLY=(\$(compgen -W "\$words" -- "\$cur")) ;;
	esac
	if [ "\${#COMPREPLY[@]}" -eq 0 ]; then
		[ "\$names" = files ] || COMPREPLY=(\$(compgen -W "\$(_ctrbox_names "\$names")" -- "\$cur"))
		# a name's : is not quoted as a file's is
		[ "\${#COMPREPLY[@]}" -eq 0 ] || compopt +o filenames 2>/dev/null
		case \$cmd:\$names in *:files | *:images | ctr-cp:*) COMPREPLY+=(\$(compgen -f -- "\$cur")) ;; esac
	fi
	COMPREPLY=("\${COMPREPLY[@]/#/\$head}")
	COMPREPLY=("\${COMPREPLY[@]#"\$cut"}")
}
complete -F _ctrbox -o filenames ctrbox $applets
END
}

# Between single quotes of fish's.
quoted() { printf '%s\n' "$1" | sed "s/[\\\\']/\\\\&/g"; }

# WORD SECOND: behind the first word of `ctrbox`.
second() {
	echo "complete -c ctrbox -n '__fish_seen_subcommand_from $1; and test (count (commandline -opc)) = 2' -a $2"
}

fish() {
	printf 'function __ctrbox_names\n\tsh -c '\''%s'\'' sh $argv[1]\nend\n' "$list_names"
	for a in $applets; do
		kind=$(operands "$a")
		[ "$kind" = files ] || echo "complete -c $a -k -a '(__ctrbox_names $kind)'"
		for w in $(words "$a"); do
			echo "complete -c $a -n __fish_use_subcommand -a $w"
			second "${a#ctr-}" "$w"
		done
		options "$a" | while read -r s l v d; do
			[ "$v" = 0 ] && v= || v=" -r"
			case $a:$l in
			ctr-run:net | ctr-run:network | ctr-create:net | ctr-create:network)
				v=" -x -a '(__ctrbox_names nets)'" ;;
			*:volumes-from) v=" -x -a '(__ctrbox_names containers)'" ;;
			esac
			[ "$s" = - ] && s= || s=" -s $s"
			[ "$l" = - ] && l= || l=" -l $l"
			echo "complete -c $a$s$l$v -d '$(quoted "$d")'"
		done
		echo "complete -c ctrbox -n __fish_use_subcommand -a ${a#ctr-} -d '$(quoted \
			"$("$bin/$a" --help | sed -n 's/\.$//; /^Usage/!{/^ /!{p;q}}')")'"
		echo "complete -c ctrbox -n '__fish_seen_subcommand_from ${a#ctr-} $a' -w $a"
	done
	# a group, and its words as the second one
	(
		docker_words
		for a in $applets; do echo "container ${a#ctr-} ${a#ctr-} -"; done
	) | while read -r group word applet sub; do
		if [ "$group" != - ]; then
			echo "complete -c ctrbox -n __fish_use_subcommand -a $group"
			second "$group" "$word"
			continue
		fi
		echo "complete -c ctrbox -n __fish_use_subcommand -a $word -d '$applet $sub'"
		for w in $([ "$sub" != - ] || words "ctr-$applet"); do
			second "$word" "$w"
		done
		kind=$(operands "ctr-$applet")
		[ "$kind" = files ] || echo "complete -c ctrbox -n '__fish_seen_subcommand_from $word' -a '(__ctrbox_names $kind)'"
	done
}

applets=$(cd "$bin" && echo ctr-*)
made="# Completion of ctrbox for $shell, made from its option tables by applets/completion.sh."
case $shell in
bash) echo "$made"; posixish ;;
zsh)
	# compinit reads the first line of a file that it finds
	echo "#compdef ctrbox $applets"
	echo "$made"
	echo 'autoload -U +X bashcompinit && bashcompinit'
	posixish
	echo '_bash_complete -o filenames -F _ctrbox'
	;;
fish) echo "$made"; fish ;;
esac

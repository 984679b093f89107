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

# Lines, with tabs: letter or -, long name or -, its value as the table names it (0: none), what can
# be typed there, what it does. What can be typed: words; or @KIND, as operands() has them, with +
# if a file will do as well; - if it is for the user to say.
options() {
	"$bin/$1" --help | awk -v OFS='\t' -v a="$1" '
		function may(l, v, n, w, i, all) {
			if (l == "net" && v ~ /^NET/) return "@nets"
			if (l == "network") return "@networks"
			if (l == "volume" && v ~ /^SRC/) return "@volumes+"
			if (l == "volumes-from" || l == "target") return "@containers"
			if (l == "restart") return "no always unless-stopped on-failure"
			if (l == "driver") return a == "ctr-net" ? "bridge macvlan ipvlan" : "local"
			if (l == "filter")
				return "name= id= label= status= ancestor= network= volume= health= " \
					"exited= before= since= reference= dangling= driver="
			if (l == "format") return "json table"
			if (l == "condition")
				return "exited running paused created healthy unhealthy removed"
			if (l == "type" && v == "KIND") return "container image network volume"
			if (l == "security-opt")
				return "no-new-privileges seccomp= systempaths=unconfined"
			if (l == "log-opt") return "max-size= max-file= tag= flush="
			if (l == "mount" && v != "0") return "type=bind, type=volume, type=tmpfs,"
			if (l == "ulimit") return "nofile= nproc= core= memlock= stack= cpu= fsize= as="
			if (v ~ /^SIG/) return "TERM KILL HUP INT QUIT USR1 USR2 WINCH STOP CONT"
			if (v == "CAP")
				return "ALL AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF " \
					"CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER " \
					"FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN " \
					"MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE NET_RAW PERFMON " \
					"SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT " \
					"SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO " \
					"SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM"
			if (v ~ /^(FILE|DIR|PATH$|HOST\[|UPPER)/) return "@files"
			# `host|private|container:NAME`: the words, and what others begin with
			n = split(v, w, "|")
			for (i = 1; i <= n; i++) {
				if (w[i] ~ /^(container:|ns:|size=)/) sub(/[A-Z].*/, "", w[i])
				else if (w[i] !~ /^[a-z][a-z-]*$/) continue
				all = all (all ? " " : "") w[i]
			}
			return all ? all : "-"
		}
		/^  (-.|   ) *(, )?(--)?/ && /^  (-[A-Za-z0-9]|    --)/ {
			s = "-"; l = "-"
			if (match($0, /^  -[A-Za-z0-9]/)) s = substr($0, 4, 1)
			rest = substr($0, 3)
			if (match(rest, /--[a-z0-9-]+/)) {
				l = substr(rest, RSTART + 2, RLENGTH - 2)
				rest = substr(rest, RSTART + RLENGTH)
			}
			else rest = substr(rest, 3)
			split(rest, part, /   */); d = part[2]
			v = rest ~ /^ [^ ]/ ? substr(part[1], 2) : "0"
			if (d == "") { getline; d = $0; sub(/^ +/, "", d) }
			print s, l, v, may(l, v), d
		}
		END { print "-", "help", "0", "-", "say what it does" }'
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
		"${0%/*}/docker_words.c" |
		sed 's/^\(image\|volume\) exists.*/\1 exists \1 rm/; s/^network exists.*/network exists net rm/'
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

# bash's patterns for what can be typed behind an option, what is the same together. (ctr-run's
# --network is another name, which --help does not have.)
value_cases() {
	for a in $applets; do
		options "$a" | sed "s/^/$a	/"
	done | awk -F '\t' '
		function add(what, opt) {
			if (!(what in all)) order[++n] = what
			all[what] = all[what] (all[what] ? " | " : "") $1 "\\ " opt
		}
		$4 != "0" && $5 != "-" {
			if ($2 != "-") add($5, "-" $2)
			if ($3 != "-") add($5, "--" $3)
			if ($5 == "@nets") add($5, "--network")
		}
		END {
			for (i = 1; i <= n; i++) {
				what = order[i]
				does = "say=\"" what "\""
				if (what ~ /^@/) does = "names=" substr(what, 2) " n=1"
				print "\t" all[what] ") " does " ;;"
			}
		}'
}

group_words() { docker_words | awk -v g="$1" '$1 == g { print $2 }' | tr '\n' ' '; }

table() {
	for a in $applets; do
		options "$a" | awk -F '\t' -v a="$a" -v w="$(words "$a" | tr '\n' ' ')" \
			-v kind="$(operands "$a")" '
			{ opts = opts ($2 != "-" ? "--" $2 : "-" $1) " " }
			$3 != "0" && $2 != "-" { values = values "--" $2 " " }
			$3 != "0" && $1 != "-" { values = values "-" $1 " " }
			END {
				printf "\t%s) opts=\"%s\" values=\" %s\" words=\"%s\" names=%s ;;\n", a, opts,
					values, w, kind
			}'
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
	values="\$values --network "
	case "\$cmd \$prev" in
$(value_cases)
	esac
	case \$values:\$say in
	*" \$prev "*:?*) COMPREPLY=(\$(compgen -W "\$say" -P "\$head" -- "\$cur")); return ;;
	esac
	case \$n:\$values in
	0:*" \$prev "*) return ;;
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
		[ "\$names" = files ] || COMPREPLY=(\$(compgen -W "\$(_ctrbox_names "\${names%+}")" -- "\$cur"))
		# a name's : is not quoted as a file's is
		[ "\${#COMPREPLY[@]}" -eq 0 ] || compopt +o filenames 2>/dev/null
		case \$cmd:\$names in *:files | *:images | *:*+ | ctr-cp:*) COMPREPLY+=(\$(compgen -f -- "\$cur")) ;; esac
	fi
	COMPREPLY=("\${COMPREPLY[@]/#/\$head}")
	COMPREPLY=("\${COMPREPLY[@]#"\$cut"}")
}
complete -F _ctrbox -o filenames ctrbox $applets
END
}

# Between single quotes of fish's.
quoted() { printf '%s\n' "$1" | sed "s/[\\\\']/\\\\&/g"; }

# fish's cases: a group's words, or words without one, and what they are completed as.
fish_cases() {
	docker_words | while read -r group word applet sub; do
		case $sub in -*) sub= ;; esac
		case $1:$group in
		words:-) printf "\t\tcase '%s *'; set cmd ctr-%s %s; set -e w[1]\n" "$word" "$applet" "$sub" ;;
		*:-) ;;
		groups:*) printf "\t\tcase '%s %s'; set cmd ctr-%s %s; set -e w[1..2]\n" "$group" "$word" \
			"$applet" "$sub" ;;
		esac
	done
}

# ctrbox itself: its words; and behind one what the applet that it means has.
fish_words() {
	echo "function __ctrbox_words"
	for a in $applets; do
		printf "\tprintf '%%s\\\\t%%s\\\\n' %s '%s'\n" "${a#ctr-}" "$(quoted \
			"$("$bin/$a" --help | sed -n 's/\.$//; /^Usage/!{/^ /!{p;q}}')")"
	done
	cat <<'END'
end
function __ctrbox
	set -l w (commandline -opc)
	set -e w[1]
	test "$w[1]" = help && set -e w[1]
	if not set -q w[1]
		__ctrbox_words
END
	printf "\t\tprintf '%%s\\\\n' help %s\n\t\treturn\n\tend\n" "$(docker_words |
		awk '{ print $1 == "-" ? $2 : $1 }' | sort -u | tr '\n' ' ')"
	printf '\tif not set -q w[2]\n\t\tswitch $w[1]\n'
	for group in $(docker_words | awk '$1 != "-" { print $1 }' | sort -u); do
		printf "\t\t\tcase %s; printf '%%s\\\\n' %s\n" "$group" "$(group_words "$group")"
		[ "$group" != container ] || printf '\t\t\t\t__ctrbox_words\n'
		case $group in container | system | build*) printf '\t\t\t\treturn\n' ;; esac
	done
	printf '\t\tend\n\tend\n\tset -l cmd\n\tswitch "$w[1] $w[2]"\n'
	fish_cases groups
	fish_cases words
	cat <<'END'
		case 'container *'; set cmd ctr-$w[2]; set -e w[1..2]
		case '*'; set cmd ctr-(string replace -r '^ctr-' '' -- $w[1]); set -e w[1]
	end
	complete -C (string join ' ' -- $cmd (string escape -- $w) (commandline -ct | string collect -a))
end
complete -c ctrbox -f -k -a '(__ctrbox)'
END
}

fish() {
	printf 'function __ctrbox_names\n\tsh -c '\''%s'\'' sh $argv[1]\nend\n' "$list_names"
	fish_words
	for a in $applets; do
		kind=$(operands "$a")
		# where a file will do as well
		case $kind:$a in
		files:* | images:* | *:ctr-cp | *:ctr-exec) only= ;;
		*) only=" -f" ;;
		esac
		words=$(words "$a")
		[ -z "$words" ] || only="$only -n 'not __fish_use_subcommand'"
		[ "$kind" = files ] || echo "complete -c $a$only -k -a '(__ctrbox_names $kind)'"
		for w in $words; do
			echo "complete -c $a -f -n __fish_use_subcommand -a $w"
		done
		options "$a" | sed "s/[\\\\']/\\\\&/g" | awk -F '\t' -v a="$a" '
			{
				kind = $4
				gsub(/[@+]/, "", kind)
				may = $4
				if (may ~ /^@/) may = "(__ctrbox_names " kind ")"
				may = "'\''" may "'\''"
				if ($3 == "0") v = ""
				else if ($4 == "-") v = " -x"
				else if ($4 == "@files") v = " -r -F"
				else v = ($4 ~ /\+$/ ? " -r -F" : " -x") " -a " may
				short = $1 == "-" ? "" : " -s " $1
				long = $2 == "-" ? "" : " -l " $2
				printf "complete -c %s%s%s%s -d '\''%s'\''\n", a, short, long,
					v, $5
				if ($4 == "@nets") print "complete -c " a " -l network" v
			}'
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

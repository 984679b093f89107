#!/bin/sh
# cc: a compiler that knows only the musl in the folder this program lies in, the kernel's headers beside it, and its own
# headers; what it links is static. build.sh puts it into DIR/musl with the compiler's name for @CC@.
# What it compiles for whole-program optimisation has nothing of the place where that is done: gcc would put the folder, the
# headers' paths and a random number into it, so paths are relative, the folder is one that is called alike everywhere, and
# the number comes from the file's name.
d=$(realpath --relative-to=. "$(dirname "$0")")
case $d in /* | .*) ;; *) d=./$d ;; esac
export PWD=/proc/self/cwd
for a; do
	case $a in *.c) set -- "-frandom-seed=${a##*/}" "$@" ;; esac
done
set -- -nostdinc -isystem "$d/include" -isystem "$d/../kernel" -isystem "$(@CC@ -print-file-name=include)" "$@"
for a; do
	case $a in
	-c | -E | -S | -M | -MM | -r | -v | --version | -dump* | -print-*) exec @CC@ "$@" ;;
	esac
done
exec @CC@ -nostdlib -static -no-pie "$d/lib/crt1.o" "$d/lib/crti.o" "$@" -L"$d/lib" -Wl,--start-group -lc -lgcc -Wl,--end-group "$d/lib/crtn.o"

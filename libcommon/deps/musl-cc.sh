#!/bin/sh
# cc: a compiler that knows only the musl in the folder this program lies in, the kernel's headers beside it, and its own
# headers; what it links is static. build.sh puts it into DIR/musl with the compiler's name for @CC@.
d=$(dirname "$0")
set -- -nostdinc -isystem "$d/include" -isystem "$d/../kernel" -isystem "$(@CC@ -print-file-name=include)" "$@"
for a; do
	case $a in
	-c | -E | -S | -M | -MM | -r | -v | --version | -dump* | -print-*) exec @CC@ "$@" ;;
	esac
done
exec @CC@ -nostdlib -static -no-pie "$d/lib/crt1.o" "$d/lib/crti.o" "$@" -L"$d/lib" -Wl,--start-group -lc -lgcc -Wl,--end-group "$d/lib/crtn.o"

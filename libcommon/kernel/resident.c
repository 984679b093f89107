/* resident.c: how much of us stays in memory while we wait; see resident.h. */
#include <elf.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "resident.h"

#if UINTPTR_MAX > 0xffffffffu
typedef Elf64_Phdr program_header;
#else
typedef Elf32_Phdr program_header;
#endif

enum { FRAME = 512, STACK = 64 << 10 };

__attribute__((noinline)) void text_forget(void)
{
	const program_header *p = (const void *)getauxval(AT_PHDR);
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	for (unsigned long n = p ? getauxval(AT_PHNUM) : 0; n--; p++) {
		uintptr_t from = p->p_vaddr & -page, to = (p->p_vaddr + p->p_filesz) & -page;
		if (p->p_type == PT_LOAD && !(p->p_flags & PF_W) && to > from)
			madvise((void *)from, to - from, MADV_DONTNEED);
	}
	/* The stack below this frame, which is small, as nothing takes it in. It grows downwards on
	 * every machine we run on; what is not mapped is passed over. */
	uintptr_t here = ((uintptr_t)__builtin_frame_address(0) - FRAME) & -page;
	madvise((void *)(here - STACK), STACK, MADV_DONTNEED);
}

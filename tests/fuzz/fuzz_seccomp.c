/* fuzz_seccomp.c: a profile's JSON, and (behind a first byte of 0) the listing of a program. A
 * program that was compiled must be one that the kernel takes: every way through it ends in a
 * verdict.
 */
#include "../../applets/ctr-seccomp.c"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	return freopen("/dev/null", "w", stdout) ? 0 : -1;
}

/* seccomp(2)'s rule: jumps go forward and stay inside, the last instruction returns. */
static void check(const struct sock_fprog *p)
{
	if (p->len == 0 || p->len > BPF_MAXINSNS ||
	    BPF_CLASS(p->filter[p->len - 1].code) != BPF_RET)
		abort();
	for (size_t i = 0; i < p->len; i++) {
		const struct sock_filter *f = &p->filter[i];
		size_t left = p->len - i - 1;
		if (BPF_CLASS(f->code) == BPF_JMP &&
		    (BPF_OP(f->code) == BPF_JA ? f->k >= left : f->jt >= left || f->jf >= left))
			abort();
		if (BPF_CLASS(f->code) == BPF_LD &&
		    (f->k % 4 || f->k >= sizeof(struct seccomp_data)))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size && data[0] == 0) {
		size_t n = (size - 1) / sizeof(struct sock_filter);
		struct sock_fprog p = {(unsigned short)n, xcalloc(n + 1, sizeof *p.filter)};
		memcpy(p.filter, data + 1, n * sizeof *p.filter);
		if (n && n <= BPF_MAXINSNS)
			print(&p);
		free(p.filter);
		return 0;
	}
	struct sock_fprog *p =
	    filter_compile("fuzz", (const char *)data, size, size % 2 ? CAPS_DEFAULT : ~0ull);
	if (p)
		check(p);
	filter_free(p);
	return 0;
}

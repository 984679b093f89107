/* become_exec.c: executing the command, or saying why that is not possible; see become.h. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "become.h"
#include "err.h"
#include "report.h"
#include "rlimits.h"
#include "str.h"
#include "sysno.h"

#if defined(__x86_64__)
#define OUR_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OUR_MACHINE EM_AARCH64
#elif defined(__arm__)
#define OUR_MACHINE EM_ARM
#elif defined(__i386__)
#define OUR_MACHINE EM_386
#elif defined(__riscv)
#define OUR_MACHINE EM_RISCV
#elif defined(__s390__)
#define OUR_MACHINE EM_S390
#elif defined(__mips__)
#define OUR_MACHINE EM_MIPS
#elif defined(__powerpc64__)
#define OUR_MACHINE EM_PPC64
#else
#error "which e_machine have the programs of this machine?"
#endif

static bool here; /* not in a container's root */

/* What an errno of execve(2) says about the file at `path` (the command, or its interpreter), as
 * the end of a message. `elf`: it starts as an ELF program does, for this machine (1) or another
 * (2). */
static const char *exec_why(const char *path, int err, int elf)
{
	static const struct {
		int err;
		const char *why;
	} words[] = {
	    {E2BIG, "the arguments and the environment are too long together, one is longer than "
		    "128k, or the memory limit is too small for them"},
	    {ETXTBSY, "somebody is writing to it"},
	    {ELOOP, "too many links, or interpreters of interpreters"},
	    {ENOMEM, "no memory for it: the memory limit may be too small"},
	    {EAGAIN, "the user has as many processes as --ulimit nproc allows"},
	    {ENFILE, "the machine has as many open files as it may"},
	    {ELIBBAD, "its dynamic loader is damaged"},
	    {EINVAL, "a damaged ELF program"},
	    {EIO, "a damaged ELF program, or its disk cannot be read"},
	    {EISDIR, "its interpreter is a folder"},
	    {EPERM, "the seccomp filter or a security module refuses it"},
	};
	struct stat st;
	struct statfs fs;
	if (err == ENOEXEC && elf)
		return elf == 2 ? "an ELF program for another machine"
				: "a cut or damaged ELF program";
	if (err == ENOEXEC)
		return "neither an ELF program nor a script that starts with #!";
	if (err == EACCES && stat(path, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return "a folder";
		if (!S_ISREG(st.st_mode))
			return "no plain file";
		if (!(st.st_mode & 0111))
			return "not executable: chmod +x";
		if (statfs(path, &fs) == 0 && fs.f_flags & ST_NOEXEC)
			return "on a mount with noexec";
		return "this user may not execute it";
	}
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (words[i].err == err)
			return words[i].why;
	return NULL;
}

static int exec_code(int err)
{
	if (err == ENOENT || err == ENOTDIR)
		return 127;
	return err == EACCES || err == EISDIR ? REPORT_DENIED : 126;
}

/* An errno for a script may be about the script itself or about the interpreter that its first line
 * names: the script's own x-bit and mount options are checked first. */
static int explain_script(const char *path, char *line, int err)
{
	char *name = line + strspn(line, " \t");
	char *end = name + strcspn(name, "\n");
	bool cr = end > name && end[-1] == '\r', gone = err == ENOENT || err == ENOTDIR;
	const char *where = here ? "there" : "in the container";
	*end = 0;
	name[strcspn(name, " \t\r")] = 0;
	errno = err;
	if (!*name)
		return fail("%s: %m (its first line names no interpreter)", path), exec_code(err);
	if (gone && cr)
		return fail("%s: its interpreter %s was not found: its first line ends in a "
			    "carriage return (CR LF)",
			   path, name),
		       REPORT_NO_LOADER;
	if (gone)
		return fail("%s: its interpreter %s is not %s", path, name, where),
		       REPORT_NO_LOADER;
	const char *why = exec_why(name, err, 0);
	errno = err;
	return fail("%s: its interpreter %s: %m%s%s%s", path, name, why ? " (" : "", why ? why : "",
		   why ? ")" : ""),
	       exec_code(err);
}

static bool own_fault(const char *path, int err)
{
	struct statfs fs;
	return err == E2BIG || err == ETXTBSY || err == ENOMEM || err == EAGAIN || err == EPERM ||
	       (err == EACCES &&
		   (access(path, X_OK) < 0 || (statfs(path, &fs) == 0 && fs.f_flags & ST_NOEXEC)));
}

/* Why execve() refused an existing file: its first bytes tell. Returns the exit code. */
static int become_exec_explain(const char *path, int err)
{
	char head[256] = "";
	_cleanup_close_ int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd < 0 ? 0 : read(fd, head, sizeof head - 1);
	head[n < 0 ? 0 : n] = 0;
	int code = exec_code(err);
	if (n >= 2 && head[0] == '#' && head[1] == '!' && !own_fault(path, err))
		return explain_script(path, head + 2, err);
	int elf = n >= SELFMAG && memcmp(head, ELFMAG, SELFMAG) == 0;
	if (elf && n >= (ssize_t)sizeof(Elf32_Ehdr) &&
	    ((Elf32_Ehdr *)head)->e_machine != OUR_MACHINE)
		elf = 2;
	const char *why = exec_why(path, err, elf);
	if (code == 127 && elf) {
		code = REPORT_NO_LOADER;
		why = here ? "its dynamic loader is not there"
			   : "its dynamic loader is not in the container";
	}
	if (err == ENOEXEC && n == 0 && fd >= 0)
		why = "an empty file";
	errno = err;
	return why ? fail("%s: %m (%s)", path, why) : fail_errno(path), code;
}

/* execve(), or with argv NULL only a check whether it would work: 1. Otherwise -1 with errno. */
static int attempt(const char *path, char **argv, char **envp)
{
	struct stat st;
	if (argv)
		return execve(path, argv, envp);
	/* access(2) would look without the capabilities of a user other than root. */
	if ((syscall(SYS_faccessat2, AT_FDCWD, path, X_OK, AT_EACCESS) < 0 &&
		((errno != ENOSYS && errno != EPERM) || access(path, X_OK) < 0)) ||
	    stat(path, &st) < 0)
		return -1;
	return S_ISREG(st.st_mode) ? 1 : (errno = EACCES, -1);
}

int become_exec(const char *name, char **argv, char **envp, const char *search)
{
	if (!name || !*name)
		return fail("no command given"), 127;
	if (strchr(name, '/'))
		return attempt(name, argv, envp) == 1 ? 0 : become_exec_explain(name, errno);
	_cleanup_free_ char *denied = NULL;
	for (const char *p = search; *p;) {
		size_t n = strcspn(p, ":");
		_cleanup_free_ char *path = xasprintf("%.*s/%s", n ? (int)n : 1, n ? p : ".", name);
		if (attempt(path, argv, envp) == 1)
			return 0;
		if (errno == ENOENT && access(path, F_OK) == 0)
			return become_exec_explain(path, ENOENT);
		if (errno == EACCES && !denied)
			denied = xstrdup(path);
		else if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
			return become_exec_explain(path, errno);
		p += n + (p[n] == ':');
	}
	if (denied)
		return become_exec_explain(denied, EACCES);
	return fail("%s: not found on %sPATH (%s)", name, here ? "" : "the container's ", search),
	       127;
}

int become_exec_here(char **argv)
{
	const char *path = getenv("PATH");
	here = true;
	rlimits_back();
	return become_exec(argv[0], argv, environ, path ? path : "/usr/local/bin:/bin:/usr/bin");
}

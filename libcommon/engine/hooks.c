/* hooks.c: OCI hooks; see hooks.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"
#include "rlimits.h"
#include "file.h"
#include "hooks.h"
#include "json.h"
#include "pidfd.h"
#include "spec_names.h"
#include "str.h"
#include "sys.h"

bool hooks_any(const struct spec *s, enum spec_hook_when when)
{
	return s->hooks[when].n > 0;
}

static const char *hook_status(enum spec_hook_when when)
{
	switch (when) {
	case HOOK_PRESTART: /* the status that crun gives, and that runtime-tools' validation wants
			     */
	case HOOK_START_CONTAINER:
		return "created";
	case HOOK_POSTSTART:
		return "running";
	case HOOK_POSTSTOP:
		return "stopped";
	default:
		return "creating";
	}
}

json_t *hook_annotations(const struct spec *s)
{
	json_t *notes = json_object();
	for (size_t i = 0; i < s->annotations.n; i++) {
		const char *eq = strchr(s->annotations.v[i], '=');
		_cleanup_free_ char *key =
		    xstrndup(s->annotations.v[i], (size_t)(eq - s->annotations.v[i]));
		json_object_set_new(notes, key, json_string(eq + 1));
	}
	return notes;
}

/* The state as runtime.md defines it. Caller frees. */
static char *hook_state(
    const struct spec *s, enum spec_hook_when when, const struct hook_subject *about)
{
	_cleanup_json_ json_t *state = json_make(
	    "{ociVersion:s,id:s,status:s,pid:i,bundle:s,annotations:o}",
	    s->version ? s->version : SPEC_VERSION, about->id ? about->id : "", hook_status(when),
	    (int)about->pid, about->bundle ? about->bundle : "/", hook_annotations(s));
	return json_text(state);
}

/* What a failed hook wrote to its stderr goes into the message, in one line: a startContainer
 * hook's would otherwise be lost in the container's terminal. What others write is passed on. */
static void hook_said(int err, bool failed)
{
	char text[1024];
	_cleanup_free_ char *why = failed ? fail_copy() : NULL;
	ssize_t n = 0;
	for (off_t at = 0; (n = pread(err, text, sizeof text - 1, at)) > 0 && !failed; at += n)
		fd_write_all(2, text, (size_t)n);
	while (n > 0 && (unsigned char)text[n - 1] <= ' ')
		n--;
	if (n <= 0 || !failed)
		return;
	text[n] = 0;
	for (char *p = text; *p; p++)
		*p = (unsigned char)*p < ' ' ? ' ' : *p;
	fail("%s, stderr: %s", why, text);
}

/* crun's annotations: the file that hooks write to. */
static int hook_file(const struct spec *s, const char *note, int *fd)
{
	const char *path = strv_getenv(&s->annotations, note);
	if (!path)
		return 0;
	*fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0700);
	return *fd < 0 ? fail("%s: %s: %m", note, path) : 0;
}

/* Wait for its end. 0; or, when it was killed for that it takes too long, so many seconds. */
static int hook_late(pid_t pid, const struct spec_hook *h, const struct hook_subject *about)
{
	for (int s = 1; !pid_ends(pid, 1000); s++)
		if (s == h->timeout || (s >= 5 && about->given_up && about->given_up(about->arg))) {
			kill(pid, SIGKILL);
			return s;
		}
	return 0;
}

static int hook_one(const struct spec *s, const struct spec_hook *h, const char *state,
    const struct hook_subject *about)
{
	/* In a memory file instead of a pipe: a hook that does not read it must not block us. */
	_cleanup_close_ int in = memfd_create("state", MFD_CLOEXEC), out = -1, err = -1;
	if (hook_file(s, "run.oci.hooks.stdout", &out) < 0 ||
	    hook_file(s, "run.oci.hooks.stderr", &err) < 0)
		return -1;
	if (err < 0)
		err = memfd_create("stderr", MFD_CLOEXEC);
	if (in < 0 || err < 0 || fd_write_all(in, state, strlen(state)) < 0 ||
	    lseek(in, 0, SEEK_SET) < 0)
		return fail("hook %s: state: %m", h->path);
	pid_t pid = fork();
	if (pid == 0) {
		struct strv args = h->args, env = h->env;
		dup2(in, 0);
		if (out >= 0)
			dup2(out, 1);
		dup2(err, 2);
		sys_close_range_cloexec(3);
		rlimits_back();
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execve(h->path, args.n ? args.v : (char *[]){(char *)h->path, NULL},
		    h->own_env ? strv_argv(&env) : environ);
		_exit(errno == ENOENT ? 127 : 126);
	}
	if (pid < 0)
		return fail("hook %s: fork: %m", h->path);
	int r = 0, late = hook_late(pid, h, about), status = pid_reap(pid);
	if (late)
		r = fail("%s: not done after %d s", h->path, late);
	else if (WIFSIGNALED(status))
		r = fail("%s: ended by signal %d%s", h->path, WTERMSIG(status),
		    WTERMSIG(status) == SIGSYS ? ": bad system call" : "");
	else if (WEXITSTATUS(status))
		r = fail("%s: exit code %d", h->path, WEXITSTATUS(status));
	hook_said(err, r < 0);
	return r;
}

int hooks_run(const struct spec *s, enum spec_hook_when when, const struct hook_subject *about)
{
	int r = 0;
	if (!hooks_any(s, when))
		return 0;
	_cleanup_free_ char *state = hook_state(s, when, about);
	for (size_t i = 0; i < s->hooks[when].n && r == 0; i++) {
		r = hook_one(s, &s->hooks[when].v[i], state, about);
		if (r < 0) /* runc's words */
			fail_in("error running %s hook #%zu", spec_hook_names[when], i);
		if (r < 0 && when == HOOK_POSTSTOP) {
			warn_fail();
			r = 0;
		}
	}
	return r;
}

/* test_undo.c: the undo stack: newest first, however many there are, on failure and by a signal. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"
#include "undo.h"

#include <cmocka.h> /* after err.h: it has a macro named fail_msg() */

#define MANY 100
static int said[2];

static void undone(void *arg)
{
	unsigned char i = (unsigned char)(uintptr_t)arg;
	if (write(said[1], &i, 1) != 1)
		abort();
}

/* A child makes many things and ends as `how` has it; its wait status. All are undone, in order. */
static int ended(void (*how)(void))
{
	unsigned char got[MANY + 1];
	size_t n = 0;
	ssize_t r;
	int status;
	assert_int_equal(pipe(said), 0);
	pid_t pid = fork();
	if (pid == 0) {
		close(said[0]);
		if (how)
			undo_on_signals();
		for (int i = 0; i < MANY; i++)
			undo_push(undone, (void *)(uintptr_t)i);
		if (how)
			how();
		die_code(7, "ended on purpose");
	}
	close(said[1]);
	while ((r = read(said[0], got + n, sizeof got - n)) > 0)
		n += (size_t)r;
	close(said[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(n, MANY);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(got[i], MANY - 1 - i);
	return status;
}

static void by_signal(void)
{
	raise(SIGTERM);
}

static void by_kill(void)
{
	raise(SIGKILL);
}

static void failure(void **state)
{
	(void)state;
	int status = ended(NULL);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
}

static void signalled(void **state)
{
	(void)state;
	int status = ended(by_signal);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
}

/* What is meant to stay stays, even when the process is killed then. */
static void committed(void **state)
{
	(void)state;
	assert_int_equal(pipe(said), 0);
	pid_t pid = fork();
	if (pid == 0) {
		undo_on_signals();
		for (int i = 0; i < MANY; i++)
			undo_push(undone, NULL);
		undo_commit();
		by_kill();
	}
	char c;
	int status;
	close(said[1]);
	assert_int_equal(read(said[0], &c, 1), 0);
	close(said[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(failure), cmocka_unit_test(signalled), cmocka_unit_test(committed)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

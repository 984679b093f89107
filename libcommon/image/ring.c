/* ring.c: buffers that a second thread works on; see ring.h.
 *
 * Hashing takes as long as unpacking or packing: with one thread an import or commit would take the
 * sum of both (one and a half times as long as tar), with two threads only as long as the slower
 * one.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include "err.h"
#include "ring.h"
#include "str.h"

#define SLOTS 8

struct ring {
	int (*work)(void *arg, const void *data, size_t n);
	void *arg;
	char *buf[SLOTS];
	size_t len[SLOTS];
	unsigned head, tail; /* the worker's are those from tail to head; both only grow */
	bool ending;
	int failed; /* an errno */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more, less;
};

static void *worker(void *arg)
{
	struct ring *r = arg;
	pthread_mutex_lock(&r->lock);
	for (;;) {
		while (r->tail == r->head && !r->ending)
			pthread_cond_wait(&r->more, &r->lock);
		if (r->tail == r->head)
			break;
		unsigned i = r->tail % SLOTS;
		bool go = !r->failed;
		pthread_mutex_unlock(&r->lock);
		int e = go && r->work(r->arg, r->buf[i], r->len[i]) < 0 ? errno : 0;
		pthread_mutex_lock(&r->lock);
		if (e)
			r->failed = e;
		r->tail++;
		pthread_cond_signal(&r->less);
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

struct ring *ring_open(int (*work)(void *arg, const void *data, size_t n), void *arg)
{
	struct ring *r = xcalloc(1, sizeof *r);
	sigset_t all, old;
	r->work = work;
	r->arg = arg;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->more, NULL);
	pthread_cond_init(&r->less, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old); /* signals are handled by the main thread */
	int e = pthread_create(&r->thread, NULL, worker, r);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (e == 0)
		return r;
	free(r);
	errno = e;
	fail_errno("start a thread");
	return NULL;
}

char *ring_buf(struct ring *r)
{
	pthread_mutex_lock(&r->lock);
	while (r->head - r->tail >= SLOTS)
		pthread_cond_wait(&r->less, &r->lock);
	unsigned i = r->head % SLOTS;
	pthread_mutex_unlock(&r->lock);
	if (!r->buf[i])
		r->buf[i] = xmalloc(RING_CHUNK);
	return r->buf[i];
}

int ring_put(struct ring *r, size_t n)
{
	pthread_mutex_lock(&r->lock);
	r->len[r->head++ % SLOTS] = n;
	int e = r->failed;
	pthread_cond_signal(&r->more);
	pthread_mutex_unlock(&r->lock);
	return e ? (errno = e, -1) : 0;
}

int ring_close(struct ring *r)
{
	pthread_mutex_lock(&r->lock);
	r->ending = true;
	pthread_cond_signal(&r->more);
	pthread_mutex_unlock(&r->lock);
	pthread_join(r->thread, NULL);
	int e = r->failed;
	for (size_t i = 0; i < SLOTS; i++)
		free(r->buf[i]);
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->more);
	pthread_cond_destroy(&r->less);
	free(r);
	return e ? (errno = e, -1) : 0;
}

/* engine_gate.h: the engine's side of a gate that outlives it (engine.h, gate.c).
 */
#ifndef CTR_ENGINE_GATE_H
#define CTR_ENGINE_GATE_H

struct gate {
	int go, said; /* both for reading and writing, close-on-exec */
};

/* Make it anew in directory `dir`. 0, or -1 with fail() and nothing left. */
int gate_make(int dir, struct gate *g);
void gate_close(struct gate *g);
/* In the child, before it waits: give the four signals that end a process a handler, because a
 * process 1 is ended by none without one; exec takes the handlers away. */
void gate_signals(void);
/* In the child: wait until somebody opens it. 0, or -1 with fail(). */
int gate_wait(const struct gate *g);

#endif

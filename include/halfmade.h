/* halfmade.h: what a kill leaves of things that were being made or removed, wherever it is; for
 * ctr-gc. */
#ifndef CTR_HALFMADE_H
#define CTR_HALFMADE_H

/* Remove every half-made thing whose maker is dead: said(what, path) is called for each, trouble()
 * after fail() for what could not be looked at or removed; the rest is done all the same. */
void halfmade_clear(void (*said)(const char *what, const char *path), void (*trouble)(void));

#endif

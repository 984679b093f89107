/* explain_words.c: the words of ctr-run --explain's script; see explain_parts.h. */
#include <string.h>

#include "explain_parts.h"
#include "str.h"

/* A word quoted so that sh reads it back unchanged. */
void explain_word(FILE *f, const char *w)
{
	if (*w && !w[str_alnum(w, "_@%+=:,./-")]) {
		fputs(w, f);
		return;
	}
	/* What a terminal would take for a command to it (an image's words may have that) is
	 * written as its octal number. */
	fputc('\'', f);
	for (size_t n; *w; w += n) {
		unsigned char c = (unsigned char)*w, d = (unsigned char)w[1];
		size_t len = str_utf8_len(w, strlen(w));
		n = len ? len : 1;
		if (c == '\'')
			fputs("'\\''", f);
		else if (c == '\n' || c == '\t' || (c >= ' ' && c < 0x7f) ||
			 (c == 0xc2 && d > 0x9f) || (len > 1 && c != 0xc2))
			fwrite(w, 1, n, f);
		else if (n == 2)
			fprintf(f, "'\"$(printf '\\302\\%03o')\"'", d);
		else
			fprintf(f, "'\"$(printf '\\%03o')\"'", c);
	}
	fputc('\'', f);
}

void explain_opt(struct script *x, const char *flag, const char *value)
{
	if (!value)
		return;
	fprintf(x->f, " %s ", flag);
	explain_word(x->f, value);
}

void explain_opts(struct script *x, const char *flag, const struct strv *l)
{
	for (size_t i = 0; i < l->n; i++)
		explain_opt(x, flag, l->v[i]);
}

void explain_flag(struct script *x, const char *flag, bool on)
{
	if (on)
		fprintf(x->f, " %s", flag);
}

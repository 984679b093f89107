/* ps_template_minimal.c: the minimal build has no templates; see ps_template.h. */
#include "ps_template.h"

bool template_is(const char *text)
{
	(void)text;
	return false;
}

void ps_template(struct strv *lines, const char *format, const struct container *c)
{
	(void)lines, (void)format, (void)c;
}

void ps_template_print(struct strv *lines, const char *format, bool header)
{
	(void)lines, (void)format, (void)header;
}

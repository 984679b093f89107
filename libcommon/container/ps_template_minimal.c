/* ps_template_minimal.c: the minimal build has no templates; see ps_template.h. */
#include "ps_template.h"

bool template_is(const char *text)
{
	(void)text;
	return false;
}

int ps_template(
    struct strv *lines, const char *format, const struct container *c, const char *size, bool whole)
{
	(void)lines, (void)format, (void)c, (void)size, (void)whole;
	return 0;
}

int ps_template_print(struct strv *lines, const char *format, bool header)
{
	(void)lines, (void)format, (void)header;
	return 0;
}

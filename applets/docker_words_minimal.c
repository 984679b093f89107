/* docker_words_minimal.c: the minimal build only knows its own names; see applets.h. */
#include "applets.h"

void docker_word(int argc, char **argv)
{
	(void)argc, (void)argv;
}

void docker_names(struct opt *out)
{
	(void)out;
}

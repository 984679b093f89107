/* output.h: the file that -o FILE asks an archive to be written to. */
#ifndef CTR_OUTPUT_H
#define CTR_OUTPUT_H

/* The descriptor to write to: 1 for NULL and "-", else that of a new file of mode 0600 beside FILE,
 * which is removed if the process fails (undo.h). What is there and is no regular file (/dev/null,
 * a fifo) is written to itself. -1 with fail(). */
int output_open(const char *file);
/* Write the file through to the disk and give it its name, in place of one that has it (rename(2));
 * what was pushed to be undone is committed. 0, or -1 with fail(). */
int output_done(void);

#endif

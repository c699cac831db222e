/*
 * upload: files as they are handed in to a code item:
 *
 *	{"language": "c", "files": [
 *		{"name": "main.c", "text": "int main(void) …"},
 *		{"name": "data.bin", "base64": "AAEC"},
 *		{"name": "big.txt", "bytes": 300000}]}
 *
 * With "archive": true the one file is a zip or a tar, packed or not, of what
 * is handed in.
 *
 * One with "bytes" takes so many of what stands behind the message, in the
 * order of the list, and nothing of that may be left over. So a few small
 * files are one short JSON text, and large ones are not written as text twice.
 */
#pragma once

#include "graders/code.h"

struct upload {
	struct str language;
	struct list files; /* struct code_file: text, or bytes in base64 */
	bool archive;	   /* the one file is an archive of what is meant */
};

/*
 * Reads one; bytes: behind the message, may be absent. Strings point into
 * both. What may be handed in is code_accepts' to say. ERR_INVALID with the
 * field below "".
 */
MUST enum err upload_read(struct ctx *cx, struct jval v, struct str bytes,
			  struct upload *out);

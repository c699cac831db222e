#pragma once

#include "graders/bank_build.h"
#include "graders/code_impl.h"
#include "graders/kattis.h"
#include "graders/yaml.h"

struct kattis_file {
	struct str path; /* below the package */
	struct str data;
	bool taken; /* has its fate */
};

struct kattis {
	struct ctx *cx;
	struct bank_build *bank;
	struct kattis_file *files; /* by path */
	size_t n;
	const struct yaml_node *problem;
	struct item item;
	bool scoring, interactive, custom, custom_score;
};

/* A file by its path; NULL. */
struct kattis_file *kattis_find(struct kattis *k, struct str path);
struct kattis_file *kattis_find_z(struct kattis *k, const char *path);
void kattis_mapped(struct kattis *k, struct kattis_file *f);
void kattis_note(struct kattis *k, enum fate fate, struct kattis_file *f,
		 const char *why);
/* The part of a path before its last slash; "" if there is none. */
struct str kattis_folder(struct str path);
struct str kattis_base(struct str path);
/* The language of a source by its ending; absent: none of ours. */
struct str kattis_language(struct str name);
/* A struct code_file of it: text if it is UTF-8, else base64. */
struct code_file kattis_code_file(struct str name, struct str data);

/* data/: groups and tests. */
MUST enum err kattis_data(struct kattis *k);
/* Validators and submissions. */
void kattis_programs(struct kattis *k);

/*
 * agreement_report: what is said of how far judges agree on one criterion: all
 * that agreement.h knows of its ratings.
 */
#pragma once

#include "rubrics/agreement.h"

/* Kappa is of categories: of the values that occur, if there are so few. */
enum { AGREEMENT_CATEGORIES = 50 };
/* A criterion that judges agree on so little is for repair. */
#define AGREEMENT_WEAK .2

struct agreement_report {
	size_t units, judges, ratings;
	double pairs;	   /* of ratings of the same unit */
	size_t categories; /* values that occur */
	/*
	 * Of all pairs of ratings of the same unit, each both ways; apart by
	 * places in the order of the values. NaN: too many values, or
	 * undefined.
	 */
	double kappa_quadratic, kappa_linear;
	double alpha[ALPHA_RATIO + 1]; /* by level; NaN: undefined */
	bool complete;		       /* each judge rated each unit once */
	struct agreement_icc icc;      /* if so, and somebody differs */
	bool weak;		       /* kappa_quadratic < AGREEMENT_WEAK */
};
/* Ratings without a score are left out. */
void agreement_report(const struct agreement_rating *r, size_t n,
		      struct agreement_report *out);

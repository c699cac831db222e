/* The program's version; the same as in CMakeLists.txt, a test compares. */
#pragma once

#define ASSAY_VERSION "0.1.0"

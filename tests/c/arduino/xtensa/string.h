/* gcc-xtensa-lx106 comes without a C library: what the fallback calls of it, for compiling only. */
#ifndef STUB_STRING_H
#define STUB_STRING_H
#include <stddef.h>
void *memcpy(void *, const void *, size_t);
void *memset(void *, int, size_t);
void *memchr(const void *, int, size_t);
int memcmp(const void *, const void *, size_t);
size_t strlen(const char *);
size_t strcspn(const char *, const char *);
char *strchr(const char *, int);
char *strpbrk(const char *, const char *);
#endif

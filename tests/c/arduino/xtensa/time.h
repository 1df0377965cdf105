/* For mbedTLS's headers only. */
#ifndef STUB_TIME_H
#define STUB_TIME_H
typedef long time_t;
struct tm;
#endif

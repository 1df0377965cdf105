#ifndef STUB_SOC_H
#define STUB_SOC_H
#define RTC_CNTL_BROWN_OUT_REG 0
#define WRITE_PERI_REG(at, value) ((void)(at), (void)(value))
#endif

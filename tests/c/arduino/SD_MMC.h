#ifndef STUB_SD_MMC_H
#define STUB_SD_MMC_H
#include "FS.h"
enum { CARD_NONE = 0, CARD_SD = 2 };
extern fs::FS SD_MMC;
#endif

#ifndef STUB_SPIFFS_H
#define STUB_SPIFFS_H
#include "FS.h"
extern fs::FS SPIFFS;
#endif

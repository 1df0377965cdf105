/* NVS with one value, in the file STUB_NVS; writing fails when there is no such variable. */
#ifndef STUB_PREFERENCES_H
#define STUB_PREFERENCES_H
#include "Arduino.h"
class Preferences {
public:
    bool begin(const char *, bool) { return true; }
    uint32_t getUInt(const char *, uint32_t otherwise);
    size_t putUInt(const char *, uint32_t value);
    void end() {}
};
#endif

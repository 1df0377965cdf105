#ifndef STUB_EEPROM_H
#define STUB_EEPROM_H
#include "Arduino.h"
struct StubEeprom {
    uint8_t octet = 0;
    void begin(size_t) {}
    uint8_t read(int) { return octet; }
    void write(int, uint8_t value) { octet = value; }
    void commit() { stub_count("eeprom_erased"); }
};
extern StubEeprom EEPROM;
#endif

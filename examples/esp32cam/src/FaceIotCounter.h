/*
 * Numbers for photos that never come twice, without writing to flash for each of them.
 *
 * The tutorial keeps one octet in emulated EEPROM and erases a sector for every photo; a sector lasts about 100,000
 * times, and the octet comes round after 255. Here a batch of numbers is reserved with one write to NVS, which wears
 * its pages evenly. A restart skips what is left of the batch: numbers grow, and have gaps.
 */
#ifndef FACEIOTCOUNTER_H
#define FACEIOTCOUNTER_H

#include <Preferences.h>
#include <stdint.h>

class FaceIotCounter {
public:
    explicit FaceIotCounter(const char *name = "photo", uint32_t batch = 64) : name(name), batch(batch ? batch : 1) {}

    // The next number, from 1; 0 when the flash cannot be written.
    uint32_t next() {
        if (at == end && !reserve()) return 0;
        return ++at;
    }

private:
    bool reserve() {
        Preferences store;
        if (!store.begin("faceiot", false)) return false;
        uint32_t from = store.getUInt(name, 0);
        bool kept = store.putUInt(name, from + batch) == sizeof from;
        store.end();
        if (!kept) return false;
        at = from;
        end = from + batch;
        return true;
    }

    const char *name;
    uint32_t batch, at = 0, end = 0;
};

#endif

/* 200 numbers, a restart, one more; then a flash that cannot be written. */
#include "FaceIotCounter.h"

void setup() {
    uint32_t last = 0;
    FaceIotCounter before("photo", 64);
    for (int i = 0; i < 200; i++) {
        uint32_t number = before.next();
        if (number != last + 1) printf("gap after %u\n", (unsigned)last);
        last = number;
    }
    printf("last %u\n", (unsigned)last);
    FaceIotCounter after("photo", 64);
    printf("after a restart %u\n", (unsigned)after.next());
    unsetenv("STUB_NVS");
    FaceIotCounter broken("photo", 64);
    printf("without flash %u\n", (unsigned)broken.next());
}

void loop() {}

/* The library and a second one of the same kind in one program; neither sees the other's insides. */
#include <stdio.h>

#include "faceiot.h"

uint32_t another_version(void);
int32_t another_sha256(const uint8_t *message, size_t message_len, uint8_t *hash);

int main(void) {
    uint8_t one[32], two[32];
    int i, equal = faceiot_version() == another_version();
    if (faceiot_sha256((const uint8_t *)"abc", 3, one) != 0 || another_sha256((const uint8_t *)"abc", 3, two) != 0)
        return 1;
    for (i = 0; i < 32; i++) equal = equal && one[i] == two[i];
    printf("%s\n", equal ? "both" : "different");
    return 0;
}

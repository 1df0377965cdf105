/* How deep each call goes: paints the memory below this frame, calls, looks how far the paint is gone.
 * Prints `name TAB octets`. The caller's own call costs a few octets of it. */
#include <stdio.h>
#include <string.h>

#include "faceiot.h"

#define DEEP 6144
#define PAINT 0xA5u

/* Below the stack pointer, where no frame of ours is; nothing may be called while it is painted or read. */
static volatile uint8_t *bottom(void) { return (volatile uint8_t *)__builtin_frame_address(0) - DEEP - 128; }

__attribute__((noinline)) static void paint(void) {
    volatile uint8_t *at = bottom();
    size_t i;
    for (i = 0; i < DEEP; i++) at[i] = PAINT;
}

__attribute__((noinline)) static unsigned depth(void) {
    volatile uint8_t *at = bottom();
    size_t i;
    for (i = 0; i < DEEP && at[i] == PAINT; i++) {}
    return (unsigned)(DEEP + 128 - i);
}

static char buffer[FACEIOT_LOGIN_BUFFER];
static uint8_t photo[1500], message[FACEIOT_HEX_MESSAGE_MAX];
static int32_t status;

#define MEASURE(name, call)                                                      \
    do {                                                                         \
        unsigned octets;                                                         \
        paint();                                                                 \
        status = (int32_t)(call);                                                \
        octets = depth();                                                        \
        printf("%s\t%u\t%d\n", name, octets, (int)status);                       \
    } while (0)

int main(void) {
    faceiot_aliyun_device device = {"a1B2c3D4e5F", "camera", "0123456789abcdef0123456789abcdef"};
    faceiot_aliyun_options options;
    faceiot_login login;
    faceiot_hex_encoder hex;
    faceiot_v2_encoder v2;
    faceiot_text found;
    const char *path[] = {"params", "img"};
    uint8_t mac[32];
    size_t len = 0, total = 0;
    memset(&options, 0, sizeof options);
    options.client_id = "camera";
    options.secure_mode = 3;
    memset(photo, 7, sizeof photo);
    memset(&hex, 0, sizeof hex);
    hex.source.data = photo;
    hex.source.length = sizeof photo;
    memset(&v2, 0, sizeof v2);
    v2.source.data = photo;
    v2.source.length = sizeof photo;
    v2.chunk_size = 512;
    MEASURE("faceiot_aliyun_login_sha256",
            faceiot_aliyun_login_sha256(&device, &options, buffer, sizeof buffer, &login));
    MEASURE("faceiot_aliyun_login_sha1", faceiot_aliyun_login_sha1(&device, &options, buffer, sizeof buffer, &login));
    MEASURE("faceiot_aliyun_login_md5", faceiot_aliyun_login_md5(&device, &options, buffer, sizeof buffer, &login));
    MEASURE("faceiot_huawei_login", faceiot_huawei_login("id_1", "secret", "h", "2026112100", 1, 0, buffer,
                                                         sizeof buffer, &login));
    MEASURE("faceiot_hmac_sha256", faceiot_hmac_sha256(photo, 20, photo, 100, mac));
    MEASURE("faceiot_hex_next", faceiot_hex_next(&hex, message, sizeof message, &len));
    MEASURE("faceiot_json_find", faceiot_json_find(message, len, path, 2, &found));
    MEASURE("faceiot_v2_next", faceiot_v2_next(&v2, message, sizeof message, &total));
    printf("end\n");
    return 0;
}

/* What bad arguments get: NULL, zero, short, exact and large buffers, embedded NULs, text that is not UTF-8.
 * Run under the sanitizers. Prints "N checks" and ends with 0, or names the check that failed. */
#include <stdio.h>
#include <string.h>

#include "faceiot.h"

static int checks;
#define CHECK(condition)                                     \
    do {                                                     \
        checks++;                                            \
        if (!(condition)) {                                  \
            printf("line %d: %s\n", __LINE__, #condition);   \
            return 1;                                        \
        }                                                    \
    } while (0)

/* A call at every length of `out` up to two more than it needs: a status and untouched outputs below, nothing behind. */
#define AT_EVERY_LENGTH(out, written, needed, call)                                  \
    do {                                                                             \
        size_t length_;                                                              \
        for (length_ = 0; length_ <= (needed) + 2; length_++) {                      \
            memset(out, 0x55, sizeof(out));                                          \
            written = 77;                                                            \
            CHECK((call) == (length_ < (needed) ? FACEIOT_E_BUFFER_TOO_SMALL : FACEIOT_OK)); \
            CHECK(out[length_] == 0x55);                                             \
            CHECK((written == 77) == (length_ < (needed)));                          \
        }                                                                            \
    } while (0)

static int failing_read(void *context, uint8_t *out, size_t want, size_t *got) {
    (void)out;
    (void)want;
    *got = *(size_t *)context;
    return *got == 0 ? -1 : 0;
}

static int logins(void) {
    faceiot_aliyun_device device = {"pk", "device", "secret"};
    faceiot_aliyun_options options;
    faceiot_login login, untouched;
    char buffer[FACEIOT_LOGIN_BUFFER];
    size_t len, needed;
    int32_t status;
    memset(&options, 0, sizeof options);
    memset(&login, 0x55, sizeof login);
    memcpy(&untouched, &login, sizeof login);

    CHECK(faceiot_aliyun_login_sha256(NULL, NULL, buffer, sizeof buffer, &login) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_aliyun_login_sha256(&device, NULL, NULL, 100, &login) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_aliyun_login_sha256(&device, NULL, NULL, 0, &login) == FACEIOT_E_BUFFER_TOO_SMALL);
    CHECK(faceiot_aliyun_login_sha256(&device, NULL, buffer, sizeof buffer, NULL) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_aliyun_login(9, &device, NULL, buffer, sizeof buffer, &login) == FACEIOT_E_SIGN_METHOD);
    CHECK(memcmp(&login, &untouched, sizeof login) == 0);

    /* every buffer that is too short, then exactly enough: nothing is written behind its end */
    CHECK(faceiot_aliyun_login_sha256(&device, NULL, buffer, sizeof buffer, &login) == FACEIOT_OK);
    needed = strlen(login.host) + strlen(login.client_id) + strlen(login.username) + strlen(login.password) + 4;
    for (len = 0; len <= needed + 2; len++) {
        char room[FACEIOT_LOGIN_BUFFER];
        memset(room, 0x55, sizeof room);
        memcpy(&login, &untouched, sizeof login);
        status = faceiot_aliyun_login_sha256(&device, NULL, room, len, &login);
        CHECK(status == (len < needed ? FACEIOT_E_BUFFER_TOO_SMALL : FACEIOT_OK));
        CHECK(room[len] == 0x55);
        CHECK((status == FACEIOT_OK) != (memcmp(&login, &untouched, sizeof login) == 0));
    }
    device.product_key = NULL;
    CHECK(faceiot_aliyun_login_md5(&device, NULL, buffer, sizeof buffer, &login) == FACEIOT_E_INVALID_ARGUMENT);
    device.product_key = "p\xff";
    CHECK(faceiot_aliyun_login_md5(&device, NULL, buffer, sizeof buffer, &login) == FACEIOT_E_UTF8);
    device.product_key = "p&k";
    CHECK(faceiot_aliyun_login_md5(&device, NULL, buffer, sizeof buffer, &login) == FACEIOT_E_INVALID_ARGUMENT);
    device.product_key = "pk";
    options.extra = "lan";
    CHECK(faceiot_aliyun_login_sha1(&device, &options, buffer, sizeof buffer, &login) == FACEIOT_E_INVALID_ARGUMENT);
    options.extra = "a=1,b=2,c=3,d=4,e=5,f=6,g=7,h=8,i=9";
    CHECK(faceiot_aliyun_login_sha1(&device, &options, buffer, sizeof buffer, &login) == FACEIOT_E_INVALID_ARGUMENT);
    options.extra = NULL;
    options.port = 65536;
    CHECK(faceiot_aliyun_login_sha1(&device, &options, buffer, sizeof buffer, &login) == FACEIOT_E_INVALID_ARGUMENT);

    CHECK(faceiot_huawei_login(NULL, "s", "h", "2026010203", 0, 0, buffer, sizeof buffer, &login) ==
          FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_huawei_login("d", "s", "h", "202601020", 0, 0, buffer, sizeof buffer, &login) == FACEIOT_E_TIMESTAMP);
    CHECK(faceiot_huawei_login("d", "s", "h", "2026010203", 2, 0, buffer, sizeof buffer, &login) ==
          FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_huawei_hour(0, NULL) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_huawei_hour(1767323045, buffer) == FACEIOT_OK && strcmp(buffer, "2026010203") == 0);
    faceiot_wipe(buffer, sizeof buffer);
    CHECK(buffer[0] == 0 && buffer[10] == 0);
    faceiot_wipe(NULL, 5);
    return 0;
}

static int every_digest(void);

static int digests(void) {
    uint8_t out[32], before[32];
    memset(out, 7, sizeof out);
    memcpy(before, out, sizeof out);
    CHECK(faceiot_hmac_sha256(NULL, 1, NULL, 0, out) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_hmac_sha256(NULL, 0, NULL, 3, out) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(memcmp(out, before, sizeof out) == 0);
    CHECK(faceiot_hmac_sha256(NULL, 0, NULL, 0, NULL) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_hmac_sha256(NULL, 0, NULL, 0, out) == FACEIOT_OK && out[0] == 0xb6 && out[31] == 0xad);
    CHECK(faceiot_md5(NULL, 0, out) == FACEIOT_OK && out[0] == 0xd4);
    CHECK(faceiot_sha1(NULL, 0, NULL) == FACEIOT_E_INVALID_ARGUMENT);
    return every_digest();
}

/* Each hash and MAC: NULL, nothing, a NUL among the octets, its own output as its input; nothing behind its length. */
static int every_digest(void) {
    typedef int32_t (*hash)(const uint8_t *, size_t, uint8_t *);
    typedef int32_t (*hmac)(const uint8_t *, size_t, const uint8_t *, size_t, uint8_t *);
    static const struct {
        hash hash;
        hmac hmac;
        size_t len;
    } all[] = {{faceiot_sha256, faceiot_hmac_sha256, 32},
               {faceiot_sha1, faceiot_hmac_sha1, 20},
               {faceiot_md5, faceiot_hmac_md5, 16}};
    static const uint8_t nul[] = {'a', 0, 'b'};
    size_t i;
    for (i = 0; i < 3; i++) {
        uint8_t one[33], two[33];
        memset(one, 0x55, sizeof one);
        memset(two, 0x55, sizeof two);
        CHECK(all[i].hash(NULL, 1, one) == FACEIOT_E_INVALID_ARGUMENT);
        CHECK(all[i].hash(nul, 1, NULL) == FACEIOT_E_INVALID_ARGUMENT);
        CHECK(all[i].hash(nul, (size_t)-1, one) == FACEIOT_E_INVALID_ARGUMENT);
        CHECK(all[i].hmac(NULL, 1, nul, 3, one) == FACEIOT_E_INVALID_ARGUMENT);
        CHECK(all[i].hmac(nul, 3, NULL, 1, one) == FACEIOT_E_INVALID_ARGUMENT);
        CHECK(all[i].hmac(nul, 3, nul, 3, NULL) == FACEIOT_E_INVALID_ARGUMENT);
        CHECK(all[i].hmac(nul, (size_t)-1, nul, 3, one) == FACEIOT_E_INVALID_ARGUMENT);
        CHECK(one[0] == 0x55);
        CHECK(all[i].hash(nul, 3, one) == FACEIOT_OK && all[i].hash(nul, 1, two) == FACEIOT_OK);
        CHECK(memcmp(one, two, all[i].len) != 0 && one[all[i].len] == 0x55);
        CHECK(all[i].hash(one, all[i].len, two) == FACEIOT_OK && all[i].hash(one, all[i].len, one) == FACEIOT_OK);
        CHECK(memcmp(one, two, sizeof one) == 0);
        CHECK(all[i].hmac(one, 9, one, 16, two) == FACEIOT_OK && all[i].hmac(one, 9, one, 16, one) == FACEIOT_OK);
        CHECK(memcmp(one, two, sizeof one) == 0 && one[all[i].len] == 0x55);
    }
    return 0;
}

static int checksums(void) {
    CHECK(faceiot_crc32(0, (const uint8_t *)"123456789", 9) == 0xCBF43926u);
    CHECK(faceiot_crc32(faceiot_crc32(0, (const uint8_t *)"1234", 4), (const uint8_t *)"56789", 5) == 0xCBF43926u);
    CHECK(faceiot_crc32(5, NULL, 9) == 5);
    return 0;
}

static int chunks(void) {
    static const uint8_t photo[1000] = {0xff, 0xd8};
    faceiot_hex_encoder hex;
    faceiot_v2_encoder v2;
    faceiot_hex_assembler hex_assembler;
    faceiot_v2_assembler v2_assembler;
    faceiot_range range;
    uint8_t out[FACEIOT_HEX_MESSAGE_MAX + 1], memory[16];
    size_t written = 77, zero = 0, photo_len = 77;
    uint32_t step = 77;
    memset(&hex, 0, sizeof hex);
    hex.source.data = photo;
    hex.source.length = sizeof photo;
    memset(out, 0x55, sizeof out);
    CHECK(faceiot_hex_next(NULL, out, sizeof out, &written) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_hex_next(&hex, out, sizeof out, NULL) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_hex_next(&hex, out, FACEIOT_HEX_MESSAGE_MAX - 1, &written) == FACEIOT_E_BUFFER_TOO_SMALL);
    CHECK(written == 77 && hex.source.position == 0);
    CHECK(faceiot_hex_next(&hex, out, FACEIOT_HEX_MESSAGE_MAX, &written) == FACEIOT_OK && written == 872);
    CHECK(out[FACEIOT_HEX_MESSAGE_MAX] == 0x55);
    hex.source.read = failing_read;
    hex.source.context = &zero;
    CHECK(faceiot_hex_next(&hex, out, sizeof out, &written) == FACEIOT_E_IO);
    zero = 100000; /* a callback that says it gave more than was asked for */
    CHECK(faceiot_hex_next(&hex, out, sizeof out, &written) == FACEIOT_E_IO);

    memset(&v2, 0, sizeof v2);
    CHECK(faceiot_v2_next(&v2, out, sizeof out, &written) == FACEIOT_E_INVALID_ARGUMENT); /* chunk_size 0 */
    v2.chunk_size = 100;
    CHECK(faceiot_v2_next(&v2, out, 139, &written) == FACEIOT_E_BUFFER_TOO_SMALL);
    CHECK(faceiot_v2_next(&v2, out, 140, &written) == FACEIOT_E_INVALID_ARGUMENT); /* no photo */
    v2.chunk_size = 0xffffffffu;
    CHECK(faceiot_v2_next(&v2, out, 140, &written) == FACEIOT_E_BUFFER_TOO_SMALL);

    CHECK(faceiot_hex_assembler_init(&hex_assembler, NULL, 1) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_hex_assembler_init(&hex_assembler, memory, 2) == FACEIOT_OK);
    step = 77;
    CHECK(faceiot_hex_push(&hex_assembler, (const uint8_t *)"FFD", 3, &step, &photo_len) == FACEIOT_E_HEX);
    CHECK(step == 77 && photo_len == 77);
    CHECK(faceiot_hex_push(&hex_assembler, (const uint8_t *)"END", 3, &step, &photo_len) == FACEIOT_OK);
    CHECK(step == FACEIOT_HEX_DROPPED);
    CHECK(faceiot_hex_push(&hex_assembler, (const uint8_t *)"FFD8FF", 6, &step, &photo_len) == FACEIOT_E_FRAME_TOO_LARGE);
    CHECK(faceiot_hex_push(&hex_assembler, NULL, 6, &step, &photo_len) == FACEIOT_E_INVALID_ARGUMENT);

    CHECK(faceiot_v2_assembler_init(&v2_assembler, memory, sizeof memory, NULL, 4) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_v2_assembler_init(&v2_assembler, memory, sizeof memory, &range, (size_t)-1) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_v2_assembler_init(&v2_assembler, memory, sizeof memory, &range, 1) == FACEIOT_OK);
    CHECK(faceiot_v2_push(&v2_assembler, (const uint8_t *)"FC", 2, &step, &photo_len) == FACEIOT_E_CHUNK_LENGTH);
    memset(&v2, 0, sizeof v2);
    v2.source.data = photo;
    v2.source.length = 200;
    v2.chunk_size = 10;
    CHECK(faceiot_v2_next(&v2, out, sizeof out, &written) == FACEIOT_OK && written == 50);
    CHECK(faceiot_v2_push(&v2_assembler, out, written, &step, &photo_len) == FACEIOT_E_FRAME_TOO_LARGE);
    out[45] ^= 1;
    CHECK(faceiot_v2_push(&v2_assembler, out, written, &step, &photo_len) == FACEIOT_E_CHUNK_CRC);
    CHECK(faceiot_v2_text(out, 40, (char *)memory, sizeof memory, &written) == FACEIOT_E_BUFFER_TOO_SMALL);
    return 0;
}

static int texts(void) {
    char out[128];
    size_t written;
    faceiot_command_info command;
    faceiot_text value;
    const char *path[9] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
    const char *service = "/sys/pk/dn/thing/service/shoot";
    const char *huawei = "$oc/devices/d_1/sys/commands/request_id=4444-ab=cd";
    const char *body = "{\"id\":\"7\",\"params\":{\"n\":3}}";
    const char *order = "{\"command_name\":\"shoot\",\"paras\":{\"n\":3}}";
    CHECK(faceiot_aliyun_topic(FACEIOT_ALIYUN_PROPERTY_POST, "pk", "dn", NULL, out, sizeof out, &written) == FACEIOT_OK);
    CHECK(strcmp(out, "/sys/pk/dn/thing/event/property/post") == 0 && written == strlen(out));
    CHECK(faceiot_aliyun_topic(FACEIOT_ALIYUN_PROPERTY_POST, "pk", "dn", NULL, out, written, NULL) ==
          FACEIOT_E_BUFFER_TOO_SMALL);
    CHECK(faceiot_aliyun_topic(FACEIOT_ALIYUN_PROPERTY_POST, "pk", "dn", NULL, out, written + 1, NULL) == FACEIOT_OK);
    CHECK(faceiot_aliyun_topic(FACEIOT_ALIYUN_SERVICE_REPLY, "pk", "dn", NULL, out, sizeof out, &written) ==
          FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_aliyun_topic(99, "pk", "dn", NULL, out, sizeof out, &written) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_aliyun_topic(FACEIOT_ALIYUN_PHOTO, "p/k", "dn", NULL, out, sizeof out, &written) == FACEIOT_E_TOPIC);
    CHECK(faceiot_huawei_topic(FACEIOT_HUAWEI_COMMAND_RESPONSE, "d_1", "4444-ab=cd", out, sizeof out, &written) ==
          FACEIOT_OK);
    CHECK(strcmp(out, "$oc/devices/d_1/sys/commands/response/request_id=4444-ab=cd") == 0);
    CHECK(faceiot_alink_reply("7", 200, NULL, out, sizeof out, NULL) == FACEIOT_OK);
    CHECK(strcmp(out, "{\"id\":\"7\",\"code\":200,\"data\":{}}") == 0);
    CHECK(faceiot_alink_post("7", "[", out, sizeof out, NULL) == FACEIOT_E_JSON);
    CHECK(faceiot_huawei_response(0, NULL, out, sizeof out, NULL) == FACEIOT_OK);
    CHECK(strcmp(out, "{\"result_code\":0}") == 0);

    CHECK(faceiot_command(service, strlen(service), (const uint8_t *)body, strlen(body), &command) == FACEIOT_OK);
    CHECK(command.form == FACEIOT_COMMAND_ALIYUN_SERVICE && command.name.len == 5 &&
          memcmp(command.name.data, "shoot", 5) == 0);
    CHECK(command.id.len == 1 && command.id.data[0] == '7');
    CHECK(command.params.len == 7 && memcmp(command.params.data, "{\"n\":3}", 7) == 0);
    CHECK(faceiot_command(huawei, strlen(huawei), (const uint8_t *)order, strlen(order), &command) == FACEIOT_OK);
    CHECK(command.form == FACEIOT_COMMAND_HUAWEI && command.id.len == 10 &&
          memcmp(command.id.data, "4444-ab=cd", 10) == 0);
    CHECK(faceiot_command("a/b", 3, NULL, 0, &command) == FACEIOT_E_NOT_FOUND);
    CHECK(faceiot_command(service, strlen(service), (const uint8_t *)"{", 1, &command) == FACEIOT_E_JSON);
    CHECK(faceiot_json_find((const uint8_t *)body, strlen(body), path, 9, &value) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_json_find((const uint8_t *)body, strlen(body), NULL, 1, &value) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_json_find((const uint8_t *)body, strlen(body), path, 1, &value) == FACEIOT_E_NOT_FOUND);
    CHECK(strcmp(faceiot_strerror(FACEIOT_E_CHUNK_CRC), "damaged chunk") == 0);
    CHECK(strcmp(faceiot_strerror(12345), "unknown status") == 0);
    return 0;
}

/* Both encoders and assemblers at every length, and what is missing of a photo. */
static int pieces(void) {
    static const uint8_t photo[30] = {0xff, 0xd8, 0};
    faceiot_hex_encoder hex, hex_start;
    faceiot_v2_encoder v2, v2_start;
    faceiot_hex_assembler hex_assembler;
    faceiot_v2_assembler assembler;
    faceiot_range ranges[2], range = {7, 8};
    uint8_t out[FACEIOT_HEX_MESSAGE_MAX + 3], chunk[3][50], memory[30];
    char text[80];
    size_t written, photo_len = 77, i;
    uint32_t step = 77;
    CHECK(faceiot_hex_message_count(0) == 1 && faceiot_hex_message_count(1) == 2);
    CHECK(faceiot_hex_message_count(400) == 2 && faceiot_hex_message_count(401) == 3);
    CHECK(faceiot_hex_message_count((size_t)-1) > (size_t)-1 / 400);
    memset(&hex_start, 0, sizeof hex_start);
    hex_start.source.data = photo;
    hex_start.source.length = sizeof photo;
    AT_EVERY_LENGTH(out, written, (size_t)FACEIOT_HEX_MESSAGE_MAX,
                    (hex = hex_start, faceiot_hex_next(&hex, out, length_, &written)));
    hex = hex_start;
    CHECK(faceiot_hex_next(&hex, NULL, sizeof out, &written) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_hex_next(&hex, NULL, 0, &written) == FACEIOT_E_BUFFER_TOO_SMALL);
    CHECK(faceiot_hex_assembler_init(NULL, memory, sizeof memory) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_hex_assembler_init(&hex_assembler, NULL, 0) == FACEIOT_OK);
    CHECK(faceiot_hex_assembler_init(&hex_assembler, memory, (size_t)-1) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_hex_assembler_init(&hex_assembler, memory, 2) == FACEIOT_OK);
    CHECK(faceiot_hex_push(NULL, (const uint8_t *)"FF", 2, &step, &photo_len) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_hex_push(&hex_assembler, (const uint8_t *)"FF", 2, NULL, &photo_len) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_hex_push(&hex_assembler, (const uint8_t *)"FF", 2, &step, NULL) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_hex_push(&hex_assembler, (const uint8_t *)"F\0", 2, &step, &photo_len) == FACEIOT_E_HEX);
    CHECK(step == 77 && photo_len == 77);

    memset(&v2_start, 0, sizeof v2_start);
    v2_start.source.data = photo;
    v2_start.source.length = sizeof photo;
    v2_start.chunk_size = 10;
    v2_start.frame_id = 1;
    AT_EVERY_LENGTH(out, written, (size_t)50, (v2 = v2_start, faceiot_v2_next(&v2, out, length_, &written)));
    v2 = v2_start;
    CHECK(faceiot_v2_next(NULL, out, sizeof out, &written) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_v2_next(&v2, NULL, sizeof out, &written) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_v2_next(&v2, out, sizeof out, NULL) == FACEIOT_E_INVALID_ARGUMENT);
    for (i = 0; i < 3; i++) CHECK(faceiot_v2_next(&v2, chunk[i], 50, &written) == FACEIOT_OK && written == 50);
    CHECK(faceiot_v2_next(&v2, out, sizeof out, &written) == FACEIOT_OK && written == 0);
    AT_EVERY_LENGTH(text, written, (size_t)FACEIOT_V2_TEXT_LEN(50),
                    faceiot_v2_text(chunk[0], 50, text, length_, &written));
    CHECK(faceiot_v2_text(NULL, 50, text, sizeof text, &written) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_v2_text(chunk[0], 50, NULL, sizeof text, &written) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_v2_text(NULL, 0, text, sizeof text, NULL) == FACEIOT_OK && strcmp(text, "~2") == 0);

    CHECK(faceiot_v2_assembler_init(NULL, memory, sizeof memory, ranges, 2) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_v2_assembler_init(&assembler, NULL, sizeof memory, ranges, 2) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_v2_assembler_init(&assembler, memory, sizeof memory, ranges, 2) == FACEIOT_OK);
    CHECK(faceiot_v2_missing(&assembler, 0, &range) == FACEIOT_E_NOT_FOUND && range.start == 7);
    for (i = 0; i < 50; i++) CHECK(faceiot_v2_push(&assembler, chunk[1], i, &step, &photo_len) != FACEIOT_OK);
    CHECK(faceiot_v2_push(NULL, chunk[1], 50, &step, &photo_len) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_v2_push(&assembler, NULL, 50, &step, &photo_len) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_v2_push(&assembler, chunk[1], 50, NULL, &photo_len) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_v2_push(&assembler, chunk[1], 50, &step, NULL) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(step == 77 && photo_len == 77);
    CHECK(faceiot_v2_push(&assembler, chunk[1], 50, &step, &photo_len) == FACEIOT_OK && step == FACEIOT_V2_MORE);
    CHECK(faceiot_v2_push(&assembler, chunk[1], 50, &step, &photo_len) == FACEIOT_OK && step == FACEIOT_V2_DUPLICATE);
    CHECK(faceiot_v2_missing(NULL, 0, &range) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_v2_missing(&assembler, 0, NULL) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_v2_missing(&assembler, 0, &range) == FACEIOT_OK && range.start == 0 && range.end == 10);
    CHECK(faceiot_v2_missing(&assembler, 1, &range) == FACEIOT_OK && range.start == 20 && range.end == 30);
    CHECK(faceiot_v2_missing(&assembler, 2, &range) == FACEIOT_E_NOT_FOUND && range.start == 20);
    CHECK(faceiot_v2_missing(&assembler, (size_t)-1, &range) == FACEIOT_E_NOT_FOUND);
    CHECK(faceiot_v2_push(&assembler, chunk[2], 50, &step, &photo_len) == FACEIOT_OK && step == FACEIOT_V2_MORE);
    CHECK(faceiot_v2_push(&assembler, chunk[0], 50, &step, &photo_len) == FACEIOT_OK && step == FACEIOT_V2_COMPLETE);
    CHECK(photo_len == sizeof photo && memcmp(memory, photo, sizeof photo) == 0);
    return 0;
}

/* Each text at every length, and with NULL for each of its strings. */
static int writers(void) {
    char out[128];
    size_t written, post, size = sizeof out;
    AT_EVERY_LENGTH(out, written, strlen("/sys/p/d/rrpc/response/7") + 1,
                    faceiot_aliyun_topic(FACEIOT_ALIYUN_RRPC_RESPONSE, "p", "d", "7", out, length_, &written));
    CHECK(strcmp(out, "/sys/p/d/rrpc/response/7") == 0);
    CHECK(faceiot_aliyun_topic(0, NULL, "d", NULL, out, size, &written) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_aliyun_topic(0, "p", NULL, NULL, out, size, &written) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_aliyun_topic(0, "p", "d", NULL, NULL, size, &written) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_aliyun_topic(0, "p", "d\xc0", NULL, out, size, &written) == FACEIOT_E_UTF8);
    AT_EVERY_LENGTH(out, written, strlen("$oc/devices/d/sys/properties/report") + 1,
                    faceiot_huawei_topic(FACEIOT_HUAWEI_PROPERTIES_REPORT, "d", NULL, out, length_, &written));
    CHECK(faceiot_huawei_topic(0, NULL, NULL, out, size, &written) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_huawei_topic(0, "d", NULL, NULL, size, &written) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_huawei_topic(FACEIOT_HUAWEI_COMMAND_RESPONSE, "d", NULL, out, size, &written) ==
          FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_huawei_topic(99, "d", NULL, out, size, &written) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_alink_post("7", "{\"a\":1}", out, size, &written) == FACEIOT_OK && written == strlen(out));
    post = written + 1;
    AT_EVERY_LENGTH(out, written, post, faceiot_alink_post("7", "{\"a\":1}", out, length_, &written));
    CHECK(faceiot_alink_post(NULL, "{}", out, size, &written) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_alink_post("7", NULL, out, size, &written) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_alink_post("7", "{}", NULL, size, &written) == FACEIOT_E_INVALID_ARGUMENT);
    AT_EVERY_LENGTH(out, written, strlen("{\"id\":\"7\",\"code\":-1,\"data\":{}}") + 1,
                    faceiot_alink_reply("7", -1, "{}", out, length_, &written));
    CHECK(faceiot_alink_reply(NULL, 200, NULL, out, size, &written) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_alink_reply("7", 200, "[]", out, size, &written) == FACEIOT_E_JSON);
    CHECK(faceiot_alink_reply("7", 200, NULL, NULL, size, &written) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_huawei_report("s", "{\"a\":1}", NULL, out, size, &written) == FACEIOT_OK);
    CHECK(strcmp(out, "{\"services\":[{\"service_id\":\"s\",\"properties\":{\"a\":1}}]}") == 0);
    AT_EVERY_LENGTH(out, written, strlen("{\"services\":[{\"service_id\":\"s\",\"properties\":{\"a\":1}}]}") + 1,
                    faceiot_huawei_report("s", "{\"a\":1}", NULL, out, length_, &written));
    CHECK(faceiot_huawei_report(NULL, "{}", NULL, out, size, &written) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_huawei_report("s", NULL, NULL, out, size, &written) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_huawei_report("s", "{", NULL, out, size, &written) == FACEIOT_E_JSON);
    CHECK(faceiot_huawei_report("s", "{}", "\xff", out, size, &written) == FACEIOT_E_UTF8);
    CHECK(faceiot_huawei_report("s", "{}", NULL, NULL, size, &written) == FACEIOT_E_INVALID_ARGUMENT);
    AT_EVERY_LENGTH(out, written, strlen("{\"result_code\":1,\"paras\":{}}") + 1,
                    faceiot_huawei_response(1, "{}", out, length_, &written));
    CHECK(faceiot_huawei_response(0, "{", out, size, &written) == FACEIOT_E_JSON);
    CHECK(faceiot_huawei_response(0, NULL, NULL, size, &written) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_command(NULL, 3, NULL, 0, (faceiot_command_info *)NULL) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_command("\xff", 1, NULL, 0, (faceiot_command_info *)NULL) == FACEIOT_E_UTF8);
    CHECK(faceiot_command("a\0b", 3, NULL, 0, (faceiot_command_info *)NULL) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_command("a\0b", 3, NULL, 9, (faceiot_command_info *)NULL) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_json_find(NULL, 1, NULL, 0, (faceiot_text *)NULL) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_json_find((const uint8_t *)"{}", 2, NULL, 0, (faceiot_text *)NULL) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_aliyun_register_url("x", NULL, size, &written) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_huawei_hour((uint64_t)-1, out) == FACEIOT_OK && strcmp(out, "9999123123") == 0);
    CHECK(faceiot_version() == FACEIOT_VERSION);
    return 0;
}

/* The answers to a registration: those that grant something, and those that do not. */
static int registrations(void) {
    static const char https[] = "{\"code\":200,\"data\":{\"productKey\":\"p\",\"deviceSecret\":\"s3cret\"}}";
    static const char mqtt[] = "{\"productKey\":\"p\",\"clientId\":\"c1\",\"deviceToken\":\"t0ken\"}";
    static const char half[] = "{\"clientId\":\"c1\"}";
    static const char refused[] = "{\"code\":6288,\"message\":\"invalid sign\"}";
    static const char odd[] = "{\"deviceSecret\":7}";
    static const char escaped[] = "{\"deviceSecret\":\"a\\u0000b\"}";
    faceiot_aliyun_registration given;
    faceiot_aliyun_registered_info answer;
    faceiot_login login;
    char buffer[FACEIOT_LOGIN_BUFFER];
    size_t written = 77, i;
    CHECK(faceiot_aliyun_registered((const uint8_t *)https, sizeof https - 1, &answer) == FACEIOT_OK);
    CHECK(answer.device_secret.len == 6 && memcmp(answer.device_secret.data, "s3cret", 6) == 0);
    CHECK(answer.device_token.data == NULL && answer.client_id.len == 0);
    CHECK(faceiot_aliyun_registered((const uint8_t *)mqtt, sizeof mqtt - 1, &answer) == FACEIOT_OK);
    CHECK(answer.device_token.len == 5 && answer.client_id.len == 2 && answer.device_secret.data == NULL);
    CHECK(faceiot_aliyun_registered((const uint8_t *)half, sizeof half - 1, &answer) == FACEIOT_E_NOT_FOUND);
    CHECK(faceiot_aliyun_registered((const uint8_t *)refused, sizeof refused - 1, &answer) == FACEIOT_E_NOT_FOUND);
    CHECK(faceiot_aliyun_registered((const uint8_t *)odd, sizeof odd - 1, &answer) == FACEIOT_E_JSON);
    CHECK(faceiot_aliyun_registered((const uint8_t *)escaped, sizeof escaped - 1, &answer) == FACEIOT_E_JSON);
    CHECK(answer.device_token.len == 5); /* untouched */
    CHECK(faceiot_aliyun_registered(NULL, 1, &answer) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_aliyun_registered((const uint8_t *)https, sizeof https - 1, NULL) == FACEIOT_E_INVALID_ARGUMENT);
    for (i = 0; i < sizeof https - 1; i++)
        CHECK(faceiot_aliyun_registered((const uint8_t *)https, i, &answer) == FACEIOT_E_JSON);

    memset(&given, 0, sizeof given);
    CHECK(faceiot_aliyun_register_form(&given, buffer, sizeof buffer, &written) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_aliyun_register_form(NULL, buffer, sizeof buffer, &written) == FACEIOT_E_INVALID_ARGUMENT);
    given.product_key = "p";
    given.device_name = "d";
    given.product_secret = "s";
    given.random = "r";
    CHECK(written == 77);
    CHECK(faceiot_aliyun_register_form(&given, buffer, sizeof buffer, &written) == FACEIOT_OK);
    for (i = 0; i <= written; i++)
        CHECK(faceiot_aliyun_register_form(&given, buffer, i, NULL) == FACEIOT_E_BUFFER_TOO_SMALL);
    CHECK(faceiot_aliyun_register_form(&given, buffer, written + 1, NULL) == FACEIOT_OK);
    CHECK(faceiot_aliyun_register_form(&given, NULL, 9, NULL) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_aliyun_register_url(NULL, buffer, sizeof buffer, &written) == FACEIOT_OK);
    for (i = 0; i <= written; i++)
        CHECK(faceiot_aliyun_register_url(NULL, buffer, i, NULL) == FACEIOT_E_BUFFER_TOO_SMALL);
    login.port = 5;
    given.method = 3;
    CHECK(faceiot_aliyun_register_login(&given, buffer, sizeof buffer, &login) == FACEIOT_E_SIGN_METHOD);
    given.method = FACEIOT_HMAC_MD5;
    given.port = 65536;
    CHECK(faceiot_aliyun_register_login(&given, buffer, sizeof buffer, &login) == FACEIOT_E_INVALID_ARGUMENT);
    given.port = 0;
    given.random = "a|b";
    CHECK(faceiot_aliyun_register_login(&given, buffer, sizeof buffer, &login) == FACEIOT_E_INVALID_ARGUMENT);
    given.random = "r";
    CHECK(faceiot_aliyun_register_login(&given, buffer, 8, &login) == FACEIOT_E_BUFFER_TOO_SMALL && login.port == 5);
    CHECK(faceiot_aliyun_register_login(&given, buffer, sizeof buffer, &login) == FACEIOT_OK && login.port == 8883);
    CHECK(faceiot_aliyun_token_login(&given, "t0ken", buffer, sizeof buffer, &login) == FACEIOT_E_INVALID_ARGUMENT);
    given.client_id = "c1";
    CHECK(faceiot_aliyun_token_login(&given, NULL, buffer, sizeof buffer, &login) == FACEIOT_E_INVALID_ARGUMENT);
    CHECK(faceiot_aliyun_token_login(&given, "t0ken", buffer, sizeof buffer, &login) == FACEIOT_OK);
    CHECK(strcmp(login.client_id, "c1|authType=connwl,securemode=-2|") == 0 && strcmp(login.password, "t0ken") == 0);
    CHECK(strcmp(login.username, "d&p") == 0);
    return 0;
}

int main(void) {
    if (registrations() || logins() || digests() || checksums() || chunks() || pieces() || texts() || writers()) return 1;
    printf("%d checks\n", checks);
    return 0;
}

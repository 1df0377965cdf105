/* The vectors through the C ABI: reads cases as lines, prints what the library gives, messages in hex after a `+`.
 * On the host the cases come from standard input; for an emulated board they are compiled in, from the file CASES.
 * Plain C99, no heap of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "faceiot.h"

/* A board has less memory: what does not fit into PHOTO_MAX is read by callback and not rebuilt. */
#ifndef PHOTO_MAX
#define PHOTO_MAX (1 << 17)
#define MESSAGE_MAX (1 << 16)
#endif

static char line[1024];

#ifdef CASES
#include CASES
/* Copies the next line of `cases`; 0 at the end. */
static int next_line(void) {
    static size_t at;
    size_t n = 0;
    while (cases[at] && n < sizeof line - 1 && (n == 0 || line[n - 1] != '\n')) line[n++] = cases[at++];
    line[n] = 0;
    return n > 0;
}
#else
static int next_line(void) { return fgets(line, sizeof line, stdin) != NULL; }
#endif
static uint8_t photo[PHOTO_MAX];
static uint8_t message[MESSAGE_MAX];
static char buffer[FACEIOT_LOGIN_BUFFER + 1024]; /* of a login */

/* The octets of a message, for the other side to hash. */
static void print_message(size_t len) {
    static const char digits[] = "0123456789abcdef";
    size_t i;
    putchar('+');
    for (i = 0; i < len; i++) {
        putchar(digits[message[i] >> 4]);
        putchar(digits[message[i] & 15]);
    }
    putchar('\n');
}

/* Takes the next field of a line: fields are separated by one TAB, "\\N" is NULL. */
static char *field(char **rest) {
    char *start = *rest;
    char *end = start ? strchr(start, '\t') : NULL;
    if (end) *end = 0;
    *rest = end ? end + 1 : NULL;
    return start && strcmp(start, "\\N") == 0 ? NULL : start;
}

static void print_login(int32_t status, const faceiot_login *login) {
    if (status != FACEIOT_OK)
        printf("error %d\n", (int)status);
    else
        printf("%s\t%u\t%s\t%s\t%s\n", login->host, (unsigned)login->port, login->client_id, login->username,
               login->password);
}

static void aliyun(char *rest) {
    const char *method = field(&rest);
    faceiot_aliyun_device device;
    faceiot_aliyun_options options;
    faceiot_login login;
    int32_t status, general;
    memset(&options, 0, sizeof options);
    device.product_key = field(&rest);
    device.device_name = field(&rest);
    device.device_secret = field(&rest);
    options.client_id = field(&rest);
    options.timestamp = field(&rest);
    options.extra = field(&rest);
    options.region = field(&rest);
    options.instance_id = field(&rest);
    options.secure_mode = atoi(field(&rest));
    options.lower_hex = (uint32_t)atoi(field(&rest));
    memset(&login, 0x55, sizeof login);
    if (strcmp(method, "hmacsha256") == 0) {
        general = faceiot_aliyun_login(FACEIOT_HMAC_SHA256, &device, &options, buffer, sizeof buffer, &login);
        status = faceiot_aliyun_login_sha256(&device, &options, buffer, sizeof buffer, &login);
    } else if (strcmp(method, "hmacsha1") == 0) {
        general = faceiot_aliyun_login(FACEIOT_HMAC_SHA1, &device, &options, buffer, sizeof buffer, &login);
        status = faceiot_aliyun_login_sha1(&device, &options, buffer, sizeof buffer, &login);
    } else {
        general = faceiot_aliyun_login(FACEIOT_HMAC_MD5, &device, &options, buffer, sizeof buffer, &login);
        status = faceiot_aliyun_login_md5(&device, &options, buffer, sizeof buffer, &login);
    }
    if (general != status)
        printf("the general entry disagrees\n");
    else
        print_login(status, &login);
}

static void huawei(char *rest) {
    faceiot_login login;
    const char *id = field(&rest), *secret = field(&rest), *hour = field(&rest), *sign_type = field(&rest);
    print_login(faceiot_huawei_login(id, secret, "h", hour, (uint32_t)atoi(sign_type), 0, buffer, sizeof buffer, &login),
                &login);
}

/* How a device registers: the URL and the form over HTTPS, or the login over MQTT. */
static void registration(char *rest, int over_mqtt) {
    char *url = (char *)message, *form = url + FACEIOT_REGISTER_BUFFER;
    const char *method = field(&rest);
    faceiot_aliyun_registration given;
    faceiot_login login;
    int32_t status;
    memset(&given, 0, sizeof given);
    given.method = strcmp(method, "hmacsha256") == 0 ? FACEIOT_HMAC_SHA256
                   : strcmp(method, "hmacsha1") == 0 ? FACEIOT_HMAC_SHA1
                                                     : FACEIOT_HMAC_MD5;
    given.product_key = field(&rest);
    given.device_name = field(&rest);
    given.product_secret = field(&rest);
    given.random = field(&rest);
    given.instance_id = field(&rest);
    given.without_preregistration = (uint32_t)atoi(field(&rest));
    given.secure_mode = atoi(field(&rest));
    if (over_mqtt) {
        print_login(faceiot_aliyun_register_login(&given, buffer, sizeof buffer, &login), &login);
        return;
    }
    status = faceiot_aliyun_register_url(given.region, url, FACEIOT_REGISTER_BUFFER, NULL);
    if (status == FACEIOT_OK) status = faceiot_aliyun_register_form(&given, form, FACEIOT_REGISTER_BUFFER, NULL);
    printf("%d\t%s\t%s\n", (int)status, url, form);
}

/* The photo of the vectors. */
static uint8_t octet(size_t i) { return (uint8_t)(i * 31 + (i >> 8) * 17 + 7); }

static void formula(size_t octets) {
    size_t i;
    for (i = 0; i < octets && i < PHOTO_MAX; i++) photo[i] = octet(i);
}

/* A camera that gives a few octets at a time, and has no more memory than that. */
struct slow {
    size_t at, length, step;
};
static int slow_read(void *context, uint8_t *out, size_t want, size_t *got) {
    struct slow *slow = (struct slow *)context;
    size_t n = slow->length - slow->at, i;
    if (n > want) n = want;
    if (n > slow->step) n = slow->step;
    for (i = 0; i < n; i++) out[i] = octet(slow->at + i);
    slow->at += n;
    *got = n;
    return 0;
}

static void source(faceiot_source *s, const char *kind, size_t length, struct slow *slow) {
    memset(s, 0, sizeof *s);
    if (strcmp(kind, "memory") == 0) {
        s->data = photo;
        s->length = length;
        return;
    }
    slow->at = 0;
    slow->length = length;
    slow->step = 97;
    s->read = slow_read;
    s->context = slow;
    s->length = strcmp(kind, "unknown") == 0 ? 0 : length;
}

static uint8_t rebuilt[PHOTO_MAX];

static void hex(char *rest) {
    size_t octets = (size_t)atoi(field(&rest)), len, count = 0, photo_len = 0;
    const char *kind = field(&rest);
    faceiot_hex_encoder encoder;
    faceiot_hex_assembler assembler;
    struct slow slow;
    uint32_t step = 99;
    int32_t status;
    int whole;
    const char *path[] = {"params", "img"};
    formula(octets);
    memset(&encoder, 0, sizeof encoder);
    source(&encoder.source, kind, octets, &slow);
    faceiot_hex_assembler_init(&assembler, rebuilt, sizeof rebuilt);
    for (;;) {
        faceiot_text img;
        status = faceiot_hex_next(&encoder, message, FACEIOT_HEX_MESSAGE_MAX, &len);
        if (status != FACEIOT_OK || len == 0) break;
        print_message(len);
        count++;
        if (octets > PHOTO_MAX) continue;
        status = faceiot_json_find(message, len, path, 2, &img);
        if (status == FACEIOT_OK)
            status = faceiot_hex_push(&assembler, (const uint8_t *)img.data, img.len, &step, &photo_len);
        if (status != FACEIOT_OK) break;
    }
    whole = octets == 0 ? step == FACEIOT_HEX_EMPTY
                        : step == FACEIOT_HEX_COMPLETE && photo_len == octets && memcmp(rebuilt, photo, octets) == 0;
    printf("%d\t%u\t%d\n", (int)status, (unsigned)count,
           count == faceiot_hex_message_count(octets) && (octets > PHOTO_MAX || whole));
}

static void v2(char *rest) {
    size_t octets = (size_t)atoi(field(&rest)), len, count = 0, photo_len = 0;
    const char *kind = field(&rest);
    faceiot_v2_encoder encoder;
    faceiot_v2_assembler assembler;
    faceiot_range ranges[32], gap;
    struct slow slow;
    uint32_t step = 99;
    int32_t status;
    int whole;
    memset(&encoder, 0, sizeof encoder);
    encoder.chunk_size = (uint32_t)atoi(field(&rest));
    encoder.epoch = (uint16_t)atoi(field(&rest));
    encoder.frame_id = (uint32_t)atoi(field(&rest));
    encoder.time_ms = strtoull(field(&rest), NULL, 10);
    encoder.content_type = (uint8_t)atoi(field(&rest));
    encoder.retransmit = (uint8_t)atoi(field(&rest));
    formula(octets);
    source(&encoder.source, kind, octets, &slow);
    faceiot_v2_assembler_init(&assembler, rebuilt, sizeof rebuilt, ranges, 32);
    for (;;) {
        status = faceiot_v2_next(&encoder, message, sizeof message, &len);
        if (status != FACEIOT_OK || len == 0) break;
        print_message(len);
        count++;
        if (octets > PHOTO_MAX) continue;
        status = faceiot_v2_push(&assembler, message, len, &step, &photo_len);
        if (status != FACEIOT_OK) break;
    }
    whole = step == FACEIOT_V2_COMPLETE && photo_len == octets && memcmp(rebuilt, photo, octets) == 0 &&
            faceiot_v2_missing(&assembler, 0, &gap) == FACEIOT_E_NOT_FOUND;
    printf("%d\t%u\t%d\n", (int)status, (unsigned)count, octets > PHOTO_MAX || whole);
}

int main(void) {
    if (faceiot_version() != FACEIOT_VERSION) {
        printf("the library is not the header's\n");
        return 1;
    }
    while (next_line()) {
        char *rest = line;
        const char *call;
        line[strcspn(line, "\n")] = 0;
        call = field(&rest);
        if (strcmp(call, "aliyun") == 0) aliyun(rest);
        else if (strcmp(call, "huawei") == 0) huawei(rest);
        else if (strcmp(call, "register") == 0) registration(rest, 0);
        else if (strcmp(call, "register-mqtt") == 0) registration(rest, 1);
        else if (strcmp(call, "hex") == 0) hex(rest);
        else if (strcmp(call, "v2") == 0) v2(rest);
        else return 2;
    }
    printf("end\n");
    return 0;
}

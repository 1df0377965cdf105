/*
 * The fallback for Xtensa beside the library: the same random input to both, and both must say and write the same.
 * The fallback is compiled with its functions named portable_* (RENAME). Prints how many comparisons there were.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define faceiot_aliyun_login_sha256 portable_aliyun_login_sha256
#define faceiot_aliyun_topic portable_aliyun_topic
#define faceiot_command portable_command
#define faceiot_alink_reply portable_alink_reply
#define faceiot_hex_next portable_hex_next
#define faceiot_v2_next portable_v2_next
#define faceiot_crc32 portable_crc32
#define faceiot_strerror portable_strerror
#define faceiot_version portable_version
#define faceiot_wipe portable_wipe
#include "../../../examples/esp32cam/src/faceiot_portable.c"
#undef faceiot_aliyun_login_sha256
#undef faceiot_aliyun_topic
#undef faceiot_command
#undef faceiot_alink_reply
#undef faceiot_hex_next
#undef faceiot_v2_next
#undef faceiot_crc32
#undef faceiot_strerror
#undef faceiot_version
#undef faceiot_wipe

int32_t faceiot_aliyun_login_sha256(const faceiot_aliyun_device *, const faceiot_aliyun_options *, char *, size_t,
                                    faceiot_login *);
int32_t faceiot_aliyun_topic(uint32_t, const char *, const char *, const char *, char *, size_t, size_t *);
int32_t faceiot_command(const char *, size_t, const uint8_t *, size_t, faceiot_command_info *);
int32_t faceiot_alink_reply(const char *, int32_t, const char *, char *, size_t, size_t *);
int32_t faceiot_hex_next(faceiot_hex_encoder *, uint8_t *, size_t, size_t *);
int32_t faceiot_v2_next(faceiot_v2_encoder *, uint8_t *, size_t, size_t *);
uint32_t faceiot_crc32(uint32_t, const uint8_t *, size_t);
const char *faceiot_strerror(int);
uint32_t faceiot_version(void);

static uint32_t seed = 1;
static unsigned compared = 0, succeeded = 0;

static uint32_t random_below(uint32_t n) {
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % n;
}

/* Mostly harmless text; sometimes a mark, a control, or what is not UTF-8. */
static const char *text(char *out, size_t most) {
    static const char *const odd[] = {"|", "&", ",", "=", "/", "+", "#", "\x01", "\x7f", "\xc2\x85", "\xc3\xa9",
                                      "\xe4\xb8\xad", "\xff", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\x80", "\"", "\\"};
    size_t len = random_below((uint32_t)most), i;
    out[0] = 0;
    for (i = 0; i < len; i++) {
        char letter[2] = {(char)('a' + random_below(26)), 0};
        strcat(out, random_below(60) == 0 ? odd[random_below(sizeof odd / sizeof *odd)] : letter);
    }
    return out;
}

static const char *perhaps(char *out, size_t most) { return random_below(2) ? text(out, most) : NULL; }

static void must(int same, const char *what) {
    compared++;
    if (same) return;
    printf("%s differs after %u comparisons\n", what, compared);
    exit(1);
}

static int equal(const char *a, const char *b) { return strcmp(a, b) == 0; }

static void logins(void) {
    char names[8][400];
    char one[900], other[900];
    faceiot_aliyun_device device;
    faceiot_aliyun_options options;
    faceiot_login a, b;
    size_t room = random_below(4) ? sizeof one : 4 + random_below(300);
    int32_t x, y;
    memset(&options, 0, sizeof options);
    device.product_key = text(names[0], 20);
    device.device_name = text(names[1], 32);
    device.device_secret = text(names[2], 90);
    options.client_id = perhaps(names[3], 72);
    options.timestamp = perhaps(names[4], 14);
    options.region = perhaps(names[5], 14);
    options.instance_id = perhaps(names[6], 20);
    if (random_below(3) == 0) options.extra = random_below(2) ? "lan=C,,_v=1.0," : random_below(2) ? "timestamp=1" : "x";
    options.secure_mode = (int32_t)random_below(5) - 2;
    options.port = random_below(3) ? 0 : random_below(70000);
    options.lower_hex = random_below(2);
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    x = faceiot_aliyun_login_sha256(&device, &options, one, room, &a);
    y = portable_aliyun_login_sha256(&device, &options, other, room, &b);
    if (x != y) printf("%d %d: %s %s %s %s %s %s %u\n", (int)x, (int)y, device.product_key, device.device_name, options.client_id, options.timestamp, options.region, options.extra, (unsigned)room);
    must(x == y, "the status of a login");
    if (x != FACEIOT_OK) {
        must(b.host == NULL, "an output after a failure");
        return;
    }
    succeeded++;
    must(equal(a.host, b.host) && a.port == b.port, "a host");
    must(equal(a.client_id, b.client_id) && equal(a.username, b.username), "a client id or a user name");
    must(equal(a.password, b.password), "a password");
}

static void topics(void) {
    char names[3][400], one[400], other[400];
    size_t room = random_below(4) ? sizeof one : random_below(60) + 1, n = 0, m = 0;
    uint32_t kind = random_below(10);
    const char *pk = text(names[0], 20), *dn = text(names[1], random_below(20) ? 32 : 140);
    const char *id = kind > 3 && kind < 7 ? text(names[2], 20) : NULL;
    int32_t x = faceiot_aliyun_topic(kind, pk, dn, id, one, room, &n);
    int32_t y = portable_aliyun_topic(kind, pk, dn, id, other, room, &m);
    if (x != y) printf("%d %d: %u %s %s %s in %u\n", (int)x, (int)y, (unsigned)kind, pk, dn, id ? id : "-", (unsigned)room);
    must(x == y, "the status of a topic");
    if (x != FACEIOT_OK) return;
    succeeded++;
    must(n == m && equal(one, other), "a topic");
}

static int same_text(faceiot_text a, faceiot_text b) {
    return (a.data == NULL) == (b.data == NULL) && a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static void commands(void) {
    static const char *const documents[] = {
        "{\"id\":\"11\",\"version\":\"1.0.0\",\"params\":{\"a\":[1,-2.5e+3,{\"b\":null}],\"c\":\"x\\u00e9\\n\"},\"method\":\"m\"}",
        "{ \"id\" : 12 , \"params\" : [ true , false ] }", "{}", "{\"params\":null}", "{\"id\":\"\\\"\",\"params\":\"p\"}",
        "{\"id\":\"1\",\"params\":{}}  ", "[]", "{\"id\":\"1\",}", "{\"x\":01}", "\xef\xbb\xbf{}", ""};
    static const char *const forms[] = {"/sys/pk/dn/thing/service/property/set", "/sys/pk/dn/thing/service/take_photo",
                                        "/sys/pk/dn/thing/service/take_photo_reply", "/sys/pk/dn/thing/service/_reply",
                                        "/sys/pk/dn/thing/service/", "/sys/pk/dn/thing/service/a/b",
                                        "/sys//dn/thing/service/x", "/sys/pk/dn/thing/event/property/post_reply", "/sys/pk"};
    static const char bits[] = "{}[]\",:\\0123456789.eE+-tfn \x01\xff\xc3";
    const char *topic = forms[random_below(sizeof forms / sizeof *forms)];
    char payload[256];
    size_t len, changes = random_below(3);
    faceiot_command_info a, b;
    int32_t x, y;
    strcpy(payload, documents[random_below(sizeof documents / sizeof *documents)]);
    len = strlen(payload);
    while (changes-- > 0 && len > 0) payload[random_below((uint32_t)len)] = bits[random_below(sizeof bits - 1)];
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    x = faceiot_command(topic, strlen(topic), (const uint8_t *)payload, len, &a);
    y = portable_command(topic, strlen(topic), (const uint8_t *)payload, len, &b);
    if (x != y) printf("%s: %.*s: %d, %d\n", topic, (int)len, payload, (int)x, (int)y);
    must(x == y, "the status of a command");
    if (x != FACEIOT_OK) return;
    succeeded++;
    must(a.form == b.form && same_text(a.name, b.name), "a command's name");
    must(same_text(a.id, b.id) && same_text(a.params, b.params), "a command's parameters");
}

static void replies(void) {
    static const char *const data[] = {NULL, "{}", "{\"a\":1}", "[]", "{", "", "x"};
    char id[40], one[120], other[120];
    size_t room = random_below(4) ? sizeof one : random_below(40) + 1, n = 0, m = 0;
    const char *given = data[random_below(7)];
    int32_t code = (int32_t)random_below(100000) - 1000, x, y;
    snprintf(id, sizeof id, "%u", (unsigned)seed);
    x = faceiot_alink_reply(id, code, given, one, room, &n);
    y = portable_alink_reply(id, code, given, other, room, &m);
    must(x == y, "the status of an answer");
    if (x != FACEIOT_OK) return;
    succeeded++;
    must(n == m && equal(one, other), "an answer");
}

static void photos(void) {
    static uint8_t photo[3000], one[1100], other[1100];
    faceiot_hex_encoder h, g;
    faceiot_v2_encoder v, w;
    size_t len = random_below(sizeof photo), n = 1, m = 1, i;
    int32_t x = FACEIOT_OK, y = FACEIOT_OK;
    for (i = 0; i < len; i++) photo[i] = (uint8_t)random_below(256);
    must(faceiot_crc32(7, photo, len) == portable_crc32(7, photo, len), "a CRC");
    memset(&h, 0, sizeof h);
    h.source.data = photo;
    h.source.length = len;
    g = h;
    while (n > 0 && x == FACEIOT_OK) {
        x = faceiot_hex_next(&h, one, sizeof one, &n);
        y = portable_hex_next(&g, other, sizeof other, &m);
        must(x == y && n == m && memcmp(one, other, n) == 0, "a hex message");
    }
    memset(&v, 0, sizeof v);
    v.source.data = photo;
    v.source.length = len;
    v.chunk_size = random_below(1060);
    v.frame_id = seed;
    v.epoch = (uint16_t)(seed >> 3);
    v.time_ms = (uint64_t)seed << 20;
    v.content_type = (uint8_t)random_below(5);
    v.retransmit = (uint8_t)random_below(2);
    w = v;
    for (n = 1, x = FACEIOT_OK; n > 0 && x == FACEIOT_OK;) {
        x = faceiot_v2_next(&v, one, sizeof one, &n);
        y = portable_v2_next(&w, other, sizeof other, &m);
        must(x == y, "the status of a chunk");
        if (x == FACEIOT_OK) must(n == m && memcmp(one, other, n) == 0, "a chunk");
    }
    succeeded++;
}

int main(void) {
    int i;
    must(faceiot_version() == portable_version(), "the version");
    for (i = 0; i <= 120; i++)
        if (!equal(portable_strerror(i), "unknown status"))
            must(equal(faceiot_strerror(i), portable_strerror(i)), "the words of a status");
    for (i = 0; i < 20000; i++) {
        logins();
        topics();
        commands();
        replies();
        if (i % 20 == 0) photos();
    }
    printf("%u %u\n", compared, succeeded);
    return 0;
}

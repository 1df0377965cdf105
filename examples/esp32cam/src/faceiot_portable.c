/*
 * For the classic ESP32, the S2 and the S3 (Xtensa), which Rust's own compiler cannot build for: the functions of
 * faceiot.h that this folder uses, and no others, in C, with the SHA-256 of the mbedTLS that the ESP32's SDK has.
 *
 * It is the one second implementation of this project, and it is not offered where Rust builds. The same vectors hold
 * it. With Espressif's fork of Rust the library itself can be built for Xtensa: define FACEIOT_RUST then (README.md).
 */
#if (defined(__XTENSA__) && !defined(FACEIOT_RUST)) || defined(FACEIOT_PORTABLE_FOR_TESTS)

#include <mbedtls/md.h>
#include <string.h>

#include "capi/faceiot.h"

#define TRY(call)                                      \
    do {                                               \
        int32_t tried_ = (call);                       \
        if (tried_ != FACEIOT_OK) return tried_;       \
    } while (0)

/* ---- status ------------------------------------------------------------------------------------------------------- */

const char *faceiot_strerror(int status) {
    switch (status) {
    case FACEIOT_OK: return "ok";
    case FACEIOT_E_BUFFER_TOO_SMALL: return "buffer too small";
    case FACEIOT_E_INVALID_ARGUMENT: return "invalid argument";
    case FACEIOT_E_JSON: return "invalid json";
    case FACEIOT_E_UTF8: return "invalid utf-8";
    case FACEIOT_E_TOPIC: return "invalid topic";
    case FACEIOT_E_FRAME_TOO_LARGE: return "photo does not fit";
    case FACEIOT_E_IO: return "reading the photo failed";
    default: return "unknown status";
    }
}

uint32_t faceiot_version(void) { return FACEIOT_VERSION; }

void faceiot_wipe(void *memory, size_t len) {
    volatile uint8_t *at = (volatile uint8_t *)memory;
    while (at != NULL && len-- > 0) *at++ = 0;
}

uint32_t faceiot_crc32(uint32_t crc, const uint8_t *data, size_t len) {
    size_t i;
    int bit;
    if (data == NULL) return crc;
    crc = ~crc;
    for (i = 0; i < len; i++) {
        crc ^= data[i];
        for (bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return ~crc;
}

/* ---- text --------------------------------------------------------------------------------------------------------- */

/* Octets of the character that begins here; 0 when it is not UTF-8 (RFC 3629). */
static size_t character(const uint8_t *s) {
    size_t more = s[0] >= 0xF0 ? 3 : s[0] >= 0xE0 ? 2 : 1, i;
    if (s[0] < 0x80) return 1;
    if (s[0] < 0xC2 || s[0] > 0xF4) return 0;
    for (i = 1; i <= more; i++)
        if ((s[i] & 0xC0) != 0x80) return 0;
    if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F)) return 0;
    if ((s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F)) return 0;
    return more + 1;
}

static int32_t check_utf8(const char *text) {
    const uint8_t *s = (const uint8_t *)text;
    if (text == NULL) return FACEIOT_E_INVALID_ARGUMENT;
    while (*s != 0) {
        size_t len = character(s);
        if (len == 0) return FACEIOT_E_UTF8;
        s += len;
    }
    return FACEIOT_OK;
}

/* UTF-8 without controls and without `marks`, of at most `longest` characters. */
static int32_t check(const char *text, const char *marks, size_t longest) {
    const uint8_t *s = (const uint8_t *)text;
    size_t count = 0;
    for (; *s != 0; s += character(s), count++) {
        if (*s < 0x20 || *s == 0x7F || (s[0] == 0xC2 && s[1] < 0xA0)) return FACEIOT_E_INVALID_ARGUMENT;
        if (strchr(marks, *s) != NULL) return FACEIOT_E_INVALID_ARGUMENT;
    }
    return count > longest ? FACEIOT_E_INVALID_ARGUMENT : FACEIOT_OK;
}

static int32_t check_name(const char *name) {
    TRY(check(name, "&/|", SIZE_MAX));
    return *name == 0 ? FACEIOT_E_INVALID_ARGUMENT : FACEIOT_OK;
}

/* A buffer that is written front to back; `full` stays when something did not fit. */
typedef struct writer {
    char *out;
    size_t room, at;
    int full;
} writer;

static void put_octets(writer *w, const char *text, size_t len) {
    if (w->full || len > w->room - w->at) {
        w->full = 1;
        return;
    }
    memcpy(w->out + w->at, text, len);
    w->at += len;
}

static void put(writer *w, const char *text) { put_octets(w, text, strlen(text)); }

/* Ends a string and gives its start. */
static const char *cut(writer *w, size_t start) {
    put_octets(w, "", 1);
    return w->out + start;
}

static void put_number(writer *w, int32_t number) {
    char digits[12];
    size_t at = sizeof digits;
    uint32_t left = number < 0 ? 0u - (uint32_t)number : (uint32_t)number;
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (number < 0) digits[--at] = '-';
    put_octets(w, digits + at, sizeof digits - at);
}

static void put_hex(writer *w, const uint8_t *octets, size_t len, int lower) {
    const char *digits = lower ? "0123456789abcdef" : "0123456789ABCDEF";
    size_t i;
    for (i = 0; i < len; i++) {
        put_octets(w, digits + (octets[i] >> 4), 1);
        put_octets(w, digits + (octets[i] & 15), 1);
    }
}

/* ---- login -------------------------------------------------------------------------------------------------------- */

/* HMAC-SHA256 of the parts, up to a NULL, one after the other. */
static int32_t hmac(const char *key, const char *const *parts, uint8_t mac[32]) {
    mbedtls_md_context_t context;
    int failed;
    mbedtls_md_init(&context);
    failed = mbedtls_md_setup(&context, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), 1);
    if (!failed) failed = mbedtls_md_hmac_starts(&context, (const unsigned char *)key, strlen(key));
    for (; !failed && *parts != NULL; parts++)
        failed = mbedtls_md_hmac_update(&context, (const unsigned char *)*parts, strlen(*parts));
    if (!failed) failed = mbedtls_md_hmac_finish(&context, mac);
    mbedtls_md_free(&context);
    return failed ? FACEIOT_E_IO : FACEIOT_OK;
}

/* `a=b,c=d`: 8 items at most, without the names that are signed. */
static int32_t check_extra(const char *extra) {
    static const char *const reserved[] = {"", "securemode", "signmethod", "timestamp"};
    int items = 0, i;
    TRY(check(extra, "", SIZE_MAX));
    while (*extra) {
        size_t len = strcspn(extra, ","), name = strcspn(extra, "=");
        if (len > 0) {
            if (name >= len || ++items > 8 || memchr(extra, '|', name) != NULL) return FACEIOT_E_INVALID_ARGUMENT;
            for (i = 0; i < 4; i++)
                if (strlen(reserved[i]) == name && memcmp(extra, reserved[i], name) == 0)
                    return FACEIOT_E_INVALID_ARGUMENT;
        }
        extra += len + (extra[len] == ',');
    }
    return FACEIOT_OK;
}

int32_t faceiot_aliyun_login_sha256(const faceiot_aliyun_device *device, const faceiot_aliyun_options *options,
                                    char *buffer, size_t buffer_len, faceiot_login *login) {
    static const faceiot_aliyun_options none;
    const char *parts[11], *id[3], *extra, *region;
    int32_t mode, status;
    faceiot_login made;
    uint8_t mac[32];
    size_t count = 0, start, i;
    writer w;
    if (device == NULL || buffer == NULL || login == NULL) return FACEIOT_E_INVALID_ARGUMENT;
    if (options == NULL) options = &none;
    extra = options->extra ? options->extra : "";
    region = options->region ? options->region : "cn-shanghai";
    mode = options->secure_mode ? options->secure_mode : 3;
    TRY(check_utf8(device->product_key));
    TRY(check_utf8(device->device_name));
    TRY(check_utf8(device->device_secret));
    if (options->client_id) TRY(check_utf8(options->client_id));
    if (options->instance_id) TRY(check_utf8(options->instance_id));
    TRY(check_utf8(region));
    if (options->timestamp) TRY(check_utf8(options->timestamp));
    TRY(check_utf8(extra));
    if (options->port > 65535) return FACEIOT_E_INVALID_ARGUMENT;
    TRY(check_name(device->product_key));
    TRY(check_name(device->device_name));
    TRY(check_name(region));
    if (options->instance_id) TRY(check_name(options->instance_id));
    if (options->client_id) TRY(check(options->client_id, "|", 64));
    if (options->timestamp) TRY(check(options->timestamp, ",|", SIZE_MAX));
    TRY(check_extra(extra));

    id[0] = options->client_id ? options->client_id : device->product_key;
    id[1] = options->client_id ? "" : ".";
    id[2] = options->client_id ? "" : device->device_name;
    parts[count++] = "clientId";
    for (i = 0; i < 3; i++) parts[count++] = id[i];
    parts[count++] = "deviceName";
    parts[count++] = device->device_name;
    parts[count++] = "productKey";
    parts[count++] = device->product_key;
    if (options->timestamp) {
        parts[count++] = "timestamp";
        parts[count++] = options->timestamp;
    }
    parts[count] = NULL;
    status = hmac(device->device_secret, parts, mac);
    if (status != FACEIOT_OK) return status;

    memset(&w, 0, sizeof w);
    w.out = buffer;
    w.room = buffer_len;
    if (options->instance_id) {
        put(&w, options->instance_id);
        put(&w, ".mqtt.iothub.aliyuncs.com");
    } else {
        put(&w, device->product_key);
        put(&w, ".iot-as-mqtt.");
        put(&w, region);
        put(&w, ".aliyuncs.com");
    }
    made.host = cut(&w, 0);
    start = w.at;
    for (i = 0; i < 3; i++) put(&w, id[i]);
    put(&w, "|securemode=");
    put_number(&w, mode);
    put(&w, ",signmethod=hmacsha256");
    if (options->timestamp) {
        put(&w, ",timestamp=");
        put(&w, options->timestamp);
    }
    while (*extra) {
        size_t len = strcspn(extra, ",");
        if (len > 0) {
            put(&w, ",");
            put_octets(&w, extra, len);
        }
        extra += len + (extra[len] == ',');
    }
    put(&w, "|");
    made.client_id = cut(&w, start);
    start = w.at;
    put(&w, device->device_name);
    put(&w, "&");
    put(&w, device->product_key);
    made.username = cut(&w, start);
    start = w.at;
    put_hex(&w, mac, sizeof mac, options->lower_hex != 0);
    made.password = cut(&w, start);
    faceiot_wipe(mac, sizeof mac);
    made.port = options->port ? options->port : mode == 3 ? 1883 : 8883;
    if (w.full) return FACEIOT_E_BUFFER_TOO_SMALL;
    *login = made;
    return FACEIOT_OK;
}

/* ---- photos ------------------------------------------------------------------------------------------------------- */

/* Fills `out` as far as the photo goes. */
static int32_t fill(faceiot_source *source, uint8_t *out, size_t room, size_t *filled) {
    *filled = 0;
    if (source->read != NULL) {
        while (*filled < room) {
            size_t got = 0;
            if (source->read(source->context, out + *filled, room - *filled, &got) != 0 || got > room - *filled)
                return FACEIOT_E_IO;
            if (got == 0) break;
            *filled += got;
        }
    } else {
        if (source->data == NULL && source->length > 0) return FACEIOT_E_INVALID_ARGUMENT;
        if (source->position < source->length) {
            *filled = source->length - source->position;
            if (*filled > room) *filled = room;
            memcpy(out, source->data + source->position, *filled);
        }
    }
    source->position += *filled;
    return FACEIOT_OK;
}

int32_t faceiot_hex_next(faceiot_hex_encoder *encoder, uint8_t *out, size_t out_len, size_t *written) {
    static const char head[] = "{\"id\":\"1189401707\",\"version\":\"1.0.0\",\"method\":\"123\",\"params\":{\"img\":\"";
    size_t data = FACEIOT_HEX_MESSAGE_MAX - 400, count = 0;
    writer w;
    if (encoder == NULL || written == NULL || out == NULL) return FACEIOT_E_INVALID_ARGUMENT;
    if (out_len < FACEIOT_HEX_MESSAGE_MAX) return FACEIOT_E_BUFFER_TOO_SMALL;
    if (encoder->stage == 2) {
        *written = 0;
        return FACEIOT_OK;
    }
    /* The octets are read into the end of `out` and encoded towards its start, which never overtakes what it reads. */
    if (encoder->stage == 0) {
        TRY(fill(&encoder->source, out + data, 400, &count));
        if (count < 400) encoder->stage = 1;
    }
    memset(&w, 0, sizeof w);
    w.out = (char *)out;
    w.room = FACEIOT_HEX_MESSAGE_MAX;
    put(&w, head);
    put_hex(&w, out + data, count, 0);
    if (count == 0) {
        put(&w, "END");
        encoder->stage = 2;
    }
    put(&w, "\"}}");
    *written = w.at;
    return FACEIOT_OK;
}

static void put_be(uint8_t *out, size_t octets, uint64_t value) {
    while (octets-- > 0) {
        out[octets] = (uint8_t)(value & 0xFF);
        value >>= 8;
    }
}

int32_t faceiot_v2_next(faceiot_v2_encoder *encoder, uint8_t *out, size_t out_len, size_t *written) {
    uint8_t *data, ahead;
    size_t size, offset, count, more = 0, total;
    uint32_t crc;
    if (encoder == NULL || written == NULL || out == NULL || encoder->chunk_size == 0)
        return FACEIOT_E_INVALID_ARGUMENT;
    size = encoder->chunk_size;
    if (out_len < FACEIOT_V2_HEADER || out_len - FACEIOT_V2_HEADER < size) return FACEIOT_E_BUFFER_TOO_SMALL;
    if (encoder->stage == 2) {
        *written = 0;
        return FACEIOT_OK;
    }
    data = out + FACEIOT_V2_HEADER;
    ahead = encoder->ahead;
    if (encoder->stage == 0) {
        offset = encoder->source.position;
        TRY(fill(&encoder->source, &ahead, 1, &count));
        if (count == 0) return FACEIOT_E_INVALID_ARGUMENT;
    } else {
        offset = encoder->source.position - 1;
    }
    data[0] = ahead;
    TRY(fill(&encoder->source, data + 1, size - 1, &count));
    count++;
    if (count == size) TRY(fill(&encoder->source, &ahead, 1, &more));
    total = more ? (encoder->source.length + size - 1) / size : encoder->sequence + 1;
    if (encoder->sequence > 0xFFFF || total > 0xFFFF || (uint64_t)offset + count > 0xFFFFFFFFu)
        return FACEIOT_E_FRAME_TOO_LARGE;
    crc = faceiot_crc32(encoder->crc, data, count);
    memset(out, 0, FACEIOT_V2_HEADER);
    out[0] = 'F';
    out[1] = 'C';
    out[2] = 2;
    out[3] = (uint8_t)((more ? 0 : 1) | (encoder->retransmit ? 2 : 0));
    out[4] = encoder->content_type;
    out[5] = FACEIOT_V2_HEADER;
    put_be(out + 6, 2, encoder->sequence);
    put_be(out + 8, 2, total);
    put_be(out + 10, 2, encoder->epoch);
    put_be(out + 12, 4, encoder->frame_id);
    put_be(out + 16, 4, more ? encoder->source.length : offset + count);
    put_be(out + 20, 4, offset);
    put_be(out + 24, 4, more ? 0 : crc);
    put_be(out + 28, 8, encoder->time_ms);
    put_be(out + 36, 4, faceiot_crc32(faceiot_crc32(0, out, 36), data, count));
    encoder->crc = crc;
    encoder->sequence++;
    encoder->stage = more ? 1 : 2;
    encoder->ahead = ahead;
    *written = FACEIOT_V2_HEADER + count;
    return FACEIOT_OK;
}

/* ---- topics and answers ------------------------------------------------------------------------------------------- */

static int32_t check_level(const char *name) {
    return *name == 0 || strlen(name) > 128 || strpbrk(name, "/+#") != NULL ? FACEIOT_E_TOPIC : FACEIOT_OK;
}

static int32_t finish(writer *w, size_t *written) {
    put_octets(w, "", 1);
    if (w->full) return FACEIOT_E_BUFFER_TOO_SMALL;
    if (written != NULL) *written = w->at - 1;
    return FACEIOT_OK;
}

int32_t faceiot_aliyun_topic(uint32_t topic, const char *product_key, const char *device_name, const char *id,
                             char *buffer, size_t buffer_len, size_t *written) {
    static const struct {
        const char *first, *before, *behind; /* the id stands between the last two, when `behind` is not NULL */
    } forms[] = {
        {"/sys/", "/thing/event/property/post", NULL},
        {"/sys/", "/thing/event/property/post_reply", NULL},
        {"/sys/", "/thing/service/property/set", NULL},
        {"/sys/", "/thing/service/property/set_reply", NULL},
        {"/sys/", "/thing/service/", ""},
        {"/sys/", "/thing/service/", "_reply"},
        {"/sys/", "/rrpc/response/", ""},
        {"/", "/user/photo", NULL},
        {"/", "/control", NULL},
    };
    writer w;
    TRY(check_utf8(product_key));
    TRY(check_utf8(device_name));
    if (id != NULL) TRY(check_utf8(id));
    if (topic >= sizeof forms / sizeof *forms || buffer == NULL) return FACEIOT_E_INVALID_ARGUMENT;
    if (forms[topic].behind != NULL && id == NULL) return FACEIOT_E_INVALID_ARGUMENT;
    TRY(check_level(product_key));
    TRY(check_level(device_name));
    if (forms[topic].behind != NULL) TRY(check_level(id));
    memset(&w, 0, sizeof w);
    w.out = buffer;
    w.room = buffer_len;
    put(&w, forms[topic].first);
    put(&w, product_key);
    put(&w, "/");
    put(&w, device_name);
    put(&w, forms[topic].before);
    if (forms[topic].behind != NULL) {
        put(&w, id);
        put(&w, forms[topic].behind);
    }
    return finish(&w, written);
}

/* ---- commands ----------------------------------------------------------------------------------------------------- */

#define DEPTH 16

typedef struct reader {
    const char *at, *end;
} reader;

static void blanks(reader *r) {
    while (r->at < r->end && strchr(" \t\r\n", *r->at) != NULL && *r->at != 0) r->at++;
}

static int take(reader *r, char c) {
    blanks(r);
    if (r->at == r->end || *r->at != c) return 0;
    r->at++;
    return 1;
}

/* A string, its quotes gone; escapes stay as they came. */
static int string(reader *r, faceiot_text *text) {
    if (!take(r, '"')) return 0;
    text->data = r->at;
    for (; r->at < r->end && (uint8_t)*r->at >= 0x20; r->at++) {
        if (*r->at == '"') {
            text->len = (size_t)(r->at++ - text->data);
            return 1;
        }
        if (*r->at == '\\') {
            size_t i;
            if (++r->at == r->end || *r->at == 0 || strchr("\"\\/bfnrtu", *r->at) == NULL) return 0;
            for (i = 0; *r->at == 'u' && i < 4; i++)
                if (r->end - r->at < 5 || strchr("0123456789abcdefABCDEF", r->at[i + 1]) == NULL || !r->at[i + 1])
                    return 0;
        }
    }
    return 0;
}

static int digits(reader *r) {
    const char *start = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') r->at++;
    return r->at > start;
}

static int number(reader *r) {
    const char *first;
    if (r->at < r->end && *r->at == '-') r->at++;
    first = r->at;
    if (!digits(r) || (*first == '0' && r->at - first > 1)) return 0;
    if (r->at < r->end && *r->at == '.') {
        r->at++;
        if (!digits(r)) return 0;
    }
    if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
        r->at++;
        if (r->at < r->end && (*r->at == '+' || *r->at == '-')) r->at++;
        if (!digits(r)) return 0;
    }
    return 1;
}

static int word(reader *r, const char *text) {
    size_t len = strlen(text);
    if ((size_t)(r->end - r->at) < len || memcmp(r->at, text, len) != 0) return 0;
    r->at += len;
    return 1;
}

/* A value of any kind (RFC 8259); `text` is what it says: nothing for null, a string without its quotes. */
static int value(reader *r, int depth, faceiot_text *text) {
    faceiot_text inner;
    char close;
    blanks(r);
    if (r->at == r->end || depth == DEPTH) return 0;
    if (*r->at == '"') return string(r, text);
    text->data = r->at;
    close = *r->at == '{' ? '}' : *r->at == '[' ? ']' : 0;
    if (close) {
        r->at++;
        if (!take(r, close)) {
            do {
                if (close == '}' && (!string(r, &inner) || !take(r, ':'))) return 0;
                if (!value(r, depth + 1, &inner)) return 0;
            } while (take(r, ','));
            if (!take(r, close)) return 0;
        }
    } else if (word(r, "null")) {
        text->data = NULL;
    } else if (!word(r, "true") && !word(r, "false") && !number(r)) {
        return 0;
    }
    text->len = text->data ? (size_t)(r->at - text->data) : 0;
    return 1;
}

static int same(faceiot_text text, const char *word) {
    return text.len == strlen(word) && memcmp(text.data, word, text.len) == 0;
}

/* `id` and `params` of an Alink request; the whole document is checked. */
static int32_t alink(const char *payload, size_t len, faceiot_command_info *command) {
    reader r;
    faceiot_text name, found;
    size_t i, step;
    r.at = payload;
    r.end = payload + len;
    for (i = 0; i < len; i += step) {
        uint8_t four[5] = {0, 0, 0, 0, 0};
        memcpy(four, payload + i, len - i < 4 ? len - i : 4);
        step = character(four);
        if (step == 0) return FACEIOT_E_JSON;
    }
    if (!take(&r, '{')) {
        if (!value(&r, 0, &found)) return FACEIOT_E_JSON; /* no object: it has no members */
    } else if (!take(&r, '}')) {
        do {
            if (!string(&r, &name) || !take(&r, ':') || !value(&r, 1, &found)) return FACEIOT_E_JSON;
            if (same(name, "id")) command->id = found;
            if (same(name, "params")) command->params = found;
        } while (take(&r, ','));
        if (!take(&r, '}')) return FACEIOT_E_JSON;
    }
    blanks(&r);
    return r.at == r.end ? FACEIOT_OK : FACEIOT_E_JSON;
}

/* Property set and services, which are what FaceIot subscribes to. */
int32_t faceiot_command(const char *topic, size_t topic_len, const uint8_t *payload, size_t payload_len,
                        faceiot_command_info *command) {
    static const char set[] = "property/set", reply[] = "_reply", service[] = "thing/service/";
    const char *at = topic, *end = topic + topic_len;
    faceiot_command_info made;
    int level;
    if (topic == NULL || command == NULL || (payload == NULL && payload_len > 0)) return FACEIOT_E_INVALID_ARGUMENT;
    if (topic_len < 5 || memcmp(topic, "/sys/", 5) != 0) return FACEIOT_E_NOT_FOUND;
    for (at += 5, level = 0; level < 2; level++) { /* the product key and the device name */
        const char *slash = (const char *)memchr(at, '/', (size_t)(end - at));
        if (slash == NULL || slash == at) return FACEIOT_E_NOT_FOUND;
        at = slash + 1;
    }
    if ((size_t)(end - at) <= sizeof service - 1 || memcmp(at, service, sizeof service - 1) != 0)
        return FACEIOT_E_NOT_FOUND;
    memset(&made, 0, sizeof made);
    made.name.data = at + sizeof service - 1;
    made.name.len = (size_t)(end - made.name.data);
    made.form = FACEIOT_COMMAND_ALIYUN_SERVICE;
    if (same(made.name, set)) {
        made.form = FACEIOT_COMMAND_ALIYUN_SET;
        made.name.data = "set";
        made.name.len = 3;
    } else if (memchr(made.name.data, '/', made.name.len) != NULL ||
               (made.name.len > sizeof reply - 1 &&
                memcmp(end - (sizeof reply - 1), reply, sizeof reply - 1) == 0)) {
        return FACEIOT_E_NOT_FOUND;
    }
    TRY(alink((const char *)payload, payload_len, &made));
    *command = made;
    return FACEIOT_OK;
}

int32_t faceiot_alink_reply(const char *id, int32_t code, const char *data, char *buffer, size_t buffer_len,
                            size_t *written) {
    reader r;
    faceiot_text found;
    writer w;
    if (id == NULL || buffer == NULL) return FACEIOT_E_INVALID_ARGUMENT;
    if (data == NULL) data = "{}";
    r.at = data;
    r.end = data + strlen(data);
    if (*data != '{' || !value(&r, 0, &found) || r.at != r.end) return FACEIOT_E_JSON;
    /* An id is a decimal number by the documentation; what would need an escape is none. */
    TRY(check_utf8(id));
    if (strpbrk(id, "\"\\") != NULL || check(id, "", SIZE_MAX) != FACEIOT_OK) return FACEIOT_E_INVALID_ARGUMENT;
    memset(&w, 0, sizeof w);
    w.out = buffer;
    w.room = buffer_len;
    put(&w, "{\"id\":\"");
    put(&w, id);
    put(&w, "\",\"code\":");
    put_number(&w, code);
    put(&w, ",\"data\":");
    put(&w, data);
    put(&w, "}");
    return finish(&w, written);
}

#endif

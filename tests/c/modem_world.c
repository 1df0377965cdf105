/*
 * examples/modem_c against a broker, a clock and a socket that are made up here: what a real socket does once a year
 * happens in every run. No heap, no operating system: the same program runs on the host, under the sanitizers, and on
 * emulated boards, where it also says how deep the stack went.
 *
 * Prints a line for each message that reached the broker (`topic TAB payload in hex`) and a line for each scenario
 * (`= name TAB status TAB count`), then `end`.
 */
#include "../../examples/modem_c/modem.c"
#include "../../examples/modem_c/mqtt.c"

#include <stdio.h>

/* ---- the world ---------------------------------------------------------------------------------------------------- */

static struct world {
    uint8_t in[128]; /* octets on their way to the modem, behind them `noise` octets of a message that is too large */
    size_t in_len, in_at, noise;
    uint8_t out[MQTT_TX]; /* the packet that the modem is writing */
    size_t out_len;
    uint32_t clock;
    size_t read_max, write_max; /* octets at a time; 0 is as many as there are */
    const uint8_t *first;       /* what comes after the subscriptions */
    size_t first_len;
    unsigned subscribed, published, pinged, acknowledged;
    unsigned close_after;   /* messages, then the connection is gone; 0: never */
    unsigned silent_after;  /* packets, then the broker answers nothing any more; 0: never */
    unsigned stuck_after;   /* packets, then it takes nothing any more; 0: never */
    unsigned packets;
    uint8_t refusal, deaf_to_pings, wrong_id, quiet;
} world;

static modem device;
static modem_settings settings;

static void answer_with(const uint8_t *octets, size_t len) {
    if (world.silent_after && world.packets >= world.silent_after) return;
    if (world.in_at == world.in_len) world.in_at = world.in_len = 0;
    if (len > sizeof world.in - world.in_len) len = sizeof world.in - world.in_len;
    memcpy(world.in + world.in_len, octets, len);
    world.in_len += len;
}

static void print_published(const uint8_t *body, size_t len, unsigned qos) {
    size_t topic = get16(body), i;
    printf("%.*s\t", (int)topic, (const char *)body + 2);
    for (i = 2 + topic + (qos ? 2u : 0u); i < len; i++) printf("%02x", body[i]);
    printf("\n");
}

/* The broker: a whole packet is there. */
static void serve(const uint8_t *packet, const uint8_t *body, size_t len) {
    static const uint8_t pong[2] = {PINGRESP, 0};
    uint8_t reply[5] = {0, 2, 0, 0, 1};
    world.packets++;
    switch (packet[0] & 0xF0) {
    case CONNECT:
        reply[0] = CONNACK;
        reply[3] = world.refusal;
        answer_with(reply, 4);
        break;
    case SUBSCRIBE & 0xF0:
        reply[0] = SUBACK;
        reply[1] = 3;
        memcpy(reply + 2, body, 2);
        answer_with(reply, 5);
        world.subscribed++;
        if (world.subscribed == (settings.cloud == MODEM_HUAWEI ? 1u : 2u) && world.first)
            answer_with(world.first, world.first_len);
        break;
    case PUBLISH: {
        unsigned qos = packet[0] >> 1 & 3u;
        world.published++;
        if (!world.quiet) print_published(body, len, qos);
        if (qos) {
            reply[0] = PUBACK;
            memcpy(reply + 2, body + 2 + get16(body), 2);
            reply[3] = (uint8_t)(reply[3] + world.wrong_id);
            answer_with(reply, 4);
        }
        break;
    }
    case PUBACK: world.acknowledged++; break;
    case PINGREQ:
        world.pinged++;
        if (!world.deaf_to_pings) answer_with(pong, 2);
        break;
    default: break;
    }
}

static int32_t world_read(void *context, uint8_t *out, size_t want, uint32_t timeout_ms) {
    struct world *w = (struct world *)context;
    size_t there = w->in_len - w->in_at, i;
    if (w->close_after && w->published >= w->close_after) return -1;
    if (there + w->noise == 0) {
        w->clock += timeout_ms;
        return 0;
    }
    if (want > (there ? there : w->noise)) want = there ? there : w->noise;
    if (w->read_max && want > w->read_max) want = w->read_max;
    for (i = 0; i < want; i++) out[i] = there ? w->in[w->in_at + i] : 'x';
    if (there)
        w->in_at += want;
    else
        w->noise -= want;
    return (int32_t)want;
}

static int32_t world_write(void *context, const uint8_t *data, size_t len, uint32_t timeout_ms) {
    struct world *w = (struct world *)context;
    size_t body, rest, need, at;
    if (w->stuck_after && w->packets >= w->stuck_after) {
        w->clock += timeout_ms;
        return 0;
    }
    w->clock += 1;
    if (w->write_max && len > w->write_max) len = w->write_max;
    for (at = 0; at < len; at++) {
        w->out[w->out_len++] = data[at];
        for (body = 1, rest = 0; body < w->out_len && body < 5; body++) {
            rest |= (size_t)(w->out[body] & 127) << 7 * (body - 1);
            if (w->out[body] < 128) break;
        }
        need = body < w->out_len ? body + 1 + rest : sizeof w->out + 1;
        if (w->out_len == need) {
            serve(w->out, w->out + body + 1, rest);
            w->out_len = 0;
        }
        if (w->out_len == sizeof w->out) return -1;
    }
    return (int32_t)len;
}

static uint32_t world_now(void *context) { return ((const struct world *)context)->clock; }

/* ---- the photo ---------------------------------------------------------------------------------------------------- */

#define PHOTO 1300
static size_t photo_at;

static int photo_read(void *context, uint8_t *out, size_t want, size_t *got) {
    size_t i, step = *(const size_t *)context;
    if (want > step) want = step;
    if (want > PHOTO - photo_at) want = PHOTO - photo_at;
    for (i = 0; i < want; i++) out[i] = (uint8_t)((photo_at + i) * 31 + ((photo_at + i) >> 8) * 17 + 7);
    photo_at += want;
    *got = want;
    return 0;
}

/* ---- scenarios ---------------------------------------------------------------------------------------------------- */

#define SERVICE "/sys/pk/dn/thing/service/take_photo"
static const uint8_t aliyun_command[] = "\x32\x38\0\x23" SERVICE "\0\7";
static const uint8_t huawei_command[] = "\x32\x3B\0\x27$oc/devices/d/sys/commands/request_id=r\0\7";
/* The fixed header's length is put right when the payload is complete. */
static uint8_t command[96];

static size_t command_for(uint32_t cloud) {
    const char *payload = cloud == MODEM_HUAWEI ? "{\"command_name\":\"take_photo\"}" : "{\"id\":\"11\",\"params\":{}}";
    const uint8_t *head = cloud == MODEM_HUAWEI ? huawei_command : aliyun_command;
    size_t topic = get16(head + 2), len = 2 + topic + 2 + strlen(payload);
    memcpy(command, head, 4 + topic + 2);
    command[1] = (uint8_t)len;
    memcpy(command + 4 + topic + 2, payload, strlen(payload));
    return 2 + len;
}

static void fresh(uint32_t cloud, uint8_t qos) {
    memset(&world, 0, sizeof world);
    memset(&device, 0, sizeof device);
    memset(&settings, 0, sizeof settings);
    world.clock = 0xFFFFF000u; /* it wraps around soon */
    settings.cloud = cloud;
    settings.aliyun.product_key = "pk";
    settings.aliyun.device_name = "dn";
    settings.aliyun.device_secret = settings.device_secret = "canary-secret";
    settings.device_id = "d";
    settings.host = "h";
    settings.hour = "2026112100";
    settings.keep_alive_s = 60;
    settings.epoch = 7;
    settings.qos = qos;
}

static int connected(void) {
    faceiot_login login;
    mqtt_io io;
    int status = modem_sign(&device, &settings, &login);
    io.read = world_read;
    io.write = world_write;
    io.now = world_now;
    io.context = &world;
    return status == FACEIOT_OK ? modem_login(&device, &io, &login) : status;
}

static int photographed(void) {
    faceiot_source photo;
    size_t step = 97;
    int status = connected(), steps;
    for (steps = 0; steps < 200 && status == MQTT_OK && device.wanted == 0 && world.first; steps++)
        status = modem_step(&device, 100);
    if (status != MQTT_OK) return status;
    if (world.first && device.wanted == 0) return MQTT_E_TIMEOUT;
    memset(&photo, 0, sizeof photo);
    photo.read = photo_read;
    photo.context = &step;
    photo.length = PHOTO;
    photo_at = 0;
    status = modem_send_photo(&device, &photo, 1700000000123u);
    return status == MQTT_OK ? modem_logout(&device) : status;
}

static void said(const char *name, int status, unsigned count) { printf("= %s\t%d\t%u\n", name, status, count); }

static void whole_photos(void) {
    uint32_t cloud;
    for (cloud = MODEM_ALIYUN; cloud <= MODEM_HUAWEI; cloud++) {
        uint8_t qos;
        for (qos = 0; qos < 2; qos++) {
            fresh(cloud, qos);
            world.first_len = command_for(cloud);
            world.first = command;
            world.read_max = 1;
            world.write_max = 3;
            said(cloud == MODEM_HUAWEI ? "huawei" : "aliyun", photographed(), qos);
        }
    }
}

static void faults(void) {
    static const uint8_t long_length[] = {0x30, 0x80, 0x80, 0x80, 0x80, 1};
    static const uint8_t qos_3[] = {0x36, 5, 0, 1, 't', 0, 1};
    static const uint8_t topic_too_long[] = {0x30, 3, 0, 9, 't'};
    static const uint8_t unasked[] = {PUBACK, 2, 0, 9};
    static const uint8_t large[] = {0x32, 0x85, 0x17, 0, 1, 't', 0, 9}; /* 2949 octets of body, 2944 of payload */
    int status;

    fresh(MODEM_ALIYUN, 1);
    world.refusal = 4;
    status = connected();
    said("refused", status, device.mqtt.refusal);

    fresh(MODEM_ALIYUN, 1);
    world.silent_after = 1;
    world.clock = 0;
    status = connected();
    said("silent", status, (unsigned)world.clock / 1000);

    fresh(MODEM_ALIYUN, 1);
    world.stuck_after = 3;
    world.quiet = 1;
    status = photographed();
    said("stuck", status, world.published);

    fresh(MODEM_HUAWEI, 1);
    world.close_after = 2;
    world.quiet = 1;
    status = photographed();
    said("closed", status, world.published);

    fresh(MODEM_HUAWEI, 1);
    world.wrong_id = 1;
    world.quiet = 1;
    status = photographed();
    said("wrong id", status, world.published);

#define MALFORMED(name, octets)             \
    fresh(MODEM_ALIYUN, 1);                 \
    world.first = octets;                   \
    world.first_len = sizeof octets;        \
    status = connected();                   \
    if (status == MQTT_OK) status = modem_step(&device, 1000); \
    said(name, status, 0)
    MALFORMED("long length", long_length);
    MALFORMED("qos 3", qos_3);
    MALFORMED("topic too long", topic_too_long);
    MALFORMED("unasked", unasked);

    fresh(MODEM_ALIYUN, 1);
    world.quiet = 1;
    status = connected();
    answer_with(large, sizeof large);
    world.noise = 2944;
    if (status == MQTT_OK) status = modem_step(&device, 1000);
    said("too large", status, (unsigned)device.mqtt.dropped * 10 + world.acknowledged);
    world.first_len = command_for(MODEM_ALIYUN);
    answer_with(command, world.first_len);
    if (status == MQTT_OK) status = modem_step(&device, 1000);
    said("after too large", status, world.published * 10 + device.wanted);

    fresh(MODEM_HUAWEI, 1);
    status = connected();
    while (status == MQTT_OK && world.pinged < 5) status = modem_step(&device, 100000);
    said("kept alive", status, (unsigned)(world.clock - 0xFFFFF000u) / 1000);

    fresh(MODEM_HUAWEI, 1);
    world.deaf_to_pings = 1;
    status = connected();
    while (status == MQTT_OK && world.pinged < 5) status = modem_step(&device, 100000);
    said("no pong", status, world.pinged);

    fresh(MODEM_ALIYUN, 0);
    world.quiet = 1;
    world.close_after = 0;
    status = connected();
    {
        faceiot_source photo;
        memset(&photo, 0, sizeof photo);
        photo.length = 1; /* and no data */
        if (status == MQTT_OK) status = modem_send_photo(&device, &photo, 0);
    }
    said("no photo", status, world.published);
}

/* Octets that are no MQTT, or nearly: each run ends with a status, and nothing is read or written out of place. */
static void noise(void) {
    static const uint8_t types[] = {0x30, 0x31, 0x32, 0x36, 0x40, 0x90, 0x20, 0xD0, 0x00, 0xF0};
    uint32_t seed = 2463534242u;
    unsigned run, wrong = 0;
    for (run = 0; run < 500; run++) {
        uint8_t octets[100];
        size_t len = 0, i;
        int status;
        fresh(run & 1, 1);
        world.quiet = 1;
        status = connected();
        while (len < sizeof octets) {
            seed ^= seed << 13;
            seed ^= seed >> 17;
            seed ^= seed << 5;
            octets[len++] = (uint8_t)(seed >> 8);
        }
        if (run & 2) { /* a packet by its head */
            octets[0] = types[octets[0] % sizeof types];
            octets[1] = (uint8_t)(octets[1] % 98);
            octets[2] = 0;
            octets[3] %= 64;
        }
        if (run & 4) { /* a command with an octet changed */
            len = command_for(run & 1);
            memcpy(octets, command, len);
            octets[seed % len] = (uint8_t)(seed >> 24);
        }
        answer_with(octets, len);
        for (i = 0; i < 300 && status == MQTT_OK; i++) status = modem_step(&device, 100);
        wrong += status != MQTT_OK;
    }
    said("noise", 0, wrong);
}

/* How often the secret or a password of its digits is found in the modem's memory once it is logged in. */
static void secrets(void) {
    uint32_t cloud;
    for (cloud = MODEM_ALIYUN; cloud <= MODEM_HUAWEI; cloud++) {
        const uint8_t *memory = (const uint8_t *)&device;
        faceiot_login login;
        char password[65];
        unsigned found = 0;
        size_t i;
        int status;
        fresh(cloud, 1);
        status = modem_sign(&device, &settings, &login);
        if (status == FACEIOT_OK) memcpy(password, login.password, sizeof password);
        if (status == FACEIOT_OK) status = connected();
        for (i = 0; i + 8 <= sizeof device; i++)
            if (memcmp(memory + i, password, 8) == 0 || memcmp(memory + i, "canary-s", 8) == 0) found++;
        said("secrets", status, found);
    }
}

/* ---- the stack ---------------------------------------------------------------------------------------------------- */

#ifndef NO_PAINT
#define DEEP 6144
static volatile uint8_t *bottom(void) { return (volatile uint8_t *)__builtin_frame_address(0) - DEEP - 256; }

__attribute__((noinline)) static void paint(void) {
    volatile uint8_t *at = bottom();
    size_t i;
    for (i = 0; i < DEEP; i++) at[i] = 0xA5;
}

__attribute__((noinline)) static unsigned painted_over(void) {
    volatile uint8_t *at = bottom();
    size_t i = 0;
    while (i < DEEP && at[i] == 0xA5) i++;
    return (unsigned)(DEEP + 256 - i);
}

/* What the deepest call took, this world's own functions among it. */
static void depths(void) {
    uint32_t cloud;
    for (cloud = MODEM_ALIYUN; cloud <= MODEM_HUAWEI; cloud++) {
        unsigned octets;
        int status;
        fresh(cloud, 1);
        world.first_len = command_for(cloud);
        world.first = command;
        world.quiet = 1;
        paint();
        status = photographed();
        octets = painted_over();
        said("stack", status, octets);
    }
    said("memory", MODEM_RAM, (unsigned)sizeof(modem));
}
#endif

int main(void) {
    whole_photos();
    faults();
    noise();
    secrets();
#ifndef NO_PAINT
    depths();
#endif
    printf("end\n");
    return 0;
}

#include "modem.h"

#include <string.h>

typedef char modem_fits_into_its_memory[sizeof(modem) <= MODEM_RAM ? 1 : -1];
typedef char a_login_fits_into_the_receive_buffer[MQTT_RX >= FACEIOT_LOGIN_BUFFER ? 1 : -1];

/* The shortest time between messages of a photo. Aliyun takes 30 a second with QoS 0 and 10 with QoS 1, Huawei 50. */
static uint32_t gap_ms(const modem_settings *s) {
    if (s->cloud == MODEM_HUAWEI) return 20;
    return s->qos ? 100 : 34;
}

/* An id or a name of a command as a C string; 0 when it is too long. */
#define NAME 72
static int c_string(faceiot_text text, char out[NAME]) {
    if (text.len >= NAME) return 0;
    if (text.len) memcpy(out, text.data, text.len);
    out[text.len] = 0;
    return 1;
}

static int is(faceiot_text text, const char *word) {
    return text.len == strlen(word) && memcmp(text.data, word, text.len) == 0;
}

/* Builds the answer's topic and payload where they are sent from. */
static int reply(modem *m, const faceiot_command_info *command, int known) {
    const modem_settings *s = m->settings;
    char id[NAME], name[NAME];
    size_t room, len, written;
    char *topic = mqtt_topic(&m->mqtt, &room);
    uint8_t *payload;
    int32_t status;
    if (!c_string(command->id, id) || !c_string(command->name, name)) return FACEIOT_E_BUFFER_TOO_SMALL;
    switch (command->form) {
    case FACEIOT_COMMAND_ALIYUN_SET:
    case FACEIOT_COMMAND_ALIYUN_SERVICE:
    case FACEIOT_COMMAND_ALIYUN_RRPC: {
        static const uint32_t topics[3] = {FACEIOT_ALIYUN_PROPERTY_SET_REPLY, FACEIOT_ALIYUN_SERVICE_REPLY,
                                           FACEIOT_ALIYUN_RRPC_RESPONSE};
        status = faceiot_aliyun_topic(topics[command->form], s->aliyun.product_key, s->aliyun.device_name,
                                      command->form == FACEIOT_COMMAND_ALIYUN_RRPC ? id : name, topic, room, &len);
        break;
    }
    case FACEIOT_COMMAND_HUAWEI:
        status = faceiot_huawei_topic(FACEIOT_HUAWEI_COMMAND_RESPONSE, s->device_id, id, topic, room, &len);
        break;
    case FACEIOT_COMMAND_HUAWEI_SET:
        status = faceiot_huawei_topic(FACEIOT_HUAWEI_PROPERTIES_SET_RESPONSE, s->device_id, id, topic, room, &len);
        break;
    default: return FACEIOT_OK; /* nothing to answer */
    }
    if (status != FACEIOT_OK) return status;
    /* This must not wait for PUBACKs: when too many are missing, the answer goes out with QoS 0. */
    payload = mqtt_payload(&m->mqtt, len, mqtt_room(&m->mqtt) ? s->qos : 0, &room);
    if (s->cloud == MODEM_HUAWEI)
        status = faceiot_huawei_response(known ? 0 : 1, NULL, (char *)payload, room, &written);
    else
        status = faceiot_alink_reply(id, known ? 200 : 460, NULL, (char *)payload, room, &written);
    return status == FACEIOT_OK ? mqtt_publish(&m->mqtt, written) : status;
}

/* Every message comes here. Commands are answered at once (Huawei waits for 20 s); the photo follows later. */
static void on_message(void *owner, const char *topic, size_t topic_len, const uint8_t *payload, size_t payload_len) {
    modem *m = (modem *)owner;
    faceiot_command_info command;
    uint32_t request;
    int known, status;
    if (faceiot_command(topic, topic_len, payload, payload_len, &command) != FACEIOT_OK) return;
    known = is(command.name, "take_photo") || is(command.name, "set");
    request = faceiot_crc32(0, (const uint8_t *)command.id.data, command.id.len);
    if (is(command.name, "take_photo") && (command.id.len == 0 || request != m->last_request) && m->wanted < 255)
        m->wanted++;
    m->last_request = request;
    status = reply(m, &command, known);
    if (status != FACEIOT_OK) m->failed = status;
}

int modem_sign(modem *m, const modem_settings *s, faceiot_login *login) {
    char *buffer = (char *)m->mqtt.rx; /* free until the connection is open */
    m->settings = s;
    if (s->cloud == MODEM_HUAWEI)
        return faceiot_huawei_login(s->device_id, s->device_secret, s->host, s->hour ? s->hour : "2000010100",
                                    s->hour ? 1 : 0, 1883, buffer, MQTT_RX, login);
    return faceiot_aliyun_login_sha256(&s->aliyun, NULL, buffer, MQTT_RX, login);
}

/* Joins parts into a topic filter; 0 when it does not fit. */
static int join(char *out, size_t room, const char *const *parts, size_t count) {
    size_t at = 0, i;
    for (i = 0; i < count; i++) {
        size_t len = strlen(parts[i]);
        if (len >= room - at) return 0;
        memcpy(out + at, parts[i], len);
        at += len;
    }
    out[at] = 0;
    return 1;
}

static int subscribe(modem *m) {
    const modem_settings *s = m->settings;
    char filter[256];
    int status;
    if (s->cloud == MODEM_HUAWEI) {
        /* The platform subscribes its devices by itself, with QoS 0; this is for QoS 1 (iot_06_v5_3004). */
        const char *commands[3];
        commands[0] = "$oc/devices/";
        commands[1] = s->device_id;
        commands[2] = "/sys/commands/#";
        if (!join(filter, sizeof filter, commands, 3)) return MQTT_E_TOO_LARGE;
        return mqtt_subscribe(&m->mqtt, filter, s->qos);
    }
    status = faceiot_aliyun_topic(FACEIOT_ALIYUN_PROPERTY_SET, s->aliyun.product_key, s->aliyun.device_name, NULL,
                                  filter, sizeof filter, NULL);
    if (status != FACEIOT_OK) return status;
    status = mqtt_subscribe(&m->mqtt, filter, s->qos);
    if (status != MQTT_OK) return status;
    status = faceiot_aliyun_topic(FACEIOT_ALIYUN_SERVICE, s->aliyun.product_key, s->aliyun.device_name, "take_photo",
                                  filter, sizeof filter, NULL);
    return status == FACEIOT_OK ? mqtt_subscribe(&m->mqtt, filter, s->qos) : status;
}

int modem_login(modem *m, const mqtt_io *io, const faceiot_login *login) {
    int status;
    m->mqtt.io = *io;
    m->mqtt.message = on_message;
    m->mqtt.owner = m;
    m->failed = FACEIOT_OK;
    status = mqtt_connect(&m->mqtt, login->client_id, login->username, login->password, m->settings->keep_alive_s);
    faceiot_wipe(m->mqtt.rx, sizeof m->mqtt.rx);
    if (status == MQTT_OK) status = mqtt_connected(&m->mqtt);
    return status == MQTT_OK ? subscribe(m) : status;
}

int modem_step(modem *m, uint32_t timeout_ms) {
    int status = mqtt_step(&m->mqtt, timeout_ms);
    if (status == MQTT_OK) status = m->failed;
    m->failed = FACEIOT_OK;
    return status;
}

/* Waits for the moment of the next message; commands are answered meanwhile. */
static int pace(modem *m) {
    uint32_t gap = gap_ms(m->settings);
    for (;;) {
        uint32_t passed = m->mqtt.io.now(m->mqtt.io.context) - m->photo_at;
        int status = mqtt_step(&m->mqtt, passed < gap ? gap - passed : 0);
        if (status == MQTT_OK && m->failed < 0) status = m->failed; /* the connection's: an answer was cut off */
        if (status != MQTT_OK || passed >= gap) return status;
    }
}

static int32_t next_message(modem *m, uint8_t *out, size_t room, size_t *written) {
    return m->settings->cloud == MODEM_HUAWEI ? faceiot_v2_next(&m->encoder.v2, out, room, written)
                                              : faceiot_hex_next(&m->encoder.hex, out, room, written);
}

static int send_photo(modem *m, const faceiot_source *photo, int again) {
    const modem_settings *s = m->settings;
    int huawei = s->cloud == MODEM_HUAWEI;
    memset(&m->encoder, 0, sizeof m->encoder);
    if (huawei) {
        m->encoder.v2.source = *photo;
        m->encoder.v2.time_ms = m->time_ms;
        m->encoder.v2.frame_id = m->frame_id;
        m->encoder.v2.chunk_size = MODEM_CHUNK;
        m->encoder.v2.epoch = s->epoch;
        m->encoder.v2.content_type = FACEIOT_JPEG;
        m->encoder.v2.retransmit = (uint8_t)again;
    } else {
        m->encoder.hex.source = *photo;
    }
    for (;;) {
        size_t room, len, written;
        uint8_t *payload;
        int status = pace(m);
        char *topic = mqtt_topic(&m->mqtt, &room); /* written anew: an answer may have used the buffer */
        if (status != MQTT_OK) return status;
        status = huawei ? faceiot_huawei_topic(FACEIOT_HUAWEI_PHOTO, s->device_id, NULL, topic, room, &len)
                        : faceiot_aliyun_topic(FACEIOT_ALIYUN_PROPERTY_POST, s->aliyun.product_key,
                                               s->aliyun.device_name, NULL, topic, room, &len);
        if (status != FACEIOT_OK) return status;
        payload = mqtt_payload(&m->mqtt, len, s->qos, &room);
        status = next_message(m, payload, room, &written);
        if (status != FACEIOT_OK) return status;
        if (written == 0) return mqtt_settle(&m->mqtt);
        m->photo_at = m->mqtt.io.now(m->mqtt.io.context);
        status = mqtt_publish(&m->mqtt, written);
        if (status == MQTT_OK) status = mqtt_acknowledged(&m->mqtt);
        if (status != MQTT_OK) return status;
    }
}

int modem_send_photo(modem *m, const faceiot_source *photo, uint64_t time_ms) {
    m->frame_id++;
    m->time_ms = time_ms;
    return send_photo(m, photo, 0);
}

int modem_send_again(modem *m, const faceiot_source *photo) { return send_photo(m, photo, 1); }

int modem_logout(modem *m) { return mqtt_disconnect(&m->mqtt); }

const char *modem_strerror(int status) { return status < 0 ? mqtt_strerror(status) : faceiot_strerror(status); }

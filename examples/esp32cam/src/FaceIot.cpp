#include "FaceIot.h"

#include <string.h>
#include <time.h>

#if __has_include(<esp_random.h>)
#include <esp_random.h> // where it is since ESP-IDF 5
#endif

static const unsigned long FIRST_WAIT_MS = 1000, LONGEST_WAIT_MS = 60000;

// A photo in a file: a read callback of the encoders.
static int read_file(void *context, uint8_t *out, size_t want, size_t *got) {
    *got = static_cast<fs::File *>(context)->read(out, want);
    return *got > want; // what a failed read() of some cores returns
}

static bool c_string(faceiot_text text, char *out, size_t room) {
    if (text.len >= room) return false;
    if (text.len) memcpy(out, text.data, text.len);
    out[text.len] = 0;
    return true;
}

FaceIot::FaceIot(PubSubClient &mqtt) : mqtt(mqtt) { host[0] = topic[0] = 0; }

bool FaceIot::failed(const char *reason) {
    why = reason;
    return false;
}

bool FaceIot::begin(const char *productKey, const char *deviceName, const char *deviceSecret, const char *where) {
    device.product_key = productKey;
    device.device_name = deviceName;
    device.device_secret = deviceSecret;
    region = where;
    epoch = (uint16_t)esp_random();
    frameId = 0;
    waitMs = 0;
    mqtt.setKeepAlive(KEEP_ALIVE_S);
    mqtt.setCallback([this](char *topic, uint8_t *payload, unsigned int len) { received(topic, payload, len); });
    if (!mqtt.setBufferSize(PACKET)) return failed("no memory for PubSubClient's buffer");
    return true;
}

bool FaceIot::connect() {
    faceiot_aliyun_options options;
    faceiot_login login;
    triedAt = millis();
    memset(&options, 0, sizeof options);
    options.region = region;
    options.secure_mode = tlsUsed ? 2 : 3;
    char *strings = reinterpret_cast<char *>(message);
    int32_t status = faceiot_aliyun_login_sha256(&device, &options, strings, sizeof message, &login);
    if (status != FACEIOT_OK) return failed(faceiot_strerror(status));
    const char *name = otherHost ? otherHost : login.host;
    bool connected = false;
    if (strlen(name) < sizeof host) {
        strcpy(host, name); // PubSubClient keeps the pointer
        mqtt.setServer(host, otherHost ? otherPort : (uint16_t)login.port);
        connected = mqtt.connect(login.client_id, login.username, login.password);
    }
    faceiot_wipe(message, sizeof message);
    waitMs = connected ? 0 : waitMs == 0 ? FIRST_WAIT_MS : waitMs * 2;
    if (waitMs > LONGEST_WAIT_MS) waitMs = LONGEST_WAIT_MS;
    if (connected) return subscribe();
    int state = mqtt.state();
    if (state < MQTT_CONNECT_BAD_PROTOCOL) return failed("no connection: check WiFi, the host and the port");
    if (state == MQTT_CONNECT_UNAVAILABLE) return failed("the cloud is not available now");
    waitMs = LONGEST_WAIT_MS; // the same again would be refused again
    return failed("login refused: check product key, device name and device secret");
}

// A device that does not hear commands is not connected.
bool FaceIot::notSubscribed(const char *reason) {
    mqtt.disconnect();
    return failed(reason);
}

bool FaceIot::subscribe() {
    why = "";
    if (faceiot_aliyun_topic(FACEIOT_ALIYUN_PROPERTY_SET, device.product_key, device.device_name, NULL, topic,
                             sizeof topic, NULL) != FACEIOT_OK ||
        !mqtt.subscribe(topic, 1))
        return notSubscribed("the subscription to property/set was not sent");
    // All services: their topic with a wildcard in the place of a name.
    size_t len;
    if (faceiot_aliyun_topic(FACEIOT_ALIYUN_SERVICE, device.product_key, device.device_name, "x", topic, sizeof topic,
                             &len) != FACEIOT_OK)
        return notSubscribed("the topic of the services does not fit");
    topic[len - 1] = '+';
    return mqtt.subscribe(topic, 1) || notSubscribed("the subscription to the services was not sent");
}

bool FaceIot::loop() {
    if (mqtt.connected()) return mqtt.loop();
    if (waitMs != 0 && millis() - triedAt < waitMs) return false;
    return connect();
}

bool FaceIot::sendPhoto(const uint8_t *data, size_t len) {
    faceiot_source source;
    memset(&source, 0, sizeof source);
    source.data = data;
    source.length = len;
    return send(source, nullptr);
}

bool FaceIot::sendPhoto(fs::File &file) {
    faceiot_source source;
    memset(&source, 0, sizeof source);
    if (!file) return failed("the photo's file is not open");
    source.read = read_file;
    source.context = &file;
    source.length = file.size() - file.position();
    return send(source, &file);
}

bool FaceIot::send(const faceiot_source &source, fs::File *file) {
    if (sending) return failed("a photo is on its way: send the next one from loop(), not from a command's handler");
    if (source.length == 0) return failed("the photo is empty");
    size_t start = file ? file->position() : 0;
    time_t seconds = time(NULL);
    uint64_t timeMs = seconds > 1600000000 ? (uint64_t)seconds * 1000 : 0; // 0: no clock
    frameId++;
    bool good = false, refused = false;
    for (int tries = 0; !good && !refused && tries < TRIES; tries++) {
        // PubSubClient drops what is published before it is connected. After a break the photo begins again, under the
        // same number: the other side completes what it has.
        if (!mqtt.connected() && !connect()) break;
        if (file && tries && !file->seek(start)) return failed("the photo's file cannot be read again");
        sending = true;
        good = sendOnce(source, timeMs, tries > 0);
        sending = false;
        refused = !good && mqtt.connected(); // not the connection's fault: the same again would fail again
    }
    if (good) why = ""; // whatever a command's handler did meanwhile
    return good;
}

bool FaceIot::sendOnce(const faceiot_source &source, uint64_t timeMs, bool again) {
    faceiot_hex_encoder hex;
    faceiot_v2_encoder v2;
    memset(&hex, 0, sizeof hex);
    memset(&v2, 0, sizeof v2);
    hex.source = v2.source = source;
    v2.frame_id = frameId;
    v2.chunk_size = CHUNK;
    v2.epoch = epoch;
    v2.content_type = FACEIOT_JPEG;
    v2.time_ms = timeMs;
    v2.retransmit = again;
    bool inHex = messages == FACEIOT_FORMAT_HEX;
    for (;;) {
        // The connection is kept alive and commands are answered between the messages.
        while (mqtt.connected() && millis() - sentAt < betweenMs) {
            mqtt.loop();
            delay(1);
        }
        size_t len = 0;
        int32_t status = inHex ? faceiot_hex_next(&hex, message, sizeof message, &len)
                               : faceiot_v2_next(&v2, message, sizeof message, &len);
        if (status == FACEIOT_OK && len == 0) return true;
        if (status == FACEIOT_OK)
            status = faceiot_aliyun_topic(inHex ? FACEIOT_ALIYUN_PROPERTY_POST : FACEIOT_ALIYUN_PHOTO,
                                          device.product_key, device.device_name, NULL, topic, sizeof topic, NULL);
        if (status != FACEIOT_OK) return failed(faceiot_strerror(status));
        if (!publish(topic, message, len)) return false;
    }
}

// With beginPublish() a message needs no room in PubSubClient's buffer but for its topic. Its length is 16 bits there:
// 2 + topic + payload is far below 65,536 here.
bool FaceIot::publish(const char *where, const uint8_t *payload, size_t len) {
    if (!mqtt.connected()) return failed("the connection is gone");
    bool whole = mqtt.beginPublish(where, len, false) && mqtt.write(payload, len) == len;
    mqtt.endPublish(); // says 1 whatever happened
    sentAt = millis();
    if (whole) return true;
    mqtt.disconnect(); // the broker waits for the rest of a message that will not come
    return failed("the connection took a part of a message only");
}

void FaceIot::received(const char *where, const uint8_t *payload, size_t len) {
    faceiot_command_info command;
    char name[64], id[64];
    if (faceiot_command(where, strlen(where), payload, len, &command) != FACEIOT_OK) return;
    if (!c_string(command.name, name, sizeof name) || !c_string(command.id, id, sizeof id)) return;
    // PubSubClient's buffer, where the parameters are, is overwritten by the answer; `message` is free just now.
    char *params = reinterpret_cast<char *>(message);
    bool fits = c_string(command.params, params, sizeof message);
    uint32_t request = faceiot_crc32(0, reinterpret_cast<const uint8_t *>(id), strlen(id));
    bool again = *id && request == lastRequest; // sent twice by the cloud: answered twice, done once
    bool outer = sending;
    sending = true;
    if (!again) lastKnown = fits && handler && handler(name, params);
    sending = outer;
    lastRequest = request;
    reply(command, name, id, lastKnown);
}

bool FaceIot::reply(const faceiot_command_info &command, const char *name, const char *id, bool known) {
    size_t len;
    uint32_t kind =
        command.form == FACEIOT_COMMAND_ALIYUN_SET ? FACEIOT_ALIYUN_PROPERTY_SET_REPLY : FACEIOT_ALIYUN_SERVICE_REPLY;
    if (command.form > FACEIOT_COMMAND_ALIYUN_SERVICE) return true; // nothing to answer
    char text[128];
    if (faceiot_aliyun_topic(kind, device.product_key, device.device_name, name, topic, sizeof topic, NULL) ||
        faceiot_alink_reply(id, known ? 200 : 460, NULL, text, sizeof text, &len))
        return false; // an answer that does not fit is no reason to stop a photo
    return publish(topic, reinterpret_cast<const uint8_t *>(text), len);
}

#include "aliyunmqtt.h"

#include <string.h>

#include "capi/faceiot.h"

static const int TRIES = 5;
static const unsigned long BETWEEN_MS = 3000;

// PubSubClient keeps the pointer to the host: the login stays here for as long as the program runs.
static char memory[FACEIOT_LOGIN_BUFFER];
static faceiot_login login;

// What a tutorial's sketch signs: the device name as the client id, milliseconds since start as the timestamp.
static bool sign(const char *timestamp, const char *productKey, const char *deviceName, const char *deviceSecret,
                 const char *region) {
    faceiot_aliyun_device device;
    faceiot_aliyun_options options;
    memset(&options, 0, sizeof options);
    memset(&login, 0, sizeof login);
    device.product_key = productKey;
    device.device_name = deviceName;
    device.device_secret = deviceSecret;
    options.client_id = deviceName;
    options.timestamp = timestamp;
    options.region = region;
    return faceiot_aliyun_login_sha256(&device, &options, memory, sizeof memory, &login) == FACEIOT_OK;
}

static void forget_password() {
    if (login.password) faceiot_wipe(const_cast<char *>(login.password), strlen(login.password));
    login.password = NULL;
}

void mqtt_prepare(const char *timestamp, const char *productKey, const char *deviceName, const char *deviceSecret,
                  const char *region) {
    (void)deviceSecret;
    sign(timestamp, productKey, deviceName, "-", region);
    forget_password();
}

bool connect_aliyun_mqtt_With_password(PubSubClient &mqttClient, const char *password) {
    if (!login.host) return false; // not prepared, or with names that no device has
    mqttClient.setServer(login.host, (uint16_t)login.port);
    for (int tries = TRIES; !mqttClient.connected() && tries > 0; tries--) {
        if (mqttClient.connect(login.client_id, login.username, password)) return true;
        int state = mqttClient.state();
        if (state == MQTT_CONNECT_BAD_PROTOCOL || state == MQTT_CONNECT_BAD_CLIENT_ID ||
            state == MQTT_CONNECT_BAD_CREDENTIALS || state == MQTT_CONNECT_UNAUTHORIZED)
            break; // the same again would be refused again
        delay(BETWEEN_MS);
    }
    return false;
}

bool connect_aliyun_mqtt(PubSubClient &mqttClient, const char *productKey, const char *deviceName,
                         const char *deviceSecret, const char *region) {
    char timestamp[21];
    unsigned long now = millis();
    size_t at = sizeof timestamp;
    timestamp[--at] = 0;
    do {
        timestamp[--at] = (char)('0' + now % 10);
        now /= 10;
    } while (now);
    if (!sign(timestamp + at, productKey, deviceName, deviceSecret, region)) return false;
    bool connected = connect_aliyun_mqtt_With_password(mqttClient, login.password);
    forget_password();
    return connected;
}

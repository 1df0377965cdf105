/*
 * Photos from an ESP32 with a camera to Alibaba Cloud IoT, over PubSubClient 2.8.
 *
 *     WiFiClient wifi;
 *     PubSubClient mqtt(wifi);
 *     FaceIot faceiot(mqtt);
 *
 *     setup():  faceiot.begin(PRODUCT_KEY, DEVICE_NAME, DEVICE_SECRET);
 *               faceiot.onCommand([](const char *name, const char *params) { return strcmp(name, "take_photo") == 0; });
 *     loop():   faceiot.loop();
 *               if (wanted) { FaceIotFrame frame; if (frame) faceiot.sendPhoto(frame.data(), frame.size()); }
 *
 * PubSubClient publishes with QoS 0 only. With format v2 the other side knows when a chunk is missing, and which.
 */
#ifndef FACEIOT_ARDUINO_H
#define FACEIOT_ARDUINO_H

#include <Arduino.h>
#include <FS.h>
#include <PubSubClient.h>
#include <functional>

#include "FaceIotCounter.h"
#include "capi/faceiot.h"

enum FaceIotFormat {
    FACEIOT_FORMAT_V2, // chunks that describe themselves, on the topic /{product_key}/{device_name}/user/photo
    FACEIOT_FORMAT_HEX // the tutorial's messages: the property `img` in hexadecimal, then END
};

// A command's name (a service's identifier, or `set`) and its parameters in JSON. True: done, false: not known.
// It is answered at once. Do not send a photo from here: remember that one is wanted, and send it from loop().
typedef std::function<bool(const char *name, const char *params)> FaceIotCommandHandler;

class FaceIot {
public:
    explicit FaceIot(PubSubClient &mqtt);

    // Once, in setup(). The strings must live on. False when there is no memory for PubSubClient's buffer.
    bool begin(const char *productKey, const char *deviceName, const char *deviceSecret,
               const char *region = "cn-shanghai");
    // Before begin(): another host than the cloud's, such as the computer that runs `faceiot up`.
    void server(const char *host, uint16_t port) { otherHost = host, otherPort = port; }
    // Before begin(): PubSubClient sits on a WiFiClientSecure. New accounts of Alibaba Cloud need TLS.
    void secure(bool tls) { tlsUsed = tls; }
    void format(FaceIotFormat wanted) { messages = wanted; }
    // Milliseconds between the messages of a photo; the cloud takes 30 messages a second.
    void interval(unsigned long ms) { betweenMs = ms; }
    void onCommand(FaceIotCommandHandler called) { handler = called; }

    // Often, in loop(): connects when that is needed and due, keeps the connection alive, receives. True: connected.
    bool loop();

    // True when all of it was handed to the connection. A photo whose connection breaks is sent again, three times in
    // all. After false, error() tells why.
    bool sendPhoto(const uint8_t *data, size_t len);
    // A file of a card or of flash, from where it stands; read a few hundred octets at a time.
    bool sendPhoto(fs::File &file);

    // Why the last call did not do what it should; "" when it did.
    const char *error() const { return why; }

private:
    static const size_t CHUNK = 512;
    static const int TRIES = 3; // for a photo whose connection breaks
    static const size_t MESSAGE = FACEIOT_LOGIN_BUFFER; // any message, a login, a received payload
    static_assert(MESSAGE >= FACEIOT_HEX_MESSAGE_MAX && MESSAGE >= FACEIOT_V2_HEADER + CHUNK, "a message fits");
    static const uint16_t PACKET = 1152;    // a received packet; PubSubClient drops larger ones without a word
    static const uint16_t KEEP_ALIVE_S = 60; // the cloud refuses less than 30, PubSubClient's own is 15

    bool connect();
    bool subscribe();
    bool send(const faceiot_source &source, fs::File *file);
    bool sendOnce(const faceiot_source &source, uint64_t timeMs, bool again);
    bool publish(const char *topic, const uint8_t *payload, size_t len);
    void received(const char *topic, const uint8_t *payload, size_t len);
    bool reply(const faceiot_command_info &command, const char *name, const char *id, bool known);
    bool failed(const char *reason);
    bool notSubscribed(const char *reason);

    PubSubClient &mqtt;
    faceiot_aliyun_device device = {nullptr, nullptr, nullptr};
    const char *region = nullptr;
    const char *otherHost = nullptr;
    uint16_t otherPort = 0;
    FaceIotFormat messages = FACEIOT_FORMAT_V2;
    FaceIotCommandHandler handler;
    unsigned long betweenMs = 40, sentAt = 0, triedAt = 0, waitMs = 0;
    uint32_t frameId = 0;
    uint32_t lastRequest = 0;
    uint16_t epoch = 0;
    bool tlsUsed = false, sending = false, lastKnown = false;
    const char *why = "";
    char host[96];
    char topic[192];
    uint8_t message[MESSAGE];
};

#endif

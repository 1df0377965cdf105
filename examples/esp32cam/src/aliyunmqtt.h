/*
 * Connects a PubSubClient to Alibaba Cloud IoT with a product key, a device name and a device secret.
 *
 * The ESP32-CAM tutorial's header with its three functions, same names, same arguments, same behaviour; the signature
 * comes from faceiot.h, so that no other SHA-256 library is needed. Sketches need no change.
 */
#ifndef ALIYUNMQTT_H
#define ALIYUNMQTT_H

#include <Arduino.h>
#include <PubSubClient.h>

/*
 * Connects. After a failure of the network it tries 5 times, 3 seconds apart; after a refusal (states 1, 2, 4, 5) it
 * gives up at once. False as well when the client is connected already.
 */
extern "C" bool connect_aliyun_mqtt(PubSubClient &mqttClient, const char *productKey, const char *deviceName,
                                    const char *deviceSecret, const char *region = "cn-shanghai");

/*
 * The same in two steps, for boards that are given a password computed elsewhere, for this timestamp: prepare once,
 * then connect with it. deviceSecret is not used.
 */
extern "C" void mqtt_prepare(const char *timestamp, const char *productKey, const char *deviceName,
                             const char *deviceSecret, const char *region = "cn-shanghai");
extern "C" bool connect_aliyun_mqtt_With_password(PubSubClient &mqttClient, const char *password);

#endif

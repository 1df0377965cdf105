/*
 * As much of MQTT 3.1.1 as a camera needs: log in, subscribe, publish with QoS 0 or 1, receive, keep alive.
 *
 * No heap, no threads, no library. One packet is written at a time and one is read at a time; everything lies in the
 * struct. Section numbers are those of the OASIS standard, MQTT Version 3.1.1.
 */
#ifndef MQTT_H
#define MQTT_H

#include <stddef.h>
#include <stdint.h>

/* The largest packet out: a photo chunk (872 octets in format hex), its topic, and 9 octets. */
#ifndef MQTT_TX
#define MQTT_TX 1024
#endif
/* The largest packet in. A message that is larger is acknowledged, thrown away and counted in `dropped`. */
#ifndef MQTT_RX
#define MQTT_RX 1032
#endif
/* Answers that may be missing at a time. */
#define MQTT_IN_FLIGHT 8
/* How long an answer, the rest of a packet, or room for writing is waited for. */
#ifndef MQTT_PATIENCE_MS
#define MQTT_PATIENCE_MS 10000u
#endif

/* 0 is success; the library's own statuses are above 0. */
#define MQTT_OK 0
#define MQTT_E_CLOSED (-1)
#define MQTT_E_TIMEOUT (-2)
#define MQTT_E_TOO_LARGE (-3)
#define MQTT_E_PROTOCOL (-4)
#define MQTT_E_REFUSED (-5)   /* CONNACK: its return code is in `refusal` (section 3.2.2.3) */
#define MQTT_E_SUBSCRIBE (-6) /* SUBACK 0x80 */

/* The socket, which is the integrator's. */
typedef struct mqtt_io {
    /* Reads 1 to `want` octets and returns how many; 0 when none came within `timeout_ms`; below 0: it is gone. */
    int32_t (*read)(void *context, uint8_t *out, size_t want, uint32_t timeout_ms);
    /* Takes 1 to `len` octets and returns how many; 0 when none fitted within `timeout_ms`; below 0: it is gone. */
    int32_t (*write)(void *context, const uint8_t *data, size_t len, uint32_t timeout_ms);
    /* Milliseconds since any moment; it may wrap around. */
    uint32_t (*now)(void *context);
    void *context;
} mqtt_io;

typedef struct mqtt {
    mqtt_io io;
    /* Called with every message. It may publish, and may not wait; the pointers are good until it returns. */
    void (*message)(void *owner, const char *topic, size_t topic_len, const uint8_t *payload, size_t payload_len);
    void *owner;
    uint32_t sent_at;  /* when the last packet went out */
    uint32_t heard_at; /* when the last octet came in */
    uint32_t pinged_at;
    uint32_t skip; /* octets still to be thrown away of a message that is too large */
    uint16_t keep_alive_s;
    uint16_t have; /* octets in rx */
    uint16_t topic_len;
    uint16_t last_id;
    uint16_t waiting[MQTT_IN_FLIGHT]; /* ids that are not acknowledged; 0 is none */
    uint16_t dropped;
    uint8_t qos; /* of the message being built */
    uint8_t pinged;
    uint8_t answered; /* type of the last CONNACK or SUBACK */
    uint8_t refusal;
    uint8_t tx[MQTT_TX];
    uint8_t rx[MQTT_RX];
} mqtt;

/* Sends CONNECT with a clean session; tx is wiped after it, for it held the password. */
int mqtt_connect(mqtt *m, const char *client_id, const char *username, const char *password, uint16_t keep_alive_s);
/* Waits for CONNACK. */
int mqtt_connected(mqtt *m);
int mqtt_subscribe(mqtt *m, const char *filter, uint8_t qos);

/* A message is built where it is sent from: the topic is written to mqtt_topic(), the payload behind it. */
char *mqtt_topic(mqtt *m, size_t *room);
uint8_t *mqtt_payload(mqtt *m, size_t topic_len, uint8_t qos, size_t *room);
int mqtt_publish(mqtt *m, size_t payload_len);
/* 1 while another message with QoS 1 can be sent: MQTT_IN_FLIGHT of them wait for their PUBACK at most. */
int mqtt_room(const mqtt *m);

/* Reads for at most `timeout_ms` and at most one packet; keeps the connection alive. MQTT_OK also when none came. */
int mqtt_step(mqtt *m, uint32_t timeout_ms);
/* Waits for what is missing of PUBACKs; messages that come meanwhile are handed over. */
int mqtt_acknowledged(mqtt *m);
/* Waits until the broker has read everything, QoS 0 too: it answers a PINGREQ after what went before it. */
int mqtt_settle(mqtt *m);
int mqtt_disconnect(mqtt *m);

const char *mqtt_strerror(int status);

#endif

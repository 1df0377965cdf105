/*
 * A camera on a modem: logs in to Aliyun or Huawei, answers commands, sends photos in chunks.
 *
 * Everything it remembers is in one struct of at most MODEM_RAM octets, and its stack, the library's and that of the
 * MQTT writer together, stays below MODEM_STACK: 4 KB for it all. It asks for three functions of the socket (mqtt_io)
 * and one that reads the photo (faceiot_source).
 */
#ifndef MODEM_H
#define MODEM_H

#include "faceiot.h"
#include "mqtt.h"

#define MODEM_RAM 2432
#define MODEM_STACK (4096 - MODEM_RAM)

#define MODEM_ALIYUN 0u
#define MODEM_HUAWEI 1u

/* Octets of a photo in a chunk that goes to Huawei; to Aliyun it is always 400. */
#define MODEM_CHUNK 512u

/* Must live as long as the modem; nothing is copied. */
typedef struct modem_settings {
    faceiot_aliyun_device aliyun; /* for MODEM_ALIYUN */
    const char *device_id;        /* for MODEM_HUAWEI, with the three below */
    const char *device_secret;
    const char *host;
    const char *hour; /* UTC, YYYYMMDDHH; NULL when there is no clock: then the cloud does not compare it */
    uint32_t cloud;
    uint16_t keep_alive_s; /* 30 to 1200: both clouds refuse anything else */
    uint16_t epoch;        /* another one after each boot: random, or counted in flash */
    uint8_t qos;           /* 0 or 1 */
} modem_settings;

typedef struct modem {
    mqtt mqtt;
    const modem_settings *settings;
    union {
        faceiot_hex_encoder hex;
        faceiot_v2_encoder v2;
    } encoder;
    uint64_t time_ms; /* of the last photo */
    uint32_t frame_id;
    uint32_t last_request; /* CRC of the last request's id: the same one again is answered, and not done twice */
    uint32_t photo_at;     /* when the last message of a photo went out */
    int failed;            /* why an answer could not be sent, if so */
    uint8_t wanted;        /* photos that commands asked for: take one, send it, count down */
} modem;

/* The struct is all zero at first. Statuses: below 0 MQTT_E_*, above 0 FACEIOT_E_*; modem_strerror has the words. */

/* Signs. `login` says where to connect to; its strings lie in the modem until modem_login. */
int modem_sign(modem *m, const modem_settings *settings, faceiot_login *login);
/* Logs in over an open connection and subscribes; nothing of the password is left in memory after it. */
int modem_login(modem *m, const mqtt_io *io, const faceiot_login *login);
/* Waits for at most so long for a command and answers it: `take_photo` raises `wanted`. */
int modem_step(modem *m, uint32_t timeout_ms);
/* Sends a photo that is read front to back, a few hundred octets at a time, and waits until the broker has it.
 * `time_ms`: when it was taken, milliseconds since 1970 UTC, or 0. */
int modem_send_photo(modem *m, const faceiot_source *photo, uint64_t time_ms);
/* The last photo once more, from its first octet, after its connection broke: the same octets under the same number, so
 * that the other side completes what it has. */
int modem_send_again(modem *m, const faceiot_source *photo);
int modem_logout(modem *m);

const char *modem_strerror(int status);

#endif

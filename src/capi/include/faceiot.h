/*
 * faceiot: cloud logins, photos in chunks, topics and commands for cameras on Aliyun and Huawei IoT.
 *
 * No heap, no operating system, no state of its own, no clock: everything works on memory that you give, and time is an
 * argument. Clean as C99 and C++98.
 *
 * For all functions:
 *   - The result is FACEIOT_OK (0) or one of FACEIOT_E_*; faceiot_strerror() has the words.
 *   - Outputs are written on success only. A buffer that is given as scratch may hold anything after a failure.
 *   - NULL where a pointer is needed, a short buffer, and text that is not UTF-8 are answered by a status.
 *   - A pointer is NULL or valid for the length given with it (a string: up to its NUL) for the whole call; an output
 *     may not overlap an input, but for that of a hash or MAC.
 *   - All are re-entrant. Those that sign take a time that depends on lengths only, never on a secret's octets.
 *
 * Status and options are int32_t / uint32_t with constants: a C enum has two sizes on ARM.
 */
#ifndef FACEIOT_H
#define FACEIOT_H

#include <stddef.h>
#include <stdint.h>

#define FACEIOT_VERSION_MAJOR 0
#define FACEIOT_VERSION_MINOR 1
#define FACEIOT_VERSION_PATCH 0
#define FACEIOT_VERSION ((uint32_t)(FACEIOT_VERSION_MAJOR << 16 | FACEIOT_VERSION_MINOR << 8 | FACEIOT_VERSION_PATCH))

#ifdef __cplusplus
extern "C" {
#endif

/* ---- status: the same numbers in Rust and Python ---------------------------------------------------------------- */

#define FACEIOT_OK 0
#define FACEIOT_E_BUFFER_TOO_SMALL 1
#define FACEIOT_E_INVALID_ARGUMENT 2
#define FACEIOT_E_HEX 3
#define FACEIOT_E_BASE64 4
#define FACEIOT_E_JSON 5
#define FACEIOT_E_UTF8 6
#define FACEIOT_E_TOPIC 7
#define FACEIOT_E_TIMESTAMP 24
#define FACEIOT_E_SIGN_METHOD 25
#define FACEIOT_E_CHUNK_LENGTH 40
#define FACEIOT_E_CHUNK_MAGIC 41
#define FACEIOT_E_CHUNK_VERSION 42
#define FACEIOT_E_CHUNK_HEADER 43
#define FACEIOT_E_CHUNK_CRC 44
#define FACEIOT_E_CHUNK_RANGE 45
#define FACEIOT_E_FRAME_TOO_LARGE 46
#define FACEIOT_E_FRAME_CONFLICT 47
#define FACEIOT_E_FRAME_CRC 48
#define FACEIOT_E_IO 105
#define FACEIOT_E_NOT_FOUND 202

/* Words for a status; static, never NULL. */
const char *faceiot_strerror(int status);

/* Version of the library that was linked: compare it with FACEIOT_VERSION. */
uint32_t faceiot_version(void);

/* A piece of what was given; not ended by a NUL. data is NULL for nothing. Escapes in a JSON string are as they came. */
typedef struct faceiot_text {
    const char *data;
    size_t len;
} faceiot_text;

/* ---- digests ----------------------------------------------------------------------------------------------------- */

/* HMAC (RFC 2104) into 32, 20, 16 octets. */
int32_t faceiot_hmac_sha256(const uint8_t *key, size_t key_len, const uint8_t *message, size_t message_len, uint8_t *mac);
int32_t faceiot_hmac_sha1(const uint8_t *key, size_t key_len, const uint8_t *message, size_t message_len, uint8_t *mac);
int32_t faceiot_hmac_md5(const uint8_t *key, size_t key_len, const uint8_t *message, size_t message_len, uint8_t *mac);

/* Hash into 32, 20, 16 octets. */
int32_t faceiot_sha256(const uint8_t *message, size_t message_len, uint8_t *hash);
int32_t faceiot_sha1(const uint8_t *message, size_t message_len, uint8_t *hash);
int32_t faceiot_md5(const uint8_t *message, size_t message_len, uint8_t *hash);

/* CRC-32 of zlib ("123456789" is CBF43926). Begin with 0; what is returned goes into the next call. */
uint32_t faceiot_crc32(uint32_t crc, const uint8_t *data, size_t len);

/* Overwrites memory that held a secret; the compiler may not leave it out. */
void faceiot_wipe(void *memory, size_t len);

/* ---- logins ------------------------------------------------------------------------------------------------------ */

/* What goes into CONNECT. The strings lie in the buffer that was given, the password among them: wipe it when done. */
typedef struct faceiot_login {
    const char *host;
    const char *client_id;
    const char *username;
    const char *password;
    uint32_t port;
} faceiot_login;

/* A buffer of this size holds any login whose names are within the vendors' lengths. */
#define FACEIOT_LOGIN_BUFFER 1028

typedef struct faceiot_aliyun_device {
    const char *product_key;
    const char *device_name;
    const char *device_secret;
} faceiot_aliyun_device;

/* All zero, or NULL instead of the struct, is the default. */
typedef struct faceiot_aliyun_options {
    const char *client_id;   /* NULL: {product_key}.{device_name}; at most 64 characters */
    const char *timestamp;   /* NULL: none. Signed as it stands; the cloud does not compare it with its clock */
    const char *extra;       /* NULL, or unsigned items of the client id: "lan=C,_v=1.0"; 8 at most */
    const char *region;      /* NULL: cn-shanghai */
    const char *instance_id; /* NULL: the public instance */
    int32_t secure_mode;     /* 0: 3. 3 is TCP, 2 is TLS */
    uint32_t port;           /* 0: 1883 for TCP, 8883 for TLS */
    uint32_t lower_hex;      /* not 0: lower-case password; the cloud takes both */
} faceiot_aliyun_options;

/*
 * MQTT login of an Aliyun device (help.aliyun.com/document_detail/73742): the password is the hex HMAC of
 * clientId..deviceName..productKey..[timestamp..] with the device secret as the key.
 * One entry for each hash, so that firmware links one; the last takes the number of the method and links all three.
 */
int32_t faceiot_aliyun_login_sha256(const faceiot_aliyun_device *device, const faceiot_aliyun_options *options,
                                    char *buffer, size_t buffer_len, faceiot_login *login);
int32_t faceiot_aliyun_login_sha1(const faceiot_aliyun_device *device, const faceiot_aliyun_options *options,
                                  char *buffer, size_t buffer_len, faceiot_login *login);
int32_t faceiot_aliyun_login_md5(const faceiot_aliyun_device *device, const faceiot_aliyun_options *options,
                                 char *buffer, size_t buffer_len, faceiot_login *login);

#define FACEIOT_HMAC_SHA256 0u
#define FACEIOT_HMAC_SHA1 1u
#define FACEIOT_HMAC_MD5 2u
int32_t faceiot_aliyun_login(uint32_t method, const faceiot_aliyun_device *device,
                             const faceiot_aliyun_options *options, char *buffer, size_t buffer_len,
                             faceiot_login *login);

/*
 * MQTT login of a Huawei IoTDA device (api-iothub/iot_06_v5_3009). `hour` is UTC, YYYYMMDDHH. Sign type 0: the cloud
 * does not compare the hour with its clock; 1: it does. `host` is passed through (NULL: ""); port 0 is 8883.
 */
int32_t faceiot_huawei_login(const char *device_id, const char *device_secret, const char *host, const char *hour,
                             uint32_t sign_type, uint32_t port, char *buffer, size_t buffer_len,
                             faceiot_login *login);

/* The UTC hour of a Unix time: 10 digits and a NUL. From the year 10000 on it is the last hour of 9999. */
int32_t faceiot_huawei_hour(uint64_t unix_seconds, char hour[11]);

/* ---- dynamic registration of Aliyun devices ---------------------------------------------------------------------- */

/*
 * A device that knows the secret of its product asks for its own, once (help.aliyun.com/document_detail/74006, 132111).
 * Over HTTPS: POST the form to the URL as application/x-www-form-urlencoded. Over MQTT, TLS only: log in, subscribe to
 * nothing, and the answer comes on /ext/register (or /ext/regnwl); the cloud closes the connection after 15 s.
 * faceiot_aliyun_registered() takes either answer apart. All three hashes are linked.
 */
typedef struct faceiot_aliyun_registration {
    const char *product_key;
    const char *device_name;
    const char *product_secret;
    const char *random;    /* chosen anew; at most 64 characters */
    const char *client_id; /* MQTT: NULL is {device_name}.{product_key} */
    const char *region;    /* NULL: cn-shanghai */
    const char *instance_id;
    uint32_t method;                  /* FACEIOT_HMAC_SHA256 ... */
    uint32_t without_preregistration; /* MQTT: not 0 is regnwl, answered by a client id and a token */
    int32_t secure_mode;              /* MQTT: 0 is 2, for regnwl -2 */
    uint32_t port;                    /* MQTT: 0 is 8883 */
} faceiot_aliyun_registration;

/* A buffer of this size holds any form and any URL whose values are within the vendor's lengths. */
#define FACEIOT_REGISTER_BUFFER 512
int32_t faceiot_aliyun_register_url(const char *region, char *buffer, size_t buffer_len, size_t *written);
int32_t faceiot_aliyun_register_form(const faceiot_aliyun_registration *registration, char *buffer, size_t buffer_len,
                                     size_t *written);
/* FACEIOT_LOGIN_BUFFER octets hold a login. */
int32_t faceiot_aliyun_register_login(const faceiot_aliyun_registration *registration, char *buffer,
                                      size_t buffer_len, faceiot_login *login);

/* device_secret, or client_id and device_token; the others are nothing. They are secrets. */
typedef struct faceiot_aliyun_registered_info {
    faceiot_text device_secret;
    faceiot_text client_id;
    faceiot_text device_token;
} faceiot_aliyun_registered_info;

/* FACEIOT_E_NOT_FOUND: the answer grants nothing, the registration was refused. */
int32_t faceiot_aliyun_registered(const uint8_t *answer, size_t answer_len,
                                  faceiot_aliyun_registered_info *registered);
/* The MQTT login with the client_id of the answer (in `registration`) and the token: nothing is signed. */
int32_t faceiot_aliyun_token_login(const faceiot_aliyun_registration *registration, const char *device_token,
                                   char *buffer, size_t buffer_len, faceiot_login *login);

/* ---- a photo, where it is ---------------------------------------------------------------------------------------- */

/* Reads the next `want` octets at most into `out` and sets `got`, 0 at the end. Not 0 as the result ends the photo with
 * FACEIOT_E_IO. */
typedef int (*faceiot_read)(void *context, uint8_t *out, size_t want, size_t *got);

/* In memory: data and length. Behind a callback: read, context, and length when it is known. The rest is 0. */
typedef struct faceiot_source {
    faceiot_read read;
    void *context;
    const uint8_t *data;
    size_t length;
    size_t position; /* the library's */
} faceiot_source;

/* ---- format hex: the ESP32-CAM tutorial's messages, byte for byte ------------------------------------------------ */

/*
 * Property posts of 800 hex digits in `img`, then END; they carry no number, so a message lost, doubled or swapped on the
 * way is found only when the picture is decoded. Set `source`, zero the rest, and pull until `written` is 0.
 */
typedef struct faceiot_hex_encoder {
    faceiot_source source;
    uint32_t stage; /* the library's */
} faceiot_hex_encoder;

#define FACEIOT_HEX_MESSAGE_MAX 872
int32_t faceiot_hex_next(faceiot_hex_encoder *encoder, uint8_t *out, size_t out_len, size_t *written);
size_t faceiot_hex_message_count(size_t octets);

typedef struct faceiot_hex_assembler {
    uint64_t opaque[8];
} faceiot_hex_assembler;

#define FACEIOT_HEX_MORE 0u      /* the photo grows */
#define FACEIOT_HEX_COMPLETE 1u  /* END: photo_len octets of the memory are the photo, until the next call */
#define FACEIOT_HEX_RESTARTED 2u /* a new photo begins, the one before had no END */
#define FACEIOT_HEX_EMPTY 3u     /* END without a photo */
#define FACEIOT_HEX_DROPPED 4u   /* belongs to a photo that was given up because of an error */
int32_t faceiot_hex_assembler_init(faceiot_hex_assembler *assembler, uint8_t *memory, size_t memory_len);
/* `text` is the value of `img`: hex digits or END. An error gives up the photo, not the assembler. */
int32_t faceiot_hex_push(faceiot_hex_assembler *assembler, const uint8_t *text, size_t text_len, uint32_t *step,
                         size_t *photo_len);

/* ---- format v2: chunks that describe themselves ------------------------------------------------------------------ */

#define FACEIOT_V2_HEADER 40
#define FACEIOT_OCTETS 0
#define FACEIOT_JPEG 1
#define FACEIOT_PNG 2
#define FACEIOT_RGB888 3
#define FACEIOT_JSON 4

/* Set the fields above the line, zero the others, and pull until `written` is 0. */
typedef struct faceiot_v2_encoder {
    faceiot_source source;
    uint64_t time_ms;     /* capture time, milliseconds since 1970 UTC; 0: no clock */
    uint32_t frame_id;    /* 1, 2, 3 ... within an epoch */
    uint32_t chunk_size;  /* octets of data in a chunk */
    uint16_t epoch;       /* changes at each boot */
    uint8_t content_type; /* FACEIOT_JPEG ... */
    uint8_t retransmit;   /* not 0: sent before */
    /* ---- the library's */
    uint32_t crc;
    uint32_t sequence;
    uint8_t stage;
    uint8_t ahead;
} faceiot_v2_encoder;

/* `out` has room for FACEIOT_V2_HEADER + chunk_size octets. */
int32_t faceiot_v2_next(faceiot_v2_encoder *encoder, uint8_t *out, size_t out_len, size_t *written);

/* A chunk as text for a property: ~2 and its base64, with a NUL. */
#define FACEIOT_V2_TEXT_LEN(chunk_len) (2 + ((chunk_len) + 2) / 3 * 4 + 1)
int32_t faceiot_v2_text(const uint8_t *chunk, size_t chunk_len, char *text, size_t text_len, size_t *written);

typedef struct faceiot_range {
    uint32_t start;
    uint32_t end;
} faceiot_range;

typedef struct faceiot_v2_assembler {
    uint64_t opaque[24];
} faceiot_v2_assembler;

#define FACEIOT_V2_MORE 0u
#define FACEIOT_V2_COMPLETE 1u /* whole, and its CRC is right: photo_len octets of the memory */
#define FACEIOT_V2_DUPLICATE 2u
/* One photo at a time, of at most memory_len octets in at most range_count separate pieces. */
int32_t faceiot_v2_assembler_init(faceiot_v2_assembler *assembler, uint8_t *memory, size_t memory_len,
                                  faceiot_range *ranges, size_t range_count);
/* FACEIOT_E_CHUNK_HEADER: the chunk is of another photo; init again and push it again. */
int32_t faceiot_v2_push(faceiot_v2_assembler *assembler, const uint8_t *chunk, size_t chunk_len, uint32_t *step,
                        size_t *photo_len);
/* The index-th part that is missing; FACEIOT_E_NOT_FOUND when there is none. */
int32_t faceiot_v2_missing(const faceiot_v2_assembler *assembler, size_t index, faceiot_range *range);

/* ---- topics and payloads ----------------------------------------------------------------------------------------- */

/* Each writes a string with a NUL and its length without it (`written` may be NULL). */
#define FACEIOT_ALIYUN_PROPERTY_POST 0u
#define FACEIOT_ALIYUN_PROPERTY_POST_REPLY 1u
#define FACEIOT_ALIYUN_PROPERTY_SET 2u
#define FACEIOT_ALIYUN_PROPERTY_SET_REPLY 3u
#define FACEIOT_ALIYUN_SERVICE 4u       /* id: of the service */
#define FACEIOT_ALIYUN_SERVICE_REPLY 5u /* id: of the service */
#define FACEIOT_ALIYUN_RRPC_RESPONSE 6u /* id: of the message */
#define FACEIOT_ALIYUN_PHOTO 7u
#define FACEIOT_ALIYUN_CONTROL 8u
int32_t faceiot_aliyun_topic(uint32_t topic, const char *product_key, const char *device_name, const char *id,
                             char *buffer, size_t buffer_len, size_t *written);

#define FACEIOT_HUAWEI_PROPERTIES_REPORT 0u
#define FACEIOT_HUAWEI_MESSAGES_UP 1u
#define FACEIOT_HUAWEI_COMMAND_RESPONSE 2u        /* id: of the request */
#define FACEIOT_HUAWEI_PROPERTIES_SET_RESPONSE 3u /* id: of the request */
#define FACEIOT_HUAWEI_PHOTO 4u
int32_t faceiot_huawei_topic(uint32_t topic, const char *device_id, const char *request_id, char *buffer,
                             size_t buffer_len, size_t *written);

/* `params`, `data`, `properties`, `paras` are JSON objects; they are checked. */
int32_t faceiot_alink_post(const char *id, const char *params, char *buffer, size_t buffer_len, size_t *written);
int32_t faceiot_alink_reply(const char *id, int32_t code, const char *data, char *buffer, size_t buffer_len,
                            size_t *written);
int32_t faceiot_huawei_report(const char *service_id, const char *properties, const char *event_time, char *buffer,
                              size_t buffer_len, size_t *written);
int32_t faceiot_huawei_response(int32_t result_code, const char *paras, char *buffer, size_t buffer_len,
                                size_t *written);

/* ---- commands ---------------------------------------------------------------------------------------------------- */

#define FACEIOT_COMMAND_ALIYUN_SET 0u     /* answer on PROPERTY_SET_REPLY */
#define FACEIOT_COMMAND_ALIYUN_SERVICE 1u /* answer on SERVICE_REPLY */
#define FACEIOT_COMMAND_ALIYUN_RRPC 2u    /* answer on RRPC_RESPONSE */
#define FACEIOT_COMMAND_CUSTOM 3u         /* nothing to answer */
#define FACEIOT_COMMAND_HUAWEI 4u         /* answer on COMMAND_RESPONSE within 20 s */
#define FACEIOT_COMMAND_HUAWEI_SET 5u     /* answer on PROPERTIES_SET_RESPONSE within 20 s */

typedef struct faceiot_command_info {
    faceiot_text name;
    faceiot_text id;
    faceiot_text params; /* JSON, as it came */
    uint32_t form;
} faceiot_command_info;

/* Takes apart a message that came on `topic`; FACEIOT_E_NOT_FOUND when it is no command. */
int32_t faceiot_command(const char *topic, size_t topic_len, const uint8_t *payload, size_t payload_len,
                        faceiot_command_info *command);

/* The value at a path of at most 8 member names; the whole document is checked (RFC 8259). */
int32_t faceiot_json_find(const uint8_t *document, size_t document_len, const char *const *path, size_t path_len,
                          faceiot_text *value);

#ifdef __cplusplus
}
#endif

#endif

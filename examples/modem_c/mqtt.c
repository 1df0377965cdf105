#include "mqtt.h"

#include <string.h>

enum {
    CONNECT = 0x10,
    CONNACK = 0x20,
    PUBLISH = 0x30,
    PUBACK = 0x40,
    SUBSCRIBE = 0x82, /* with the flags that section 3.8.1 asks for */
    SUBACK = 0x90,
    PINGREQ = 0xC0,
    PINGRESP = 0xD0,
    DISCONNECT = 0xE0
};

/* The fixed header, at most 5 octets, is put in front of a packet's body when its length is known. */
#define BODY 5u

static uint32_t now(const mqtt *m) { return m->io.now(m->io.context); }

static size_t put16(uint8_t *out, size_t value) {
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)(value & 0xFF);
    return 2;
}

static uint16_t get16(const uint8_t *in) { return (uint16_t)((unsigned)in[0] << 8 | in[1]); }

/* Appends a string with its length to a body that starts at tx + BODY; returns the new length, 0 when it is full. */
static size_t put_text(mqtt *m, size_t at, const char *text) {
    size_t len = strlen(text);
    if (at == 0 || len > 0xFFFF || len + 2 > MQTT_TX - BODY - at) return 0;
    at += put16(m->tx + BODY + at, len);
    memcpy(m->tx + BODY + at, text, len);
    return at + len;
}

static int write_all(mqtt *m, const uint8_t *data, size_t len) {
    uint32_t began = now(m);
    size_t done = 0;
    while (done < len) {
        uint32_t waited = now(m) - began;
        int32_t n;
        if (waited >= MQTT_PATIENCE_MS) return MQTT_E_TIMEOUT;
        n = m->io.write(m->io.context, data + done, len - done, MQTT_PATIENCE_MS - waited);
        if (n < 0 || (size_t)n > len - done) return MQTT_E_CLOSED;
        if (n > 0) {
            done += (size_t)n;
            began = now(m);
        }
    }
    m->sent_at = now(m);
    return MQTT_OK;
}

/* Puts the fixed header in front of the body and sends both. */
static int send_body(mqtt *m, uint8_t type, size_t len) {
    uint8_t size[4];
    size_t count = 0, rest = len, start;
    do {
        size[count] = (uint8_t)(rest % 128 | (rest >= 128 ? 128 : 0));
        rest /= 128;
        count++;
    } while (rest);
    start = BODY - 1 - count;
    m->tx[start] = type;
    memcpy(m->tx + start + 1, size, count);
    return write_all(m, m->tx + start, 1 + count + len);
}

static uint16_t next_id(mqtt *m) {
    m->last_id = (uint16_t)(m->last_id == 0xFFFF ? 1 : m->last_id + 1);
    return m->last_id;
}

int mqtt_connect(mqtt *m, const char *client_id, const char *username, const char *password, uint16_t keep_alive_s) {
    static const uint8_t head[8] = {0, 4, 'M', 'Q', 'T', 'T', 4, 0xC2}; /* user name, password, clean session */
    size_t len = sizeof head;
    int status;
    m->have = 0;
    m->skip = 0;
    m->pinged = 0;
    m->answered = 0;
    m->refusal = 0;
    m->keep_alive_s = keep_alive_s;
    memset(m->waiting, 0, sizeof m->waiting);
    memcpy(m->tx + BODY, head, sizeof head);
    len += put16(m->tx + BODY + len, keep_alive_s);
    len = put_text(m, len, client_id);
    len = put_text(m, len, username);
    len = put_text(m, len, password);
    status = len == 0 ? MQTT_E_TOO_LARGE : send_body(m, CONNECT, len);
    memset(m->tx, 0, sizeof m->tx);
    return status;
}

/* Steps until the answer of this type is there. */
static int answer(mqtt *m, uint8_t type) {
    uint32_t began = now(m);
    while (m->answered != type) {
        int status;
        if (now(m) - began >= MQTT_PATIENCE_MS) return MQTT_E_TIMEOUT;
        status = mqtt_step(m, 1000);
        if (status != MQTT_OK) return status;
    }
    m->answered = 0;
    return MQTT_OK;
}

int mqtt_connected(mqtt *m) {
    int status = answer(m, CONNACK);
    return status == MQTT_OK && m->refusal != 0 ? MQTT_E_REFUSED : status;
}

int mqtt_subscribe(mqtt *m, const char *filter, uint8_t qos) {
    size_t len = put16(m->tx + BODY, next_id(m));
    int status;
    len = put_text(m, len, filter);
    if (len == 0 || BODY + len == MQTT_TX) return MQTT_E_TOO_LARGE;
    m->tx[BODY + len] = qos;
    status = send_body(m, SUBSCRIBE, len + 1);
    return status == MQTT_OK ? answer(m, SUBACK) : status;
}

char *mqtt_topic(mqtt *m, size_t *room) {
    *room = MQTT_TX - BODY - 2;
    return (char *)m->tx + BODY + 2;
}

uint8_t *mqtt_payload(mqtt *m, size_t topic_len, uint8_t qos, size_t *room) {
    size_t at = BODY + 2 + topic_len + (qos ? 2u : 0u);
    m->topic_len = (uint16_t)topic_len;
    m->qos = qos;
    *room = at < MQTT_TX ? MQTT_TX - at : 0;
    return m->tx + (at < MQTT_TX ? at : MQTT_TX);
}

static size_t free_slot(const mqtt *m) {
    size_t slot = 0;
    while (slot < MQTT_IN_FLIGHT && m->waiting[slot]) slot++;
    return slot;
}

int mqtt_room(const mqtt *m) { return free_slot(m) < MQTT_IN_FLIGHT; }

int mqtt_publish(mqtt *m, size_t payload_len) {
    size_t head = 2u + m->topic_len + (m->qos ? 2u : 0u), slot = free_slot(m);
    if (BODY + head > MQTT_TX || payload_len > MQTT_TX - BODY - head) return MQTT_E_TOO_LARGE;
    put16(m->tx + BODY, m->topic_len);
    if (m->qos == 0) return send_body(m, PUBLISH, head + payload_len);
    if (slot == MQTT_IN_FLIGHT) return MQTT_E_TIMEOUT; /* the broker has not answered so many */
    m->waiting[slot] = next_id(m);
    put16(m->tx + BODY + 2 + m->topic_len, m->waiting[slot]);
    return send_body(m, PUBLISH | 1 << 1, head + payload_len);
}

/* The head of the packet in rx: its body's place and length. `need` is how many octets are wanted to go on. */
static int head_of(const mqtt *m, size_t *body, size_t *len, size_t *need) {
    size_t at = 1, shift = 0;
    *len = 0;
    *need = 0;
    for (;; at++, shift += 7) {
        if (at == 5) return MQTT_E_PROTOCOL; /* section 2.2.3: four octets at most */
        if (at >= m->have) {
            *need = at + 1;
            return MQTT_OK;
        }
        *len |= (size_t)(m->rx[at] & 127) << shift;
        if (m->rx[at] < 128) break;
    }
    *body = at + 1;
    *need = *body + *len;
    return MQTT_OK;
}

static int acknowledge(mqtt *m, const uint8_t *id) {
    uint8_t packet[4] = {PUBACK, 2, 0, 0};
    memcpy(packet + 2, id, 2);
    return write_all(m, packet, sizeof packet);
}

/* A message: the first `len` octets of its body are there, which is all of it unless `whole` is 0. */
static int received(mqtt *m, const uint8_t *body, size_t len, int whole) {
    unsigned qos = m->rx[0] >> 1 & 3u;
    size_t topic_len, at;
    if (qos == 3 || len < 2) return MQTT_E_PROTOCOL;
    topic_len = get16(body);
    at = 2 + topic_len + (qos ? 2u : 0u);
    if (at > len || topic_len == 0) return MQTT_E_PROTOCOL;
    if (qos == 2) return MQTT_E_PROTOCOL; /* never subscribed to with QoS 2 */
    if (whole)
        m->message(m->owner, (const char *)body + 2, topic_len, body + at, len - at);
    else
        m->dropped++;
    return qos ? acknowledge(m, body + at - 2) : MQTT_OK;
}

static int acknowledged(mqtt *m, uint16_t id) {
    size_t slot;
    for (slot = 0; slot < MQTT_IN_FLIGHT; slot++)
        if (id != 0 && m->waiting[slot] == id) {
            m->waiting[slot] = 0;
            return MQTT_OK;
        }
    return MQTT_E_PROTOCOL;
}

static int dispatch(mqtt *m, const uint8_t *body, size_t len, int whole) {
    uint8_t type = m->rx[0] & 0xF0;
    if (type == PUBLISH) return received(m, body, len, whole);
    if (!whole) return MQTT_E_PROTOCOL;
    if (type == CONNACK && len == 2) {
        m->refusal = body[1];
        m->answered = CONNACK;
    } else if (type == SUBACK && len == 3) {
        if (get16(body) != m->last_id) return MQTT_E_PROTOCOL;
        if (body[2] > 2) return MQTT_E_SUBSCRIBE;
        m->answered = SUBACK;
    } else if (type == PUBACK && len == 2) {
        return acknowledged(m, get16(body));
    } else if (type == PINGRESP && len == 0) {
        m->pinged = 0;
    } else {
        return MQTT_E_PROTOCOL;
    }
    return MQTT_OK;
}

/* Reads towards a packet; `done` is 1 when one was complete. */
static int receive(mqtt *m, uint32_t timeout_ms, int *done) {
    size_t body = 0, len, need, want;
    int32_t n;
    int status = head_of(m, &body, &len, &need);
    uint8_t *out = m->rx + m->have;
    *done = 0;
    if (status != MQTT_OK) return status;
    want = need - m->have;
    if (m->skip) { /* into the second half of rx; the first has the topic */
        out = m->rx + MQTT_RX / 2;
        want = m->skip < MQTT_RX / 2 ? m->skip : MQTT_RX / 2;
    } else if (need > MQTT_RX) {
        want = MQTT_RX / 2 - m->have;
    }
    if (want > 0) {
        n = m->io.read(m->io.context, out, want, timeout_ms);
        if (n < 0 || (size_t)n > want) return MQTT_E_CLOSED;
        if (n == 0) /* a packet that began goes on soon, or never */
            return m->have && now(m) - m->heard_at >= MQTT_PATIENCE_MS ? MQTT_E_TIMEOUT : MQTT_OK;
        m->heard_at = now(m);
        if (m->skip) {
            m->skip -= (uint32_t)n;
        } else {
            m->have = (uint16_t)(m->have + n);
            status = head_of(m, &body, &len, &need);
            if (status != MQTT_OK) return status;
            if (need > MQTT_RX && m->have == MQTT_RX / 2) m->skip = (uint32_t)(need - m->have);
        }
    }
    if (m->skip || body == 0 || (need <= MQTT_RX && m->have < need) || (need > MQTT_RX && m->have < MQTT_RX / 2))
        return MQTT_OK;
    *done = 1;
    status = dispatch(m, m->rx + body, m->have - body, need <= MQTT_RX);
    m->have = 0;
    return status;
}

static int ping(mqtt *m) {
    static const uint8_t packet[2] = {PINGREQ, 0};
    m->pinged = 1;
    m->pinged_at = now(m);
    return write_all(m, packet, sizeof packet);
}

int mqtt_step(mqtt *m, uint32_t timeout_ms) {
    uint32_t began = now(m), half = m->keep_alive_s * 500u;
    int status = MQTT_OK, done = 0;
    for (;;) {
        uint32_t at = now(m), waited = at - began;
        uint32_t wait = waited < timeout_ms ? timeout_ms - waited : 0;
        if (m->pinged && at - m->pinged_at >= MQTT_PATIENCE_MS) return MQTT_E_TIMEOUT;
        if (!m->pinged && half && at - m->sent_at >= half) {
            status = ping(m);
            if (status != MQTT_OK) return status;
        }
        if (half && wait > half) wait = half;
        status = receive(m, wait < 1000 ? wait : 1000, &done);
        if (status != MQTT_OK || done || now(m) - began >= timeout_ms) return status;
    }
}

int mqtt_acknowledged(mqtt *m) {
    uint32_t began = now(m);
    size_t slot = 0;
    while (slot < MQTT_IN_FLIGHT) {
        int status;
        if (m->waiting[slot] == 0) {
            slot++;
            continue;
        }
        if (now(m) - began >= MQTT_PATIENCE_MS) return MQTT_E_TIMEOUT;
        status = mqtt_step(m, 1000);
        if (status != MQTT_OK) return status;
    }
    return MQTT_OK;
}

static int ponged(mqtt *m) {
    int status = MQTT_OK;
    while (status == MQTT_OK && m->pinged) status = mqtt_step(m, 1000); /* which knows when to give up */
    return status;
}

int mqtt_settle(mqtt *m) {
    int status = mqtt_acknowledged(m);
    if (status == MQTT_OK) status = ponged(m); /* of an earlier one */
    if (status == MQTT_OK) status = ping(m);
    return status == MQTT_OK ? ponged(m) : status;
}

int mqtt_disconnect(mqtt *m) {
    static const uint8_t packet[2] = {DISCONNECT, 0};
    return write_all(m, packet, sizeof packet);
}

const char *mqtt_strerror(int status) {
    switch (status) {
    case MQTT_OK: return "ok";
    case MQTT_E_CLOSED: return "the connection was closed";
    case MQTT_E_TIMEOUT: return "no answer in time";
    case MQTT_E_TOO_LARGE: return "a packet does not fit into the buffer (MQTT_TX)";
    case MQTT_E_PROTOCOL: return "the other side does not keep to MQTT 3.1.1";
    case MQTT_E_REFUSED: return "the login is refused";
    case MQTT_E_SUBSCRIBE: return "a subscription is refused";
    default: return "unknown status";
    }
}

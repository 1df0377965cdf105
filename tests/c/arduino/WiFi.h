#ifndef STUB_WIFI_H
#define STUB_WIFI_H

#include "Client.h"

enum { WIFI_STA = 1, WL_CONNECTED = 3 };

struct StubWiFi {
    void mode(int) {}
    void begin(const char *, const char *) {}
    int status() { return WL_CONNECTED; }
    const char *localIP() { return "127.0.0.1"; }
};
extern StubWiFi WiFi;

/* A socket to STUB_SERVER (host:port), whatever host is asked for; that one is counted as `host NAME:PORT`. After
 * STUB_WRITES calls, write() takes half of what it is given and the connection is closed, once. */
class WiFiClient : public Client {
public:
    int connect(const char *host, uint16_t port) override;
    size_t write(const uint8_t *data, size_t len) override;
    int available() override;
    int read() override;
    void flush() override {}
    void stop() override;
    uint8_t connected() override;

private:
    int fd = -1;
};

#endif

/* What is behind the stand-ins, and a main() that calls setup() once and loop() STUB_LOOPS times, or until SIGTERM. */
#include <errno.h>
#include <map>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <time.h>
#include <unistd.h>
#include <vector>

#include "EEPROM.h"
#include "Preferences.h"
#include "SD_MMC.h"
#include "SPIFFS.h"
#include "WiFi.h"
#include "esp_camera.h"

StubSerial Serial;
StubWiFi WiFi;
StubEeprom EEPROM;
fs::FS SD_MMC, SPIFFS;

static const char *setting(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : nullptr;
}

static bool is(const char *name, const char *wanted) {
    const char *value = setting(name);
    return value && strcmp(value, wanted) == 0;
}

// ---- time ---------------------------------------------------------------------------------------------------------

static unsigned long virtual_ms = 23668;

unsigned long millis() {
    if (is("STUB_TIME", "virtual")) return virtual_ms;
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (unsigned long)(t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

void delay(unsigned long ms) {
    stub_count("waited_ms", (long)ms);
    if (is("STUB_TIME", "virtual"))
        virtual_ms += ms;
    else
        usleep((useconds_t)(ms * 1000));
}

uint32_t esp_random() { return (uint32_t)getpid() * 2654435761u; }

// ---- what the test looks at ---------------------------------------------------------------------------------------

static std::map<std::string, long> counts;

void stub_count(const char *name, long more) { counts[name] += more; }

static void report() {
    FILE *out = setting("STUB_REPORT") ? fopen(setting("STUB_REPORT"), "w") : nullptr;
    if (!out) return;
    for (const auto &count : counts) fprintf(out, "%s %ld\n", count.first.c_str(), count.second);
    fclose(out);
}

// ---- network ------------------------------------------------------------------------------------------------------

int WiFiClient::connect(const char *host, uint16_t port) {
    stop();
    stub_count((std::string("host ") + host + ":" + std::to_string(port)).c_str());
    std::string server = setting("STUB_SERVER") ? setting("STUB_SERVER") : "127.0.0.1:1883";
    size_t colon = server.rfind(':');
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_port = htons((uint16_t)atoi(server.c_str() + colon + 1));
    inet_pton(AF_INET, server.substr(0, colon).c_str(), &to.sin_addr);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    if (::connect(fd, (sockaddr *)&to, sizeof to) == 0) return 1;
    stop();
    return 0;
}

size_t WiFiClient::write(const uint8_t *data, size_t len) {
    static long left = setting("STUB_WRITES") ? atol(setting("STUB_WRITES")) : -1;
    if (fd < 0) return 0;
    bool cut = left > 0 && --left == 0;
    size_t some = cut ? len / 2 : len;
    ssize_t sent = send(fd, data, some, MSG_NOSIGNAL);
    if (cut) stub_count("cut");
    return sent < 0 ? 0 : (size_t)sent;
}

int WiFiClient::available() {
    pollfd p = {fd, POLLIN, 0};
    if (fd < 0) return 0;
    if (poll(&p, 1, is("STUB_TIME", "virtual") ? 1 : 0) <= 0) {
        virtual_ms++;
        return 0;
    }
    uint8_t octets[64];
    ssize_t there = recv(fd, octets, sizeof octets, MSG_PEEK);
    if (there == 0) stop();
    return there > 0 ? (int)there : 0;
}

int WiFiClient::read() {
    uint8_t octet;
    return fd >= 0 && recv(fd, &octet, 1, 0) == 1 ? octet : -1;
}

void WiFiClient::stop() {
    if (fd >= 0) close(fd);
    fd = -1;
}

uint8_t WiFiClient::connected() {
    uint8_t octet;
    if (fd >= 0 && recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) == 0) stop();
    return fd >= 0;
}

// ---- camera, card, flash ------------------------------------------------------------------------------------------

static std::vector<uint8_t> photo;
static char stale[] = "stale";
static sensor_t sensor = {{OV2640_PID}};

esp_err_t esp_camera_init(const camera_config_t *) { return ESP_OK; }
sensor_t *esp_camera_sensor_get() { return &sensor; }

camera_fb_t *esp_camera_fb_get() {
    static bool fresh = !setting("STUB_STALE");
    if (counts["frames"] > counts["frames_returned"] && !is("STUB_DRIVER", "old")) return nullptr;
    if (photo.empty()) {
        FILE *in = setting("STUB_PHOTO") ? fopen(setting("STUB_PHOTO"), "rb") : nullptr;
        for (int octet; in && (octet = fgetc(in)) != EOF;) photo.push_back((uint8_t)octet);
        if (in) fclose(in);
    }
    stub_count("frames");
    static camera_fb_t frames[64]; // those that are never given back overwrite each other, as in a driver
    camera_fb_t *frame = &frames[counts["frames"] % 64];
    frame->buf = fresh ? photo.data() : (uint8_t *)stale;
    frame->len = fresh ? photo.size() : sizeof stale;
    if (setting("STUB_STALE")) fresh = !fresh; // the buffer is filled as soon as it is free, long before the next get
    return frame;
}

void esp_camera_fb_return(camera_fb_t *) { stub_count("frames_returned"); }

namespace fs {
bool FS::begin(bool) { return setting("STUB_CARD") != nullptr; }
uint8_t FS::cardType() { return setting("STUB_CARD") ? CARD_SD : CARD_NONE; }
File FS::open(const char *path, const char *mode) {
    if (!setting("STUB_CARD")) return File();
    FILE *file = fopen((std::string(setting("STUB_CARD")) + path).c_str(), mode);
    return file ? File(file) : File();
}
} // namespace fs

uint32_t Preferences::getUInt(const char *, uint32_t otherwise) {
    FILE *in = setting("STUB_NVS") ? fopen(setting("STUB_NVS"), "r") : nullptr;
    unsigned value = otherwise;
    if (in && fscanf(in, "%u", &value) != 1) value = otherwise;
    if (in) fclose(in);
    return value;
}

size_t Preferences::putUInt(const char *, uint32_t value) {
    FILE *out = setting("STUB_NVS") ? fopen(setting("STUB_NVS"), "w") : nullptr;
    if (!out) return 0;
    stub_count("nvs_written");
    fprintf(out, "%u\n", value);
    fclose(out);
    return sizeof value;
}

// ---- the program --------------------------------------------------------------------------------------------------

void setup();
void loop();

static volatile sig_atomic_t ended = 0;
static void end(int) { ended = 1; }

int main() {
    setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
    signal(SIGTERM, end);
    long loops = setting("STUB_LOOPS") ? atol(setting("STUB_LOOPS")) : -1;
    setup();
    while (!ended && (loops < 0 || loops-- > 0)) loop();
    report();
    return 0;
}

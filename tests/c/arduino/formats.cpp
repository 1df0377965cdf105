/* FaceIot as a sketch calls it: STUB_FORMAT hex or v2, STUB_FROM memory or file, and what it refuses. */
#include <FaceIot.h>
#include <FaceIotFrame.h>
#include <SD_MMC.h>
#include <WiFi.h>

static WiFiClient wifi;
static PubSubClient mqtt(wifi);
static FaceIot faceiot(mqtt);

static void said(const char *what, bool done) { printf("%s: %d %s\n", what, done, faceiot.error()); }

static bool nested(const char *name, const char *params) {
    static const uint8_t photo[2] = {0xFF, 0xD8};
    printf("command %s %s\n", name, params);
    said("nested", faceiot.sendPhoto(photo, sizeof photo));
    return true;
}

void setup() {
    faceiot.format(strcmp(getenv("STUB_FORMAT"), "hex") == 0 ? FACEIOT_FORMAT_HEX : FACEIOT_FORMAT_V2);
    faceiot.onCommand(nested);
    said("begin", faceiot.begin("k0xxxxxIM", "esp001_001", "589abcdef0123456789abcdef01e0f"));
    File none;
    said("no file", faceiot.sendPhoto(none));
    said("nothing", faceiot.sendPhoto(NULL, 0));
    // The first photo connects: it is not lost.
    if (strcmp(getenv("STUB_FROM"), "file") == 0) {
        File file = SD_MMC.open("/given.jpg");
        said("photo", faceiot.sendPhoto(file));
    } else {
        FaceIotFrame frame;
        said("photo", faceiot.sendPhoto(frame.data(), frame.size()));
    }
    printf("buffer %u\n", mqtt.getBufferSize());
}

void loop() { faceiot.loop(); }

// photo.ino: an ESP32-CAM (AI Thinker) that takes a photo when the cloud calls the service `take_photo`, keeps it on its
// card when there is one, and sends it in chunks. Your settings are in secrets.h.
#include <FaceIot.h>
#include <FaceIotFrame.h>
#include <SD_MMC.h>
#include <WiFi.h>

#include "secrets.h"

static WiFiClient wifi;
static PubSubClient mqtt(wifi);
static FaceIot faceiot(mqtt);
static FaceIotCounter numbers;
static bool card = false;
static unsigned wanted = 0;

static bool start_camera() {
    camera_config_t c = {};
    c.pin_pwdn = 32, c.pin_reset = -1, c.pin_xclk = 0, c.pin_sscb_sda = 26, c.pin_sscb_scl = 27;
    c.pin_d7 = 35, c.pin_d6 = 34, c.pin_d5 = 39, c.pin_d4 = 36, c.pin_d3 = 21, c.pin_d2 = 19, c.pin_d1 = 18, c.pin_d0 = 5;
    c.pin_vsync = 25, c.pin_href = 23, c.pin_pclk = 22;
    c.xclk_freq_hz = 20000000;
    c.ledc_timer = LEDC_TIMER_0, c.ledc_channel = LEDC_CHANNEL_0;
    c.pixel_format = PIXFORMAT_JPEG;
    c.frame_size = FRAMESIZE_VGA;
    c.jpeg_quality = 10; // 0 to 63, the smaller the better
    c.fb_count = 1;
    return esp_camera_init(&c) == ESP_OK;
}

static bool on_command(const char *name, const char *params) {
    (void)params;
    if (strcmp(name, "take_photo") != 0) return false;
    wanted++; // answered at once; the photo follows from loop()
    return true;
}

// Stores the photo under a new number; a name when it is whole on the card.
static bool store(const FaceIotFrame &frame, char *path, size_t room) {
    uint32_t number = numbers.next();
    if (!card || number == 0) return false;
    snprintf(path, room, "/photo%lu.jpg", (unsigned long)number);
    File file = SD_MMC.open(path, FILE_WRITE);
    if (!file) return false;
    bool whole = file.write(frame.data(), frame.size()) == frame.size();
    file.close();
    return whole;
}

static bool take_and_send() {
    FaceIotFrame frame;
    if (!frame) {
        Serial.println("the camera gave no photo");
        return false;
    }
    char path[32];
    bool sent;
    if (store(frame, path, sizeof path)) {
        File file = SD_MMC.open(path, FILE_READ);
        sent = faceiot.sendPhoto(file);
        file.close();
    } else {
        sent = faceiot.sendPhoto(frame.data(), frame.size());
    }
    if (sent)
        Serial.printf("sent %u octets\n", (unsigned)frame.size());
    else
        Serial.printf("not sent: %s\n", faceiot.error());
    return sent;
}

void setup() {
    Serial.begin(115200);
    WiFi.mode(WIFI_STA);
    WiFi.begin(WIFI_SSID, WIFI_PASSWORD);
    if (!start_camera()) Serial.println("the camera does not start: check its pins and its power");
    card = SD_MMC.begin() && SD_MMC.cardType() != CARD_NONE;
    if (!card) Serial.println("no card: photos are sent from memory");
#ifdef LOCAL_HOST
    faceiot.server(LOCAL_HOST, LOCAL_PORT);
#endif
    faceiot.onCommand(on_command);
    if (!faceiot.begin(PRODUCT_KEY, DEVICE_NAME, DEVICE_SECRET)) Serial.println(faceiot.error());
}

void loop() {
    if (WiFi.status() != WL_CONNECTED) {
        delay(500);
        return;
    }
    if (!faceiot.loop()) {
        delay(100);
        return;
    }
    if (wanted > 0 && take_and_send()) wanted--;
    delay(10);
}

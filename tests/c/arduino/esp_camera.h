/* A camera whose photo is the file STUB_PHOTO. As a driver with one buffer: the first frame that is asked for was taken
 * long ago (its content is `stale`) when STUB_STALE is set; a frame that is not returned leaves none to get, unless
 * STUB_DRIVER is `old`. */
#ifndef STUB_ESP_CAMERA_H
#define STUB_ESP_CAMERA_H

#include "Arduino.h"

typedef int esp_err_t;
enum { ESP_OK = 0, LEDC_TIMER_0 = 0, LEDC_CHANNEL_0 = 0, PIXFORMAT_JPEG = 4, FRAMESIZE_QVGA = 5, FRAMESIZE_VGA = 8, OV2640_PID = 0x26 };

typedef struct {
    int pin_pwdn, pin_reset, pin_xclk, pin_sscb_sda, pin_sscb_scl;
    int pin_d7, pin_d6, pin_d5, pin_d4, pin_d3, pin_d2, pin_d1, pin_d0, pin_vsync, pin_href, pin_pclk;
    int xclk_freq_hz, ledc_timer, ledc_channel, pixel_format, frame_size, jpeg_quality;
    size_t fb_count;
} camera_config_t;

typedef struct {
    uint8_t *buf;
    size_t len;
} camera_fb_t;

typedef struct {
    struct {
        int PID;
    } id;
} sensor_t;

esp_err_t esp_camera_init(const camera_config_t *config);
camera_fb_t *esp_camera_fb_get();
void esp_camera_fb_return(camera_fb_t *frame);
sensor_t *esp_camera_sensor_get();

#endif

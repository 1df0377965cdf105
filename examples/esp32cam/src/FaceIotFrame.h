/*
 * A photo of the camera that is taken now, and given back whatever happens.
 *
 * With one frame buffer the driver fills it as soon as it is free, so what esp_camera_fb_get() gives is as old as the
 * last photo: that one is dropped. A frame that is not given back with esp_camera_fb_return() starves the driver.
 */
#ifndef FACEIOTFRAME_H
#define FACEIOTFRAME_H

#include <esp_camera.h>

class FaceIotFrame {
public:
    FaceIotFrame() : frame(fresh()) {}
    ~FaceIotFrame() {
        if (frame) esp_camera_fb_return(frame);
    }
    FaceIotFrame(const FaceIotFrame &) = delete;
    FaceIotFrame &operator=(const FaceIotFrame &) = delete;

    explicit operator bool() const { return frame && frame->len > 0; }
    const uint8_t *data() const { return frame ? frame->buf : nullptr; }
    size_t size() const { return frame ? frame->len : 0; }

private:
    static camera_fb_t *fresh() {
        if (camera_fb_t *stale = esp_camera_fb_get()) esp_camera_fb_return(stale);
        return esp_camera_fb_get();
    }

    camera_fb_t *frame;
};

#endif

/* Feeds JPEG files to a v4l2loopback device in turn, as a camera would: `feeder DEVICE WIDTH HEIGHT RATE FILE...`.
 *
 * Every frame is followed by some octets that do not belong to it, as cheap webcams send them. Written against the
 * kernel's own header, so that the structures of the library meet others than their own.
 */
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* What src/camera/src/v4l2/abi.rs says of the same structures, on 64-bit machines. */
_Static_assert(sizeof(struct v4l2_capability) == 104, "v4l2_capability");
_Static_assert(sizeof(struct v4l2_fmtdesc) == 64, "v4l2_fmtdesc");
_Static_assert(sizeof(struct v4l2_frmsizeenum) == 44, "v4l2_frmsizeenum");
_Static_assert(sizeof(struct v4l2_frmivalenum) == 52, "v4l2_frmivalenum");
_Static_assert(sizeof(struct v4l2_format) == 208, "v4l2_format");
_Static_assert(offsetof(struct v4l2_format, fmt.pix.quantization) == 48, "quantization");
_Static_assert(sizeof(struct v4l2_streamparm) == 204, "v4l2_streamparm");
_Static_assert(sizeof(struct v4l2_requestbuffers) == 20, "v4l2_requestbuffers");
_Static_assert(sizeof(struct v4l2_buffer) == 88, "v4l2_buffer");
_Static_assert(offsetof(struct v4l2_buffer, sequence) == 56, "sequence");
_Static_assert(offsetof(struct v4l2_buffer, m) == 64, "m");
_Static_assert(sizeof(struct v4l2_queryctrl) == 68, "v4l2_queryctrl");
_Static_assert(sizeof(struct v4l2_querymenu) == 44, "v4l2_querymenu");

#define MOST (1280 * 720 * 2)
#define JUNK 1000

static unsigned char frame[MOST];

int main(int count, char **words) {
    if (count < 6) {
        fprintf(stderr, "usage: feeder DEVICE WIDTH HEIGHT RATE FILE...\n");
        return 2;
    }
    int device = open(words[1], O_RDWR);
    if (device < 0) {
        perror(words[1]);
        return 1;
    }
    struct v4l2_format format;
    memset(&format, 0, sizeof format);
    format.type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
    format.fmt.pix.width = atoi(words[2]);
    format.fmt.pix.height = atoi(words[3]);
    format.fmt.pix.pixelformat = V4L2_PIX_FMT_MJPEG;
    format.fmt.pix.field = V4L2_FIELD_NONE;
    format.fmt.pix.sizeimage = MOST;
    if (ioctl(device, VIDIOC_S_FMT, &format) < 0) {
        perror("VIDIOC_S_FMT");
        return 1;
    }
    struct timespec pause = {0, 1000000000L / atoi(words[4])};
    for (int at = 5;; at = at + 1 < count ? at + 1 : 5) {
        FILE *file = fopen(words[at], "rb");
        if (file == NULL) {
            perror(words[at]);
            return 1;
        }
        size_t length = fread(frame, 1, MOST - JUNK, file);
        fclose(file);
        memset(frame + length, 0x55, JUNK);
        if (write(device, frame, length + JUNK) < 0) {
            perror("write");
            return 1;
        }
        nanosleep(&pause, NULL);
    }
}

/*
 * modem_c: a camera in C for Linux, macOS and whatever else has POSIX sockets. What it does is in modem.c, which a
 * modem's firmware takes as it is; this file is the part that the integrator writes anew: the socket, the clock, the
 * photo's file, and where the settings come from.
 */
#define _POSIX_C_SOURCE 200809L
#if defined(__APPLE__)
#define _DARWIN_C_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "modem.h"

#define EXIT_USAGE 2
#define EXIT_REFUSED 3
#define EXIT_PHOTO 4

static const char USAGE[] =
    "usage: modem_c (--aliyun PRODUCT_KEY:DEVICE_NAME | --huawei DEVICE_ID) [options] PHOTO.jpg\n"
    "\n"
    "Logs in, and sends PHOTO.jpg in chunks each time the cloud gives the command `take_photo`.\n"
    "\n"
    "  --host HOST[:PORT]  where to connect to, such as 127.0.0.1:1883 for `faceiot up`; Huawei needs one\n"
    "  --secret-file FILE  the device secret is the file's first line [default: the variable FACEIOT_DEVICE_SECRET]\n"
    "  --qos 0|1           quality of service [default: 1]\n"
    "  --now               send one photo at once, without a command, and end\n"
    "  --photos N          end after N photos [default: never]\n"
    "  --keep-alive S      30 to 1200 seconds [default: 60]\n"
    "  --tries N           end when so many connections in a row failed [default: 10]\n"
    "\n"
    "exit status: 0 done, 1 no connection, 2 not understood, 3 login refused, 4 the photo cannot be read\n";

/* ---- the socket --------------------------------------------------------------------------------------------------- */

typedef struct link {
    int fd;
} link_t;

static int ready(int fd, short events, uint32_t timeout_ms) {
    struct pollfd p;
    int n;
    p.fd = fd;
    p.events = events;
    p.revents = 0;
    n = poll(&p, 1, timeout_ms > 60000 ? 60000 : (int)timeout_ms);
    return n < 0 && errno == EINTR ? 0 : n;
}

static int32_t link_read(void *context, uint8_t *out, size_t want, uint32_t timeout_ms) {
    const link_t *link = (const link_t *)context;
    int n = ready(link->fd, POLLIN, timeout_ms);
    ssize_t got;
    if (n <= 0) return n;
    got = recv(link->fd, out, want, 0);
    if (got > 0) return (int32_t)got;
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) ? 0 : -1;
}

static int32_t link_write(void *context, const uint8_t *data, size_t len, uint32_t timeout_ms) {
    const link_t *link = (const link_t *)context;
    int n = ready(link->fd, POLLOUT, timeout_ms);
    ssize_t put;
    if (n <= 0) return n;
    put = send(link->fd, data, len, 0);
    if (put >= 0) return (int32_t)put;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
}

static uint32_t link_now(void *context) {
    struct timespec t;
    (void)context;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint32_t)((uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u);
}

/* A connected socket that does not block, or -1 and the reason on standard error. */
static int dial(const char *host, const char *port) {
    struct addrinfo hints, *found = NULL, *at;
    int fd = -1, why = 0, status;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    status = getaddrinfo(host, port, &hints, &found);
    if (status != 0) {
        fprintf(stderr, "modem_c: cannot find `%s`: %s\n", host, gai_strerror(status));
        return -1;
    }
    for (at = found; at != NULL; at = at->ai_next) {
        socklen_t size = sizeof why;
        fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
        if (fd < 0) {
            why = errno;
            continue;
        }
        why = 0;
        fcntl(fd, F_SETFL, O_NONBLOCK);
        if (connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
            why = errno;
            if (why == EINPROGRESS) {
                why = ETIMEDOUT;
                if (ready(fd, POLLOUT, MQTT_PATIENCE_MS) > 0) getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &size);
            }
        }
        if (why == 0) break;
        close(fd);
        fd = -1;
    }
    freeaddrinfo(found);
    if (fd < 0) fprintf(stderr, "modem_c: cannot connect to %s:%s: %s\n", host, port, strerror(why));
    return fd;
}

/* ---- the photo ---------------------------------------------------------------------------------------------------- */

static int file_read(void *context, uint8_t *out, size_t want, size_t *got) {
    ssize_t n;
    do n = read(*(const int *)context, out, want);
    while (n < 0 && errno == EINTR);
    if (n < 0) return -1;
    *got = (size_t)n;
    return 0;
}

static uint64_t unix_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

/* `again`: what broke off before. */
static int send_file(modem *m, const char *path, int again) {
    faceiot_source photo;
    struct stat about;
    int status, fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &about) != 0 || about.st_size <= 0) {
        fprintf(stderr, "modem_c: cannot read the photo `%s`: %s\n", path, fd < 0 ? strerror(errno) : "it is empty");
        if (fd >= 0) close(fd);
        return FACEIOT_E_IO;
    }
    memset(&photo, 0, sizeof photo);
    photo.read = file_read;
    photo.context = &fd;
    photo.length = (size_t)about.st_size;
    status = again ? modem_send_again(m, &photo) : modem_send_photo(m, &photo, unix_ms());
    close(fd);
    if (status == FACEIOT_OK) printf("sent %s: %lu octets\n", path, (unsigned long)photo.length);
    if (status > 0) fprintf(stderr, "modem_c: the photo `%s`: %s\n", path, modem_strerror(status));
    return status;
}

/* ---- settings ----------------------------------------------------------------------------------------------------- */

typedef struct options {
    char device[300];
    char host[256];
    char port[6];
    char secret[256];
    const char *photo;
    long photos; /* 0: without end */
    long tries;
    int now;
} options;

static int refuse(const char *what, const char *value) {
    fprintf(stderr, "modem_c: %s: `%s`\n\n%s", what, value, USAGE);
    return EXIT_USAGE;
}

static int copy(char *out, size_t room, const char *from) {
    size_t len = strlen(from);
    if (len >= room) return 0;
    memcpy(out, from, len + 1);
    return 1;
}

static int number(const char *text, long from, long to, long *out) {
    char *end;
    errno = 0;
    *out = strtol(text, &end, 10);
    return errno == 0 && end != text && *end == 0 && *out >= from && *out <= to;
}

/* The secret never comes from the command line, which every user of the computer can read. */
static int read_secret(const char *file, char *out, size_t room) {
    const char *given = getenv("FACEIOT_DEVICE_SECRET");
    FILE *in;
    size_t len;
    if (file == NULL) {
        if (given == NULL || *given == 0) {
            fputs("modem_c: no device secret: set FACEIOT_DEVICE_SECRET, or give --secret-file FILE\n", stderr);
            return 0;
        }
        if (copy(out, room, given)) return 1;
        fputs("modem_c: the device secret in FACEIOT_DEVICE_SECRET is too long\n", stderr);
        return 0;
    }
    in = fopen(file, "r");
    if (in == NULL) {
        fprintf(stderr, "modem_c: cannot read `%s`: %s\n", file, strerror(errno));
        return 0;
    }
    setvbuf(in, NULL, _IONBF, 0); /* no copy of it in a buffer */
    if (fgets(out, (int)room, in) == NULL) out[0] = 0;
    fclose(in);
    len = strcspn(out, "\r\n");
    if (len == 0 || len + 1 == room) {
        fprintf(stderr, "modem_c: `%s` has no device secret in its first line, or a too long one\n", file);
        return 0;
    }
    out[len] = 0;
    return 1;
}

static int parse(int argc, char **argv, options *o, modem_settings *s) {
    const char *secret_file = NULL;
    long value;
    int i;
    for (i = 1; i < argc; i++) {
        const char *name = argv[i], *given;
        char *colon;
        if (strcmp(name, "--now") == 0) {
            o->now = 1;
            o->photos = 1;
            continue;
        }
        if (name[0] != '-') {
            if (o->photo != NULL) return refuse("one photo is enough", name);
            o->photo = name;
            continue;
        }
        if (i + 1 == argc) return refuse("an option without its value, or not an option", name);
        given = argv[++i];
        if (strcmp(name, "--aliyun") == 0 || strcmp(name, "--huawei") == 0) {
            s->cloud = name[2] == 'h' ? MODEM_HUAWEI : MODEM_ALIYUN;
            if (!copy(o->device, sizeof o->device, given) || *given == 0) return refuse("not a device", given);
            s->device_id = o->device;
            if (s->cloud == MODEM_ALIYUN) {
                colon = strchr(o->device, ':');
                if (colon == NULL) return refuse("not PRODUCT_KEY:DEVICE_NAME", given);
                *colon = 0;
                s->aliyun.product_key = o->device;
                s->aliyun.device_name = colon + 1;
            }
        } else if (strcmp(name, "--host") == 0) {
            if (!copy(o->host, sizeof o->host, given)) return refuse("too long", given);
            colon = strrchr(o->host, ':');
            if (colon != NULL) {
                *colon = 0;
                if (!number(colon + 1, 1, 65535, &value)) return refuse("not a port", given);
                snprintf(o->port, sizeof o->port, "%ld", value);
            }
        } else if (strcmp(name, "--secret-file") == 0) {
            secret_file = given;
        } else if (strcmp(name, "--qos") == 0) {
            if (!number(given, 0, 1, &value)) return refuse("not 0 or 1", given);
            s->qos = (uint8_t)value;
        } else if (strcmp(name, "--photos") == 0) {
            if (!number(given, 1, 1000000, &o->photos)) return refuse("not a number of photos", given);
        } else if (strcmp(name, "--keep-alive") == 0) {
            if (!number(given, 30, 1200, &value)) return refuse("not 30 to 1200 seconds", given);
            s->keep_alive_s = (uint16_t)value;
        } else if (strcmp(name, "--tries") == 0) {
            if (!number(given, 1, 1000000, &o->tries)) return refuse("not a number of tries", given);
        } else {
            return refuse("not an option", name);
        }
    }
    if (s->device_id == NULL) return refuse("no device", "--aliyun or --huawei");
    if (o->photo == NULL) return refuse("no photo", "PHOTO.jpg");
    if (s->cloud == MODEM_HUAWEI && o->host[0] == 0) return refuse("Huawei's devices need", "--host");
    s->host = o->host;
    if (!read_secret(secret_file, o->secret, sizeof o->secret)) return EXIT_USAGE;
    s->device_secret = o->secret;
    s->aliyun.device_secret = o->secret;
    return 0;
}

/* ---- the program -------------------------------------------------------------------------------------------------- */

static modem device; /* all that the camera remembers */

/* One connection, until it ends or everything is sent: the status, and in `exit_code` what a status above 0 means. */
static int serve(const options *o, modem_settings *s, long *left, long *failures, int *again, int *exit_code) {
    char hour[11], port[6];
    faceiot_login login;
    mqtt_io io;
    link_t link;
    int status;
    *exit_code = EXIT_USAGE;
    status = faceiot_huawei_hour(unix_ms() / 1000, hour);
    s->hour = hour;
    if (status == FACEIOT_OK) status = modem_sign(&device, s, &login);
    if (status != FACEIOT_OK) return status;
    snprintf(port, sizeof port, "%u", (unsigned)(login.port & 0xFFFF));
    link.fd = dial(o->host[0] ? o->host : login.host, o->port[0] ? o->port : port);
    if (link.fd < 0) return MQTT_E_CLOSED;
    io.read = link_read;
    io.write = link_write;
    io.now = link_now;
    io.context = &link;
    status = modem_login(&device, &io, &login);
    if (status == MQTT_OK) {
        *failures = 0;
        puts("connected");
    }
    while (status >= 0 && *left != 0) {
        if (device.wanted == 0) {
            status = modem_step(&device, 1000);
            if (status > 0) fprintf(stderr, "modem_c: a command was not answered: %s\n", modem_strerror(status));
            continue;
        }
        status = send_file(&device, o->photo, *again);
        *again = status < 0;
        if (status > 0) {
            *exit_code = EXIT_PHOTO;
            break;
        }
        if (status == FACEIOT_OK) {
            device.wanted--;
            if (*left > 0) --*left;
        }
    }
    if (status == MQTT_OK) status = modem_logout(&device);
    close(link.fd);
    return status;
}

int main(int argc, char **argv) {
    options o;
    modem_settings s;
    long failures = 0, left;
    int code, status, again = 0;
    memset(&o, 0, sizeof o);
    memset(&s, 0, sizeof s);
    o.tries = 10;
    s.qos = 1;
    s.keep_alive_s = 60;
    s.epoch = (uint16_t)(unix_ms() / 1000 ^ (uint64_t)getpid()); /* without a clock: a counter in flash */
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(USAGE, stdout);
        return 0;
    }
    code = parse(argc, argv, &o, &s);
    if (code != 0) return code;
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    signal(SIGPIPE, SIG_IGN);
    left = o.photos > 0 ? o.photos : -1;
    device.wanted = (uint8_t)o.now;
    for (;;) {
        static const unsigned pause_s[6] = {1, 2, 4, 8, 16, 30};
        status = serve(&o, &s, &left, &failures, &again, &code);
        if (status == MQTT_OK) return 0;
        if (status > 0) {
            if (code == EXIT_USAGE) fprintf(stderr, "modem_c: cannot sign: %s\n", modem_strerror(status));
            return code;
        }
        fprintf(stderr, "modem_c: %s\n", modem_strerror(status));
        if (status == MQTT_E_REFUSED && device.mqtt.refusal != 3) { /* 3: come again later */
            fprintf(stderr, "modem_c: CONNACK %u; check the device's names, its secret and the host\n",
                    (unsigned)device.mqtt.refusal);
            return EXIT_REFUSED;
        }
        if (++failures >= o.tries) return 1;
        sleep(pause_s[failures <= 6 ? failures - 1 : 5]);
    }
}

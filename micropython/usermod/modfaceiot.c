/*
 * _faceiot: the native half of the MicroPython package, over the C library (src/capi/include/faceiot.h).
 *
 * One source for both ways to load it: compiled into a firmware (usermod: micropython.mk, micropython.cmake), or as a
 * .mpy beside the package (natmod). The package calls it when it can be imported; its arguments have been checked there,
 * and what the C library refuses all the same is raised as faceiot.errors.failure() makes it.
 */
#if MICROPY_ENABLE_DYNRUNTIME
#include "py/dynruntime.h"
#else
#include "py/runtime.h"
#endif

#include "faceiot.h"

static mp_obj_t string(const char *text) {
    size_t len = 0;
    while (text[len] != '\0') {
        len++;
    }
    return mp_obj_new_str(text, len);
}

static NORETURN void fail(int32_t status) {
    mp_obj_t package = mp_import_name(MP_QSTR_faceiot, mp_const_none, MP_OBJ_NEW_SMALL_INT(0));
    mp_obj_t failure = mp_load_attr(mp_import_from(package, MP_QSTR_errors), MP_QSTR_failure);
    mp_obj_t args[2] = { MP_OBJ_NEW_SMALL_INT(status), string(faceiot_strerror(status)) };
    nlr_raise(mp_call_function_n_kw(failure, 2, 0, args));
}

static void check(int32_t status) {
    if (status != FACEIOT_OK) {
        fail(status);
    }
}

// A number up to `max`. Of a larger one the interpreter gives its low bits: it is made again, and compared.
static uint32_t number(mp_obj_t obj, uint32_t max) {
    uint32_t n = (uint32_t)mp_obj_get_int_truncated(obj);
    if (n > max || mp_binary_op(MP_BINARY_OP_EQUAL, mp_obj_new_int_from_uint(n), obj) != mp_const_true) {
        fail(FACEIOT_E_INVALID_ARGUMENT);
    }
    return n;
}

// The same with a sign, of 8 bits.
static int32_t small(mp_obj_t obj) {
    int8_t n = (int8_t)mp_obj_get_int_truncated(obj);
    if (mp_binary_op(MP_BINARY_OP_EQUAL, MP_OBJ_NEW_SMALL_INT(n), obj) != mp_const_true) {
        fail(FACEIOT_E_INVALID_ARGUMENT);
    }
    return n;
}

static mp_buffer_info_t readable(mp_obj_t obj) {
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(obj, &buffer, MP_BUFFER_READ);
    return buffer;
}

static mp_buffer_info_t writable(mp_obj_t obj) {
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(obj, &buffer, MP_BUFFER_WRITE);
    return buffer;
}

// The library may not be given memory to read that it writes.
static void apart(mp_buffer_info_t in, mp_buffer_info_t out) {
    const uint8_t *from = in.buf, *to = out.buf;
    if (from < to + out.len && to < from + in.len) {
        fail(FACEIOT_E_INVALID_ARGUMENT);
    }
}

// A str as a C string. MicroPython ends every str with a NUL; one inside would end it early.
static const char *text(mp_obj_t obj, size_t *total) {
    if (!mp_obj_is_str(obj)) {
        mp_raise_TypeError(MP_ERROR_TEXT("str"));
    }
    mp_buffer_info_t buffer = readable(obj);
    const char *chars = buffer.buf;
    for (size_t i = 0; i < buffer.len; i++) {
        if (chars[i] == '\0') {
            fail(FACEIOT_E_INVALID_ARGUMENT);
        }
    }
    *total += buffer.len;
    return chars;
}

static const char *text_or_null(mp_obj_t obj, size_t *total) {
    return obj == mp_const_none ? NULL : text(obj, total);
}

/* ---- digests ----------------------------------------------------------------------------------------------------- */

static int32_t mac(mp_obj_t method, mp_buffer_info_t key, mp_buffer_info_t message, uint8_t *out, size_t *len) {
    switch (number(method, UINT32_MAX)) {
        case FACEIOT_HMAC_SHA256:
            *len = 32;
            return faceiot_hmac_sha256(key.buf, key.len, message.buf, message.len, out);
        case FACEIOT_HMAC_SHA1:
            *len = 20;
            return faceiot_hmac_sha1(key.buf, key.len, message.buf, message.len, out);
        case FACEIOT_HMAC_MD5:
            *len = 16;
            return faceiot_hmac_md5(key.buf, key.len, message.buf, message.len, out);
        default:
            return FACEIOT_E_SIGN_METHOD;
    }
}

// hmac(method, key, message) -> bytes. The methods are numbered as in faceiot.h: 0 SHA-256, 1 SHA-1, 2 MD5.
static mp_obj_t mod_hmac(mp_obj_t method, mp_obj_t key, mp_obj_t message) {
    uint8_t out[32];
    size_t len = 0;
    check(mac(method, readable(key), readable(message), out, &len));
    mp_obj_t result = mp_obj_new_bytes(out, len);
    faceiot_wipe(out, sizeof(out));
    return result;
}
static MP_DEFINE_CONST_FUN_OBJ_3(mod_hmac_obj, mod_hmac);

static int32_t digest(mp_obj_t method, mp_buffer_info_t message, uint8_t *out, size_t *len) {
    switch (number(method, UINT32_MAX)) {
        case FACEIOT_HMAC_SHA256:
            *len = 32;
            return faceiot_sha256(message.buf, message.len, out);
        case FACEIOT_HMAC_SHA1:
            *len = 20;
            return faceiot_sha1(message.buf, message.len, out);
        case FACEIOT_HMAC_MD5:
            *len = 16;
            return faceiot_md5(message.buf, message.len, out);
        default:
            return FACEIOT_E_SIGN_METHOD;
    }
}

// hash(method, message) -> bytes, for firmwares whose hashlib has SHA-256 only.
static mp_obj_t mod_hash(mp_obj_t method, mp_obj_t message) {
    uint8_t out[32];
    size_t len = 0;
    check(digest(method, readable(message), out, &len));
    return mp_obj_new_bytes(out, len);
}
static MP_DEFINE_CONST_FUN_OBJ_2(mod_hash_obj, mod_hash);

// crc32(data, crc=0) -> int, as binascii.crc32.
static mp_obj_t mod_crc32(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t data = readable(args[0]);
    uint32_t crc = n_args > 1 ? number(args[1], UINT32_MAX) : 0;
    return mp_obj_new_int_from_uint(faceiot_crc32(crc, data.buf, data.len));
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(mod_crc32_obj, 1, 2, mod_crc32);

/* ---- logins ------------------------------------------------------------------------------------------------------ */

// What five strings and their tuple take beside their text: at most two of the heap's blocks each, and one to round up.
#define OBJECTS (6 * 3 * 4 * sizeof(void *))

// Memory for a login of at most `len` octets. What the result will take has been there as well: the heap is full before
// there is a password in it, or not at all.
static char *login_memory(size_t len) {
    char *memory = m_new(char, len);
    char *result = m_new(char, len + OBJECTS);
    m_del(char, result, len + OBJECTS);
    return memory;
}

static void forget(char *memory, size_t len) {
    faceiot_wipe(memory, len);
    m_del(char, memory, len);
}

// (host, port, client_id, username, password); `memory`, where they lie, is wiped and freed.
static mp_obj_t login_tuple(int32_t status, const faceiot_login *login, char *memory, size_t len) {
    if (status != FACEIOT_OK) {
        forget(memory, len);
        fail(status);
    }
    mp_obj_t items[5] = {
        string(login->host),
        MP_OBJ_NEW_SMALL_INT(login->port),
        string(login->client_id),
        string(login->username),
        string(login->password),
    };
    forget(memory, len);
    return mp_obj_new_tuple(5, items);
}

// aliyun_login(method, product_key, device_name, device_secret, client_id, timestamp, extra, region, instance_id,
//              secure_mode, port, hex_upper); client_id, timestamp and instance_id may be None.
static mp_obj_t mod_aliyun_login(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    size_t total = 0;
    uint32_t method = number(args[0], UINT32_MAX);
    faceiot_aliyun_device device = {
        .product_key = text(args[1], &total),
        .device_name = text(args[2], &total),
        .device_secret = text(args[3], &total),
    };
    faceiot_aliyun_options options = {
        .client_id = text_or_null(args[4], &total),
        .timestamp = text_or_null(args[5], &total),
        .extra = text(args[6], &total),
        .region = text(args[7], &total),
        .instance_id = text_or_null(args[8], &total),
        .secure_mode = small(args[9]),
        .port = number(args[10], UINT16_MAX),
        .lower_hex = !mp_obj_is_true(args[11]),
    };
    // No name is written more than three times; the rest is 64 digits of the password and fixed words.
    size_t len = 3 * total + 256;
    char *memory = login_memory(len);
    faceiot_login login;
    int32_t status = faceiot_aliyun_login(method, &device, &options, memory, len, &login);
    return login_tuple(status, &login, memory, len);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(mod_aliyun_login_obj, 12, 12, mod_aliyun_login);

// huawei_login(device_id, device_secret, host, hour, sign_type, port)
static mp_obj_t mod_huawei_login(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    size_t total = 0;
    const char *device_id = text(args[0], &total);
    const char *device_secret = text(args[1], &total);
    const char *host = text(args[2], &total);
    const char *hour = text(args[3], &total);
    uint32_t sign_type = number(args[4], UINT32_MAX);
    uint32_t port = number(args[5], UINT16_MAX);
    size_t len = 2 * total + 256;
    char *memory = login_memory(len);
    faceiot_login login;
    int32_t status = faceiot_huawei_login(device_id, device_secret, host, hour, sign_type, port, memory, len, &login);
    return login_tuple(status, &login, memory, len);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(mod_huawei_login_obj, 6, 6, mod_huawei_login);

/* ---- chunks ------------------------------------------------------------------------------------------------------ */

// What one message of format hex holds.
#define HEX_OCTETS 400

// hex_message(data, out) -> length: the message of at most 400 octets, END for none; `out` holds 872.
static mp_obj_t mod_hex_message(mp_obj_t data_obj, mp_obj_t out_obj) {
    mp_buffer_info_t data = readable(data_obj);
    mp_buffer_info_t out = writable(out_obj);
    apart(data, out);
    if (data.len > HEX_OCTETS) {
        fail(FACEIOT_E_INVALID_ARGUMENT);
    }
    faceiot_hex_encoder encoder = { .source = { .data = data.buf, .length = data.len } };
    size_t written = 0;
    check(faceiot_hex_next(&encoder, out.buf, out.len, &written));
    return MP_OBJ_NEW_SMALL_INT(written);
}
static MP_DEFINE_CONST_FUN_OBJ_2(mod_hex_message_obj, mod_hex_message);

// v2_begin(size, frame_id, epoch, content_type, retransmit, time_ms >> 32, time_ms & 0xFFFFFFFF) -> bytearray: how far an
// encoder is.
static mp_obj_t mod_v2_begin(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    faceiot_v2_encoder encoder = {
        .chunk_size = number(args[0], UINT32_MAX),
        .frame_id = number(args[1], UINT32_MAX),
        .epoch = (uint16_t)number(args[2], UINT16_MAX),
        .content_type = (uint8_t)number(args[3], UINT8_MAX),
        .retransmit = mp_obj_is_true(args[4]),
        .time_ms = (uint64_t)number(args[5], UINT32_MAX) << 32 | number(args[6], UINT32_MAX),
    };
    faceiot_v2_encoder *place = m_new(faceiot_v2_encoder, 1);
    *place = encoder;
    return mp_obj_new_bytearray_by_ref(sizeof(*place), place);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(mod_v2_begin_obj, 7, 7, mod_v2_begin);

// Whether an encoder stands where the library has left one: chunks before it were whole, and one octet is read ahead.
static bool stands(const faceiot_v2_encoder *encoder, size_t length) {
    const faceiot_source *source = &encoder->source;
    if (encoder->stage == 0) {
        return encoder->sequence == 0 && source->position == 0;
    }
    // The bounds come first, so that no product of an honest state wraps in 32 bits.
    return encoder->stage == 2
        || (encoder->stage == 1 && encoder->sequence <= UINT16_MAX && encoder->chunk_size <= length
            && source->position <= length && source->position == (size_t)encoder->sequence * encoder->chunk_size + 1);
}

// v2_next(state, photo, out) -> length of the next chunk, 0 after the last one; `photo` is the whole photo each time.
static mp_obj_t mod_v2_next(mp_obj_t state_obj, mp_obj_t photo_obj, mp_obj_t out_obj) {
    mp_buffer_info_t state = writable(state_obj);
    mp_buffer_info_t photo = readable(photo_obj);
    mp_buffer_info_t out = writable(out_obj);
    apart(photo, out);
    apart(state, out);
    apart(state, photo);
    if (state.len != sizeof(faceiot_v2_encoder) || (uintptr_t)state.buf % sizeof(void *) != 0) {
        fail(FACEIOT_E_INVALID_ARGUMENT);
    }
    faceiot_v2_encoder *encoder = state.buf;
    if (!stands(encoder, photo.len)) {
        fail(FACEIOT_E_INVALID_ARGUMENT);
    }
    encoder->source.read = NULL;
    encoder->source.data = photo.buf;
    encoder->source.length = photo.len;
    size_t written = 0;
    int32_t status = faceiot_v2_next(encoder, out.buf, out.len, &written);
    encoder->source.data = NULL; // the photo may be freed before the state
    check(status);
    return MP_OBJ_NEW_SMALL_INT(written);
}
static MP_DEFINE_CONST_FUN_OBJ_3(mod_v2_next_obj, mod_v2_next);

// v2_text(chunk, out) -> length of the text, without the NUL that follows it.
static mp_obj_t mod_v2_text(mp_obj_t chunk_obj, mp_obj_t out_obj) {
    mp_buffer_info_t chunk = readable(chunk_obj);
    mp_buffer_info_t out = writable(out_obj);
    apart(chunk, out);
    size_t written = 0;
    check(faceiot_v2_text(chunk.buf, chunk.len, out.buf, out.len, &written));
    return MP_OBJ_NEW_SMALL_INT(written);
}
static MP_DEFINE_CONST_FUN_OBJ_2(mod_v2_text_obj, mod_v2_text);

/* ---- the module -------------------------------------------------------------------------------------------------- */

#if MICROPY_ENABLE_DYNRUNTIME

// What Rust wants of C, out of what the interpreter gives to a .mpy.
void *memcpy(void *to, const void *from, size_t len) {
    return mp_fun_table.memmove_(to, from, len);
}

void *memmove(void *to, const void *from, size_t len) {
    return mp_fun_table.memmove_(to, from, len);
}

void *memset(void *to, int octet, size_t len) {
    return mp_fun_table.memset_(to, octet, len);
}

int memcmp(const void *a, const void *b, size_t len) {
    const uint8_t *x = a, *y = b;
    for (; len != 0; len--, x++, y++) {
        if (*x != *y) {
            return *x - *y;
        }
    }
    return 0;
}

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_hmac, MP_OBJ_FROM_PTR(&mod_hmac_obj));
    mp_store_global(MP_QSTR_hash, MP_OBJ_FROM_PTR(&mod_hash_obj));
    mp_store_global(MP_QSTR_crc32, MP_OBJ_FROM_PTR(&mod_crc32_obj));
    mp_store_global(MP_QSTR_aliyun_login, MP_OBJ_FROM_PTR(&mod_aliyun_login_obj));
    mp_store_global(MP_QSTR_huawei_login, MP_OBJ_FROM_PTR(&mod_huawei_login_obj));
    mp_store_global(MP_QSTR_hex_message, MP_OBJ_FROM_PTR(&mod_hex_message_obj));
    mp_store_global(MP_QSTR_v2_begin, MP_OBJ_FROM_PTR(&mod_v2_begin_obj));
    mp_store_global(MP_QSTR_v2_next, MP_OBJ_FROM_PTR(&mod_v2_next_obj));
    mp_store_global(MP_QSTR_v2_text, MP_OBJ_FROM_PTR(&mod_v2_text_obj));
    MP_DYNRUNTIME_INIT_EXIT
}

#else

static const mp_rom_map_elem_t mod_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR__faceiot) },
    { MP_ROM_QSTR(MP_QSTR_hmac), MP_ROM_PTR(&mod_hmac_obj) },
    { MP_ROM_QSTR(MP_QSTR_hash), MP_ROM_PTR(&mod_hash_obj) },
    { MP_ROM_QSTR(MP_QSTR_crc32), MP_ROM_PTR(&mod_crc32_obj) },
    { MP_ROM_QSTR(MP_QSTR_aliyun_login), MP_ROM_PTR(&mod_aliyun_login_obj) },
    { MP_ROM_QSTR(MP_QSTR_huawei_login), MP_ROM_PTR(&mod_huawei_login_obj) },
    { MP_ROM_QSTR(MP_QSTR_hex_message), MP_ROM_PTR(&mod_hex_message_obj) },
    { MP_ROM_QSTR(MP_QSTR_v2_begin), MP_ROM_PTR(&mod_v2_begin_obj) },
    { MP_ROM_QSTR(MP_QSTR_v2_next), MP_ROM_PTR(&mod_v2_next_obj) },
    { MP_ROM_QSTR(MP_QSTR_v2_text), MP_ROM_PTR(&mod_v2_text_obj) },
};
static MP_DEFINE_CONST_DICT(mod_globals, mod_globals_table);

const mp_obj_module_t faceiot_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&mod_globals,
};

MP_REGISTER_MODULE(MP_QSTR__faceiot, faceiot_module);

#endif

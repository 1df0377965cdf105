/* The class that the tutorial's own aliyunmqtt.cpp uses, over mbedTLS. */
#ifndef STUB_SHA256_H
#define STUB_SHA256_H
#include <mbedtls/md.h>
class SHA256 {
public:
    void resetHMAC(const void *key, size_t len) {
        mbedtls_md_init(&context);
        mbedtls_md_setup(&context, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), 1);
        mbedtls_md_hmac_starts(&context, (const unsigned char *)key, len);
    }
    void update(const void *data, size_t len) {
        mbedtls_md_hmac_update(&context, (const unsigned char *)data, len);
    }
    void finalizeHMAC(const void *, size_t, void *mac, size_t) {
        mbedtls_md_hmac_finish(&context, (unsigned char *)mac);
        mbedtls_md_free(&context);
    }

private:
    mbedtls_md_context_t context;
};
#endif

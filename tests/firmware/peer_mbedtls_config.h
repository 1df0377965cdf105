/* What a login needs of mbedTLS: HMAC-SHA256. */
#define MBEDTLS_MD_C
#define MBEDTLS_SHA256_C
